//! Dense numbers for ids: 63-bit ids become 0, 1, 2, ... in order of first sight.
//!
//! The ids that were there when the index was made lie in one piece, which is shared with clones and
//! never changed beside them. For those that come since, no step takes longer because there are more:
//! their table is made of small shards of which one is split whenever there are enough new ids (linear
//! hashing), and a clone shares all but the latest. Who adds an id beside a clone copies the shard
//! that the id goes to. An index that is made anew, once a day, has all in one piece again.

use std::array;
use std::iter::repeat_n;
use std::sync::Arc;

/// Append-only; a clone is a snapshot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interner {
    base: Arc<Base>,
    /// Ids seen since; their numbers follow those of `base`.
    recent: Recent,
}

/// Ids in one piece, and an open-addressing table of their numbers, plus one; zero is a free slot.
#[derive(Clone, Debug, Default)]
struct Base {
    ids: Vec<u64>,
    slots: Vec<u32>,
}

#[derive(Clone, Debug, Default)]
struct Recent {
    ids: Ids,
    table: Table,
}

/// Ids, in order of their numbers.
#[derive(Clone, Debug, Default)]
struct Ids {
    /// Of [`CHUNK`] ids each.
    full: Vec<Arc<[u64]>>,
    last: Vec<u64>,
}

/// Where the number of an id is, found by a hash of the id.
#[derive(Clone, Debug, Default)]
struct Table {
    /// As many as are needed for `shards`.
    groups: Vec<Arc<[Shard; GROUP]>>,
    shards: usize,
}

/// The numbers of some ids, plus one, by open addressing; zero is a free slot.
#[derive(Clone, Debug, Default)]
struct Shard {
    ids: usize,
    slots: Arc<[u32]>,
}

/// What a clone copies at most.
const CHUNK: usize = 4096;

/// Shards in a group: so that a clone has little to count.
const GROUP: usize = 64;

/// Ids for each shard, on average. While shards are being split some have twice as many.
const SHARD: usize = 320;

/// Spreads ids over shards (by its upper half) and slots. Ids are random numbers the server drew, so
/// a fixed function will do; the mixing serves ids that were counted upwards.
const fn mix(id: u64) -> u64 {
    let x = (id ^ (id >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x ^ (x >> 29)
}

impl Ids {
    fn len(&self) -> usize {
        self.full.len() * CHUNK + self.last.len()
    }

    #[inline]
    fn get(&self, number: u32) -> u64 {
        let n = number as usize;
        match self.full.get(n / CHUNK) {
            Some(chunk) => chunk[n % CHUNK],
            None => self.last[n % CHUNK],
        }
    }

    fn push(&mut self, id: u64) {
        self.last.push(id);
        if self.last.len() == CHUNK {
            self.full.push(self.last.as_slice().into());
            self.last.clear();
        }
    }

    fn all(&self) -> impl Iterator<Item = u64> {
        self.full.iter().flat_map(|chunk| chunk.iter()).chain(&self.last).copied()
    }
}

/// Which of so many shards an id belongs to. As shards are added one by one, each takes over half of
/// what another had.
#[inline]
const fn shard_of(hash: u64, shards: usize) -> usize {
    let mask = shards.next_power_of_two() - 1;
    let at = (hash >> 32) as usize & mask;
    if at < shards { at } else { at & mask >> 1 }
}

/// The number of an id, or the free slot where it would be. At least one slot is free.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "masked to the number of slots")]
fn probe(slots: &[u32], ids: impl Fn(u32) -> u64, id: u64) -> Result<u32, usize> {
    let mask = slots.len() - 1;
    let mut at = mix(id) as usize & mask;
    loop {
        match slots[at] {
            0 => return Err(at),
            n if ids(n - 1) == id => return Ok(n - 1),
            _ => at = (at + 1) & mask,
        }
    }
}

/// Slots for so many ids: at most three quarters are taken, so that a search ends soon.
const fn slots_for(ids: usize) -> usize {
    let slots = (ids * 4).div_ceil(3).next_power_of_two();
    if slots < 16 { 16 } else { slots }
}

impl Shard {
    fn with_room(ids: usize) -> Self {
        Self { ids: 0, slots: repeat_n(0, slots_for(ids)).collect() }
    }

    fn numbers(&self) -> impl Iterator<Item = u32> {
        self.slots.iter().filter_map(|slot| slot.checked_sub(1))
    }

    /// Adds the number of an id that has none yet.
    fn add(&mut self, ids: &Ids, number: u32) {
        if slots_for(self.ids + 1) > self.slots.len() {
            let mut larger = Self::with_room(self.ids + 1);
            self.numbers().for_each(|number| larger.put(ids, number));
            *self = larger;
        }
        self.put(ids, number);
    }

    /// The same where there is room.
    fn put(&mut self, ids: &Ids, number: u32) {
        if let Err(free) = probe(&self.slots, |n| ids.get(n), ids.get(number)) {
            Arc::make_mut(&mut self.slots)[free] = number + 1;
            self.ids += 1;
        }
    }
}

impl Table {
    #[inline]
    fn get(&self, ids: &Ids, id: u64) -> Option<u32> {
        let at = shard_of(mix(id), self.shards);
        let group = self.groups.get(at / GROUP)?;
        probe(&group[at % GROUP].slots, |n| ids.get(n), id).ok()
    }

    fn shard(&mut self, at: usize) -> &mut Shard {
        &mut Arc::make_mut(&mut self.groups[at / GROUP])[at % GROUP]
    }

    /// Adds the number of an id that has none yet.
    fn add(&mut self, ids: &Ids, number: u32) {
        if ids.len() > self.shards * SHARD {
            self.split(ids);
        }
        let at = shard_of(mix(ids.get(number)), self.shards);
        self.shard(at).add(ids, number);
    }

    /// Adds a shard, which takes over half of another.
    fn split(&mut self, ids: &Ids) {
        let new = self.shards;
        self.push(Shard::with_room(0));
        let Some(power) = new.checked_ilog2() else { return };
        let old = new - (1 << power);
        let both = std::mem::take(self.shard(old));
        let half = || Shard::with_room(both.ids / 2);
        let (mut stays, mut goes) = (half(), half());
        for number in both.numbers() {
            let at = shard_of(mix(ids.get(number)), self.shards);
            if at == new { goes.add(ids, number) } else { stays.add(ids, number) }
        }
        *self.shard(old) = stays;
        *self.shard(new) = goes;
    }

    fn push(&mut self, shard: Shard) {
        if self.shards.is_multiple_of(GROUP) {
            self.groups.push(Arc::new(array::from_fn(|_| Shard::default())));
        }
        self.shards += 1;
        *self.shard(self.shards - 1) = shard;
    }

    fn memory_bytes(&self) -> usize {
        let shards = self.groups.iter().flat_map(|group| group.iter());
        let slots: usize = shards.map(|shard| size_of_val(&*shard.slots)).sum();
        slots + self.groups.len() * size_of::<[Shard; GROUP]>()
    }
}

impl Base {
    fn get(&self, id: u64) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        probe(&self.slots, |n| self.ids[n as usize], id).ok()
    }

    /// Adds an id that is not there.
    #[expect(clippy::cast_possible_truncation, reason = "4 billion ids do not fit into memory")]
    fn add(&mut self, id: u64) {
        if slots_for(self.ids.len() + 1) > self.slots.len() {
            self.fill(slots_for(self.ids.len() + 1));
        }
        let ids = |n: u32| self.ids[n as usize];
        if let Err(free) = probe(&self.slots, ids, id) {
            self.ids.push(id);
            self.slots[free] = self.ids.len() as u32;
        }
    }

    /// Makes a table of so many slots. `false` if an id is there twice.
    fn fill(&mut self, size: usize) -> bool {
        self.slots = vec![0; size];
        for (id, number) in self.ids.iter().zip(1u32..) {
            match probe(&self.slots, |n| self.ids[n as usize], *id) {
                Err(free) => self.slots[free] = number,
                Ok(_) => return false,
            }
        }
        true
    }
}

impl Interner {
    pub(crate) fn len(&self) -> usize {
        self.base.ids.len() + self.recent.ids.len()
    }

    #[expect(clippy::cast_possible_truncation, reason = "4 billion ids do not fit into memory")]
    pub(crate) fn get(&self, id: u64) -> Option<u32> {
        let after = self.base.ids.len() as u32;
        let recent = || self.recent.table.get(&self.recent.ids, id).map(|n| after + n);
        self.base.get(id).or_else(recent)
    }

    /// The id behind a number this interner gave out.
    #[expect(clippy::cast_possible_truncation, reason = "less than the number")]
    pub(crate) fn id(&self, number: u32) -> u64 {
        match self.base.ids.get(number as usize) {
            Some(id) => *id,
            None => self.recent.ids.get(number - self.base.ids.len() as u32),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "4 billion ids do not fit into memory")]
    pub(crate) fn number(&mut self, id: u64) -> u32 {
        self.get(id).unwrap_or_else(|| {
            let number = self.recent.ids.len() as u32;
            self.recent.ids.push(id);
            self.recent.table.add(&self.recent.ids, number);
            self.len() as u32 - 1
        })
    }

    /// The same while an index is made, when nobody waits: all ids are to lie in one piece.
    #[expect(clippy::cast_possible_truncation, reason = "4 billion ids do not fit into memory")]
    pub(crate) fn number_at_first(&mut self, id: u64) -> u32 {
        if let Some(number) = self.get(id) {
            return number;
        }
        match Arc::get_mut(&mut self.base) {
            Some(base) if self.recent.ids.len() == 0 => {
                base.add(id);
                base.ids.len() as u32 - 1
            }
            _ => self.number(id),
        }
    }

    /// Gives back what was reserved for ids that did not come.
    pub(crate) fn shrink(&mut self) {
        if let Some(base) = Arc::get_mut(&mut self.base) {
            base.ids.shrink_to_fit();
        }
        self.recent.ids.last.shrink_to_fit();
    }

    /// All ids, in order of their numbers.
    pub(crate) fn ids(&self) -> impl Iterator<Item = u64> {
        self.base.ids.iter().copied().chain(self.recent.ids.all())
    }

    /// From ids in order of their numbers; `None` if one is there twice.
    pub(crate) fn of_ids(ids: Vec<u64>) -> Option<Self> {
        let size = slots_for(ids.len());
        let mut base = Base { ids, slots: Vec::new() };
        base.fill(size).then(|| Self { base: Arc::new(base), recent: Recent::default() })
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let recent = self.recent.ids.full.len() * CHUNK + self.recent.ids.last.capacity();
        (self.base.ids.capacity() + recent) * size_of::<u64>()
            + self.base.slots.capacity() * size_of::<u32>()
            + self.recent.table.memory_bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_count_upwards_and_read_back() {
        let mut interner = Interner::default();
        for round in 0..2 {
            for i in 0..10_000u64 {
                assert_eq!(u64::from(interner.number(i << 32 | 7)), i, "round {round}");
            }
        }
        assert_eq!(interner.len(), 10_000);
        for i in 0..10_000u32 {
            assert_eq!(interner.id(i), u64::from(i) << 32 | 7);
        }
        assert_eq!(interner.get(1), None);
    }

    #[test]
    fn a_clone_does_not_see_later_ids() {
        let mut interner = Interner::default();
        interner.number(5);
        let old = interner.clone();
        (10..5000).for_each(|i| {
            interner.number(i);
        });
        assert_eq!((old.len(), old.get(11)), (1, None));
        assert_eq!(interner.get(5), Some(0));
    }

    fn shards(interner: &Interner) -> Vec<&Shard> {
        interner.recent.table.groups.iter().flat_map(|group| group.iter()).collect()
    }

    /// However many ids there are: what is copied for a new one beside a clone, and what is split.
    #[test]
    fn a_new_id_takes_the_same_work_however_many_there_are() {
        let ids: [fn(u64) -> u64; 3] = [
            |i| i + 1,
            |i| i << 32 | 7,
            |i| i.wrapping_mul(0x5851_f42d_4c95_7f2d).rotate_left(21) >> 1,
        ];
        for id in ids {
            let mut interner = Interner::default();
            for i in 0..300_000 {
                let new = interner.len();
                let got = if i < 1_000 {
                    interner.number_at_first(id(i))
                } else {
                    interner.number(id(i))
                };
                assert_eq!(got as usize, new);
            }
            for i in 300_000..300_500 {
                let clone = interner.clone();
                interner.number(id(i));
                assert!(Arc::ptr_eq(&interner.base, &clone.base));
                let (ids, of_clone) = (&interner.recent.ids.full, &clone.recent.ids.full);
                assert!(of_clone.iter().zip(ids).all(|(a, b)| Arc::ptr_eq(a, b)));
                let (now, before) = (shards(&interner), shards(&clone));
                let same = |n: &usize| Arc::ptr_eq(&now[*n].slots, &before[*n].slots);
                let copied = (0..before.len()).filter(|n| !same(n)).count();
                assert!(copied <= 3, "{copied} shards of {}", before.len());
            }
            let largest = shards(&interner).iter().map(|shard| shard.slots.len()).max();
            assert!(largest.unwrap() <= slots_for(3 * SHARD), "{largest:?}");
            assert!(shards(&interner).iter().all(|s| s.ids * 4 <= s.slots.len() * 3));
        }
    }

    #[derive(Clone, Debug)]
    enum Op {
        /// Ids from one on, so many.
        Numbers(u64, u64),
        /// The same while an index is made.
        AtFirst(u64, u64),
        Clone,
        SaveAndLoad,
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            4 => (0..6_000u64, 1..2_000u64).prop_map(|(from, many)| Op::Numbers(from, many)),
            2 => (0..6_000u64, 1..2_000u64).prop_map(|(from, many)| Op::AtFirst(from, many)),
            1 => Just(Op::Clone),
            1 => Just(Op::SaveAndLoad),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_says_what_a_list_and_a_map_say(ops in prop::collection::vec(op(), 1..12)) {
            let (mut interner, mut list, mut map) = (Interner::default(), Vec::new(), HashMap::new());
            let mut clones = Vec::new();
            for op in ops {
                match op {
                    Op::Numbers(from, many) | Op::AtFirst(from, many) => for id in from..from + many {
                        let next = u32::try_from(list.len()).unwrap();
                        let number = *map.entry(id).or_insert(next);
                        if number == next {
                            list.push(id);
                        }
                        let got = match op {
                            Op::AtFirst(..) => interner.number_at_first(id),
                            _ => interner.number(id),
                        };
                        prop_assert_eq!(got, number);
                    },
                    Op::Clone => clones.push((interner.clone(), list.clone())),
                    Op::SaveAndLoad => interner = Interner::of_ids(list.clone()).unwrap(),
                }
            }
            clones.push((interner, list));
            for (interner, list) in clones {
                prop_assert_eq!(interner.ids().collect::<Vec<_>>(), list.clone());
                prop_assert_eq!(interner.len(), list.len());
                for (id, number) in list.iter().zip(0..) {
                    prop_assert_eq!((interner.get(*id), interner.id(number)), (Some(number), *id));
                }
                let known = list.iter().copied().collect::<std::collections::HashSet<_>>();
                let unknown = (0..9_000).filter(|id| !known.contains(id));
                prop_assert!(unknown.into_iter().all(|id| interner.get(id).is_none()));
            }
        }
    }

    #[test]
    fn an_id_that_is_there_twice_is_refused() {
        let mut ids: Vec<_> = (0..20_000).collect();
        assert!(Interner::of_ids(ids.clone()).is_some() && Interner::of_ids(vec![]).is_some());
        ids.push(777);
        assert!(Interner::of_ids(ids).is_none());
    }
}
