//! The loops over many visits: one visit at a time, or sixteen where the processor can.
//!
//! Both ways give the same lists, number for number. All of these loops run without a branch that
//! nobody can foresee.

use crate::columns::Columns;
use crate::hits::Reach;
use crate::run::Packed;

/// So many are taken, and written, at a time at most.
pub(crate) const LANES: usize = 16;

/// In the mark of a hash: it occurs more than once.
pub(crate) const AGAIN_MARK: u8 = 2;

/// How many visits are taken at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lanes {
    One,
    #[cfg(target_arch = "x86_64")]
    Sixteen(fearless_simd::Avx512),
}

impl Default for Lanes {
    /// The most this processor can.
    fn default() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx512) = fearless_simd::Level::new().as_avx512() {
            return Self::Sixteen(avx512);
        }
        Self::One
    }
}

impl Lanes {
    /// Adds the visits that overlap a source to a list; `tag` is what the tags of all of them have.
    #[inline]
    pub(crate) fn scan(self, cells: &[Packed], reach: &Reach, tag: u32, to: &mut Columns) {
        to.make_room(cells.len());
        match self {
            Self::One => one::scan(cells, reach, tag, to),
            #[cfg(target_arch = "x86_64")]
            Self::Sixteen(avx512) => sixteen::scan(avx512, cells, reach, tag, to),
        }
    }

    /// A hash for each holder of a list. There is room for [`LANES`] more.
    #[inline]
    pub(crate) fn hash(self, list: &Columns, mixer: u32, shift: u32, to: &mut [u32]) {
        match self {
            Self::One => one::hashes(list, mixer, shift, to),
            #[cfg(target_arch = "x86_64")]
            Self::Sixteen(avx512) => sixteen::hashes(avx512, list, mixer, shift, to),
        }
    }

    /// Leaves in a list what settles something by itself; `others` becomes what else may matter.
    /// The mark of each of the list says whether their hash occurs again; there are [`LANES`] more.
    #[inline]
    pub(crate) fn split(self, list: &mut Columns, others: &mut Columns, marks: &[u8]) {
        others.clear();
        others.make_room(list.len());
        list.make_room(0);
        match self {
            Self::One => one::split(list, others, marks),
            #[cfg(target_arch = "x86_64")]
            Self::Sixteen(avx512) => sixteen::split(avx512, list, others, marks),
        }
    }
}

/// A hash of as many bits as `shift` leaves of 32.
#[inline]
pub(crate) const fn hash(holder: u32, mixer: u32, shift: u32) -> u32 {
    holder.wrapping_mul(mixer) >> shift
}

mod one {
    use std::hint::select_unpredictable;

    use super::{AGAIN_MARK, hash};
    use crate::columns::Columns;
    use crate::hits::{AGAIN, DOUBTFUL, OPEN, Reach, SHORT, UNPROVEN};
    use crate::run::{Cell, Packed};

    pub(super) fn scan(cells: &[Packed], reach: &Reach, tag: u32, to: &mut Columns) {
        let count = to.count;
        let [holders, froms, lengths, tags] = to.room(cells.len());
        let mut at = count;
        let reach_to = u64::from(reach.to);
        for cell in cells.iter().map(Cell::of) {
            let len = cell.stayed.len_or(reach.open_secs);
            let open = cell.stayed.is_open();
            let end = u64::from(cell.entered) + u64::from(len);
            let from = select_unpredictable(cell.entered > reach.from, cell.entered, reach.from);
            let until = select_unpredictable(end > reach_to, reach_to, end);
            let secs = until.wrapping_sub(u64::from(from)).cast_signed();
            let short = u32::from(secs < i64::from(reach.least)) * SHORT;
            holders[at] = cell.holder;
            froms[at] = select_unpredictable(open, cell.entered, from);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "if it is kept"
            )]
            let secs_32 = secs as u32;
            lengths[at] = secs_32;
            tags[at] = tag | cell.stayed.bits() & (OPEN | UNPROVEN) | short;
            at += usize::from(secs > 0);
        }
        to.count = at;
    }

    pub(super) fn hashes(list: &Columns, mixer: u32, shift: u32, to: &mut [u32]) {
        for (holder, to) in list.holders().iter().zip(to) {
            *to = hash(*holder, mixer, shift);
        }
    }

    pub(super) fn split(list: &mut Columns, others: &mut Columns, marks: &[u8]) {
        let count = list.count;
        let (kept, left) = (list.room(0), others.room(count));
        let (mut settled, mut other) = (0, 0);
        for n in 0..count {
            let again = u32::from(marks[n] & AGAIN_MARK) * (AGAIN / u32::from(AGAIN_MARK));
            let tag = kept[3][n] & (again | !AGAIN);
            for (column, number) in [kept[0][n], kept[1][n], kept[2][n], tag].iter().enumerate() {
                kept[column][settled] = *number;
                left[column][other] = *number;
            }
            settled += usize::from(tag & (DOUBTFUL | AGAIN | SHORT) == 0);
            other += usize::from(tag & (DOUBTFUL | AGAIN) != 0);
        }
        (list.count, others.count) = (settled, other);
    }
}

#[cfg(target_arch = "x86_64")]
mod sixteen {
    #[allow(clippy::wildcard_imports, reason = "two dozen instructions by their long names")]
    use std::arch::x86_64::*;

    use fearless_simd::prelude::*;
    use fearless_simd::{kernel, u8x16, u32x16};

    use super::{AGAIN_MARK, LANES};
    use crate::columns::Columns;
    use crate::hits::{AGAIN, DOUBTFUL, OPEN, Reach, SHORT, UNPROVEN};
    use crate::row::Stayed;
    use crate::run::Packed;

    /// Where the numbers of one column of sixteen cells are among the 48 of all columns: first
    /// among the first two sixteens, then in what that gives and the last sixteen.
    const fn column(first: i32) -> ([i32; LANES], [i32; LANES]) {
        let (mut two, mut three) = ([0; LANES], [0; LANES]);
        let (mut lane, mut at) = (0, first);
        let mut n = 0;
        while n < LANES {
            if at < 32 {
                (two[n], three[n]) = (at, lane);
            } else {
                three[n] = at - 16;
            }
            (n, lane, at) = (n + 1, lane + 1, at + 3);
        }
        (two, three)
    }

    const COLUMNS: [([i32; LANES], [i32; LANES]); 3] = [column(0), column(1), column(2)];

    // Line by line what `one` does; `kernel` makes a function that may use the processor's own
    // instructions, and that nobody can call without proof that it has them.
    kernel!(
        pub(super) fn scan(
            avx512: Avx512,
            cells: &[Packed],
            reach: &Reach,
            tag: u32,
            to: &mut Columns,
        ) {
            let load = |s: &[u32]| -> __m512i { u32x16::from_slice(avx512, s).into() };
            let lanes = |s: [i32; LANES]| load(&s.map(i32::cast_unsigned));
            let all = |n: u32| _mm512_set1_epi32(n.cast_signed());
            let columns = COLUMNS.map(|(two, three)| (lanes(two), lanes(three)));
            let (from, until) = (all(reach.from), all(reach.to));
            let (open_secs, least) = (all(reach.open_secs), all(reach.least));
            let (tag, bits, most) = (all(tag), all(OPEN | UNPROVEN), all(u32::MAX));
            let (open_bit, short_bit) = (all(OPEN), all(SHORT));
            let flat = cells.as_flattened();
            // A few are taken among others that were never anywhere.
            let mut padded = [0; 3 * LANES];
            if cells.len() < LANES {
                padded[..flat.len()].copy_from_slice(flat);
            }
            let mut count = to.count;
            let mut lists = to.room(cells.len());
            let mut at = 0;
            while at < cells.len() {
                let mut new = u16::MAX;
                let chunk = if at + LANES <= cells.len() {
                    &flat[at * 3..][..3 * LANES]
                } else if cells.len() >= LANES {
                    // The last sixteen, without those that were taken before.
                    let begin = cells.len() - LANES;
                    new <<= at - begin;
                    &flat[begin * 3..][..3 * LANES]
                } else {
                    &padded[..]
                };
                at += LANES;
                let rows = [load(&chunk[..16]), load(&chunk[16..32]), load(&chunk[32..])];
                let [entered, stayed, holder] = columns.map(|(two, three)| {
                    let two = _mm512_permutex2var_epi32(rows[0], two, rows[1]);
                    _mm512_permutex2var_epi32(two, three, rows[2])
                });
                let open = _mm512_test_epi32_mask(stayed, open_bit);
                let len = _mm512_srli_epi32::<{ Stayed::LEN_AT }>(stayed);
                let len = _mm512_mask_mov_epi32(len, open, open_secs);
                let end = _mm512_add_epi32(entered, len);
                // Ends after the last moment there is are at the last.
                let beyond = _mm512_cmplt_epu32_mask(end, entered);
                let end = _mm512_mask_mov_epi32(end, beyond, most);
                let begin = _mm512_max_epu32(entered, from);
                let end = _mm512_min_epu32(end, until);
                let overlap = _mm512_mask_cmpgt_epu32_mask(new, end, begin);
                let secs = _mm512_sub_epi32(end, begin);
                let short = _mm512_cmplt_epu32_mask(secs, least);
                let begin = _mm512_mask_mov_epi32(begin, open, entered);
                let tags = _mm512_or_epi32(_mm512_and_epi32(stayed, bits), tag);
                let tags = _mm512_mask_or_epi32(tags, short, tags, short_bit);
                for (list, numbers) in lists.iter_mut().zip([holder, begin, secs, tags]) {
                    let kept = _mm512_maskz_compress_epi32(overlap, numbers);
                    let kept: u32x16<_> = kept.simd_into(avx512);
                    kept.store_slice(&mut list[count..][..LANES]);
                }
                count += overlap.count_ones() as usize;
            }
            to.count = count;
        }
    );

    kernel!(
        pub(super) fn hashes(
            avx512: Avx512,
            list: &Columns,
            mixer: u32,
            shift: u32,
            to: &mut [u32],
        ) {
            let mixer = _mm512_set1_epi32(mixer.cast_signed());
            let shift = _mm_cvtsi32_si128(shift.cast_signed());
            for at in (0..list.count).step_by(LANES) {
                let holders = u32x16::from_slice(avx512, &list.lists[0][at..][..LANES]);
                let hashes = _mm512_srl_epi32(_mm512_mullo_epi32(holders.into(), mixer), shift);
                let hashes: u32x16<_> = hashes.simd_into(avx512);
                hashes.store_slice(&mut to[at..][..LANES]);
            }
        }
    );

    kernel!(
        pub(super) fn split(
            avx512: Avx512,
            list: &mut Columns,
            others: &mut Columns,
            marks: &[u8],
        ) {
            let load = |s: &[u32]| -> __m512i { u32x16::from_slice(avx512, s).into() };
            let all = |n: u32| _mm512_set1_epi32(n.cast_signed());
            let (again_bit, again_mark) = (all(AGAIN), all(AGAIN_MARK.into()));
            let (not_settled, other_bits) = (all(DOUBTFUL | AGAIN | SHORT), all(DOUBTFUL | AGAIN));
            let count = list.count;
            let (kept, left) = (list.room(0), others.room(count));
            let (mut settled, mut other) = (0, 0);
            // What is kept is written where it was read, or before.
            for at in (0..count).step_by(LANES) {
                let [holder, from, secs, tag] = kept.each_ref().map(|l| load(&l[at..][..LANES]));
                let marks: __m128i = u8x16::from_slice(avx512, &marks[at..][..LANES]).into();
                let once = _mm512_testn_epi32_mask(_mm512_cvtepu8_epi32(marks), again_mark);
                let tag = _mm512_mask_andnot_epi32(tag, once, again_bit, tag);
                let here = u16::MAX >> LANES.saturating_sub(count - at);
                let settles = _mm512_mask_testn_epi32_mask(here, tag, not_settled);
                let matters = _mm512_mask_test_epi32_mask(here, tag, other_bits);
                for (column, numbers) in [holder, from, secs, tag].into_iter().enumerate() {
                    let some = _mm512_maskz_compress_epi32(settles, numbers);
                    let some: u32x16<_> = some.simd_into(avx512);
                    some.store_slice(&mut kept[column][settled..][..LANES]);
                    let some = _mm512_maskz_compress_epi32(matters, numbers);
                    let some: u32x16<_> = some.simd_into(avx512);
                    some.store_slice(&mut left[column][other..][..LANES]);
                }
                settled += settles.count_ones() as usize;
                other += matters.count_ones() as usize;
            }
            (list.count, others.count) = (settled, other);
        }
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hits::{AGAIN, Hit};
    use crate::row::Stayed;

    fn number() -> impl Strategy<Value = u32> {
        prop_oneof![0..200u32, any::<u32>(), (u32::MAX - 200)..=u32::MAX]
    }

    fn cells() -> impl Strategy<Value = Vec<Packed>> {
        // Few holders, so that they occur again.
        let stayed = prop_oneof![any::<u32>(), (0..3_000u32).prop_map(|n| n << Stayed::LEN_AT)];
        let cell = (number(), stayed, prop_oneof![0..40u32, any::<u32>()]);
        prop::collection::vec(
            cell.prop_map(|(entered, stayed, holder)| [entered, stayed, holder]),
            0..100,
        )
    }

    fn reach() -> impl Strategy<Value = Reach> {
        let numbers = (number(), number(), number(), number(), any::<bool>());
        numbers.prop_map(|(from, to, open_secs, least, recorded)| Reach {
            from,
            to,
            open_secs,
            least,
            recorded,
        })
    }

    /// All lists that a way makes of the same visits.
    fn lists(
        lanes: Lanes,
        sources: &[(Reach, Vec<Packed>)],
        again: &[bool],
        shift: u32,
    ) -> (Vec<u32>, [Vec<Hit>; 3]) {
        let (mut list, mut others) = (Columns::default(), Columns::default());
        for ((reach, cells), source) in sources.iter().zip(0..) {
            lanes.scan(cells, reach, source << 5 | AGAIN, &mut list);
        }
        let scanned = list.iter().collect();
        let mut hashes = vec![0; list.len() + LANES];
        lanes.hash(&list, 0x9e37_79b9, shift, &mut hashes);
        hashes.truncate(list.len());
        let again = again.iter().cycle().map(|again| u8::from(*again) * AGAIN_MARK);
        let marks: Vec<_> = again.take(list.len() + LANES).collect();
        lanes.split(&mut list, &mut others, &marks);
        (hashes, [scanned, list.iter().collect(), others.iter().collect()])
    }

    proptest! {
        /// On a processor that takes one at a time this compares that way with itself.
        #[test]
        fn sixteen_at_a_time_find_what_one_at_a_time_finds(
            sources in prop::collection::vec((reach(), cells()), 0..5),
            again in prop::collection::vec(any::<bool>(), 1..50),
            shift in 0..32u32,
        ) {
            let one = lists(Lanes::One, &sources, &again, shift);
            prop_assert_eq!(lists(Lanes::default(), &sources, &again, shift), one);
        }
    }
}
