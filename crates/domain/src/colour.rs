//! The three colours.

use serde::{Deserialize, Serialize};

/// What a code says. Ordered by severity: `Green < Yellow < Red`; the most severe rule wins.
///
/// There is no function that sets a colour: one is only ever computed from evidence and policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    /// Move freely.
    Green,
    /// Stay home for the policy's days.
    Yellow,
    /// Quarantine for the policy's days.
    Red,
}

impl Colour {
    /// All colours, least severe first.
    pub const ALL: [Self; 3] = [Self::Green, Self::Yellow, Self::Red];

    /// The name used in the API, in policy files and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Red => "red",
        }
    }

    /// The number used inside a code: 0 green, 1 yellow, 2 red.
    pub const fn as_u8(self) -> u8 {
        match self {
            Self::Green => 0,
            Self::Yellow => 1,
            Self::Red => 2,
        }
    }

    /// The colour of a number in a code; `None` for any other number.
    pub const fn from_u8(n: u8) -> Option<Self> {
        match n {
            0 => Some(Self::Green),
            1 => Some(Self::Yellow),
            2 => Some(Self::Red),
            _ => None,
        }
    }
}

impl std::fmt::Display for Colour {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Colour {
    type Err = UnknownColour;
    fn from_str(s: &str) -> Result<Self, UnknownColour> {
        Self::ALL.into_iter().find(|c| c.as_str() == s).ok_or(UnknownColour)
    }
}

/// A text names no colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a colour; one of green, yellow, red")]
pub struct UnknownColour;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_severity_and_names_read_back() {
        assert!(Colour::Green < Colour::Yellow && Colour::Yellow < Colour::Red);
        for c in Colour::ALL {
            assert_eq!(c.as_str().parse(), Ok(c));
            assert_eq!(Colour::from_u8(c.as_u8()), Some(c));
        }
        assert_eq!(Colour::from_u8(3), None);
    }
}
