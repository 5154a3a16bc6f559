//! The claims in a code: a CWT claims set (RFC 8392) in deterministic CBOR (RFC 8949, section
//! 4.2.1): shortest forms, definite lengths, keys in ascending order of their bytes.
//!
//! Reading writes the claims again and compares, so a code with an unknown claim, a claim twice, in
//! another order or in a longer form is malformed. A new claim needs a new prefix.

use jadegate_domain::{Colour, PaperId, PlaceId};
use minicbor::{Decoder, Encoder};

use crate::error::PassError;
use crate::handle::Handle;
use crate::keys::IssuerCode;

/// Claim keys registered by RFC 8392, section 4.
pub(crate) const ISS: i64 = 1;
pub(crate) const SUB: i64 = 2;
pub(crate) const EXP: i64 = 4;
pub(crate) const IAT: i64 = 6;
pub(crate) const CTI: i64 = 7;
/// The colour: 0 green, 1 yellow, 2 red. RFC 8392, section 9.1, leaves keys below -65536 to private
/// use; this is the first of them.
pub(crate) const COLOUR: i64 = -65_537;
/// The place of a paper code in the issuer's status list: the `idx` of a Token Status List's reference.
/// The list's address is left out, for an issuer has one; in full the reference would make the printed
/// modules a third smaller.
pub(crate) const INDEX: i64 = -65_538;

/// What a live code says. Times are seconds since 1970 in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Live {
    pub(crate) issuer: IssuerCode,
    pub(crate) exp: u32,
    pub(crate) iat: u32,
    pub(crate) handle: Handle,
    pub(crate) colour: Colour,
}

/// What a venue's code says; without `exp` it is a poster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Venue {
    pub(crate) issuer: IssuerCode,
    pub(crate) place: PlaceId,
    pub(crate) exp: Option<u32>,
    pub(crate) iat: u32,
}

/// What a code on paper says: nothing but which paper it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Paper {
    pub(crate) issuer: IssuerCode,
    pub(crate) exp: u32,
    pub(crate) iat: u32,
    pub(crate) paper: PaperId,
    pub(crate) index: u32,
}

type Written = Result<(), minicbor::encode::Error<std::convert::Infallible>>;

impl Live {
    pub(crate) fn encode(&self) -> Vec<u8> {
        written(|e| {
            e.map(5)?.i64(ISS)?.str(self.issuer.as_str())?;
            e.i64(EXP)?.u32(self.exp)?.i64(IAT)?.u32(self.iat)?;
            e.i64(CTI)?.bytes(self.handle.as_bytes())?;
            e.i64(COLOUR)?.u8(self.colour.as_u8())?.ok()
        })
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, PassError> {
        let read = Self::read(bytes).ok_or(PassError::Malformed)?;
        if read.encode() == bytes { Ok(read) } else { Err(PassError::Malformed) }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut d = Decoder::new(bytes);
        if d.map().ok()? != Some(5) {
            return None;
        }
        Some(Self {
            issuer: key(&mut d, ISS)?.str().ok()?.parse().ok()?,
            exp: key(&mut d, EXP)?.u32().ok()?,
            iat: key(&mut d, IAT)?.u32().ok()?,
            handle: Handle::from_bytes(key(&mut d, CTI)?.bytes().ok()?.try_into().ok()?),
            colour: Colour::from_u8(key(&mut d, COLOUR)?.u8().ok()?)?,
        })
    }
}

impl Venue {
    pub(crate) fn encode(&self) -> Vec<u8> {
        written(|e| {
            e.map(if self.exp.is_some() { 4 } else { 3 })?;
            e.i64(ISS)?.str(self.issuer.as_str())?.i64(SUB)?.str(&self.place.to_string())?;
            if let Some(exp) = self.exp {
                e.i64(EXP)?.u32(exp)?;
            }
            e.i64(IAT)?.u32(self.iat)?.ok()
        })
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, PassError> {
        let read = Self::read(bytes).ok_or(PassError::Malformed)?;
        if read.encode() == bytes { Ok(read) } else { Err(PassError::Malformed) }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut d = Decoder::new(bytes);
        let fields = d.map().ok()??;
        Some(Self {
            issuer: key(&mut d, ISS)?.str().ok()?.parse().ok()?,
            place: key(&mut d, SUB)?.str().ok()?.parse().ok()?,
            exp: match fields {
                3 => None,
                4 => Some(key(&mut d, EXP)?.u32().ok()?),
                _ => return None,
            },
            iat: key(&mut d, IAT)?.u32().ok()?,
        })
    }
}

impl Paper {
    pub(crate) fn encode(&self) -> Vec<u8> {
        written(|e| {
            e.map(5)?.i64(ISS)?.str(self.issuer.as_str())?;
            e.i64(EXP)?.u32(self.exp)?.i64(IAT)?.u32(self.iat)?;
            e.i64(CTI)?.bytes(&self.paper.as_u64().to_be_bytes())?;
            e.i64(INDEX)?.u32(self.index)?.ok()
        })
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, PassError> {
        let read = Self::read(bytes).ok_or(PassError::Malformed)?;
        if read.encode() == bytes { Ok(read) } else { Err(PassError::Malformed) }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut d = Decoder::new(bytes);
        if d.map().ok()? != Some(5) {
            return None;
        }
        Some(Self {
            issuer: key(&mut d, ISS)?.str().ok()?.parse().ok()?,
            exp: key(&mut d, EXP)?.u32().ok()?,
            iat: key(&mut d, IAT)?.u32().ok()?,
            paper: {
                let raw: [u8; 8] = key(&mut d, CTI)?.bytes().ok()?.try_into().ok()?;
                PaperId::from_i64(i64::from_be_bytes(raw))?
            },
            index: key(&mut d, INDEX)?.u32().ok()?,
        })
    }
}

/// Expect this key next.
fn key<'d, 'b>(d: &'d mut Decoder<'b>, expected: i64) -> Option<&'d mut Decoder<'b>> {
    (d.i64().ok()? == expected).then_some(d)
}

fn written(write: impl FnOnce(&mut Encoder<&mut Vec<u8>>) -> Written) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    // Writing to a Vec cannot fail (the error type is uninhabited).
    let _ = write(&mut Encoder::new(&mut out));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use jadegate_domain::hex;

    fn live() -> Live {
        Live {
            issuer: "JG".parse().unwrap(),
            exp: 1_646_121_660,
            iat: 1_646_121_600,
            handle: Handle::from_bytes([0x5a; 16]),
            colour: Colour::Yellow,
        }
    }

    #[test]
    fn a_live_code_has_41_bytes_of_claims() {
        let bytes = live().encode();
        assert_eq!(
            hex::encode(&bytes),
            format!("a501624a47041a621dd2bc061a621dd2800750{}3a0001000001", "5a".repeat(16))
        );
        assert_eq!(bytes.len(), 41);
        assert_eq!(Live::decode(&bytes), Ok(live()));
    }

    #[test]
    fn claims_written_another_way_are_malformed() {
        let good = hex::encode(&live().encode());
        let swap = |from: &str, to: &str| {
            assert!(good.contains(from));
            good.replacen(from, to, 1)
        };
        for (name, bad) in [
            ("colour 3", swap("3a0001000001", "3a0001000003")),
            ("colour in two bytes", swap("3a0001000001", "3a000100001801")),
            ("other private key", swap("3a00010000", "3a00010001")),
            ("time in eight bytes", swap("1a621dd2bc", "1b00000000621dd2bc")),
            ("time as a float", swap("1a621dd2bc", "fa621dd2bc")),
            ("negative time", swap("1a621dd2bc", "3a621dd2bc")),
            ("indefinite map", swap("a501", "bf01") + "ff"),
            ("short handle", swap("07505a", "074f")),
            ("issuer as bytes", swap("01624a47", "01424a47")),
            ("key in two bytes", swap("a501", "a51801")),
            ("exp twice", swap("061a", "041a")),
            ("order", swap("041a621dd2bc061a621dd280", "061a621dd280041a621dd2bc")),
            ("four claims", swap("a501", "a401")),
            ("trailing byte", good.clone() + "00"),
            ("cut", good[..80].to_owned()),
            ("unknown claim", swap("a501", "a601") + "3a0001000100"),
            ("nothing", String::new()),
        ] {
            let bytes: Vec<u8> = bad
                .as_bytes()
                .chunks(2)
                .map(|p| u8::from_str_radix(std::str::from_utf8(p).unwrap(), 16).unwrap())
                .collect();
            assert_eq!(Live::decode(&bytes), Err(PassError::Malformed), "{name}");
        }
    }

    #[test]
    fn a_live_code_is_no_venue_code_and_the_reverse() {
        let place = PlaceId::from_random(7);
        for exp in [None, Some(1_646_121_660)] {
            let venue = Venue { issuer: "JG".parse().unwrap(), place, exp, iat: 1_646_121_600 };
            let bytes = venue.encode();
            assert_eq!(bytes.len(), if exp.is_some() { 33 } else { 27 });
            assert_eq!(Venue::decode(&bytes), Ok(venue));
            assert_eq!(Live::decode(&bytes), Err(PassError::Malformed));
        }
        assert_eq!(Venue::decode(&live().encode()), Err(PassError::Malformed));
    }

    /// RFC 8392, appendix A.1: the example claims set, read by an independent CBOR library under
    /// our claim keys. (Its signed form, A.3, uses ES256 and is refused by the one form of a code.)
    #[test]
    fn the_claim_keys_are_those_of_rfc_8392() {
        let example = "a70175636f61703a2f2f61732e6578616d706c652e636f6d02656572696b7703\
                       7818636f61703a2f2f6c696768742e6578616d706c652e636f6d041a5612aeb0\
                       051a5610d9f0061a5610d9f007420b71";
        let bytes = hex::decode::<80>(example).unwrap();
        let value: ciborium::Value = ciborium::from_reader(&bytes[..]).unwrap();
        let map = value.as_map().unwrap();
        let get = |k: i64| map.iter().find(|(key, _)| *key == k.into()).map(|(_, v)| v.clone());
        assert_eq!(get(ISS), Some("coap://as.example.com".into()));
        assert_eq!(get(SUB), Some("erikw".into()));
        assert_eq!(get(EXP), Some(1_444_064_944.into()));
        assert_eq!(get(IAT), Some(1_443_944_944.into()));
        assert_eq!(get(CTI), Some(ciborium::Value::Bytes(vec![0x0b, 0x71])));
        assert_eq!(Live::decode(&bytes), Err(PassError::Malformed));
    }
}
