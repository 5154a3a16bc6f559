//! What a server puts off while more comes than it can do.

use std::sync::atomic::{AtomicU8, Ordering};

/// How far a server has gone in putting work off: each step puts off what the one before does, and more.
/// Opening codes, scans, gates' own requests and signing staff in are in no step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum PutOff {
    /// Everything is worked on.
    #[default]
    Nothing,
    /// Not what can wait for hours: public figures, the log for those who compare it, imports, what-ifs and
    /// traces of many.
    Extras,
    /// Nor what only shows what was: history, visits, records, lists of staff.
    History,
    /// Nor what is new: registering, signing in, appeals, records that staff make.
    Entries,
}

impl PutOff {
    /// In the order of the steps.
    pub const ALL: [Self; 4] = [Self::Nothing, Self::Extras, Self::History, Self::Entries];

    /// For metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Extras => "extras",
            Self::History => "history",
            Self::Entries => "entries",
        }
    }

    /// The next step, if there is one.
    #[must_use]
    pub fn more(self) -> Self {
        Self::ALL.into_iter().find(|step| *step > self).unwrap_or(self)
    }

    /// The step before, if there is one.
    #[must_use]
    pub fn less(self) -> Self {
        Self::ALL.into_iter().rev().find(|step| *step < self).unwrap_or(self)
    }

    /// What an operator is told of it.
    pub(crate) const fn detail(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Extras => {
                "More comes than this server can do: public figures, imports, what-ifs and traces of many are put off. See the runbook, Overload."
            }
            Self::History => {
                "More comes than this server can do: history, visits, records and lists are put off, and imports, what-ifs and public figures. Codes, scans and new records go on. See the runbook, Overload."
            }
            Self::Entries => {
                "More comes than this server can do: only codes and scans are worked on. Registering, signing in, appeals and new records are put off as well. See the runbook, Overload."
            }
        }
    }
}

/// The step of this process: how much one server can do is a matter of its own machine.
#[derive(Debug, Default)]
pub(crate) struct Step(AtomicU8);

impl Step {
    pub(crate) fn get(&self) -> PutOff {
        let at = usize::from(self.0.load(Ordering::Relaxed));
        PutOff::ALL.get(at).copied().unwrap_or_default()
    }

    pub(crate) fn set(&self, step: PutOff) {
        self.0.store(step as u8, Ordering::Relaxed);
    }
}
