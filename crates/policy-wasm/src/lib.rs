//! The one function that makes a colour, for the holder's own device.
//!
//! A holder's page asks it what the published policy says about the holder's own evidence and
//! compares the answer with what the server showed. Text goes in, text comes out: [`answer`] is the
//! whole of it, and the same on any machine. What browsers need around it is in `exports`.

mod exports;

use jadegate_domain::{Division, Evidence, Timestamp};
use jadegate_policy::{Policy, Timeline, assess, explain};
use serde::{Deserialize, Serialize};

/// What is asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request<'a> {
    /// The policy file as published, byte for byte: its digest is made from it.
    #[serde(borrow)]
    policy: std::borrow::Cow<'a, str>,
    /// The holder's own evidence and the risk levels that concern them, in any order.
    evidence: Vec<Evidence>,
    /// The moment asked about.
    at: Timestamp,
    /// Where the holder lives, if the policy is read with the clock of that place.
    #[serde(default)]
    home: Option<Division>,
    /// Where the timeline begins; with the first piece recorded, if left out.
    #[serde(default)]
    from: Option<Timestamp>,
}

/// What comes back.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    /// The assessment at that moment, and the timeline of all that is known at it.
    Ok { assessment: jadegate_domain::Assessment, timeline: Timeline },
    /// Why there is none.
    Error { code: &'static str, message: String },
}

/// Answers one request. Both are JSON; the request is
/// `{"policy": text, "evidence": [...], "at": moment}`, the answer `{"ok": {"assessment": ...,
/// "timeline": ...}}` or `{"error": {"code": ..., "message": ...}}` with one of the codes
/// `request_unreadable` and `policy_has_problems`.
///
/// What was recorded after the moment asked about is left out, as the server did not know it then.
pub fn answer(request: &[u8]) -> Vec<u8> {
    let answer = decide(request).unwrap_or_else(|(code, message)| Answer::Error { code, message });
    // Texts, numbers and moments always become JSON; nothing at all is no answer to the page.
    serde_json::to_vec(&answer).unwrap_or_default()
}

fn decide(request: &[u8]) -> Result<Answer, (&'static str, String)> {
    let Request { policy, evidence, at, home, from } =
        serde_json::from_slice(request).map_err(|e| ("request_unreadable", e.to_string()))?;
    let policy = Policy::parse(&policy).map_err(|problems| {
        let first = problems.first().map_or_else(String::new, ToString::to_string);
        ("policy_has_problems", first)
    })?;
    let policy = home.map_or_else(|| policy.clone(), |home| policy.for_home(&home));
    let known = || evidence.iter().filter(|e| e.recorded_at <= at);
    Ok(Answer::Ok {
        assessment: assess(known(), &policy, at),
        timeline: explain(known(), &policy, from),
    })
}
