//! Dates and times as people, spreadsheets and databases write them.
//!
//! What can mean one moment only is read; all else is refused with what to write. A day that comes
//! before its year (`03/04/2022`) can mean two days, and a time without a zone many moments.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

use crate::Timestamp;

/// Why a text is no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrittenError {
    /// Nothing like one.
    #[error("This is no date and time; write it like 2022-03-01T08:30:00+08:00.")]
    Unreadable,
    /// A date without its time.
    #[error("The time of day is missing; write it like 2022-03-01T08:30:00+08:00.")]
    NoTime,
    /// The year does not stand first.
    #[error(
        "Day and month cannot be told apart in this order. Write the year first, like 2022-03-01T08:30:00+08:00."
    )]
    Order,
    /// A spreadsheet's own number of a day.
    #[error(
        "This is a spreadsheet's own number of a day. Format the column as text or date, and write 2022-03-01T08:30:00+08:00."
    )]
    Serial,
    /// No zone is stated, neither here nor for the file.
    #[error(
        "The time states no zone. Write it like 2022-03-01T08:30:00+08:00, or add a column time_zone with +08:00 or Asia/Shanghai, or state the zone for the whole file."
    )]
    NoZone,
    /// The clocks of the zone were changed then.
    #[error(
        "At this time the clocks of the zone were changed: it was twice or never. Write it with its offset, like 2022-03-01T08:30:00+08:00."
    )]
    Changed,
    /// Before 1970 or after 9999.
    #[error("The year is not possible; compare it with the paper.")]
    OutOfRange,
}

impl WrittenError {
    /// Stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreadable | Self::NoTime | Self::OutOfRange => "time.bad",
            Self::Order => "time.ambiguous",
            Self::Serial => "time.serial_number",
            Self::NoZone => "time.no_zone",
            Self::Changed => "time.changed_clocks",
        }
    }
}

/// Reads a moment. `zone` is what the file or its line states; an offset in the text is stronger.
pub fn moment(text: &str, zone: Option<&TimeZone>) -> Result<Timestamp, WrittenError> {
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    let (local, offset) = local(text)?;
    let zone = match offset {
        Some(offset) => TimeZone::fixed(offset),
        None => zone.cloned().ok_or(WrittenError::NoZone)?,
    };
    let at = zone.to_ambiguous_timestamp(local).unambiguous().map_err(|_| WrittenError::Changed)?;
    let secs = at.as_second();
    let possible = (0..=Timestamp::MAX.as_secs()).contains(&secs);
    possible.then(|| Timestamp::from_secs(secs)).ok_or(WrittenError::OutOfRange)
}

/// Reads a day, year first: `2022-03-01`, `2022/3/1`, `2022.3.1`, `2022年3月1日`, `20220301`.
pub fn day(text: &str) -> Result<Date, WrittenError> {
    let plain = plain(text);
    let (date, rest) = split_date(&plain)?;
    // A spreadsheet shows midnight beside a date that is nothing else.
    let midnight = matches!(rest, "" | "0:00" | "00:00" | "0:00:00" | "00:00:00");
    if midnight { Ok(date) } else { Err(WrittenError::Unreadable) }
}

/// A zone as it is stated: `+08:00`, `+08`, `UTC+8`, `Z`, or a name of the IANA database
/// (`Asia/Shanghai`). Abbreviations of a few letters mean several zones and are none.
pub fn zone(text: &str) -> Option<TimeZone> {
    let text = plain(text);
    if text.contains('/') {
        return TimeZone::get(&text).ok();
    }
    if matches!(text.as_str(), "北京时间" | "北京時間") {
        return TimeZone::get("Asia/Shanghai").ok();
    }
    offset(&text).map(TimeZone::fixed)
}

/// A local time, and its offset if one follows.
fn local(text: &str) -> Result<(DateTime, Option<Offset>), WrittenError> {
    let plain = plain(text);
    let (date, rest) = split_date(&plain)?;
    if rest.is_empty() {
        return Err(WrittenError::NoTime);
    }
    let ends = rest
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.' | '时' | '分' | '秒' | ' ')));
    let (time, zone) = rest.split_at(ends.unwrap_or(rest.len()));
    let (half, zone) = half_of_day(zone);
    let time = time_of_day(time.trim(), half).ok_or(WrittenError::Unreadable)?;
    let offset = match zone.trim() {
        "" => None,
        zone => Some(offset(zone).ok_or(WrittenError::Unreadable)?),
    };
    Ok((date.to_datetime(time), offset))
}

/// Without what shows nothing, in plain digits and signs.
fn plain(text: &str) -> String {
    let sign = |c| if crate::text::is_dash(c) { '-' } else { crate::text::narrow(c) };
    let seen = text.chars().filter(|c| !crate::text::is_invisible(*c)).map(sign);
    let text: String = seen.map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    text.trim().to_owned()
}

/// The date at the beginning, and what follows it.
fn split_date(text: &str) -> Result<(Date, &str), WrittenError> {
    let compact = text.len() >= 8 && text.as_bytes()[..8].iter().all(u8::is_ascii_digit);
    if compact {
        let (date, rest) = text.split_at(8);
        if rest.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(WrittenError::Unreadable);
        }
        let date = date_of(&date[..4], &date[4..6], &date[6..])?;
        return Ok((date, rest.trim_start_matches(['T', 't', ' '])));
    }
    let numbers: Vec<&str> = text.splitn(3, ['-', '/', '.', '年', '月']).collect();
    let [year, month, rest] = numbers[..] else { return Err(not_a_date(text)) };
    let ends = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (day, rest) = rest.split_at(ends);
    if year.len() != 4 {
        let numbers = [year, month, day].iter().all(|n| (1..=4).contains(&n.len()) && digits(n));
        return Err(if numbers { WrittenError::Order } else { WrittenError::Unreadable });
    }
    let date = date_of(year, month.trim(), day)?;
    let rest = rest.strip_prefix(['日', '号']).unwrap_or(rest);
    let rest = rest.trim_start_matches([' ', ',']);
    Ok((date, rest.strip_prefix(['T', 't']).unwrap_or(rest)))
}

fn digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn not_a_date(text: &str) -> WrittenError {
    let number = text.trim_start_matches(|c: char| c.is_ascii_digit());
    // 44621.354 is 1 March 2022.
    let serial = text.len() - number.len() == 5
        && (number.is_empty() || number.strip_prefix('.').is_some_and(digits));
    if serial { WrittenError::Serial } else { WrittenError::Unreadable }
}

fn date_of(year: &str, month: &str, day: &str) -> Result<Date, WrittenError> {
    let short = |s: &str| (1..=2).contains(&s.len()) && digits(s);
    let parts = (year.len() == 4 && digits(year) && short(month) && short(day))
        .then(|| Some((year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)));
    let (year, month, day) = parts.flatten().ok_or(WrittenError::Unreadable)?;
    Date::new(year, month, day).map_err(|_| WrittenError::Unreadable)
}

/// `8:30`, `08:30:00.123`, `8时30分`, `20` for the hour alone with its sign; a leap second is the one before.
fn time_of_day(text: &str, half: Option<i8>) -> Option<Time> {
    let text = text.replace(['时', '分'], ":").replace('秒', "");
    let text = text.trim_end_matches([':', ' ']).split('.').next()?;
    let mut parts = text.split(':').map(|p| {
        let p = p.trim();
        ((1..=2).contains(&p.len()) && digits(p)).then(|| p.parse::<i8>().ok()).flatten()
    });
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = parts.next().map_or(Some(0), |s| s)?;
    if parts.next().is_some() {
        return None;
    }
    let hour = match half {
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(half) => hour % 12 + half,
        None => hour,
    };
    Time::new(hour, minute, if second == 60 { 59 } else { second }, 0).ok()
}

/// AM or PM, as hours to add, and what follows.
fn half_of_day(text: &str) -> (Option<i8>, &str) {
    let text = text.trim();
    match text.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("am") => (Some(0), &text[2..]),
        Some("pm") => (Some(12), &text[2..]),
        _ => (None, text),
    }
}

/// An offset from UTC: `Z`, `UTC`, `+8`, `+08`, `+0800`, `+08:00`, `UTC+8`, `GMT+08:00`.
fn offset(text: &str) -> Option<Offset> {
    let text = text.trim().to_ascii_uppercase();
    let rest = text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT")).unwrap_or(&text);
    let rest = rest.trim();
    if rest.is_empty() && !text.is_empty() || rest == "Z" {
        return Some(Offset::UTC);
    }
    let sign = if rest.starts_with('-') { -1 } else { 1 };
    let rest = rest.strip_prefix(['+', '-'])?;
    let (hours, minutes) = match (rest.split_once(':'), rest.len()) {
        (Some((h, m)), _) if m.len() == 2 => (h, m),
        (None, 1 | 2) => (rest, "0"),
        (None, 4) if rest.is_ascii() => rest.split_at(2),
        _ => return None,
    };
    if !(1..=2).contains(&hours.len()) || !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let possible = hours <= 14 && minutes < 60;
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok().filter(|_| possible)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn china() -> TimeZone {
        TimeZone::get("Asia/Shanghai").unwrap()
    }

    #[test]
    fn what_can_mean_one_moment_only_is_read() {
        for text in [
            "2022-03-01T08:30:00+08:00",
            "2022-03-01 08:30:00+08",
            "2022-03-01T08:30:00+0800",
            "2022-03-01 08:30:00 +0800",
            "2022-03-01 08:30:00.5+08",
            "2022-03-01 00:30:00 UTC",
            "2022-03-01T00:30Z",
            "2022/3/1 8:30 +08:00",
            "２０２２-03-01 08:30 UTC+8",
            "\u{202d}2022\u{2010}03\u{2010}01 08:30\u{a0}GMT+08:00\u{202c}",
        ] {
            assert_eq!(moment(text, None).unwrap().to_string(), "2022-03-01T00:30:00Z", "{text}");
        }
        for text in [
            "2022-03-01 08:30",
            "2022-03-01T08:30:00",
            "2022/3/1 8:30",
            "2022/03/01 08:30:00",
            "2022.3.1 8:30",
            "2022年3月1日 8:30",
            "2022年3月1日8时30分",
            "20220301 08:30:00",
            "2022-03-01 8:30 AM",
        ] {
            assert_eq!(moment(text, None), Err(WrittenError::NoZone), "{text}");
            let at = moment(text, Some(&china())).unwrap();
            assert_eq!(at.to_string(), "2022-03-01T00:30:00Z", "{text}");
        }
        let evening = moment("2022-03-01 8:30 pm", Some(&china())).unwrap();
        assert_eq!(evening.to_string(), "2022-03-01T12:30:00Z");
        // The offset in the text is stronger than the zone of the file.
        let at = moment("2022-03-01 08:30 +02", Some(&china())).unwrap();
        assert_eq!(at.to_string(), "2022-03-01T06:30:00Z");
    }

    #[test]
    fn what_can_mean_several_is_refused_with_what_to_write() {
        for (text, code) in [
            ("03/04/2022 08:30", "time.ambiguous"),
            ("25.12.2022 8:30", "time.ambiguous"),
            ("3-4-22 08:30", "time.ambiguous"),
            ("44621.354166", "time.serial_number"),
            ("44621", "time.serial_number"),
            ("1E+17", "time.bad"),
            ("2022-03-01", "time.bad"),
            ("2022-02-29 08:30", "time.bad"),
            ("2022-03-01 25:30", "time.bad"),
            ("2022-03-01 08:30 CST", "time.bad"),
            ("2022-03-01 13:30 pm", "time.bad"),
            ("1969-12-31 08:30", "time.bad"),
            ("yesterday", "time.bad"),
            ("", "time.bad"),
            ("二", "time.bad"),
        ] {
            let e = moment(text, Some(&china())).unwrap_err();
            assert_eq!(e.code(), code, "{text}");
        }
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        for twice_or_never in ["2022-10-30 02:30", "2022-03-27 02:30"] {
            assert_eq!(moment(twice_or_never, Some(&berlin)), Err(WrittenError::Changed));
        }
    }

    #[test]
    fn days_have_the_year_first() {
        let want = jiff::civil::date(2022, 3, 1);
        for text in ["2022-03-01", "2022/3/1", "20220301", "2022年3月1日", "2022/3/1 0:00"] {
            assert_eq!(day(text), Ok(want), "{text}");
        }
        assert_eq!(day("01/03/2022"), Err(WrittenError::Order));
        assert_eq!(day("44621"), Err(WrittenError::Serial));
        for text in ["2022-03-01 08:30", "12 March", "2022-3-32", "", "202203011"] {
            assert!(day(text).is_err(), "{text}");
        }
    }

    #[test]
    fn zones_are_names_and_offsets_and_no_abbreviations() {
        for text in ["Asia/Shanghai", "+08:00", "+08", "+0800", "UTC+8", "GMT+8", "+8", "北京时间"]
        {
            let at = moment("2022-03-01 08:30", Some(&zone(text).unwrap())).unwrap();
            assert_eq!(at.to_string(), "2022-03-01T00:30:00Z", "{text}");
        }
        assert!(zone("UTC").is_some() && zone("Z").is_some());
        for text in ["CST", "", "8", "+15", "+08:60", "Mars/City", "+0８x"] {
            assert!(zone(text).is_none(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics_and_every_printed_moment_is_read(
            s in "\\PC{0,30}", d in "[0-9/:. +TZ-]{0,25}", secs in 0i64..4_000_000_000,
        ) {
            let _ = (moment(&s, None), moment(&d, Some(&TimeZone::UTC)), day(&d), zone(&d));
            let at = Timestamp::from_secs(secs);
            let local = at.to_string().replace('T', " ").replace('Z', "");
            proptest::prop_assert_eq!(moment(&local, Some(&TimeZone::UTC)), Ok(at));
        }
    }
}
