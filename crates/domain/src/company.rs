//! What speaks for two people having met who were in one house at one time.

use serde::{Deserialize, Serialize};

/// How likely two people who were in one house at one time met, and what speaks most for it. No
/// attribute of either goes in: only when both came and went, and how many others were there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Together {
    /// Of a hundred such pairs so many met; 0 to 100.
    pub percent: u8,
    /// They came within so many minutes of each other, and left so; nothing if only minutes were judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Apart, required = false))]
    pub apart: Option<Apart>,
}

/// Whole minutes, begun ones included, between two people's comings and goings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Apart {
    /// Between the two arrivals.
    pub arrival: u32,
    /// Between the two leavings.
    pub leaving: u32,
}

impl Together {
    /// Do they say as good as the same? How many others were there becomes known bit by bit, and that
    /// alone is no news: less than five in a hundred either way.
    pub const fn is_about(&self, other: &Self) -> bool {
        let same = match (self.apart, other.apart) {
            (Some(a), Some(b)) => a.arrival == b.arrival && a.leaving == b.leaving,
            (None, None) => true,
            _ => false,
        };
        same && self.percent.abs_diff(other.percent) < 5
    }
}
