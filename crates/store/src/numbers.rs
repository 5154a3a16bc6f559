//! Numbers that are published, and what is counted for them.

use jadegate_domain::{Colour, Division, Timestamp};

/// What was published on one day: told once, to everybody the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedNumbers {
    /// The UTC day (since the epoch).
    pub day: i64,
    /// When.
    pub at: Timestamp,
    /// The numbers, as whoever publishes them writes them: nothing about anybody.
    pub body: String,
}

/// People who live in one division and have one stored colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HomeColour {
    /// Where they live.
    pub home: Division,
    /// The colour of their stored assessment.
    pub colour: Colour,
    /// How many; whose records are joined counts once.
    pub people: u64,
}

/// People of a stretch of time, each counted once, by their main record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeopleCounted {
    /// Who turned from green (or from no colour) to another one.
    pub confined: u64,
    /// Of whom evidence was recorded that they are a contact, and was not withdrawn.
    pub contacts: u64,
    /// Of whom a case was recorded that was not withdrawn, after such evidence in the same record, whenever
    /// that was.
    pub infected: u64,
}
