//! Assignments: whom a community worker accompanies.

use jadegate_domain::{AgencyId, AssignmentId, HolderId, StaffId, Timestamp};

/// One person in quarantine who is accompanied by one community worker, until a moment. What is over is
/// not kept: that it was is among the looks at the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Its id.
    pub id: AssignmentId,
    /// Who is accompanied.
    pub holder: HolderId,
    /// By whom.
    pub worker: StaffId,
    /// Whose officer assigned them.
    pub agency: AgencyId,
    /// The officer.
    pub by: StaffId,
    /// When.
    pub assigned_at: Timestamp,
    /// From this moment on it is over.
    pub ends_at: Timestamp,
}

/// A change of assignments.
#[derive(Clone, Copy, Debug)]
pub enum AssignmentWrite {
    /// Assigns a person to a worker. That the worker accompanies the person already is a conflict
    /// ([`Absent`](crate::Precondition::Absent)); that they accompany `most` people already is one, too
    /// ([`Room`](crate::Precondition::Room) of class [`ACCOMPANIED`]). What is over at `assigned_at`
    /// counts for neither.
    Add {
        /// The assignment.
        assignment: Assignment,
        /// How many people a worker accompanies at a time.
        most: u32,
    },
    /// Ends one: it must be there.
    End(AssignmentId),
}

/// The class of the limit on people whom one worker accompanies.
pub const ACCOMPANIED: &str = "worker.accompanied";
