//! The places in memory: found by id, and listed in parts.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use jadegate_domain::{AgencyId, Place, PlaceId};

/// All registered places, by id. Nothing goes through all of them at once: gates wait for whoever
/// registers a place, and that waits for whoever reads.
#[derive(Debug, Default)]
pub(crate) struct KnownPlaces {
    by_id: BTreeMap<PlaceId, Arc<Place>>,
    of_agency: BTreeSet<(AgencyId, PlaceId)>,
}

/// Places of one part.
const PART: usize = 500;

impl KnownPlaces {
    pub(crate) fn get(&self, id: PlaceId) -> Option<&Arc<Place>> {
        self.by_id.get(&id)
    }

    pub(crate) fn insert(&mut self, place: Arc<Place>) {
        let key = |place: &Place| place.agency.map(|agency| (agency, place.id));
        self.of_agency.extend(key(&place));
        let of = place.agency;
        let before = self.by_id.insert(place.id, place);
        // It may have changed hands.
        if let Some(old) = before.filter(|old| old.agency != of).and_then(|old| key(&old)) {
            self.of_agency.remove(&old);
        }
    }

    /// Some of those after an id, by id.
    pub(crate) fn part(&self, after: Option<PlaceId>) -> Vec<Arc<Place>> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let after = self.by_id.range((from, Bound::Unbounded));
        after.take(PART).map(|(_, place)| Arc::clone(place)).collect()
    }

    /// Some of an agency's after an id, by id.
    pub(crate) fn part_of(&self, agency: AgencyId, after: Option<PlaceId>) -> Vec<Arc<Place>> {
        let from = match after {
            Some(after) => Bound::Excluded((agency, after)),
            None => Bound::Included((agency, PlaceId::from_random(0))),
        };
        let of_agency = self.of_agency.range((from, Bound::Unbounded));
        let ids = of_agency.take(PART).take_while(|(of, _)| *of == agency);
        ids.filter_map(|(_, id)| self.by_id.get(id)).map(Arc::clone).collect()
    }
}

#[cfg(test)]
mod tests {
    use jadegate_domain::{PlaceKind, Timestamp};

    use super::*;

    fn place(n: u64, agency: Option<u64>) -> Arc<Place> {
        Arc::new(Place {
            id: PlaceId::from_random(n),
            kind: PlaceKind::Shop,
            name: format!("Made-up place {n}"),
            division: "CN-330106".parse().unwrap(),
            agency: agency.map(AgencyId::from_random),
            registered_at: Timestamp::EPOCH,
            external_key: None,
        })
    }

    fn all(part: impl Fn(Option<PlaceId>) -> Vec<Arc<Place>>) -> Vec<u64> {
        let (mut ids, mut after) = (Vec::new(), None);
        loop {
            let some = part(after);
            assert!(some.len() <= PART);
            let Some(last) = some.last() else { return ids };
            after = Some(last.id);
            ids.extend(some.iter().map(|p| p.id.as_u64()));
        }
    }

    #[test]
    fn parts_come_to_the_whole_by_id_and_by_agency() {
        let mut places = KnownPlaces::default();
        for n in (1..=1_700).rev() {
            places.insert(place(n, [None, Some(7), Some(8)][usize::try_from(n % 3).unwrap()]));
        }
        assert_eq!(all(|after| places.part(after)), (1..=1_700).collect::<Vec<_>>());
        let of = |n| move |p: &u64| p % 3 == n;
        let agency = |n| AgencyId::from_random(n);
        let seven: Vec<_> = (1..=1_700).filter(of(1)).collect();
        assert_eq!(all(|after| places.part_of(agency(7), after)), seven);
        assert_eq!(all(|after| places.part_of(agency(9), after)), [0; 0]);
        // Changed hands, and told again.
        places.insert(place(1, Some(8)));
        places.insert(place(4, Some(7)));
        assert_eq!(all(|after| places.part_of(agency(7), after)), seven[1..]);
        assert_eq!(all(|after| places.part_of(agency(8), after))[..3], [1, 2, 5]);
        assert_eq!(places.get(PlaceId::from_random(1)).unwrap().agency, Some(agency(8)));
    }
}
