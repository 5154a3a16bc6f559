//! Scans: what happened at a gate, recorded durably, once.

use std::sync::Arc;

use jadegate_domain::evidence::Fact;
use jadegate_domain::gate::{Direction, GateCounts, OverrideReason};
use jadegate_domain::{
    Colour, Holder, HolderId, Period, PlaceId, Presence, Scan, ScanId, ScanOutcome, Timestamp,
    Visit, VisitId,
};
use jadegate_pass::PassError;
use jadegate_store::{Precondition, StoreError, Unit, Write};
use jadegate_trace::KnownVisit;

use crate::app::{App, read, write};
use crate::assess::{Change, NewEvidence};
use crate::error::{Result, ServiceError};
use crate::keys::visit_id;
use crate::session::GateSession;

/// A scan as a gate hands it in.
#[derive(Clone, Debug)]
pub struct ScanInput {
    /// Made by the gate.
    pub id: ScanId,
    /// What was read; `None` for an override without any code.
    pub code: Option<String>,
    /// When, by the gate's clock.
    pub at: Timestamp,
    /// Which way.
    pub direction: Direction,
    /// Let in against the code, and why.
    pub override_reason: Option<OverrideReason>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanResult {
    /// Which scan.
    pub id: ScanId,
    /// Admitted, refused or let in against the code.
    pub outcome: Option<ScanOutcome>,
    /// The colour that decided.
    pub colour: Option<Colour>,
    /// What was wrong with the code or the scan, as a stable code.
    pub problem: Option<&'static str>,
    /// Is it recorded durably? If not, the gate keeps it and tries again.
    pub recorded: bool,
}

/// Scans taken in one call.
pub const MAX_SCANS: usize = 500;
/// An open visit is closed by a scan on leaving within this time.
const LONGEST_STAY_SECONDS: i64 = 24 * 3600;

impl App {
    /// Records scans. Each is decided and written by itself: one bad scan does not hold up others.
    /// Handing in the same scan again gives the same answer and changes nothing.
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
        let mut results = Vec::with_capacity(scans.len());
        for scan in scans {
            results.push(self.record_scan(session, scan).await?);
        }
        Ok(results)
    }

    async fn record_scan(
        self: &Arc<Self>,
        session: &GateSession,
        input: &ScanInput,
    ) -> Result<ScanResult> {
        let now = self.now();
        let s = &self.settings;
        let problem = |code| ScanResult {
            id: input.id,
            outcome: None,
            colour: None,
            problem: Some(code),
            recorded: false,
        };
        // Checked before anything else: such a scan can never be recorded, however often it is sent.
        if now.secs_since(input.at) > s.offline_grace_seconds {
            return Ok(problem("scan.too_old"));
        }
        if input.at.secs_since(now) > s.clock_skew_seconds.max(60) {
            return Ok(problem("scan.in_future"));
        }
        let read = self.read_code(input);
        let (holder, code_colour, code_problem) = match read {
            Ok(Some((holder, colour))) => (Some(holder), Some(colour), None),
            Ok(None) => (None, None, Some("scan.no_code")),
            Err(e) => (None, None, Some(e.code())),
        };
        let holder = match holder {
            Some(id) => self.store.holder(id).await?,
            None => None,
        };
        let colour = match (&holder, code_colour) {
            (Some(h), Some(c)) => Some(self.colour_at_gate(h.id, c, input.at).await?),
            (_, c) => c,
        };
        let outcome = decide(input.direction, input.override_reason, colour, code_problem);
        let visit = self.visit_of(session.gate.place, input, holder.as_ref(), outcome);
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
            visit: visit.as_ref().map(VisitChange::id),
        };
        let mut writes = vec![Write::AddScan(scan.clone())];
        writes.extend(visit.as_ref().map(VisitChange::write));
        let known = visit.as_ref().map(VisitChange::known);
        let tell = move |app: &Self| {
            app.count_scan(&scan);
            app.feed(known.as_slice());
        };
        match self.commit_and_feed(Unit::new("scan", writes), tell).await {
            Ok(()) => {
                if let (Some(h), Some(VisitChange::Enter(_))) = (&holder, &visit) {
                    self.note_stay(h, session.gate.place, input.at).await?;
                }
            }
            // The same scan, handed in before: answered as then, counted once.
            Err(StoreError::Conflict { precondition: Precondition::Absent, .. }) => {}
            Err(e) => return Err(e.into()),
        }
        Ok(ScanResult {
            id: input.id,
            outcome: Some(outcome),
            colour,
            problem: code_problem,
            recorded: true,
        })
    }

    /// Verifies the code as of the moment it was read and opens its handle.
    fn read_code(
        &self,
        input: &ScanInput,
    ) -> std::result::Result<Option<(HolderId, Colour)>, PassError> {
        let Some(text) = input.code.as_deref() else { return Ok(None) };
        let skew = u32::try_from(self.settings.clock_skew_seconds).unwrap_or(0);
        let verified = jadegate_pass::verify(&self.key_set, text.trim(), input.at, skew)?;
        let holder =
            jadegate_pass::open(self.issuer.handle_keys(), &verified.handle, verified.issued_at)?;
        Ok(Some((holder, verified.colour)))
    }

    /// The colour that decides: for a scan made just now the stored assessment counts if it is more
    /// severe than the code, which may be a minute old. A scan handed in later is judged by what
    /// the gate could know.
    async fn colour_at_gate(
        &self,
        holder: HolderId,
        code: Colour,
        at: Timestamp,
    ) -> Result<Colour> {
        if self.now().secs_since(at) > i64::from(self.policy().fresh_seconds()) {
            return Ok(code);
        }
        let now = self.assessment(holder).await?;
        Ok(code.max(now.colour))
    }

    fn visit_of(
        &self,
        place: PlaceId,
        input: &ScanInput,
        holder: Option<&Holder>,
        outcome: ScanOutcome,
    ) -> Option<VisitChange> {
        let holder = holder?.id;
        if outcome == ScanOutcome::Refused {
            return None;
        }
        match input.direction {
            Direction::In => Some(VisitChange::Enter(Visit {
                id: visit_id(input.at, holder, place),
                holder,
                place,
                entered: input.at,
                left: None,
                presence: Presence::Gate,
            })),
            Direction::Out => {
                let period =
                    Period::new(input.at.plus_secs(-LONGEST_STAY_SECONDS), input.at.plus_secs(1))?;
                let open = read(&self.index)
                    .visits_of(holder, period)
                    .filter(|v| v.place == place && v.left.is_none() && v.entered <= input.at)
                    .filter(|v| v.presence != Presence::Imported)
                    .max_by_key(|v| v.entered)?;
                Some(VisitChange::Leave(open, input.at))
            }
        }
    }

    /// A gate saw somebody outside their home division: that is a stay there, once a day.
    async fn note_stay(&self, holder: &Holder, place: PlaceId, at: Timestamp) -> Result<()> {
        let Some(place) = self.place(place) else { return Ok(()) };
        if place.division.contains(&holder.home) || holder.home.contains(&place.division) {
            return Ok(());
        }
        let policy = self.policy();
        let day = at.local_day(policy.calendar().zone());
        let from = Timestamp::start_of_day(day, policy.calendar().zone());
        let key = self.keys.evidence_key(&format!("stay/{}/{}/{day}", holder.id, place.division));
        let fact = Fact::Stay { division: place.division.clone(), from, to: from.plus_days(1) };
        let new = NewEvidence { external_key: Some(key), ..NewEvidence::by(None, fact) };
        self.record("stay_seen_by_gate", holder.id, Change { add: vec![new], ..Change::default() })
            .await?;
        Ok(())
    }

    /// Today's numbers at a place.
    pub fn counts_at(&self, place: PlaceId) -> GateCounts {
        let today = self.now().local_day(self.policy().calendar().zone());
        read(&self.counts)
            .get(&place)
            .filter(|(day, _)| *day == today)
            .map_or_else(GateCounts::default, |(_, c)| *c)
    }

    pub(crate) fn count_scan(&self, scan: &Scan) {
        let day = scan.at.local_day(self.policy().calendar().zone());
        let mut counts = write(&self.counts);
        let entry = counts.entry(scan.place).or_insert((day, GateCounts::default()));
        if entry.0 < day {
            *entry = (day, GateCounts::default());
        } else if entry.0 > day {
            return;
        }
        match (scan.direction, scan.outcome) {
            (_, ScanOutcome::Refused) => entry.1.refused += 1,
            (Direction::Out, _) => entry.1.left += 1,
            (Direction::In, ScanOutcome::Admitted) => entry.1.admitted += 1,
            (Direction::In, ScanOutcome::Override) => entry.1.overridden += 1,
        }
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

/// What a scan does to visits.
enum VisitChange {
    Enter(Visit),
    Leave(KnownVisit, Timestamp),
}

impl VisitChange {
    fn id(&self) -> VisitId {
        match self {
            Self::Enter(v) => v.id,
            Self::Leave(v, _) => visit_id(v.entered, v.holder, v.place),
        }
    }

    /// What is known of the visit with it; nobody leaves before they came, whatever a gate's clock says.
    fn known(&self) -> KnownVisit {
        match self {
            Self::Enter(v) => v.into(),
            Self::Leave(v, left) => KnownVisit { left: Some((*left).max(v.entered)), ..*v },
        }
    }

    fn write(&self) -> Write {
        match self {
            Self::Enter(v) => Write::AddVisit(*v),
            Self::Leave(v, left) => {
                Write::CloseVisit { id: self.id(), entered: v.entered, left: *left }
            }
        }
    }
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
