//! The log goes on: a deployment that works says something each day.

use jadegate_domain::Timestamp;
use jadegate_domain::time::DAY;

use crate::entries::Entry;
use crate::report::Check;

pub(crate) fn check(entries: &[Entry], now: Timestamp) -> Check {
    let mut check = Check::new("fresh", "the newest leaf is of the last two days");
    match entries.iter().map(|e| e.at).max() {
        None => check.fault("log.empty", None, "there is no leaf"),
        Some(newest) => {
            check.saw(1);
            if now.secs_since(newest) > 2 * DAY {
                check.fault(
                    "log.stale",
                    None,
                    format!("the newest leaf is of {newest}; an old log may be shown to you alone"),
                );
            }
        }
    }
    check
}
