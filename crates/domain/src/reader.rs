//! What a document reader types into a page: the machine-readable zone of a passport, card or visa,
//! or the text of a reader of resident identity cards.
//!
//! A reader presses the keys of the keyboard it is set to, and the machine translates them by its
//! own: the sign `<` arrives as `;`, `.` or `\`. So a zone is read in each of these ways, and the one
//! whose check digits fit is taken; where two fit, that is said. Readers of identity cards agree on no
//! form, so what cannot be something else is taken for the name, and nothing is guessed.

use jiff::civil::Date;
use mrz::MrzData;

pub use self::reading::{ReaderError, Reading, ReadingNote, ReadingSource};
use self::reading::{kept_nationality, shows_nothing};
use crate::text::narrow;
use crate::zone::{MrzFields, is_visa, of_zone, read_zone};

mod card;
mod reading;

/// Longer texts are refused before anything looks at them.
const MOST: usize = 4096;
/// Characters of the three sizes of zones, line ends left out: TD2, TD3 and TD1.
const ZONES: [usize; 3] = [72, 88, 90];

/// Reads what a reader typed. Whoever came in the future is born in the century before: `today` tells.
///
/// # Errors
/// What was misread, and what to do.
pub fn read(text: &str, today: Date) -> Result<Reading, ReaderError> {
    if text.len() > MOST {
        return Err(ReaderError::TooLong);
    }
    if text.chars().all(|c| shows_nothing(c) || c.is_whitespace()) {
        return Err(ReaderError::Empty);
    }
    let zones: Vec<String> = Keyboard::ALL.iter().filter_map(|k| k.zone(text)).collect();
    let mut fitting = Vec::new();
    let mut misread = None;
    for zone in &zones {
        match of_lines(zone, today) {
            Ok(reading) => fitting.push(reading),
            Err(e) => misread = misread.or(Some(e)),
        }
    }
    let mut fitting = fitting.into_iter();
    match (fitting.next(), misread) {
        (Some(mut reading), _) => {
            if fitting.any(|other| other != reading) {
                reading.notes.push(ReadingNote::SwappedLetters);
            }
            Ok(reading)
        }
        (None, Some(e)) => Err(e),
        (None, None) => no_zone(text).map_or_else(|| card::read(text, today), Err),
    }
}

/// A text that was meant for a zone and is none.
fn no_zone(text: &str) -> Option<ReaderError> {
    let seen: Vec<char> = text.chars().filter(|c| !shows_nothing(*c)).collect();
    let plain = Keyboard::Same.typed(text);
    // Texts of identity cards have words; a zone is one long word without spaces.
    let one_word = |c: &char| c.is_ascii() && !c.is_whitespace();
    let lines = text.trim().split(['\r', '\n', '\t']).filter(|l| !l.trim().is_empty());
    if plain.matches("<<").count() > 0 || plain.matches('<').count() > 4 {
        return Some(if ZONES.contains(&plain.chars().count()) {
            ReaderError::ZoneCharacters
        } else {
            ReaderError::ZoneLength
        });
    }
    let dense =
        lines.clone().all(|l| l.trim().len() >= 30 && l.trim().chars().all(|c| one_word(&c)));
    let n = seen.iter().filter(|c| !c.is_whitespace()).count();
    (dense && ZONES.contains(&n)).then_some(ReaderError::ZoneCharacters)
}

/// What the machine makes of the reader's keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keyboard {
    /// Both have the same.
    Same,
    /// `<` arrives as `;` (an American reader on most machines of Europe) or as `\` (the other way round).
    European,
    /// The same, with Y and Z exchanged: German, Austrian, Swiss, and most of the middle of Europe.
    German,
    /// An American reader on a French or Belgian machine: A and Q, Z and W exchanged, M and digits signs.
    French,
}

impl Keyboard {
    const ALL: [Self; 4] = [Self::Same, Self::European, Self::German, Self::French];

    /// The zone that the reader typed, if it was one of this keyboard.
    fn zone(self, text: &str) -> Option<String> {
        let sign: &[char] = match self {
            Self::Same => &['<'],
            Self::European | Self::German => &[';', '\\'],
            Self::French => &['.'],
        };
        let same = Self::Same.typed(text);
        let other = self != Self::Same && same.contains('<');
        let zone = self.typed(text);
        let right = |c: char| c == '<' || c.is_ascii_uppercase() || c.is_ascii_digit();
        let whole =
            ZONES.contains(&zone.len()) && zone.starts_with(|c: char| c.is_ascii_uppercase());
        (!other && same.contains(sign) && whole && zone.chars().all(right)).then_some(zone)
    }

    /// What was on the document, in one line.
    fn typed(self, text: &str) -> String {
        let seen = text.chars().filter(|c| !shows_nothing(*c)).map(narrow);
        seen.filter(|c| !c.is_whitespace()).map(|c| self.key(c.to_ascii_uppercase())).collect()
    }

    fn key(self, c: char) -> char {
        // What input methods make of the sign, and of a key for it that others have.
        if matches!(c, '《' | '》' | '〈' | '〉' | '«' | '‹' | '>') {
            return '<';
        }
        match (self, c) {
            (Self::European | Self::German, ';' | '\\') | (Self::French, '.') => '<',
            (Self::German, 'Y') => 'Z',
            (Self::German, 'Z') => 'Y',
            (Self::French, c) => french(c),
            (_, c) => c,
        }
    }
}

/// The key of an American keyboard at the place of a French or Belgian one.
fn french(c: char) -> char {
    match c {
        'A' => 'Q',
        'Q' => 'A',
        'Z' => 'W',
        'W' => 'Z',
        '?' | ',' => 'M',
        'à' => '0',
        '&' => '1',
        'é' => '2',
        '"' => '3',
        '\'' => '4',
        '(' => '5',
        '-' | '§' => '6',
        'è' => '7',
        '_' | '!' => '8',
        'ç' => '9',
        c => c,
    }
}

fn of_lines(zone: &str, today: Date) -> Result<Reading, ReaderError> {
    let zone = read_zone(zone, today)?;
    misread(&zone).map_or(Ok(()), Err)?;
    let fields = MrzFields::from_zone(&zone, today)?;
    let visa = is_visa(&zone);
    let document = if visa { None } else { Some(of_zone(&zone)?) };
    let source = match zone.format {
        _ if visa => ReadingSource::Visa,
        mrz::Format::Td3 => ReadingSource::Passport,
        _ => ReadingSource::Card,
    };
    let nationality = kept_nationality(fields.nationality);
    let told = [
        (visa, ReadingNote::Visa),
        (fields.expiry.is_some_and(|day| day < today), ReadingNote::Expired),
        (fills_its_line(&zone), ReadingNote::NameMayBeCut),
        (fields.birth_date.is_none(), ReadingNote::BirthUnknown),
        (nationality.is_none(), ReadingNote::NationalityUnknown),
    ];
    let names = [fields.surname, fields.given_names];
    Ok(Reading {
        source,
        document,
        name: Some(names.iter().filter(|n| !n.is_empty()).cloned().collect::<Vec<_>>().join(" ")),
        nationality,
        birth_date: fields.birth_date,
        sex: fields.sex,
        expiry: fields.expiry,
        notes: told.into_iter().filter(|(so, _)| *so).map(|(_, note)| note).collect(),
        not_understood: Vec::new(),
    })
}

/// The first check digit that does not fit.
fn misread(zone: &MrzData) -> Option<ReaderError> {
    let checks = &zone.checks;
    let wrong = [
        (checks.document_number, ReaderError::CheckNumber),
        (checks.date_of_birth, ReaderError::CheckBirth),
        (checks.date_of_expiry, ReaderError::CheckExpiry),
        (checks.personal_number, ReaderError::CheckWhole),
        (checks.composite, ReaderError::CheckWhole),
    ];
    wrong.into_iter().find(|(fits, _)| *fits == Some(false)).map(|(_, e)| e)
}

/// Does the name use all of its line?
fn fills_its_line(zone: &MrzData) -> bool {
    let line = if zone.format == mrz::Format::Td1 { 2 } else { 0 };
    zone.mrz_lines.lines().nth(line).is_some_and(|l| !l.ends_with('<'))
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
