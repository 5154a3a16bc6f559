//! One piece of evidence recorded by hand: new, known before, a correction, or too much for this hour.

use jadegate_domain::record::WaitingKind;
use jadegate_domain::{AgencyKind, Evidence, EvidenceId, EvidenceKind, Fact, HolderId, Purpose};
use jadegate_store::Write;
use serde::Serialize;

use super::same_sample::{Known, Refusal, Said, corrector};
use crate::app::App;
use crate::assess::{Changed, EvidenceChange, NewEvidence, TRIES, busy};
use crate::brake::{Author, Held, HeldPiece, Hold, Signed};
use crate::error::{Result, ServiceError, is_ended};
use crate::named::AssessmentView;
use crate::session::StaffSession;
use crate::staff::access::Recorder;
use crate::staff::what::What;
use crate::staff::{conflict, wrong};

/// One piece about to be recorded by hand.
pub(crate) struct Recording {
    pub(crate) fact: Fact,
    pub(crate) key: [u8; 16],
    pub(crate) sample: Option<String>,
    /// The document by which the person was found, if by one.
    pub(crate) document: Option<[u8; 16]>,
}

/// A piece of evidence recorded, and what follows from it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordedEvidence {
    /// The id of the evidence that was recorded.
    pub evidence: EvidenceId,
    /// The person's assessment now.
    pub assessment: AssessmentView,
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

impl App {
    /// Records one piece of evidence about one person, with the look that its answer is. Another result
    /// of the same sample corrects the one before. Above the mandate's number it waits.
    pub(crate) async fn record_for(
        &self,
        session: &StaffSession,
        recorder: &Recorder,
        holder: HolderId,
        recording: Recording,
    ) -> Result<RecordedEvidence> {
        debug_assert_eq!(recording.fact.kind(), recorder.evidence());
        let looked =
            self.access_writes(session.staff(), holder, Purpose::RecordEvidence, What::Assessment)?;
        let author = recorder.author(None);
        for _ in 0..TRIES {
            let (version, own) = self.store.evidence_of(holder).await?.unwrap_or_default();
            let said = Said {
                agency: author.agency,
                fact: &recording.fact,
                sample: recording.sample.as_deref(),
                key: Some(recording.key),
            };
            let old = match self.known_of(&own.iter().collect::<Vec<_>>(), said).await? {
                Known::Nothing => None,
                Known::Other(old) => Some(old),
                Known::Same(evidence) => {
                    self.commit("record_evidence_again", looked).await?;
                    return self.recorded(holder, evidence, false).await;
                }
                Known::Refused((code, detail)) => {
                    self.commit("record_evidence_again", looked).await?;
                    return Err(conflict(code, detail));
                }
            };
            let change = change(&author, &recording, (version, old), looked.clone());
            match self.record("record_evidence", holder, change).await {
                Ok(Changed::Done(ids, _)) => {
                    let old: Vec<_> = old.into_iter().map(|o| o.id).collect();
                    self.let_fall(holder, &old, corrector(author.agency, author.staff)).await?;
                    let id = ids.first().copied();
                    let id = id.ok_or_else(|| ServiceError::internal("no id"))?;
                    return self.recorded(holder, id, true).await;
                }
                // Somebody recorded the same, or something else of this person, at the same moment.
                Ok(Changed::Unchanged) => {}
                Err(e) if is_ended(&e) => {}
                Ok(Changed::Above) => {
                    return self.hold_recording(&author, holder, recording, looked).await;
                }
                Err(e) => return Err(e),
            }
        }
        Err(busy())
    }

    async fn recorded(
        &self,
        holder: HolderId,
        evidence: EvidenceId,
        new: bool,
    ) -> Result<RecordedEvidence> {
        let assessment = self.named_assessment(self.assessment(holder).await?).await?;
        Ok(RecordedEvidence { evidence, assessment, new, waiting: false })
    }

    /// Lets one piece wait, a laboratory's with its sample's reference.
    async fn hold_recording(
        &self,
        author: &Author,
        holder: HolderId,
        recording: Recording,
        looked: Vec<Write>,
    ) -> Result<RecordedEvidence> {
        let Recording { fact, key, sample, document } = recording;
        if self.store.waits(key).await? {
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
        let held = Held::Evidence { id, fact, document };
        let pieces = vec![HeldPiece { holder, held, sample, external_key: Some(key) }];
        let hold = Hold { kind, weighs_on: author.agency, pieces, trace: None };
        self.hold(author, hold, looked).await?;
        Ok(RecordedEvidence { waiting: true, ..self.recorded(holder, id, true).await? })
    }
}

fn change(
    author: &Author,
    recording: &Recording,
    (version, old): (i64, Option<&Evidence>),
    with: Vec<Write>,
) -> EvidenceChange {
    let Recording { fact, key, sample, document } = recording;
    let signed = match old {
        Some(old) => Signed::correcting(author, &old.fact, fact),
        None => Signed::own(author, fact),
    };
    let new = NewEvidence {
        external_key: Some(*key),
        sample: sample.clone(),
        supersedes: old.map(|o| o.id),
        ..NewEvidence::by(signed.of_document(*document), fact.clone())
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
