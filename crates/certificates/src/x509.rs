//! X.509 certificates (RFC 5280), as far as the signers of health certificates use them.

use jadegate_domain::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use x509_cert::Certificate;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, SubjectAltName};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use crate::crypto::{Algorithm, Curve, Hash, PublicKey};

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");

/// What a key may sign, by the purposes its certificate names (EU: 1.3.6.1.4.1.1847.2021.1 and its older form with a
/// zero in it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Uses {
    pub(crate) test: bool,
    pub(crate) vaccination: bool,
    pub(crate) recovery: bool,
}

impl Uses {
    pub(crate) const ALL: Self = Self { test: true, vaccination: true, recovery: true };
    const NONE: Self = Self { test: false, vaccination: false, recovery: false };
}

/// A certificate that was read.
#[derive(Clone, Debug)]
pub(crate) struct X509 {
    /// `None` if it is of a kind that is not known here.
    pub(crate) key: Option<PublicKey>,
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) uses: Uses,
    /// May it sign visible digital seals (2.23.136.1.1.14.2)?
    pub(crate) signs_seals: bool,
    /// May it sign certificates?
    pub(crate) is_authority: bool,
    /// Country of its subject, as written.
    pub(crate) country: Option<String>,
    /// Addresses it is for.
    pub(crate) addresses: Vec<String>,
    /// SHA-256 of the whole.
    pub(crate) fingerprint: [u8; 32],
    subject: Vec<u8>,
    issuer: Vec<u8>,
    signed: Vec<u8>,
    algorithm: Option<Algorithm>,
    signature: Vec<u8>,
}

impl X509 {
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?;
        let body = certificate.tbs_certificate();
        let (uses, signs_seals) =
            purposes(body.extensions().map(Vec::as_slice).unwrap_or_default());
        let secs = |time: &x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_secs());
        Some(Self {
            key: public_key(body.subject_public_key_info()),
            from: Timestamp::from_secs(secs(&body.validity().not_before).ok()?),
            until: Timestamp::from_secs(secs(&body.validity().not_after).ok()?),
            uses,
            signs_seals,
            is_authority: matches!(body.get_extension::<BasicConstraints>(), Ok(Some((_, c))) if c.ca),
            country: country(body.subject()),
            addresses: addresses(body),
            fingerprint: Sha256::digest(der).into(),
            subject: body.subject().to_der().ok()?,
            issuer: body.issuer().to_der().ok()?,
            signed: body.to_der().ok()?,
            algorithm: algorithm(certificate.signature_algorithm()),
            signature: certificate.signature().as_bytes()?.to_vec(),
        })
    }

    /// Every certificate of a PEM file, in its order. `None` if one of them cannot be read.
    pub(crate) fn read_pem(text: &str) -> Option<Vec<Vec<u8>>> {
        const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
        const END: &str = "-----END CERTIFICATE-----";
        text.split(BEGIN)
            .skip(1)
            .map(|part| crate::bytes::base64_any(part.split_once(END)?.0))
            .collect()
    }

    /// The EU's name for it: the first 8 bytes of its SHA-256.
    pub(crate) fn kid(&self) -> Vec<u8> {
        self.fingerprint[..8].to_vec()
    }

    /// Is it valid at this moment?
    pub(crate) fn is_valid(&self, at: Timestamp) -> bool {
        self.from <= at && at <= self.until
    }

    /// Did this other one, an authority, sign it?
    pub(crate) fn is_signed_by(&self, authority: &Self) -> bool {
        let (Some(key), Some(algorithm)) = (&authority.key, self.algorithm) else { return false };
        authority.is_authority
            && authority.subject == self.issuer
            && key.verifies(algorithm, &self.signed, &self.signature)
    }
}

/// What the purposes say. A key whose purposes are marked as binding (critical) and none of which is known here may
/// sign nothing; purposes of others that do not bind mean nothing here.
fn purposes(extensions: &[Extension]) -> (Uses, bool) {
    let Some(usage) = extensions.iter().find(|e| e.extn_id == EXTENDED_KEY_USAGE) else {
        return (Uses::ALL, false);
    };
    let named = objects(usage.extn_value.as_bytes());
    let seals = named.contains(&&b"\x67\x81\x08\x01\x01\x0e\x02"[..]);
    let has = |last: u8| {
        named.iter().any(|oid| {
            let new = *oid == [b"\x2b\x06\x01\x04\x01\x8e\x37\x8f\x65\x01", &[last][..]].concat();
            new || *oid == [b"\x2b\x06\x01\x04\x01\x00\x8e\x37\x8f\x65\x01", &[last][..]].concat()
        })
    };
    let uses = Uses { test: has(1), vaccination: has(2), recovery: has(3) };
    let uses = match (uses == Uses::NONE, usage.critical) {
        (false, _) => uses,
        (true, true) => Uses::NONE,
        (true, false) => Uses::ALL,
    };
    (uses, seals)
}

/// The object identifiers of a sequence, as the bytes they are. What is written wrong ends the list: some issuers'
/// certificates hold identifiers that no reader of X.509 takes.
fn objects(der: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let [0x30, length, rest @ ..] = der else { return found };
    let mut rest = if usize::from(*length) == rest.len() { rest } else { &[] };
    while let [0x06, length, tail @ ..] = rest {
        let Some((oid, next)) = tail.split_at_checked((*length).into()) else { break };
        found.push(oid);
        rest = next;
    }
    found
}

fn public_key(info: &SubjectPublicKeyInfoOwned) -> Option<PublicKey> {
    let bits = info.subject_public_key.as_bytes()?;
    match info.algorithm.oid {
        EC => PublicKey::from_sec1(curve(&info.algorithm)?, bits),
        RSA | RSA_PSS => PublicKey::from_pkcs1(bits),
        ED25519 => PublicKey::from_ed25519(bits),
        _ => None,
    }
}

/// By name only: a curve that is spelled out could be any.
fn curve(algorithm: &AlgorithmIdentifierOwned) -> Option<Curve> {
    let named: ObjectIdentifier = algorithm.parameters.as_ref()?.decode_as().ok()?;
    Some(match named.to_string().as_str() {
        "1.2.840.10045.3.1.7" => Curve::P256,
        "1.3.132.0.34" => Curve::P384,
        "1.3.132.0.35" => Curve::P521,
        _ => return None,
    })
}

fn algorithm(of: &AlgorithmIdentifierOwned) -> Option<Algorithm> {
    Some(match of.oid.to_string().as_str() {
        "1.2.840.10045.4.3.2" => Algorithm::EcdsaDer(Hash::Sha256),
        "1.2.840.10045.4.3.3" => Algorithm::EcdsaDer(Hash::Sha384),
        "1.2.840.10045.4.3.4" => Algorithm::EcdsaDer(Hash::Sha512),
        "1.2.840.113549.1.1.11" => Algorithm::Pkcs1(Hash::Sha256),
        "1.2.840.113549.1.1.12" => Algorithm::Pkcs1(Hash::Sha384),
        "1.2.840.113549.1.1.13" => Algorithm::Pkcs1(Hash::Sha512),
        "1.3.101.112" => Algorithm::Ed25519,
        "1.2.840.113549.1.1.10" => Algorithm::Pss(pss_hash(of)?),
        _ => return None,
    })
}

/// The hash of RSASSA-PSS stands in its parameters, as the first object identifier of one of three.
fn pss_hash(of: &AlgorithmIdentifierOwned) -> Option<Hash> {
    let parameters = of.parameters.as_ref()?.value();
    let hashes = [(1_u8, Hash::Sha256), (2, Hash::Sha384), (3, Hash::Sha512)];
    let found = |last: u8| {
        let oid = [0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last];
        parameters.windows(oid.len()).any(|w| w == oid)
    };
    let mut named = hashes.into_iter().filter(|(last, _)| found(*last));
    let (Some((_, hash)), None) = (named.next(), named.next()) else { return None };
    Some(hash)
}

fn country(name: &x509_cert::name::Name) -> Option<String> {
    let all = name.iter_rdn().flat_map(x509_cert::name::RelativeDistinguishedName::iter);
    let value = all.filter(|part| part.oid == COUNTRY).map(|part| part.value.value()).next()?;
    let text = str::from_utf8(value).ok()?;
    (text.len() <= 3).then(|| text.to_ascii_uppercase())
}

fn addresses(body: &x509_cert::TbsCertificate) -> Vec<String> {
    let Ok(Some((_, names))) = body.get_extension::<SubjectAltName>() else { return Vec::new() };
    let address = |name: &GeneralName| match name {
        GeneralName::UniformResourceIdentifier(text) => Some(text.to_string()),
        _ => None,
    };
    names.0.iter().filter_map(address).collect()
}
