//! How much may be told of anybody, and how much has been.

/// A loss of privacy in millionths, so that parts of it add up to the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epsilon(u32);

impl Epsilon {
    /// So many millionths.
    pub const fn millionths(n: u32) -> Self {
        Self(n)
    }

    /// Rounded down to a millionth; `None` unless it is from a millionth to 100.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to 10^8")]
    pub fn rounded_down(epsilon: f64) -> Option<Self> {
        let millionths = (epsilon * 1e6).floor();
        (1.0..=1e8).contains(&millionths).then_some(Self(millionths as u32))
    }

    /// How many millionths.
    pub const fn as_millionths(self) -> u32 {
        self.0
    }

    /// As a number, for people.
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 1e6
    }

    /// One of so many equal parts, rounded down. (Parts of 0 are none: they cannot be taken.)
    #[must_use]
    pub const fn part(self, parts: u32) -> Self {
        Self(match self.0.checked_div(parts) {
            Some(n) => n,
            None => 0,
        })
    }
}

/// Told already, all or nearly all: so much is not left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the privacy budget has {left} millionths left, {asked} were asked for")]
pub struct Spent {
    /// Millionths left.
    pub left: u32,
    /// Millionths asked for; 0 cannot be taken either, because nothing can be told for it.
    pub asked: u32,
}

/// How much may be told in one publication. What two shares of it tell adds up to no more than the two.
#[derive(Debug, PartialEq, Eq)]
pub struct Budget {
    left: Epsilon,
}

impl Budget {
    /// All of it is left.
    pub const fn new(whole: Epsilon) -> Self {
        Self { left: whole }
    }

    /// How much is left.
    pub const fn left(&self) -> Epsilon {
        self.left
    }

    /// Takes some for one question.
    pub fn take(&mut self, epsilon: Epsilon) -> Result<Share, Spent> {
        let Epsilon(asked) = epsilon;
        match self.left.0.checked_sub(asked) {
            Some(left) if asked > 0 => {
                self.left = Epsilon(left);
                Ok(Share(epsilon))
            }
            _ => Err(Spent { left: self.left.0, asked }),
        }
    }
}

/// What one question may tell. Taken from a [`Budget`], and used up by its answer: it cannot be copied.
#[derive(Debug, PartialEq, Eq)]
pub struct Share(Epsilon);

impl Share {
    /// How much.
    pub const fn epsilon(&self) -> Epsilon {
        self.0
    }

    /// How much; the share is used up.
    pub(super) const fn spend(self) -> Epsilon {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_never_overdrawn() {
        let mut budget = Budget::new(Epsilon::millionths(10));
        assert_eq!(budget.take(Epsilon::millionths(7)).unwrap().epsilon(), Epsilon::millionths(7));
        assert_eq!(budget.take(Epsilon::millionths(4)), Err(Spent { left: 3, asked: 4 }));
        assert_eq!(budget.take(Epsilon::millionths(0)), Err(Spent { left: 3, asked: 0 }));
        assert!(budget.take(Epsilon::millionths(3)).is_ok());
        assert_eq!(budget.left(), Epsilon::default());
    }

    #[test]
    fn what_is_no_budget_is_none() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-9, 101.0] {
            assert_eq!(Epsilon::rounded_down(bad), None, "{bad}");
        }
        assert_eq!(Epsilon::rounded_down(1.0), Some(Epsilon::millionths(1_000_000)));
        assert_eq!(Epsilon::millionths(5).part(0), Epsilon::default());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn shares_and_what_is_left_make_the_whole(whole in 0_u32..1_000, asked in prop::collection::vec(0_u32..400, 0..12)) {
            let mut budget = Budget::new(Epsilon::millionths(whole));
            let taken: u32 = asked
                .iter()
                .filter_map(|n| budget.take(Epsilon::millionths(*n)).ok())
                .map(|s| s.epsilon().as_millionths())
                .sum();
            prop_assert_eq!(taken + budget.left().as_millionths(), whole);
        }
    }
}
