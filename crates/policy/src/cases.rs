//! Case files: examples with their expected answers, which a policy must give.
//!
//! A case is some evidence and, for a few moments, the answer that the published text implies.
//! Stating one person's evidence once and asking at several moments is how the German certificate
//! rules test theirs over time ("status at event + 90 days").

use std::fmt;

use jadegate_domain::assessment::PolicyRef;
use jadegate_domain::{Assessment, Division, Evidence, Timestamp};

use crate::engine::assess::assess;
use crate::file::cases::{Case, Expect, read_cases};
use crate::file::problem::Problem;
use crate::model::policy::{Policy, named};

/// Why a case file could not be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CasesError {
    /// The policy file has problems.
    #[error("the policy file has {} problem(s)", .0.len())]
    Policy(Vec<Problem>),
    /// The case file has problems.
    #[error("the case file has {} problem(s)", .0.len())]
    Cases(Vec<Problem>),
}

/// What came of running a case file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CasesReport {
    /// The policy that was asked.
    pub policy: PolicyRef,
    /// Cases in the file.
    pub cases: usize,
    /// Answers that were compared.
    pub expectations: usize,
    /// Answers that are not as expected, in the order of the file.
    pub failures: Vec<CaseFailure>,
}

/// An answer that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseFailure {
    /// The case.
    pub case: String,
    /// The moment asked about.
    pub at: Timestamp,
    /// What differs: `colour`, `rules`, `eased`, `next_change` or `warnings`.
    pub what: &'static str,
    /// As the file says.
    pub expected: String,
    /// As the policy says.
    pub got: String,
}

impl CasesReport {
    /// Is every answer as expected (and is there one at all)?
    pub fn is_ok(&self) -> bool {
        self.failures.is_empty() && self.expectations > 0
    }
}

impl fmt::Display for CasesReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for x in &self.failures {
            writeln!(f, "FAILED {} at {}: {}", x.case, x.at, x.what)?;
            writeln!(f, "  expected {}\n  got      {}", x.expected, x.got)?;
        }
        let (cases, n, bad) = (self.cases, self.expectations, self.failures.len());
        write!(f, "{}: {cases} cases, {n} answers, {bad} differ", named(&self.policy))
    }
}

/// One question that a case file asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseQuestion {
    /// The case.
    pub case: String,
    /// Where the person lives, if the case says so.
    pub home: Option<Division>,
    /// All of the person's evidence, also what is recorded after the moment asked about.
    pub evidence: Vec<Evidence>,
    /// The moment asked about.
    pub at: Timestamp,
}

/// Runs a case file against a policy file.
pub fn run_cases(policy_text: &str, cases_text: &str) -> Result<CasesReport, CasesError> {
    let (policy, cases) = both(policy_text, cases_text)?;
    let mut failures = Vec::new();
    for case in &cases {
        for expect in &case.expect {
            // What was recorded later is not known then, and foretells nothing.
            let known = case.evidence.iter().filter(|e| e.recorded_at <= expect.at);
            let got = assess(known, &case.home, expect.at);
            compare(case, expect, &got, &mut failures);
        }
    }
    let expectations = cases.iter().map(|c| c.expect.len()).sum();
    Ok(CasesReport { policy: policy.reference(), cases: cases.len(), expectations, failures })
}

/// What a case file asks, in its order: for holding another maker of colours against [`assess`].
pub fn case_questions(
    policy_text: &str,
    cases_text: &str,
) -> Result<Vec<CaseQuestion>, CasesError> {
    let (_, cases) = both(policy_text, cases_text)?;
    let questions = cases.into_iter().flat_map(|c| {
        c.expect.into_iter().map(move |expect| CaseQuestion {
            case: c.name.clone(),
            home: c.division.clone(),
            evidence: c.evidence.clone(),
            at: expect.at,
        })
    });
    Ok(questions.collect())
}

fn both(policy_text: &str, cases_text: &str) -> Result<(Policy, Vec<Case>), CasesError> {
    let policy = Policy::parse(policy_text).map_err(CasesError::Policy)?;
    let cases = read_cases(cases_text, &policy).map_err(CasesError::Cases)?;
    Ok((policy, cases))
}

fn compare(case: &Case, expect: &Expect, got: &Assessment, failures: &mut Vec<CaseFailure>) {
    let moment = |t: Option<Timestamp>| t.map_or("never".to_owned(), |t| t.to_string());
    let rules: Vec<&str> = got.reasons.iter().map(|r| r.rule.as_str()).collect();
    let eased: Vec<&str> =
        got.reasons.iter().filter(|r| r.eased.is_some()).map(|r| r.rule.as_str()).collect();
    let mut words: Vec<&str> =
        got.warnings.iter().map(|w| w.split(':').next().unwrap_or_default()).collect();
    words.dedup();
    let pairs = [
        ("colour", expect.colour.to_string(), got.colour.to_string()),
        ("rules", expect.rules.join(", "), rules.join(", ")),
        ("eased", expect.eased.join(", "), eased.join(", ")),
        ("next_change", moment(expect.next_change), moment(got.next_change)),
        ("warnings", expect.warnings.join(", "), words.join(", ")),
    ];
    for (what, expected, got) in pairs {
        if expected != got {
            failures.push(CaseFailure {
                case: case.name.clone(),
                at: expect.at,
                what,
                expected,
                got,
            });
        }
    }
}
