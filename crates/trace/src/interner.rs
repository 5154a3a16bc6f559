//! Dense numbers for ids: 63-bit ids become 0, 1, 2, ... in order of first sight.

use std::sync::Arc;

/// Append-only; a clone shares all but the latest ids, so that a snapshot of the index is cheap.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interner {
    base: Arc<Part>,
    /// Ids seen since `base` was last extended; their numbers follow those of `base`.
    recent: Part,
}

/// Ids and an open-addressing hash table of their numbers (plus one; zero is a free slot).
#[derive(Clone, Debug, Default)]
struct Part {
    ids: Vec<u64>,
    slots: Vec<u32>,
}

/// Spreads ids over slots. Ids are random numbers the server drew, so a fixed function will do; the
/// mixing serves ids that were counted upwards.
const fn mix(id: u64) -> u64 {
    let x = (id ^ (id >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x ^ (x >> 29)
}

impl Part {
    #[expect(clippy::cast_possible_truncation, reason = "masked to the table's size")]
    fn slot(&self, id: u64) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut at = mix(id) as usize & mask;
        loop {
            match self.slots[at] {
                0 => return Err(at),
                n if self.ids[n as usize - 1] == id => return Ok(n - 1),
                _ => at = (at + 1) & mask,
            }
        }
    }

    fn get(&self, id: u64) -> Option<u32> {
        if self.slots.is_empty() { None } else { self.slot(id).ok() }
    }

    #[expect(clippy::cast_possible_truncation, reason = "4 billion ids do not fit into memory")]
    fn push(&mut self, id: u64) {
        // At most three quarters full, so a search ends soon.
        if (self.ids.len() + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        if let Err(free) = self.slot(id) {
            self.ids.push(id);
            self.slots[free] = self.ids.len() as u32;
        }
    }

    fn grow(&mut self) {
        self.fill((self.slots.len() * 2).max(16));
    }

    /// Makes a table of so many slots, a power of two above the number of ids. `false` if an id is
    /// there twice.
    #[expect(clippy::cast_possible_truncation, reason = "4 billion ids do not fit into memory")]
    fn fill(&mut self, size: usize) -> bool {
        self.slots = vec![0; size];
        let mut distinct = true;
        for (n, id) in (1u32..).zip(&self.ids) {
            let mut at = mix(*id) as usize & (size - 1);
            while self.slots[at] != 0 {
                distinct &= self.ids[self.slots[at] as usize - 1] != *id;
                at = (at + 1) & (size - 1);
            }
            self.slots[at] = n;
        }
        distinct
    }
}

impl Interner {
    pub(crate) fn len(&self) -> usize {
        self.base.ids.len() + self.recent.ids.len()
    }

    #[expect(clippy::cast_possible_truncation, reason = "4 billion ids do not fit into memory")]
    pub(crate) fn get(&self, id: u64) -> Option<u32> {
        let after = self.base.ids.len() as u32;
        self.base.get(id).or_else(|| self.recent.get(id).map(|n| after + n))
    }

    /// The id behind a number this interner gave out.
    pub(crate) fn id(&self, number: u32) -> u64 {
        let n = number as usize;
        let base = &self.base.ids;
        if n < base.len() { base[n] } else { self.recent.ids[n - base.len()] }
    }

    #[expect(clippy::cast_possible_truncation, reason = "4 billion ids do not fit into memory")]
    pub(crate) fn number(&mut self, id: u64) -> u32 {
        if let Some(n) = self.get(id) {
            return n;
        }
        self.recent.push(id);
        let n = self.len() as u32 - 1;
        if self.recent.ids.len() >= 1024 + self.base.ids.len() / 16 {
            self.settle();
        }
        n
    }

    /// Moves the recent ids into the shared part.
    pub(crate) fn settle(&mut self) {
        let recent = std::mem::take(&mut self.recent);
        let base = Arc::make_mut(&mut self.base);
        recent.ids.iter().for_each(|id| base.push(*id));
    }

    /// Gives back what was reserved for ids that did not come.
    pub(crate) fn shrink(&mut self) {
        self.settle();
        Arc::make_mut(&mut self.base).ids.shrink_to_fit();
    }

    /// All ids, in order of their numbers.
    pub(crate) fn ids(&self) -> impl Iterator<Item = u64> {
        self.base.ids.iter().chain(&self.recent.ids).copied()
    }

    /// From ids in order of their numbers; `None` if one is there twice.
    pub(crate) fn of_ids(ids: Vec<u64>) -> Option<Self> {
        let mut part = Part { ids, slots: Vec::new() };
        let size = (part.ids.len() * 4 / 3 + 1).next_power_of_two();
        part.fill(size).then(|| Self { base: Arc::new(part), recent: Part::default() })
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        [&*self.base, &self.recent]
            .iter()
            .map(|p| p.ids.capacity() * 8 + p.slots.capacity() * 4)
            .sum()
    }
}

#[cfg(test)]
mod tests {
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
}
