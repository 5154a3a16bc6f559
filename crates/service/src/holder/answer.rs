//! Answering a request with the code from the phone.

use jadegate_domain::id::ChallengeId;
use jadegate_domain::record::{AccountEvent, RecordKind};
use jadegate_domain::{HolderId, Timestamp};
use jadegate_store::{
    Challenge, ChallengeUse, ChallengeWrite, IndexKind, PhoneCode, Precondition, Route,
    SessionSubject, StoreError, Unit, Write,
};

use super::codes::{SHORT, guesses};
use super::register::{Aim, Asked, Waiting};
use crate::accounts::Change;
use crate::app::App;
use crate::assess::TRIES;
use crate::error::{Kind, Result, ServiceError};
use crate::jobs::note;
use crate::session::NewSession;
use crate::staff::people::barred::at_counter;
use crate::staff::people::moved::Kept;
use crate::vault::Identity;

/// A message that comes this much after its code ran out is known for what it is.
const LATE_SECONDS: i64 = 12 * 3600;

#[cfg(feature = "openapi")]
fn deliveries() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    jadegate_domain::openapi::one_of(["waiting", "sent", "delayed"])
}

/// How far the message has come.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Delivery {
    /// `waiting`, `sent` or `delayed`: how messages fare at present.
    #[serde(rename = "delivery")]
    #[cfg_attr(feature = "openapi", schema(schema_with = deliveries))]
    pub state: &'static str,
    /// Until when the request can be answered.
    pub expires_at: Timestamp,
    /// When asking again makes sense.
    pub resend_at: Timestamp,
}

/// A right answer.
pub struct SignedIn {
    /// The session.
    pub session: NewSession,
    /// Tells the device from a stranger's next time; signs nobody in.
    pub device: NewSession,
    /// Name, masked.
    pub name_masked: String,
    /// Was the holder created just now?
    pub new: bool,
}

/// An answer to a request for a code.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answering<'a> {
    /// The digits of the message.
    pub code: &'a str,
    /// The end of the person's document, where the phone alone does not say who they are.
    pub document_end: &'a str,
    /// The browser's name for itself; only the kind of device is kept.
    pub agent: &'a str,
}

/// The code that was typed, and that it was tried.
pub(crate) struct Right {
    challenge: ChallengeId,
    code: PhoneCode,
}

impl Right {
    pub(crate) fn use_up(&self, at: Timestamp) -> [Write; 2] {
        [
            Write::Challenge(ChallengeWrite::Use { id: self.challenge, at }),
            Write::Challenge(ChallengeWrite::UseCode { id: self.code.id, at }),
        ]
    }
}

const FILE_STANDS: Precondition = Precondition::NotWithdrawn { record: RecordKind::Import };

impl App {
    /// How far the message of a challenge has come.
    pub async fn delivery(&self, id: ChallengeId) -> Result<Delivery> {
        let c = self.store.challenge(id).await?.ok_or_else(no_challenge)?;
        Ok(Delivery {
            state: self.message_state(c.created_at).await?,
            expires_at: c.expires_at,
            resend_at: c.created_at.plus_secs(self.deployment.settings.otp_pause_seconds),
        })
    }

    /// Answers a challenge with the code alone.
    pub async fn answer_challenge(
        &self,
        id: ChallengeId,
        code: &str,
        agent: &str,
    ) -> Result<SignedIn> {
        self.answer(id, &Answering { code, agent, ..Answering::default() }).await
    }

    /// Answers a challenge: signs in the holder it leads to, creating one for a new registration. If
    /// the phone alone does not say who it is, the code stays good for an answer that shows it.
    pub async fn answer(&self, id: ChallengeId, with: &Answering<'_>) -> Result<SignedIn> {
        let (c, used_for, right) = self.right_answer(id, with.code).await?;
        if self.asked(&c)?.aim != Aim::Enter {
            return Err(no_challenge());
        }
        match used_for {
            ChallengeUse::SignIn(holder) => self.finish_sign_in(&c, holder, &right, with).await,
            ChallengeUse::Phone => self.finish_by_phone(&c, &right, with).await,
            ChallengeUse::Register => self.finish_registration(&c, &right, with).await,
            ChallengeUse::Nothing => Err(no_challenge()),
        }
    }

    /// What a request leads to, if this is its code. Each answer is counted.
    pub(crate) async fn right_answer(
        &self,
        id: ChallengeId,
        code: &str,
    ) -> Result<(Challenge, ChallengeUse, Right)> {
        let now = self.now();
        let c = self.store.challenge(id).await?.ok_or_else(no_challenge)?;
        if c.used_at.is_some() {
            return Err(used());
        }
        if now >= c.expires_at {
            return Err(ServiceError::bad(
                "otp.expired",
                "This code has expired. Please ask for a new one.",
            ));
        }
        if c.tries >= self.deployment.settings.otp_tries {
            return Err(too_many_tries());
        }
        // A request of a moment ago leads nowhere yet; nobody can have its code.
        let route = c.route.unwrap_or(Route { lane: [0; 16], used_for: ChallengeUse::Nothing });
        let digits: String = code.chars().filter(char::is_ascii_digit).collect();
        let known = self.store.phone_codes(route.lane, now.plus_secs(-LATE_SECONDS)).await?;
        let (live, over): (Vec<_>, Vec<_>) = known.into_iter().partition(|c| now < c.expires_at);
        let among = |codes: &[PhoneCode]| codes.iter().any(|code| self.is_code(&digits, code));
        // A code of this phone that has run out, and none that works: told before the try is counted.
        // Whoever has such a code had the message, and it opens nothing. Guesses match none, and count.
        if among(&over) && !among(&live) {
            return Err(ServiceError::bad(
                "otp.late",
                "That code is of an earlier message and works no more. Type the one of the newest message; this was not counted as a try.",
            ));
        }
        let short_counts = self.count_guess(id, route.lane).await?;
        let right = live.into_iter().find(|code| self.is_code(&digits, code));
        let Some(code) = right.filter(|_| !matches!(route.used_for, ChallengeUse::Nothing)) else {
            let left = self.deployment.settings.otp_tries.saturating_sub(c.tries + 1);
            if left == 0 {
                return Err(too_many_tries());
            }
            let mut e = ServiceError::bad(
                "otp.wrong",
                format!("That is not the code we sent. {left} tries left."),
            );
            e.tries_left = Some(left);
            return Err(e);
        };
        if code.digits == SHORT && !short_counts {
            return Err(ServiceError::bad(
                "otp.spent",
                "Somebody has been guessing at this code, so it works no more. Please ask for a new one; it will be longer.",
            ));
        }
        Ok((c, route.used_for, Right { challenge: id, code }))
    }

    fn is_code(&self, digits: &str, code: &PhoneCode) -> bool {
        let wanted = self.deployment.keys.phone_code(code);
        subtle::ConstantTimeEq::ct_eq(digits.as_bytes(), wanted.as_bytes()).into()
    }

    /// Whoever of those on the phone shows their document.
    async fn finish_by_phone(
        &self,
        c: &Challenge,
        right: &Right,
        with: &Answering<'_>,
    ) -> Result<SignedIn> {
        let phone = self.asked(c)?.phone;
        let users = self.users_of(&phone).await?;
        let user = self.shown_user(&phone, users, with.document_end).await?;
        self.finish_sign_in(c, user.holder, right, with).await
    }

    /// Counts an answer before it is looked at, so that parallel guesses cannot outrun the count.
    /// False: there were so many guesses at this phone's short codes that those are worth nothing.
    async fn count_guess(&self, id: ChallengeId, lane: [u8; 16]) -> Result<bool> {
        let this = Write::Challenge(ChallengeWrite::CountTry {
            id,
            max_tries: self.deployment.settings.otp_tries,
        });
        let spent = |e: StoreError| match e {
            e if e.is_conflict(Precondition::Unused) => too_many_tries(),
            e => e.into(),
        };
        let both = vec![self.count(guesses(), lane, 1), this.clone()];
        match self.store.commit(Unit::new("count_guess", both)).await {
            Ok(()) => Ok(true),
            Err(e) if e.no_room().is_some() => {
                let unit = Unit::new("count_guess", vec![this]);
                self.store.commit(unit).await.map(|()| false).map_err(spent)
            }
            Err(e) => Err(spent(e)),
        }
    }

    async fn finish_sign_in(
        &self,
        c: &Challenge,
        holder: HolderId,
        right: &Right,
        with: &Answering<'_>,
    ) -> Result<SignedIn> {
        // Their record may have been joined with another since the code was asked for.
        let holder = self.main_record(holder).await?;
        let mut identity = self.identity(holder).await?.ok_or_else(no_challenge)?;
        let mut writes: Vec<_> = right.use_up(self.now()).into();
        let mut adopts = false;
        // An account that lost a document which was not its own gets the one that is; one whose
        // document was renewed has both.
        if let Asked { waiting: Some(waiting), known_as, .. } = self.asked(c)?
            && self.is_new_to(holder, &identity, &waiting.identity).await?
        {
            let before = identity.document.clone();
            identity = Identity { phone: identity.phone, ..waiting.identity };
            if before.is_some() {
                let added = Change::own(holder, AccountEvent::DocumentAdded, self.now());
                writes.extend(self.note_change_from(added, &before).await?);
            }
            writes.push(self.may_have(&identity, Some(holder), known_as)?);
            writes.extend(self.adopt(holder, &identity).await?);
            adopts = true;
        }
        let (session, device) = self.begin_on_device(holder, with.agent, &mut writes);
        self.store.commit(Unit::new("sign_in", writes)).await.map_err(|e| {
            let lost = adopts
                && [Precondition::Absent, Precondition::Leads, Precondition::Exists, FILE_STANDS]
                    .into_iter()
                    .any(|p| e.is_conflict(p));
            if lost { start_again() } else { answer_error(e) }
        })?;
        if adopts {
            note("assess_adopted", &self.assessment(holder).await);
        }
        Ok(SignedIn { session, device, name_masked: identity.name.mask(), new: false })
    }

    /// Is the document of this registration one more for the account? Who had none gets the one they
    /// register; what leads to the account already changes nothing.
    async fn is_new_to(
        &self,
        holder: HolderId,
        known: &Identity,
        registers: &Identity,
    ) -> Result<bool> {
        if known.document.is_none() {
            return Ok(true);
        }
        let Some(document) = &registers.document else { return Ok(false) };
        let digest = self.deployment.keys.document_index(document);
        Ok(self.store.indexed_holder(IndexKind::Document, digest).await? != Some(holder))
    }

    /// The writes that give an account a document, and what was kept for its owner.
    pub(crate) async fn adopt(&self, holder: HolderId, identity: &Identity) -> Result<Vec<Write>> {
        let key = self.store.vault_key(holder).await?.ok_or_else(no_challenge)?;
        let fields = self.store.sealed_fields(holder).await?;
        let kept = self.kept_of(identity, holder).await?;
        let mut writes = kept.take;
        let rng = self.deployment.rng.as_ref();
        let restored =
            self.deployment.keys.restore_document(&key, &fields, identity, self.now(), rng)?;
        let leads = self.led_by(identity).await? == Some(holder);
        // One of several that were the account's already is known by its number still.
        let known = |w: &Write| leads && matches!(w, Write::AddIndex { .. });
        writes.extend(restored.into_iter().filter(|w| !known(w)));
        writes.extend(kept.record);
        Ok(writes)
    }

    /// The document was not taken from them before.
    pub(crate) fn may_have(
        &self,
        identity: &Identity,
        account: Option<HolderId>,
        device: Option<[u8; 16]>,
    ) -> Result<Write> {
        let document = identity.document.as_ref().ok_or_else(no_challenge)?;
        let document = self.deployment.keys.document_index(document);
        Ok(self.not_barred(document, account, identity.phone.as_ref(), device))
    }

    async fn kept_of(&self, identity: &Identity, holder: HolderId) -> Result<Kept> {
        match &identity.document {
            Some(document) => {
                self.kept_for(self.deployment.keys.document_index(document), holder).await
            }
            None => Ok(Kept::default()),
        }
    }

    pub(crate) fn asked(&self, c: &Challenge) -> Result<Asked> {
        let plain =
            self.deployment.keys.open_envelope(&format!("request/{}", c.id), &c.sealed_payload)?;
        serde_json::from_slice(&plain).map_err(ServiceError::internal)
    }

    /// A session and a trusted device.
    fn begin_on_device(
        &self,
        holder: HolderId,
        agent: &str,
        writes: &mut Vec<Write>,
    ) -> (NewSession, NewSession) {
        let (session, begin) = self.begin_session_on(SessionSubject::Holder(holder), agent);
        let (device, trust) = self.begin_session_on(SessionSubject::Device(holder), agent);
        writes.extend([begin, trust]);
        (session, device)
    }

    async fn finish_registration(
        &self,
        c: &Challenge,
        right: &Right,
        with: &Answering<'_>,
    ) -> Result<SignedIn> {
        let now = self.now();
        let Asked { waiting, known_as, device, .. } = self.asked(c)?;
        let device = device.map(|d| d.holder);
        let waiting = waiting.ok_or_else(no_challenge)?;
        let phone = waiting.identity.phone.as_ref().ok_or_else(no_challenge)?;
        for _ in 0..TRIES {
            let users = self.users_of(phone).await?;
            let expect = self.expect_users(phone, &users);
            let end = with.document_end;
            if let Some(user) = self.same_person(users, &waiting.identity, device, end).await? {
                return self.finish_sign_in(c, user.holder, right, with).await;
            }
            let mut writes: Vec<_> = right.use_up(now).into();
            writes.push(expect);
            writes.push(self.may_have(&waiting.identity, None, known_as)?);
            let (holder, new) = self.registered(&waiting, now).await?;
            let has_kept = new.iter().any(|w| matches!(w, Write::TakeKept(_)));
            writes.extend(new);
            let (session, device) = self.begin_on_device(holder, with.agent, &mut writes);
            match self.store.commit(Unit::new("register", writes)).await {
                Ok(()) => {
                    if has_kept {
                        // Lists know them at once; their own page would ask anyway.
                        note("assess_registered", &self.assessment(holder).await);
                    }
                    let name_masked = waiting.identity.name.mask();
                    return Ok(SignedIn { session, device, name_masked, new: true });
                }
                // Something was kept for the document's owner, or taken, or somebody else began to use
                // the phone, a moment ago.
                Err(e) if e.is_conflict(Precondition::Leads) => {}
                Err(e) if has_kept && e.is_conflict(Precondition::Exists) => {}
                // A file of which something was kept is taken back: it is left out.
                Err(e) if e.is_conflict(FILE_STANDS) => {}
                Err(e) if e.is_conflict(Precondition::Absent) => {
                    // The same person finished registering a moment ago, on another device.
                    return match self.on_this_phone(&waiting.identity).await? {
                        Some(h) => self.finish_sign_in(c, h, right, with).await,
                        None => Err(start_again()),
                    };
                }
                Err(e) => return Err(answer_error(e)),
            }
        }
        Err(start_again())
    }

    /// The writes that make a person, with what was kept for the owner of their document.
    pub(crate) async fn registered(
        &self,
        waiting: &Waiting,
        now: Timestamp,
    ) -> Result<(HolderId, Vec<Write>)> {
        let (holder, new) = self.new_holder(&waiting.identity, &waiting.home, now)?;
        let kept = self.kept_of(&waiting.identity, holder).await?;
        let may = self.may_have(&waiting.identity, None, None)?;
        Ok((holder, [may].into_iter().chain(kept.take).chain(new).chain(kept.record).collect()))
    }

    /// Whom the document leads to, if they use the phone that the code proved.
    async fn on_this_phone(&self, who: &Identity) -> Result<Option<HolderId>> {
        let Some(phone) = &who.phone else { return Ok(None) };
        let holder = self.led_by(who).await?;
        let phone = self.deployment.keys.phone_index(phone);
        let users = self.store.indexed_holders(IndexKind::Phone, phone).await?;
        Ok(holder.filter(|h| users.contains(h)))
    }

    /// Whom the document leads to.
    async fn led_by(&self, who: &Identity) -> Result<Option<HolderId>> {
        let Some(document) = &who.document else { return Ok(None) };
        let document = self.deployment.keys.document_index(document);
        Ok(self.store.indexed_holder(IndexKind::Document, document).await?)
    }
}

pub(crate) fn start_again() -> ServiceError {
    ServiceError::new(
        Kind::Conflict,
        "registration.start_again",
        "This registration could not be finished. Please start again.",
    )
}

/// A lost race for a challenge or its code is told as such, and so is a document that was taken from
/// them; any other store error as it is.
pub(crate) fn answer_error(e: StoreError) -> ServiceError {
    match e {
        e if e.is_conflict(Precondition::Unused) => used(),
        e if e.is_conflict(Precondition::Unbarred) => at_counter(),
        e => e.into(),
    }
}

fn used() -> ServiceError {
    ServiceError::new(
        Kind::Conflict,
        "otp.used",
        "This code was used already. Please ask for a new one.",
    )
}

pub(crate) fn no_challenge() -> ServiceError {
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
