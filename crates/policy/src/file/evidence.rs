//! Evidence written by hand, for case files and for trying a policy out.

use jadegate_domain::evidence::{
    AppealOutcome, ArrivalPurpose, Certainty, ContactDegree, DeclaredStay, ReleaseOf, ReleasePaper,
    Symptom, Temperature, TestMethod, TestResult,
};
use jadegate_domain::{
    AgencyId, CaseClass, CaseId, Division, Evidence, EvidenceId, EvidenceKind, Fact, HolderId,
    PlaceKind, Timestamp, TraceId,
};

use crate::file::problem::{Problem, Problems};
use crate::file::reader::{Reader, conclude, read_file};
use crate::file::words::{Level, all};

/// Reads a file of `[[evidence]]` tables, as described in `docs/policy-language.md`. Ids are made
/// from the position in the file.
pub fn read_evidence(text: &str) -> Result<Vec<Evidence>, Vec<Problem>> {
    let mut problems = Problems::new(text);
    let mut file = read_file(text, &mut problems);
    let list = evidence_list(&mut file, &mut problems);
    file.finish(&mut problems);
    conclude(Some(list), problems)
}

/// The `evidence` tables of a table.
pub(crate) fn evidence_list(t: &mut Reader<'_>, p: &mut Problems<'_>) -> Vec<Evidence> {
    let mut out: Vec<Evidence> = Vec::new();
    for mut table in t.tables("evidence", p) {
        let daily = table.number("repeat_daily", 1..=366, p).unwrap_or(1);
        // Of a piece that cannot be read, what is wrong is said; the rest was not looked at.
        let Some(first) = one(&mut table, p) else { continue };
        {
            for day in 0..i64::from(daily) {
                let n = u64::try_from(out.len()).unwrap_or(u64::MAX);
                let id = EvidenceId::from_random(n + 1);
                let recorded_at = first.recorded_at.plus_days(day);
                out.push(Evidence { id, recorded_at, ..first.clone() });
            }
        }
        table.finish(p);
    }
    out
}

fn one(t: &mut Reader<'_>, p: &mut Problems<'_>) -> Option<Evidence> {
    let wanted = format!("one of {}", all(EvidenceKind::ALL));
    let kind = t.required::<EvidenceKind>("kind", &wanted, p)?;
    let recorded = t.moment("recorded_at", p);
    let by_holder = matches!(kind, EvidenceKind::CheckIn) || kind.may_record(None);
    let by_agency = t.flag("by_agency", p).unwrap_or(!by_holder);
    let origin = t.parsed::<Division>("origin", "a division like CN-13", p);
    let withdrawn = t.moment("withdrawn_at", p);
    t.is_a(kind.as_str());
    let (fact, happened) = fact(kind, t, p)?;
    let Some(recorded_at) = recorded.or(happened) else {
        p.add(&t.span, "missing_key", "`recorded_at` is missing");
        return None;
    };
    Some(Evidence {
        id: EvidenceId::from_random(1),
        holder: (kind != EvidenceKind::RegionRisk).then(|| HolderId::from_random(1)),
        fact,
        recorded_at,
        agency: by_agency.then(|| AgencyId::from_random(1)),
        origin,
        withdrawn_at: withdrawn,
        superseded_by: None,
    })
}

/// A fact and when it happened, which is when it was recorded unless the file says otherwise.
fn fact(
    kind: EvidenceKind,
    t: &mut Reader<'_>,
    p: &mut Problems<'_>,
) -> Option<(Fact, Option<Timestamp>)> {
    Some(match kind {
        EvidenceKind::Test => {
            let result = t.required::<TestResult>("result", "positive or negative", p)?;
            let method = t.parsed::<TestMethod>("method", "nucleic_acid or antigen", p);
            let sampled_at = t.required_moment("sampled_at", p)?;
            let method = method.unwrap_or(TestMethod::NucleicAcid);
            (Fact::Test { result, method, sampled_at }, Some(sampled_at))
        }
        EvidenceKind::Case => {
            let class = t.required::<CaseClass>("class", &all(CaseClass::ALL), p)?;
            let case = case_id(t, p);
            let onset_at = t.moment("onset_at", p);
            let confirmed_at = t.required_moment("confirmed_at", p)?;
            (Fact::Case { case, class, onset_at, confirmed_at }, Some(confirmed_at))
        }
        EvidenceKind::Contact => contact(t, p)?,
        EvidenceKind::Stay => {
            let stay = stay(t, p)?;
            let DeclaredStay { division, from, to } = stay;
            (Fact::Stay { division, from, to }, Some(from))
        }
        EvidenceKind::RegionRisk => {
            let division = t.required::<Division>("division", "a division like CN-330106", p)?;
            let Level(level) = t.required("level", "low, medium or high", p)?;
            let from = t.required_moment("from", p)?;
            let to = t.moment("to", p);
            (Fact::RegionRisk { division, level, from, to }, Some(from))
        }
        EvidenceKind::Declaration => {
            let (temperature, symptoms) = health(t, p);
            let contact_with_case = t.flag("contact_with_case", p).unwrap_or(false);
            let stays = t.tables("stays", p).into_iter().filter_map(|mut s| {
                let one = stay(&mut s, p);
                s.finish(p);
                one
            });
            let stays = stays.collect();
            (Fact::Declaration { temperature, symptoms, contact_with_case, stays }, None)
        }
        EvidenceKind::CheckIn => {
            let (temperature, symptoms) = health(t, p);
            (Fact::CheckIn { temperature, symptoms }, None)
        }
        EvidenceKind::Arrival => {
            let from = t.required::<Division>("from", "a country or division", p)?;
            let arrived_at = t.required_moment("arrived_at", p)?;
            let purpose = t.parsed::<ArrivalPurpose>("purpose", &all(ArrivalPurpose::ALL), p);
            let purpose = purpose.unwrap_or(ArrivalPurpose::Unstated);
            (Fact::Arrival { from, arrived_at, purpose }, Some(arrived_at))
        }
        EvidenceKind::Release => {
            let both = t.has("trace") && t.has("case");
            if both {
                p.add(&t.span, "contradiction", "a release names a `case` or a `trace`, not both");
            }
            let of_trace = t.has("trace");
            let (case, trace) = (case_id(t, p), trace_id(t, p));
            let refers_to = if of_trace { ReleaseOf::Trace(trace) } else { ReleaseOf::Case(case) };
            let released_at = t.required_moment("released_at", p)?;
            let paper = t.parsed::<ReleasePaper>("paper", &all(ReleasePaper::ALL), p);
            let paper = paper.unwrap_or(ReleasePaper::Unstated);
            (Fact::Release { refers_to, released_at, paper }, Some(released_at))
        }
        EvidenceKind::Dispute => (Fact::Dispute { disputes: evidence_id(t, "disputes", p)? }, None),
        EvidenceKind::Appeal => (Fact::Appeal { contests: evidence_id(t, "contests", p)? }, None),
        EvidenceKind::AppealDecision => {
            let outcome = t.required::<AppealOutcome>("outcome", &all(AppealOutcome::ALL), p)?;
            (Fact::AppealDecision { appeal: evidence_id(t, "appeal", p)?, outcome }, None)
        }
    })
}

/// Another piece of the file, by its number: the first has number 1.
fn evidence_id(t: &mut Reader<'_>, key: &'static str, p: &mut Problems<'_>) -> Option<EvidenceId> {
    if !t.has(key) {
        // The number that stands in for a missing one is never used.
        let _ = t.required_number(key, 1..=9999, p);
        return None;
    }
    Some(EvidenceId::from_random(u64::from(t.required_number(key, 1..=9999, p))))
}

fn contact(t: &mut Reader<'_>, p: &mut Problems<'_>) -> Option<(Fact, Option<Timestamp>)> {
    let degree = t.required::<ContactDegree>("degree", "close or secondary", p)?;
    let certainty = t.parsed::<Certainty>("certainty", "recorded, assumed or unproven", p);
    let place_kind = t.parsed::<PlaceKind>("place", &all(PlaceKind::ALL), p);
    let minutes = t.number("minutes", 0..=100_000, p).unwrap_or(30);
    let (case, trace) = (case_id(t, p), trace_id(t, p));
    let last_contact = t.required_moment("last_contact", p)?;
    let fact = Fact::Contact {
        case,
        trace,
        degree,
        last_contact,
        minutes,
        certainty: certainty.unwrap_or(Certainty::Recorded),
        place_kind: place_kind.unwrap_or(PlaceKind::Other),
    };
    Some((fact, Some(last_contact)))
}

/// Cases and traces are numbered within a file; a release names the number it means.
fn case_id(t: &mut Reader<'_>, p: &mut Problems<'_>) -> CaseId {
    CaseId::from_random(u64::from(t.number("case", 1..=9999, p).unwrap_or(1)))
}

fn trace_id(t: &mut Reader<'_>, p: &mut Problems<'_>) -> TraceId {
    TraceId::from_random(u64::from(t.number("trace", 1..=9999, p).unwrap_or(1)))
}

fn stay(t: &mut Reader<'_>, p: &mut Problems<'_>) -> Option<DeclaredStay> {
    let division = t.required::<Division>("division", "a division like CN-330106", p)?;
    let from = t.required_moment("from", p)?;
    let to = t.moment("to", p).unwrap_or(Timestamp::MAX);
    Some(DeclaredStay { division, from, to })
}

fn health(t: &mut Reader<'_>, p: &mut Problems<'_>) -> (Option<Temperature>, Vec<Symptom>) {
    let span = t.span_of("temperature");
    let degrees = t.decimal("temperature", p);
    let temperature = degrees.and_then(|d| Temperature::try_from(d).ok());
    if degrees.is_some() && temperature.is_none() {
        p.add(&span, "out_of_range", "`temperature` must be from 34.0 to 43.0");
    }
    let symptoms = t.list::<Symptom>("symptoms", &all(Symptom::ALL), p).unwrap_or_default();
    (temperature, symptoms)
}
