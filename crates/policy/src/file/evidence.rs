//! Evidence written by hand, for case files and for trying a policy out.

use jadegate_domain::evidence::{
    ArrivalPurpose, Certainty, DeclaredStay, ReleaseOf, ReleasePaper, Symptom, Temperature,
    TestMethod,
};
use jadegate_domain::{
    AgencyId, CaseId, Evidence, EvidenceId, EvidenceKind, Fact, HolderId, PlaceKind, Timestamp,
    TraceId,
};

use crate::file::form::Whole;
use crate::file::key::{Has, Key};
use crate::file::keys::{MOST_NUMBERS, evidence as keys};
use crate::file::problem::{Problem, Problems};
use crate::file::reader::{Reader, conclude, read_file};
use crate::file::words::Level;

/// Reads a file of `[[evidence]]` tables, as described in `docs/policy-language.md`. Ids are made
/// from the position in the file.
pub fn read_evidence(text: &str) -> Result<Vec<Evidence>, Vec<Problem>> {
    let mut problems = Problems::new(text);
    let mut file: Reader<'_, keys::File> = read_file(text, &mut problems);
    let tables = file.take(keys::File::evidence, &mut problems).unwrap_or_default();
    let list = evidence_list(tables, &mut problems);
    file.finish(&mut problems);
    conclude(Some(list), problems)
}

/// A table of evidence being read.
type Table<'i> = Reader<'i, keys::Evidence>;

/// What is said of evidence that happened at a moment, if it has one of its own.
type Happened = (Fact, Option<Timestamp>);

/// The evidence of some tables.
pub(crate) fn evidence_list(tables: Vec<Table<'_>>, p: &mut Problems<'_>) -> Vec<Evidence> {
    let mut out: Vec<Evidence> = Vec::new();
    for mut table in tables {
        let daily = table.take(keys::Evidence::repeat_daily, p).unwrap_or(1);
        // Of a piece that cannot be read, what is wrong is said; the rest was not looked at.
        let Some(first) = one(&mut table, p) else { continue };
        for day in 0..i64::from(daily) {
            let n = u64::try_from(out.len()).unwrap_or(u64::MAX);
            let id = EvidenceId::from_random(n + 1);
            let recorded_at = first.recorded_at.plus_days(day);
            out.push(Evidence { id, recorded_at, ..first.clone() });
        }
        table.finish(p);
    }
    out
}

fn one(t: &mut Table<'_>, p: &mut Problems<'_>) -> Option<Evidence> {
    let kind = t.take(keys::Evidence::kind, p)?;
    let recorded = t.take(keys::Evidence::recorded_at, p);
    let by_holder = matches!(kind, EvidenceKind::CheckIn) || kind.may_record(None);
    let by_agency = t.take(keys::Evidence::by_agency, p).unwrap_or(!by_holder);
    let origin = t.take(keys::Evidence::origin, p);
    let withdrawn_at = t.take(keys::Evidence::withdrawn_at, p);
    let (fact, happened) = fact(kind, t, p)?;
    let Some(recorded_at) = recorded.or(happened) else {
        p.add(t.span(), "missing_key", "`recorded_at` is missing");
        return None;
    };
    Some(Evidence {
        id: EvidenceId::from_random(1),
        holder: (kind != EvidenceKind::RegionRisk).then(|| HolderId::from_random(1)),
        fact,
        recorded_at,
        agency: by_agency.then(|| AgencyId::from_random(1)),
        origin,
        withdrawn_at,
        superseded_by: None,
    })
}

/// A fact and when it happened, which is when it was recorded unless the file says otherwise.
fn fact(kind: EvidenceKind, t: &mut Table<'_>, p: &mut Problems<'_>) -> Option<Happened> {
    match kind {
        EvidenceKind::Test => t.as_variant(|t| test(t, p)),
        EvidenceKind::Case => t.as_variant(|t| case(t, p)),
        EvidenceKind::Contact => t.as_variant(|t| contact(t, p)),
        EvidenceKind::Stay => {
            let DeclaredStay { division, from, to } = t.as_variant(|t| stay(t, p))?;
            Some((Fact::Stay { division, from, to }, Some(from)))
        }
        EvidenceKind::RegionRisk => t.as_variant(|t| region_risk(t, p)),
        EvidenceKind::Declaration => t.as_variant(|t| Some((declaration(t, p), None))),
        EvidenceKind::CheckIn => {
            let (temperature, symptoms) = t.as_variant::<keys::Health, _>(|t| health(t, p));
            Some((Fact::CheckIn { temperature, symptoms }, None))
        }
        EvidenceKind::Arrival => t.as_variant(|t| arrival(t, p)),
        EvidenceKind::Release => t.as_variant(|t| release(t, p)),
        EvidenceKind::Dispute => {
            let disputes = t.as_variant(|t| other(t, keys::Dispute::disputes, p))?;
            Some((Fact::Dispute { disputes }, None))
        }
        EvidenceKind::Appeal => {
            let contests = t.as_variant(|t| other(t, keys::Appeal::contests, p))?;
            Some((Fact::Appeal { contests }, None))
        }
        EvidenceKind::AppealDecision => t.as_variant(|t| appeal_decision(t, p)),
    }
}

fn test(t: &mut Reader<'_, keys::Test>, p: &mut Problems<'_>) -> Option<Happened> {
    let result = t.take(keys::Test::result, p)?;
    let method = t.take(keys::Test::method, p).unwrap_or(TestMethod::NucleicAcid);
    let sampled_at = t.take(keys::Test::sampled_at, p)?;
    Some((Fact::Test { result, method, sampled_at }, Some(sampled_at)))
}

fn case(t: &mut Reader<'_, keys::Case>, p: &mut Problems<'_>) -> Option<Happened> {
    let class = t.take(keys::Case::class, p)?;
    let case = case_id(t.take(keys::Case::case, p));
    let onset_at = t.take(keys::Case::onset_at, p);
    let confirmed_at = t.take(keys::Case::confirmed_at, p)?;
    Some((Fact::Case { case, class, onset_at, confirmed_at }, Some(confirmed_at)))
}

fn contact(t: &mut Reader<'_, keys::Contact>, p: &mut Problems<'_>) -> Option<Happened> {
    let degree = t.take(keys::Contact::degree, p)?;
    let certainty = t.take(keys::Contact::certainty, p).unwrap_or(Certainty::Recorded);
    let place_kind = t.take(keys::Contact::place, p).unwrap_or(PlaceKind::Other);
    let minutes = t.take(keys::Contact::minutes, p).unwrap_or(30);
    let case = case_id(t.take(keys::Contact::case, p));
    let trace = trace_id(t.take(keys::Contact::trace, p));
    let last_contact = t.take(keys::Contact::last_contact, p)?;
    let fact = Fact::Contact { case, trace, degree, last_contact, minutes, certainty, place_kind };
    Some((fact, Some(last_contact)))
}

fn stay(t: &mut Reader<'_, keys::Stay>, p: &mut Problems<'_>) -> Option<DeclaredStay> {
    let division = t.take(keys::Stay::division, p)?;
    let from = t.take(keys::Stay::from, p)?;
    let to = t.take(keys::Stay::to, p).unwrap_or(Timestamp::MAX);
    Some(DeclaredStay { division, from, to })
}

fn region_risk(t: &mut Reader<'_, keys::RegionRisk>, p: &mut Problems<'_>) -> Option<Happened> {
    let division = t.take(keys::RegionRisk::division, p)?;
    let Level(level) = t.take(keys::RegionRisk::level, p)?;
    let from = t.take(keys::RegionRisk::from, p)?;
    let to = t.take(keys::RegionRisk::to, p);
    Some((Fact::RegionRisk { division, level, from, to }, Some(from)))
}

fn declaration(t: &mut Reader<'_, keys::Declaration>, p: &mut Problems<'_>) -> Fact {
    let (temperature, symptoms) = health(t, p);
    let contact_with_case = t.take(keys::Declaration::contact_with_case, p).unwrap_or(false);
    let tables = t.take(keys::Declaration::stays, p).unwrap_or_default();
    let stays = tables.into_iter().filter_map(|mut t| {
        let stay = stay(&mut t, p);
        t.finish(p);
        stay
    });
    let stays = stays.collect();
    Fact::Declaration { temperature, symptoms, contact_with_case, stays }
}

fn health<T: Has<keys::Health>>(
    t: &mut Reader<'_, T>,
    p: &mut Problems<'_>,
) -> (Option<Temperature>, Vec<Symptom>) {
    let temperature = t.take(keys::Health::temperature, p);
    (temperature, t.take(keys::Health::symptoms, p).unwrap_or_default())
}

fn arrival(t: &mut Reader<'_, keys::Arrival>, p: &mut Problems<'_>) -> Option<Happened> {
    let from = t.take(keys::Arrival::from, p)?;
    let arrived_at = t.take(keys::Arrival::arrived_at, p)?;
    let purpose = t.take(keys::Arrival::purpose, p).unwrap_or(ArrivalPurpose::Unstated);
    Some((Fact::Arrival { from, arrived_at, purpose }, Some(arrived_at)))
}

fn release(t: &mut Reader<'_, keys::Release>, p: &mut Problems<'_>) -> Option<Happened> {
    let of_trace = t.has(keys::Release::trace);
    if of_trace && t.has(keys::Release::case) {
        p.add(t.span(), "contradiction", "a release names a `case` or a `trace`, not both");
    }
    let case = case_id(t.take(keys::Release::case, p));
    let trace = trace_id(t.take(keys::Release::trace, p));
    let refers_to = if of_trace { ReleaseOf::Trace(trace) } else { ReleaseOf::Case(case) };
    let released_at = t.take(keys::Release::released_at, p)?;
    let paper = t.take(keys::Release::paper, p).unwrap_or(ReleasePaper::Unstated);
    Some((Fact::Release { refers_to, released_at, paper }, Some(released_at)))
}

fn appeal_decision(
    t: &mut Reader<'_, keys::AppealDecision>,
    p: &mut Problems<'_>,
) -> Option<Happened> {
    let outcome = t.take(keys::AppealDecision::outcome, p)?;
    let appeal = other(t, keys::AppealDecision::appeal, p)?;
    Some((Fact::AppealDecision { appeal, outcome }, None))
}

/// Cases and traces are numbered within a file; a release names the number it means.
fn case_id(number: Option<u32>) -> CaseId {
    CaseId::from_random(u64::from(number.unwrap_or(1)))
}

fn trace_id(number: Option<u32>) -> TraceId {
    TraceId::from_random(u64::from(number.unwrap_or(1)))
}

/// Other evidence of the file, by its number: the first has number 1.
fn other<T>(
    t: &mut Reader<'_, T>,
    key: Key<T, Whole<1, MOST_NUMBERS>>,
    p: &mut Problems<'_>,
) -> Option<EvidenceId> {
    let there = t.has(key);
    let number = t.take(key, p);
    // The number that stands in for a wrong one is never used.
    there.then(|| EvidenceId::from_random(u64::from(number.unwrap_or(1))))
}
