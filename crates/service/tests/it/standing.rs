//! What two servers do to the same case, piece or run at the same time: whatever comes first, nothing
//! that was withdrawn or replaced comes to life again.
//!
//! One server's use case is interrupted at each reading of the clock in turn, and another server does
//! the other thing to its end. So every interleaving is tried, and none by luck.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

use std::sync::{Arc, Mutex};

use crate::common::{HOME, World, case_of, document};
use jadegate_domain::{Case, CaseClass, CaseId, Colour, Evidence, Fact, HolderId};
use jadegate_service::holder::declare::DeclarationInput;
use jadegate_service::staff::{CaseCorrection, CaseInput, Whom};
use jadegate_service::{App, HolderSession, Result, StaffSession};

/// More readings than any of these use cases makes.
const MOST_READINGS: usize = 200;
/// What who came second may be told.
const TOLD: [&str; 2] = ["case.withdrawn", "document.not_registered"];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Act {
    Correct,
    CorrectOnset,
    Withdraw,
    Trace,
    GiveBack,
    Declare,
}

/// A case, somebody who was near, and who works on it.
#[derive(Clone)]
struct Scene {
    team: StaffSession,
    hospital: StaffSession,
    session: HolderSession,
    person: HolderId,
    near: HolderId,
    /// The number of the person's document.
    number: u32,
    case: CaseId,
}

impl Scene {
    async fn new(w: &mut World, number: u32, traced: bool) -> Self {
        let team = w.staff("prevention_team", "officer", "CN-33").await;
        let hospital = w.staff("hospital", "officer", "CN-33").await;
        let (session, person) = w.register(HOME).await;
        let (_, near) = w.register(HOME).await;
        let cafe = w.place("restaurant", "Made-up Cafe").await;
        for who in [person, near] {
            w.visit(who, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
        }
        w.restart().await;
        let whom = Whom::Document(document(number));
        let input = CaseInput { whom, trace: traced, ..case_of(person) };
        let case = w.app.record_case(&team, &input).await.unwrap().case;
        Self { team, hospital, session, person, near, number, case }
    }

    async fn act(&self, app: &Arc<App>, act: Act) -> Result<()> {
        match act {
            Act::Correct => {
                let class = Some("probable".to_owned());
                let to = CaseCorrection { class, ..CaseCorrection::default() };
                app.correct_case(&self.team, self.case, &to).await.map(drop)
            }
            Act::CorrectOnset => {
                let onset_at = Some(Some("2022-03-13T02:00:00Z".to_owned()));
                let to = CaseCorrection { onset_at, ..CaseCorrection::default() };
                app.correct_case(&self.team, self.case, &to).await.map(drop)
            }
            Act::Withdraw => app.withdraw_case(&self.team, self.case).await.map(drop),
            Act::Trace => app.run_trace(&self.team, self.case).await.map(drop),
            Act::GiveBack => {
                let of = document(self.number);
                let begun = app.begin_document_correction(&self.team, &of, "made up").await?;
                app.decide_document_correction(&self.hospital, begun.id, true).await.map(drop)
            }
            Act::Declare => {
                let fever = vec!["fever".to_owned()];
                let told = DeclarationInput { symptoms: fever, ..DeclarationInput::default() };
                app.declare(&self.session, &told).await.map(drop)
            }
        }
    }

    async fn counting(&self, w: &World, of: HolderId) -> Vec<Fact> {
        let own = w.store.evidence_of(of).await.unwrap().unwrap().1;
        own.into_iter().filter(Evidence::counts).map(|e| e.fact).collect()
    }

    /// The case as it is now, if all that is stored of it agrees.
    async fn agrees(&self, w: &World, when: &str) -> Case {
        let case = w.store.case(self.case).await.unwrap().unwrap();
        let own = self.counting(w, self.person).await;
        let said: Vec<_> = own.iter().filter(|f| matches!(f, Fact::Case { .. })).collect();
        let near = self.counting(w, self.near).await;
        let contacts = near.iter().filter(|f| matches!(f, Fact::Contact { .. })).count();
        let standing = w.store.standing_trace(self.case).await.unwrap();
        let runs = w.read(&format!(
            "SELECT count(*) || '' FROM trace_run WHERE case_id = {} AND replaced_by IS NULL",
            self.case.as_i64()
        ));
        assert_eq!(runs, if standing.is_some() { "1" } else { "0" }, "{when}");
        if case.withdrawn_at.is_some() {
            assert_eq!((said.len(), contacts), (0, 0), "{when}: {own:?} {near:?}");
            assert_eq!(w.colour(self.near).await, Colour::Green, "{when}");
        } else {
            let same = |f: &&Fact| **f == said_of(&case);
            assert!(said.len() == 1 && said.iter().all(same), "{when}: {case:?} {said:?}");
            assert_eq!(contacts, usize::from(standing.is_some()), "{when}");
            assert_eq!(w.colour(self.person).await, Colour::Red, "{when}");
        }
        case
    }
}

/// What the evidence of a case says.
fn said_of(c: &Case) -> Fact {
    let (case, class, onset_at, confirmed_at) = (c.id, c.class, c.onset_at, c.confirmed_at);
    Fact::Case { case, class, onset_at, confirmed_at }
}

/// One server does `first`; in the middle of it, at each place in turn, another does `second`.
async fn interleave(first: Act, second: Act, traced: bool, check: impl Fn(&Case, &[Fact])) {
    let mut w = World::new().await;
    for readings in 0..MOST_READINGS {
        let number = u32::try_from(readings).unwrap() * 2 + 1;
        let scene = Scene::new(&mut w, number, traced).await;
        let other = w.second_server().await;
        let told = Arc::new(Mutex::new(None));
        let (there, tell) = (scene.clone(), Arc::clone(&told));
        w.meanwhile(readings, async move {
            *tell.lock().unwrap() = Some(there.act(&other, second).await);
        });
        let one = scene.act(&w.app, first).await;
        if !w.clock.was_meanwhile() {
            assert!(readings > 2, "{first:?} reads no clock");
            return;
        }
        let when = format!("{second:?} at reading {readings} of {first:?}");
        let two = told.lock().unwrap().take().unwrap();
        for e in [one, two].into_iter().filter_map(Result::err) {
            assert!(TOLD.contains(&e.code), "{when}: {e:?}");
        }
        // What is left to the next round follows.
        w.app.follow_late_data().await.unwrap();
        let case = scene.agrees(&w, &when).await;
        check(&case, &scene.counting(&w, scene.person).await);
        assert!(readings + 1 < MOST_READINGS, "{first:?} reads the clock very often");
    }
}

fn is_withdrawn(case: &Case, _: &[Fact]) {
    assert!(case.withdrawn_at.is_some());
}

fn stands(case: &Case, _: &[Fact]) {
    assert!(case.withdrawn_at.is_none());
}

#[tokio::test]
async fn a_correction_and_a_release_of_the_document() {
    interleave(Act::Correct, Act::GiveBack, false, is_withdrawn).await;
}

#[tokio::test]
async fn a_release_of_the_document_and_a_correction() {
    interleave(Act::GiveBack, Act::Correct, false, is_withdrawn).await;
}

#[tokio::test]
async fn a_correction_and_a_withdrawal() {
    interleave(Act::Correct, Act::Withdraw, true, is_withdrawn).await;
}

#[tokio::test]
async fn a_withdrawal_and_a_correction() {
    interleave(Act::Withdraw, Act::Correct, true, is_withdrawn).await;
}

#[tokio::test]
async fn two_corrections_are_both_kept() {
    interleave(Act::Correct, Act::CorrectOnset, false, |case, _| {
        assert_eq!(case.class, CaseClass::Probable);
        assert!(case.onset_at.is_some());
    })
    .await;
}

#[tokio::test]
async fn a_trace_and_a_withdrawal() {
    interleave(Act::Trace, Act::Withdraw, false, is_withdrawn).await;
}

#[tokio::test]
async fn a_withdrawal_and_a_trace() {
    interleave(Act::Withdraw, Act::Trace, false, is_withdrawn).await;
}

#[tokio::test]
async fn a_trace_and_a_release_of_the_document() {
    interleave(Act::Trace, Act::GiveBack, false, is_withdrawn).await;
}

#[tokio::test]
async fn two_traces_leave_one() {
    interleave(Act::Trace, Act::Trace, false, stands).await;
}

#[tokio::test]
async fn two_declarations_leave_one() {
    interleave(Act::Declare, Act::Declare, false, |_, own| {
        let told = own.iter().filter(|f| matches!(f, Fact::Declaration { .. })).count();
        assert_eq!(told, 1);
    })
    .await;
}
