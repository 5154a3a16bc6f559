//! A made-up town on real divisions: its people, its places, and where people go.
//!
//! Nobody in it can be taken for somebody real: names say that they are examples, document numbers
//! name a division that does not exist (but have a right check character), and phone numbers have
//! an area code followed by a zero, which is never given out.

use jadegate_domain::{
    Division, Document, DocumentType, HolderId, PersonName, Phone, Place, PlaceId, PlaceKind,
    Presence, Timestamp,
};
use jadegate_service::{DemoPerson, DemoVisit, Identity};

use super::dice::{Dice, sums};
use crate::failure::Failure;

/// The city in which the town lies.
pub(crate) const CITY: &str = "CN-3301";
/// Its counties, and how many of 100 people live in each. The last one is small: it gets a risk
/// level, which makes everybody who lives there yellow.
pub(crate) const COUNTIES: [(&str, u32); 9] = [
    ("CN-330102", 16),
    ("CN-330105", 14),
    ("CN-330106", 16),
    ("CN-330108", 10),
    ("CN-330109", 15),
    ("CN-330110", 12),
    ("CN-330113", 9),
    ("CN-330114", 7),
    ("CN-330127", 1),
];
/// The county with a risk level.
pub(crate) const RISKY_COUNTY: &str = "CN-330127";

/// Seconds east of UTC in the town.
const ZONE: i64 = 8 * 3600;
const DAY: i64 = 86_400;
const MINUTE: i64 = 60;

/// A kind of place in the town.
struct Kind {
    kind: PlaceKind,
    zh: &'static str,
    en: &'static str,
    /// Of 100 places.
    share: u32,
    /// Minutes people stay.
    stay: (u32, u32),
    /// Where people drop in briefly, many come; where they sit down, visits spread over many places.
    popular: bool,
}

const fn kind(
    kind: PlaceKind,
    zh: &'static str,
    en: &'static str,
    share: u32,
    stay: (u32, u32),
    popular: bool,
) -> Kind {
    Kind { kind, zh, en, share, stay, popular }
}

const KINDS: [Kind; 12] = [
    kind(PlaceKind::Market, "示例市场", "Example market", 12, (4, 18), true),
    kind(PlaceKind::Shop, "示例商店", "Example shop", 24, (3, 12), true),
    kind(PlaceKind::Station, "示例车站", "Example station", 4, (3, 9), true),
    kind(PlaceKind::Pharmacy, "示例药店", "Example pharmacy", 8, (3, 9), true),
    kind(PlaceKind::Outdoor, "示例公园", "Example park", 6, (15, 60), true),
    kind(PlaceKind::Restaurant, "示例餐馆", "Example restaurant", 22, (20, 60), false),
    kind(PlaceKind::Leisure, "示例影院", "Example cinema", 7, (60, 120), false),
    kind(PlaceKind::Hospital, "示例医院", "Example hospital", 3, (20, 80), false),
    kind(PlaceKind::Government, "示例办事处", "Example counter", 4, (8, 25), false),
    kind(PlaceKind::Hotel, "示例旅馆", "Example hotel", 4, (30, 90), false),
    kind(PlaceKind::Worship, "示例寺院", "Example temple", 3, (20, 60), false),
    kind(PlaceKind::Other, "示例会馆", "Example hall", 3, (20, 60), false),
];

/// People who share one office that records who comes in.
const COLLEAGUES: usize = 8;
/// Of 100 people, how many go to such an office.
const OFFICE_SHARE: u32 = 15;

/// A person of the town, with what the generator needs to send them about.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// As the service takes them.
    pub(crate) person: DemoPerson,
    /// Year of birth.
    pub(crate) born: i16,
    county: usize,
    office: Option<usize>,
    /// Places they usually go to.
    usual: Vec<usize>,
}

/// The town.
#[derive(Debug)]
pub(crate) struct Town {
    /// Its people.
    pub(crate) people: Vec<Person>,
    /// Its places.
    pub(crate) places: Vec<Place>,
    /// How long people stay, by place.
    stays: Vec<(u32, u32)>,
    /// By county: places and the running sums of how often people go there.
    by_county: Vec<(Vec<usize>, Vec<u32>)>,
    seed: u64,
}

/// From whom to whom in time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    /// First moment.
    pub(crate) from: Timestamp,
    /// No visit lasts beyond it.
    pub(crate) to: Timestamp,
}

impl Town {
    /// A town of so many people, registered during the weeks before `now`.
    pub(crate) fn new(people: u32, seed: u64, now: Timestamp) -> Result<Self, Failure> {
        let mut town = Self {
            people: Vec::new(),
            places: Vec::new(),
            stays: Vec::new(),
            by_county: Vec::new(),
            seed,
        };
        let size = usize::try_from(people)?;
        town.build_places(size, now)?;
        town.settle(size, now)?;
        Ok(town)
    }

    fn build_places(&mut self, people: usize, now: Timestamp) -> Result<(), Failure> {
        let mut dice = Dice::new(self.seed, 1);
        let kinds = sums(KINDS.iter().map(|k| k.share));
        let venues = (people / 12).max(40);
        for (c, (code, share)) in COUNTIES.iter().enumerate() {
            let division: Division = code.parse()?;
            // Each county has a few places of its own, however small it is.
            let count = (venues * usize::try_from(*share)? / 100).max(KINDS.len() / 2);
            let (mut here, mut weights) = (Vec::new(), Vec::new());
            for n in 0..count {
                // Every kind once before chance decides.
                let k = if n < KINDS.len() { n } else { dice.weighted(&kinds) };
                let kind = &KINDS[k.min(KINDS.len() - 1)];
                here.push(self.places.len());
                let rank = u32::try_from(n)? + 1;
                // The n-th popular place gets 1/n of the visits of the first (Zipf).
                weights.push(if kind.popular { 2000 / rank + 4 } else { 12 });
                let name = format!("{} {} {}-{}", kind.zh, kind.en, c + 1, n + 1);
                self.add_place(&mut dice, kind.kind, name, &division, now, kind.stay);
            }
            self.by_county.push((here, sums(weights)));
        }
        Ok(())
    }

    fn add_place(
        &mut self,
        dice: &mut Dice,
        kind: PlaceKind,
        name: String,
        division: &Division,
        now: Timestamp,
        stay: (u32, u32),
    ) -> usize {
        let bits = u64::from(dice.below(u32::MAX)) << 32 | u64::from(dice.below(u32::MAX));
        self.places.push(Place {
            id: PlaceId::from_random(bits),
            kind,
            name,
            division: division.clone(),
            agency: None,
            registered_at: now.plus_days(-30),
            external_key: None,
        });
        self.stays.push(stay);
        self.places.len() - 1
    }

    fn settle(&mut self, people: usize, now: Timestamp) -> Result<(), Failure> {
        let mut dice = Dice::new(self.seed, 2);
        let counties = sums(COUNTIES.iter().map(|(_, share)| *share));
        // By county: the office that still has room.
        let mut open_office: Vec<Option<(usize, usize)>> = vec![None; COUNTIES.len()];
        for n in 0..people {
            // The first person of a town lives in the county with a risk level, so that even a
            // small town has one.
            let county = if n == 0 { COUNTIES.len() - 1 } else { dice.weighted(&counties) };
            let division: Division = COUNTIES[county].0.parse()?;
            let born = i16::try_from(dice.between(1936, 2016))?;
            let office = if born < 2000 && born > 1962 && dice.percent(OFFICE_SHARE * 2) {
                let (place, staff) = match open_office[county] {
                    Some((place, staff)) if staff < COLLEAGUES => (place, staff),
                    _ => {
                        let name = format!("示例公司 Example office {}", self.places.len());
                        let kind = PlaceKind::Office;
                        (self.add_place(&mut dice, kind, name, &division, now, (240, 480)), 0)
                    }
                };
                open_office[county] = Some((place, staff + 1));
                Some(place)
            } else {
                None
            };
            let (here, weights) = &self.by_county[county];
            let usual = (0..5).map(|_| here[dice.weighted(weights)]).collect();
            let registered_at = now.plus_secs(-i64::from(dice.between(16 * 86_400, 45 * 86_400)));
            let person = DemoPerson { identity: identity(n, born)?, home: division, registered_at };
            self.people.push(Person { person, born, county, office, usual });
        }
        Ok(())
    }

    /// Where people went in a span of time. `ids` names the people in the order of the town; who
    /// `stays_home` goes nowhere.
    pub(crate) fn visits(
        &self,
        ids: &[HolderId],
        span: Span,
        stays_home: impl Fn(HolderId) -> bool,
    ) -> Vec<DemoVisit> {
        let mut visits = Vec::new();
        let local_midnight = |t: Timestamp| (t.as_secs() + ZONE).div_euclid(DAY) * DAY - ZONE;
        let mut day = local_midnight(span.from);
        while day < span.to.as_secs() {
            let stream = u64::try_from(day.div_euclid(DAY)).unwrap_or(0) + 1000;
            let mut dice = Dice::new(self.seed, stream);
            for (person, id) in self.people.iter().zip(ids) {
                let before = visits.len();
                self.walk(&mut dice, person, *id, Timestamp::from_secs(day), &mut visits);
                if stays_home(*id) {
                    visits.truncate(before);
                }
            }
            day += DAY;
        }
        visits.retain(|v| v.entered >= span.from && v.left.unwrap_or(v.entered) < span.to);
        visits.sort_by_key(|v| v.entered);
        visits
    }

    /// One person's day: an average of three places, one after the other.
    fn walk(
        &self,
        dice: &mut Dice,
        person: &Person,
        holder: HolderId,
        midnight: Timestamp,
        visits: &mut Vec<DemoVisit>,
    ) {
        // 1970-01-01 was a Thursday.
        let weekday = (midnight.as_secs() + ZONE).div_euclid(DAY).rem_euclid(7);
        let working = !matches!(weekday, 2 | 3);
        let mut at = midnight.plus_secs(i64::from(dice.between(7 * 60, 10 * 60)) * MINUTE);
        let mut stops: Vec<usize> = Vec::new();
        if let Some(office) = person.office.filter(|_| working) {
            stops.push(office);
        }
        let more = dice.between(1, if person.born < 1950 { 3 } else { 5 });
        let (here, weights) = &self.by_county[person.county];
        for _ in 0..more {
            let usual = person.usual[usize::try_from(dice.below(5)).unwrap_or(0)];
            stops.push(if dice.percent(85) { usual } else { here[dice.weighted(weights)] });
        }
        for place in stops {
            let (least, most) = self.stays[place];
            let minutes = i64::from(dice.between(least, most));
            let left = at.plus_secs(minutes * MINUTE + i64::from(dice.below(60)));
            if left > midnight.plus_secs(22 * 3600) {
                break;
            }
            let presence = match dice.below(100) {
                0..=2 => Presence::Unproven,
                3..=9 => Presence::VenueScreen,
                _ => Presence::Gate,
            };
            let seen_leaving = presence == Presence::Gate && dice.percent(85);
            let left_known = seen_leaving.then_some(left);
            visits.push(DemoVisit {
                holder,
                place: self.places[place].id,
                entered: at,
                left: left_known,
                presence,
            });
            at = left.plus_secs(i64::from(dice.between(20, 180)) * MINUTE);
        }
    }
}

/// Who the n-th person says they are.
fn identity(n: usize, born: i16) -> Result<Identity, Failure> {
    let foreign = n % 50 == 7;
    let (name, document, nationality, language) = if foreign {
        // UTO is the state of the specimen passports of ICAO 9303.
        let number = format!("X{n:07}");
        (
            format!("Testa Muster-{}", letters(n)),
            Document::new(DocumentType::Passport, "UTO", &number)?,
            "SG",
            "en",
        )
    } else {
        let number = resident_id(n, born);
        (
            format!("{}示例{}", first(n), digits(n)),
            Document::new(DocumentType::ResidentId, "", &number)?,
            "CN",
            "zh",
        )
    };
    Ok(Identity {
        name: PersonName::new(&name)?,
        document: Some(document),
        nationality: nationality.to_owned(),
        phone: Some(Phone::new(&format!("+86100{n:08}"))?),
        language: language.to_owned(),
        born: None,
    })
}

/// A number with a right check character and a division (899999) that was never given out. People
/// with the same three-digit serial differ in the day of birth.
fn resident_id(n: usize, born: i16) -> String {
    let (month, day) = (n / 1000 / 28 % 12 + 1, n / 1000 % 28 + 1);
    let body = format!("899999{born:04}{month:02}{day:02}{:03}", n % 1000);
    // GB 11643: weights 2^(17-i) mod 11; the check character makes the sum 1 modulo 11.
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: usize = body.bytes().zip(weights).map(|(c, w)| usize::from(c - b'0') * w).sum();
    let check = b"10X98765432"[sum % 11];
    format!("{body}{}", char::from(check))
}

/// The ten stems and twelve branches count things in Chinese; they are no family names.
fn first(n: usize) -> char {
    const COUNTING: [char; 22] = [
        '甲', '乙', '丙', '丁', '戊', '己', '庚', '辛', '壬', '癸', '子', '丑', '寅', '卯', '辰',
        '巳', '午', '未', '申', '酉', '戌', '亥',
    ];
    COUNTING[n % COUNTING.len()]
}

fn digits(n: usize) -> String {
    const DIGITS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    n.to_string().bytes().map(|b| DIGITS[usize::from(b - b'0')]).collect()
}

fn letters(n: usize) -> String {
    n.to_string().bytes().map(|b| char::from(b - b'0' + b'a')).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_650_000_000);

    fn ids(town: &Town) -> Vec<HolderId> {
        (1..=town.people.len()).map(|n| HolderId::from_random(n as u64)).collect()
    }

    fn fortnight() -> Span {
        Span { from: NOW.plus_days(-14), to: NOW }
    }

    #[test]
    fn the_same_seed_makes_the_same_town() {
        let town = |seed| {
            let t = Town::new(200, seed, NOW).unwrap();
            let v = t.visits(&ids(&t), fortnight(), |_| false);
            format!("{:?} {:?}", t.places, v)
        };
        assert_eq!(town(1), town(1));
        assert_ne!(town(1), town(2));
    }

    #[test]
    fn nobody_can_be_taken_for_somebody_real_or_for_each_other() {
        let town = Town::new(30_000, 3, NOW).unwrap();
        let mut seen = HashSet::new();
        for p in &town.people {
            let i = &p.person.identity;
            assert!(
                i.name.reveal().contains("示例") || i.name.reveal().starts_with("Testa Muster")
            );
            let document = i.document.as_ref().unwrap();
            assert!(document.reveal().starts_with("899999") || document.country() == "UTO");
            let phone = i.phone.as_ref().unwrap();
            assert!(phone.reveal().starts_with("+86100"));
            assert!(seen.insert(document.reveal().to_owned()), "two people with one document");
            assert!(seen.insert(phone.reveal().to_owned()), "two people with one phone");
        }
    }

    #[test]
    fn places_lie_in_divisions_that_exist() {
        let town = Town::new(500, 1, NOW).unwrap();
        let known = jadegate_divisions::Directory::embedded();
        let city: Division = CITY.parse().unwrap();
        for p in &town.places {
            assert!(known.name(&p.division).is_some(), "{}", p.division);
            assert!(city.contains(&p.division));
        }
        let there: HashSet<_> =
            town.people.iter().map(|p| p.person.home.as_str().to_owned()).collect();
        assert!(there.contains(RISKY_COUNTY));
    }

    #[test]
    fn nobody_is_at_two_places_and_everybody_goes_about_three_times_a_day() {
        let town = Town::new(300, 5, NOW).unwrap();
        let visits = town.visits(&ids(&town), fortnight(), |h| h.as_u64() == 9);
        assert!(visits.iter().all(|v| v.holder.as_u64() != 9));
        let mut free_from: HashMap<HolderId, Timestamp> = HashMap::new();
        for v in &visits {
            assert!(v.entered >= fortnight().from && v.left.unwrap_or(v.entered) < NOW);
            let free = free_from.insert(v.holder, v.left.unwrap_or(v.entered));
            assert!(free.is_none_or(|t| t < v.entered));
        }
        let per_day = visits.len() / (14 * 299);
        assert!((2..=4).contains(&per_day), "{per_day}");
    }
}
