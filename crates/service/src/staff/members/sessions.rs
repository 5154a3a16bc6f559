//! Where staff and gates are signed in, and ending it. Whoever ends somebody else's session leaves a
//! leaf in the public log; ending one's own is nobody's business.

use jadegate_domain::{Gate, GateId, Place, Staff, StaffId};
use jadegate_ledger::{GateEvent, StaffEvent};
use jadegate_store::{Session, SessionSubject, Write};

use super::invite::may_see_staff;
use crate::app::App;
use crate::error::{Result, ServiceError};
use crate::holder::sessions::{SessionView, named, views};
use crate::limits::Limit;
use crate::session::{StaffSession, token_digest};
use crate::staff::access::Power;

/// How often others end the sessions of one member of staff, or of one gate, within an hour. Beyond
/// it, it would keep them from their work and fill the public log; what is meant then is to end
/// their access.
const SIGN_OUTS: Limit = Limit { class: "session.sign_out", seconds: 3600, most: 10 };

impl App {
    /// Where this member of staff is signed in, newest first. `token` is the asking session's own.
    pub async fn own_staff_sessions(
        &self,
        s: &StaffSession,
        token: &str,
    ) -> Result<Vec<SessionView>> {
        let subject = SessionSubject::Staff(s.staff().id);
        Ok(views(self.store.sessions_of(subject, self.now()).await?, Some(token_digest(token))))
    }

    /// Ends one of one's own sessions.
    pub async fn end_own_staff_session(&self, s: &StaffSession, id: &str) -> Result<()> {
        let end = self.end_of(SessionSubject::Staff(s.staff().id), Some(id)).await?;
        self.commit("end_session", vec![end]).await
    }

    /// Signs a member of staff out everywhere, here too.
    pub async fn end_own_staff_sessions(&self, s: &StaffSession) -> Result<()> {
        let subject = SessionSubject::Staff(s.staff().id);
        self.commit("end_sessions", vec![Write::EndSessionsOf(subject)]).await
    }

    /// Where a member of staff of one's region is signed in: for whoever could end their access.
    pub async fn sessions_of_member(
        &self,
        session: &StaffSession,
        staff: StaffId,
    ) -> Result<Vec<SessionView>> {
        let member = self.member_inside(session, staff).await?;
        let subject = SessionSubject::Staff(member.id);
        Ok(views(self.store.sessions_of(subject, self.now()).await?, None))
    }

    /// Ends one session of a member of staff, or all of them. They can sign in again: ending their
    /// access is another thing ([`App::disable_staff`]).
    pub async fn end_sessions_of_member(
        &self,
        session: &StaffSession,
        staff: StaffId,
        id: Option<&str>,
    ) -> Result<()> {
        let member = self.member_inside(session, staff).await?;
        let end = self.end_of(SessionSubject::Staff(member.id), id).await?;
        let (by, now) = (Some(session.staff().id), self.now());
        let leaf = crate::log::staff_leaf(&member, StaffEvent::SignedOut, by, None, now)?;
        let count = self.count_sign_out(&format!("staff/{}", member.id));
        self.commit("end_sessions", vec![count, end, Write::AddLeaf(leaf)]).await
    }

    /// Where a gate of one's places is signed in.
    pub async fn sessions_of_gate(
        &self,
        session: &StaffSession,
        gate: GateId,
    ) -> Result<Vec<SessionView>> {
        let (gate, _) = self.managed_gate(session, gate).await?;
        let subject = SessionSubject::Gate(gate.id);
        Ok(views(self.store.sessions_of(subject, self.now()).await?, None))
    }

    /// Ends one session of a gate, or all of them. The device can sign in again by its key: ending
    /// that is another thing ([`App::revoke_gate`]).
    pub async fn end_sessions_of_gate(
        &self,
        session: &StaffSession,
        gate: GateId,
        id: Option<&str>,
    ) -> Result<()> {
        let (gate, place) = self.managed_gate(session, gate).await?;
        let end = self.end_of(SessionSubject::Gate(gate.id), id).await?;
        let (by, now) = (Some(session.staff().id), self.now());
        let leaf = crate::log::gate_leaf(&gate, place.agency, GateEvent::SignedOut, by, now)?;
        let count = self.count_sign_out(&format!("gate/{}", gate.id));
        self.commit("end_sessions", vec![count, end, Write::AddLeaf(leaf)]).await
    }

    fn count_sign_out(&self, of: &str) -> Write {
        self.count(SIGN_OUTS, self.deployment.keys.evidence_key(&format!("sign-out/{of}")), 1)
    }

    /// The write that ends a session by its name, or all.
    async fn end_of(&self, subject: SessionSubject, id: Option<&str>) -> Result<Write> {
        let Some(id) = id else { return Ok(Write::EndSessionsOf(subject)) };
        let all = self.store.sessions_of(subject, self.now()).await?;
        let Session { token_digest, .. } = named(all, id)?;
        Ok(Write::EndSession(token_digest))
    }

    /// A member of staff inside the region, for whoever may see them.
    pub(super) async fn member_inside(
        &self,
        session: &StaffSession,
        staff: StaffId,
    ) -> Result<Staff> {
        let admin = may_see_staff(session)?;
        let known = self.store.staff(staff).await?.filter(|s| admin.region.contains(&s.region));
        known.ok_or_else(|| {
            ServiceError::not_found("staff.not_found", "There is no such person in your region.")
        })
    }

    /// A gate at a place that is managed.
    pub(crate) async fn managed_gate(
        &self,
        session: &StaffSession,
        gate: GateId,
    ) -> Result<(Gate, std::sync::Arc<Place>)> {
        let unknown =
            || ServiceError::not_found("gate.not_found", "There is no such gate at your places.");
        session.need(Power::ManagePlaces)?;
        let gate = self.store.gate(gate).await?.ok_or_else(unknown)?;
        let place = self.managed(session, gate.place).map_err(|_| unknown())?;
        Ok((gate, place))
    }
}
