//! From visits to stays: when somebody was where, and how sure that is.

use jadegate_domain::evidence::Certainty;

use crate::row::Row;
use crate::run::supersedes;

/// Somebody at a place, over the seconds `from..to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stay {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) certainty: Certainty,
}

/// How sure a visit is by itself.
pub(crate) const fn certainty(row: &Row) -> Certainty {
    match (row.stayed.is_proven(), row.stayed.is_open()) {
        (false, _) => Certainty::Unproven,
        (true, true) => Certainty::Assumed,
        (true, false) => Certainty::Recorded,
    }
}

/// The stay a visit tells of, or `None` if it tells of no time.
///
/// A visit without a known end is taken to last `assumed_secs`, but not beyond `now`, nor beyond
/// the moment its holder was surely seen entering another place. It tells of nothing if a better
/// report of the same visit is there. `all` are all visits of the holder, in any order.
pub(crate) fn resolve(row: &Row, all: &[Row], assumed_secs: u32, now: u32) -> Option<Stay> {
    let to = match row.stayed.len() {
        Some(len) => row.entered.saturating_add(len),
        None => assumed_end(row, all, assumed_secs, now)?,
    };
    (row.entered < to).then(|| Stay { from: row.entered, to, certainty: certainty(row) })
}

fn assumed_end(row: &Row, all: &[Row], assumed_secs: u32, now: u32) -> Option<u32> {
    let mut end = row.entered.saturating_add(assumed_secs).min(now);
    for other in all {
        let same = other.place == row.place;
        if same && other.entered == row.entered && supersedes(other.stayed, row.stayed) {
            return None;
        }
        if !same && other.stayed.is_proven() && other.entered > row.entered {
            end = end.min(other.entered);
        }
    }
    Some(end)
}
