//! Work of this process that takes long, and its end.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Semaphore;

use crate::concurrency::threads;
use crate::staff::policies::runs::WhatIfs;
use crate::staff::tracing::jobs::TraceJobs;

/// What-ifs, traces of many cases, searches.
pub(crate) struct Work {
    /// What-ifs under way and their results.
    pub(crate) what_ifs: WhatIfs,
    /// Traces of many cases, under way and done.
    pub(crate) trace_jobs: TraceJobs,
    /// Searches from cases that run at once: all but one thread's, for gates and holders come first.
    pub(crate) searches: Semaphore,
    /// Is the program about to end? Asked by whatever may take long.
    stopping: AtomicBool,
}

impl Default for Work {
    fn default() -> Self {
        Self {
            what_ifs: WhatIfs::default(),
            trace_jobs: TraceJobs::default(),
            searches: Semaphore::new(threads()),
            stopping: AtomicBool::new(false),
        }
    }
}

impl Work {
    /// From now on whatever takes long ends early.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.trace_jobs.stop_all();
        self.what_ifs.stop_all();
    }

    /// Is the program about to end?
    pub(crate) fn stops(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
