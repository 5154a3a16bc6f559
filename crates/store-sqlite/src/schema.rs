//! Migrations: numbered files, applied in order, never changed.

use jadegate_domain::hex;
use jadegate_store::StoreError;
use jadegate_store::copying::UNFINISHED;
use rusqlite::{Connection, OptionalExtension as _};
use sha2::{Digest as _, Sha256};

use crate::error::{Result, unavailable};

/// Marks a file as Jadegate's (`JADE` in ASCII), in SQLite's `application_id`.
const APPLICATION_ID: i64 = 0x4A41_4445;

struct Migration {
    number: i64,
    name: &'static str,
    text: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "first", text: include_str!("../migrations/0001_first.sql") },
    Migration { number: 2, name: "origin", text: include_str!("../migrations/0002_origin.sql") },
    Migration {
        number: 3,
        name: "policies",
        text: include_str!("../migrations/0003_policies.sql"),
    },
    Migration {
        number: 4,
        name: "visit_marks",
        text: include_str!("../migrations/0004_visit_marks.sql"),
    },
    Migration { number: 5, name: "trips", text: include_str!("../migrations/0005_trips.sql") },
    Migration {
        number: 7,
        name: "natural_keys",
        text: include_str!("../migrations/0007_natural_keys.sql"),
    },
    Migration {
        number: 8,
        name: "used_nonces",
        text: include_str!("../migrations/0008_used_nonces.sql"),
    },
    Migration { number: 10, name: "records", text: include_str!("../migrations/0010_records.sql") },
    Migration {
        number: 12,
        name: "confirmed",
        text: include_str!("../migrations/0012_confirmed.sql"),
    },
    Migration { number: 13, name: "tally", text: include_str!("../migrations/0013_tally.sql") },
    Migration { number: 14, name: "sign_in", text: include_str!("../migrations/0014_sign_in.sql") },
    Migration {
        number: 15,
        name: "lost_visits",
        text: include_str!("../migrations/0015_lost_visits.sql"),
    },
    Migration {
        number: 16,
        name: "import_authors",
        text: include_str!("../migrations/0016_import_authors.sql"),
    },
    Migration {
        number: 17,
        name: "own_records",
        text: include_str!("../migrations/0017_own_records.sql"),
    },
    Migration {
        number: 19,
        name: "kept_for_document",
        text: include_str!("../migrations/0019_kept_for_document.sql"),
    },
    Migration {
        number: 28,
        name: "phones_and_carers",
        text: include_str!("../migrations/0028_phones_and_carers.sql"),
    },
    Migration { number: 29, name: "changes", text: include_str!("../migrations/0029_changes.sql") },
    Migration {
        number: 30,
        name: "leaves_numbered",
        text: include_str!("../migrations/0030_leaves_numbered.sql"),
    },
    Migration {
        number: 32,
        name: "document_bar",
        text: include_str!("../migrations/0032_document_bar.sql"),
    },
    Migration {
        number: 33,
        name: "paper_codes",
        text: include_str!("../migrations/0033_paper_codes.sql"),
    },
    Migration {
        number: 36,
        name: "kept_until_registered",
        text: include_str!("../migrations/0036_kept_until_registered.sql"),
    },
    Migration { number: 37, name: "tubes", text: include_str!("../migrations/0037_tubes.sql") },
    Migration {
        number: 38,
        name: "record_links",
        text: include_str!("../migrations/0038_record_links.sql"),
    },
    Migration {
        number: 40,
        name: "pieces_about_nobody",
        text: include_str!("../migrations/0040_pieces_about_nobody.sql"),
    },
    Migration {
        number: 41,
        name: "trip_of_a_ride",
        text: include_str!("../migrations/0041_trip_of_a_ride.sql"),
    },
    Migration { number: 42, name: "splits", text: include_str!("../migrations/0042_splits.sql") },
    Migration { number: 43, name: "appeals", text: include_str!("../migrations/0043_appeals.sql") },
    Migration { number: 45, name: "mandate", text: include_str!("../migrations/0045_mandate.sql") },
    Migration {
        number: 46,
        name: "identity_requests",
        text: include_str!("../migrations/0046_identity_requests.sql"),
    },
    Migration {
        number: 51,
        name: "leases_and_jobs",
        text: include_str!("../migrations/0051_leases_and_jobs.sql"),
    },
    Migration {
        number: 52,
        name: "identity_target",
        text: include_str!("../migrations/0052_identity_target.sql"),
    },
    Migration { number: 53, name: "alarms", text: include_str!("../migrations/0053_alarms.sql") },
    Migration {
        number: 54,
        name: "assignments",
        text: include_str!("../migrations/0054_assignments.sql"),
    },
    Migration {
        number: 55,
        name: "published_numbers",
        text: include_str!("../migrations/0055_published_numbers.sql"),
    },
];

/// One applied migration, for `doctor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Its number.
    pub number: i64,
    /// Its name.
    pub name: String,
    /// SHA-256 of its text, in hex.
    pub sha256: String,
}

fn sha256(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes()))
}

/// Is this a new, empty file? An existing file that is not ours is refused.
pub(crate) fn is_new(c: &Connection) -> Result<bool> {
    let marked: i64 = c
        .query_row("PRAGMA application_id", [], |r| r.get(0))
        .map_err(|e| crate::error::sql("sqlite_schema", &e))?;
    let tables: i64 = c
        .query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0))
        .map_err(|e| crate::error::sql("sqlite_schema", &e))?;
    match (marked, tables) {
        (0, 0) => Ok(true),
        (APPLICATION_ID, _) => Ok(false),
        _ => Err(StoreError::Schema("the file is some other program's database".to_owned())),
    }
}

/// Brings the database to this program's migrations.
pub(crate) fn migrate(c: &mut Connection) -> Result<()> {
    let tx = c.transaction().map_err(unavailable)?;
    tx.pragma_update(None, "application_id", APPLICATION_ID).map_err(unavailable)?;
    tx.execute_batch(
        "CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, \
         sha256 TEXT NOT NULL) STRICT",
    )
    .map_err(unavailable)?;
    let done = check(&tx)?;
    for m in MIGRATIONS.iter().skip(done) {
        tx.execute_batch(m.text).map_err(unavailable)?;
        if m.number == 7 {
            // What SQL alone cannot say, in the same transaction.
            crate::days::to_natural_keys(&tx)?;
        }
        if m.number == 29 {
            crate::days::to_marks(&tx)?;
        }
        tx.execute(
            "INSERT INTO migration (number, name, sha256) VALUES (?1, ?2, ?3)",
            (m.number, m.name, sha256(m.text)),
        )
        .map_err(unavailable)?;
        tracing::info!(number = m.number, name = m.name, "migration applied");
    }
    tx.commit().map_err(unavailable)
}

/// Refuses a database that has not exactly this program's migrations.
pub(crate) fn must_be_current(c: &Connection) -> Result<()> {
    if is_new(c)? || check(c)? < MIGRATIONS.len() {
        return Err(StoreError::Schema(
            "the database is older than this program; start the server once to bring it up to date"
                .to_owned(),
        ));
    }
    Ok(())
}

/// A copy that was begun into this file and not ended makes it no deployment.
pub(crate) fn must_be_whole(c: &Connection) -> Result<()> {
    match unfinished(c)? {
        None => Ok(()),
        Some(_) => Err(StoreError::Schema(
            "a copy into it was not ended; run the same `jadegate database copy` again".to_owned(),
        )),
    }
}

/// Of which database a copy was begun into this file, and not ended.
pub(crate) fn unfinished(c: &Connection) -> Result<Option<String>> {
    c.query_row("SELECT value FROM setting WHERE name = ?1", [UNFINISHED], |r| r.get(0))
        .optional()
        .map_err(|e| crate::error::sql("setting", &e))
}

/// The migrations the database has.
pub(crate) fn applied(c: &Connection) -> Result<Vec<Applied>> {
    c.prepare("SELECT number, name, sha256 FROM migration ORDER BY number")
        .and_then(|mut s| {
            s.query_map([], |r| {
                Ok(Applied { number: r.get(0)?, name: r.get(1)?, sha256: r.get(2)? })
            })?
            .collect()
        })
        .map_err(|e| crate::error::sql("migration", &e))
}

/// How many of this program's migrations are applied; unknown or changed ones are refused.
fn check(c: &Connection) -> Result<usize> {
    let applied = applied(c)?;
    for (i, a) in applied.iter().enumerate() {
        let Some(m) = MIGRATIONS.get(i) else {
            return Err(StoreError::Schema(format!(
                "migration {} is unknown to this program; use the newer program",
                a.number
            )));
        };
        if a.number != m.number || a.name != m.name || a.sha256 != sha256(m.text) {
            return Err(StoreError::Schema(format!(
                "migration {} is not the one this program has",
                a.number
            )));
        }
    }
    Ok(applied.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The files as they are in use. A new migration adds a line; no line ever changes.
    const IN_USE: &[&str] = &[
        "48b17adde4da7e288e85cb30c72e5fd4065e5eeb558434c9bc94bc8461ea83e6",
        "1398063a60baf903458e827f4f05c99f7a590f1eff14a9ac348fe73532242e3e",
        "56eee2051e59012a2e06b2feff34726f7fb1406cc0d19ab2e88c17ee1cb6bb31",
        "427632f00acc85e462bf35c77c873f7da9af9c5e469e716de2e23ab3ddc83d44",
        "0f403d4a7d73a837538ee85dc7ba3eddaaccc3945bfa57c01a0e79eb88940bb3",
        "3003450b59826ed412fa062b27b063245c689e12560a2537c6c85ab688c848cb",
        "66ce8590a34870de1c2192221dbc09e1f051e18ec333fad510b549925733a7fe",
        "56c351ac1fcea33fda77074a41d6a22055332dcd6188463cb8969f8f213ed55b",
        "0ab06d39ef37473e4a7a5122fa516a4d0a06f78bb6bdba1e8ea9822469304e63",
        "f87c7fac8a96b3a471ae21900b2a72d1e724fdc92368c4dcc3518630a398e721",
        "83b74b48957fb8ededbd30e3628964753d8708b623abc9aa9e1d6bb640677738",
        "d81e385c713522ad0350a4c22499f086be749c212546e9d75d829cc95b70aecd",
        "0bef6f2edc6d344a064ef3fb0703a9eebda35194b7ab183d7816876de6a8a272",
        "3d2cfe9758b014ad199099bb9cd2f351326b67ec1c276ffa398b03b4dbfc43dd",
        "59566d9807736329af54f81c26fc79e155c00b7353a33b9f97d846fb4a84fb13",
        "24d27817695a77752e20e31e1e996a0d3283e67f740d96fa5f5b17d1f542c4cb",
        "56ba1adb46064806d29b61d331026099d676678a4a1700c990e34a21b66b56ab",
        "6a960c90c277781000c5e508e448daa4ab03e96931c03a6f562e3cf8489004eb",
        "3dc6369b4aa92e982e99dd97a61c452cb73f939f16a17cd0140a5cf71049d8f0",
        "65733b6884c3be7d2779a2927ddeedf3bf278ab4e5f5fba99bc2bc436887753c",
        "45278e36ccf78b7a19771086475dfae40386f5cbf21d2e331e77988d8116c97f",
        "9fe39658e3167ebb5b5dc84cba8b20ec967b504ff897779eeb725d0e5a051ba3",
        "09931f3158df861f78bb4cc22eda658f5646dfa05e07a616077a0ee6ac19c23f",
        "6fe75fc15fd427a10a91d4ccd86727a82b6d0383aeaee3dc5afa0640decdf355",
        "16ccef03c03e6c3817053315a4d72d9bb4fe173890a4e69c853b1ff40aafc61d",
        "bf487de4b50a970e3b57f88b95ae5f2b4a598b288b0d211e30ad9d9c21d9a17f",
        "548433345e781f001fbc1a7035070d926ec8e99c55a8b0652f2e44a6c5802d49",
        "e6f6ead58a0525317b9884b9e72547741d68f698fdec3290ee8cff350601a0fe",
        "5286b0280a1973dbfabd540fa6e94f7824f9fe03cca0d62efb1046111f0b8198",
        "0861c6da3433a96e85ea402fef98669e0aa80d6a118cfb88c2bb4d6c6a12ba53",
        "ba212adaa8b690cda723336b532ada3c1978389a97e89b460c6720cc8e2e83f8",
        "2aeb57fe37b4d88fe8493488327243a71fe3f85469c681db3e68c2a8202a392f",
        "e63f2fa5c018ca2134b4007dce950416598c82e80a2d5de3b00b78f1048e527a",
        "47ecf618c7b1c7c48e537740f3f9f128effe506b110b8c1a04380914efc35608",
    ];

    #[test]
    fn numbers_rise_and_no_file_was_changed() {
        assert_eq!(MIGRATIONS.len(), IN_USE.len());
        assert!(MIGRATIONS.is_sorted_by(|a, b| a.number < b.number));
        for (m, wanted) in MIGRATIONS.iter().zip(IN_USE) {
            assert_eq!(sha256(m.text), *wanted, "migration {} was changed", m.number);
        }
    }
}
