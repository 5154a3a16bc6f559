//! Moments told from another one: "+14d", "+15d 00:00", "-2h".

use jadegate_domain::Timestamp;

use crate::model::calendar::Calendar;

/// The moment that others of a case are relative to, and the calendar they are counted in.
#[derive(Clone, Debug)]
pub(crate) struct Anchor {
    pub(crate) start: Timestamp,
    pub(crate) calendar: Calendar,
}

/// Numbers larger than this are typing errors.
const MOST: i64 = 100_000;

impl Anchor {
    /// Reads a relative moment: a sign, a number, `d`, `h` or `m`; after days perhaps a local time.
    /// Days alone are spans of 24 hours; days with a time are local days: `+15d 00:00` is the
    /// midnight that begins the fifteenth local day after the start's.
    pub(crate) fn read(&self, text: &str) -> Option<Timestamp> {
        let (span, time) = text.split_once(' ').map_or((text, None), |(s, t)| (s, Some(t)));
        let sign = match span.get(..1)? {
            "+" => 1,
            "-" => -1,
            _ => return None,
        };
        let unit = span.chars().last()?;
        let digits = span.get(1..span.len() - unit.len_utf8())?;
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let count = sign * digits.parse::<i64>().ok().filter(|n| *n <= MOST)?;
        match (unit, time) {
            ('d', Some(time)) => self.local(count, time),
            ('d', None) => Some(self.start.plus_days(count)),
            ('h', None) => Some(self.start.plus_secs(count * 3600)),
            ('m', None) => Some(self.start.plus_secs(count * 60)),
            _ => None,
        }
    }

    fn local(&self, days: i64, time: &str) -> Option<Timestamp> {
        let (hour, minute) = time.split_once(':').filter(|(h, m)| h.len() == 2 && m.len() == 2)?;
        let (hour, minute) = (hour.parse().ok()?, minute.parse().ok()?);
        let span = jiff::Span::new().try_days(days).ok()?;
        let day = self.calendar.day_of(self.start).checked_add(span).ok()?;
        let at = day.to_datetime(jiff::civil::Time::new(hour, minute, 0, 0).ok()?);
        let zoned = at.to_zoned_datetime(self.calendar.zone().clone()).ok()?;
        Some(Timestamp::from_secs(zoned.timestamp().as_second()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::calendar::{DayCount, FirstDay};

    fn read(text: &str) -> Option<String> {
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        let calendar = Calendar::new(zone, DayCount::LocalMidnight, FirstDay::Next);
        let start = "2022-03-26T15:00:00+01:00".parse().unwrap();
        Anchor { start, calendar }.read(text).map(|t| t.to_string())
    }

    #[test]
    fn days_are_24_hours_unless_they_name_a_local_time() {
        for (text, at) in [
            ("+0d", "2022-03-26T14:00:00Z"),
            ("+1d", "2022-03-27T14:00:00Z"),
            // Clocks go forward in the night before the 27th's morning.
            ("+1d 15:00", "2022-03-27T13:00:00Z"),
            ("+1d 00:00", "2022-03-26T23:00:00Z"),
            ("+2d 00:00", "2022-03-27T22:00:00Z"),
            ("-1d 08:30", "2022-03-25T07:30:00Z"),
            ("+36h", "2022-03-28T02:00:00Z"),
            ("-90m", "2022-03-26T12:30:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(at), "{text}");
        }
        for bad in [
            "",
            "+",
            "+d",
            "14d",
            "+14",
            "+1x",
            "+1h 00:00",
            "+1d 0:00",
            "+1d 24:00",
            "+-1d",
            "+999999d",
            "+1日",
            "日",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
