//! What changed since a position, page by page.

use jadegate_domain::{CaseId, Scan, Visit};
use jadegate_store::{Change, ChangeKind, Changes, Cursor, Listed, Reading, RowRef, StoredRide};

use super::{ids, listed_from, numbers};
use crate::connection::Client;
use crate::days::Kind;
use crate::error::Result;
use crate::marks::{Followed, position};
use jadegate_store_rows::{PlaceRow, RideRow, ScanRow, Stored, VisitRow, presence_code};

/// A window of marks: after the first, up to and with the second.
#[derive(Clone, Copy)]
struct Window {
    after: i64,
    until: i64,
}

/// A part of a page: its changes, and where the next part of the same kind begins.
type Part = (Listed<Change>, Option<Cursor>);

/// A page, and the rows that had to be left out of it.
pub(crate) async fn since(
    c: &Client,
    mut reading: Reading,
    most: u32,
) -> Result<(Changes, Vec<RowRef>)> {
    let most = most.clamp(1, 100_000);
    let until = match reading.until {
        Some(until) => until,
        None => position(c).await?,
    };
    reading.until = Some(until);
    let window = Window { after: mark(reading.after.get()), until: mark(until.get()) };
    let mut found = Listed::default();
    while let Some(kind) = reading.kinds.get(reading.cursor.kind).copied() {
        let room = most - u32::try_from(found.rows.len()).unwrap_or(most);
        if room == 0 || window.after >= window.until {
            break;
        }
        let (mut part, next) = part(c, kind, window, &reading, room).await?;
        found.rows.append(&mut part.rows);
        found.unreadable.append(&mut part.unreadable);
        reading.cursor = next.unwrap_or(Cursor::of_kind(reading.cursor.kind + 1));
    }
    let over = window.after >= window.until || reading.cursor.kind >= reading.kinds.len();
    let next = (!over).then_some(reading);
    Ok((Changes { changes: found.rows, until, next }, found.unreadable))
}

/// A position as a mark; marks are never higher than that.
fn mark(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

async fn part(c: &Client, kind: ChangeKind, w: Window, r: &Reading, room: u32) -> Result<Part> {
    match kind {
        ChangeKind::Days => Ok(all(days_dropped(c, w).await?, Change::DaysDropped)),
        ChangeKind::LostVisits => Ok(all(lost_visits(c, w).await?, Change::LostVisits)),
        ChangeKind::Policy => Ok(all(followed(c, Followed::Policy, w).await?, |_| Change::Policy)),
        ChangeKind::Mandate => {
            Ok(all(followed(c, Followed::Mandate, w).await?, |_| Change::Mandate))
        }
        ChangeKind::RiskLevels => {
            Ok(all(followed(c, Followed::RiskLevels, w).await?, |_| Change::RiskLevels))
        }
        ChangeKind::Links => Ok(all(followed(c, Followed::Links, w).await?, |_| Change::Links)),
        ChangeKind::Places => places(c, w, r.cursor, room).await,
        ChangeKind::Cases => cases(c, w, r.cursor, room).await,
        ChangeKind::Rides => {
            let key = |v: &StoredRide| [v.entered.as_secs(), v.holder.as_i64(), v.trip.as_i64(), 0];
            let of = DayRows { kind: Kind::Ride, key: "entered, holder, trip, 0", from: i64::MIN };
            days::<RideRow>(c, of, w, r.cursor, room, key, Change::Ride).await
        }
        ChangeKind::Visits => {
            let key = |v: &Visit| {
                let (entered, presence) = (v.entered.as_secs(), presence_code(v.presence));
                [entered, v.holder.as_i64(), v.place.as_i64(), presence]
            };
            let key_text = "entered, holder, place, presence";
            let of = DayRows { kind: Kind::Visit, key: key_text, from: i64::MIN };
            days::<VisitRow>(c, of, w, r.cursor, room, key, Change::Visit).await
        }
        ChangeKind::Scans => {
            let key = |s: &Scan| [s.at.as_secs(), s.gate.as_i64(), s.id.as_i64(), 0];
            let of = DayRows { kind: Kind::Scan, key: "at, gate, id, 0", from: r.scans_from };
            days::<ScanRow>(c, of, w, r.cursor, room, key, Change::Scan).await
        }
    }
}

/// Few, so that they are told at once however little room there is.
fn all(found: Vec<i64>, change: fn(i64) -> Change) -> Part {
    let rows = found.into_iter().map(change).collect();
    (Listed { rows, unreadable: Vec::new() }, None)
}

async fn days_dropped(c: &Client, w: Window) -> Result<Vec<i64>> {
    let text = "SELECT before FROM days_dropped WHERE mark > $1 AND mark <= $2";
    numbers(c, "days_dropped", text, [w.after, w.until]).await
}

async fn lost_visits(c: &Client, w: Window) -> Result<Vec<i64>> {
    let text = "SELECT day FROM day_mark WHERE lost > $1 AND lost <= $2 ORDER BY day";
    numbers(c, "day_mark", text, [w.after, w.until]).await
}

async fn followed(c: &Client, kind: Followed, w: Window) -> Result<Vec<i64>> {
    let text = "SELECT id FROM changed WHERE mark > $1 AND mark <= $2 AND kind = $3";
    numbers(c, "changed", text, [w.after, w.until, kind as i64]).await
}

async fn places(c: &Client, w: Window, cursor: Cursor, room: u32) -> Result<Part> {
    let rest = "WHERE id > $3 AND id IN (SELECT id FROM changed \
                WHERE mark > $1 AND mark <= $2 AND kind = $4) ORDER BY id";
    let row = [w.after, w.until, cursor.key[0], Followed::Place as i64];
    let found = listed_from::<PlaceRow>(c, PlaceRow::TABLE, rest, row, room).await?;
    let next = go_on(found.rows.len(), found.rows.last().map(|p| p.id.as_i64()), cursor, room);
    let rows = found.rows.into_iter().map(Change::Place).collect();
    Ok((Listed { rows, unreadable: found.unreadable }, next))
}

async fn cases(c: &Client, w: Window, cursor: Cursor, room: u32) -> Result<Part> {
    let text = "SELECT id FROM changed WHERE mark > $1 AND mark <= $2 AND id > $3 AND kind = $4 \
                ORDER BY id LIMIT $5";
    let row = [w.after, w.until, cursor.key[0], Followed::Case as i64, i64::from(room)];
    let found = numbers(c, "changed", text, row).await?;
    let next = go_on(found.len(), found.last().copied(), cursor, room);
    let found = ids("changed", "id", found, CaseId::from_i64)?;
    Ok((
        Listed { rows: found.into_iter().map(Change::Case).collect(), unreadable: Vec::new() },
        next,
    ))
}

/// Where to go on after what has this id: nowhere if there was room for more.
fn go_on(found: usize, last: Option<i64>, cursor: Cursor, room: u32) -> Option<Cursor> {
    let full = u32::try_from(found).is_ok_and(|n| n >= room);
    let id = last.filter(|_| full)?;
    Some(Cursor { key: [id, 0, 0, 0], ..cursor })
}

/// Rows that are kept by day.
#[derive(Clone, Copy)]
struct DayRows {
    kind: Kind,
    /// The columns of their key, four.
    key: &'static str,
    /// Earlier days are left out.
    from: i64,
}

/// The rows of one day, or of the first that has any, from the cursor on.
async fn days<R: Stored>(
    c: &Client,
    of: DayRows,
    w: Window,
    mut cursor: Cursor,
    room: u32,
    key: impl Fn(&R::Domain) -> [i64; 4],
    change: fn(R::Domain) -> Change,
) -> Result<Part> {
    let text = "SELECT day FROM day_mark WHERE told > $1 AND day >= $2 ORDER BY day";
    let changed = numbers(c, "day_mark", text, [w.after, cursor.day.max(of.from)]).await?;
    for day in changed {
        if day != cursor.day {
            cursor = Cursor { day, ..Cursor::of_kind(cursor.kind) };
        }
        let rest = format!(
            "WHERE mark > $1 AND mark <= $2 AND ({key}) > ($3, $4, $5, $6) ORDER BY {order}",
            key = of.key,
            order = of.key.trim_end_matches(", 0"),
        );
        let [first, second, third, last] = cursor.key;
        let bounds = [w.after, w.until, first, second, third, last];
        let found = listed_from::<R>(c, &of.kind.rows(day), &rest, bounds, room).await?;
        if found.rows.is_empty() && found.unreadable.is_empty() {
            continue;
        }
        let full = u32::try_from(found.rows.len()).is_ok_and(|n| n >= room);
        let next = match found.rows.last().filter(|_| full) {
            Some(last) => Cursor { key: key(last), ..cursor },
            None => Cursor { day: day + 1, ..Cursor::of_kind(cursor.kind) },
        };
        let rows = found.rows.into_iter().map(change).collect();
        return Ok((Listed { rows, unreadable: found.unreadable }, Some(next)));
    }
    Ok((Listed::default(), None))
}
