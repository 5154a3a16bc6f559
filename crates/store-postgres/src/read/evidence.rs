//! Evidence, assessments, regions.

use std::sync::LazyLock;

use jadegate_domain::{CaseId, Division, Evidence, EvidenceId, HolderId, Timestamp};
use jadegate_store::{
    ColourChange, ColourCounts, ConfinedHolder, EvidencePage, HolderEvidence, Latest, Listed, Page,
    RegionRisks, RowRef, Standing, StoreError, StoredAssessment,
};

use super::links::{JOINED, OWNED, has_others, linked_with, of_person, undecided_of};
use super::{ALL, bounds, id, ids, listed, listed_from, listed_latest, many, number, numbers, one};
use crate::connection::{Client, query};
use crate::error::{Result, sql};
use crate::rows::{read as read_row, read_after};
use crate::value::{NONE, params};
use jadegate_store_rows::{
    AssessmentRow, ColourChangeRow, ConfinedRow, EvidenceRow, HolderRow, RecordLinkRow,
    RegionRiskRow, Stored, StoredColourRow, evidence_page, linked_records,
};
use tokio_postgres::{Error, Row};

pub(crate) async fn evidence_of(
    c: &Client,
    holder: HolderId,
) -> Result<Option<(i64, Vec<Evidence>)>> {
    let Some(holder) = super::people::holder(c, holder).await? else {
        return Ok(None);
    };
    Ok(Some((holder.evidence_version, evidence_of_person(c, holder.id).await?)))
}

/// The evidence of all records of a person, oldest first. Inside a snapshot.
async fn evidence_of_person(c: &Client, holder: HolderId) -> Result<Vec<Evidence>> {
    if !has_others(c, holder).await? {
        let own = "WHERE holder = $1 ORDER BY recorded_at, id";
        return many::<EvidenceRow>(c, own, [holder.as_i64()]).await;
    }
    let all = format!("WHERE {} ORDER BY recorded_at, id", of_person("$1"));
    many::<EvidenceRow>(c, &all, [holder.as_i64()]).await
}

/// The pieces of which it is not decided whether they are theirs. Inside a snapshot.
async fn undecided(c: &Client, holder: HolderId) -> Result<Vec<EvidenceId>> {
    if !has_others(c, holder).await? {
        return Ok(Vec::new());
    }
    let found = numbers(c, "split_piece", &undecided_of("$1"), [holder.as_i64()]).await?;
    ids("split_piece", "evidence", found, EvidenceId::from_i64)
}

pub(crate) async fn record_of(c: &Client, holder: HolderId) -> Result<Option<HolderEvidence>> {
    let Some(h) = super::people::holder(c, holder).await? else { return Ok(None) };
    let (beside, joined_into) = linked(c, holder).await?;
    let undecided = undecided(c, holder).await?;
    Ok(Some(HolderEvidence {
        holder,
        home: h.home,
        evidence_version: h.evidence_version,
        evidence: evidence_of_person(c, holder).await?,
        beside,
        undecided,
        joined_into,
    }))
}

/// As the fields `beside` and `joined_into` of [`HolderEvidence`].
type Linked = (Vec<Vec<Evidence>>, Option<HolderId>);

/// What else is to be known of somebody whose record is linked with another. Inside a snapshot; a link
/// that cannot be read is an error, for nobody is green without what it leads to.
async fn linked(c: &Client, holder: HolderId) -> Result<Linked> {
    let of = format!("WHERE record IN ({}) ORDER BY record", linked_with("$1"));
    let links = many::<RecordLinkRow>(c, &of, [holder.as_i64()]).await?;
    let (others, joined_into) = linked_records(&links, holder);
    let mut beside = Vec::with_capacity(others.len());
    for other in others {
        beside.push(evidence_of_person(c, other).await?);
    }
    Ok((beside, joined_into))
}

pub(crate) async fn evidence(c: &Client, id: EvidenceId) -> Result<Option<Evidence>> {
    let found = one::<EvidenceRow>(c, "WHERE id = $1", [id.as_i64()]).await?;
    let Some(e) = found else { return Ok(None) };
    let owner = number(c, "split_piece", OWNED, [id.as_i64()]).await?;
    let owner = owner.map(|n| super::id("split_piece", "record", n, HolderId::from_i64));
    Ok(Some(Evidence { holder: owner.transpose()?.or(e.holder), ..e }))
}

pub(crate) async fn standing_contacts(c: &Client, case: CaseId) -> Result<Listed<Evidence>> {
    let text = "WHERE trace_id IN (SELECT id FROM trace_run WHERE case_id = $1) \
                AND kind = 'contact' AND withdrawn_at IS NULL AND superseded_by IS NULL \
                ORDER BY recorded_at, id";
    listed::<EvidenceRow>(c, text, [case.as_i64()], ALL).await
}

pub(crate) async fn evidence_by_key(c: &Client, key: [u8; 16]) -> Result<Option<EvidenceId>> {
    number(c, "evidence", "SELECT id FROM evidence WHERE external_key = $1", [key])
        .await?
        .map(|n| id("evidence", "id", n, EvidenceId::from_i64))
        .transpose()
}

pub(crate) async fn holders_with_evidence(
    c: &Client,
    page: Page<HolderId>,
) -> Result<Vec<HolderId>> {
    let text = "SELECT DISTINCT holder FROM evidence WHERE holder > $1 ORDER BY holder LIMIT $2";
    let raw = numbers(c, "evidence", text, bounds(page, HolderId::as_i64)).await?;
    ids("evidence", "holder", raw, HolderId::from_i64)
}

pub(crate) async fn assessment(c: &Client, holder: HolderId) -> Result<Option<StoredAssessment>> {
    one::<AssessmentRow>(c, "WHERE holder = $1", [holder.as_i64()]).await
}

/// A holder with the colour that is stored of them: one statement, one snapshot.
pub(crate) async fn standing(c: &Client, holder: HolderId) -> Result<Option<Standing>> {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        format!(
            "SELECT {}, {} FROM holder LEFT JOIN assessment ON assessment.holder = holder.id \
             WHERE holder.id = $1",
            HolderRow::COLUMNS,
            StoredColourRow::COLUMNS.replacen("holder", "assessment.holder", 1)
        )
    });
    // The columns of a holder.
    const BEFORE: usize = 4;
    let rows = query(c, "assessment", &TEXT, [holder.as_i64()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let holder = read_row::<HolderRow>(row)?;
    let assessed: Option<i64> = row.try_get(BEFORE).map_err(|e| sql("assessment", &e))?;
    let there = assessed.is_some();
    let assessed = there.then(|| read_after::<StoredColourRow>(row, BEFORE)).transpose()?;
    Ok(Some(Standing { holder, assessed }))
}

pub(crate) async fn due_assessments(
    c: &Client,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<HolderId>> {
    let text = format!(
        "SELECT holder FROM assessment WHERE next_change <= $1 AND holder NOT IN ({JOINED}) \
         ORDER BY next_change, holder LIMIT $2"
    );
    let raw = numbers(c, "assessment", &text, params![now.as_secs(), limit]).await?;
    ids("assessment", "holder", raw, HolderId::from_i64)
}

pub(crate) async fn confined(
    c: &Client,
    region: &Division,
    page: Page<HolderId>,
) -> Result<Listed<ConfinedHolder>> {
    let home = super::lives_in(region);
    // Of whom it cannot be read where they live, nobody may think that they live elsewhere.
    let nowhere = "NOT (h.home ~ '^[A-Z][A-Z](-[0-9A-Z].*)?$')";
    let source = format!(
        "(SELECT a.*, h.home, (SELECT max(e.recorded_at) FROM evidence e \
            WHERE e.holder IN (SELECT a.holder UNION ALL SELECT l.record FROM record_link l \
                WHERE l.main = a.holder AND l.state = 'joined') \
            AND e.kind = 'check_in' AND e.withdrawn_at IS NULL) AS last_check_in \
          FROM assessment a JOIN holder h ON h.id = a.holder \
          WHERE a.colour <> 'green' AND a.holder > $2 AND ({home} OR {nowhere}) \
            AND a.holder NOT IN ({JOINED}) \
          ORDER BY a.holder LIMIT $3) AS {}",
        ConfinedRow::TABLE
    );
    let [mut after, limit] = bounds(page, HolderId::as_i64);
    let mut found = Listed::default();
    // Here the limit stands in the query, so that the join is not made for everybody: a page of
    // which nothing can be read is followed by the next one.
    loop {
        let values = params![region.as_str(), after, limit];
        let mut next = listed_from::<ConfinedRow>(c, &source, "ORDER BY 1", values, ALL).await?;
        let last = next.unreadable.iter().map(|r| r.row).max();
        found.rows = next.rows;
        found.unreadable.append(&mut next.unreadable);
        match last {
            Some(last) if found.rows.is_empty() => after = last,
            _ => return Ok(found),
        }
    }
}

pub(crate) async fn colour_counts(c: &Client, policy: &str, regions: i64) -> Result<ColourCounts> {
    let text = format!(
        "SELECT colour, count(*), count(*) FILTER (WHERE policy <> $1 OR regions_seen <> $2) \
         FROM assessment WHERE holder NOT IN ({JOINED}) GROUP BY colour"
    );
    let rows = query(c, "assessment", &text, params![policy, regions]).await?;
    let read = |r: &Row| Ok((r.try_get(0)?, r.try_get(1)?, r.try_get(2)?));
    let rows: std::result::Result<Vec<(String, i64, i64)>, Error> = rows.iter().map(read).collect();
    let rows = rows.map_err(|e| sql("assessment", &e))?;
    let mut counts = ColourCounts::default();
    for (name, all, before) in rows {
        counts.add(&name, all, before);
    }
    Ok(counts)
}

/// Everybody of whom something is kept.
const KEPT: &str = "SELECT holder FROM evidence WHERE holder > $1 UNION \
                    SELECT holder FROM assessment WHERE holder > $1 UNION \
                    SELECT record FROM split_piece WHERE record > $1";

/// A page of everybody of whom something is kept, and the rows that cannot be read.
pub(crate) async fn evidence_by_holder(
    c: &Client,
    page: Page<HolderId>,
) -> Result<(EvidencePage, Vec<RowRef>)> {
    let [after, limit] = bounds(page, HolderId::as_i64);
    let kept = format!("{KEPT} ORDER BY 1 LIMIT $2");
    let kept = numbers(c, "evidence", &kept, [after, limit]).await?;
    let kept = ids("evidence", "holder", kept, HolderId::from_i64)?;
    let Some(last) = kept.last().copied() else { return Ok(Default::default()) };
    let between = [after, last.as_i64()];
    let people =
        listed::<HolderRow>(c, "WHERE id > $1 AND id <= $2 ORDER BY id", between, ALL).await?;
    let (all, damaged) = owned_evidence(c, between).await?;
    let (mut page, mut bad) = evidence_page(&kept, people, all, damaged);
    bad.extend(complete_linked(c, &mut page, between).await?);
    Ok((page, bad))
}

/// Adds to a page what follows from the links of those on it; the rows that cannot be read. Whose
/// evidence is not whole with them is named apart.
async fn complete_linked(
    c: &Client,
    page: &mut EvidencePage,
    between: [i64; 2],
) -> Result<Vec<RowRef>> {
    let text = "SELECT record FROM record_link WHERE record > $1 AND record <= $2 UNION \
                SELECT main FROM record_link WHERE main > $1 AND main <= $2 ORDER BY 1";
    let found = numbers(c, "record_link", text, between).await?;
    let mut bad = Vec::new();
    for id in ids("record_link", "record", found, HolderId::from_i64)? {
        let Ok(at) = page.whole.binary_search_by_key(&id, |h| h.holder) else { continue };
        match whole(c, id).await {
            Ok((evidence, undecided, (beside, joined_into))) => {
                let person = &mut page.whole[at];
                (person.evidence, person.undecided) = (evidence, undecided);
                (person.beside, person.joined_into) = (beside, joined_into);
            }
            Err(e) => {
                bad.push(e.row().ok_or(e)?);
                page.whole.remove(at);
                page.unreadable.push(id);
            }
        }
    }
    page.unreadable.sort_unstable();
    Ok(bad)
}

/// The evidence of a person, which of it is undecided, and what their links lead to.
type Whole = (Vec<Evidence>, Vec<EvidenceId>, Linked);

async fn whole(c: &Client, holder: HolderId) -> Result<Whole> {
    let evidence = evidence_of_person(c, holder).await?;
    Ok((evidence, undecided(c, holder).await?, linked(c, holder).await?))
}

/// The evidence of the holders above the first id up to the second, in the order of holders, and
/// which rows cannot be read, with their holders.
type OwnedEvidence = (Vec<Evidence>, Vec<(Option<HolderId>, RowRef)>);

async fn owned_evidence(c: &Client, between: [i64; 2]) -> Result<OwnedEvidence> {
    let text = format!(
        "SELECT {}, holder FROM evidence WHERE holder > $1 AND holder <= $2 \
         ORDER BY holder, recorded_at, id",
        EvidenceRow::COLUMNS
    );
    let failed = |e: Error| sql("evidence", &e);
    let rows = query(c, "evidence", &text, between).await?;
    let (mut found, mut bad) = (Vec::new(), Vec::new());
    for row in rows {
        match read_row::<EvidenceRow>(&row) {
            Ok(e) => found.push(e),
            Err(e) => {
                let holder: i64 = row.try_get(row.len() - 1).map_err(failed)?;
                bad.push((HolderId::from_i64(holder), e.row().ok_or(e)?));
            }
        }
    }
    Ok((found, bad))
}

pub(crate) async fn count_with_evidence(c: &Client) -> Result<u64> {
    let text = format!("SELECT count(*) FROM ({KEPT}) AS kept");
    let n = number(c, "evidence", &text, [0_i64]).await?.unwrap_or(0);
    Ok(u64::try_from(n).unwrap_or(0))
}

pub(crate) async fn without_evidence(c: &Client) -> Result<Listed<(Division, u64)>> {
    let text = "SELECT home, count(*), min(id) FROM holder h \
                WHERE NOT EXISTS (SELECT 1 FROM evidence e WHERE e.holder = h.id) \
                AND NOT EXISTS (SELECT 1 FROM assessment a WHERE a.holder = h.id) \
                AND NOT EXISTS (SELECT 1 FROM split_piece p WHERE p.record = h.id) \
                AND NOT EXISTS (SELECT 1 FROM record_link l \
                    WHERE l.record = h.id AND l.state = 'joined') \
                GROUP BY home ORDER BY home";
    let rows = query(c, "holder", text, NONE).await?;
    let read = |r: &Row| Ok((r.try_get(0)?, r.try_get(1)?, r.try_get(2)?));
    let rows: std::result::Result<Vec<(String, i64, i64)>, Error> = rows.iter().map(read).collect();
    let rows = rows.map_err(|e| sql("holder", &e))?;
    let mut found = Listed::default();
    for (home, n, row) in rows {
        let division = home.parse::<Division>().map_err(|_| StoreError::Corrupt {
            table: "holder",
            column: "home",
            row,
            why: "not a known name".to_owned(),
        });
        found.take(division.map(|d| (d, u64::try_from(n).unwrap_or(0))))?;
    }
    Ok(found)
}

pub(crate) async fn assessments_between(
    c: &Client,
    after: Option<HolderId>,
    last: HolderId,
) -> Result<Listed<StoredAssessment>> {
    let between = "WHERE holder > $1 AND holder <= $2 ORDER BY holder";
    listed::<AssessmentRow>(c, between, [after.map_or(0, HolderId::as_i64), last.as_i64()], ALL)
        .await
}

pub(crate) async fn colour_changes(
    c: &Client,
    holder: HolderId,
    latest: Latest,
) -> Result<Listed<ColourChange>> {
    let own = "WHERE holder = $1 AND at <= $2 ORDER BY at DESC, seq DESC";
    let all = "WHERE at <= $2 AND (holder = $1 OR EXISTS (SELECT 1 FROM record_link l \
                  WHERE l.main = $1 AND l.record = colour_change.holder AND l.state = 'joined' \
                  AND colour_change.at <= l.at) OR EXISTS (SELECT 1 FROM record_link l \
                  WHERE l.record = $1 AND l.main = colour_change.holder \
                  AND l.state IN ('split', 'disputed') AND colour_change.at <= l.split_at)) \
               ORDER BY at DESC, seq DESC";
    let text = if has_others(c, holder).await? { all } else { own };
    let row = [holder.as_i64(), latest.until().as_secs()];
    listed_latest::<ColourChangeRow>(c, text, row, latest).await
}

/// The risk levels, and the rows of those that cannot be read.
pub(crate) async fn region_risks(
    c: &Client,
    since: Timestamp,
) -> Result<(RegionRisks, Vec<RowRef>)> {
    let version =
        number(c, "counter", "SELECT value FROM counter WHERE name = 'regions'", NONE).await?;
    let in_force = "WHERE ends_at IS NULL OR ends_at > $1 ORDER BY division, starts_at, id";
    let found = listed::<RegionRiskRow>(c, in_force, [since.as_secs()], ALL).await?;
    let mut unreadable = Vec::new();
    for bad in &found.unreadable {
        // Where it was, if at least that can be read: only people who stayed there are concerned.
        let text = "SELECT division FROM region_risk WHERE id = $1";
        let rows = query(c, "region_risk", text, [bad.row]).await?;
        let division = rows.first().and_then(|r| r.try_get::<_, String>(0).ok());
        unreadable.push(division.and_then(|d| d.parse().ok()));
    }
    let version = version.unwrap_or(0);
    Ok((RegionRisks { version, risks: found.rows, unreadable }, found.unreadable))
}
