//! Any text is a policy or a list of problems with a place, and a policy that reads can be used.
#![no_main]

use jadegate_policy::{Policy, assess, diff, explain};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Policy::parse(text) {
        Err(problems) => {
            assert!(!problems.is_empty() && problems.is_sorted());
            assert!(problems.iter().all(|p| p.line >= 1 && p.column >= 1));
        }
        Ok(policy) => {
            assert!(diff(&policy, &policy).is_empty());
            let a = assess(&[], &policy, policy.valid_from());
            assert!(a.reasons.iter().all(|r| !r.ends["en"].is_empty()));
            let t = explain(&[], &policy, None);
            let _ = (t.to_text(&policy, "zh"), t.to_svg(&policy, "en"));
        }
    }
});
