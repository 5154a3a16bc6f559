//! Ids that a policy file gives to itself, its rules and its easings.

use crate::file::problem::Problems;
use crate::file::reader::Reader;

/// Ids are what assessments, URLs and file names carry: short, lower case, no surprises.
pub(crate) fn is_id(s: &str) -> bool {
    (1..=64).contains(&s.len())
        && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !s.starts_with('-')
        && !s.ends_with('-')
}

pub(crate) fn id(table: &mut Reader<'_>, p: &mut Problems<'_>) -> toml::Spanned<String> {
    let id = table.required_text("id", p);
    if !id.get_ref().is_empty() && !is_id(id.get_ref()) {
        let message =
            "an id is made of lower-case letters, digits and dashes, like `close-contact`";
        p.add(&id.span(), "bad_id", message);
    }
    id
}
