//! Who may record what: the `[[evidence]]` tables of a policy file.

use std::collections::{BTreeMap, BTreeSet};

use jadegate_domain::EvidenceKind;
use jadegate_domain::agency::AgencyKind;

use crate::file::keys::policy as keys;
use crate::file::problem::Problems;
use crate::file::reader::Reader;
use crate::file::words::Recorder;
use crate::model::kinds::refers_to;

pub(crate) type Recorders = BTreeMap<EvidenceKind, Vec<Option<AgencyKind>>>;

pub(crate) fn recorders(file: &mut Reader<'_, keys::Policy>, p: &mut Problems<'_>) -> Recorders {
    let mut out = Recorders::new();
    let mut seen = BTreeSet::new();
    for mut t in file.take(keys::Policy::evidence, p).unwrap_or_default() {
        let span = t.span_of(keys::Evidence::kind);
        let kind = t.take(keys::Evidence::kind, p);
        let by_span = t.span_of(keys::Evidence::recorded_by);
        let by = t.take(keys::Evidence::recorded_by, p).unwrap_or_default();
        let refers_span = t.span_of(keys::Evidence::refers_to);
        let refers = t.take(keys::Evidence::refers_to, p);
        if let Some(kind) = kind {
            if !seen.insert(kind) {
                p.add(&span, "twice", format!("evidence of kind `{kind}` is described twice"));
            }
            let wanted = refers_to(kind);
            if refers.is_some_and(|r| !r.get_ref().is_empty() && r.get_ref() != wanted) {
                let message = format!("evidence of kind `{kind}` must refer to `{wanted}`");
                p.add(&refers_span, "bad_value", message);
            }
            for Recorder(who) in &by {
                if !kind.may_record(*who) {
                    let who = who.map_or("the holder", AgencyKind::as_str);
                    let message = format!("{who} can never record evidence of kind `{kind}`");
                    p.add(&by_span, "may_not_record", message);
                }
            }
            out.insert(kind, by.into_iter().map(|r| r.0).collect());
        }
        t.finish(p);
    }
    out
}

/// The problem of a rule on evidence that nobody may record.
pub(crate) fn undeclared(kind: EvidenceKind) -> String {
    format!("evidence of kind `{kind}` is used here but no [[evidence]] table describes it")
}
