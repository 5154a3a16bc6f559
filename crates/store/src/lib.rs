//! The port between logic and database.
//!
//! # Contract
//! Every backend keeps these promises; `conformance::suite` checks them.
//!
//! *Reads.* A missing thing is `None` or an empty list, never an error. A row that cannot be
//! turned into its domain type is [`StoreError::Corrupt`] naming table, column and row: nothing is
//! guessed and nothing defaults to green. A read sees every unit that was acknowledged before it
//! began. Lists have a stated order and a limit.
//!
//! *Rows set aside.* A list leaves out the rows that cannot be read and goes on; its limit counts
//! those that can, so that a page is empty at the end only. Each such row is named once in the log
//! and kept in [`Store::unreadable`]. A list from which something is decided about people says what
//! it left out ([`Listed`], [`EvidencePage`], [`RegionRisks`]); one person's own evidence is whole
//! or an error, for a colour from a part of it could be green by mistake.
//!
//! *Writes.* All writing is done by [`Store::commit`] (or [`Store::commit_for_receipt`]) with a
//! [`Unit`]: a named list of [`Write`]s decided beforehand by pure code. A unit is applied whole or
//! not at all and is durable (survives power loss) when `commit` returns. A backend may put many units into one transaction;
//! a unit that fails leaves no trace and does not disturb its neighbours.
//!
//! *Conflicts.* A write whose stated precondition does not hold fails its unit with
//! [`StoreError::Conflict`] naming the precondition. There is no check-then-insert anywhere: the
//! insert itself conflicts. The caller loads again and decides again.
//!
//! *Expiry.* What has an `expires_at` works before that moment and no more at it.
//!
//! *Expected rows.* A write that names one row and touches none is [`StoreError::Conflict`] with
//! [`Precondition::Exists`]; nothing is silently skipped. That goes for a row that is no longer in the
//! state asked for (decided, ended) and for a one-time thing that does not exist; one that exists but
//! is spent is [`Precondition::Unused`].
//!
//! *Standing records.* What another unit may have withdrawn or replaced (evidence, cases, runs of a
//! trace, risk levels, people's access) is only changed or built upon while it stands; else the
//! conflict is [`Precondition::Stands`].
//!
//! *Keys of days.* Visits, rides and scans have natural keys: two that differ in what tells them
//! apart never meet, and the same told twice is one. What was there already is told by the unit's
//! [`Receipt`], what contradicts it is a conflict: nothing is ignored without a word.
//!
//! *Values.* A write whose value its table cannot hold is [`StoreError::Invalid`].
//!
//! *Giving up.* A caller that stops waiting for `commit` does not take the unit back.
//!
//! *Time.* A backend reads no clock: every moment is in the write.
//!
//! *Marks.* Every transaction that changes a day's visits raises that day's mark, and a mark never
//! falls, not even when the day is dropped and made anew ([`Store::visit_marks`]). Where single visits
//! were taken back, that is told with the mark. So a copy of the visits knows what it lacks and what it
//! must lose.
//!
//! *Positions.* Every transaction that changes something of what [`ChangeKind`] lists has a position,
//! higher than all before it, and a unit's [`Receipt`] names it. [`Store::changes_since`] tells what
//! changed after a position and how far that reaches: nothing that is kept later ever has a position up
//! to there. So whoever reads on from where they were misses nothing, whoever wrote it, and a position
//! is good after a restart as well. Positions may have gaps; one that the store has not reached is
//! another past (a backup was restored).
//!
//! *The public log.* A unit writes its leaves without numbers, so that units of many servers need not
//! wait for one another; [`Write::NumberLeaves`] numbers what waits, from 0, without a gap, each leaf
//! once and for ever. What has no number is in no list of leaves. The order: those of a unit as they
//! stand in it, and of two units the one that was acknowledged before the other was handed over comes
//! first. Units that were under way at the same time come in the order that the
//! store gives them when they are numbered, whoever does it.
//!
//! *Erasure.* [`Write::Shred`], [`Write::DropSealedField`], [`Store::drop_days_before`], [`Store::forget_people`] and [`Store::purge_expired`] leave no
//! readable copy in the database's files (`secure_delete`, and the log of the database is
//! truncated). A backup made earlier is not reached; its retention is its keeper's.

mod alarms;
mod appeals;
mod aside;
mod assignments;
mod challenges;
mod changes;
pub mod copying;
mod corrections;
mod error;
mod identity;
mod latest;
mod mandate;
mod news;
mod numbers;
mod opening;
mod papers;
mod policies;
mod port;
mod recolourings;
mod records;
mod rows;
mod servers;
mod units;
mod write;

#[cfg(feature = "conformance")]
pub mod conformance;

pub use alarms::{
    ALARM_HOLDS, Actor, Alarm, AlarmCount, AlarmEnd, AlarmWrite, Busy, LookedAtByMany, Measured,
    Protected,
};
pub use appeals::{Appeal, AppealDecision, AppealFile, AppealWrite, RuleReview};
pub use aside::{Listed, SetAside, Unreadable};
pub use assignments::{ACCOMPANIED, Assignment, AssignmentWrite};
pub use challenges::ChallengeWrite;
pub use changes::{Change, ChangeKind, Changes, Cursor, KeptAt, Position, Reading};
pub use corrections::CorrectionWrite;
pub use error::{Precondition, RowRef, StoreError};
pub use identity::{IdentityCount, IdentityDecision, IdentityRequest, IdentityState};
pub use latest::{Before, Latest, Page};
pub use mandate::{ABOUT_PEOPLE, Forgotten, KEPT, MandateStep, MandateStepKind};
pub use numbers::{HomeColour, PeopleCounted, PublishedNumbers};
pub use opening::Contents;
pub use papers::{Paper, PaperPlaces, PaperStanding, PaperWrite};
pub use policies::{
    AssessmentMark, ColourCounts, Decision, EvidencePage, HolderEvidence, PolicyVersion,
    ProposalState, Recolouring, RegionRisks, Standing, StoredColour, StoredProposal,
};
pub use port::{AccountStore, CountStore, RecordStore, Store};
pub use recolourings::RecolouringWrite;
pub use records::{
    Authorship, FilesOf, ImportCounts, ImportRun, KeptRecord, Tube, TubeOwner, Waiting,
    WaitingDecision, WaitingPiece, Withdrawal,
};
pub use rows::{
    AccountChange, Challenge, ChallengeUse, ChangedBy, ColourChange, ConfinedHolder, Correction,
    CorrectionState, CredentialRow, DayMark, DocumentBar, DroppedDays, IndexKind, Invitation,
    InvitationUse, LogLeaf, Looked, OpenCases, OutboxMessage, OutboxState, PendingLeaves,
    PhoneCode, Proxy, RecordLink, Route, SealedField, Session, SessionSubject, SplitPiece,
    StoredAssessment, StoredRide, StoredTrace, TraceHead, VaultKey, VisitMarks,
};
pub use servers::{ServerWrite, StoredJob};
pub use units::{PEOPLE, Receipt, Unit};
pub use write::Write;
