//! Identity documents: resident identity cards (GB 11643-1999), machine-readable travel documents
//! (ICAO 9303) and the permits a counter in China sees.
//!
//! A [`Document`] that exists has passed its checks. They catch mistakes of typing and reading; they
//! do not prove that the document was ever issued.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::agency::names;
use crate::text::{is_bracket, is_dash, is_invisible, is_joiner, narrow};
use crate::{Division, country};

names! {
    /// Document types, as seen in a deployed gateway.
    DocumentType, "type of document" {
        /// Resident identity card (GB 11643).
        ResidentId = "resident_id",
        /// Passport (ICAO 9303).
        Passport = "passport",
        /// Hong Kong or Macao permit.
        HkMacaoPermit = "hk_macao_permit",
        /// Taiwan permit.
        TaiwanPermit = "taiwan_permit",
        /// Foreign permanent resident card.
        ForeignResidentCard = "foreign_resident_card",
        /// Anything else that a counter accepts.
        Other = "other",
    }
}

names! {
    /// The sex a document states.
    Sex, "sex" {
        /// Male.
        Male = "male",
        /// Female.
        Female = "female",
        /// The document leaves it open.
        Unspecified = "unspecified",
    }
}

/// Why a document is refused. The texts say what to do and never repeat what was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// Too many or too few characters, or not the pattern of this type; says what is expected.
    #[error("the number has the wrong length or form; it has {0}")]
    BadLength(&'static str),
    /// A character that no document of this type contains.
    #[error("the number contains a character that this document cannot have; use {0}")]
    BadCharacter(&'static str),
    /// A check digit does not fit.
    #[error("the number has a typing mistake; compare every character with the document")]
    BadCheckDigit,
    /// A spreadsheet took the number for one to calculate with, and its last digits are lost.
    #[error(
        "a spreadsheet has rounded this number; format the column as text and fill it in again from the source"
    )]
    Rounded,
    /// The date of birth inside is no date of a living person.
    #[error("the date of birth in the number is not possible; compare it with the document")]
    BadBirthDate,
    /// The date of expiry inside is no date.
    #[error("the date of expiry is not possible; compare it with the document")]
    BadExpiry,
    /// The issuing country or the nationality is none, or not one that issues this type.
    #[error("the country does not fit; give three letters as in CHN, or choose another type")]
    BadCountry,
    /// The name line is unreadable.
    #[error("the name could not be read; scan again or type the name by hand")]
    BadName,
    /// Not a machine-readable zone that identifies a person here (a visa, another card).
    #[error("these are not the lines of a passport or identity card; type the number by hand")]
    NotAnIdentityDocument,
}

impl DocumentError {
    /// The stable code used by the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::BadLength(_) => "document.bad_length",
            Self::BadCharacter(_) => "document.bad_character",
            Self::BadCheckDigit => "document.bad_check_digit",
            Self::Rounded => "document.rounded_number",
            Self::BadBirthDate => "document.bad_birth_date",
            Self::BadExpiry => "document.bad_expiry",
            Self::BadCountry => "document.bad_country",
            Self::BadName => "document.bad_name",
            Self::NotAnIdentityDocument => "document.not_an_identity_document",
        }
    }
}

/// A document that identifies a person. `Debug` shows the type only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "Unchecked")]
pub struct Document {
    doc_type: DocumentType,
    country: String,
    number: String,
}

/// A document as it arrives from outside.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    doc_type: DocumentType,
    #[serde(default)]
    country: String,
    number: String,
}

impl TryFrom<Unchecked> for Document {
    type Error = DocumentError;
    fn try_from(raw: Unchecked) -> Result<Self, DocumentError> {
        Self::new(raw.doc_type, &raw.country, &raw.number)
    }
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document").field("doc_type", &self.doc_type).finish_non_exhaustive()
    }
}

/// Longer input is refused before anything looks at it.
pub(crate) const MAX_INPUT: usize = 256;

impl Document {
    /// A document from what was typed: case, spaces, dashes, brackets (`A123456(7)`), invisible and
    /// full-width characters do not matter, and neither does which of the cards with 18 characters
    /// somebody takes theirs for.
    ///
    /// `country` is the issuing country, ISO 3166-1 alpha-3 or a code of ICAO 9303. The types that
    /// only China issues imply `CHN`; for them it may be left empty.
    ///
    /// - Resident ID: 18 characters of GB 11643-1999. A 15-digit number of the first generation
    ///   (1984 to 2012) is kept as the 18 characters it became: `19` before the year and the check
    ///   character behind. It has no check character of its own, so only its date is checked.
    /// - Passport: 5 to 9 letters and digits.
    /// - Hong Kong or Macao permit: `H` or `M` and 8 digits (the two digits that count reissues are
    ///   dropped, because they change and the person does not), or `C` or `W` and 8 characters.
    /// - Taiwan permit: 8 digits, or 10 digits and perhaps a letter, or `T` and 8 digits.
    /// - Foreign permanent resident card: 15 characters (nationality and 12 digits), or, since
    ///   2023, 18 characters that start with 9 and end in the check character of GB 11643.
    /// - Other: 3 to 32 letters and digits.
    ///
    /// Whether a date of birth inside lies in the future, only [`Document::on`] knows.
    pub fn new(doc_type: DocumentType, country: &str, number: &str) -> Result<Self, DocumentError> {
        if is_rounded(number) {
            return Err(DocumentError::Rounded);
        }
        let country = issuing_country(doc_type, country)?;
        let bracket = number.contains(is_bracket);
        let number = compact(number)?;
        let (doc_type, country) = as_printed(doc_type, country, &number, bracket);
        let number = match doc_type {
            DocumentType::ResidentId => resident_id(number)?,
            DocumentType::Passport => passport(number)?,
            DocumentType::HkMacaoPermit => hk_macao_permit(number)?,
            DocumentType::TaiwanPermit => taiwan_permit(number)?,
            DocumentType::ForeignResidentCard => foreign_resident_card(number)?,
            DocumentType::Other => other(number)?,
        };
        Ok(Self { doc_type, country: country.to_owned(), number })
    }

    /// The same on a day, on which nobody can have been born later.
    pub fn on(
        today: Date,
        doc_type: DocumentType,
        country: &str,
        number: &str,
    ) -> Result<Self, DocumentError> {
        let document = Self::new(doc_type, country, number)?;
        match document.birth_date() {
            Some(born) if born > today => Err(DocumentError::BadBirthDate),
            _ => Ok(document),
        }
    }

    /// What type it is.
    pub const fn doc_type(&self) -> DocumentType {
        self.doc_type
    }

    /// Issuing country, ISO 3166-1 alpha-3 (`CHN`) or a code of ICAO 9303.
    pub fn country(&self) -> &str {
        &self.country
    }

    /// The normalised number. Only the vault needs it.
    pub fn reveal(&self) -> &str {
        &self.number
    }

    /// The date of birth, where the number contains it: in resident IDs and the 18-character foreign
    /// permanent resident card.
    pub fn birth_date(&self) -> Option<Date> {
        self.gb11643().and_then(birth_date)
    }

    /// The sex, where the number contains it: its 17th digit is odd for men.
    pub fn sex(&self) -> Option<Sex> {
        let odd = self.gb11643()?.as_bytes()[16] % 2 == 1;
        Some(if odd { Sex::Male } else { Sex::Female })
    }

    /// The division where a resident ID was first issued; it may be abolished since. It is not where
    /// the person lives.
    pub fn division(&self) -> Option<Division> {
        match self.doc_type {
            DocumentType::ResidentId => self.number.get(..6)?.parse().ok(),
            _ => None,
        }
    }

    /// The number, if it is built by GB 11643.
    fn gb11643(&self) -> Option<&str> {
        let built = match self.doc_type {
            DocumentType::ResidentId => true,
            DocumentType::ForeignResidentCard => self.number.len() == 18,
            _ => false,
        };
        built.then_some(self.number.as_str())
    }
}

/// The issuing country of a type: given for travel documents, implied for Chinese documents.
fn issuing_country(doc_type: DocumentType, given: &str) -> Result<&'static str, DocumentError> {
    let plain: String = crate::text::field(given).chars().map(narrow).collect();
    let given = plain.to_ascii_uppercase();
    // Files and people write CN for CHN.
    let given = country::Country::from_alpha2(&given).map_or(given.as_str(), |c| c.alpha3);
    let implied = match doc_type {
        DocumentType::Passport | DocumentType::Other => {
            return country::travel_document_code(given).ok_or(DocumentError::BadCountry);
        }
        DocumentType::ResidentId | DocumentType::ForeignResidentCard => &["", "CHN"][..],
        // Their holders may well give the region they come from.
        DocumentType::HkMacaoPermit => &["", "CHN", "HKG", "MAC"][..],
        DocumentType::TaiwanPermit => &["", "CHN", "TWN"][..],
    };
    if implied.contains(&given) { Ok("CHN") } else { Err(DocumentError::BadCountry) }
}

/// The type of a card with 18 characters, by its first ones: a foreign permanent resident card of 2023
/// (9), which calls itself an identity card, and residence permits of people from Hong Kong, Macao and
/// Taiwan (81, 82, 83), which are identity cards. A card has one owner, whatever its type is taken for. A
/// number with its last character in brackets is that of an identity card of Hong Kong, which people
/// have beside the permit.
fn as_printed(
    doc_type: DocumentType,
    country: &'static str,
    number: &str,
    bracket: bool,
) -> (DocumentType, &'static str) {
    use DocumentType as T;
    match (doc_type, number.len(), number.as_bytes()) {
        (T::ResidentId, 18, [b'9', ..]) => (T::ForeignResidentCard, country),
        (
            T::HkMacaoPermit | T::TaiwanPermit | T::ForeignResidentCard,
            18,
            [b'8', b'1'..=b'3', ..],
        ) => (T::ResidentId, country),
        (T::HkMacaoPermit, 8, [b'A'..=b'Z', digits @ .., b'0'..=b'9' | b'A'])
            if bracket && digits.iter().all(u8::is_ascii_digit) =>
        {
            (T::Other, "HKG")
        }
        _ => (doc_type, country),
    }
}

/// `8.99999E+17`, as a spreadsheet shows what it calculates with.
fn is_rounded(number: &str) -> bool {
    let digits = |s: &str| !s.is_empty() && is_digits(s);
    let parts = number.trim().split_once(['E', 'e']);
    let mantissa =
        |m: &str| m.split_once(['.', ',']).map_or(digits(m), |(a, b)| digits(a) && digits(b));
    parts.is_some_and(|(m, e)| mantissa(m) && e.strip_prefix('+').is_some_and(digits))
}

/// Capital letters and digits only; spaces, dashes, brackets and invisible characters are dropped, anything
/// else is an error.
fn compact(number: &str) -> Result<String, DocumentError> {
    if number.len() > MAX_INPUT {
        return Err(DocumentError::BadLength("at most 32 letters and digits"));
    }
    let compact: String = number
        .chars()
        .filter(|c| !is_invisible(*c) && !is_joiner(*c) && !is_dash(*c) && !is_bracket(*c))
        .map(narrow)
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_ascii_uppercase())
        .collect();
    if compact.bytes().all(|b| b.is_ascii_alphanumeric()) {
        Ok(compact)
    } else {
        Err(DocumentError::BadCharacter("letters and digits"))
    }
}

/// The check character of GB 11643 over 17 digits (ISO 7064 MOD 11-2).
fn check_character(digits: &[u8]) -> u8 {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = WEIGHTS.iter().zip(digits).map(|(w, d)| w * u32::from(d - b'0')).sum();
    b"10X98765432"[(sum % 11) as usize]
}

fn is_digits(s: &str) -> bool {
    s.bytes().all(|b| b.is_ascii_digit())
}

/// The date at positions 7 to 14 of a number of GB 11643; `None` if it is no date from 1850 to 2199.
fn birth_date(number: &str) -> Option<Date> {
    let part = |r| number.get(r).and_then(|s: &str| s.parse::<i16>().ok());
    let year = part(6..10).filter(|y| (1850..=2199).contains(y))?;
    let month = i8::try_from(part(10..12)?).ok()?;
    let day = i8::try_from(part(12..14)?).ok()?;
    Date::new(year, month, day).ok()
}

fn check_gb11643(number: &str) -> Result<(), DocumentError> {
    let (digits, check) = number.as_bytes().split_at(17);
    if !digits.iter().all(u8::is_ascii_digit) || !(check[0].is_ascii_digit() || check[0] == b'X') {
        return Err(DocumentError::BadCharacter("digits, and X only at the end"));
    }
    if check_character(digits) != check[0] {
        return Err(DocumentError::BadCheckDigit);
    }
    birth_date(number).map(drop).ok_or(DocumentError::BadBirthDate)
}

fn resident_id(mut number: String) -> Result<String, DocumentError> {
    if number.len() == 15 {
        if !is_digits(&number) {
            return Err(DocumentError::BadCharacter("digits"));
        }
        number.insert_str(6, "19");
        number.push(char::from(check_character(number.as_bytes())));
    }
    if number.len() != 18 {
        return Err(DocumentError::BadLength("18 characters (15 on the oldest cards)"));
    }
    check_gb11643(&number)?;
    // The first digit is a region of the country, 1 to 8 (8: Hong Kong, Macao, Taiwan).
    if matches!(number.as_bytes()[0], b'1'..=b'8') {
        Ok(number)
    } else {
        Err(DocumentError::BadLength("a first digit from 1 to 8"))
    }
}

fn passport(number: String) -> Result<String, DocumentError> {
    if (5..=9).contains(&number.len()) {
        Ok(number)
    } else {
        Err(DocumentError::BadLength("5 to 9 letters and digits"))
    }
}

fn hk_macao_permit(mut number: String) -> Result<String, DocumentError> {
    const FORM: DocumentError =
        DocumentError::BadLength("H or M and 8 or 10 digits, or C or W and 8 characters");
    let (first, rest) = number.split_at_checked(1).ok_or(FORM)?;
    match (first, rest.len()) {
        ("H" | "M", 8 | 10) if is_digits(rest) => number.truncate(9),
        // C and a letter instead of the first digit since the plain numbers ran out.
        ("C" | "W", 8) if is_digits(&rest[1..]) => {}
        _ => return Err(FORM),
    }
    Ok(number)
}

fn taiwan_permit(number: String) -> Result<String, DocumentError> {
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    let tail = &number[digits..];
    let ok = match (digits, tail.len()) {
        (8 | 10, 0) | (10, 1) => true,
        (0, 9) => tail.starts_with('T') && is_digits(&tail[1..]),
        _ => false,
    };
    let form = DocumentError::BadLength("8 digits, 10 digits and a letter, or T and 8 digits");
    if ok { Ok(number) } else { Err(form) }
}

fn foreign_resident_card(number: String) -> Result<String, DocumentError> {
    match number.len() {
        15 => {
            let (nationality, digits) = number.split_at(3);
            if !is_digits(digits) {
                return Err(DocumentError::BadCharacter("3 letters and 12 digits"));
            }
            country::travel_document_code(nationality).ok_or(DocumentError::BadCountry)?;
        }
        18 if number.starts_with('9') => check_gb11643(&number)?,
        _ => {
            return Err(DocumentError::BadLength(
                "15 characters, or 18 characters of which the first is 9",
            ));
        }
    }
    Ok(number)
}

fn other(number: String) -> Result<String, DocumentError> {
    if (3..=32).contains(&number.len()) {
        Ok(number)
    } else {
        Err(DocumentError::BadLength("3 to 32 letters and digits"))
    }
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
