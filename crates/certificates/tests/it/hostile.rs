//! What strangers could send: nothing panics, nothing holds, and nothing is believed that was not signed.

use jadegate_certificates::{MAX_TEXT, Trust, names, read, read_all};
use jadegate_domain::Timestamp;
use proptest::prelude::*;

use crate::common::reasons;

fn some_code() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop::collection::vec(any::<u8>(), 0..300);
    let prefix = prop::sample::select(vec![
        "HC1:",
        "NZCP:/1/",
        "shc:/",
        "shc:/1/2/",
        "eyJ",
        "PK\u{3}\u{4}",
        "{",
        "UEsDB",
        "",
    ]);
    let body = prop_oneof![
        "[0-9A-Z $%*+./:-]{0,200}".prop_map(String::into_bytes),
        "[0-9/]{0,200}".prop_map(String::into_bytes),
        "[A-Za-z0-9_.-]{0,200}".prop_map(String::into_bytes),
        bytes.clone(),
        bytes.prop_map(|b| base45::encode(&b).into_bytes()),
    ];
    (prefix, body).prop_map(|(prefix, body)| [prefix.as_bytes(), &body].concat())
}

proptest! {
    #[test]
    fn nothing_panics_and_nothing_holds(code in some_code()) {
        let trust = Trust::default();
        let at = Timestamp::from_secs(1_640_000_000);
        prop_assert!(!read(&code, &trust, at).holds());
        for reading in read_all(&code, &trust, at) {
            prop_assert!(!reading.holds());
            prop_assert!(!reading.problems.is_empty());
        }
    }

    #[test]
    fn no_file_of_keys_panics(file in prop::collection::vec(any::<u8>(), 0..300), json in "[{}\\[\\]\":,a-z0-9]{0,80}") {
        let mut trust = Trust::default();
        let _ = trust.add(&file);
        let _ = trust.add(json.as_bytes());
    }

    #[test]
    fn no_name_panics_and_each_is_its_own(name in "\\PC{1,40}") {
        let person = jadegate_certificates::Person { full: Some(name.clone()), ..Default::default() };
        let known = names::Known { names: &[&name], born: None, document: None };
        prop_assert_eq!(names::same_person(&person, &known), names::Match::Doubtful);
    }
}

#[test]
fn what_is_too_large_is_refused_unread() {
    let at = Timestamp::from_secs(1_640_000_000);
    let trust = Trust::default();
    let long = format!("HC1:{}", "A".repeat(MAX_TEXT));
    assert_eq!(reasons(&read(long.as_bytes(), &trust, at)), ["too_large"]);
    // A bomb: megabytes of zeros in a few thousand letters.
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut zlib, &vec![0; 20_000_000]).expect("memory");
    let bomb = format!("HC1:{}", base45::encode(zlib.finish().expect("memory")));
    assert!(bomb.len() < MAX_TEXT);
    assert_eq!(reasons(&read(bomb.as_bytes(), &trust, at)), ["too_large"]);
    let deep = format!("{{\"data\":{}", "[".repeat(60_000));
    assert_eq!(reasons(&read(deep.as_bytes(), &trust, at)), ["not_a_certificate"]);
    assert!(read_all("x\n".repeat(5000).as_bytes(), &trust, at).len() <= 1000);
    assert_eq!(reasons(&read(b"", &trust, at)), ["not_a_certificate"]);
}
