//! COSE_Sign1 (RFC 9052) with the claims of a CWT (RFC 8392) inside.

use crate::cbor::{self, Value};
use crate::crypto::Algorithm;

/// A message with one signature, not verified yet.
#[derive(Debug)]
pub(crate) struct Sign1 {
    /// Name of the key, as the issuer chose it.
    pub(crate) kid: Option<Vec<u8>>,
    /// `None` if the message names none, or one that is not known here.
    pub(crate) algorithm: Option<Algorithm>,
    /// What was signed over.
    pub(crate) payload: Value,
    pub(crate) signature: Vec<u8>,
    protected: Vec<u8>,
    payload_bytes: Vec<u8>,
}

impl Sign1 {
    /// Reads one, with or without the tags that say so (18; 61 for a CWT).
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        let message = Value::read(bytes).ok_or("CBOR")?;
        let [protected, unprotected, payload, signature] = untagged(&message) else {
            return Err("COSE_Sign1");
        };
        let protected = protected.bytes().ok_or("COSE header")?;
        let header = header(protected)?;
        let payload = payload.bytes().ok_or("COSE payload")?;
        unprotected.entries().ok_or("COSE header")?;
        if header.at(2).is_some() {
            return Err("COSE header that must be understood");
        }
        // What is protected comes before what is not.
        let of = |key: i64| header.at(key).or_else(|| unprotected.at(key));
        Ok(Self {
            kid: of(4).and_then(Value::bytes).map(<[u8]>::to_vec),
            algorithm: of(1).and_then(Value::int).and_then(Algorithm::from_cose),
            payload: Value::read(payload).ok_or("CBOR of the content")?,
            signature: signature.bytes().ok_or("COSE signature")?.to_vec(),
            protected: protected.to_vec(),
            payload_bytes: payload.to_vec(),
        })
    }

    /// The bytes that are signed: `Sig_structure`, of what was received and not of what was understood.
    pub(crate) fn signed(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.protected.len() + self.payload_bytes.len() + 24);
        cbor::head(4, 4, &mut out);
        cbor::head(3, 10, &mut out);
        out.extend_from_slice(b"Signature1");
        for bytes in [&self.protected[..], &[], &self.payload_bytes] {
            cbor::head(2, bytes.len(), &mut out);
            out.extend_from_slice(bytes);
        }
        out
    }
}

fn untagged(message: &Value) -> &[Value] {
    match message {
        Value::Tagged(18 | 61, inner) => untagged(inner),
        Value::Array(items) => items,
        _ => &[],
    }
}

/// An empty header may be no bytes at all.
fn header(bytes: &[u8]) -> Result<Value, &'static str> {
    if bytes.is_empty() {
        return Ok(Value::Map(Vec::new()));
    }
    Value::read(bytes).filter(|h| h.entries().is_some()).ok_or("COSE header")
}
