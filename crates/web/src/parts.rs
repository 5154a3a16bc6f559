//! Lists that are handed out part by part.

use serde::Deserialize;
use utoipa::IntoParams;

/// A list is handed out part by part.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeforeQuery {
    /// The `next` of the part before; left out: the newest.
    pub(crate) before: Option<String>,
}
