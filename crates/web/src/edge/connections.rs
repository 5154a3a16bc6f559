//! All open connections: how many there may be, and which of them wait for their client.
//!
//! A connection either waits for its client (for the next request, for the rest of one, for the
//! answer to be taken) or is worked on. One that waits too long is closed. Where there are as many
//! as there may be, the one that has waited longest makes room for the next, so that somebody who
//! opens thousands and says nothing only closes those of their own kind.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// How many connections, and how long one may wait for its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// At the same time in all.
    pub connections: usize,
    /// At the same time of one client network; not counted for the machine itself, nor behind a
    /// proxy, which is the client of all connections.
    pub per_client: usize,
    /// Until the next request begins, or more of an answer is taken.
    pub idle: Duration,
    /// From the first byte of a request to its last.
    pub receive: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 8192,
            per_client: 512,
            idle: Duration::from_secs(75),
            receive: Duration::from_secs(10),
        }
    }
}

/// What a connection is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Between requests, or an answer is on its way.
    Idle,
    /// A request has begun to arrive.
    Receiving,
    /// A request is worked on.
    Working,
    /// It is to be closed; nothing begins on it any more.
    Closing,
}

/// Phase and the moment it began, in one number: milliseconds, then two bits.
const fn pack(phase: Phase, ms: u64) -> u64 {
    ms << 2 | phase as u64
}

const fn unpack(state: u64) -> (Phase, u64) {
    let phase = match state & 3 {
        0 => Phase::Idle,
        1 => Phase::Receiving,
        2 => Phase::Working,
        _ => Phase::Closing,
    };
    (phase, state >> 2)
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection {
    state: AtomicU64,
    begun: Instant,
    closed: Notify,
}

impl Connection {
    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX >> 2)
    }

    /// Moves on from some phases; false if it is in none of them.
    fn step(&self, from: &[Phase], to: Phase) -> bool {
        let next = pack(to, self.now());
        self.state
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |s| {
                from.contains(&unpack(s).0).then_some(next)
            })
            .is_ok()
    }

    /// Something arrived.
    pub(crate) fn received(&self) {
        if unpack(self.state.load(Ordering::Acquire)).0 == Phase::Idle {
            self.step(&[Phase::Idle], Phase::Receiving);
        }
    }

    /// Something was taken.
    pub(crate) fn sent(&self) {
        self.step(&[Phase::Idle], Phase::Idle);
    }

    /// A request is here whole; false if the connection is to be closed instead.
    pub(crate) fn work(&self) -> bool {
        self.step(&[Phase::Idle, Phase::Receiving, Phase::Working], Phase::Working)
    }

    /// Its answer is ready.
    pub(crate) fn answered(&self) {
        self.step(&[Phase::Receiving, Phase::Working], Phase::Idle);
    }

    /// Until it is to be closed.
    pub(crate) async fn closing(&self) {
        self.closed.notified().await;
    }

    /// Since when it waits for its client, and whether for the rest of a request.
    fn waits(&self) -> Option<(u64, bool, u64)> {
        let state = self.state.load(Ordering::Acquire);
        match unpack(state) {
            (Phase::Idle, since) => Some((since, false, state)),
            (Phase::Receiving, since) => Some((since, true, state)),
            _ => None,
        }
    }

    /// Closes it if it is still as it was seen: never one on which a request has begun meanwhile.
    fn close(&self, seen: u64) -> bool {
        let next = pack(Phase::Closing, self.now());
        let done =
            self.state.compare_exchange(seen, next, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if done {
            self.closed.notify_one();
        }
        done
    }
}

/// Closes the one of them that has waited longest; false if all are worked on.
fn close_oldest<'a>(all: impl Iterator<Item = &'a Arc<Connection>>) -> bool {
    let waiting = all.filter_map(|c| c.waits().map(|(since, _, seen)| (since, seen, c)));
    waiting.min_by_key(|(since, ..)| *since).is_some_and(|(_, seen, c)| c.close(seen))
}

#[derive(Default)]
struct Open {
    count: usize,
    networks: HashMap<Option<IpAddr>, Vec<Arc<Connection>>>,
}

/// All of them.
pub(crate) struct Connections {
    limits: ConnectionLimits,
    begun: Instant,
    open: Mutex<Open>,
}

/// An admitted connection; it counts until this is dropped.
pub(crate) struct Admitted {
    all: Arc<Connections>,
    network: Option<IpAddr>,
    pub(crate) connection: Arc<Connection>,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut open = self.all.open();
        if let Some(of) = open.networks.get_mut(&self.network) {
            let before = of.len();
            of.retain(|c| !Arc::ptr_eq(c, &self.connection));
            let gone = before - of.len();
            if of.is_empty() {
                open.networks.remove(&self.network);
            }
            open.count -= gone;
        }
    }
}

impl Connections {
    pub(crate) fn new(limits: ConnectionLimits) -> Arc<Self> {
        Arc::new(Self { limits, begun: Instant::now(), open: Mutex::default() })
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Open> {
        // Held for look-ups only; nothing in between can leave it half changed.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new connection, of a network whose number is limited or not. `None`: there are as many as
    /// there may be, and all are worked on.
    pub(crate) fn admit(self: &Arc<Self>, network: Option<IpAddr>) -> Option<Admitted> {
        let mut open = self.open();
        let max = self.limits.connections.max(1);
        if open.count >= max {
            // Those being closed still count; an eighth more than allowed is the end of patience.
            let made = Self::make_room(&open, max / 64 + 1);
            if made == 0 || open.count > max + max / 8 {
                return None;
            }
        }
        if let Some(of) = open.networks.get(&network).filter(|_| network.is_some())
            && of.len() >= self.limits.per_client.max(1)
            && (!close_oldest(of.iter()) || of.len() >= 2 * self.limits.per_client.max(1))
        {
            return None;
        }
        let connection = Arc::new(Connection {
            state: AtomicU64::new(pack(
                Phase::Idle,
                u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(0),
            )),
            begun: self.begun,
            closed: Notify::new(),
        });
        open.count += 1;
        open.networks.entry(network).or_default().push(Arc::clone(&connection));
        drop(open);
        Some(Admitted { all: Arc::clone(self), network, connection })
    }

    /// Closes those that have waited longest, up to so many; how many.
    fn make_room(open: &Open, wanted: usize) -> usize {
        let all = open.networks.values().flatten();
        let mut waiting: Vec<_> =
            all.filter_map(|c| c.waits().map(|(since, _, seen)| (since, seen, c))).collect();
        if waiting.len() > wanted {
            waiting.select_nth_unstable_by_key(wanted, |(since, ..)| *since);
            waiting.truncate(wanted);
        }
        waiting.into_iter().filter(|(_, seen, c)| c.close(*seen)).count()
    }

    /// Room for descriptors that ran out.
    pub(crate) fn give_way(&self) {
        Self::make_room(&self.open(), self.limits.connections / 64 + 1);
    }

    /// Closes those that have waited too long for their client.
    pub(crate) fn sweep(&self) {
        let now = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let ms = |d: Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
        let (idle, receive) = (ms(self.limits.idle), ms(self.limits.receive));
        let open = self.open();
        for c in open.networks.values().flatten() {
            if let Some((since, receiving, seen)) = c.waits()
                && now.saturating_sub(since) >= if receiving { receive } else { idle }
            {
                c.close(seen);
            }
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.open().count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(connections: usize, per_client: usize) -> ConnectionLimits {
        ConnectionLimits { connections, per_client, ..ConnectionLimits::default() }
    }

    fn closed(a: &Admitted) -> bool {
        unpack(a.connection.state.load(Ordering::Acquire)).0 == Phase::Closing
    }

    async fn later(ms: u64) {
        tokio::time::advance(Duration::from_millis(ms)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_one_that_waited_longest_makes_room_and_never_one_that_is_worked_on() {
        let all = Connections::new(limits(3, 9));
        let mut open = Vec::new();
        for _ in 0..3 {
            open.push(all.admit(None).unwrap());
            later(10).await;
        }
        assert!(open[0].connection.work());
        let fourth = all.admit(None).unwrap();
        let shut: Vec<bool> = open.iter().map(closed).collect();
        assert_eq!(shut, [false, true, false]);
        assert!(!open[1].connection.work(), "nothing begins on a connection that is closed");
        drop(open.remove(1));
        assert_eq!(all.count(), 3);
        for c in open.iter().chain([&fourth]) {
            assert!(c.connection.work());
        }
        assert!(all.admit(None).is_none());
        drop(open);
        assert!(all.admit(None).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn one_network_takes_no_room_from_another() {
        let all = Connections::new(limits(100, 2));
        let [one, other] = [IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2])];
        let theirs = all.admit(Some(other)).unwrap();
        later(10).await;
        let first = all.admit(Some(one)).unwrap();
        later(10).await;
        let second = all.admit(Some(one)).unwrap();
        let third = all.admit(Some(one)).unwrap();
        assert!(closed(&first) && !closed(&second) && !closed(&theirs));
        drop(first);
        assert!(second.connection.work() && third.connection.work());
        assert!(all.admit(Some(one)).is_none());
        assert!(all.admit(Some(other)).is_some());
        // The machine itself is not counted by network.
        let own: Vec<_> = (0..9).map(|_| all.admit(None).unwrap()).collect();
        assert!(own.iter().all(|c| !closed(c)));
    }

    #[tokio::test(start_paused = true)]
    async fn who_keeps_us_waiting_is_closed() {
        let all = Connections::new(ConnectionLimits::default());
        let [idle, slow, working, reader] = [(); 4].map(|()| all.admit(None).unwrap());
        slow.connection.received();
        assert!(working.connection.work());
        later(9_000).await;
        // More bytes of the same request begin nothing anew.
        slow.connection.received();
        later(1_000).await;
        all.sweep();
        assert!(closed(&slow) && !closed(&idle));
        reader.connection.sent();
        later(65_000).await;
        all.sweep();
        assert!(closed(&idle) && !closed(&working) && !closed(&reader));
        working.connection.answered();
        later(75_000).await;
        all.sweep();
        assert!(closed(&working) && closed(&reader));
    }
}
