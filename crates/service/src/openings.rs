//! What was shown to holders who open their code, kept in memory so that most openings read one thing: that
//! nothing has changed.
//!
//! An entry says by which contents of the store it was made ([`Basis`]), by which policy and risk levels,
//! and for which time. Whoever uses it has just read the contents, so it is never older than a reading of the
//! store would be. All of it together takes no more than [`MOST_BYTES`], and what nobody asks for is gone after
//! two turns.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jadegate_domain::{Colour, HolderId, Period, Timestamp};

use crate::in_force::{InForce, PolicyView};
use crate::named::AssessmentView;

/// Does the policy ask for a check-in, and has it been made today?
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckInState {
    /// Does the policy ask for one a day?
    pub expected: bool,
    /// Has today's been made?
    pub done_today: bool,
}

/// SHA-256 of what the store holds of it; see [`Store::opening`](jadegate_store::Store::opening).
pub(crate) type Basis = [u8; 32];

/// What stands beside a code.
#[derive(Clone)]
pub(crate) struct Shown {
    /// Name, masked.
    pub(crate) name_masked: String,
    /// Colour and reasons.
    pub(crate) assessment: AssessmentView,
    /// The policy in force.
    pub(crate) policy: PolicyView,
    /// Their daily check-in.
    pub(crate) check_in: CheckInState,
    /// What tells this from anything else that could be shown, on whatever server.
    pub(crate) tag: String,
}

/// What is known of an opening, and for how long.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) holder: HolderId,
    pub(crate) colour: Colour,
    /// When the assessment changes by itself.
    pub(crate) next_change: Option<Timestamp>,
    /// The policy that it was made by.
    pub(crate) in_force: Arc<InForce>,
    /// The risk levels that it was made from.
    pub(crate) regions_version: i64,
    /// While days, colour and what is noted of the session's day stay what they are.
    pub(crate) holds: Period,
    /// Could the agency behind each reason be named? One that cannot be read may be put right.
    pub(crate) all_named: bool,
    pub(crate) shown: Shown,
}

impl Known {
    /// Roughly, in memory.
    fn bytes(&self) -> usize {
        let texts = |all: &jadegate_domain::assessment::Texts| {
            all.iter().map(|(k, v)| k.len() + v.len() + 96).sum::<usize>()
        };
        let reason = |r: &crate::named::ReasonView| {
            320 + texts(&r.title)
                + texts(&r.ends)
                + r.eased.as_ref().map_or(0, |e| 128 + texts(&e.text))
                + r.agencies.iter().map(|a| a.name.len() + 48).sum::<usize>()
                + 8 * r.evidence.len()
        };
        let reasons: usize = self.shown.assessment.reasons.iter().map(reason).sum();
        768 + self.shown.name_masked.len() + texts(&self.shown.policy.title) + reasons
    }
}

/// All entries take no more memory than this, roughly: 30,000 to 60,000 people.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// Parts, each under a lock of its own.
const PARTS: usize = 16;
/// After so long an entry that nobody asks for is half forgotten, after as long again wholly.
const TURN_SECONDS: i64 = 600;

type Entries = HashMap<[u8; 32], (Basis, Arc<Known>)>;

/// One part: what was used since the last turn, and what was used between the last two.
#[derive(Default)]
struct Part {
    recent: Entries,
    recent_bytes: usize,
    earlier: Entries,
    turned: Timestamp,
}

impl Part {
    fn turn(&mut self, now: Timestamp) {
        self.earlier = std::mem::take(&mut self.recent);
        (self.recent_bytes, self.turned) = (0, now);
    }

    /// A clock that was set back turns as well.
    fn turn_if_due(&mut self, now: Timestamp) {
        if !(0..TURN_SECONDS).contains(&now.secs_since(self.turned)) {
            self.turn(now);
        }
    }

    fn put(&mut self, token: [u8; 32], basis: Basis, known: Arc<Known>, now: Timestamp) {
        let bytes = known.bytes();
        if self.recent_bytes + bytes > MOST_BYTES / PARTS / 2 {
            self.turn(now);
        }
        let before = self.recent.insert(token, (basis, known));
        self.recent_bytes += bytes;
        self.recent_bytes -= before.map_or(0, |(_, before)| before.bytes());
    }
}

/// What is known of all openings, by the digest of the session's token.
#[derive(Default)]
pub(crate) struct Openings([Mutex<Part>; PARTS]);

impl Openings {
    fn part(&self, token: &[u8; 32]) -> MutexGuard<'_, Part> {
        let part = usize::from(token[0]) % PARTS;
        self.0[part].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of an opening whose contents are still these. What was made from others is forgotten.
    pub(crate) fn get(
        &self,
        token: &[u8; 32],
        basis: &Basis,
        now: Timestamp,
    ) -> Option<Arc<Known>> {
        let mut part = self.part(token);
        part.turn_if_due(now);
        if let Some((made_from, known)) = part.recent.get(token) {
            if made_from == basis {
                return Some(Arc::clone(known));
            }
            let (_, gone) = part.recent.remove(token)?;
            part.recent_bytes -= gone.bytes();
            return None;
        }
        let (made_from, known) = part.earlier.remove(token)?;
        if made_from != *basis {
            return None;
        }
        part.put(*token, made_from, Arc::clone(&known), now);
        Some(known)
    }

    /// Keeps what is known of an opening.
    pub(crate) fn put(&self, token: [u8; 32], basis: Basis, known: Known, now: Timestamp) {
        let mut part = self.part(&token);
        part.turn_if_due(now);
        part.earlier.remove(&token);
        part.put(token, basis, Arc::new(known), now);
    }

    /// Forgets an opening: its session has ended.
    pub(crate) fn forget(&self, token: &[u8; 32]) {
        let mut part = self.part(token);
        part.earlier.remove(token);
        if let Some((_, gone)) = part.recent.remove(token) {
            part.recent_bytes -= gone.bytes();
        }
    }

    /// Forgets all.
    pub(crate) fn forget_all(&self) {
        for part in &self.0 {
            let mut part = part.lock().unwrap_or_else(PoisonError::into_inner);
            *part = Part::default();
        }
    }

    /// Forgets what nobody has asked for lately, whether anybody asks for anything or not.
    pub(crate) fn tidy(&self, now: Timestamp) {
        for part in &self.0 {
            part.lock().unwrap_or_else(PoisonError::into_inner).turn_if_due(now);
        }
    }

    /// How many are known.
    #[cfg(test)]
    fn len(&self) -> usize {
        let count = |part: &Mutex<Part>| {
            let part = part.lock().unwrap_or_else(PoisonError::into_inner);
            part.recent.len() + part.earlier.len()
        };
        self.0.iter().map(count).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use jadegate_domain::PolicyRef;
    use jadegate_policy::Policy;

    use super::*;

    fn known(name: &str) -> Known {
        static IN_FORCE: LazyLock<Arc<InForce>> = LazyLock::new(|| {
            let text = include_str!("../../../policies/three-colour.toml");
            let policy = Arc::new(Policy::parse(text).unwrap());
            Arc::new(InForce { policy, text: text.into() })
        });
        let in_force = Arc::clone(&IN_FORCE);
        let policy = PolicyRef { id: "made-up".to_owned(), version: 1, digest: "00".to_owned() };
        let assessment = AssessmentView {
            colour: Colour::Green,
            reasons: Vec::new(),
            warnings: Vec::new(),
            at: Timestamp::EPOCH,
            next_change: None,
            policy,
        };
        Known {
            holder: HolderId::from_random(1),
            colour: Colour::Green,
            next_change: None,
            regions_version: 0,
            holds: Period { from: Timestamp::EPOCH, to: Timestamp::MAX },
            all_named: true,
            shown: Shown {
                name_masked: name.to_owned(),
                assessment,
                policy: in_force.view(),
                check_in: CheckInState { expected: false, done_today: false },
                tag: String::new(),
            },
            in_force,
        }
    }

    fn token(n: u32) -> [u8; 32] {
        let mut token = [0; 32];
        token[..4].copy_from_slice(&n.to_le_bytes());
        token
    }

    const fn t(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn it_is_known_by_what_it_was_made_from() {
        let all = Openings::default();
        all.put(token(1), [1; 32], known("T**"), t(0));
        assert!(all.get(&token(1), &[1; 32], t(1)).is_some());
        assert!(all.get(&token(2), &[1; 32], t(1)).is_none());
        // Something has changed: what was known is known no more, even if it changes back.
        assert!(all.get(&token(1), &[2; 32], t(1)).is_none());
        assert!(all.get(&token(1), &[1; 32], t(1)).is_none());
        all.put(token(1), [1; 32], known("T**"), t(1));
        all.forget(&token(1));
        assert!(all.get(&token(1), &[1; 32], t(1)).is_none());
        assert_eq!(all.len(), 0);
    }

    #[test]
    fn what_nobody_asks_for_is_forgotten_in_time() {
        let all = Openings::default();
        for n in 0..100 {
            all.put(token(n), [0; 32], known("T**"), t(0));
        }
        // One is asked for again and again.
        for now in (0..3000).step_by(100) {
            assert!(all.get(&token(7), &[0; 32], t(now)).is_some(), "{now}");
            all.tidy(t(now));
        }
        assert_eq!(all.len(), 1);
        all.tidy(t(4000));
        all.tidy(t(5000));
        assert_eq!(all.len(), 0);
    }

    #[test]
    fn it_takes_so_much_memory_and_no_more() {
        let all = Openings::default();
        let one = known(&"x".repeat(20_000)).bytes();
        let many = u32::try_from(3 * MOST_BYTES / one).unwrap();
        for n in 0..many {
            all.put(token(n), [0; 32], known(&"x".repeat(20_000)), t(0));
        }
        assert!(all.len() * one <= MOST_BYTES, "{} of {one} bytes", all.len());
        assert!(all.len() > 100);
    }
}
