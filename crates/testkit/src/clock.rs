//! A clock that is set by hand and randomness that repeats.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jadegate_domain::Timestamp;
use jadegate_service::{Clock, Entropy};
use sha2::{Digest as _, Sha256};

/// A clock that stands until it is moved.
pub struct FakeClock {
    now: AtomicI64,
    /// Seconds that really went by.
    elapsed: AtomicI64,
    meanwhile: Mutex<Option<Meanwhile>>,
}

/// What is done at a reading, and how many readings go before it.
struct Meanwhile {
    readings: usize,
    what: Box<dyn FnOnce() + Send>,
}

impl std::fmt::Debug for FakeClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FakeClock").field("now", &self.now).finish_non_exhaustive()
    }
}

impl FakeClock {
    /// A clock that shows this moment.
    pub const fn at(now: Timestamp) -> Self {
        Self {
            now: AtomicI64::new(now.as_secs()),
            elapsed: AtomicI64::new(0),
            meanwhile: Mutex::new(None),
        }
    }

    /// Does this, once, when the clock was read so many times more: somewhere between what a use case
    /// loads and what it writes. So a test decides what another server does in between.
    pub fn meanwhile(&self, readings: usize, what: impl FnOnce() + Send + 'static) {
        *self.planned() = Some(Meanwhile { readings, what: Box::new(what) });
    }

    /// Takes back what was planned, if the clock was not read so often.
    pub fn was_meanwhile(&self) -> bool {
        self.planned().take().is_none()
    }

    fn planned(&self) -> MutexGuard<'_, Option<Meanwhile>> {
        self.meanwhile.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Taken out before it is done: that reads the clock, too.
    fn due(&self) -> Option<Meanwhile> {
        let mut planned = self.planned();
        match planned.as_mut() {
            Some(m) if m.readings > 0 => {
                m.readings -= 1;
                None
            }
            _ => planned.take(),
        }
    }

    /// Lets time go by. (A negative number is a clock that was set back.)
    pub fn advance(&self, secs: i64) {
        self.now.fetch_add(secs, Ordering::SeqCst);
        self.elapsed.fetch_add(secs.max(0), Ordering::SeqCst);
    }

    /// Lets time go by until then.
    pub fn set(&self, now: Timestamp) {
        self.advance(now.secs_since(self.now()));
    }

    /// Sets it wrong (or right again): no time goes by.
    pub fn jump(&self, secs: i64) {
        self.now.fetch_add(secs, Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        if let Some(meanwhile) = self.due() {
            (meanwhile.what)();
        }
        Timestamp::from_secs(self.now.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_secs(self.elapsed.load(Ordering::SeqCst).unsigned_abs())
    }
}

/// Bytes that look random and are the same in every run with the same seed. Never for real keys.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    drawn: AtomicU64,
}

impl SeededEntropy {
    /// A source with a seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let n = self.drawn.fetch_add(1, Ordering::SeqCst);
            let digest = Sha256::new()
                .chain_update(b"jadegate testkit")
                .chain_update(self.seed.to_be_bytes())
                .chain_update(n.to_be_bytes())
                .finalize();
            chunk.copy_from_slice(&digest[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_does_not() {
        let draw = |seed| {
            let rng: Box<dyn Entropy> = Box::new(SeededEntropy::new(seed));
            (rng.bytes::<40>(), rng.bits())
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        let (bytes, bits) = draw(1);
        assert_ne!(bytes[..8], bits.to_be_bytes());
    }

    #[test]
    fn a_fake_clock_stands_until_it_is_moved() {
        let clock = FakeClock::at(Timestamp::from_secs(100));
        clock.advance(50);
        assert_eq!(clock.now(), Timestamp::from_secs(150));
        clock.set(Timestamp::from_secs(7));
        assert_eq!(clock.now(), Timestamp::from_secs(7));
        assert_eq!(clock.elapsed(), Duration::from_secs(50));
        clock.jump(1000);
        assert_eq!(clock.elapsed(), Duration::from_secs(50));
    }
}
