//! A code fits the QR it is meant for, and a reader that knows nothing of us reads it back.

#![expect(clippy::unwrap_used, reason = "what cannot be made fails the test")]

mod common;

use common::{T, at, issuer};
use fast_qr::{ECL, Mode, QRBuilder, QRCode, Version};
use jadegate_domain::{Colour, HolderId, PlaceId};
use jadegate_pass::{VenueKind, issue, issue_venue};

const SCALE: usize = 4;
const QUIET: usize = 4;

fn draw(text: &str, version: Version, level: ECL) -> QRCode {
    QRBuilder::new(text).mode(Mode::Alphanumeric).version(version).ecl(level).build().unwrap()
}

fn read_back(qr: &QRCode) -> (usize, String) {
    let side = (qr.size + 2 * QUIET) * SCALE;
    let dark = |x: usize, y: usize| {
        let (x, y) = ((x / SCALE).checked_sub(QUIET)?, (y / SCALE).checked_sub(QUIET)?);
        (x < qr.size && y < qr.size).then(|| qr[y][x].value())
    };
    let grey = |x, y| if dark(x, y).unwrap_or(false) { 0 } else { 255 };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(side, side, grey);
    let grids = image.detect_grids();
    let (meta, text) = grids[0].decode().unwrap();
    (meta.version.0, text)
}

#[test]
fn a_live_code_fits_version_7_at_level_m() {
    for name in ["J", "JG"] {
        let holder = HolderId::from_random(42);
        let text = issue(&issuer(name), holder, Colour::Red, at(T), 60, [1, 2, 3, 4]).unwrap().text;
        assert!(text.len() <= 178, "{} characters", text.len());
        let qr = draw(&text, Version::V07, ECL::M);
        assert_eq!(read_back(&qr), (7, text));
    }
}

#[test]
fn the_longest_issuer_fits_version_8_at_level_m() {
    let issuer = issuer("ABCDEFGHIJKLMNOP");
    let text = issue(&issuer, HolderId::from_random(42), Colour::Red, at(T), 60, [0; 4]);
    let text = text.unwrap().text;
    assert_eq!(text.len(), 198);
    assert_eq!(read_back(&draw(&text, Version::V08, ECL::M)), (8, text));
}

#[test]
fn a_poster_affords_level_q_and_a_screen_fits_version_7() {
    let issuer = issuer("JG");
    let place = PlaceId::from_random(42);
    let poster = issue_venue(&issuer, place, at(T), VenueKind::Poster).unwrap();
    assert_eq!(poster.len(), 157);
    assert_eq!(read_back(&draw(&poster, Version::V08, ECL::Q)), (8, poster));
    let kind = VenueKind::Screen { expires_at: at(T + 30) };
    let screen = issue_venue(&issuer, place, at(T), kind).unwrap();
    assert_eq!(screen.len(), 166);
    assert_eq!(read_back(&draw(&screen, Version::V07, ECL::M)), (7, screen));
}
