//! Visits as somebody remembers them: who was scanned twice when coming in was there once.

use jadegate_domain::{PlaceId, Presence, Timestamp};
use jadegate_trace::KnownVisit;

/// Puts visits to one place together whose times meet, newest first. `assumed_end` is until when
/// somebody who came at a moment is taken to have stayed, if nobody saw them leave. Visits known in
/// different ways stand side by side, for they do not weigh the same; so do those that files tell.
pub(super) fn stays(
    mut visits: Vec<KnownVisit>,
    assumed_end: impl Fn(PlaceId, Timestamp) -> Timestamp,
) -> Vec<KnownVisit> {
    visits.sort_by_key(|v| (v.place, v.presence, v.entered, v.left));
    let mut stays: Vec<KnownVisit> = Vec::with_capacity(visits.len());
    for v in visits {
        match stays.last_mut() {
            Some(stay) if meet(stay, &v, &assumed_end) => {
                stay.left = stay.left.zip(v.left).map(|(a, b)| a.max(b));
            }
            _ => stays.push(v),
        }
    }
    stays.sort_by_key(|v| std::cmp::Reverse(v.entered));
    stays
}

/// Does the second, which began no earlier, go on from the first?
fn meet(
    stay: &KnownVisit,
    next: &KnownVisit,
    assumed_end: impl Fn(PlaceId, Timestamp) -> Timestamp,
) -> bool {
    let same = (stay.place, stay.presence) == (next.place, next.presence)
        && stay.presence != Presence::Imported;
    let until = stay.left.unwrap_or_else(|| assumed_end(stay.place, stay.entered));
    // What has an end is not continued by what has none: that is coming again.
    let both = stay.left.is_some() == next.left.is_some();
    same && both && next.entered <= until
}

#[cfg(test)]
mod tests {
    use jadegate_domain::HolderId;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_secs(minute * 60)
    }

    fn visit(place: u64, entered: i64, left: Option<i64>) -> KnownVisit {
        KnownVisit {
            holder: HolderId::from_random(1),
            place: PlaceId::from_random(place),
            entered: at(entered),
            left: left.map(at),
            presence: Presence::Gate,
        }
    }

    fn folded(visits: &[KnownVisit]) -> Vec<KnownVisit> {
        stays(visits.to_vec(), |_, entered| entered.plus_secs(3600))
    }

    #[test]
    fn in_twice_is_one_stay() {
        let twice = [visit(1, 0, Some(3)), visit(1, 2, Some(3))];
        assert_eq!(folded(&twice), [visit(1, 0, Some(3))]);
        assert_eq!(folded(&[visit(1, 0, None), visit(1, 2, None)]), [visit(1, 0, None)]);
        // Seen leaving, as an end that was known anyway.
        assert_eq!(folded(&[visit(1, 0, Some(3)), visit(1, 3, Some(3))]), [visit(1, 0, Some(3))]);
    }

    #[test]
    fn coming_again_is_another() {
        for apart in [
            [visit(1, 0, Some(3)), visit(1, 4, Some(9))],
            [visit(1, 0, Some(3)), visit(1, 3, None)],
            [visit(1, 0, Some(3)), visit(2, 2, Some(3))],
            [visit(1, 0, None), visit(1, 61, None)],
        ] {
            assert_eq!(folded(&apart).len(), 2, "{apart:?}");
        }
    }

    #[test]
    fn what_is_known_in_different_ways_or_from_files_stands_side_by_side() {
        let by = |presence, from| KnownVisit { presence, ..visit(1, from, Some(9)) };
        let poster = by(Presence::Unproven, 0);
        assert_eq!(folded(&[poster, visit(1, 1, Some(9))]).len(), 2);
        assert_eq!(folded(&[poster, by(Presence::Unproven, 1)]), [poster]);
        let listed = [by(Presence::Imported, 0), by(Presence::Imported, 1)];
        assert_eq!(folded(&listed).len(), 2);
    }
}
