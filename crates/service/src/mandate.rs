//! The mandate as it is kept in memory, and what a start does with the one it is given.
//!
//! The first start of a database publishes the document it was given and fixes the authority's key. From
//! then on a document comes into force, or what holds is ended, only by a proposal that a second body
//! decides on (`staff/policies/proposals.rs`), and no start changes whose signature counts.

use jadegate_domain::time::DAY;
use jadegate_domain::{Division, Timestamp};
use jadegate_ledger::mandate::{Limits, Mandate, MandateError, Standing, Step, standing};
use jadegate_ledger::note::{NoteSigner, NoteVerifier};
use jadegate_ledger::{Hash, Leaf, MandateEvent};
use jadegate_store::{MandateStep, MandateStepKind, Store, Unit, Write};

use crate::error::{Kind, Result, ServiceError};
use crate::log::sha256;
use crate::settings::Settings;

/// Where the store keeps the authority's key.
const AUTHORITY: &str = "mandate_authority";

/// What a start is given: whose signature counts, and a signed document.
#[derive(Clone, Debug, Default)]
pub struct MandateGiven {
    /// The authority's key; needed by the first start that has a document.
    pub authority: Option<NoteVerifier>,
    /// A signed note: published if the database has none yet.
    pub note: Option<String>,
}

impl MandateGiven {
    /// For a trial: signed by a key of its own that whoever runs the machine has, which its document says
    /// of itself. Holds for a year from yesterday on, within the limits of the settings.
    ///
    /// # Errors
    /// If the settings hold a limit that no mandate can have.
    pub fn trial(
        settings: &Settings,
        region: Division,
        seed: &[u8; 32],
        now: Timestamp,
    ) -> Result<Self> {
        let from = now.plus_days(-1);
        let mandate = Mandate {
            version: 1,
            purpose: "Trial of a health code with made-up people".to_owned(),
            authority: "Made-up authority of a trial: its key is on this machine".to_owned(),
            region,
            from,
            to: from.plus_days(jadegate_ledger::mandate::MOST_DAYS),
            limits: settings.limits(),
        };
        let signer = NoteSigner::from_seed("trial.invalid/mandate", seed)?;
        let note = Mandate::sign(&mandate.to_text()?, &signer).map_err(ServiceError::internal)?;
        Ok(Self { authority: Some(signer.verifier()), note: Some(note) })
    }
}

impl Settings {
    /// The limits of a deployment whose mandate says none yet.
    pub fn limits(&self) -> Limits {
        let hours = |seconds: i64| u32::try_from(seconds / 3600).unwrap_or(1).max(1);
        Limits {
            second_officer_percent: f64::from(self.second_officer_basis_points) / 100.0,
            // TOML has no larger number.
            second_officer_people: self.second_officer_people.min(i64::MAX.unsigned_abs()),
            waiting_above_per_hour: self.waiting_above_per_hour,
            waiting_above_per_staff_hour: self.waiting_above_per_staff_hour,
            withdrawals_above_per_hour: self.withdrawals_above_per_hour,
            withdrawals_above_per_staff_hour: self.withdrawals_above_per_staff_hour,
            waiting_hours: hours(self.waiting_seconds),
            proposal_hours: hours(self.proposal_seconds),
            identity_requests_per_day: self.identity_requests_per_day,
            notice_delay_hours: self.notice_delay_hours,
            overturned_percent: f64::from(self.appeals_overturned_percent),
            privacy_budget: 1.0,
        }
    }
}

/// The mandates of a deployment: all steps, and what they say.
#[derive(Debug, Default)]
pub(crate) struct Mandates {
    /// Whose signature counts.
    pub(crate) authority: Option<NoteVerifier>,
    /// Newest first.
    pub(crate) steps: Vec<MandateStep>,
    read: Vec<Step>,
}

impl Mandates {
    fn of(authority: Option<NoteVerifier>, steps: Vec<MandateStep>) -> Result<Self> {
        let read =
            steps.iter().filter_map(|s| step(s, authority.as_ref())).collect::<Result<_>>()?;
        Ok(Self { authority, steps, read })
    }

    /// Reads them from the store.
    pub(crate) async fn load(store: &dyn Store, authority: Option<NoteVerifier>) -> Result<Self> {
        let authority = match authority {
            Some(known) => Some(known),
            None => known_authority(store).await?,
        };
        Self::of(authority, store.mandate_steps().await?)
    }

    /// What holds at a moment, and the document by whose limits is measured.
    pub(crate) fn standing(&self, now: Timestamp) -> (Standing, Option<&Mandate>) {
        standing(&self.read, now)
    }

    /// The newest published document, whether it has begun or not.
    pub(crate) fn newest(&self) -> Option<&Mandate> {
        self.read.iter().find_map(|s| match s {
            Step::Published(m) => Some(&**m),
            Step::Ended(_) => None,
        })
    }

    /// The signed note of a version.
    pub(crate) fn note_of(&self, version: u32) -> Option<&str> {
        self.steps.iter().find_map(|s| match &s.kind {
            MandateStepKind::Published(note) => {
                self.open(note).is_ok_and(|m| m.version == version).then_some(note.as_str())
            }
            _ => None,
        })
    }

    /// The number of the next step.
    pub(crate) fn next_number(&self) -> u32 {
        self.steps.first().map_or(1, |s| s.number + 1)
    }

    /// Since when everything about people has been gone, if no document was published since.
    pub(crate) fn forgotten_at(&self) -> Option<Timestamp> {
        let first = self.steps.first()?;
        (first.kind == MandateStepKind::Forgotten).then_some(first.at)
    }

    /// A document that somebody brings.
    pub(crate) fn open(&self, note: &str) -> std::result::Result<Mandate, MandateError> {
        Mandate::open(note, self.authority.as_ref().ok_or(MandateError::NotSigned)?)
    }
}

/// What a stored step says; `None`: nothing about what holds.
fn step(step: &MandateStep, authority: Option<&NoteVerifier>) -> Option<Result<Step>> {
    let unreadable = |why: String| {
        ServiceError::internal(format!(
            "step {} of the mandates cannot be read: {why}",
            step.number
        ))
    };
    match &step.kind {
        MandateStepKind::Published(note) => Some(match authority {
            None => Err(unreadable("no authority is known".to_owned())),
            Some(key) => Mandate::open(note, key)
                .map(|m| Step::Published(Box::new(m)))
                .map_err(|e| unreadable(e.to_string())),
        }),
        MandateStepKind::Ended => Some(Ok(Step::Ended(step.at))),
        MandateStepKind::Forgotten => None,
    }
}

async fn known_authority(store: &dyn Store) -> Result<Option<NoteVerifier>> {
    let known = store.setting(AUTHORITY).await?;
    Ok(known.map(|text| text.parse::<NoteVerifier>()).transpose()?)
}

/// The mandates of a database; what is given is published now if it has none.
pub(crate) async fn at_start(
    store: &dyn Store,
    given: MandateGiven,
    now: Timestamp,
) -> Result<Mandates> {
    let authority = authority_at_start(store, given.authority).await?;
    let mandates = Mandates::load(store, authority).await?;
    let Some(note) = given.note else { return Ok(mandates) };
    if !mandates.steps.is_empty() {
        let same = |s: &MandateStep| matches!(&s.kind, MandateStepKind::Published(n) if *n == note);
        if !mandates.steps.iter().any(same) {
            tracing::warn!(
                "the mandate given at the start was never published here and changes nothing: propose it in the console (Mandate)"
            );
        }
        return Ok(mandates);
    }
    let mandate = mandates.open(&note).map_err(|e| {
        ServiceError::new(
            Kind::Conflict,
            "mandate.unusable",
            format!(
                "the mandate given at the start cannot be used: {e}. See `jadegate mandate check`"
            ),
        )
    })?;
    let leaf = leaf(&mandate, MandateEvent::Published, &note, None, now)?;
    let first = MandateStep {
        number: 1,
        kind: MandateStepKind::Published(note),
        at: now,
        agency: None,
        staff: None,
        proposal: None,
    };
    let writes = vec![Write::AddMandateStep(Box::new(first)), Write::AddLeaf(leaf)];
    store.commit(Unit::new("first_mandate", writes)).await?;
    Mandates::load(store, mandates.authority).await
}

/// The authority's key as the first start fixed it: a later one with another key is refused.
async fn authority_at_start(
    store: &dyn Store,
    given: Option<NoteVerifier>,
) -> Result<Option<NoteVerifier>> {
    match (known_authority(store).await?, given) {
        (None, None) => Ok(None),
        (None, Some(given)) => {
            let value = given.to_string();
            let write = Write::PutSetting { name: AUTHORITY, value, expect: Some(None) };
            store.commit(Unit::new("mandate_authority", vec![write])).await?;
            Ok(Some(given))
        }
        (Some(known), Some(given)) if known != given => Err(ServiceError::new(
            Kind::Conflict,
            "mandate.other_authority",
            format!(
                "the mandates of this database are signed by {known}; the configuration names another key. Nobody's signature is exchanged by a start: set `mandate.authority` to the key above"
            ),
        )),
        (Some(known), _) => Ok(Some(known)),
    }
}

/// A mandate's step in the public log.
pub(crate) fn leaf(
    mandate: &Mandate,
    event: MandateEvent,
    note: &str,
    agency: Option<jadegate_domain::AgencyId>,
    at: Timestamp,
) -> Result<Vec<u8>> {
    let leaf = Leaf::Mandate {
        at,
        event,
        version: mandate.version,
        region: mandate.region.clone(),
        from: mandate.from,
        to: mandate.to,
        document: Hash::from_bytes(sha256(note.as_bytes())),
        agency,
    };
    Ok(leaf.encode()?)
}

/// Whole days between two moments.
pub(crate) const fn days(from: Timestamp, to: Timestamp) -> i64 {
    to.secs_since(from).div_euclid(DAY)
}
