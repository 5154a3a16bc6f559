//! The loops over many visits: one visit at a time, or eight or sixteen where the processor can.
//!
//! All ways give the same lists, number for number. All of these loops run without a branch that
//! nobody can foresee.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod scalar;
#[cfg(target_arch = "x86_64")]
mod wide;

use crate::columns::{Columns, LANES};
use crate::hit::Reach;
use crate::row::Packed;

pub(crate) use scalar::hash;

/// How many visits are taken at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Simd {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Avx2(fearless_simd::Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(fearless_simd::Avx512),
}

/// To measure what another processor would do: build with `RUSTFLAGS='--cfg jadegate_simd="scalar"'`
/// or `"avx2"`.
const MOST: usize = if cfg!(jadegate_simd = "scalar") {
    1
} else if cfg!(jadegate_simd = "avx2") {
    8
} else {
    LANES
};

impl Default for Simd {
    /// The most this processor can.
    fn default() -> Self {
        Self::at_most(MOST)
    }
}

impl Simd {
    fn at_most(visits: usize) -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let level = fearless_simd::Level::new();
            if let Some(avx512) = level.as_avx512().filter(|_| visits >= 16) {
                return Self::Avx512(avx512);
            }
            if let Some(avx2) = level.as_avx2().filter(|_| visits >= 8) {
                return Self::Avx2(avx2);
            }
        }
        let _ = visits;
        Self::Scalar
    }

    /// Adds the visits that overlap a source to a list; `tag` is what the tags of all of them have.
    #[inline]
    pub(crate) fn scan(self, cells: &[Packed], reach: &Reach, tag: u32, to: &mut Columns) {
        to.make_room(cells.len());
        match self {
            Self::Scalar => scalar::scan(cells, reach, tag, to),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2::scan(avx2, cells, reach, tag, to),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(avx512) => avx512::scan(avx512, cells, reach, tag, to),
        }
    }

    /// A hash for each holder of a list. There is room for [`LANES`] more.
    #[inline]
    pub(crate) fn hash(self, list: &Columns, mixer: u32, shift: u32, to: &mut [u32]) {
        match self {
            Self::Scalar => scalar::hashes(list, mixer, shift, to),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2::hashes(avx2, list, mixer, shift, to),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(avx512) => avx512::hashes(avx512, list, mixer, shift, to),
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
            Self::Scalar => scalar::split(list, others, marks),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2::split(avx2, list, others, marks),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(avx512) => avx512::split(avx512, list, others, marks),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hit::{AGAIN, AGAIN_MARK, Hit};
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
        simd: Simd,
        sources: &[(Reach, Vec<Packed>)],
        again: &[bool],
        shift: u32,
    ) -> (Vec<u32>, [Vec<Hit>; 3]) {
        let (mut list, mut others) = (Columns::default(), Columns::default());
        for ((reach, cells), source) in sources.iter().zip(0..) {
            simd.scan(cells, reach, source << 5 | AGAIN, &mut list);
        }
        let scanned = list.iter().collect();
        let mut hashes = vec![0; list.len() + LANES];
        simd.hash(&list, 0x9e37_79b9, shift, &mut hashes);
        hashes.truncate(list.len());
        let again = again.iter().cycle().map(|again| u8::from(*again) * AGAIN_MARK);
        let marks: Vec<_> = again.take(list.len() + LANES).collect();
        simd.split(&mut list, &mut others, &marks);
        (hashes, [scanned, list.iter().collect(), others.iter().collect()])
    }

    proptest! {
        /// What a processor cannot do is compared with the most that it can.
        #[test]
        fn many_at_a_time_find_what_one_at_a_time_finds(
            sources in prop::collection::vec((reach(), cells()), 0..5),
            again in prop::collection::vec(any::<bool>(), 1..50),
            shift in 0..32u32,
        ) {
            let one = lists(Simd::Scalar, &sources, &again, shift);
            for most in [8, 16] {
                let simd = Simd::at_most(most);
                prop_assert_eq!(&lists(simd, &sources, &again, shift), &one, "{:?}", simd);
            }
        }
    }
}
