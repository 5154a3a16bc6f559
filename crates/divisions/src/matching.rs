//! From names, as official lists write them, to a code.

use jadegate_domain::Division;

use crate::changes::{CHANGES, ZONES};
use crate::directory::{Code, Directory, Level};
use crate::spelling::{self, only};

/// What became of three names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// The names are those of the table, or a spelling of them that leaves no other choice.
    Exact(Division),
    /// The names were right until `year`; today it is this division.
    Renamed {
        /// Its present code.
        division: Division,
        /// When the name or the city changed.
        year: u16,
    },
    /// A development zone or the like. It is no division of GB/T 2260: `within` is the code that
    /// statistics gave it, or else the one county that contains it, which is larger than the zone.
    DevelopmentZone {
        /// The smallest listed division that holds the zone.
        within: Division,
    },
    /// No single code is right.
    NotFound {
        /// Why the names have no code.
        reason: NoMatch,
    },
}

/// Why names have no code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoMatch {
    /// The names are empty.
    Empty,
    /// A body that has people all over a province and is no division (新疆生产建设兵团).
    NotADivision,
    /// No province has this name.
    UnknownProvince,
    /// The province has no such city, and no such county directly below it.
    UnknownCity,
    /// A zone of this city that extends over several of its counties, or whose place is not known
    /// for certain. An officer can choose divisions by hand.
    ZoneOfCity(Division),
    /// The city has no such county. It may be abolished or split.
    UnknownCounty(Division),
}

impl NoMatch {
    /// The stable code used in reports.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "division.empty",
            Self::NotADivision => "division.not_a_division",
            Self::UnknownProvince => "division.unknown_province",
            Self::UnknownCity => "division.unknown_city",
            Self::ZoneOfCity(_) => "division.zone_over_several_counties",
            Self::UnknownCounty(_) => "division.unknown_county",
        }
    }

    /// What it means and what to do, in plain words.
    pub const fn explanation(&self) -> &'static str {
        match self {
            Self::Empty => "the line names no place",
            Self::NotADivision => "this body is no division; set the levels of its places by hand",
            Self::UnknownProvince => "no province has this name",
            Self::UnknownCity => "the province has no city or county of this name",
            Self::ZoneOfCity(_) => {
                "a development zone over several counties; set the levels of its townships by hand"
            }
            Self::UnknownCounty(_) => {
                "the city has no county of this name; it may be abolished or misspelt"
            }
        }
    }
}

impl Match {
    /// The division, if one was found.
    pub const fn division(&self) -> Option<&Division> {
        match self {
            Self::Exact(d)
            | Self::Renamed { division: d, .. }
            | Self::DevelopmentZone { within: d } => Some(d),
            Self::NotFound { .. } => None,
        }
    }

    /// The stable word for the kind of match used in reports.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Exact(_) => "exact",
            Self::Renamed { .. } => "renamed",
            Self::DevelopmentZone { .. } => "development_zone",
            Self::NotFound { .. } => "not_found",
        }
    }
}

impl Directory {
    /// The division that official names mean, as in `浙江省`, `杭州市`, `西湖区`.
    ///
    /// Also understood: municipalities (`北京市`, `北京市`, `朝阳区`), a county in the place of the
    /// city and a township in that of the county (`北京市`, `朝阳区`, `酒仙桥街道`; `广东省`, `东莞市`,
    /// `常平镇`), counties directly below a province, and a city or county repeated or left empty.
    /// Names that have no code as they stand are read by rule (`spelling.rs`): without brackets, with
    /// columns that slipped put back, with another word for the kind of division.
    /// Nothing is guessed from likeness: what is not in a table is [`Match::NotFound`].
    pub fn match_names(&self, province: &str, city: &str, county: &str) -> Match {
        let names = [province.trim(), city.trim(), county.trim()];
        let found = self.look_up(names[0], names[1], names[2]);
        found.unwrap_or_else(|reason| {
            self.read_otherwise(names, &reason).unwrap_or(Match::NotFound { reason })
        })
    }

    /// What the names are in another spelling, if all that can be meant by them is one division.
    fn read_otherwise(&self, names: [&str; 3], reason: &NoMatch) -> Option<Match> {
        if matches!(reason, NoMatch::NotADivision) {
            let city = spelling::corps_city(self, names[1], names[2])?;
            return Directory::division(city).map(Match::Exact);
        }
        let mut found: Vec<Match> = Vec::new();
        let mut zone = None;
        for [p, c, d] in spelling::variants(self, names) {
            let read = self.look_up(&p, &c, &d);
            let read = read.or_else(|reason| self.by_county(&p, &c, &d, &reason).ok_or(reason));
            match read {
                Ok(read) if !found.iter().any(|f| f.division() == read.division()) => {
                    found.push(read);
                }
                Err(reason @ NoMatch::ZoneOfCity(_)) => zone = Some(Match::NotFound { reason }),
                _ => {}
            }
        }
        if found.len() == 1 { found.pop() } else { zone }
    }

    /// Names whose county alone says what is meant.
    fn by_county(&self, province: &str, city: &str, name: &str, why: &NoMatch) -> Option<Match> {
        let p = named(self.provinces(), province)?;
        let code = match why {
            NoMatch::UnknownCounty(above) => {
                let c = Code::of(above)?;
                let township = || named(self.descendants(Some(c), Level::Township), name);
                spelling::county_of_other_kind(self, c, name).or_else(township)?
            }
            // 雄安新区, 容城县: a zone in the place of the city. Or nothing at all.
            NoMatch::UnknownCity if city.is_empty() || is_zone_name(city) => {
                named(self.descendants(Some(p), Level::County), name)?
            }
            _ => return None,
        };
        Directory::division(code).map(Match::Exact)
    }

    fn look_up(&self, province: &str, city: &str, county: &str) -> Result<Match, NoMatch> {
        if province.is_empty() {
            return Err(NoMatch::Empty);
        }
        if province.ends_with("兵团") {
            return Err(NoMatch::NotADivision);
        }
        let p = named(self.provinces(), province).ok_or(NoMatch::UnknownProvince)?;
        if let Some(found) = changed(p, city, county).or_else(|| curated(p, city, county)) {
            return Ok(found);
        }
        if county.is_empty() && (city.is_empty() || city == province) {
            return exact(p);
        }
        if city == province || is_layer(city) {
            // A municipality, or a county directly below its province.
            let county = named(self.descendants(Some(p), Level::County), county);
            return county.map_or(Err(NoMatch::UnknownCity), exact);
        }
        if let Some(c) = named(self.descendants(Some(p), Level::City), city) {
            return self.in_city(p, c, city, county);
        }
        let c =
            named(self.descendants(Some(p), Level::County), city).ok_or(NoMatch::UnknownCity)?;
        if county.is_empty() || county == city {
            return exact(c);
        }
        let township = self.township(c, county);
        township.map_or_else(|| Err(unknown_county(c)), exact)
    }

    fn in_city(&self, p: Code, c: Code, city: &str, county: &str) -> Result<Match, NoMatch> {
        let counties = || self.descendants(Some(c), Level::County);
        let whole = county.is_empty() || county == city;
        // A city without counties is meant as a whole by its 市辖区.
        if whole || (county == "市辖区" && counties().next().is_none()) {
            return exact(c);
        }
        if let Some(found) = named(counties(), county) {
            return exact(found);
        }
        if counties().next().is_none()
            && let Some(found) = self.township(c, county)
        {
            return exact(found);
        }
        let province = self.name_of(p).unwrap_or_default();
        if let Some(zone) = self.zone(c, province, city, county) {
            return Ok(zone);
        }
        if is_zone_name(county) {
            return Err(Directory::division(c).map_or(NoMatch::UnknownCity, NoMatch::ZoneOfCity));
        }
        Err(unknown_county(c))
    }

    /// A township by its name, or by the other name of an office that has two: the list's
    /// 三间房（地区）乡 is the table's 三间房地区.
    fn township(&self, within: Code, name: &str) -> Option<Code> {
        named(self.descendants(Some(within), Level::Township), name).or_else(|| {
            let stem = township_stem(name)?;
            let same = |(_, n): &(Code, &str)| township_stem(n) == Some(stem);
            only(self.descendants(Some(within), Level::Township).filter(same))
        })
    }

    /// A zone that has a code of its own in the table, under its long name.
    fn zone(&self, c: Code, province: &str, city: &str, name: &str) -> Option<Match> {
        let wanted = ZoneName::of(name, province, city)?;
        let zones = self.descendants(Some(c), Level::County).filter(|(code, _)| code.is_zone());
        let same =
            |(_, n): &(Code, &str)| ZoneName::of(n, province, city).as_ref() == Some(&wanted);
        let within = Directory::division(only(zones.filter(same))?)?;
        Some(Match::DevelopmentZone { within })
    }
}

fn exact(code: Code) -> Result<Match, NoMatch> {
    Directory::division(code).map(Match::Exact).ok_or(NoMatch::UnknownCity)
}

fn unknown_county(parent: Code) -> NoMatch {
    Directory::division(parent).map_or(NoMatch::UnknownCity, NoMatch::UnknownCounty)
}

/// The only division of this name; a name that two share (in a province, two counties of different
/// cities) is no match.
fn named<'a>(all: impl Iterator<Item = (Code, &'a str)>, name: &str) -> Option<Code> {
    only(all.filter(|(_, n)| *n == name))
}

fn is_layer(city: &str) -> bool {
    matches!(city, "市辖区" | "县") || city.contains("直辖县级行政")
}

fn changed(province: Code, city: &str, county: &str) -> Option<Match> {
    let here = Directory::division(province)?;
    let c =
        CHANGES.iter().find(|c| c.province == here.path() && c.city == city && c.old == county)?;
    Some(Match::Renamed { division: c.code.parse().ok()?, year: c.year })
}

fn curated(province: Code, city: &str, county: &str) -> Option<Match> {
    let here = Directory::division(province)?;
    let z = ZONES.iter().find(|z| z.city == city && z.name == county)?;
    let within: Division = z.within.parse().ok()?;
    here.contains(&within).then_some(Match::DevelopmentZone { within })
}

/// The name of an office without the word for its kind; `None` where too little would be left.
fn township_stem(name: &str) -> Option<&str> {
    let bare = name.trim_end_matches(['镇', '乡']).trim_end_matches("（地区）");
    let stem = ["地区", "街道"].iter().find_map(|end| bare.strip_suffix(end)).unwrap_or(bare);
    (stem.chars().count() >= 2).then_some(stem)
}

const KINDS: [(&str, ZoneKind); 9] = [
    ("高新技术产业开发区", ZoneKind::HighTech),
    ("高新技术产业园区", ZoneKind::HighTech),
    ("高新技术开发区", ZoneKind::HighTech),
    ("高新区", ZoneKind::HighTech),
    ("经济技术开发区", ZoneKind::Economic),
    ("经济开发区", ZoneKind::Economic),
    ("经开区", ZoneKind::Economic),
    ("开发区", ZoneKind::Economic),
    ("区", ZoneKind::Other),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ZoneKind {
    HighTech,
    Economic,
    Other,
}

/// A zone's name taken apart: 长春净月高新技术产业开发区 in Changchun is 净月 and high-tech.
#[derive(Debug)]
struct ZoneName<'a> {
    own: &'a str,
    kind: ZoneKind,
}

impl PartialEq for ZoneName<'_> {
    /// The same own name, and the same kind unless one of the two leaves it out (净月区). Without an
    /// own name the kind alone decides.
    fn eq(&self, other: &Self) -> bool {
        let vague = |z: &Self| z.kind == ZoneKind::Other && !z.own.is_empty();
        self.own == other.own && (self.kind == other.kind || vague(self) || vague(other))
    }
}

impl<'a> ZoneName<'a> {
    fn of(name: &'a str, province: &str, city: &str) -> Option<Self> {
        let (own, kind) = KINDS.iter().find_map(|(end, k)| Some((name.strip_suffix(end)?, *k)))?;
        let province = province.strip_suffix("省").unwrap_or(province);
        // 郑州市 is 郑州, whose own last character stays.
        let city =
            ["市", "盟", "自治州"].iter().find_map(|end| city.strip_suffix(end)).unwrap_or(city);
        let own = own.strip_prefix(province).unwrap_or(own);
        let own = own.strip_prefix(city).unwrap_or(own).trim_start_matches('市');
        (!(own.is_empty() && kind == ZoneKind::Other)).then_some(Self { own, kind })
    }
}

/// Does it sound like a zone rather than a county?
fn is_zone_name(name: &str) -> bool {
    ["开发区", "高新区", "经开区", "新区", "示范区", "园区", "基地", "生态区", "港务区", "合作区"]
        .iter()
        .any(|end| name.ends_with(end))
}

#[cfg(test)]
#[path = "matching_tests.rs"]
mod tests;
