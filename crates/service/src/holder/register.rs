//! Asking for a one-time code, to register or to sign in.
//!
//! A request is written before anybody looks whether document or phone are known, and is answered
//! from what was typed alone: the work, the counts, the limits and the words are the same for
//! everybody (h15). Where it leads is found out afterwards (`codes.rs`). What asking often costs is a
//! short calculation on the asker's device, never somebody's sign-in ([decision 0030]).
//!
//! [decision 0030]: ../../../../docs/decisions/0030-one-time-codes.md

use jadegate_divisions::Directory;
use jadegate_domain::country::Country;
use jadegate_domain::evidence::Fact;
use jadegate_domain::id::ChallengeId;
use jadegate_domain::{Division, Evidence, Holder, HolderId, PersonName, Phone, Timestamp};
use jadegate_store::{Challenge, ChallengeWrite, RowRef, SessionSubject, Unit, Write};
use serde::{Deserialize, Serialize};

use super::work::{Puzzle, WorkProof};
use crate::app::App;
pub use crate::document::DocumentInput;
use crate::error::{FieldError, Kind, Result, ServiceError};
use crate::limits::Limit;
use crate::phone;
use crate::session::token_digest;
use crate::staff::people::barred::device_lane;
use crate::vault::Identity;

/// What a person fills in to register.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RegistrationInput {
    /// Name.
    pub name: String,
    /// Document.
    pub document: DocumentInput,
    /// Nationality, ISO 3166-1 alpha-2, or what ICAO 9303 writes for people who have none (`XXA`).
    pub nationality: String,
    /// Phone.
    pub phone: String,
    /// Of which country the number is, unless it begins with `+` (ISO 3166-1 alpha-2).
    #[serde(default)]
    pub phone_country: Option<String>,
    /// Home division.
    pub home_division: String,
    /// `zh` or `en`.
    #[serde(default)]
    pub language: String,
    /// The solved puzzle, if one was given.
    #[serde(default)]
    pub proof: Option<WorkProof>,
}

/// What a person fills in to sign in again.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignInInput {
    /// Phone.
    pub phone: String,
    /// Of which country the number is, unless it begins with `+` (ISO 3166-1 alpha-2).
    #[serde(default)]
    pub phone_country: Option<String>,
    /// `zh` or `en`.
    #[serde(default)]
    pub language: String,
    /// The solved puzzle, if one was given.
    #[serde(default)]
    pub proof: Option<WorkProof>,
}

/// A checked registration, as it waits (sealed) for the answer to its one-time code.
#[derive(Serialize, Deserialize)]
pub(crate) struct Waiting {
    pub(crate) identity: Identity,
    pub(crate) home: Division,
}

/// What was asked for, sealed until it is known where it leads.
#[derive(Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) phone: Phone,
    pub(crate) language: String,
    /// A registration; else somebody signs in by phone.
    pub(crate) waiting: Option<Waiting>,
    /// The device has signed in before.
    pub(crate) device: Option<Trusted>,
    /// What the device is known by, though it may be trusted no more.
    #[serde(default)]
    pub(crate) known_as: Option<[u8; 16]>,
    /// What for.
    #[serde(default)]
    pub(crate) aim: Aim,
}

/// What a code is asked for. A code for one aim is no answer to a request for another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Aim {
    /// To sign in, or to register first.
    #[default]
    Enter,
    /// Somebody asks to care for the person in `waiting`.
    Care(HolderId),
    /// Somebody changes to the phone that was typed.
    Move(HolderId),
    /// Somebody asks that the record of the document in `waiting` is joined with theirs.
    Join(HolderId),
}

impl Aim {
    /// The name of its lanes of codes.
    pub(crate) const fn lane(self) -> &'static str {
        match self {
            Self::Enter => "phone lane",
            Self::Care(_) => "care lane",
            Self::Move(_) => "move lane",
            Self::Join(_) => "join lane",
        }
    }
}

/// A device on which a holder has signed in before.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Trusted {
    pub(crate) holder: HolderId,
    /// The lane of its own codes.
    pub(crate) lane: [u8; 16],
}

/// Who asks, as far as limits are concerned.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asker<'a> {
    /// The asker's address; only its keyed digest is kept.
    pub client: &'a str,
    /// The token of a device on which somebody signed in before.
    pub device: Option<&'a str>,
}

impl<'a> Asker<'a> {
    /// Somebody at an address, of whom nothing else is known.
    pub const fn at(client: &'a str) -> Self {
        Self { client, device: None }
    }
}

/// A one-time code is on its way to the phone on file, if there is one: the same whoever asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChallengeSent {
    /// Which challenge to answer.
    pub challenge: ChallengeId,
    /// The phone that was typed, masked.
    pub phone_masked: String,
    /// Until when.
    pub expires_at: Timestamp,
    /// When asking again makes sense.
    pub resend_at: Timestamp,
    /// The server's clock.
    pub server_time: Timestamp,
}

impl RegistrationInput {
    pub(crate) fn parse(
        &self,
        today: jiff::civil::Date,
    ) -> std::result::Result<Waiting, Vec<FieldError>> {
        self.parse_with(today, |phone| phone::read(phone).map(Some))
    }

    /// The same at a counter, where somebody may have no phone.
    pub(crate) fn parse_at_counter(
        &self,
        today: jiff::civil::Date,
    ) -> std::result::Result<Waiting, Vec<FieldError>> {
        self.parse_with(today, |phone| match phone.trim() {
            "" => Ok(None),
            phone => phone::read(phone).map(Some),
        })
    }

    fn parse_with(
        &self,
        today: jiff::civil::Date,
        read_phone: impl Fn(&str) -> std::result::Result<Option<Phone>, FieldError>,
    ) -> std::result::Result<Waiting, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let mut note = |field: &'static str, code: &'static str, detail: String| {
            wrong.push(FieldError { field, code, detail });
        };
        let name =
            PersonName::new(&self.name).map_err(|e| note("name", "name.bad", e.to_string())).ok();
        let home = home(&self.home_division)
            .map_err(|(code, detail)| note("home_division", code, detail.to_owned()))
            .ok();
        let nationality = jadegate_domain::country::nationality(&self.nationality);
        if nationality.is_none() {
            let detail = "Choose a country from the list.".to_owned();
            note("nationality", "country.unknown", detail);
        }
        let nationality = nationality.map(str::to_owned);
        let phone = phone::in_country(&self.phone, self.phone_country.as_deref());
        let phone = read_phone(&phone).map_err(|e| wrong.push(e)).ok();
        let document = self.document.parse(today).map_err(|e| wrong.push(e)).ok();
        match (name, phone, home, nationality, document) {
            (Some(name), Some(phone), Some(home), Some(nationality), Some(document)) => {
                let language = if self.language == "en" { "en" } else { "zh" }.to_owned();
                Ok(Waiting {
                    identity: Identity {
                        name,
                        document: Some(document),
                        nationality,
                        phone,
                        language,
                        born: None,
                    },
                    home,
                })
            }
            _ => Err(wrong),
        }
    }
}

/// Where somebody lives: a division that the table knows, or a country. For the divisions of other
/// countries there is no table.
fn home(text: &str) -> std::result::Result<Division, (&'static str, &'static str)> {
    let home: Division = text.parse().map_err(|_| ("division.bad", "Choose where you live."))?;
    let listed = |d: &Division| Directory::embedded().name(d).is_some();
    let known = match (home.country(), home.path().len()) {
        ("CN", 0) => true,
        // Villages stand below the townships, which are listed.
        ("CN", 12) => home.parent().is_some_and(|township| listed(&township)),
        ("CN", _) => listed(&home),
        (country, _) => Country::from_alpha2(country).is_some(),
    };
    known.then_some(home).ok_or((
        "division.unknown",
        "There is no such division now. Choose where you live from the list.",
    ))
}

/// Requests of one address within an hour.
const CLIENT: &str = "otp.client";
/// Requests for one typed phone within an hour.
const TYPED: &str = "otp.typed";
/// Requests of one trusted device within an hour; beyond them it is a stranger.
const DEVICE: Limit = Limit { class: "otp.device", seconds: HOUR, most: 10 };
const HOUR: u32 = 3600;

impl App {
    /// Takes a registration; a one-time code goes to the phone on file.
    pub async fn begin_registration(
        &self,
        input: &RegistrationInput,
        asker: Asker<'_>,
    ) -> Result<ChallengeSent> {
        // Before anybody is asked for a code or sends their name for nothing.
        self.must_have_mandate()?;
        let today = self.now().local_day(self.policy().calendar().zone());
        let waiting = input.parse(today).map_err(ServiceError::fields)?;
        let phone = waiting.identity.phone.clone();
        let phone =
            phone.ok_or_else(|| ServiceError::internal("a registration without a phone"))?;
        let language = waiting.identity.language.clone();
        let asked = Asked {
            phone,
            language,
            waiting: Some(waiting),
            device: None,
            known_as: None,
            aim: Aim::Enter,
        };
        self.ask(asked, asker, input.proof.as_ref()).await
    }

    /// Signing in again: a one-time code goes to the phone, if it is known. The answer is the same.
    pub async fn begin_sign_in(
        &self,
        input: &SignInInput,
        asker: Asker<'_>,
    ) -> Result<ChallengeSent> {
        let phone = phone::in_country(&input.phone, input.phone_country.as_deref());
        let phone = phone::read(&phone).map_err(|e| ServiceError::fields(vec![e]))?;
        let language = input.language.clone();
        let asked =
            Asked { phone, language, waiting: None, device: None, known_as: None, aim: Aim::Enter };
        self.ask(asked, asker, input.proof.as_ref()).await
    }

    /// Counts, seals, writes: nothing here depends on what is known.
    async fn ask(
        &self,
        mut asked: Asked,
        asker: Asker<'_>,
        proof: Option<&WorkProof>,
    ) -> Result<ChallengeSent> {
        let typed = self.deployment.keys.blind("typed phone", asked.phone.reveal());
        let client = self.deployment.keys.blind("client", asker.client);
        let token = asker.device.filter(|t| t.len() == 43).map(token_digest);
        asked.known_as = token.map(|digest| device_lane(&self.deployment.keys, &digest));
        asked.device = self.trusted(token).await?;
        let (sent, challenge) = self.sealed_request(&asked)?;
        let counted_for_device = match asked.device {
            Some(device) => {
                let counted = self.count(DEVICE, device.lane, 1);
                let unit = Unit::new("ask_for_code", vec![counted, challenge.clone()]);
                match self.store.commit(unit).await {
                    Ok(()) => true,
                    Err(e) if e.no_room().is_some() => false,
                    Err(e) => return Err(e.into()),
                }
            }
            None => false,
        };
        if !counted_for_device {
            self.ask_as_stranger(typed, client, proof, challenge).await?;
        }
        Ok(sent)
    }

    /// A request, sealed, and what the asker is told.
    pub(crate) fn sealed_request(&self, asked: &Asked) -> Result<(ChallengeSent, Write)> {
        if !self.deployment.settings.gateway {
            return Err(crate::sms::not_configured());
        }
        let now = self.now();
        let id = ChallengeId::from_random(self.deployment.rng.bits());
        let plain =
            zeroize::Zeroizing::new(serde_json::to_vec(asked).map_err(ServiceError::internal)?);
        let sealed_payload = self.deployment.keys.seal_envelope(
            &format!("request/{id}"),
            &plain,
            self.deployment.rng.as_ref(),
        )?;
        let expires_at = now.plus_secs(self.deployment.settings.otp_seconds);
        let challenge = Write::Challenge(ChallengeWrite::Add(Box::new(Challenge {
            id,
            sealed_payload,
            route: None,
            created_at: now,
            expires_at,
            tries: 0,
            used_at: None,
        })));
        let sent = ChallengeSent {
            challenge: id,
            phone_masked: asked.phone.mask(),
            expires_at,
            resend_at: now.plus_secs(self.deployment.settings.otp_pause_seconds),
            server_time: now,
        };
        Ok((sent, challenge))
    }

    /// The more often the same address asks, or anybody for the same phone, the more work each
    /// request takes; none is refused for good.
    async fn ask_as_stranger(
        &self,
        typed: [u8; 16],
        client: [u8; 16],
        proof: Option<&WorkProof>,
        challenge: Write,
    ) -> Result<()> {
        let proved = match proof {
            Some(proof) => Some(self.check_proof(proof, typed)?),
            None => None,
        };
        let bits = proved.map_or(0, |p| p.bits);
        let (a, b) = (self.client_limit(), self.typed_limit());
        let mut writes = vec![
            self.count(Limit { most: allowance(a.most, bits), ..a }, client, 1),
            self.count(Limit { most: allowance(b.most, bits), ..b }, typed, 1),
            challenge,
        ];
        writes.extend(proved.map(|p| p.use_it(self)));
        match self.store.commit(Unit::new("ask_for_code", writes)).await {
            Ok(()) => Ok(()),
            Err(e) if e.no_room().is_some() => {
                let after = self.now().plus_secs(-i64::from(HOUR));
                let asked = [
                    (a.most, self.store.counted(CLIENT, client, after).await?),
                    (b.most, self.store.counted(TYPED, typed, after).await?),
                ];
                let bits = asked.into_iter().map(|(free, n)| price(free, n)).max();
                // At least the first step: a proof that was used already leads here too.
                let bits = bits.unwrap_or(0).max(STEPS[1]);
                Err(work_needed(self.new_puzzle(bits, typed)))
            }
            Err(e) => Err(e.into()),
        }
    }

    fn client_limit(&self) -> Limit {
        Limit { class: CLIENT, seconds: HOUR, most: self.deployment.settings.otp_per_client_hour }
    }

    fn typed_limit(&self) -> Limit {
        Limit { class: TYPED, seconds: HOUR, most: self.deployment.settings.otp_per_hour }
    }

    async fn trusted(&self, token_digest: Option<[u8; 32]>) -> Result<Option<Trusted>> {
        let Some(digest) = token_digest else { return Ok(None) };
        let Some(device) = self.store.session(digest, self.now()).await? else { return Ok(None) };
        let SessionSubject::Device(holder) = device.subject else { return Ok(None) };
        let lane = device_lane(&self.deployment.keys, &digest);
        Ok(Some(Trusted { holder, lane }))
    }

    /// The writes that create a holder: vault, home stay, and nothing else.
    pub(crate) fn new_holder(
        &self,
        identity: &Identity,
        home: &Division,
        now: Timestamp,
    ) -> Result<(HolderId, Vec<Write>)> {
        self.must_have_mandate()?;
        let holder = HolderId::from_random(self.deployment.rng.bits());
        let mut writes = vec![Write::AddHolder(Holder {
            id: holder,
            home: home.clone(),
            registered_at: now,
            evidence_version: 0,
        })];
        writes.extend(self.deployment.keys.store_identity(
            holder,
            identity,
            now,
            self.deployment.rng.as_ref(),
        )?);
        // Where somebody lives is a stay that goes on: a risk level there concerns them.
        let stay = Evidence {
            id: jadegate_domain::EvidenceId::from_random(self.deployment.rng.bits()),
            holder: Some(holder),
            fact: Fact::Stay { division: home.clone(), from: now, to: Timestamp::MAX },
            recorded_at: now,
            agency: None,
            origin: None,
            withdrawn_at: None,
            superseded_by: None,
        };
        let keys = &self.deployment.keys;
        writes.push(Write::AddLeaf(crate::log::evidence_leaf_at(keys, &stay, self.now())?));
        writes.push(Write::AddEvidence { evidence: Box::new(stay), external_key: None });
        Ok((holder, writes))
    }

    /// A holder's identity, inside a purpose-bound operation only.
    pub(crate) async fn identity(&self, holder: HolderId) -> Result<Option<Identity>> {
        let key = self.store.vault_key(holder).await?;
        let fields = self.store.sealed_fields(holder).await?;
        self.deployment.keys.open_identity(key, &fields).map_err(|e| ServiceError {
            inside: e.inside,
            ..ServiceError::unreadable(RowRef {
                table: "sealed_field",
                column: "sealed",
                row: holder.as_i64(),
            })
        })
    }
}

/// Leading zero bits of the proof, from none to the most that a phone finds in a second or two.
const STEPS: [u32; 6] = [0, 14, 16, 17, 18, 19];

/// How many within an hour a proof of so many bits allows: twice as many with each step, and with the
/// last as many as anybody has patience for.
fn allowance(free: u32, bits: u32) -> u32 {
    match STEPS.iter().rposition(|step| *step <= bits) {
        Some(last) if last + 1 == STEPS.len() => u32::MAX,
        Some(step) => free.saturating_mul(1 << (2 * step)),
        None => free,
    }
}

/// The bits that one more request needs when so many were made.
fn price(free: u32, made: u64) -> u32 {
    let fits = |bits: &&u32| made < u64::from(allowance(free, **bits));
    STEPS.iter().find(fits).copied().unwrap_or(STEPS[STEPS.len() - 1])
}

fn work_needed(puzzle: Puzzle) -> ServiceError {
    let mut e = ServiceError::new(
        Kind::TooMany,
        "otp.work_needed",
        "Many codes were asked for from this network or for this phone. Solve the puzzle and send the request again with it; the page does this by itself.",
    );
    e.puzzle = Some(Box::new(puzzle));
    e
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who pays the price is let in, who pays less is not, and more requests never cost less.
    #[test]
    fn the_price_is_what_lets_in() {
        let dearest = STEPS[STEPS.len() - 1];
        for free in [1, 5, 60, 1_000, u32::MAX] {
            let mut before = 0;
            for made in (0..3_000).chain([5_000, 100_000, 10_000_000, 4_000_000_000]) {
                let bits = price(free, made);
                assert!(made < u64::from(allowance(free, bits)));
                if let Some(less) = STEPS.iter().rev().find(|s| **s < bits) {
                    assert!(made >= u64::from(allowance(free, *less)));
                }
                assert!((before..=dearest).contains(&bits), "nobody is shut out");
                before = bits;
            }
        }
    }
}
