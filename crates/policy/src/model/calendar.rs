//! Counting days: whole local days from midnight to midnight, or spans of 24 hours.

use jadegate_domain::Timestamp;
use jadegate_domain::time::DAY;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// How a policy counts days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayCount {
    /// Whole local days. A span ends at a local midnight.
    LocalMidnight,
    /// Spans of 24 hours. A span ends at the clock time it began.
    Hours24,
}

/// Which local day is day 1 of a count that starts in the middle of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstDay {
    /// The day after the event: the rest of the event's own day is day 0 and comes on top.
    Next,
    /// The day of the event.
    Same,
}

/// The calendar of a policy: a time zone and how days are counted in it.
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: TimeZone,
    count: DayCount,
    first: FirstDay,
    /// After this second the zone keeps one offset (in seconds) for ever: plain arithmetic is
    /// enough there and ten times as fast.
    fixed: Option<(i64, i64)>,
}

/// More changes of offset than any zone without a yearly rule has had.
const MOST_SINGLE_TRANSITIONS: usize = 300;

impl Calendar {
    pub(crate) fn new(zone: TimeZone, count: DayCount, first: FirstDay) -> Self {
        let fixed = last_offset(&zone);
        Self { zone, count, first, fixed }
    }

    /// The time zone.
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// How days are counted.
    pub const fn day_count(&self) -> DayCount {
        self.count
    }

    /// Which day is day 1.
    pub const fn first_day(&self) -> FirstDay {
        self.first
    }

    pub(crate) fn in_zone(&self, zone: TimeZone) -> Self {
        Self::new(zone, self.count, self.first)
    }

    pub(crate) fn with(&self, count: DayCount) -> Self {
        Self { count, ..self.clone() }
    }

    fn offset_at(&self, at: Timestamp) -> Option<i64> {
        self.fixed.filter(|(since, _)| at.as_secs() > since + 2 * DAY).map(|(_, offset)| offset)
    }

    /// The local calendar day of a moment.
    pub fn day_of(&self, at: Timestamp) -> Date {
        at.local_day(&self.zone)
    }

    /// First moment of the local day `days` after (negative: before) the day of `at`.
    pub fn midnight(&self, at: Timestamp, days: i64) -> Timestamp {
        if let (Some(offset), true) = (self.offset_at(at), days >= 0) {
            let local_day = (at.as_secs() + offset).div_euclid(DAY);
            return Timestamp::from_secs((local_day + days) * DAY - offset);
        }
        let span = jiff::Span::new().try_days(days);
        let day = span.and_then(|s| self.day_of(at).checked_add(s));
        // Beyond year 9999 there is no later midnight; before 1970 there is no earlier one.
        let beyond = if days < 0 { Timestamp::EPOCH } else { Timestamp::MAX };
        day.map_or(beyond, |d| Timestamp::start_of_day(d, &self.zone))
    }

    /// The midnight at which day 1 of a count starts.
    fn day_one(&self, from: Timestamp) -> Timestamp {
        let today = self.midnight(from, 0);
        if today == from || self.first == FirstDay::Same { today } else { self.midnight(from, 1) }
    }

    /// The moment at which `days` days counted from `from` are over.
    ///
    /// Whole local days: the midnight that ends day `days`. Counted from a midnight, the day that
    /// starts there is day 1 ("left on the 1st" is recorded as the midnight that ends the 1st).
    pub fn end_of(&self, from: Timestamp, days: u32) -> Timestamp {
        match self.count {
            DayCount::Hours24 => from.plus_days(i64::from(days)),
            DayCount::LocalMidnight if days == 0 => from,
            DayCount::LocalMidnight => self.midnight(self.day_one(from), i64::from(days)).max(from),
        }
    }

    /// Which day of the count `now` is in: 1 on day 1, 0 before it.
    pub fn day_number(&self, from: Timestamp, now: Timestamp) -> u32 {
        let days = match self.count {
            DayCount::Hours24 => now.secs_since(from).div_euclid(DAY) + 1,
            DayCount::LocalMidnight => self.local_days_between(self.day_one(from), now) + 1,
        };
        u32::try_from(days.max(0)).unwrap_or(u32::MAX)
    }

    /// Local midnights from the day of `from` to the day of `to`; negative if `to` is earlier.
    pub(crate) fn local_days_between(&self, from: Timestamp, to: Timestamp) -> i64 {
        self.day_index(to) - self.day_index(from)
    }

    /// A number that grows by one at each local midnight.
    pub(crate) fn day_index(&self, at: Timestamp) -> i64 {
        if let Some(offset) = self.offset_at(at) {
            return (at.as_secs() + offset).div_euclid(DAY);
        }
        let day = self.day_of(at).to_zoned_datetime(TimeZone::UTC);
        day.map_or(0, |z| z.timestamp().as_second().div_euclid(DAY))
    }
}

/// The last second at which a zone changed its offset and the offset since; `None` if it goes on
/// changing (daylight saving).
fn last_offset(zone: &TimeZone) -> Option<(i64, i64)> {
    let start = jiff::Timestamp::UNIX_EPOCH;
    let changes: Vec<_> = zone.following(start).take(MOST_SINGLE_TRANSITIONS).collect();
    if changes.len() == MOST_SINGLE_TRANSITIONS {
        return None;
    }
    let (since, offset) = changes
        .last()
        .map_or_else(|| (start, zone.to_offset(start)), |c| (c.timestamp(), c.offset()));
    Some((since.as_second(), i64::from(offset.seconds())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn calendar(zone: &str, count: DayCount, first: FirstDay) -> Calendar {
        Calendar::new(TimeZone::get(zone).unwrap(), count, first)
    }

    fn at(s: &str) -> Timestamp {
        s.parse().unwrap()
    }

    #[test]
    fn fourteen_whole_days_after_an_afternoon_end_on_the_fifteenth_midnight() {
        let c = calendar("Asia/Shanghai", DayCount::LocalMidnight, FirstDay::Next);
        let contact = at("2022-03-01T15:00:00+08:00");
        assert_eq!(c.end_of(contact, 14), at("2022-03-16T00:00:00+08:00"));
        assert_eq!(c.day_number(contact, contact), 0);
        assert_eq!(c.day_number(contact, at("2022-03-02T00:00:00+08:00")), 1);
        assert_eq!(c.day_number(contact, at("2022-03-15T23:59:59+08:00")), 14);
    }

    #[test]
    fn leaving_at_a_midnight_counts_from_that_midnight() {
        let c = calendar("Asia/Shanghai", DayCount::LocalMidnight, FirstDay::Next);
        assert_eq!(c.end_of(at("2022-03-02T00:00:00+08:00"), 14), at("2022-03-16T00:00:00+08:00"));
    }

    #[test]
    fn entry_on_the_first_is_free_on_the_twenty_third_midnight() {
        // Beijing, February 2022: 21 days of entry quarantine.
        let c = calendar("Asia/Shanghai", DayCount::LocalMidnight, FirstDay::Next);
        let free = c.end_of(at("2022-02-01T18:30:00+08:00"), 21);
        assert_eq!(free, at("2022-02-23T00:00:00+08:00"));
    }

    #[test]
    fn the_day_of_the_event_can_be_day_one() {
        let c = calendar("Asia/Shanghai", DayCount::LocalMidnight, FirstDay::Same);
        let from = at("2022-03-01T15:00:00+08:00");
        assert_eq!(c.end_of(from, 7), at("2022-03-08T00:00:00+08:00"));
        assert_eq!(c.day_number(from, from), 1);
    }

    #[test]
    fn twenty_four_hour_days_keep_the_clock_time() {
        let c = calendar("Europe/Berlin", DayCount::Hours24, FirstDay::Next);
        // Over the spring change the wall clock moves, the hours do not.
        let from = at("2022-03-26T15:00:00+01:00");
        assert_eq!(c.end_of(from, 1), at("2022-03-27T16:00:00+02:00"));
        assert_eq!(c.day_number(from, from), 1);
        assert_eq!(c.day_number(from, from.plus_secs(DAY)), 2);
    }

    #[test]
    fn daylight_saving_and_leap_days_move_no_midnight() {
        let c = calendar("Europe/Berlin", DayCount::LocalMidnight, FirstDay::Next);
        assert_eq!(c.end_of(at("2022-03-25T12:00:00+01:00"), 2), at("2022-03-28T00:00:00+02:00"));
        let leap = calendar("Asia/Shanghai", DayCount::LocalMidnight, FirstDay::Next);
        assert_eq!(
            leap.end_of(at("2024-02-27T12:00:00+08:00"), 2),
            at("2024-03-01T00:00:00+08:00")
        );
    }

    #[test]
    fn a_day_without_midnight_starts_at_its_first_moment() {
        // In Beirut the clock skips from 24:00 to 01:00 on 27 March 2022.
        let c = calendar("Asia/Beirut", DayCount::LocalMidnight, FirstDay::Next);
        assert_eq!(c.end_of(at("2022-03-25T12:00:00+02:00"), 1), at("2022-03-27T01:00:00+03:00"));
    }

    #[test]
    fn the_end_of_time_does_not_overflow() {
        for zone in ["Asia/Shanghai", "Europe/Berlin"] {
            let c = calendar(zone, DayCount::LocalMidnight, FirstDay::Next);
            assert_eq!(c.end_of(Timestamp::MAX, 365), Timestamp::MAX);
            assert!(c.midnight(Timestamp::EPOCH, -5) <= Timestamp::EPOCH.plus_days(1));
        }
    }

    proptest! {
        /// The fast way and the calendar's way agree, also long before the last change of offset.
        #[test]
        fn arithmetic_agrees_with_the_calendar(secs in 0i64..4_000_000_000, days in 0i64..400) {
            let fast = calendar("Asia/Shanghai", DayCount::LocalMidnight, FirstDay::Next);
            prop_assert!(fast.fixed.is_some());
            let slow = Calendar { fixed: None, ..fast.clone() };
            let t = Timestamp::from_secs(secs);
            prop_assert_eq!(fast.midnight(t, days), slow.midnight(t, days));
            prop_assert_eq!(fast.day_index(t), slow.day_index(t));
        }

        /// A count never ends before it starts, a later start never ends earlier, and the last
        /// second before the end is still the last day.
        #[test]
        fn counts_are_monotone(
            secs in 1i64..4_000_000_000, more in 0i64..200_000, days in 1u32..60,
            zone in prop::sample::select(vec!["Asia/Shanghai", "Europe/Berlin", "America/Sao_Paulo",
                "Asia/Beirut", "Australia/Lord_Howe"]),
            count in prop::sample::select(vec![DayCount::LocalMidnight, DayCount::Hours24]),
            first in prop::sample::select(vec![FirstDay::Next, FirstDay::Same]),
        ) {
            let c = calendar(zone, count, first);
            let (a, b) = (Timestamp::from_secs(secs), Timestamp::from_secs(secs + more));
            prop_assert!(c.end_of(a, days) <= c.end_of(b, days));
            prop_assert!(c.end_of(a, days) > a);
            prop_assert_eq!(c.day_number(a, c.end_of(a, days).plus_secs(-1)), days);
        }
    }
}
