//! The rules and decays of a policy file.

use std::collections::BTreeSet;
use std::ops::Range;

use jadegate_domain::EvidenceKind;

use crate::file::keys::{policy as policy_keys, rules as keys};
use crate::file::kinds::when;
use crate::file::phases::phase;
use crate::file::placeholders::{fill, no_placeholder};
use crate::file::problem::Problems;
use crate::file::reader::Reader;
use crate::file::recorders::{Recorders, undeclared};
use crate::file::words::Confining;
use crate::model::calendar::Calendar;
use crate::model::kinds::{CountFrom, Missing, When};
use crate::model::origin::Origins;
use crate::model::rule::{MOST_PHASES, Phase, Rule};

pub(crate) fn rules(
    file: &mut Reader<'_, policy_keys::Policy>,
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
    for mut t in file.take(policy_keys::Policy::rule, p).unwrap_or_default() {
        let span = t.span_of(keys::Rule::id);
        push(rule(&mut t, calendar, recorders, p), span, p);
        t.finish(p);
    }
    for mut t in file.take(policy_keys::Policy::decay, p).unwrap_or_default() {
        let span = t.span_of(keys::Decay::id);
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
    t: &mut Reader<'_, keys::Rule>,
    calendar: &Calendar,
    recorders: &Recorders,
    p: &mut Problems<'_>,
) -> Option<Rule> {
    let id = t.take(keys::Rule::id, p).unwrap_or_default();
    let title = t.take(keys::Rule::title, p).unwrap_or_default();
    let ends = t.take(keys::Rule::ends, p);
    let count = t.take(keys::Rule::day_count, p);
    let when = t.take(keys::Rule::when, p).and_then(|w| when(w, recorders, p));
    let span = t.span_of(keys::Rule::count_from);
    let origin = t.take(keys::Rule::count_from, p);
    let phases_span = t.span_of(keys::Rule::phase);
    let tables = t.take(keys::Rule::phase, p).unwrap_or_default();
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
    let allowed = when.count_origins();
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
    t: &mut Reader<'_, keys::Decay>,
    calendar: &Calendar,
    recorders: &Recorders,
    p: &mut Problems<'_>,
) -> Option<Rule> {
    let id = t.take(keys::Decay::id, p).unwrap_or_default();
    let title = t.take(keys::Decay::title, p).unwrap_or_default();
    let hours = t.take(keys::Decay::hours, p).unwrap_or(1);
    let also_if_never = t.take(keys::Decay::also_if_never, p).unwrap_or(false);
    let colour = t.take(keys::Decay::colour, p);
    let span = t.span_of(keys::Decay::missing);
    let what = t.take(keys::Decay::missing, p);
    let mut ends = t.take(keys::Decay::ends, p).unwrap_or_default();
    fill(&mut ends, "hours", Some(hours));
    no_placeholder(&ends, "hours", t.span(), p);
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

/// A way out that somebody earns must not lead into something worse: else a report of harm that
/// delays it would make them greener.
fn relief_never_worsens(phases: &[Phase], span: &Range<usize>, p: &mut Problems<'_>) {
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
