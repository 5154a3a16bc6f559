//! What people type is read as the pages read it: both are held to one list.

#![expect(clippy::unwrap_used, reason = "a test's own list")]

use jadegate_domain::person::typed_phone;
use jadegate_domain::{Document, DocumentType, PersonName};

#[derive(serde::Deserialize)]
struct Cases {
    numbers: Vec<(String, Option<String>)>,
    names: Vec<(String, Option<String>)>,
    phones: Vec<(String, Option<String>)>,
}

fn cases() -> Cases {
    serde_json::from_str(include_str!("../../../data/typed-cases.json")).unwrap()
}

#[test]
fn numbers_names_and_phones_are_read_as_the_pages_read_them() {
    let all = cases();
    for (typed, kept) in all.numbers {
        let got = Document::new(DocumentType::Other, "UTO", &typed).ok();
        assert_eq!(got.map(|d| d.reveal().to_owned()), kept, "{typed:?}");
    }
    for (typed, kept) in all.names {
        let got = PersonName::new(&typed).ok();
        assert_eq!(got.map(|n| n.reveal().to_owned()), kept, "{typed:?}");
    }
    for (typed, kept) in all.phones {
        assert_eq!(typed_phone(&typed).ok(), kept, "{typed:?}");
    }
}

#[test]
fn no_format_character_reaches_a_name() {
    for c in '\u{80}'..='\u{e0080}' {
        let Ok(name) = PersonName::new(&format!("Te{c}sta")) else { continue };
        let hidden = jadegate_domain::text::is_invisible(c);
        assert_eq!(hidden, name.reveal() == "Testa", "{c:?}");
        assert!(!name.reveal().chars().any(jadegate_domain::text::is_invisible), "{c:?}");
    }
}
