//! Serving until told to stop, and stopping without losing anything that was accepted.

use std::sync::Arc;
use std::time::Duration;

use jadegate_service::{App, HttpGateway, HttpGatewayConfig, OutboxOnly, SmsGateway};
use jadegate_web::{ConnectionLimits, DemoControl, Serving, Web, WebSettings};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::config::Config;
use crate::failure::Failure;
use crate::wire::Deployment;

/// The message gateway of the configuration.
pub(crate) fn gateway(config: &Config, demo: bool) -> Result<Arc<dyn SmsGateway>, Failure> {
    let s = &config.sms;
    if s.url.is_empty() || demo {
        if !demo {
            tracing::warn!(
                "no message gateway is configured (sms.url): one-time codes reach nobody"
            );
        }
        return Ok(Arc::new(OutboxOnly));
    }
    Ok(Arc::new(HttpGateway::new(HttpGatewayConfig {
        url: s.url.clone(),
        content_type: s.content_type.clone(),
        template: s.template.clone(),
        authorization: s.authorization.clone(),
        secret: s.secret.clone(),
        timeout_seconds: s.timeout_seconds,
    })?))
}

/// From being told to stop until the process is gone, whatever still runs.
const STOP: Duration = Duration::from_millis(4500);
/// Of this, for requests under way.
const DRAIN: Duration = Duration::from_secs(2);
/// For jobs to come to a point where they can stop.
const JOBS: Duration = Duration::from_millis(750);
/// Kept back for the database: it goes before the visit index, which a start can make again.
const CLOSE: Duration = Duration::from_secs(1);

/// Serves a deployment on a listener until SIGTERM or SIGINT. `ready` is called once requests are
/// answered.
pub(crate) async fn serve(
    config: &Config,
    deployment: Deployment,
    listener: TcpListener,
    demo: Option<Arc<dyn DemoControl>>,
    ready: impl FnOnce(),
) -> Result<(), Failure> {
    let Deployment { app, store } = deployment;
    let metrics = PrometheusBuilder::new()
        .set_buckets_for_metric(
            Matcher::Full("jadegate_request_seconds".to_owned()),
            &[0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0],
        )?
        .install_recorder()?;
    let gateway = gateway(config, demo.is_some())?;
    let settings = WebSettings {
        origin: config.origin.clone(),
        trust_proxy: config.trust_proxy,
        requests_per_second: config.limits.requests_per_second,
        request_seconds: config.limits.request_seconds,
        connections: connections(config),
    };
    let web = Web::new(Arc::clone(&app), settings, metrics, demo)?;
    let scrapes = match config.metrics_listen()? {
        Some(at) => Some(
            std::net::TcpListener::bind(at)
                .map_err(|e| format!("cannot listen on {at} (metrics_listen): {e}"))?,
        ),
        None => None,
    };
    let mut signals = Signals::new()?;
    let (stop_jobs, stopped) = watch::channel(false);
    let looking = crate::beside::keep_looking(Arc::clone(&app), config.clone(), stopped.clone());
    // It holds nothing that has to be brought to an end.
    let looking = tokio::spawn(looking);
    let jobs = tokio::spawn(Arc::clone(&app).run_jobs(gateway, stopped));
    let serving = Serving::start(&web, listener.into_std()?, scrapes)?;
    drop(web);
    ready();

    signals.told().await;
    let end = Instant::now() + STOP;
    tracing::info!("stopping: no new requests are taken, those under way are finished");
    // Whoever is told twice is in a hurry.
    tokio::select! {
        () = stop(serving, &stop_jobs, jobs, app, end) => {}
        () = signals.told() => tracing::warn!("told twice to stop: nothing more is waited for"),
    }
    looking.abort();
    // Everything acknowledged is on disk already; this leaves the database tidy.
    if tokio::time::timeout_at(end, store.close()).await.is_err() {
        tracing::warn!("the database is not closed yet; the next start tidies it");
        // Dropping it would wait for its writer. What it still writes nobody was told of.
        std::mem::forget(store);
    }
    tracing::info!("stopped");
    Ok(())
}

/// Lets requests finish, stops the jobs and saves the visit index, each within its bound.
async fn stop(
    serving: Serving,
    stop_jobs: &watch::Sender<bool>,
    mut jobs: JoinHandle<()>,
    app: Arc<App>,
    end: Instant,
) {
    if !serving.drain(DRAIN).await {
        tracing::warn!("some requests did not end in time and were cut off");
    }
    let _ = stop_jobs.send(true);
    let saved = end - CLOSE;
    let jobs_end = (Instant::now() + JOBS).min(saved);
    if tokio::time::timeout_at(jobs_end, &mut jobs).await.is_err() {
        tracing::warn!("a job did not come to its end in time; the next start goes on with it");
        jobs.abort();
    }
    // The next start need not sort everything again; if it must, it does.
    match tokio::time::timeout_at(saved, app.save_visits()).await {
        Ok(Ok(())) => {}
        Ok(Err(e)) => {
            tracing::error!(code = e.code, error = %e, "the visit index was not saved");
        }
        Err(_) => tracing::warn!("no time to save the visit index; the next start makes it again"),
    }
}

/// Descriptors for all else: files, the database's connections, requests to the message gateway.
const OTHERS: u64 = 512;

/// As many connections as the system lets a process have, and no more than are allowed.
fn connections(config: &Config) -> ConnectionLimits {
    let limits = &config.limits;
    let wanted = usize::try_from(limits.connections).unwrap_or(usize::MAX).max(1);
    let possible = descriptors().map_or(usize::MAX, |n| {
        usize::try_from(n.saturating_sub(OTHERS.min(n / 2))).unwrap_or(usize::MAX)
    });
    if possible < wanted {
        tracing::warn!(
            wanted,
            possible,
            "the system allows fewer open files than limits.connections needs; raise the hard limit \
             (ulimit -Hn, LimitNOFILE= of systemd)"
        );
    }
    ConnectionLimits {
        connections: wanted.min(possible),
        per_client: usize::try_from(limits.connections_per_client).unwrap_or(usize::MAX),
        idle: Duration::from_secs(limits.idle_seconds),
        receive: Duration::from_secs(limits.receive_seconds),
    }
}

/// Raises the soft limit of open files to the hard one; what it is then, if it is limited.
fn descriptors() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(e) => {
            tracing::warn!(error = %e, "the limit of open files could not be raised");
            limit.current
        }
    }
}

/// SIGTERM and SIGINT, listened for from here on.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn told(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
