//! Made-up people and their evidence: six pieces each for those of whom something is recorded,
//! spread over the sixty days before the moment of the measurement.

/// 15 March 2022, 12:00 in China.
pub const NOW: u32 = 1_647_316_800;
/// Seconds of a day.
pub const DAY: u32 = 86_400;
/// China's clock is so many seconds ahead.
pub const AHEAD: u32 = 8 * 3600;
/// Counties that people live in and stay in.
pub const COUNTIES: u16 = 2_790;
/// Pieces of one person.
pub const PIECES: usize = 6;
/// One person in so many is a contact of the same case.
const SHARE_OF_A_CASE: u32 = 60;

/// What a row says. The numbers are those of the databases' tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum What {
    /// Nothing that a rule asks about: a clean check-in.
    Clean = 0,
    /// A negative test.
    Negative = 1,
    /// A positive test.
    Positive = 2,
    /// A confirmed case.
    Case = 3,
    /// A close contact.
    Close = 4,
    /// A contact of a contact.
    Secondary = 5,
    /// A stay in a county.
    Stay = 6,
    /// A check-in or declaration with fever or a symptom.
    Symptoms = 7,
    /// A declaration of contact with a case.
    Declared = 8,
    /// An arrival from abroad.
    Arrival = 9,
    /// A clean declaration.
    Declaration = 10,
}

/// One piece of evidence, in 16 bytes.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Whose, from 0 without gaps.
    pub person: u32,
    /// When it happened; the end of a stay.
    pub at: u32,
    /// The case of a case or contact; the beginning of a stay.
    pub about: u32,
    /// Where somebody stayed.
    pub county: u16,
    /// What it says.
    pub what: What,
}

/// The level of a county: at most one entry each.
#[derive(Clone, Copy, Debug)]
pub struct Region {
    /// The number of the county.
    pub county: u16,
    /// High, or else medium.
    pub high: bool,
    /// From when.
    pub from: u32,
    /// Until when; `u32::MAX` until further notice.
    pub to: u32,
}

/// Everybody.
#[derive(Clone, Debug)]
pub struct Crowd {
    /// All people, with and without evidence.
    pub people: u64,
    /// Those of whom there are rows.
    pub with_evidence: u32,
    /// Everybody's rows, person after person.
    pub rows: Vec<Row>,
    /// Raised counties.
    pub regions: Vec<Region>,
}

/// A number that looks random and is the same every time.
#[must_use]
pub fn mixed(n: u64) -> u64 {
    let mut x = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// A part of a mixed number: below `below`.
fn part(mixed: u64, shift: u32, below: u32) -> u32 {
    // 16 bits are enough for every use here.
    (((mixed >> shift & 0xFFFF) as u32) * below) >> 16
}

/// Where somebody lives.
#[must_use]
pub fn home_of(person: u32) -> u16 {
    u16::try_from(mixed(u64::from(person) << 8 | 255) % u64::from(COUNTIES)).unwrap_or(0)
}

/// The six digits of a county.
#[must_use]
pub fn county_code(county: u16) -> String {
    let (province, rest) = (county / 90, county % 90);
    format!("CN-{:02}{:02}{:02}", 20 + province, 1 + rest / 9, 1 + rest % 9)
}

impl Crowd {
    /// A crowd of so many people, of whom 8 % have evidence.
    #[must_use]
    pub fn of(people: u64) -> Self {
        let with_evidence = u32::try_from(people * 8 / 100).unwrap_or(u32::MAX);
        let mut rows = Vec::with_capacity(with_evidence as usize * PIECES);
        for person in 0..with_evidence {
            for piece in 0..PIECES {
                rows.push(row(person, piece));
            }
        }
        Self { people, with_evidence, rows, regions: regions() }
    }

    /// People of a county of whom nothing is recorded.
    #[must_use]
    pub fn without_in(&self, county: u16) -> u64 {
        let all = self.people - u64::from(self.with_evidence);
        let more = u64::from(u64::from(county) < all % u64::from(COUNTIES));
        all / u64::from(COUNTIES) + more
    }

    /// The number of cases that rows speak of.
    #[must_use]
    pub const fn cases(&self) -> u32 {
        self.with_evidence / SHARE_OF_A_CASE + 1
    }
}

fn row(person: u32, piece: usize) -> Row {
    let m = mixed(u64::from(person) << 8 | piece as u64);
    // Up to sixty days ago, to the second.
    let at = NOW - 60 - part(m, 0, 60) * DAY - part(m, 16, 65_535).min(DAY - 120);
    let (chance, county) = (part(m, 32, 1000), u16::try_from(part(m, 48, u32::from(COUNTIES))));
    let county = county.unwrap_or(0);
    let mut row = Row { person, at, about: 0, county, what: What::Clean };
    row.what = match piece {
        0 | 1 if chance < 30 => What::Symptoms,
        0 | 1 => What::Clean,
        2 if chance < 5 => What::Declared,
        2 => What::Declaration,
        3 if chance < 20 => What::Positive,
        3 => What::Negative,
        4 => {
            row.about = at - 3600 - part(m, 8, 10) * DAY;
            What::Stay
        }
        _ => {
            row.about = person / SHARE_OF_A_CASE;
            match chance {
                0..50 => What::Case,
                50..350 => What::Close,
                350..650 => What::Secondary,
                650..800 => What::Arrival,
                _ => What::Clean,
            }
        }
    };
    row
}

fn regions() -> Vec<Region> {
    let of = |county: u16| {
        let m = mixed(u64::from(county) << 32);
        let from = NOW - DAY * (1 + part(m, 8, 40));
        // Every third was lowered again.
        let to = if m.is_multiple_of(3) { from + (NOW - from) / 2 } else { u32::MAX };
        (part(m, 32, 100) < 2).then_some(Region { county, high: part(m, 48, 2) == 0, from, to })
    };
    (0..COUNTIES).filter_map(of).collect()
}
