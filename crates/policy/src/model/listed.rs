//! Lists in words.

use std::fmt;

/// One after the other.
pub(crate) fn joined<T: fmt::Display>(items: &[T], by: &str) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(by)
}

/// A filter's words; an empty one lets everything pass.
pub(crate) fn list<T: fmt::Display>(items: &[T]) -> String {
    if items.is_empty() { "any".to_owned() } else { joined(items, ", ") }
}
