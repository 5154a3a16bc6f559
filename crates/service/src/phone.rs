//! Phone numbers as people write them, by the tables of all countries (Google's libphonenumber, in the
//! crate `phonenumber`).
//!
//! Which number somebody means depends on its country, and the country is for them to state: with `+`
//! and its code, or beside the number. Numbers of China are read by a rule of their own, which is shorter
//! than its table and does not need it.

use jadegate_domain::Phone;
use jadegate_domain::person::{is_chinese_mobile, typed_phone};
use phonenumber::metadata::DATABASE;
use phonenumber::{Mode, PhoneNumber, Type, country};

use crate::error::FieldError;

/// The number with its country's code, if it is clear which one it is in the country that was stated
/// beside it (ISO 3166-1 alpha-2); else what was typed, of which [`read`] says what is wrong.
pub fn in_country(text: &str, stated: Option<&str>) -> String {
    let as_typed = || text.to_owned();
    let (Ok(typed), Some(stated)) = (typed_phone(text), stated.filter(|s| !s.is_empty())) else {
        return as_typed();
    };
    if typed.starts_with('+') {
        return typed;
    }
    if stated == "CN" {
        let national = typed.strip_prefix('0').unwrap_or(&typed);
        // Eleven digits that begin with 1 are no landline; those of other countries are no mobile phone.
        let clear = is_chinese_mobile(national) || !national.starts_with('1') || national != typed;
        return if clear { format!("+86{national}") } else { as_typed() };
    }
    let id = stated.parse::<country::Id>().ok().filter(|id| DATABASE.by_id(id.as_ref()).is_some());
    let number = id.and_then(|id| phonenumber::parse(Some(id), &typed).ok());
    number.map_or_else(as_typed, |n| e164(&n))
}

/// Reads a number to which text messages are to be sent.
///
/// # Errors
/// `phone.bad`, `phone.country_needed` (it is clear in no country), `phone.no_text_messages` (a landline and the like).
pub fn read(text: &str) -> Result<Phone, FieldError> {
    let typed = typed_phone(text).map_err(|_| bad())?;
    match typed.strip_prefix('+') {
        None if is_chinese_mobile(&typed) => Phone::new(&typed).map_err(|_| bad()),
        None => Err(wrong(
            "phone.country_needed",
            "Of which country is this number? Choose it, or begin with + and its code, like +81.",
        )),
        Some(digits) => match digits.strip_prefix("86") {
            Some(national) => chinese(national),
            None => foreign(&typed),
        },
    }
}

fn chinese(national: &str) -> Result<Phone, FieldError> {
    let national = national.strip_prefix('0').unwrap_or(national);
    if national.len() == 11 && national.starts_with('1') {
        return Phone::new(&format!("+86{national}")).map_err(|_| bad());
    }
    // An area code of two to four digits and seven or eight more; service numbers.
    let landline = (9..=12).contains(&national.len())
        && (!national.starts_with('1') || national.starts_with("10"));
    Err(if landline { no_text_messages() } else { bad() })
}

fn foreign(typed: &str) -> Result<Phone, FieldError> {
    let mut number = phonenumber::parse(None, typed).map_err(|_| bad())?;
    // The zero that is dialled inside the country only, where the table does not know the number.
    if number.national().zeros() > 0 && national_prefix(&number) == Some("0") {
        let (code, value) = (number.code().value(), number.national().value());
        number = phonenumber::parse(None, format!("+{code}{value}")).map_err(|_| bad())?;
    }
    match number.number_type(&DATABASE) {
        Type::Mobile | Type::FixedLineOrMobile | Type::Voip | Type::PersonalNumber => {}
        // Tables are older than the newest numbers: whoever has one is not shut out.
        Type::Unknown if is_possible(&number) => {}
        Type::Unknown => return Err(bad()),
        _ => return Err(no_text_messages()),
    }
    Phone::new(&e164(&number)).map_err(|_| bad())
}

fn national_prefix(number: &PhoneNumber) -> Option<&'static str> {
    DATABASE.by_code(&number.code().value())?.first()?.national_prefix()
}

/// Has it as many digits as some number of its country has?
fn is_possible(number: &PhoneNumber) -> bool {
    let regions = DATABASE.by_code(&number.code().value()).unwrap_or_default();
    let digits = u16::try_from(number.national().to_string().len()).unwrap_or(u16::MAX);
    regions.iter().any(|r| r.descriptors().general().possible_length().contains(&digits))
}

fn e164(number: &PhoneNumber) -> String {
    number.format().mode(Mode::E164).to_string()
}

fn wrong(code: &'static str, detail: &str) -> FieldError {
    FieldError { field: "phone", code, detail: detail.to_owned() }
}

fn bad() -> FieldError {
    wrong("phone.bad", &jadegate_domain::person::BadPhone.to_string())
}

fn no_text_messages() -> FieldError {
    wrong(
        "phone.no_text_messages",
        "This number gets no text messages; give the number of a mobile phone.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, country: &str) -> Result<String, &'static str> {
        let country = Some(country).filter(|c| !c.is_empty());
        let phone = read(&in_country(text, country)).map_err(|e| e.code)?;
        Ok(phone.reveal().to_owned())
    }

    #[test]
    fn a_number_is_the_real_one_or_a_question() {
        for (text, country, number) in [
            ("138 0000 0000", "", "+8613800000000"),
            ("+86 0138 0000 0000", "", "+8613800000000"),
            ("+86 100 00000001", "", "+8610000000001"),
            ("+49 (0)171 0000000", "", "+491710000000"),
            ("+49 0171 0000000", "", "+491710000000"),
            ("0171 0000000", "DE", "+491710000000"),
            ("+33 06 12 34 56 78", "", "+33612345678"),
            ("06 12 34 56 78", "FR", "+33612345678"),
            ("0033 6 12 34 56 78", "CN", "+33612345678"),
            ("1 (212) 555-0100", "US", "+12125550100"),
            ("(212) 555-0100", "US", "+12125550100"),
            ("+44 07911 123456", "", "+447911123456"),
            ("090-1234-5678", "JP", "+819012345678"),
            ("\u{202a}+81\u{2011}90\u{2011}1234\u{2011}5678\u{202c}", "", "+819012345678"),
            ("6123 4567", "HK", "+85261234567"),
            ("138 0000 0000", "CN", "+8613800000000"),
            ("+39 347 123 4567", "", "+393471234567"),
        ] {
            assert_eq!(said(text, country), Ok(number.to_owned()), "{text} {country}");
        }
        for (text, country, code) in [
            ("1 (212) 555-0100", "", "phone.country_needed"),
            ("1 (212) 555-0100", "CN", "phone.country_needed"),
            ("0171 0000000", "", "phone.country_needed"),
            ("6123 4567", "", "phone.country_needed"),
            ("0171 0000000", "AQ", "phone.country_needed"),
            ("0171 0000000", "nowhere", "phone.country_needed"),
            ("010 8888 8888", "CN", "phone.no_text_messages"),
            ("+86 10 8888 8888", "", "phone.no_text_messages"),
            ("+49 30 123456", "", "phone.no_text_messages"),
            ("030 123456", "DE", "phone.no_text_messages"),
            ("+44 121 234 5678", "", "phone.no_text_messages"),
            ("+1 800 723 3456", "", "phone.no_text_messages"),
            ("+33 6 12", "", "phone.bad"),
            ("+999 1234 5678", "", "phone.bad"),
            ("+86 138 0000 000", "", "phone.bad"),
            ("abc", "", "phone.bad"),
            ("", "DE", "phone.bad"),
        ] {
            assert_eq!(said(text, country), Err(code), "{text} {country}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics_and_what_is_read_is_read_again(
            text in "([+0-9() -]{0,24}|\\PC{0,20})", country in "([A-Z]{2}|)",
        ) {
            if let Ok(phone) = read(&in_country(&text, Some(&country))) {
                let again = read(phone.reveal()).map_err(|e| e.code);
                proptest::prop_assert_eq!(again, Ok(phone));
            }
        }
    }
}
