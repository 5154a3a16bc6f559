//! The loops over many visits, with the widest instructions that the processor has.

use fearless_simd::Level;

use crate::columns::Columns;
use crate::hits::Reach;
use crate::run::Packed;

/// Written at a time at most.
pub(crate) const LANES: usize = 16;

/// A mark of a hash that occurs more than once.
pub(crate) const AGAIN_MARK: u8 = 2;

/// How wide.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lanes {
    One,
    #[cfg(target_arch = "x86_64")]
    Sixteen(fearless_simd::Avx512),
}

impl Default for Lanes {
    fn default() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(token) = Level::new().as_avx512() {
            return Self::Sixteen(token);
        }
        Self::One
    }
}

impl Lanes {
    /// Adds those of some cells to the list that overlap a source, with a tag.
    #[inline]
    pub(crate) fn scan(self, cells: &[Packed], reach: &Reach, all: u32, to: &mut Columns) {
        to.make_room(cells.len());
        match self {
            Self::One => one::scan(cells, reach, all, to),
            #[cfg(target_arch = "x86_64")]
            Self::Sixteen(token) => sixteen::scan(token, cells, reach, all, to),
        }
    }

    /// A hash for each holder of a list.
    #[inline]
    pub(crate) fn hash(self, list: &Columns, mixer: u32, shift: u32, to: &mut [u32]) {
        match self {
            Self::One => one::hashes(list, mixer, shift, to),
            #[cfg(target_arch = "x86_64")]
            Self::Sixteen(token) => sixteen::hashes(token, list, mixer, shift, to),
        }
    }

    /// Leaves in the list what settles something by itself, and replaces the others.
    #[inline]
    pub(crate) fn split(self, list: &mut Columns, others: &mut Columns, marks: &[u8]) {
        others.clear();
        others.make_room(list.len());
        match self {
            Self::One => one::split(list, others, marks),
            #[cfg(target_arch = "x86_64")]
            Self::Sixteen(token) => sixteen::split(token, list, others, marks),
        }
    }
}

/// A hash of so many bits as `shift` leaves of 32.
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

    pub(super) fn scan(cells: &[Packed], reach: &Reach, all: u32, to: &mut Columns) {
        let at = to.count..to.count + cells.len();
        let [holders, froms, lens, tags] = to.lists.each_mut().map(|l| &mut l[at.clone()]);
        let mut hit = 0;
        let reach_to = u64::from(reach.to);
        for cell in cells.iter().map(Cell::of) {
            let len = cell.stayed.len_or(reach.open_secs);
            let open = cell.stayed.is_open();
            let end = u64::from(cell.entered) + u64::from(len);
            let from = select_unpredictable(cell.entered > reach.from, cell.entered, reach.from);
            let until = select_unpredictable(end > reach_to, reach_to, end);
            let secs = until.wrapping_sub(u64::from(from)).cast_signed();
            let short = u32::from(secs < i64::from(reach.least)) * SHORT;
            holders[hit] = cell.holder;
            froms[hit] = select_unpredictable(open, cell.entered, from);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "if it is kept"
            )]
            let secs_32 = secs as u32;
            lens[hit] = secs_32;
            tags[hit] = all | cell.stayed.bits() & (OPEN | UNPROVEN) | short;
            hit += usize::from(secs > 0);
        }
        to.count += hit;
    }

    pub(super) fn hashes(list: &Columns, mixer: u32, shift: u32, to: &mut [u32]) {
        for (holder, to) in list.lists[0][..list.count].iter().zip(to) {
            *to = hash(*holder, mixer, shift);
        }
    }

    pub(super) fn split(list: &mut Columns, others: &mut Columns, marks: &[u8]) {
        let count = list.count;
        let list_ = list.lists.each_mut().map(|l| &mut l[..count]);
        let others_ = others.lists.each_mut().map(|l| &mut l[..count]);
        let (mut settled, mut other) = (0, 0);
        for n in 0..count {
            let again = u32::from(marks[n] & AGAIN_MARK) * (AGAIN / u32::from(AGAIN_MARK));
            let tag = list_[3][n] & (again | !AGAIN);
            let hit = [list_[0][n], list_[1][n], list_[2][n], tag];
            for k in 0..4 {
                list_[k][settled] = hit[k];
                others_[k][other] = hit[k];
            }
            settled += usize::from(tag & (DOUBTFUL | AGAIN | SHORT) == 0);
            other += usize::from(tag & (DOUBTFUL | AGAIN) != 0);
        }
        list.count = settled;
        others.count = other;
    }
}

#[cfg(target_arch = "x86_64")]
mod sixteen {
    use std::arch::x86_64::*;

    use fearless_simd::prelude::*;
    use fearless_simd::{kernel, u8x16, u32x16};

    use super::{AGAIN_MARK, LANES};
    use crate::columns::Columns;
    use crate::hits::{AGAIN, DOUBTFUL, OPEN, Reach, SHORT, UNPROVEN};
    use crate::run::Packed;

    kernel!(
        pub(super) fn scan(avx: Avx512, cells: &[Packed], reach: &Reach, all: u32, to: &mut Columns) {
            let load = |s: &[u32]| -> __m512i { u32x16::from_slice(avx, s).into() };
            let all_of = |n: u32| _mm512_set1_epi32(n.cast_signed());
            // Where the numbers of sixteen cells are among 48: of the first two rows of sixteen, and
            // then of those and the third.
            let column = |n: i32| {
                let at = |lane: i32| n + 3 * lane;
                let two = _mm512_setr_epi32(
                    at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8), at(9),
                    at(10) & 31, at(11) & 31, at(12) & 31, at(13) & 31, at(14) & 31, at(15) & 31,
                );
                let pick = |lane: i32| if at(lane) < 32 { lane } else { at(lane) - 16 };
                let three = _mm512_setr_epi32(
                    pick(0), pick(1), pick(2), pick(3), pick(4), pick(5), pick(6), pick(7),
                    pick(8), pick(9), pick(10), pick(11), pick(12), pick(13), pick(14), pick(15),
                );
                (two, three)
            };
            let columns = [column(0), column(1), column(2)];
            let (from, until) = (all_of(reach.from), all_of(reach.to));
            let (open_secs, least) = (all_of(reach.open_secs), all_of(reach.least));
            let (all, bits) = (all_of(all), all_of(OPEN | UNPROVEN));
            let (open_bit, short_bit, most) = (all_of(OPEN), all_of(SHORT), all_of(u32::MAX));
            let mut count = to.count;
            let flat = cells.as_flattened();
            // A few are taken among others that were never anywhere.
            let mut padded = [0; 3 * LANES];
            if cells.len() < LANES {
                padded[..flat.len()].copy_from_slice(flat);
            }
            let mut at = 0;
            while at < cells.len() {
                let mut fresh = u16::MAX;
                let chunk = if at + LANES <= cells.len() {
                    &flat[at * 3..][..3 * LANES]
                } else if cells.len() >= LANES {
                    // The last sixteen, without those that were taken before.
                    let begin = cells.len() - LANES;
                    fresh <<= at - begin;
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
                let len = _mm512_srli_epi32::<4>(stayed);
                let len = _mm512_mask_mov_epi32(len, open, open_secs);
                let end = _mm512_add_epi32(entered, len);
                let beyond = _mm512_cmplt_epu32_mask(end, entered);
                let end = _mm512_mask_mov_epi32(end, beyond, most);
                let begin = _mm512_max_epu32(entered, from);
                let end = _mm512_min_epu32(end, until);
                let overlap = _mm512_mask_cmpgt_epu32_mask(fresh, end, begin);
                let secs = _mm512_sub_epi32(end, begin);
                let short = _mm512_cmplt_epu32_mask(secs, least);
                let begin = _mm512_mask_mov_epi32(begin, open, entered);
                let tag = _mm512_or_epi32(_mm512_and_epi32(stayed, bits), all);
                let tag = _mm512_mask_or_epi32(tag, short, tag, short_bit);
                for (list, numbers) in to.lists.iter_mut().zip([holder, begin, secs, tag]) {
                    let numbers: u32x16<_> =
                        _mm512_maskz_compress_epi32(overlap, numbers).simd_into(avx);
                    numbers.store_slice(&mut list[count..][..LANES]);
                }
                count += overlap.count_ones() as usize;
            }
            to.count = count;
        }
    );

    kernel!(
        pub(super) fn hashes(avx: Avx512, list: &Columns, mixer: u32, shift: u32, to: &mut [u32]) {
            let by = _mm512_set1_epi32(mixer.cast_signed());
            let shift = _mm_cvtsi32_si128(shift.cast_signed());
            let mut at = 0;
            while at < list.count {
                let holders: __m512i = u32x16::from_slice(avx, &list.lists[0][at..][..LANES]).into();
                let hashes = _mm512_srl_epi32(_mm512_mullo_epi32(holders, by), shift);
                let hashes: u32x16<_> = hashes.simd_into(avx);
                hashes.store_slice(&mut to[at..][..LANES]);
                at += LANES;
            }
        }
    );

    kernel!(
        pub(super) fn split(avx: Avx512, list: &mut Columns, others: &mut Columns, marks: &[u8]) {
            let all_of = |n: u32| _mm512_set1_epi32(n.cast_signed());
            let (again_bit, mark_bit) = (all_of(AGAIN), all_of(AGAIN_MARK.into()));
            let (not, closer) = (all_of(DOUBTFUL | AGAIN | SHORT), all_of(DOUBTFUL | AGAIN));
            let (mut settled, mut other, mut at) = (0, 0, 0);
            while at < list.count {
                let load = |s: &[u32]| -> __m512i { u32x16::from_slice(avx, &s[at..][..LANES]).into() };
                let [holder, from, secs, tag] = list.lists.each_ref().map(|l| load(l));
                let marks: __m128i = u8x16::from_slice(avx, &marks[at..][..LANES]).into();
                let once = _mm512_testn_epi32_mask(_mm512_cvtepu8_epi32(marks), mark_bit);
                let tag = _mm512_mask_andnot_epi32(tag, once, again_bit, tag);
                let left = list.count - at;
                let here = if left < LANES { (1 << left) - 1 } else { u16::MAX };
                let settles = _mm512_mask_testn_epi32_mask(here, tag, not);
                let look = _mm512_mask_test_epi32_mask(here, tag, closer);
                let numbers = [holder, from, secs, tag];
                for (list, numbers) in list.lists.iter_mut().zip(numbers) {
                    let kept: u32x16<_> = _mm512_maskz_compress_epi32(settles, numbers).simd_into(avx);
                    kept.store_slice(&mut list[settled..][..LANES]);
                }
                for (list, numbers) in others.lists.iter_mut().zip(numbers) {
                    let kept: u32x16<_> = _mm512_maskz_compress_epi32(look, numbers).simd_into(avx);
                    kept.store_slice(&mut list[other..][..LANES]);
                }
                settled += settles.count_ones() as usize;
                other += look.count_ones() as usize;
                at += LANES;
            }
            list.count = settled;
            others.count = other;
        }
    );
}
