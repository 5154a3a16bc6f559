//! The edge: takes connections, reads requests, lets them in, and ends in time.
//!
//! It runs on threads of its own, where nothing ever reads a database or computes: whatever the
//! load, it sees who is there, and `/healthz` answers.

mod client;
mod connections;
mod lanes;
mod load;

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tower::Service as _;

use crate::router::{metrics_router, router};
use crate::state::Web;
pub(crate) use client::{client, wider};
pub(crate) use connections::Connection;
pub use connections::ConnectionLimits;
use connections::{Admitted, Connections};
pub use lanes::readers;
pub(crate) use lanes::{Class, Lanes, Shed};
use load::Ladder;
pub(crate) use load::Rank;

/// A server that takes requests until it is drained or dropped.
pub struct Serving {
    stop: watch::Sender<bool>,
    /// Yields nothing; ends when the last connection has ended.
    under_way: mpsc::Receiver<()>,
    /// Taken on drop.
    runtime: Option<Runtime>,
}

impl std::fmt::Debug for Serving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Serving").finish_non_exhaustive()
    }
}

impl Serving {
    /// Serves on a bound listener; `metrics`: a second one on which nothing but counters and
    /// timings is served.
    ///
    /// # Errors
    /// The threads cannot be started, or a listener cannot be used.
    pub fn start(
        web: &Arc<Web>,
        listener: StdListener,
        metrics: Option<StdListener>,
    ) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(web.cores)
            .thread_name("web-edge")
            .enable_all()
            .build()?;
        let (stop, stopped) = watch::channel(false);
        let (alive, under_way) = mpsc::channel(1);
        let take = |listener: StdListener, router: Router, connections: Arc<Connections>| {
            listener.set_nonblocking(true)?;
            let _inside = runtime.enter();
            let taker = Taker {
                listener: TcpListener::from_std(listener)?,
                router,
                connections,
                count_networks: !web.settings.trust_proxy,
                stopped: stopped.clone(),
                alive: alive.clone(),
            };
            runtime.spawn(taker.run());
            io::Result::Ok(())
        };
        let connections = Connections::new(web.settings.connections);
        take(listener, router(Arc::clone(web)), Arc::clone(&connections))?;
        let limits = ConnectionLimits { connections: 64, ..ConnectionLimits::default() };
        let scrapes = Connections::new(limits);
        if let Some(listener) = metrics {
            take(listener, metrics_router(Arc::clone(web)), Arc::clone(&scrapes))?;
        }
        runtime.spawn(look_after(Arc::clone(web), connections, scrapes, stopped));
        Ok(Self { stop, under_way, runtime: Some(runtime) })
    }

    /// Takes no new connections, ends those that wait for their client's next request, and lets
    /// requests under way finish, for no longer than `within`. False if some were cut off.
    pub async fn drain(mut self, within: Duration) -> bool {
        let _ = self.stop.send(true);
        tokio::time::timeout(within, self.under_way.recv()).await.is_ok()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// How often connections are looked at that wait for their client.
const LOOK: Duration = Duration::from_millis(250);
/// Every so many looks, what limits and timings keep in memory is brought back to what they need.
const TIDY: u32 = 20;

async fn look_after(
    web: Arc<Web>,
    connections: Arc<Connections>,
    scrapes: Arc<Connections>,
    mut stopped: watch::Receiver<bool>,
) {
    let (mut looks, mut ladder) = (0_u32, Ladder::default());
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        connections.sweep();
        scrapes.sweep();
        put_off(&web, &mut ladder);
        looks = looks.wrapping_add(1);
        if looks.is_multiple_of(TIDY) {
            web.limiter.tidy();
            // Samples are kept until they are put into their histogram, scraped or not.
            web.metrics.run_upkeep();
        }
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        metrics::gauge!("jadegate_connections").set(connections.count() as f64);
    }
}

/// Puts work off, or takes it up again, by the load since the last look.
fn put_off(web: &Web, ladder: &mut Ladder) {
    let (before, load) = (web.app.put_off(), web.lanes.load());
    let step = ladder.look(&load);
    metrics::gauge!("jadegate_put_off").set(f64::from(step as u8));
    if step == before {
        return;
    }
    web.app.set_put_off(step);
    let (waited, worked) = (load.waited.as_millis(), load.worked.as_millis());
    tracing::warn!(
        code = "load.put_off",
        step = step.name(),
        before = before.name(),
        waited,
        worked,
        "what is put off has changed"
    );
}

/// Takes connections from one listener.
struct Taker {
    listener: TcpListener,
    router: Router,
    connections: Arc<Connections>,
    count_networks: bool,
    stopped: watch::Receiver<bool>,
    alive: mpsc::Sender<()>,
}

impl Taker {
    async fn run(mut self) {
        loop {
            let accepted = tokio::select! {
                _ = self.stopped.changed() => return,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((socket, peer)) => self.take(socket, peer),
                Err(e) => {
                    // Out of descriptors, most likely: those who only wait give way.
                    metrics::counter!("jadegate_accept_errors_total").increment(1);
                    tracing::debug!(error = %e, "a connection could not be taken");
                    self.connections.give_way();
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }

    fn take(&self, socket: TcpStream, peer: SocketAddr) {
        let counted = self.count_networks && !peer.ip().to_canonical().is_loopback();
        let network = counted.then(|| client::network(peer.ip()));
        let Some(admitted) = self.connections.admit(network) else {
            metrics::counter!("jadegate_connections_refused_total").increment(1);
            return;
        };
        let _ = socket.set_nodelay(true);
        let (router, stopped) = (self.router.clone(), self.stopped.clone());
        let alive = self.alive.clone();
        tokio::spawn(async move {
            converse(socket, peer, admitted, router, stopped).await;
            drop(alive);
        });
    }
}

/// Answers the requests of one connection until it ends, is to be closed, or the server stops.
async fn converse(
    socket: TcpStream,
    peer: SocketAddr,
    admitted: Admitted,
    router: Router,
    mut stopped: watch::Receiver<bool>,
) {
    let connection = Arc::clone(&admitted.connection);
    let io = TokioIo::new(Watched { socket, connection: Arc::clone(&connection) });
    let service = {
        let connection = Arc::clone(&connection);
        hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(Arc::clone(&connection));
            let (mut router, connection) = (router.clone(), Arc::clone(&connection));
            async move {
                let answer = router.call(request).await;
                connection.answered();
                answer
            }
        })
    };
    // How long a client may take is looked after by `Connections`, in all phases alike.
    let served = http1::Builder::new()
        .header_read_timeout(None)
        .max_buf_size(64 * 1024)
        .serve_connection(io, service);
    let mut served = pin!(served);
    let mut told = false;
    loop {
        tokio::select! {
            _ = served.as_mut() => return,
            () = connection.closing() => return,
            _ = stopped.wait_for(|s| *s), if !told => {
                served.as_mut().graceful_shutdown();
                told = true;
            }
        }
    }
}

/// A socket that notes what it carries.
struct Watched {
    socket: TcpStream,
    connection: Arc<Connection>,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.socket).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.connection.received();
        }
        polled
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.socket).poll_write(cx, buf);
        if matches!(polled, Poll::Ready(Ok(n)) if n > 0) {
            self.connection.sent();
        }
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.socket).poll_write_vectored(cx, bufs);
        if matches!(polled, Poll::Ready(Ok(n)) if n > 0) {
            self.connection.sent();
        }
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
