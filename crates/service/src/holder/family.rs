//! Those who care for others: whose code somebody may show beside their own.
//!
//! A person is added with their document, never by name and number alone (h15): if the document leads
//! to somebody, the code that adds them goes to *their* phone, with a text that says what it is for;
//! if it leads to nobody, they are registered with the carer's phone. What is answered meanwhile is
//! the same. Either side sees the other and ends it at once. A guardian's proxy for a child ends at
//! the age that the policy names ([decision 0050]).
//!
//! [decision 0050]: ../../../../docs/decisions/0050-those-who-care.md

use jadegate_domain::id::ChallengeId;
use jadegate_domain::record::AccountEvent;
use jadegate_domain::{HolderId, Timestamp};
use jadegate_store::{
    ChallengeUse, ChangedBy, PEOPLE, Precondition, Proxy, StoreError, Unit, Write,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::answer::{Answering, Right, answer_error, no_challenge, start_again};
use super::prove::User;
use super::register::{Aim, Asked, ChallengeSent, DocumentInput, RegistrationInput, Waiting};
use crate::accounts::Change;
use crate::app::App;
use crate::assess::TRIES;
use crate::error::{FieldError, Kind, Result, ServiceError};
use crate::jobs::note;
use crate::limits::Limit;
use crate::session::HolderSession;
use crate::vault::Identity;

/// Requests to add somebody, of one person within a day.
const ASKED: Limit = Limit { class: "people.ask", seconds: 86_400, most: 10 };

/// Whom somebody wants to care for.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PersonInput {
    /// Name.
    pub name: String,
    /// Document.
    pub document: DocumentInput,
    /// Nationality, ISO 3166-1 alpha-2.
    pub nationality: String,
    /// Home division.
    pub home_division: String,
    /// Day of birth (`2019-05-01`), where the document does not say it.
    #[serde(default)]
    pub born: String,
    /// `zh` or `en`.
    #[serde(default)]
    pub language: String,
}

/// Somebody whose code the holder may show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaredFor {
    /// Who, opaquely: names them in the header `jadegate-person`.
    pub id: HolderId,
    /// Name, masked.
    pub name_masked: String,
    /// Since when.
    pub since: Timestamp,
    /// The day on which it ends by itself, of a child.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub until: Option<String>,
}

/// Somebody who may show the holder's code and see what the holder sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Carer {
    /// Who, opaquely.
    pub id: HolderId,
    /// Name, masked.
    pub name_masked: String,
    /// Since when.
    pub since: Timestamp,
}

/// Both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Family {
    /// Whose codes the holder may show.
    pub people: Vec<CaredFor>,
    /// Who may show the holder's.
    pub carers: Vec<Carer>,
    /// For how many people at most somebody may care, by the policy.
    pub most: u32,
}

/// Somebody was added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AddedPerson {
    /// Who, opaquely.
    pub id: HolderId,
    /// Name, masked.
    pub name_masked: String,
    /// Were they registered just now?
    pub new: bool,
}

impl App {
    /// Asks to care for somebody. The code that adds them goes to their phone, or to the carer's if
    /// their document is not registered yet; the answer is the same.
    pub async fn begin_person(
        &self,
        s: &HolderSession,
        input: &PersonInput,
    ) -> Result<ChallengeSent> {
        s.own()?;
        let own = self.identity(s.holder).await?.ok_or_else(no_challenge)?;
        let waiting = self.read_person(input, &own)?;
        if waiting.identity.document == own.document {
            return Err(yourself());
        }
        if self.store.people_of(s.holder).await?.len() >= self.most_people() {
            return Err(full());
        }
        let language = waiting.identity.language.clone();
        let phone = own.phone.ok_or_else(no_challenge)?;
        let aim = Aim::Care(s.holder);
        let asked =
            Asked { phone, language, waiting: Some(waiting), device: None, known_as: None, aim };
        let (sent, challenge) = self.sealed_request(&asked)?;
        let key = self.deployment.keys.evidence_key(&format!("people/{}", s.holder));
        let count = self.count(ASKED, key, 1);
        match self.store.commit(Unit::new("ask_to_care", vec![count, challenge])).await {
            Ok(()) => Ok(sent),
            Err(e) if e.no_room().is_some() => Err(asked_too_often()),
            Err(e) => Err(e.into()),
        }
    }

    /// What was typed of a person, with the carer's phone, and a day of birth that is known.
    fn read_person(&self, input: &PersonInput, own: &Identity) -> Result<Waiting> {
        let today = self.now().local_day(self.policy().calendar().zone());
        let registration = RegistrationInput {
            name: input.name.clone(),
            document: input.document.clone(),
            nationality: input.nationality.clone(),
            phone: own.phone.as_ref().map_or_else(String::new, |p| p.reveal().to_owned()),
            phone_country: None,
            home_division: input.home_division.clone(),
            language: input.language.clone(),
            proof: None,
        };
        let mut waiting = registration.parse(today).map_err(ServiceError::fields)?;
        if waiting.identity.born_on().is_none() {
            waiting.identity.born = Some(birth_day(&input.born, today)?);
        }
        Ok(waiting)
    }

    /// Answers a request to care for somebody with the code.
    pub async fn confirm_person(
        &self,
        s: &HolderSession,
        id: ChallengeId,
        with: &Answering<'_>,
    ) -> Result<AddedPerson> {
        s.own()?;
        let (c, used_for, right) = self.right_answer(id, with.code).await?;
        let asked = self.asked(&c)?;
        let waiting = asked.waiting.filter(|_| asked.aim == Aim::Care(s.holder));
        let waiting = waiting.ok_or_else(no_challenge)?;
        match used_for {
            ChallengeUse::SignIn(person) => {
                let person = self.main_record(person).await?;
                self.care_for_known(s.holder, person, &right).await
            }
            ChallengeUse::Register => {
                self.care_for_new(s.holder, waiting, &right, with.document_end).await
            }
            ChallengeUse::Phone | ChallengeUse::Nothing => Err(no_challenge()),
        }
    }

    /// Somebody registered, who gave the code that came to their phone.
    async fn care_for_known(
        &self,
        carer: HolderId,
        person: HolderId,
        right: &Right,
    ) -> Result<AddedPerson> {
        let identity = self.identity(person).await?.ok_or_else(no_challenge)?;
        let added = AddedPerson { id: person, name_masked: identity.name.mask(), new: false };
        if person == carer {
            return Err(yourself());
        }
        if self.store.proxy(person, carer).await?.is_some() {
            return Ok(added);
        }
        let mut writes: Vec<_> = right.use_up(self.now()).into();
        writes.extend(self.add_carer(person, carer, &identity, ChangedBy::Person)?);
        let unit = Unit::new("care_for", writes);
        self.store
            .commit(unit)
            .await
            .map_err(|e| refused(&e).unwrap_or_else(|| answer_error(e)))?;
        Ok(added)
    }

    /// Somebody whose document led to nobody: registered with the carer's phone, or, if one of that
    /// name and day of birth uses it already, known from then on by this document too.
    async fn care_for_new(
        &self,
        carer: HolderId,
        waiting: Waiting,
        right: &Right,
        end: &str,
    ) -> Result<AddedPerson> {
        let phone = waiting.identity.phone.clone().ok_or_else(no_challenge)?;
        for _ in 0..TRIES {
            let users = self.users_of(&phone).await?;
            let expect = self.expect_users(&phone, &users);
            let same = self.same_relative(carer, users, &waiting.identity, end).await?;
            let mut writes: Vec<_> = right.use_up(self.now()).into();
            writes.push(expect);
            let (id, new) = if let Some(user) = same {
                writes.extend(self.one_more_document(carer, &user, &waiting.identity).await?);
                (user.holder, false)
            } else {
                let (holder, more) = self.registered(&waiting, self.now()).await?;
                writes.extend(more);
                (holder, true)
            };
            if self.store.proxy(id, carer).await?.is_none() {
                let by = ChangedBy::Carer(carer);
                writes.extend(self.add_carer(id, carer, &waiting.identity, by)?);
            }
            match self.store.commit(Unit::new("care_for", writes)).await {
                Ok(()) => {
                    note("assess_cared_for", &self.assessment(id).await);
                    let name_masked = waiting.identity.name.mask();
                    return Ok(AddedPerson { id, name_masked, new });
                }
                // Somebody else began to use the phone, or something was kept, a moment ago.
                Err(e) if e.is_conflict(Precondition::Leads) => {}
                Err(e) if e.is_conflict(Precondition::Absent) => return Err(start_again()),
                Err(e) => return Err(refused(&e).unwrap_or_else(|| answer_error(e))),
            }
        }
        Err(start_again())
    }

    /// The one of a phone's users who is the person to be added, by name and day of birth. Of one for
    /// whom the carer does not care yet, the document before is asked for.
    async fn same_relative(
        &self,
        carer: HolderId,
        users: Vec<User>,
        who: &Identity,
        end: &str,
    ) -> Result<Option<User>> {
        let users: Vec<_> = users.into_iter().filter(|u| u.is_called(who)).collect();
        if users.iter().any(|u| u.holder == carer) {
            return Err(own_name());
        }
        let mut known = None;
        for user in &users {
            if self.store.proxy(user.holder, carer).await?.is_some() {
                known = Some(user.holder);
            }
        }
        self.same_person(users, who, known, end).await
    }

    async fn one_more_document(
        &self,
        carer: HolderId,
        user: &User,
        who: &Identity,
    ) -> Result<Vec<Write>> {
        let by = ChangedBy::Carer(carer);
        let change =
            Change { by, ..Change::own(user.holder, AccountEvent::DocumentAdded, self.now()) };
        let mut writes = self.note_change_from(change, &user.identity.document).await?;
        let phone = user.identity.phone.clone();
        let who = Identity { phone, ..who.clone() };
        writes.push(self.may_have(&who, Some(user.holder), None)?);
        writes.extend(self.adopt(user.holder, &who).await?);
        Ok(writes)
    }

    /// The writes that let somebody act for a person, noted and logged.
    pub(crate) fn add_carer(
        &self,
        person: HolderId,
        carer: HolderId,
        identity: &Identity,
        by: ChangedBy,
    ) -> Result<Vec<Write>> {
        let since = self.now();
        let child = self.grown_up_on(identity).is_some_and(|day| self.today() < day);
        let proxy = Proxy { person, carer, since, child };
        let mut writes = vec![Write::AddProxy { proxy, most: self.policy().people().most }];
        let (event, carer) = (AccountEvent::CarerAdded, Some(carer));
        writes.extend(self.note_change(Change { holder: person, event, by, carer, at: since })?);
        Ok(writes)
    }

    /// Both sides of somebody's family. Who acts for a person sees who else does, and nobody for whom
    /// that person acts.
    pub async fn family(&self, s: &HolderSession) -> Result<Family> {
        let mut family =
            Family { people: Vec::new(), carers: Vec::new(), most: self.policy().people().most };
        let people =
            if s.carer.is_some() { Vec::new() } else { self.store.people_of(s.holder).await? };
        for p in people {
            let identity = self.identity(p.person).await?;
            let ends = identity.as_ref().filter(|_| p.child).and_then(|i| self.grown_up_on(i));
            family.people.push(CaredFor {
                id: p.person,
                name_masked: masked(identity.as_ref()),
                since: p.since,
                until: ends.map(|day| day.to_string()),
            });
        }
        for p in self.store.carers_of(s.holder).await? {
            let identity = self.identity(p.carer).await?;
            let name_masked = masked(identity.as_ref());
            family.carers.push(Carer { id: p.carer, name_masked, since: p.since });
        }
        Ok(family)
    }

    /// The holder stops caring for somebody.
    pub async fn stop_caring(&self, s: &HolderSession, person: HolderId) -> Result<()> {
        s.own()?;
        self.end_care(person, s.holder, ChangedBy::Carer(s.holder)).await
    }

    /// The holder lets somebody act for them no more.
    pub async fn dismiss_carer(&self, s: &HolderSession, carer: HolderId) -> Result<()> {
        s.own()?;
        self.end_care(s.holder, carer, ChangedBy::Person).await
    }

    /// The writes that end it, noted and logged.
    pub(crate) fn end_carer(
        &self,
        person: HolderId,
        carer: HolderId,
        by: ChangedBy,
    ) -> Result<Vec<Write>> {
        let (event, at) = (AccountEvent::CarerEnded, self.now());
        let change = Change { holder: person, event, by, carer: Some(carer), at };
        let end = Write::EndProxy { person, carer };
        Ok([end].into_iter().chain(self.note_change(change)?).collect())
    }

    async fn end_care(&self, person: HolderId, carer: HolderId, by: ChangedBy) -> Result<()> {
        let writes = self.end_carer(person, carer, by)?;
        match self.store.commit(Unit::new("end_care", writes)).await {
            Err(e) if e.is_conflict(Precondition::Exists) => Err(unknown_person()),
            other => Ok(other?),
        }
    }

    /// The session in which the holder acts for somebody: the holder's own for themselves.
    pub async fn acting_for(&self, s: &HolderSession, person: HolderId) -> Result<HolderSession> {
        if person == s.holder {
            return Ok(*s);
        }
        let proxy = self.store.proxy(person, s.holder).await?.ok_or_else(unknown_person)?;
        if proxy.child {
            let identity = self.identity(person).await?.ok_or_else(unknown_person)?;
            if self.grown_up_on(&identity).is_none_or(|day| self.today() >= day) {
                return Err(grown_up());
            }
        }
        Ok(HolderSession { holder: proxy.person, carer: Some(s.holder) })
    }

    /// The day on which somebody is a child no more, by the policy.
    fn grown_up_on(&self, identity: &Identity) -> Option<Date> {
        let born = identity.born_on()?;
        let years = i64::from(self.policy().people().child_until_age);
        born.checked_add(jiff::Span::new().try_years(years).ok()?).ok()
    }

    pub(crate) fn today(&self) -> Date {
        self.now().local_day(self.policy().calendar().zone())
    }

    fn most_people(&self) -> usize {
        usize::try_from(self.policy().people().most).unwrap_or(usize::MAX)
    }
}

fn masked(identity: Option<&Identity>) -> String {
    identity.map_or_else(|| "***".to_owned(), |i| i.name.mask())
}

/// A day of birth as stated.
pub(crate) fn birth_day(typed: &str, today: Date) -> Result<Date> {
    let field = |code, detail: &str| {
        ServiceError::fields(vec![FieldError { field: "born", code, detail: detail.to_owned() }])
    };
    let typed = typed.trim();
    if typed.is_empty() {
        return Err(field(
            "born.needed",
            "This document does not say the day of birth. Please give it.",
        ));
    }
    let day: Option<Date> = typed.parse().ok();
    day.filter(|day| day.year() >= 1850 && *day <= today).ok_or_else(|| {
        field("born.bad", "Give the day of birth like 2019-05-01, not in the future.")
    })
}

/// What a precondition that concerns carers means.
fn refused(e: &StoreError) -> Option<ServiceError> {
    let is_full = e.no_room().is_some_and(|(class, _)| class == PEOPLE);
    is_full.then(full)
}

fn full() -> ServiceError {
    ServiceError::new(
        Kind::Conflict,
        "people.full",
        "You care for as many people as the policy allows. Remove somebody first, or go to a counter.",
    )
}

fn asked_too_often() -> ServiceError {
    ServiceError::new(
        Kind::TooMany,
        "people.asked_too_often",
        "You asked to add somebody very often today. Please try again tomorrow, or go to a counter.",
    )
}

fn yourself() -> ServiceError {
    ServiceError::bad("people.yourself", "This is your own document. You need not be added.")
}

fn own_name() -> ServiceError {
    ServiceError::new(
        Kind::Conflict,
        "people.own_name",
        "The name and day of birth are your own. If this is a new document of yours, sign out and register it with this phone; if it is somebody else's, go to a counter.",
    )
}

fn grown_up() -> ServiceError {
    ServiceError::forbidden(
        "person.grown_up",
        "This person is of age now. To go on caring for them, remove them and add them again with their agreement.",
    )
}

fn unknown_person() -> ServiceError {
    ServiceError::not_found("person.unknown", "You do not care for this person, or no more.")
}
