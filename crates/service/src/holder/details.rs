//! What changed about how a holder is known, and a change of phone by themselves.

use jadegate_domain::id::{ChallengeId, ChangeId};
use jadegate_domain::record::AccountEvent;
use jadegate_domain::{HolderId, Timestamp};
use jadegate_store::{AccountChange, ChangedBy, Precondition, Unit};
use serde::Serialize;

use super::answer::{Answering, answer_error, no_challenge};
use super::me::AgencyName;
use super::register::{Aim, Asked, ChallengeSent};
use crate::accounts::{Change, Detail, changed_meanwhile};
use crate::app::App;
use crate::error::{Kind, Result, ServiceError};
use crate::limits::Limit;
use crate::session::HolderSession;

/// Changes that are listed.
const LIST: u32 = 200;
/// Changes to another phone that one person may ask for within a day.
const MOVES: Limit = Limit { class: "phone.move", seconds: 86_400, most: 5 };

/// A change of how a holder is known, as they see it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccountChangeView {
    /// The id of this change.
    pub id: ChangeId,
    /// When.
    pub at: Timestamp,
    /// What changed.
    pub event: AccountEvent,
    /// Whose counter it was; `None`: the holder, or somebody who cares for them.
    pub by: Option<AgencyName>,
    /// Was it somebody who cares for the holder?
    pub by_carer: bool,
    /// Who cares for the holder or did, masked, where the change is about that.
    pub carer: Option<String>,
    /// When it was undone.
    pub undone_at: Option<Timestamp>,
}

impl App {
    /// What changed about how the holder is known, newest first.
    pub async fn my_changes(&self, s: &HolderSession) -> Result<Vec<AccountChangeView>> {
        self.changes_of(s.holder).await
    }

    /// The same of anybody.
    pub(crate) async fn changes_of(&self, holder: HolderId) -> Result<Vec<AccountChangeView>> {
        let names = self.agency_names().await?;
        let mut views = Vec::new();
        for c in self.store.account_changes(holder, LIST).await? {
            let carer = match c.carer {
                Some(carer) => self.identity(carer).await?.map(|i| i.name.mask()),
                None => None,
            };
            let AccountChange { id, at, event, by, undone_at, .. } = c;
            let by_carer = matches!(by, ChangedBy::Carer(_));
            let by = by.agency().and_then(|a| names.get(&a).cloned());
            views.push(AccountChangeView { id, at, event, by, by_carer, carer, undone_at });
        }
        Ok(views)
    }

    /// Asks to change to another phone: a code goes there.
    pub async fn begin_phone_change(
        &self,
        s: &HolderSession,
        phone: &str,
    ) -> Result<ChallengeSent> {
        s.own()?;
        let phone = crate::phone::read(phone).map_err(|e| ServiceError::fields(vec![e]))?;
        let own = self.identity(s.holder).await?.ok_or_else(no_challenge)?;
        if own.phone.as_ref() == Some(&phone) {
            return Err(same_phone());
        }
        let (language, aim) = (own.language, Aim::Move(s.holder));
        let asked = Asked { phone, language, waiting: None, device: None, known_as: None, aim };
        let (sent, challenge) = self.sealed_request(&asked)?;
        let key = self.deployment.keys.evidence_key(&format!("move/{}", s.holder));
        let count = self.count(MOVES, key, 1);
        match self.store.commit(Unit::new("ask_to_move", vec![count, challenge])).await {
            Ok(()) => Ok(sent),
            Err(e) if e.no_room().is_some() => Err(too_often()),
            Err(e) => Err(e.into()),
        }
    }

    /// Changes to the new phone with the code from there and the end of the own document, so that
    /// nobody who finds an unlocked phone takes the account along. Ends every session; the old phone
    /// leads to the person no more.
    pub async fn confirm_phone_change(
        &self,
        s: &HolderSession,
        id: ChallengeId,
        with: &Answering<'_>,
    ) -> Result<()> {
        s.own()?;
        let (c, _, right) = self.right_answer(id, with.code).await?;
        let asked = self.asked(&c)?;
        if asked.aim != Aim::Move(s.holder) {
            return Err(no_challenge());
        }
        self.show_document(s.holder, with.document_end).await?;
        let now = self.now();
        let change = Change::own(s.holder, AccountEvent::PhoneChanged, now);
        let mut writes: Vec<_> = right.use_up(now).into();
        writes.extend(self.detail_writes(change, &Detail::Phone(Some(asked.phone))).await?);
        self.store.commit(Unit::new("change_phone", writes)).await.map_err(|e| {
            let lost = [Precondition::Exists, Precondition::Absent].map(|p| e.is_conflict(p));
            if lost.contains(&true) { changed_meanwhile() } else { answer_error(e) }
        })
    }
}

fn same_phone() -> ServiceError {
    ServiceError::bad("phone.same", "This is the phone that you have registered already.")
}

fn too_often() -> ServiceError {
    ServiceError::new(
        Kind::TooMany,
        "phone.asked_too_often",
        "You asked to change your phone very often today. Please try again tomorrow, or go to a counter.",
    )
}
