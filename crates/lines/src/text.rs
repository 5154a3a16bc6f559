//! Lines as an editor shows them.

use std::io::Read;

use crate::alphabet::{Alphabet, Utf8};
use crate::error::FileError;
use crate::limits::{HOPELESS, Limits};

/// Bytes asked of the source at once.
const BLOCK: usize = 64 * 1024;

/// A line as it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextLine {
    /// Its number in the file, from 1.
    pub number: u64,
    /// Was it read whole? If not it is longer than allowed, and only its beginning is there.
    pub whole: bool,
}

/// Reads a source line by line. Holds one block and never more than it.
#[derive(Debug)]
pub struct TextLines<R> {
    source: Utf8<R>,
    alphabet: Alphabet,
    limits: Limits,
    block: Box<[u8]>,
    at: usize,
    end: usize,
    read: u64,
    number: u64,
    /// The last byte was `\r`: a `\n` now belongs to it.
    after_cr: bool,
    /// The block before ended within a line.
    begun: bool,
}

impl<R: Read> TextLines<R> {
    /// Begins at the first line.
    pub fn new(source: R, limits: Limits) -> Self {
        Self {
            source: Utf8::new(source),
            alphabet: Alphabet::default(),
            limits,
            block: vec![0; BLOCK].into(),
            at: 0,
            end: 0,
            read: 0,
            number: 0,
            after_cr: false,
            begun: false,
        }
    }

    /// The bounds it reads within.
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// Puts the next line into `line`, without its end and the file's byte order mark, as UTF-8 where it
    /// is clear what it is; `None` after the last one.
    ///
    /// # Errors
    /// More bytes than allowed, a hopeless line, a source that fails. Asking again goes on asking the
    /// source; nobody should.
    pub fn next_line(&mut self, line: &mut Vec<u8>) -> Result<Option<TextLine>, FileError> {
        line.clear();
        let mut length = 0;
        loop {
            if self.at == self.end && !self.fill()? {
                // The last line may lack its end.
                return Ok((length > 0).then(|| self.found(line, length)));
            }
            if std::mem::take(&mut self.after_cr) && self.block.get(self.at) == Some(&b'\n') {
                self.at += 1;
                continue;
            }
            let rest = self.block.get(self.at..self.end).unwrap_or_default();
            let ends = rest.iter().position(|b| matches!(b, b'\n' | b'\r'));
            let part = rest.get(..ends.unwrap_or(rest.len())).unwrap_or_default();
            let room = self.limits.line.saturating_sub(line.len());
            line.extend_from_slice(part.get(..room).unwrap_or(part));
            length += part.len();
            self.after_cr = ends.and_then(|i| rest.get(i)) == Some(&b'\r');
            self.at += ends.map_or(part.len(), |i| i + 1);
            let hopeless = self.limits.line.saturating_mul(HOPELESS);
            if length > hopeless {
                return Err(FileError::LineTooLong(self.number + 1, hopeless as u64));
            }
            if ends.is_some() {
                return Ok(Some(self.found(line, length)));
            }
        }
    }

    fn found(&mut self, line: &mut Vec<u8>, length: usize) -> TextLine {
        let whole = length == line.len();
        if self.number == 0 && line.starts_with("\u{feff}".as_bytes()) {
            line.drain(..3);
        }
        if let Some(text) = self.alphabet.read(line) {
            *line = text.into_bytes();
        }
        self.number += 1;
        TextLine { number: self.number, whole }
    }

    /// Reads the next block; `false` at the end of the source.
    fn fill(&mut self) -> Result<bool, FileError> {
        let got = self.source.read(&mut self.block);
        let got = got.map_err(|e| FileError::Unreadable(self.number, e))?.min(BLOCK);
        if self.read == 0
            && let Some(what) = other_format(self.block.get(..got).unwrap_or_default())
        {
            return Err(FileError::OtherFormat(what));
        }
        if self.alphabet == Alphabet::Unknown {
            let block = self.block.get(..got).unwrap_or_default();
            self.alphabet = Alphabet::of(block, self.begun);
            self.begun = block.last().is_some_and(|b| !matches!(b, b'\n' | b'\r'));
        }
        (self.at, self.end) = (0, got);
        self.read = self.read.saturating_add(got as u64);
        if self.read > self.limits.bytes {
            return Err(FileError::TooLarge(self.limits.bytes));
        }
        Ok(got > 0)
    }
}

/// What a file is that is often brought instead of its text, by its first four bytes: the first read
/// may give no more.
fn other_format(begins: &[u8]) -> Option<&'static str> {
    const BEGINNINGS: [(&[u8; 4], &str); 6] = [
        (b"PK\x03\x04", "a workbook (.xlsx, .et) or another zip archive"),
        (b"\xd0\xcf\x11\xe0", "a workbook (.xls)"),
        (b"%PDF", "a PDF"),
        (b"<!do", "a web page"),
        (b"<htm", "a web page"),
        (b"<?xm", "XML"),
    ];
    let found = BEGINNINGS
        .iter()
        .find(|(magic, _)| begins.get(..4).is_some_and(|b| b.eq_ignore_ascii_case(*magic)));
    found.map(|(_, what)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8], limits: Limits) -> Result<Vec<(u64, bool, String)>, FileError> {
        let mut reader = TextLines::new(text, limits);
        let (mut line, mut all) = (Vec::new(), Vec::new());
        while let Some(l) = reader.next_line(&mut line)? {
            all.push((l.number, l.whole, String::from_utf8_lossy(&line).into_owned()));
        }
        Ok(all)
    }

    const WIDE: Limits = Limits::new(1 << 20, 1 << 20);

    #[test]
    fn every_kind_of_line_end_counts_as_an_editor_counts() {
        for end in ["\n", "\r\n", "\r"] {
            for last in ["", end] {
                let text = format!("\u{feff}a{end}{end}b c{end}d{last}");
                let got = lines(text.as_bytes(), WIDE).unwrap();
                let want = [(1, "a"), (2, ""), (3, "b c"), (4, "d")];
                assert_eq!(got, want.map(|(n, t)| (n, true, t.to_owned())), "{text:?}");
            }
        }
        assert_eq!(lines(b"", WIDE).unwrap(), []);
        // Both halves of one line end in different blocks.
        let text = format!("{}\r\nb", "x".repeat(BLOCK - 1));
        let got = lines(text.as_bytes(), WIDE).unwrap();
        assert_eq!(got.iter().map(|(n, ..)| *n).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_workbook_is_called_one() {
        for begins in [&b"PK\x03\x04\x14"[..], b"\xd0\xcf\x11\xe0\xa1", b"%PDF-1.7", b"<HTML>"] {
            let error = lines(&[begins, b"\na,b\n"].concat(), WIDE).unwrap_err();
            assert_eq!(error.code(), "file.other_format");
        }
        assert!(lines(b"PK,a\n", WIDE).is_ok());
    }

    #[test]
    fn a_long_line_is_cut_and_the_next_has_its_number() {
        let text = "12345678\n1234567890\n1";
        let got = lines(text.as_bytes(), Limits { line: 8, ..WIDE }).unwrap();
        let want = [(1, true, "12345678"), (2, false, "12345678"), (3, true, "1")];
        assert_eq!(got, want.map(|(n, w, t)| (n, w, t.to_owned())));
    }

    /// Counts what is asked of a source that never ends by itself.
    struct Endless {
        give: &'static [u8],
        given: u64,
    }

    impl Read for Endless {
        fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
            for (i, b) in buf.iter_mut().enumerate() {
                *b = self.give[i % self.give.len()];
            }
            self.given += buf.len() as u64;
            Ok(buf.len())
        }
    }

    #[test]
    fn what_never_ends_is_refused_after_its_limit() {
        for (give, limits, code) in [
            (&b"x"[..], Limits::new(u64::MAX, u64::MAX), "file.line_too_long"),
            (b"x\n", Limits::new(3 << 20, u64::MAX), "file.too_large"),
            (b"\n", Limits::new(3 << 20, u64::MAX), "file.too_large"),
        ] {
            let mut reader = TextLines::new(Endless { give, given: 0 }, limits);
            let mut line = Vec::new();
            let mut widest = 0;
            let error = loop {
                match reader.next_line(&mut line) {
                    Ok(found) => assert!(found.is_some()),
                    Err(e) => break e,
                }
                widest = widest.max(line.capacity());
            };
            assert_eq!(error.code(), code);
            let most = limits.bytes.min((Limits::LINE * HOPELESS) as u64) + 2 * BLOCK as u64;
            let most = if code == "file.too_large" { limits.bytes + BLOCK as u64 } else { most };
            let given = reader.source.into_inner().given;
            assert!(given <= most, "{given} asked for");
            assert!(widest.max(line.capacity()) <= 2 * Limits::LINE);
        }
    }

    #[test]
    fn a_source_that_fails_is_no_end() {
        struct Broken(bool);
        impl Read for Broken {
            fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
                if std::mem::replace(&mut self.0, true) {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
                buf[..4].copy_from_slice(b"a\nb\n");
                Ok(4)
            }
        }
        let mut reader = TextLines::new(Broken(false), WIDE);
        let mut line = Vec::new();
        assert_eq!(reader.next_line(&mut line).unwrap().unwrap().number, 1);
        assert_eq!(reader.next_line(&mut line).unwrap().unwrap().number, 2);
        let e = reader.next_line(&mut line).unwrap_err();
        assert_eq!((e.code(), e.to_string().contains("line 2")), ("file.unreadable", true));
    }
}
