//! What people write when they register: homes, documents, nationalities and phones of the world.

use crate::common::{World, document};
use jadegate_service::holder::register::DocumentInput;

#[tokio::test]
async fn homes_that_no_table_knows_and_births_to_come_are_refused() {
    use jadegate_service::holder::register::{Asker, RegistrationInput};
    let w = World::new().await;
    let input = |home: &str, document: DocumentInput, nationality: &str| RegistrationInput {
        name: "Testa s/o Probe".to_owned(),
        document,
        nationality: nationality.to_owned(),
        phone: "+49 (0)171 0000000".to_owned(),
        home_division: home.to_owned(),
        language: "en".to_owned(),
        ..RegistrationInput::default()
    };
    let said = async |input: RegistrationInput| {
        let e = w.app.begin_registration(&input, Asker::at("a")).await.err();
        e.map_or_else(Vec::new, |e| e.fields.iter().map(|f| (f.field, f.code)).collect())
    };
    let unknown = vec![("home_division", "division.unknown")];
    for home in ["CN-999999", "CN-99", "CN-330199999", "CN-330106999999", "ZZ"] {
        assert_eq!(said(input(home, document(1), "DE")).await, unknown, "{home}");
    }
    for home in ["CN-330106", "CN-3301", "CN-33", "CN", "JP", "US-NY"] {
        assert_eq!(said(input(home, document(1), "DE")).await, [], "{home}");
    }
    let to_come = DocumentInput {
        doc_type: "resident_id".to_owned(),
        number: "110101209901010014".to_owned(),
        ..DocumentInput::default()
    };
    let codes = said(input("CN-33", to_come, "CN")).await;
    assert!(
        matches!(
            codes[..],
            [("document.number", "document.bad_birth_date" | "document.bad_check_digit")]
        ),
        "{codes:?}"
    );
    // People without a nationality, and documents of organisations.
    for (country, nationality) in [
        ("XXA", "XXA"),
        ("XXB", "XXB"),
        ("XXC", "XXC"),
        ("XXK", "XXK"),
        ("UNO", "DE"),
        ("EUE", "FR"),
    ] {
        let paper = DocumentInput { country: country.to_owned(), ..document(1) };
        assert_eq!(said(input("CN-33", paper, nationality)).await, [], "{country}");
    }
    let codes = said(input("CN-33", document(1), "UNO")).await;
    assert_eq!(codes, [("nationality", "country.unknown")]);
    let landline = RegistrationInput {
        phone: "+49 30 123456".to_owned(),
        ..input("CN-33", document(1), "DE")
    };
    assert_eq!(said(landline).await, [("phone", "phone.no_text_messages")]);
    let elsewhere = RegistrationInput {
        phone: "1 (212) 555-0100".to_owned(),
        ..input("CN-33", document(1), "DE")
    };
    assert_eq!(said(elsewhere).await, [("phone", "phone.country_needed")]);
}
