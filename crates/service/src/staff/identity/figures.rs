//! What the public is told of identity requests: how many each kind of agency made, and how they ended.
//!
//! Whole days only, of the last 90. As with appeals, a number from 1 to 4 is not told, nor one from which
//! and the total it could be worked out.

use std::collections::BTreeMap;

use jadegate_domain::time::DAY;
use jadegate_domain::{AgencyKind, IdentityRefusal, Period, Timestamp};
use jadegate_store::{IdentityCount, IdentityState};
use serde::Serialize;

use super::view::IdentityStateView;
use crate::app::App;
use crate::appeal_figures::{FIGURE_DAYS, LEAST};
use crate::error::Result;

/// What the public is told of identity requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IdentityFigures {
    /// Requests made from then on.
    pub from: Timestamp,
    /// Before this moment.
    pub to: Timestamp,
    /// All of them; null: from 1 to 4.
    pub total: Option<u64>,
    /// By kind of agency, outcome and reason of refusal.
    pub rows: Vec<IdentityFigure>,
}

/// One line of the public table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IdentityFigure {
    /// The kind of agency that asked.
    pub agency_kind: AgencyKind,
    /// How its requests ended: what was approved counts as that, also once its hours are over; `closed` is
    /// what nobody decided on.
    pub outcome: IdentityStateView,
    /// Why they were refused.
    pub refusal: Option<IdentityRefusal>,
    /// How many; null: from 1 to 4, or it would tell such a number.
    pub count: Option<u64>,
}

impl App {
    /// What the public is told of identity requests: up to the last midnight (UTC).
    pub async fn identity_figures(&self) -> Result<IdentityFigures> {
        let to = Timestamp::from_secs(self.now().utc_day() * DAY);
        let asked = Period { from: to.plus_days(-FIGURE_DAYS), to };
        Ok(figures(asked, self.store.identity_counts(asked).await?))
    }
}

type Line = (AgencyKind, IdentityState, Option<IdentityRefusal>);

fn figures(asked: Period, counts: Vec<IdentityCount>) -> IdentityFigures {
    let mut lines: BTreeMap<Line, u64> = BTreeMap::new();
    for c in counts {
        *lines.entry((c.agency_kind, c.state, c.refusal)).or_default() += c.count;
    }
    let told = told(&lines.values().copied().collect::<Vec<_>>());
    let row = |((agency_kind, state, refusal), count): (Line, Option<u64>)| IdentityFigure {
        agency_kind,
        outcome: state.into(),
        refusal,
        count,
    };
    let total = lines.values().sum();
    IdentityFigures {
        from: asked.from,
        to: asked.to,
        total: Some(total).filter(|n| *n == 0 || *n >= u64::from(LEAST)),
        rows: lines.into_keys().zip(told).map(row).collect(),
    }
}

/// The numbers that tell of nobody: as long as what is not told adds up to few, the smallest number that
/// is told goes, too.
fn told(counts: &[u64]) -> Vec<Option<u64>> {
    let least = u64::from(LEAST);
    let mut told: Vec<_> = counts.iter().map(|n| Some(*n).filter(|n| *n >= least)).collect();
    loop {
        let hidden: u64 =
            counts.iter().zip(&told).filter(|(_, t)| t.is_none()).map(|(n, _)| *n).sum();
        let smallest = told.iter().enumerate().filter_map(|(i, t)| t.map(|n| (n, i))).min();
        match smallest {
            Some((_, i)) if hidden > 0 && hidden < least => told[i] = None,
            _ => return told,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_not_told_nor_what_tells_them() {
        assert_eq!(told(&[3, 9, 6, 0]), [None, Some(9), None, None], "21 in all: 3 would follow");
        assert_eq!(told(&[4, 4, 9]), [None, None, Some(9)], "eight in two lines: which is which?");
        assert_eq!(told(&[5, 9]), [Some(5), Some(9)]);
        assert_eq!(told(&[4]), [None]);
        assert_eq!(told(&[]), []);
    }
}
