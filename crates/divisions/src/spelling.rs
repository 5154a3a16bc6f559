//! Other spellings of official names, by rule: what stands in brackets, columns that slipped, words for
//! the kind of a division that were left out or are those of another year.
//!
//! A rule gives names to look up, never a likeness. It is asked only where the names as written
//! have no code, and an answer counts only if all rules that give one agree.

use crate::directory::{Code, Directory, Level};

/// The three columns of a list.
pub(crate) type Names = [String; 3];

/// Words for a kind of county.
const COUNTY_KINDS: [&str; 4] = ["自治县", "县", "区", "市"];
/// Words for a kind of city. 地区 became cities one after another, the last in 2016.
const CITY_KINDS: [&str; 5] = ["自治州", "地区", "市", "盟", "州"];
/// What lists add to a name that is not part of it.
const ADDED: [&str; 5] = ["虚拟区", "虚拟", "全域", "全境", "及周边"];

/// A name without spaces, without what stands in brackets, and without words that lists add.
pub(crate) fn plain(name: &str) -> String {
    let mut depth = 0_u32;
    let outside = |c: &char| match c {
        '（' | '(' | '【' | '[' | '〔' => {
            depth += 1;
            false
        }
        '）' | ')' | '】' | ']' | '〕' => {
            depth = depth.saturating_sub(1);
            false
        }
        _ => depth == 0 && !c.is_whitespace(),
    };
    let mut plain: String = name.chars().filter(outside).collect();
    for added in ADDED {
        if let Some(rest) = plain.strip_suffix(added).or_else(|| plain.strip_prefix(added))
            && rest.chars().count() >= 2
        {
            plain = rest.to_owned();
        }
    }
    plain
}

/// Names as they may be meant: cleaned, with a repeated higher name taken off, and moved to the columns
/// they belong in.
pub(crate) fn variants(all: &Directory, names: [&str; 3]) -> Vec<Names> {
    let cleaned = names.map(plain);
    let Some((province, [p, c, d])) = in_its_province(all, &cleaned) else { return Vec::new() };
    // 浙江省杭州市 in the column of the city, 浙江省杭州市西湖区 in that of the county.
    let (city, county) = (without(&c, &p), without(&d, &p));
    let mut found: Vec<Names> = Vec::new();
    let mut add = |city: &str, county: &str| {
        let names = [p.clone(), city.to_owned(), county.to_owned()];
        if !found.contains(&names) {
            found.push(names);
        }
    };
    match city_named(all, province, &city) {
        Some(known) if county == city || county == known => add(&known, ""),
        Some(known) => {
            add(&known, &county);
            add(&known, &without(&county, &known));
            if let Some(short) = stem(&known, &CITY_KINDS) {
                add(&known, &without(&county, short));
            }
        }
        None => {
            add(&city, &county);
            add(&city, &without(&county, &city));
        }
    }
    if (city.is_empty() || city == p)
        && let Some(known) = city_named(all, province, &county)
    {
        // The city stands where the county should.
        add(&known, "");
    }
    found
}

/// The province by its name or the beginning of it (广西), and the three names with it in its place. Where its
/// column holds a city, or both in one, the others move.
fn in_its_province(all: &Directory, [p, c, d]: &Names) -> Option<(Code, Names)> {
    let at = |province: Code, city: &str, county: &str| {
        let name = all.name_of(province)?.to_owned();
        Some((province, [name, city.to_owned(), county.to_owned()]))
    };
    if p.chars().count() < 2 {
        return None;
    }
    if let Some(found) = only(all.provinces().filter(|(_, n)| n.starts_with(p.as_str()))) {
        return at(found, c, d);
    }
    if let Some((found, n)) = all.provinces().find(|(_, n)| p.starts_with(n)) {
        let rest = p.strip_prefix(n).unwrap_or_default();
        return at(found, if c.is_empty() { rest } else { c }, d);
    }
    let city = only(all.descendants(None, Level::City).filter(|(_, n)| n == p))?;
    let province = city.above().find(|c| c.level() == Level::Province)?;
    match (c.is_empty(), d.is_empty()) {
        (true, _) => at(province, p, d),
        (_, true) => at(province, p, c),
        _ => at(province, c, d),
    }
}

/// A city by its name with or without the word for its kind, or by its short form (延边州).
fn city_named(all: &Directory, province: Code, name: &str) -> Option<String> {
    let cities = || all.descendants(Some(province), Level::City);
    let exact = only(cities().filter(|(_, n)| *n == name));
    let found = exact.or_else(|| {
        let wanted = stem(name, &CITY_KINDS)?;
        let same = |(_, n): &(Code, &str)| stem(n, &CITY_KINDS) == Some(wanted);
        only(cities().filter(same)).or_else(|| {
            let long = |(_, n): &(Code, &str)| n.ends_with("自治州") && n.starts_with(wanted);
            only(cities().filter(long))
        })
    })?;
    all.name_of(found).map(str::to_owned)
}

/// A county of a city whose name has another word for its kind: 祁阳县 became 祁阳市, lists leave the word
/// out, and 峨边彝族自治县 is called 峨边县.
pub(crate) fn county_of_other_kind(all: &Directory, city: Code, name: &str) -> Option<Code> {
    let wanted = stem(name, &COUNTY_KINDS)?;
    let of_city = all.name_of(city).and_then(|n| stem(n, &CITY_KINDS));
    if wanted == name && of_city == Some(wanted) {
        // 长沙 in 长沙市 may be the city or 长沙县.
        return None;
    }
    let counties = || all.descendants(Some(city), Level::County).filter(|(c, _)| !c.is_zone());
    let same = |(_, n): &(Code, &str)| stem(n, &COUNTY_KINDS) == Some(wanted);
    only(counties().filter(same)).or_else(|| {
        let long = |(_, n): &(Code, &str)| n.ends_with("自治县") && n.starts_with(wanted);
        only(counties().filter(long))
    })
}

/// The city of the Xinjiang Production and Construction Corps that the names hold: 第八师石河子市 is 石河子市. A
/// division of the corps alone has people in many counties.
pub(crate) fn corps_city(all: &Directory, city: &str, county: &str) -> Option<Code> {
    const XINJIANG: &str = "新疆维吾尔自治区";
    let xinjiang = only(all.provinces().filter(|(_, n)| *n == XINJIANG))?;
    let own = |c: &Code| matches!(c.county_number(), 659_001..=659_099);
    let cities = || all.descendants(Some(xinjiang), Level::County).filter(|(c, _)| own(c));
    let named = |text: &str| only(cities().filter(|(_, n)| text.ends_with(n)));
    named(&plain(county)).or_else(|| named(&plain(city)))
}

/// A name without the word for its kind, if two characters are left (州 belongs to 杭州); a name without such
/// a word is its own stem. `None` for a single character.
fn stem<'a>(name: &'a str, kinds: &[&str]) -> Option<&'a str> {
    let enough = |s: &&str| s.chars().count() >= 2;
    let bare = kinds.iter().find_map(|k| name.strip_suffix(k).filter(enough));
    Some(bare.unwrap_or(name)).filter(enough)
}

/// A name without the name above it, unless nothing is left.
fn without(name: &str, above: &str) -> String {
    match name.strip_prefix(above) {
        Some(rest) if !above.is_empty() && rest.chars().count() >= 2 => rest.to_owned(),
        _ => name.to_owned(),
    }
}

/// The only one; `None` if there are several.
pub(crate) fn only<'a>(mut found: impl Iterator<Item = (Code, &'a str)>) -> Option<Code> {
    let first = found.next()?.0;
    found.next().is_none().then_some(first)
}
