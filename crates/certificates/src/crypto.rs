//! Signatures: the algorithms that certificates are signed with, and nothing that signs.

use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use rsa::RsaPublicKey;
use rsa::traits::PublicKeyParts as _;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::fast;

/// What a signature says it was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// ECDSA on whichever curve the key has, `r` and `s` side by side.
    Ecdsa(Hash),
    /// ECDSA, as X.509 writes it (DER).
    EcdsaDer(Hash),
    /// RSASSA-PSS with a salt as long as the hash.
    Pss(Hash),
    /// RSASSA-PKCS1-v1_5: X.509 only.
    Pkcs1(Hash),
    /// Ed25519.
    Ed25519,
}

/// The hash in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    fn of(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha384 => Sha384::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }
}

impl Algorithm {
    /// By its number in the register of COSE.
    pub(crate) const fn from_cose(number: i64) -> Option<Self> {
        Some(match number {
            -7 => Self::Ecdsa(Hash::Sha256),
            -35 => Self::Ecdsa(Hash::Sha384),
            -36 => Self::Ecdsa(Hash::Sha512),
            -37 => Self::Pss(Hash::Sha256),
            -38 => Self::Pss(Hash::Sha384),
            -39 => Self::Pss(Hash::Sha512),
            -8 => Self::Ed25519,
            _ => return None,
        })
    }

    /// By its name in JOSE, as far as certificates use it.
    pub(crate) fn from_jose(name: &str) -> Option<Self> {
        Some(match name {
            "ES256" => Self::Ecdsa(Hash::Sha256),
            "ES384" => Self::Ecdsa(Hash::Sha384),
            "ES512" => Self::Ecdsa(Hash::Sha512),
            _ => return None,
        })
    }

    /// Is this ECDSA, whose signatures anybody can turn into a second one that is as good?
    pub(crate) const fn is_malleable(self) -> bool {
        matches!(self, Self::Ecdsa(_))
    }
}

/// Smallest and largest RSA key, in bits: below, it can be broken; above, checking it can be used to tire a server.
const RSA_BITS: std::ops::RangeInclusive<u32> = 2048..=4096;

/// A public key.
#[derive(Clone, Debug)]
pub(crate) enum PublicKey {
    P256(fast::P256),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
    Rsa(fast::Rsa),
    Ed25519(ed25519_dalek::VerifyingKey),
}

impl PublicKey {
    /// A point on a curve, by the bytes X.509 and JOSE have for it (SEC1).
    pub(crate) fn from_sec1(curve: Curve, point: &[u8]) -> Option<Self> {
        Some(match curve {
            Curve::P256 => Self::P256(fast::P256::new(point)?),
            Curve::P384 => Self::P384(p384::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?),
            Curve::P521 => Self::P521(p521::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?),
        })
    }

    /// A point by its two halves.
    pub(crate) fn from_xy(curve: Curve, x: &[u8], y: &[u8]) -> Option<Self> {
        let length = curve.length();
        (x.len() == length && y.len() == length).then_some(())?;
        Self::from_sec1(curve, &[&[4], x, y].concat())
    }

    /// An RSA key as PKCS #1 has it.
    pub(crate) fn from_pkcs1(der: &[u8]) -> Option<Self> {
        use rsa::pkcs1::DecodeRsaPublicKey as _;
        let key = RsaPublicKey::from_pkcs1_der(der).ok()?;
        RSA_BITS
            .contains(&key.n().bit_width_vartime())
            .then(|| fast::Rsa::new(key, der))
            .map(Self::Rsa)
    }

    pub(crate) fn from_ed25519(bytes: &[u8]) -> Option<Self> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes.try_into().ok()?).ok()?;
        (!key.is_weak()).then_some(Self::Ed25519(key))
    }

    /// Is this the signature of the message by this key? An algorithm of another family than the key's is never.
    pub(crate) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match (self, algorithm) {
            (Self::P256(key), Algorithm::Ecdsa(Hash::Sha256)) => key.verifies(message, signature),
            (Self::P256(key), Algorithm::Ecdsa(hash)) => {
                p256::ecdsa::Signature::from_slice(signature)
                    .is_ok_and(|s| key.plain().verify_prehash(&hash.of(message), &s).is_ok())
            }
            (Self::P256(key), Algorithm::EcdsaDer(hash)) => {
                p256::ecdsa::Signature::from_der(signature)
                    .is_ok_and(|s| key.plain().verify_prehash(&hash.of(message), &s).is_ok())
            }
            (Self::P384(key), Algorithm::Ecdsa(hash)) => {
                p384::ecdsa::Signature::from_slice(signature)
                    .is_ok_and(|s| key.verify_prehash(&hash.of(message), &s).is_ok())
            }
            (Self::P384(key), Algorithm::EcdsaDer(hash)) => {
                p384::ecdsa::Signature::from_der(signature)
                    .is_ok_and(|s| key.verify_prehash(&hash.of(message), &s).is_ok())
            }
            (Self::P521(key), Algorithm::Ecdsa(hash)) => {
                p521::ecdsa::Signature::from_slice(signature)
                    .is_ok_and(|s| key.verify_prehash(&hash.of(message), &s).is_ok())
            }
            (Self::P521(key), Algorithm::EcdsaDer(hash)) => {
                p521::ecdsa::Signature::from_der(signature)
                    .is_ok_and(|s| key.verify_prehash(&hash.of(message), &s).is_ok())
            }
            (Self::Rsa(key), Algorithm::Pss(hash)) => {
                let fast =
                    if hash == Hash::Sha256 { key.pss_sha256(message, signature) } else { None };
                fast.unwrap_or_else(|| pss(key.plain(), hash, message, signature))
            }
            (Self::Rsa(key), Algorithm::Pkcs1(hash)) => {
                pkcs1(key.plain(), hash, message, signature)
            }
            (Self::Ed25519(key), Algorithm::Ed25519) => {
                ed25519_dalek::Signature::from_slice(signature)
                    .is_ok_and(|s| key.verify_strict(message, &s).is_ok())
            }
            _ => false,
        }
    }
}

/// The curves of NIST that certificates use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    /// Bytes of a half of a point.
    pub(crate) const fn length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

fn pkcs1(key: &RsaPublicKey, hash: Hash, message: &[u8], signature: &[u8]) -> bool {
    use rsa::pkcs1v15::{Signature, VerifyingKey};
    let Ok(signature) = Signature::try_from(signature) else { return false };
    let digest = hash.of(message);
    let key = key.clone();
    match hash {
        Hash::Sha256 => VerifyingKey::<Sha256>::new(key).verify_prehash(&digest, &signature),
        Hash::Sha384 => VerifyingKey::<Sha384>::new(key).verify_prehash(&digest, &signature),
        Hash::Sha512 => VerifyingKey::<Sha512>::new(key).verify_prehash(&digest, &signature),
    }
    .is_ok()
}

fn pss(key: &RsaPublicKey, hash: Hash, message: &[u8], signature: &[u8]) -> bool {
    use rsa::pss::{Signature, VerifyingKey};
    let Ok(signature) = Signature::try_from(signature) else { return false };
    let digest = hash.of(message);
    let key = key.clone();
    match hash {
        Hash::Sha256 => VerifyingKey::<Sha256>::new(key).verify_prehash(&digest, &signature),
        Hash::Sha384 => VerifyingKey::<Sha384>::new(key).verify_prehash(&digest, &signature),
        Hash::Sha512 => VerifyingKey::<Sha512>::new(key).verify_prehash(&digest, &signature),
    }
    .is_ok()
}
