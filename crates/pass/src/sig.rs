//! Ed25519 (RFC 8032), by ed25519-dalek or, with the feature `aws`, by aws-lc-rs. Both give the
//! same bytes; the tests below hold for each.

pub(crate) const SIGNATURE_LEN: usize = 64;

pub(crate) use imp::{PublicKey, SecretKey};

/// Is this a point on the curve that is fit to be a public key? Keys of small order are refused:
/// under them one signature would fit many messages.
fn is_sound(bytes: &[u8; 32]) -> bool {
    ed25519_dalek::VerifyingKey::from_bytes(bytes).is_ok_and(|key| !key.is_weak())
}

#[cfg(not(feature = "aws"))]
mod imp {
    use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

    /// A private key. Wiped from memory when dropped.
    pub(crate) struct SecretKey(SigningKey);

    impl SecretKey {
        pub(crate) fn from_seed(seed: &[u8; 32]) -> Self {
            Self(SigningKey::from_bytes(seed))
        }

        pub(crate) fn public_bytes(&self) -> [u8; 32] {
            self.0.verifying_key().to_bytes()
        }

        pub(crate) fn sign(&self, message: &[u8]) -> [u8; super::SIGNATURE_LEN] {
            self.0.sign(message).to_bytes()
        }
    }

    /// A public key, ready for use.
    #[derive(Clone)]
    pub(crate) struct PublicKey(VerifyingKey);

    impl PublicKey {
        pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
            super::is_sound(bytes).then_some(())?;
            VerifyingKey::from_bytes(bytes).ok().map(Self)
        }

        pub(crate) fn verifies(&self, message: &[u8], sig: &[u8; super::SIGNATURE_LEN]) -> bool {
            self.0.verify_strict(message, &Signature::from_bytes(sig)).is_ok()
        }
    }
}

#[cfg(feature = "aws")]
mod imp {
    use std::sync::Arc;

    use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, ParsedPublicKey};
    use ed25519_dalek::{Signer as _, SigningKey};

    /// A private key. Both libraries hold it, so that signing cannot fail: the signature is the same
    /// whichever of them makes it.
    pub(crate) struct SecretKey {
        fast: Option<Ed25519KeyPair>,
        plain: SigningKey,
    }

    impl SecretKey {
        pub(crate) fn from_seed(seed: &[u8; 32]) -> Self {
            let fast = Ed25519KeyPair::from_seed_unchecked(seed).ok();
            Self { fast, plain: SigningKey::from_bytes(seed) }
        }

        pub(crate) fn public_bytes(&self) -> [u8; 32] {
            self.plain.verifying_key().to_bytes()
        }

        pub(crate) fn sign(&self, message: &[u8]) -> [u8; super::SIGNATURE_LEN] {
            let fast = self.fast.as_ref().and_then(|key| key.try_sign(message).ok());
            fast.and_then(|sig| sig.as_ref().try_into().ok())
                .unwrap_or_else(|| self.plain.sign(message).to_bytes())
        }
    }

    /// A public key, ready for use.
    #[derive(Clone)]
    pub(crate) struct PublicKey(Arc<ParsedPublicKey>);

    impl PublicKey {
        pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
            super::is_sound(bytes).then_some(())?;
            ParsedPublicKey::new(&ED25519, bytes).ok().map(|key| Self(Arc::new(key)))
        }

        pub(crate) fn verifies(&self, message: &[u8], sig: &[u8; super::SIGNATURE_LEN]) -> bool {
            self.0.verify_sig(message, sig).is_ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jadegate_domain::hex;

    /// RFC 8032, section 7.1, tests 1 to 3: seed, public key, message, signature.
    const RFC_8032: [[&str; 4]; 3] = [
        [
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155\
             5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ],
        [
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ],
        [
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
             18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ],
    ];

    fn message(hex: &str) -> Vec<u8> {
        hex.as_bytes()
            .chunks(2)
            .map(|p| u8::from_str_radix(std::str::from_utf8(p).unwrap(), 16).unwrap())
            .collect()
    }

    #[test]
    fn signatures_are_those_of_rfc_8032() {
        for [seed, public, msg, sig] in RFC_8032 {
            let key = SecretKey::from_seed(&hex::decode(seed).unwrap());
            let (msg, sig) = (message(msg), hex::decode(sig).unwrap());
            assert_eq!(hex::encode(&key.public_bytes()), public);
            assert_eq!(key.sign(&msg), sig);
            let public = PublicKey::from_bytes(&hex::decode(public).unwrap()).unwrap();
            assert!(public.verifies(&msg, &sig));
            assert!(!public.verifies(b"another", &sig));
        }
    }

    #[test]
    fn a_signature_with_a_second_spelling_does_not_verify() {
        // S + L in place of S: the same number modulo the group order (RFC 8032, section 5.1.7,
        // demands S < L).
        const L: [u8; 32] = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9,
            0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ];
        let key = SecretKey::from_seed(&[1; 32]);
        let mut sig = key.sign(b"m");
        let mut carry = 0u16;
        for (s, l) in sig[32..].iter_mut().zip(L) {
            carry += u16::from(*s) + u16::from(l);
            *s = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        assert!(!PublicKey::from_bytes(&key.public_bytes()).unwrap().verifies(b"m", &sig));
    }

    #[test]
    fn points_that_are_no_keys_are_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert!(PublicKey::from_bytes(&identity).is_none(), "order 1");
        assert!(PublicKey::from_bytes(&[0; 32]).is_none(), "order 4");
        let mut off_curve = [0; 32];
        off_curve[0] = 2;
        assert!(PublicKey::from_bytes(&off_curve).is_none(), "not on the curve");
    }
}
