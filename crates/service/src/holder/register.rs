//! Registration and sign-in by a one-time code to the phone.
//!
//! One person, one code. The code always goes to the phone *on file*: for a known document to the
//! phone it was registered with, otherwise to the phone given. The answer to the caller is the same
//! in every case, so that nobody learns from it whether a document or a phone is known (h15).

use jadegate_domain::agency::UnknownName;
use jadegate_domain::evidence::Fact;
use jadegate_domain::id::ChallengeId;
use jadegate_domain::{
    Division, Document, DocumentType, Evidence, Holder, HolderId, PersonName, Phone, Timestamp,
};
use jadegate_store::{
    Challenge, ChallengeUse, IndexKind, OutboxMessage, OutboxState, Precondition, SessionSubject,
    StoreError, Unit, Write,
};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::{FieldError, Kind, Result, ServiceError};
use crate::limits::{self, Limit};
use crate::session::NewSession;
use crate::vault::Identity;

/// A document as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentInput {
    /// Its type, by name.
    pub doc_type: String,
    /// Its number, unless `mrz` is given.
    pub number: String,
    /// Issuing country (alpha-3); China if empty.
    pub country: String,
    /// The machine-readable lines of a passport, in place of the number.
    pub mrz: Option<String>,
}

impl DocumentInput {
    /// Checks and normalises.
    pub fn parse(&self, today: jiff::civil::Date) -> std::result::Result<Document, FieldError> {
        let field = |code: &'static str, detail: String| FieldError {
            field: "document.number",
            code,
            detail,
        };
        let doc_type: DocumentType =
            self.doc_type.parse().map_err(|e: UnknownName| FieldError {
                field: "document.type",
                code: "document.unknown_type",
                detail: e.to_string(),
            })?;
        if let Some(mrz) = self.mrz.as_deref().filter(|m| !m.trim().is_empty()) {
            let (document, _) =
                Document::from_mrz(mrz, today).map_err(|e| field(e.code(), e.to_string()))?;
            return Ok(document);
        }
        let country = if self.country.is_empty() { "CHN" } else { &self.country };
        Document::new(doc_type, country, &self.number).map_err(|e| field(e.code(), e.to_string()))
    }
}

/// What a person fills in to register.
#[derive(Clone, Debug, Default)]
pub struct RegistrationInput {
    /// Name.
    pub name: String,
    /// Document.
    pub document: DocumentInput,
    /// Nationality, ISO 3166-1 alpha-2.
    pub nationality: String,
    /// Phone.
    pub phone: String,
    /// Home division.
    pub home_division: String,
    /// `zh` or `en`.
    pub language: String,
}

/// A checked registration, as it waits (sealed) for the answer to its one-time code.
#[derive(Serialize, Deserialize)]
struct Waiting {
    identity: Identity,
    home: Division,
}

/// What the asker is told: the same whoever asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChallengeSent {
    /// Which challenge to answer.
    pub challenge: ChallengeId,
    /// The phone that was typed, masked.
    pub phone_masked: String,
    /// Until when.
    pub expires_at: Timestamp,
    /// When another code may be asked for.
    pub resend_at: Timestamp,
}

/// How far the message has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// `waiting`, `sent`, `delayed` or `given_up`.
    pub state: &'static str,
    /// Until when the code works.
    pub expires_at: Timestamp,
    /// When another code may be asked for.
    pub resend_at: Timestamp,
}

/// A right answer.
pub struct SignedIn {
    /// The session.
    pub session: NewSession,
    /// Name, masked.
    pub name_masked: String,
    /// Was the holder created just now?
    pub new: bool,
}

/// What is sent to a phone, sealed in the outbox.
#[derive(Serialize, Deserialize)]
pub(crate) struct Message {
    /// `None`: nobody is to get it; it goes through the outbox all the same, so that how far it has
    /// come tells nothing.
    pub(crate) phone: Option<Phone>,
    pub(crate) text: String,
}

impl RegistrationInput {
    fn parse(&self, today: jiff::civil::Date) -> std::result::Result<Waiting, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let mut note = |field: &'static str, code: &'static str, detail: String| {
            wrong.push(FieldError { field, code, detail });
        };
        let name =
            PersonName::new(&self.name).map_err(|e| note("name", "name.bad", e.to_string())).ok();
        let phone =
            Phone::new(&self.phone).map_err(|e| note("phone", "phone.bad", e.to_string())).ok();
        let home = self
            .home_division
            .parse::<Division>()
            .map_err(|_| note("home_division", "division.bad", "Choose where you live.".to_owned()))
            .ok();
        let country = jadegate_domain::country::Country::from_alpha2(&self.nationality);
        if country.is_none() {
            let detail = "Choose a country from the list.".to_owned();
            note("nationality", "country.unknown", detail);
        }
        let nationality = country.map(|c| c.alpha2.to_owned());
        let document = self.document.parse(today).map_err(|e| wrong.push(e)).ok();
        match (name, phone, home, nationality, document) {
            (Some(name), Some(phone), Some(home), Some(nationality), Some(document)) => {
                let language = if self.language == "en" { "en" } else { "zh" }.to_owned();
                Ok(Waiting {
                    identity: Identity { name, document, nationality, phone, language },
                    home,
                })
            }
            _ => Err(wrong),
        }
    }
}

impl App {
    /// Takes a registration and sends a one-time code to the phone on file.
    ///
    /// `client` is the asker's address; only its keyed digest is kept, for the limits.
    pub async fn begin_registration(
        &self,
        input: &RegistrationInput,
        client: &str,
    ) -> Result<ChallengeSent> {
        let today = self.now().local_day(self.policy().calendar().zone());
        let waiting = input.parse(today).map_err(ServiceError::fields)?;
        let by_document = self
            .store
            .indexed_holder(
                IndexKind::Document,
                self.keys.document_index(&waiting.identity.document),
            )
            .await?;
        let known = if by_document.is_some() {
            by_document
        } else {
            let phone = self.keys.phone_index(&waiting.identity.phone);
            self.store.indexed_holder(IndexKind::Phone, phone).await?
        };
        let typed = waiting.identity.phone.clone();
        let language = waiting.identity.language.clone();
        match known {
            Some(holder) => {
                // The phone on file, which may be another than the one typed: its owner gets the
                // code, the asker learns nothing.
                let to = self.identity(holder).await?.map_or_else(|| typed.clone(), |i| i.phone);
                self.challenge(
                    &typed,
                    Some(&to),
                    ChallengeUse::SignIn(holder),
                    None,
                    &language,
                    client,
                )
                .await
            }
            None => {
                self.challenge(
                    &typed,
                    Some(&typed),
                    ChallengeUse::Register,
                    Some(&waiting),
                    &language,
                    client,
                )
                .await
            }
        }
    }

    /// Sends a one-time code for signing in again. An unknown phone gets no message, but the same
    /// answer.
    pub async fn begin_sign_in(
        &self,
        phone: &str,
        language: &str,
        client: &str,
    ) -> Result<ChallengeSent> {
        let phone = Phone::new(phone).map_err(|e| {
            ServiceError::fields(vec![FieldError {
                field: "phone",
                code: "phone.bad",
                detail: e.to_string(),
            }])
        })?;
        match self.store.indexed_holder(IndexKind::Phone, self.keys.phone_index(&phone)).await? {
            Some(h) => {
                self.challenge(
                    &phone,
                    Some(&phone),
                    ChallengeUse::SignIn(h),
                    None,
                    language,
                    client,
                )
                .await
            }
            None => {
                self.challenge(&phone, None, ChallengeUse::Nothing, None, language, client).await
            }
        }
    }

    async fn challenge(
        &self,
        typed: &Phone,
        to: Option<&Phone>,
        used_for: ChallengeUse,
        waiting: Option<&Waiting>,
        language: &str,
        client: &str,
    ) -> Result<ChallengeSent> {
        let now = self.now();
        let s = &self.settings;
        // Counted for the typed phone and for the phone on file: neither can be flooded, and the
        // limit a stranger meets depends on what the stranger typed.
        let typed_index = self.keys.phone_index(typed);
        let client_digest = self.keys.blind("client", client);
        let id = ChallengeId::from_random(self.rng.bits());
        let code = self.six_digits();
        let sealed_payload = match waiting {
            Some(w) => {
                let plain =
                    zeroize::Zeroizing::new(serde_json::to_vec(w).map_err(ServiceError::internal)?);
                self.keys.seal_envelope(&format!("registration/{id}"), &plain, self.rng.as_ref())?
            }
            None => Vec::new(),
        };
        let expires_at = now.plus_secs(s.otp_seconds);
        // A stranger who types somebody's document makes messages go to that person's phone: those
        // are counted for that phone too, and beyond the limit silently not sent.
        let to = match to {
            Some(to) if to != typed => {
                let counts = self.phone_counts(self.keys.phone_index(to));
                let counted = self.store.commit(Unit::new("count_phone_on_file", counts)).await;
                match counted {
                    Ok(()) => Some(to),
                    Err(e) if e.no_room().is_some() => None,
                    Err(e) => return Err(e.into()),
                }
            }
            other => other,
        };
        let mut writes = self.phone_counts(typed_index);
        writes.push(self.count(self.client_limit(), client_digest, 1));
        writes.push(Write::AddChallenge(Box::new(Challenge {
            id,
            phone_digest: typed_index,
            client_digest,
            used_for,
            code_mac: self.keys.otp_mac(id.as_i64(), &code),
            sealed_payload,
            created_at: now,
            expires_at,
            tries: 0,
            used_at: None,
        })));
        let text = message_text(&s.name, &code, language, s.otp_seconds / 60);
        let message = Message { phone: to.cloned(), text };
        let plain =
            zeroize::Zeroizing::new(serde_json::to_vec(&message).map_err(ServiceError::internal)?);
        writes.push(Write::AddOutbox(OutboxMessage {
            challenge: id,
            sealed: self.keys.seal_envelope(&format!("message/{id}"), &plain, self.rng.as_ref())?,
            created_at: now,
            expires_at,
            next_try_at: now,
            attempts: 0,
            state: OutboxState::Waiting,
        }));
        self.store.commit(Unit::new("send_code", writes)).await.map_err(too_often)?;
        Ok(ChallengeSent {
            challenge: id,
            phone_masked: typed.mask(),
            expires_at,
            resend_at: now.plus_secs(s.otp_pause_seconds),
        })
    }

    /// The counts of a message to a phone. They fail the unit that they are in when one is reached.
    fn phone_counts(&self, phone: [u8; 16]) -> Vec<Write> {
        let s = &self.settings;
        let limit = |class, seconds: i64, most| Limit {
            class,
            seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
            most,
        };
        [
            limit("otp.phone.pause", s.otp_pause_seconds, 1),
            limit("otp.phone.hour", 3600, s.otp_per_hour),
            limit("otp.phone.day", 86_400, s.otp_per_day),
        ]
        .map(|l| self.count(l, phone, 1))
        .into()
    }

    fn client_limit(&self) -> Limit {
        let most = self.settings.otp_per_client_hour;
        Limit { class: "otp.client.hour", seconds: 3600, most }
    }

    /// How far the message of a challenge has come.
    pub async fn delivery(&self, id: ChallengeId) -> Result<Delivery> {
        let now = self.now();
        let c = self.store.challenge(id).await?.ok_or_else(no_challenge)?;
        let state = match self.store.outbox_message(id).await? {
            None => "sent",
            Some(m) => match m.state {
                OutboxState::Sent => "sent",
                OutboxState::GivenUp => "given_up",
                OutboxState::Waiting if m.attempts > 0 || now.secs_since(m.created_at) > 15 => {
                    "delayed"
                }
                OutboxState::Waiting => "waiting",
            },
        };
        Ok(Delivery {
            state,
            expires_at: c.expires_at,
            resend_at: c.created_at.plus_secs(self.settings.otp_pause_seconds),
        })
    }

    /// Answers a challenge: signs in the holder it leads to, creating one for a new registration.
    pub async fn answer_challenge(&self, id: ChallengeId, code: &str) -> Result<SignedIn> {
        let now = self.now();
        let c = self.store.challenge(id).await?.ok_or_else(no_challenge)?;
        if c.used_at.is_some() {
            return Err(ServiceError::new(
                Kind::Conflict,
                "otp.used",
                "This code was used already. Please ask for a new one.",
            ));
        }
        if now >= c.expires_at {
            return Err(ServiceError::bad(
                "otp.expired",
                "This code has expired. Please ask for a new one.",
            ));
        }
        if c.tries >= self.settings.otp_tries {
            return Err(too_many_tries());
        }
        let digits: String = code.chars().filter(char::is_ascii_digit).collect();
        let mac = self.keys.otp_mac(id.as_i64(), &digits);
        let right = bool::from(subtle::ConstantTimeEq::ct_eq(&mac[..], &c.code_mac[..]));
        if !right || matches!(c.used_for, ChallengeUse::Nothing) {
            // Counted before it is answered, so that parallel guesses cannot outrun the count.
            self.commit("wrong_code", vec![Write::CountTry(id)]).await?;
            let left = self.settings.otp_tries.saturating_sub(c.tries + 1);
            if left == 0 {
                return Err(too_many_tries());
            }
            let mut e = ServiceError::bad(
                "otp.wrong",
                format!("That is not the code we sent. {left} tries left."),
            );
            e.tries_left = Some(left);
            return Err(e);
        }
        let use_it = Write::UseChallenge { id, at: now, max_tries: self.settings.otp_tries };
        match c.used_for {
            ChallengeUse::SignIn(holder) => self.finish_sign_in(holder, use_it).await,
            ChallengeUse::Register => self.finish_registration(&c, use_it).await,
            ChallengeUse::Nothing => Err(no_challenge()),
        }
    }

    async fn finish_sign_in(&self, holder: HolderId, use_it: Write) -> Result<SignedIn> {
        let identity = self.identity(holder).await?.ok_or_else(no_challenge)?;
        let (session, begin) = self.begin_session(SessionSubject::Holder(holder));
        self.commit_answer("sign_in", vec![use_it, begin]).await?;
        Ok(SignedIn { session, name_masked: identity.name.mask(), new: false })
    }

    async fn finish_registration(&self, c: &Challenge, use_it: Write) -> Result<SignedIn> {
        let now = self.now();
        let plain =
            self.keys.open_envelope(&format!("registration/{}", c.id), &c.sealed_payload)?;
        let waiting: Waiting = serde_json::from_slice(&plain).map_err(ServiceError::internal)?;
        let (holder, mut writes) = self.new_holder(&waiting.identity, &waiting.home, now)?;
        let (session, begin) = self.begin_session(SessionSubject::Holder(holder));
        writes.insert(0, use_it);
        writes.push(begin);
        match self.store.commit(Unit::new("register", writes)).await {
            Ok(()) => {
                Ok(SignedIn { session, name_masked: waiting.identity.name.mask(), new: true })
            }
            Err(e) if e.is_conflict(Precondition::Absent) => {
                // The same person finished registering a moment ago, on another device: the code
                // proved the phone, so it leads to that holder if that phone is the one on file.
                let phone = self.keys.phone_index(&waiting.identity.phone);
                match self.store.indexed_holder(IndexKind::Phone, phone).await? {
                    Some(h) => {
                        let again = Write::UseChallenge {
                            id: c.id,
                            at: now,
                            max_tries: self.settings.otp_tries,
                        };
                        self.finish_sign_in(h, again).await
                    }
                    None => Err(ServiceError::new(
                        Kind::Conflict,
                        "registration.start_again",
                        "This registration could not be finished. Please start again.",
                    )),
                }
            }
            Err(e) => Err(answer_error(e)),
        }
    }

    /// The writes that create a holder: vault, home stay, and nothing else.
    pub(crate) fn new_holder(
        &self,
        identity: &Identity,
        home: &Division,
        now: Timestamp,
    ) -> Result<(HolderId, Vec<Write>)> {
        let holder = HolderId::from_random(self.rng.bits());
        let mut writes = vec![Write::AddHolder(Holder {
            id: holder,
            home: home.clone(),
            registered_at: now,
            evidence_version: 0,
        })];
        writes.extend(self.keys.store_identity(holder, identity, now, self.rng.as_ref())?);
        // Where somebody lives is a stay that goes on: a risk level there concerns them.
        let stay = Evidence {
            id: jadegate_domain::EvidenceId::from_random(self.rng.bits()),
            holder: Some(holder),
            fact: Fact::Stay { division: home.clone(), from: now, to: Timestamp::MAX },
            recorded_at: now,
            agency: None,
            origin: None,
            withdrawn_at: None,
            superseded_by: None,
        };
        writes.push(Write::AddLeaf(crate::log::evidence_leaf(&self.keys, &stay)?));
        writes.push(Write::AddEvidence { evidence: Box::new(stay), external_key: None });
        Ok((holder, writes))
    }

    async fn commit_answer(&self, name: &'static str, writes: Vec<Write>) -> Result<()> {
        self.store.commit(Unit::new(name, writes)).await.map_err(answer_error)
    }

    /// A holder's identity, inside a purpose-bound operation only.
    pub(crate) async fn identity(&self, holder: HolderId) -> Result<Option<Identity>> {
        let key = self.store.vault_key(holder).await?;
        let fields = self.store.sealed_fields(holder).await?;
        self.keys.open_identity(key, &fields)
    }

    /// Six random digits without bias: 10^6 divides into 2^64 with a negligible remainder.
    fn six_digits(&self) -> String {
        format!("{:06}", self.rng.bits() % 1_000_000)
    }
}

/// A reached limit is told with the wait, any other store error as it is.
fn too_often(e: StoreError) -> ServiceError {
    let Some((_, seconds)) = e.no_room() else { return e.into() };
    let wait = seconds.unwrap_or(3600).max(1);
    let detail = format!(
        "Too many codes were asked for. Please wait {} and try again.",
        limits::in_words(wait)
    );
    ServiceError::new(Kind::TooMany, "otp.too_often", detail).retry_after(wait)
}

/// A lost race for a challenge is told as such, any other store error as it is.
fn answer_error(e: StoreError) -> ServiceError {
    if e.is_conflict(Precondition::Unused) {
        return ServiceError::new(
            Kind::Conflict,
            "otp.used",
            "This code was used already. Please ask for a new one.",
        );
    }
    e.into()
}

fn no_challenge() -> ServiceError {
    ServiceError::not_found(
        "otp.unknown",
        "This code request is not known any more. Please ask for a new code.",
    )
}

fn too_many_tries() -> ServiceError {
    ServiceError::new(
        Kind::TooMany,
        "otp.too_many_tries",
        "Too many wrong codes. This code no longer works; please ask for a new one.",
    )
}

fn message_text(name: &str, code: &str, language: &str, minutes: i64) -> String {
    if language == "en" {
        format!(
            "{name}: your code is {code}. It works for {minutes} minutes. Never tell it to anybody; staff never ask for it."
        )
    } else {
        format!(
            "【{name}】验证码 {code}，{minutes} 分钟内有效。请勿告诉任何人，工作人员不会向您索要。"
        )
    }
}
