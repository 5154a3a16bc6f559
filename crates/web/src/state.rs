//! What every request is answered with: the application, and what stands around it.

use std::sync::Arc;

use jadegate_service::App;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::Semaphore;

use crate::demo::DemoControl;
use crate::edge::{ConnectionLimits, Lanes};
use crate::limiter::ClientLimiter;
use crate::origin::check_origin;
use crate::passkey::Passkeys;

/// Bodies of ordinary requests that are held in memory before they are let in, in KiB; small ones
/// are not counted.
const BODIES_KIB: usize = 64 * 1024;

/// How the server is reached and what it lets through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSettings {
    /// Where browsers reach the pages, without a slash at the end (`https://code.example`).
    pub origin: String,
    /// Is there a proxy in front whose `X-Forwarded-For` is to be believed?
    pub trust_proxy: bool,
    /// Requests per second and client; four times as many in a burst.
    pub requests_per_second: u32,
    /// Seconds after which a request is given up.
    pub request_seconds: u64,
    /// How many connections, and how long one may wait for its client.
    pub connections: ConnectionLimits,
}

/// The server's state.
pub struct Web {
    pub(crate) app: Arc<App>,
    pub(crate) settings: WebSettings,
    /// Are pages reached by HTTPS?
    pub(crate) secure: bool,
    pub(crate) passkeys: Passkeys,
    pub(crate) metrics: PrometheusHandle,
    pub(crate) limiter: ClientLimiter,
    pub(crate) lanes: Lanes,
    /// KiB of bodies that wait to be let in.
    pub(crate) bodies: Semaphore,
    pub(crate) cores: usize,
    pub(crate) demo: Option<Arc<dyn DemoControl>>,
}

impl Web {
    /// Puts the server together. `demo` adds the shortcuts of the made-up town; it must be absent
    /// in a real deployment, and is refused if the application was not opened as a demo.
    pub fn new(
        app: Arc<App>,
        settings: WebSettings,
        metrics: PrometheusHandle,
        demo: Option<Arc<dyn DemoControl>>,
    ) -> Result<Arc<Self>, String> {
        if demo.is_some() && !app.settings().demo {
            return Err(
                "the demo's shortcuts cannot be switched on in a real deployment".to_owned()
            );
        }
        check_origin(&settings.origin)?;
        let cores = std::thread::available_parallelism().map_or(2, usize::from).max(2);
        Ok(Arc::new(Self {
            passkeys: Passkeys::new(&settings.origin, &app.settings().name)?,
            secure: settings.origin.starts_with("https://"),
            limiter: ClientLimiter::new(settings.requests_per_second),
            lanes: Lanes::new(cores).map_err(|e| format!("no threads for requests: {e}"))?,
            bodies: Semaphore::new(BODIES_KIB),
            cores,
            app,
            settings,
            metrics,
            demo,
        }))
    }
}

impl std::fmt::Debug for Web {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Web").field("settings", &self.settings).finish_non_exhaustive()
    }
}
