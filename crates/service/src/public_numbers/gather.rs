//! What is counted for a publication.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jadegate_divisions::Directory;
use jadegate_domain::time::DAY;
use jadegate_domain::{
    AgencyId, AppealState, Colour, Division, Evidence, EvidenceId, EvidenceKind, HolderId,
    PlaceKind, Purpose, ScanOutcome, Timestamp,
};
use jadegate_ledger::Leaf;
use jadegate_store::{ColourChange, Latest, Page};

use super::noise::{LENGTHS, WeekCounts};
use super::told::{LogNumbers, LookNumbers, PurgeNumbers, WithdrawalNumbers, WrongCause};
use crate::app::App;
use crate::appeal_figures::FIGURE_DAYS;
use crate::error::Result;

/// Pieces, or leaves, read at once.
const PAGE: u32 = 1000;
/// Changes of one person's colour that are looked through.
const CHANGES: u32 = 100;
/// Seconds within which a colour follows a record that was taken back.
const FOLLOWS: i64 = 3600;

/// People of each colour, by where they live: the divisions, and all others last.
pub(super) struct Homes {
    pub(super) divisions: Vec<Division>,
    pub(super) cells: Vec<[u64; 3]>,
}

impl App {
    /// Colours by the divisions below a region: which these are does not depend on who lives where.
    pub(super) async fn homes(&self, region: &Division) -> Result<Homes> {
        let directory = Directory::embedded();
        let mut divisions: Vec<Division> = directory.children(region).map(|(d, _)| d).collect();
        if divisions.is_empty() {
            divisions.push(region.clone());
        }
        let mut cells = vec![[0; 3]; divisions.len() + 1];
        for found in self.store.colours_by_home().await? {
            let at = divisions.iter().position(|d| d.contains(&found.home));
            let row = cells.get_mut(at.unwrap_or(divisions.len()));
            if let Some(n) = row.and_then(|row| row.get_mut(usize::from(found.colour.as_u8()))) {
                *n += found.people;
            }
        }
        Ok(Homes { divisions, cells })
    }

    /// People of a week, each in one cell of each question.
    pub(super) async fn week_counts(&self, from: Timestamp, to: Timestamp) -> Result<WeekCounts> {
        let people = self.store.people_counted(from, to).await?;
        Ok(WeekCounts {
            confined: people.confined,
            contacts: people.contacts,
            infected: people.infected,
            wrong: self.confined_for_nothing(from, to).await?,
            doors: self.at_doors(from, to).await?,
        })
    }

    /// Whom a record confined that was taken back in the week, by why and for how long.
    async fn confined_for_nothing(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<[[u64; LENGTHS]; 3]> {
        let appeals = self.appeals_from(from.plus_days(-FIGURE_DAYS)).await?;
        let granted = appeals.iter().filter(|a| a.state == AppealState::Granted);
        let granted: HashSet<EvidenceId> = granted.map(|a| a.contests).collect();
        let mut people: BTreeSet<HolderId> = BTreeSet::new();
        let mut cells = [[0; LENGTHS]; 3];
        let mut page = Page::first(PAGE);
        loop {
            self.must_go_on()?;
            let part = self.store.withdrawn_between(from, to, page).await?;
            let Some(last) = part.last() else { return Ok(cells) };
            page.after = Some(last.id);
            for piece in &part {
                let Some((person, seconds)) = self.released_by(piece).await? else { continue };
                if people.insert(person) {
                    cells[row_of(cause(piece, &granted))][class(seconds)] += 1;
                }
            }
        }
    }

    /// Whom taking a piece back turned green again, and for how many seconds they had not been.
    async fn released_by(&self, piece: &Evidence) -> Result<Option<(HolderId, i64)>> {
        let (Some(holder), Some(at)) = (piece.holder, piece.withdrawn_at) else { return Ok(None) };
        let person = self.main_record(holder).await?;
        let changes = self.store.colour_changes(person, Latest::first(CHANGES)).await?;
        Ok(confined_until(&changes, at).map(|seconds| (person, seconds)))
    }

    /// Who was turned away or let in against the code, by kind of place: each at the first door.
    async fn at_doors(&self, from: Timestamp, to: Timestamp) -> Result<Vec<[u64; 2]>> {
        let mut cells = vec![[0; 2]; PlaceKind::ALL.len()];
        let mut seen: HashSet<HolderId> = HashSet::new();
        let mut main: HashMap<HolderId, HolderId> = HashMap::new();
        for day in from.utc_day()..to.utc_day() {
            self.must_go_on()?;
            for scan in self.store.turned_away_on(day).await? {
                let (Some(holder), Some(place)) = (scan.holder, self.memory.place(scan.place))
                else {
                    continue;
                };
                let person = match main.get(&holder) {
                    Some(person) => *person,
                    None => *main.entry(holder).or_insert(self.main_record(holder).await?),
                };
                let row = PlaceKind::ALL.iter().position(|k| *k == place.kind);
                let Some(row) = row.and_then(|r| cells.get_mut(r)) else { continue };
                if seen.insert(person) {
                    row[usize::from(scan.outcome == ScanOutcome::Override)] += 1;
                }
            }
        }
        Ok(cells)
    }

    /// What the public log says from a leaf on.
    pub(super) async fn log_numbers(&self, from: u64) -> Result<LogNumbers> {
        self.number_leaves().await?;
        let to = self.store.log_size().await?.max(from);
        let mut counted = Counted::default();
        let mut next = from;
        while next < to {
            self.must_go_on()?;
            let most = u32::try_from((to - next).min(PAGE.into())).unwrap_or(PAGE);
            let leaves = self.store.log_leaves(next, most).await?;
            let Some(last) = leaves.last() else { break };
            next = last.index + 1;
            for leaf in &leaves {
                counted.add(&leaf.bytes);
            }
        }
        let names = self.agency_names().await?;
        let name = |id: &AgencyId| names.get(id).map_or_else(String::new, |n| n.name.clone());
        Ok(counted.numbers((from, next), name))
    }
}

/// Counts of leaves.
#[derive(Default)]
struct Counted {
    unknown: u64,
    looks: BTreeMap<(AgencyId, Purpose), u64>,
    withdrawals: BTreeMap<(String, String), u64>,
    purges: BTreeMap<String, u64>,
}

impl Counted {
    fn add(&mut self, leaf: &[u8]) {
        match Leaf::decode(leaf) {
            Ok(Leaf::Access { agency, purpose, .. }) => {
                *self.looks.entry((agency, purpose)).or_default() += 1;
            }
            Ok(Leaf::Withdrawal { record, reason, records, .. }) => {
                let key = (record.as_str().to_owned(), reason.as_str().to_owned());
                *self.withdrawals.entry(key).or_default() += u64::from(records);
            }
            Ok(Leaf::Purge { retention, rows, .. }) => {
                let what = retention.as_str().to_owned();
                *self.purges.entry(what).or_default() += u64::from(rows);
            }
            Ok(_) => {}
            Err(_) => self.unknown += 1,
        }
    }

    fn numbers(self, (from, to): (u64, u64), name: impl Fn(&AgencyId) -> String) -> LogNumbers {
        let looks = self.looks.into_iter().map(|((agency, purpose), looks)| LookNumbers {
            name: name(&agency),
            agency,
            purpose,
            looks,
        });
        let withdrawals = self
            .withdrawals
            .into_iter()
            .map(|((record, reason), records)| WithdrawalNumbers { record, reason, records });
        let purges = self.purges.into_iter().map(|(what, rows)| PurgeNumbers { what, rows });
        LogNumbers {
            from,
            to,
            unknown: self.unknown,
            looks: looks.collect(),
            withdrawals: withdrawals.collect(),
            purges: purges.collect(),
        }
    }
}

/// For how many seconds somebody had not been green when a record was taken back and they turned green by it.
/// Changes are newest first.
fn confined_until(changes: &[ColourChange], withdrawn: Timestamp) -> Option<i64> {
    let not_green = |c: &ColourChange| c.from.is_some_and(|from| from != Colour::Green);
    let followed = |c: &ColourChange| (0..=FOLLOWS).contains(&c.at.secs_since(withdrawn));
    let release =
        changes.iter().position(|c| c.to == Colour::Green && not_green(c) && followed(c))?;
    let before = changes.get(release + 1..)?;
    let begun = before.iter().find(|c| c.to != Colour::Green && !not_green(c))?;
    Some(changes.get(release)?.at.secs_since(begun.at))
}

fn cause(piece: &Evidence, granted: &HashSet<EvidenceId>) -> WrongCause {
    match piece.fact.kind() {
        _ if granted.contains(&piece.id) => WrongCause::Appeal,
        EvidenceKind::Contact | EvidenceKind::Case => WrongCause::Case,
        _ => WrongCause::Correction,
    }
}

fn row_of(cause: WrongCause) -> usize {
    match cause {
        WrongCause::Correction => 0,
        WrongCause::Appeal => 1,
        WrongCause::Case => 2,
    }
}

fn class(seconds: i64) -> usize {
    match seconds / DAY {
        ..1 => 0,
        1..4 => 1,
        4..8 => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_and_lengths_have_the_rows_they_are_told_in() {
        for (n, cause) in WrongCause::ALL.into_iter().enumerate() {
            assert_eq!(row_of(cause), n);
        }
        let days = [0, 1, 3, 4, 7, 8, 400].map(|d| class(d * DAY));
        assert_eq!(days, [0, 1, 1, 2, 2, 3, 3]);
        assert_eq!((class(DAY - 1), class(4 * DAY - 1), class(-5)), (0, 1, 0));
    }
}
