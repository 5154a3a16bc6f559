//! Placeholders in the texts of a policy file: `{days}`, `{hours}`.

use jadegate_domain::assessment::Texts;

use crate::file::problem::Problems;

/// Every placeholder must have got its value.
pub(crate) fn no_placeholder(
    texts: &Texts,
    known: &str,
    span: &std::ops::Range<usize>,
    p: &mut Problems<'_>,
) {
    if let Some(left) = texts.values().find(|t| t.contains('{')) {
        let message =
            format!("`{left}` has a placeholder that has no value here; known: {{{known}}}");
        p.add(span, "placeholder", message);
    }
}

pub(crate) fn fill(texts: &mut Texts, name: &str, value: Option<u32>) {
    let Some(n) = value else { return };
    for t in texts.values_mut() {
        *t = t.replace(&format!("{{{name}}}"), &n.to_string());
    }
}
