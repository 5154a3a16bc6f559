//! How good flagging by shared time is, on people who carried badges that saw each other.
//!
//! Stays are made from the badges: from somebody's first contact to the last before a pause of six
//! hours. Flagging then knows places and times only, as a health code does; who really stood face
//! to face is what it is judged by. In Korea the truth is who infected whom.
//!
//! The data is not part of the project; where it is absent this says SKIPPED. The counts are made a
//! second time by `bench/peers/people.py`, which shares nothing with this.

mod read;
mod table;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};

use jadegate_domain::{CaseId, HolderId, Period, PlaceId, PlaceKind, Presence, Timestamp};
use jadegate_trace::{Bound, Bulk, CaseInput, KindRules, KnownVisit, Rules, VisitIndex};
use serde_json::Value;

use crate::Result;
use crate::report::Report;
use read::{Contact, Routes, Set};
use table::Row;

/// A pause after which somebody is taken to have been away, seconds.
const PAUSE: i64 = 6 * 3600;
/// A badge tells of a contact at the end of its twenty seconds.
const STEP: i64 = 20;
/// Least shared minutes of a contact.
const LEAST: [u32; 4] = [0, 5, 15, 30];

/// A stay, in seconds.
#[derive(Clone, Copy, Debug)]
struct Stay {
    who: u32,
    place: u32,
    from: i64,
    to: i64,
}

/// Of whose stays the end is known, and which bound of the minutes counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    All,
    /// Every second person's; recorded minutes count.
    HalfLower,
    /// Every second person's; assumed minutes count too.
    HalfUpper,
    /// Nobody's; assumed minutes count.
    None,
}

/// Minutes per pair, the lower number first.
type Pairs = HashMap<(u32, u32), f64>;

/// Prints the tables, or that there is nothing to print them from.
pub(crate) fn measure(data: &Path, report: &mut Report) -> Result<()> {
    if !data.join("sociopatterns").is_dir() {
        report.skip(&format!(
            "### How good is flagging by shared time\n\nSKIPPED: {} is not there; nothing was checked.\n",
            data.display()
        ));
        return Ok(());
    }
    let mut rows = Vec::new();
    for set in read::SETS {
        eprintln!("{} …", set.name);
        let contacts = set.contacts(data)?;
        badges(&set, &contacts, &mut rows);
    }
    for (name, without) in [("Korea", None), ("Korea without hospitals", Some("hospital"))] {
        eprintln!("{name} …");
        korea(name, &read::routes(data, without)?, &mut rows);
    }
    let said = second_opinion(data, &rows)?;
    report.part(table::text(&rows, &said));
    Ok(())
}

/// One set of badges: in one house with known ends; with ends assumed; with a gate at each room.
fn badges(set: &Set, contacts: &[Contact], rows: &mut Vec<Row>) {
    let mut met = Pairs::new();
    for c in contacts {
        *met.entry((c.a.min(c.b), c.a.max(c.b))).or_default() += STEP as f64 / 60.0;
    }
    let house = stays(contacts, |_| 0);
    let truth = flagged(set, &house, Ends::All, 0);
    let mut add = |how: &str, stays: &[Stay], ends, least| {
        let found = flagged(set, stays, ends, least);
        rows.push(Row::judged(set.name, how, least, &found, &met, &truth));
    };
    for least in LEAST {
        add("", &house, Ends::All, least);
    }
    let assumed = format!("assumed to last {} min", set.assumed_minutes);
    for (how, ends) in [
        ("every second end known, only recorded minutes count", Ends::HalfLower),
        (&*format!("every second end known, the others {assumed}"), Ends::HalfUpper),
        (&*format!("no end known, {assumed}"), Ends::None),
    ] {
        add(how, &house, ends, 15);
    }
    let room: HashMap<u32, u32> =
        contacts.iter().flat_map(|c| [(c.a, c.room_a), (c.b, c.room_b)]).collect();
    if room.values().any(|r| *r != 0) {
        let rooms = stays(contacts, |who| room.get(&who).copied().unwrap_or(0));
        add("a gate at each class, everybody in their own", &rooms, Ends::All, 15);
    }
}

/// Everybody's stays: from the first contact to the last before a pause.
fn stays(contacts: &[Contact], place: impl Fn(u32) -> u32) -> Vec<Stay> {
    let mut seen: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
    for c in contacts {
        seen.entry(c.a).or_default().push(c.at);
        seen.entry(c.b).or_default().push(c.at);
    }
    let mut stays = Vec::new();
    for (who, mut times) in seen {
        times.sort_unstable();
        for stay in times.chunk_by(|a, b| b - a <= PAUSE) {
            let (first, last) = (stay[0], stay[stay.len() - 1]);
            stays.push(Stay { who, place: place(who), from: first - STEP, to: last });
        }
    }
    stays
}

/// Whom Jadegate flags, and the minutes it counts.
fn flagged(set: &Set, stays: &[Stay], ends: Ends, least: u32) -> Pairs {
    let open = |s: &Stay| match ends {
        Ends::All => false,
        Ends::HalfLower | Ends::HalfUpper => s.who % 2 == 1,
        Ends::None => true,
    };
    let visits = stays.iter().map(|s| visit(s, open(s)));
    let bound = if ends == Ends::HalfLower { Bound::Lower } else { Bound::Upper };
    traced(visits, stays.iter().map(|s| s.who), set.assumed_minutes, bound, least)
}

fn visit(s: &Stay, open: bool) -> KnownVisit {
    KnownVisit {
        holder: holder(s.who),
        place: PlaceId::from_random(u64::from(s.place) + 1),
        entered: Timestamp::from_secs(s.from),
        left: (!open).then(|| Timestamp::from_secs(s.to)),
        presence: Presence::Gate,
    }
}

fn holder(who: u32) -> HolderId {
    HolderId::from_random(u64::from(who) + 1)
}

/// Traces everybody in bulk, as if each were a case.
fn traced(
    visits: impl Iterator<Item = KnownVisit>,
    people: impl Iterator<Item = u32>,
    assumed_stay_minutes: u32,
    counts: Bound,
    least: u32,
) -> Pairs {
    let index = VisitIndex::build(visits);
    let mut rules = Rules::new(KindRules {
        contact_minutes: least,
        secondary_minutes: least,
        assumed_stay_minutes,
        lingering_minutes: 0,
    });
    rules.counts = counts;
    let mut people: Vec<u32> = people.collect();
    people.sort_unstable();
    people.dedup();
    let (from, now) = (Timestamp::from_secs(0), Timestamp::from_secs(4_000_000_000));
    let case = |who: &u32| CaseInput {
        case: CaseId::from_random(u64::from(*who) + 1),
        holder: holder(*who),
        window: Period { from, to: now },
    };
    let cases: Vec<_> = people.iter().map(case).collect();
    let number: HashMap<HolderId, u32> = people.iter().map(|w| (holder(*w), *w)).collect();
    let mut found = Pairs::new();
    let mut bulk = Bulk::new(&index, &rules, |_| PlaceKind::Other, now);
    let _: ControlFlow<()> = bulk.run(&cases, |case| {
        let who = people[case.nth];
        for c in case.contacts() {
            if let Some(other) = number.get(&case.holder(&c)).filter(|o| **o > who) {
                let secs = if counts == Bound::Lower { c.lower_secs() } else { c.upper_secs() };
                found.insert((who, *other), f64::from(secs) / 60.0);
            }
        }
        ControlFlow::Continue(())
    });
    found
}

/// Whom infectors were at one place with on one day, and whom they infected.
fn korea(name: &'static str, routes: &Routes, rows: &mut Vec<Row>) {
    const DAY: i64 = 86_400;
    let stay = |(who, place, day): &(u32, u32, i64)| {
        let from = day * DAY;
        visit(&Stay { who: *who, place: *place, from, to: from + DAY }, false)
    };
    let people = routes.stays.iter().map(|s| s.0);
    let found = traced(routes.stays.iter().map(stay), people.clone(), 0, Bound::Upper, 0);
    let there: HashSet<u32> = people.collect();
    let edges: HashSet<(u32, u32)> = routes
        .infected
        .iter()
        .copied()
        .filter(|(a, b)| there.contains(a) && there.contains(b))
        .collect();
    // Who infected somebody, and anybody at all that they met.
    let infectors: HashSet<u32> = routes.infected.iter().map(|(a, _)| *a).collect();
    let directed = found.keys().flat_map(|(a, b)| [(*a, *b), (*b, *a)]);
    let flagged: Vec<_> = directed.filter(|(a, _)| infectors.contains(a)).collect();
    let right = flagged.iter().filter(|p| edges.contains(p)).count();
    let how = "same place and day, whom a known infector met";
    rows.push(Row::counted(name, how, flagged.len(), right, edges.len()));
    let either = |(a, b): &&(u32, u32)| edges.contains(&(*a, *b)) || edges.contains(&(*b, *a));
    let right = found.keys().filter(either).count();
    let how = "same place and day, any two patients";
    let infected: HashSet<_> = edges.iter().map(|(a, b)| (a.min(b), a.max(b))).collect();
    rows.push(Row::counted(name, how, found.len(), right, infected.len()));
}

/// Compares the plain rows with a script of nested loops; says what came of it.
fn second_opinion(data: &Path, rows: &[Row]) -> Result<String> {
    let script = crate::root().join("bench/peers/people.py");
    let asked = Command::new("python3").arg(script).arg(data).stderr(Stdio::inherit()).output();
    let output = match asked {
        Ok(o) if o.status.success() => String::from_utf8(o.stdout)?,
        Ok(o) => return Err(format!("bench/peers/people.py ended with {}", o.status).into()),
        Err(e) => return Ok(format!("NOT CHECKED by a second script: python3: {e}")),
    };
    let mut agreed = 0;
    for line in output.lines() {
        let theirs: Value = serde_json::from_str(line)?;
        let count = |key: &str| theirs.get(key).and_then(Value::as_u64).unwrap_or(u64::MAX);
        let ours = rows
            .iter()
            .find(|r| {
                theirs["set"] == r.set
                    && theirs["how"] == r.how
                    && count("least") == u64::from(r.least)
            })
            .ok_or_else(|| format!("no such row here: {line}"))?;
        if (count("flagged"), count("right"), count("met")) != (ours.flagged, ours.right, ours.met)
        {
            return Err(format!("a second script counts otherwise: {line}; here {ours:?}").into());
        }
        agreed += 1;
    }
    Ok(format!("Nested loops in a script of its own count the same in the {agreed} rows it has."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(at: i64, a: u32, b: u32) -> Contact {
        Contact { at, a, b, room_a: 0, room_b: 0 }
    }

    /// 1 and 2 meet early, 2 and 3 an hour later, 4 and 5 after the night.
    fn house() -> Vec<Contact> {
        let night = 10 * 3600;
        vec![
            contact(1_000, 1, 2),
            contact(4_600, 2, 3),
            contact(5_800, 3, 1),
            contact(1_000 + night, 4, 5),
            contact(2_800 + night, 4, 1),
        ]
    }

    #[test]
    fn a_stay_ends_before_a_pause() {
        let of = |who| stays(&house(), |_| 7).into_iter().filter(move |s| s.who == who);
        let times = |who| of(who).map(|s| (s.from, s.to, s.place)).collect::<Vec<_>>();
        assert_eq!(times(1), [(980, 5_800, 7), (38_780, 38_800, 7)]);
        assert_eq!(times(3), [(4_580, 5_800, 7)]);
    }

    #[test]
    fn flagged_are_those_who_shared_enough_by_what_is_known() {
        let set = &read::SETS[0];
        let stays = stays(&house(), |_| 0);
        let mut pairs: Vec<_> = flagged(set, &stays, Ends::All, 0).into_keys().collect();
        pairs.sort_unstable();
        assert_eq!(pairs, [(1, 2), (1, 3), (1, 4), (2, 3), (4, 5)], "5 left before 1 came back");
        let minutes = flagged(set, &stays, Ends::All, 15);
        assert_eq!(minutes.len(), 2);
        assert!((minutes[&(1, 2)] - 3_620.0 / 60.0).abs() < 1e-9);
        // Of 1 and 3 no end is known: an hour each is assumed, and nothing of it is recorded.
        assert!(flagged(set, &stays, Ends::HalfLower, 15).is_empty());
        let assumed = flagged(set, &stays, Ends::HalfUpper, 15);
        assert!((assumed[&(1, 2)] - 60.0).abs() < 1e-9, "{assumed:?}");
    }

    #[test]
    fn rows_count_what_was_right() {
        let (found, met) = (
            Pairs::from([((1, 2), 30.0), ((1, 3), 20.0)]),
            Pairs::from([((1, 2), 1.0), ((4, 5), 2.0)]),
        );
        let row = Row::judged("house", "", 15, &found, &met, &found);
        assert_eq!((row.flagged, row.right, row.met), (2, 1, 2));
    }
}
