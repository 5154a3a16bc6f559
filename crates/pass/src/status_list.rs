//! The signed list that says how the codes on paper stand: an IETF Token Status List
//! (draft-ietf-oauth-status-list) in its CWT form, with two bits a code.
//!
//! A gate without network reads from it what it would have been told. Nothing in it names a paper or a
//! person: only whoever holds a paper in their hands knows which place is its own. What a thief of the
//! list learns is said in `docs/decisions/0055-paper-codes.md`.
//!
//! The token is a COSE_Sign1 with tag 18; protected header exactly alg EdDSA and the type
//! `application/statuslist+cwt`, unprotected header the key's id; claims in deterministic order. As with
//! codes there is one way to write it, and everything else is refused.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use jadegate_domain::{Colour, Timestamp};
use minicbor::{Decoder, Encoder};

use crate::claims::{EXP, IAT, SUB};
use crate::error::IssueError;
use crate::keys::{Issuer, IssuerCode, KeySet, KeyUse};
use crate::live::{issue_time, moment};
use crate::sig::SIGNATURE_LEN;

/// The most places a list has: 4 MiB of list.
pub const MAX_STATUSES: usize = 1 << 24;
/// Statuses in a byte.
const IN_BYTE: usize = 4;
/// Claim keys of the draft.
const STATUS_LIST: i64 = 65_533;
const TTL: i64 = 65_534;
/// `{1: -8, 16: "application/statuslist+cwt"}` (alg EdDSA, typ).
const PROTECTED: &[u8] = b"\xa2\x01\x27\x10\x78\x1aapplication/statuslist+cwt";

/// How a code on paper stands. The numbers are those of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// `VALID`: it stands, and its holder is green.
    Valid = 0,
    /// `INVALID`: reported lost, replaced, past its end; or a place that no paper has.
    Invalid = 1,
    /// `SUSPENDED`: it stands, and its holder is yellow.
    Suspended = 2,
    /// The draft leaves this one to applications: it stands, and its holder is red.
    Red = 3,
}

impl Status {
    /// All, by their number.
    pub const ALL: [Self; 4] = [Self::Valid, Self::Invalid, Self::Suspended, Self::Red];

    /// Of a paper that stands.
    pub const fn of(colour: Colour) -> Self {
        match colour {
            Colour::Green => Self::Valid,
            Colour::Yellow => Self::Suspended,
            Colour::Red => Self::Red,
        }
    }

    /// The holder's colour; `None`: the paper does not stand, and says nothing about anybody.
    pub const fn colour(self) -> Option<Colour> {
        match self {
            Self::Valid => Some(Colour::Green),
            Self::Invalid => None,
            Self::Suspended => Some(Colour::Yellow),
            Self::Red => Some(Colour::Red),
        }
    }
}

/// Statuses by place, two bits each.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusList(Vec<u8>);

impl StatusList {
    /// One status everywhere. `places` is rounded up to a multiple of four.
    pub fn all(status: Status, places: usize) -> Self {
        let two = status as u8;
        Self(vec![two * 0b0101_0101; places.div_ceil(IN_BYTE)])
    }

    /// How many places it has.
    pub const fn len(&self) -> usize {
        self.0.len() * IN_BYTE
    }

    /// Has it no place?
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The status at a place; `None` beyond its end.
    pub fn get(&self, place: usize) -> Option<Status> {
        let byte = self.0.get(place / IN_BYTE)?;
        Some(Status::ALL[usize::from((byte >> (place % IN_BYTE * 2)) & 3)])
    }

    /// Sets the status at a place; false beyond its end.
    pub fn set(&mut self, place: usize, status: Status) -> bool {
        let Some(byte) = self.0.get_mut(place / IN_BYTE) else { return false };
        let shift = place % IN_BYTE * 2;
        *byte = (*byte & !(3 << shift)) | ((status as u8) << shift);
        true
    }

    fn compressed(&self) -> Vec<u8> {
        let mut out = ZlibEncoder::new(Vec::new(), Compression::best());
        // Writing to a Vec cannot fail.
        let _ = out.write_all(&self.0);
        out.finish().unwrap_or_default()
    }

    fn decompressed(bytes: &[u8]) -> Option<Self> {
        let mut out = Vec::new();
        let most = MAX_STATUSES / IN_BYTE;
        let limit = u64::try_from(most).ok()? + 1;
        ZlibDecoder::new(bytes).take(limit).read_to_end(&mut out).ok()?;
        (out.len() <= most).then_some(Self(out))
    }

    /// The `status_list` structure of the draft.
    fn to_cbor(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut e = Encoder::new(&mut out);
        let lst = self.compressed();
        // Writing to a Vec cannot fail.
        let _ = e.map(2).and_then(|e| e.str("bits")?.u8(2)?.str("lst")?.bytes(&lst)?.ok());
        out
    }
}

/// Says how long it is and nothing of what it holds.
impl std::fmt::Debug for StatusList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StatusList({} places)", self.len())
    }
}

/// A genuine list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusListToken {
    /// The statuses.
    pub list: StatusList,
    /// The moment of which it says how the codes stood.
    pub issued_at: Timestamp,
    /// The first moment at which nobody may go by it any more.
    pub expires_at: Timestamp,
    /// Seconds after which there is a newer one to fetch.
    pub ttl: u32,
}

/// Why a list is refused. Nobody may go by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadStatusList {
    /// Not written the one way a list is written.
    #[error("this is no status list, or it is damaged")]
    Malformed,
    /// Of another issuer.
    #[error("this status list is of another issuer")]
    WrongIssuer,
    /// The signature does not fit, or its key is not known.
    #[error("this status list is forged or was altered")]
    BadSignature,
}

/// The `sub` of an issuer's list: the name by which it is fetched.
fn subject(issuer: &IssuerCode) -> String {
    format!("urn:jadegate:{issuer}:paper")
}

/// Signs a list as of `iat`.
pub fn issue_status_list(
    issuer: &Issuer,
    list: &StatusList,
    iat: Timestamp,
    expires_at: Timestamp,
    ttl: u32,
) -> Result<Vec<u8>, IssueError> {
    let (iat_secs, exp) = (issue_time(iat)?, issue_time(expires_at)?);
    if exp <= iat_secs {
        return Err(IssueError::BadLifetime);
    }
    let key = issuer.key_at(iat, KeyUse::Paper)?;
    let payload = claims(&subject(issuer.code()), exp, iat_secs, &list.to_cbor(), ttl);
    let signature = key.secret().sign(&to_be_signed(&payload));
    let mut out = Vec::with_capacity(payload.len() + 128);
    let mut e = Encoder::new(&mut out);
    let kid = hex_bytes(&key.kid().to_string());
    // Writing to a Vec cannot fail.
    let _ = e.tag(minicbor::data::Tag::new(18)).and_then(|e| {
        e.array(4)?.bytes(PROTECTED)?.map(1)?.u8(4)?.bytes(&kid)?;
        e.bytes(&payload)?.bytes(&signature)?.ok()
    });
    Ok(out)
}

fn claims(sub: &str, exp: u32, iat: u32, list: &[u8], ttl: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(list.len() + 96);
    let mut e = Encoder::new(&mut out);
    let _ = e.map(5).and_then(|e| {
        e.i64(SUB)?.str(sub)?.i64(EXP)?.u32(exp)?.i64(IAT)?.u32(iat)?.i64(STATUS_LIST)?.ok()
    });
    out.extend_from_slice(list);
    let _ = Encoder::new(&mut out).i64(TTL).and_then(|e| e.u32(ttl)?.ok());
    out
}

/// Verify a list that was read. Whether it is too old to go by is for the caller to see.
pub fn read_status_list(keys: &KeySet, bytes: &[u8]) -> Result<StatusListToken, BadStatusList> {
    let (payload, signature) = take_apart(bytes).ok_or(BadStatusList::Malformed)?;
    let (sub, token) = read_claims(payload).ok_or(BadStatusList::Malformed)?;
    if sub != subject(keys.issuer()) {
        return Err(BadStatusList::WrongIssuer);
    }
    let message = to_be_signed(payload);
    let mut signers = keys.at(token.issued_at, KeyUse::Paper);
    if signers.any(|key| key.parsed().verifies(&message, signature)) {
        Ok(token)
    } else {
        Err(BadStatusList::BadSignature)
    }
}

fn take_apart(bytes: &[u8]) -> Option<(&[u8], &[u8; SIGNATURE_LEN])> {
    let mut d = Decoder::new(bytes);
    let tagged = d.tag().ok()?.as_u64() == 18 && d.array().ok()? == Some(4);
    let headed = tagged && d.bytes().ok()? == PROTECTED && d.map().ok()? == Some(1);
    if !headed || d.u8().ok()? != 4 || d.bytes().ok()?.len() != 8 {
        return None;
    }
    let (payload, signature) = (d.bytes().ok()?, d.bytes().ok()?.try_into().ok()?);
    (d.position() == bytes.len()).then_some((payload, signature))
}

fn read_claims(payload: &[u8]) -> Option<(String, StatusListToken)> {
    let mut d = Decoder::new(payload);
    (d.map().ok()? == Some(5)).then_some(())?;
    let key = |d: &mut Decoder<'_>, wanted| (d.i64().ok()? == wanted).then_some(());
    key(&mut d, SUB)?;
    let sub = d.str().ok()?.to_owned();
    key(&mut d, EXP)?;
    let exp = d.u32().ok()?;
    key(&mut d, IAT)?;
    let iat = d.u32().ok()?;
    key(&mut d, STATUS_LIST)?;
    let two_bits = d.map().ok()? == Some(2) && d.str().ok()? == "bits" && d.u8().ok()? == 2;
    (two_bits && d.str().ok()? == "lst").then_some(())?;
    let list = StatusList::decompressed(d.bytes().ok()?)?;
    key(&mut d, TTL)?;
    let ttl = d.u32().ok()?;
    (d.position() == payload.len() && exp > iat).then_some(())?;
    let token = StatusListToken { list, issued_at: moment(iat), expires_at: moment(exp), ttl };
    Some((sub, token))
}

/// `Sig_structure` of RFC 9052, section 4.4, without external data.
fn to_be_signed(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 64);
    let mut e = Encoder::new(&mut out);
    let _ = e
        .array(4)
        .and_then(|e| e.str("Signature1")?.bytes(PROTECTED)?.bytes(b"")?.bytes(payload)?.ok());
    out
}

fn hex_bytes(text: &str) -> [u8; 8] {
    jadegate_domain::hex::decode(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{HandleKeys, IssuingKey};
    use jadegate_domain::{Period, hex};
    use proptest::prelude::*;

    const T: i64 = 1_646_121_600;

    fn issuer(name: &str, seed: u8) -> Issuer {
        let period = Period { from: Timestamp::EPOCH, to: Timestamp::from_secs(T + 999_999) };
        let key = IssuingKey::for_paper(&[seed; 32], period).unwrap();
        Issuer::new(name.parse().unwrap(), vec![key], HandleKeys::new(Vec::new()).unwrap()).unwrap()
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    fn bytes(hex: &str) -> Vec<u8> {
        let pair = |i: usize| u8::from_str_radix(&hex[i..i + 2], 16).unwrap();
        (0..hex.len()).step_by(2).map(pair).collect()
    }

    fn list(of: &[u8]) -> StatusList {
        let mut list = StatusList::all(Status::Invalid, of.len());
        for (place, number) in of.iter().enumerate() {
            assert!(list.set(place, Status::ALL[usize::from(*number)]));
        }
        list
    }

    /// The draft's own example with two bits (section 4.2 and the CBOR form of 4.3).
    #[test]
    fn two_bits_are_packed_and_compressed_as_the_draft_does_it() {
        let example = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3];
        let list = list(&example);
        assert_eq!(hex::encode(&list.0), "c944f9");
        assert_eq!(hex::encode(&list.to_cbor()), "a2646269747302636c73744b78da3be9f2130003df0207");
        let compressed: [u8; 11] = hex::decode("78da3be9f2130003df0207").unwrap();
        let back = StatusList::decompressed(&compressed).unwrap();
        for (place, number) in example.iter().enumerate() {
            assert_eq!(back.get(place).map(|s| s as u8), Some(*number));
        }
        assert_eq!(back.get(12), None);
    }

    /// The draft's vector of 2^20 places with two bits (its appendix of test vectors): where it says
    /// something else than 0.
    #[test]
    fn the_drafts_long_vector_is_read() {
        let text = include_str!("../vectors/status_list_2bit.hex");
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let bytes = bytes(&text);
        let mut d = Decoder::new(&bytes);
        assert_eq!(d.map().unwrap(), Some(2));
        assert_eq!((d.str().unwrap(), d.u8().unwrap(), d.str().unwrap()), ("bits", 2, "lst"));
        let list = StatusList::decompressed(d.bytes().unwrap()).unwrap();
        assert_eq!(list.len(), 1 << 20);
        // As the draft lists them.
        let wanted = [
            (0, 1),
            (1993, 2),
            (25460, 1),
            (159_495, 3),
            (495_669, 1),
            (554_353, 1),
            (645_645, 2),
            (723_232, 1),
            (854_545, 1),
            (934_534, 2),
            (1_000_345, 3),
        ];
        for (place, number) in wanted {
            assert_eq!(list.get(place).map(|s| s as u8), Some(number), "place {place}");
        }
        let others = (0..list.len()).filter(|p| list.get(*p) != Some(Status::Valid)).count();
        assert_eq!(others, wanted.len());
    }

    /// The claim keys, the type and the tag of the draft's signed example (its section 5.2), read by
    /// an independent CBOR library; that one is signed with ES256 and so refused here.
    #[test]
    fn the_token_is_laid_out_as_the_drafts_example() {
        let example = bytes(concat!(
            "d2845820a2012610781a6170706c69636174696f6e2f7374617475736c6973742b63",
            "7774a1044231325850a502782168747470733a2f2f6578616d706c652e636f6d2f73",
            "74617475736c697374732f31061a648c5bea041a8898dfea19fffe19a8c019fffda2",
            "646269747301636c73744a78dadbb918000217015d584093fa4d01032b18c35e2fe1",
            "101b77fd6cc9440022caa4694450c4e4e9feab4e99d1fa6d9772ce2bf3a12e0323de",
            "d7c982c5e101a5e67f0cbc1e2b6f57ce99c279",
        ));
        let issuer = issuer("JG", 2);
        let ours = issue_status_list(&issuer, &list(&[0, 1, 2, 3]), at(T), at(T + 9), 7).unwrap();
        let parts = |bytes: &[u8]| {
            let value: ciborium::Value = ciborium::from_reader(bytes).unwrap();
            let (tag, inner) = value.as_tag().unwrap();
            assert_eq!(tag, 18);
            let array = inner.as_array().unwrap().clone();
            let header: ciborium::Value =
                ciborium::from_reader(&array[0].as_bytes().unwrap()[..]).unwrap();
            let claims: ciborium::Value =
                ciborium::from_reader(&array[2].as_bytes().unwrap()[..]).unwrap();
            (header, claims)
        };
        let get = |map: &ciborium::Value, k: i64| {
            let map = map.as_map().unwrap();
            map.iter().find(|(key, _)| *key == k.into()).map(|(_, v)| v.clone()).unwrap()
        };
        let ((h1, c1), (h2, c2)) = (parts(&example), parts(&ours));
        assert_eq!(get(&h1, 16), get(&h2, 16), "typ");
        assert_eq!(get(&h2, 1), (-8).into());
        for claim in [SUB, IAT, EXP, TTL, STATUS_LIST] {
            let (a, b) = (get(&c1, claim), get(&c2, claim));
            assert_eq!(std::mem::discriminant(&a), std::mem::discriminant(&b), "claim {claim}");
        }
        assert_eq!(read_status_list(issuer.key_set(), &example), Err(BadStatusList::Malformed));
    }

    #[test]
    fn a_list_of_another_issuer_or_altered_is_refused() {
        let ours = issuer("JG", 2);
        let token = issue_status_list(&ours, &list(&[0, 1, 2, 3]), at(T), at(T + 60), 30).unwrap();
        let read = read_status_list(ours.key_set(), &token).unwrap();
        assert_eq!((read.issued_at, read.expires_at, read.ttl), (at(T), at(T + 60), 30));
        assert_eq!(read.list, list(&[0, 1, 2, 3]));
        let refused = |keys: &Issuer, bytes: &[u8]| read_status_list(keys.key_set(), bytes).err();
        assert_eq!(refused(&issuer("OT", 2), &token), Some(BadStatusList::WrongIssuer));
        assert_eq!(refused(&issuer("JG", 3), &token), Some(BadStatusList::BadSignature));
        for bit in 0..token.len() * 8 {
            let mut bad = token.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            // The key's id is a hint and not signed: whatever it says, the signature decides.
            assert!(
                read_status_list(ours.key_set(), &bad).is_ok_and(|told| told == read)
                    || refused(&ours, &bad).is_some()
            );
        }
        assert_eq!(refused(&ours, &token[..token.len() - 1]), Some(BadStatusList::Malformed));
        assert!(issue_status_list(&ours, &list(&[0]), at(T), at(T), 1).is_err());
        assert!(
            issue_status_list(&ours, &list(&[0]), at(T + 999_999), at(T + 9_999_999), 1).is_err()
        );
    }

    #[test]
    fn a_bomb_does_not_fill_the_memory() {
        let mut out = ZlibEncoder::new(Vec::new(), Compression::best());
        let zeros = vec![0; 1 << 20];
        (0..8).for_each(|_| out.write_all(&zeros).unwrap());
        assert_eq!(StatusList::decompressed(&out.finish().unwrap()), None);
    }

    proptest! {
        #[test]
        fn what_is_set_is_read(of in prop::collection::vec(0u8..4, 1..99)) {
            let list = list(&of);
            let back = StatusList::decompressed(&list.compressed()).unwrap();
            for (place, number) in of.iter().enumerate() {
                prop_assert_eq!(back.get(place).map(|s| s as u8), Some(*number));
            }
        }

        #[test]
        fn any_bytes_are_a_list_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_status_list(issuer("JG", 2).key_set(), &bytes);
        }
    }
}
