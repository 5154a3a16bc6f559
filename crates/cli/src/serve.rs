//! Serving until told to stop, and stopping without losing anything that was accepted.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jadegate_service::{App, HttpGateway, HttpGatewayConfig, OutboxOnly, SmsGateway};
use jadegate_web::{DemoControl, Web, WebSettings};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::config::Config;
use crate::wire::{Deployment, Failure};

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
    };
    let web = Web::new(Arc::clone(&app), settings, metrics, demo)?;
    let (stop_jobs, stopped) = watch::channel(false);
    let jobs = tokio::spawn(Arc::clone(&app).run_jobs(gateway, stopped));
    let router = jadegate_web::router(web).into_make_service_with_connect_info::<SocketAddr>();
    let (stopping, mut stop_seen) = watch::channel(false);
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        signal().await;
        tracing::info!("stopping: no new requests are taken, those under way are finished");
        let _ = stopping.send(true);
    });
    ready();
    // Requests under way get a while; one that never ends must not keep the process for ever.
    let served = tokio::select! {
        r = async { server.await } => r.map_err(Failure::from),
        () = async {
            let _ = stop_seen.wait_for(|s| *s).await;
            tokio::time::sleep(Duration::from_secs(15)).await;
        } => Ok(()),
    };
    let _ = stop_jobs.send(true);
    let _ = jobs.await;
    // The next start need not sort everything again; if it must, it does.
    if let Err(e) = app.save_visits().await {
        tracing::error!(code = e.code, error = %e, "the visit index was not saved");
    }
    drop::<Arc<App>>(app);
    // Everything acknowledged is on disk already; this leaves the database tidy.
    store.close().await;
    tracing::info!("stopped");
    served
}

async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut term) => {
            tokio::select! {
                _ = term.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}
