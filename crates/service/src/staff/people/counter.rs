//! Whoever stands at a counter with a document: what a reader typed of it, whether it leads to somebody,
//! and their registration, with a phone or without, and with somebody who cares for them.
//!
//! Nothing of an account that is there is opened or shown; that its document was asked for is a look that
//! it sees. A registration names the agency and the officer: the person sees it, the public log counts it,
//! and what was kept for the owner of the document becomes theirs ([decision 0057]).
//!
//! [decision 0057]: ../../../../../docs/decisions/0057-at-the-counter.md

use jadegate_domain::reader::{self, ReadingNote, ReadingSource};
use jadegate_domain::record::{AccountEvent, RecordKind};
use jadegate_domain::{DocumentType, HolderId, Purpose, Sex, Staff};
use jadegate_store::{ChangedBy, IndexKind, PEOPLE, Precondition, StoreError, Unit, Write};
use serde::{Deserialize, Serialize};

use crate::accounts::Change;
use crate::app::App;
use crate::assess::{TRIES, busy};
use crate::document::DocumentInput;
use crate::error::{Kind, Result, ServiceError};
use crate::holder::details::AccountChangeView;
use crate::holder::family::birth_day;
use crate::holder::register::{RegistrationInput, Waiting};
use crate::jobs::note;
use crate::session::StaffSession;
use crate::staff::access::{Counted, Power};
use crate::staff::what::What;
use crate::staff::wrong;

/// Somebody at a counter, as read from their document or typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CounterInput {
    /// Name, as on the document.
    pub name: String,
    /// The document that they show.
    pub document: DocumentInput,
    /// Nationality, ISO 3166-1 alpha-2, or what ICAO 9303 writes for people who have none (`XXA`).
    pub nationality: String,
    /// Phone; left out of somebody who has none: they have a paper code, or somebody who cares for them.
    #[serde(default)]
    pub phone: Option<String>,
    /// Of which country the number is, unless it begins with `+` (ISO 3166-1 alpha-2).
    #[serde(default)]
    pub phone_country: Option<String>,
    /// Home division, inside the officer's region.
    pub home_division: String,
    /// Day of birth (`2019-05-01`), where the document's number does not say it. Needed with a carer.
    #[serde(default)]
    pub born: String,
    /// `zh` or `en`.
    #[serde(default)]
    pub language: String,
    /// The document of somebody registered who is there, too, and may care for the person.
    #[serde(default)]
    pub carer: Option<DocumentInput>,
}

/// Somebody was registered at a counter.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CounterRegistered {
    /// Name, masked.
    pub name_masked: String,
    /// What was noted of it, newest first: the registration, and who cares for them.
    pub changes: Vec<AccountChangeView>,
}

/// Whether a document leads to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DocumentState {
    /// To nobody: they can be registered.
    New,
    /// To somebody who lives in the officer's region.
    Registered,
    /// To somebody who lives elsewhere: a counter there changes and prints for them.
    RegisteredElsewhere,
}

/// A document that was read, in the form in which other requests take it.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReadDocument {
    /// Its type.
    #[serde(rename = "type")]
    pub doc_type: DocumentType,
    /// Its number.
    pub number: String,
    /// Issuing country (alpha-3, or a code of ICAO 9303).
    pub country: String,
}

/// What a document reader typed, understood.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DocumentReading {
    /// Where it comes from.
    pub source: ReadingSource,
    /// The document; `null` of a visa.
    pub document: Option<ReadDocument>,
    /// The name as on the document, the surname first.
    pub name: Option<String>,
    /// Nationality in the form in which a registration takes it.
    pub nationality: Option<&'static str>,
    /// Date of birth.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub birth_date: Option<String>,
    /// Sex.
    pub sex: Sex,
    /// Last day of validity.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub expiry: Option<String>,
    /// What somebody has to look at.
    pub notes: Vec<ReadingNote>,
    /// Parts that came and were not understood.
    pub not_understood: Vec<String>,
}

impl App {
    /// What a document reader typed. Nothing is looked up, kept or logged.
    pub fn read_at_counter(&self, session: &StaffSession, text: &str) -> Result<DocumentReading> {
        session.need(Power::FindPerson)?;
        let read = reader::read(text, self.today())
            .map_err(|e| ServiceError::bad(e.code(), e.to_string()));
        let read = read?;
        let document = read.document.map(|d| ReadDocument {
            doc_type: d.doc_type(),
            number: d.reveal().to_owned(),
            country: d.country().to_owned(),
        });
        Ok(DocumentReading {
            source: read.source,
            document,
            name: read.name,
            nationality: read.nationality,
            birth_date: read.birth_date.map(|d| d.to_string()),
            sex: read.sex,
            expiry: read.expiry.map(|d| d.to_string()),
            notes: read.notes,
            not_understood: read.not_understood,
        })
    }

    /// Does the document that somebody shows lead to anybody? Of whoever it leads to it is a look.
    pub async fn look_at_counter(
        &self,
        session: &StaffSession,
        document: &DocumentInput,
    ) -> Result<DocumentState> {
        let staff = session.need(Power::FindPerson)?;
        let digest = self.deployment.keys.document_index(&self.read_document(document)?);
        self.count_look(staff.id, Counted::LookUp).await?;
        self.led_to(staff, digest).await
    }

    /// Where a document leads, the look written down first.
    async fn led_to(&self, staff: &Staff, document: [u8; 16]) -> Result<DocumentState> {
        let holder = self.store.indexed_holder(IndexKind::Document, document).await?;
        let Some(holder) = holder else { return Ok(DocumentState::New) };
        self.note_shown(staff, holder).await?;
        let here = self.holder_inside_if(&staff.region, holder).await?.is_some();
        Ok(if here { DocumentState::Registered } else { DocumentState::RegisteredElsewhere })
    }

    /// The look of somebody who learned that a person is registered.
    async fn note_shown(&self, staff: &Staff, holder: HolderId) -> Result<()> {
        let (purpose, what) = (Purpose::HolderRequest, What::Registration);
        let writes = self.access_writes(staff, holder, purpose, what)?;
        self.commit("asked_at_counter", writes).await
    }

    /// Registers whoever stands at a counter of their region with a document that leads to nobody.
    pub async fn register_at_counter(
        &self,
        session: &StaffSession,
        input: &CounterInput,
    ) -> Result<CounterRegistered> {
        let staff = session.need(Power::FindPerson)?;
        let waiting = self.read_registration(staff, input)?;
        self.count_look(staff.id, Counted::Registration).await?;
        let document = waiting.identity.document.as_ref().ok_or_else(|| missing("document"))?;
        let document = self.deployment.keys.document_index(document);
        let carer = match &input.carer {
            Some(carer) => Some(self.carer_here(carer, document).await?),
            None => None,
        };
        for _ in 0..TRIES {
            match self.led_to(staff, document).await? {
                DocumentState::New => {}
                DocumentState::Registered => return Err(registered()),
                DocumentState::RegisteredElsewhere => return Err(registered_elsewhere()),
            }
            let (holder, writes) = self.counter_writes(staff, &waiting, carer).await?;
            match self.commit_unit(Unit::new("register_at_counter", writes)).await {
                Ok(_) => {
                    // Lists know them at once, with what was kept for them.
                    note("assess_registered", &self.assessment(holder).await);
                    let name_masked = waiting.identity.name.mask();
                    return Ok(CounterRegistered {
                        name_masked,
                        changes: self.changes_of(holder).await?,
                    });
                }
                Err(e) if changed_meanwhile(&e) => {}
                Err(e) => return Err(refused(e)),
            }
        }
        Err(busy())
    }

    /// What was read or typed, checked as at any registration.
    fn read_registration(&self, staff: &Staff, input: &CounterInput) -> Result<Waiting> {
        let registration = RegistrationInput {
            name: input.name.clone(),
            document: input.document.clone(),
            nationality: input.nationality.clone(),
            phone: input.phone.clone().unwrap_or_default(),
            phone_country: input.phone_country.clone(),
            home_division: input.home_division.clone(),
            language: input.language.clone(),
            proof: None,
        };
        let mut waiting =
            registration.parse_at_counter(self.today()).map_err(ServiceError::fields)?;
        if !staff.region.contains(&waiting.home) {
            return Err(wrong(
                "home_division",
                "division.outside_region",
                "This is outside your region. Choose where in it they live or stay; who lives elsewhere registers there.",
            ));
        }
        let said = waiting.identity.born_on().is_some();
        if !said && (input.carer.is_some() || !input.born.trim().is_empty()) {
            waiting.identity.born = Some(birth_day(&input.born, self.today())?);
        }
        Ok(waiting)
    }

    /// Whom the carer's document leads to.
    async fn carer_here(&self, carer: &DocumentInput, person: [u8; 16]) -> Result<HolderId> {
        let digest = self.deployment.keys.document_index(&self.read_document(carer)?);
        if digest == person {
            return Err(ServiceError::bad(
                "counter.same_document",
                "The carer's document is the person's own. Read the carer's.",
            ));
        }
        self.of_document(carer).await
    }

    async fn counter_writes(
        &self,
        staff: &Staff,
        waiting: &Waiting,
        carer: Option<HolderId>,
    ) -> Result<(HolderId, Vec<Write>)> {
        let mut writes = Vec::new();
        if let Some(phone) = &waiting.identity.phone {
            let users = self.users_of(phone).await?;
            // Perhaps the same person with another document: two accounts would have two colours.
            let same = users.iter().find(|u| u.is_called(&waiting.identity) || u.has_no_document());
            if let Some(same) = same {
                self.note_shown(staff, same.holder).await?;
                return Err(same_phone());
            }
            writes.push(self.expect_users(phone, &users));
        }
        let now = self.now();
        let (holder, new) = self.registered(waiting, now).await?;
        writes.extend(new);
        let by = ChangedBy::Staff { agency: staff.agency, staff: staff.id };
        let event = AccountEvent::Registered;
        writes.extend(self.note_change(Change { holder, event, by, carer: None, at: now })?);
        if let Some(carer) = carer {
            writes.extend(self.add_carer(holder, carer, &waiting.identity, by)?);
        }
        Ok((holder, writes))
    }
}

/// Somebody else registered with the document or on the phone, or something was kept for its owner or
/// taken back, a moment ago.
fn changed_meanwhile(e: &StoreError) -> bool {
    let stands = Precondition::NotWithdrawn { record: RecordKind::Import };
    [Precondition::Absent, Precondition::Leads, Precondition::Exists, stands]
        .into_iter()
        .any(|p| e.is_conflict(p))
}

fn refused(e: StoreError) -> ServiceError {
    match e {
        e if e.is_conflict(Precondition::Unbarred) => ServiceError::new(
            Kind::Conflict,
            "counter.barred",
            "This document was taken from somebody with this phone. If it is this person's after all, first let them register it again (under People), then register them.",
        ),
        e if e.no_room().is_some_and(|(class, _)| class == PEOPLE) => ServiceError::new(
            Kind::Conflict,
            "counter.carer_full",
            "The carer cares for as many people as the policy allows. Register without the carer, or remove somebody first.",
        ),
        e => e.into(),
    }
}

fn registered() -> ServiceError {
    ServiceError::new(
        Kind::Conflict,
        "counter.registered",
        "This document is registered already. Nobody is registered twice: read it again and choose what to change or print.",
    )
}

fn registered_elsewhere() -> ServiceError {
    ServiceError::new(
        Kind::Conflict,
        "counter.registered_elsewhere",
        "This document is registered by somebody who lives outside your region. A counter there changes and prints for them. If it is not their document, begin a correction of it.",
    )
}

fn same_phone() -> ServiceError {
    ServiceError::new(
        Kind::Conflict,
        "counter.same_phone",
        "Somebody with this phone has the same name, or has no document any more. If it is the same person, add this document to the one they registered with (or they register it on their phone). If it is somebody else, register them without a phone.",
    )
}

fn missing(what: &str) -> ServiceError {
    ServiceError::internal(format!("a registration at a counter without {what}"))
}
