//! The keys by which codes are verified stand in the log.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jadegate_ledger::{KeyEvent, KeyRole, Leaf};
use serde_json::Value;

use crate::entries::{Entry, sha256};
use crate::report::Check;

pub(crate) fn check(served: &Value, entries: &[Entry]) -> Check {
    let mut check = Check::new(
        "keys",
        "each key that is served for codes was published in the log, with its use and period, and not revoked",
    );
    let mut logged = Vec::new();
    for entry in entries {
        if let Leaf::KeyChange { role, event, key, from, to, .. } = &entry.leaf {
            match event {
                KeyEvent::Published => logged.push((*key, *role, *from, *to)),
                KeyEvent::Revoked | KeyEvent::Disclosed => {
                    logged.retain(|(known, ..)| known != key);
                }
            }
        }
    }
    let keys = served["keys"].as_array().map_or(&[][..], Vec::as_slice);
    for key in keys {
        check.saw(1);
        let kid = key["kid"].as_str().unwrap_or("?");
        let text = |name: &str| key[name].as_str().unwrap_or_default();
        let (from, to) = (text("not_before").parse().ok(), text("not_after").parse().ok());
        let role = role(text("use"));
        let bytes = URL_SAFE_NO_PAD.decode(text("x")).unwrap_or_default();
        let digest = sha256(&bytes);
        let known = logged.iter().any(|(k, r, f, t)| {
            *k == digest && Some(*r) == role && Some(*f) == from && Some(*t) == to
        });
        if !known {
            check.fault(
                "key.not_logged",
                None,
                format!("{kid} is served and does not stand in the log like this"),
            );
        }
    }
    if keys.is_empty() {
        check.fault("key.missing", None, "no keys are served");
    }
    check
}

fn role(text: &str) -> Option<KeyRole> {
    match text {
        "live" => Some(KeyRole::Live),
        "venue" => Some(KeyRole::Venue),
        "paper" => Some(KeyRole::Paper),
        _ => None,
    }
}
