//! The official list of risk regions: daily snapshots of names, read line by line and folded into
//! periods.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use jadegate_domain::division::RiskLevel;
use jadegate_domain::{Division, Timestamp};
use jadegate_lines::{FileError, Limits, LineFault, Record, Table};

/// The columns, in their order.
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
/// line number.
///
/// # Errors
/// The first line does not name the columns, or the source cannot be read to its end or is larger
/// than the limits: then the last snapshot may lack lines, and must not be believed.
pub fn parse<R: Read>(
    reader: R,
    limits: Limits,
) -> Result<impl Iterator<Item = Result<RiskLine, FileError>>, FileError> {
    let table = Table::open(reader, limits, &HEADER)?.with_short_lines();
    if table.names() != HEADER {
        return Err(FileError::MissingColumns(format!("{} in this order", HEADER.join(", "))));
    }
    Ok(table.map(|line| {
        line.map(|(line, record)| {
            let wrong =
                |at, code, message: &str| LineError { line, at, code, message: message.to_owned() };
            match record {
                Ok(record) => row(line, &record).map_err(|(code, message)| {
                    let hour = record.field(0).and_then(|f| std::str::from_utf8(f).ok());
                    wrong(hour.map(str::trim).and_then(snapshot_hour), code, message)
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

fn row(line: u64, record: &Record) -> Result<RiskRow, Wrong> {
    let mut cells = [""; HEADER.len()];
    for (i, cell) in cells.iter_mut().enumerate() {
        let bytes = record.field(i).ok_or(("risk_list.bad_columns", SIX))?;
        *cell = std::str::from_utf8(bytes)
            .map_err(|_| ("risk_list.not_utf8", "the line is not UTF-8 text"))?
            .trim();
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
        at: snapshot_hour(hour)
            .ok_or(("risk_list.bad_hour", "the hour has to be written like 2022041520"))?,
        level: level
            .parse()
            .map_err(|_| ("risk_list.bad_level", "the level has to be high, medium or low"))?,
        province: province.to_owned(),
        city: city.to_owned(),
        county: county.to_owned(),
        communities: communities
            .parse()
            .map_err(|_| ("risk_list.bad_count", "the number of communities has to be a number"))?,
    })
}

/// `2022041520` is 20:00 on 15 April 2022 in China, which has had no summer time since 1991.
fn snapshot_hour(text: &str) -> Option<Timestamp> {
    if text.len() != 10 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |r: std::ops::Range<usize>| text[r].parse::<i8>().ok();
    let year = text[..4].parse().ok()?;
    let date = jiff::civil::Date::new(year, part(4..6)?, part(6..8)?).ok()?;
    let hour = part(8..10).filter(|h| *h <= 23)?;
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    let at = date.at(hour, 0, 0, 0).to_zoned_datetime(zone).ok()?.timestamp().as_second();
    (at >= 0).then(|| Timestamp::from_secs(at))
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
