//! Do the shared minutes of two people make a contact?

use jadegate_domain::evidence::Certainty;

use crate::rules::Bound;

/// One part of the shared time, at a place where `threshold_minutes` holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) threshold_minutes: u32,
    pub(crate) recorded_secs: u32,
    /// All of its seconds.
    pub(crate) secs: u32,
    pub(crate) unproven: bool,
}

/// What the shared time amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// How sure one must accept to be for the threshold to be reached; `None` if it is not.
    pub(crate) reached: Option<Certainty>,
    /// Do unproven seconds count: is there proven shared time beside them?
    pub(crate) unproven_counts: bool,
}

impl Verdict {
    /// Seconds of a part that count.
    pub(crate) fn counted(self, part: &Part, bound: Bound) -> u32 {
        match bound {
            Bound::Lower => part.recorded_secs,
            Bound::Upper if part.unproven && !self.unproven_counts => 0,
            Bound::Upper => part.secs,
        }
    }
}

pub(crate) fn judge(parts: &[Part], bound: Bound) -> Verdict {
    let unproven_counts = parts.iter().any(|p| !p.unproven && p.secs > 0);
    let recorded = |p: &Part| p.recorded_secs;
    let proven = |p: &Part| if p.unproven { 0 } else { p.secs };
    let reached = if reaches(parts, recorded) {
        Some(Certainty::Recorded)
    } else if bound == Bound::Lower {
        None
    } else if reaches(parts, proven) {
        Some(Certainty::Assumed)
    } else if unproven_counts && reaches(parts, |p| p.secs) {
        Some(Certainty::Unproven)
    } else {
        None
    };
    Verdict { reached, unproven_counts }
}

/// Each part fills the share of a contact that its seconds are of its threshold; a contact is one
/// whole. Where one threshold holds everywhere this is a plain sum of minutes; otherwise five of
/// ten minutes here and ten of twenty there make a contact.
fn reaches(parts: &[Part], secs: impl Fn(&Part) -> u32) -> bool {
    const WHOLE: u128 = 1 << 32;
    let mut filled = 0u128;
    let mut kinds = 0;
    for (i, part) in parts.iter().enumerate() {
        let same = |p: &&Part| p.threshold_minutes == part.threshold_minutes;
        if parts[..i].iter().any(|p| same(&p)) {
            continue;
        }
        // Seconds under one threshold are added before they are divided, so that no rounding
        // enters where there is only one.
        let sum: u64 = parts[i..].iter().filter(same).map(|p| u64::from(secs(p))).sum();
        let threshold = u64::from(part.threshold_minutes) * 60;
        match (sum, threshold) {
            (0, _) => {}
            (s, t) if s >= t => return true,
            (s, t) => {
                filled += u128::from(s) * WHOLE / u128::from(t);
                kinds += 1;
            }
        }
    }
    // Each division lost less than one part in 2^32.
    kinds > 1 && filled + kinds > WHOLE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(threshold_minutes: u32, minutes: u32) -> Part {
        let secs = minutes * 60;
        Part { threshold_minutes, recorded_secs: secs, secs, unproven: false }
    }

    fn reached(parts: &[Part]) -> bool {
        judge(parts, Bound::Upper).reached.is_some()
    }

    #[test]
    fn minutes_add_up_under_one_threshold() {
        assert!(reached(&[part(15, 5), part(15, 5), part(15, 5)]));
        assert!(!reached(&[part(15, 5), part(15, 9)]));
        assert!(!reached(&[]));
    }

    #[test]
    fn shares_add_up_under_several() {
        assert!(reached(&[part(3, 1), part(6, 2), part(9, 3)]), "three thirds");
        assert!(!reached(&[part(3, 1), part(6, 2), part(900, 299)]), "a little less");
        assert!(!reached(&[part(10, 9), part(u32::MAX, 60)]));
    }

    #[test]
    fn a_threshold_of_nothing_needs_something() {
        assert!(!reached(&[part(0, 0)]));
        assert!(reached(&[part(0, 1)]));
    }

    #[test]
    fn unproven_minutes_count_only_beside_proven_ones() {
        let unproven = Part { recorded_secs: 0, unproven: true, ..part(15, 60) };
        assert_eq!(judge(&[unproven], Bound::Upper).reached, None);
        let both = judge(&[unproven, part(15, 1)], Bound::Upper);
        assert_eq!(both.reached, Some(Certainty::Unproven));
        assert_eq!(judge(&[unproven, part(15, 1)], Bound::Lower).reached, None);
    }
}
