//! What each of many people shared, added up as it comes.
//!
//! Five million sums of 20 bytes fit into no cache, and what is near a place is spread over all of
//! them: each addition would wait for memory. So additions are gathered by ranges of people first,
//! and a range is added up once there are many of it: its sums then stay in the cache meanwhile.

/// What somebody shared, as long as nothing about it is uncertain. All zero: nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum {
    /// At most what 32 bits hold.
    pub(crate) secs: u32,
    /// All bits of the first moment turned round.
    not_first: u32,
    pub(crate) last: u32,
    /// Where they were last seen, and until when.
    tag: u32,
    until: u32,
}

impl Sum {
    pub(crate) const fn first(&self) -> u32 {
        !self.not_first
    }
}

/// Something to be added.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    /// Who of the range, in the lower [`RANGE_BITS`]; where, in those above.
    who: u32,
    secs: u32,
    from: u32,
    to: u32,
}

/// People of a range: two to the power of so many, whose sums are a third of a megabyte.
const RANGE_BITS: u32 = 14;
/// What is gathered of a range at most: 64 kB.
const GATHERED: usize = 1 << 12;

/// Everybody, by number.
#[derive(Debug, Default)]
pub(crate) struct People {
    sums: Vec<Sum>,
    /// A bit for each: their sum is not to be trusted.
    look: Vec<u64>,
    /// Of each range of people; [`GATHERED`] at most.
    parts: Vec<Vec<Part>>,
}

impl People {
    /// So many people, and nothing about any of them.
    pub(crate) fn clear(&mut self, people: usize) {
        self.sums.clear();
        self.sums.resize(people, Sum::default());
        self.look.clear();
        self.look.resize(people.div_ceil(64), 0);
        let ranges = people.div_ceil(1 << RANGE_BITS);
        self.parts.iter_mut().for_each(Vec::clear);
        self.parts.resize(ranges, Vec::new());
    }

    /// Somebody shared seconds between two moments. `tag` stands for the place and the stretch of
    /// time: who is there twice at once needs a closer look. Only its lower 18 bits count.
    #[inline]
    pub(crate) fn add(&mut self, who: u32, secs: u64, (from, to): (u32, u32), tag: u32) {
        let range = (who >> RANGE_BITS) as usize;
        let who = who & ((1 << RANGE_BITS) - 1) | tag << RANGE_BITS;
        let secs = u32::try_from(secs).unwrap_or(u32::MAX);
        let parts = &mut self.parts[range];
        parts.push(Part { who, secs, from, to });
        if parts.len() == GATHERED {
            self.settle(range);
        }
    }

    /// Adds up what is gathered of a range.
    #[inline(never)]
    fn settle(&mut self, range: usize) {
        let first = range << RANGE_BITS;
        let end = self.sums.len().min(first + (1 << RANGE_BITS));
        let sums = &mut self.sums[first..end];
        for part in self.parts[range].drain(..) {
            let (number, tag) = (part.who & ((1 << RANGE_BITS) - 1), part.who >> RANGE_BITS);
            let sum = &mut sums[number as usize];
            let before = if sum.tag == tag { sum.until } else { 0 };
            sum.secs = sum.secs.saturating_add(part.secs);
            sum.not_first = sum.not_first.max(!part.from);
            sum.last = sum.last.max(part.to);
            (sum.tag, sum.until) = (tag, before.max(part.to));
            if part.from < before {
                let who = first + number as usize;
                self.look[who / 64] |= 1 << (who % 64);
            }
        }
    }

    /// Everything that was gathered is added up.
    pub(crate) fn settle_all(&mut self) {
        (0..self.parts.len()).for_each(|range| self.settle(range));
    }

    /// Somebody needs a closer look.
    pub(crate) fn look_at(&mut self, who: u32) {
        self.look[who as usize / 64] |= 1 << (who % 64);
    }

    /// The sums of those who need no closer look. Everything must be settled.
    pub(crate) fn sums(&self) -> impl Iterator<Item = (u32, &Sum)> {
        let trusted = |who: &(u32, &Sum)| self.look[who.0 as usize / 64] & 1 << (who.0 % 64) == 0;
        (0u32..).zip(&self.sums).filter(|(_, s)| s.secs > 0).filter(trusted)
    }

    /// Those who do, in order of their numbers.
    pub(crate) fn to_look_at(&self) -> impl Iterator<Item = u32> {
        (0u32..).step_by(64).zip(&self.look).flat_map(|(first, word)| {
            (0..64).filter(move |bit| word & 1 << bit != 0).map(move |bit| first + bit)
        })
    }
}
