//! What starts a rule: `when` of a policy file's rules.

use jadegate_domain::EvidenceKind;
use jadegate_domain::evidence::{Certainty, Symptom};

use crate::file::key::Has;
use crate::file::keys::rules as keys;
use crate::file::problem::Problems;
use crate::file::reader::Reader;
use crate::file::recorders::{Recorders, undeclared};
use crate::file::words::{AnySymptom, Starting};
use crate::model::origin::Origins;
use crate::model::rule::When;

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
        [EvidenceKind::Case] => t.as_variant(|t| case(t, p)),
        [EvidenceKind::Test] => t.as_variant(|t| test(t, p)),
        [EvidenceKind::Contact] => t.as_variant(|t| contact(t, p)),
        [EvidenceKind::Stay] => t.as_variant(|t| (stay(t, recorders, p), Origins::default())),
        [EvidenceKind::Arrival] => t.as_variant(|t| arrival(t, p)),
        reports if reports.iter().all(|k| is_report(*k)) => {
            t.as_variant(|t| (report(t, reports, p), Origins::default()))
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

fn case(t: &mut Reader<'_, keys::OnCase>, p: &mut Problems<'_>) -> (When, Origins) {
    let when = When::Case { classes: t.take(keys::OnCase::classes, p).unwrap_or_default() };
    (when, by_origin(t, p))
}

fn test(t: &mut Reader<'_, keys::OnTest>, p: &mut Problems<'_>) -> (When, Origins) {
    let results = t.take(keys::OnTest::results, p).unwrap_or_default();
    let methods = t.take(keys::OnTest::methods, p).unwrap_or_default();
    (When::Test { results, methods }, by_origin(t, p))
}

fn contact(t: &mut Reader<'_, keys::OnContact>, p: &mut Problems<'_>) -> (When, Origins) {
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

fn stay(t: &mut Reader<'_, keys::OnStay>, recorders: &Recorders, p: &mut Problems<'_>) -> When {
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

fn arrival(t: &mut Reader<'_, keys::OnArrival>, p: &mut Problems<'_>) -> (When, Origins) {
    let from_abroad = t.take(keys::OnArrival::from_abroad, p).unwrap_or(false);
    let purposes = t.take(keys::OnArrival::purposes, p).unwrap_or_default();
    let from = t.take(keys::OnArrival::from, p).unwrap_or_default();
    (When::Arrival { from_abroad, from, purposes }, by_origin(t, p))
}

fn report(
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
