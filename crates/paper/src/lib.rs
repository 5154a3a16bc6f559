//! A code as a page to print: an A6 sheet in large print, or a card of the size of a bank card.
//!
//! The QR is drawn of rectangles at error correction level H, so that a third of it may be creased,
//! stained or washed away, and its modules are as large as the page allows. Beside it stand the masked
//! name and what to do if the paper is lost or found, in Chinese and English; nothing else about the
//! person. Values in, bytes out: the same input gives the same page.

mod fonts;
mod page;
mod qr;

pub use page::print;

/// What the page looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// 105 × 148 mm, in large print.
    A6,
    /// 85.6 × 54 mm (ISO/IEC 7810 ID-1), to be laminated.
    Card,
}

/// What is on the page.
#[derive(Clone, Copy)]
pub struct Sheet<'a> {
    /// The code's text, of the QR alphanumeric characters.
    pub code: &'a str,
    /// The masked name. If a letter of it has no glyph here, a line is left to write it on.
    pub name: &'a str,
    /// The last day on which it is good, as `2024-03-14`.
    pub valid_to: &'a str,
    /// Who issued it; left out if it cannot be written.
    pub service: &'a str,
}

/// Never shows the code: a log line would be a paper.
impl std::fmt::Debug for Sheet<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sheet").field("valid_to", &self.valid_to).finish_non_exhaustive()
    }
}

/// Why there is no page. Nothing of its content is in the text.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// The text is too long for a QR, or has other characters.
    #[error("the code cannot be drawn as a QR")]
    Code,
    /// The built-in fonts cannot be read.
    #[error("a built-in font cannot be read")]
    Font,
    /// The page could not be written.
    #[error("the page could not be written: {0}")]
    Pdf(String),
}
