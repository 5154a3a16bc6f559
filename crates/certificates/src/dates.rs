//! Days and moments as certificates write them.

use jadegate_domain::Timestamp;
use jiff::civil::Date;

/// A day. Several issuers write a time of day behind it, always midnight; what follows a `T` is passed over.
pub(crate) fn day(text: &str) -> Option<Date> {
    let (day, rest) = text.split_at_checked(10)?;
    let shape = day.bytes().enumerate().all(|(i, b)| match i {
        4 | 7 => b == b'-',
        _ => b.is_ascii_digit(),
    });
    (shape && (rest.is_empty() || rest.starts_with('T'))).then(|| day.parse().ok())?
}

/// A moment with its offset from UTC. Without one it could be any of 26 hours and is not read.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    // RFC 3339 allows a space for the T; jiff reads both, and more that is not meant here.
    if text.len() > 40 || day(text.get(..10)?).is_none() {
        return None;
    }
    let at: jiff::Timestamp = text.parse().ok()?;
    timestamp(at.as_second())
}

/// Seconds since 1970 that a certificate is valid from: a fraction counts up.
pub(crate) fn from_secs(seconds: f64) -> Option<Timestamp> {
    whole(seconds.ceil())
}

/// Seconds since 1970 that a certificate is valid until: a fraction counts down.
pub(crate) fn until_secs(seconds: f64) -> Option<Timestamp> {
    whole(seconds.floor())
}

fn whole(seconds: f64) -> Option<Timestamp> {
    if !(0.0..=1e12).contains(&seconds) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range was looked at")]
    timestamp(seconds as i64)
}

fn timestamp(seconds: i64) -> Option<Timestamp> {
    (0..=Timestamp::MAX.as_secs()).contains(&seconds).then(|| Timestamp::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_need_an_offset() {
        for same in [
            "2021-05-24T15:20:00+02:00",
            "2021-05-24T13:20:00Z",
            "2021-05-24T13:20:00.000Z",
            "2021-05-24 13:20:00+00:00",
        ] {
            assert_eq!(moment(same).map(Timestamp::as_secs), Some(1_621_862_400), "{same}");
        }
        for wrong in [
            "2021-05-24T15:20:00",
            "2021-05-24",
            "yesterday",
            "2021-13-24T15:20:00Z",
            "",
            "+002021-05-24T13:20:00Z",
        ] {
            assert_eq!(moment(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn seconds_out_of_range_are_no_moment() {
        assert_eq!(from_secs(1.5).map(Timestamp::as_secs), Some(2));
        assert_eq!(until_secs(1.5).map(Timestamp::as_secs), Some(1));
        for wrong in [f64::NAN, f64::INFINITY, -1.0, 1_622_578_067_089.0] {
            assert_eq!(until_secs(wrong), None, "{wrong}");
        }
    }
}
