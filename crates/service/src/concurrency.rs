//! Locks, threads and the end of the program, for everybody.

use std::sync::RwLock;

use crate::error::{Kind, Result, ServiceError};

/// Code of the error that tells that the program is about to end.
pub(crate) const STOPPING: &str = "server.stopping";

/// Nothing takes long while the program ends.
pub(crate) fn stopping() -> ServiceError {
    let detail =
        "The service is being stopped. What was recorded stays; please try again when it is back.";
    ServiceError::new(Kind::Unavailable, STOPPING, detail).retry_after(10)
}

/// Threads of work that takes long: all but one.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get).saturating_sub(1).max(1)
}

/// Work that takes long and waits for nothing, beside everything else.
pub(crate) async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(ServiceError::internal)
}

/// A read lock; a panic in another thread does not poison plain data.
pub(crate) fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A write lock; see [`read`].
pub(crate) fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(std::sync::PoisonError::into_inner)
}
