//! Whatever is done to a file, each of its lines is told exactly once by its true number, and a line
//! that nothing was done to says what it said.

#![expect(clippy::unwrap_used, reason = "a test's own set-up")]

use jadegate_lines::{FileError, Limits, LineFault, Record, Table};
use proptest::prelude::*;

const LIMITS: Limits = Limits::new(1 << 20, 1 << 20);

fn told(text: &[u8]) -> Vec<(u64, Result<Vec<String>, LineFault>)> {
    let words = |r: Record| r.fields().map(|f| String::from_utf8_lossy(f).into_owned()).collect();
    Table::open(text, LIMITS, &["a", "b"])
        .unwrap()
        .map(|row| row.map(|(n, r)| (n, r.map(words))).unwrap())
        .collect()
}

fn codes(text: &str) -> Vec<(u64, &'static str)> {
    told(text.as_bytes()).into_iter().map(|(n, r)| (n, r.err().map_or("", |e| e.code()))).collect()
}

#[test]
fn one_stray_quotation_mark_spoils_one_line() {
    let good = "1,2,x\n";
    for bad in ["1,2,\"x\n", "\"1,2,x\n", "1,\"2,x\n", "1,2,\"\n", "1,2,\"x\"\"\n", "\"\n"] {
        let text = format!("a,b,c\n{good}{bad}{good}{good}\n{bad}{bad}{good}");
        let open = "line.open_quote";
        let want = [(2, ""), (3, open), (4, ""), (5, ""), (7, open), (8, open), (9, "")];
        assert_eq!(codes(&text), want, "{bad:?}");
    }
    let fault = told(b"a,b,c\n1,\"2,x\n").remove(0).1.unwrap_err();
    assert_eq!(fault, LineFault::OpenQuote(2));
    assert_eq!(
        Table::open(&b"a,b,\"c\n1,2,3\n"[..], LIMITS, &["a"]).unwrap_err().code(),
        "csv.open_quote"
    );
}

#[test]
fn quotation_marks_inside_a_field_belong_to_it() {
    let got = told(b"a,b,c\n1,Tes\"ta\" M,\n1,Tes\"ta,5\"\n\"1\",\"2, \"\"x\"\"\",\"\"\n");
    let fields: Vec<Vec<String>> = got.into_iter().map(|(_, r)| r.unwrap()).collect();
    assert_eq!(fields[0][1], "Tes\"ta\" M");
    assert_eq!(fields[1][1..], ["Tes\"ta", "5\""]);
    assert_eq!(fields[2], ["1", "2, \"x\"", ""]);
}

#[test]
fn a_field_over_several_lines_is_told_on_each_of_them() {
    let text = "a,b,c\n1,2,\"note,\nof one\nperson\"\n3,4,\n";
    let (open, columns) = ("line.open_quote", "line.wrong_columns");
    assert_eq!(codes(text), [(2, open), (3, columns), (4, open), (5, "")]);
    // The rest would be a record if nobody had seen the beginning.
    assert_eq!(codes("a,b\n\"x\ny\",2\n3,4\n"), [(2, open), (3, open), (4, "")]);
}

#[test]
fn empty_fields_at_the_end_may_be_left_out_but_not_needed_ones() {
    let columns = "line.wrong_columns";
    assert_eq!(
        codes("x,a,b,c\n1,2,3,4\n1,2,3\n1,2\n1,2,3,4,5\n,,,\n1,2,3,4,,,\n1,2,3,4,,5,\n"),
        [(2, ""), (3, ""), (4, columns), (5, columns), (7, ""), (8, columns)]
    );
}

#[test]
fn spreadsheets_of_other_countries_are_read() {
    for text in [
        "a;b;c\n1;2,5;3\n",
        "a\tb\tc\r\n1\t2,5\t3",
        "sep=;\r\na;b;c\r\n1;2,5;3\r\n",
        "SEP=|\na|b|c\n1|2,5|3\n",
        "sep=,\n\na,b,c\n1,\"2,5\",3\n",
    ] {
        let got = told(text.as_bytes());
        assert_eq!(got[0].1.as_ref().unwrap()[..], ["1", "2,5", "3"], "{text:?}");
        assert_eq!(got.len(), 1);
    }
    assert_eq!(codes("sep=;\n\na;b\n1;2\n")[0].0, 4);
}

#[test]
fn a_file_has_its_bounds() {
    let error = |text: &str, limits| {
        let table = Table::open(text.as_bytes(), limits, &["a"]);
        table.and_then(Iterator::collect::<Result<Vec<_>, FileError>>).unwrap_err()
    };
    let e = error("a\n1\n2\n\n3\n", Limits { lines: 2, ..LIMITS });
    assert_eq!(e.code(), "csv.too_many_lines");
    let e = error("a\n1\n2\n", Limits { bytes: 5, ..LIMITS });
    assert_eq!(e.code(), "file.too_large");
    assert!(e.to_string().contains("5 bytes"));
    let e = error(&format!("a\n{}\n", "x".repeat(200)), Limits { line: 10, ..LIMITS });
    assert_eq!(e.code(), "file.line_too_long");
    let e = error(&"a,".repeat(10), Limits { line: 10, ..LIMITS });
    assert_eq!(e.code(), "file.line_too_long");
    let table = Table::open(&b"a\n1\n12345678901\n2\n"[..], Limits { line: 10, ..LIMITS }, &["a"]);
    let rows: Vec<_> = table.unwrap().map(Result::unwrap).collect();
    assert_eq!(rows[1], (3, Err(LineFault::TooLong(10))));
    assert!(rows[2].1.is_ok());
    assert_eq!(Table::open(&b""[..], LIMITS, &["a"]).unwrap_err().code(), "csv.missing_columns");
    let twice = Table::open(&b"a,A\n"[..], LIMITS, &["a"]).unwrap();
    assert_eq!(twice.column("a").unwrap_err().code(), "csv.repeated_column");
}

/// A line by itself as the `csv` crate reads it.
fn alone(line: &str) -> Vec<String> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(line.as_bytes());
    let record = reader.records().next().and_then(Result::ok).unwrap_or_default();
    record.iter().map(str::to_owned).collect()
}

#[derive(Clone, Debug)]
enum Damage {
    Insert(prop::sample::Index, &'static str),
    Remove(prop::sample::Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let signs = vec!["\"", "\"\"", "\n", "\r", "\r\n", ",", ";", "\0", "x", "\n\n"];
    prop_oneof![
        3 => (any::<prop::sample::Index>(), prop::sample::select(signs))
            .prop_map(|(i, s)| Damage::Insert(i, s)),
        1 => any::<prop::sample::Index>().prop_map(Damage::Remove),
    ]
}

proptest! {
    #[test]
    fn no_damage_loses_a_line(
        rows in prop::collection::vec(
            ("[a-z0-9 ]{1,6}", "[a-z0-9 ]{1,6}", prop::sample::select(vec![
                "", "x", "\"x, y\"", "\"he said \"\"no\"\"\"", "5\"",
            ])),
            1..12,
        ),
        blows in prop::collection::vec(damage(), 0..6),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
    ) {
        // A letter before each, so that no line is empty.
        let good: Vec<String> = rows.iter().map(|(a, b, c)| format!("k{a},k{b},{c}")).collect();
        let mut body = good.join(end);
        for blow in blows {
            match blow {
                Damage::Insert(i, s) => {
                    let mut at = i.index(body.len() + 1);
                    while !body.is_char_boundary(at) { at -= 1; }
                    body.insert_str(at, s);
                }
                Damage::Remove(_) if body.is_empty() => {}
                Damage::Remove(i) => {
                    let mut at = i.index(body.len());
                    while !body.is_char_boundary(at) { at -= 1; }
                    body.remove(at);
                }
            }
        }
        let text = format!("a,b,c{end}{body}");
        let lines: Vec<String> = text
            .replace("\r\n", "\n")
            .replace('\r', "\n")
            .split('\n')
            .map(str::to_owned)
            .collect();
        // Each line with something in it, once, in order.
        let expected: Vec<u64> = lines
            .iter()
            .enumerate()
            .skip(1)
            .filter(|(_, l)| {
                let quotes = l.matches('"').count();
                quotes % 2 == 1 || alone(l).iter().any(|f| !f.trim_ascii().is_empty())
            })
            .map(|(i, _)| i as u64 + 1)
            .collect();
        let told = told(text.as_bytes());
        prop_assert_eq!(told.iter().map(|(n, _)| *n).collect::<Vec<_>>(), expected, "{:?}", text);
        for (n, row) in told {
            let line = &lines[usize::try_from(n).unwrap() - 1];
            let even = line.matches('"').count().is_multiple_of(2);
            // Untouched lines with even quotation marks stand by themselves, whatever stands around.
            if good.contains(line) && even {
                prop_assert!(row.is_ok(), "{:?} {:?}", line, row);
            }
            // And what is taken is what the line alone says.
            if let Ok(fields) = row {
                let mut said = alone(line);
                // Empty fields beyond the three columns say nothing.
                while said.len() > 3 && said.last().is_some_and(|f| f.trim_ascii().is_empty()) {
                    said.pop();
                }
                prop_assert_eq!(fields, said, "{:?}", line);
            }
        }
    }

    #[test]
    fn no_bytes_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        bytes.splice(0..0, *b"a,b\n");
        let rows = Table::open(bytes.as_slice(), LIMITS, &["a"]).unwrap().count();
        prop_assert!(rows <= bytes.len());
    }
}
