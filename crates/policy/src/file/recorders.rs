//! Who may record what: the `[[evidence]]` tables of a policy file.

use std::collections::{BTreeMap, BTreeSet};

use jadegate_domain::EvidenceKind;
use jadegate_domain::agency::AgencyKind;

use crate::file::problem::Problems;
use crate::file::reader::Reader;
use crate::file::words::{Recorder, all};

pub(crate) type Recorders = BTreeMap<EvidenceKind, Vec<Option<AgencyKind>>>;

pub(crate) fn recorders(file: &mut Reader<'_>, p: &mut Problems<'_>) -> Recorders {
    let mut out = Recorders::new();
    let mut seen = BTreeSet::new();
    for mut t in file.tables("evidence", p) {
        let span = t.span_of("kind");
        let wanted = format!("one of {}", all(EvidenceKind::ALL));
        let kind = t.required::<EvidenceKind>("kind", &wanted, p);
        let by_span = t.span_of("recorded_by");
        let wanted = format!("holder or one of {}", all(AgencyKind::ALL));
        let by = t.required_list::<Recorder>("recorded_by", &wanted, p);
        let refers_span = t.span_of("refers_to");
        let refers_to = t.required_text("refers_to", p);
        if let Some(kind) = kind {
            if !seen.insert(kind) {
                p.add(&span, "twice", format!("evidence of kind `{kind}` is described twice"));
            }
            let wanted = refers_to_word(kind);
            if !refers_to.get_ref().is_empty() && refers_to.get_ref() != wanted {
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

/// The words of [`refers_to_word`], each once.
pub(crate) const REFERS_TO: &[&str] = &[
    "sample",
    "case",
    "case and trace",
    "division and period",
    "own health",
    "border crossing",
    "case or trace",
    "imported evidence",
    "evidence",
    "appeal",
];

/// What each kind of evidence must refer to; written in the file so that its reader sees it, and
/// checked so that it is true.
const fn refers_to_word(kind: EvidenceKind) -> &'static str {
    match kind {
        EvidenceKind::Test => "sample",
        EvidenceKind::Case => "case",
        EvidenceKind::Contact => "case and trace",
        EvidenceKind::Stay | EvidenceKind::RegionRisk => "division and period",
        EvidenceKind::Declaration | EvidenceKind::CheckIn => "own health",
        EvidenceKind::Arrival => "border crossing",
        EvidenceKind::Release => "case or trace",
        EvidenceKind::Dispute => "imported evidence",
        EvidenceKind::Appeal => "evidence",
        EvidenceKind::AppealDecision => "appeal",
    }
}

pub(crate) fn undeclared(kind: EvidenceKind) -> String {
    format!("evidence of kind `{kind}` is used here but no [[evidence]] table describes it")
}
