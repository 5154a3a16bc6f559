//! What several servers on one database agree on: who does what only one does at a time, and jobs that
//! any of them can tell of.

use jadegate_domain::{StaffId, Timestamp};

/// What is written of leases and jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerWrite {
    /// Takes a lease, or keeps it for longer. Precondition: nobody else holds it at this moment; else the
    /// conflict is [`Precondition::Lease`](crate::Precondition).
    Take {
        /// What only one does at a time.
        name: &'static str,
        /// The process that takes it: drawn at random at each start.
        owner: i64,
        /// The present moment.
        at: Timestamp,
        /// Until when it is held, unless it is kept for longer or given back.
        until: Timestamp,
    },
    /// Demands that a lease is still this owner's, where the write stands: time does not matter, only
    /// whether somebody took it since. Else the conflict is
    /// [`Precondition::Lease`](crate::Precondition).
    Expect {
        /// Which.
        name: &'static str,
        /// Whose.
        owner: i64,
    },
    /// Gives a lease back. No precondition: it may be somebody else's by now.
    GiveBack {
        /// Which.
        name: &'static str,
        /// Whose.
        owner: i64,
    },
    /// A new job, or how far one has come. A stop that was asked for stays. Precondition: if there is one
    /// with this id, it is this server's (`Absent`).
    PutJob(Box<StoredJob>),
    /// A part of a job's result. Precondition: the job exists (`Exists`), the part does not (`Absent`).
    AddJobPart {
        /// Of which job.
        job: i64,
        /// From 0 on.
        number: u32,
        /// The part, as its kind writes it.
        body: Vec<u8>,
    },
    /// Asks whoever does a job to stop. Precondition: it exists (`Exists`).
    StopJob(i64),
    /// Forgets a job with its result. No precondition.
    ForgetJob(i64),
}

/// A job that one server does and all can tell of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredJob {
    /// Its id, unique over all kinds.
    pub id: i64,
    /// What it does, as its kind is called.
    pub kind: String,
    /// Who asked for it, and alone is told of it.
    pub staff: StaffId,
    /// The process that does it.
    pub owner: i64,
    /// When it was asked for.
    pub started_at: Timestamp,
    /// Is it over, in whatever way?
    pub over: bool,
    /// Was it asked to stop? Ignored by [`ServerWrite::PutJob`].
    pub stop: bool,
    /// If it is not over: from when on nobody does it any more, unless it is said anew.
    pub alive_until: Timestamp,
    /// When it is forgotten.
    pub expires_at: Timestamp,
    /// What there is to tell, as its kind writes it: pseudonyms at most.
    pub body: String,
}
