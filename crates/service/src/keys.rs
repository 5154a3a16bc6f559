//! The deployment's secrets, as values. Reading and writing key files is the business of `cli`.

use aws_lc_rs::hmac as fast_hmac;
use jadegate_domain::hex;
use zeroize::Zeroizing;

/// All secrets of a deployment but the code-signing keys. None of them is ever in the database.
pub struct Keys {
    kek: Zeroizing<[u8; 32]>,
    index: fast_hmac::Key,
    otp: fast_hmac::Key,
    evidence: fast_hmac::Key,
    envelope: Zeroizing<[u8; 32]>,
    kek_name: String,
}

/// Which secret a derived key is for. The names are fixed for ever: data depends on them.
#[derive(Clone, Copy, Debug)]
enum Use {
    Kek,
    Index,
    Otp,
    Evidence,
    Envelope,
}

impl Use {
    const fn info(self) -> &'static [u8] {
        match self {
            Self::Kek => b"jadegate/v1/kek",
            Self::Index => b"jadegate/v1/blind-index",
            Self::Otp => b"jadegate/v1/one-time-code",
            Self::Evidence => b"jadegate/v1/evidence-key",
            Self::Envelope => b"jadegate/v1/short-lived-envelope",
        }
    }
}

impl Keys {
    /// Derives all secrets from the deployment's 32-byte root secret (HMAC-SHA-256 with a fixed
    /// label each, as HKDF-Expand does for a uniformly random key).
    pub fn derive(root: &[u8; 32]) -> Self {
        let root_key = fast_hmac::Key::new(fast_hmac::HMAC_SHA256, root);
        let make = |u: Use| {
            let mut out = Zeroizing::new([0_u8; 32]);
            out.copy_from_slice(fast_hmac::sign(&root_key, u.info()).as_ref());
            out
        };
        let hmac = |u: Use| fast_hmac::Key::new(fast_hmac::HMAC_SHA256, make(u).as_ref());
        let kek = make(Use::Kek);
        let name =
            fast_hmac::sign(&fast_hmac::Key::new(fast_hmac::HMAC_SHA256, kek.as_ref()), b"name");
        Self {
            kek_name: hex::encode(&name.as_ref()[..8]),
            kek,
            index: hmac(Use::Index),
            otp: hmac(Use::Otp),
            evidence: hmac(Use::Evidence),
            envelope: make(Use::Envelope),
        }
    }

    /// A name for the root secret that tells nothing about it; stored to refuse a silent change.
    pub fn fingerprint(&self) -> &str {
        &self.kek_name
    }

    pub(crate) fn kek(&self) -> &[u8; 32] {
        &self.kek
    }

    pub(crate) fn envelope(&self) -> &[u8; 32] {
        &self.envelope
    }

    /// Blind index: 16 bytes that find an exact value again and tell nothing about it without the
    /// key. `domain` keeps documents, phones and client addresses apart.
    pub(crate) fn blind(&self, domain: &str, value: &str) -> [u8; 16] {
        first16(&self.index, &[domain.as_bytes(), &[0], value.as_bytes()].concat())
    }

    /// Digest of what a recorder calls a piece of evidence.
    pub(crate) fn evidence_key(&self, value: &str) -> [u8; 16] {
        first16(&self.evidence, value.as_bytes())
    }

    /// Commitment to a piece of evidence for the public log: without the key nothing can be tried.
    pub(crate) fn commitment(&self, bytes: &[u8]) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(fast_hmac::sign(&self.evidence, bytes).as_ref());
        out
    }

    /// The digits of a one-time code, from its random id: without the key nobody can tell them. Of
    /// 64 bits modulo ten to the digits the bias is negligible.
    pub(crate) fn phone_code(&self, code: &jadegate_store::PhoneCode) -> String {
        let digits = code.digits.clamp(6, 18);
        let text =
            [&code.id.as_i64().to_be_bytes()[..], &code.lane, &digits.to_be_bytes()].concat();
        let mac = first16(&self.otp, &text);
        let mut bits = [0; 8];
        bits.copy_from_slice(&mac[..8]);
        let number = u64::from_be_bytes(bits) % 10_u64.pow(digits);
        format!("{number:0width$}", width = digits as usize)
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("fingerprint", &self.kek_name).finish_non_exhaustive()
    }
}

fn first16(key: &fast_hmac::Key, bytes: &[u8]) -> [u8; 16] {
    let mut out = [0; 16];
    out.copy_from_slice(&fast_hmac::sign(key, bytes).as_ref()[..16]);
    out
}

/// What a keyed digest gives for an id.
pub(crate) fn first_bits(digest: [u8; 16]) -> u64 {
    digest.first_chunk().map_or(1, |b| u64::from_be_bytes(*b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_use_has_a_key_of_its_own() {
        let k = Keys::derive(&[7; 32]);
        assert_ne!(k.kek(), k.envelope());
        assert_ne!(k.blind("phone", "x"), k.evidence_key("phone\0x"));
        assert_ne!(k.blind("phone", "x"), k.blind("document", "x"));
        assert_ne!(Keys::derive(&[8; 32]).fingerprint(), k.fingerprint());
    }
}
