//! The page: where everything stands. Lengths are millimetres, letters' sizes points.

use krilla::Document;
use krilla::color::luma;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;

use crate::fonts::{Fonts, Run};
use crate::qr::Qr;
use crate::{Form, PaperError, Sheet};

/// Points in a millimetre.
const MM: f32 = 72.0 / 25.4;

/// A page to print.
///
/// # Errors
/// [`PaperError::Code`] if the code is none; the others are faults of the program.
pub fn print(form: Form, sheet: &Sheet<'_>) -> Result<Vec<u8>, PaperError> {
    let (qr, fonts) = (Qr::new(sheet.code)?, Fonts::new()?);
    let (width, height) = match form {
        Form::A6 => (105.0, 148.0),
        Form::Card => (85.6, 53.98),
    };
    let settings = PageSettings::from_wh(width * MM, height * MM);
    let settings = settings.ok_or_else(|| PaperError::Pdf("no page of this size".to_owned()))?;
    let mut document = Document::new();
    // The same for everybody: what is in a file's properties is in its backups and mails, too.
    let title = "健康码 · Health code".to_owned();
    document.set_metadata(Metadata::new().title(title).language("zh".to_owned()));
    let mut page = document.start_page_with(settings);
    let pen = Pen { surface: page.surface(), fonts: &fonts };
    draw(pen, form, &qr, sheet);
    page.finish();
    document.finish().map_err(|e| PaperError::Pdf(format!("{e:?}")))
}

fn draw(mut pen: Pen<'_>, form: Form, qr: &Qr, sheet: &Sheet<'_>) {
    pen.ink();
    match form {
        Form::A6 => a6(&mut pen, qr, sheet),
        Form::Card => card(&mut pen, qr, sheet),
    }
    pen.surface.finish();
}

fn a6(pen: &mut Pen<'_>, qr: &Qr, sheet: &Sheet<'_>) {
    let all = Column { left: 6.0, width: 93.0, centred: true };
    pen.line(all, 11.5, 17.0, "健康码 Health code");
    pen.name(all, 23.0, 27.0, sheet.name);
    pen.line(all, 29.5, 10.5, "进出门时请出示 · Show this at the door");
    pen.qr(qr, 12.5, 30.0, 80.0);
    let text = Column { left: 8.0, width: 89.0, centred: false };
    let told = [
        "丢了：请本人、家人或任何服务点马上挂失并重印，旧的随即作废。",
        "Lost? You, your family or any counter report it and print a new one;",
        "this one then opens no door.",
        "捡到：请交给任何服务点或门岗。",
        "Found? Please give it to any counter or guard.",
    ];
    let mut y = 115.5;
    for (n, line) in told.iter().enumerate() {
        pen.line(text, y, 9.0, line);
        y += if n == 2 { 6.2 } else { 4.6 };
    }
    pen.line(text, 139.5, 9.0, &format!("有效期至 Valid to {}", sheet.valid_to));
    pen.line(text, 143.8, 7.5, sheet.service);
}

fn card(pen: &mut Pen<'_>, qr: &Qr, sheet: &Sheet<'_>) {
    pen.qr(qr, 0.5, 1.5, 51.0);
    let text = Column { left: 50.5, width: 33.0, centred: false };
    pen.line(text, 8.5, 12.0, "健康码");
    pen.line(text, 12.8, 9.0, "Health code");
    pen.name(text, 23.0, 17.0, sheet.name);
    pen.line(text, 30.0, 6.6, "丢了：任何服务点可挂失重印");
    pen.line(text, 33.4, 6.6, "Lost? Any counter prints");
    pen.line(text, 36.2, 6.6, "a new one; this one ends.");
    pen.line(text, 40.4, 6.6, "捡到：请交任何服务点");
    pen.line(text, 43.8, 6.6, "Found? To any counter.");
    pen.line(text, 48.8, 6.6, &format!("至 to {}", sheet.valid_to));
}

/// Where a text stands.
#[derive(Clone, Copy)]
struct Column {
    left: f32,
    width: f32,
    centred: bool,
}

struct Pen<'a> {
    surface: Surface<'a>,
    fonts: &'a Fonts,
}

impl Pen<'_> {
    fn ink(&mut self) {
        self.surface.set_fill(Some(Fill { paint: luma::Color::black().into(), ..Fill::default() }));
    }

    /// A line of text with its foot at `y`, made smaller if it would not fit; nothing if it cannot be
    /// written.
    fn line(&mut self, column: Column, y: f32, size: f32, text: &str) {
        if let Some(runs) = self.fonts.runs(text) {
            self.runs(column, y, size, &runs);
        }
    }

    /// The name; if it cannot be written, a line to write it on by hand.
    fn name(&mut self, column: Column, y: f32, size: f32, name: &str) {
        match self.fonts.runs(name) {
            Some(runs) if !runs.is_empty() => self.runs(column, y, size, &runs),
            _ => {
                self.line(Column { centred: false, ..column }, y, size / 3.0, "姓名 Name");
                self.rect(column.left, y + 0.8, column.width, 0.3);
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a handful of modules")]
    fn qr(&mut self, qr: &Qr, left: f32, top: f32, side: f32) {
        let module = side / qr.side() as f32;
        let mut path = PathBuilder::new();
        for bar in qr.bars() {
            let x = left + bar.x as f32 * module;
            let y = top + bar.y as f32 * module;
            if let Some(rect) = rect(x, y, bar.length as f32 * module, module) {
                path.push_rect(rect);
            }
        }
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }

    fn rect(&mut self, x: f32, y: f32, width: f32, height: f32) {
        let mut path = PathBuilder::new();
        if let Some(rect) = rect(x, y, width, height) {
            path.push_rect(rect);
        }
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }

    fn runs(&mut self, column: Column, y: f32, size: f32, runs: &[Run]) {
        let ems: f32 = runs.iter().map(|run| run.width).sum();
        let size = size.min(column.width * MM / ems.max(0.1));
        let left = if column.centred { (column.width * MM - ems * size) / 2.0 } else { 0.0 };
        let mut x = column.left * MM + left;
        for run in runs {
            let start = Point::from_xy(x, y * MM);
            let font = run.font.clone();
            self.surface.draw_glyphs(start, &run.glyphs, font, &run.text, size, false);
            x += run.width * size;
        }
    }
}

fn rect(x: f32, y: f32, width: f32, height: f32) -> Option<Rect> {
    Rect::from_xywh(x * MM, y * MM, width * MM, height * MM)
}
