//! The table of divisions in memory.

use std::io::Read;
use std::sync::OnceLock;

use jadegate_domain::Division;

/// The packed table; `scripts/divisions/build.mjs` says how it is written.
const PACKED: &[u8] = include_bytes!("../../../data/divisions-cn.tsv.gz");

/// Cities of the table that are no cities, only a layer between a province and its counties; a full
/// name leaves them out.
const LAYERS: [&str; 4] = ["市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"];

/// How high a division stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// 省级: 34 of them.
    Province,
    /// 地级.
    City,
    /// 县级.
    County,
    /// 乡级: townships and streets.
    Township,
}

/// A code of up to nine digits, filled with zeros behind. No township code ends in 000, so the zeros
/// tell the level, and numbers stand in the order of the codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Code(u32);

impl Code {
    fn from_digits(digits: &str) -> Option<Self> {
        let digits = digits.get(..digits.len().min(9))?;
        let width = u32::try_from(digits.len()).ok()?;
        let plain = digits.bytes().all(|b| b.is_ascii_digit()) && width >= 2;
        plain.then(|| digits.parse::<u32>().ok().map(|n| Self(n * 10_u32.pow(9 - width)))).flatten()
    }

    pub(crate) fn of(division: &Division) -> Option<Self> {
        // Below the township (12 digits) nothing is listed.
        let known = division.country() == "CN" && division.path().len() <= 9;
        known.then(|| Self::from_digits(division.path())).flatten()
    }

    pub(crate) fn level(self) -> Level {
        match self.0 {
            n if n.is_multiple_of(10_000_000) => Level::Province,
            n if n.is_multiple_of(100_000) => Level::City,
            n if n.is_multiple_of(1000) => Level::County,
            _ => Level::Township,
        }
    }

    /// The first six digits: those of a county.
    pub(crate) const fn county_number(self) -> u32 {
        self.0 / 1000
    }

    /// The first code behind everything this one contains.
    fn behind(self) -> Self {
        Self(self.0 + self.step())
    }

    fn step(self) -> u32 {
        match self.level() {
            Level::Province => 10_000_000,
            Level::City => 100_000,
            Level::County => 1000,
            Level::Township => 1,
        }
    }

    /// Codes above this one, nearest first; some may not be listed.
    pub(crate) fn above(self) -> impl Iterator<Item = Self> {
        [1000, 100_000, 10_000_000]
            .into_iter()
            .map(move |step| Self(self.0 - self.0 % step))
            .filter(move |c| *c < self)
    }

    /// Is it one of the units below a city that statistics count apart without a code of GB/T 2260:
    /// development zones, management areas (county digits 71 to 79)?
    pub(crate) fn is_zone(self) -> bool {
        self.level() == Level::County && matches!(self.0 / 1000 % 100, 71..=79)
    }
}

#[derive(Clone, Copy)]
struct Entry {
    code: Code,
    start: u32,
    end: u32,
}

/// Every division of China down to the township.
pub struct Directory {
    text: String,
    entries: Vec<Entry>,
    /// Those whose name has an ASCII character, as positions in `entries`.
    ascii: Vec<usize>,
}

/// Words of a query at most: the division's own and those it is narrowed down by.
const MAX_WORDS: usize = 4;

/// A division that a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The division, by its code.
    pub division: Division,
    /// Its own name.
    pub name: &'static str,
    /// The names from the province down to it, separated by spaces.
    pub full_name: String,
}

impl Directory {
    /// The table built into the program; unpacked on first use (about 20 ms, 1 MB).
    pub fn embedded() -> &'static Self {
        static TABLE: OnceLock<Directory> = OnceLock::new();
        TABLE.get_or_init(|| Self::unpack(PACKED))
    }

    /// Lines that do not parse are left out; a test proves that the built-in table has none.
    fn unpack(packed: &[u8]) -> Self {
        let mut text = String::new();
        // An error leaves what was read so far; the same test covers it.
        let _ = flate2::read::GzDecoder::new(packed).read_to_string(&mut text);
        let mut entries = Vec::with_capacity(45_000);
        let mut digits = String::new();
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let start = at;
            at += line.len();
            let Some((delta, name)) = line.trim_end().split_once('\t') else { continue };
            let Some((shared, rest)) = delta.split_at_checked(1) else { continue };
            digits.truncate(shared.parse().unwrap_or(0));
            digits.push_str(rest);
            let Some(code) = Code::from_digits(&digits) else { continue };
            let start = start + delta.len() + 1;
            let range = (u32::try_from(start), u32::try_from(start + name.len()));
            let (Ok(start), Ok(end)) = range else { continue };
            entries.push(Entry { code, start, end });
        }
        let mut table = Self { text, entries, ascii: Vec::new() };
        let has_ascii = |e: &Entry| table.text_of(*e).bytes().any(|b| b.is_ascii());
        table.ascii = (0..table.entries.len()).filter(|i| has_ascii(&table.entries[*i])).collect();
        table
    }

    /// How many divisions are listed.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Is the table empty? (It is not.)
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn text_of(&self, e: Entry) -> &str {
        &self.text[e.start as usize..e.end as usize]
    }

    fn find(&self, code: Code) -> Option<Entry> {
        self.entries.binary_search_by_key(&code, |e| e.code).ok().map(|i| self.entries[i])
    }

    pub(crate) fn name_of(&self, code: Code) -> Option<&str> {
        self.find(code).map(|e| self.text_of(e))
    }

    /// Everything inside a division, in the order of codes; of the whole country for `None`.
    fn inside(&self, code: Option<Code>) -> &[Entry] {
        let Some(code) = code else { return &self.entries };
        let from = self.entries.partition_point(|e| e.code <= code);
        let to = self.entries.partition_point(|e| e.code < code.behind());
        &self.entries[from..to.max(from)]
    }

    pub(crate) fn descendants(
        &self,
        code: Option<Code>,
        level: Level,
    ) -> impl Iterator<Item = (Code, &str)> {
        self.inside(code)
            .iter()
            .filter(move |e| e.code.level() == level)
            .map(|e| (e.code, self.text_of(*e)))
    }

    /// The 34 provinces.
    pub(crate) fn provinces(&self) -> impl Iterator<Item = (Code, &str)> {
        let codes = ENGLISH.iter().map(|(digits, _)| Code(digits * 10_000_000));
        codes.filter_map(|c| Some((c, self.name_of(c)?)))
    }

    pub(crate) fn division(code: Code) -> Option<Division> {
        let width = match code.level() {
            Level::Province => 2,
            Level::City => 4,
            Level::County => 6,
            Level::Township => 9,
        };
        format!("CN-{}", &format!("{:09}", code.0)[..width]).parse().ok()
    }

    /// The level of a listed division.
    pub fn level(&self, division: &Division) -> Option<Level> {
        self.find(Code::of(division)?).map(|e| e.code.level())
    }

    /// The division's own name; `None` if it is not listed (abolished, abroad, below a township).
    pub fn name(&self, division: &Division) -> Option<&str> {
        if division.as_str() == "CN" {
            return Some("中国");
        }
        self.name_of(Code::of(division)?)
    }

    /// The codes from the province down to this one that are listed and are more than a layer.
    fn path(&self, code: Code) -> impl DoubleEndedIterator<Item = Entry> {
        let above: Vec<_> = code.above().filter_map(|c| self.find(c)).collect();
        let layer = |e: &Entry| LAYERS.contains(&self.text_of(*e));
        let whole: Vec<_> =
            above.into_iter().rev().filter(|e| !layer(e)).chain(self.find(code)).collect();
        whole.into_iter()
    }

    /// The names from the province down to the division: `浙江省`, `杭州市`, `西湖区`.
    pub fn full_name(&self, division: &Division, separator: &str) -> Option<String> {
        if division.as_str() == "CN" {
            return Some("中国".to_owned());
        }
        let code = Code::of(division)?;
        self.find(code)?;
        let names: Vec<_> = self.path(code).map(|e| self.text_of(e)).collect();
        Some(names.join(separator))
    }

    /// The same for English pages, smallest first. The province has its English name; below it no
    /// official English names are published, so the Chinese ones stand: `西湖区, 杭州市, Zhejiang`.
    pub fn full_name_en(&self, division: &Division) -> Option<String> {
        if division.as_str() == "CN" {
            return Some("China".to_owned());
        }
        let code = Code::of(division)?;
        self.find(code)?;
        let name = |e: Entry| Self::english(e.code).unwrap_or_else(|| self.text_of(e));
        Some(self.path(code).rev().map(name).collect::<Vec<_>>().join(", "))
    }

    fn english(code: Code) -> Option<&'static str> {
        let province = code.0 / 10_000_000;
        (code.level() == Level::Province)
            .then(|| ENGLISH.iter().find(|(p, _)| *p == province).map(|(_, name)| *name))
            .flatten()
    }

    /// The divisions directly below, in the order of codes: of `CN` the provinces, of a city without
    /// counties its townships.
    pub fn children(&self, division: &Division) -> impl Iterator<Item = (Division, &str)> {
        let whole = division.as_str() == "CN";
        let code = Code::of(division);
        let mut rest = if whole || code.is_some() { self.inside(code) } else { &[] };
        std::iter::from_fn(move || {
            let (first, _) = rest.split_first()?;
            let next = rest.partition_point(|e| e.code < first.code.behind());
            rest = &rest[next..];
            Some(*first)
        })
        .filter_map(|e| Some((Self::division(e.code)?, self.text_of(e))))
    }

    /// Divisions whose name contains the query, best first: equal names, then names that start with
    /// it, then the others; among these the higher level, then the code. Words before a space narrow
    /// it down by the divisions above (`杭州 西湖`); an English province name or the first digits of
    /// a code work as well. At most 100 are returned; a query of more than 64 characters or four
    /// words finds none. Cheap whatever is asked: the table is read once for each word.
    pub fn search(&'static self, query: &str, limit: usize) -> Vec<Found> {
        let query = query.trim();
        let words: Vec<&str> = query.split_whitespace().take(MAX_WORDS + 1).collect();
        let Some((own, above)) = words.split_last() else { return Vec::new() };
        if query.chars().count() > 64 || words.len() > MAX_WORDS {
            return Vec::new();
        }
        let named: Vec<Vec<Code>> = above
            .iter()
            .map(|w| self.named(w).into_iter().map(|i| self.entries[i].code))
            .map(|codes| codes.filter(|c| c.level() != Level::Township).collect())
            .collect();
        let inside = |code: Code| {
            let below = |named: &Vec<Code>| code.above().any(|c| named.binary_search(&c).is_ok());
            named.iter().all(below)
        };
        let mut hits = self.hits(own);
        if !named.is_empty() {
            // They come in the order of codes: those with the same division above stand together.
            let mut last = None;
            hits.retain(|(.., code)| {
                let parent = code.above().next();
                match last {
                    Some((p, fits)) if p == parent => fits,
                    _ => {
                        let fits = inside(*code);
                        last = Some((parent, fits));
                        fits
                    }
                }
            });
        }
        let limit = limit.min(100);
        if hits.len() > limit {
            hits.select_nth_unstable(limit);
            hits.truncate(limit);
        }
        hits.sort_unstable();
        hits.into_iter()
            .filter_map(|(.., code)| {
                let division = Self::division(code)?;
                let full_name = self.full_name(&division, " ")?;
                Some(Found { name: self.name_of(code)?, division, full_name })
            })
            .collect()
    }

    /// The entries whose name contains a word, ascending.
    fn named(&self, word: &str) -> Vec<usize> {
        if word.is_ascii() {
            // Names are Chinese but for a few; digits stand before each of them.
            let named = |i: &usize| self.text_of(self.entries[*i]).contains(word);
            return self.ascii.iter().copied().filter(named).collect();
        }
        let (mut found, mut next) = (Vec::new(), 0);
        for at in memchr::memmem::find_iter(self.text.as_bytes(), word.as_bytes()) {
            // Entries stand in the order of the text, and no word crosses a line.
            while self.entries.get(next).is_some_and(|e| e.end as usize <= at) {
                next += 1;
            }
            if self.entries.get(next).is_some_and(|e| e.start as usize <= at) {
                found.push(next);
                next += 1;
            }
        }
        found
    }

    /// Everything that fits a word, in no order, each once: how well (lower is better), level, code.
    fn hits(&self, word: &str) -> Vec<(u8, Level, Code)> {
        let rank = |e: &Entry| match self.text_of(*e) {
            name if name == word => 0,
            name if name.starts_with(word) => 1,
            _ => 2,
        };
        let hit = |rank: u8, e: &Entry| (rank, e.code.level(), e.code);
        let mut hits: Vec<_> = self
            .named(word)
            .into_iter()
            .map(|i| hit(rank(&self.entries[i]), &self.entries[i]))
            .collect();
        if word.is_ascii() && word.len() >= 2 {
            let new = |e: &Entry| !self.text_of(*e).contains(word);
            hits.extend(self.in_english(word).filter(new).map(|e| hit(1, &e)));
            hits.extend(self.by_code(word).iter().filter(|e| new(e)).filter_map(|e| {
                let written = Self::division(e.code)?;
                written.path().starts_with(word).then(|| hit(2, e))
            }));
        }
        hits
    }

    /// The provinces whose English name starts with a word.
    fn in_english<'a>(&'a self, word: &'a str) -> impl Iterator<Item = Entry> + 'a {
        ENGLISH
            .iter()
            .filter(move |(_, name)| {
                name.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
            })
            .filter_map(|(digits, _)| self.find(Code(digits * 10_000_000)))
    }

    /// The entries whose code, filled with zeros, starts with some digits.
    fn by_code(&self, digits: &str) -> &[Entry] {
        let Some(first) = Code::from_digits(digits).filter(|_| digits.len() <= 9) else {
            return &[];
        };
        // Digits, by the line above; at most nine.
        let behind = Code(first.0 + 10_u32.pow(9 - u32::try_from(digits.len()).unwrap_or(9)));
        let from = self.entries.partition_point(|e| e.code < first);
        let to = self.entries.partition_point(|e| e.code < behind);
        &self.entries[from..to]
    }
}

/// English names of the provinces, as the government writes them, by the first two digits.
const ENGLISH: [(u32, &str); 34] = [
    (11, "Beijing"),
    (12, "Tianjin"),
    (13, "Hebei"),
    (14, "Shanxi"),
    (15, "Inner Mongolia"),
    (21, "Liaoning"),
    (22, "Jilin"),
    (23, "Heilongjiang"),
    (31, "Shanghai"),
    (32, "Jiangsu"),
    (33, "Zhejiang"),
    (34, "Anhui"),
    (35, "Fujian"),
    (36, "Jiangxi"),
    (37, "Shandong"),
    (41, "Henan"),
    (42, "Hubei"),
    (43, "Hunan"),
    (44, "Guangdong"),
    (45, "Guangxi"),
    (46, "Hainan"),
    (50, "Chongqing"),
    (51, "Sichuan"),
    (52, "Guizhou"),
    (53, "Yunnan"),
    (54, "Xizang"),
    (61, "Shaanxi"),
    (62, "Gansu"),
    (63, "Qinghai"),
    (64, "Ningxia"),
    (65, "Xinjiang"),
    (71, "Taiwan"),
    (81, "Hong Kong"),
    (82, "Macao"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn d(s: &str) -> Division {
        s.parse().unwrap()
    }

    #[test]
    fn the_built_in_table_is_whole_and_sorted() {
        let mut text = String::new();
        flate2::read::GzDecoder::new(PACKED).read_to_string(&mut text).unwrap();
        let t = Directory::embedded();
        assert_eq!(text.lines().count(), t.len(), "a line was left out");
        assert!(t.entries.is_sorted_by(|a, b| a.code < b.code));
        let count = |l| t.descendants(None, l).count();
        assert_eq!(count(Level::Province), 34);
        assert_eq!((count(Level::City), count(Level::County)), (342, 2975));
        assert_eq!(count(Level::Township), t.len() - 34 - 342 - 2975);
        assert!(PACKED.len() < 300_000, "{} bytes", PACKED.len());
        for e in &t.entries {
            assert!(!t.text_of(*e).is_empty());
            let division = Directory::division(e.code).unwrap();
            assert_eq!(Code::of(&division), Some(e.code));
        }
        assert!(t.provinces().eq(t.descendants(None, Level::Province)));
    }

    #[test]
    fn names_leave_out_layers_that_are_no_division() {
        let t = Directory::embedded();
        assert_eq!(t.full_name(&d("CN-330106"), "").unwrap(), "浙江省杭州市西湖区");
        assert_eq!(t.full_name(&d("CN-110105"), " ").unwrap(), "北京市 朝阳区");
        assert_eq!(t.full_name(&d("CN-469001"), "").unwrap(), "海南省五指山市");
        assert_eq!(t.full_name_en(&d("CN-330106")).unwrap(), "西湖区, 杭州市, Zhejiang");
        assert_eq!(t.full_name_en(&d("CN-33")).unwrap(), "Zhejiang");
        assert_eq!(t.name(&d("CN-441900")), Some("东莞市"));
        for unknown in ["CN-330199", "US-NY", "CN-330106003001", "CN-99"] {
            assert_eq!(t.name(&d(unknown)), None, "{unknown}");
            assert_eq!(t.children(&d(unknown)).count(), 0, "{unknown}");
        }
    }

    #[test]
    fn children_stand_one_listed_level_below() {
        let t = Directory::embedded();
        assert_eq!(t.children(&d("CN")).count(), 34);
        assert!(t.children(&d("CN-33")).any(|(c, n)| c == d("CN-3301") && n == "杭州市"));
        let (first, name) = t.children(&d("CN-4419")).next().unwrap();
        assert_eq!((first.as_str(), name), ("CN-441900003", "东城街道"));
        assert_eq!(t.children(&d("CN-81")).count(), 0);
    }

    #[test]
    fn a_search_finds_the_best_name_first() {
        let t = Directory::embedded();
        let first = |q: &str| t.search(q, 5).first().map(|f| f.division.to_string());
        assert_eq!(first("杭州 西湖区").as_deref(), Some("CN-330106"));
        assert_eq!(first("浙江").as_deref(), Some("CN-33"));
        assert_eq!(first("zhejiang").as_deref(), Some("CN-33"));
        assert_eq!(first("330106").as_deref(), Some("CN-330106"));
        assert_eq!(first("没有这个地方"), None);
        assert_eq!(first(" "), None);
        assert_eq!(t.search("镇", 1_000_000).len(), 100);
    }

    #[test]
    fn what_is_asked_to_cost_much_finds_nothing() {
        let t = Directory::embedded();
        assert_eq!(t.search("镇 镇 镇 镇 镇", 20), []);
        assert_eq!(t.search(&"镇".repeat(65), 20), []);
        for (word, entries) in [("a", 0), ("zz", 0), ("12345678901234567890", 0), ("3301", 500)] {
            assert!(t.named(word).len() + t.by_code(word).len() <= entries, "{word}");
        }
    }

    /// Looks at every entry in every way.
    fn naive(t: &Directory, query: &str) -> Vec<(u8, Level, Code)> {
        let words: Vec<&str> = query.split_whitespace().collect();
        let Some((own, above)) = words.split_last() else { return Vec::new() };
        let rank = |e: &Entry| {
            let (name, written) = (t.text_of(*e), Directory::division(e.code).unwrap());
            let head = Directory::english(e.code).and_then(|n| n.get(..own.len()));
            let digits = own.len() >= 2 && own.bytes().all(|b| b.is_ascii_digit());
            if name == *own {
                Some(0)
            } else if name.starts_with(own) {
                Some(1)
            } else if name.contains(own) {
                Some(2)
            } else if own.len() >= 2 && head.is_some_and(|h| h.eq_ignore_ascii_case(own)) {
                Some(1)
            } else {
                (digits && written.path().starts_with(own)).then_some(2)
            }
        };
        let inside = |e: &Entry| {
            above
                .iter()
                .all(|w| e.code.above().any(|c| t.name_of(c).is_some_and(|n| n.contains(w))))
        };
        let entries = t.entries.iter().filter(|e| inside(e));
        let mut hits: Vec<_> =
            entries.filter_map(|e| Some((rank(e)?, e.code.level(), e.code))).collect();
        hits.sort_unstable();
        hits
    }

    #[test]
    fn a_search_finds_what_looking_at_everything_finds() {
        let t = Directory::embedded();
        for query in [
            "镇",
            "西湖",
            "杭州 西湖",
            "浙江 杭州 西湖",
            "zhe",
            "Z",
            "HE",
            "33",
            "330",
            "3301",
            "330106003",
            "3301060031",
            "a",
            "1",
            "街道办事处",
            "市 区",
            "新",
            "11 朝阳",
            "inner",
            "区区",
        ] {
            let all = naive(t, query);
            let found: Vec<_> = t.search(query, 100).into_iter().map(|f| f.division).collect();
            let wanted: Vec<_> =
                all.iter().take(100).filter_map(|(.., c)| Directory::division(*c)).collect();
            assert_eq!(found, wanted, "{query}");
        }
    }

    proptest! {
        #[test]
        fn every_division_is_reached_from_the_country(i in 0usize..44_000) {
            let t = Directory::embedded();
            let e = t.entries[i];
            let mut here = d("CN");
            let target = Directory::division(e.code).unwrap();
            while here != target {
                let next = t.children(&here).map(|(c, _)| c).find(|c| c.contains(&target));
                prop_assert!(next.is_some(), "{} not below {}", target, here);
                here = next.unwrap();
            }
        }

        #[test]
        fn no_query_panics(q in "(\\PC{0,20}|[0-9a-z]{1,4}|[省市区县 ]{0,6})", n in 0usize..200) {
            prop_assert!(Directory::embedded().search(&q, n).len() <= n.min(100));
        }
    }
}
