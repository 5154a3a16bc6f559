//! Published exposure events: places and times where a case was, as New Zealand's ministry of
//! health listed its "locations of interest".

use std::collections::{HashMap, HashSet};
use std::io::Read;

use jadegate_domain::{Division, Period, PlaceId, PlaceKind, Timestamp};
use jadegate_trace::EventExposure;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::lines::{Fields, Limits, Lines, Rejection, all_told, reject};
use crate::app::App;
use crate::concurrency::read;
use crate::error::{Result, ServiceError};
use crate::import::report::RejectedLine;
use crate::search_rules::rules;

/// One published event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExposureEvent {
    /// Its line in the file.
    pub line: u64,
    /// What happened where, as published: the name of a venue, a flight, a bus.
    pub name: String,
    /// City as published.
    pub city: String,
    /// The region the city lies in, or the country.
    pub division: Division,
    /// What kind of place, judged by the name.
    pub kind: PlaceKind,
    /// From and to.
    pub period: Period,
}

/// A file of events, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventList {
    /// The events, in the file's order; the same one published again is listed once.
    pub events: Vec<ExposureEvent>,
    /// Lines with something in them; each is an event, repeated, or rejected.
    pub lines: u64,
    /// Lines that repeat an event.
    pub repeated: u64,
    /// Lines that are wrong, the first [`super::MOST_REJECTED`] of them.
    pub rejected: Vec<RejectedLine>,
    /// How many are wrong in all.
    pub rejected_count: u64,
}

/// Who was at the place of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventContacts {
    /// Position in the list of events.
    pub event: usize,
    /// The registered place it means.
    pub place: PlaceId,
    /// Who shared how much time with it, most minutes first.
    pub exposures: Vec<EventExposure>,
}

/// What is read of a list of events at most, where nothing else is said.
pub const LIMITS: Limits = Limits::new(super::lines::MAX_BYTES, 200_000);
/// No event lasts longer; a longer one is a mistake of typing.
const LONGEST_DAYS: i64 = 31;

/// Reads a list of events (`Event,City,Start,End`, other columns ignored). Times are either
/// `10/08/2021, 11:30 am` (local, day first), `2022-01-20 16:34:00 NZDT`, or RFC 3339.
pub fn parse_events<R: Read>(source: R, limits: Limits) -> Result<EventList> {
    let zone = TimeZone::get("Pacific/Auckland").map_err(ServiceError::internal)?;
    let mut list = EventList::default();
    let mut seen = HashSet::new();
    for line in Lines::open(source, &limits.into(), &["event", "city", "start", "end"], &[])? {
        let (line, fields) = line?;
        list.lines += 1;
        match fields.and_then(|f| event(line, &f, &zone)) {
            Ok(e) => {
                if seen.insert((normal(&e.name), normal(&e.city), e.period)) {
                    list.events.push(e);
                } else {
                    list.repeated += 1;
                }
            }
            Err(r) => reject(&mut list.rejected, &mut list.rejected_count, r.at(line)),
        }
    }
    all_told(list.lines, list.events.len() as u64 + list.repeated + list.rejected_count)?;
    Ok(list)
}

fn event(line: u64, f: &Fields, zone: &TimeZone) -> std::result::Result<ExposureEvent, Rejection> {
    let name = f.get("event");
    if name.is_empty() || name == "NA" {
        return Err(Rejection::new("event.no_name", "The line names no event."));
    }
    let moment = |text: &str| match text {
        "" | "NA" => Err(Rejection::new("event.no_time", "The line tells no beginning or no end.")),
        text => event_time(text, zone).ok_or_else(|| {
            Rejection::new(
                "time.bad",
                "Times must look like 10/08/2021, 11:30 am or 2022-01-20 16:34:00 NZDT.",
            )
        }),
    };
    let (from, to) = (moment(f.get("start"))?, moment(f.get("end"))?);
    let period = Period::new(from, to)
        .ok_or_else(|| Rejection::new("event.backwards", "The event ends before it begins."))?;
    if period.secs() > LONGEST_DAYS * jadegate_domain::time::DAY {
        return Err(Rejection::new("event.too_long", "The event lasts longer than a month."));
    }
    Ok(ExposureEvent {
        line,
        name: name.to_owned(),
        city: f.get("city").to_owned(),
        division: region(f.get("city"))?,
        kind: kind_of(name),
        period,
    })
}

/// A moment in one of the ways the list writes it.
fn event_time(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let local = |t: DateTime, zone: &TimeZone| {
        let at = t.to_zoned_datetime(zone.clone()).ok()?.timestamp().as_second();
        (at >= 0).then(|| Timestamp::from_secs(at))
    };
    if let Some((rest, hours)) = [(" NZDT", 13), (" NZST", 12)]
        .iter()
        .find_map(|(end, h)| Some((text.strip_suffix(end)?, *h)))
    {
        let fixed = TimeZone::fixed(jiff::tz::offset(hours));
        return local(DateTime::strptime("%Y-%m-%d %H:%M:%S", rest).ok()?, &fixed);
    }
    local(DateTime::strptime("%d/%m/%Y, %I:%M %p", text).ok()?, zone)
}

/// The kind of place by the words of its name.
fn kind_of(name: &str) -> PlaceKind {
    use PlaceKind as K;
    // The first that fits counts: a bus station is a station, the café on the ferry a ferry.
    const WORDS: [(&str, PlaceKind); 31] = [
        ("flight", K::Flight),
        ("station", K::Station),
        ("interchange", K::Station),
        ("terminal", K::Station),
        ("depot", K::Station),
        ("bus", K::Bus),
        ("train", K::Train),
        ("ferry", K::Ferry),
        ("pharmacy", K::Pharmacy),
        ("chemist", K::Pharmacy),
        ("hospital", K::Hospital),
        ("medical", K::Hospital),
        ("supermarket", K::Market),
        ("countdown", K::Market),
        ("new world", K::Market),
        ("pak'nsave", K::Market),
        ("market", K::Market),
        ("restaurant", K::Restaurant),
        ("cafe", K::Restaurant),
        ("café", K::Restaurant),
        ("bar", K::Restaurant),
        ("sushi", K::Restaurant),
        ("pizza", K::Restaurant),
        ("hotel", K::Hotel),
        ("motel", K::Hotel),
        ("school", K::School),
        ("university", K::School),
        ("church", K::Worship),
        ("airport", K::Station),
        ("gym", K::Leisure),
        ("cinema", K::Leisure),
    ];
    let words = name.to_lowercase();
    let whole = |w: &str| {
        words.match_indices(w).any(|(i, _)| {
            let before = words[..i].chars().next_back();
            let after = words[i + w.len()..].chars().next();
            !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
        })
    };
    WORDS.iter().find(|(w, _)| whole(w)).map_or(K::Other, |(_, k)| *k)
}

/// The ISO 3166-2 region of a city; the country for one that is not on this short list.
fn region(city: &str) -> std::result::Result<Division, Rejection> {
    const CITIES: [(&str, &str); 34] = [
        ("auckland", "NZ-AUK"),
        ("auckland cbd", "NZ-AUK"),
        ("papakura", "NZ-AUK"),
        ("takanini", "NZ-AUK"),
        ("pukekohe", "NZ-AUK"),
        ("warkworth", "NZ-AUK"),
        ("tauranga", "NZ-BOP"),
        ("mount maunganui", "NZ-BOP"),
        ("rotorua", "NZ-BOP"),
        ("te puke", "NZ-BOP"),
        ("papamoa", "NZ-BOP"),
        ("whakatane", "NZ-BOP"),
        ("hamilton", "NZ-WKO"),
        ("te awamutu", "NZ-WKO"),
        ("raglan", "NZ-WKO"),
        ("taupo", "NZ-WKO"),
        ("te kuiti", "NZ-WKO"),
        ("otorohanga", "NZ-WKO"),
        ("christchurch", "NZ-CAN"),
        ("wellington", "NZ-WGN"),
        ("lower hutt", "NZ-WGN"),
        ("upper hutt", "NZ-WGN"),
        ("porirua", "NZ-WGN"),
        ("nelson", "NZ-NSN"),
        ("queenstown", "NZ-OTA"),
        ("dunedin", "NZ-OTA"),
        ("palmerston north", "NZ-MWT"),
        ("new plymouth", "NZ-TKI"),
        ("napier", "NZ-HKB"),
        ("hastings", "NZ-HKB"),
        ("whangarei", "NZ-NTL"),
        ("kaitaia", "NZ-NTL"),
        ("gisborne", "NZ-GIS"),
        ("blenheim", "NZ-MBH"),
    ];
    let city = normal(city).replace('ā', "a");
    let code = CITIES.iter().find(|(name, _)| *name == city).map_or("NZ", |(_, code)| *code);
    code.parse().map_err(|_| Rejection::new("division.bad", "The region of the city is not known."))
}

/// A name as it is compared: lower case, single spaces.
fn normal(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

impl App {
    /// Finds the people who were at the places of published events while they went on.
    ///
    /// An event means a registered place if the names agree but for case and spaces and the place
    /// lies in the event's region. Nothing is recorded by this: evidence of contact needs a case
    /// and a trace.
    pub fn events_exposures(&self, events: &[ExposureEvent]) -> Vec<EventContacts> {
        let (policy, now) = (self.policy(), self.now());
        let rules = rules(&policy);
        let index = read(&self.memory.index).clone();
        let mut by_name: HashMap<String, Vec<(PlaceId, Division)>> = HashMap::new();
        for place in self.memory.places_after(None, None) {
            by_name
                .entry(normal(&place.name))
                .or_default()
                .push((place.id, place.division.clone()));
        }
        let mut found = Vec::new();
        for (i, event) in events.iter().enumerate() {
            for (place, division) in by_name.get(&normal(&event.name)).into_iter().flatten() {
                if !event.division.contains(division) && !division.contains(&event.division) {
                    continue;
                }
                let kinds = |p| self.memory.place_kind(p);
                let exposures = jadegate_trace::exposures_to_event(
                    &index,
                    *place,
                    event.period,
                    &rules,
                    kinds,
                    now,
                );
                if !exposures.is_empty() {
                    found.push(EventContacts { event: i, place: *place, exposures });
                }
            }
        }
        found.sort_by_key(|c| (c.event, c.place));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "Added,Advice,City,End,Event,ExposureType,Start\n";

    fn read(lines: &str) -> EventList {
        parse_events(format!("{HEAD}{lines}").as_bytes(), LIMITS).unwrap()
    }

    #[test]
    fn both_date_formats_and_utc_read() {
        let list = read(
            ",x,Auckland,\"10/08/2021, 12:00 pm\",Bus 99X Somewhere to Nowhere,,\"10/08/2021, 11:30 am\"\n\
             ,x,Nelson,2022-01-20 17:00:00 NZDT,Corner Pharmacy,Close,2022-01-20 16:34:00 NZDT\n\
             ,x,Dunedin,2022-06-20 17:00:00 NZST,Made-up School,Close,2022-06-20 16:00:00 NZST\n\
             ,x,Elsewhere,2022-01-18T00:30:00.000Z,Flight XX123 A - B,,2022-01-17T23:30:00.000Z\n\
             ,x,Auckland,\"7/08/2021, 12:15 am\",\"Bar, with a comma\",,\"6/08/2021, 9:05 pm\"\n",
        );
        assert_eq!(list.rejected, []);
        let got: Vec<_> = list
            .events
            .iter()
            .map(|e| {
                (
                    e.line,
                    e.kind,
                    e.division.as_str(),
                    e.period.from.to_string(),
                    e.period.secs() / 60,
                )
            })
            .collect();
        // NZST is UTC+12 in August and June, NZDT UTC+13 in January.
        let want = [
            (2, PlaceKind::Bus, "NZ-AUK", "2021-08-09T23:30:00Z".to_owned(), 30),
            (3, PlaceKind::Pharmacy, "NZ-NSN", "2022-01-20T03:34:00Z".to_owned(), 26),
            (4, PlaceKind::School, "NZ-OTA", "2022-06-20T04:00:00Z".to_owned(), 60),
            (5, PlaceKind::Flight, "NZ", "2022-01-17T23:30:00Z".to_owned(), 60),
            (6, PlaceKind::Restaurant, "NZ-AUK", "2021-08-06T09:05:00Z".to_owned(), 190),
        ];
        assert_eq!(got, want);
    }

    #[test]
    fn wrong_lines_are_told_and_repeated_ones_counted() {
        let list = read(
            ",x,Auckland,,A,,\n\
             ,x,NA,NA,NA,NA,NA\n\
             ,x,Auckland,\"10/08/2021, 11:00 am\",A,,\"10/08/2021, 11:30 am\"\n\
             ,x,Auckland,\"32/08/2021, 11:00 am\",A,,\"10/08/2021, 11:30 am\"\n\
             ,x,Auckland,\"10/09/2022, 11:00 am\",A,,\"10/08/2021, 11:30 am\"\n\
             ,x,Auckland,\"10/08/2021, 12:00 pm\",A  b,,\"10/08/2021, 11:30 am\"\n\
             ,x,auckland,\"10/08/2021, 12:00 pm\",a B,,\"10/08/2021, 11:30 am\"\n",
        );
        let codes: Vec<_> = list.rejected.iter().map(|r| (r.line, r.code)).collect();
        assert_eq!(
            codes,
            [
                (2, "event.no_time"),
                (3, "event.no_name"),
                (4, "event.backwards"),
                (5, "time.bad"),
                (6, "event.too_long"),
            ]
        );
        assert_eq!((list.events.len(), list.repeated), (1, 1));
    }

    #[test]
    fn a_bar_is_found_by_the_whole_word() {
        assert_eq!(kind_of("Icy Bar"), PlaceKind::Restaurant);
        assert_eq!(kind_of("Barber"), PlaceKind::Other);
        assert_eq!(kind_of("The bus depot"), PlaceKind::Station);
        assert_eq!(kind_of("School bus 7"), PlaceKind::Bus);
        assert_eq!(kind_of("Flightless Birds"), PlaceKind::Other);
    }

    #[test]
    fn every_city_has_a_region() {
        let region = |city| region(city).unwrap().to_string();
        assert_eq!(region("Whangārei"), "NZ-NTL");
        assert_eq!(region("Nowhere"), "NZ");
        assert_eq!(region("AUCKLAND  CBD"), "NZ-AUK");
    }
}
