//! The text in the QR: a prefix and base45 (RFC 9285). Both fit the QR alphanumeric mode, which
//! packs two characters into 11 bits.

use crate::error::PassError;

/// The longest text that can be a code: 129 bytes of COSE (a 16-character issuer) in base45, with
/// the longer prefix. Checked before anything is parsed.
pub(crate) const MAX_TEXT: usize = 5 + 64 * 3 + 2;

pub(crate) fn encode(prefix: &str, bytes: &[u8]) -> String {
    format!("{prefix}{}", base45::encode(bytes))
}

/// The bytes of a code. Spaces and line ends that a scanner or a paste adds around it are dropped;
/// no code begins or ends with a space of its own (base45 has a space, but the last character of a
/// group of two or three is never it, being at most `W`).
pub(crate) fn decode(prefix: &str, text: &str) -> Result<Vec<u8>, PassError> {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    let body = text.strip_prefix(prefix).ok_or(PassError::NotOurs)?;
    if text.len() > MAX_TEXT {
        return Err(PassError::Malformed);
    }
    let bytes = base45::decode(body).map_err(|_| PassError::Malformed)?;
    // The decoder takes some groups above the largest value RFC 9285 allows, and perhaps lower
    // case: writing the bytes again is the rule that there is one text for each code.
    if base45::encode(&bytes) == body { Ok(bytes) } else { Err(PassError::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 9285, sections 4.3 and 4.4.
    #[test]
    fn base45_is_that_of_rfc_9285() {
        for (plain, coded) in [
            ("AB", "BB8"),
            ("Hello!!", "%69 VD92EX0"),
            ("base-45", "UJCLQE7W581"),
            ("ietf!", "QED8WEX0"),
        ] {
            assert_eq!(encode("", plain.as_bytes()), coded);
            assert_eq!(decode("", coded).unwrap(), plain.as_bytes());
        }
        // Section 6: FGW is 65535, the largest group of three; GGW would be 65536.
        assert_eq!(decode("", "FGW").unwrap(), [0xff, 0xff]);
        assert_eq!(decode("", "GGW"), Err(PassError::Malformed));
    }

    #[test]
    fn texts_with_a_second_spelling_are_refused() {
        // "::" is 44 + 44*45 = 2024: more than a byte, yet the decoder cuts it to one.
        assert_eq!(base45::decode("::").map(|b| b.len()), Ok(1));
        for bad in ["::", "V5", "bb8", "B", "BB8B", "BB8\u{a0}", "BB8é"] {
            assert_eq!(decode("", bad), Err(PassError::Malformed), "{bad}");
        }
    }

    #[test]
    fn what_scanners_and_pastes_add_is_dropped() {
        for text in ["X:BB8\r\n", "  X:BB8", "\tX:BB8 "] {
            assert_eq!(decode("X:", text).unwrap(), b"AB");
        }
        assert_eq!(decode("X:", "Y:BB8"), Err(PassError::NotOurs));
        assert_eq!(decode("X:", &format!("X:{}", "0".repeat(3000))), Err(PassError::Malformed));
    }

    proptest! {
        #[test]
        fn bytes_come_back_and_no_text_ends_in_a_space(bytes: [u8; 24], len in 0usize..24) {
            let text = encode("JG1:", &bytes[..len]);
            prop_assert!(!text.ends_with(' '));
            prop_assert_eq!(decode("JG1:", &text).unwrap(), &bytes[..len]);
        }
    }
}
