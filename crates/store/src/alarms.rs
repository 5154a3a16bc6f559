//! Alarms, what they are raised from, and the list of protected people, as they are stored.

use jadegate_domain::id::ProtectedId;
use jadegate_domain::{
    Activity, AgencyId, AlarmAnswer, AlarmId, AlarmKind, ProtectedGround, StaffId, Timestamp,
};

/// The limit that is reached while an alarm holds what an agency records
/// ([`AlarmWrite::ExpectFree`]).
pub const ALARM_HOLDS: &str = "evidence.alarm";

/// An alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Its number.
    pub id: AlarmId,
    /// What it is about.
    pub kind: AlarmKind,
    /// Whose records or looks.
    pub agency: AgencyId,
    /// The member of staff, if it is about one.
    pub staff: Option<StaffId>,
    /// Keyed digest of whom or what it is about: of one, one alarm of a kind is open.
    pub subject: [u8; 16],
    /// What was measured last.
    pub measured: Measured,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// Since when it holds what follows; `None`: it does not.
    pub holds_at: Option<Timestamp>,
    /// How it ended; `None` while it is open.
    pub end: Option<AlarmEnd>,
}

/// How much there was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Records, looks or people.
    pub count: u64,
    /// How many were to be expected.
    pub expected: u64,
    /// Within how many hours.
    pub hours: u32,
    /// When it was measured.
    pub at: Timestamp,
}

/// How an alarm ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlarmEnd {
    /// When.
    pub at: Timestamp,
    /// Who answered.
    pub by: (StaffId, AgencyId),
    /// What they found.
    pub answer: AlarmAnswer,
    /// Until when the alarm is kept.
    pub keep_until: Timestamp,
}

/// Whose activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Actor {
    /// The agency.
    pub agency: AgencyId,
    /// One member of its staff; `None`: all of it, and the machine's own command line.
    pub staff: Option<StaffId>,
}

/// Somebody who did much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy {
    /// Who.
    pub actor: Actor,
    /// How much.
    pub count: u64,
}

/// A person at whom many looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookedAtByMany {
    /// Who.
    pub holder: jadegate_domain::HolderId,
    /// How many members of staff looked.
    pub staff: u64,
    /// The agency with the most looks.
    pub agency: AgencyId,
}

/// How many alarms there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlarmCount {
    /// Of which kind.
    pub kind: AlarmKind,
    /// How they were answered; `None`: they are open.
    pub answer: Option<AlarmAnswer>,
    /// How many.
    pub count: u64,
    /// How many of them hold, or held, what followed.
    pub held: u64,
}

/// Somebody at whom each look is an alarm. Who they are is not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protected {
    /// The entry's number.
    pub id: ProtectedId,
    /// Keyed digest of a document of theirs, as the blind index has it.
    pub digest: [u8; 16],
    /// Why.
    pub ground: ProtectedGround,
    /// For whose staff they are a colleague; `None`: every look counts.
    pub works_for: Option<AgencyId>,
    /// Who put them there.
    pub added_by: (StaffId, AgencyId),
    /// When.
    pub added_at: Timestamp,
    /// Who asked that they are taken off, and when.
    pub end_asked: Option<(StaffId, AgencyId, Timestamp)>,
}

/// What is written about alarms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlarmWrite {
    /// Something happened within an hour (since the epoch). No precondition.
    Count {
        /// What.
        what: Activity,
        /// Who did it.
        actor: Actor,
        /// When.
        hour: i64,
        /// How much; at least 1.
        count: u64,
    },
    /// Demands that no open alarm holds what this actor records: neither one about the agency nor one
    /// about the member of staff. Else the conflict is
    /// [`Precondition::Room`](crate::Precondition::Room) of [`ALARM_HOLDS`], for an answer is waited for.
    ExpectFree(Actor),
    /// A new one. Preconditions: the id is free and of its subject none of its kind is open (`Absent`).
    Raise(Box<Alarm>),
    /// More was measured; it may hold from now on. Precondition: it exists and is open
    /// ([`Precondition::Stands`](crate::Precondition)).
    Grow {
        /// Which.
        id: AlarmId,
        /// Of which agency it is: what it holds waits for this write.
        agency: AgencyId,
        /// What was measured.
        measured: Measured,
        /// Since when it holds what follows. It never stops holding before it is answered.
        holds_at: Option<Timestamp>,
    },
    /// A second body answers. Precondition: it exists and is open
    /// ([`Precondition::Stands`](crate::Precondition)).
    Answer {
        /// Which.
        id: AlarmId,
        /// Of which agency it is.
        agency: AgencyId,
        /// How it ends.
        end: AlarmEnd,
    },
    /// Somebody is put on the list. Precondition: neither number nor digest stands there (`Absent`).
    Protect(Box<Protected>),
    /// Somebody asks that an entry goes. Preconditions: it is there, and nobody asked yet
    /// ([`Precondition::Stands`](crate::Precondition)).
    AskEnd {
        /// Which.
        id: ProtectedId,
        /// Who asks.
        by: (StaffId, AgencyId),
        /// When.
        at: Timestamp,
    },
    /// An entry goes, leaving no readable copy. Precondition: it is there, and this member of staff asked
    /// ([`Precondition::Stands`](crate::Precondition)).
    Unprotect {
        /// Which.
        id: ProtectedId,
        /// Who asked; somebody else confirms.
        asked_by: StaffId,
    },
}
