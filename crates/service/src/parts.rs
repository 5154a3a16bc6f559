//! Lists that begin with what is newest, handed out part by part: nothing is cut without a word.

use jadegate_domain::Timestamp;
use jadegate_store::{Before, Latest};

use crate::error::{Result, ServiceError};

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<T> {
    /// Newest first.
    pub rows: Vec<T>,
    /// Where the next, older part begins; `None`: there is none.
    pub next: Option<String>,
}

/// What to ask the store for, to hand out so many: one more, by which it is seen that there are more.
/// `before` is the `next` of the part before it.
pub(crate) fn asked(before: Option<&str>, most: u32) -> Result<Latest> {
    let before = before.map(|text| read(text).ok_or_else(no_place)).transpose()?;
    Ok(Latest { before, limit: most.saturating_add(1) })
}

/// A cursor as it is handed out: the moment in seconds, and how many of that moment were seen.
fn read(text: &str) -> Option<Before> {
    let (at, skip) = text.rsplit_once('-')?;
    Some(Before { at: Timestamp::from_secs(at.parse().ok()?), skip: skip.parse().ok()? })
}

fn no_place() -> ServiceError {
    ServiceError::bad(
        "list.bad_place",
        "This is no place in the list. Begin at its top: leave `before` out.",
    )
}

impl<T> Part<T> {
    /// What was found, as a part: `at` is the moment by which the list is ordered.
    pub(crate) fn of(mut rows: Vec<T>, asked: Latest, at: impl Fn(&T) -> Timestamp) -> Self {
        let most = usize::try_from(asked.limit.saturating_sub(1)).unwrap_or(usize::MAX);
        if rows.len() <= most {
            return Self { rows, next: None };
        }
        rows.truncate(most);
        let next = rows.last().map(&at).map(|last| {
            let same = rows.iter().rev().take_while(|r| at(r) == last).count();
            // All of this part are of the moment in which it began: those before it were, too.
            let earlier =
                if same == rows.len() && asked.until() == last { asked.skip() } else { 0 };
            format!("{}-{}", last.as_secs(), same + earlier as usize)
        });
        Self { rows, next }
    }

    /// The same with something else made of each row.
    pub(crate) fn map<U>(self, view: impl FnMut(T) -> U) -> Part<U> {
        Part { rows: self.rows.into_iter().map(view).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list of moments, read as a store reads it.
    fn found(all: &[i64], asked: Latest) -> Vec<Timestamp> {
        let until = asked.until();
        let those = all.iter().map(|s| Timestamp::from_secs(*s)).filter(|t| *t <= until);
        those.skip(asked.skip() as usize).take(asked.limit as usize).collect()
    }

    /// Whatever stands at the same moment: each row is handed out once, and none is left out.
    #[test]
    fn the_parts_of_a_list_are_the_list() {
        for all in [&[][..], &[5], &[9, 9, 9, 9, 9, 9, 9], &[9, 8, 8, 8, 8, 7, 3, 3, 1, 0, 0]] {
            for most in 1..9 {
                let (mut seen, mut before) = (Vec::new(), None);
                loop {
                    let asked = asked(before.as_deref(), most).unwrap();
                    let part = Part::of(found(all, asked), asked, |t| *t);
                    assert!(part.rows.len() <= most as usize);
                    seen.extend(part.rows.iter().map(|t| t.as_secs()));
                    before = part.next;
                    if before.is_none() {
                        break;
                    }
                }
                assert_eq!(seen, all, "{most}");
            }
        }
    }

    #[test]
    fn a_place_that_is_none_is_refused() {
        for text in ["", "-", "5", "x-1", "5-x", "5--1", "99999999999999999999-1"] {
            assert_eq!(asked(Some(text), 9).unwrap_err().code, "list.bad_place", "{text}");
        }
        assert_eq!(asked(Some("5-2"), 9).unwrap().until(), Timestamp::from_secs(5));
    }
}
