//! From text to bytes: the ways in which certificates are written, and what they are squeezed with.
//!
//! What comes out is never larger than [`MAX_UNPACKED`], whatever went in.

use base64::Engine as _;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use flate2::{Decompress, FlushDecompress, Status};

/// The longest text that is looked at, in bytes. The largest QR code holds 4,296 letters; a FHIR file with
/// several cards is longer.
pub const MAX_TEXT: usize = 64 * 1024;

/// The most that a certificate may unpack to, in bytes. Real ones unpack to a few thousand.
pub const MAX_UNPACKED: usize = 64 * 1024;

/// Padding may be there or not: certificates in use are written both ways. Bits that mean nothing must still be 0.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const URL: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);

/// Base64 in the alphabet for addresses.
pub(crate) fn base64url(text: &str) -> Option<Vec<u8>> {
    URL.decode(text).ok()
}

/// Base64 in the alphabet for addresses, as it is written there: without padding.
pub(crate) fn to_base64url(bytes: &[u8]) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// Base64 in either alphabet; white space is passed over.
pub(crate) fn base64_any(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    PLAIN.decode(&text).or_else(|_| URL.decode(&text)).ok()
}

/// Base32 (RFC 4648), with or without padding.
pub(crate) fn base32(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let mut out = Vec::with_capacity(text.len() * 5 / 8);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for c in text.bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'2'..=b'7' => c - b'2' + 26,
            _ => return None,
        };
        held = (held << 5) | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits).to_le_bytes()[0]);
            held &= (1 << bits) - 1;
        }
    }
    (held == 0 && bits < 5).then_some(out)
}

/// The digits of a SMART Health Card: two for each letter of the text, which is that number plus 45.
pub(crate) fn from_digits(digits: &str) -> Option<String> {
    if digits.is_empty() || !digits.len().is_multiple_of(2) {
        return None;
    }
    digits
        .as_bytes()
        .chunks_exact(2)
        .map(|pair| {
            let [tens, ones] = [pair[0].checked_sub(b'0')?, pair[1].checked_sub(b'0')?];
            let letter = (tens <= 9 && ones <= 9).then(|| tens * 10 + ones + 45)?;
            (letter <= b'z').then_some(char::from(letter))
        })
        .collect()
}

/// Why something could not be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unpack {
    /// It is not packed in this way, or is damaged.
    Broken,
    /// It is larger than [`MAX_UNPACKED`].
    TooLarge,
}

/// Unpacks zlib (RFC 1950) or, with `zlib` false, what is inside of it (RFC 1951).
pub(crate) fn inflate(packed: &[u8], zlib: bool) -> Result<Vec<u8>, Unpack> {
    let mut out = Vec::with_capacity((packed.len() * 4).min(MAX_UNPACKED + 1));
    let mut stream = Decompress::new(zlib);
    loop {
        let fed = usize::try_from(stream.total_in()).map_err(|_| Unpack::TooLarge)?;
        let (before_in, before_out) = (stream.total_in(), out.len());
        let rest = packed.get(fed..).unwrap_or_default();
        let status = stream
            .decompress_vec(rest, &mut out, FlushDecompress::None)
            .map_err(|_| Unpack::Broken)?;
        if out.len() > MAX_UNPACKED {
            return Err(Unpack::TooLarge);
        }
        if status == Status::StreamEnd {
            return Ok(out);
        }
        let full = out.len() == out.capacity();
        if full {
            out.reserve(out.len().clamp(1024, MAX_UNPACKED));
        } else if stream.total_in() == before_in && out.len() == before_out {
            return Err(Unpack::Broken);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut to = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        to.write_all(bytes).expect("memory");
        to.finish().expect("memory")
    }

    #[test]
    fn base32_is_read_with_and_without_padding_and_nothing_is_left_over() {
        // RFC 4648, section 10.
        for (text, plain) in
            [("MZXW6YTBOI======", "foobar"), ("MZXW6YTBOI", "foobar"), ("MY", "f"), ("", "")]
        {
            assert_eq!(base32(text).as_deref(), Some(plain.as_bytes()), "{text}");
        }
        for wrong in ["MZ", "mzxw6ytb", "M", "MZXW6YTB0I", "MYA"] {
            assert_eq!(base32(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn digits_are_letters_from_minus_to_z() {
        assert_eq!(from_digits("562877").as_deref(), Some("eIz"));
        for wrong in ["", "5", "78", "99", "5a", "٥٦"] {
            assert_eq!(from_digits(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_unpacks_to_more_than_is_allowed_is_refused_without_unpacking_it() {
        assert_eq!(inflate(&zlib(b"short"), true).as_deref(), Ok(&b"short"[..]));
        let most = vec![7; MAX_UNPACKED];
        assert_eq!(inflate(&zlib(&most), true).map(|v| v.len()), Ok(MAX_UNPACKED));
        assert_eq!(inflate(&zlib(&vec![7; MAX_UNPACKED + 1]), true), Err(Unpack::TooLarge));
        assert_eq!(inflate(&zlib(&vec![0; 50_000_000]), true), Err(Unpack::TooLarge));
    }

    #[test]
    fn what_is_cut_off_or_not_packed_is_broken() {
        let packed = zlib(b"some text that is long enough to be cut");
        assert_eq!(inflate(&packed[..packed.len() - 6], true), Err(Unpack::Broken));
        assert_eq!(inflate(b"plain", true), Err(Unpack::Broken));
        assert_eq!(inflate(b"", true), Err(Unpack::Broken));
    }
}
