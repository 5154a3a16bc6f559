//! Reading case files.

use jadegate_domain::{Colour, Division, Evidence, Timestamp};

use crate::file::evidence::evidence_list;
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
    let mut file = read_file(text, &mut problems);
    let cases = read(&mut file, policy, &mut problems);
    file.finish(&mut problems);
    conclude(Some(cases), problems)
}

/// The cases of a file; what is wrong is noted.
pub(crate) fn read(file: &mut Reader<'_>, policy: &Policy, p: &mut Problems<'_>) -> Vec<Case> {
    let id = file.required_text("policy", p);
    if !id.get_ref().is_empty() && id.get_ref() != policy.id() {
        let message = format!("these cases are for `{}`, not `{}`", id.get_ref(), policy.id());
        p.add(&id.span(), "other_policy", message);
    }
    file.tables("case", p).into_iter().map(|t| case(t, policy, p)).collect()
}

fn case(mut t: Reader<'_>, policy: &Policy, p: &mut Problems<'_>) -> Case {
    let name = t.required_text("name", p).into_inner();
    // Where the published text says so; for the reader of the file.
    let _ = t.text("source", p);
    let division = t.parsed::<Division>("home", "a division like CN-65", p);
    let home = division.as_ref().map_or_else(|| policy.clone(), |home| policy.for_home(home));
    if let Some(start) = t.moment("start", p) {
        t.anchor(Anchor { start, calendar: home.calendar().clone() });
    }
    let evidence = evidence_list(&mut t, p);
    let tables = t.tables("expect", p);
    if tables.is_empty() {
        p.add(&t.span, "empty", format!("case `{name}` expects nothing"));
    }
    let expect = tables.into_iter().filter_map(|e| expectation(e, policy, p)).collect();
    t.finish(p);
    Case { name, division, home, evidence, expect }
}

fn expectation(mut t: Reader<'_>, policy: &Policy, p: &mut Problems<'_>) -> Option<Expect> {
    let at = t.required_moment("at", p);
    let colour = t.required("colour", "green, yellow or red", p);
    let rules_span = t.span_of("rules");
    let rules: Vec<String> = t.list("rules", "a rule's id", p).unwrap_or_default();
    let eased: Vec<String> = t.list("eased", "a rule's id", p).unwrap_or_default();
    for rule in rules.iter().chain(&eased).filter(|r| !policy.rule_ids().any(|id| id == *r)) {
        p.add(&rules_span, "bad_value", format!("the policy has no rule `{rule}`"));
    }
    let warnings = t.list("warnings", "a warning's word", p).unwrap_or_default();
    let next_change = if t.is_text("next_change", "never") {
        let _ = t.text("next_change", p);
        None
    } else {
        t.required_moment("next_change", p)
    };
    t.finish(p);
    Some(Expect { at: at?, colour: colour?, rules, eased, next_change, warnings })
}
