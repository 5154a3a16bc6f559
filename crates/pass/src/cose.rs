//! COSE_Sign1 (RFC 9052, section 4.2) in the one form a code uses: untagged, protected header
//! exactly `{1: -8}` (alg EdDSA), unprotected header empty, payload and signature in place.

use crate::error::PassError;
use crate::sig::{SIGNATURE_LEN, SecretKey};

/// The protected header `{1: -8}`, as the bytes that are signed.
const PROTECTED: &[u8] = &[0xa1, 0x01, 0x27];
/// Array of four; the protected header in a byte string; an empty map; the start of a byte string
/// with a length of one byte. Every payload is between 24 and 255 bytes long.
const HEAD: &[u8] = &[0x84, 0x43, 0xa1, 0x01, 0x27, 0xa0, 0x58];
/// The start of a byte string of 64 bytes.
const SIGNATURE_HEAD: &[u8] = &[0x58, 0x40];

/// A code taken apart, not yet verified.
pub(crate) struct Sign1<'a> {
    pub(crate) payload: &'a [u8],
    pub(crate) signature: &'a [u8; SIGNATURE_LEN],
}

/// The bytes of a signed code. `payload` is 24 to 255 bytes long (a longer one would be cut off at
/// the length byte; the claims that are written here have at most 55).
pub(crate) fn sign(key: &SecretKey, payload: &[u8]) -> Vec<u8> {
    debug_assert!((24..256).contains(&payload.len()), "one length byte");
    let mut out = Vec::with_capacity(HEAD.len() + 1 + payload.len() + 2 + SIGNATURE_LEN);
    out.extend_from_slice(HEAD);
    out.push(payload.len().to_le_bytes()[0]);
    out.extend_from_slice(payload);
    out.extend_from_slice(SIGNATURE_HEAD);
    out.extend_from_slice(&key.sign(&to_be_signed(payload)));
    out
}

/// Take a code apart; anything but the one form is malformed.
pub(crate) fn parse(bytes: &[u8]) -> Result<Sign1<'_>, PassError> {
    take_apart(bytes).ok_or(PassError::Malformed)
}

fn take_apart(bytes: &[u8]) -> Option<Sign1<'_>> {
    let (len, rest) = bytes.strip_prefix(HEAD)?.split_first()?;
    let (payload, rest) = rest.split_at_checked(usize::from(*len))?;
    let signature = rest.strip_prefix(SIGNATURE_HEAD)?.try_into().ok()?;
    (payload.len() >= 24).then_some(Sign1 { payload, signature })
}

/// The bytes an Ed25519 signature of a code covers.
pub(crate) fn to_be_signed(payload: &[u8]) -> Vec<u8> {
    sig_structure(PROTECTED, payload)
}

/// `Sig_structure` of RFC 9052, section 4.4, without external data.
fn sig_structure(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(24 + protected.len() + payload.len());
    out.push(0x84);
    out.extend_from_slice(b"\x6aSignature1");
    byte_string(&mut out, protected);
    byte_string(&mut out, b"");
    byte_string(&mut out, payload);
    out
}

fn byte_string(out: &mut Vec<u8>, bytes: &[u8]) {
    // Writing to a Vec cannot fail.
    let _ = minicbor::Encoder::new(out).bytes(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use jadegate_domain::hex;

    /// COSE WG examples, `eddsa-examples/eddsa-sig-01.json`
    /// (<https://github.com/cose-wg/Examples>, commit 53c9d634).
    #[test]
    fn the_signed_bytes_and_the_signature_are_those_of_the_cose_examples() {
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let tbs = sig_structure(&[0xa2, 0x01, 0x27, 0x03, 0x00], b"This is the content.");
        assert_eq!(
            hex::encode(&tbs).to_uppercase(),
            "846A5369676E61747572653145A2012703004054546869732069732074686520636F6E74656E742E"
        );
        let key = SecretKey::from_seed(&hex::decode(seed).unwrap());
        assert_eq!(
            hex::encode(&key.sign(&tbs)),
            "7142fd2ff96d56db85bee905a76ba1d0b7321a95c8c4d3607c5781932b7afb87\
             11497dfa751bf40b58b3bcc32300b1487f3db34085eef013bf08f4a44d6fef0d"
        );
    }

    /// The alterations of the COSE WG `sign1-tests/sign-fail-*` made to a code of ours: another tag
    /// (01), a changed signature (02) and changed, added or removed header attributes (03 to 07).
    /// A changed signature still parses; the verifier refuses it.
    #[test]
    fn the_one_form_and_nothing_else_parses() {
        let good = sign(&SecretKey::from_seed(&[7; 32]), &[0xaa; 41]);
        assert_eq!(parse(&good).map(|s| s.payload.len()), Ok(41));
        let replace = |from: &[u8], to: &[u8]| {
            let at = good.windows(from.len()).position(|w| w == from).unwrap();
            [&good[..at], to, &good[at + from.len()..]].concat()
        };
        for (name, bad) in [
            ("tag 18", [&[0xd2], &good[..]].concat()),
            ("tag 998", [&[0xd9, 0x03, 0xe6], &good[..]].concat()),
            ("trailing byte", [&good[..], &[0]].concat()),
            ("cut", good[..good.len() - 1].to_vec()),
            ("alg -7", replace(&[0xa1, 0x01, 0x27], &[0xa1, 0x01, 0x26])),
            (
                "alg in the wrong map",
                replace(&[0x43, 0xa1, 0x01, 0x27, 0xa0], &[0x40, 0xa1, 0x01, 0x27]),
            ),
            (
                "second attribute",
                replace(&[0x43, 0xa1, 0x01, 0x27], &[0x45, 0xa2, 0x01, 0x27, 0x03, 0x00]),
            ),
            ("kid", replace(&[0x27, 0xa0], &[0x27, 0xa1, 0x04, 0x41, 0x00])),
            ("long length", replace(&[0x58, 41], &[0x59, 0, 41])),
            ("indefinite array", replace(&[0x84, 0x43], &[0x9f, 0x43])),
            ("empty", Vec::new()),
        ] {
            assert!(parse(&bad).is_err(), "{name}");
        }
    }
}
