//! A document that was taken from an account does not lead back to it by itself.
//!
//! With the release the store keeps by what the account was known: itself, its phone, its devices, each
//! as a keyed digest. Registering the document from any of them goes to a counter, where one officer
//! sees the person and the document. Whoever else registers it is not concerned, so its owner is not.

use jadegate_domain::{HolderId, Phone, Purpose, hex};
use jadegate_store::{CorrectionWrite, DocumentBar, IndexKind, SessionSubject, StoreError, Write};

use crate::app::App;
use crate::document::DocumentInput;
use crate::error::{Kind, Result, ServiceError};
use crate::keys::Keys;
use crate::session::StaffSession;
use crate::staff::access::{Counted, Power};
use crate::staff::what::What;
use crate::staff::wrong;

fn account_mark(keys: &Keys, holder: HolderId) -> [u8; 16] {
    keys.blind("barred account", &holder.to_string())
}

fn phone_mark(keys: &Keys, phone: &Phone) -> [u8; 16] {
    keys.blind("barred phone", phone.reveal())
}

/// What a device is known by: the digest of its token, whether it is trusted now or was once.
pub(crate) fn device_lane(keys: &Keys, token_digest: &[u8; 32]) -> [u8; 16] {
    keys.blind("device lane", &hex::encode(token_digest))
}

impl App {
    /// The write that bars an account from a document which is taken from it.
    pub(super) async fn bar(&self, holder: HolderId, document: [u8; 16]) -> Result<Write> {
        let keys = &self.deployment.keys;
        // Of whom nothing can be read the account itself is barred.
        let identity = self.or_set_aside(self.identity(holder).await)?.flatten();
        let mut marks: Vec<_> = identity
            .iter()
            .filter_map(|i| i.phone.as_ref())
            .map(|phone| phone_mark(keys, phone))
            .collect();
        let devices = self.store.sessions_of(SessionSubject::Device(holder), self.now()).await?;
        marks.extend(devices.iter().map(|d| device_lane(keys, &d.token_digest)));
        let (account, at) = (account_mark(keys, holder), self.now());
        Ok(Write::Correction(CorrectionWrite::BarDocument(Box::new(DocumentBar {
            document,
            account,
            marks,
            at,
        }))))
    }

    /// Stands before the write that makes a document lead to somebody: it was not taken from this
    /// account, phone or device ([`at_counter`]).
    pub(crate) fn not_barred(
        &self,
        document: [u8; 16],
        account: Option<HolderId>,
        phone: Option<&Phone>,
        device: Option<[u8; 16]>,
    ) -> Write {
        let keys = &self.deployment.keys;
        let account = account.map(|holder| account_mark(keys, holder));
        let marks = account
            .into_iter()
            .chain(phone.map(|phone| phone_mark(keys, phone)))
            .chain(device)
            .collect();
        Write::Correction(CorrectionWrite::ExpectUnbarred { document, marks })
    }

    /// An officer has the person and the document before them: with this phone they may register it
    /// again, though it was taken from an account of theirs before.
    pub async fn lift_document_bar(
        &self,
        session: &StaffSession,
        document: &DocumentInput,
        phone: &str,
    ) -> Result<()> {
        let staff = session.need(Power::FindPerson)?;
        self.count_look(staff.id, Counted::LookUp).await?;
        let phone = Phone::new(phone).map_err(|e| wrong("phone", "phone.bad", e.to_string()))?;
        let keys = &self.deployment.keys;
        let document = keys.document_index(&self.read_document(document)?);
        let mut writes = vec![Write::Correction(CorrectionWrite::LiftBar {
            document,
            mark: phone_mark(keys, &phone),
        })];
        // The account that lost it, if it still has this phone, sees who let it have it again.
        let account = self.store.indexed_holder(IndexKind::Phone, keys.phone_index(&phone)).await?;
        if let Some(holder) = account {
            let (purpose, what) = (Purpose::HolderRequest, What::DocumentAllowed);
            writes.extend(self.access_writes(staff, holder, purpose, what)?);
        }
        self.store.commit(jadegate_store::Unit::new("lift_document_bar", writes)).await.map_err(
            |e| match e {
                StoreError::Conflict { table: "document_bar", .. } => ServiceError::not_found(
                    "document.not_barred",
                    "This document was not taken from anybody with this phone, so nothing has to be lifted. The person can register it.",
                ),
                e => e.into(),
            },
        )
    }
}

/// What whoever registers a document again that was taken from them is told.
pub(crate) fn at_counter() -> ServiceError {
    ServiceError::new(
        Kind::Forbidden,
        "document.at_counter",
        "This document was given back to its owner, and it had been registered with this phone or on this device. If it is yours, take it to a counter of the prevention team or a hospital; they can let you register it again.",
    )
}
