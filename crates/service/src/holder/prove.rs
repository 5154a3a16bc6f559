//! Which of those who use a phone somebody is.
//!
//! A person is known by a document; a phone leads to the people who use it. Whoever has the phone has
//! not shown which of them they are, nor that they are any of them: numbers are shared, stolen and
//! given to strangers. So a code alone opens an account only on a device that belongs to it; anywhere
//! else the end of its document is asked for, and after too many wrong ones a counter ([decision
//! 0049]).
//!
//! [decision 0049]: ../../../../docs/decisions/0049-a-phone-is-not-a-person.md

use jadegate_domain::record::LinkState;
use jadegate_domain::{Document, HolderId, Phone};
use jadegate_store::{IndexKind, Unit, Write};

use crate::app::App;
use crate::error::{Kind, Result, ServiceError};
use crate::limits::Limit;
use crate::vault::Identity;

/// Characters of a document's end that show it.
const SHOWN: usize = 6;
/// Ends of documents tried for one phone, right or wrong. Six characters of a resident ID are one of
/// some 300,000, so that a year of trying finds one in a thousand.
const ENDS: Limit = Limit { class: "document.end", seconds: 30 * 86_400, most: 20 };

/// Somebody who uses a phone.
pub(crate) struct User {
    pub(crate) holder: HolderId,
    pub(crate) identity: Identity,
    /// As they are known by the records that were joined with theirs.
    others: Vec<Identity>,
}

impl User {
    /// The account's document was given to its owner, and nothing is left to show.
    pub(crate) const fn has_no_document(&self) -> bool {
        self.identity.document.is_none() && self.others.is_empty()
    }

    fn is_shown_by(&self, end: &str) -> bool {
        self.all().filter_map(|i| i.document.as_ref()).any(|d| shows(d, end))
    }

    /// The same name, however it is capitalised, and no other day of birth.
    pub(crate) fn is_called(&self, other: &Identity) -> bool {
        let folded = |i: &Identity| i.name.reveal().to_lowercase();
        let other_day =
            |i: &Identity| i.born_on().zip(other.born_on()).is_some_and(|(a, b)| a != b);
        self.all().any(|i| folded(i) == folded(other)) && !self.all().any(other_day)
    }

    fn all(&self) -> impl Iterator<Item = &Identity> {
        [&self.identity].into_iter().chain(&self.others)
    }
}

/// Does what was typed show the document: its last characters, or all of it as it is printed?
fn shows(document: &Document, typed: &str) -> bool {
    let end = compact(typed);
    let number = document.reveal();
    let enough = end.len() >= SHOWN.min(number.len());
    let same = || Document::new(document.doc_type(), document.country(), typed).ok();
    enough && (number.ends_with(&end) || same().is_some_and(|d| d == *document))
}

/// Capital letters and digits of what was typed, in whatever width.
fn compact(typed: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    };
    typed.chars().map(narrow).filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase()
}

impl App {
    /// Everybody who uses a phone, by id.
    pub(crate) async fn users_of(&self, phone: &Phone) -> Result<Vec<User>> {
        let digest = self.deployment.keys.phone_index(phone);
        let mut users = Vec::new();
        for holder in self.store.indexed_holders(IndexKind::Phone, digest).await? {
            users.extend(self.user(holder).await?);
        }
        Ok(users)
    }

    /// Somebody, by all their records.
    async fn user(&self, holder: HolderId) -> Result<Option<User>> {
        let Some(identity) = self.identity(holder).await? else { return Ok(None) };
        let mut others = Vec::new();
        for link in self.links_with(holder).await? {
            if link.main == holder && link.state == LinkState::Joined {
                others.extend(self.identity(link.record).await?);
            }
        }
        Ok(Some(User { holder, identity, others }))
    }

    /// Demands that these use the phone, and nobody else.
    pub(crate) fn expect_users(&self, phone: &Phone, users: &[User]) -> Write {
        Write::ExpectIndexed {
            kind: IndexKind::Phone,
            digest: self.deployment.keys.phone_index(phone),
            holders: users.iter().map(|u| u.holder).collect(),
        }
    }

    /// The one of a phone's users whose document's end was typed. An account whose document was given
    /// to its owner has none and shows no code; alone on its phone it is opened by that phone.
    pub(crate) async fn shown_user(
        &self,
        phone: &Phone,
        users: Vec<User>,
        end: &str,
    ) -> Result<User> {
        if let [only] = &users[..]
            && only.has_no_document()
        {
            return users.into_iter().next().ok_or_else(needed);
        }
        self.count_end(phone, end).await?;
        users.into_iter().find(|u| u.is_shown_by(end)).ok_or_else(not_shown)
    }

    /// The user of a phone who registers a document that leads to nobody yet, if it is one of them:
    /// of the same name, with another document (a renewed one), or without any. The document before
    /// is asked for, unless they are at a device that belongs to them.
    pub(crate) async fn same_person(
        &self,
        users: Vec<User>,
        who: &Identity,
        device: Option<HolderId>,
        end: &str,
    ) -> Result<Option<User>> {
        let (called, others): (Vec<_>, Vec<_>) = users.into_iter().partition(|u| u.is_called(who));
        let without = || others.into_iter().find(User::has_no_document);
        let Some(user) = called.into_iter().next().or_else(without) else { return Ok(None) };
        if !user.has_no_document() && device != Some(user.holder) {
            self.count_end(who.phone.as_ref().ok_or_else(needed)?, end).await?;
            if !user.is_shown_by(end) {
                return Err(not_shown());
            }
        }
        Ok(Some(user))
    }

    /// An error unless what was typed shows the holder's own document.
    pub(crate) async fn show_document(&self, holder: HolderId, end: &str) -> Result<()> {
        let user = self.user(holder).await?.ok_or_else(not_shown)?;
        self.count_end(user.identity.phone.as_ref().ok_or_else(not_shown)?, end).await?;
        if user.is_shown_by(end) { Ok(()) } else { Err(not_shown()) }
    }

    /// Counts an end before it is looked at.
    async fn count_end(&self, phone: &Phone, end: &str) -> Result<()> {
        if compact(end).is_empty() {
            return Err(needed());
        }
        let count = self.count(ENDS, self.deployment.keys.phone_index(phone), 1);
        match self.store.commit(Unit::new("count_document_end", vec![count])).await {
            Err(e) if e.no_room().is_some() => Err(counter()),
            other => Ok(other?),
        }
    }
}

fn needed() -> ServiceError {
    ServiceError::forbidden(
        "document.needed",
        "The code is right. A phone can be shared or change hands, so please also type the last six characters of the document that you registered here with.",
    )
}

fn not_shown() -> ServiceError {
    ServiceError::forbidden(
        "document.not_shown",
        "These are not the last characters of a document that was registered with this phone. Compare them with the document.",
    )
}

fn counter() -> ServiceError {
    ServiceError::new(
        Kind::TooMany,
        "document.counter",
        "Too many wrong document numbers were typed for this phone. A device on which you signed in before still works; otherwise please go to a counter with your document.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use jadegate_domain::DocumentType;

    #[test]
    fn the_end_of_a_document_shows_it_and_less_does_not() {
        let d = Document::new(DocumentType::Passport, "CHN", "X0001234").unwrap();
        for typed in ["001234", "00 1234", "x0001234", "０01234", "X000-1234"] {
            assert!(shows(&d, typed), "{typed}");
        }
        for typed in ["", "1234", "01234", "001235", "0X0001234", "000123"] {
            assert!(!shows(&d, typed), "{typed}");
        }
        // A short number is shown by all of it.
        let d = Document::new(DocumentType::Other, "CHN", "AB12").unwrap();
        assert!(shows(&d, "ab12") && !shows(&d, "b12"));
        // As printed, with the digits that count reissues.
        let d = Document::new(DocumentType::HkMacaoPermit, "", "H1234567801").unwrap();
        assert!(shows(&d, "H1234567801") && shows(&d, "345678"));
    }
}
