//! What every use case has at hand.

use std::sync::Arc;

use arc_swap::ArcSwap;
use jadegate_domain::Timestamp;
use jadegate_ledger::note::NoteSigner;
use jadegate_pass::{Issuer, KeySet};
use jadegate_policy::Policy;
use jadegate_store::{RowRef, Store, Unit, Unreadable, Write};

use crate::clock::{Clock, Entropy};
use crate::concurrency::{read, stopping};
use crate::condition::Condition;
use crate::deployment::Deployment;
use crate::error::{Result, ServiceError};
use crate::in_force::InForce;
use crate::keys::Keys;
use crate::leases::Leases;
use crate::locks::Locks;
use crate::mandate::MandateGiven;
use crate::memory::Memory;
use crate::settings::Settings;
use crate::work::Work;

/// A running Jadegate without its outermost layer.
pub struct App {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) deployment: Deployment,
    pub(crate) memory: Memory,
    pub(crate) work: Work,
    pub(crate) locks: Locks,
    pub(crate) leases: Leases,
    pub(crate) condition: Condition,
}

/// What [`App::open`] needs.
pub struct Parts {
    /// The database.
    pub store: Arc<dyn Store>,
    /// Secrets.
    pub keys: Keys,
    /// Signs codes and opens their handles.
    pub issuer: Issuer,
    /// Signs the public log's checkpoints. Its name is the log's origin from the first start of a
    /// database on; later ones keep the name that was fixed then.
    pub log_signer: NoteSigner,
    /// The policy of the file that the program was started with: published by the first start; later
    /// it must be one that was published.
    pub policy: Policy,
    /// Its file.
    pub policy_text: String,
    /// Whose signature a mandate needs, and the one for a database that has none yet.
    pub mandate: MandateGiven,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub rng: Arc<dyn Entropy>,
    /// Limits and names.
    pub settings: Settings,
}

impl App {
    /// Loads what lives in memory (places, risk levels, visits, today's counts) and refuses a database that belongs to other keys.
    pub async fn open(parts: Parts) -> Result<Arc<Self>> {
        let Parts { store, keys, issuer, log_signer, policy, policy_text, mandate, .. } = parts;
        let (clock, rng, settings) = (parts.clock, parts.rng, parts.settings);
        check_fingerprint(store.as_ref(), &keys).await?;
        let log_signer =
            crate::log::signer_at_start(store.as_ref(), log_signer, settings.serves).await?;
        let now = clock.now();
        let in_force = crate::publish::at_start(store.as_ref(), policy, policy_text, now).await?;
        let mandates = crate::mandate::at_start(store.as_ref(), mandate, now).await?;
        crate::staff::access_table::at_start(store.as_ref(), now).await?;
        let memory = Memory::new(in_force, mandates, settings.index_file.clone());
        let issuer = ArcSwap::from_pointee(issuer);
        let app = Self {
            store,
            deployment: Deployment { keys, issuer, log_signer, clock, rng, settings },
            memory,
            work: Work::default(),
            locks: Locks::default(),
            leases: Leases::default(),
            condition: Condition::default(),
        };
        app.load_clock().await?;
        app.follow_from_start().await?;
        Ok(Arc::new(app))
    }

    /// From now on whatever takes long ends early.
    pub(crate) fn stop(&self) {
        self.work.stop();
    }

    /// Is the program about to end?
    pub(crate) fn stops(&self) -> bool {
        self.work.stops()
    }

    /// An error once the program is about to end.
    pub(crate) fn must_go_on(&self) -> Result<()> {
        if self.stops() { Err(stopping()) } else { Ok(()) }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.deployment.clock.now()
    }

    /// The database, for the jobs and tools of the same deployment.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Limits and names.
    pub fn settings(&self) -> &Settings {
        &self.deployment.settings
    }

    /// The policy in force.
    pub fn policy(&self) -> Arc<Policy> {
        self.memory.policy()
    }

    /// The policy in force together with its file, as published.
    pub fn in_force(&self) -> Arc<InForce> {
        self.memory.policy.load_full()
    }

    /// What signs codes and opens their handles, at this moment.
    pub fn issuer(&self) -> Arc<Issuer> {
        self.deployment.issuer.load_full()
    }

    /// The published keys that verify codes.
    pub fn key_set(&self) -> KeySet {
        self.deployment.issuer.load().key_set().clone()
    }

    /// Are these the secrets that the database belongs to?
    pub fn has_root(&self, keys: &Keys) -> bool {
        keys.fingerprint() == self.deployment.keys.fingerprint()
    }

    /// Takes up renewed keys: what is signed and published follows at once.
    ///
    /// # Errors
    /// Keys of another issuer: gates would refuse every code.
    pub fn renew_keys(&self, issuer: Issuer) -> Result<()> {
        if issuer.code() != self.deployment.issuer.load().code() {
            return Err(ServiceError::internal("the renewed keys are those of another issuer"));
        }
        self.deployment.issuer.store(Arc::new(issuer));
        // A key may have gone because somebody else has it.
        self.memory.issued.forget();
        Ok(())
    }

    /// How many visits the index holds, and the bytes it takes.
    pub fn index_size(&self) -> (usize, usize) {
        let index = read(&self.memory.index);
        (index.len(), index.memory_bytes())
    }

    /// The rows that were found unreadable since the start, by table.
    pub fn unreadable(&self) -> Unreadable {
        let (mut all, own) = (self.store.unreadable(), self.condition.aside.found());
        all.rows.extend(own.rows);
        all.rows.sort_unstable();
        all.rows.dedup();
        all.more |= own.more;
        all
    }

    /// What cannot be read of one person or thing is set aside (`None`), so that all others go on;
    /// any other failure is one.
    pub(crate) fn or_set_aside<T>(&self, found: Result<T>) -> Result<Option<T>> {
        match found {
            Err(ServiceError { row: Some(row), .. }) => {
                self.set_aside(*row);
                Ok(None)
            }
            other => other.map(Some),
        }
    }

    /// Keeps a row in mind whose contents cannot be read, and names it in the log once.
    pub(crate) fn set_aside(&self, row: RowRef) {
        if !self.store.unreadable().rows.contains(&row) && self.condition.aside.note(row) {
            let RowRef { table, column, row } = row;
            tracing::error!(table, column, row, "a row cannot be read and is set aside");
        }
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

/// A database remembers which root secret it belongs to; another one is refused rather than
/// failing on every field later.
async fn check_fingerprint(store: &dyn Store, keys: &Keys) -> Result<()> {
    const NAME: &str = "root_secret_fingerprint";
    match store.setting(NAME).await? {
        None => {
            let value = keys.fingerprint().to_owned();
            let write = Write::PutSetting { name: NAME, value, expect: Some(None) };
            store.commit(Unit::new("first_start", vec![write])).await?;
            Ok(())
        }
        Some(known) if known == keys.fingerprint() => Ok(()),
        Some(_) => Err(ServiceError::internal(
            "this database belongs to another root secret; start with the key folder it was made with",
        )),
    }
}
