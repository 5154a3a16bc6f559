//! What the public is told of appeals: how many, how long they take, how many were right ([decision 0069]).
//!
//! Whole days only, of the last 90. A number from 1 to 4 is not told, nor one that could be worked out
//! from it and the numbers beside it: a few people in one town could be known by it.
//!
//! [decision 0069]: ../../../docs/decisions/0069-appeals.md

use std::collections::BTreeMap;

use jadegate_domain::{AppealState, Division, Timestamp};
use jadegate_store::Appeal;
use serde::Serialize;

/// Days of which the figures are.
pub const FIGURE_DAYS: i64 = 90;
/// The least number that is told.
pub const LEAST: u32 = 5;
/// Decided appeals about a rule before its share of overturned ones says anything.
pub const REVIEW_LEAST: u32 = 20;

/// Figures of some appeals. A number that is missing is from 1 to 4, or would tell one that is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppealCell {
    /// Lodged.
    pub lodged: Option<u32>,
    /// Of those, decided: granted or refused.
    pub decided: Option<u32>,
    /// Of those, granted.
    pub overturned: Option<u32>,
    /// Of those lodged, not decided in time.
    pub lapsed: Option<u32>,
    /// Hours from lodging to decision that half of them did not exceed.
    pub median_hours: Option<u32>,
    /// Hours that nine of ten did not exceed.
    pub p90_hours: Option<u32>,
}

/// Figures of a division: a prefecture, or a country.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DivisionFigures {
    /// The division.
    pub division: Division,
    /// Its name.
    pub name: String,
    /// Its figures.
    #[serde(flatten)]
    pub figures: AppealCell,
}

/// Figures of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleFigures {
    /// The rule.
    pub rule: String,
    /// Its figures.
    #[serde(flatten)]
    pub figures: AppealCell,
}

/// What the public is told of appeals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppealFigures {
    /// Appeals lodged from then on.
    pub from: Timestamp,
    /// Before this moment; what came of them is as of then, too.
    pub to: Timestamp,
    /// All of them.
    pub total: AppealCell,
    /// By where people live.
    pub divisions: Vec<DivisionFigures>,
    /// By the rule that asked for the colour.
    pub rules: Vec<RuleFigures>,
}

/// What is counted of some appeals.
#[derive(Clone, Debug, Default)]
pub(crate) struct Count {
    lodged: u32,
    pub(crate) overturned: u32,
    lapsed: u32,
    /// Hours of those that were decided, begun ones as whole.
    hours: Vec<u32>,
}

impl Count {
    /// Adds an appeal as it was at a moment.
    pub(crate) fn add(&mut self, a: &Appeal, at: Timestamp) {
        self.lodged += 1;
        let ended = a.decision.as_ref().filter(|d| d.at < at);
        if let Some(d) = ended
            && matches!(a.state, AppealState::Granted | AppealState::Refused)
        {
            let secs = d.at.as_secs().saturating_sub(a.lodged_at.as_secs()).max(0);
            self.hours.push(u32::try_from((secs + 3599) / 3600).unwrap_or(u32::MAX));
            self.overturned += u32::from(a.state == AppealState::Granted);
        }
        let until = ended.map_or(at, |d| d.at);
        self.lapsed += u32::from(a.due_at <= until);
    }

    pub(crate) fn decided(&self) -> u32 {
        u32::try_from(self.hours.len()).unwrap_or(u32::MAX)
    }

    /// The figures of which none is small by itself.
    fn cell(&self) -> AppealCell {
        let Some(lodged) = told(self.lodged) else { return AppealCell::default() };
        let decided = told(self.decided());
        let overturned = told(self.overturned)
            .filter(|_| decided.is_some() && told(self.decided() - self.overturned).is_some());
        let mut hours = self.hours.clone();
        hours.sort_unstable();
        let hours = |share: usize| {
            let at = (hours.len() * share).div_ceil(100).checked_sub(1)?;
            hours.get(at).copied().filter(|_| self.decided() >= LEAST)
        };
        AppealCell {
            lodged: Some(lodged),
            decided,
            overturned,
            lapsed: told(self.lapsed),
            median_hours: hours(50),
            p90_hours: hours(90),
        }
    }
}

/// A number that tells of nobody.
fn told(n: u32) -> Option<u32> {
    (n == 0 || n >= LEAST).then_some(n)
}

/// A number of a cell, and what it would be.
type Column = (fn(&mut AppealCell) -> &mut Option<u32>, fn(&Count) -> u32);

/// The cells of a table whose sum is told as well: as long as what is not told adds up to few, the
/// smallest number that is told goes, too.
fn cells<'a, K: Ord + Clone + 'a>(counts: &'a BTreeMap<K, Count>) -> Vec<(K, AppealCell)> {
    let mut all: Vec<_> = counts.iter().map(|(k, c)| (k.clone(), c.cell(), c)).collect();
    let columns: [Column; 4] = [
        (|c| &mut c.lodged, |c| c.lodged),
        (|c| &mut c.decided, Count::decided),
        (|c| &mut c.overturned, |c| c.overturned),
        (|c| &mut c.lapsed, |c| c.lapsed),
    ];
    for (field, number) in columns {
        loop {
            let mut hidden = 0;
            let mut least: Option<(u32, usize)> = None;
            for (i, (_, cell, count)) in all.iter_mut().enumerate() {
                match field(cell) {
                    None => hidden += number(count),
                    Some(n) if *n > 0 && least.is_none_or(|(m, _)| *n < m) => least = Some((*n, i)),
                    Some(_) => {}
                }
            }
            let Some((_, i)) = least.filter(|_| told(hidden).is_none()) else { break };
            *field(&mut all[i].1) = None;
        }
    }
    let whole = |cell: AppealCell| match cell {
        // Of how many is not told: nothing is.
        AppealCell { lodged: None, .. } => AppealCell::default(),
        AppealCell { decided: None, .. } => {
            AppealCell { overturned: None, median_hours: None, p90_hours: None, ..cell }
        }
        cell => cell,
    };
    all.into_iter().map(|(k, cell, _)| (k, whole(cell))).collect()
}

/// The prefecture of somebody's home, or the country.
fn prefecture(home: &Division) -> Division {
    let digits = home.path().get(..4).filter(|_| home.country() == "CN");
    let whole = match digits {
        Some(digits) => format!("{}-{digits}", home.country()),
        None => home.country().to_owned(),
    };
    whole.parse().unwrap_or_else(|_| home.clone())
}

/// The figures of these appeals, as of `to`.
pub(crate) fn figures(
    appeals: &[Appeal],
    (from, to): (Timestamp, Timestamp),
    name: impl Fn(&Division) -> String,
) -> AppealFigures {
    let mut total = Count::default();
    let mut divisions: BTreeMap<Division, Count> = BTreeMap::new();
    let mut rules: BTreeMap<String, Count> = BTreeMap::new();
    for a in appeals.iter().filter(|a| a.lodged_at >= from && a.lodged_at < to) {
        total.add(a, to);
        divisions.entry(prefecture(&a.home)).or_default().add(a, to);
        rules.entry(a.rule.clone()).or_default().add(a, to);
    }
    let place = |(division, figures): (Division, AppealCell)| {
        let name = name(&division);
        DivisionFigures { division, name, figures }
    };
    AppealFigures {
        from,
        to,
        total: total.cell(),
        divisions: cells(&divisions).into_iter().map(place).collect(),
        rules: cells(&rules)
            .into_iter()
            .map(|(rule, figures)| RuleFigures { rule, figures })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(lodged: u32, decided: &[u32], overturned: u32, lapsed: u32) -> Count {
        Count { lodged, overturned, lapsed, hours: decided.to_vec() }
    }

    #[test]
    fn few_are_not_told_nor_what_tells_them() {
        assert_eq!(count(4, &[1; 4], 2, 0).cell(), AppealCell::default());
        let cell = count(9, &[3; 8], 5, 2).cell();
        assert_eq!((cell.lodged, cell.decided), (Some(9), Some(8)));
        assert_eq!((cell.overturned, cell.lapsed), (None, None), "3 were refused; 2 lapsed");
        let none = count(9, &[3; 8], 0, 0).cell();
        assert_eq!((none.overturned, none.lapsed), (Some(0), Some(0)));
    }

    #[test]
    fn one_hidden_town_hides_another() {
        let counts: BTreeMap<_, _> =
            [("a", count(3, &[], 0, 0)), ("b", count(40, &[], 0, 0)), ("c", count(7, &[], 0, 0))]
                .into();
        let told: Vec<_> = cells(&counts).into_iter().map(|(k, c)| (k, c.lodged)).collect();
        assert_eq!(told, [("a", None), ("b", Some(40)), ("c", None)]);
        let two: BTreeMap<_, _> =
            [("a", count(3, &[], 0, 0)), ("b", count(2, &[], 0, 0)), ("c", count(7, &[], 0, 0))]
                .into();
        assert_eq!(cells(&two)[2].1.lodged, Some(7), "five together");
    }

    #[test]
    fn hours_are_those_of_the_nearest_rank() {
        let hours: Vec<u32> = (1..=10).collect();
        let cell = count(10, &hours, 5, 0).cell();
        assert_eq!((cell.median_hours, cell.p90_hours), (Some(5), Some(9)));
        assert_eq!(count(9, &[1, 2, 3, 4], 0, 0).cell().median_hours, None);
    }

    #[test]
    fn homes_are_told_by_prefecture() {
        for (home, whole) in [("CN-330106", "CN-3301"), ("CN-33", "CN"), ("US-NY", "US")] {
            assert_eq!(prefecture(&home.parse().unwrap()).as_str(), whole);
        }
    }
}
