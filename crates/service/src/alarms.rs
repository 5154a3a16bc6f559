//! Alarms: what desks share. What an agency or one of its staff does far above their own history, or at
//! somebody whom they had no reason to look at, is an alarm; above the mandate's number it holds what
//! they record from then on until a second body answers ([decision 0070], [decision 0081]).
//!
//! What is counted is counted in the unit that records ([`crate::brake`]) or looks; what an alarm holds is
//! a condition of such a unit. So every server knows both.
//!
//! [decision 0070]: ../../../docs/decisions/0070-alarms-of-bursts.md
//! [decision 0081]: ../../../docs/decisions/0081-alarms-of-looks.md

use jadegate_domain::evidence::TestResult;
use jadegate_domain::{
    AgencyId, AgencyKind, AlarmAnswer, AlarmKind, CaseId, Evidence, Fact, Timestamp,
};
use jadegate_store::{Actor, Alarm};

use crate::app::App;
use crate::assess::NewEvidence;
use crate::brake::Signed;
use crate::error::Result;
use crate::limits::hour_of;

/// Days for which a laboratory's positive stands behind a case.
const BEHIND_DAYS: i64 = 14;
/// Days for which an answered alarm is kept.
pub(crate) const ALARM_DAYS: i64 = 730;
/// Days for which what was found to be in order is taken for usual.
pub(crate) const IN_ORDER_DAYS: i64 = 14;
/// Alarms read at once; more are not open together.
pub(crate) const OPEN: u32 = 1000;

/// An agency, or one of its staff, as the subject of an alarm.
pub(crate) fn who(actor: Actor) -> String {
    format!("{}/{}", actor.agency, actor.staff.map(|s| s.to_string()).unwrap_or_default())
}

impl App {
    /// Who records what of somebody, as it counts for alarms: what a laboratory's positive bears out does
    /// not.
    pub(crate) async fn borne_out(
        &self,
        add: &[NewEvidence],
        own: &[Evidence],
    ) -> Result<Vec<Signed>> {
        let mut signed = Vec::with_capacity(add.len());
        for new in add {
            let Some(by) = new.signed.clone() else { continue };
            let is_case = matches!(new.fact, Fact::Case { .. });
            let borne_out = is_case && self.laboratory_found(own, by.agency()).await?;
            signed.push(by.borne_out(borne_out));
        }
        Ok(signed)
    }

    /// Does a laboratory's positive stand behind a case? Then its contacts are borne out too.
    pub(crate) async fn case_borne_out(&self, case: CaseId) -> Result<bool> {
        let Some(case) = self.store.case(case).await? else { return Ok(false) };
        let own = self.store.evidence_of(case.holder).await?;
        self.laboratory_found(&own.map(|(_, own)| own).unwrap_or_default(), case.agency).await
    }

    /// Did somebody else's laboratory find the virus lately? A laboratory always counts; a hospital for
    /// what others record.
    async fn laboratory_found(&self, own: &[Evidence], recorder: AgencyId) -> Result<bool> {
        let since = self.now().plus_days(-BEHIND_DAYS);
        let positive = |e: &&Evidence| {
            let found = matches!(e.fact, Fact::Test { result: TestResult::Positive, sampled_at, .. } if sampled_at > since);
            e.counts() && found
        };
        for by in own.iter().filter(positive).filter_map(|e| e.agency) {
            let kind = self.store.agency(by).await?.map(|a| a.kind);
            if kind == Some(AgencyKind::Laboratory)
                || (kind == Some(AgencyKind::Hospital) && by != recorder)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Of whom or what an alarm is, as a keyed digest.
    pub(crate) fn alarm_subject(&self, kind: AlarmKind, of: &str) -> [u8; 16] {
        self.deployment.keys.evidence_key(&format!("alarm/{kind}/{of}"))
    }

    /// How many alarms of each kind are open, for the numbers of the operation.
    pub async fn alarms_open(&self) -> Result<Vec<(AlarmKind, u64)>> {
        let open = self.store.open_alarms(OPEN).await?;
        let of = |kind| open.iter().filter(|a| a.kind == kind).count() as u64;
        Ok(AlarmKind::ALL.iter().map(|kind| (*kind, of(*kind))).collect())
    }
}

/// What an earlier answer says of now: how much was in order, and from which hour on it counts anew.
pub(crate) fn accepted(
    before: Option<&Alarm>,
    now: Timestamp,
) -> Option<jadegate_alarms::Accepted> {
    let (alarm, end) = before.and_then(|a| Some((a, a.end?)))?;
    let fresh = end.answer.is_in_order() && end.at.plus_days(IN_ORDER_DAYS) > now;
    let count = if fresh { alarm.measured.count } else { 0 };
    let hours = i64::from(alarm.measured.hours.max(1));
    Some(jadegate_alarms::Accepted { hour: hour_of(end.at), rate: (count, hours) })
}

/// The answers that fit an alarm.
pub(crate) fn answers(kind: AlarmKind) -> Vec<AlarmAnswer> {
    AlarmAnswer::ALL.iter().copied().filter(|a| a.fits(kind)).collect()
}
