//! Names and phone numbers, with their masks. Values of these types never reach a log: `Debug` shows
//! the mask.

use serde::{Deserialize, Serialize};

/// A person's name as they wrote it: 1 to 80 characters, no control characters.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName(String);

#[cfg(feature = "openapi")]
crate::openapi::string_schema!(PersonName, "A name of 1 to 80 letters");

/// A text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 80 letters")]
pub struct BadName;

impl PersonName {
    /// From text; spaces at the ends and repeated spaces are dropped.
    pub fn new(text: &str) -> Result<Self, BadName> {
        let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let n = name.chars().count();
        let ok = (1..=80).contains(&n)
            && name.chars().any(char::is_alphabetic)
            && !name.chars().any(|c| c.is_control() || "<>\"&{}[]=+@\\/".contains(c));
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

impl Phone {
    /// From text: spaces, dashes, dots and brackets are dropped, `00` counts as `+`, and a bare
    /// 11-digit number starting with 1 is Chinese.
    pub fn new(text: &str) -> Result<Self, BadPhone> {
        let compact: String = text.chars().filter(|c| !" -().\u{a0}".contains(*c)).collect();
        let digits = match compact.strip_prefix('+').or_else(|| compact.strip_prefix("00")) {
            Some(d) => d.to_owned(),
            None if compact.len() == 11 && compact.starts_with('1') => format!("86{compact}"),
            None => return Err(BadPhone),
        };
        let ok = (7..=15).contains(&digits.len())
            && digits.bytes().all(|c| c.is_ascii_digit())
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
        for s in ["", "123", "+86 1380000000", "+0123456789", "12345678901a", "+1+23456789"] {
            assert!(Phone::new(s).is_err(), "{s}");
        }
    }

    #[test]
    fn names_that_could_be_code_are_refused() {
        for s in ["", "   ", "=cmd|'/c calc'!A1", "<script>", "123", "a\u{7}b"] {
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
