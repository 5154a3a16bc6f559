use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::risk_list;

fn t() -> &'static Directory {
    Directory::embedded()
}

fn found(province: &str, city: &str, county: &str) -> String {
    let m = t().match_names(province, city, county);
    let code = match &m {
        Match::NotFound { reason } => reason.code().to_owned(),
        found => found.division().unwrap().to_string(),
    };
    format!("{} {code}", m.kind())
}

#[test]
fn names_as_lists_write_them() {
    for (names, expected) in [
        (["浙江省", "杭州市", "西湖区"], "exact CN-330106"),
        (["浙江省", "杭州市", ""], "exact CN-3301"),
        (["浙江省", "", ""], "exact CN-33"),
        (["上海市", "上海市", "浦东新区"], "exact CN-310115"),
        (["北京市", "朝阳区", "酒仙桥街道"], "exact CN-110105011"),
        (["北京市", "朝阳区", "三间房（地区）乡"], "exact CN-110105034"),
        (["广东省", "东莞市", "常平镇"], "exact CN-441900110"),
        (["海南省", "省直辖县级行政单位", "万宁市"], "exact CN-469006"),
        (["海南省", "儋州市", "市辖区"], "exact CN-4604"),
        (["河北省", "辛集市", "辛集市"], "exact CN-130181"),
        (["吉林省", "长春市", "净月区"], "development_zone CN-220172"),
        (["吉林省", "长春市", "经开区"], "development_zone CN-220171"),
        (["吉林省", "吉林市", "高新区"], "development_zone CN-220272"),
        (["河南省", "郑州市", "高新区"], "development_zone CN-410172"),
        (["山东省", "菏泽市", "开发区"], "development_zone CN-371771"),
        (["广东省", "深圳市", "大鹏新区"], "development_zone CN-440307"),
        (["重庆市", "重庆市", "万盛经开区"], "development_zone CN-500110"),
        (["浙江省", "杭州市", "下城区"], "renamed CN-330105"),
        (["吉林省", "长春市", "长春新区"], "not_found division.zone_over_several_counties"),
        (["浙江省", "杭州市", "没有区"], "not_found division.unknown_county"),
        (["浙江省", "没有市", "西湖区"], "not_found division.unknown_city"),
        (["没有省", "杭州市", "西湖区"], "not_found division.unknown_province"),
        (["", "", ""], "not_found division.empty"),
    ] {
        let [p, c, d] = names;
        assert_eq!(found(p, c, d), expected, "{names:?}");
    }
}

#[test]
fn names_in_other_spellings() {
    for (names, expected) in [
        // Brackets, and words that are no part of a name.
        (["北京市", "北京市", "海淀区（虚拟）"], "exact CN-110108"),
        (["浙江省", "杭州市", "西湖区(部分)"], "exact CN-330106"),
        (["浙江省", "杭州市（含下辖）", "西湖区"], "exact CN-330106"),
        (["广东省", "广州市", "虚拟白云区"], "exact CN-440111"),
        (["浙江省", "杭州市", "西 湖 区"], "exact CN-330106"),
        // Names repeated in front.
        (["浙江省", "浙江省杭州市", "杭州市西湖区"], "exact CN-330106"),
        (["浙江省", "杭州市", "浙江省杭州市西湖区"], "exact CN-330106"),
        (["浙江省", "杭州市", "杭州西湖区"], "exact CN-330106"),
        // Columns that slipped.
        (["杭州市", "西湖区", ""], "exact CN-330106"),
        (["杭州市", "西湖区", "转塘街道"], "exact CN-330106010"),
        (["浙江省杭州市", "", "西湖区"], "exact CN-330106"),
        (["四川省", "四川省", "成都市"], "exact CN-5101"),
        (["四川省", "", "成都市"], "exact CN-5101"),
        (["浙江省", "", "桐庐县"], "exact CN-330122"),
        (["浙江省", "杭州市", "转塘街道"], "exact CN-330106010"),
        (["河北省", "雄安新区", "容城县"], "exact CN-130629"),
        // Words for the kind left out, or of another year.
        (["浙江", "杭州", "西湖"], "exact CN-330106"),
        (["湖南", "长沙", "长沙"], "exact CN-4301"),
        (["内蒙古", "呼和浩特", "新城区"], "exact CN-150102"),
        (["吉林省", "延边州", "延吉市"], "exact CN-222401"),
        (["四川省", "乐山市", "峨边县"], "exact CN-511132"),
        (["新疆维吾尔自治区", "吐鲁番地区", "高昌区"], "exact CN-650402"),
        (["湖南省", "永州市", "祁阳区"], "exact CN-431181"),
        // The corps' cities are cities; its divisions are none.
        (["新疆生产建设兵团", "第八师石河子市", ""], "exact CN-659001"),
        (["新疆生产建设兵团", "第六师", "五家渠市"], "exact CN-659004"),
        (["新疆生产建设兵团", "第四师", ""], "not_found division.not_a_division"),
        // What can mean two things means nothing.
        (["湖南省", "长沙市", "长沙"], "not_found division.unknown_county"),
        (["河北省", "", "桥西区"], "not_found division.unknown_city"),
        (["浙江省", "没有市", "西湖区"], "not_found division.unknown_city"),
        (["吉林省", "长春市", "长春新区（虚拟）"], "not_found division.zone_over_several_counties"),
        (["（）", "（）", "（）"], "not_found division.unknown_province"),
    ] {
        let [p, c, d] = names;
        assert_eq!(found(p, c, d), expected, "{names:?}");
    }
}

/// A rule never leads to another county: without the word for its kind a name is its own county or none.
#[test]
fn no_rule_leads_elsewhere() {
    let mut read = 0;
    for (code, name) in t().descendants(None, Level::County) {
        let county = Directory::division(code).unwrap();
        let city = county.parent().unwrap();
        let (c, p) = (t().name(&city).unwrap(), t().name(&city.parent().unwrap()).unwrap());
        let Some(short) = name.strip_suffix(['县', '区', '市']).filter(|s| s.chars().count() > 1)
        else {
            continue;
        };
        for written in [short.to_owned(), format!("{name}（虚拟）"), format!("{p}{c}{name}")] {
            let m = t().match_names(p, c, &written);
            let other = m.division().filter(|d| **d != county && !county.contains(d));
            // A county called as its city is: its name without a word is the city's.
            let whole = other.is_some_and(|d| *d == city && c.starts_with(short));
            assert!(other.is_none() || whole, "{p} {c} {written}: {m:?}");
            read += u32::from(other.is_none() && m.division().is_some());
        }
    }
    assert!(read > 8000, "only {read}");
}

#[test]
fn tables_by_hand_agree_with_the_directory() {
    for z in ZONES {
        let within: Division = z.within.parse().unwrap();
        let code = Code::of(&within).unwrap();
        assert!(t().name(&within).is_some(), "{}", z.within);
        for township in z.townships {
            let inside = named(t().descendants(Some(code), Level::Township), township);
            assert!(inside.is_some(), "{township} is not in {}", z.within);
        }
    }
    for c in CHANGES {
        let division: Division = c.code.parse().unwrap();
        let now = t().name(&division);
        assert!(
            now.is_some_and(|n| n != c.old) || c.city == "四平市" || c.city == "莱芜市",
            "{}",
            c.code
        );
        assert!(division.path().starts_with(c.province), "{}", c.code);
        assert!((2018..=2023).contains(&c.year));
        let city = named(t().descendants(None, Level::City), c.city);
        let still = city.and_then(|p| named(t().descendants(Some(p), Level::County), c.old));
        assert_eq!(still, None, "{} is still a name", c.old);
    }
}

/// All of them: one county in three thousand has the name of its city, which luck found once in ten runs.
#[test]
fn every_county_is_found_by_its_own_names() {
    let mut like_its_city = Vec::new();
    for (code, name) in t().descendants(None, Level::County) {
        let county = Directory::division(code).unwrap();
        let city = county.parent().unwrap();
        let province = city.parent().unwrap();
        let (c, p) = (t().name(&city).unwrap(), t().name(&province).unwrap());
        // A repeated name means the whole city, of which such a county is all.
        let wanted = if c == name { &city } else { &county };
        if c == name && p != c {
            like_its_city.push(name);
        }
        let m = t().match_names(p, c, name);
        assert_eq!(m.division(), Some(wanted), "{p} {c} {name}");
    }
    assert_eq!(like_its_city, ["嘉峪关市"]);
}

proptest! {
    #[test]
    fn no_names_panic(p in "(浙江省|北京市|\\PC{0,6})", c in "(杭州市|\\PC{0,6})", d in "(高新区|区|市|\\PC{0,6})") {
        let _ = t().match_names(&p, &c, &d);
    }
}

/// The official list of 2022 lies outside the project. Its zones over several counties, the corps and
/// three lines without a place are the rest; the test prints them all.
#[test]
fn the_list_of_2022_is_matched() {
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/risk_regions_cn_2022.csv.gz");
    let Ok(file) = std::fs::File::open(path) else {
        eprintln!("SKIPPED: ../shared/data/risk_regions_cn_2022.csv.gz is not there");
        return;
    };
    let (mut rows, mut kinds) = (0u32, BTreeMap::<&str, u32>::new());
    let mut rest = BTreeMap::<(String, String), u32>::new();
    let limits = jadegate_lines::Limits::new(64 << 20, 1_000_000);
    for row in risk_list::parse(flate2::read::GzDecoder::new(file), limits, None).unwrap() {
        let row = row.unwrap();
        rows += 1;
        let (kind, place, reason) = match &row {
            Err(e) => ("unreadable", String::new(), e.code.to_owned()),
            Ok(r) => {
                let m = t().match_names(&r.province, &r.city, &r.county);
                let reason = match &m {
                    Match::NotFound { reason } => reason.code().to_owned(),
                    _ => String::new(),
                };
                (m.kind(), format!("{} {} {}", r.province, r.city, r.county), reason)
            }
        };
        *kinds.entry(kind).or_default() += 1;
        if !reason.is_empty() {
            *rest.entry((reason, place)).or_default() += 1;
        }
    }
    let unmatched: u32 = rest.values().sum();
    println!("{rows} rows: {kinds:?}; {unmatched} without a division:");
    for ((reason, place), n) in &rest {
        println!("{n:5}  {reason:40} {place}");
    }
    assert_eq!(rows, 30_732);
    let matched = f64::from(rows - unmatched) / f64::from(rows);
    println!("matched: {:.2} %", 100.0 * matched);
    assert!(matched >= 0.97, "only {matched}");
    assert!(
        !rest.keys().any(|(r, _)| r == "division.unknown_county" || r == "division.unknown_city")
    );
}
