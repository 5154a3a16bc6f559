//! Alarms: what an agency or a member of its staff did far above their own history, or at somebody whom
//! they had no reason to look at. An alarm counts; it names nobody who carries a code.

use serde::{Deserialize, Serialize};

use crate::agency::names;

names! {
    /// What is counted by the hour, of an agency and of its staff.
    Activity, "activity" {
        /// Evidence that can make somebody yellow or red, with no laboratory behind it.
        Unbacked = "unbacked",
        /// Positive results that name their sample.
        Tests = "tests",
        /// People who were looked at one by one.
        Looks = "looks",
    }
}

names! {
    /// What an alarm is about.
    AlarmKind, "kind of alarm" {
        /// Much evidence with no laboratory behind it, far above the own history.
        Unbacked = "unbacked",
        /// Positive results far above the own history.
        Tests = "tests",
        /// One member of staff looked at many people.
        LooksByOne = "looks_by_one",
        /// Many looked at one person.
        LooksAtOne = "looks_at_one",
        /// Somebody looked at people outside the hours at which their agency works.
        LooksOutsideHours = "looks_outside_hours",
        /// Somebody looked at a person on the list of protected people.
        LooksProtected = "looks_protected",
        /// Somebody looked at a person who works for the same agency.
        LooksColleague = "looks_colleague",
    }
}

impl AlarmKind {
    /// Is it about what was recorded? Then it can hold what follows.
    pub const fn is_of_evidence(self) -> bool {
        matches!(self, Self::Unbacked | Self::Tests)
    }
}

names! {
    /// What a second body found. The list is closed, so that no text about a person is kept.
    AlarmAnswer, "answer to an alarm" {
        /// An outbreak: laboratories bear it out.
        Outbreak = "outbreak",
        /// What had piled up was recorded at once.
        Backlog = "backlog",
        /// It was announced before: a screening, a flight, a list.
        Announced = "announced",
        /// Each look belonged to a task.
        Task = "task",
        /// The records are wrong and are taken back.
        WrongRecords = "wrong_records",
        /// There was no reason to look, or to record: misuse.
        Misuse = "misuse",
    }
}

impl AlarmAnswer {
    /// Was it in order? Then as much again is no alarm for a while.
    pub const fn is_in_order(self) -> bool {
        !matches!(self, Self::WrongRecords | Self::Misuse)
    }

    /// Can it be the answer to this?
    pub const fn fits(self, kind: AlarmKind) -> bool {
        match self {
            Self::Outbreak | Self::Backlog | Self::Announced | Self::WrongRecords => {
                kind.is_of_evidence()
            }
            Self::Task => !kind.is_of_evidence(),
            Self::Misuse => true,
        }
    }
}

names! {
    /// Why looks at somebody are watched.
    ProtectedGround, "ground of protection" {
        /// Many know them: looking is tempting.
        WellKnown = "well_known",
        /// They work for an agency here: for its staff they are a colleague.
        Colleague = "colleague",
        /// Somebody threatens them.
        Threatened = "threatened",
    }
}
