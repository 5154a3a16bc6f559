//! Lists of passengers as carriers keep them: one line is one boarding. Reading only; who the
//! passengers are and what is known already is decided in [`super::rides`].

use jadegate_domain::time::DAY;
use jadegate_domain::written::{self, WrittenError};
use jadegate_domain::{
    Division, HolderId, Leg, PlaceKind, Ride, RideError, Seat, Stop, Timestamp, Trip, text,
};
use jiff::civil::Date;

use super::lines::{Fields, Rejection};
use super::visit_rows::division;
use super::words;
use crate::document::DocumentInput;
use crate::staff::Whom;

pub(super) const WANTED: [&str; 5] = ["kind", "number", "date", "division", "departs"];
pub(super) const OPTIONAL: [&str; 10] = [
    "document_type",
    "document_number",
    "document_country",
    "holder",
    "from_no",
    "from",
    "to_no",
    "to",
    "arrives",
    "seat",
];

/// More stops than any trip has.
const MOST_STOPS: u16 = 500;
/// Letters of a number or of a stop's name.
const MOST_LETTERS: usize = 60;
/// Days after its date on which a trip may still go: the longest trains take a week.
const LONGEST_DAYS: i64 = 8;
/// Hours by which a local date can begin before that of UTC.
const EARLIEST_HOURS: i64 = 14;

type Result<T> = std::result::Result<T, Rejection>;

/// What makes two lines speak of the same trip of one carrier.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct TripKey {
    pub(super) kind: PlaceKind,
    /// As [`same_number`] has it.
    pub(super) number: String,
    /// As written on the ticket: the local day on which the trip starts.
    pub(super) date: String,
}

/// A stop as a line names it: its number along the way, from 1, and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct StopName {
    no: u16,
    name: String,
}

/// One line, understood.
#[derive(Clone, Debug)]
pub(super) struct Boarding {
    pub(super) line: u64,
    pub(super) trip: TripKey,
    /// The trip's number as written.
    pub(super) number: String,
    pub(super) division: Division,
    pub(super) whom: Whom,
    pub(super) departs: Timestamp,
    from: Option<StopName>,
    to: Option<StopName>,
    arrives: Option<Timestamp>,
    seat: Option<Seat>,
}

impl Boarding {
    /// Reads a line; `now` is the present moment.
    pub(super) fn read(line: u64, f: &Fields, now: Timestamp) -> Result<Self> {
        let number = f.get("number").split_whitespace().collect::<Vec<_>>().join(" ");
        let trip = TripKey::read(f, &number)?;
        let (from, to) = (stop(f, "from_no", "from")?, stop(f, "to_no", "to")?);
        let departs = f.moment("departs")?;
        let arrives = Some(f.get("arrives")).filter(|t| !t.is_empty());
        let arrives = arrives.map(|_| f.moment("arrives")).transpose()?;
        let seat = Some(f.get("seat")).filter(|s| !s.is_empty()).map(str::parse).transpose();
        let b = Self {
            line,
            trip,
            number,
            division: division(f.get("division"))?,
            whom: whom(f)?,
            departs,
            from,
            to,
            arrives,
            seat: seat.map_err(|e| wrong_ride(&e))?,
        };
        b.leg()?;
        b.check_times(now)?;
        Ok(b)
    }

    fn check_times(&self, now: Timestamp) -> Result<()> {
        if self.arrives.is_some_and(|a| a < self.departs) {
            return Err(Rejection::new("ride.backwards", "This ride ends before it begins."));
        }
        if self.departs > now || self.arrives.is_some_and(|a| a > now) {
            return Err(Rejection::new(
                "ride.in_future",
                "This ride is not over yet; send the file again after the arrival.",
            ));
        }
        // `TripKey::read` has checked that it is a date.
        let date: Date = self.trip.date.parse().map_err(|_| bad_date())?;
        let day = Timestamp::start_of_day(date, &jiff::tz::TimeZone::UTC);
        let earliest = day.plus_secs(-EARLIEST_HOURS * 3600);
        let last = self.arrives.unwrap_or(self.departs);
        if self.departs < earliest || last > day.plus_secs(LONGEST_DAYS * DAY) {
            return Err(Rejection::new(
                "ride.other_date",
                "The times of this ride do not belong to the date of the trip.",
            ));
        }
        Ok(())
    }

    fn leg(&self) -> Result<Option<Leg>> {
        let (Some(from), Some(to)) = (&self.from, &self.to) else { return Ok(None) };
        Leg::new(from.no - 1, to.no - 1).map(Some).map_err(|e| wrong_ride(&e))
    }

    /// What the ticket says.
    fn ride(&self) -> Ride {
        Ride { leg: self.leg().ok().flatten(), seat: self.seat }
    }

    /// What is kept of the line until the whole list is read.
    pub(super) fn kept(&self) -> Kept {
        let Self { line, departs, arrives, .. } = *self;
        Kept { line, departs, arrives, to: self.to.as_ref().map(|to| to.no), ride: self.ride() }
    }

    /// The trip with what this line says of its stops, or why the two do not fit.
    pub(super) fn with_stops(&self, trip: &Trip) -> Result<Trip> {
        let mut trip = trip.clone();
        if let Some(from) = &self.from {
            let stop = named(&mut trip, from)?;
            agree(&mut stop.departs, Some(self.departs))?;
        }
        if let Some(to) = &self.to {
            let stop = named(&mut trip, to)?;
            agree(&mut stop.arrives, self.arrives)?;
        }
        if !trip.stops.iter().flat_map(|s| [s.arrives, s.departs]).flatten().is_sorted() {
            return Err(Rejection::new(
                "trip.stop_order",
                "The times of the stops do not rise with their numbers.",
            ));
        }
        Ok(trip)
    }
}

/// What is kept of a line until the whole list is read: no text of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    pub(super) line: u64,
    pub(super) departs: Timestamp,
    arrives: Option<Timestamp>,
    /// The number of the stop of alighting, from 1.
    to: Option<u16>,
    pub(super) ride: Ride,
}

impl Kept {
    /// When the passenger left, from the line or from what is known of the stop.
    pub(super) fn left(&self, trip: &Trip) -> Option<Timestamp> {
        let stop = |to: u16| trip.stops.get(usize::from(to) - 1)?.arrives;
        self.arrives.or_else(|| self.to.and_then(stop)).filter(|at| *at >= self.departs)
    }
}

impl TripKey {
    fn read(f: &Fields, number: &str) -> Result<Self> {
        let kind = words::name(words::VEHICLES, f.get("kind"));
        let kind: PlaceKind = kind.parse().unwrap_or(PlaceKind::Other);
        if !kind.is_vehicle() {
            return Err(Rejection::new(
                "trip.unknown_kind",
                "The kind must be bus, train, flight, taxi or ferry.",
            ));
        }
        if number.is_empty() || number.chars().count() > MOST_LETTERS {
            return Err(Rejection::new(
                "trip.bad_number",
                "Give the number passengers know the trip by, like MU5137.",
            ));
        }
        let date = written::day(f.get("date")).map_err(|e| match e {
            WrittenError::Unreadable | WrittenError::OutOfRange => bad_date(),
            e => Rejection::new(e.code(), bad_date().detail),
        })?;
        let same = same_number(kind, number);
        if same.is_empty() {
            return Err(Rejection::new(
                "trip.bad_number",
                "The number has no letter and no digit.",
            ));
        }
        Ok(Self { kind, number: same, date: date.to_string() })
    }
}

/// A number as two lines agree on it: `G 9001`, `g9001`, `G-9001`, `Ｇ９００１` and `G9001次` are one train,
/// `155路` and `155` one bus.
fn same_number(kind: PlaceKind, written: &str) -> String {
    let plain = written.chars().filter(|c| !text::is_invisible(*c) && !c.is_whitespace());
    let plain: String =
        plain.map(|c| if text::is_dash(c) { '-' } else { text::narrow(c) }).collect();
    let ends: &[&str] = if kind == PlaceKind::Bus {
        &["路", "线", "號", "号"]
    } else {
        &["次列车", "次", "航班"]
    };
    let plain = ends.iter().find_map(|end| plain.strip_suffix(end)).unwrap_or(&plain);
    let letters = plain.find(|c: char| !c.is_alphabetic()).unwrap_or(plain.len());
    let (letters, rest) = plain.split_at(letters);
    let digits = rest.strip_prefix('-').filter(|d| !letters.is_empty() && !d.is_empty());
    format!("{letters}{}", digits.unwrap_or(rest)).to_uppercase()
}

fn bad_date() -> Rejection {
    Rejection::new(
        "trip.bad_date",
        "The date must look like 2022-03-01: the local day of the start.",
    )
}

fn wrong_ride(e: &RideError) -> Rejection {
    let detail = match e {
        RideError::Seat(_) => "This is no seat; write 12A, or 05-12A with its coach.",
        RideError::Leg(..) => "The stop of alighting must come after that of boarding.",
    };
    Rejection::new(e.code(), detail)
}

/// A stop needs both, its number and its name; neither is right, too.
fn stop(f: &Fields, no: &str, name: &str) -> Result<Option<StopName>> {
    let (no, name) = (f.get(no), f.get(name));
    if no.is_empty() && name.is_empty() {
        return Ok(None);
    }
    let no = no.parse().ok().filter(|n| (1..=MOST_STOPS).contains(n));
    let named = !name.is_empty() && name.chars().count() <= MOST_LETTERS;
    no.filter(|_| named).map(|no| Some(StopName { no, name: name.to_owned() })).ok_or_else(|| {
        Rejection::new("ride.stop", "A stop needs its number along the way, from 1, and its name.")
    })
}

fn whom(f: &Fields) -> Result<Whom> {
    let (holder, number) = (f.get("holder"), f.get("document_number"));
    match (holder.is_empty(), number.is_empty()) {
        (false, true) => holder.parse::<HolderId>().map(Whom::Holder).map_err(|_| {
            Rejection::new("holder.bad", "This is no holder's id; it is `h` and 13 characters.")
        }),
        (true, false) => Ok(Whom::Document(DocumentInput {
            doc_type: words::name(words::DOCUMENTS, f.get("document_type")),
            number: number.to_owned(),
            country: f.get("document_country").to_owned(),
            mrz: None,
        })),
        _ => Err(Rejection::new("whom.one", "Name the passenger by document or by holder id.")),
    }
}

/// The stop of that number, which must have that name; unknown ones before it are left open.
fn named<'t>(trip: &'t mut Trip, wanted: &StopName) -> Result<&'t mut Stop> {
    let at = usize::from(wanted.no) - 1;
    while trip.stops.len() <= at {
        trip.stops.push(Stop { name: String::new(), arrives: None, departs: None });
    }
    let stop = &mut trip.stops[at];
    if stop.name.is_empty() {
        stop.name.clone_from(&wanted.name);
    }
    if stop.name != wanted.name {
        return Err(Rejection::new(
            "trip.other_stop",
            "A stop of this number has another name on this trip.",
        ));
    }
    Ok(stop)
}

/// One stop has one time of arrival and one of departure.
fn agree(known: &mut Option<Timestamp>, told: Option<Timestamp>) -> Result<()> {
    let at = known.or(told);
    if told.is_some() && at != told {
        return Err(Rejection::new(
            "trip.other_time",
            "This stop has another time on this trip; all lines of a trip must agree.",
        ));
    }
    *known = at;
    Ok(())
}

#[cfg(test)]
mod tests {
    use jadegate_domain::PlaceId;

    use super::*;
    use crate::import::lines::{Lines, SMALL_FILE};

    const NOW: &str = "2022-03-15T04:00:00Z";

    fn read(head: &str, line: &str) -> std::result::Result<Boarding, &'static str> {
        let file = format!("{head}\n{line}\n");
        let (n, fields) =
            Lines::open_strict(file.as_bytes(), &SMALL_FILE.into(), &WANTED, &OPTIONAL)
                .unwrap()
                .next()
                .unwrap()
                .unwrap();
        Boarding::read(n, &fields.unwrap(), NOW.parse().unwrap()).map_err(|r| r.code)
    }

    fn full(line: &str) -> std::result::Result<Boarding, &'static str> {
        let head = "kind,number,date,division,holder,document_number,from_no,from,departs,to_no,\
                    to,arrives,seat";
        read(head, line)
    }

    fn trip() -> Trip {
        let date = "2022-03-12".to_owned();
        Trip { place: PlaceId::from_random(1), number: "G1".into(), date, stops: Vec::new() }
    }

    #[test]
    fn a_whole_line_and_the_least_there_can_be() {
        let b = full(
            "train,g  1371,2022-03-12,CN-3301,h0000000000001,,2,Yiwu,2022-03-12T08:30:00+08:00,\
             5,Jinhua,2022-03-12T09:10:00+08:00,5-12f",
        );
        let b = b.unwrap();
        assert_eq!((b.trip.number.as_str(), b.trip.date.as_str()), ("G1371", "2022-03-12"));
        assert_eq!(b.number, "g 1371");
        assert_eq!(b.ride().leg, Leg::new(1, 4).ok());
        assert_eq!(b.ride().seat.unwrap().to_string(), "05-12F");
        let trip = b.with_stops(&trip()).unwrap();
        let names: Vec<_> = trip.stops.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["", "Yiwu", "", "", "Jinhua"]);
        assert_eq!(b.kept().left(&trip), Some("2022-03-12T01:10:00Z".parse().unwrap()));

        let head = "kind,number,date,division,departs,holder";
        let b = read(head, "bus,155,2022-03-12,CN-3301,2022-03-12T08:30:00Z,h0000000000001");
        let b = b.unwrap();
        assert_eq!((b.ride(), b.kept().left(&trip)), (Ride::default(), None));
    }

    #[test]
    fn one_train_has_one_number_however_it_is_written() {
        for written in [
            "G9001",
            "g9001",
            "G 9001",
            "G\u{a0}9001",
            "G-9001",
            "Ｇ９００１",
            "G9001次",
            "g 9001 次",
        ] {
            assert_eq!(same_number(PlaceKind::Train, written), "G9001", "{written}");
        }
        for (kind, written, want) in [
            (PlaceKind::Bus, "155路", "155"),
            (PlaceKind::Bus, "155-1", "155-1"),
            (PlaceKind::Flight, "MU-5137", "MU5137"),
            (PlaceKind::Flight, "mu5137航班", "MU5137"),
            (PlaceKind::Bus, "-", "-"),
            (PlaceKind::Ferry, "Blue Star", "BLUESTAR"),
        ] {
            assert_eq!(same_number(kind, written), want, "{written}");
        }
    }

    #[test]
    fn each_wrong_field_has_its_code() {
        let who = "h0000000000001,";
        let right = "2022-03-12T00:30:00Z";
        for (line, code) in [
            (format!("shop,G1,2022-03-12,CN-3301,{who},,,{right},,,,"), "trip.unknown_kind"),
            (format!("train,,2022-03-12,CN-3301,{who},,,{right},,,,"), "trip.bad_number"),
            (format!("train,G1,12 March,CN-3301,{who},,,{right},,,,"), "trip.bad_date"),
            (format!("train,G1,2022-03-12,Mars,{who},,,{right},,,,"), "division.bad"),
            (format!("train,G1,2022-03-12,CN-3301,{who},,,8:30,,,,"), "time.bad"),
            (format!("train,G1,2022-03-12,CN-3301,,,,,{right},,,,"), "whom.one"),
            (format!("train,G1,2022-03-12,CN-3301,{who}X1,,,{right},,,,"), "whom.one"),
            (format!("train,G1,2022-03-12,CN-3301,h1,,,,{right},,,,"), "holder.bad"),
            (format!("train,G1,2022-03-12,CN-3301,{who},1,,{right},,,,"), "ride.stop"),
            (format!("train,G1,2022-03-12,CN-3301,{who},,A,{right},,,,"), "ride.stop"),
            (format!("train,G1,2022-03-12,CN-3301,{who},0,A,{right},,,,"), "ride.stop"),
            (format!("train,G1,2022-03-12,CN-3301,{who},3,A,{right},3,B,,"), "ride.leg"),
            (format!("train,G1,2022-03-12,CN-3301,{who},,,{right},,,,window"), "ride.seat"),
            (
                format!("train,G1,2022-03-12,CN-3301,{who},,,{right},,,2022-03-12T00:00:00Z,"),
                "ride.backwards",
            ),
            (
                format!(
                    "train,G1,2022-03-15,CN-3301,{who},,,2022-03-15T03:00:00Z,,,2022-03-15T05:00:00Z,"
                ),
                "ride.in_future",
            ),
            (format!("train,G1,2022-03-14,CN-3301,{who},,,{right},,,,"), "ride.other_date"),
            (format!("train,G1,2022-03-01,CN-3301,{who},,,{right},,,,"), "ride.other_date"),
        ] {
            assert_eq!(full(&line).unwrap_err(), code, "{line}");
        }
    }

    #[test]
    fn lines_of_a_trip_must_agree() {
        let line = |from: &str, departs: &str, to: &str, arrives: &str| {
            full(&format!(
                "train,G1,2022-03-12,CN-3301,h0000000000001,,{from},2022-03-12T{departs}:00Z,\
                 {to},2022-03-12T{arrives}:00Z,"
            ))
            .unwrap()
        };
        let trip = line("1,A", "08:00", "3,C", "09:00").with_stops(&trip()).unwrap();
        let code = |b: Boarding| b.with_stops(&trip).map_err(|r| r.code);
        assert!(code(line("2,B", "08:30", "3,C", "09:00")).is_ok());
        assert_eq!(code(line("2,B", "08:30", "3,D", "09:00")), Err("trip.other_stop"));
        assert_eq!(code(line("1,A", "08:01", "3,C", "09:00")), Err("trip.other_time"));
        assert_eq!(code(line("2,B", "09:30", "4,D", "10:00")), Err("trip.stop_order"));
    }
}
