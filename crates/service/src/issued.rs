//! Which codes this process has signed itself, lately: when one comes back from a gate, its signature need not be
//! looked at again, which is most of what a scan costs.
//!
//! A text is known by its SHA-256, cut to 128 bits: of another text that is said to be known nobody can think of one.
//! What is forgotten, or was signed by another server, is verified like any code.

use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest;

type Mark = [u8; 16];

/// Parts, each under a lock of its own.
const PARTS: usize = 64;
/// Places of one part: 4 MB in all, codes of a minute of four thousand openings a second.
const PLACES: usize = 4096;

/// Each code has one place, where the next one with the same place replaces it.
pub(crate) struct Issued([Mutex<Vec<Mark>>; PARTS]);

impl Default for Issued {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

/// What a text is known by, and where.
struct Place {
    mark: Mark,
    part: usize,
    place: usize,
}

fn place_of(text: &str) -> Place {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    let bytes = digest.as_ref();
    let mut mark = [0; 16];
    mark.copy_from_slice(&bytes[..16]);
    let place = usize::from(u16::from_le_bytes([bytes[17], bytes[18]])) % PLACES;
    Place { mark, part: usize::from(bytes[16]) % PARTS, place }
}

impl Issued {
    fn part(&self, n: usize) -> MutexGuard<'_, Vec<Mark>> {
        self.0[n].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This process has just signed it.
    pub(crate) fn note(&self, text: &str) {
        let Place { mark, part, place } = place_of(text);
        let mut marks = self.part(part);
        if marks.is_empty() {
            marks.resize(PLACES, [0; 16]);
        }
        marks[place] = mark;
    }

    /// Did it? If not, it may have all the same, or another server.
    pub(crate) fn knows(&self, text: &str) -> bool {
        let Place { mark, part, place } = place_of(text);
        self.part(part).get(place) == Some(&mark)
    }

    /// Trusts none of them any more: the keys are others.
    pub(crate) fn forget(&self) {
        (0..PARTS).for_each(|n| self.part(n).clear());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_signed_is_known_until_the_keys_change() {
        let issued = Issued::default();
        assert!(!issued.knows("JG1:A"));
        issued.note("JG1:A");
        assert!(issued.knows("JG1:A"));
        assert!(!issued.knows("JG1:B") && !issued.knows("JG1:A "));
        issued.forget();
        assert!(!issued.knows("JG1:A"));
    }

    #[test]
    fn the_oldest_make_room() {
        let issued = Issued::default();
        let text = |n: usize| format!("JG1:{n}");
        let all = PARTS * PLACES;
        (0..2 * all).for_each(|n| issued.note(&text(n)));
        let known = (0..2 * all).filter(|n| issued.knows(&text(*n))).count();
        assert!(known > all / 2 && known <= all, "{known}");
        assert!(issued.knows(&text(2 * all - 1)));
    }
}
