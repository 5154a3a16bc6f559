//! What came out of reading a certificate: who, what, by whom, and everything that is wrong with it.

use jadegate_domain::Timestamp;
use jadegate_domain::evidence::{TestMethod, TestResult};
use jadegate_domain::vaccine::Vaccine;
use jiff::civil::Date;
use serde::Serialize;

/// The kind of certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// EU Digital COVID Certificate, `HC1:`.
    EuDcc,
    /// SMART Health Card, `shc:/` or the JWS in it.
    SmartHealthCard,
    /// New Zealand COVID Pass, `NZCP:/1/`.
    NzPass,
    /// ICAO Visible Digital Seal for non-constrained environments.
    IcaoVdsNc,
    /// WHO Digital Documentation of COVID-19 Certificates, `HC1:` with other content.
    WhoDdcc,
    /// DIVOC: a W3C verifiable credential in a zip file.
    Divoc,
}

impl Format {
    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EuDcc => "eu_dcc",
            Self::SmartHealthCard => "smart_health_card",
            Self::NzPass => "nz_pass",
            Self::IcaoVdsNc => "icao_vds_nc",
            Self::WhoDdcc => "who_ddcc",
            Self::Divoc => "divoc",
        }
    }
}

/// Why a certificate does not hold. A closed list; each is reported at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is none of the kinds that are read.
    NotACertificate,
    /// It is larger than a certificate can be.
    TooLarge,
    /// One of several codes is missing.
    Incomplete,
    /// Its letters cannot be read (base45, base32, base64, digits).
    Text,
    /// It does not unpack.
    Compression,
    /// What is inside is not built as the kind says (CBOR, COSE, JWS, JSON).
    Structure,
    /// It says something that it may not say, or leaves out what it must say.
    Content,
    /// Nobody on the trust list signed it under this name.
    UnknownIssuer,
    /// The issuer's key was not valid at this time.
    KeyNotValid,
    /// The issuer's key may not sign certificates of this kind.
    WrongKeyUse,
    /// The signature is not the issuer's.
    BadSignature,
    /// Nothing here can tell whether the signature is right.
    Unverified,
    /// It is not valid yet.
    NotYet,
    /// It is not valid any more.
    Expired,
    /// The issuer took it back.
    Revoked,
    /// It is about something else than COVID-19.
    NotCovid,
}

impl Reason {
    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotACertificate => "not_a_certificate",
            Self::TooLarge => "too_large",
            Self::Incomplete => "incomplete",
            Self::Text => "text",
            Self::Compression => "compression",
            Self::Structure => "structure",
            Self::Content => "content",
            Self::UnknownIssuer => "unknown_issuer",
            Self::KeyNotValid => "key_not_valid",
            Self::WrongKeyUse => "wrong_key_use",
            Self::BadSignature => "bad_signature",
            Self::Unverified => "unverified",
            Self::NotYet => "not_yet",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::NotCovid => "not_covid",
        }
    }
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What is wrong.
    pub reason: Reason,
    /// Which part of it, in a few words for an engineer. Never what a person is called or where they were.
    pub part: &'static str,
}

/// What came out of reading one certificate.
///
/// It holds if [`Reading::holds`] says so and not otherwise: a certificate can be readable, and shown to somebody
/// who decides, and still be expired, forged or unverified.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reading {
    /// Its kind, if that much could be seen.
    pub format: Option<Format>,
    /// What it says, if it could be read. Of a certificate that does not hold these are claims of nobody known.
    pub certificate: Option<Certificate>,
    /// Everything that is wrong with it.
    pub problems: Vec<Problem>,
}

impl Reading {
    pub(crate) const fn of(format: Option<Format>) -> Self {
        Self { format, certificate: None, problems: Vec::new() }
    }

    pub(crate) fn failed(format: Option<Format>, reason: Reason, part: &'static str) -> Self {
        let mut reading = Self::of(format);
        reading.add(reason, part);
        reading
    }

    pub(crate) fn add(&mut self, reason: Reason, part: &'static str) {
        if !self.has(reason) {
            self.problems.push(Problem { reason, part });
        }
    }

    /// Is this one of the things that are wrong with it?
    pub fn has(&self, reason: Reason) -> bool {
        self.problems.iter().any(|p| p.reason == reason)
    }

    /// Is it a certificate that was read, whose issuer is trusted for what it says, whose signature is right, and
    /// that is valid now?
    pub fn holds(&self) -> bool {
        self.certificate.is_some() && self.problems.is_empty()
    }
}

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Certificate {
    /// Whom it is about.
    pub person: Person,
    /// What happened to them. Never empty.
    pub statements: Vec<Statement>,
    /// Who issued it, as written in it.
    pub issuer: String,
    /// The issuer's country, ISO 3166 alpha-2 where the certificate or its key says one.
    pub country: Option<String>,
    /// What makes it this certificate and no other: the same for every copy of it.
    pub id: String,
    /// From when it is valid; usually when it was issued.
    pub valid_from: Option<Timestamp>,
    /// When it ends.
    pub valid_until: Option<Timestamp>,
}

/// The person a certificate is about. Personal data: not for logs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Person {
    /// Family name as written.
    pub family: Option<String>,
    /// Given names as written.
    pub given: Option<String>,
    /// The whole name, where the certificate does not tell its parts.
    pub full: Option<String>,
    /// Family name in the letters of a travel document (ICAO 9303), `<` between its parts.
    pub machine_family: Option<String>,
    /// Given names in the letters of a travel document.
    pub machine_given: Option<String>,
    /// When they were born.
    pub born: Born,
    /// Number of a travel or identity document, where one is named.
    pub document: Option<String>,
}

/// A date of birth as far as it is known: nothing, a year, a month, or a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub enum Born {
    /// The certificate does not say.
    #[default]
    Unknown,
    /// In this year.
    Year(i16),
    /// In this month of this year.
    Month(i16, i8),
    /// On this day.
    Day(Date),
}

impl Born {
    /// Reads `YYYY`, `YYYY-MM` and `YYYY-MM-DD`; what follows a `T` after a day is passed over. An empty text is
    /// [`Born::Unknown`].
    pub fn read(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::Unknown);
        }
        if let Some(day) = crate::dates::day(text) {
            return Some(Self::Day(day));
        }
        let mut parts = text.splitn(2, '-');
        let year = number(parts.next()?, 4)?;
        match parts.next() {
            None => Some(Self::Year(year)),
            Some(month) => {
                let month = i8::try_from(number(month, 2)?).ok()?;
                (1..=12).contains(&month).then_some(Self::Month(year, month))
            }
        }
    }

    /// Can somebody born on this day be meant?
    pub fn fits(self, day: Date) -> bool {
        match self {
            Self::Unknown => true,
            Self::Year(year) => day.year() == year,
            Self::Month(year, month) => (day.year(), day.month()) == (year, month),
            Self::Day(born) => born == day,
        }
    }
}

fn number(text: &str, length: usize) -> Option<i16> {
    (text.len() == length && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

impl From<Born> for String {
    fn from(born: Born) -> Self {
        match born {
            Born::Unknown => Self::new(),
            Born::Year(year) => format!("{year:04}"),
            Born::Month(year, month) => format!("{year:04}-{month:02}"),
            Born::Day(day) => day.to_string(),
        }
    }
}

/// When something happened: a moment, or a day of which nobody says where on earth it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum When {
    /// At this moment.
    Moment(Timestamp),
    /// On this day.
    #[serde(serialize_with = "as_text")]
    Day(Date),
}

impl When {
    /// The first moment at which it can have happened: of a day, its beginning where days begin first (UTC+14).
    pub fn earliest(self) -> Timestamp {
        match self {
            Self::Moment(at) => at,
            Self::Day(day) => {
                let east = jiff::tz::TimeZone::fixed(jiff::tz::offset(14));
                Timestamp::start_of_day(day, &east)
            }
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde calls")]
fn as_text<S: serde::Serializer>(day: &Date, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(day)
}

/// What a test found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// The virus was found.
    Positive,
    /// It was not found.
    Negative,
    /// Nobody can say.
    Inconclusive,
}

impl Found {
    /// As a result that can be recorded.
    pub const fn result(self) -> Option<TestResult> {
        match self {
            Self::Positive => Some(TestResult::Positive),
            Self::Negative => Some(TestResult::Negative),
            Self::Inconclusive => None,
        }
    }
}

/// Something that a certificate says about its person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Statement {
    /// They were vaccinated.
    Vaccination {
        /// With what, as far as it is known here.
        vaccine: Vaccine,
        /// With what, as the certificate has it: a code or a name.
        product: String,
        /// Which dose it was. Where a card lists doses without numbers: which of them in order of their days.
        dose: Option<u8>,
        /// Of how many.
        of: Option<u8>,
        /// On which day.
        #[serde(serialize_with = "as_text")]
        on: Date,
    },
    /// They were tested.
    Test {
        /// How.
        method: TestMethod,
        /// What was found.
        found: Found,
        /// When the sample was taken.
        sampled: When,
        /// Where.
        facility: Option<String>,
    },
    /// They had the disease and recovered.
    Recovery {
        /// Day of the first positive test.
        #[serde(serialize_with = "as_text")]
        first_positive: Date,
        /// From which day it counts, by the issuer's rules.
        #[serde(serialize_with = "as_text")]
        from: Date,
        /// Until which day.
        #[serde(serialize_with = "as_text")]
        until: Date,
    },
    /// An authority says that its own rule is met, and not how.
    Pass,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn birth_dates_are_as_exact_as_they_are_written() {
        let day = jiff::civil::date(1990, 4, 16);
        for (text, written) in [
            ("", ""),
            ("1990", "1990"),
            ("1990-04", "1990-04"),
            ("1990-04-16", "1990-04-16"),
            ("1990-04-16T00:00:00", "1990-04-16"),
        ] {
            let born = Born::read(text).expect(text);
            assert_eq!(String::from(born), written);
            assert!(born.fits(day), "{text}");
        }
        for wrong in ["90", "1990-4", "1990-13", "1990-02-30", "1990-04-16X", "16.04.1990", "199O"]
        {
            assert_eq!(Born::read(wrong), None, "{wrong}");
        }
        assert!(!Born::read("1990-05").expect("a month").fits(day));
    }
}
