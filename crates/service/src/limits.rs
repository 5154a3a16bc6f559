//! Limits that hold for many at once and on every server: counted by the store, in the unit of what
//! they limit.

use jadegate_store::Write;

use crate::app::App;

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

/// The hour of a moment, since the epoch.
pub(crate) const fn hour_of(at: jadegate_domain::Timestamp) -> i64 {
    at.as_secs().div_euclid(3600)
}
