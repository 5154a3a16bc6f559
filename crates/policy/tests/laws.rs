//! What must hold for any evidence, any moment and any policy.
#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

mod common;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use common::{evidence, harm, moment, piece, policies, random_policy, relief};
use jadegate_domain::{Assessment, Colour, Evidence, EvidenceId, Fact, Reason, Timestamp};
use jadegate_policy::{Policy, assess, explain, strictest};
use proptest::prelude::*;

static POLICIES: LazyLock<Vec<Policy>> = LazyLock::new(policies);

/// An answer without what depends on the moment itself.
fn core(a: &Assessment) -> (Colour, Vec<Reason>, Vec<String>) {
    let reasons = a.reasons.iter().map(|r| Reason { day: None, ..r.clone() }).collect();
    (a.colour, reasons, a.warnings.clone())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_order_of_the_evidence_leaves_no_trace(
        (ordered, shuffled) in evidence(9).prop_flat_map(|e| (Just(e.clone()), Just(e).prop_shuffle())),
        now in moment(),
        made_up in random_policy(),
    ) {
        for p in POLICIES.iter().chain([&made_up]) {
            prop_assert_eq!(assess(&ordered, p, now), assess(&shuffled, p, now));
        }
    }

    #[test]
    fn nothing_changes_before_next_change_and_something_does_at_it(
        e in evidence(9), now in moment(), between in 0.0f64..1.0,
        made_up in random_policy(),
    ) {
        for p in POLICIES.iter().chain([&made_up]) {
            let a = assess(&e, p, now);
            let end = a.next_change.unwrap_or(Timestamp::MAX);
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "any moment will do")]
            let step = (end.secs_since(now) as f64 * between) as i64;
            for t in [now.plus_secs(1), now.plus_secs(step), end.plus_secs(-1)] {
                if now <= t && t < end {
                    let b = assess(&e, p, t);
                    prop_assert_eq!(core(&a), core(&b), "{} at {}", p.id(), t);
                    prop_assert_eq!(a.next_change, b.next_change);
                    prop_assert_eq!(p.with_days_at(a.clone(), t), b);
                }
            }
            if let Some(t) = a.next_change {
                prop_assert!(t > now);
                prop_assert_ne!(core(&a), core(&assess(&e, p, t)), "{} at {}", p.id(), t);
            }
        }
    }

    /// While it is undecided whose evidence it is: no milder than with any of it, before and after every
    /// change that it foresees, and one of the answers there are.
    #[test]
    fn the_strictest_is_no_milder_than_any(
        e in evidence(9), split in 0..10usize, now in moment(), made_up in random_policy(),
    ) {
        let (one, other) = e.split_at(split.min(e.len()));
        let sets = [one.iter().collect::<Vec<_>>(), other.iter().collect(), e.iter().collect()];
        for p in POLICIES.iter().chain([&made_up]) {
            let (n, answer) = strictest(&sets, p, now).unwrap();
            let alone = |t| sets.iter().map(|s| assess(s.iter().copied(), p, t)).collect::<Vec<_>>();
            prop_assert_eq!(core(&answer), core(&alone(now)[n]));
            let end = answer.next_change.unwrap_or(Timestamp::MAX);
            for t in [now, now.plus_secs(1), end.plus_secs(-1)] {
                if now <= t && t < end {
                    prop_assert_eq!(answer.colour, alone(t).iter().map(|a| a.colour).max().unwrap());
                }
            }
            let alone = strictest(&sets[..1], p, now).unwrap().1;
            prop_assert_eq!(alone, assess(one, p, now));
        }
        prop_assert!(strictest(&[], &POLICIES[0], now).is_none());
    }

    #[test]
    fn more_evidence_of_harm_is_never_greener(
        mut e in evidence(8), more in piece(harm()), now in moment(),
        made_up in random_policy(),
    ) {
        let before: Vec<_> = POLICIES.iter().chain([&made_up]).map(|p| assess(&e, p, now)).collect();
        e.push(Evidence { id: EvidenceId::from_random(1000), ..more });
        for (p, before) in POLICIES.iter().chain([&made_up]).zip(before) {
            let after = assess(&e, p, now);
            prop_assert!(after.colour >= before.colour, "{}", p.id());
            // And no rule that was active is left out.
            for r in &before.reasons {
                let still = after.reasons.iter().find(|x| x.rule == r.rule);
                prop_assert!(still.is_some_and(|x| x.colour >= r.colour), "{}", r.rule);
            }
        }
    }

    #[test]
    fn a_colour_other_than_green_has_a_reason_with_evidence_or_a_need(
        e in evidence(9), now in moment(),
    ) {
        for p in &*POLICIES {
            let a = assess(&e, p, now);
            prop_assert_eq!(a.colour, a.reasons.first().map_or(Colour::Green, |r| r.colour));
            prop_assert!(a.reasons.is_sorted_by_key(|r| (std::cmp::Reverse(r.colour), r.rule.clone())));
            for r in &a.reasons {
                prop_assert!(!r.evidence.is_empty() || !r.needs.is_empty());
                prop_assert!(r.until.is_none_or(|t| t > now));
                prop_assert!(r.since <= now);
                prop_assert!(["en", "zh"].iter().all(|l| !r.title[*l].is_empty() && !r.ends[*l].is_empty()));
                for id in &r.evidence {
                    let cause = e.iter().find(|x| x.id == *id).unwrap();
                    prop_assert!(cause.counts() && cause.recorded_at <= now);
                }
            }
        }
    }

    #[test]
    fn what_does_not_count_or_is_not_yet_recorded_changes_no_colour(
        e in evidence(9), now in moment(),
        made_up in random_policy(),
    ) {
        let counted: Vec<Evidence> =
            e.iter().filter(|x| x.counts() && x.recorded_at <= now).cloned().collect();
        for p in POLICIES.iter().chain([&made_up]) {
            prop_assert_eq!(assess(&e, p, now).reasons, assess(&counted, p, now).reasons);
        }
    }

    /// Whoever was released stays released, whatever is recorded later about check-ins and tests.
    #[test]
    fn a_release_condition_met_once_is_not_forgotten(
        e in evidence(8), later in piece(common::fact()), now in moment(), after in 1i64..2_000_000,
    ) {
        let known: Vec<Evidence> = e.into_iter().filter(|x| x.recorded_at <= now).collect();
        let then = now.plus_secs(after);
        let mut more = known.clone();
        let id = EvidenceId::from_random(1000);
        more.push(Evidence { id, recorded_at: now.plus_secs(1), ..later });
        for p in &*POLICIES {
            let released = |x: &[Evidence]| assess(x, p, then).reasons;
            let before = assess(&known, p, now).reasons;
            for r in released(&more) {
                let old_cause = !r.evidence.is_empty() && !r.evidence.contains(&id);
                let was_over = !before.iter().any(|b| b.rule == r.rule)
                    && !released(&known).iter().any(|b| b.rule == r.rule);
                // A rule that was over comes back only with new evidence behind it.
                prop_assert!(!(old_cause && was_over), "{}: {}", p.id(), r.rule);
            }
        }
    }

    /// Relief that comes later never makes any rule ask for more, whatever it meets or not.
    #[test]
    fn relief_recorded_later_is_never_more_severe(
        e in evidence(8), later in piece(relief()), now in moment(), after in 1i64..2_000_000,
        made_up in random_policy(),
    ) {
        let known: Vec<Evidence> = e.into_iter().filter(|x| x.recorded_at <= now).collect();
        let then = now.plus_secs(after);
        let (mut more, id) = (known.clone(), EvidenceId::from_random(1000));
        more.push(Evidence { id, recorded_at: now.plus_secs(1), ..later });
        for p in POLICIES.iter().chain([&made_up]) {
            let (before, after) = (assess(&known, p, then), assess(&more, p, then));
            // A report starts the next decay: that reason is new and names the report itself.
            for r in after.reasons.iter().filter(|r| !r.evidence.contains(&id)) {
                let was = before.reasons.iter().find(|b| b.rule == r.rule);
                prop_assert!(was.is_some_and(|b| b.colour >= r.colour), "{}: {}", p.id(), r.rule);
            }
        }
    }

    /// An easing makes a reason milder by exactly what the policy says, says so, and takes no
    /// reason away.
    #[test]
    fn an_easing_is_visible_and_never_easier_than_stated(e in evidence(9), now in moment(), made_up in random_policy()) {
        let plain: Vec<Evidence> =
            e.iter().filter(|x| !matches!(x.fact, Fact::Appeal { .. })).cloned().collect();
        for p in POLICIES.iter().chain([&made_up]) {
            let (with, without) = (assess(&e, p, now), assess(&plain, p, now));
            prop_assert_eq!(with.reasons.len(), without.reasons.len());
            for r in &with.reasons {
                if let Some(eased) = &r.eased {
                    prop_assert_eq!((r.colour, eased.instead_of), (Colour::Yellow, Colour::Red));
                    prop_assert!(!eased.text["en"].is_empty() && !eased.evidence.is_empty());
                }
                let full = without.reasons.iter().find(|b| b.rule == r.rule).unwrap();
                prop_assert!(r.colour == full.colour || r.eased.is_some());
            }
        }
    }

    #[test]
    fn timelines_have_no_gaps_and_neighbours_differ(e in evidence(7)) {
        for p in &*POLICIES {
            let t = explain(&e, p, None);
            prop_assert!(!t.segments.is_empty());
            for pair in t.segments.windows(2) {
                prop_assert_eq!(pair[0].to, Some(pair[1].from));
                prop_assert!(pair[0].colour != pair[1].colour || pair[0].reasons != pair[1].reasons);
            }
            prop_assert_eq!(t.segments.last().unwrap().to, None);
            prop_assert!(t.to_text(p, "zh").lines().count() > t.segments.len());
            prop_assert!(t.to_svg(p, "en").ends_with("</svg>\n"));
        }
    }
}

/// Two reports in the same second: which of them is named as the last does not depend on order.
#[test]
fn a_tie_between_two_reports_is_broken_by_their_ids() {
    let text = "kind = \"check_in\"\ntemperature = 36.5\nrecorded_at = 2022-03-12T08:00:00+01:00";
    let pieces = format!("[[evidence]]\n{text}\n[[evidence]]\n{text}");
    let mut e = jadegate_policy::read_evidence(&pieces).unwrap();
    let p = POLICIES.iter().find(|p| p.id() == "wide").unwrap();
    let now = "2022-03-20T08:00:00+01:00".parse().unwrap();
    let one = assess(&e, p, now);
    assert_eq!(one.reasons.len(), 1);
    e.reverse();
    assert_eq!(one, assess(&e, p, now));
}

/// The laws above mean something only if the random evidence reaches everything they speak of.
#[test]
fn the_random_evidence_reaches_every_rule_every_warning_and_every_easing() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut rules, mut words) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..8000 {
        let e = evidence(9).new_tree(&mut runner).unwrap().current();
        let now = moment().new_tree(&mut runner).unwrap().current();
        for p in &*POLICIES {
            let a = assess(&e, p, now);
            words.extend(a.warnings.iter().map(|w| w.split(':').next().unwrap().to_owned()));
            for r in a.reasons {
                words.extend(r.needs);
                words.extend(r.eased.map(|eased| format!("eased by {:?}", eased.by)));
                rules.insert((p.id().to_owned(), r.rule, r.colour));
            }
        }
    }
    for p in &*POLICIES {
        for id in p.rule_ids() {
            let reached = rules.iter().any(|(policy, rule, _)| policy == p.id() && rule == id);
            assert!(reached, "{}: {id}", p.id());
        }
    }
    for colour in [Colour::Yellow, Colour::Red] {
        let reached = |r: &str| rules.contains(&("everything".to_owned(), r.to_owned(), colour));
        for rule in ["contact", "stay", "report", "positive"] {
            assert!(reached(rule), "{rule} {colour}");
        }
    }
    let wanted = [
        "recorded_in_future",
        "event_after_recorded",
        "ends_before_it_starts",
        "unattributed",
        "unproven_contact",
        "purpose_unstated",
        "unknown_reference",
        "not_imported",
        "disputed",
        "policy_not_in_force",
        "negative_test",
        "daily_check_in",
        "confirmation",
        "temperature",
        "leave_region",
        "eased by Appeal",
        "eased by Dispute",
    ];
    for word in wanted {
        assert!(words.contains(word), "{word} is never reached: {words:?}");
    }
}
