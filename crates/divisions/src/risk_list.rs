//! The official list of risk regions: daily snapshots of names, read line by line and folded into
//! periods.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use jadegate_domain::division::RiskLevel;
use jadegate_domain::written::{self, WrittenError};
use jadegate_domain::{Division, Timestamp, text};
use jadegate_lines::{FileError, Limits, LineFault, Record, Table};
use jiff::tz::TimeZone;

/// The columns.
const HEADER: [&str; 6] = ["snapshot_hour", "level", "province", "city", "county", "communities"];

/// Longer cells are refused.
const MAX_CELL: usize = 200;

/// One line: at this hour the list put this place on this level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RiskRow {
    /// Line in the file; the header is line 1.
    pub line: u64,
    /// The hour of the snapshot. The file gives it as local time of China (UTC+8).
    pub at: Timestamp,
    /// The level.
    pub level: RiskLevel,
    /// Province as written.
    pub province: String,
    /// City as written.
    pub city: String,
    /// County (or township) as written.
    pub county: String,
    /// How many communities of it are listed.
    pub communities: u32,
}

/// A line that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct LineError {
    /// Line in the file; the header is line 1.
    pub line: u64,
    /// The hour of the snapshot, if it can be read.
    pub at: Option<Timestamp>,
    /// Stable code.
    pub code: &'static str,
    /// What is wrong and what is expected.
    pub message: String,
}

/// A line of the list, or why it cannot be used.
pub type RiskLine = Result<RiskRow, LineError>;

/// Reads the list, every line by itself: right lines come through, wrong ones are errors with their
/// line number. The columns may stand in any order, beside others. `zone` is that of the hours; China's
/// (UTC+8), if none is stated.
///
/// # Errors
/// The first line does not name the columns, or the source cannot be read to its end or is larger
/// than the limits: then the last snapshot may lack lines, and must not be believed.
pub fn parse<R: Read>(
    reader: R,
    limits: Limits,
    zone: Option<&TimeZone>,
) -> Result<impl Iterator<Item = Result<RiskLine, FileError>>, FileError> {
    let table = Table::open(reader, limits, &HEADER)?.with_short_lines();
    let mut columns = [0; HEADER.len()];
    for (at, name) in columns.iter_mut().zip(HEADER) {
        // `Table::open` has found each of them.
        *at = table.column(name)?.unwrap_or_default();
    }
    // China has had no summer time since 1991.
    let zone = zone.cloned().unwrap_or_else(|| TimeZone::fixed(jiff::tz::offset(8)));
    Ok(table.map(move |line| {
        line.map(|(line, record)| {
            let wrong =
                |at, code, message: &str| LineError { line, at, code, message: message.to_owned() };
            match record {
                Ok(record) => row(line, &record, &columns, &zone).map_err(|(code, message)| {
                    let hour = record.field(columns[0]).and_then(|f| std::str::from_utf8(f).ok());
                    wrong(hour.and_then(|h| snapshot_hour(h, &zone).ok()), code, message)
                }),
                Err(LineFault::Columns { .. }) => Err(wrong(None, "risk_list.bad_columns", SIX)),
                Err(fault) => Err(wrong(None, fault.code(), &fault.to_string())),
            }
        })
    }))
}

/// Code of a line that says nothing: no place and no communities. The official list has some on days on
/// which a level was empty; unlike a damaged line, it hides no place.
pub const NO_PLACE: &str = "risk_list.no_place";

const SIX: &str = "the line needs six columns";

type Wrong = (&'static str, &'static str);

fn row(
    line: u64,
    record: &Record,
    columns: &[usize; HEADER.len()],
    zone: &TimeZone,
) -> Result<RiskRow, Wrong> {
    let mut cells = [""; HEADER.len()];
    for (cell, at) in cells.iter_mut().zip(columns) {
        let bytes = record.field(*at).ok_or(("risk_list.bad_columns", SIX))?;
        *cell = std::str::from_utf8(bytes)
            .map(text::field)
            .map_err(|_| ("risk_list.not_utf8", "the letters of the line cannot be read"))?;
    }
    let [hour, level, province, city, county, communities] = cells;
    if [province, city, county].iter().any(|c| c.len() > MAX_CELL) {
        return Err(("risk_list.too_long", "a name has more than 200 bytes"));
    }
    if [province, city, county].iter().all(|c| c.is_empty()) && matches!(communities, "" | "0") {
        return Err((NO_PLACE, "the line names no place"));
    }
    if province.is_empty() {
        return Err(("risk_list.no_province", "the line names no province"));
    }
    Ok(RiskRow {
        line,
        at: snapshot_hour(hour, zone)?,
        level: risk_level(level)
            .ok_or(("risk_list.bad_level", "the level has to be high, medium or low"))?,
        province: province.to_owned(),
        city: city.to_owned(),
        county: county.to_owned(),
        communities: communities
            .parse()
            .map_err(|_| ("risk_list.bad_count", "the number of communities has to be a number"))?,
    })
}

/// A level as the list names it: `high`, `High`, 高风险, 高风险区, 高.
fn risk_level(text: &str) -> Option<RiskLevel> {
    let word = text::word(text);
    let plain = word.trim_end_matches("_risk").trim_end_matches('区').trim_end_matches("风险");
    match plain {
        "高" => Some(RiskLevel::High),
        "中" => Some(RiskLevel::Medium),
        "低" => Some(RiskLevel::Low),
        other => other.parse().ok(),
    }
}

/// The hour of a snapshot: `2022041520`, or written out with its time (`2022-04-15 20:00`,
/// `2022/4/15 20:00`, `2022-04-15T20:00:00+08:00`, `2022年4月15日20时`).
fn snapshot_hour(text: &str, zone: &TimeZone) -> Result<Timestamp, Wrong> {
    const BAD: Wrong = (
        "risk_list.bad_hour",
        "the hour has to be written like 2022041520 or 2022-04-15 20:00, year first",
    );
    let text = text::field(text);
    let plain: String = text.chars().map(text::narrow).collect();
    let written = match plain.split_at_checked(8) {
        Some((day, hour)) if hour.len() == 2 && plain.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{day} {hour}:00")
        }
        // 20时 alone is the full hour.
        _ => plain.strip_suffix('时').map_or_else(|| plain.clone(), |hour| format!("{hour}:00")),
    };
    written::moment(&written, Some(zone)).map_err(|e| match e {
        WrittenError::Order => ("risk_list.ambiguous_hour", BAD.1),
        _ => BAD,
    })
}

/// What a snapshot says of one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// The hour of the snapshot.
    pub at: Timestamp,
    /// The level.
    pub level: RiskLevel,
    /// The place; `None` if its names have no code. Such a row still shows that a list was published
    /// at that hour.
    pub division: Option<Division>,
}

/// A period for which a division was listed on a level without a break.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RiskSpan {
    /// First snapshot that lists it.
    pub from: Timestamp,
    /// The division that was listed.
    pub division: Division,
    /// The level.
    pub level: RiskLevel,
    /// First snapshot that no longer lists it; `None` if the last snapshot still does.
    pub to: Option<Timestamp>,
}

/// Folds snapshots into periods. What is listed at one snapshot and not at the next ends at the next;
/// days without a snapshot end nothing, and neither do the snapshots of `unsure` hours, in which lines
/// could not be read: a mistake of typing must not lower a level. Order and repetition of rows do not matter. A county may be on
/// two levels at once, since the list speaks of its communities: that gives two periods. Sorted by
/// start, division and level.
///
/// The low level was listed from 2022-07-21 on; before that its absence says nothing.
pub fn fold_snapshots(
    rows: impl IntoIterator<Item = Listed>,
    unsure: &BTreeSet<Timestamp>,
) -> Vec<RiskSpan> {
    let mut snapshots: BTreeMap<Timestamp, BTreeSet<(Division, RiskLevel)>> = BTreeMap::new();
    for row in rows {
        let listed = snapshots.entry(row.at).or_default();
        listed.extend(row.division.map(|d| (d, row.level)));
    }
    let mut open: BTreeMap<(Division, RiskLevel), Timestamp> = BTreeMap::new();
    let mut spans = Vec::new();
    for (at, listed) in snapshots {
        let sure = !unsure.contains(&at);
        let ended = open.extract_if(.., |key, _| sure && !listed.contains(key));
        spans.extend(ended.map(|(key, from)| span(key, from, Some(at))));
        for key in listed {
            open.entry(key).or_insert(at);
        }
    }
    spans.extend(open.into_iter().map(|(key, from)| span(key, from, None)));
    spans.sort_unstable();
    spans
}

fn span(
    (division, level): (Division, RiskLevel),
    from: Timestamp,
    to: Option<Timestamp>,
) -> RiskSpan {
    RiskSpan { from, division, level, to }
}

#[cfg(test)]
#[path = "risk_list_tests.rs"]
mod tests;
