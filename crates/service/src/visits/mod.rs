//! The visits in memory: fed by what is written, kept in order, and saved beside the database.
//!
//! The index has what the store has, as far as the memory follows it ([`follow`](crate::follow)). A copy
//! that is saved says how far that was when it was taken: so a file never claims a visit that it lacks,
//! and a start reads on from there. Long work (merging, dropping old days, saving) is done on a clone
//! beside the readers and the writers, one piece at a time.

mod file;
mod maintenance;
pub(crate) mod presence;
pub(crate) mod settle;
mod start;
mod state;

use crate::app::App;
pub(crate) use start::{read_visits, stored_rides};
pub(crate) use state::IndexMaintenance;
use state::Long;
pub use state::{IndexOrigin, Tended};

impl App {
    /// Where the visits came from at the start.
    pub fn index_origin(&self) -> IndexOrigin {
        self.memory.maintenance.origin()
    }
}
