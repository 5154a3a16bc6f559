//! A passkey as a browser keeps one: the few bytes that an authenticator writes.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub(crate) struct Passkey {
    key: EcdsaKeyPair,
}

const ID: [u8; 16] = [7; 16];
/// Present and verified.
const FLAGS: u8 = 0x05;
/// A new credential follows.
const ATTESTED: u8 = 0x40;

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn client_data(kind: &str, options: &Value) -> Vec<u8> {
    json!({ "type": kind, "challenge": options["challenge"], "origin": "http://localhost",
        "crossOrigin": false })
    .to_string()
    .into_bytes()
}

/// Of the relying party `localhost`.
fn authenticator_data(flags: u8) -> Vec<u8> {
    let mut data = digest(&SHA256, b"localhost").as_ref().to_vec();
    data.push(flags);
    data.extend([0; 4]);
    data
}

impl Passkey {
    pub(crate) fn new() -> Self {
        Self { key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap() }
    }

    /// Answers the options of an invitation (`RegistrationResponseJSON`).
    pub(crate) fn register(&self, options: &Value) -> Value {
        let mut data = authenticator_data(FLAGS | ATTESTED);
        data.extend([0; 16]);
        data.extend([0, 16]);
        data.extend(ID);
        // COSE: kty EC2, alg ES256, crv P-256, x, y.
        let point = self.key.public_key().as_ref();
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..]);
        // CBOR: {"fmt": "none", "attStmt": {}, "authData": bytes}.
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(data);
        let client = client_data("webauthn.create", options);
        json!({ "id": b64(&ID), "rawId": b64(&ID), "type": "public-key", "extensions": {},
            "response": { "clientDataJSON": b64(&client), "attestationObject": b64(&object) } })
    }

    /// Answers the options of a sign-in (`AuthenticationResponseJSON`). `user`: the handle that the
    /// invitation gave.
    pub(crate) fn sign_in(&self, options: &Value, user: &Value) -> Value {
        let data = authenticator_data(FLAGS);
        let client = client_data("webauthn.get", options);
        let signed = [&data[..], digest(&SHA256, &client).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        json!({ "id": b64(&ID), "rawId": b64(&ID), "type": "public-key", "extensions": {},
            "response": { "clientDataJSON": b64(&client), "authenticatorData": b64(&data),
                "signature": b64(signature.as_ref()), "userHandle": user } })
    }
}
