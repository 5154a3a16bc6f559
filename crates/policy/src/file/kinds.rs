//! What files say of each kind of evidence: how a piece that is written by hand is read, and what a
//! rule that starts from it asks for (`when`).

use jadegate_domain::evidence::{
    ArrivalPurpose, Certainty, DeclaredStay, ReleaseOf, ReleasePaper, Symptom, Temperature,
    TestMethod,
};
use jadegate_domain::{CaseId, EvidenceId, EvidenceKind, Fact, PlaceKind, Timestamp, TraceId};

use crate::file::form::Whole;
use crate::file::key::{Has, Key};
use crate::file::keys::MOST_NUMBERS;
use crate::file::keys::kinds::{self as keys, Starting};
use crate::file::problem::Problems;
use crate::file::reader::Reader;
use crate::file::recorders::{Recorders, undeclared};
use crate::file::words::{AnySymptom, Level};
use crate::model::kinds::When;
use crate::model::origin::Origins;

/// A table of evidence being read.
pub(crate) type Table<'i> = Reader<'i, keys::Evidence>;

/// What is said of evidence that happened at a moment, if it has one of its own.
pub(crate) type Happened = (Fact, Option<Timestamp>);

/// A fact and when it happened, which is when it was recorded unless the file says otherwise.
pub(crate) fn fact(
    kind: EvidenceKind,
    t: &mut Table<'_>,
    p: &mut Problems<'_>,
) -> Option<Happened> {
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
    let together = None;
    let fact = Fact::Contact {
        case,
        trace,
        degree,
        last_contact,
        minutes,
        certainty,
        place_kind,
        together,
    };
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

/// What starts a rule, and whose evidence does.
pub(crate) fn when(
    mut t: Reader<'_, keys::When>,
    recorders: &Recorders,
    p: &mut Problems<'_>,
) -> Option<(When, Origins)> {
    let span = t.span_of(keys::When::evidence);
    let kinds = t.take(keys::When::evidence, p).unwrap_or_default();
    let kinds: Vec<EvidenceKind> = kinds.into_iter().map(|Starting(kind)| kind).collect();
    for kind in &kinds {
        if !recorders.contains_key(kind) {
            p.add(&span, "undeclared_evidence", undeclared(*kind));
        }
    }
    let when = match kinds.as_slice() {
        [] => return None,
        [EvidenceKind::Case] => t.as_variant(|t| on_case(t, p)),
        [EvidenceKind::Test] => t.as_variant(|t| on_test(t, p)),
        [EvidenceKind::Contact] => t.as_variant(|t| on_contact(t, p)),
        [EvidenceKind::Stay] => t.as_variant(|t| (on_stay(t, recorders, p), Origins::default())),
        [EvidenceKind::Arrival] => t.as_variant(|t| on_arrival(t, p)),
        reports if reports.iter().all(|k| is_report(*k)) => {
            t.as_variant(|t| (on_report(t, reports, p), Origins::default()))
        }
        _ => {
            let message = "a rule starts from one kind of evidence (declaration and check_in may \
                           stand together)";
            p.add(&span, "bad_value", message);
            return None;
        }
    };
    t.finish(p);
    Some(when)
}

/// Whose evidence starts the rule: recorded here or imported, and from where.
fn by_origin<T: Has<keys::Origin>>(t: &mut Reader<'_, T>, p: &mut Problems<'_>) -> Origins {
    let span = t.span_of(keys::Origin::origins);
    let origins = Origins {
        imported: t.take(keys::Origin::imported, p),
        from: t.take(keys::Origin::origins, p).unwrap_or_default(),
    };
    if origins.imported == Some(false) && !origins.from.is_empty() {
        let message = "evidence recorded here has no origin: `imported = false` leaves nothing";
        p.add(&span, "contradiction", message);
    }
    origins
}

const fn is_report(kind: EvidenceKind) -> bool {
    matches!(kind, EvidenceKind::Declaration | EvidenceKind::CheckIn)
}

fn on_case(t: &mut Reader<'_, keys::OnCase>, p: &mut Problems<'_>) -> (When, Origins) {
    let when = When::Case { classes: t.take(keys::OnCase::classes, p).unwrap_or_default() };
    (when, by_origin(t, p))
}

fn on_test(t: &mut Reader<'_, keys::OnTest>, p: &mut Problems<'_>) -> (When, Origins) {
    let results = t.take(keys::OnTest::results, p).unwrap_or_default();
    let methods = t.take(keys::OnTest::methods, p).unwrap_or_default();
    (When::Test { results, methods }, by_origin(t, p))
}

fn on_contact(t: &mut Reader<'_, keys::OnContact>, p: &mut Problems<'_>) -> (When, Origins) {
    let certainties = t.take(keys::OnContact::certainties, p);
    let when = When::Contact {
        degrees: t.take(keys::OnContact::degrees, p).unwrap_or_default(),
        // A printed venue code can be a forwarded picture (it was, 871 times): by itself it makes
        // nobody a contact unless a policy says so in so many words.
        certainties: certainties.unwrap_or_else(|| vec![Certainty::Recorded, Certainty::Assumed]),
        places: t.take(keys::OnContact::places, p).unwrap_or_default(),
        min_minutes: t.take(keys::OnContact::min_minutes, p).unwrap_or(0),
    };
    (when, by_origin(t, p))
}

fn on_stay(t: &mut Reader<'_, keys::OnStay>, recorders: &Recorders, p: &mut Problems<'_>) -> When {
    let span = t.span_of(keys::OnStay::risk_levels);
    let levels = t.take(keys::OnStay::risk_levels, p).unwrap_or_default();
    let divisions = t.take(keys::OnStay::divisions, p).unwrap_or_default();
    if levels.is_empty() && divisions.is_empty() {
        p.add(t.span(), "missing_key", "a rule on stays needs `risk_levels` or `divisions`");
    }
    if !levels.is_empty() && !recorders.contains_key(&EvidenceKind::RegionRisk) {
        p.add(&span, "undeclared_evidence", undeclared(EvidenceKind::RegionRisk));
    }
    let force_span = t.span_of(keys::OnStay::while_in_force);
    let while_in_force = t.take(keys::OnStay::while_in_force, p).unwrap_or(false);
    if while_in_force && levels.is_empty() {
        p.add(&force_span, "bad_value", "`while_in_force` needs `risk_levels`");
    }
    When::Stay { levels: levels.into_iter().map(|l| l.0).collect(), divisions, while_in_force }
}

fn on_arrival(t: &mut Reader<'_, keys::OnArrival>, p: &mut Problems<'_>) -> (When, Origins) {
    let from_abroad = t.take(keys::OnArrival::from_abroad, p).unwrap_or(false);
    let purposes = t.take(keys::OnArrival::purposes, p).unwrap_or_default();
    let from = t.take(keys::OnArrival::from, p).unwrap_or_default();
    (When::Arrival { from_abroad, from, purposes }, by_origin(t, p))
}

fn on_report(
    t: &mut Reader<'_, keys::OnReport>,
    kinds: &[EvidenceKind],
    p: &mut Problems<'_>,
) -> When {
    let any = t.take(keys::OnReport::symptoms, p).unwrap_or_default();
    let symptoms: Vec<Symptom> = any.into_iter().flat_map(|AnySymptom(list)| list).collect();
    let fever = t.take(keys::OnReport::temperature_from, p);
    let contact_with_case = t.take(keys::OnReport::contact_with_case, p).unwrap_or(false);
    if symptoms.is_empty() && fever.is_none() && !contact_with_case {
        let message =
            "a rule on reports needs `symptoms`, `temperature_from` or `contact_with_case`";
        p.add(t.span(), "missing_key", message);
    }
    When::Report {
        declarations: kinds.contains(&EvidenceKind::Declaration),
        check_ins: kinds.contains(&EvidenceKind::CheckIn),
        symptoms,
        fever,
        contact_with_case,
    }
}
