//! Administrative divisions: country, province, city, county, township.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A division's code: a country (ISO 3166-1 alpha-2) and, below it, a path.
///
/// In China the part after the dash is the GB/T 2260 code without its trailing zeros: `CN-33` is
/// Zhejiang, `CN-3301` Hangzhou, `CN-330106` Xihu district, `CN-330106003` a township in it.
/// Elsewhere it is the ISO 3166-2 subdivision: `US-NY`. A bare country is `CN` or `US`.
///
/// A code that no table knows is still a valid division: people keep codes of abolished ones.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Division(Box<str>);

#[cfg(feature = "openapi")]
crate::openapi::string_schema!(Division, "A division: CN-330106, CN-33, US-NY or JP");

/// A text is not a division code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a division code; write it like CN-330106, CN-3301 or US-NY")]
pub struct BadDivision;

impl Division {
    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The country: two capital letters.
    pub fn country(&self) -> &str {
        &self.0[..2]
    }

    /// The part below the country, empty for a bare country.
    pub fn path(&self) -> &str {
        self.0.get(3..).unwrap_or("")
    }

    /// The division one level up; `None` for a country.
    pub fn parent(&self) -> Option<Self> {
        let path = self.path();
        let shorter = match (self.country(), path.len()) {
            (_, 0) => return None,
            ("CN", 3..=6) => &path[..path.len() - 2],
            ("CN", 9 | 12) => &path[..path.len() - 3],
            _ => "",
        };
        Some(Self::join(self.country(), shorter))
    }

    /// Does this division hold the other, or equal it?
    pub fn contains(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.path(), other.path());
        self.country() == other.country()
            && (mine.is_empty()
                || mine == theirs
                || (self.country() == "CN" && theirs.starts_with(mine)))
    }

    /// This division and all above it, from itself to the country.
    pub fn ancestors(&self) -> impl Iterator<Item = Self> + use<> {
        std::iter::successors(Some(self.clone()), Self::parent)
    }

    fn join(country: &str, path: &str) -> Self {
        if path.is_empty() {
            Self(country.into())
        } else {
            Self(format!("{country}-{path}").into())
        }
    }
}

impl FromStr for Division {
    type Err = BadDivision;

    /// Accepts the text form in any case, and for China the six-digit GB/T 2260 form with trailing
    /// zeros, with or without `CN-` (`330000` is `CN-33`).
    fn from_str(s: &str) -> Result<Self, BadDivision> {
        let s = s.trim().to_ascii_uppercase();
        let (country, path) = match s.split_once('-') {
            Some((_, "")) => return Err(BadDivision),
            Some((c, p)) => (c, p),
            None if s.starts_with(|c: char| c.is_ascii_digit()) => ("CN", s.as_str()),
            None => (s.as_str(), ""),
        };
        if country.len() != 2 || !country.bytes().all(|c| c.is_ascii_uppercase()) {
            return Err(BadDivision);
        }
        if country == "CN" && !path.is_empty() {
            return Ok(Self::join(country, chinese_path(path).ok_or(BadDivision)?));
        }
        let ok = path.len() <= 3 && path.bytes().all(|c| c.is_ascii_alphanumeric());
        if ok { Ok(Self::join(country, path)) } else { Err(BadDivision) }
    }
}

/// A GB/T 2260 code without trailing zero pairs; `None` if it is not one.
fn chinese_path(digits: &str) -> Option<&str> {
    if !matches!(digits.len(), 2 | 4 | 6 | 9 | 12) || !digits.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let mut path = digits;
    while path.len() > 6 && path.ends_with("000") {
        path = &path[..path.len() - 3];
    }
    while path.len() <= 6 && path.ends_with("00") {
        path = &path[..path.len() - 2];
    }
    (!path.is_empty() && !path.starts_with("00")).then_some(path)
}

impl fmt::Display for Division {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Division {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Division {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Division {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let s = std::borrow::Cow::<'de, str>::deserialize(d)?;
        s.parse().map_err(serde::de::Error::custom)
    }
}

/// The official risk level of a division over a period (高 / 中 / 低风险区).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum RiskLevel {
    /// Normal: the level of every division without a record.
    Low,
    /// 中风险区.
    Medium,
    /// 高风险区.
    High,
}

impl RiskLevel {
    /// The name used in the API, in policy files and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl FromStr for RiskLevel {
    type Err = BadDivision;
    fn from_str(s: &str) -> Result<Self, BadDivision> {
        match s {
            "low" => Ok(Self::Low),
            "medium" | "middle" => Ok(Self::Medium),
            "high" => Ok(Self::High),
            _ => Err(BadDivision),
        }
    }
}

/// One official entry: a division had a level from a moment until another (or until further notice).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegionRisk {
    /// The entry's own id; an entry is ended, never deleted.
    pub id: crate::EvidenceId,
    /// The division that has the level.
    pub division: Division,
    /// The level it has in this time.
    pub level: RiskLevel,
    /// From when.
    pub from: crate::Timestamp,
    /// Until when; `None` means until further notice.
    pub to: Option<crate::Timestamp>,
    /// When it was recorded.
    pub recorded_at: crate::Timestamp,
    /// Who recorded it.
    pub agency: crate::AgencyId,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn d(s: &str) -> Division {
        s.parse().unwrap()
    }

    #[test]
    fn six_digits_lose_their_trailing_zeros() {
        assert_eq!(d("330000").as_str(), "CN-33");
        assert_eq!(d("cn-330100").as_str(), "CN-3301");
        assert_eq!(d("CN-330106").as_str(), "CN-330106");
        assert_eq!(d("330106003000").as_str(), "CN-330106003");
        // 110100 is the layer between Beijing and its districts; it is kept apart from Beijing.
        assert_eq!(d("110100").as_str(), "CN-1101");
    }

    #[test]
    fn a_province_contains_its_cities_and_nothing_else() {
        assert!(d("CN-33").contains(&d("CN-330106")));
        assert!(d("CN").contains(&d("CN-330106")));
        assert!(!d("CN-330106").contains(&d("CN-33")));
        assert!(!d("CN-33").contains(&d("CN-34")));
        assert!(d("US").contains(&d("US-NY")));
        assert!(!d("US-N").contains(&d("US-NY")));
    }

    #[test]
    fn ancestors_end_at_the_country() {
        let all: Vec<_> = d("CN-330106003").ancestors().map(|x| x.to_string()).collect();
        assert_eq!(all, ["CN-330106003", "CN-330106", "CN-3301", "CN-33", "CN"]);
        assert_eq!(d("US-NY").parent(), Some(d("US")));
    }

    #[test]
    fn nonsense_is_refused() {
        for s in ["", "C", "CHN", "CN-", "CN-3", "CN-ABCDEF", "CN-00", "1", "US-NYCC", "西湖区"]
        {
            assert!(s.parse::<Division>().is_err(), "{s}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_division_or_an_error(s in "\\PC{0,14}") {
            if let Ok(d) = s.parse::<Division>() {
                prop_assert_eq!(d.as_str().parse::<Division>(), Ok(d.clone()));
                prop_assert!(d.ancestors().all(|a| a.contains(&d)));
            }
        }
    }
}
