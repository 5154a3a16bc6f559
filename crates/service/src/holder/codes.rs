//! Where requests for codes lead, and which messages follow.
//!
//! A code belongs to a phone, not to a request: whatever was asked for, by however many, a code that
//! was sent to the phone answers every request that leads there. So a phone gets few messages however
//! many ask, and its owner always has a code that works: the newest. When strangers use the messages
//! up or guess, codes get longer and live longer instead of the owner being shut out.

use jadegate_domain::id::{ChallengeId, PhoneCodeId};
use jadegate_domain::{HolderId, Phone, Timestamp};
use jadegate_store::{
    Challenge, ChallengeUse, ChallengeWrite, IndexKind, OutboxMessage, OutboxState, PhoneCode,
    Precondition, Route, Unit, Write,
};

use super::register::{Aim, Asked};
use crate::app::App;
use crate::error::{Result, ServiceError};
use crate::limits::Limit;
use crate::sms::Message;

/// Digits of a code on an ordinary day.
pub(crate) const SHORT: u32 = 6;
/// Digits of a code once strangers ask or guess: cannot be guessed, so nothing has to be shut.
const LONG: u32 = 10;
/// Seconds within which guesses at short codes are counted; short codes live less long.
const GUESSING: u32 = 3600;
/// Guesses at a phone's short codes; beyond them short codes are worth nothing.
const GUESSES: u32 = 20;
const DAY: u32 = 86_400;
/// Messages within a day to one phone that let somebody care for a person, or change to it.
const CARE: Limit = Limit { class: "otp.care", seconds: DAY, most: 5 };

/// Where a request leads.
struct Led {
    route: Route,
    /// The phone that gets the code, if anybody does.
    to: Option<Phone>,
}

/// Guesses at the short codes of a lane.
pub(crate) const fn guesses() -> Limit {
    Limit { class: "otp.guess", seconds: GUESSING, most: GUESSES }
}

impl App {
    /// Finds out where waiting requests lead and puts the messages that follow into the outbox;
    /// returns how many requests. One that cannot be read leads nowhere and keeps no other waiting.
    pub async fn route_requests(&self) -> Result<usize> {
        let waiting = self.store.unrouted_challenges(self.now(), 500).await?;
        for challenge in &waiting {
            let led = self.route_request(challenge).await;
            match led {
                Err(e) if e.kind == crate::error::Kind::Unavailable => return Err(e),
                Err(e) => {
                    tracing::error!(error = %e, "a request for a code cannot be read; it is set aside");
                    let route = Route { lane: [0; 16], used_for: ChallengeUse::Nothing };
                    self.routed(challenge.id, route, Vec::new()).await?;
                }
                Ok(()) => {}
            }
        }
        Ok(waiting.len())
    }

    async fn route_request(&self, challenge: &Challenge) -> Result<()> {
        let what = format!("request/{}", challenge.id);
        let plain = self.deployment.keys.open_envelope(&what, &challenge.sealed_payload)?;
        let asked: Asked = serde_json::from_slice(&plain).map_err(ServiceError::internal)?;
        let led = self.lead(&asked).await?;
        let Led { route, to: Some(to) } = led else {
            return self.routed(challenge.id, led.route, Vec::new()).await.map(drop);
        };
        let now = self.now();
        let guessed = self
            .store
            .counted(guesses().class, route.lane, now.plus_secs(-i64::from(GUESSING)))
            .await?;
        // A few messages a day come when asked for; then one every few hours, whose code lives until
        // the next may be sent.
        let s = &self.deployment.settings;
        let often = Limit {
            class: "otp.phone",
            seconds: DAY,
            most: s.otp_per_hour.saturating_sub(1).max(1),
        };
        let seldom = self.seldom();
        let short_life = s.otp_seconds + s.otp_pause_seconds;
        let long_life = i64::from(seldom.seconds) + short_life;
        let digits = if guessed >= u64::from(GUESSES) { LONG } else { SHORT };
        let care = [(CARE, digits, short_life)];
        let usual = [(often, digits, short_life), (seldom, LONG, long_life)];
        let plan: &[_] = if asked.aim == Aim::Enter { &usual } else { &care };
        for &(limit, digits, life) in plan {
            let mut writes =
                vec![self.count(self.pause(), route.lane, 1), self.count(limit, route.lane, 1)];
            writes.extend(self.message(challenge.id, route, &to, &asked, digits, life)?);
            if self.routed(challenge.id, route, writes).await? {
                return Ok(());
            }
        }
        // The phone has a code that still works.
        self.routed(challenge.id, route, Vec::new()).await.map(drop)
    }

    /// What a day allows beyond the first few, spread over it.
    fn seldom(&self) -> Limit {
        let s = &self.deployment.settings;
        let rest = s.otp_per_day.saturating_sub(s.otp_per_hour.saturating_sub(1)).max(1);
        Limit { class: "otp.phone.seldom", seconds: DAY.div_ceil(rest), most: 1 }
    }

    fn pause(&self) -> Limit {
        let seconds =
            u32::try_from(self.deployment.settings.otp_pause_seconds).unwrap_or(60).max(1);
        Limit { class: "otp.phone.pause", seconds, most: 1 }
    }

    /// Writes where a request leads, with what follows; false if a limit had no room.
    async fn routed(&self, id: ChallengeId, route: Route, mut more: Vec<Write>) -> Result<bool> {
        more.push(Write::Challenge(ChallengeWrite::Route { id, route }));
        match self.store.commit(Unit::new("route_request", more)).await {
            // Another server did it a moment ago.
            Err(e) if e.is_conflict(Precondition::Unused) => Ok(true),
            Err(e) if e.no_room().is_some() => Ok(false),
            other => Ok(other.map(|()| true)?),
        }
    }

    async fn lead(&self, asked: &Asked) -> Result<Led> {
        let (used_for, to) = self.leads_to(asked).await?;
        let own = asked.device.filter(|d| used_for == ChallengeUse::SignIn(d.holder));
        let lane = asked.aim.lane();
        let lane = own.map_or_else(
            || self.deployment.keys.blind(lane, to.as_ref().unwrap_or(&asked.phone).reveal()),
            |device| device.lane,
        );
        Ok(Led { route: Route { lane, used_for }, to })
    }

    /// What the right answer does, and which phone gets the code.
    async fn leads_to(&self, asked: &Asked) -> Result<(ChallengeUse, Option<Phone>)> {
        if let Aim::Move(holder) = asked.aim {
            return Ok((ChallengeUse::SignIn(holder), Some(asked.phone.clone())));
        }
        if let Some(holder) = self.by_document(asked).await? {
            // The phone on file, which may be another than the one typed: its owner gets the code.
            // Whoever has none comes to a counter.
            let phone = self.identity(holder).await?.and_then(|identity| identity.phone);
            return Ok(match phone {
                Some(phone) => (ChallengeUse::SignIn(holder), Some(phone)),
                None => (ChallengeUse::Nothing, None),
            });
        }
        let typed = Some(asked.phone.clone());
        if asked.waiting.is_some() {
            return Ok((ChallengeUse::Register, typed));
        }
        let phone = self.deployment.keys.phone_index(&asked.phone);
        let users = self.store.indexed_holders(IndexKind::Phone, phone).await?;
        let own = asked.device.map(|d| d.holder).filter(|h| users.contains(h));
        Ok(match own {
            Some(holder) => (ChallengeUse::SignIn(holder), typed),
            None if users.is_empty() => (ChallengeUse::Nothing, None),
            None => (ChallengeUse::Phone, typed),
        })
    }

    async fn by_document(&self, asked: &Asked) -> Result<Option<HolderId>> {
        let waiting = asked.waiting.as_ref();
        let Some(document) = waiting.and_then(|w| w.identity.document.as_ref()) else {
            return Ok(None);
        };
        let digest = self.deployment.keys.document_index(document);
        Ok(self.store.indexed_holder(IndexKind::Document, digest).await?)
    }

    fn message(
        &self,
        challenge: ChallengeId,
        route: Route,
        to: &Phone,
        asked: &Asked,
        digits: u32,
        life: i64,
    ) -> Result<[Write; 2]> {
        let now = self.now();
        let expires_at = now.plus_secs(life);
        let id = PhoneCodeId::from_random(self.deployment.rng.bits());
        let code =
            PhoneCode { id, lane: route.lane, digits, created_at: now, expires_at, used_at: None };
        let name = &self.deployment.settings.name;
        let consent =
            matches!(asked.aim, Aim::Care(_)) && matches!(route.used_for, ChallengeUse::SignIn(_));
        let make = if consent { consent_text } else { message_text };
        let text = make(name, &self.deployment.keys.phone_code(&code), &asked.language, life);
        let message = Message { phone: to.clone(), text };
        let plain =
            zeroize::Zeroizing::new(serde_json::to_vec(&message).map_err(ServiceError::internal)?);
        let what = format!("message/{challenge}");
        let sealed =
            self.deployment.keys.seal_envelope(&what, &plain, self.deployment.rng.as_ref())?;
        Ok([
            Write::Challenge(ChallengeWrite::AddCode(code)),
            Write::AddOutbox(OutboxMessage {
                challenge,
                sealed,
                created_at: now,
                expires_at: now.plus_secs(self.deployment.settings.otp_seconds),
                next_try_at: now,
                attempts: 0,
                state: OutboxState::Waiting,
            }),
        ])
    }

    /// How messages fare, for somebody who waits for one: as all do, not as this one, so that it
    /// tells nothing about document or phone.
    pub(crate) async fn message_state(&self, asked_at: Timestamp) -> Result<&'static str> {
        let now = self.now();
        let oldest = self.store.due_messages(Timestamp::MAX, 1).await?.into_iter().next();
        let stuck = oldest.is_some_and(|m| m.attempts > 0 || now.secs_since(m.created_at) > 15);
        Ok(match now.secs_since(asked_at) {
            _ if stuck => "delayed",
            ..5 => "waiting",
            _ => "sent",
        })
    }
}

/// How long a code works, in words.
fn works(language: &str, life: i64) -> String {
    let minutes = life / 60;
    let (few, hours) =
        if language == "en" { (" minutes", " hours") } else { (" 分钟", " 小时") };
    if minutes < 120 { format!("{minutes}{few}") } else { format!("{}{hours}", minutes / 60) }
}

fn message_text(name: &str, code: &str, language: &str, life: i64) -> String {
    let works = works(language, life);
    if language == "en" {
        format!(
            "{name}: your code is {code}. It works for {works}, once; of several codes type the newest. Never tell it to anybody; staff never ask for it."
        )
    } else {
        format!(
            "【{name}】验证码 {code}，{works}内有效，仅限使用一次；如有多条请输入最新的。请勿告诉任何人，工作人员不会向您索要。"
        )
    }
}

/// To somebody for whom another one wants to care: this code is there to be told.
fn consent_text(name: &str, code: &str, language: &str, life: i64) -> String {
    let works = works(language, life);
    if language == "en" {
        format!(
            "{name}: somebody asks to care for you: to show your health code and see your records and visits. If you want that, tell them this code; otherwise tell nobody. The code is {code} and works for {works}, once. You can end it at any time."
        )
    } else {
        format!(
            "【{name}】有人申请做您的代办人：可以出示您的健康码，查看您的记录和行程。如果您同意，请把验证码 {code} 告诉对方；不同意请勿告诉任何人。{works}内有效，仅限使用一次；您可以随时解除。"
        )
    }
}
