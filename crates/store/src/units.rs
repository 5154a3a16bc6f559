//! Units of work, and what became of one that was kept.

use crate::changes::KeptAt;
use crate::write::Write;

/// The limit of how many people anybody cares for.
pub const PEOPLE: &str = "people";

/// A named list of writes, applied whole or not at all.
#[derive(Clone, Debug)]
pub struct Unit {
    /// A static name for metrics and logs (`register_holder`).
    pub name: &'static str,
    /// What to write, in order.
    pub writes: Vec<Write>,
}

impl Unit {
    /// A unit with a name and its writes.
    pub const fn new(name: &'static str, writes: Vec<Write>) -> Self {
        Self { name, writes }
    }
}

/// What became of a unit that was kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    known: Vec<usize>,
    kept_at: Option<KeptAt>,
}

impl Receipt {
    /// Of a unit in which the writes at these places, ascending, told nothing new; with its position
    /// if it changes something that is followed.
    pub const fn new(known: Vec<usize>, kept_at: Option<KeptAt>) -> Self {
        Self { known, kept_at }
    }

    /// At which position the unit was kept; `None` if nothing that it says is followed
    /// ([`ChangeKind`](crate::ChangeKind)).
    pub const fn kept_at(&self) -> Option<KeptAt> {
        self.kept_at
    }

    /// Was all that this write of the unit tells there already? Only writes of visits can say so:
    /// [`Write::AddVisit`] and [`Write::CloseVisit`].
    pub fn was_known(&self, write: usize) -> bool {
        self.known.binary_search(&write).is_ok()
    }

    /// How many writes of the unit told nothing new.
    pub const fn known(&self) -> usize {
        self.known.len()
    }
}
