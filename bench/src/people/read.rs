//! The files, as numbers.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use crate::Result;

/// Two people stood face to face during the twenty seconds before `at`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contact {
    pub(super) at: i64,
    pub(super) a: u32,
    pub(super) b: u32,
    /// Numbers of their classes; 0: there are none.
    pub(super) room_a: u32,
    pub(super) room_b: u32,
}

/// Badges of one house.
#[derive(Clone, Copy, Debug)]
pub(super) struct Set {
    pub(super) name: &'static str,
    file: &'static str,
    /// What a policy might assume for such a house.
    pub(super) assumed_minutes: u32,
    /// A badge is somebody else's every day.
    badge_of_a_day: bool,
    classes: bool,
}

pub(super) const SETS: [Set; 4] = [
    Set {
        name: "museum",
        file: "sciencegallery_infectious_contacts.tgz",
        assumed_minutes: 60,
        badge_of_a_day: true,
        classes: false,
    },
    Set {
        name: "high school",
        file: "HighSchool2013_proximity_net.csv.gz",
        assumed_minutes: 480,
        badge_of_a_day: false,
        classes: true,
    },
    Set {
        name: "hospital",
        file: "hospital_lyon_contacts.dat.gz",
        assumed_minutes: 480,
        badge_of_a_day: false,
        classes: false,
    },
    Set {
        name: "primary school",
        file: "primaryschool.csv.gz",
        assumed_minutes: 480,
        badge_of_a_day: false,
        classes: true,
    },
];

/// Names as numbers, in the order of appearance, from 1.
#[derive(Debug, Default)]
struct Numbers(HashMap<String, u32>);

impl Numbers {
    fn of(&mut self, name: String) -> u32 {
        let next = u32::try_from(self.0.len() + 1).unwrap_or(u32::MAX);
        *self.0.entry(name).or_insert(next)
    }
}

impl Set {
    pub(super) fn contacts(&self, data: &Path) -> Result<Vec<Contact>> {
        let (mut people, mut rooms) = (Numbers::default(), Numbers::default());
        let text = unpacked(&data.join("sociopatterns").join(self.file))?;
        let mut contacts = Vec::new();
        for line in text.lines() {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            let (Some(at), Some(a), Some(b)) = (words.first(), words.get(1), words.get(2)) else {
                return Err(format!("{}: a line of fewer than three words", self.file).into());
            };
            let at: i64 = at.parse()?;
            // Of the same day, or always the same.
            let day = if self.badge_of_a_day { at.div_euclid(86_400) } else { 0 };
            let mut who = |badge: &str| people.of(format!("{day}/{badge}"));
            let (a, b) = (who(a), who(b));
            let mut room = |word: usize| match words.get(word).filter(|_| self.classes) {
                Some(name) => rooms.of((*name).to_owned()),
                None => 0,
            };
            contacts.push(Contact { at, a, b, room_a: room(3), room_b: room(4) });
        }
        Ok(contacts)
    }
}

/// Where patients were on which day, and who infected whom.
#[derive(Debug)]
pub(super) struct Routes {
    /// Patient, place, day.
    pub(super) stays: Vec<(u32, u32, i64)>,
    pub(super) infected: Vec<(u32, u32)>,
}

/// Korea's routes, without one type of place. A line with another number of columns than the head
/// is left out.
pub(super) fn routes(data: &Path, without: Option<&str>) -> Result<Routes> {
    let [mut people, mut places, mut days] = std::array::from_fn(|_| Numbers::default());
    let mut made = Routes { stays: Vec::new(), infected: Vec::new() };
    let columns = ["patient_id", "date", "type", "latitude", "longitude"];
    table(&data.join("korea_patient_route.csv.gz"), columns, |[who, day, kind, north, east]| {
        if Some(kind) != without {
            let place = places.of(format!("{north}/{east}"));
            // Days need only differ.
            made.stays.push((people.of(who.into()), place, days.of(day.into()).into()));
        }
    })?;
    let columns = ["patient_id", "infected_by"];
    table(&data.join("korea_patient_info.csv.gz"), columns, |[who, by]| {
        // Two are written down as having infected themselves.
        for infector in by.split_ascii_whitespace().filter(|i| *i != who) {
            made.infected.push((people.of(infector.into()), people.of(who.into())));
        }
    })?;
    Ok(made)
}

/// Calls with the cells of each row of a table of plain commas, in the order of `columns`.
fn table<const N: usize>(
    path: &Path,
    columns: [&str; N],
    mut row: impl FnMut([&str; N]),
) -> Result<()> {
    let text = unpacked(path)?;
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let missing = |name| format!("{}: no column {name}", path.display());
    let mut at = [0; N];
    for (at, name) in at.iter_mut().zip(columns) {
        *at = head.iter().position(|h| *h == name).ok_or_else(|| missing(name))?;
    }
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        if cells.len() == head.len() {
            row(at.map(|i| cells[i]));
        }
    }
    Ok(())
}

/// What `gzip` or `tar` says is in a file.
fn unpacked(path: &Path) -> Result<String> {
    let name = path.display();
    let tar = path.extension().is_some_and(|e| e == "tgz");
    let mut command = Command::new(if tar { "tar" } else { "gzip" });
    command.args([if tar { "-xzOf" } else { "-dc" }]).arg(path);
    let output = command.output().map_err(|e| format!("{name}: {e}"))?;
    if !output.status.success() {
        return Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
