//! The two things a use case takes from the world: what time it is, and random bytes.

use std::sync::Mutex;
use std::time::Duration;

use jadegate_domain::Timestamp;
use jadegate_domain::time::DAY;

/// Tells the time. The real one is made in `cli`, a settable one in `testkit` and `demo`.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;
    /// How long this process has been running, by a clock that nobody sets and that never goes back.
    fn elapsed(&self) -> Duration;
}

/// The last moment at which the clock was believed.
#[derive(Debug, Default)]
pub(crate) struct Seen(pub(crate) Mutex<Option<(Timestamp, Option<Duration>)>>);

/// Furthest the clock may be ahead of what the running process expects. A machine that was suspended
/// for longer looks like one whose clock was set.
const AHEAD_RUNNING_SECONDS: i64 = 6 * 3600;
/// Furthest the clock may be ahead of the last moment the store knows of: how long a server may have
/// been stopped without anybody having to say that this is so.
const AHEAD_STOPPED_SECONDS: i64 = 3 * DAY;
/// Furthest the clock may be behind.
const BEHIND_SECONDS: i64 = 3600;

/// What is to be thought of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockVerdict {
    /// It goes on from where it was.
    Steady,
    /// It is so many seconds ahead of what was expected: what is kept for days only would be dropped
    /// and quarantines would end before their time.
    Ahead(i64),
    /// It is so many seconds behind.
    Behind(i64),
}

/// What is to be thought of a clock that shows `now`, if the last moment known to be right was
/// `seen`. `elapsed` is what went by since by the monotonic clock; `None`: another process saw it,
/// and nobody knows how long ago. Without any moment to go by the clock is believed.
pub fn judge_clock(
    seen: Option<Timestamp>,
    now: Timestamp,
    elapsed: Option<Duration>,
) -> ClockVerdict {
    let Some(seen) = seen else { return ClockVerdict::Steady };
    let (went_by, ahead) = match elapsed {
        Some(e) => (i64::try_from(e.as_secs()).unwrap_or(i64::MAX), AHEAD_RUNNING_SECONDS),
        None => (0, AHEAD_STOPPED_SECONDS),
    };
    let off = now.secs_since(seen).saturating_sub(went_by);
    if off > ahead {
        ClockVerdict::Ahead(off)
    } else if off < -BEHIND_SECONDS {
        ClockVerdict::Behind(off.saturating_neg())
    } else {
        ClockVerdict::Steady
    }
}

/// Gives random bytes fit for keys. The real one asks the operating system.
pub trait Entropy: Send + Sync + 'static {
    /// Fills the buffer.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Entropy {
    /// An array of random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }

    /// 64 random bits, for ids.
    pub fn bits(&self) -> u64 {
        u64::from_be_bytes(self.bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const T: i64 = 1_650_000_000;

    fn judged(now: i64, elapsed: Option<u64>) -> ClockVerdict {
        let at = Timestamp::from_secs;
        judge_clock(Some(at(T)), at(T + now), elapsed.map(Duration::from_secs))
    }

    #[test]
    fn the_bounds_are_where_they_are_said_to_be() {
        use ClockVerdict::{Ahead, Behind, Steady};
        for (now, elapsed, wanted) in [
            (6 * 3600, Some(0), Steady),
            (6 * 3600 + 1, Some(0), Ahead(6 * 3600 + 1)),
            (3 * DAY, None, Steady),
            (3 * DAY + 1, None, Ahead(3 * DAY + 1)),
            (-3600, None, Steady),
            (-3601, None, Behind(3601)),
            // A day went by and the clock still shows the same.
            (0, Some(86_400), Behind(86_400)),
            (30 * DAY, Some(30 * 86_400), Steady),
        ] {
            assert_eq!(judged(now, elapsed), wanted, "{now} after {elapsed:?}");
        }
        assert_eq!(judge_clock(None, Timestamp::MAX, None), Steady);
    }

    proptest! {
        /// Time that really went by is never held against the clock.
        #[test]
        fn a_clock_that_goes_on_is_steady(secs in 0_u32..1_000_000_000) {
            let now = i64::from(secs);
            prop_assert_eq!(judged(now, Some(u64::from(secs))), ClockVerdict::Steady);
        }

        /// Whatever is said, it is said of the right side and by how much; and any moment is judged.
        #[test]
        fn a_verdict_tells_how_far(now in any::<i64>(), elapsed in proptest::option::of(any::<u64>())) {
            let at = Timestamp::from_secs;
            let verdict = judge_clock(Some(at(T)), at(now), elapsed.map(Duration::from_secs));
            match verdict {
                ClockVerdict::Steady => {}
                ClockVerdict::Ahead(by) => prop_assert!(by > AHEAD_RUNNING_SECONDS),
                ClockVerdict::Behind(by) => prop_assert!(by > BEHIND_SECONDS),
            }
        }

        /// Further off is never better.
        #[test]
        fn further_off_is_never_steady_again(off in 0_i64..100_000_000, more in 0_i64..100_000_000) {
            for sign in [1, -1] {
                if judged(sign * off, Some(0)) != ClockVerdict::Steady {
                    prop_assert_ne!(judged(sign * (off + more), Some(0)), ClockVerdict::Steady);
                }
            }
        }
    }
}
