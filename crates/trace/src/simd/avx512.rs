//! Sixteen visits at a time, by the instructions of AVX-512.

#[allow(clippy::wildcard_imports, reason = "two dozen instructions by their long names")]
use std::arch::x86_64::*;

use fearless_simd::prelude::*;
use fearless_simd::{kernel, u8x16, u32x16};

use super::wide::{self, Chunks};
use crate::columns::{Columns, LANES};
use crate::hit::{AGAIN, AGAIN_MARK, DOUBTFUL, OPEN, Reach, SHORT, UNPROVEN};
use crate::row::{Packed, Stayed};

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

// Line by line what `scalar` does; `kernel` makes a function that may use the processor's own
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
        let mut count = to.count;
        let mut lists = to.room(cells.len());
        let mut chunks = Chunks::<LANES>::of(cells);
        while let Some((chunk, new)) = chunks.take() {
            let chunk = chunk.as_flattened();
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
    pub(super) fn hashes(avx512: Avx512, list: &Columns, mixer: u32, shift: u32, to: &mut [u32]) {
        wide::hashes::<_, u32x16<_>>(avx512, list, mixer, shift, to);
    }
);

kernel!(
    pub(super) fn split(avx512: Avx512, list: &mut Columns, others: &mut Columns, marks: &[u8]) {
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
