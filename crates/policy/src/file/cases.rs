//! Reading case files.

use jadegate_domain::{Colour, Division, Evidence, Timestamp};
use toml::Spanned;

use crate::file::evidence::evidence_list;
use crate::file::keys::cases as keys;
use crate::file::problem::{Problem, Problems};
use crate::file::reader::{Reader, conclude, read_file};
use crate::file::relative::Anchor;
use crate::model::policy::Policy;

/// Somebody's evidence and what must be answered.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) division: Option<Division>,
    /// The policy as it reads where this person lives.
    pub(crate) home: Policy,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) expect: Vec<Expect>,
}

/// The answer expected at a moment.
pub(crate) struct Expect {
    pub(crate) at: Timestamp,
    pub(crate) colour: Colour,
    pub(crate) rules: Vec<String>,
    pub(crate) eased: Vec<String>,
    pub(crate) next_change: Option<Timestamp>,
    pub(crate) warnings: Vec<String>,
}

/// The cases of a file for a policy, or all that is wrong with it.
pub(crate) fn read_cases(text: &str, policy: &Policy) -> Result<Vec<Case>, Vec<Problem>> {
    let mut problems = Problems::new(text);
    let p = &mut problems;
    let mut file: Reader<'_, keys::Cases> = read_file(text, p);
    if let Some(id) = file.take(keys::Cases::policy, p) {
        let (id, span) = (id.get_ref().as_str(), id.span());
        if !id.is_empty() && id != policy.id() {
            let message = format!("these cases are for `{id}`, not `{}`", policy.id());
            p.add(&span, "other_policy", message);
        }
    }
    let tables = file.take(keys::Cases::case, p).unwrap_or_default();
    let cases = tables.into_iter().map(|t| case(t, policy, p)).collect();
    file.finish(p);
    conclude(Some(cases), problems)
}

fn case(mut t: Reader<'_, keys::Case>, policy: &Policy, p: &mut Problems<'_>) -> Case {
    let name = t.take(keys::Case::name, p).map_or_else(String::new, Spanned::into_inner);
    // Where the published text says so; for the reader of the file.
    let _ = t.take(keys::Case::source, p);
    let division = t.take(keys::Case::home, p);
    let home = division.as_ref().map_or_else(|| policy.clone(), |home| policy.for_home(home));
    if let Some(start) = t.take(keys::Case::start, p) {
        t.anchor(Anchor { start, calendar: home.calendar().clone() });
    }
    let evidence = evidence_list(t.take(keys::Case::evidence, p).unwrap_or_default(), p);
    let tables = t.take(keys::Case::expect, p).unwrap_or_default();
    if tables.is_empty() {
        p.add(t.span(), "empty", format!("case `{name}` expects nothing"));
    }
    let expect = tables.into_iter().filter_map(|e| expectation(e, policy, p)).collect();
    t.finish(p);
    Case { name, division, home, evidence, expect }
}

fn expectation(
    mut t: Reader<'_, keys::Expect>,
    policy: &Policy,
    p: &mut Problems<'_>,
) -> Option<Expect> {
    let at = t.take(keys::Expect::at, p);
    let colour = t.take(keys::Expect::colour, p);
    let rules_span = t.span_of(keys::Expect::rules);
    let rules = t.take(keys::Expect::rules, p).unwrap_or_default();
    let eased = t.take(keys::Expect::eased, p).unwrap_or_default();
    for rule in rules.iter().chain(&eased).filter(|r| !policy.rule_ids().any(|id| id == *r)) {
        p.add(&rules_span, "bad_value", format!("the policy has no rule `{rule}`"));
    }
    let warnings = t.take(keys::Expect::warnings, p).unwrap_or_default();
    let next_change = t.take(keys::Expect::next_change, p).flatten();
    t.finish(p);
    Some(Expect { at: at?, colour: colour?, rules, eased, next_change, warnings })
}
