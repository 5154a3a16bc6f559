//! Scans: what happened at a gate, recorded durably, once.

use std::collections::HashMap;
use std::sync::Arc;

use jadegate_domain::evidence::Fact;
use jadegate_domain::gate::{Direction, GateCounts, OverrideReason};
use jadegate_domain::{
    Colour, Holder, HolderId, PlaceId, Scan, ScanId, ScanOutcome, Timestamp, VisitKey,
};
use jadegate_pass::PassError;
use jadegate_store::{Standing, Unit, Write};

use crate::app::App;
use crate::assess::{AttemptError, EvidenceChange, NewEvidence, TRIES, busy};
use crate::concurrency::read;
use crate::error::{Kind, Result, ServiceError};
use crate::gate::paper;
use crate::gate::read_code::{CodeRead, NO_CODE};
pub use crate::gate::scan_input::{ReadBy, ScanInput};
use crate::session::GateSession;
use crate::visits::presence::{Seen, concerns};
use crate::visits::settle::is_of_visit;

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScanResult {
    /// Which scan.
    pub id: ScanId,
    /// Admitted, refused or let in against the code.
    pub outcome: Option<ScanOutcome>,
    /// The colour that decided.
    pub colour: Option<Colour>,
    /// What was wrong with the code or the scan, as a stable code. `scan.…`: handing it in again is
    /// of no use; for `scan.id_taken`, not under this id.
    pub problem: Option<&'static str>,
    /// Is it recorded durably? If not, the gate keeps it and tries again.
    pub recorded: bool,
}

/// Scans taken in one call.
pub const MAX_SCANS: usize = 500;

/// Scans of one call that are under way at once: they share the store's flushes, and leave room for
/// those of other gates.
const AT_ONCE: usize = 128;

impl App {
    /// Records scans. Each is decided, written and answered by itself: one bad scan does not hold up
    /// others. Those of one holder are taken in the order in which they are handed in, all others
    /// side by side. Handing in the same scan again gives the same answer and changes nothing.
    ///
    /// # Errors
    /// If the store was available for none of them. Otherwise the answer about a scan that failed says
    /// so: it is not recorded, and its problem is the error's code.
    pub async fn record_scans(
        self: &Arc<Self>,
        session: &GateSession,
        scans: &[ScanInput],
    ) -> Result<Vec<ScanResult>> {
        if scans.is_empty() || scans.len() > MAX_SCANS {
            return Err(ServiceError::bad(
                "scans.count",
                format!("Hand in 1 to {MAX_SCANS} scans at a time."),
            ));
        }
        // By a wrong clock every scan would be too old or in the future, and the gate would drop it.
        self.clock_must_hold()?;
        // Nor by rules that may not be in force any more; the gate keeps them, and sends them again.
        self.must_follow()?;
        // Nor on nobody's authority.
        self.must_have_mandate()?;
        let results = match scans {
            [one] => {
                let code = self.whose_code(one, self.read_code(one)).await;
                vec![self.record_read(session, one, code).await]
            }
            many => self.record_many(session, many).await?,
        };
        let away = |r: &Result<_>| matches!(r, Err(e) if e.kind == Kind::Unavailable);
        if results.iter().all(away) {
            return results.into_iter().collect();
        }
        let told = |(result, scan): (Result<ScanResult>, &ScanInput)| {
            result.unwrap_or_else(|e| {
                tracing::error!(code = e.code, error = %e, "a scan was not recorded");
                not_recorded(scan.id, e.code)
            })
        };
        Ok(results.into_iter().zip(scans).map(told).collect())
    }

    async fn record_many(
        self: &Arc<Self>,
        session: &GateSession,
        scans: &[ScanInput],
    ) -> Result<Vec<Result<ScanResult>>> {
        // Hundreds of signatures: not on a thread that others wait for.
        let (app, inputs) = (Arc::clone(self), scans.to_vec());
        let read = move || {
            let codes: Vec<_> = inputs.iter().map(|scan| app.read_code(scan)).collect();
            inputs.into_iter().zip(codes).collect::<Vec<_>>()
        };
        let read = tokio::task::spawn_blocking(read).await.map_err(ServiceError::internal)?;
        let mut opened = Vec::with_capacity(read.len());
        for (scan, code) in read {
            let code = self.whose_code(&scan, code).await;
            opened.push((scan, code));
        }
        let mut waiting = by_holder(opened).into_iter();
        let mut under_way = tokio::task::JoinSet::new();
        let lost = || ServiceError::internal("a scan's task ended without an answer");
        let mut results: Vec<_> = scans.iter().map(|_| Err(lost())).collect();
        loop {
            while under_way.len() < AT_ONCE
                && let Some(those) = waiting.next()
            {
                let (app, session) = (Arc::clone(self), session.clone());
                under_way.spawn(async move {
                    let mut done = Vec::with_capacity(those.len());
                    for (place, scan, code) in those {
                        done.push((place, app.record_read(&session, &scan, code).await));
                    }
                    done
                });
            }
            match under_way.join_next().await {
                None => return Ok(results),
                Some(Ok(done)) => done.into_iter().for_each(|(place, r)| results[place] = r),
                Some(Err(e)) => tracing::error!(error = %e, "a scan's task failed"),
            }
        }
    }

    /// Records a scan whose code could be looked up.
    async fn record_read(
        self: &Arc<Self>,
        session: &GateSession,
        input: &ScanInput,
        code: Result<CodeRead>,
    ) -> Result<ScanResult> {
        self.record_scan(session, input, code?).await
    }

    async fn record_scan(
        self: &Arc<Self>,
        session: &GateSession,
        input: &ScanInput,
        code: CodeRead,
    ) -> Result<ScanResult> {
        // Checked before anything else: such a scan can never be recorded, however often it is sent.
        // But it may have been, in time, and only the answer was lost.
        if let Some(problem) = self.out_of_time(input.at) {
            let before = self.answered_before(session, input, code).await?;
            return Ok(before.unwrap_or_else(|| not_recorded(input.id, problem)));
        }
        let standing = match code.holder {
            Some(id) => self.store.standing(id).await?,
            None => None,
        };
        let colour = match (&standing, code.colour) {
            (Some(known), Some(c)) => Some(self.colour_at_gate(known, c, input.at).await?),
            (Some(known), None) if code.problem.is_none() => {
                let known_at = code.on_paper.unwrap_or(input.at);
                Some(self.paper_colour(known, input.at, known_at).await?)
            }
            (_, c) => c,
        };
        let holder = standing.map(|known| known.holder);
        let outcome = decide(input.direction, input.override_reason, colour, code.problem);
        let scan = Scan {
            id: input.id,
            gate: session.gate.id,
            place: session.gate.place,
            holder: holder.as_ref().map(|h| h.id),
            at: input.at,
            direction: input.direction,
            colour,
            outcome,
            reason: input.override_reason,
            problem: code.problem.map(str::to_owned),
        };
        let told = ScanResult {
            id: input.id,
            outcome: Some(outcome),
            colour,
            problem: code.problem,
            recorded: true,
        };
        match self.write_once(&scan, holder.as_ref()).await? {
            Written::Now => {}
            Written::Before(stored) => {
                let answer = self.answer_of(&stored, input, code)?;
                if answer.recorded {
                    self.settle_scan(&stored).await?;
                }
                return Ok(answer);
            }
        }
        self.settle_scan(&scan).await?;
        Ok(told)
    }

    /// Writes a scan unless it is there.
    async fn write_once(self: &Arc<Self>, scan: &Scan, holder: Option<&Holder>) -> Result<Written> {
        // Visits that the store does not know as the index does.
        let mut passed_over = Vec::new();
        for _ in 0..TRIES {
            let visits = self.visits_of_scan(scan, &passed_over);
            let stay = holder.filter(|_| admits(scan)).and_then(|h| self.stay_seen(h, scan));
            match self.write_scan(scan, &visits, stay.as_ref()).await {
                Ok(()) => return Ok(Written::Now),
                Err(Refused::Visit) => passed_over.extend(visits.iter().filter_map(concerns)),
                Err(Refused::Attempt(AttemptError::Race)) => {
                    if let Some(stored) = self.store.scan(scan.at, scan.gate, scan.id).await? {
                        return Ok(Written::Before(Box::new(stored)));
                    }
                }
                Err(Refused::Attempt(e)) => return Err(failed(e)),
            }
        }
        Err(busy())
    }

    /// Writes a scan with all that follows from it in one unit: the visit it opens or closes, and
    /// the stay that it shows, with its leaf and assessment. All of it is kept, or nothing.
    async fn write_scan(
        self: &Arc<Self>,
        scan: &Scan,
        visits: &[Write],
        stay: Option<&(HolderId, EvidenceChange)>,
    ) -> std::result::Result<(), Refused> {
        let prepared = match stay {
            Some((holder, change)) => self.prepare(*holder, change).await?,
            None => None,
        };
        // What the stay's decision expects stands first.
        let mut writes = prepared.as_ref().map_or_else(Vec::new, |p| p.writes.clone());
        writes.push(Write::AddScan(scan.clone()));
        writes.extend_from_slice(visits);
        self.commit_scan(Unit::new("scan", writes)).await
    }

    async fn commit_scan(self: &Arc<Self>, unit: Unit) -> std::result::Result<(), Refused> {
        match self.commit_to_the_end(unit).await {
            Ok(_) => Ok(()),
            Err(e) if is_of_visit(&e) => Err(Refused::Visit),
            Err(e) => Err(Refused::Attempt(e.into())),
        }
    }

    /// The answer that this scan had when it was handed in before; `None` if it was not.
    async fn answered_before(
        &self,
        session: &GateSession,
        input: &ScanInput,
        code: CodeRead,
    ) -> Result<Option<ScanResult>> {
        let stored = self.store.scan(input.at, session.gate.id, input.id).await?;
        stored.map(|stored| self.answer_of(&stored, input, code)).transpose()
    }

    /// The answer that a stored scan had, whichever record of its person it was written for.
    fn answer_of(&self, stored: &Scan, input: &ScanInput, code: CodeRead) -> Result<ScanResult> {
        let holder = stored.holder.map(|record| self.memory.person(record));
        answer_of(&Scan { holder, ..stored.clone() }, input, code)
    }

    /// Why a scan of this moment cannot be taken now, if so.
    fn out_of_time(&self, at: Timestamp) -> Option<&'static str> {
        let (now, s) = (self.now(), &self.deployment.settings);
        if now.secs_since(at) > s.offline_grace_seconds {
            return Some("scan.too_old");
        }
        (at.secs_since(now) > s.clock_skew_seconds.max(60)).then_some("scan.in_future")
    }

    /// The colour that decides: for a scan made just now the stored assessment counts if it is more
    /// severe than the code, which may be a minute old. A scan handed in later is judged by what
    /// the gate could know.
    async fn colour_at_gate(
        &self,
        known: &Standing,
        code: Colour,
        at: Timestamp,
    ) -> Result<Colour> {
        if self.now().secs_since(at) > i64::from(self.policy().fresh_seconds()) {
            return Ok(code);
        }
        let holds = self.rule_set().colour_of(known);
        let now = match holds {
            Some(colour) => colour,
            None => self.assessment(known.holder.id).await?.colour,
        };
        Ok(code.max(now))
    }

    /// What a scan says of its holder's visits that is not known yet.
    fn visits_of_scan(&self, scan: &Scan, passed_over: &[VisitKey]) -> Vec<Write> {
        seen(scan).map_or_else(Vec::new, |seen| self.visits_told(seen, passed_over))
    }

    async fn settle_scan(&self, scan: &Scan) -> Result<()> {
        match seen(scan) {
            Some(seen) => self.settle(seen).await,
            None => Ok(()),
        }
    }

    /// A gate saw somebody outside their home division: that is a stay there, once a day.
    fn stay_seen(&self, holder: &Holder, scan: &Scan) -> Option<(HolderId, EvidenceChange)> {
        let place = self.memory.place(scan.place)?;
        if place.division.contains(&holder.home) || holder.home.contains(&place.division) {
            return None;
        }
        let policy = self.policy();
        let day = scan.at.local_day(policy.calendar().zone());
        let from = Timestamp::start_of_day(day, policy.calendar().zone());
        let key = self
            .deployment
            .keys
            .evidence_key(&format!("stay/{}/{}/{day}", holder.id, place.division));
        let fact = Fact::Stay { division: place.division.clone(), from, to: from.plus_days(1) };
        let new = NewEvidence { external_key: Some(key), ..NewEvidence::by_holder(fact) };
        Some((holder.id, EvidenceChange { add: vec![new], ..EvidenceChange::default() }))
    }

    /// Today's numbers at a place.
    pub fn counts_at(&self, place: PlaceId) -> GateCounts {
        let today = self.now().local_day(self.policy().calendar().zone());
        read(&self.memory.counts)
            .get(&place)
            .filter(|(day, _)| *day == today)
            .map_or_else(GateCounts::default, |(_, c)| *c)
    }
}

/// Nobody is ever let in by the program because something was missing: without a readable code and
/// without an override the answer is no. Leaving is never refused, whatever the colour: nobody is
/// kept inside, and the visit ends.
fn decide(
    direction: Direction,
    over: Option<OverrideReason>,
    colour: Option<Colour>,
    problem: Option<&str>,
) -> ScanOutcome {
    match (over, direction, colour, problem) {
        (Some(_), ..) => ScanOutcome::Override,
        (None, Direction::Out, ..) | (None, _, Some(Colour::Green), None) => ScanOutcome::Admitted,
        _ => ScanOutcome::Refused,
    }
}

/// Whom a scan saw coming or leaving; nobody if they were not let in.
fn seen(scan: &Scan) -> Option<Seen> {
    let holder = scan.holder.filter(|_| scan.outcome != ScanOutcome::Refused)?;
    Some(Seen { holder, place: scan.place, at: scan.at, direction: scan.direction })
}

/// Did somebody come in?
fn admits(scan: &Scan) -> bool {
    scan.direction == Direction::In && scan.outcome != ScanOutcome::Refused
}

/// Whether a scan was there already, and as what.
enum Written {
    Now,
    Before(Box<Scan>),
}

/// Why a scan was not written, when trying again is of no use.
fn failed(error: AttemptError) -> ServiceError {
    match error {
        AttemptError::Failed(e) => *e,
        AttemptError::Above => ServiceError::internal("what a gate sees has no weight"),
        AttemptError::Race => busy(),
    }
}

/// Why a scan was not written.
enum Refused {
    /// A visit that it ends is gone from the store, or has another end there.
    Visit,
    /// Something changed meanwhile, or it failed.
    Attempt(AttemptError),
}

impl From<AttemptError> for Refused {
    fn from(error: AttemptError) -> Self {
        Self::Attempt(error)
    }
}

/// A scan with its place in the call, and what its code said.
type ToRecord = (usize, ScanInput, Result<CodeRead>);

/// Scans with their places in the call, those of one holder together and in their order.
fn by_holder(read: Vec<(ScanInput, Result<CodeRead>)>) -> Vec<Vec<ToRecord>> {
    let mut together: Vec<Vec<_>> = Vec::with_capacity(read.len());
    let mut of_holder = HashMap::new();
    for (place, (scan, code)) in read.into_iter().enumerate() {
        let next = together.len();
        let holder = code.as_ref().ok().and_then(|code| code.holder);
        let those = holder.map_or(next, |holder| *of_holder.entry(holder).or_insert(next));
        if those == next {
            together.push(Vec::new());
        }
        together[those].push((place, scan, code));
    }
    together
}

/// An answer about a scan that is not in the store.
const fn not_recorded(id: ScanId, problem: &'static str) -> ScanResult {
    ScanResult { id, outcome: None, colour: None, problem: Some(problem), recorded: false }
}

/// The answer that a stored scan had. Another act of the same gate under the same id and moment is not
/// taken for it: the gate must give it an id of its own.
fn answer_of(stored: &Scan, input: &ScanInput, code: CodeRead) -> Result<ScanResult> {
    // A code that can be opened no longer, or only now, is no sign of another person.
    let other_person = code.holder.zip(stored.holder).is_some_and(|(now, then)| now != then);
    let other_act = (input.direction, input.override_reason) != (stored.direction, stored.reason);
    if other_person || other_act {
        return Ok(not_recorded(input.id, "scan.id_taken"));
    }
    Ok(ScanResult {
        id: input.id,
        outcome: Some(stored.outcome),
        colour: stored.colour,
        problem: stored.problem.as_deref().map(known_problem).transpose()?,
        recorded: true,
    })
}

/// A problem as it was stored: one of those that a code can have.
fn known_problem(stored: &str) -> Result<&'static str> {
    let of_paper = [paper::ENDED, paper::EXPIRED, paper::UNKNOWN];
    let mut known = PassError::ALL.iter().map(|e| e.code()).chain([NO_CODE]).chain(of_paper);
    let unknown = || ServiceError::internal("a scan is stored with an unknown problem");
    known.find(|code| *code == stored).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_green_or_an_override_opens_the_gate() {
        use ScanOutcome as O;
        let decide = |over, colour, problem| decide(Direction::In, over, colour, problem);
        assert_eq!(decide(None, Some(Colour::Green), None), O::Admitted);
        assert_eq!(decide(None, Some(Colour::Yellow), None), O::Refused);
        assert_eq!(decide(None, Some(Colour::Red), None), O::Refused);
        assert_eq!(decide(None, None, Some("code.stale")), O::Refused);
        assert_eq!(decide(None, None, None), O::Refused);
    }

    #[test]
    fn nobody_is_kept_inside() {
        for colour in [None, Some(Colour::Yellow), Some(Colour::Red)] {
            assert_eq!(decide(Direction::Out, None, colour, None), ScanOutcome::Admitted);
            assert_eq!(
                decide(Direction::Out, None, colour, Some("code.stale")),
                ScanOutcome::Admitted
            );
        }
    }

    #[test]
    fn h17_an_emergency_is_always_admitted() {
        for colour in [None, Some(Colour::Green), Some(Colour::Yellow), Some(Colour::Red)] {
            for problem in [None, Some("code.stale"), Some("scan.no_code")] {
                let over = Some(OverrideReason::Emergency);
                let outcome = decide(Direction::In, over, colour, problem);
                assert_eq!(outcome, ScanOutcome::Override);
            }
        }
    }
}
