//! Evidence of any content against any of a few policies: the promises of the policy crate hold.
#![no_main]

use std::sync::LazyLock;

use jadegate_domain::division::RiskLevel;
use jadegate_domain::evidence::{
    AppealOutcome, ArrivalPurpose, Certainty, ContactDegree, DeclaredStay, ReleaseOf, ReleasePaper,
    Symptom, Temperature, TestMethod, TestResult,
};
use jadegate_domain::{
    AgencyId, Assessment, CaseClass, CaseId, Division, Evidence, EvidenceId, Fact, HolderId,
    PlaceKind, Reason, Timestamp, TraceId,
};
use jadegate_policy::{Policy, assess};
use libfuzzer_sys::fuzz_target;

static POLICIES: LazyLock<Vec<Policy>> = LazyLock::new(|| {
    [
        include_str!("../../crates/policy/tests/common/everything.toml"),
        include_str!("../../policies/three-colour.toml"),
        include_str!("../../policies/hangzhou-2020-02.toml"),
        include_str!("../../policies/hubei-2020-03.toml"),
        include_str!("../../policies/hebei-2022-11.toml"),
        include_str!("../../policies/chengdu-2021-11.toml"),
    ]
    .iter()
    .map(|text| Policy::parse(text).expect("a policy that the tests read"))
    .collect()
});

/// Takes values out of bytes; zeros when they are used up.
struct Bytes<'b>(&'b [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[usize::from(self.byte()) % all.len()].clone()
    }

    /// Hours around March 2022, seconds beside them, or the ends of time.
    fn moment(&mut self) -> Timestamp {
        match self.byte() {
            0 => Timestamp::MAX,
            1 => Timestamp::EPOCH,
            by => {
                let hours = i64::from(self.byte()) * 4 + i64::from(by % 4);
                Timestamp::from_secs(1_646_064_000 + hours * 3600 + i64::from(by / 64) - 1)
            }
        }
    }

    fn division(&mut self) -> Division {
        let name = self.of(&["CN-33", "CN-3301", "CN-330106", "CN-44", "US-NY", "CN"]);
        name.parse().expect("a division")
    }

    fn health(&mut self) -> (Option<Temperature>, Vec<Symptom>) {
        let temperature = Temperature::from_tenths(340 + u16::from(self.byte())).ok();
        let symptoms = if self.byte() % 3 == 0 { vec![self.of(Symptom::ALL)] } else { Vec::new() };
        (temperature, symptoms)
    }

    fn piece_id(&mut self) -> EvidenceId {
        EvidenceId::from_random(u64::from(self.byte() % 12) + 1)
    }

    fn fact(&mut self) -> Fact {
        let case = CaseId::from_random(u64::from(self.byte() % 2) + 1);
        let trace = TraceId::from_random(u64::from(self.byte() % 2) + 1);
        match self.byte() % 12 {
            0 => Fact::Test {
                result: self.of(TestResult::ALL),
                method: self.of(TestMethod::ALL),
                sampled_at: self.moment(),
            },
            1 => Fact::Case {
                case,
                class: self.of(CaseClass::ALL),
                onset_at: (self.byte() % 2 == 0).then(|| self.moment()),
                confirmed_at: self.moment(),
            },
            2 => Fact::Contact {
                case,
                trace,
                degree: self.of(ContactDegree::ALL),
                last_contact: self.moment(),
                minutes: u32::from(self.byte()),
                certainty: self.of(Certainty::ALL),
                place_kind: self.of(PlaceKind::ALL),
            },
            3 => Fact::Stay { division: self.division(), from: self.moment(), to: self.moment() },
            4 => Fact::RegionRisk {
                division: self.division(),
                level: self.of(&[RiskLevel::Low, RiskLevel::Medium, RiskLevel::High]),
                from: self.moment(),
                to: (self.byte() % 2 == 0).then(|| self.moment()),
            },
            5 => {
                let (temperature, symptoms) = self.health();
                let stay =
                    DeclaredStay { division: self.division(), from: self.moment(), to: self.moment() };
                let contact_with_case = self.byte() % 2 == 0;
                Fact::Declaration { temperature, symptoms, contact_with_case, stays: vec![stay] }
            }
            6 => {
                let (temperature, symptoms) = self.health();
                Fact::CheckIn { temperature, symptoms }
            }
            7 => Fact::Arrival {
                from: self.division(),
                arrived_at: self.moment(),
                purpose: self.of(ArrivalPurpose::ALL),
            },
            8 => Fact::Release {
                refers_to: self.of(&[ReleaseOf::Case(case), ReleaseOf::Trace(trace)]),
                released_at: self.moment(),
                paper: self.of(ReleasePaper::ALL),
            },
            9 => Fact::Dispute { disputes: self.piece_id() },
            10 => Fact::Appeal { contests: self.piece_id() },
            _ => Fact::AppealDecision {
                appeal: self.piece_id(),
                outcome: self.of(AppealOutcome::ALL),
            },
        }
    }

    fn evidence(&mut self, id: u64) -> Evidence {
        let flags = self.byte();
        Evidence {
            id: EvidenceId::from_random(id),
            holder: Some(HolderId::from_random(1)),
            fact: self.fact(),
            recorded_at: self.moment(),
            agency: (flags & 7 != 0).then(|| AgencyId::from_random(u64::from(flags & 1) + 1)),
            origin: (flags & 24 == 24).then(|| "CN-13".parse().expect("a division")),
            withdrawn_at: (flags >> 5 == 7).then_some(Timestamp::EPOCH),
            superseded_by: None,
        }
    }
}

/// An answer without what depends on the moment itself.
fn core(a: &Assessment) -> (Vec<Reason>, &[String]) {
    (a.reasons.iter().map(|r| Reason { day: None, ..r.clone() }).collect(), &a.warnings)
}

fn is_harm(fact: &Fact) -> bool {
    match fact {
        Fact::Test { result, .. } => *result == TestResult::Positive,
        Fact::AppealDecision { outcome, .. } => *outcome == AppealOutcome::Refused,
        Fact::Case { .. }
        | Fact::Contact { .. }
        | Fact::Stay { .. }
        | Fact::RegionRisk { .. }
        | Fact::Arrival { .. } => true,
        _ => false,
    }
}

fuzz_target!(|data: &[u8]| {
    let mut bytes = Bytes(data);
    let policy = bytes.of(&POLICIES);
    let policy = policy.for_home(&bytes.division());
    let now = bytes.moment();
    let mut evidence: Vec<Evidence> = Vec::new();
    while !bytes.0.is_empty() && evidence.len() < 12 {
        evidence.push(bytes.evidence(evidence.len() as u64 + 1));
    }
    let a = assess(&evidence, &policy, now);
    // The next change is exact.
    if let Some(next) = a.next_change {
        assert!(next > now);
        assert_ne!(core(&a), core(&assess(&evidence, &policy, next)));
        let before = next.plus_secs(-1);
        if before > now {
            assert_eq!(core(&a), core(&assess(&evidence, &policy, before)));
        }
    }
    // Order leaves no trace.
    let newest = evidence.last().cloned();
    evidence.reverse();
    assert_eq!(a, assess(&evidence, &policy, now));
    // More harm is never greener.
    if let Some(newest) = newest.filter(|e| is_harm(&e.fact)) {
        let less: Vec<Evidence> = evidence.into_iter().filter(|e| e.id != newest.id).collect();
        assert!(assess(&less, &policy, now).colour <= a.colour);
    }
});
