//! Overlaps in columns: each of their numbers in a list of its own, so that a processor can take
//! many at a time.

use crate::hit::Hit;
use crate::same::SamePeople;

/// So many are taken, and written, at a time at most.
pub(crate) const LANES: usize = 16;

/// A list of [`Hit`]s.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    /// All equally long, and longer than `count` by [`LANES`] at least, or empty.
    pub(crate) lists: [Vec<u32>; 4],
    /// How many of them mean something.
    pub(crate) count: usize,
}

impl Columns {
    pub(crate) const fn clear(&mut self) {
        self.count = 0;
    }

    pub(crate) const fn len(&self) -> usize {
        self.count
    }

    /// Makes room for some more, and for what is written beyond them.
    #[inline]
    pub(crate) fn make_room(&mut self, more: usize) {
        let needed = self.count + more + LANES;
        if self.lists[0].len() < needed {
            self.grow(needed);
        }
    }

    /// All lists, for [`make_room`](Self::make_room)'s some more and what is written beyond them.
    #[inline]
    pub(crate) fn room(&mut self, more: usize) -> [&mut [u32]; 4] {
        let room = self.count + more + LANES;
        self.lists.each_mut().map(|l| &mut l[..room])
    }

    #[cold]
    fn grow(&mut self, needed: usize) {
        for list in &mut self.lists {
            list.resize(needed.next_power_of_two(), 0);
        }
    }

    /// Adds all of another list.
    pub(crate) fn append(&mut self, other: &Self) {
        self.make_room(other.count);
        let to = self.count..self.count + other.count;
        for (list, from) in self.lists.iter_mut().zip(&other.lists) {
            list[to.clone()].copy_from_slice(&from[..other.count]);
        }
        self.count = to.end;
    }

    /// Keeps those wanted, in their order.
    pub(crate) fn keep(&mut self, mut wanted: impl FnMut(&Hit) -> bool) {
        let mut kept = 0;
        for n in 0..self.count {
            if wanted(&self.get(n)) {
                self.lists.iter_mut().for_each(|list| list[kept] = list[n]);
                kept += 1;
            }
        }
        self.count = kept;
    }

    /// Those whose record is one of several are known by the number of the person from here on.
    pub(crate) fn name_people(&mut self, same: &SamePeople) {
        if !same.is_empty() {
            self.lists[0][..self.count]
                .iter_mut()
                .for_each(|holder| *holder = same.person(*holder));
        }
    }

    pub(crate) fn holders(&self) -> &[u32] {
        &self.lists[0][..self.count]
    }

    pub(crate) fn get(&self, n: usize) -> Hit {
        let [holder, from, secs, tag] = &self.lists;
        Hit { holder: holder[n], from: from[n], secs: secs[n], tag: tag[n] }
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = Hit> + use<'_> {
        let [holder, from, secs, tag] = self.lists.each_ref().map(|l| &l[..self.count]);
        let all = holder.iter().zip(from).zip(secs).zip(tag);
        all.map(|(((holder, from), secs), tag)| Hit {
            holder: *holder,
            from: *from,
            secs: *secs,
            tag: *tag,
        })
    }
}
