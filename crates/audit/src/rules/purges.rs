//! What must be deleted is deleted in time, each day, as the policy of that day says.

use jadegate_domain::Timestamp;
use jadegate_domain::time::DAY;
use jadegate_ledger::Leaf;

use super::policies::Texts;
use crate::entries::Entry;
use crate::report::Check;

/// Days of visits and scans go at this row of the retention table.
const VISITS: &str = "visits_and_scans";
/// A deployment says each day that it deleted, be it nothing; this long it may be silent.
const SILENT: i64 = DAY + DAY / 2;
/// After a start or a jump of the clock it has this long.
const SOON: i64 = 2 * 3600;

pub(crate) fn check(entries: &[Entry], texts: &Texts, now: Timestamp) -> Check {
    let mut check =
        Check::new("purges", "visits and scans are deleted each day, as the policy in force says");
    let mut policy = None;
    let mut last: Option<Timestamp> = None;
    // Since when something is logged although the last purge is long ago.
    let mut silent_since: Option<(u64, Timestamp)> = None;
    for entry in entries {
        if let Some(text) = texts.get(&entry.index) {
            policy = Some((text, entry.at));
        }
        if let Leaf::Purge { at, retention, before, .. } = &entry.leaf
            && retention.as_str() == VISITS
        {
            check.saw(1);
            if let Some((policy, since)) = policy {
                let due = at.plus_days(-i64::from(policy.retention_days()) - 1);
                // Who has just shortened it has two days: so many days go at a time.
                if due.secs_since(*before) > DAY && at.secs_since(since) > SILENT {
                    check.fault(
                        "purge.too_little",
                        entry.index,
                        format!("keeps what is older than {} days", policy.retention_days()),
                    );
                }
            }
            if let Some((index, since)) = silent_since.take()
                && at.secs_since(since) > SOON
            {
                check.fault(
                    "purge.skipped",
                    index,
                    format!("nothing was deleted from then to {at}"),
                );
            }
            last = Some(*at);
            continue;
        }
        let start = last.or_else(|| entries.first().map(|e| e.at)).unwrap_or(entry.at);
        if silent_since.is_none() && entry.at.secs_since(start) > SILENT {
            silent_since = Some((entry.index, entry.at));
        }
    }
    if let Some((index, since)) = silent_since
        && now.secs_since(since) > SOON
    {
        check.fault("purge.skipped", index, "nothing was deleted since");
    }
    check
}
