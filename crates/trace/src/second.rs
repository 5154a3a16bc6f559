//! Contacts of contacts.

use jadegate_domain::{PlaceId, PlaceKind};

use crate::crowd::Near;
use crate::pairs::Finder;
use crate::rules::Hop;

/// A close contact from whom contacts are sought.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Via {
    pub(crate) holder: u32,
    /// From when they could infect others.
    pub(crate) from: u32,
}

/// What is found of one secondary contact with one close contact.
pub(crate) trait Shared {
    fn holder(&self) -> u32;
    fn counted_secs(&self) -> u32;
}

/// A secondary contact, and which of the close contacts explains it best.
#[derive(Clone, Debug)]
pub(crate) struct Second<T> {
    pub(crate) shared: T,
    pub(crate) via: u32,
}

/// Finds them; keeps its working memory from one search to the next.
#[derive(Debug, Default)]
pub(crate) struct Seconds {
    /// For each holder: [`UNKNOWN`], [`CLOSE`], or what is found of them so far. Empty until it is
    /// needed, and [`UNKNOWN`] throughout between searches.
    known: Vec<u32>,
}

const UNKNOWN: u32 = 0;
/// The case or a close contact of it.
const CLOSE: u32 = 1;
/// The first secondary contact found.
const FIRST: u32 = 2;

impl Seconds {
    /// The contacts of close contacts, each with the close contact they shared most time with, of
    /// equals the first of the list. `take` looks at somebody near, and says what they shared if it
    /// suffices.
    pub(crate) fn find<'a, K: Fn(PlaceId) -> PlaceKind, T: Shared>(
        &mut self,
        finder: &mut Finder<'a, K>,
        case_holder: u32,
        close: &[Via],
        mut take: impl FnMut(&mut Finder<'a, K>, &Near) -> Option<T>,
        found: &mut Vec<Second<T>>,
    ) {
        let mut known = std::mem::take(&mut self.known);
        known.resize(finder.index.holders(), UNKNOWN);
        known[case_holder as usize] = CLOSE;
        for via in close {
            known[via.holder as usize] = CLOSE;
        }
        for (via, n) in close.iter().zip(0..) {
            finder.gather(via.holder, (via.from, finder.now), Hop::Secondary);
            finder.each_hopeful(|finder, near| {
                let known = &mut known[near.holder as usize];
                let better_than = match *known {
                    CLOSE => return,
                    UNKNOWN => 0,
                    n => found[(n - FIRST) as usize].shared.counted_secs(),
                };
                // What cannot be better is not looked at closely.
                if near.secs <= better_than && near.secs < u32::MAX {
                    return;
                }
                let Some(shared) = take(finder, near) else { return };
                if *known == UNKNOWN {
                    #[expect(clippy::cast_possible_truncation, reason = "holders have 32 bits")]
                    let number = found.len() as u32;
                    *known = number.saturating_add(FIRST);
                    found.push(Second { shared, via: n });
                } else if shared.counted_secs() > better_than {
                    found[(*known - FIRST) as usize] = Second { shared, via: n };
                }
            });
        }
        for holder in found.iter().map(|f| f.shared.holder()).chain(close.iter().map(|c| c.holder))
        {
            known[holder as usize] = UNKNOWN;
        }
        known[case_holder as usize] = UNKNOWN;
        self.known = known;
    }
}
