//! Records that may be of the holder as well: they ask that one is joined with theirs, see which are, and
//! say that one is not theirs. Each of these only ever makes a colour stricter, until a counter decides
//! ([decision 0060]).
//!
//! [decision 0060]: ../../../../docs/decisions/0060-two-records-of-one-person.md

use jadegate_domain::HolderId;
use jadegate_domain::id::ChallengeId;
use jadegate_domain::record::LinkState;
use jadegate_store::{ChallengeUse, ChangedBy, Precondition, Unit, Write};

use super::answer::{Answering, answer_error, no_challenge};
use super::register::{Aim, Asked, ChallengeSent, DocumentInput, Waiting};
use crate::app::App;
use crate::error::{Kind, Result, ServiceError};
use crate::jobs::note;
use crate::limits::Limit;
use crate::links::{LinkChange, LinkedRecord, changed_meanwhile, no_such_link, pair};
use crate::session::HolderSession;
use crate::vault::Identity;

/// Requests of one person within a day.
const ASKED: Limit = Limit { class: "records.ask", seconds: 86_400, most: 10 };

impl App {
    /// The records that are linked with the holder's.
    pub async fn my_records(&self, s: &HolderSession) -> Result<Vec<LinkedRecord>> {
        self.linked_records(s.holder).await
    }

    /// Asks that the record of another document is joined with the holder's. A code goes to that record's
    /// phone; what is answered is the same whatever is known.
    pub async fn begin_join(
        &self,
        s: &HolderSession,
        document: &DocumentInput,
    ) -> Result<ChallengeSent> {
        s.own()?;
        let document = self.read_document(document)?;
        let own = self.identity(s.holder).await?.ok_or_else(no_challenge)?;
        if own.document.as_ref() == Some(&document) {
            return Err(own_document());
        }
        let home = self.store.holder(s.holder).await?.ok_or_else(no_challenge)?.home;
        let phone = own.phone.clone().ok_or_else(no_challenge)?;
        let (language, aim) = (own.language.clone(), Aim::Join(s.holder));
        let waiting =
            Some(Waiting { identity: Identity { document: Some(document), ..own }, home });
        let asked = Asked { phone, language, waiting, device: None, known_as: None, aim };
        let (sent, challenge) = self.sealed_request(&asked)?;
        let key = self.deployment.keys.evidence_key(&format!("records/{}", s.holder));
        let count = self.count(ASKED, key, 1);
        match self.store.commit(Unit::new("ask_to_join", vec![count, challenge])).await {
            Ok(()) => Ok(sent),
            Err(e) if e.no_room().is_some() => Err(asked_too_often()),
            Err(e) => Err(e.into()),
        }
    }

    /// Proves it with the code: from then on the strictest colour holds for both, until a counter has seen
    /// both documents.
    pub async fn confirm_join(
        &self,
        s: &HolderSession,
        id: ChallengeId,
        with: &Answering<'_>,
    ) -> Result<Vec<LinkedRecord>> {
        s.own()?;
        let (c, used_for, right) = self.right_answer(id, with.code).await?;
        if self.asked(&c)?.aim != Aim::Join(s.holder) {
            return Err(no_challenge());
        }
        let other = match used_for {
            ChallengeUse::SignIn(other) => self.main_record(other).await?,
            ChallengeUse::Register => return Err(unknown()),
            ChallengeUse::Phone | ChallengeUse::Nothing => return Err(no_challenge()),
        };
        if other == s.holder {
            return Err(own_document());
        }
        let own = self.links_with(s.holder).await?;
        let others = self.links_with(other).await?;
        let (main, record, link) = pair((s.holder, &own), (other, &others))?;
        if link.is_some() {
            return Err(asked_already());
        }
        let (state, at) = (Some(LinkState::Asked), self.now());
        let mut writes: Vec<_> = right.use_up(at).into();
        let to = LinkChange { record, main, state, by: ChangedBy::Person, at };
        writes.extend(self.link_writes(None, to)?);
        match self.commit_unit(Unit::new("ask_to_join", writes)).await {
            Ok(_) => {}
            Err(e) if e.is_conflict(Precondition::Absent) => return Err(changed_meanwhile()),
            Err(e) => return Err(answer_error(e)),
        }
        self.assess_both(main, record).await;
        self.linked_records(s.holder).await
    }

    /// Says that a record which was joined with the holder's is not theirs: it is read apart at once, and
    /// everybody is signed out. Or that one which was split from it is, or that pieces were given to the
    /// wrong one: nothing of that is decided any more. In both cases the strictest colour holds for both
    /// until a counter decides.
    ///
    /// Returns whether the holder is signed out.
    pub async fn contest_join(&self, s: &HolderSession, record: HolderId) -> Result<bool> {
        s.own()?;
        let links = self.links_with(s.holder).await?;
        let stands = |l: &&jadegate_store::RecordLink| {
            l.record == record && matches!(l.state, LinkState::Joined | LinkState::Split)
        };
        let link = *links.iter().find(stands).ok_or_else(no_such_link)?;
        let by = ChangedBy::Person;
        let writes = if link.state == LinkState::Split {
            let mut writes = self.dispute_writes(link, by)?;
            // What one counter said before is no half of a decision any more.
            let mut pieces = self.store.split_pieces(record).await?;
            for p in &mut pieces {
                (p.wish, p.by) = (None, None);
            }
            writes.push(Write::PutPieces { record, pieces });
            writes
        } else {
            let (state, at) = (Some(LinkState::Contested), self.now());
            let to = LinkChange { record, main: link.main, state, by, at };
            let mut writes = self.link_writes(Some(link), to)?;
            writes.extend(self.phone_back(&link, by).await?);
            writes
        };
        match self.commit_unit(Unit::new("contest_join", writes)).await {
            Ok(_) => {}
            Err(e) if e.is_conflict(Precondition::Stands) => return Err(changed_meanwhile()),
            Err(e) => return Err(e.into()),
        }
        self.assess_both(link.main, record).await;
        Ok(link.state == LinkState::Joined)
    }

    /// Lists know them at once; their own page would ask anyway.
    async fn assess_both(&self, main: HolderId, record: HolderId) {
        for holder in [main, record] {
            note("assess_records", &self.assessment(holder).await);
        }
    }
}

fn own_document() -> ServiceError {
    ServiceError::bad(
        "records.own_document",
        "This document leads to your own record already. Nothing has to be joined.",
    )
}

fn unknown() -> ServiceError {
    ServiceError::not_found(
        "records.not_registered",
        "This document is not registered. If it is yours, sign out and register it with this phone: it is added to your record.",
    )
}

fn asked_already() -> ServiceError {
    ServiceError::new(
        Kind::Conflict,
        "records.asked",
        "This was asked for already. Please go to a counter with both documents.",
    )
}

fn asked_too_often() -> ServiceError {
    ServiceError::new(
        Kind::TooMany,
        "records.asked_too_often",
        "You asked to join records very often today. Please try again tomorrow, or go to a counter.",
    )
}
