//! Machine-readable zones of ICAO 9303: the two or three lines at the foot of passports, cards and
//! visas.

use jiff::civil::Date;

use crate::country;
use crate::document::{Document, DocumentError, DocumentType, MAX_INPUT, Sex};
use crate::text::{is_invisible, narrow};

impl Document {
    /// A document and what else is printed, from a machine-readable zone of ICAO 9303: two lines of
    /// 44 (passport) or 36, or three of 30, separated by line breaks or run together.
    ///
    /// Every printed check digit must fit; nothing is guessed or repaired. A passport becomes
    /// [`DocumentType::Passport`], a permit of China what it is when its number is typed, any other card
    /// [`DocumentType::Other`]. `today` tells the century of the two-digit year of birth: nobody is born
    /// in the future.
    pub fn from_mrz(lines: &str, today: Date) -> Result<(Self, MrzFields), DocumentError> {
        let zone = read_zone(lines, today)?;
        if is_visa(&zone) {
            return Err(DocumentError::NotAnIdentityDocument);
        }
        if !zone.checks.all_valid() {
            return Err(DocumentError::BadCheckDigit);
        }
        let fields = MrzFields::from_zone(&zone, today)?;
        Ok((of_zone(&zone)?, fields))
    }
}

/// The document of a zone whose check digits fit.
pub(crate) fn of_zone(zone: &mrz::MrzData) -> Result<Document, DocumentError> {
    let (country, number) = (&zone.issuing_country, zone.full_document_number());
    if zone.format == mrz::Format::Td3 {
        return Document::new(DocumentType::Passport, country, number);
    }
    // Permits for crossing between the mainland, Hong Kong, Macao and Taiwan are cards of China. By
    // hand somebody chooses their type and types their number; read, they must lead to the same person.
    if country == "CHN" && zone.document_type.starts_with('C') {
        for permit in [DocumentType::HkMacaoPermit, DocumentType::TaiwanPermit] {
            if let Ok(document) = Document::new(permit, country, number) {
                return Ok(document);
            }
        }
    }
    Document::new(DocumentType::Other, country, number)
}

/// A visa is in somebody's passport and no document of theirs.
pub(crate) fn is_visa(zone: &mrz::MrzData) -> bool {
    matches!(zone.format, mrz::Format::MrvA | mrz::Format::MrvB)
}

/// What a machine-readable zone says beside the document itself. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct MrzFields {
    /// Surname in capital letters; empty for people who have one name only.
    pub surname: String,
    /// Given names in capital letters, separated by spaces; may be cut off.
    pub given_names: String,
    /// Nationality, ISO 3166-1 alpha-3 or a code of ICAO 9303.
    pub nationality: &'static str,
    /// Date of birth; `None` where the issuer does not know it fully.
    pub birth_date: Option<Date>,
    /// Sex.
    pub sex: Sex,
    /// Last day of validity, always 20xx; `None` where the document states none.
    pub expiry: Option<Date>,
}

impl std::fmt::Debug for MrzFields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MrzFields").finish_non_exhaustive()
    }
}

impl MrzFields {
    pub(crate) fn from_zone(zone: &mrz::MrzData, today: Date) -> Result<Self, DocumentError> {
        let nationality = country::travel_document_code(&zone.nationality);
        let birth = zone_date(&zone.date_of_birth, DocumentError::BadBirthDate)?;
        let letters = |s: &str| s.chars().all(|c| c.is_ascii_uppercase() || c == ' ');
        let named = !(zone.surname.is_empty() && zone.given_names.is_empty());
        if !named || !letters(&zone.surname) || !letters(&zone.given_names) {
            return Err(DocumentError::BadName);
        }
        Ok(Self {
            surname: zone.surname.clone(),
            given_names: zone.given_names.clone(),
            nationality: nationality.ok_or(DocumentError::BadCountry)?,
            birth_date: birth.map(|b| born_by(b, today)).transpose()?,
            sex: match zone.sex {
                mrz::Sex::Male => Sex::Male,
                mrz::Sex::Female => Sex::Female,
                _ => Sex::Unspecified,
            },
            expiry: zone_date(&zone.date_of_expiry, DocumentError::BadExpiry)?,
        })
    }
}

/// Cuts the text into lines and reads them by their length.
pub(crate) fn read_zone(text: &str, today: Date) -> Result<mrz::MrzData, DocumentError> {
    const LENGTHS: DocumentError =
        DocumentError::BadLength("2 lines of 44 or 36 characters, or 3 lines of 30");
    if text.len() > MAX_INPUT {
        return Err(LENGTHS);
    }
    let lines: Vec<String> =
        text.lines().map(compact_zone_line).filter(|l| !l.is_empty()).collect();
    let all = lines.concat();
    if !all.bytes().all(|b| b == b'<' || b.is_ascii_uppercase() || b.is_ascii_digit()) {
        return Err(DocumentError::BadCharacter("letters, digits and the sign <"));
    }
    let (count, width) = match all.len() {
        88 => (2, 44),
        72 => (2, 36),
        90 => (3, 30),
        _ => return Err(LENGTHS),
    };
    let apart = lines.len() == count && lines.iter().all(|l| l.len() == width);
    if !apart && lines.len() != 1 {
        return Err(LENGTHS);
    }
    let line = |i: usize| &all[i * width..(i + 1) * width];
    let mut options = mrz::ParseOptions::default();
    options.pivot_yy = u32::from(today.year().rem_euclid(100).unsigned_abs());
    let visa = all.starts_with('V');
    match count {
        3 => mrz::parse_td1_with(line(0), line(1), line(2), &options),
        _ if visa && width == 44 => mrz::parse_mrv_a_with(line(0), line(1), &options),
        _ if visa => mrz::parse_mrv_b_with(line(0), line(1), &options),
        _ if width == 44 => mrz::parse_td3_with(line(0), line(1), &options),
        _ => mrz::parse_td2_with(line(0), line(1), &options),
    }
    .map_err(|_| DocumentError::NotAnIdentityDocument)
}

fn compact_zone_line(line: &str) -> String {
    let seen = line.chars().filter(|c| !c.is_whitespace() && !is_invisible(*c));
    seen.map(|c| narrow(c).to_ascii_uppercase()).collect()
}

/// A date of the zone: `None` if the issuer left it open, an error if it is no date.
fn zone_date(d: &mrz::MrzDate, bad: DocumentError) -> Result<Option<Date>, DocumentError> {
    match d {
        mrz::MrzDate::Calendar(d) => {
            let part = |n: u32| i8::try_from(n).map_err(|_| bad);
            let year = i16::try_from(d.year).map_err(|_| bad)?;
            Date::new(year, part(d.month)?, part(d.day)?).map(Some).map_err(|_| bad)
        }
        mrz::MrzDate::PartiallyUnknown(_) | mrz::MrzDate::Unknown => Ok(None),
        _ => Err(bad),
    }
}

/// The same day in the latest century that does not lie in the future.
fn born_by(birth: Date, today: Date) -> Result<Date, DocumentError> {
    if birth <= today {
        return Ok(birth);
    }
    // 29 February exists in 2000 and not in 1900: such a date cannot be moved and is wrong.
    Date::new(birth.year() - 100, birth.month(), birth.day())
        .map_err(|_| DocumentError::BadBirthDate)
}
