//! Getting into the town: staff and gates by the demo's doors and the ordinary API, holders by
//! registering like anybody.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::Result;
use crate::client::{Connection, text};

/// Home of those who register: the whole city, so that no gate is away from home.
const HOME: &str = "CN-3301";
/// Registered at a time: the demo shows the 50 newest messages.
const AT_ONCE: usize = 40;

/// Enters as one of the demo's people; the cookie.
pub(crate) async fn enter(connection: &mut Connection, key: &str) -> Result<String> {
    let (_, cookie) =
        connection.call("POST", "/demo/enter", "", Some(&json!({ "as": key }))).await?;
    cookie.ok_or_else(|| format!("entering as {key} set no cookie").into())
}

/// Registers made-up people, with the one-time codes that the demo shows. Their cookies.
pub(crate) async fn register(connection: &mut Connection, people: usize) -> Result<Vec<String>> {
    let mut cookies = Vec::with_capacity(people);
    let all: Vec<usize> = (0..people).collect();
    for batch in all.chunks(AT_ONCE) {
        // Messages are ordered by the second: those of the batch before must be of an earlier one.
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        let mut challenges = Vec::with_capacity(batch.len());
        for n in batch {
            // No network of China has numbers from 10; the last four digits survive the mask.
            let body = json!({
                "name": "Example Bench",
                "document": { "type": "other", "number": format!("BENCH{n:06}"), "country": "CHN" },
                "nationality": "CN",
                "phone": format!("+861009990{n:04}"),
                "home_division": HOME,
                "language": "en",
            });
            let (sent, _) = connection.call("POST", "/v1/registrations", "", Some(&body)).await?;
            challenges.push((format!("{n:04}"), text(&sent, "challenge")?.to_owned()));
        }
        let (outbox, _) = connection.call("GET", "/demo/outbox", "", None).await?;
        let outbox = outbox.as_str().ok_or("the outbox is no page")?;
        for (ending, challenge) in challenges {
            let code =
                one_time_code(outbox, &ending).ok_or("a message is missing in the outbox")?;
            let path = format!("/v1/challenges/{challenge}/answer");
            let (_, cookie) =
                connection.call("POST", &path, "", Some(&json!({ "code": code }))).await?;
            cookies.push(cookie.ok_or("registering set no cookie")?);
        }
    }
    Ok(cookies)
}

/// The six digits in the message to the phone with this ending:
/// `<li><time>…</time> +86*******0001 <p>… 123456 …</p></li>`.
fn one_time_code<'a>(outbox: &'a str, phone_ending: &str) -> Option<&'a str> {
    let to_phone = |item: &&str| {
        let head = item.split("<p>").next().unwrap_or_default();
        head.trim_end().ends_with(phone_ending) && head.contains("+86")
    };
    let message = outbox.split("<li>").find(to_phone)?.split_once("<p>")?.1;
    message.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 6)
}

/// Enrols one gate at each of so many places (again from the first if there are fewer) and signs
/// each in. Their cookies.
pub(crate) async fn gates(connection: &mut Connection, count: usize) -> Result<Vec<String>> {
    let admin = enter(connection, "admin").await?;
    let path = format!("/v1/staff/places?limit={}", count.clamp(1, 200));
    let (places, _) = connection.call("GET", &path, &admin, None).await?;
    let places = places
        .get("places")
        .and_then(Value::as_array)
        .filter(|p| !p.is_empty())
        .ok_or("a town without places")?;
    let mut cookies = Vec::with_capacity(count);
    for place in places.iter().cycle().take(count) {
        let path = format!("/v1/staff/places/{}/enrolment", text(place, "id")?);
        let (made, _) = connection.call("POST", &path, &admin, Some(&json!({}))).await?;
        let token = text(&made, "link")?.split_once("#enrol=").ok_or("a link without a token")?.1;
        cookies.push(sign_in_gate(connection, token).await?);
    }
    Ok(cookies)
}

/// A new device: a key pair, the link's token, a signed challenge.
async fn sign_in_gate(connection: &mut Connection, token: &str) -> Result<String> {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
    let public_key = URL_SAFE_NO_PAD.encode(key.public_key().as_ref());
    let body = json!({ "token": token, "label": "Bench", "public_key": public_key });
    let (enrolled, _) = connection.call("POST", "/v1/gates", "", Some(&body)).await?;
    let gate = text(&enrolled, "gate")?.to_owned();
    let (challenge, _) = connection
        .call("POST", &format!("/v1/gates/{gate}/challenge"), "", Some(&json!({})))
        .await?;
    let nonce = text(&challenge, "nonce")?;
    let signature =
        key.sign(&SystemRandom::new(), format!("jadegate-gate-v1\n{gate}\n{nonce}").as_bytes())?;
    let body = json!({ "nonce": nonce, "signature": URL_SAFE_NO_PAD.encode(signature.as_ref()) });
    let (_, cookie) =
        connection.call("POST", &format!("/v1/gates/{gate}/session"), "", Some(&body)).await?;
    cookie.ok_or_else(|| "signing in set no cookie".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_found_by_the_end_of_the_phone() {
        let page = "<ul><li><time>2026-01-01T00:00:00Z</time> +86*******0012 <p>Your code: 123456. Valid 5 min.</p></li>\
                    <li><time>2026-01-01T00:00:00Z</time> +86*******0013 <p>654321 is your code</p></li></ul>";
        assert_eq!(one_time_code(page, "0013"), Some("654321"));
        assert_eq!(one_time_code(page, "0012"), Some("123456"));
        assert_eq!(one_time_code(page, "0014"), None);
    }
}
