//! Phone, name and documents of a person put right at a counter, the person and a document of theirs
//! before the officer; and such a change undone.
//!
//! Each is a look that the person sees, a change that they see, and two leaves of the public log.
//! Nothing of the account is shown. The document that found the person goes on leading to them.

use jadegate_domain::id::ChangeId;
use jadegate_domain::record::AccountEvent;
use jadegate_domain::{Document, HolderId, PersonName, Phone, Purpose};
use jadegate_store::{
    AccountChange, ChangedBy, CorrectionWrite, IndexKind, Precondition, StoreError, Unit, Write,
};

use crate::accounts::{Change, Detail, changed_meanwhile};
use crate::app::App;
use crate::document::DocumentInput;
use crate::error::{Kind, Result, ServiceError};
use crate::holder::details::AccountChangeView;
use crate::session::StaffSession;
use crate::staff::access::{Counted, Power, no_such_holder};
use crate::staff::people::find::Whom;
use crate::staff::what::What;
use crate::staff::wrong;
use crate::vault::Identity;

/// What is put right. Exactly one.
#[derive(Clone, Debug)]
pub enum DetailInput {
    /// Another phone.
    Phone(String),
    /// Another name, or another spelling.
    Name(String),
    /// One more document, a renewed one or a child's first.
    Document(DocumentInput),
    /// Somebody may care for the person: the carer's document.
    Carer(DocumentInput),
    /// They may no more.
    NoCarer(DocumentInput),
}

impl App {
    /// Puts one detail right of whoever shows a document.
    pub async fn change_details(
        &self,
        session: &StaffSession,
        shown: &DocumentInput,
        input: &DetailInput,
    ) -> Result<Vec<AccountChangeView>> {
        let (holder, identity, mut writes) =
            self.at_the_counter(session, shown, What::DetailsChanged).await?;
        let staff = session.staff();
        let by = ChangedBy::Staff { agency: staff.agency, staff: staff.id };
        writes.extend(self.detail_input(holder, &identity, by, input).await?);
        let unit = Unit::new("change_details", writes);
        self.store.commit(unit).await.map_err(|e| lost(e, input))?;
        self.changes_of(holder).await
    }

    async fn detail_input(
        &self,
        holder: HolderId,
        identity: &Identity,
        by: ChangedBy,
        input: &DetailInput,
    ) -> Result<Vec<Write>> {
        let change = |event| Change { by, ..Change::own(holder, event, self.now()) };
        match input {
            DetailInput::Phone(text) => {
                let phone =
                    crate::phone::read(text).map_err(|e| wrong("phone", e.code, e.detail))?;
                let to = Detail::Phone(Some(phone));
                self.detail_writes(change(to.event()), &to).await
            }
            DetailInput::Name(text) => {
                let name =
                    PersonName::new(text).map_err(|e| wrong("name", "name.bad", e.to_string()))?;
                let to = Detail::Name(name);
                self.detail_writes(change(to.event()), &to).await
            }
            DetailInput::Document(new) => {
                let document = Some(self.read_document(new)?);
                let event = AccountEvent::DocumentAdded;
                let mut writes = self.note_change_from(change(event), &identity.document).await?;
                let to = Identity { document, ..identity.clone() };
                writes.extend(self.adopt(holder, &to).await?);
                Ok(writes)
            }
            DetailInput::Carer(carer) => {
                let carer = self.of_document(carer).await?;
                self.add_carer(holder, carer, identity, by)
            }
            DetailInput::NoCarer(carer) => {
                let carer = self.of_document(carer).await?;
                self.end_carer(holder, carer, by)
            }
        }
    }

    /// Undoes a change of whoever shows a document, if nothing of its kind came after it.
    pub async fn undo_change(
        &self,
        session: &StaffSession,
        shown: &DocumentInput,
        id: ChangeId,
    ) -> Result<Vec<AccountChangeView>> {
        let (holder, identity, mut writes) =
            self.at_the_counter(session, shown, What::DetailsChanged).await?;
        let change = self.store.account_change(id).await?.filter(|c| c.holder == holder);
        let change = change.ok_or_else(no_such_change)?;
        let all = self.store.account_changes(holder, 1_000).await?;
        let mut later = all.iter().filter(|c| c.event == change.event && c.undone_at.is_none());
        if later.next().is_none_or(|newest| newest.id != id) {
            return Err(not_newest());
        }
        let at = self.now();
        writes.push(Write::UndoAccountChange { id, holder, at });
        writes.extend(self.put_back(&change, &identity).await?);
        let undone = AccountChange { undone_at: Some(at), ..change };
        writes.push(Write::AddLeaf(crate::log::account_leaf(&self.deployment.keys, &undone)?));
        self.store.commit(Unit::new("undo_change", writes)).await.map_err(conflict)?;
        self.changes_of(holder).await
    }

    /// The writes that bring back what was there before.
    async fn put_back(&self, change: &AccountChange, now: &Identity) -> Result<Vec<Write>> {
        let holder = change.holder;
        let key = self.store.vault_key(holder).await?.ok_or_else(no_such_holder)?;
        let sealed = change.sealed_before.as_ref().ok_or_else(not_undoable)?;
        let what = format!("change/{}", change.id);
        let plain = self.deployment.keys.open_for(&key, &what, sealed)?;
        let text = |e: serde_json::Error| ServiceError::internal(format!("a change: {e}"));
        match change.event {
            AccountEvent::PhoneChanged => {
                let phone: Option<Phone> = serde_json::from_slice(&plain).map_err(text)?;
                self.replace_detail(holder, now, &Detail::Phone(phone)).await
            }
            AccountEvent::NameChanged => {
                let name: PersonName = serde_json::from_slice(&plain).map_err(text)?;
                self.replace_detail(holder, now, &Detail::Name(name)).await
            }
            AccountEvent::DocumentAdded => {
                let before: Option<Document> = serde_json::from_slice(&plain).map_err(text)?;
                let (Some(before), Some(added)) = (before, &now.document) else {
                    return Err(not_undoable());
                };
                let fields = self.store.sealed_fields(holder).await?;
                let plain = serde_json::to_vec(&before).map_err(ServiceError::internal)?;
                let (keys, rng) = (&self.deployment.keys, self.deployment.rng.as_ref());
                let field = ("document", &plain[..]);
                let (kind, digest) = (IndexKind::Document, keys.document_index(added));
                Ok(vec![
                    Write::Correction(CorrectionWrite::ReleaseIndex { kind, digest, holder }),
                    keys.replace_field(&key, &fields, field, self.now(), rng)?,
                ])
            }
            AccountEvent::Registered
            | AccountEvent::CarerAdded
            | AccountEvent::CarerEnded
            | AccountEvent::JoinAsked
            | AccountEvent::RecordsJoined
            | AccountEvent::JoinContested
            | AccountEvent::RecordsParted
            | AccountEvent::RecordSplit
            | AccountEvent::SplitDecided
            | AccountEvent::SplitContested
            | AccountEvent::PaperPrinted
            | AccountEvent::PaperEnded => Err(not_undoable()),
        }
    }

    /// Whoever shows a document at a counter of their region, and the writes that say so.
    pub(super) async fn at_the_counter(
        &self,
        session: &StaffSession,
        shown: &DocumentInput,
        what: What,
    ) -> Result<(HolderId, Identity, Vec<Write>)> {
        let staff = session.need(Power::FindPerson)?;
        self.count_look(staff.id, Counted::LookUp).await?;
        let whom = Whom::Document(shown.clone());
        let holder = self.locate(&staff.region, &whom).await?.holder.id;
        let identity = self.identity(holder).await?.ok_or_else(no_such_holder)?;
        let writes = self.access_writes(staff, holder, Purpose::HolderRequest, what)?;
        Ok((holder, identity, writes))
    }

    /// Whom a document leads to, wherever they live.
    pub(super) async fn of_document(&self, document: &DocumentInput) -> Result<HolderId> {
        let digest = self.deployment.keys.document_index(&self.read_document(document)?);
        let holder = self.store.indexed_holder(IndexKind::Document, digest).await?;
        holder.ok_or_else(no_such_carer)
    }
}

fn lost(e: StoreError, input: &DetailInput) -> ServiceError {
    let carer = matches!(input, DetailInput::Carer(_));
    match input {
        DetailInput::Document(_) if e.is_conflict(Precondition::Absent) => ServiceError::new(
            Kind::Conflict,
            "document.taken",
            "The new document leads to somebody already. If that is the same person, join their two records; if it is not, begin a correction of the document.",
        ),
        _ if carer && e.is_conflict(Precondition::Absent) => ServiceError::new(
            Kind::Conflict,
            "people.already",
            "This carer cares for the person already.",
        ),
        DetailInput::NoCarer(_) if e.is_conflict(Precondition::Exists) => {
            ServiceError::not_found("people.not_caring", "This person does not care for them.")
        }
        _ if carer && e.no_room().is_some() => ServiceError::new(
            Kind::Conflict,
            "people.full",
            "The carer cares for as many people as the policy allows. Somebody has to be removed first.",
        ),
        _ => conflict(e),
    }
}

pub(super) fn conflict(e: StoreError) -> ServiceError {
    let lost =
        [Precondition::Exists, Precondition::Absent, Precondition::Unused, Precondition::Leads];
    if lost.into_iter().any(|p| e.is_conflict(p)) { changed_meanwhile() } else { e.into() }
}

fn no_such_carer() -> ServiceError {
    ServiceError::not_found(
        "people.carer_unknown",
        "The carer is not registered with this document. They have to register first.",
    )
}

fn no_such_change() -> ServiceError {
    ServiceError::not_found("change.unknown", "There is no such change of this person.")
}

fn not_newest() -> ServiceError {
    ServiceError::new(
        Kind::Conflict,
        "change.not_newest",
        "This was undone already, or the same was changed again since. Undo the newest change first.",
    )
}

fn not_undoable() -> ServiceError {
    ServiceError::bad(
        "change.not_undoable",
        "This cannot be undone here: add or remove the carer or the document, or join or part the records, instead.",
    )
}
