//! One at a time for each case: who traces from it, corrects or withdraws it.

use std::sync::atomic::{AtomicUsize, Ordering};

use jadegate_domain::CaseId;
use tokio::sync::{Mutex, MutexGuard};

/// Cases that share a lock, by id.
const STRIPES: usize = 64;

/// All of them decide from what they loaded of the case and of its contacts. Another case's trace,
/// however long it takes, is none of their business.
#[derive(Debug)]
pub(crate) struct CaseLocks {
    stripes: [Stripe; STRIPES],
}

#[derive(Debug, Default)]
struct Stripe {
    lock: Mutex<()>,
    waiting: AtomicUsize,
}

/// Somebody who waits, until they have the lock or go away.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Default for CaseLocks {
    fn default() -> Self {
        Self { stripes: std::array::from_fn(|_| Stripe::default()) }
    }
}

impl CaseLocks {
    fn of(&self, case: CaseId) -> &Stripe {
        // The remainder is below the number of stripes.
        &self.stripes[usize::try_from(case.as_u64() % STRIPES as u64).unwrap_or(0)]
    }

    /// For somebody who asks: waits until it is their turn.
    pub(crate) async fn lock(&self, case: CaseId) -> MutexGuard<'_, ()> {
        let stripe = self.of(case);
        stripe.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&stripe.waiting);
        stripe.lock.lock().await
    }

    /// For what runs by itself: `None` if somebody is at it.
    pub(crate) fn try_lock(&self, case: CaseId) -> Option<MutexGuard<'_, ()>> {
        self.of(case).lock.try_lock().ok()
    }

    /// Does somebody wait for it?
    pub(crate) fn is_waited_for(&self, case: CaseId) -> bool {
        self.of(case).waiting.load(Ordering::Relaxed) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_is_known_until_they_have_it_or_go_away() {
        let locks = CaseLocks::default();
        let (one, other) = (CaseId::from_random(3), CaseId::from_random(4));
        let held = locks.lock(one).await;
        assert!(locks.try_lock(one).is_none() && locks.try_lock(other).is_some());
        assert!(!locks.is_waited_for(one));
        {
            let mut waiting = std::pin::pin!(locks.lock(one));
            let now = std::future::poll_fn(|cx| {
                std::task::Poll::Ready(waiting.as_mut().poll(cx).is_ready())
            });
            assert!(!now.await);
            assert!(locks.is_waited_for(one) && !locks.is_waited_for(other));
        }
        assert!(!locks.is_waited_for(one), "they went away");
        drop(held);
        drop(locks.lock(one).await);
        assert!(!locks.is_waited_for(one) && locks.try_lock(one).is_some());
    }
}
