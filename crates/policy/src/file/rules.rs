//! The rules and decays of a policy file.

use std::collections::BTreeSet;
use std::str::FromStr;

use jadegate_domain::EvidenceKind;
use jadegate_domain::assessment::Texts;
use jadegate_domain::evidence::{ArrivalPurpose, Certainty, Symptom, Temperature, TestResult};

use crate::file::ids::id;
use crate::file::limits::MOST_DAYS;
use crate::file::placeholders::{fill, no_placeholder};
use crate::file::problem::Problems;
use crate::file::reader::Reader;
use crate::file::recorders::{Recorders, undeclared};
use crate::file::words::{
    AnySymptom, CONFINING, Confining, NamedPaper, RaisedLevel, Starting, all,
};
use crate::model::calendar::Calendar;
use crate::model::origin::Origins;
use crate::model::rule::{
    CheckIns, CountFrom, MOST_PHASES, Missing, NegativeTests, PaperNeeded, Phase, Release, Rule,
    When,
};

/// What a rule can count from: the first is meant where the file says nothing.
const fn count_origins(when: &When) -> &'static [(CountFrom, &'static str)] {
    use CountFrom as C;
    match when {
        When::Case { .. } => {
            &[(C::Confirmed, "confirmed"), (C::Onset, "onset"), (C::Recorded, "recorded")]
        }
        When::Test { .. } => &[(C::Sampled, "sampled"), (C::Recorded, "recorded")],
        When::Contact { .. } => &[(C::LastContact, "last_contact"), (C::Recorded, "recorded")],
        When::Stay { .. } => &[(C::Exit, "exit"), (C::Entry, "entry")],
        When::Report { .. } | When::Missing { .. } => &[(C::Recorded, "recorded")],
        When::Arrival { .. } => &[(C::Arrived, "arrived"), (C::Recorded, "recorded")],
    }
}

pub(crate) fn rules(
    file: &mut Reader<'_>,
    calendar: &Calendar,
    recorders: &Recorders,
    p: &mut Problems<'_>,
) -> Vec<Rule> {
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    let mut push = |rule: Option<Rule>, span, p: &mut Problems<'_>| {
        let Some(rule) = rule else { return };
        if !seen.insert(rule.id.clone()) {
            p.add(&span, "twice", format!("there are two rules with the id `{}`", rule.id));
        }
        out.push(rule);
    };
    for mut t in file.tables("rule", p) {
        let span = t.span_of("id");
        push(rule(&mut t, calendar, recorders, p), span, p);
        t.finish(p);
    }
    for mut t in file.tables("decay", p) {
        let span = t.span_of("id");
        push(decay(&mut t, calendar, recorders, p), span, p);
        t.finish(p);
    }
    if out.is_empty() && p.count() == 0 {
        p.add(&(0..0), "no_rules", "a policy needs at least one rule");
    }
    out.sort_by(|a, b| a.id.cmp(&b.id));
    out
}

fn rule(
    t: &mut Reader<'_>,
    calendar: &Calendar,
    recorders: &Recorders,
    p: &mut Problems<'_>,
) -> Option<Rule> {
    let id = id(t, p).into_inner();
    let title = t.required_texts("title", p);
    let ends = t.texts("ends", p);
    let count = t.parsed("day_count", "local-midnight or 24h", p);
    let when = t.required_table("when", p).and_then(|w| when(w, recorders, p));
    let span = t.span_of("count_from");
    let origin = t.parsed::<CountFrom>("count_from", "a known origin", p);
    let (phases_span, tables) = (t.span_of("phase"), t.tables("phase", p));
    if tables.is_empty() || tables.len() > MOST_PHASES {
        let message = format!("rule `{id}` needs 1 to {MOST_PHASES} phases");
        p.add(&phases_span, "phases", message);
    }
    let phases: Vec<Phase> = tables.into_iter().flat_map(|t| phase(t, ends.as_ref(), p)).collect();
    if phases.len() > MOST_PHASES {
        let message = format!(
            "rule `{id}` has more than {MOST_PHASES} phases, counting one more for each `while_unmet`"
        );
        p.add(&phases_span, "phases", message);
    }
    relief_never_worsens(&phases, &phases_span, p);
    let (when, origins) = when?;
    let allowed = count_origins(&when);
    let count_from = origin.unwrap_or(allowed[0].0);
    if !allowed.iter().any(|(o, _)| *o == count_from) {
        let words = allowed.iter().map(|(_, w)| *w).collect::<Vec<_>>();
        let message = format!("this evidence can be counted from {}", words.join(" or "));
        p.add(&span, "bad_value", message);
    }
    let calendar = count.map_or_else(|| calendar.clone(), |c| calendar.with(c));
    Some(Rule { id, title, when, origins, count_from, calendar, phases })
}

fn decay(
    t: &mut Reader<'_>,
    calendar: &Calendar,
    recorders: &Recorders,
    p: &mut Problems<'_>,
) -> Option<Rule> {
    let id = id(t, p).into_inner();
    let title = t.required_texts("title", p);
    let hours = t.required_number("hours", 1..=24 * MOST_DAYS, p);
    let also_if_never = t.flag("also_if_never", p).unwrap_or(false);
    let colour = t.required::<Confining>("colour", CONFINING, p);
    let span = t.span_of("missing");
    let what = t.required::<Missing>("missing", "report, temperature or negative_test", p);
    let mut ends = t.required_texts("ends", p);
    fill(&mut ends, "hours", Some(hours));
    no_placeholder(&ends, "hours", &t.span, p);
    let (what, Confining(colour)) = (what?, colour?);
    let kind = match what {
        Missing::Report | Missing::Temperature => EvidenceKind::Declaration,
        Missing::NegativeTest => EvidenceKind::Test,
    };
    if !recorders.contains_key(&kind) {
        p.add(&span, "undeclared_evidence", undeclared(kind));
    }
    let phase = Phase {
        colour,
        counts_on: false,
        ends_when: Vec::new(),
        days: None,
        ends,
        needs: vec![what.as_str()],
    };
    Some(Rule {
        id,
        title,
        when: When::Missing { what, hours, also_if_never },
        origins: Origins::default(),
        count_from: CountFrom::Recorded,
        calendar: calendar.clone(),
        phases: vec![phase],
    })
}

fn when(mut t: Reader<'_>, recorders: &Recorders, p: &mut Problems<'_>) -> Option<(When, Origins)> {
    let span = t.span_of("evidence");
    let wanted = "case, test, contact, stay, arrival, declaration or check_in (region_risk works \
                  through stay, release through a phase's ends_when)";
    let kinds = t.required_list::<Starting>("evidence", wanted, p);
    let kinds: Vec<EvidenceKind> = kinds.into_iter().map(|Starting(kind)| kind).collect();
    for kind in &kinds {
        if !recorders.contains_key(kind) {
            p.add(&span, "undeclared_evidence", undeclared(*kind));
        }
    }
    t.is_a(match kinds.as_slice() {
        [one] if !is_report(*one) => one.as_str(),
        _ => "report",
    });
    let when = match kinds.as_slice() {
        [] => return None,
        [EvidenceKind::Case] => When::Case { classes: closed(&mut t, "classes", p) },
        [EvidenceKind::Test] => test(&mut t, p),
        [EvidenceKind::Contact] => contact(&mut t, p),
        [EvidenceKind::Stay] => stay(&mut t, recorders, p),
        [EvidenceKind::Arrival] => arrival(&mut t, p),
        reports if reports.iter().all(|k| is_report(*k)) => report(&mut t, reports, p),
        _ => {
            let message = "a rule starts from one kind of evidence (declaration and check_in may \
                           stand together)";
            p.add(&span, "bad_value", message);
            return None;
        }
    };
    let origins = match when {
        When::Case { .. } | When::Test { .. } | When::Contact { .. } | When::Arrival { .. } => {
            by_origin(&mut t, p)
        }
        _ => Origins::default(),
    };
    t.finish(p);
    Some((when, origins))
}

/// Whose evidence starts the rule: recorded here or imported, and from where.
fn by_origin(t: &mut Reader<'_>, p: &mut Problems<'_>) -> Origins {
    let span = t.span_of("origins");
    let origins = Origins {
        imported: t.flag("imported", p),
        from: t.list("origins", "a division like CN-13", p).unwrap_or_default(),
    };
    if origins.imported == Some(false) && !origins.from.is_empty() {
        let message = "evidence recorded here has no origin: `imported = false` leaves nothing";
        p.add(&span, "contradiction", message);
    }
    origins
}

/// A way out that somebody earns must not lead into something worse: else a report of harm that
/// delays it would make them greener.
fn relief_never_worsens(phases: &[Phase], span: &std::ops::Range<usize>, p: &mut Problems<'_>) {
    for (i, phase) in phases.iter().enumerate() {
        let earned = phase.ends_when.iter().any(|r| !r.is_time_alone());
        // What holds while its own release is unmet is over when the release is met.
        let own = phases.get(i + 1).is_some_and(|next| next.counts_on);
        let mut later = phases.iter().skip(i + 1 + usize::from(own));
        if earned && later.any(|later| later.colour > phase.colour) {
            let message =
                "a phase that tests, check-ins or papers end is followed by a more severe one";
            p.add(span, "relief_worsens", message);
            return;
        }
    }
}

const fn is_report(kind: EvidenceKind) -> bool {
    matches!(kind, EvidenceKind::Declaration | EvidenceKind::CheckIn)
}

/// A filter by a closed list; empty means every value.
fn closed<T: FromStr>(t: &mut Reader<'_>, key: &'static str, p: &mut Problems<'_>) -> Vec<T> {
    t.list(key, "a value named in the policy language's page", p).unwrap_or_default()
}

fn test(t: &mut Reader<'_>, p: &mut Problems<'_>) -> When {
    let results = t.required_list("results", &all(TestResult::ALL), p);
    When::Test { results, methods: closed(t, "methods", p) }
}

fn contact(t: &mut Reader<'_>, p: &mut Problems<'_>) -> When {
    let certainties = t.list("certainties", "recorded, assumed or unproven", p);
    When::Contact {
        degrees: closed(t, "degrees", p),
        // A printed venue code can be a forwarded picture (it was, 871 times): by itself it makes
        // nobody a contact unless a policy says so in so many words.
        certainties: certainties.unwrap_or_else(|| vec![Certainty::Recorded, Certainty::Assumed]),
        places: closed(t, "places", p),
        min_minutes: t.number("min_minutes", 0..=100_000, p).unwrap_or(0),
    }
}

fn stay(t: &mut Reader<'_>, recorders: &Recorders, p: &mut Problems<'_>) -> When {
    let span = t.span_of("risk_levels");
    let levels = t.list::<RaisedLevel>("risk_levels", "medium or high", p).unwrap_or_default();
    let divisions = closed(t, "divisions", p);
    if levels.is_empty() && divisions.is_empty() {
        p.add(&t.span, "missing_key", "a rule on stays needs `risk_levels` or `divisions`");
    }
    if !levels.is_empty() && !recorders.contains_key(&EvidenceKind::RegionRisk) {
        p.add(&span, "undeclared_evidence", undeclared(EvidenceKind::RegionRisk));
    }
    let force_span = t.span_of("while_in_force");
    let while_in_force = t.flag("while_in_force", p).unwrap_or(false);
    if while_in_force && levels.is_empty() {
        p.add(&force_span, "bad_value", "`while_in_force` needs `risk_levels`");
    }
    When::Stay { levels: levels.into_iter().map(|l| l.0).collect(), divisions, while_in_force }
}

fn arrival(t: &mut Reader<'_>, p: &mut Problems<'_>) -> When {
    let from_abroad = t.flag("from_abroad", p).unwrap_or(false);
    let purposes = t.list::<ArrivalPurpose>("purposes", &all(ArrivalPurpose::ALL), p);
    When::Arrival {
        from_abroad,
        from: closed(t, "from", p),
        purposes: purposes.unwrap_or_default(),
    }
}

fn temperature(t: &mut Reader<'_>, key: &'static str, p: &mut Problems<'_>) -> Option<Temperature> {
    let span = t.span_of(key);
    let parsed = Temperature::try_from(t.decimal(key, p)?).ok();
    if parsed.is_none() {
        p.add(&span, "out_of_range", format!("`{key}` must be from 34.0 to 43.0"));
    }
    parsed
}

fn report(t: &mut Reader<'_>, kinds: &[EvidenceKind], p: &mut Problems<'_>) -> When {
    let span = t.span.clone();
    let wanted = format!("any or {}", all(Symptom::ALL));
    let any = t.list::<AnySymptom>("symptoms", &wanted, p).unwrap_or_default();
    let symptoms: Vec<Symptom> = any.into_iter().flat_map(|AnySymptom(list)| list).collect();
    let fever = temperature(t, "temperature_from", p);
    let contact_with_case = t.flag("contact_with_case", p).unwrap_or(false);
    if symptoms.is_empty() && fever.is_none() && !contact_with_case {
        let message =
            "a rule on reports needs `symptoms`, `temperature_from` or `contact_with_case`";
        p.add(&span, "missing_key", message);
    }
    When::Report {
        declarations: kinds.contains(&EvidenceKind::Declaration),
        check_ins: kinds.contains(&EvidenceKind::CheckIn),
        symptoms,
        fever,
        contact_with_case,
    }
}

/// A phase as written: one as the program knows it, or two if it says what holds while its
/// release is unmet.
fn phase(mut t: Reader<'_>, rule_ends: Option<&Texts>, p: &mut Problems<'_>) -> Vec<Phase> {
    let span = t.span.clone();
    let colour = t.required::<Confining>("colour", CONFINING, p).map(|Confining(c)| c);
    let days = t.number("days", 1..=MOST_DAYS, p);
    let alternatives_span = t.span_of("ends_when");
    let mut ends_when: Vec<Release> =
        t.tables("ends_when", p).into_iter().filter_map(|r| release(r, p)).collect();
    if days.is_some() && !ends_when.is_empty() {
        let message = "give `days` or `ends_when`, not both; inside `ends_when`, { days = 14 } is one way to end";
        p.add(&alternatives_span, "contradiction", message);
    }
    ends_when.extend(days.map(|d| Release { days: Some(d), ..Release::default() }));
    if ends_when.is_empty() {
        p.add(&span, "endless", "a phase must say what ends it: `days` or `ends_when`");
    }
    let days = ends_when.iter().filter_map(|r| r.days).min();
    let own = t.texts("ends", p);
    let mut ends = own.or_else(|| rule_ends.cloned()).unwrap_or_else(|| {
        p.add(&span, "missing_key", "`ends` is missing in this phase and in its rule");
        Texts::new()
    });
    fill(&mut ends, "days", days);
    no_placeholder(&ends, "days", &span, p);
    let unmet_span = t.span_of("while_unmet");
    let unmet = t.parsed::<Confining>("while_unmet", CONFINING, p).map(|Confining(c)| c);
    t.finish(p);
    let needs = needs(&ends_when);
    if unmet.is_some() && (unmet == colour || needs.is_empty() || days.is_none()) {
        let message = "`while_unmet` is another colour, for a phase that ends only when its days \
                       are over and something else is met";
        p.add(&unmet_span, "contradiction", message);
    }
    let Some(colour) = colour else { return Vec::new() };
    let Some(unmet) = unmet else {
        return vec![Phase { colour, counts_on: false, ends_when, days, ends, needs }];
    };
    // First until its days are over or it ends; then, on the same count, until it ends.
    let mut first = ends_when.clone();
    first.push(Release { days, ..Release::default() });
    let ends_too = ends.clone();
    vec![
        Phase { colour, counts_on: false, ends_when: first, days, ends, needs: Vec::new() },
        Phase { colour: unmet, counts_on: true, ends_when, days: None, ends: ends_too, needs },
    ]
}

/// What must happen besides time; nothing if one release is time alone.
fn needs(ends_when: &[Release]) -> Vec<&'static str> {
    let words = |r: &Release| {
        let mut w = Vec::new();
        w.extend(r.negative_tests.map(|_| "negative_test"));
        w.extend(r.clean_check_ins.map(|_| "daily_check_in"));
        w.extend(r.paper.as_ref().map(|_| "confirmation"));
        w
    };
    let each: Vec<_> = ends_when.iter().map(words).collect();
    if each.iter().any(Vec::is_empty) {
        return Vec::new();
    }
    let mut out = each.concat();
    out.sort_unstable();
    out.dedup();
    out
}

fn release(mut t: Reader<'_>, p: &mut Problems<'_>) -> Option<Release> {
    let span = t.span.clone();
    let release = Release {
        days: t.number("days", 1..=MOST_DAYS, p),
        negative_tests: t.table("negative_tests", p).map(|n| negative_tests(n, p)),
        clean_check_ins: t.table("clean_check_ins", p).map(|c| clean_check_ins(c, p)),
        paper: paper(&mut t, p),
    };
    t.finish(p);
    if release == Release::default() {
        let message =
            "a way to end needs `days`, `negative_tests`, `clean_check_ins` or `release_paper`";
        p.add(&span, "empty", message);
        return None;
    }
    Some(release)
}

/// A word, or a table that says more.
fn paper(t: &mut Reader<'_>, p: &mut Problems<'_>) -> Option<PaperNeeded> {
    const WANTED: &str = "this or any";
    if !t.is_table("release_paper") {
        let which = t.parsed("release_paper", WANTED, p)?;
        return Some(PaperNeeded { which, kinds: Vec::new(), same_origin: false });
    }
    let mut t = t.table("release_paper", p)?;
    let which = t.required("of", WANTED, p);
    let wanted = "discharge, release or confirmation";
    let kinds = t.list::<NamedPaper>("kinds", wanted, p).unwrap_or_default();
    let kinds = kinds.into_iter().map(|NamedPaper(kind)| kind).collect();
    let same_origin = t.flag("same_origin", p).unwrap_or(false);
    t.finish(p);
    Some(PaperNeeded { which: which?, kinds, same_origin })
}

fn negative_tests(mut t: Reader<'_>, p: &mut Problems<'_>) -> NegativeTests {
    let tests = NegativeTests {
        count: t.required_number("count", 1..=10, p),
        gap_hours: t.number("gap_hours", 0..=24 * 30, p).unwrap_or(0),
        within_days: t.number("within_days", 1..=MOST_DAYS, p),
        after_days: t.number("after_days", 0..=MOST_DAYS, p).unwrap_or(0),
        method: t.parsed("method", "nucleic_acid or antigen", p),
    };
    let hours = u64::from(tests.gap_hours) * u64::from(tests.count.saturating_sub(1));
    if tests.within_days.is_some_and(|d| hours > 24 * u64::from(d)) {
        let message = "these tests cannot be so far apart and so close together at once";
        p.add(&t.span, "contradiction", message);
    }
    t.finish(p);
    tests
}

fn clean_check_ins(mut t: Reader<'_>, p: &mut Problems<'_>) -> CheckIns {
    let check_ins = CheckIns {
        days: t.required_number("days", 1..=MOST_DAYS, p),
        consecutive: t.flag("consecutive", p).unwrap_or(true),
        below_tenths: temperature(&mut t, "temperature_below", p).map_or(373, Temperature::tenths),
    };
    t.finish(p);
    check_ins
}
