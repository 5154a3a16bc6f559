//! Messages to phones: an outbox that loses nothing and a gateway that may be down.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jadegate_domain::{Phone, Timestamp};
use jadegate_store::{OutboxMessage, OutboxState, RowRef, Write};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::{Kind, Result, ServiceError, is_ended};

/// What is sent to a phone, sealed in the outbox.
#[derive(Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) phone: Phone,
    pub(crate) text: String,
}

/// What came of a try that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SmsFault {
    /// The gateway answered with this HTTP status.
    #[error("it answered with status {0}")]
    Status(u16),
    /// It did not answer in time.
    #[error("it did not answer in time")]
    TimedOut,
    /// Nobody could be reached there.
    #[error("nobody answers there")]
    Unreachable,
}

/// Why a message was not taken. Never holds number or text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SmsError {
    /// The gateway did not answer or is busy: try again.
    #[error("the message gateway is not available: {0}")]
    Temporary(SmsFault),
    /// The gateway will not take this message, now or later.
    #[error("the message gateway refused the message: {0}")]
    Refused(SmsFault),
}

/// Sends one message to one phone.
#[async_trait]
pub trait SmsGateway: Send + Sync + 'static {
    /// Hands the message to the provider.
    async fn send(&self, phone: &Phone, text: &str) -> std::result::Result<(), SmsError>;
}

/// Takes every message and does nothing: the development outbox shows what is stored.
#[derive(Clone, Copy, Debug, Default)]
pub struct OutboxOnly;

#[async_trait]
impl SmsGateway for OutboxOnly {
    async fn send(&self, _phone: &Phone, _text: &str) -> std::result::Result<(), SmsError> {
        Ok(())
    }
}

/// How an HTTP provider wants its requests.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpGatewayConfig {
    /// Where to POST.
    pub url: String,
    /// Value of `Content-Type`: `application/json` or `application/x-www-form-urlencoded`; it
    /// decides how `{phone}` and `{text}` are escaped in the template.
    pub content_type: String,
    /// Body with `{phone}`, `{text}` and `{secret}`.
    pub template: String,
    /// Value of `Authorization`, may hold `{secret}`; empty: none is sent.
    pub authorization: String,
    /// The provider's secret.
    pub secret: String,
    /// Seconds until a try is given up.
    pub timeout_seconds: u64,
}

impl std::fmt::Debug for HttpGatewayConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpGatewayConfig").field("url", &self.url).finish_non_exhaustive()
    }
}

/// A provider reached by HTTP POST.
#[derive(Clone, Debug)]
pub struct HttpGateway {
    config: Arc<HttpGatewayConfig>,
    agent: ureq::Agent,
}

impl HttpGateway {
    /// From its configuration; fails if the template lacks a placeholder.
    pub fn new(config: HttpGatewayConfig) -> std::result::Result<Self, String> {
        if !config.template.contains("{phone}") || !config.template.contains("{text}") {
            return Err("sms.template must hold {phone} and {text}".to_owned());
        }
        if !config.url.starts_with("https://") && !config.url.starts_with("http://") {
            return Err(
                "sms.url must start with https:// (or http:// for a gateway on this machine)"
                    .to_owned(),
            );
        }
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(config.timeout_seconds.clamp(1, 60))))
            .http_status_as_error(false)
            .build()
            .into();
        Ok(Self { config: Arc::new(config), agent })
    }

    fn body(&self, phone: &str, text: &str) -> String {
        let c = &self.config;
        let escape: fn(&str) -> String =
            if c.content_type.contains("json") { escape_json } else { escape_form };
        // The secret last: a text that happens to hold a placeholder is not expanded twice.
        let mut out = String::with_capacity(c.template.len() + text.len());
        let mut rest = c.template.as_str();
        while let Some(start) = rest.find('{') {
            out.push_str(&rest[..start]);
            let tail = &rest[start..];
            let (value, used) = if tail.starts_with("{phone}") {
                (escape(phone), 7)
            } else if tail.starts_with("{text}") {
                (escape(text), 6)
            } else if tail.starts_with("{secret}") {
                (escape(&c.secret), 8)
            } else {
                ("{".to_owned(), 1)
            };
            out.push_str(&value);
            rest = &tail[used..];
        }
        out.push_str(rest);
        out
    }
}

#[async_trait]
impl SmsGateway for HttpGateway {
    async fn send(&self, phone: &Phone, text: &str) -> std::result::Result<(), SmsError> {
        let body = self.body(phone.reveal(), text);
        let (agent, config) = (self.agent.clone(), self.config.clone());
        let call = move || {
            let mut request = agent.post(&config.url).header("Content-Type", &config.content_type);
            if !config.authorization.is_empty() {
                let value = config.authorization.replace("{secret}", &config.secret);
                request = request.header("Authorization", &value);
            }
            match request.send(&body) {
                Ok(r) if r.status().is_success() => Ok(()),
                Ok(r) => {
                    let fault = SmsFault::Status(r.status().as_u16());
                    let busy =
                        r.status().is_server_error() || matches!(r.status().as_u16(), 408 | 429);
                    Err(if busy { SmsError::Temporary(fault) } else { SmsError::Refused(fault) })
                }
                Err(ureq::Error::Timeout(_)) => Err(SmsError::Temporary(SmsFault::TimedOut)),
                Err(_) => Err(SmsError::Temporary(SmsFault::Unreachable)),
            }
        };
        // Only the end of the program ends the task before its answer.
        let sent = tokio::task::spawn_blocking(call).await;
        sent.unwrap_or(Err(SmsError::Temporary(SmsFault::Unreachable)))
    }
}

fn escape_json(s: &str) -> String {
    let quoted = serde_json::Value::from(s).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// All but the letters that no reader of a form takes for anything else; a space is `%20`, which
/// gateways understand that do not know `+`.
fn escape_form(s: &str) -> String {
    const WRITTEN_AS_IT_IS: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    utf8_percent_encode(s, WRITTEN_AS_IT_IS).to_string()
}

/// Seconds before try `n + 1`: 2, 4, 8 … up to a minute.
fn pause(attempts: u32) -> i64 {
    2_i64.saturating_pow(attempts.clamp(1, 6)).min(60)
}

/// Nobody is promised a message that reaches nobody.
pub(crate) fn not_configured() -> ServiceError {
    ServiceError::new(
        Kind::Unavailable,
        "sms.not_configured",
        "Messages to phones cannot be sent here yet, so no code would reach you. The operator has to set the message gateway (sms.url).",
    )
}

impl App {
    /// Makes the messages that waiting requests lead to and sends every message that is due; returns
    /// how many were taken by the gateway. One that cannot be read is given up and keeps no other.
    pub async fn deliver_messages(&self, gateway: &dyn SmsGateway) -> Result<usize> {
        self.route_requests().await?;
        let now = self.now();
        let mut sent = 0;
        for message in self.store.due_messages(now, 100).await? {
            if self.stops() {
                break;
            }
            let after = match self.or_set_aside(self.open_message(&message))? {
                Some(content) => self.try_message(gateway, message, content, now).await,
                // It would be as unreadable at the next try: given up, so that it holds up no other.
                None => OutboxMessage { state: OutboxState::GivenUp, ..message },
            };
            sent += usize::from(after.state == OutboxState::Sent);
            match self.commit("message_tried", vec![Write::UpdateOutbox(after)]).await {
                // Another server has sent it, or given it up, meanwhile.
                Err(e) if is_ended(&e) => {}
                done => done?,
            }
        }
        Ok(sent)
    }

    async fn try_message(
        &self,
        gateway: &dyn SmsGateway,
        mut message: OutboxMessage,
        content: Message,
        now: Timestamp,
    ) -> OutboxMessage {
        if now >= message.expires_at {
            message.state = OutboxState::GivenUp;
            return message;
        }
        message.attempts += 1;
        match gateway.send(&content.phone, &content.text).await {
            Ok(()) => message.state = OutboxState::Sent,
            Err(SmsError::Refused(why)) => {
                tracing::warn!(%why, "message refused by the gateway");
                message.state = OutboxState::GivenUp;
            }
            Err(SmsError::Temporary(why)) => {
                tracing::warn!(%why, attempts = message.attempts, "message will be tried again");
                message.next_try_at = now.plus_secs(pause(message.attempts));
            }
        }
        message
    }

    fn open_message(&self, message: &OutboxMessage) -> Result<Message> {
        let what = format!("message/{}", message.challenge);
        let row = RowRef { table: "outbox", column: "sealed", row: message.challenge.as_i64() };
        let unreadable = || ServiceError::unreadable(row);
        let plain =
            self.deployment.keys.open_envelope(&what, &message.sealed).map_err(|_| unreadable())?;
        // The parser's own words could quote the message.
        serde_json::from_slice(&plain).map_err(|_| unreadable())
    }

    /// The newest messages in clear, newest first: phone (masked) and text. Demo only.
    pub async fn demo_outbox(&self) -> Result<Vec<(Timestamp, String, String)>> {
        if !self.deployment.settings.demo {
            return Err(ServiceError::new(
                Kind::NotFound,
                "demo.off",
                "This exists in the demo only.",
            ));
        }
        self.route_requests().await?;
        let mut out = Vec::new();
        for m in self.store.newest_messages(50).await? {
            let Some(Message { phone, text }) = self.or_set_aside(self.open_message(&m))? else {
                continue;
            };
            out.push((m.created_at, phone.mask(), text));
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(content_type: &str, template: &str) -> HttpGateway {
        HttpGateway::new(HttpGatewayConfig {
            url: "http://127.0.0.1:9/".to_owned(),
            content_type: content_type.to_owned(),
            template: template.to_owned(),
            authorization: String::new(),
            secret: "s3cret".to_owned(),
            timeout_seconds: 1,
        })
        .unwrap()
    }

    #[test]
    fn values_cannot_break_out_of_the_template() {
        let g = gateway("application/json", r#"{"to":"{phone}","text":"{text}","key":"{secret}"}"#);
        let body = g.body("+8613800000000", "a\"b{secret}");
        let json: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(json["text"], "a\"b{secret}");
        assert_eq!(json["key"], "s3cret");
        let g = gateway("application/x-www-form-urlencoded", "to={phone}&text={text}");
        assert_eq!(g.body("+86", "码 & 1"), "to=%2B86&text=%E7%A0%81%20%26%201");
    }

    #[test]
    fn a_template_without_placeholders_is_refused() {
        let mut c = (*gateway("application/json", "{phone}{text}").config).clone();
        c.template = "hello".to_owned();
        assert!(HttpGateway::new(c).is_err());
    }

    #[test]
    fn pauses_grow_and_end_at_a_minute() {
        assert_eq!((1..8).map(pause).collect::<Vec<_>>(), [2, 4, 8, 16, 32, 60, 60]);
    }
}
