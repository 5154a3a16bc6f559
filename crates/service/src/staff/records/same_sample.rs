//! Several results of one sample, told by one agency.
//!
//! One sample is what one agency took of one person at one moment by one method, unless two results
//! name different tubes. The same result again is one. Another result is a correction: it takes the
//! place of the one before, and both stay visible. An older result that comes again after its correction
//! is told, not taken: an old file sent again must not undo what was put right.

use jadegate_domain::record::{RecordKind, WithdrawalReason};
use jadegate_domain::{AgencyId, Evidence, EvidenceId, Fact, StaffId};

use crate::app::App;
use crate::assess::NewEvidence;
use crate::author::Taker;
use crate::brake::Signed;
use crate::error::Result;

/// Why a result is not recorded: code and words.
pub(super) type Refusal = (&'static str, &'static str);

/// Says that what was taken back is not recorded again.
pub(super) const WITHDRAWN: Refusal = (
    "evidence.withdrawn",
    "This was recorded before and withdrawn, so it is not recorded again. If it is right after all, record it with what was wrong of it corrected: the moment, the method or the person.",
);

/// Says that an older result does not come back after its correction.
const CORRECTED: Refusal = (
    "test.corrected",
    "This result was recorded before, and your agency corrected it later, so it is not recorded again. If it was right after all, withdraw the correction; then it counts again.",
);

/// Says that of two results of one sample in one file the negative one is not taken.
pub(super) const CONTRADICTED: Refusal = (
    "test.contradicted",
    "Another line of this file tells a positive result of the same sample, which is taken. If this line is right, send it by itself: it is then a correction.",
);

/// A result about to be recorded.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) agency: AgencyId,
    pub(super) fact: &'a Fact,
    /// What a laboratory calls the sample.
    pub(super) sample: Option<&'a str>,
    pub(super) key: Option<[u8; 16]>,
}

/// What is recorded of the same sample.
pub(super) enum Known<'e> {
    /// Nothing that counts.
    Nothing,
    /// The same.
    Same(EvidenceId),
    /// Another result, which this one corrects.
    Other(&'e Evidence),
    /// Something for which this is not recorded.
    Refused(Refusal),
}

/// Whoever corrects, as the cases see it that rested on what was corrected.
pub(super) const fn corrector(agency: AgencyId, staff: Option<StaffId>) -> Taker {
    Taker { agency, staff, reason: WithdrawalReason::NotBorneOut }
}

/// May two results be of one tube?
pub(super) fn one_tube(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}

/// Does a piece say what this agency says, of the same moment?
fn is_same(e: &Evidence, said: Said<'_>) -> bool {
    let moment = |fact: &Fact| match fact {
        Fact::Arrival { from, arrived_at, .. } => Some((Some(from.clone()), *arrived_at)),
        Fact::Case { confirmed_at, .. } => Some((None, *confirmed_at)),
        _ => None,
    };
    let same = match moment(said.fact) {
        Some(at) => e.fact.kind() == said.fact.kind() && moment(&e.fact) == Some(at),
        None => e.fact == *said.fact,
    };
    same && e.agency == Some(said.agency)
}

impl App {
    /// What is recorded of the same sample among a person's evidence (of a test that of its moment is
    /// enough); of what is no test, whether the same was recorded.
    pub(super) async fn known_of<'e>(
        &self,
        own: &[&'e Evidence],
        said: Said<'_>,
    ) -> Result<Known<'e>> {
        let (same, other) = self.counting_of(own, said).await?;
        if let Some(same) = same {
            return Ok(Known::Same(same));
        }
        let by_key = match said.key {
            Some(key) => self.store.evidence_by_key(key).await?,
            None => None,
        };
        // What is kept for the owner of a document has no key yet.
        let alike = |e: &&&Evidence| e.holder.is_none() && is_same(e, said);
        let Some(id) = by_key.or_else(|| own.iter().rfind(alike).map(|e| e.id)) else {
            return Ok(other.map_or(Known::Nothing, Known::Other));
        };
        let before = own.iter().copied().find(|e| e.id == id);
        // Recorded by somebody else since the person's evidence was read.
        let late = if before.is_none() { self.store.evidence(id).await? } else { None };
        let before = before.or(late.as_ref());
        let stands = before.is_some_and(|e| e.withdrawn_at.is_none());
        Ok(match (before, other) {
            (Some(e), _) if e.counts() => Known::Same(id),
            (_, Some(_)) if stands => Known::Refused(CORRECTED),
            _ => Known::Refused(WITHDRAWN),
        })
    }

    /// What counts of the same sample: the same result, and another one.
    async fn counting_of<'e>(
        &self,
        own: &[&'e Evidence],
        said: Said<'_>,
    ) -> Result<(Option<EvidenceId>, Option<&'e Evidence>)> {
        let Fact::Test { result, method, sampled_at } = *said.fact else { return Ok((None, None)) };
        let (mut same, mut other) = (None, None);
        for e in own.iter().copied().filter(|e| e.counts() && e.agency == Some(said.agency)) {
            match e.fact {
                Fact::Test { result: r, method: m, sampled_at: at }
                    if (m, at) == (method, sampled_at) =>
                {
                    if r == result {
                        same = Some(e.id);
                    } else if one_tube(self.tube_of(e).await?.as_deref(), said.sample) {
                        other = Some(e);
                    }
                }
                _ => {}
            }
        }
        Ok((same, other))
    }

    async fn tube_of(&self, e: &Evidence) -> Result<Option<String>> {
        let id = e.id;
        if e.holder.is_none() {
            return Ok(self.store.kept_record(id).await?.and_then(|k| k.sample));
        }
        let author = self.store.authorship(RecordKind::Evidence, id.as_i64()).await?;
        Ok(author.and_then(|a| a.sample))
    }

    /// What counts again once some pieces are taken back: the results that these corrected, unless they
    /// or their file were taken back themselves.
    pub(crate) async fn uncorrected(
        &self,
        own: &[Evidence],
        gone: &[EvidenceId],
    ) -> Result<Vec<NewEvidence>> {
        let mut again = Vec::new();
        let corrected = |e: &&Evidence| {
            e.withdrawn_at.is_none()
                && e.superseded_by.is_some_and(|by| gone.contains(&by))
                && !gone.contains(&e.id)
                && matches!(e.fact, Fact::Test { .. })
        };
        for e in own.iter().filter(corrected) {
            let author = self.store.authorship(RecordKind::Evidence, e.id.as_i64()).await?;
            let Some(author) = author else { continue };
            if !self.file_is_withdrawn(author.import).await? {
                let new = NewEvidence::by(Signed::again(&author), e.fact.clone());
                again.push(NewEvidence { sample: author.sample, ..new });
            }
        }
        Ok(again)
    }
}
