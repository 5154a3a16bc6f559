//! The QR as rectangles.

use fast_qr::{ECL, Mode, QRBuilder, QRCode};

use crate::PaperError;

/// Empty modules around a QR, as ISO/IEC 18004 asks for.
pub(crate) const QUIET: usize = 4;

/// A QR at the highest error correction.
pub(crate) struct Qr(QRCode);

/// Dark modules beside each other in a row.
pub(crate) struct Bar {
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) length: usize,
}

impl Qr {
    pub(crate) fn new(text: &str) -> Result<Self, PaperError> {
        let alphanumeric =
            |c: u8| c.is_ascii_uppercase() || c.is_ascii_digit() || b" $%*+-./:".contains(&c);
        if text.is_empty() || !text.bytes().all(alphanumeric) {
            return Err(PaperError::Code);
        }
        let qr = QRBuilder::new(text).mode(Mode::Alphanumeric).ecl(ECL::H).build();
        qr.map(Self).map_err(|_| PaperError::Code)
    }

    /// Modules along a side, with the quiet zone.
    pub(crate) fn side(&self) -> usize {
        self.0.size + 2 * QUIET
    }

    /// The dark modules.
    pub(crate) fn bars(&self) -> Vec<Bar> {
        let mut bars = Vec::new();
        for y in 0..self.0.size {
            let mut x = 0;
            while x < self.0.size {
                let length = (x..self.0.size).take_while(|x| self.0[y][*x].value()).count();
                if length > 0 {
                    bars.push(Bar { x: x + QUIET, y: y + QUIET, length });
                }
                x += length + 1;
            }
        }
        bars
    }
}
