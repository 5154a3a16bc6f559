//! Names and phone numbers, with their masks. Values of these types never reach a log: `Debug` shows
//! the mask.

use serde::{Deserialize, Serialize};

use crate::text::{is_dash, is_invisible, is_joiner, narrow};

/// A person's name as they wrote it: 1 to 80 characters, with a letter among them. Names of one word,
/// with `s/o`, `a/l` or `@`, with a middle dot, and in any script are names; control and format
/// characters, which can make a name look like another one, never are part of one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName(String);

#[cfg(feature = "openapi")]
crate::openapi::string_schema!(PersonName, "A name of 1 to 80 characters");

/// A text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a name has 1 to 80 characters, a letter among them, and none of < > \" & {{ }} [ ] = + \\; it begins with none of @ / -"
)]
pub struct BadName;

impl PersonName {
    /// From text. Spaces at the ends, repeated spaces and invisible characters are dropped; full-width
    /// letters become plain, and every kind of middle dot `·`.
    pub fn new(text: &str) -> Result<Self, BadName> {
        let letter = |c: char| match c {
            '\u{ff01}'..='\u{ff5e}' => narrow(c),
            '\u{b7}' | '\u{2022}' | '\u{2027}' | '\u{2219}' | '\u{22c5}' | '\u{30fb}'
            | '\u{ff65}' | '\u{16eb}' => '\u{b7}',
            c => c,
        };
        let seen: String = text.chars().filter(|c| !is_invisible(*c)).map(letter).collect();
        let words = seen.split_whitespace().map(|w| w.trim_matches(is_joiner));
        let name = words.filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ");
        let n = name.chars().count();
        // A spreadsheet runs what begins with these; inside a name they are part of it.
        let ok = (1..=80).contains(&n)
            && name.chars().any(char::is_alphabetic)
            && !name.starts_with(['@', '/', '-'])
            && !name.chars().any(|c| c.is_control() || "<>\"&{}[]=+\\".contains(c));
        if ok { Ok(Self(name)) } else { Err(BadName) }
    }

    /// The name itself. Only the vault and the holder's own page need it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The name with all but the first letter of each word hidden: `张*`, `A*** B***`. Every word
    /// gets the same number of stars, so that its length is not told; Chinese names get one star.
    pub fn mask(&self) -> String {
        let stars = |w: &str| if w.is_ascii() { "***" } else { "*" };
        self.0
            .split(' ')
            .filter_map(|w| w.chars().next().map(|c| format!("{c}{}", stars(w))))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

impl TryFrom<String> for PersonName {
    type Error = BadName;
    fn try_from(s: String) -> Result<Self, BadName> {
        Self::new(&s)
    }
}

impl From<PersonName> for String {
    fn from(n: PersonName) -> Self {
        n.0
    }
}

impl std::fmt::Debug for PersonName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.mask())
    }
}

/// A phone number in E.164 form (`+8613800000000`): `+`, then 7 to 15 digits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

#[cfg(feature = "openapi")]
crate::openapi::string_schema!(Phone, "A phone number in E.164 form");

/// A text is no phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a phone number; write it with its country code, like +86 138 0000 0000")]
pub struct BadPhone;

/// What somebody typed as a phone number, in digits: behind `+` if its country's code is part of it.
/// Spaces, dashes, dots, slashes, brackets and invisible characters are dropped, `00` is `+`, and a zero
/// in brackets behind the country's code, which is dialled inside the country only, goes.
///
/// # Errors
/// Letters, a `+` in the middle, or far too few or many digits.
pub fn typed_phone(text: &str) -> Result<String, BadPhone> {
    let seen = text.chars().filter(|c| !is_invisible(*c) && !is_joiner(*c) && !is_dash(*c));
    let plain: String = seen.take(200).map(narrow).collect();
    let plain = plain.trim();
    let number = match plain.split_at_checked(4) {
        Some((tel, rest)) if tel.eq_ignore_ascii_case("tel:") => rest,
        _ => plain,
    };
    let abroad = number.starts_with('+') || number.starts_with("00");
    let number = if abroad { without_trunk_zero(number) } else { number.to_owned() };
    let passed = |c: &char| !c.is_whitespace() && !"().[]/-".contains(*c);
    let digits: String = number.chars().filter(passed).collect();
    let (plus, digits) = match digits.strip_prefix('+').or_else(|| digits.strip_prefix("00")) {
        Some(rest) => ("+", rest),
        None => ("", digits.as_str()),
    };
    let ok = (5..=20).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_digit());
    if ok { Ok(format!("{plus}{digits}")) } else { Err(BadPhone) }
}

/// Without the first `(0)`.
fn without_trunk_zero(number: &str) -> String {
    let bracket = |(open, rest): (usize, &str)| {
        let close = rest.find(')')?;
        (rest[1..close].trim() == "0").then(|| [&number[..open], &rest[close + 1..]].concat())
    };
    let mut opens = number.match_indices('(').map(|(i, _)| (i, &number[i..]));
    opens.find_map(bracket).unwrap_or_else(|| number.to_owned())
}

impl Phone {
    /// From text as [`typed_phone`] reads it, with its country's code; a bare number of a Chinese mobile
    /// phone is taken for one. What a number of another country is without its code, only the tables of
    /// all countries tell (`service::phone`).
    pub fn new(text: &str) -> Result<Self, BadPhone> {
        let typed = typed_phone(text)?;
        let digits = match typed.strip_prefix('+') {
            Some(digits) => digits.to_owned(),
            None if is_chinese_mobile(&typed) => format!("86{typed}"),
            None => return Err(BadPhone),
        };
        let ok = (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && (!digits.starts_with("86") || digits.len() == 13);
        if ok { Ok(Self(format!("+{digits}"))) } else { Err(BadPhone) }
    }

    /// The number itself. Only the vault and the SMS gateway need it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The number with its middle hidden: `+86*******0000`.
    pub fn mask(&self) -> String {
        let keep_end = self.0.len().saturating_sub(4);
        self.0.char_indices().map(|(i, c)| if i < 3 || i >= keep_end { c } else { '*' }).collect()
    }
}

/// Eleven digits from 13 to 19, or from 10, which no network has: the numbers of made-up people. None of
/// them can be a number of North America behind its 1.
pub fn is_chinese_mobile(digits: &str) -> bool {
    digits.len() == 11
        && digits.starts_with('1')
        && matches!(digits.as_bytes()[1], b'0' | b'3'..=b'9')
}

impl TryFrom<String> for Phone {
    type Error = BadPhone;
    fn try_from(s: String) -> Result<Self, BadPhone> {
        Self::new(&s)
    }
}

impl From<Phone> for String {
    fn from(p: Phone) -> Self {
        p.0
    }
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.mask())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn masks_hide_all_but_first_letters() {
        assert_eq!(PersonName::new("张三").unwrap().mask(), "张*");
        assert_eq!(PersonName::new("  Alice   Beispiel ").unwrap().mask(), "A*** B***");
        assert_eq!(format!("{:?}", Phone::new("138 0000 0000").unwrap()), "+86*******0000");
    }

    #[test]
    fn phones_are_normalised() {
        for s in ["+86 138-0000-0000", "0086 13800000000", "13800000000"] {
            assert_eq!(Phone::new(s).unwrap().reveal(), "+8613800000000");
        }
        for s in [
            "",
            "123",
            "+86 1380000000",
            "+0123456789",
            "12345678901a",
            "+1+23456789",
            "1 (212) 555-0100",
        ] {
            assert!(Phone::new(s).is_err(), "{s}");
        }
    }

    #[test]
    fn names_that_could_be_code_are_refused() {
        for s in ["", "   ", "=cmd|'/c calc'!A1", "@SUM(1)", "<script>", "123", "a\u{7}b"] {
            assert!(PersonName::new(s).is_err(), "{s}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_name_or_an_error_and_masks_do_not_leak(s in "\\PC{0,90}") {
            if let Ok(n) = PersonName::new(&s) {
                let hidden: usize = n.mask().chars().filter(|c| *c != '*' && *c != ' ').count();
                prop_assert!(hidden <= n.reveal().split(' ').count());
            }
            let _ = Phone::new(&s);
        }
    }
}
