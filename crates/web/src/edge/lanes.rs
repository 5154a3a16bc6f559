//! Lanes: who is let in to be worked on, and who is told to come back.
//!
//! Each class of requests has threads of its own, so much at the same time, and a queue whose wait
//! is bounded. Reads run to their end on the threads of their class, so one class under load or
//! with slow work never holds up another, and never those that take connections and read requests:
//! they see how long a request has waited. Who has waited too long is answered at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{AbortHandle, JoinError};
use tokio::time::Instant;

use super::load::{Load, Meter};

/// Who asks, by the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// People: codes above all.
    Holder,
    /// Gates: scans above all.
    Gate,
    /// Staff.
    Staff,
    /// Files of staff: few at a time, and slow.
    File,
    /// Pages and what anybody may read.
    Public,
    /// Is the server ready?
    Operation,
}

impl Class {
    const ALL: [Self; 6] =
        [Self::Holder, Self::Gate, Self::Staff, Self::File, Self::Public, Self::Operation];

    /// The class of a path; `None` for what is answered at once, whatever the load.
    pub(crate) fn of(path: &str) -> Option<Self> {
        if path == "/healthz" {
            return None;
        }
        let under = |prefix: &str| {
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        Some(if path == "/readyz" {
            Self::Operation
        } else if under("/v1/staff") || under("/demo") {
            if path.ends_with("/import") { Self::File } else { Self::Staff }
        } else if under("/v1/gate") || under("/v1/gates") {
            Self::Gate
        } else if ["/v1/me", "/v1/registrations", "/v1/sessions", "/v1/session", "/v1/challenges"]
            .into_iter()
            .any(under)
        {
            Self::Holder
        } else {
            Self::Public
        })
    }

    /// Is how long it waits and takes a measure of the load?
    const fn is_measured(self) -> bool {
        matches!(self, Self::Holder | Self::Gate)
    }

    /// For metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Holder => "holder",
            Self::Gate => "gate",
            Self::Staff => "staff",
            Self::File => "file",
            Self::Public => "public",
            Self::Operation => "operation",
        }
    }

    /// How much at the same time on so many cores, and for how long one waits. Writes wait for the
    /// disk beside each other, so holders and gates have more than there are cores; what is let in
    /// is done within milliseconds all the same.
    const fn bounds(self, cores: u32) -> (u32, Duration) {
        match self {
            Self::Holder | Self::Public => (32 * cores, Duration::from_secs(1)),
            Self::Gate => (64 * cores, Duration::from_secs(1)),
            Self::Staff => (STAFF_PER_CORE * cores, Duration::from_secs(3)),
            Self::File => (FILES, Duration::from_secs(3)),
            Self::Operation => (2, Duration::from_secs(1)),
        }
    }
}

const STAFF_PER_CORE: u32 = 4;
const FILES: u32 = 2;

/// Requests that wait in one lane at most; it bounds the memory they hold.
const QUEUE: usize = 8192;

/// Lists and reads by key at the same time, at most, of one server's requests on so many cores: so
/// many connections of each kind a store needs that no class ever waits for another one's.
pub const fn readers(cores: usize) -> (usize, usize) {
    (4 * cores + 2, (STAFF_PER_CORE as usize) * cores + FILES as usize + 4)
}

/// Why a request was not worked on, or not to its end.
#[derive(Debug)]
pub(crate) enum Shed {
    /// The queue is full, or it has waited too long.
    Overload,
    /// It took too long.
    Late,
    /// It panicked.
    Broken(JoinError),
}

struct Lane {
    permits: Arc<Semaphore>,
    /// The most one request can weigh.
    largest: u32,
    queue: Semaphore,
    wait: Duration,
}

impl Lane {
    fn new((size, wait): (u32, Duration), queue: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(size as usize)),
            largest: (size / 8).max(1),
            queue: Semaphore::new(queue),
            wait,
        }
    }

    /// In the order of arrival, or not at all.
    async fn enter(&self, weight: u32) -> Result<OwnedSemaphorePermit, Shed> {
        let weight = weight.clamp(1, self.largest);
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_many_owned(weight) {
            return Ok(permit);
        }
        let _place = self.queue.try_acquire().map_err(|_| Shed::Overload)?;
        let permit = Arc::clone(&self.permits).acquire_many_owned(weight);
        match tokio::time::timeout(self.wait, permit).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(Shed::Overload),
        }
    }
}

/// All lanes of a server.
pub(crate) struct Lanes {
    lanes: Vec<(Lane, Handle)>,
    runtimes: Vec<Runtime>,
    meter: Meter,
}

impl Lanes {
    pub(crate) fn new(cores: usize) -> std::io::Result<Self> {
        let threads = cores.max(1);
        let runtime = |name: &str| {
            Builder::new_multi_thread()
                .worker_threads(threads)
                .max_blocking_threads(64)
                .thread_name(format!("web-{name}"))
                .enable_all()
                .build()
        };
        let runtimes =
            vec![runtime("holder")?, runtime("gate")?, runtime("staff")?, runtime("public")?];
        let cores = u32::try_from(threads).unwrap_or(1);
        let lanes = Class::ALL.into_iter().map(|class| {
            let of = match class {
                Class::Holder => 0,
                Class::Gate => 1,
                Class::Staff | Class::File => 2,
                Class::Public | Class::Operation => 3,
            };
            (Lane::new(class.bounds(cores), QUEUE), runtimes[of].handle().clone())
        });
        Ok(Self { lanes: lanes.collect(), runtimes, meter: Meter::default() })
    }

    /// The load since the last time this was asked.
    pub(crate) fn load(&self) -> Load {
        self.meter.take()
    }

    /// Works on something once its class lets it in, for no longer than `limit`. If whoever asked
    /// goes away it ends where it next waits; until then it counts.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        class: Class,
        weight: u32,
        limit: Duration,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Shed> {
        let (lane, threads) = &self.lanes[class as usize];
        let arrived = Instant::now();
        let entered = lane.enter(weight).await;
        let begun = Instant::now();
        if class.is_measured() {
            self.meter.waited(begun.duration_since(arrived));
        }
        let permit = entered?;
        let task = threads.spawn(async move {
            let done = work.await;
            drop(permit);
            done
        });
        let _ends_with_us = AbortOnDrop(task.abort_handle());
        let ended = tokio::time::timeout(limit, task).await;
        if class.is_measured() {
            self.meter.worked(begun.elapsed());
        }
        match ended {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(e)) => Err(Shed::Broken(e)),
            Err(_) => Err(Shed::Late),
        }
    }
}

impl Drop for Lanes {
    /// Without waiting for what still runs: a server that has been told to end, ends.
    fn drop(&mut self) {
        self.runtimes.drain(..).for_each(Runtime::shutdown_background);
    }
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn who_has_waited_too_long_is_told_so_and_the_others_go_in_order() {
        let lane = Arc::new(Lane::new((1, WAIT), 2));
        let inside = lane.enter(1).await.unwrap();
        let begun = Instant::now();
        let wait = |after: u64| {
            let lane = Arc::clone(&lane);
            async move {
                tokio::time::sleep(Duration::from_millis(after)).await;
                let entered = lane.enter(1).await;
                (entered, begun.elapsed().as_millis())
            }
        };
        let (first, second) = (tokio::spawn(wait(0)), tokio::spawn(wait(500)));
        tokio::time::sleep(Duration::from_millis(600)).await;
        // The queue has two places.
        assert!(matches!(lane.enter(1).await, Err(Shed::Overload)));
        assert_eq!(begun.elapsed().as_millis(), 600);
        let (entered, at) = first.await.unwrap();
        assert!(matches!(entered, Err(Shed::Overload)));
        assert_eq!(at, 1000);
        drop(inside);
        let (entered, at) = second.await.unwrap();
        assert!(entered.is_ok());
        assert_eq!(at, 1000);
    }

    #[tokio::test]
    async fn a_heavy_request_never_needs_the_whole_lane() {
        let lane = Lane::new((16, WAIT), 0);
        let heavy = lane.enter(500).await.unwrap();
        assert_eq!(heavy.num_permits(), 2);
        assert!(lane.enter(1).await.is_ok());
    }

    #[test]
    fn a_class_whose_threads_are_all_taken_holds_up_no_other() {
        let lanes = Arc::new(Lanes::new(2).unwrap());
        let edge = Builder::new_current_thread().enable_all().build().unwrap();
        let (release, held) = std::sync::mpsc::channel::<()>();
        let held = Arc::new(std::sync::Mutex::new(held));
        edge.block_on(async {
            let stuck: Vec<_> = (0..4)
                .map(|_| {
                    let (lanes, held) = (Arc::clone(&lanes), Arc::clone(&held));
                    tokio::spawn(async move {
                        // A read that runs to its end on its thread.
                        let read = async move { held.lock().unwrap().recv().is_err() };
                        lanes.run(Class::Holder, 1, Duration::from_mins(10), read).await.is_ok()
                    })
                })
                .collect();
            tokio::task::yield_now().await;
            for class in Class::ALL.into_iter().filter(|c| *c != Class::Holder) {
                let done = lanes.run(class, 1, Duration::from_mins(10), async { 7 }).await;
                assert_eq!(done.unwrap(), 7, "{class:?}");
            }
            drop(release);
            for s in stuck {
                assert!(s.await.unwrap());
            }
        });
    }

    /// Who waited in vain is a load, and so is who was worked on for long; staff's own lists are none.
    #[test]
    fn what_holders_and_gates_wait_is_measured() {
        let lanes = Lanes::new(1).unwrap();
        let edge = Builder::new_current_thread().enable_all().build().unwrap();
        let forever = Duration::from_hours(1);
        edge.block_on(async {
            lanes.run(Class::Staff, 1, forever, async {}).await.unwrap();
            assert_eq!(lanes.load(), Load::default());
            let (lane, _) = &lanes.lanes[Class::Gate as usize];
            let all = lane.permits.available_permits();
            let taken = lane.permits.try_acquire_many(u32::try_from(all).unwrap()).unwrap();
            // Only here, where nothing is worked on elsewhere: a clock that stands jumps ahead of what is.
            tokio::time::pause();
            let shed = lanes.run(Class::Gate, 1, forever, async {}).await;
            tokio::time::resume();
            assert!(matches!(shed, Err(Shed::Overload)));
            assert!(lanes.load().waited >= WAIT);
            drop(taken);
            lanes.run(Class::Gate, 1, forever, async {}).await.unwrap();
            assert!(lanes.load().waited < WAIT);
        });
    }

    #[test]
    fn each_path_has_its_class() {
        for (path, class) in [
            ("/healthz", None),
            ("/readyz", Some(Class::Operation)),
            ("/v1/me/code", Some(Class::Holder)),
            ("/v1/menu", Some(Class::Public)),
            ("/v1/gate/scans", Some(Class::Gate)),
            ("/v1/gates/1/session", Some(Class::Gate)),
            ("/v1/staff/cases", Some(Class::Staff)),
            ("/v1/staff/tests/import", Some(Class::File)),
            ("/v1/divisions", Some(Class::Public)),
            ("/", Some(Class::Public)),
        ] {
            assert_eq!(Class::of(path), class, "{path}");
        }
    }
}
