//! What the tests of this backend share.

#![allow(dead_code, reason = "each test file uses its part")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jadegate_domain::evidence::{TestMethod, TestResult};
use jadegate_domain::{
    Evidence, EvidenceId, Fact, Holder, HolderId, Leg, PlaceId, Presence, Ride, Timestamp, Visit,
};
use jadegate_store::{StoredRide, Unit, Write};
use jadegate_store_sqlite::{OpenOptions, SqliteStore};

pub(crate) type Store = Arc<SqliteStore>;

pub(crate) const DAY: i64 = 19_052;

pub(crate) fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(DAY * 86_400 + secs)
}

pub(crate) fn hid(n: u64) -> HolderId {
    HolderId::from_random(n)
}

pub(crate) struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn db(&self) -> PathBuf {
        self.dir.path().join("made-up.db")
    }

    pub(crate) fn open(&self) -> Store {
        SqliteStore::open(self.db(), OpenOptions::default()).unwrap()
    }

    /// Changes the file behind the store's back.
    pub(crate) fn raw(&self, text: &str) {
        rusqlite::Connection::open(self.db()).unwrap().execute_batch(text).unwrap();
    }

    /// A database as the program made it before days had marks: the first three migrations.
    pub(crate) fn before_marks() -> Self {
        use sha2::Digest as _;
        let place = Self::new();
        place.raw(
            "PRAGMA application_id = 1245791301; PRAGMA journal_mode = WAL; \
             CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, \
             sha256 TEXT NOT NULL) STRICT",
        );
        for (number, name, text) in [
            (1, "first", include_str!("../../migrations/0001_first.sql")),
            (2, "origin", include_str!("../../migrations/0002_origin.sql")),
            (3, "policies", include_str!("../../migrations/0003_policies.sql")),
        ] {
            let sha256 = sha2::Sha256::digest(text.as_bytes());
            place.raw(text);
            let c = rusqlite::Connection::open(place.db()).unwrap();
            c.execute(
                "INSERT INTO migration VALUES (?1, ?2, lower(hex(?3)))",
                (number, name, sha256.as_slice()),
            )
            .unwrap();
        }
        place
    }

    /// Takes over another database's days of visits.
    pub(crate) fn take_days_of(&self, other: &Self) {
        let c = rusqlite::Connection::open(self.db()).unwrap();
        c.execute("ATTACH ?1 AS other", [other.db().to_str().unwrap()]).unwrap();
        let days: Vec<(String, String)> = c
            .prepare("SELECT name, sql FROM other.sqlite_schema WHERE name GLOB 'visit_[0-9]*'")
            .unwrap()
            .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        for (name, made_by) in days {
            c.execute_batch(&made_by).unwrap();
            c.execute(&format!("INSERT INTO main.{name} SELECT * FROM other.{name}"), []).unwrap();
        }
    }

    /// How many files of the database hold these bytes.
    pub(crate) fn files_with(&self, needle: &[u8]) -> usize {
        std::fs::read_dir(self.dir())
            .unwrap()
            .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
            .filter(|bytes| bytes.windows(needle.len()).any(|w| w == needle))
            .count()
    }
}

pub(crate) async fn keeps(s: &Store, writes: Vec<Write>) {
    use jadegate_store::Store as _;
    s.commit(Unit::new("must_be_kept", writes)).await.unwrap();
}

pub(crate) fn holder(n: u64) -> Write {
    Write::AddHolder(Holder {
        id: hid(n),
        home: "CN-330106".parse().unwrap(),
        registered_at: at(1),
        evidence_version: 0,
    })
}

pub(crate) fn evidence(n: u64, of: u64) -> Write {
    let fact = Fact::Test {
        result: TestResult::Negative,
        method: TestMethod::NucleicAcid,
        sampled_at: at(10),
    };
    Write::AddEvidence {
        evidence: Box::new(Evidence {
            id: EvidenceId::from_random(n),
            holder: Some(hid(of)),
            fact,
            recorded_at: at(100),
            agency: None,
            origin: None,
            withdrawn_at: None,
            superseded_by: None,
        }),
        external_key: None,
    }
}

pub(crate) fn ride(n: u64, of: u64, entered: Timestamp) -> Write {
    Write::PutRide(StoredRide {
        holder: hid(of),
        trip: PlaceId::from_random(n),
        entered,
        ride: Ride { leg: Leg::new(0, 1).ok(), seat: "05-12A".parse().ok() },
    })
}

pub(crate) fn visit(n: u64, of: u64, entered: Timestamp) -> Write {
    Write::AddVisit(Visit {
        holder: hid(of),
        place: PlaceId::from_random(n),
        entered,
        left: None,
        presence: Presence::Gate,
    })
}
