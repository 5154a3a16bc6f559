//! How long something takes for half and for nine in ten of the people: onset to report, onset to
//! isolation.

/// Quantiles of some delays, by nearest rank (method 1 of R. J. Hyndman and Y. Fan, *Sample Quantiles in
/// Statistical Packages*, The American Statistician 50 (1996), 361–365): each is a delay that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Delays {
    /// How many there were.
    pub count: u64,
    /// A quarter took no longer, in the unit of the delays.
    pub quarter: i64,
    /// Half took no longer.
    pub median: i64,
    /// Three quarters took no longer.
    pub three_quarters: i64,
    /// Nine in ten took no longer.
    pub ninety: i64,
}

/// The quantiles; `None` of none at all.
pub fn delays(mut all: Vec<i64>) -> Option<Delays> {
    all.sort_unstable();
    let at =
        |percent: usize| all.get((all.len() * percent).div_ceil(100).saturating_sub(1)).copied();
    Some(Delays {
        count: u64::try_from(all.len()).ok()?,
        quarter: at(25)?,
        median: at(50)?,
        three_quarters: at(75)?,
        ninety: at(90)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_one_that_was_seen() {
        let ten = delays(vec![9, 1, 8, 2, 7, 3, 6, 4, 5, 10]).unwrap();
        assert_eq!((ten.quarter, ten.median, ten.three_quarters, ten.ninety), (3, 5, 8, 9));
        let one = delays(vec![-2]).unwrap();
        assert_eq!((one.count, one.quarter, one.ninety), (1, -2, -2), "isolated before onset");
        assert_eq!(delays(vec![]), None);
    }
}
