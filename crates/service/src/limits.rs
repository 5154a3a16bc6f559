//! Limits that hold for many at once and on every server: counted by the store, in the unit of what
//! they limit.

use jadegate_store::Write;

use crate::app::App;
use crate::error::{Kind, ServiceError};

/// At most so much within so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    /// Its name in the store, of which the window is a part for ever.
    pub(crate) class: &'static str,
    /// The window.
    pub(crate) seconds: u32,
    /// How much within it.
    pub(crate) most: u32,
}

impl App {
    /// The write that counts against a limit; its unit fails if there is no room
    /// (`StoreError::no_room`). `key` is a keyed digest of whom or what it is counted for.
    pub(crate) fn count(&self, limit: Limit, key: [u8; 16], count: u32) -> Write {
        let Limit { class, seconds: window_seconds, most } = limit;
        Write::CountWithin { class, key, count, at: self.now(), window_seconds, most }
    }
}

/// A limit that is reached, in words that fit any of them.
pub(crate) fn reached(seconds: Option<u32>) -> ServiceError {
    match seconds {
        Some(seconds) => ServiceError::new(
            Kind::TooMany,
            "limit.reached",
            format!(
                "The limit for this is reached. Nothing was changed. Please try again in {}.",
                in_words(seconds)
            ),
        )
        .retry_after(seconds.max(1)),
        None => ServiceError::new(
            Kind::TooMany,
            "limit.too_much",
            "This is more at once than the limit allows. Nothing was changed. Please send it in smaller parts.",
        ),
    }
}

/// A wait in words.
pub(crate) fn in_words(seconds: u32) -> String {
    match seconds {
        0..120 => format!("{} seconds", seconds.max(1)),
        120..7200 => format!("{} minutes", seconds.div_ceil(60)),
        _ => format!("{} hours", seconds.div_ceil(3600)),
    }
}
