use proptest::prelude::*;

use super::*;
use crate::Directory;

const HEAD: &str = "snapshot_hour,level,province,city,county,communities\n";

const LIMITS: Limits = Limits::new(64 << 20, 1_000_000);

fn lines(text: &[u8]) -> impl Iterator<Item = RiskLine> {
    parse(text, LIMITS, None).unwrap().map(Result::unwrap)
}

fn codes(text: &[u8]) -> Vec<(u64, &'static str)> {
    lines(text).map(|r| r.map_or_else(|e| (e.line, e.code), |r| (r.line, "ok"))).collect()
}

fn refused(text: &[u8]) -> &'static str {
    parse(text, LIMITS, None).err().unwrap().code()
}

#[test]
fn a_line_is_read_in_chinese_time() {
    let text = format!("{HEAD}2022041520,high,浙江省,杭州市,西湖区,3\n");
    let row = lines(text.as_bytes()).next().unwrap().unwrap();
    assert_eq!(row.at.to_string(), "2022-04-15T12:00:00Z");
    assert_eq!((row.line, row.level, row.communities), (2, RiskLevel::High, 3));
    assert_eq!((row.province.as_str(), row.county.as_str()), ("浙江省", "西湖区"));
}

#[test]
fn wrong_lines_are_named_and_right_ones_taken() {
    let mut text = format!(
        "\u{feff}{HEAD}2022041520,high,甲省,乙市,丙区,1\n2022041524,high,甲省,乙市,丙区,1\n\
         2022023020,high,甲省,乙市,丙区,1\n2022041520,red,甲省,乙市,丙区,1\n2022041520,low,,,,0\n\
         2022041520,low,甲省,乙市\n2022041520,low,甲省,乙市,丙区,many\n\
         2022041520,low,,乙市,丙区,2\n"
    )
    .into_bytes();
    text.extend(b"2022041520,low,\xff,b,c,1\n");
    text.extend("2022041520,low,甲省,乙市,丙区,1\n".as_bytes());
    assert_eq!(
        codes(&text),
        [
            (2, "ok"),
            (3, "risk_list.bad_hour"),
            (4, "risk_list.bad_hour"),
            (5, "risk_list.bad_level"),
            (6, "risk_list.no_place"),
            (7, "risk_list.bad_columns"),
            (8, "risk_list.bad_count"),
            (9, "risk_list.no_province"),
            (10, "risk_list.not_utf8"),
            (11, "ok"),
        ]
    );
}

#[test]
fn an_open_quotation_mark_is_told_on_its_own_line() {
    // As spreadsheets and hand-made files have them, with lines that end in both signs.
    let line = |county: &str, n: &str| format!("2022041520,low,甲省,乙市,{county},{n}\r\n");
    let text = HEAD.to_owned()
        + &line("丙区", "\"1")
        + &line("丁区", "\"1")
        + &line("戊区", "\"1")
        + &line("己区", "1");
    let open = "line.open_quote";
    assert_eq!(codes(text.as_bytes()), [(2, open), (3, open), (4, open), (5, "ok")]);
}

#[test]
fn semicolons_are_read() {
    let text = format!("{HEAD}2022041520,high,浙江省,杭州市,西湖区,3\n").replace(',', ";");
    assert_eq!(codes(text.as_bytes()), [(2, "ok")]);
}

#[test]
fn a_line_without_a_place_is_no_line_without_its_province() {
    let text =
        format!("{HEAD}2022041520,high,,,,0\n2022041520,high,,,,3\n2022041520,high,,乙市,,0\n");
    let no_province = "risk_list.no_province";
    assert_eq!(codes(text.as_bytes()), [(2, NO_PLACE), (3, no_province), (4, no_province)]);
}

#[test]
fn another_file_is_refused_whole() {
    for text in [&b"a,b\n1,2\n3,4\n"[..], b"", b"\xff\n1,2\n"] {
        assert_eq!(refused(text), "csv.missing_columns");
    }
    let less = "snapshot_hour,level,province,city,county\n";
    assert_eq!(refused(less.as_bytes()), "csv.missing_columns");
}

#[test]
fn columns_stand_in_any_order_and_hours_and_levels_are_read_as_people_write_them() {
    let head = "Level,note,snapshot_hour,province,city,county,communities";
    let line = |level: &str, hour: &str| format!("\n{level},x,{hour},浙江省,杭州市,西湖区,3");
    let good = [
        ("high", "2022041520"),
        ("High", "2022-04-15 20:00"),
        ("高风险区", "2022/4/15 20:00"),
        ("高", "2022-04-15T20:00:00+08:00"),
        ("high risk", "2022年4月15日20时"),
        ("HIGH", "２０２２０４１５２０"),
        ("high", "=\"2022041520\""),
    ];
    let text: String = good.iter().map(|(level, hour)| line(level, hour)).collect();
    let text = format!("{head}{text}");
    let at: Timestamp = "2022-04-15T12:00:00Z".parse().unwrap();
    let rows: Vec<_> = lines(text.as_bytes()).collect();
    assert_eq!(rows.len(), good.len());
    for row in rows {
        let row = row.unwrap();
        assert_eq!((row.at, row.level), (at, RiskLevel::High), "line {}", row.line);
    }
    for (hour, code) in [
        ("15/04/2022 20:00", "risk_list.ambiguous_hour"),
        ("2022-04-15", "risk_list.bad_hour"),
        ("44666.83", "risk_list.bad_hour"),
        ("2022041525", "risk_list.bad_hour"),
    ] {
        let text = format!("{head}{}", line("low", hour));
        assert_eq!(lines(text.as_bytes()).next().unwrap().unwrap_err().code, code, "{hour}");
    }
    let japan = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
    let text = format!("{head}{}", line("low", "2022041521"));
    let row = parse(text.as_bytes(), LIMITS, Some(&japan)).unwrap().next().unwrap().unwrap();
    assert_eq!(row.unwrap().at, at);
}

fn place(n: usize) -> Option<Division> {
    ["CN-330106", "CN-330105", "CN-110105"].get(n).map(|s| s.parse().unwrap())
}

fn listed(at: i64, level: RiskLevel, n: usize) -> Listed {
    Listed { at: Timestamp::from_secs(at), level, division: place(n) }
}

#[test]
fn absence_at_the_next_snapshot_ends_a_period_and_a_missing_day_does_not() {
    use RiskLevel::{High, Medium};
    let day = 86_400;
    let spans = fold_snapshots(
        [
            listed(0, High, 0),
            listed(0, Medium, 0),
            // Days 1 to 3 have no snapshot.
            listed(4 * day, High, 0),
            // A row without a code still makes a snapshot.
            listed(5 * day, High, 9),
            listed(6 * day, High, 0),
        ],
        &BTreeSet::new(),
    );
    let at = |d: i64| Timestamp::from_secs(d * day);
    let row = |level, from, to: Option<i64>| RiskSpan {
        from: at(from),
        division: place(0).unwrap(),
        level,
        to: to.map(at),
    };
    assert_eq!(spans, [row(Medium, 0, Some(4)), row(High, 0, Some(5)), row(High, 6, None)]);
}

#[test]
fn nothing_ends_at_a_snapshot_with_a_line_that_cannot_be_read() {
    let rows =
        [listed(0, RiskLevel::High, 0), listed(1, RiskLevel::Low, 1), listed(2, RiskLevel::Low, 1)];
    let end = |unsure: &[i64]| {
        let unsure = unsure.iter().map(|s| Timestamp::from_secs(*s)).collect();
        let spans = fold_snapshots(rows.clone(), &unsure);
        spans.iter().find(|s| s.level == RiskLevel::High).unwrap().to.map(Timestamp::as_secs)
    };
    assert_eq!(end(&[]), Some(1));
    assert_eq!(end(&[1]), Some(2));
    assert_eq!(end(&[1, 2]), None);
}

/// One place and level at a time, walking along all snapshots.
fn naive(rows: &[Listed]) -> Vec<RiskSpan> {
    let mut hours: Vec<_> = rows.iter().map(|r| r.at).collect();
    hours.sort_unstable();
    hours.dedup();
    let mut spans = Vec::new();
    for division in (0..3).filter_map(place) {
        for level in [RiskLevel::Low, RiskLevel::Medium, RiskLevel::High] {
            let mut from = None;
            for at in &hours {
                let row = Listed { at: *at, level, division: Some(division.clone()) };
                match (from, rows.contains(&row)) {
                    (None, true) => from = Some(*at),
                    (Some(start), false) => {
                        let division = division.clone();
                        spans.push(RiskSpan { from: start, division, level, to: Some(*at) });
                        from = None;
                    }
                    _ => {}
                }
            }
            if let Some(from) = from {
                spans.push(RiskSpan { from, division: division.clone(), level, to: None });
            }
        }
    }
    spans.sort_unstable();
    spans
}

fn any_rows() -> impl Strategy<Value = Vec<Listed>> {
    let level = prop::sample::select(vec![RiskLevel::Low, RiskLevel::Medium, RiskLevel::High]);
    let row = (0i64..8, level, 0usize..4).prop_map(|(at, level, n)| listed(at * 86_400, level, n));
    prop::collection::vec(row, 0..60)
}

proptest! {
    #[test]
    fn folding_agrees_with_the_naive_way(rows in any_rows()) {
        prop_assert_eq!(fold_snapshots(rows.clone(), &BTreeSet::new()), naive(&rows));
    }

    #[test]
    fn order_and_repetition_do_not_matter(rows in any_rows().prop_flat_map(|r| {
        let twice: Vec<_> = r.iter().chain(&r).cloned().collect();
        (Just(r), Just(twice).prop_shuffle())
    })) {
        let (rows, shuffled) = rows;
        prop_assert_eq!(fold_snapshots(rows, &BTreeSet::new()), fold_snapshots(shuffled, &BTreeSet::new()));
    }

    #[test]
    fn no_bytes_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..200), head in any::<bool>()) {
        if head {
            bytes.splice(0..0, HEAD.bytes());
        }
        if let Ok(lines) = parse(bytes.as_slice(), LIMITS, None) {
            prop_assert!(lines.count() <= bytes.len());
        }
    }
}

#[test]
fn the_list_of_2022_folds_back_into_itself() {
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/risk_regions_cn_2022.csv.gz");
    let Ok(file) = std::fs::File::open(path) else {
        eprintln!("SKIPPED: ../shared/data/risk_regions_cn_2022.csv.gz is not there");
        return;
    };
    let t = Directory::embedded();
    let rows: BTreeSet<Listed> = parse(flate2::read::GzDecoder::new(file), LIMITS, None)
        .unwrap()
        .flatten()
        .flatten()
        .map(|r| Listed {
            at: r.at,
            level: r.level,
            division: t.match_names(&r.province, &r.city, &r.county).division().cloned(),
        })
        .collect();
    let hours: BTreeSet<_> = rows.iter().map(|r| r.at).collect();
    assert_eq!(hours.len(), 169);
    let spans = fold_snapshots(rows.iter().cloned(), &BTreeSet::new());
    println!("{} rows became {} periods", rows.len(), spans.len());
    // Unfolding gives exactly the rows that have a division.
    let mut again = BTreeSet::new();
    for s in &spans {
        let listed = |at: &&Timestamp| s.from <= **at && s.to.is_none_or(|to| **at < to);
        again.extend(hours.iter().filter(listed).map(|at| Listed {
            at: *at,
            level: s.level,
            division: Some(s.division.clone()),
        }));
    }
    assert_eq!(again, rows.into_iter().filter(|r| r.division.is_some()).collect());
}
