//! Who waits for whom within this process. What another server must know is decided by the store.

use tokio::sync::Mutex;

use crate::case_locks::CaseLocks;

/// One at a time, by what it is about.
pub(crate) struct Locks {
    /// Stripes by holder: one assessment of a holder is decided and written at a time.
    pub(crate) holders: [Mutex<()>; 64],
    /// One at a time for each case.
    pub(crate) cases: CaseLocks,
    /// One file is taken back at a time; others go on after a crash.
    pub(crate) withdrawals: Mutex<()>,
    /// One list of passengers at a time: what is known of a trip grows with each.
    pub(crate) carriers: Mutex<()>,
    /// One at a time numbers leaves: who waits finds that it is done.
    pub(crate) numbering: Mutex<()>,
}

impl Default for Locks {
    fn default() -> Self {
        Self {
            holders: std::array::from_fn(|_| Mutex::new(())),
            cases: CaseLocks::default(),
            withdrawals: Mutex::new(()),
            carriers: Mutex::new(()),
            numbering: Mutex::new(()),
        }
    }
}
