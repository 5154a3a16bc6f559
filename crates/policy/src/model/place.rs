//! Divisions as numbers.

use jadegate_domain::Division;

/// A division in one number: which holds which is seen without reading text.
///
/// Two letters of the country in the upper 16 bits; below them the path from the left, in China
/// four bits a digit, elsewhere eight bits a letter. Zero is no division.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Place(u64);

/// The bits of the path.
const PATH: u64 = (1 << 48) - 1;

impl Place {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn of(division: &Division) -> Self {
        let country = division.country().bytes().fold(0, |c, b| c << 8 | u64::from(b));
        let china = division.country() == "CN";
        let mut path = 0;
        let mut room: u32 = 48;
        for b in division.path().bytes() {
            // A digit is stored as 1 to 10, so that a shorter path differs from one with zeros.
            let (bits, code) = if china { (4, (b & 15) + 1) } else { (8, b) };
            room = room.saturating_sub(bits);
            path |= u64::from(code) << room;
        }
        Self(country << 48 | path & PATH)
    }

    pub(crate) const fn is_some(self) -> bool {
        self.0 != 0
    }

    pub(crate) const fn same_country(self, other: Self) -> bool {
        self.0 >> 48 == other.0 >> 48
    }

    /// As [`Division::contains`].
    pub(crate) const fn contains(self, other: Self) -> bool {
        const CN: u64 = (b'C' as u64) << 8 | b'N' as u64;
        let path = self.0 & PATH;
        if path == 0 || !self.same_country(other) {
            return self.same_country(other);
        }
        // In China everything below the last digit may differ.
        let free = if self.0 >> 48 == CN { (1 << (path.trailing_zeros() & !3)) - 1 } else { 0 };
        (self.0 ^ other.0) & !free == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::select;

    proptest! {
        #[test]
        fn numbers_hold_what_divisions_hold(
            a in select(vec!["CN", "CN-33", "CN-3301", "CN-330106", "CN-330106003", "CN-330106003001",
                "CN-3310", "CN-331002", "US", "US-NY", "US-N", "US-NYC", "CU", "DE-BE", "CN-1101"]),
            b in select(vec!["CN", "CN-33", "CN-3301", "CN-330106", "CN-330106003", "CN-330106003001",
                "CN-3310", "CN-331002", "US", "US-NY", "US-N", "US-NYC", "CU", "DE-BE", "CN-1101"]),
        ) {
            let (a, b): (Division, Division) = (a.parse().unwrap(), b.parse().unwrap());
            prop_assert_eq!(Place::of(&a).contains(Place::of(&b)), a.contains(&b), "{} {}", a, b);
            prop_assert_eq!(Place::of(&a) == Place::of(&b), a == b);
        }
    }
}
