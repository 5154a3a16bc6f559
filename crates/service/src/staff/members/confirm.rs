//! Powers over people come from the health commission, not from whoever runs the machines.
//!
//! An agency and each member of its staff are confirmed by a commissioner whose region holds them.
//! The member's passkey is confirmed with them: the commissioner compares its fingerprint with the
//! one that the member reads out from their own console, so that nobody slips in between the
//! invitation and the person.

use jadegate_domain::agency::Agency;
use jadegate_domain::{AgencyId, StaffId, hex};
use jadegate_ledger::{AgencyEvent, StaffEvent};
use jadegate_store::Write;

use crate::app::App;
use crate::error::{Result, ServiceError};
use crate::log::{agency_leaf, sha256, staff_leaf};
use crate::session::StaffSession;
use crate::staff::access::Power;
use crate::staff::{conflict, wrong};

/// A passkey's fingerprint as it is read out: the first 16 hex digits of the SHA-256 of its
/// credential id, in fours. The public log holds the whole digest.
pub(crate) fn fingerprint(credential_id: &[u8]) -> String {
    let digits = hex::encode(&sha256(credential_id)[..8]);
    let fours: Vec<&str> = (0..4).filter_map(|n| digits.get(4 * n..4 * n + 4)).collect();
    fours.join(" ")
}

impl App {
    /// The fingerprint of a member's passkey.
    pub async fn passkey_of(&self, staff: StaffId) -> Result<Option<String>> {
        let own = self.store.credentials(staff).await?;
        Ok(own.last().map(|c| fingerprint(&c.credential_id)))
    }

    /// A commissioner confirms an agency in their region. A second time changes nothing.
    pub async fn confirm_agency(&self, session: &StaffSession, agency: AgencyId) -> Result<Agency> {
        let by = session.need(Power::ConfirmPowers)?;
        let known = self.store.agency(agency).await?.filter(|a| by.region.contains(&a.region));
        let known = known.ok_or_else(|| {
            ServiceError::not_found("agency.not_found", "There is no such agency in your region.")
        })?;
        if known.confirmed_at.is_some() {
            return Ok(known);
        }
        let (now, by) = (self.now(), Some(by.id));
        let leaf = agency_leaf(&known, AgencyEvent::Confirmed, by, now)?;
        let confirm = Write::ConfirmAgency { agency, by, at: now };
        self.commit("confirm_agency", vec![confirm, Write::AddLeaf(leaf)]).await?;
        Ok(Agency { confirmed_at: Some(now), confirmed_by: by, ..known })
    }

    /// A commissioner confirms a member of staff in their region who holds the passkey with this
    /// fingerprint. Nobody confirms themselves or whom they invited.
    pub async fn confirm_staff(
        &self,
        session: &StaffSession,
        staff: StaffId,
        passkey: &str,
    ) -> Result<()> {
        let by = session.need(Power::ConfirmPowers)?;
        let known = self.store.staff(staff).await?.filter(|s| by.region.contains(&s.region));
        let known = known.filter(|s| s.disabled_at.is_none()).ok_or_else(|| {
            ServiceError::not_found("staff.not_found", "There is no such person in your region.")
        })?;
        if known.id == by.id || known.invited_by == Some(by.id) {
            return Err(ServiceError::forbidden(
                "confirm.yourself",
                "Nobody confirms themselves, or whom they invited: another commissioner has to.",
            ));
        }
        if known.confirmed_at.is_some() {
            return Ok(());
        }
        let agency = self.store.agency(known.agency).await?;
        if agency.is_none_or(|a| a.confirmed_at.is_none()) {
            return Err(conflict(
                "agency.not_confirmed",
                "Confirm the agency first; its staff follow.",
            ));
        }
        let credential = self.store.credentials(staff).await?.pop().ok_or_else(|| {
            conflict(
                "staff.no_passkey",
                "This person has no passkey yet, so there is nothing to confirm.",
            )
        })?;
        let plain = |text: &str| text.split_whitespace().collect::<String>().to_lowercase();
        if plain(&fingerprint(&credential.credential_id)) != plain(passkey) {
            return Err(wrong(
                "passkey",
                "staff.other_passkey",
                "This is not the fingerprint of this person's passkey. Load the list again and compare it with what they read out.",
            ));
        }
        let (now, by) = (self.now(), Some(by.id));
        let id = Some(credential.credential_id.as_slice());
        let leaf = staff_leaf(&known, StaffEvent::Confirmed, by, id, now)?;
        let confirm = Write::ConfirmStaff { staff, by, at: now };
        self.commit("confirm_staff", vec![confirm, Write::AddLeaf(leaf)]).await
    }
}
