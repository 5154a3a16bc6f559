//! Moments and periods. Time is always an argument; nothing here reads a clock.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment in UTC, in whole seconds since 1970-01-01T00:00:00Z.
///
/// Seconds are enough for every rule of a health code and keep a visit small. Text form is RFC 3339
/// (`2022-03-01T08:30:00Z`); any offset is accepted on input, also as `+08` and `+0800`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

#[cfg(feature = "openapi")]
crate::openapi::string_schema!(
    Timestamp,
    "A moment in UTC, RFC 3339",
    utoipa::openapi::schema::SchemaFormat::KnownFormat(
        utoipa::openapi::schema::KnownFormat::DateTime
    )
);

/// Seconds in one day of 24 hours (not a calendar day; see [`Timestamp::local_day`]).
pub const DAY: i64 = 86_400;

/// A text is not an RFC 3339 moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a moment in time; write it like 2022-03-01T08:30:00Z")]
pub struct BadTimestamp;

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);
    /// The last moment that can be written (9999-12-30): used as "no end known".
    pub const MAX: Self = Self(253_402_207_200);

    /// From whole seconds since the epoch; clamped into years 1970..9999.
    pub const fn from_secs(secs: i64) -> Self {
        if secs < 0 {
            Self(0)
        } else if secs > Self::MAX.0 {
            Self::MAX
        } else {
            Self(secs)
        }
    }

    /// Whole seconds since the epoch.
    pub const fn as_secs(self) -> i64 {
        self.0
    }

    /// This moment moved by `secs` seconds (negative: earlier), clamped into the valid range.
    #[must_use]
    pub const fn plus_secs(self, secs: i64) -> Self {
        Self::from_secs(self.0.saturating_add(secs))
    }

    /// This moment moved by `days` times 24 hours.
    #[must_use]
    pub const fn plus_days(self, days: i64) -> Self {
        self.plus_secs(days.saturating_mul(DAY))
    }

    /// Seconds from `earlier` to this moment; negative if `earlier` is later.
    pub const fn secs_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// The calendar date of this moment in a time zone.
    pub fn local_day(self, zone: &jiff::tz::TimeZone) -> jiff::civil::Date {
        self.to_jiff().to_zoned_datetime(zone.clone()).date()
    }

    /// The first moment of a calendar date in a time zone (where daylight saving skips midnight,
    /// the first moment that exists).
    pub fn start_of_day(day: jiff::civil::Date, zone: &jiff::tz::TimeZone) -> Self {
        day.to_zoned_datetime(zone.clone())
            .map_or(Self::EPOCH, |z| Self::from_secs(z.timestamp().as_second()))
    }

    /// As a `jiff` timestamp, for calendar arithmetic.
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_second(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// The day number since the epoch in UTC; visits are stored by this day.
    pub const fn utc_day(self) -> i64 {
        self.0 / DAY
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (day, time) = (self.0.div_euclid(DAY), self.0.rem_euclid(DAY));
        let date = jiff::Timestamp::from_second(day * DAY)
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            .to_zoned_datetime(jiff::tz::TimeZone::UTC)
            .date();
        let (y, m, d) = (date.year(), date.month(), date.day());
        let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
        write!(f, "{y:04}-{m:02}-{d:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

impl FromStr for Timestamp {
    type Err = BadTimestamp;

    /// By hand: the general parser of a date library is a twelfth of what a holder's device fetches
    /// to make its own colour. A fraction of a second is cut off; a leap second is the one before.
    fn from_str(s: &str) -> Result<Self, BadTimestamp> {
        rfc3339(s.trim())
            .filter(|secs| (0..=Self::MAX.0).contains(secs))
            .map(Self)
            .ok_or(BadTimestamp)
    }
}

/// Seconds since the epoch of `2022-03-01T08:30:00+08:00`; seconds and their fraction may be left
/// out, and `t`, `z` and a space are read as RFC 3339 allows.
fn rfc3339(s: &str) -> Option<i64> {
    let (date, rest) = (s.get(..10)?, s.get(10..)?);
    let time = rest.strip_prefix(['T', 't', ' '])?;
    let (hour, minute, rest) = (two(time.get(..2)?)?, two(time.get(3..5)?)?, time.get(5..)?);
    let (second, rest) = match rest.strip_prefix(':') {
        Some(r) => (leap(two(r.get(..2)?)?), fraction(r.get(2..)?)?),
        None => (0, rest),
    };
    if time.get(2..3)? != ":" || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut parts = date.split('-');
    let (y, m, d) = (parts.next()?, two(parts.next()?)?, two(parts.next()?)?);
    if y.len() != 4 || !y.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let [m, d] = [m, d].map(|n| i8::try_from(n).unwrap_or(0));
    let day = jiff::civil::Date::new(y.parse().ok()?, m, d).ok()?;
    let start = day.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    Some(start + hour * 3600 + minute * 60 + second - offset(rest)?)
}

/// A leap second is the second before it.
const fn leap(second: i64) -> i64 {
    if second == 60 { 59 } else { second }
}

/// Exactly two digits.
fn two(s: &str) -> Option<i64> {
    (s.len() == 2 && s.bytes().all(|b| b.is_ascii_digit())).then(|| s.parse().ok())?
}

/// What follows a fraction of a second, if there is one.
fn fraction(s: &str) -> Option<&str> {
    let Some(digits) = s.strip_prefix('.') else { return Some(s) };
    let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    (rest.len() < digits.len()).then_some(rest)
}

/// Seconds that local time is ahead of UTC.
fn offset(s: &str) -> Option<i64> {
    if matches!(s, "Z" | "z") {
        return Some(0);
    }
    let sign = if s.starts_with('-') { -1 } else { 1 };
    let s = s.strip_prefix(['+', '-'])?;
    // Databases write `+08` and programs `+0800`.
    let (hours, minutes) = match s.len() {
        2 => (s, "00"),
        4 => s.split_at_checked(2)?,
        _ => s.split_once(':')?,
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let s = std::borrow::Cow::<'de, str>::deserialize(d)?;
        s.parse().map_err(serde::de::Error::custom)
    }
}

/// A half-open period `[from, to)`. `to` is never before `from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Period {
    /// First moment inside.
    pub from: Timestamp,
    /// First moment no longer inside.
    pub to: Timestamp,
}

impl Period {
    /// A period, or `None` if it would end before it starts.
    pub fn new(from: Timestamp, to: Timestamp) -> Option<Self> {
        (from <= to).then_some(Self { from, to })
    }

    /// Is the moment inside?
    pub fn contains(self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }

    /// The part shared with another period, if it is longer than nothing.
    #[must_use]
    pub fn overlap(self, other: Self) -> Option<Self> {
        let (from, to) = (self.from.max(other.from), self.to.min(other.to));
        (from < to).then_some(Self { from, to })
    }

    /// Length in seconds.
    pub fn secs(self) -> i64 {
        self.to.secs_since(self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_is_rfc3339_in_utc() {
        let t: Timestamp = "2022-03-01T08:30:00+08:00".parse().unwrap();
        assert_eq!(t.to_string(), "2022-03-01T00:30:00Z");
        assert_eq!(serde_json::from_str::<Timestamp>("\"2022-03-01T00:30:00Z\"").unwrap(), t);
        assert!("yesterday".parse::<Timestamp>().is_err());
        assert!("1969-12-31T23:59:59Z".parse::<Timestamp>().is_err());
        let same = [
            "2022-03-01 00:30Z",
            "2022-02-28t20:30:00.999-04:00",
            "2022-03-01T00:30:00z",
            "2022-03-01 08:30:00+08",
            "2022-03-01T08:30:00+0800",
        ];
        for s in same {
            assert_eq!(s.parse(), Ok(t), "{s}");
        }
        for s in [
            "2022-02-29T00:00:00Z",
            "2022-03-01T24:00:00Z",
            "2022-03-01T00:00:00",
            "2022-03-01",
            "2022-03-01T00:00:61Z",
            "2022-03-01T00:00:00.Z",
            "2022-03-01T00:00:00+8:00",
            "-022-03-01T00:00:00Z",
            "2022-03-01T00:00:00Zx",
            "二〇二二-03-01T00:00:00Z",
            "+022-03-01T00:00:00Z",
        ] {
            assert!(s.parse::<Timestamp>().is_err(), "{s}");
        }
    }

    #[test]
    fn every_moment_reads_and_prints_as_the_date_library_has_it() {
        for i in 0..200_000 {
            let t = Timestamp::from_secs(i * 1_267_011);
            assert_eq!(t.to_string(), t.to_jiff().to_string());
            assert_eq!(t.to_string().parse(), Ok(t));
        }
    }

    #[test]
    fn the_local_day_starts_at_local_midnight() {
        let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
        let t: Timestamp = "2022-03-01T17:00:00Z".parse().unwrap();
        let day = t.local_day(&zone);
        assert_eq!(day.to_string(), "2022-03-02");
        assert_eq!(Timestamp::start_of_day(day, &zone).to_string(), "2022-03-01T16:00:00Z");
    }

    #[test]
    fn periods_that_only_touch_do_not_overlap() {
        let p = |a, b| Period::new(Timestamp::from_secs(a), Timestamp::from_secs(b)).unwrap();
        assert_eq!(p(0, 10).overlap(p(10, 20)), None);
        assert_eq!(p(0, 10).overlap(p(5, 20)), Some(p(5, 10)));
        assert!(Period::new(Timestamp::from_secs(2), Timestamp::from_secs(1)).is_none());
    }
}
