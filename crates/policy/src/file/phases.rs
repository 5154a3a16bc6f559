//! The phases of a policy file's rules, and what ends each of them.

use jadegate_domain::assessment::Texts;
use jadegate_domain::evidence::Temperature;

use crate::file::keys::rules as keys;
use crate::file::nested::Said;
use crate::file::placeholders::{fill, no_placeholder};
use crate::file::problem::Problems;
use crate::file::reader::Reader;
use crate::file::words::{Confining, NamedPaper};
use crate::model::rule::{CheckIns, NegativeTests, PaperNeeded, Phase, Release};

/// A phase as written: one as the program knows it, or two if it says what holds while its
/// release is unmet.
pub(crate) fn phase(
    mut t: Reader<'_, keys::Phase>,
    rule_ends: Option<&Texts>,
    p: &mut Problems<'_>,
) -> Vec<Phase> {
    let span = t.span().clone();
    let colour = t.take(keys::Phase::colour, p).map(|Confining(c)| c);
    let days = t.take(keys::Phase::days, p);
    let alternatives_span = t.span_of(keys::Phase::ends_when);
    let tables = t.take(keys::Phase::ends_when, p).unwrap_or_default();
    let mut ends_when: Vec<Release> = tables.into_iter().filter_map(|r| release(r, p)).collect();
    if days.is_some() && !ends_when.is_empty() {
        let message = "give `days` or `ends_when`, not both; inside `ends_when`, { days = 14 } is one way to end";
        p.add(&alternatives_span, "contradiction", message);
    }
    ends_when.extend(days.map(|d| Release { days: Some(d), ..Release::default() }));
    if ends_when.is_empty() {
        p.add(&span, "endless", "a phase must say what ends it: `days` or `ends_when`");
    }
    let days = ends_when.iter().filter_map(|r| r.days).min();
    let own = t.take(keys::Phase::ends, p);
    let mut ends = own.or_else(|| rule_ends.cloned()).unwrap_or_else(|| {
        p.add(&span, "missing_key", "`ends` is missing in this phase and in its rule");
        Texts::new()
    });
    fill(&mut ends, "days", days);
    no_placeholder(&ends, "days", &span, p);
    let unmet_span = t.span_of(keys::Phase::while_unmet);
    let unmet = t.take(keys::Phase::while_unmet, p).map(|Confining(c)| c);
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

fn release(mut t: Reader<'_, keys::Release>, p: &mut Problems<'_>) -> Option<Release> {
    let span = t.span().clone();
    let release = Release {
        days: t.take(keys::Release::days, p),
        negative_tests: t.take(keys::Release::negative_tests, p).map(|n| negative_tests(n, p)),
        clean_check_ins: t.take(keys::Release::clean_check_ins, p).map(|c| clean_check_ins(c, p)),
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
fn paper(t: &mut Reader<'_, keys::Release>, p: &mut Problems<'_>) -> Option<PaperNeeded> {
    let mut t = match t.take(keys::Release::release_paper, p)? {
        Said::Word(which) => {
            return Some(PaperNeeded { which, kinds: Vec::new(), same_origin: false });
        }
        Said::Table(table) => table,
    };
    let which = t.take(keys::ReleasePaper::of, p);
    let kinds = t.take(keys::ReleasePaper::kinds, p).unwrap_or_default();
    let kinds = kinds.into_iter().map(|NamedPaper(kind)| kind).collect();
    let same_origin = t.take(keys::ReleasePaper::same_origin, p).unwrap_or(false);
    t.finish(p);
    Some(PaperNeeded { which: which?, kinds, same_origin })
}

fn negative_tests(mut t: Reader<'_, keys::NegativeTests>, p: &mut Problems<'_>) -> NegativeTests {
    let tests = NegativeTests {
        count: t.take(keys::NegativeTests::count, p).unwrap_or(1),
        gap_hours: t.take(keys::NegativeTests::gap_hours, p).unwrap_or(0),
        within_days: t.take(keys::NegativeTests::within_days, p),
        after_days: t.take(keys::NegativeTests::after_days, p).unwrap_or(0),
        method: t.take(keys::NegativeTests::method, p),
    };
    let hours = u64::from(tests.gap_hours) * u64::from(tests.count.saturating_sub(1));
    if tests.within_days.is_some_and(|d| hours > 24 * u64::from(d)) {
        let message = "these tests cannot be so far apart and so close together at once";
        p.add(t.span(), "contradiction", message);
    }
    t.finish(p);
    tests
}

fn clean_check_ins(mut t: Reader<'_, keys::CleanCheckIns>, p: &mut Problems<'_>) -> CheckIns {
    let days = t.take(keys::CleanCheckIns::days, p).unwrap_or(1);
    let consecutive = t.take(keys::CleanCheckIns::consecutive, p).unwrap_or(true);
    let below = t.take(keys::CleanCheckIns::temperature_below, p);
    let below_tenths = below.map_or(373, Temperature::tenths);
    t.finish(p);
    CheckIns { days, consecutive, below_tenths }
}
