//! Evidence written by hand, for case files and for trying a policy out.

use jadegate_domain::{AgencyId, Evidence, EvidenceId, EvidenceKind, HolderId};

use crate::file::keys::kinds as keys;
use crate::file::kinds::{Table, fact};
use crate::file::problem::{Problem, Problems};
use crate::file::reader::{Reader, conclude, read_file};

/// Reads a file of `[[evidence]]` tables, as described in `docs/policy-language.md`. Ids are made
/// from the position in the file.
pub fn read_evidence(text: &str) -> Result<Vec<Evidence>, Vec<Problem>> {
    let mut problems = Problems::new(text);
    let mut file: Reader<'_, keys::File> = read_file(text, &mut problems);
    let tables = file.take(keys::File::evidence, &mut problems).unwrap_or_default();
    let list = evidence_list(tables, &mut problems);
    file.finish(&mut problems);
    conclude(Some(list), problems)
}

/// The evidence of some tables.
pub(crate) fn evidence_list(tables: Vec<Table<'_>>, p: &mut Problems<'_>) -> Vec<Evidence> {
    let mut out: Vec<Evidence> = Vec::new();
    for mut table in tables {
        let daily = table.take(keys::Evidence::repeat_daily, p).unwrap_or(1);
        // Of a piece that cannot be read, what is wrong is said; the rest was not looked at.
        let Some(first) = one(&mut table, p) else { continue };
        for day in 0..i64::from(daily) {
            let n = u64::try_from(out.len()).unwrap_or(u64::MAX);
            let id = EvidenceId::from_random(n + 1);
            let recorded_at = first.recorded_at.plus_days(day);
            out.push(Evidence { id, recorded_at, ..first.clone() });
        }
        table.finish(p);
    }
    out
}

fn one(t: &mut Table<'_>, p: &mut Problems<'_>) -> Option<Evidence> {
    let kind = t.take(keys::Evidence::kind, p)?;
    let recorded = t.take(keys::Evidence::recorded_at, p);
    let by_holder = matches!(kind, EvidenceKind::CheckIn) || kind.may_record(None);
    let by_agency = t.take(keys::Evidence::by_agency, p).unwrap_or(!by_holder);
    let origin = t.take(keys::Evidence::origin, p);
    let withdrawn_at = t.take(keys::Evidence::withdrawn_at, p);
    let (fact, happened) = fact(kind, t, p)?;
    let Some(recorded_at) = recorded.or(happened) else {
        p.add(t.span(), "missing_key", "`recorded_at` is missing");
        return None;
    };
    Some(Evidence {
        id: EvidenceId::from_random(1),
        holder: (kind != EvidenceKind::RegionRisk).then(|| HolderId::from_random(1)),
        fact,
        recorded_at,
        agency: by_agency.then(|| AgencyId::from_random(1)),
        origin,
        withdrawn_at,
        superseded_by: None,
    })
}
