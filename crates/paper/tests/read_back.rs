//! The page as a printer makes it and readers of others read it: drawn by poppler, read by ZBar and by
//! rqrr, whole and damaged.

#![expect(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a test's own set-up")]

use std::path::Path;
use std::process::Command;

use jadegate_paper::{Form, PaperError, Sheet, print};

/// As long as the longest code on paper (an issuer of 16 characters), and one of usual length.
fn code(length: usize) -> String {
    let body: String = "7WUK0S TK%9 6QQXO2/AD4N$EFM3B8ZHR:VY+C1GL.PI5J*"
        .chars()
        .cycle()
        .take(length - 5)
        .collect();
    format!("JGP1:{body}")
}

const LENGTHS: [usize; 2] = [172, 193];
const FORMS: [Form; 2] = [Form::A6, Form::Card];

fn sheet(code: &str) -> Sheet<'_> {
    Sheet { code, name: "欧** T***", valid_to: "2024-03-14", service: "Jadegate" }
}

/// A grey picture.
struct Picture {
    width: usize,
    height: usize,
    grey: Vec<u8>,
}

impl Picture {
    /// As poppler draws a page at so many dots an inch.
    fn of(pdf: &[u8], dots: u32, dir: &Path) -> Self {
        let (file, out) = (dir.join("page.pdf"), dir.join("page"));
        std::fs::write(&file, pdf).unwrap();
        let dots = dots.to_string();
        let drawn = Command::new("pdftoppm")
            .args(["-gray", "-singlefile", "-r", &dots])
            .args([&file, &out])
            .status();
        assert!(drawn.unwrap().success());
        Self::parse(&std::fs::read(dir.join("page.pgm")).unwrap())
    }

    /// A binary PGM.
    fn parse(bytes: &[u8]) -> Self {
        let mut words = Vec::new();
        let mut at = 0;
        while words.len() < 4 {
            let end = at + bytes[at..].iter().position(u8::is_ascii_whitespace).unwrap();
            words.push(String::from_utf8(bytes[at..end].to_vec()).unwrap());
            at = end + 1;
        }
        assert_eq!((words[0].as_str(), words[3].as_str()), ("P5", "255"));
        let (width, height) = (words[1].parse().unwrap(), words[2].parse().unwrap());
        Self { width, height, grey: bytes[at..].to_vec() }
    }

    /// A round blot; positions and radius are shares of the square `left, top, side`.
    fn blot(
        &mut self,
        (left, top, side): (f32, f32, f32),
        (x, y, radius): (f32, f32, f32),
        ink: u8,
    ) {
        let (cx, cy, r) = (left + x * side, top + y * side, radius * side);
        for y in 0..self.height {
            for x in 0..self.width {
                let (dx, dy) = (x as f32 - cx, y as f32 - cy);
                if dx * dx + dy * dy <= r * r {
                    self.grey[y * self.width + x] = ink;
                }
            }
        }
    }

    /// Faded ink on grey paper.
    fn wash(&mut self) {
        for g in &mut self.grey {
            *g = 140 + *g / 4;
        }
    }

    fn read_by_zbar(&self, dir: &Path) -> Option<String> {
        let file = dir.join("seen.pgm");
        let head = format!("P5\n{} {}\n255\n", self.width, self.height);
        std::fs::write(&file, [head.as_bytes(), &self.grey].concat()).unwrap();
        let only = ["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"];
        let out = Command::new("zbarimg").args(only).arg(&file).output().unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        Some(text.trim_end_matches('\n').to_owned()).filter(|t| !t.is_empty())
    }

    fn read_by_rqrr(&self) -> Option<String> {
        let grey = |x, y| self.grey[y * self.width + x];
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(self.width, self.height, grey);
        image.detect_grids().first()?.decode().ok().map(|(_, text)| text)
    }
}

/// Where the QR stands on the page at 300 dots an inch, with its quiet zone: as `page.rs` puts it.
fn square(form: Form) -> (f32, f32, f32) {
    let dot = 300.0 / 25.4;
    match form {
        Form::A6 => (12.5 * dot, 30.0 * dot, 80.0 * dot),
        Form::Card => (0.5 * dot, 1.5 * dot, 51.0 * dot),
    }
}

/// Are poppler and ZBar here? `scripts/setup.sh test` installs them.
fn tools() -> bool {
    let there = |tool: &str, arg| Command::new(tool).arg(arg).output().is_ok();
    let all = there("pdftoppm", "-v") && there("zbarimg", "--version");
    assert!(all || std::env::var_os("CI").is_none(), "poppler-utils and zbar-tools are missing");
    if !all {
        eprintln!("SKIPPED: pdftoppm or zbarimg is missing; run scripts/setup.sh test");
    }
    all
}

#[test]
fn every_form_is_read_back_by_readers_of_others() {
    if !tools() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for (form, length) in FORMS.into_iter().flat_map(|f| LENGTHS.map(|l| (f, l))) {
        let code = code(length);
        let pdf = print(form, &sheet(&code)).unwrap();
        for dots in [150, 300] {
            let seen = Picture::of(&pdf, dots, dir.path());
            let what = format!("{form:?} {length} {dots}");
            assert_eq!(seen.read_by_zbar(dir.path()).as_ref(), Some(&code), "zbar {what}");
            assert_eq!(seen.read_by_rqrr().as_ref(), Some(&code), "rqrr {what}");
        }
    }
}

/// A coffee ring, a hole, a crease of blots, washed out: what happens to a card in a pocket. Each takes away
/// a part that level H makes good; the three corners by which a reader finds a QR stay.
#[test]
fn a_blotted_and_washed_page_is_still_read() {
    if !tools() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let blots: [&[(f32, f32, f32, u8)]; 4] = [
        &[(0.55, 0.5, 0.14, 0)],
        &[(0.6, 0.6, 0.14, 255)],
        &[(0.4, 0.45, 0.08, 255), (0.62, 0.3, 0.08, 0), (0.45, 0.75, 0.08, 0)],
        &[
            (0.35, 0.4, 0.05, 0),
            (0.45, 0.48, 0.05, 255),
            (0.55, 0.56, 0.05, 0),
            (0.65, 0.64, 0.05, 255),
        ],
    ];
    for form in FORMS {
        let code = code(172);
        let pdf = print(form, &sheet(&code)).unwrap();
        for (n, some) in blots.iter().enumerate() {
            for washed in [false, true] {
                let mut seen = Picture::of(&pdf, 300, dir.path());
                for (x, y, r, ink) in *some {
                    seen.blot(square(form), (*x, *y, *r), *ink);
                }
                if washed {
                    seen.wash();
                }
                let what = format!("{form:?}, blots {n}, washed {washed}");
                assert_eq!(seen.read_by_zbar(dir.path()).as_ref(), Some(&code), "{what}");
            }
        }
    }
}

#[test]
fn the_same_paper_is_the_same_page_and_nothing_of_it_is_in_the_properties() {
    let code = code(172);
    for form in FORMS {
        let pdf = print(form, &sheet(&code)).unwrap();
        assert_eq!(pdf, print(form, &sheet(&code)).unwrap());
        assert!(pdf.len() < 60_000, "{} bytes", pdf.len());
        let text = String::from_utf8_lossy(&pdf);
        assert!(!text.contains("JGP1:") && !text.contains("T***"));
    }
    // A name that cannot be written leaves a line; the rest is there.
    let unwritten = Sheet { name: "ع***", ..sheet(&code) };
    assert!(print(Form::A6, &unwritten).unwrap().len() > 2_000);
}

#[test]
fn what_is_no_code_is_refused() {
    for bad in ["", "jgp1:lower", "JGP1:é", &code(2_000)] {
        assert!(matches!(print(Form::Card, &sheet(bad)), Err(PaperError::Code)), "{bad}");
    }
    assert!(!format!("{:?}", sheet(&code(172))).contains("JGP1"));
}
