//! What keyboards, spreadsheets, web pages and printers make of a few letters, undone.
//!
//! The pages do the same (`ui/src/shared/typed.ts`); both are held to `data/typed-cases.json`.

/// Does the character show nothing? Marks of direction, signs without width, the byte order mark and
/// other format characters; not the joiners that Persian and Indian scripts need inside a word, nor what
/// chooses the form of a letter.
pub const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}')
}

/// The joiners: needed inside words of some scripts, and nothing at the ends of any.
pub const fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// A dash, hyphen or minus of any kind, as word processors put them into numbers.
pub const fn is_dash(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{58a}' | '\u{5be}' | '\u{2010}'
            ..='\u{2015}'
                | '\u{2043}'
                | '\u{207b}'
                | '\u{208b}'
                | '\u{2212}'
                | '\u{2e3a}'
                | '\u{2e3b}'
                | '\u{301c}'
                | '\u{3030}'
                | '\u{30fc}'
                | '\u{fe31}'
                | '\u{fe32}'
                | '\u{fe58}'
                | '\u{fe63}'
                | '\u{ff0d}'
                | '\u{ff70}'
    )
}

/// A bracket as cards print them around a check digit.
pub const fn is_bracket(c: char) -> bool {
    matches!(
        c,
        '(' | ')'
            | '['
            | ']'
            | '\u{ff08}'
            | '\u{ff09}'
            | '\u{ff3b}'
            | '\u{ff3d}'
            | '\u{3014}'
            | '\u{3015}'
            | '\u{3010}'
            | '\u{3011}'
            | '\u{fe59}'
            | '\u{fe5a}'
    )
}

/// Letters, digits and signs in the width of Chinese characters become plain ones, and so do the digits
/// of Arabic, Persian, Bengali, Hindi, Thai and other keyboards.
pub const fn narrow(c: char) -> char {
    /// Where rows of ten digits begin.
    const ZEROS: [u32; 15] = [
        0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50,
        0xed0, 0x1040,
    ];
    let code = c as u32;
    if matches!(c, '\u{ff01}'..='\u{ff5e}') {
        return plain(code - 0xfee0, c);
    }
    if c == '\u{3000}' {
        return ' ';
    }
    let mut i = 0;
    while i < ZEROS.len() {
        if code >= ZEROS[i] && code < ZEROS[i] + 10 {
            return plain(code - ZEROS[i] + '0' as u32, c);
        }
        i += 1;
    }
    c
}

const fn plain(code: u32, otherwise: char) -> char {
    match char::from_u32(code) {
        Some(c) => c,
        None => otherwise,
    }
}

/// A field without what shows nothing at its ends, and without what a spreadsheet puts around it so
/// that digits stay digits: `="00123"`, `'00123`. The apostrophe before a word belongs to it.
pub fn field(text: &str) -> &str {
    let trim = |t: &str| -> usize { t.len() - trim_start(t).len() };
    let mut text = trim_end(&text[trim(text)..]);
    if let Some(inner) = text.strip_prefix("=\"").and_then(|t| t.strip_suffix('"')) {
        text = trim_end(trim_start(inner));
    }
    match text.strip_prefix(['\'', '\u{2019}', '\u{ff07}', '`']) {
        Some(rest) if rest.bytes().any(|b| b.is_ascii_digit()) && rest.is_ascii() => {
            trim_start(rest)
        }
        _ => text,
    }
}

fn shows_nothing(c: char) -> bool {
    c.is_whitespace() || is_invisible(c) || is_joiner(c)
}

fn trim_start(text: &str) -> &str {
    text.trim_start_matches(shows_nothing)
}

fn trim_end(text: &str) -> &str {
    text.trim_end_matches(shows_nothing)
}

/// A word of a closed list as it is compared: small plain letters, `_` between words. `Nucleic-Acid`
/// and `nucleic acid` are `nucleic_acid`; Chinese words stay.
pub fn word(text: &str) -> String {
    let letter = |c: char| {
        let c = if is_dash(c) { '-' } else { narrow(c) };
        c.to_lowercase().next().unwrap_or(c)
    };
    let seen = text.chars().filter(|c| !is_invisible(*c) && !is_joiner(*c)).map(letter);
    let seen: String = seen.collect();
    let parts =
        seen.trim_start_matches('\'').split(|c: char| c.is_whitespace() || c == '-' || c == '_');
    parts.filter(|p| !p.is_empty()).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_puts_around_digits_goes() {
        for (text, want) in [
            ("\u{a0} 1 \u{200b}", "1"),
            ("\u{202d}12\u{202c}", "12"),
            ("=\"0123\"", "0123"),
            ("'0123", "0123"),
            ("\u{2019}2022-03-01", "2022-03-01"),
            ("=\"\"", ""),
            ("'s-Hertogenbosch", "'s-Hertogenbosch"),
            ("'", "'"),
            ("=1+1", "=1+1"),
            ("\u{feff}\u{200d}a b\t", "a b"),
        ] {
            assert_eq!(field(text), want, "{text:?}");
        }
    }

    #[test]
    fn words_are_compared_without_their_clothes() {
        for (text, want) in [
            ("Nucleic\u{2011}Acid", "nucleic_acid"),
            (" not  DETECTED", "not_detected"),
            ("\u{ff30}\u{ff23}\u{ff32}", "pcr"),
            ("阴性\u{200b}", "阴性"),
            ("'negative", "negative"),
            ("_a__b", "a_b"),
            ("", ""),
        ] {
            assert_eq!(word(text), want, "{text:?}");
        }
    }

    #[test]
    fn digits_of_every_keyboard_are_digits() {
        let narrowed: String = "０９٣۴९৯๕၉Ａｚ（　-".chars().map(narrow).collect();
        assert_eq!(narrowed, "09349959Az( -");
    }
}
