//! Writes about runs of recolouring.

use jadegate_domain::id::RecolouringId;
use jadegate_domain::{HolderId, Timestamp};

use crate::policies::Recolouring;

/// Writes about a run that gives everybody the colour of a new policy or level. Each variant states its
/// precondition.
#[derive(Clone, Debug)]
pub enum RecolouringWrite {
    /// A new run of recolouring. Precondition: the id is free. A run under way ends as it stands.
    Add(Box<Recolouring>),
    /// A batch of a run is done, in the unit that holds its assessments. Precondition: the run
    /// exists, has not ended, and stands at `from`; so no holder is counted twice.
    Step {
        /// The run.
        id: RecolouringId,
        /// Where it stood.
        from: Option<HolderId>,
        /// The last holder of the batch.
        to: HolderId,
        /// How many were in the batch.
        done: u64,
        /// How many of them turned to each colour, in the order of `Colour::ALL`.
        changed: [u64; 3],
    },
    /// A run is complete. Precondition: it exists and has not ended.
    End {
        /// The run.
        id: RecolouringId,
        /// The moment of its end.
        at: Timestamp,
    },
}
