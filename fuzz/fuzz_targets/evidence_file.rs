//! Evidence and cases as text: any text reads or is refused with a place.
#![no_main]

use std::sync::LazyLock;

use jadegate_domain::{Colour, Timestamp};
use jadegate_policy::{CasesError, Policy, assess, read_evidence, run_cases};
use libfuzzer_sys::fuzz_target;

const TEXT: &str = include_str!("../../crates/policy/tests/common/everything.toml");

static POLICY: LazyLock<Policy> =
    LazyLock::new(|| Policy::parse(TEXT).expect("a policy that the tests read"));

fuzz_target!(|text: &str| {
    match run_cases(TEXT, text) {
        Ok(report) => drop(report.to_string()),
        Err(CasesError::Cases(problems)) => assert!(problems.iter().all(|p| p.line >= 1)),
        Err(CasesError::Policy(_)) => unreachable!("the policy reads"),
    }
    let Ok(mut evidence) = read_evidence(text) else { return };
    let now = Timestamp::from_secs(1_647_500_000);
    let one = assess(&evidence, &POLICY, now);
    assert_eq!(one.colour == Colour::Green, one.reasons.is_empty());
    evidence.reverse();
    assert_eq!(one, assess(&evidence, &POLICY, now));
});
