//! The forms in which files write visits.

use jadegate_domain::agency::UnknownName;
use jadegate_domain::{Division, PlaceKind, Timestamp};
use jiff::civil::{Date, DateTime};

use super::lines::{Fields, Rejection};
use super::words;

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
    pub(super) const fn columns(&self) -> (&'static [&'static str], &'static [&'static str]) {
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

    /// Its name, as where a file was left is kept under it.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::Calgary => "calgary",
            Self::FourCities { .. } => "four-cities",
        }
    }
}

/// One line, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) person: String,
    pub(super) place: String,
    pub(super) kind: PlaceKind,
    pub(super) place_name: String,
    pub(super) division: Division,
    pub(super) entered: Timestamp,
    pub(super) left: Option<Timestamp>,
}

/// What a line says, in the form of its file.
pub(super) fn parse(format: &VisitFormat, f: &Fields) -> std::result::Result<Row, Rejection> {
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
    let left = match f.get("left") {
        "" => None,
        _ => Some(f.moment("left")?),
    };
    Ok(Row {
        person: named(f, "person")?,
        place: named(f, "place")?,
        kind: words::name(words::VEHICLES, f.get("place_kind"))
            .parse()
            .map_err(|e: UnknownName| Rejection::new("place.unknown_kind", e.to_string()))?,
        place_name: clean(f.get("place_name")),
        division: division(f.get("division"))?,
        entered: f.moment("entered")?,
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
        _ => {
            return Err(Rejection::new(
                "visit.unknown_city",
                "The city must be NYC, SaoPaulo, Jakarta or KualaLumpur.",
            ));
        }
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
    use super::super::lines::{Lines, SMALL_FILE};
    use super::*;

    fn rows(format: &VisitFormat, text: &str) -> Vec<std::result::Result<Row, &'static str>> {
        let (wanted, optional) = format.columns();
        Lines::open(text.as_bytes(), &SMALL_FILE.into(), wanted, optional)
            .unwrap()
            .map(|line| line.unwrap().1)
            .map(|f| f.and_then(|f| parse(format, &f)).map_err(|r| r.code))
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
        // Whoever writes a file must not have to look the kinds up elsewhere.
        let said = "castle".parse::<PlaceKind>().unwrap_err().to_string();
        assert!(PlaceKind::ALL.iter().all(|k| said.contains(k.as_str())), "{said}");
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
