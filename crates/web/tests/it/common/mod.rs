//! An application of made-up keys on a database of its own.

use std::sync::Arc;

use jadegate_domain::Period;
use jadegate_ledger::note::NoteSigner;
use jadegate_pass::{HandleKey, HandleKeys, Issuer, IssuingKey, KeyUse};
use jadegate_policy::Policy;
use jadegate_service::{App, Clock as _, Keys, MandateGiven, Parts, Settings};
use jadegate_store::Store;
use jadegate_store_sqlite::{OpenOptions, SqliteStore};
use jadegate_testkit::{FakeClock, SeededEntropy};
use jadegate_web::{ConnectionLimits, WebSettings};

/// An application, its database and its clock, in a folder that goes when it is dropped.
pub(crate) type Opened = (Arc<App>, Arc<dyn Store>, Arc<FakeClock>, tempfile::TempDir);

pub(crate) async fn app_with(settings: Settings) -> Opened {
    let dir = tempfile::tempdir().unwrap();
    let options = OpenOptions { readers: 2, list_readers: 1, ..OpenOptions::default() };
    let store: Arc<dyn Store> = SqliteStore::open(dir.path().join("t.db"), options).unwrap();
    let at = |text: &str| text.parse().unwrap();
    let clock = Arc::new(FakeClock::at(at("2022-03-15T04:00:00Z")));
    let period = Period { from: at("2000-01-01T00:00:00Z"), to: at("2040-01-01T00:00:00Z") };
    let keys = vec![
        IssuingKey::from_seed(&[1; 32], KeyUse::Live, period).unwrap(),
        IssuingKey::from_seed(&[2; 32], KeyUse::Venue, period).unwrap(),
        IssuingKey::for_paper(&[2; 32], period).unwrap(),
    ];
    let handles = HandleKeys::new(vec![HandleKey::new(&[3; 32], period)]).unwrap();
    let policy = include_str!("../../../../../policies/three-colour.toml");
    let app = App::open(Parts {
        store: Arc::clone(&store),
        keys: Keys::derive(&[4; 32]),
        issuer: Issuer::new("JGT".parse().unwrap(), keys, handles).unwrap(),
        log_signer: NoteSigner::from_seed("jadegate.example/log", &[5; 32]).unwrap(),
        policy: Policy::parse(policy).unwrap(),
        policy_text: policy.to_owned(),
        mandate: MandateGiven::trial(&settings, "CN".parse().unwrap(), &[6; 32], clock.now())
            .unwrap(),
        clock: Arc::clone(&clock) as _,
        rng: Arc::new(SeededEntropy::new(7)),
        settings,
    })
    .await
    .unwrap();
    (app, store, clock, dir)
}

/// Nothing of a test is refused for coming too often.
pub(crate) fn settings() -> WebSettings {
    WebSettings {
        origin: "http://localhost".to_owned(),
        trust_proxy: false,
        requests_per_second: 10_000,
        request_seconds: 30,
        connections: ConnectionLimits::default(),
    }
}
