//! The risk levels that are served are those of the log.

use std::collections::BTreeMap;

use jadegate_domain::division::RiskLevel;
use jadegate_domain::{Division, Timestamp};
use jadegate_ledger::Leaf;
use serde_json::Value;

use crate::entries::Entry;
use crate::report::Check;
use crate::source::Source;

type Level = (Division, RiskLevel, Timestamp);

pub(crate) fn check(source: &dyn Source, entries: &[Entry], now: Timestamp) -> Check {
    let mut check = Check::new("levels", "the risk levels in force are those of the log");
    // The last word about each level: when it ends.
    let mut logged: BTreeMap<Level, (u64, Option<Timestamp>)> = BTreeMap::new();
    for entry in entries {
        if let Leaf::RiskLevel { division, level, from, to, .. } = &entry.leaf {
            logged.insert((division.clone(), *level, *from), (entry.index, *to));
        }
    }
    let served: Value = match source.get("/v1/regions") {
        Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
        Err(e) => {
            check.fault("level.missing", None, format!("/v1/regions: {e}"));
            return check;
        }
    };
    let Some(list) = served["risks"].as_array() else {
        check.fault("level.missing", None, "/v1/regions is no list of levels");
        return check;
    };
    let mut shown = Vec::new();
    for row in list {
        check.saw(1);
        let Some((level, to)) = read(row) else {
            check.fault("level.missing", None, "/v1/regions has a row that cannot be read");
            continue;
        };
        let name = level.0.to_string();
        match logged.get(&level) {
            None => check.fault(
                "level.not_logged",
                None,
                format!("a level of {name} that is not in the log"),
            ),
            Some((index, end)) if *end != to => {
                check.fault(
                    "level.other_end",
                    *index,
                    format!("the end of the level of {name} is another one in the log"),
                );
            }
            Some(_) => shown.push(level),
        }
    }
    for (level, (index, end)) in &logged {
        let holds = level.2 <= now && end.is_none_or(|end| end > now);
        if holds && !shown.contains(level) {
            check.fault(
                "level.not_served",
                *index,
                format!("the level of {} is in the log and not served", level.0),
            );
        }
    }
    check
}

fn read(row: &Value) -> Option<(Level, Option<Timestamp>)> {
    let text = |key: &str| row[key].as_str();
    let to = match &row["to"] {
        Value::Null => None,
        to => Some(to.as_str()?.parse().ok()?),
    };
    let level: RiskLevel = serde_json::from_value(row["level"].clone()).ok()?;
    Some(((text("division")?.parse().ok()?, level, text("from")?.parse().ok()?), to))
}
