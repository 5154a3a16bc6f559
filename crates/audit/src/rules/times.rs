//! Nothing is back-dated, and nothing is from the future.

use jadegate_domain::Timestamp;

use crate::entries::Entry;
use crate::report::Check;

/// Units under way at the same time, and clocks of several servers.
const SLACK: i64 = 300;

/// `witnessed` and `earlier`: how many leaves had been seen by others at which moment.
pub(crate) fn check(
    entries: &[Entry],
    witnessed: Option<(u64, Timestamp)>,
    earlier: Option<(u64, Timestamp)>,
    now: Timestamp,
) -> Check {
    let mut check =
        Check::new("times", "moments follow the order of the log, and what witnesses saw");
    let mut latest = Timestamp::EPOCH;
    for entry in entries {
        check.saw(1);
        if latest.secs_since(entry.at) > SLACK {
            let late = latest.secs_since(entry.at);
            check.fault(
                "time.back_dated",
                entry.index,
                format!("says {}, {late} s before what is logged ahead of it", entry.at),
            );
        }
        if entry.at.secs_since(now) > SLACK {
            check.fault("time.future", entry.index, format!("says {}", entry.at));
        }
        for (size, at) in [witnessed, earlier].into_iter().flatten() {
            if entry.index < size && entry.at.secs_since(at) > SLACK {
                check.fault(
                    "time.after_witness",
                    entry.index,
                    format!("says {}, and others saw it at {at}", entry.at),
                );
            }
        }
        // Only the earlier visit saw a log without the leaves that came later.
        if let Some((size, at)) = earlier
            && entry.index >= size
            && at.secs_since(entry.at) > SLACK
        {
            check.fault(
                "time.back_dated",
                entry.index,
                format!("says {}, and was not there when witnesses signed at {at}", entry.at),
            );
        }
        latest = latest.max(entry.at);
    }
    check
}
