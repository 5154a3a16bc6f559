//! The two built-in fonts: letters of Europe, and Han (see `data/fonts/README.md`).

use std::io::Read as _;
use std::sync::OnceLock;

use flate2::read::GzDecoder;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider as _};

use crate::PaperError;

static LATIN: &[u8] = include_bytes!("../../../data/fonts/latin.ttf.gz");
static HAN: &[u8] = include_bytes!("../../../data/fonts/han.ttf.gz");

/// The unpacked files; empty if one cannot be unpacked.
fn files() -> &'static [Vec<u8>; 2] {
    static FILES: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    FILES.get_or_init(|| {
        [LATIN, HAN].map(|packed| {
            let mut file = Vec::new();
            let unpacked = GzDecoder::new(packed).read_to_end(&mut file);
            if unpacked.is_ok() { file } else { Vec::new() }
        })
    })
}

/// A font to write with.
struct Face {
    font: Font,
    glyphs: FontRef<'static>,
}

impl Face {
    fn new(file: &'static [u8]) -> Option<Self> {
        let font = Font::new(file.into(), 0)?;
        Some(Self { font, glyphs: FontRef::new(file).ok()? })
    }

    /// A letter's glyph and its width in ems; `None`: it has none here.
    fn glyph(&self, letter: char) -> Option<(u32, f32)> {
        let id = self.glyphs.charmap().map(letter)?;
        let at = LocationRef::default();
        let width = self.glyphs.glyph_metrics(Size::unscaled(), at).advance_width(id)?;
        let em = f32::from(self.glyphs.metrics(Size::unscaled(), at).units_per_em);
        Some((id.to_u32(), width / em))
    }
}

/// The fonts, in the order in which they are asked for a glyph.
pub(crate) struct Fonts([Face; 2]);

/// Letters of one font beside each other.
pub(crate) struct Run {
    pub(crate) font: Font,
    pub(crate) text: String,
    pub(crate) glyphs: Vec<KrillaGlyph>,
    /// In ems.
    pub(crate) width: f32,
}

impl Fonts {
    pub(crate) fn new() -> Result<Self, PaperError> {
        let [latin, han] = files();
        let face = |file: &'static [u8]| Face::new(file).ok_or(PaperError::Font);
        Ok(Self([face(latin)?, face(han)?]))
    }

    /// A text as runs of glyphs; `None` if a letter has no glyph.
    pub(crate) fn runs(&self, text: &str) -> Option<Vec<Run>> {
        let mut runs: Vec<(usize, Run)> = Vec::new();
        for letter in text.chars() {
            let found = self.0.iter().enumerate().find_map(|(n, f)| Some((n, f, f.glyph(letter)?)));
            let (n, face, (id, width)) = found?;
            if runs.last().is_none_or(|(last, _)| *last != n) {
                let (font, text) = (face.font.clone(), String::new());
                runs.push((n, Run { font, text, glyphs: Vec::new(), width: 0.0 }));
            }
            let (_, run) = runs.last_mut()?;
            let from = run.text.len();
            run.text.push(letter);
            let range = from..run.text.len();
            run.glyphs.push(KrillaGlyph::new(GlyphId::new(id), width, 0.0, 0.0, 0.0, range, None));
            run.width += width;
        }
        Some(runs.into_iter().map(|(_, run)| run).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_europe_and_of_han_can_be_written_and_others_cannot() {
        let fonts = Fonts::new().unwrap();
        for name in
            ["T*** M***", "王**", "欧阳*", "陳**", "Ø*** Ł*** Ñ***", "Ж*** Ω***", "Đ*** Ư***"]
        {
            assert!(fonts.runs(name).is_some(), "{name}");
        }
        for name in ["ع***", "ส***", "अ***", "\u{20bb7}*"] {
            assert!(fonts.runs(name).is_none(), "{name}");
        }
        let width: f32 = fonts.runs("中a文").unwrap().iter().map(|r| r.width).sum();
        assert!((2.4..2.8).contains(&width), "{width}");
    }
}
