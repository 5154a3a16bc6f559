//! Bytes as they lie in a file become UTF-8, where it is clear what they are.
//!
//! Spreadsheets write UTF-16 ("Unicode text"), and programs in China GB18030, without saying so. UTF-16
//! is told by its byte order mark, or by the empty half of each letter of the first line. GB18030 is
//! told by what it makes of a line: a line that is no UTF-8, reads without a fault, and consists for the
//! better part of characters that people write. A line that is neither stays as it is; whoever reads
//! one of its fields says that it cannot be read.

use std::io::{ErrorKind, Read, Result};

use encoding_rs::{Decoder, Encoding, GB18030, UTF_16BE, UTF_16LE};

/// Bytes of UTF-16 that wait to become UTF-8.
const RAW: usize = 16 * 1024;

/// A source of which UTF-16 comes out as UTF-8, and all else as it is.
pub(crate) struct Utf8<R> {
    source: R,
    /// Bytes read and not handed out: the beginning of the file, then whole blocks of UTF-16.
    raw: Vec<u8>,
    /// Letters read and not handed out.
    text: Vec<u8>,
    decoder: Option<Decoder>,
    begun: bool,
    ended: bool,
}

impl<R> std::fmt::Debug for Utf8<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Utf8").finish_non_exhaustive()
    }
}

impl<R: Read> Utf8<R> {
    pub(crate) const fn new(source: R) -> Self {
        Self {
            source,
            raw: Vec::new(),
            text: Vec::new(),
            decoder: None,
            begun: false,
            ended: false,
        }
    }

    #[cfg(test)]
    pub(crate) fn into_inner(self) -> R {
        self.source
    }

    /// Looks at the first letters.
    fn begin(&mut self) -> Result<()> {
        let mut first = [0; 4];
        while self.raw.len() < first.len() {
            let rest = first.len() - self.raw.len();
            match read(&mut self.source, &mut first[..rest])? {
                0 => break,
                n => self.raw.extend_from_slice(&first[..n]),
            }
        }
        self.decoder = utf16(&self.raw).map(Encoding::new_decoder_with_bom_removal);
        self.begun = true;
        Ok(())
    }

    /// The next letters, as many as fit.
    fn decoded(&mut self, into: &mut [u8]) -> Result<usize> {
        while self.text.is_empty() && !self.ended {
            if self.raw.is_empty() {
                self.raw.resize(RAW, 0);
                let got = read(&mut self.source, &mut self.raw)?;
                self.raw.truncate(got);
                self.ended = got == 0;
            }
            let Some(decoder) = &mut self.decoder else { break };
            let most = decoder.max_utf8_buffer_length(self.raw.len()).unwrap_or(4 * RAW);
            self.text.resize(most, 0);
            let (_, taken, written, _) =
                decoder.decode_to_utf8(&self.raw, &mut self.text, self.ended);
            self.raw.drain(..taken);
            self.text.truncate(written);
        }
        let n = self.text.len().min(into.len());
        into[..n].copy_from_slice(&self.text[..n]);
        self.text.drain(..n);
        Ok(n)
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        if !self.begun {
            self.begin()?;
        }
        if self.decoder.is_some() {
            return self.decoded(into);
        }
        if self.raw.is_empty() {
            return if self.ended { Ok(0) } else { read(&mut self.source, into) };
        }
        let n = self.raw.len().min(into.len());
        into[..n].copy_from_slice(&self.raw[..n]);
        self.raw.drain(..n);
        Ok(n)
    }
}

fn read(source: &mut impl Read, into: &mut [u8]) -> Result<usize> {
    loop {
        match source.read(into) {
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            got => return got.map(|n| n.min(into.len())),
        }
    }
}

/// Which UTF-16 begins like this, if any. Without its mark it is known by letters of the columns' names,
/// which are in the lower half of ASCII.
fn utf16(first: &[u8]) -> Option<&'static Encoding> {
    match *first {
        [0xff, 0xfe, ..] => Some(UTF_16LE),
        [0xfe, 0xff, ..] => Some(UTF_16BE),
        [a, 0, b, 0] if a != 0 && b != 0 => Some(UTF_16LE),
        [0, a, 0, b] if a != 0 && b != 0 => Some(UTF_16BE),
        _ => None,
    }
}

/// In which alphabet the lines of a file are that are no UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Alphabet {
    /// None was seen: each line is looked at by itself.
    #[default]
    Unknown,
    /// Most of those seen are GB18030.
    Gb18030,
    /// Most of those seen are something else.
    Other,
}

impl Alphabet {
    /// What some lines of a file tell. A line of two letters can be both, UTF-8 and GB18030; its
    /// neighbours tell which. `begun`: the first of them began before, and may be cut in the middle of
    /// a letter like the last.
    pub(crate) fn of(lines: &[u8], begun: bool) -> Self {
        let ends = |b: &u8| matches!(b, b'\n' | b'\r');
        let first = if begun { lines.iter().position(ends).unwrap_or(lines.len()) } else { 0 };
        let lines = &lines[first..];
        let whole = lines.iter().rposition(ends).map_or(lines, |end| &lines[..end]);
        let (mut yes, mut no) = (0_u32, 0_u32);
        for line in whole.split(ends) {
            if std::str::from_utf8(line).is_ok() {
                continue;
            }
            if clearly_gb18030(line).is_some() { yes += 1 } else { no += 1 }
        }
        match (yes, no) {
            (0, 0) => Self::Unknown,
            _ if yes > no => Self::Gb18030,
            _ => Self::Other,
        }
    }

    /// A line as UTF-8, if it is none yet and it is clear what it is.
    pub(crate) fn read(self, line: &[u8]) -> Option<String> {
        if line.is_ascii() {
            return None;
        }
        match self {
            Self::Gb18030 => gb18030(line).filter(|_| !clearly_utf8(line)),
            Self::Unknown if std::str::from_utf8(line).is_err() => clearly_gb18030(line),
            _ => None,
        }
    }
}

/// UTF-8 that means nothing in GB18030, or hardly anything.
fn clearly_utf8(line: &[u8]) -> bool {
    std::str::from_utf8(line).is_ok() && clearly_gb18030(line).is_none()
}

/// Every letter has a meaning, and one that is the same for everybody.
fn gb18030(line: &[u8]) -> Option<String> {
    let text = GB18030.decode_without_bom_handling_and_without_replacement(line)?;
    let private = |c: char| ('\u{e000}'..='\u{f8ff}').contains(&c);
    (!text.contains(private)).then(|| text.into_owned())
}

/// The better part of it are the signs and the common characters of GB 2312. Two letters with accents
/// beside each other, as Windows writes them in Europe, are seldom that.
fn clearly_gb18030(line: &[u8]) -> Option<String> {
    let (mut common, mut all) = (0_u32, 0_u32);
    let mut rest = line;
    while let [lead, tail @ ..] = rest {
        if lead.is_ascii() {
            rest = tail;
            continue;
        }
        let second = *tail.first()?;
        all += 1;
        let sign = matches!(lead, 0xa1..=0xa3);
        common += u32::from(second >= 0xa1 && (sign || matches!(lead, 0xb0..=0xd7)));
        // Four bytes, if the second is a digit.
        rest = tail.get(if second.is_ascii_digit() { 3 } else { 1 }..)?;
    }
    (2 * common >= all).then(|| gb18030(line))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf8(bytes: &[u8]) -> String {
        /// Gives one byte at a time.
        struct Slow<'b>(&'b [u8]);
        impl Read for Slow<'_> {
            fn read(&mut self, into: &mut [u8]) -> Result<usize> {
                self.0.read(&mut into[..1])
            }
        }
        let mut text = Vec::new();
        Utf8::new(Slow(bytes)).read_to_end(&mut text).unwrap();
        let mut at_once = Vec::new();
        Utf8::new(bytes).read_to_end(&mut at_once).unwrap();
        assert_eq!(text, at_once);
        String::from_utf8(text).unwrap()
    }

    fn units(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn both_forms_of_utf16_are_read_with_and_without_their_mark() {
        let text = format!("a,b\r\n{}\u{20bb7}1,测试", "x".repeat(2 * RAW + 1));
        for bytes in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
            assert_eq!(utf8(&units(&text, bytes)), text);
            assert_eq!(utf8(&units(&format!("\u{feff}{text}"), bytes)), text);
        }
        // Half a letter at the end is told, not dropped.
        assert_eq!(utf8(b"\xff\xfea\0b"), "a\u{fffd}");
        for short in ["", "a", "a,b", "测"] {
            assert_eq!(utf8(short.as_bytes()), short);
        }
    }

    fn read_in(alphabet: Alphabet, line: &[u8]) -> Option<String> {
        alphabet.read(line)
    }

    #[test]
    fn what_is_clear_is_read() {
        let unknown = |line: &[u8]| read_in(Alphabet::Unknown, line);
        // 测试; 朱镕基 with a letter beyond GB 2312; a letter of four bytes beside common ones.
        assert_eq!(unknown(b"a,\xb2\xe2\xca\xd4,1").as_deref(), Some("a,测试,1"));
        assert_eq!(unknown(b"\xd6\xec\xe9F\xbb\xf9").as_deref(), Some("朱镕基"));
        assert_eq!(unknown(b"\xcd\xf5\x98\x39\xf3\x35").map(|t| t.chars().count()), Some(2));
        // UTF-8, Müller and García of Windows, half a letter.
        for line in
            [&b"a"[..], "测试".as_bytes(), b"M\xfcller", b"Garc\xeda", b"\xb2\xe2\xca", b"\xff"]
        {
            assert_eq!(unknown(line), None, "{line:?}");
        }
    }

    #[test]
    fn neighbours_tell_what_a_short_line_is() {
        // 通 alone would be a combining letter of UTF-8.
        let short = b"\xcd\xa8";
        assert_eq!(read_in(Alphabet::Unknown, short), None);
        let seen =
            Alphabet::of(b"a,b\n\xcd\xa8\n\xb2\xe2\xca\xd4\n\xff\n\xb2\xe2\xca\xd4\n\xb2", false);
        assert_eq!(seen, Alphabet::Gb18030);
        assert_eq!(read_in(seen, short).as_deref(), Some("通"));
        assert_eq!(read_in(seen, "测试".as_bytes()), None);
        assert_eq!(read_in(seen, b"\xff"), None);
        assert_eq!(Alphabet::of("a,b\n测试\n".as_bytes(), false), Alphabet::Unknown);
        assert_eq!(Alphabet::of(b"a,b\nM\xfcller\n\xb2\xe2\xca\xd4\n", false), Alphabet::Other);
        assert_eq!(Alphabet::of(b"\x95,1\na\n", true), Alphabet::Unknown);
        assert_eq!(read_in(Alphabet::Other, b"\xb2\xe2\xca\xd4"), None);
    }
}
