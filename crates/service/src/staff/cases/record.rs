//! Cases: recorded, corrected, withdrawn.

use std::sync::Arc;

use jadegate_domain::record::{RecordKind, WaitingKind, WithdrawalReason};
use jadegate_domain::{
    AgencyKind, Assessment, Case, CaseClass, CaseId, Evidence, EvidenceId, EvidenceKind, Fact,
    Holder, HolderId, Purpose, Timestamp, TraceId,
};
use jadegate_store::Write;
use serde::{Deserialize, Deserializer, Serialize};

use super::case::{case_fact, case_key_name, withdrawn};
use crate::app::App;
use crate::assess::{Changed, EvidenceChange, NewEvidence, TRIES, busy};
use crate::author::{Author, Taker, case_stands};
use crate::brake::Signed;
use crate::error::{Kind, Result, ServiceError, is_ended};
use crate::held::{Held, HeldPiece, Hold};
use crate::kept::kept_case;
use crate::named::AssessmentView;
use crate::parts::{self, Part};
use crate::session::StaffSession;
use crate::staff::access::{Counted, Look, NO_NAME, OpenedPerson, Power, Recorder};
use crate::staff::people::find::{About, Subject, Whom};
use crate::staff::people::moved::document_moved;
use crate::staff::records::keeping::Told;
use crate::staff::records::recording::held_for;
use crate::staff::records::withdraw::{Record, may_withdraw_case};
use crate::staff::tracing::traces::{Pace, TraceReport};
use crate::staff::what::What;
use crate::staff::{conflict, wrong};

/// A case as typed. Moments are RFC 3339.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseInput {
    /// The person who is the case.
    #[serde(flatten)]
    pub whom: Whom,
    /// `suspected`, `probable`, `confirmed` or `asymptomatic`.
    #[cfg_attr(feature = "openapi", schema(value_type = CaseClass))]
    pub class: String,
    /// First symptoms, if any.
    #[serde(default)]
    pub onset_at: Option<String>,
    /// When the deciding sample was taken or the diagnosis was made.
    pub confirmed_at: String,
    /// When the person was isolated, if they are.
    #[serde(default)]
    pub isolated_at: Option<String>,
    /// Trace at once?
    #[serde(default)]
    pub trace: bool,
}

/// What changes; a field left out stays as it is.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CaseCorrection {
    /// Class.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<CaseClass>))]
    pub class: Option<String>,
    /// First symptoms; null: there were none.
    #[serde(default, deserialize_with = "even_null")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub onset_at: Option<Option<String>>,
    /// When the deciding sample was taken.
    #[serde(default)]
    pub confirmed_at: Option<String>,
    /// When the person was isolated; null: they are not.
    #[serde(default, deserialize_with = "even_null")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub isolated_at: Option<Option<String>>,
}

/// A field that is there, even as null, is a change.
#[expect(
    clippy::option_option,
    reason = "absent, null and a value are three different things here"
)]
fn even_null<'de, D: Deserializer<'de>>(
    d: D,
) -> std::result::Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(d).map(Some)
}

/// A case recorded.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordedCase {
    /// The id of the case that was recorded.
    pub case: CaseId,
    /// The person's assessment now; `None` for who names them by document.
    pub assessment: Option<AssessmentView>,
    /// Was it new, or had the same been recorded before?
    pub new: bool,
    /// It is above the mandate's number for this hour: it is no case, and is traced by nobody,
    /// before an officer of another agency has confirmed it.
    pub waiting: bool,
    /// The trace, if one was asked for; not for who names the person by document: if they live in the
    /// region, it stands in the list of cases.
    pub trace: Option<TraceReport>,
}

/// One case of the list.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseRow {
    /// The id of the case.
    pub id: CaseId,
    /// Who, opaquely.
    pub holder: HolderId,
    /// Name, masked; `***` for those who read lists only.
    pub name_masked: String,
    /// How sure.
    pub class: CaseClass,
    /// First symptoms.
    pub onset_at: Option<Timestamp>,
    /// When confirmed.
    pub confirmed_at: Timestamp,
    /// When isolated.
    pub isolated_at: Option<Timestamp>,
    /// When recorded.
    pub recorded_at: Timestamp,
    /// When withdrawn.
    pub withdrawn_at: Option<Timestamp>,
    /// The newest trace.
    pub latest_trace: Option<TraceId>,
    /// Its close contacts.
    pub close: u32,
    /// Its secondary contacts.
    pub secondary: u32,
    /// May you withdraw it?
    pub may_withdraw: bool,
}

/// What a withdrawal came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseWithdrawn {
    /// People whose contact with this case counts no more.
    pub released: u64,
    /// 1 if the case still stands: it is too much for one pair of hands, so its withdrawal waits for a
    /// colleague; else 0.
    pub waiting: u64,
}

/// Cases shown.
const LIST: u32 = 200;
/// One person's case of one sample, withdrawn and recorded again this often at most.
const MOST_REPEATS: u32 = 50;

/// A case as it was added, or as it waits.
struct AddedCase {
    case: CaseId,
    new: bool,
    waiting: bool,
}

/// The times of a case, checked against each other.
struct Times {
    class: CaseClass,
    onset_at: Option<Timestamp>,
    confirmed_at: Timestamp,
    isolated_at: Option<Timestamp>,
}

impl App {
    /// Records a case: the case and its evidence in one unit. The same case twice is one. The trace,
    /// if asked for, runs afterwards; should it fail, the case stands and the trace can be run again.
    pub async fn record_case(
        self: &Arc<Self>,
        session: &StaffSession,
        input: &CaseInput,
    ) -> Result<RecordedCase> {
        let recorder = self.recorder(session, EvidenceKind::Case)?;
        let tracer =
            if input.trace { Some(self.recorder(session, EvidenceKind::Contact)?) } else { None };
        self.count_look(session.staff().id, Counted::Recording).await?;
        let times = self.case_times(
            &input.class,
            input.onset_at.as_deref(),
            &input.confirmed_at,
            input.isolated_at.as_deref(),
        )?;
        let mut about = self.about(recorder.region(), &input.whom).await?;
        let mut tries = TRIES;
        let added = loop {
            let looked = self.looked(session, &about)?;
            let added = match about.subject {
                Subject::Person(holder) => {
                    let whom = (holder, &about);
                    self.add_case(&recorder, whom, &times, looked, input.trace).await
                }
                Subject::Owner(document) => {
                    self.keep_case(&recorder, (document, &about), &times, input.trace).await
                }
            };
            match (added, about.document) {
                // The document was registered, or given to its owner, a moment ago.
                (Err(e), Some(document)) if tries > 0 && (document_moved(&e) || is_ended(&e)) => {
                    tries -= 1;
                    about = self.about_document(document).await?;
                }
                (added, _) => break added?,
            }
        };
        let AddedCase { case, new, waiting } = added;
        let (near, tracer) = match (&about.subject, &about.home, tracer) {
            (Subject::Person(_), Some(home), Some(t)) => (t.region().contains(home), Some(t)),
            _ => (false, None),
        };
        let mut trace = match tracer {
            Some(tracer) if !waiting && near => Some(self.run_trace_for(&tracer, case).await?),
            _ => None,
        };
        let mut assessment = None;
        if let (false, Subject::Person(holder)) = (about.silent, about.subject) {
            assessment = Some(self.named_assessment(self.assessment(holder).await?).await?);
        } else {
            // Whoever lives in the region stands in its list of cases, with the trace.
            trace = None;
        }
        Ok(RecordedCase { case, assessment, new, waiting, trace })
    }

    /// Keeps a case for whoever owns a document that leads to nobody yet.
    async fn keep_case(
        &self,
        recorder: &Recorder,
        (document, about): ([u8; 16], &About),
        times: &Times,
        trace: bool,
    ) -> Result<AddedCase> {
        let author = recorder.author(None);
        let (mark, own) = self.told_of(about.subject).await?;
        let told = |e: &&Evidence| e.counts() && e.agency == Some(author.agency);
        let same = own.iter().filter(told).find_map(|e| match e.fact {
            Fact::Case { case, confirmed_at, .. } => {
                (confirmed_at == times.confirmed_at).then_some(case)
            }
            _ => None,
        });
        if let Some(case) = same {
            return Ok(AddedCase { case, new: false, waiting: false });
        }
        // Nobody is meant: whoever registers with the document is put in its place.
        let nobody = HolderId::from_random(self.deployment.rng.bits());
        let case = self.new_case(recorder, nobody, times);
        let (id, fact) = (case.id, case_fact(&case));
        let signed = Signed::own(&author, &fact);
        let new = NewEvidence { id: kept_case(id), ..NewEvidence::by(signed, fact.clone()) };
        let change =
            EvidenceChange { add: vec![new], from: Some(mark), ..EvidenceChange::default() };
        match self.record_of("record_case", about.subject, change, Some(&case)).await? {
            Told::Done(_) => Ok(AddedCase { case: id, new: true, waiting: false }),
            Told::Unchanged => Err(crate::error::ended()),
            Told::Above => {
                let key = self.document_key(author.agency, document, &fact);
                let key = key.ok_or_else(|| ServiceError::internal("a case has a key"))?;
                self.hold_case(&author, (case, about), (trace, key), Vec::new()).await
            }
        }
    }

    fn new_case(&self, recorder: &Recorder, holder: HolderId, times: &Times) -> Case {
        Case {
            id: CaseId::from_random(self.deployment.rng.bits()),
            holder,
            class: times.class,
            onset_at: times.onset_at,
            confirmed_at: times.confirmed_at,
            isolated_at: times.isolated_at,
            recorded_at: self.now(),
            agency: recorder.agency(),
            withdrawn_at: None,
        }
    }

    async fn hold_case(
        &self,
        author: &Author,
        (case, about): (Case, &About),
        (trace, key): (bool, [u8; 16]),
        with: Vec<Write>,
    ) -> Result<AddedCase> {
        if self.store.waits(key).await? {
            return Err(crate::staff::records::recording::waits_already());
        }
        let id = case.id;
        let held = Held::Case { case, trace, document: about.document };
        let holder = held_for(about);
        let piece = HeldPiece { holder, held, sample: None, external_key: Some(key) };
        let (kind, pieces) = (WaitingKind::Case, vec![piece]);
        let hold = Hold { kind, weighs_on: author.agency, pieces, trace: None };
        self.hold(author, hold, with).await?;
        Ok(AddedCase { case: id, new: true, waiting: true })
    }

    async fn add_case(
        &self,
        recorder: &Recorder,
        (holder, about): (HolderId, &About),
        times: &Times,
        with: Vec<Write>,
        trace: bool,
    ) -> Result<AddedCase> {
        let author = recorder.author(None);
        let mut n = 0;
        while n < MOST_REPEATS {
            let name = case_key_name(holder, times.confirmed_at.as_secs(), n);
            let key = self.deployment.keys.evidence_key(&name);
            if let Some(id) = self.store.evidence_by_key(key).await? {
                if let Some(case) = self.standing_case(id).await? {
                    if !with.is_empty() {
                        self.commit("record_case_again", with).await?;
                    }
                    // Whether another agency told it is not said to who may not know the person.
                    let new = about.silent && case.agency != author.agency;
                    return Ok(AddedCase { case: case.id, new, waiting: false });
                }
                // Withdrawn before: this is another attempt.
                n += 1;
                continue;
            }
            let case = self.new_case(recorder, holder, times);
            let id = case.id;
            let fact = case_fact(&case);
            let signed = Signed::own(&author, &fact).of(&author, about);
            let rows = signed.rows(RecordKind::Case, id.as_i64(), None, case.recorded_at);
            let own: Vec<_> = std::iter::once(Write::AddCase(case.clone())).chain(rows).collect();
            let new =
                NewEvidence { external_key: Some(key), ..NewEvidence::by(signed, fact.clone()) };
            let with_it = own.into_iter().chain(with.iter().cloned()).collect();
            let change =
                EvidenceChange { add: vec![new], with: with_it, ..EvidenceChange::default() };
            match self.record("record_case", holder, change).await? {
                Changed::Done(..) => return Ok(AddedCase { case: id, new: true, waiting: false }),
                Changed::Above => {
                    let of = about.document;
                    let of = of.and_then(|d| self.document_key(author.agency, d, &fact));
                    let key = of.unwrap_or(key);
                    return self.hold_case(&author, (case, about), (trace, key), with).await;
                }
                Changed::Unchanged => {}
            }
            // Somebody recorded the same at the same moment: the next round finds it.
        }
        Err(conflict("case.too_many_repeats", "This case was recorded and withdrawn too often."))
    }

    /// The case a piece of evidence speaks of, unless it was withdrawn.
    async fn standing_case(&self, evidence: EvidenceId) -> Result<Option<Case>> {
        let Some(evidence) = self.store.evidence(evidence).await? else { return Ok(None) };
        let Fact::Case { case, .. } = evidence.fact else { return Ok(None) };
        let case = self.store.case(case).await?;
        Ok(case.filter(|c| c.withdrawn_at.is_none()))
    }

    /// A case whose person lives in the region.
    pub(crate) async fn case_inside(
        &self,
        recorder: &Recorder,
        id: CaseId,
    ) -> Result<(Case, Holder)> {
        let unknown =
            || ServiceError::not_found("case.not_found", "There is no such case in your region.");
        let case = self.store.case(id).await?.ok_or_else(unknown)?;
        match self.holder_inside(recorder.region(), case.holder).await {
            Ok(holder) => Ok((case, holder)),
            Err(e) if e.kind == Kind::NotFound => Err(unknown()),
            Err(e) => Err(e),
        }
    }

    /// A case that a recorder may change: their own agency's, or any for the prevention team.
    async fn case_to_change(&self, recorder: &Recorder, id: CaseId) -> Result<(Case, Holder)> {
        let (case, holder) = self.case_inside(recorder, id).await?;
        let own = case.agency == recorder.agency();
        if own || recorder.agency_kind() == AgencyKind::PreventionTeam {
            return Ok((case, holder));
        }
        Err(ServiceError::forbidden(
            "case.not_yours",
            "Another agency recorded this case; it or the prevention team can change it.",
        ))
    }

    /// The newest cases of the region.
    pub async fn list_cases(&self, session: &StaffSession) -> Result<Vec<CaseRow>> {
        Ok(self.cases_before(session, None).await?.rows)
    }

    /// The cases of the region, newest first; `before` is the `next` of the part before.
    pub async fn cases_before(
        &self,
        session: &StaffSession,
        before: Option<&str>,
    ) -> Result<Part<CaseRow>> {
        let staff = session.need(Power::ReadLists)?;
        let asked = parts::asked(before, LIST)?;
        let cases = self.store.cases_in(&staff.region, asked).await?;
        let Part { rows: cases, next } = Part::of(cases, asked, |c| c.recorded_at);
        let people = if session.may(Power::RunTrace) {
            let holders: Vec<_> = cases.iter().map(|c| c.holder).collect();
            let look = Look {
                power: Power::RunTrace,
                purpose: Purpose::ContactTracing,
                what: What::Identity,
            };
            self.open_listed(session, &holders, look).await?
        } else {
            std::collections::HashMap::new()
        };
        let agencies = self.agency_names().await?;
        let mut rows = Vec::new();
        for case in cases {
            let kind = agencies.get(&case.agency).map(|a| a.kind);
            // Whoever is listed lives in the region.
            let may = |kind| may_withdraw_case(session, &case, kind, &staff.region);
            let may_withdraw = case.withdrawn_at.is_none() && kind.is_some_and(may);
            let latest = self.store.standing_trace(case.id).await.map_err(Into::into);
            let latest = self.or_set_aside(latest)?.flatten();
            rows.push(CaseRow {
                id: case.id,
                holder: case.holder,
                name_masked: people
                    .get(&case.holder)
                    .map_or_else(|| NO_NAME.to_owned(), OpenedPerson::name_masked),
                class: case.class,
                onset_at: case.onset_at,
                confirmed_at: case.confirmed_at,
                isolated_at: case.isolated_at,
                recorded_at: case.recorded_at,
                withdrawn_at: case.withdrawn_at,
                // The trace of a withdrawn case cannot be read any more.
                latest_trace: latest.as_ref().filter(|_| case.withdrawn_at.is_none()).map(|t| t.id),
                close: latest.as_ref().map_or(0, |t| t.close),
                secondary: latest.as_ref().map_or(0, |t| t.secondary),
                may_withdraw,
            });
        }
        Ok(Part { rows, next })
    }

    /// Corrects a case: its evidence is superseded, both versions stay visible to the person. If it
    /// was traced, the trace follows at once; should that fail, the correction stands, and the trace
    /// follows with the next round of [`App::follow_late_data`].
    pub async fn correct_case(
        self: &Arc<Self>,
        session: &StaffSession,
        id: CaseId,
        input: &CaseCorrection,
    ) -> Result<AssessmentView> {
        let _one = self.locks.cases.lock(id).await;
        for _ in 0..TRIES {
            match self.try_correct(session, id, input).await {
                // Corrected or withdrawn meanwhile, by another server or with its document.
                Err(e) if is_ended(&e) => {}
                Ok(assessment) => {
                    self.trace_corrected(id).await;
                    return self.named_assessment(assessment).await;
                }
                Err(e) => return Err(e),
            }
        }
        Err(busy())
    }

    /// The caller holds the case's lock.
    async fn try_correct(
        &self,
        session: &StaffSession,
        id: CaseId,
        input: &CaseCorrection,
    ) -> Result<Assessment> {
        let recorder = self.recorder(session, EvidenceKind::Case)?;
        let (mut case, holder) = self.case_to_change(&recorder, id).await?;
        if case.withdrawn_at.is_some() {
            return Err(withdrawn());
        }
        let text = |t: Option<Timestamp>| t.map(|t| t.to_string());
        let times = self.case_times(
            input.class.as_deref().unwrap_or(case.class.as_str()),
            input.onset_at.clone().unwrap_or_else(|| text(case.onset_at)).as_deref(),
            &input.confirmed_at.clone().unwrap_or_else(|| case.confirmed_at.to_string()),
            input.isolated_at.clone().unwrap_or_else(|| text(case.isolated_at)).as_deref(),
        )?;
        let replaces = Box::new(case.clone());
        case.class = times.class;
        case.onset_at = times.onset_at;
        case.confirmed_at = times.confirmed_at;
        case.isolated_at = times.isolated_at;
        let mut with = self.access_writes(
            session.staff(),
            holder.id,
            Purpose::RecordEvidence,
            What::Assessment,
        )?;
        with.push(case_stands(id));
        with.push(Write::UpdateCase { case: Box::new(case.clone()), replaces });
        let fact = case_fact(&case);
        let author = recorder.author(None);
        let old = self.own_evidence(&case).await?.into_iter().next();
        let signed = match &old {
            Some(old) => Signed::instead(&author, old, &fact)?,
            None => Signed::own(&author, &fact),
        };
        let before = match &old {
            Some(old) => self.store.authorship(RecordKind::Evidence, old.id.as_i64()).await?,
            None => None,
        };
        let signed = signed.found_like(before.as_ref());
        let new = NewEvidence { supersedes: old.map(|e| e.id), ..NewEvidence::by(signed, fact) };
        let change = EvidenceChange { add: vec![new], with, ..EvidenceChange::default() };
        match self.record("correct_case", holder.id, change).await? {
            Changed::Done(_, assessment) => Ok(*assessment),
            Changed::Above => Err(crate::staff::records::waiting::above()),
            Changed::Unchanged => Err(ServiceError::internal("a correction has no external key")),
        }
    }

    async fn trace_corrected(self: &Arc<Self>, id: CaseId) {
        self.memory.late.trace_again(id);
        match self.retrace(id, Pace::Asked).await {
            Ok(_) => self.memory.late.traced_again(id),
            Err(e) => tracing::error!(case = %id, error = %e, "a corrected case is not traced yet"),
        }
    }

    /// Withdraws a case that turned out to be none: its contacts are released, then the case's own
    /// evidence goes with the case. Should it be cut short, the case still stands, and withdrawing
    /// it again finishes the work. The same if somebody's contact cannot be read: all others are
    /// released, and the case stands until the row is put right. The reason is that it was not borne
    /// out; for another one see [`App::withdraw_record`].
    pub async fn withdraw_case(
        self: &Arc<Self>,
        session: &StaffSession,
        id: CaseId,
    ) -> Result<CaseWithdrawn> {
        let recorder = self.recorder(session, EvidenceKind::Case)?;
        let (case, _) = self.case_to_change(&recorder, id).await?;
        let reason = WithdrawalReason::NotBorneOut;
        let by = Taker { agency: recorder.agency(), staff: recorder.staff(), reason };
        let (record, holder) = (Record::Case(id), Some(case.holder));
        let done = self.take_back_or_ask(session, record, holder, by).await?;
        Ok(CaseWithdrawn { released: done.released, waiting: done.waiting })
    }

    /// The pieces of evidence that say the person is this case and that count.
    pub(crate) async fn own_evidence(&self, case: &Case) -> Result<Vec<Evidence>> {
        let all = self.store.evidence_of(case.holder).await?.map_or_else(Vec::new, |(_, e)| e);
        let own = |e: &Evidence| {
            e.counts() && matches!(&e.fact, Fact::Case { case: c, .. } if *c == case.id)
        };
        Ok(all.into_iter().filter(own).collect())
    }

    fn case_times(
        &self,
        class: &str,
        onset_at: Option<&str>,
        confirmed_at: &str,
        isolated_at: Option<&str>,
    ) -> Result<Times> {
        let class: CaseClass = class.parse().map_err(|_| {
            wrong(
                "class",
                "case.unknown_class",
                "Choose suspected, probable, confirmed or asymptomatic.",
            )
        })?;
        let moment = |field, text: Option<&str>| {
            text.filter(|t| !t.trim().is_empty()).map(|t| self.past_moment(field, t)).transpose()
        };
        let onset_at = moment("onset_at", onset_at)?;
        let isolated_at = moment("isolated_at", isolated_at)?;
        let confirmed_at = self.past_moment("confirmed_at", confirmed_at)?;
        if class == CaseClass::Asymptomatic && onset_at.is_some() {
            return Err(wrong(
                "onset_at",
                "case.asymptomatic_with_onset",
                "A case without symptoms has no onset; leave it empty or choose another class.",
            ));
        }
        Ok(Times { class, onset_at, confirmed_at, isolated_at })
    }
}
