//! Holders: people with a code, as everything but the vault sees them.

use serde::{Deserialize, Serialize};

use crate::{Division, HolderId, Timestamp};

/// A person with a code, without identity: name, document and phone live in the vault, encrypted
/// under the holder's own key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Holder {
    /// Who, opaquely.
    pub id: HolderId,
    /// Where they live.
    pub home: Division,
    /// Since when they are registered.
    pub registered_at: Timestamp,
    /// Counts every change of this holder's evidence; an assessment names the one it was made from,
    /// and a write that expects another is refused as a conflict.
    pub evidence_version: i64,
}
