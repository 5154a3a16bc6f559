//! Many small units at once, so that the store can write them in one transaction.

use futures_util::{StreamExt as _, stream};

pub(crate) use futures_util::future::BoxFuture;

/// Changes that are written before somebody else may come in between.
pub(crate) const SLICE: usize = 256;

/// How many units are on their way at once: enough for one group commit, few enough that people
/// opening their codes are not kept waiting.
pub(crate) const AT_ONCE: usize = 32;

/// Runs futures, at most [`AT_ONCE`] at a time, on the present task; answers in their order.
pub(crate) async fn run_concurrently<T>(futures: Vec<BoxFuture<'_, T>>) -> Vec<T> {
    stream::iter(futures).buffered(AT_ONCE).collect().await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn all_run_in_order_of_answer_and_never_too_many_at_once() {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let futures: Vec<BoxFuture<'_, usize>> = (0..200_usize)
            .map(|i| {
                let (now, most) = (&now, &most);
                Box::pin(async move {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    for _ in 0..i % 7 {
                        tokio::task::yield_now().await;
                    }
                    now.fetch_sub(1, Ordering::SeqCst);
                    i
                }) as BoxFuture<'_, usize>
            })
            .collect();
        assert_eq!(run_concurrently(futures).await, (0..200).collect::<Vec<_>>());
        assert!((2..=AT_ONCE).contains(&most.load(Ordering::SeqCst)));
        assert!(run_concurrently(Vec::<BoxFuture<'_, ()>>::new()).await.is_empty());
    }
}
