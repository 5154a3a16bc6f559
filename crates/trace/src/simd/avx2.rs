//! Eight visits at a time, by the instructions of AVX2. It has none that keeps some of eight numbers
//! in order, so a table says for each choice which of them go where; and none that compares numbers
//! without a sign, so the larger or smaller of two is compared with one of them.

#[allow(clippy::wildcard_imports, reason = "two dozen instructions by their long names")]
use std::arch::x86_64::*;

use fearless_simd::prelude::*;
use fearless_simd::{kernel, u32x8};

use super::wide::{self, Chunks};
use crate::columns::Columns;
use crate::hit::{AGAIN, AGAIN_MARK, DOUBTFUL, OPEN, Reach, SHORT, UNPROVEN};
use crate::row::{Packed, Stayed};

const LANES: usize = 8;

/// For each choice of eight lanes the numbers of the chosen ones, in order, a byte for each.
static CHOSEN: [u64; 256] = {
    let mut table = [0; 256];
    let mut choice = 0;
    while choice < table.len() {
        let (mut lane, mut at) = (0, 0);
        while lane < LANES as u64 {
            if choice >> lane & 1 == 1 {
                table[choice] |= lane << at;
                at += 8;
            }
            lane += 1;
        }
        choice += 1;
    }
    table
};

/// The chosen of some numbers come first if they are permuted by this.
#[inline]
#[target_feature(enable = "avx2")]
fn chosen(choice: u8) -> __m256i {
    _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(CHOSEN[usize::from(choice)].cast_signed()))
}

/// A bit for each lane: whether its highest bit is set.
#[inline]
#[target_feature(enable = "avx2")]
fn mask(lanes: __m256i) -> u8 {
    _mm256_movemask_ps(_mm256_castsi256_ps(lanes)).to_le_bytes()[0]
}

/// From the mark of a hash to the tag of an overlap.
const AGAIN_SHIFT: i32 = (AGAIN.trailing_zeros() - AGAIN_MARK.trailing_zeros()).cast_signed();

/// Where the numbers of each column of eight cells are in what [`scan`] blends for it.
const COLUMNS: [[u32; LANES]; 3] =
    [[0, 3, 6, 1, 4, 7, 2, 5], [1, 4, 7, 2, 5, 0, 3, 6], [2, 5, 0, 3, 6, 1, 4, 7]];

// Line by line what `scalar` does; `kernel` makes a function that may use the processor's own
// instructions, and that nobody can call without proof that it has them.
kernel!(
    pub(super) fn scan(avx2: Avx2, cells: &[Packed], reach: &Reach, tag: u32, to: &mut Columns) {
        let load = |s: &[u32]| -> __m256i { u32x8::from_slice(avx2, s).into() };
        let all = |n: u32| _mm256_set1_epi32(n.cast_signed());
        let columns = COLUMNS.map(|c| load(&c));
        let (from, until) = (all(reach.from), all(reach.to));
        let (open_secs, least) = (all(reach.open_secs), all(reach.least));
        let (tag, bits, most) = (all(tag), all(OPEN | UNPROVEN), all(u32::MAX));
        let (open_bit, short_bit) = (all(OPEN), all(SHORT));
        let mut count = to.count;
        let mut lists = to.room(cells.len());
        let mut chunks = Chunks::<LANES>::of(cells);
        while let Some((chunk, new)) = chunks.take() {
            let chunk = chunk.as_flattened();
            let (a, b, c) = (load(&chunk[..8]), load(&chunk[8..16]), load(&chunk[16..]));
            // Of each column other lanes of the three hold something, so they fit into one.
            let entered = _mm256_blend_epi32::<0b1001_0010>(a, b);
            let entered = _mm256_blend_epi32::<0b0010_0100>(entered, c);
            let entered = _mm256_permutevar8x32_epi32(entered, columns[0]);
            let stayed = _mm256_blend_epi32::<0b0010_0100>(a, b);
            let stayed = _mm256_blend_epi32::<0b0100_1001>(stayed, c);
            let stayed = _mm256_permutevar8x32_epi32(stayed, columns[1]);
            let holder = _mm256_blend_epi32::<0b0100_1001>(a, b);
            let holder = _mm256_blend_epi32::<0b1001_0010>(holder, c);
            let holder = _mm256_permutevar8x32_epi32(holder, columns[2]);
            let open = _mm256_cmpeq_epi32(_mm256_and_si256(stayed, open_bit), open_bit);
            let len = _mm256_srli_epi32::<{ Stayed::LEN_AT.cast_signed() }>(stayed);
            let len = _mm256_blendv_epi8(len, open_secs, open);
            // Ends after the last moment there is are at the last.
            let len = _mm256_min_epu32(len, _mm256_xor_si256(entered, most));
            let end = _mm256_min_epu32(_mm256_add_epi32(entered, len), until);
            let begin = _mm256_max_epu32(entered, from);
            let end = _mm256_max_epu32(end, begin);
            let nothing = _mm256_cmpeq_epi32(end, begin);
            let overlap = new.to_le_bytes()[0] & !mask(nothing);
            let secs = _mm256_sub_epi32(end, begin);
            let enough = _mm256_cmpeq_epi32(_mm256_max_epu32(secs, least), secs);
            let begin = _mm256_blendv_epi8(begin, entered, open);
            let tags = _mm256_or_si256(_mm256_and_si256(stayed, bits), tag);
            let tags = _mm256_or_si256(tags, _mm256_andnot_si256(enough, short_bit));
            let chosen = chosen(overlap);
            for (list, numbers) in lists.iter_mut().zip([holder, begin, secs, tags]) {
                let kept = _mm256_permutevar8x32_epi32(numbers, chosen);
                let kept: u32x8<_> = kept.simd_into(avx2);
                kept.store_slice(&mut list[count..][..LANES]);
            }
            count += overlap.count_ones() as usize;
        }
        to.count = count;
    }
);

kernel!(
    pub(super) fn hashes(avx2: Avx2, list: &Columns, mixer: u32, shift: u32, to: &mut [u32]) {
        wide::hashes::<_, u32x8<_>>(avx2, list, mixer, shift, to);
    }
);

kernel!(
    pub(super) fn split(avx2: Avx2, list: &mut Columns, others: &mut Columns, marks: &[u8]) {
        let load = |s: &[u32]| -> __m256i { u32x8::from_slice(avx2, s).into() };
        let all = |n: u32| _mm256_set1_epi32(n.cast_signed());
        let (again_mark, but_again, zero) = (all(AGAIN_MARK.into()), all(!AGAIN), all(0));
        let (not_settled, other_bits) = (all(DOUBTFUL | AGAIN | SHORT), all(DOUBTFUL | AGAIN));
        let (mut settled, mut other) = (0, 0);
        let count = list.count;
        let (kept, left) = (list.room(0), others.room(count));
        let (marks, _) = marks.as_chunks::<LANES>();
        // What is kept is written where it was read, or before.
        for (at, marks) in (0..count).step_by(LANES).zip(marks) {
            let [holder, from, secs, tag] = kept.each_ref().map(|l| load(&l[at..][..LANES]));
            let marks = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(i64::from_le_bytes(*marks)));
            let again = _mm256_slli_epi32::<AGAIN_SHIFT>(_mm256_and_si256(marks, again_mark));
            let tag = _mm256_and_si256(tag, _mm256_or_si256(again, but_again));
            let here = u8::MAX >> LANES.saturating_sub(count - at);
            let none_of = |bits| mask(_mm256_cmpeq_epi32(_mm256_and_si256(tag, bits), zero));
            let settles = here & none_of(not_settled);
            let matters = here & !none_of(other_bits);
            let (first, second) = (chosen(settles), chosen(matters));
            for (column, numbers) in [holder, from, secs, tag].into_iter().enumerate() {
                let some: u32x8<_> = _mm256_permutevar8x32_epi32(numbers, first).simd_into(avx2);
                some.store_slice(&mut kept[column][settled..][..LANES]);
                let some: u32x8<_> = _mm256_permutevar8x32_epi32(numbers, second).simd_into(avx2);
                some.store_slice(&mut left[column][other..][..LANES]);
            }
            settled += settles.count_ones() as usize;
            other += matters.count_ones() as usize;
        }
        (list.count, others.count) = (settled, other);
    }
);
