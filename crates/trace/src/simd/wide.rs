//! What the ways over several visits at a time have in common.

use fearless_simd::prelude::*;

use crate::columns::Columns;
use crate::row::Packed;

/// Cells by so many at a time, in their order.
pub(super) struct Chunks<'a, const N: usize> {
    cells: &'a [Packed],
    at: usize,
    /// Fewer cells than one chunk are taken among others that were never anywhere.
    padded: [Packed; N],
}

impl<'a, const N: usize> Chunks<'a, N> {
    #[inline]
    pub(super) fn of(cells: &'a [Packed]) -> Self {
        let mut padded = [[0; 3]; N];
        if cells.len() < N {
            padded[..cells.len()].copy_from_slice(cells);
        }
        Self { cells, at: 0, padded }
    }

    /// The next ones, and a bit for each: it was not among those before.
    #[inline]
    pub(super) fn take(&mut self) -> Option<(&[Packed; N], u16)> {
        let rest = self.cells.get(self.at..).filter(|rest| !rest.is_empty())?;
        self.at += N;
        if let Some(chunk) = rest.first_chunk() {
            return Some((chunk, u16::MAX));
        }
        // The last so many, without those that were taken before.
        match self.cells.last_chunk() {
            Some(chunk) => Some((chunk, u16::MAX << (N - rest.len()))),
            None => Some((&self.padded, u16::MAX)),
        }
    }
}

/// A hash for each holder of a list, as [`hash`](super::scalar::hash) makes it.
#[expect(clippy::inline_always, reason = "only a function for the processor can take the body in")]
#[inline(always)]
pub(super) fn hashes<S: fearless_simd::Simd, V: SimdInt<S, Element = u32>>(
    simd: S,
    list: &Columns,
    mixer: u32,
    shift: u32,
    to: &mut [u32],
) {
    for at in (0..list.count).step_by(V::LEN) {
        let holders = V::from_slice(simd, &list.lists[0][at..][..V::LEN]);
        let hashes = (holders * mixer) >> shift;
        hashes.store_slice(&mut to[at..][..V::LEN]);
    }
}
