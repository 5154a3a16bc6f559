//! The list of papers as it is handed out.

use std::sync::Arc;

use jadegate_domain::Timestamp;

/// The signed list, and the moment of which it says how papers stood.
#[derive(Clone, Debug)]
pub struct SignedPaperList {
    /// A Status List Token in CWT form.
    pub bytes: Arc<Vec<u8>>,
    /// Its moment.
    pub at: Timestamp,
}
