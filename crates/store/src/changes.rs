//! What changed, for those who keep a copy of it in memory: told in the order of a position that only
//! rises, whoever wrote it.

use jadegate_domain::{CaseId, Place, Scan, Visit, VisitKey};

use crate::rows::StoredRide;

/// How far somebody has read what changed. Each transaction that changes something of what
/// [`ChangeKind`] lists has one position, higher than all before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(u64);

impl Position {
    /// Before everything.
    pub const BEGINNING: Self = Self(0);

    /// A store's number as a position.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The store's number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// At which position a unit was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptAt {
    /// The position of its transaction.
    pub position: Position,
    /// How many units of that transaction change something that is followed, with this one. Who knows
    /// of so many has read the position whole.
    pub units: u32,
}

/// What can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// Days were dropped.
    Days,
    /// Another policy came into force.
    Policy,
    /// A step of the mandates.
    Mandate,
    /// Risk levels.
    RiskLevels,
    /// Which records are joined.
    Links,
    /// Places.
    Places,
    /// What tickets say of visits.
    Rides,
    /// Visits.
    Visits,
    /// Days of which single visits were taken back.
    LostVisits,
    /// Scans.
    Scans,
    /// Cases and their traces.
    Cases,
}

impl ChangeKind {
    /// All, in the order in which they are told: what is needed to understand a visit comes before it.
    pub const ALL: [Self; 11] = [
        Self::Days,
        Self::Policy,
        Self::Mandate,
        Self::RiskLevels,
        Self::Links,
        Self::Places,
        Self::Rides,
        Self::Visits,
        Self::LostVisits,
        Self::Scans,
        Self::Cases,
    ];
}

/// Something that changed, as it is now.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The UTC days before this one were dropped with their visits, rides and scans.
    DaysDropped(i64),
    /// Another policy is in force ([`Store::policy_in_force`](crate::Store::policy_in_force)).
    Policy,
    /// A step of the mandates was taken ([`Store::mandate_steps`](crate::Store::mandate_steps)).
    Mandate,
    /// The risk levels are others ([`Store::region_risks`](crate::Store::region_risks)).
    RiskLevels,
    /// Other records are joined ([`AccountStore::joined_records`](crate::Store::joined_records)).
    Links,
    /// A place.
    Place(Place),
    /// What a ticket says of a visit.
    Ride(StoredRide),
    /// A visit, or what became known of it.
    Visit(Visit),
    /// A visit was taken back, or what is told of it next is less than was known. Only units say so of themselves ([`Unit::changes`](crate::Unit::changes)).
    TakenBack(VisitKey),
    /// Single visits of this UTC day were taken back or shortened: who has a copy of the day compares it with
    /// [`Store::visits_on`](crate::Store::visits_on). The store keeps nothing that says which.
    LostVisits(i64),
    /// A scan.
    Scan(Scan),
    /// A case was recorded, corrected, traced or withdrawn.
    Case(CaseId),
}

impl Change {
    /// Of which kind it is.
    pub const fn kind(&self) -> ChangeKind {
        match self {
            Self::DaysDropped(_) => ChangeKind::Days,
            Self::Policy => ChangeKind::Policy,
            Self::Mandate => ChangeKind::Mandate,
            Self::RiskLevels => ChangeKind::RiskLevels,
            Self::Links => ChangeKind::Links,
            Self::Place(_) => ChangeKind::Places,
            Self::Ride(_) => ChangeKind::Rides,
            Self::Visit(_) => ChangeKind::Visits,
            Self::TakenBack(_) | Self::LostVisits(_) => ChangeKind::LostVisits,
            Self::Scan(_) => ChangeKind::Scans,
            Self::Case(_) => ChangeKind::Cases,
        }
    }
}

/// What is asked of a store that is read from a position on, page by page: what changed after `after`
/// up to and with `until`, each thing once, as it is when its page is read. What changes again
/// meanwhile is left for the reading that begins at `until`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What is known already.
    pub after: Position,
    /// How far to read; `None` until the first page said how far there is to read.
    pub until: Option<Position>,
    /// What is of interest, in the order of [`ChangeKind::ALL`].
    pub kinds: &'static [ChangeKind],
    /// Scans of earlier UTC days are left out.
    pub scans_from: i64,
    /// Where the next page begins.
    pub cursor: Cursor,
}

impl Reading {
    /// Everything after a position.
    pub const fn after(after: Position, scans_from: i64) -> Self {
        Self { after, until: None, kinds: &ChangeKind::ALL, scans_from, cursor: Cursor::BEGINNING }
    }

    /// Of these kinds only.
    #[must_use]
    pub const fn of(self, kinds: &'static [ChangeKind]) -> Self {
        Self { kinds, ..self }
    }
}

/// Where a page begins: after the row of this key. Only the store that made it knows what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Which of the reading's kinds.
    pub kind: usize,
    /// Of which day, for what is kept by day.
    pub day: i64,
    /// The last key that was read.
    pub key: [i64; 4],
}

impl Cursor {
    /// Before everything.
    pub const BEGINNING: Self = Self::of_kind(0);

    /// Before everything of a kind.
    pub const fn of_kind(kind: usize) -> Self {
        Self { kind, day: i64::MIN, key: [i64::MIN; 4] }
    }
}

/// A page of changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// In the order of their kinds. May be empty although more follow.
    pub changes: Vec<Change>,
    /// Who has read all pages has read up to and with this.
    pub until: Position,
    /// What to ask for next; `None`: that was all.
    pub next: Option<Reading>,
}
