//! What comes of a reading, and why nothing did.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::agency::names;
use crate::country;
use crate::document::{Document, DocumentError, Sex};
use crate::text::is_invisible;

names! {
    /// Where a reading comes from.
    ReadingSource, "source of a reading" {
        /// The zone of a passport.
        Passport = "passport",
        /// The zone of another card or travel document.
        Card = "card",
        /// The zone of a visa, which is in somebody's passport.
        Visa = "visa",
        /// The text of a reader of identity cards.
        IdCard = "id_card",
    }
}

names! {
    /// What somebody has to look at before a reading is used.
    ReadingNote, "note to a reading" {
        /// The document is valid no more.
        Expired = "expired",
        /// No name came.
        NameMissing = "name_missing",
        /// Several things that came could be the name; none was taken.
        NameUnclear = "name_unclear",
        /// The name fills its line: its end may be cut off.
        NameMayBeCut = "name_may_be_cut",
        /// Y and Z of the name may be exchanged: the reader and this machine have different keyboards.
        SwappedLetters = "swapped_letters",
        /// A visa: the passport in which it is is what the person is known by.
        Visa = "visa",
        /// The document does not say the whole date of birth.
        BirthUnknown = "birth_unknown",
        /// The document says no nationality that somebody can have.
        NationalityUnknown = "nationality_unknown",
    }
}

/// Why nothing could be read. The texts never repeat what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReaderError {
    /// Nothing at all.
    #[error("nothing arrived; put the document into the reader again")]
    Empty,
    /// More than any document says.
    #[error("far too much arrived; read one document at a time")]
    TooLong,
    /// Lines that are not of 30, 36 or 44 characters.
    #[error(
        "the lines did not arrive whole; put the document in again, flat, and do not type meanwhile"
    )]
    ZoneLength,
    /// Lines as long as they have to be, of other characters.
    #[error(
        "the reader types other characters than are printed; set its keyboard to that of this computer"
    )]
    ZoneCharacters,
    /// The check digit of the number.
    #[error("the document's number was misread; read it again, or type it by hand")]
    CheckNumber,
    /// The check digit of the date of birth.
    #[error("the date of birth was misread; read the document again, or type it by hand")]
    CheckBirth,
    /// The check digit of the date of expiry.
    #[error("the date of expiry was misread; read the document again, or type it by hand")]
    CheckExpiry,
    /// Another check digit, mostly the last one, over all of them.
    #[error("a part of the lines was misread; read the document again, or type it by hand")]
    CheckWhole,
    /// A text in which no number of an identity card is.
    #[error(
        "no number of an identity card and no lines of a passport arrived; read again, or type the number by hand"
    )]
    NoNumber,
    /// Numbers of two cards.
    #[error("numbers of several cards arrived; read one after the other")]
    SeveralNumbers,
    /// What was read is no document.
    #[error("{0}")]
    Document(DocumentError),
}

impl ReaderError {
    /// The stable code used by the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "reader.empty",
            Self::TooLong => "reader.too_long",
            Self::ZoneLength => "reader.zone_length",
            Self::ZoneCharacters => "reader.zone_characters",
            Self::CheckNumber => "reader.check_number",
            Self::CheckBirth => "reader.check_birth",
            Self::CheckExpiry => "reader.check_expiry",
            Self::CheckWhole => "reader.check_whole",
            Self::NoNumber => "reader.no_number",
            Self::SeveralNumbers => "reader.several_numbers",
            Self::Document(e) => e.code(),
        }
    }
}

impl From<DocumentError> for ReaderError {
    fn from(e: DocumentError) -> Self {
        Self::Document(e)
    }
}

/// What a reader said of a document. `Debug` shows where it came from only.
#[derive(Clone, PartialEq, Eq)]
pub struct Reading {
    /// Where it comes from.
    pub source: ReadingSource,
    /// The document; `None` of a visa.
    pub document: Option<Document>,
    /// The name as it is on the document, the surname first.
    pub name: Option<String>,
    /// Nationality as it is kept: ISO 3166-1 alpha-2, or what ICAO 9303 writes for who has none.
    pub nationality: Option<&'static str>,
    /// Date of birth. Of two digits of a year the latest century that does not lie in the future.
    pub birth_date: Option<Date>,
    /// Sex.
    pub sex: Sex,
    /// Last day of validity.
    pub expiry: Option<Date>,
    /// What somebody has to look at.
    pub notes: Vec<ReadingNote>,
    /// Parts that came and were not understood.
    pub not_understood: Vec<String>,
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading").field("source", &self.source).finish_non_exhaustive()
    }
}

/// Characters that readers send around and between fields.
pub(super) fn shows_nothing(c: char) -> bool {
    is_invisible(c) || (c.is_control() && !c.is_whitespace())
}

/// A nationality of a document as it is kept of a person.
pub(super) fn kept_nationality(code: &str) -> Option<&'static str> {
    let code = country::Country::from_alpha3(code).map_or(code, |c| c.alpha2);
    country::nationality(code)
}
