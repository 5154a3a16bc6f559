//! The rules of exposure written as plainly as possible: nested loops over all pairs of visits and
//! over every minute. Slow, and right by reading. Works in whole minutes.

use std::collections::{BTreeMap, BTreeSet};

use jadegate_domain::evidence::{Certainty, ContactDegree};
use jadegate_domain::{HolderId, Period, PlaceId, PlaceKind, Ride, Timestamp};
use jadegate_trace::{Bound, CaseInput, KnownVisit, Near, Rules};

/// What is compared with the index: a contact, its minutes, how sure, and its exposures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Contact {
    pub(crate) degree: ContactDegree,
    pub(crate) minutes: usize,
    pub(crate) holder: HolderId,
    pub(crate) case: jadegate_domain::CaseId,
    pub(crate) via: Option<HolderId>,
    pub(crate) certainty: Certainty,
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
    pub(crate) exposures: Vec<(Timestamp, Timestamp, PlaceId, usize, usize, Certainty)>,
}

pub(crate) struct Town<'a> {
    pub(crate) visits: &'a [KnownVisit],
    pub(crate) rides: &'a Rides,
    pub(crate) rules: &'a Rules,
    pub(crate) kind_of: &'a dyn Fn(PlaceId) -> PlaceKind,
    pub(crate) now: Timestamp,
}

/// Tickets, by whose visit they are of.
pub(crate) type Rides = BTreeMap<(HolderId, PlaceId, Timestamp), Ride>;

pub(crate) static NO_RIDES: Rides = BTreeMap::new();

type Range = std::ops::Range<i64>;

fn minutes_of(from: Timestamp, to: Timestamp) -> Range {
    from.as_secs() / 60..to.as_secs() / 60
}

fn at(minute: i64) -> Timestamp {
    Timestamp::from_secs(minute * 60)
}

impl Town<'_> {
    fn end(&self, v: &KnownVisit) -> Option<Timestamp> {
        if v.left.is_some() {
            return v.left;
        }
        let stay = self.rules.at((self.kind_of)(v.place)).assumed_stay_minutes;
        let mut end = v.entered.plus_secs(i64::from(stay) * 60).min(self.now);
        for other in self.visits.iter().filter(|o| o.holder == v.holder) {
            let sure = other.presence.is_proven();
            if other.place != v.place && sure && other.entered > v.entered {
                end = end.min(other.entered);
            }
            let same = other.place == v.place && other.entered == v.entered;
            if same && other.left.is_some() && (sure || !v.presence.is_proven()) {
                return None;
            }
        }
        Some(end)
    }

    /// The minutes a visit says somebody was there that begin inside a window, made to last `linger`
    /// minutes longer, and how sure they are.
    fn presence(&self, v: &KnownVisit, window: Period, linger: u32) -> Option<(Range, Certainty)> {
        let end = self.end(v)?;
        let sure = match (v.presence.is_proven(), v.left) {
            (false, _) => Certainty::Unproven,
            (true, None) => Certainty::Assumed,
            (true, Some(_)) => Certainty::Recorded,
        };
        let (from, to) = (v.entered.max(window.from), end.min(window.to));
        (from < to).then(|| (minutes_of(from, to.plus_secs(i64::from(linger) * 60)), sure))
    }

    /// Were two people at one place near each other? Always, but for trips.
    fn near_each_other(&self, a: &KnownVisit, b: &KnownVisit) -> bool {
        let kind = (self.kind_of)(a.place);
        if !kind.is_vehicle() {
            return true;
        }
        let ride = |v: &KnownVisit| self.rides.get(&(v.holder, v.place, v.entered)).copied();
        let (a, b) = (ride(a).unwrap_or_default(), ride(b).unwrap_or_default());
        if let (Some(a), Some(b)) = (a.leg, b.leg) {
            // Between which stops was either: every stretch from one stop to the next.
            if !(a.from()..a.to()).any(|stop| (b.from()..b.to()).contains(&stop)) {
                return false;
            }
        }
        let aboard = self.rules.aboard(kind);
        match (aboard.near, a.seat, b.seat) {
            (Near::Vehicle, _, _) => true,
            (_, Some(a), Some(b)) if a.coach.is_some() == b.coach.is_some() => {
                let apart = i32::from(a.row) - i32::from(b.row);
                let rows = if let Near::Rows(n) = aboard.near { i32::from(n) } else { i32::MAX };
                a.coach == b.coach && apart.abs() <= rows
            }
            _ => aboard.unknown_is_near,
        }
    }

    /// The minutes that two people shared at each place inside a window, and how sure each is.
    pub(crate) fn shared(
        &self,
        source: HolderId,
        window: Period,
        who: HolderId,
    ) -> BTreeMap<(PlaceId, i64), Certainty> {
        let always = Period { from: Timestamp::EPOCH, to: Timestamp::MAX };
        let of = |who| self.visits.iter().filter(move |v: &&KnownVisit| v.holder == who);
        let mut shared: BTreeMap<(PlaceId, i64), Certainty> = BTreeMap::new();
        for v in of(source) {
            let linger = self.rules.at((self.kind_of)(v.place)).lingering_minutes;
            let Some((dangerous, sure)) = self.presence(v, window, linger) else { continue };
            for w in of(who).filter(|w| w.place == v.place && self.near_each_other(v, w)) {
                let Some((there, also_sure)) = self.presence(w, always, 0) else { continue };
                for m in dangerous.clone().filter(|m| there.contains(m)) {
                    let sure = sure.max(also_sure);
                    let best = shared.entry((v.place, m)).or_insert(sure);
                    *best = (*best).min(sure);
                }
            }
        }
        shared
    }

    /// Who shared enough time with `source` inside the window, by holder.
    fn near(&self, source: HolderId, window: Period, degree: ContactDegree) -> Vec<Contact> {
        let everyone: BTreeSet<HolderId> = self.visits.iter().map(|v| v.holder).collect();
        let others = everyone.into_iter().filter(|w| *w != source);
        others
            .filter_map(|who| self.judge(who, &self.shared(source, window, who), degree))
            .collect()
    }

    /// What everybody shared with all cases together: lower and upper minutes, first and last
    /// moment. Pair by pair, minute by minute.
    pub(crate) fn cumulative(
        &self,
        cases: &[CaseInput],
    ) -> BTreeMap<HolderId, (i64, i64, Timestamp, Timestamp)> {
        let everyone: BTreeSet<HolderId> = self.visits.iter().map(|v| v.holder).collect();
        let mut found = BTreeMap::new();
        for who in everyone {
            let others = cases.iter().filter(|c| c.holder != who);
            let shared: Vec<_> =
                others.flat_map(|c| self.shared(c.holder, c.window, who)).collect();
            let sure = |least: Certainty| shared.iter().filter(move |(_, c)| *c <= least).count();
            let minutes = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
            let spots = shared.iter().map(|((_, minute), _)| *minute);
            if let (Some(first), Some(last)) = (spots.clone().min(), spots.max())
                && sure(Certainty::Assumed) > 0
            {
                let (lower, upper) = (minutes(sure(Certainty::Recorded)), minutes(shared.len()));
                found.insert(who, (lower, upper, at(first), at(last + 1)));
            }
        }
        found
    }

    fn judge(
        &self,
        holder: HolderId,
        shared: &BTreeMap<(PlaceId, i64), Certainty>,
        degree: ContactDegree,
    ) -> Option<Contact> {
        let proven = shared.values().any(|c| *c < Certainty::Unproven);
        let counts = |c: Certainty| match self.rules.counts {
            Bound::Lower => c == Certainty::Recorded,
            Bound::Upper => c < Certainty::Unproven || proven,
        };
        let least = [Certainty::Recorded, Certainty::Assumed, Certainty::Unproven];
        let certainty = least.into_iter().find(|accepted| {
            let minutes = shared.iter().filter(|(_, c)| counts(**c) && **c <= *accepted);
            self.enough(minutes.map(|((place, _), _)| *place), degree)
        })?;
        // Neighbouring minutes at a place form one exposure; unproven ones stand apart.
        let mut stretches: Vec<(PlaceId, i64, i64, usize, bool)> = Vec::new();
        for ((place, m), c) in shared {
            let (unproven, recorded) = (*c == Certainty::Unproven, *c == Certainty::Recorded);
            match stretches.last_mut() {
                Some(s) if (s.0, s.2, s.4) == (*place, *m, unproven) => {
                    s.2 += 1;
                    s.3 += usize::from(recorded);
                }
                _ => stretches.push((*place, *m, m + 1, usize::from(recorded), unproven)),
            }
        }
        let counting = stretches.iter().filter(|s| match self.rules.counts {
            Bound::Lower => s.3 > 0,
            Bound::Upper => !s.4 || proven,
        });
        let mut exposures: Vec<_> = stretches
            .iter()
            .map(|&(place, from, to, recorded, unproven)| {
                let minutes = usize::try_from(to - from).unwrap_or(0);
                let sure = match (unproven, recorded == minutes) {
                    (true, _) => Certainty::Unproven,
                    (false, true) => Certainty::Recorded,
                    (false, false) => Certainty::Assumed,
                };
                (at(from), at(to), place, recorded, minutes, sure)
            })
            .collect();
        exposures.sort();
        Some(Contact {
            degree,
            minutes: shared.values().filter(|c| counts(**c)).count(),
            holder,
            case: jadegate_domain::CaseId::from_random(1),
            via: None,
            certainty,
            first: counting.clone().map(|s| at(s.1)).min()?,
            last: counting.map(|s| at(s.2)).max()?,
            exposures,
        })
    }

    /// Does the sum of minute / threshold reach one? Exact, in fractions of a common multiple.
    fn enough(&self, places: impl Iterator<Item = PlaceId>, degree: ContactDegree) -> bool {
        const MULTIPLE: u32 = 2 * 2 * 2 * 3 * 3 * 5 * 7;
        let mut sum = 0;
        for p in places {
            let rules = self.rules.at((self.kind_of)(p));
            let threshold = match degree {
                ContactDegree::Close => rules.contact_minutes,
                ContactDegree::Secondary => rules.secondary_minutes,
            };
            if threshold == 0 {
                return true;
            }
            assert_eq!(MULTIPLE % threshold, 0, "the oracle knows only divisors");
            sum += MULTIPLE / threshold;
        }
        sum >= MULTIPLE
    }

    pub(crate) fn trace(&self, cases: &[CaseInput]) -> Vec<Contact> {
        let mut found = Vec::new();
        for c in cases {
            if self.rules.max_hops == 0 {
                continue;
            }
            let close = self.near(c.holder, c.window, ContactDegree::Close);
            let mut all: BTreeMap<HolderId, Contact> = BTreeMap::new();
            if self.rules.max_hops > 1 {
                for via in &close {
                    let delay = i64::from(self.rules.secondary_delay_hours) * 3600;
                    let window = Period { from: via.first.plus_secs(delay), to: self.now };
                    for mut s in self.near(via.holder, window, ContactDegree::Secondary) {
                        s.via = Some(via.holder);
                        let worse = |o: &Contact| o.minutes < s.minutes;
                        // `close` is in order of holder, so the first of equals stays.
                        if s.holder != c.holder && all.get(&s.holder).is_none_or(worse) {
                            all.insert(s.holder, s);
                        }
                    }
                }
            }
            all.extend(close.into_iter().map(|k| (k.holder, k)));
            found.extend(all.into_values().map(|k| Contact { case: c.case, ..k }));
        }
        found.sort_by_key(|c| (c.degree, std::cmp::Reverse(c.minutes), c.holder, c.case));
        found
    }
}
