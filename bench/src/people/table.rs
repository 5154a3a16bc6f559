//! Rows of the table.

use std::fmt::Write as _;

use super::Pairs;
use crate::report::thousands;

/// Who was flagged, and how many of them rightly.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) set: &'static str,
    pub(super) how: String,
    pub(super) least: u32,
    pub(super) flagged: u64,
    /// Of those flagged, who really met.
    pub(super) right: u64,
    /// Who really met, flagged or not.
    pub(super) met: u64,
    /// Medians over those flagged: minutes counted beyond those together, and beyond those face to face.
    off: Option<(f64, f64)>,
}

impl Row {
    pub(super) fn counted(
        set: &'static str,
        how: &str,
        flagged: usize,
        right: usize,
        met: usize,
    ) -> Self {
        let [flagged, right, met] = [flagged, right, met].map(|n| n as u64);
        Self { set, how: how.to_owned(), least: 0, flagged, right, met, off: None }
    }

    /// `found` against those who met, and against the time they truly shared.
    pub(super) fn judged(
        set: &'static str,
        how: &str,
        least: u32,
        found: &Pairs,
        met: &Pairs,
        truth: &Pairs,
    ) -> Self {
        let right = found.keys().filter(|p| met.contains_key(p)).count();
        let off = |from: &Pairs, all: bool| {
            let pairs = found.iter().filter(|(p, _)| all || met.contains_key(p));
            let off = pairs.map(|(p, m)| (m - from.get(p).copied().unwrap_or(0.0)).abs());
            median(off.collect())
        };
        let off = Some((off(truth, true), off(met, false)));
        Self { least, off, ..Self::counted(set, how, found.len(), right, met.len()) }
    }

    fn precision(&self) -> f64 {
        self.right as f64 / self.flagged as f64
    }

    fn line(&self) -> String {
        let off = self.off.map_or(["–".into(), "–".into()], |(shared, face)| {
            [format!("{shared:.0}"), format!("{face:.0}")]
        });
        let how = if self.how.is_empty() { "both ends known" } else { &self.how };
        format!(
            "| {} | {how} | {} | {} | {} | {:.2} | {:.3} | {:.1} | {} | {} |\n",
            self.set,
            self.least,
            thousands(self.flagged),
            thousands(self.right),
            self.right as f64 / self.met as f64,
            self.precision(),
            1.0 / self.precision(),
            off[0],
            off[1],
        )
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The table and what a second script said of it.
pub(super) fn text(rows: &[Row], said: &str) -> String {
    let mut text = "### How good is flagging by shared time\n\n\
         Pairs of people. Met: stood face to face at least once (Korea: one infected the other). \"One in N\": of so many \
         flagged, one really met. Minutes off: the median of minutes counted against those truly shared in the house, of all \
         flagged, and against those face to face, of the flagged who met.\n\n\
         | people | what is known | minutes at least | flagged | of them met | recall | precision | one in N | off from shared | off from face to face |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n"
        .to_owned();
    for row in rows {
        text.push_str(&row.line());
    }
    let _ = writeln!(text, "\n{said}");
    text
}
