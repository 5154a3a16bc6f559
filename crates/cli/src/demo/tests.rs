use super::*;
use crate::config::LogFormat;
use jadegate_domain::PlaceId;
use jadegate_web::{ConnectionLimits, Web, WebSettings};

fn config(dir: &Path) -> Config {
    Config {
        data: dir.to_owned(),
        policy: Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/three-colour.toml"),
        log_format: LogFormat::Text,
        ..Config::default()
    }
}

fn small() -> args::Demo {
    args::Demo { people: 60, seed: 4, port: 0, keep: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_town_has_every_part_and_its_clock_moves() {
    let dir = tempfile::tempdir().unwrap();
    let built = build(&small(), &config(dir.path())).await.unwrap();
    let control = &built.control;
    let keys: Vec<_> = control.entries().into_iter().map(|e| e.key).collect();
    for key in [
        "officer",
        "commissioner",
        "commissioner2",
        "lab",
        "venue",
        "admin",
        "carrier",
        "police",
        "holder:green",
        "holder:case",
        "holder:traveller",
        "holder:county",
    ] {
        assert!(keys.iter().any(|k| k == key), "{key} is missing from {keys:?}");
        control.enter(key).await.unwrap();
    }
    // In a town this small the one red contact may be the one who missed a check-in.
    assert!(keys.iter().any(|k| k == "holder:red" || k == "holder:missed"), "{keys:?}");
    assert!(control.enter("holder:nobody").await.is_err());
    assert!(control.gate_link().await.unwrap().starts_with("/gate/#enrol="));

    let case = control.cast.holders["holder:case"];
    let colour = async || control.app.assessment(case).await.unwrap().colour;
    assert_eq!(colour().await, jadegate_domain::Colour::Red);
    // The case took a train, and somebody sat near.
    let store = control.app.store();
    let mut seats = 0;
    for day in store.visit_days().await.unwrap() {
        seats +=
            store.rides_on(day).await.unwrap().iter().filter(|r| r.ride.seat.is_some()).count();
    }
    assert_eq!(seats, 2);
    let before = control.app.now();
    let after = control.advance(20 * 86_400).await.unwrap();
    assert!(after.secs_since(before) >= 20 * 86_400);
    assert_eq!(colour().await, jadegate_domain::Colour::Green);
    assert!(control.advance(-1).await.is_err());
    built.deployment.store.close().await;
}

#[tokio::test]
async fn a_real_deployment_has_none_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    let clock = Arc::new(TownClock::starting_back(0));
    let real = wire::open(
        &config,
        wire::settings(&config, false).unwrap(),
        Arc::clone(&clock) as _,
        Arc::new(OsEntropy),
    )
    .await
    .unwrap();
    let app = &real.app;
    let nobody = jadegate_domain::HolderId::from_random(1);
    for refused in [
        app.demo_people(&[]).await.map(drop),
        app.demo_places(Vec::new()).await,
        app.demo_visits(&[]).await,
        app.demo_enter(nobody).await.map(drop),
        app.demo_outbox().await.map(drop),
    ] {
        assert_eq!(refused.unwrap_err().code, "demo.off");
    }
    let control: Arc<dyn DemoControl> = Arc::new(Control {
        app: Arc::clone(app),
        clock,
        cast: cast::Cast::default(),
        gate_place: PlaceId::from_random(1),
        town: Town::default(),
        folder: dir.path().to_owned(),
    });
    let settings = WebSettings {
        origin: config.origin.clone(),
        trust_proxy: false,
        requests_per_second: 50,
        request_seconds: 10,
        connections: ConnectionLimits::default(),
    };
    let metrics = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder().handle();
    assert!(Web::new(Arc::clone(app), settings, metrics, Some(control)).is_err());
    real.store.close().await;
}

#[test]
fn a_temporary_folder_goes_and_a_kept_one_must_be_empty() {
    let folder = Folder::new(None, &OsEntropy).unwrap();
    let path = folder.path.clone();
    assert!(path.is_dir());
    drop(folder);
    assert!(!path.exists());
    let dir = tempfile::tempdir().unwrap();
    drop(Folder::new(Some(dir.path()), &OsEntropy).unwrap());
    assert!(dir.path().is_dir());
    std::fs::write(dir.path().join("x"), "x").unwrap();
    assert!(Folder::new(Some(dir.path()), &OsEntropy).is_err());
}
