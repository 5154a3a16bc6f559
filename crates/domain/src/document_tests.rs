use std::collections::BTreeMap;

use jiff::civil::date;
use proptest::prelude::*;

use super::*;

/// Made up, and listed as examples in public descriptions of GB 11643-1999.
const VALID: [&str; 2] = ["11010519491231002X", "440524188001010014"];

/// The specimens of ICAO 9303 parts 4 to 6.
const TD3: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                   L898902C36UTO7408122F1204159ZE184226B<<<<<10";
const TD2: &str = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6";
const TD1: &str = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\n\
                   ERIKSSON<<ANNA<MARIA<<<<<<<<<<";

const TODAY: Date = date(2026, 11, 1);

fn resident(number: &str) -> Result<Document, DocumentError> {
    Document::new(DocumentType::ResidentId, "", number)
}

fn code(doc_type: DocumentType, country: &str, number: &str) -> &'static str {
    Document::new(doc_type, country, number).map_or_else(DocumentError::code, |_| "accepted")
}

#[test]
fn resident_ids_tell_birth_sex_and_division() {
    let d = resident("11010519491231002x").unwrap();
    assert_eq!((d.country(), d.reveal()), ("CHN", VALID[0]));
    assert_eq!(d.birth_date(), Some(date(1949, 12, 31)));
    assert_eq!(d.sex(), Some(Sex::Female));
    assert_eq!(d.division().unwrap().as_str(), "CN-110105");
    let d = resident(" 440524 1880-0101 0014 ").unwrap();
    assert_eq!((d.birth_date(), d.sex()), (Some(date(1880, 1, 1)), Some(Sex::Male)));
}

#[test]
fn fifteen_digits_become_eighteen() {
    assert_eq!(resident("110105491231002").unwrap().reveal(), VALID[0]);
    assert_eq!(resident("110105491331002"), Err(DocumentError::BadBirthDate));
    assert_eq!(resident("11010549123100X").unwrap_err().code(), "document.bad_character");
}

#[test]
fn what_a_keyboard_makes_of_it_does_not_matter() {
    assert_eq!(resident("11010519491231002X").unwrap().reveal(), VALID[0]);
}

/// Any 17 digits with their check character: 6 of a region, a day, an order.
fn any_resident_id() -> impl Strategy<Value = String> {
    (110_000u32..=829_999, 0i32..=100_000, 0u16..1000).prop_map(|(region, day, order)| {
        let born = date(1850, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap();
        let mut s = format!("{region}{}{order:03}", born.strftime("%Y%m%d"));
        s.push(char::from(check_character(s.as_bytes())));
        s
    })
}

proptest! {
    #[test]
    fn every_built_number_is_accepted_and_reads_back(s in any_resident_id()) {
        let d = resident(&s).unwrap();
        prop_assert_eq!(d.reveal(), &s);
        prop_assert_eq!(d.birth_date().unwrap().strftime("%Y%m%d").to_string(), &s[6..14]);
        let division = d.division().unwrap();
        prop_assert_eq!(division.country(), "CN");
        let json = serde_json::to_string(&d).unwrap();
        prop_assert_eq!(serde_json::from_str::<Document>(&json).unwrap(), d);
    }

    /// ISO 7064 MOD 11-2 promises to catch every single error and every swap of neighbours. Its
    /// weights repeat after ten places, so that swaps over fewer than ten are caught as well.
    #[test]
    fn every_wrong_character_and_every_swap_is_caught(s in any_resident_id()) {
        for i in 0..18 {
            for c in "0123456789X".chars().filter(|c| !s[i..].starts_with(*c)) {
                let mut wrong = s.clone();
                wrong.replace_range(i..=i, c.encode_utf8(&mut [0; 4]));
                prop_assert!(resident(&wrong).is_err(), "position {}", i);
            }
            for j in i + 1..18.min(i + 10) {
                let mut swapped = s.clone().into_bytes();
                swapped.swap(i, j);
                let swapped = String::from_utf8(swapped).unwrap();
                prop_assert!(swapped == s || resident(&swapped).is_err(), "{} and {}", i, j);
            }
        }
    }

    #[test]
    fn no_text_panics_and_nothing_accepted_changes_on_a_second_reading(
        t in prop::sample::select(DocumentType::ALL),
        c in "([A-Z]{3}|CHN|\\PC{0,4})",
        n in "([0-9A-Z]{3,18}|[HMCWT9][0-9]{8,17}|\\PC{0,40})",
    ) {
        if let Ok(d) = Document::new(t, &c, &n) {
            let again = Document::new(d.doc_type(), d.country(), d.reveal()).unwrap();
            prop_assert_eq!(&again, &d);
            prop_assert!(d.reveal().bytes().all(|b| b.is_ascii_alphanumeric()));
            let _ = (d.birth_date(), d.sex(), d.division());
        }
    }

    #[test]
    fn no_zone_panics(s in "([A-Z0-9<]{44}\n[A-Z0-9<]{44}|[A-Z0-9<]{30}|\\PC{0,90}|[I<]{90}|\\PC{36}\n\\PC{36})") {
        let _ = Document::from_mrz(&s, TODAY);
    }

    /// The weights 7, 3 and 1 catch every wrong digit among the digits.
    #[test]
    fn every_wrong_digit_in_the_numbers_of_a_zone_is_caught(
        (zone, line, cells) in prop::sample::select(vec![
            (TD3, 1, [(0, 9), (13, 19), (21, 27)]),
            (TD2, 1, [(0, 9), (13, 19), (21, 27)]),
            (TD1, 1, [(0, 6), (8, 14), (8, 14)]),
        ]),
        digit in b'0'..=b'9',
    ) {
        let start: usize = zone.lines().take(line).map(|l| l.len() + 1).sum();
        for i in cells.iter().flat_map(|(a, b)| *a..*b) {
            let mut bytes = zone.as_bytes().to_vec();
            if bytes[start + i].is_ascii_digit() && bytes[start + i] != digit {
                bytes[start + i] = digit;
                let text = String::from_utf8(bytes).unwrap();
                prop_assert!(Document::from_mrz(&text, TODAY).is_err(), "cell {}", i);
            }
        }
    }
}

#[test]
fn wrong_resident_ids_say_why() {
    for (number, expected) in [
        ("", "document.bad_length"),
        ("1101051949123100", "document.bad_length"),
        ("110105194912310021", "document.bad_check_digit"),
        ("X1010519491231002X", "document.bad_character"),
        ("11010519491231002Y", "document.bad_character"),
        ("1101051949123100２√", "document.bad_character"),
        // The check character fits; the date does not exist.
        ("110105194913310022", "document.bad_birth_date"),
        ("110105184912310024", "document.bad_birth_date"),
    ] {
        let number = match expected {
            "document.bad_birth_date" => with_check(&number[..17]),
            _ => number.to_owned(),
        };
        assert_eq!(code(DocumentType::ResidentId, "CHN", &number), expected, "{number}");
    }
    assert_eq!(code(DocumentType::ResidentId, "USA", VALID[0]), "document.bad_country");
}

fn with_check(digits: &str) -> String {
    format!("{digits}{}", char::from(check_character(digits.as_bytes())))
}

#[test]
fn the_other_types_have_their_own_forms() {
    use DocumentType as T;
    let card = with_check("91184019900101001");
    for (t, country, number, kept) in [
        (T::Passport, "chn", "e 5965 9321", "E59659321"),
        (T::Passport, "D", "c01x0006h", "C01X0006H"),
        (T::HkMacaoPermit, "", "H1234567801", "H12345678"),
        (T::HkMacaoPermit, "HKG", "M12345678", "M12345678"),
        (T::HkMacaoPermit, "CHN", "CA1234567", "CA1234567"),
        (T::TaiwanPermit, "TWN", "12345678", "12345678"),
        (T::TaiwanPermit, "", "0123456789B", "0123456789B"),
        (T::TaiwanPermit, "", "T12345678", "T12345678"),
        (T::ForeignResidentCard, "", "USA110012345678", "USA110012345678"),
        (T::ForeignResidentCard, "CHN", card.as_str(), card.as_str()),
        (T::Other, "UTO", "ab-123", "AB123"),
    ] {
        assert_eq!(Document::new(t, country, number).unwrap().reveal(), kept, "{t}");
    }
    let card = Document::new(T::ForeignResidentCard, "", &card).unwrap();
    assert_eq!((card.birth_date(), card.sex()), (Some(date(1990, 1, 1)), Some(Sex::Male)));
    assert_eq!(card.division(), None);
    for (t, country, number, expected) in [
        (T::Passport, "", "E59659321", "document.bad_country"),
        (T::Passport, "CHN", "E596", "document.bad_length"),
        (T::Passport, "CHN", "E59<59321", "document.bad_character"),
        (T::HkMacaoPermit, "", "A12345678", "document.bad_length"),
        (T::HkMacaoPermit, "USA", "H12345678", "document.bad_country"),
        (T::TaiwanPermit, "", "123456789", "document.bad_length"),
        (T::ForeignResidentCard, "", "ZZZ110012345678", "document.bad_country"),
        (T::ForeignResidentCard, "", "911840199001010010", "document.bad_check_digit"),
        (T::ForeignResidentCard, "", VALID[0], "document.bad_length"),
        (T::Other, "CHN", "12", "document.bad_length"),
    ] {
        assert_eq!(code(t, country, number), expected, "{t} {number}");
    }
}

#[test]
fn cards_are_taken_for_what_they_are() {
    use DocumentType as T;
    let foreign = with_check("91184019900101001");
    let permit = with_check("81000019900101001");
    for (chosen, number, is) in [
        (T::ResidentId, &foreign, T::ForeignResidentCard),
        (T::ForeignResidentCard, &foreign, T::ForeignResidentCard),
        (T::HkMacaoPermit, &permit, T::ResidentId),
        (T::ResidentId, &permit, T::ResidentId),
        (T::TaiwanPermit, &with_check("83000019900101001"), T::ResidentId),
        (T::HkMacaoPermit, &with_check("82000019900101001"), T::ResidentId),
    ] {
        let d = Document::new(chosen, "", number).unwrap();
        assert_eq!((d.doc_type(), d.reveal()), (is, number.as_str()));
    }
    // As a Hong Kong card is printed; the permit beside it has another number.
    let card = Document::new(T::HkMacaoPermit, "", "A123456(7)").unwrap();
    assert_eq!((card.doc_type(), card.country(), card.reveal()), (T::Other, "HKG", "A1234567"));
    assert_eq!(card, Document::new(T::Other, "HKG", "A123456 (7)").unwrap());
    assert!(Document::new(T::HkMacaoPermit, "", "A1234567").is_err());
    let old = Document::new(T::TaiwanPermit, "", "1234567890(B)").unwrap();
    assert_eq!(old.reveal(), "1234567890B");
    for (country, kept) in [
        ("XXA", "XXA"),
        ("XXB", "XXB"),
        ("xxc", "XXC"),
        ("XXK", "XXK"),
        ("UNO", "UNO"),
        ("UNA", "UNA"),
        ("EUE", "EUE"),
        ("CN", "CHN"),
        (" de\u{200b}", "DEU"),
    ] {
        assert_eq!(Document::new(T::Passport, country, "X1234567").unwrap().country(), kept);
    }
    let born = with_check("11010120990101001");
    assert!(resident(&born).is_ok());
    let on = |today| Document::on(today, T::ResidentId, "", &born);
    assert_eq!(on(TODAY), Err(DocumentError::BadBirthDate));
    assert!(on(date(2099, 1, 1)).is_ok());
    for rounded in ["1E+17", "8.99999E+17", " 8,9e+17"] {
        assert_eq!(resident(rounded), Err(DocumentError::Rounded), "{rounded}");
    }
}

#[test]
fn zones_of_people_without_a_nationality_and_of_organisations_are_read() {
    for code in ["XXA", "XXB", "XXC", "UNO", "EUE"] {
        let zone = TD3.replace("UTO", code);
        let (d, f) = Document::from_mrz(&zone, TODAY).unwrap();
        assert_eq!(
            (d.doc_type(), d.country(), f.nationality),
            (DocumentType::Passport, code, code)
        );
        let (d, f) = Document::from_mrz(&TD1.replace("UTO", code), TODAY).unwrap();
        assert_eq!((d.country(), f.nationality), (code, code));
    }
    let hidden = format!("\u{feff}\u{202a}{}\u{202c}", TD2.replace('\n', "\u{2028}\r\n"));
    assert_eq!(Document::from_mrz(&hidden, TODAY).unwrap().0.reveal(), "D23145890");
}

#[test]
fn the_specimens_of_icao_9303_are_read() {
    for (zone, t, number, expiry) in [
        (TD3, DocumentType::Passport, "L898902C3", date(2012, 4, 15)),
        (TD2, DocumentType::Other, "D23145890", date(2012, 4, 15)),
        (TD1, DocumentType::Other, "D23145890", date(2012, 4, 15)),
    ] {
        for zone in [zone.to_owned(), zone.replace('\n', ""), zone.replace('\n', "\r\n")] {
            let (d, f) = Document::from_mrz(&zone, TODAY).unwrap();
            assert_eq!((d.doc_type(), d.country(), d.reveal()), (t, "UTO", number));
            assert_eq!((f.surname.as_str(), f.given_names.as_str()), ("ERIKSSON", "ANNA MARIA"));
            assert_eq!((f.nationality, f.sex), ("UTO", Sex::Female));
            assert_eq!((f.birth_date, f.expiry), (Some(date(1974, 8, 12)), Some(expiry)));
        }
    }
}

#[test]
fn nobody_is_born_in_the_future() {
    let (_, f) = Document::from_mrz(TD3, date(2074, 8, 11)).unwrap();
    assert_eq!(f.birth_date, Some(date(1974, 8, 12)));
    let (_, f) = Document::from_mrz(TD3, date(2074, 8, 12)).unwrap();
    assert_eq!(f.birth_date, Some(date(2074, 8, 12)));
}

#[test]
fn zones_that_are_no_identity_document_say_why() {
    for (zone, expected) in [
        (TD3.replace("ERIKSSON", "ERIK55ON"), "document.bad_name"),
        (TD3.replace("P<UTO", "V<UTO"), "document.not_an_identity_document"),
        (TD3.replace("P<UTO", "P<UT0"), "document.bad_country"),
        (TD3.replace("36UTO", "36ZZZ"), "document.bad_country"),
        (TD3.replace("ZE184226B", "ZE184226C"), "document.bad_check_digit"),
        (TD3.replace('<', "*"), "document.bad_character"),
        (TD3[..60].to_owned(), "document.bad_length"),
        ("<".repeat(4000), "document.bad_length"),
    ] {
        assert_eq!(Document::from_mrz(&zone, TODAY).unwrap_err().code(), expected);
    }
}

#[test]
fn nothing_personal_is_shown_or_let_through() {
    let d = resident(VALID[0]).unwrap();
    assert_eq!(format!("{d:?}"), "Document { doc_type: ResidentId, .. }");
    let (_, fields) = Document::from_mrz(TD3, TODAY).unwrap();
    assert_eq!(format!("{fields:?}"), "MrzFields { .. }");
    let json = r#"{"doc_type":"resident_id","country":"CHN","number":"110105194912310021"}"#;
    let e = serde_json::from_str::<Document>(json).unwrap_err().to_string();
    assert!(e.contains("typing mistake") && !e.contains("110105"), "{e}");
}

/// Zones put together from the lines of cheminfo/mrz (MIT), which lie outside the project.
#[test]
fn lines_others_collected_are_read_as_they_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/mrz_lines.txt");
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("SKIPPED: ../shared/data/mrz_lines.txt is not there");
        return;
    };
    let starts = |prefix: &str, n: usize| -> Vec<&str> {
        text.lines().filter(|l| l.starts_with(prefix) && l.len() == n).collect()
    };
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    let mut read = |zone: String| -> String {
        let outcome = Document::from_mrz(&zone, TODAY)
            .map_or_else(|e| e.code().to_owned(), |(d, _)| format!("read {}", d.country()));
        *outcomes.entry(outcome.clone()).or_default() += 1;
        outcome
    };
    // Chinese passports with names of the same collection.
    for upper in starts("P", 44).iter().filter(|l| l[2..].starts_with("CHN")) {
        for lower in text.lines().filter(|l| l.len() == 44 && l[10..].starts_with("CHN")) {
            assert_eq!(read(format!("{upper}\n{lower}")), "read CHN");
        }
    }
    // Every combination of an upper and a lower line: no panic, and misread lines never pass.
    for upper in starts("", 44) {
        for lower in starts("", 44) {
            let outcome = read(format!("{upper}\n{lower}"));
            let misread = upper.contains("ERIK55ON") || lower.contains("740BIZZ");
            assert!(!(misread && outcome.starts_with("read")), "a misread line passed");
        }
    }
    for upper in starts("", 30) {
        for middle in starts("", 30) {
            for lower in starts("ERIKSSON", 30) {
                read(format!("{upper}\n{middle}\n{lower}"));
            }
        }
    }
    for upper in starts("", 36) {
        for lower in starts("", 36) {
            read(format!("{upper}\n{lower}"));
        }
    }
    for expected in ["read CHN", "read DEU", "read UTO", "read PRT", "read FIN"] {
        assert!(outcomes.contains_key(expected), "{expected} missing in {outcomes:?}");
    }
    for expected in ["document.bad_check_digit", "document.bad_name"] {
        assert!(outcomes.contains_key(expected), "{expected} missing in {outcomes:?}");
    }
}
