//! One piece of evidence recorded by hand: new, known before, a correction, or too much for this hour.

use jadegate_domain::record::WaitingKind;
use jadegate_domain::{AgencyKind, Evidence, EvidenceId, EvidenceKind, Fact, HolderId, Purpose};
use jadegate_store::Write;
use serde::Serialize;

use super::keeping::Told;
use super::same_sample::{Known, Refusal, Said, corrector};
use crate::app::App;
use crate::assess::{EvidenceChange, NewEvidence, TRIES, busy};
use crate::author::Author;
use crate::brake::Signed;
use crate::error::{Result, ServiceError, is_ended};
use crate::held::{Held, HeldPiece, Hold};
use crate::named::AssessmentView;
use crate::session::StaffSession;
use crate::staff::access::Recorder;
use crate::staff::people::find::{About, Subject};
use crate::staff::people::moved::document_moved;
use crate::staff::what::What;
use crate::staff::{conflict, wrong};

/// One piece about to be recorded by hand.
pub(crate) struct Recording {
    pub(crate) fact: Fact,
    pub(crate) sample: Option<String>,
}

/// A piece of evidence recorded, and what follows from it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordedEvidence {
    /// The id of the evidence that was recorded.
    pub evidence: EvidenceId,
    /// The person's assessment now; `None` for who names them by document, which may be anybody's: they
    /// learn that it was recorded, and not whether the person is registered, where, and what follows.
    pub assessment: Option<AssessmentView>,
    /// Was it new, or had the same been recorded before?
    pub new: bool,
    /// It is above the mandate's number for this hour: it colours nobody before somebody else has
    /// confirmed it.
    pub waiting: bool,
}

/// Says that a result waits only with its sample's reference.
pub(super) const NO_SAMPLE: Refusal = (
    "test.no_sample_reference",
    "More positive results, or corrections of them, than the mandate lets one person record in an hour wait for a colleague, who compares each with its sample. Add the sample's reference (column sample_reference) and send it again.",
);

/// Whom one piece is about, and under which keys it is known.
pub(super) struct Keyed {
    pub(super) about: About,
    /// Of the evidence; none while its owner is not registered.
    pub(super) key: Option<[u8; 16]>,
    /// Of what waits.
    pub(super) waits: [u8; 16],
}

impl App {
    /// Records one piece of evidence about one person. By document it is about the document's owner,
    /// wherever they live, registered or not, and the answer says nothing of them; in any other way the
    /// answer is a look. Another result of the same sample corrects the one before. Above the mandate's
    /// number it waits.
    pub(crate) async fn record_for(
        &self,
        session: &StaffSession,
        recorder: &Recorder,
        about: About,
        recording: Recording,
    ) -> Result<RecordedEvidence> {
        debug_assert_eq!(recording.fact.kind(), recorder.evidence());
        let author = recorder.author(None);
        let mut about = about;
        for _ in 0..TRIES {
            let keyed = self.keyed(&author, about, &recording.fact)?;
            match self.try_recording(session, &author, &keyed, &recording).await {
                // The document was given to its owner, or registered, a moment ago.
                Err(e) if document_moved(&e) && keyed.about.silent => {
                    let (document, tube) = (keyed.about.document, keyed.about.tube);
                    let again = self.about_again(document, tube.map(|(key, _)| key)).await?;
                    about = again.ok_or(e)?;
                }
                Err(e) if is_ended(&e) => about = keyed.about,
                done => return done,
            }
        }
        Err(busy())
    }

    pub(super) fn keyed(&self, author: &Author, about: About, fact: &Fact) -> Result<Keyed> {
        let none = || ServiceError::internal("a record of a kind that nobody records");
        let key = match about.subject {
            Subject::Person(holder) => {
                Some(self.fact_key(author.agency, holder, fact).ok_or_else(none)?)
            }
            Subject::Owner(_) => None,
        };
        let shown = about.tube.map(|(key, _)| key).or(about.document);
        let waits = shown.and_then(|d| self.document_key(author.agency, d, fact)).or(key);
        Ok(Keyed { about, key, waits: waits.ok_or_else(none)? })
    }

    async fn try_recording(
        &self,
        session: &StaffSession,
        author: &Author,
        keyed: &Keyed,
        recording: &Recording,
    ) -> Result<RecordedEvidence> {
        let about = &keyed.about;
        let looked = self.looked(session, about)?;
        let (version, own) = self.told_of(about.subject).await?;
        let said = Said {
            agency: author.agency,
            fact: &recording.fact,
            sample: recording.sample.as_deref(),
            key: keyed.key,
        };
        let old = match self.known_of(&own.iter().collect::<Vec<_>>(), said).await? {
            Known::Nothing => None,
            Known::Other(old) => Some(old),
            Known::Same(evidence) => {
                self.looked_again(looked).await?;
                return self.recorded(about, evidence, false).await;
            }
            Known::Refused((code, detail)) => {
                self.looked_again(looked).await?;
                return Err(conflict(code, detail));
            }
        };
        let change = change(author, keyed, recording, (version, old), looked.clone());
        match self.record_of("record_evidence", about.subject, change, None).await? {
            Told::Done(ids) => {
                if let Subject::Person(holder) = about.subject {
                    let old: Vec<_> = old.into_iter().map(|o| o.id).collect();
                    self.let_fall(holder, &old, corrector(author.agency, author.staff)).await?;
                }
                let id = ids.first().copied();
                let id = id.ok_or_else(|| ServiceError::internal("no id"))?;
                self.recorded(about, id, true).await
            }
            // Somebody recorded the same, or something else of this person, at the same moment.
            Told::Unchanged => Err(crate::error::ended()),
            Told::Above => self.hold_recording(author, keyed, recording, looked).await,
        }
    }

    /// The look that an answer is, unless it says nothing of the person.
    pub(crate) fn looked(&self, session: &StaffSession, about: &About) -> Result<Vec<Write>> {
        match (about.silent, about.subject) {
            (false, Subject::Person(holder)) => {
                let purpose = Purpose::RecordEvidence;
                self.access_writes(session.staff(), holder, purpose, What::Assessment)
            }
            _ => Ok(Vec::new()),
        }
    }

    async fn looked_again(&self, looked: Vec<Write>) -> Result<()> {
        if looked.is_empty() {
            return Ok(());
        }
        self.commit("record_evidence_again", looked).await
    }

    async fn recorded(
        &self,
        about: &About,
        evidence: EvidenceId,
        new: bool,
    ) -> Result<RecordedEvidence> {
        let assessment = match (about.silent, about.subject) {
            (false, Subject::Person(holder)) => {
                Some(self.named_assessment(self.assessment(holder).await?).await?)
            }
            _ => None,
        };
        Ok(RecordedEvidence { evidence, assessment, new, waiting: false })
    }

    /// Lets one piece wait, a laboratory's with its sample's reference.
    async fn hold_recording(
        &self,
        author: &Author,
        keyed: &Keyed,
        recording: &Recording,
        looked: Vec<Write>,
    ) -> Result<RecordedEvidence> {
        let Recording { fact, sample } = recording;
        if self.store.waits(keyed.waits).await? {
            return Err(waits_already());
        }
        if author.kind == AgencyKind::Laboratory && sample.is_none() {
            return Err(wrong("sample", NO_SAMPLE.0, NO_SAMPLE.1));
        }
        let id = EvidenceId::from_random(self.deployment.rng.bits());
        let kind = match fact.kind() {
            EvidenceKind::Arrival => WaitingKind::Arrivals,
            _ => WaitingKind::Tests,
        };
        let document = keyed.about.document;
        let tube = keyed.about.tube.map(|(key, _)| key);
        let held = Held::Evidence { id, fact: fact.clone(), document, tube };
        let holder = held_for(&keyed.about);
        let (sample, external_key) = (sample.clone(), Some(keyed.waits));
        let pieces = vec![HeldPiece { holder, held, sample, external_key }];
        let hold = Hold { kind, weighs_on: author.agency, pieces, trace: None };
        self.hold(author, hold, looked).await?;
        Ok(RecordedEvidence { waiting: true, ..self.recorded(&keyed.about, id, true).await? })
    }
}

/// Whom a piece that waits names: by document whoever it leads to once it is confirmed.
pub(crate) const fn held_for(about: &About) -> Option<HolderId> {
    match (about.document, about.tube, about.subject) {
        (None, None, Subject::Person(holder)) => Some(holder),
        _ => None,
    }
}

fn change(
    author: &Author,
    keyed: &Keyed,
    recording: &Recording,
    (version, old): (i64, Option<&Evidence>),
    with: Vec<Write>,
) -> EvidenceChange {
    let Recording { fact, sample } = recording;
    let signed = match old {
        Some(old) => Signed::correcting(author, &old.fact, fact),
        None => Signed::own(author, fact),
    };
    let signed = signed.of(author, &keyed.about);
    let new = NewEvidence {
        external_key: keyed.key,
        sample: sample.clone(),
        supersedes: old.map(|o| o.id),
        ..NewEvidence::by(signed, fact.clone())
    };
    let by = old.map(|_| corrector(author.agency, author.staff));
    EvidenceChange { add: vec![new], by, from: Some(version), with, ..EvidenceChange::default() }
}

pub(crate) fn waits_already() -> ServiceError {
    conflict(
        "evidence.waits",
        "This was recorded before and waits for somebody else to confirm it. Nothing more is needed from you.",
    )
}
