//! Visits of an older system or of a public data set.
//!
//! People in such a file become holders without identity: an id made from the file's own name for
//! them under a secret key, no vault, no way to sign in. Every id in here is derived, so reading a
//! file twice, or going on after an interruption, adds nothing twice.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use jadegate_domain::{
    Division, Holder, HolderId, Period, Place, PlaceId, PlaceKind, Presence, Timestamp, Visit,
    VisitId,
};
use jadegate_store::{Precondition, StoreError, Unit, Write};
use jadegate_trace::KnownVisit;
use jiff::civil::{Date, DateTime};
use serde::Serialize;

use super::lines::{Fields, Lines, Rejection};
use crate::app::App;
use crate::error::{Result, ServiceError};
use crate::staff::RejectedLine;

/// How a file writes visits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VisitFormat {
    /// `person,place,place_kind,place_name,division,entered,left`; moments are RFC 3339, `left` may
    /// be empty or missing.
    Generic,
    /// `UserId,VenueId,TimeZone,Category,L1_Category,Local_Time_True`: check-ins of one city, in
    /// local time (`3/4/2012 12:18` is 3 April) with the offset from UTC in minutes.
    Calgary,
    /// `city,user,venue,category,hour_of_week,hour_index`: check-ins of four cities by a running
    /// hour, which is counted from the start of `start` in UTC.
    FourCities {
        /// The day of hour 0.
        start: Date,
    },
}

impl VisitFormat {
    const fn columns(&self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Generic => {
                (&["person", "place", "place_kind", "division", "entered"], &["place_name", "left"])
            }
            Self::Calgary => (
                &["userid", "venueid", "timezone", "category", "l1_category", "local_time_true"],
                &[],
            ),
            Self::FourCities { .. } => (&["city", "user", "venue", "hour_index"], &[]),
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::Calgary => "calgary",
            Self::FourCities { .. } => "four-cities",
        }
    }
}

/// How to read a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitImport {
    /// How it writes visits.
    pub format: VisitFormat,
    /// What names the file, for going on where an interrupted import stopped (a digest of it).
    /// Empty: begin at the first line.
    pub file: String,
    /// Take visits older than the policy keeps them? They are dropped by the next purge; for trying
    /// out public data.
    pub keep_old: bool,
}

/// How far an import has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Lines read.
    pub lines: u64,
    /// Visits written.
    pub visits: u64,
}

/// What became of a file of visits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VisitReport {
    /// Lines read, skipped ones included.
    pub lines: u64,
    /// Lines that an interrupted import had done before.
    pub skipped: u64,
    /// Visits written; those that were there already are counted here too, and changed nothing.
    pub visits: u64,
    /// Holders made for people of the file.
    pub new_holders: u64,
    /// Places made.
    pub new_places: u64,
    /// Visits older than the policy keeps them.
    pub too_old: u64,
    /// Lines that are wrong, the first [`MOST_REJECTED`] of them.
    pub rejected: Vec<RejectedLine>,
    /// How many are wrong in all.
    pub rejected_count: u64,
}

/// Wrong lines told one by one.
pub const MOST_REJECTED: usize = 10_000;
/// Lines of one unit.
const UNIT: u64 = 1000;
/// Where the place in a file is kept.
const PROGRESS: &str = "visit_import";

/// One line, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    person: String,
    place: String,
    kind: PlaceKind,
    place_name: String,
    division: Division,
    entered: Timestamp,
    left: Option<Timestamp>,
}

/// What is known while a file is read, and what the next unit will write.
#[derive(Default)]
struct State {
    holders: HashMap<String, HolderId>,
    places: HashMap<String, PlaceId>,
    writes: Vec<Write>,
    new_places: Vec<Place>,
    visits: Vec<Visit>,
    report: VisitReport,
}

impl App {
    /// Takes over the visits of a CSV file, a thousand lines a unit. `progress` is told after each
    /// unit; if it answers `false`, the import stops there and can be resumed.
    pub async fn import_visits<R: Read + Send>(
        self: &Arc<Self>,
        source: R,
        options: &VisitImport,
        mut progress: impl FnMut(Progress) -> bool + Send,
    ) -> Result<VisitReport> {
        let (wanted, optional) = options.format.columns();
        let mut lines = Lines::open(source, wanted, optional)?;
        let mut state = State::default();
        let done_before = self.visit_progress(options).await?;
        loop {
            // The reader is not held across a wait for the store.
            let batch: Vec<_> =
                lines.by_ref().take(usize::try_from(UNIT).unwrap_or(1000)).collect();
            if batch.is_empty() {
                break;
            }
            state.report.lines += batch.len() as u64;
            if state.report.lines <= done_before {
                state.report.skipped = state.report.lines;
                continue;
            }
            for (line, fields) in batch {
                match fields.and_then(|f| parse(&options.format, &f)) {
                    Ok(row) => {
                        if let Err(r) = self.take_row(options, row, &mut state).await? {
                            reject(&mut state.report, r.at(line));
                        }
                    }
                    Err(r) => reject(&mut state.report, r.at(line)),
                }
            }
            self.write_visits(options, &mut state).await?;
            if !progress(Progress { lines: state.report.lines, visits: state.report.visits }) {
                return Ok(state.report);
            }
        }
        // The next start need not read all this again; the import itself is done.
        crate::jobs::note("tend_visits", &self.tend_visits().await);
        if !options.file.is_empty() {
            self.commit("import_visits_done", vec![put_progress(String::new())]).await?;
        }
        Ok(state.report)
    }

    async fn visit_progress(&self, options: &VisitImport) -> Result<u64> {
        let Some(kept) = self.store.setting(PROGRESS).await? else { return Ok(0) };
        let lines = kept.strip_prefix(&progress_name(options)).and_then(|n| n.trim().parse().ok());
        Ok(lines.filter(|_| !options.file.is_empty()).unwrap_or(0))
    }

    async fn take_row(
        &self,
        options: &VisitImport,
        row: Row,
        state: &mut State,
    ) -> Result<std::result::Result<(), Rejection>> {
        let now = self.now();
        if row.entered > now || row.left.is_some_and(|l| l > now) {
            return Ok(Err(Rejection::new("visit.in_future", "This visit is in the future.")));
        }
        if row.left.is_some_and(|l| l < row.entered) {
            return Ok(Err(Rejection::new("visit.backwards", "This visit ends before it begins.")));
        }
        let oldest = now.plus_days(-i64::from(self.policy().retention_days())).utc_day();
        if !options.keep_old && row.entered.utc_day() < oldest {
            state.report.too_old += 1;
            return Ok(Ok(()));
        }
        let source = options.format.name();
        let holder = self.person(source, &row, state).await?;
        let place = self.venue(source, &row, state);
        state.visits.push(Visit {
            id: self.imported_visit_id(row.entered, holder, place),
            holder,
            place,
            entered: row.entered,
            left: row.left,
            presence: Presence::Imported,
        });
        Ok(Ok(()))
    }

    /// The holder for a person of a file; made when first seen.
    async fn person(&self, source: &str, row: &Row, state: &mut State) -> Result<HolderId> {
        if let Some(id) = state.holders.get(&row.person) {
            return Ok(*id);
        }
        let id = self.imported_holder(source, &row.person);
        if self.store.holder(id).await?.is_none() {
            state.writes.push(Write::AddHolder(Holder {
                id,
                home: row.division.clone(),
                registered_at: self.now(),
                evidence_version: 0,
            }));
            state.report.new_holders += 1;
        }
        state.holders.insert(row.person.clone(), id);
        Ok(id)
    }

    /// The id of a holder made for a person of a file, from the file's own name for them (for the
    /// four cities `NYC/1801`). Only this deployment's key makes it.
    pub fn imported_holder(&self, source: &str, person: &str) -> HolderId {
        HolderId::from_random(first_bits(
            self.keys.blind("imported-person", &format!("{source}/{person}")),
        ))
    }

    /// The id of a place made for a venue of a file.
    pub fn imported_place_id(&self, source: &str, place: &str) -> PlaceId {
        PlaceId::from_random(first_bits(
            self.keys.blind("imported-place", &format!("{source}/{place}")),
        ))
    }

    /// The same person at the same place at the same second is the same visit. The upper bits are
    /// the day, all others a keyed digest: files know the hour only, and many people share one.
    pub(super) fn imported_visit_id(
        &self,
        entered: Timestamp,
        holder: HolderId,
        place: PlaceId,
    ) -> VisitId {
        let name = format!("{holder}/{place}/{}", entered.as_secs());
        let digest = first_bits(self.keys.blind("imported-visit", &name));
        VisitId::from_random(entered.utc_day().cast_unsigned() << 47 | digest >> 17)
    }

    /// The place for a venue of a file; made when first seen.
    fn venue(&self, source: &str, row: &Row, state: &mut State) -> PlaceId {
        if let Some(id) = state.places.get(&row.place) {
            return *id;
        }
        let id = self.imported_place_id(source, &row.place);
        if self.place(id).is_none() {
            let key = format!("{source}:{}", row.place);
            let place = Place {
                id,
                kind: row.kind,
                name: if row.place_name.is_empty() { key.clone() } else { row.place_name.clone() },
                division: row.division.clone(),
                agency: None,
                registered_at: self.now(),
                external_key: Some(key),
            };
            state.writes.push(Write::AddPlace(place.clone()));
            state.new_places.push(place);
            state.report.new_places += 1;
        }
        state.places.insert(row.place.clone(), id);
        id
    }

    async fn write_visits(
        self: &Arc<Self>,
        options: &VisitImport,
        state: &mut State,
    ) -> Result<()> {
        let mut writes = std::mem::take(&mut state.writes);
        let visits = std::mem::take(&mut state.visits);
        writes.extend(visits.iter().map(|v| Write::AddVisit(*v)));
        if !options.file.is_empty() {
            writes.push(put_progress(format!("{}{}", progress_name(options), state.report.lines)));
        }
        state.report.visits += visits.len() as u64;
        let places = std::mem::take(&mut state.new_places);
        let tell = move |app: &Self| {
            for place in places {
                app.remember_place(place);
            }
            app.feed(&visits.iter().map(KnownVisit::from).collect::<Vec<_>>());
        };
        let unit = Unit::new("import_visits", writes);
        self.commit_and_feed(unit, tell).await.map_err(two_at_once)
    }

    /// Visits of a holder in a period as the index knows them: place, entry, end.
    pub fn visits_between(
        &self,
        holder: HolderId,
        period: Period,
    ) -> Vec<(PlaceId, Timestamp, Option<Timestamp>)> {
        crate::app::read(&self.index)
            .visits_of(holder, period)
            .map(|v| (v.place, v.entered, v.left))
            .collect()
    }
}

/// Two imports of one file at once make the same people and places; the second stops and can be
/// started again.
pub(super) fn two_at_once(e: StoreError) -> ServiceError {
    if e.is_conflict(Precondition::Absent) {
        return crate::staff::conflict(
            "import.two_at_once",
            "Another import makes the same people or places. Start again when it has ended.",
        );
    }
    e.into()
}

fn progress_name(options: &VisitImport) -> String {
    format!("{} {} ", options.format.name(), options.file)
}

fn put_progress(value: String) -> Write {
    Write::PutSetting { name: PROGRESS, value, expect: None }
}

fn reject(report: &mut VisitReport, line: RejectedLine) {
    report.rejected_count += 1;
    if report.rejected.len() < MOST_REJECTED {
        report.rejected.push(line);
    }
}

pub(super) fn first_bits(digest: [u8; 16]) -> u64 {
    digest.first_chunk().map_or(1, |b| u64::from_be_bytes(*b))
}

fn parse(format: &VisitFormat, f: &Fields) -> std::result::Result<Row, Rejection> {
    match format {
        VisitFormat::Generic => generic(f),
        VisitFormat::Calgary => calgary(f),
        VisitFormat::FourCities { start } => four_cities(f, *start),
    }
}

/// A field that names something.
fn named(f: &Fields, column: &str) -> std::result::Result<String, Rejection> {
    match f.get(column) {
        text if text.contains(char::is_control) => Err(Rejection::new(
            "visit.bad_name",
            format!("The field {column} holds a control character."),
        )),
        "" => Err(Rejection::new("visit.empty_field", format!("The field {column} is empty."))),
        text => Ok(text.to_owned()),
    }
}

pub(super) fn division(text: &str) -> std::result::Result<Division, Rejection> {
    text.parse().map_err(|_| {
        Rejection::new("division.bad", "The division is none; write it like CN-330106.")
    })
}

fn generic(f: &Fields) -> std::result::Result<Row, Rejection> {
    let moment = |text: &str| {
        text.parse::<Timestamp>().map_err(|e| Rejection::new("time.bad", e.to_string()))
    };
    let left = match f.get("left") {
        "" => None,
        text => Some(moment(text)?),
    };
    Ok(Row {
        person: named(f, "person")?,
        place: named(f, "place")?,
        kind: f.get("place_kind").parse().map_err(|_| {
            Rejection::new("place.unknown_kind", "The kind of place is not one of the listed.")
        })?,
        place_name: clean(f.get("place_name")),
        division: division(f.get("division"))?,
        entered: moment(f.get("entered"))?,
        left,
    })
}

fn calgary(f: &Fields) -> std::result::Result<Row, Rejection> {
    let bad =
        || Rejection::new("time.bad", "The local time must look like 3/4/2012 12:18 (day first).");
    let local =
        DateTime::strptime("%d/%m/%Y %H:%M", f.get("local_time_true")).map_err(|_| bad())?;
    let offset: i64 = f.get("timezone").parse().map_err(|_| {
        Rejection::new("time.bad_offset", "The time zone must be minutes from UTC.")
    })?;
    if offset.abs() > 24 * 60 {
        return Err(Rejection::new("time.bad_offset", "The time zone must be minutes from UTC."));
    }
    let utc = local.to_zoned_datetime(jiff::tz::TimeZone::UTC).map_err(|_| bad())?;
    let entered = Timestamp::from_secs(utc.timestamp().as_second() - offset * 60);
    // Some names lost their accents to control characters.
    let category = clean(f.get("category"));
    Ok(Row {
        person: named(f, "userid")?,
        place: named(f, "venueid")?,
        kind: kind_of_category(&category, f.get("l1_category")),
        place_name: format!("{category} {}", short(f.get("venueid"))),
        division: division("CA-AB")?,
        entered,
        left: None,
    })
}

fn four_cities(f: &Fields, start: Date) -> std::result::Result<Row, Rejection> {
    let city = named(f, "city")?;
    let home = match city.as_str() {
        "NYC" => "US-NY",
        "SaoPaulo" => "BR-SP",
        "Jakarta" => "ID-JK",
        "KualaLampur" | "KualaLumpur" => "MY-14",
        _ => return Err(Rejection::new("visit.unknown_city", "The city is none of the four.")),
    };
    let hour: i64 =
        f.get("hour_index").parse().ok().filter(|h| (0..=1_000_000).contains(h)).ok_or_else(
            || Rejection::new("time.bad_hour", "The running hour must be a number from 0."),
        )?;
    let venue = named(f, "venue")?;
    Ok(Row {
        person: format!("{city}/{}", named(f, "user")?),
        place: format!("{city}/{venue}"),
        // The file gives categories by numbers without their meaning.
        kind: PlaceKind::Other,
        place_name: format!("{city} {venue}"),
        division: division(home)?,
        entered: Timestamp::start_of_day(start, &jiff::tz::TimeZone::UTC).plus_secs(hour * 3600),
        left: None,
    })
}

/// A name that is only shown, without control characters and without the beginning of a formula.
fn clean(name: &str) -> String {
    let shown: String = name.chars().filter(|c| !c.is_control()).collect();
    shown.trim_start_matches(['=', '+', '-', '@']).trim().to_owned()
}

/// Enough of a venue's key to tell it from its neighbours.
fn short(key: &str) -> &str {
    key.get(key.len().saturating_sub(6)..).unwrap_or(key)
}

/// The kind of a place from words in its category, else from the group the category is in.
fn kind_of_category(category: &str, group: &str) -> PlaceKind {
    use PlaceKind as K;
    const WORDS: [(&str, PlaceKind); 39] = [
        ("drugstore", K::Pharmacy),
        ("pharmacy", K::Pharmacy),
        ("hospital", K::Hospital),
        ("medical", K::Hospital),
        ("doctor", K::Hospital),
        ("dentist", K::Hospital),
        ("grocery", K::Market),
        ("market", K::Market),
        ("supermarket", K::Market),
        ("light rail", K::Station),
        ("airport", K::Station),
        ("station", K::Station),
        ("subway", K::Station),
        ("bus line", K::Bus),
        ("train", K::Train),
        ("plane", K::Flight),
        ("taxi", K::Taxi),
        ("ferry", K::Ferry),
        ("boat", K::Ferry),
        ("hotel", K::Hotel),
        ("church", K::Worship),
        ("mosque", K::Worship),
        ("temple", K::Worship),
        ("city hall", K::Government),
        ("government", K::Government),
        ("courthouse", K::Government),
        ("office", K::Office),
        ("coworking", K::Office),
        ("factory", K::Office),
        ("school", K::School),
        ("college", K::School),
        ("university", K::School),
        ("home", K::Residence),
        ("residential", K::Residence),
        ("park", K::Outdoor),
        ("garden", K::Outdoor),
        ("trail", K::Outdoor),
        ("gym", K::Leisure),
        ("stadium", K::Leisure),
    ];
    let words = category.to_ascii_lowercase();
    // `Parking` is no park, `Furniture / Home Store` no home.
    let whole = |w: &str| {
        words.match_indices(w).any(|(i, _)| {
            let after = words[i + w.len()..].chars().next();
            let before = words[..i].chars().next_back();
            !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
        })
    };
    let shop = whole("store") || whole("shop");
    match WORDS.iter().find(|(w, k)| whole(w) && !(shop && *k == K::Residence)) {
        Some((_, kind)) => *kind,
        None => match group {
            "Shop & Service" => K::Shop,
            "Food" | "Drink" | "Nightlife Spot" => K::Restaurant,
            "Travel & Transport" => K::Station,
            "Residence" => K::Residence,
            "Outdoors & Recreation" => K::Outdoor,
            "Arts & Entertainment" => K::Leisure,
            "College & University" => K::School,
            _ => K::Other,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(format: &VisitFormat, text: &str) -> Vec<std::result::Result<Row, &'static str>> {
        let (wanted, optional) = format.columns();
        Lines::open(text.as_bytes(), wanted, optional)
            .unwrap()
            .map(|(_, f)| f.and_then(|f| parse(format, &f)).map_err(|r| r.code))
            .collect()
    }

    #[test]
    fn generic_lines_read() {
        let got = rows(
            &VisitFormat::Generic,
            "person,place,place_kind,place_name,division,entered,left\n\
             p1,v1,shop,Corner,CN-330106,2022-03-01T08:00:00Z,2022-03-01T08:30:00Z\n\
             p1,v1,shop,,CN-330106,2022-03-01T08:00:00Z,\n\
             p1,v1,castle,,CN-330106,2022-03-01T08:00:00Z,\n\
             ,v1,shop,,CN-330106,2022-03-01T08:00:00Z,\n\
             p1,v1,shop,,CN,1 March,\n",
        );
        let first = got[0].as_ref().unwrap();
        assert_eq!((first.kind, first.place_name.as_str()), (PlaceKind::Shop, "Corner"));
        assert_eq!(first.left, Some("2022-03-01T08:30:00Z".parse().unwrap()));
        assert_eq!(got[1].as_ref().unwrap().left, None);
        assert_eq!(got[2], Err("place.unknown_kind"));
        assert_eq!(got[3], Err("visit.empty_field"));
        assert_eq!(got[4], Err("time.bad"));
    }

    #[test]
    fn calgary_days_come_first_and_local_time_becomes_utc() {
        let got = rows(
            &VisitFormat::Calgary,
            ",UserId,VenueId,TimeZone,Category,L1_Category,Local_Time_True\n\
             1,7,aaaabbbbcccc,-360,Coffee Shop,Drink,3/4/2012 12:18\n\
             2,7,aaaabbbbcccc,-420,Light Rail,Travel & Transport,13/12/2012 23:30\n\
             3,7,aaaabbbbcccc,-420,Bar,Nightlife Spot,12/13/2012 23:30\n\
             4,7,aaaabbbbcccc,-420,Caf\u{1a}\u{1a},Drink,1/1/2013 0:05\n",
        );
        let first = got[0].as_ref().unwrap();
        assert_eq!(first.entered.to_string(), "2012-04-03T18:18:00Z");
        assert_eq!((first.kind, first.left), (PlaceKind::Restaurant, None));
        let second = got[1].as_ref().unwrap();
        assert_eq!(second.entered.to_string(), "2012-12-14T06:30:00Z");
        assert_eq!(second.kind, PlaceKind::Station);
        assert_eq!(got[2], Err("time.bad"));
        let fourth = got[3].as_ref().unwrap();
        assert_eq!(
            (fourth.place_name.as_str(), fourth.kind),
            ("Caf bbcccc", PlaceKind::Restaurant)
        );
    }

    #[test]
    fn four_cities_count_hours_from_a_start() {
        let start = jiff::civil::date(2022, 3, 1);
        let got = rows(
            &VisitFormat::FourCities { start },
            "city,user,venue,category,hour_of_week,hour_index\n\
             NYC,1,2,70,39,38\nAtlantis,1,2,70,39,38\nJakarta,1,2,70,39,-1\n",
        );
        let first = got[0].as_ref().unwrap();
        assert_eq!(first.entered.to_string(), "2022-03-02T14:00:00Z");
        assert_eq!((first.person.as_str(), first.division.as_str()), ("NYC/1", "US-NY"));
        assert_eq!(got[1], Err("visit.unknown_city"));
        assert_eq!(got[2], Err("time.bad_hour"));
    }

    #[test]
    fn categories_become_kinds_by_whole_words() {
        let kind = kind_of_category;
        assert_eq!(kind("Parking", "Travel & Transport"), PlaceKind::Station);
        assert_eq!(kind("Park", "Outdoors & Recreation"), PlaceKind::Outdoor);
        assert_eq!(kind("Furniture / Home Store", "Shop & Service"), PlaceKind::Shop);
        assert_eq!(kind("Home (private)", "Residence"), PlaceKind::Residence);
        assert_eq!(kind("Drugstore / Pharmacy", "Shop & Service"), PlaceKind::Pharmacy);
        assert_eq!(kind("Farmers Market", "Food"), PlaceKind::Market);
        assert_eq!(kind("Gas Station / Garage", "Shop & Service"), PlaceKind::Station);
        assert_eq!(kind("", ""), PlaceKind::Other);
    }
}
