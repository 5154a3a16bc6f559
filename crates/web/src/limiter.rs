//! How often one client may ask.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};

use governor::clock::Clock as _;
use governor::{DefaultKeyedRateLimiter, Quota};

use crate::edge::wider;

/// Requests per client network.
pub(crate) struct ClientLimiter {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    /// More networks are remembered than can be counted one by one.
    crowded: AtomicBool,
}

/// So many networks are counted one by one; beyond that, wider ones are.
const MANY_NETWORKS: usize = 200_000;

impl ClientLimiter {
    /// So many requests a second and client; four times as many in a burst.
    pub(crate) fn new(per_second: u32) -> Self {
        let rate = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
        let burst = NonZeroU32::new(per_second.saturating_mul(4)).unwrap_or(rate);
        let limiter = DefaultKeyedRateLimiter::keyed(Quota::per_second(rate).allow_burst(burst));
        Self { limiter, crowded: AtomicBool::new(false) }
    }

    /// # Errors
    /// Seconds to wait.
    pub(crate) fn check(&self, network: IpAddr) -> Result<(), u32> {
        let crowded = self.crowded.load(Ordering::Relaxed);
        let key = if crowded { wider(network) } else { network };
        self.limiter.check_key(&key).map_err(|wait| {
            let clock = governor::clock::DefaultClock::default();
            u32::try_from(wait.wait_time_from(clock.now()).as_secs().max(1)).unwrap_or(60)
        })
    }

    /// Forgets everybody who has been quiet for long enough to have all their requests again.
    pub(crate) fn tidy(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
        self.crowded.store(self.limiter.len() > MANY_NETWORKS, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_client_that_has_been_quiet_is_forgotten() {
        let limiter = ClientLimiter::new(1000);
        for n in 0..2000_u32 {
            assert_eq!(limiter.check(IpAddr::from(n.to_be_bytes())), Ok(()));
        }
        assert_eq!(limiter.limiter.len(), 2000);
        // Longer than a request takes to be given back; how much longer does not matter.
        std::thread::sleep(Duration::from_millis(50));
        limiter.tidy();
        assert_eq!(limiter.limiter.len(), 0);
        assert!(!limiter.crowded.load(Ordering::Relaxed));
    }

    #[test]
    fn more_networks_than_can_be_counted_are_counted_by_wider_ones() {
        let limiter = ClientLimiter::new(1);
        limiter.crowded.store(true, Ordering::Relaxed);
        let ip = |last: u8| IpAddr::from([10, 0, 0, last]);
        for last in 0..4 {
            assert_eq!(limiter.check(ip(last)), Ok(()));
        }
        assert!(limiter.check(ip(9)).is_err());
        assert_eq!(limiter.limiter.len(), 1);
    }
}
