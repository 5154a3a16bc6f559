//! The report: for people as text, for programs as JSON.

use std::fmt;

use jadegate_domain::Timestamp;
use serde::Serialize;

/// Faults of one check that are listed; the others are counted.
const LISTED: usize = 20;

/// What an audit came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The auditor's clock.
    pub at: Timestamp,
    /// The log, if one could be read.
    pub log: Option<LogSummary>,
    /// Each thing that was looked at.
    pub checks: Vec<Check>,
    /// What no audit of this kind can see, in words.
    pub not_seen: Vec<&'static str>,
}

/// The log that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogSummary {
    /// Its name.
    pub name: String,
    /// Its key, as it was given or served.
    pub key: String,
    /// How many leaves.
    pub size: u64,
    /// The root over them, base64.
    pub root: String,
    /// The signed checkpoint: keep it for the next audit.
    pub checkpoint: String,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// A stable word.
    pub id: &'static str,
    /// What holds if there is no fault.
    pub what: &'static str,
    /// How much there was to look at.
    pub looked_at: u64,
    /// Why nothing could be looked at; then it says neither yes nor no.
    pub skipped: Option<&'static str>,
    /// What does not hold, the first of them.
    pub faults: Vec<Fault>,
    /// How many faults there are in all.
    pub fault_count: u64,
    /// What a reader should know although it is no fault.
    pub notes: Vec<String>,
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// A stable code.
    pub code: &'static str,
    /// At which leaf.
    pub leaf: Option<u64>,
    /// What it is, in words.
    pub detail: String,
}

impl Report {
    pub(crate) fn new(at: Timestamp) -> Self {
        Self { at, log: None, checks: Vec::new(), not_seen: NOT_SEEN.to_vec() }
    }

    /// Adds a check.
    pub fn add(&mut self, check: Check) {
        self.checks.push(check);
    }

    /// How many faults there are in all.
    pub fn faults(&self) -> u64 {
        self.checks.iter().map(|c| c.fault_count).sum()
    }

    /// Is there a fault with this code?
    pub fn has(&self, code: &str) -> bool {
        self.checks.iter().flat_map(|c| &c.faults).any(|f| f.code == code)
    }
}

/// Said in each report, so that nobody takes silence for soundness.
const NOT_SEEN: [&str; 4] = [
    "what was never logged: holders find their own records and looks in the log, or complain",
    "whose data a leaf is about, and whether evidence is true: that is sealed, and for the holder, courts and auditors with the data",
    "whether deleted data is gone from disks and copies: only that the deployment says so, in time",
    "whether others are served another log, unless witnesses signed it or an earlier checkpoint is given",
];

impl Check {
    pub(crate) fn new(id: &'static str, what: &'static str) -> Self {
        Self {
            id,
            what,
            looked_at: 0,
            skipped: None,
            faults: Vec::new(),
            fault_count: 0,
            notes: Vec::new(),
        }
    }

    pub(crate) fn skipped(mut self, why: &'static str) -> Self {
        self.skipped = Some(why);
        self
    }

    pub(crate) fn saw(&mut self, more: u64) {
        self.looked_at += more;
    }

    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    pub(crate) fn fault(
        &mut self,
        code: &'static str,
        leaf: impl Into<Option<u64>>,
        detail: impl Into<String>,
    ) {
        self.fault_count += 1;
        if self.faults.len() < LISTED {
            self.faults.push(Fault { code, leaf: leaf.into(), detail: detail.into() });
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(log) = &self.log {
            writeln!(f, "Log    {}, {} leaves, root {}", log.name, log.size, log.root)?;
            writeln!(f, "Key    {}", log.key)?;
        }
        writeln!(f, "As of  {}\n", self.at)?;
        self.checks.iter().try_for_each(|check| write!(f, "{check}"))?;
        writeln!(f, "\nNot seen by this audit:")?;
        self.not_seen.iter().try_for_each(|what| writeln!(f, "  - {what}"))?;
        match self.faults() {
            0 => writeln!(f, "\nNo fault was found."),
            n => writeln!(f, "\n{n} FAULTS were found."),
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match (self.skipped, self.fault_count) {
            (_, 1..) => "FAULT",
            (Some(_), 0) => "-    ",
            (None, 0) => "ok   ",
        };
        writeln!(f, "{word}  {:<12} {} ({})", self.id, self.what, self.looked_at)?;
        if let Some(why) = self.skipped {
            writeln!(f, "         not looked at: {why}")?;
        }
        for fault in &self.faults {
            let at = fault.leaf.map_or_else(String::new, |leaf| format!("leaf {leaf}: "));
            writeln!(f, "         {}  {at}{}", fault.code, fault.detail)?;
        }
        let listed = u64::try_from(self.faults.len()).unwrap_or(u64::MAX);
        if self.fault_count > listed {
            writeln!(f, "         … and {} more", self.fault_count - listed)?;
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "         note: {note}"))
    }
}
