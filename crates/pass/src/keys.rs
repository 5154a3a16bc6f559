//! Who issues codes, with which keys, and what of that is published.

use std::fmt;
use std::str::FromStr;

use jadegate_domain::{Period, Timestamp, hex};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::IssueError;
use crate::handle::HandleKeys;
use crate::sig::{PublicKey, SecretKey};

/// The most keys in one set; a set with more is refused. At one key a week this is years.
const MAX_KEYS: usize = 256;
/// Before a venue key's seed, of which a paper key's is made. Fixed for ever: papers depend on it.
const PAPER_LABEL: &[u8] = b"jadegate/v1/paper-codes";

/// The short name of a deployment inside its codes: 1 to 16 of `A-Z`, `a-z`, `0-9`, `-`.
///
/// With one or two characters a code fits QR version 7 at level M; each further one costs a byte and
/// makes the QR bigger.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IssuerCode(Box<str>);

impl IssuerCode {
    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IssuerCode {
    type Err = BadKeys;
    fn from_str(s: &str) -> Result<Self, BadKeys> {
        let ok = (1..=16).contains(&s.len())
            && s.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
        if ok { Ok(Self(s.into())) } else { Err(BadKeys::IssuerCode) }
    }
}

impl TryFrom<String> for IssuerCode {
    type Error = BadKeys;
    fn try_from(s: String) -> Result<Self, BadKeys> {
        s.parse()
    }
}

impl From<IssuerCode> for String {
    fn from(code: IssuerCode) -> Self {
        code.0.into()
    }
}

impl fmt::Display for IssuerCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for IssuerCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is wrong with a set of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKeys {
    /// Not 1 to 16 of the allowed characters.
    #[error("an issuer code is 1 to 16 letters, digits or dashes")]
    IssuerCode,
    /// The `version` of a published set is not one that this program reads.
    #[error("this version of a key set is not known")]
    Version,
    /// Not 64 digits of lower-case hex, no point on the curve, or a weak one.
    #[error("a public key in the set is not a sound Ed25519 key")]
    PublicKey,
    /// The key id is not the first 8 bytes of the SHA-256 of the public key.
    #[error("a key id in the set is not that of its key")]
    KeyId,
    /// A period that ends before or when it starts.
    #[error("a key in the set is never in force")]
    Period,
    /// The same public key twice: a period or use would depend on the order.
    #[error("a key is in the set twice")]
    Twice,
    /// More than the most keys allowed.
    #[error("there are too many keys in the set")]
    TooMany,
}

/// Names a public key: the first 8 bytes of its SHA-256, written as 16 digits of hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 8]);

impl KeyId {
    /// The id of an Ed25519 public key.
    pub fn of(public_key: &[u8; 32]) -> Self {
        let digest = Sha256::digest(public_key);
        let mut id = [0; 8];
        id.copy_from_slice(&digest[..8]);
        Self(id)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a key signs. A key has one use, so that a live key can be disclosed after its period
/// without making old posters forgeable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyUse {
    /// Live codes of holders.
    Live,
    /// Venue codes. Stays published as long as a poster signed with it hangs.
    Venue,
    /// Codes on paper, and the list that says how they stand. Stays published as long as a paper that
    /// was signed with it is carried.
    Paper,
}

impl KeyUse {
    /// The stable name, as it is published.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Venue => "venue",
            Self::Paper => "paper",
        }
    }
}

/// A signing key with its use and its period. The private part never leaves it.
pub struct IssuingKey {
    secret: SecretKey,
    public_key: [u8; 32],
    key_use: KeyUse,
    period: Period,
}

impl IssuingKey {
    /// From the 32 secret random bytes of RFC 8032. The key signs codes issued within the period;
    /// an empty period is refused.
    pub fn from_seed(seed: &[u8; 32], key_use: KeyUse, period: Period) -> Result<Self, BadKeys> {
        if period.from >= period.to {
            return Err(BadKeys::Period);
        }
        let secret = SecretKey::from_seed(seed);
        let public_key = secret.public_bytes();
        Ok(Self { secret, public_key, key_use, period })
    }

    /// The key for paper of the same period as a venue's key: derived from its secret, so that every
    /// server of a deployment has the same one without a word more in the key file. The public keys
    /// tell nothing of each other. Both are kept as long as something printed is about.
    pub fn for_paper(venue_seed: &[u8; 32], period: Period) -> Result<Self, BadKeys> {
        let mut seed = [0; 32];
        let digest = Sha256::new().chain_update(PAPER_LABEL).chain_update(venue_seed).finalize();
        seed.copy_from_slice(&digest);
        Self::from_seed(&seed, KeyUse::Paper, period)
    }

    /// The public part, as it is published.
    pub fn public_key(&self) -> &[u8; 32] {
        &self.public_key
    }

    /// Its id.
    pub fn kid(&self) -> KeyId {
        KeyId::of(&self.public_key)
    }

    pub(crate) fn secret(&self) -> &SecretKey {
        &self.secret
    }
}

impl fmt::Debug for IssuingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IssuingKey({:?} {})", self.key_use, self.kid())
    }
}

/// Everything an issuer needs to make codes. Rotate by making a new one from the stored keys.
#[derive(Debug)]
pub struct Issuer {
    code: IssuerCode,
    keys: Vec<IssuingKey>,
    handles: HandleKeys,
    published: KeySet,
}

impl Issuer {
    /// From its keys, in any order. Periods may overlap: the key that came into force last signs,
    /// the others still verify.
    pub fn new(
        code: IssuerCode,
        mut keys: Vec<IssuingKey>,
        handles: HandleKeys,
    ) -> Result<Self, BadKeys> {
        keys.sort_by_key(|k| (k.period.from, k.public_key));
        let published = keys
            .iter()
            .map(|k| PublishedKey::new(k.public_key, k.key_use, k.period))
            .collect::<Result<_, _>>()?;
        let published = KeySet::new(code.clone(), published)?;
        Ok(Self { code, keys, handles, published })
    }

    /// Its short name.
    pub fn code(&self) -> &IssuerCode {
        &self.code
    }

    /// What gates need to verify its codes. A key no longer signed with can be added to it by
    /// [`KeySet::new`] from the stored public parts.
    pub fn key_set(&self) -> &KeySet {
        &self.published
    }

    /// The keys that open its handles.
    pub fn handle_keys(&self) -> &HandleKeys {
        &self.handles
    }

    /// The first moment after `now` at which live codes, venue codes or handles can no longer be made
    /// with these keys; `None` if one of them cannot be made at `now`.
    pub fn complete_until(&self, now: Timestamp) -> Option<Timestamp> {
        let of = |key_use| {
            let own: Vec<_> =
                self.keys.iter().filter(|k| k.key_use == key_use).map(|k| k.period).collect();
            covered_until(&own, now)
        };
        let handles: Vec<_> = self.handles.periods().collect();
        Some(of(KeyUse::Live)?.min(of(KeyUse::Venue)?).min(covered_until(&handles, now)?))
    }

    pub(crate) fn key_at(&self, at: Timestamp, key_use: KeyUse) -> Result<&IssuingKey, IssueError> {
        let fits = |k: &&IssuingKey| k.key_use == key_use && k.period.contains(at);
        self.keys.iter().rev().find(fits).ok_or(IssueError::NoSigningKey)
    }
}

/// Until when one period follows on another without a gap, from `now` on.
fn covered_until(periods: &[Period], now: Timestamp) -> Option<Timestamp> {
    let mut until = None;
    let mut at = now;
    while let Some(to) = periods.iter().filter(|p| p.contains(at)).map(|p| p.to).max() {
        until = Some(to);
        at = to;
    }
    until
}

/// A public key as published.
#[derive(Clone)]
pub struct PublishedKey {
    public_key: [u8; 32],
    key_use: KeyUse,
    period: Period,
    parsed: PublicKey,
}

impl PublishedKey {
    /// From its parts; refuses unsound keys and empty periods.
    pub fn new(public_key: [u8; 32], key_use: KeyUse, period: Period) -> Result<Self, BadKeys> {
        if period.from >= period.to {
            return Err(BadKeys::Period);
        }
        let parsed = PublicKey::from_bytes(&public_key).ok_or(BadKeys::PublicKey)?;
        Ok(Self { public_key, key_use, period, parsed })
    }

    /// Its id.
    pub fn kid(&self) -> KeyId {
        KeyId::of(&self.public_key)
    }

    /// The 32 bytes of RFC 8032.
    pub fn public_key(&self) -> &[u8; 32] {
        &self.public_key
    }

    /// What it signs.
    pub fn key_use(&self) -> KeyUse {
        self.key_use
    }

    /// The codes it signs were issued within this period.
    pub fn period(&self) -> Period {
        self.period
    }

    pub(crate) fn parsed(&self) -> &PublicKey {
        &self.parsed
    }
}

impl PartialEq for PublishedKey {
    fn eq(&self, other: &Self) -> bool {
        (self.public_key, self.key_use, self.period)
            == (other.public_key, other.key_use, other.period)
    }
}

impl Eq for PublishedKey {}

impl fmt::Debug for PublishedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublishedKey({:?} {})", self.key_use, self.kid())
    }
}

/// The public keys of one issuer: all a verifier needs. Sorted by start of period.
///
/// The JSON form names each key's id, so that a person can compare it with the public log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "KeySetJson", into = "KeySetJson")]
pub struct KeySet {
    issuer: IssuerCode,
    keys: Vec<PublishedKey>,
}

impl KeySet {
    /// From its keys, in any order.
    pub fn new(issuer: IssuerCode, mut keys: Vec<PublishedKey>) -> Result<Self, BadKeys> {
        if keys.len() > MAX_KEYS {
            return Err(BadKeys::TooMany);
        }
        keys.sort_by_key(|k| k.public_key);
        if keys.windows(2).any(|pair| pair[0].public_key == pair[1].public_key) {
            return Err(BadKeys::Twice);
        }
        keys.sort_by_key(|k| (k.period.from, k.public_key));
        Ok(Self { issuer, keys })
    }

    /// Whose keys they are.
    pub fn issuer(&self) -> &IssuerCode {
        &self.issuer
    }

    /// The keys, by start of period.
    pub fn keys(&self) -> &[PublishedKey] {
        &self.keys
    }

    /// The keys that may have signed a code issued at this moment, latest first.
    pub(crate) fn at(&self, at: Timestamp, key_use: KeyUse) -> impl Iterator<Item = &PublishedKey> {
        self.keys.iter().rev().filter(move |k| k.key_use == key_use && k.period.contains(at))
    }
}

/// The version of the published form.
const KEY_SET_VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct KeySetJson {
    version: u32,
    issuer: IssuerCode,
    keys: Vec<KeyJson>,
}

#[derive(Serialize, Deserialize)]
struct KeyJson {
    kid: String,
    #[serde(rename = "use")]
    key_use: KeyUse,
    public_key: String,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl From<KeySet> for KeySetJson {
    fn from(set: KeySet) -> Self {
        let key = |k: &PublishedKey| KeyJson {
            kid: k.kid().to_string(),
            key_use: k.key_use,
            public_key: hex::encode(&k.public_key),
            not_before: k.period.from,
            not_after: k.period.to,
        };
        Self {
            version: KEY_SET_VERSION,
            keys: set.keys.iter().map(key).collect(),
            issuer: set.issuer,
        }
    }
}

impl TryFrom<KeySetJson> for KeySet {
    type Error = BadKeys;
    fn try_from(json: KeySetJson) -> Result<Self, BadKeys> {
        if json.version != KEY_SET_VERSION {
            return Err(BadKeys::Version);
        }
        let key = |k: KeyJson| {
            let bytes = hex::decode(&k.public_key).ok_or(BadKeys::PublicKey)?;
            let period = Period::new(k.not_before, k.not_after).ok_or(BadKeys::Period)?;
            let key = PublishedKey::new(bytes, k.key_use, period)?;
            if key.kid().to_string() == k.kid { Ok(key) } else { Err(BadKeys::KeyId) }
        };
        // Counted before the keys are parsed: a parse costs a square root.
        if json.keys.len() > MAX_KEYS {
            return Err(BadKeys::TooMany);
        }
        Self::new(json.issuer, json.keys.into_iter().map(key).collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(from: i64, to: i64) -> Period {
        Period { from: Timestamp::from_secs(from), to: Timestamp::from_secs(to) }
    }

    fn key(seed: u8, from: i64, to: i64) -> IssuingKey {
        IssuingKey::from_seed(&[seed; 32], KeyUse::Live, period(from, to)).unwrap()
    }

    fn issuer(keys: Vec<IssuingKey>) -> Result<Issuer, BadKeys> {
        Issuer::new("JG".parse().unwrap(), keys, HandleKeys::new(Vec::new()).unwrap())
    }

    #[test]
    fn the_key_that_came_into_force_last_signs() {
        let issuer = issuer(vec![key(2, 50, 150), key(1, 0, 100)]).unwrap();
        let at =
            |secs| issuer.key_at(Timestamp::from_secs(secs), KeyUse::Live).map(IssuingKey::kid);
        assert_eq!(at(49), Ok(key(1, 0, 1).kid()));
        assert_eq!(at(50), Ok(key(2, 0, 1).kid()));
        assert_eq!(at(149), Ok(key(2, 0, 1).kid()));
        assert_eq!(at(150), Err(IssueError::NoSigningKey));
        assert!(issuer.key_at(Timestamp::from_secs(50), KeyUse::Venue).is_err());
        let both = issuer.key_set().at(Timestamp::from_secs(99), KeyUse::Live).count();
        assert_eq!(both, 2, "in the overlap either key verifies");
    }

    #[test]
    fn keys_are_complete_until_the_first_gap_of_any_use() {
        let venue =
            |from, to| IssuingKey::from_seed(&[9; 32], KeyUse::Venue, period(from, to)).unwrap();
        let handles =
            HandleKeys::new(vec![crate::HandleKey::new(&[3; 32], period(0, 400))]).unwrap();
        let keys = vec![key(1, 0, 100), key(2, 90, 200), key(3, 250, 500), venue(0, 300)];
        let issuer = Issuer::new("JG".parse().unwrap(), keys, handles).unwrap();
        let until = |now| issuer.complete_until(Timestamp::from_secs(now)).map(Timestamp::as_secs);
        assert_eq!(until(0), Some(200));
        assert_eq!(until(199), Some(200));
        assert_eq!(until(200), None, "no live key");
        assert_eq!(until(260), Some(300), "the venue's ends first");
        assert_eq!(until(300), None);
    }

    #[test]
    fn the_published_form_reads_back_and_names_its_keys() {
        let set = issuer(vec![key(1, 0, 100), key(2, 50, 150)]).unwrap().key_set().clone();
        let json = serde_json::to_string(&set).unwrap();
        assert_eq!(serde_json::from_str::<KeySet>(&json).unwrap(), set);
        assert!(json.contains(r#""not_before":"1970-01-01T00:00:00Z""#), "{json}");
        let bad = |from: &str, to: &str| {
            assert!(json.contains(from), "{from}");
            serde_json::from_str::<KeySet>(&json.replacen(from, to, 1)).unwrap_err().to_string()
        };
        let kid = key(1, 0, 1).kid().to_string();
        assert!(bad(&kid, "0000000000000000").contains(&BadKeys::KeyId.to_string()));
        assert!(bad(r#""version":1"#, r#""version":2"#).contains(&BadKeys::Version.to_string()));
        assert!(bad("00:01:40", "00:00:00").contains(&BadKeys::Period.to_string()));
        let public = hex::encode(key(1, 0, 1).public_key());
        assert!(bad(&public, &"0".repeat(64)).contains(&BadKeys::PublicKey.to_string()));
        assert!(bad(r#""issuer":"JG""#, r#""issuer":"J G""#).contains("issuer code"));
    }

    #[test]
    fn a_key_twice_or_never_in_force_is_refused() {
        assert_eq!(issuer(vec![key(1, 0, 9), key(1, 9, 20)]).err(), Some(BadKeys::Twice));
        assert!(IssuingKey::from_seed(&[1; 32], KeyUse::Live, period(5, 5)).is_err());
        for bad in ["", "J G", "Ä", "ABCDEFGHIJKLMNOPQ"] {
            assert!(bad.parse::<IssuerCode>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_paper_key_is_the_same_on_every_server_and_no_other_key() {
        let paper = |seed| IssuingKey::for_paper(&[seed; 32], period(0, 100)).unwrap();
        assert_eq!(paper(2).public_key(), paper(2).public_key());
        let venue = IssuingKey::from_seed(&[2; 32], KeyUse::Venue, period(0, 100)).unwrap();
        assert_ne!(paper(2).public_key(), venue.public_key());
        assert_ne!(paper(2).public_key(), paper(3).public_key());
        assert!(IssuingKey::for_paper(&[2; 32], period(5, 5)).is_err());
    }

    #[test]
    fn debug_output_holds_no_secret() {
        let issuer = issuer(vec![key(7, 0, 100)]).unwrap();
        let shown = format!("{issuer:?}");
        assert!(!shown.contains("07, 7") && !shown.contains("[7, 7") && !shown.contains("0707"));
    }
}
