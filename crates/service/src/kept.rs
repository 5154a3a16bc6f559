//! What is kept for the owner of a document that leads to nobody: how it is written, and what it says.
//!
//! It is no evidence and nothing that makes a colour reads it. Told as evidence about nobody, it can be
//! compared, corrected and taken back in the same way.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use jadegate_domain::{CaseId, Evidence, EvidenceId, Fact, Timestamp, hex};
use jadegate_store::{KeptRecord, RowRef, Write};

use crate::app::App;
use crate::error::{Kind, Result, ServiceError};
use crate::held::Held;
use crate::staff::cases::case_fact;

/// Stands before what is sealed; what was written before that was so is JSON.
const SEALED: &str = "sealed:";

/// One record that is kept.
#[derive(Clone, Debug)]
pub(crate) struct KeptPiece {
    pub(crate) row: KeptRecord,
    pub(crate) held: Held,
    /// What it says, about nobody yet.
    pub(crate) evidence: Evidence,
}

/// What a record that waits will say of the person, unless it is about a visit.
pub(crate) fn fact_of(held: &Held) -> Option<Fact> {
    match held {
        Held::Evidence { fact, .. } => Some(fact.clone()),
        Held::Case { case, .. } => Some(case_fact(case)),
        Held::Ride { .. } | Held::Withdrawal { .. } => None,
    }
}

/// A case is kept under its own number, so that it can be taken back by it.
pub(crate) fn kept_case(case: CaseId) -> Option<EvidenceId> {
    EvidenceId::from_i64(case.as_i64())
}

fn envelope(document: [u8; 16]) -> String {
    format!("kept/{}", hex::encode(&document))
}

impl App {
    /// Seals what is kept, for its document only.
    pub(crate) fn seal_kept(&self, document: [u8; 16], held: &Held) -> Result<String> {
        let plain =
            zeroize::Zeroizing::new(serde_json::to_vec(held).map_err(ServiceError::internal)?);
        let rng = self.deployment.rng.as_ref();
        let sealed = self.deployment.keys.seal_envelope(&envelope(document), &plain, rng)?;
        Ok(format!("{SEALED}{}", STANDARD_NO_PAD.encode(sealed)))
    }

    /// What is kept says.
    pub(crate) fn open_kept(&self, k: &KeptRecord) -> Result<Held> {
        let unreadable = || {
            let row = RowRef { table: "kept_record", column: "body", row: k.id.as_i64() };
            ServiceError::unreadable(row)
        };
        let Some(sealed) = k.body.strip_prefix(SEALED) else {
            return serde_json::from_str(&k.body).map_err(|_| unreadable());
        };
        let sealed = STANDARD_NO_PAD.decode(sealed).map_err(|_| unreadable())?;
        let plain = self.deployment.keys.open_envelope(&envelope(k.document), &sealed);
        serde_json::from_slice(&plain.map_err(|_| unreadable())?).map_err(|_| unreadable())
    }

    /// The same as a piece of evidence about nobody.
    pub(crate) fn kept_evidence(&self, k: &KeptRecord) -> Result<(Held, Evidence)> {
        let held = self.open_kept(k)?;
        let fact = fact_of(&held)
            .ok_or_else(|| ServiceError::internal("something else than evidence was kept"))?;
        let evidence = Evidence {
            id: k.id,
            holder: None,
            fact,
            recorded_at: k.kept_at,
            agency: Some(k.agency),
            origin: None,
            withdrawn_at: k.withdrawn_at,
            superseded_by: None,
        };
        Ok((held, evidence))
    }

    /// All that is kept for the owner of a document, in the order in which it was recorded. What a file
    /// told that was taken back since is withdrawn.
    pub(crate) async fn kept_pieces(&self, document: [u8; 16]) -> Result<Vec<KeptPiece>> {
        let mut pieces = Vec::new();
        for row in self.store.kept_for_document(document).await? {
            let (held, mut evidence) = self.kept_evidence(&row)?;
            if evidence.withdrawn_at.is_none() && self.file_is_withdrawn(row.import).await? {
                evidence.withdrawn_at = Some(row.kept_at);
            }
            pieces.push(KeptPiece { row, held, evidence });
        }
        pieces.sort_by_key(|p| (p.row.kept_at, p.row.id));
        let corrected: Vec<(EvidenceId, EvidenceId)> = pieces
            .iter()
            .filter(|p| p.evidence.withdrawn_at.is_none())
            .filter_map(|p| Some((p.row.supersedes?, p.row.id)))
            .collect();
        for (old, by) in corrected {
            if let Some(p) = pieces.iter_mut().find(|p| p.row.id == old) {
                p.evidence.superseded_by = Some(by);
            }
        }
        Ok(pieces)
    }

    /// The leaf of what is kept looks like that of any record: whoever recorded it does not learn from
    /// the public log whether the document leads to somebody.
    pub(crate) fn kept_leaf(
        &self,
        evidence: &Evidence,
        withdrawn: Option<Timestamp>,
    ) -> Result<Write> {
        let evidence = Evidence { withdrawn_at: withdrawn, ..evidence.clone() };
        Ok(Write::AddLeaf(crate::log::evidence_leaf(&self.deployment.keys, &evidence)?))
    }
}

/// How many records of one agency there may be of whoever owns one document, within the days that such
/// records are kept: four a day for two months. So nobody fills the table, and a column that was filled down
/// is told.
pub(crate) const MOST_OF_ONE_DOCUMENT: usize = 256;

/// Is there room for so many more? The same for people who are registered and for those who are not.
pub(crate) fn must_have_room(known: usize, more: usize) -> Result<()> {
    if known + more <= MOST_OF_ONE_DOCUMENT {
        return Ok(());
    }
    Err(ServiceError::new(
        Kind::TooMany,
        "document.too_many_records",
        "Your agency has recorded very much of this one document. Nothing was recorded now. Check whether the number is right, or whether a column was filled with one number; if it is right, let the person go to a counter.",
    ))
}
