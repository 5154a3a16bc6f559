//! Recording something of whoever owns a document: of a person, wherever they live, or, as long as the
//! document leads to nobody, for its owner to be.
//!
//! Whoever records learns nothing but that it was recorded. The answer, what weighs and what stands in
//! the public log are the same in both cases ([decision 0058]).
//!
//! [decision 0058]: ../../../../../docs/decisions/0058-recorded-by-document.md

use jadegate_domain::id::ImportId;
use jadegate_domain::{AgencyId, Case, Evidence, EvidenceId, Fact};
use jadegate_store::{KeptRecord, Page, Precondition, StoreError, Unit, Write};
use serde::Serialize;

use crate::app::App;
use crate::assess::{Changed, EvidenceChange, NewEvidence};
use crate::brake::is_above;
use crate::error::{Result, ServiceError};
use crate::held::Held;
use crate::session::StaffSession;
use crate::staff::access::Power;
use crate::staff::people::find::Subject;

/// How many of an agency's records wait for somebody to be known by a document. It names nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeptCounts {
    /// Records that wait for the owner of their document to register: in tens, rounded down, and as of
    /// the beginning of the day, so that nobody is found out by recording something of them.
    pub unregistered: u64,
    /// Tubes that have a result and of which nobody said whose they are.
    pub tubes: u64,
    /// Days after which they are deleted.
    pub days: u32,
}

/// Records read at once.
const PAGE: u32 = 500;
/// In which steps they are told.
const STEP: u64 = 10;

impl App {
    /// How many records of one's own agency are kept for people who are not registered.
    pub async fn kept_counts(&self, session: &StaffSession) -> Result<KeptCounts> {
        session.need_any(Power::RECORD_BY_DOCUMENT)?;
        let policy = self.policy();
        let today = policy.calendar().midnight(self.now(), 0);
        let kept = self.store.kept_count(session.staff().agency, today).await?;
        Ok(KeptCounts {
            unregistered: kept / STEP * STEP,
            tubes: self.store.tubes_of_nobody(session.staff().agency).await?,
            days: policy.retention().evidence_days,
        })
    }

    /// Deletes what was kept for owners of documents longer than the policy keeps evidence.
    pub(crate) async fn purge_kept(&self) -> Result<u64> {
        let days = i64::from(self.policy().retention().evidence_days);
        Ok(self.store.purge_kept(self.now().plus_days(-days)).await?)
    }

    /// What is recorded of a subject, and a mark of that state.
    pub(crate) async fn told_of(&self, subject: Subject) -> Result<(i64, Vec<Evidence>)> {
        match subject {
            Subject::Person(holder) => {
                Ok(self.store.evidence_of(holder).await?.unwrap_or_default())
            }
            Subject::Owner(document) => {
                let all = self.kept_pieces(document).await?;
                let mark = i64::try_from(all.len()).unwrap_or(i64::MAX);
                Ok((mark, all.into_iter().map(|p| p.evidence).collect()))
            }
        }
    }

    /// Records a change of a subject; of an owner to be it is kept.
    pub(crate) async fn record_of(
        &self,
        name: &'static str,
        subject: Subject,
        change: EvidenceChange,
        case: Option<&Case>,
    ) -> Result<Told> {
        match subject {
            Subject::Person(holder) => Ok(match self.record(name, holder, change).await? {
                Changed::Done(ids, _) => Told::Done(ids),
                Changed::Unchanged => Told::Unchanged,
                Changed::Above => Told::Above,
            }),
            Subject::Owner(document) => self.keep(name, document, change, case).await,
        }
    }

    async fn keep(
        &self,
        name: &'static str,
        document: [u8; 16],
        change: EvidenceChange,
        case: Option<&Case>,
    ) -> Result<Told> {
        self.clock_must_hold()?;
        let now = self.now();
        let mut writes = Vec::new();
        if let Some(from) = change.from {
            let pieces = u32::try_from(from).unwrap_or(u32::MAX);
            writes.push(Write::ExpectKept { document, pieces });
        }
        let known = self.store.kept_for_document(document).await?;
        for by in change.add.iter().filter_map(|n| n.signed.as_ref()) {
            let of_agency = known.iter().filter(|k| k.agency == by.agency()).count();
            crate::kept::must_have_room(of_agency, change.add.len())?;
        }
        let mut ids = Vec::new();
        for new in &change.add {
            let signed = new.signed.as_ref();
            let signed = signed.ok_or_else(|| ServiceError::internal("kept for nobody"))?;
            let id = new.id.unwrap_or_else(|| EvidenceId::from_random(self.deployment.rng.bits()));
            let row = self.kept_new((id, document), new, case)?;
            let row = signed.kept_row((id, document), row, new.supersedes, now);
            let (_, evidence) = self.kept_evidence(&row)?;
            writes.extend(signed.file_stands());
            writes.push(Write::KeepForDocument(Box::new(row)));
            writes.push(self.kept_leaf(&evidence, None)?);
            ids.push(id);
        }
        writes.extend(change.with);
        writes.extend(self.weigh(change.add.iter().filter_map(|n| n.signed.as_ref())));
        match self.commit_unit(Unit::new(name, writes)).await {
            Ok(_) => Ok(Told::Done(ids)),
            Err(e) if is_above(&e) => Ok(Told::Above),
            Err(StoreError::Conflict { precondition: Precondition::EvidenceVersion, .. }) => {
                Err(crate::error::ended())
            }
            Err(e) => Err(e.into()),
        }
    }

    /// What is written of a new piece, sealed, and the sample's name.
    fn kept_new(
        &self,
        (id, document): (EvidenceId, [u8; 16]),
        new: &NewEvidence,
        case: Option<&Case>,
    ) -> Result<(String, Option<String>)> {
        let held = match (&new.fact, case) {
            (Fact::Case { .. }, Some(case)) => {
                Held::Case { case: case.clone(), trace: false, document: None }
            }
            (fact, _) => Held::Evidence { id, fact: fact.clone(), document: None, tube: None },
        };
        Ok((self.seal_kept(document, &held)?, new.sample.clone()))
    }

    /// What makes two records of an agency, recorded by one document, the same while they wait.
    pub(crate) fn document_key(
        &self,
        agency: AgencyId,
        document: [u8; 16],
        fact: &Fact,
    ) -> Option<[u8; 16]> {
        let who = jadegate_domain::hex::encode(&document);
        let name = crate::staff::people::moved::fact_name(agency, &format!("of/{who}"), fact)?;
        Some(self.deployment.keys.evidence_key(&name))
    }

    /// What of a file is kept for people who are not registered, and counts.
    pub(super) async fn kept_of_file(&self, id: ImportId) -> Result<Vec<KeptRecord>> {
        let mut all = Vec::new();
        let mut page = Page::first(PAGE);
        loop {
            let some = self.store.kept_of_import(id, page).await?;
            let Some(last) = some.last() else { return Ok(all) };
            page.after = Some(last.id);
            all.extend(some);
        }
    }
}

/// What recording came to.
#[derive(Debug)]
pub(crate) enum Told {
    /// Recorded, or kept; ids of the new pieces in order.
    Done(Vec<EvidenceId>),
    /// The same was recorded before; nothing was written.
    Unchanged,
    /// It is above the mandate's number for this hour; nothing was written, and it has to wait.
    Above,
}
