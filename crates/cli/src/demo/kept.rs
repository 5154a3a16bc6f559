//! A town that stays in a folder: who is in it and how far its clock has gone lie beside its database,
//! so that it can be opened again as it was left.

use std::path::{Path, PathBuf};

use jadegate_domain::{HolderId, PlaceId, StaffId};
use serde::{Deserialize, Serialize};

use super::cast::Cast;
use crate::failure::Failure;

/// The file in the town's folder. It is written when the town is ready, so a folder without it holds no
/// town, or a part of one.
const FILE: &str = "town.json";

/// What is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Town {
    /// Seconds by which its clock is ahead of the machine's.
    pub(crate) ahead: i64,
    /// What the greeting says of it.
    pub(crate) summary: String,
    /// Where the gate is enrolled that the entry page offers.
    gate_place: String,
    /// Everybody one can enter as, in the order of the page.
    people: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: String,
    id: String,
    en: String,
    zh: String,
}

impl Town {
    /// The town as it is.
    pub(crate) fn new(ahead: i64, summary: &str, gate_place: PlaceId, cast: &Cast) -> Self {
        let id = |key: &str| match (cast.holders.get(key), cast.staff.get(key)) {
            (Some(holder), _) => Some(holder.to_string()),
            (None, staff) => staff.map(StaffId::to_string),
        };
        let people = cast.entries.iter().filter_map(|e| {
            Some(Entry { key: e.key.clone(), id: id(&e.key)?, en: e.en.clone(), zh: e.zh.clone() })
        });
        Self {
            ahead,
            summary: summary.to_owned(),
            gate_place: gate_place.to_string(),
            people: people.collect(),
        }
    }

    /// Everybody in it, and the gate's place.
    ///
    /// # Errors
    /// Something in the file is no id.
    pub(crate) fn cast(&self) -> Result<(Cast, PlaceId), Failure> {
        let mut cast = Cast::default();
        for e in &self.people {
            match e.key.strip_prefix("holder:") {
                Some(key) => cast.holder(key, e.id.parse::<HolderId>()?, &e.en, &e.zh),
                None => cast.member(&e.key, e.id.parse::<StaffId>()?, &e.en, &e.zh),
            }
        }
        Ok((cast, self.gate_place.parse()?))
    }

    /// The town of a folder, if there is one.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub(crate) fn load(folder: &Path) -> Result<Option<Self>, Failure> {
        let file = folder.join(FILE);
        if !file.exists() {
            return Ok(None);
        }
        let wrong = |e: &dyn std::fmt::Display| format!("{}: {e}", file.display());
        let text = crate::shipped::read_text(&file).map_err(|e| wrong(&e))?;
        Ok(Some(serde_json::from_str(&text).map_err(|e| wrong(&e))?))
    }

    /// Writes it into its folder, in one step.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn save(&self, folder: &Path) -> Result<(), Failure> {
        let (file, new): (PathBuf, _) = (folder.join(FILE), folder.join(format!("{FILE}.new")));
        let text = serde_json::to_string_pretty(self)?;
        std::fs::write(&new, text + "\n")
            .and_then(|()| std::fs::rename(&new, &file))
            .map_err(|e| format!("{}: {e}", file.display()))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Town::load(dir.path()).unwrap().is_none());
        let mut cast = Cast::default();
        cast.holder("green", HolderId::from_random(7), "Green", "绿");
        cast.member("officer", StaffId::from_random(8), "Officer", "专员");
        let town = Town::new(-5, "a town", PlaceId::from_random(9), &cast);
        town.save(dir.path()).unwrap();
        let again = Town::load(dir.path()).unwrap().unwrap();
        assert_eq!(again, town);
        let (people, gate) = again.cast().unwrap();
        assert_eq!((people.holders, people.staff), (cast.holders, cast.staff));
        assert_eq!(gate, PlaceId::from_random(9));
        std::fs::write(dir.path().join(FILE), "{").unwrap();
        assert!(Town::load(dir.path()).is_err());
    }
}
