//! Whose tube it is.
//!
//! A result may be told by a tube's number before anybody is known by it; it is kept under the tube. Who
//! takes the sample says whose it is, before or after: by document, or by reading the person's code. Then
//! the result is theirs, from its own moment. Numbers are an agency's own. One tube is one person's:
//! several in one tube are not said this way ([decision 0059]).
//!
//! [decision 0059]: ../../../../../docs/decisions/0059-tubes.md

use jadegate_domain::record::{RecordKind, WithdrawalReason};
use jadegate_domain::{AgencyId, Evidence, EvidenceId, EvidenceKind, HolderId};
use jadegate_store::{
    Authorship, IndexKind, KeptRecord, Precondition, StoreError, Tube, TubeOwner, Unit, Write,
};
use serde::{Deserialize, Serialize};

use super::test_lines::sample;
use crate::app::App;
use crate::assess::{Changed, EvidenceChange, TRIES, busy};
use crate::author::Taker;
use crate::document::DocumentInput;
use crate::error::{Kind, Result, ServiceError, is_ended};
use crate::held::Held;
use crate::jobs::note;
use crate::session::StaffSession;
use crate::staff::access::{Counted, Recorder};
use crate::staff::{conflict, wrong};

/// Whose sample a tube holds.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SampleInput {
    /// The tube's number, as the laboratory tells its result by it.
    pub sample: String,
    /// The laboratory whose numbers they are; one's own agency if left out.
    #[serde(default)]
    pub laboratory: Option<AgencyId>,
    /// Whose it is: the document they show.
    #[serde(default)]
    pub document: Option<DocumentInput>,
    /// Or the live code on their phone, as it was read a moment ago.
    #[serde(default)]
    pub code: Option<String>,
    /// It was said of the wrong person: take it from them.
    #[serde(default)]
    pub correct: bool,
}

/// It is known whose tube it is. Says nothing of the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BoundSample {
    /// Was it not said before?
    pub new: bool,
    /// Was it taken from whoever it was said of before?
    pub corrected: bool,
}

impl App {
    /// Says whose tube it is. The same twice is one; another person's it becomes only by a correction,
    /// which takes its results from whom they were recorded of.
    pub async fn bind_sample(
        &self,
        session: &StaffSession,
        input: &SampleInput,
    ) -> Result<BoundSample> {
        let recorder = self.recorder(session, EvidenceKind::Test)?;
        self.count_look(session.staff().id, Counted::Recording).await?;
        let number = sample(&input.sample).map_err(|r| wrong("sample", r.code, r.detail))?;
        let number = number.ok_or_else(|| {
            wrong("sample", "sample.needed", "Give the tube's number, as it stands on the tube.")
        })?;
        let agency = self.numbered_by(&recorder, input.laboratory).await?;
        let owner = self.owner_of_sample(input).await?;
        let tube = Tube {
            key: self.tube_key(agency, &number),
            agency,
            owner,
            bound_by: recorder.agency(),
            staff: recorder.staff(),
            bound_at: self.now(),
        };
        let mut corrected = false;
        for _ in 0..TRIES {
            match self.store.tube(tube.key).await? {
                Some(known) if self.is_one_person(known.owner, owner).await? => {
                    return Ok(BoundSample { new: corrected, corrected });
                }
                Some(_) if !input.correct => return Err(other_person()),
                Some(known) => {
                    let own = [known.agency, known.bound_by];
                    if !own.contains(&recorder.agency()) {
                        return Err(not_yours());
                    }
                    corrected |= self.take_from(&recorder, &known, &number).await?;
                }
                None if self.try_bind(&tube).await? => {
                    return Ok(BoundSample { new: true, corrected });
                }
                // A result came, the person registered, or somebody else said whose it is.
                None => {}
            }
        }
        Err(busy())
    }

    /// The agency whose numbers are meant.
    async fn numbered_by(&self, by: &Recorder, of: Option<AgencyId>) -> Result<AgencyId> {
        let Some(of) = of.filter(|of| *of != by.agency()) else { return Ok(by.agency()) };
        let agency = self.confirmed_agency(of).await.map_err(|_| no_laboratory())?;
        if EvidenceKind::Test.may_record(Some(agency.kind)) {
            Ok(agency.id)
        } else {
            Err(no_laboratory())
        }
    }

    /// Whose it is, as it was shown.
    async fn owner_of_sample(&self, input: &SampleInput) -> Result<TubeOwner> {
        match (&input.document, input.code.as_deref().map(str::trim)) {
            (Some(document), None) => {
                let document = self.read_document(document)?;
                Ok(TubeOwner::Document(self.deployment.keys.document_index(&document)))
            }
            (None, Some(code)) => Ok(TubeOwner::Holder(self.shown_by(code).await?)),
            _ => Err(ServiceError::bad(
                "sample.one",
                "Say whose sample it is by the document or by the code: one of them.",
            )),
        }
    }

    /// Whoever shows a live code now.
    async fn shown_by(&self, code: &str) -> Result<HolderId> {
        let skew = u32::try_from(self.deployment.settings.clock_skew_seconds).unwrap_or(0);
        let issuer = self.issuer();
        let holder = jadegate_pass::verify(issuer.key_set(), code, self.now(), skew)
            .and_then(|c| jadegate_pass::open(issuer.handle_keys(), &c.handle, c.issued_at))
            .map_err(|e| {
                let detail =
                    format!("{e} Ask for the code to be shown again, or take the document.");
                wrong("code", e.code(), detail)
            })?;
        let known = self.store.holder(holder).await?;
        known.map(|h| h.id).ok_or_else(|| {
            wrong("code", "sample.no_holder", "Nobody has this code any more. Take the document.")
        })
    }

    async fn is_one_person(&self, a: TubeOwner, b: TubeOwner) -> Result<bool> {
        if a == b {
            return Ok(true);
        }
        let (a, b) = (self.person_of(a).await?, self.person_of(b).await?);
        Ok(a.is_some() && a == b)
    }

    async fn person_of(&self, owner: TubeOwner) -> Result<Option<HolderId>> {
        match owner {
            TubeOwner::Holder(holder) => Ok(Some(holder)),
            TubeOwner::Document(digest) => {
                Ok(self.store.indexed_holder(IndexKind::Document, digest).await?)
            }
        }
    }

    /// Says it, and records what is kept of the tube for somebody who is known. False: something was
    /// different a moment ago.
    async fn try_bind(&self, tube: &Tube) -> Result<bool> {
        let bind = Write::BindTube(Box::new(tube.clone()));
        let Some(holder) = self.person_of(tube.owner).await? else {
            return bound(self.store.commit(Unit::new("bind_tube", vec![bind])).await);
        };
        let document = match tube.owner {
            TubeOwner::Document(digest) => Some(digest),
            TubeOwner::Holder(_) => None,
        };
        let kept = self.kept_pieces(tube.key).await?;
        let any = !kept.is_empty();
        let kept = self.kept_as(kept, holder, document.is_some()).await?;
        let kind = IndexKind::Document;
        let leads = document.map(|digest| Write::ExpectIndex { kind, digest, holder });
        let writes = leads.into_iter().chain(kept.take).chain([bind]).chain(kept.record).collect();
        let done = self.commit_unit(Unit::new("bind_tube", writes)).await.map(drop);
        let is_bound = bound(done)?;
        if is_bound && any {
            // Lists know them at once; their own page would ask anyway.
            note("assess_bound", &self.assessment(holder).await);
        }
        Ok(is_bound)
    }

    /// Takes a tube from whoever it was said of, with the results that were recorded of them because of
    /// it: those are withdrawn there and kept under the tube again. Who does it weighs as one who takes
    /// records back. False: somebody else was faster.
    async fn take_from(&self, by: &Recorder, tube: &Tube, number: &str) -> Result<bool> {
        let unbind = Write::UnbindTube(Box::new(tube.clone()));
        let Some(holder) = self.person_of(tube.owner).await? else {
            let done = self.store.commit(Unit::new("unbind_tube", vec![unbind])).await;
            return match done {
                Err(e) if e.is_conflict(Precondition::Stands) => Ok(false),
                done => done.map(|()| true).map_err(Into::into),
            };
        };
        let reason = WithdrawalReason::WrongPerson;
        let taker = Taker { agency: by.agency(), staff: by.staff(), reason };
        let (version, own) = self.store.evidence_of(holder).await?.unwrap_or_default();
        let mut with = vec![unbind];
        let (mut withdraw, mut confining) = (Vec::new(), 0);
        for e in own.iter().filter(|e| e.counts()) {
            let Some(author) = self.of_this_tube(e, tube.agency, number).await? else { continue };
            withdraw.push(e.id);
            with.push(Write::KeepForDocument(Box::new(self.kept_again(e, &author, tube.key)?)));
            confining += u64::from(e.fact.may_confine());
        }
        with.extend(self.weigh_withdrawal(taker, confining));
        if !withdraw.is_empty() {
            let (record, n) = (RecordKind::Evidence, withdraw.len());
            with.push(self.withdrawal_leaf(record, taker, n as u64)?);
        }
        let gone = withdraw.clone();
        let (by, from) = (Some(taker), Some(version));
        let change = EvidenceChange { withdraw, by, from, with, ..EvidenceChange::default() };
        match self.record("unbind_tube", holder, change).await {
            Ok(Changed::Done(..)) => {
                self.let_fall(holder, &gone, taker).await?;
                Ok(true)
            }
            Ok(Changed::Unchanged) => Ok(false),
            Ok(Changed::Above) => Err(super::withdraw::above_withdrawals(None)),
            Err(e) if is_ended(&e) => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// Who recorded a piece, if it is a result of this tube.
    async fn of_this_tube(
        &self,
        e: &Evidence,
        agency: AgencyId,
        number: &str,
    ) -> Result<Option<Authorship>> {
        if e.agency != Some(agency) || e.fact.kind() != EvidenceKind::Test {
            return Ok(None);
        }
        let kind = RecordKind::Evidence;
        let author = self.store.authorship(kind, e.id.as_i64()).await?;
        Ok(author.filter(|a| a.by_tube && a.sample.as_deref() == Some(number)))
    }

    fn kept_again(&self, e: &Evidence, author: &Authorship, key: [u8; 16]) -> Result<KeptRecord> {
        let id = EvidenceId::from_random(self.deployment.rng.bits());
        let held = Held::Evidence { id, fact: e.fact.clone(), document: None, tube: None };
        Ok(KeptRecord {
            id,
            document: key,
            tube: true,
            body: self.seal_kept(key, &held)?,
            moved_from: None,
            supersedes: None,
            withdrawn_at: None,
            agency: author.agency,
            staff: author.staff,
            import: author.import,
            sample: author.sample.clone(),
            kept_at: author.at,
        })
    }
}

/// Was it done? Not if something was different a moment ago.
fn bound(done: std::result::Result<(), StoreError>) -> Result<bool> {
    let file = Precondition::NotWithdrawn { record: RecordKind::Import };
    let lost = [Precondition::Absent, Precondition::Leads, Precondition::Exists, file];
    match done {
        Err(e) if lost.into_iter().any(|p| e.is_conflict(p)) => Ok(false),
        done => done.map(|()| true).map_err(Into::into),
    }
}

fn other_person() -> ServiceError {
    conflict(
        "sample.other_person",
        "This tube was said to be somebody else's. Look at the number on the tube. If it is right and the other entry is wrong, send it again as a correction.",
    )
}

fn not_yours() -> ServiceError {
    ServiceError::new(
        Kind::Forbidden,
        "sample.not_yours",
        "Another agency said whose tube this is. It, or the laboratory, can correct that.",
    )
}

fn no_laboratory() -> ServiceError {
    wrong(
        "laboratory",
        "sample.no_laboratory",
        "There is no such laboratory. Leave it out if the numbers are your own agency's.",
    )
}
