//! Is this the same person? Names as travel documents write them (ICAO 9303, part 3, section 6), and how two of them
//! are compared.

use std::collections::BTreeSet;

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::reading::{Born, Person};

/// Whether a certificate is about somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// The same names and the same day of birth.
    Same,
    /// It may be: somebody has to look at the document.
    Doubtful,
    /// Somebody else.
    Other,
}

/// Somebody who is known here. Personal data: not for logs.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The names they are registered under, each in any letters and any order: the name in their own writing, and the
    /// one in their travel document.
    pub names: &'a [&'a str],
    /// When they were born, if that is known.
    pub born: Option<Date>,
    /// Number of their document.
    pub document: Option<&'a str>,
}

/// Is the certificate's person this one?
///
/// Names are compared in the letters of travel documents; order, spaces and missing middle names are tolerated. To be
/// the same, the day of birth has to be known on both sides and equal; a different one is somebody else's. Names in
/// letters that no table turns into others (Chinese, say) beside Latin ones are doubtful, unless the certificate names
/// the number of the person's own document.
pub fn same_person(person: &Person, known: &Known<'_>) -> Match {
    let born = match (person.born, known.born) {
        (Born::Day(a), Some(b)) if a == b => Match::Same,
        (born, Some(day)) if !born.fits(day) => return Match::Other,
        _ => Match::Doubtful,
    };
    let same_document =
        matches!((&person.document, known.document), (Some(a), Some(b)) if plain(a) == plain(b));
    let written = written(person);
    let pairs = written.iter().flat_map(|a| known.names.iter().map(move |b| (a, b)));
    let names = pairs.map(|(a, b)| compare(a, b)).max_by_key(|m| match m {
        Match::Other => 0,
        Match::Doubtful => 1,
        Match::Same => 2,
    });
    match (born, names.unwrap_or(Match::Doubtful), same_document) {
        (_, Match::Other, false) => Match::Other,
        (Match::Same, Match::Same, _) | (Match::Same, Match::Doubtful, true) => Match::Same,
        _ => Match::Doubtful,
    }
}

fn plain(number: &str) -> String {
    number.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// A name as a certificate has it, and the part of it that nobody leaves out.
struct Written {
    whole: String,
    must: Option<String>,
}

/// A name in each of the ways in which a certificate has it.
fn written(person: &Person) -> Vec<Written> {
    let joined = |family: &Option<String>, given: &Option<String>| {
        let parts: Vec<&str> = [family, given].into_iter().flatten().map(String::as_str).collect();
        let first =
            given.as_deref().and_then(|given| given.split(is_apart).find(|g| !g.is_empty()));
        Some(Written {
            whole: (!parts.is_empty()).then(|| parts.join(" "))?,
            must: family.as_deref().zip(first).map(|(family, first)| format!("{family} {first}")),
        })
    };
    let ways = [
        joined(&person.machine_family, &person.machine_given),
        joined(&person.family, &person.given),
        person.full.clone().map(|whole| Written { whole, must: None }),
    ];
    ways.into_iter().flatten().filter(|name| name.whole.chars().any(char::is_alphabetic)).collect()
}

/// A name of a certificate and one that is known.
fn compare(name: &Written, known: &str) -> Match {
    let (Some(one), Some(other)) = (Transliterated::of(&name.whole), Transliterated::of(known))
    else {
        // The same letters need no table.
        let same = squeezed(&name.whole) == squeezed(known);
        return if same { Match::Same } else { Match::Doubtful };
    };
    let must = name.must.as_deref().and_then(Transliterated::of);
    let same = |long: bool| {
        let must = must.as_ref().map(|must| must.variant(long));
        [true, false].iter().any(|l| are_same(one.variant(long), must, other.variant(*l)))
    };
    if same(true) || same(false) {
        return Match::Same;
    }
    let close = [true, false].iter().any(|l| are_close(one.variant(*l), other.variant(*l)));
    if close { Match::Doubtful } else { Match::Other }
}

fn squeezed(name: &str) -> String {
    name.nfkc().filter(|c| c.is_alphabetic()).flat_map(char::to_uppercase).collect()
}

/// The same parts in any order, or written together; or the one leaves out some of the other's, but neither the
/// family name nor the first of the given names (`must`; of a name without parts, its first and last).
fn are_same(a: &[String], must: Option<&[String]>, b: &[String]) -> bool {
    let sorted = |parts: &[String]| {
        let mut parts = parts.to_vec();
        parts.sort();
        parts
    };
    if sorted(a) == sorted(b) || together(a).any(|x| together(b).any(|y| x == y)) {
        return true;
    }
    let within = |some: &[String], all: &[String]| some.iter().all(|part| all.contains(part));
    if a.len() < b.len() {
        return a.len() >= 2 && within(a, b);
    }
    let ends: Vec<String> = [a.first(), a.last()].into_iter().flatten().cloned().collect();
    b.len() >= 2 && within(b, a) && within(must.unwrap_or(&ends), b)
}

/// Every turn of the parts, written without spaces: `VAN DER BERG JAN` and `JAN VANDERBERG` are one name.
fn together(parts: &[String]) -> impl Iterator<Item = String> {
    (0..parts.len())
        .map(|turn| parts.iter().cycle().skip(turn).take(parts.len()).map(String::as_str).collect())
}

/// They share a part of more than one letter, or differ only in how one writes what another alphabet has one letter
/// for.
fn are_close(a: &[String], b: &[String]) -> bool {
    let parts = |of: &[String]| -> BTreeSet<String> {
        of.iter().filter(|part| part.len() > 1).map(|part| folded(part)).collect()
    };
    parts(a).intersection(&parts(b)).next().is_some() || folded(&a.concat()) == folded(&b.concat())
}

fn folded(part: &str) -> String {
    ["AE", "OE", "UE", "AA", "SS", "KH", "IU", "IA", "IE", "Y", "J"]
        .iter()
        .zip(["A", "O", "U", "A", "S", "H", "YU", "YA", "YE", "I", "I"])
        .fold(part.to_owned(), |name, (from, to)| name.replace(from, to))
}

/// A name in the letters A to Z, its parts apart: as ICAO recommends (Ä is AE), and as those write it who leave the
/// dots away.
struct Transliterated {
    long: Vec<String>,
    short: Vec<String>,
}

impl Transliterated {
    /// `None` if a letter is in no table, or there is none at all.
    fn of(name: &str) -> Option<Self> {
        let (long, short) = (parts(name, true)?, parts(name, false)?);
        (!long.is_empty()).then_some(Self { long, short })
    }

    fn variant(&self, long: bool) -> &[String] {
        if long { &self.long } else { &self.short }
    }
}

fn parts(name: &str, long: bool) -> Option<Vec<String>> {
    let mut parts = vec![String::new()];
    for c in name.nfc() {
        if c.is_alphabetic() {
            parts.last_mut()?.push_str(&letter(c, long)?);
        } else if is_apart(c) {
            parts.push(String::new());
        }
    }
    Some(parts.into_iter().filter(|part| !part.is_empty()).collect())
}

/// An apostrophe is left out; spaces, hyphens and fillers part names.
fn is_apart(c: char) -> bool {
    c.is_whitespace() || matches!(c, '<' | '-' | '‐' | '‑' | '–' | ',' | '·' | '.')
}

/// One letter in the letters of travel documents.
fn letter(c: char, long: bool) -> Option<String> {
    let upper: String = c.to_uppercase().collect();
    let mut out = String::new();
    for c in upper.chars() {
        if c.is_ascii_uppercase() {
            out.push(c);
        } else if let Some(written) = listed(c, long) {
            out.push_str(written);
        } else {
            // A letter with marks is the letter.
            let mut bare = std::iter::once(c).nfd().filter(|c| !is_combining_mark(*c));
            match (bare.next(), bare.next()) {
                (Some(letter), None) if letter.is_ascii_uppercase() => out.push(letter),
                (Some(letter), None) if letter != c => out.push_str(listed(letter, long)?),
                _ => return None,
            }
        }
    }
    Some(out)
}

/// ICAO 9303-3, section 6, tables A (Latin) and B (Cyrillic); Greek by ISO 843, as Greek documents have it.
#[expect(clippy::match_same_arms, reason = "a table, by alphabet and exceptions")]
fn listed(c: char, long: bool) -> Option<&'static str> {
    Some(match c {
        'Ä' if long => "AE",
        'Ö' | 'Ő' if long => "OE",
        'Ü' | 'Ű' if long => "UE",
        'Å' if long => "AA",
        'Æ' | 'Ǽ' => "AE",
        'Ø' | 'Œ' if long => "OE",
        'Ø' => "O",
        'Œ' => "OE",
        'ẞ' => "SS",
        'Þ' => "TH",
        'Đ' | 'Ð' => "D",
        'Ħ' => "H",
        'Ŀ' | 'Ł' => "L",
        'Ŋ' => "N",
        'Ŧ' => "T",
        'ĸ' => "Q",
        'Ə' => "E",
        'Ĳ' => "IJ",
        'А' | 'Α' => "A",
        'Б' => "B",
        'В' | 'Β' => "V",
        'Г' | 'Ґ' | 'Γ' => "G",
        'Д' | 'Δ' => "D",
        'Е' | 'Ё' | 'Э' | 'Ε' => "E",
        'Ж' => "ZH",
        'З' | 'Ζ' => "Z",
        'И' | 'І' | 'Й' | 'Ї' | 'Ι' | 'Η' => "I",
        'Ј' => "J",
        'К' | 'Κ' => "K",
        'Л' | 'Λ' => "L",
        'М' | 'Μ' => "M",
        'Н' | 'Ν' => "N",
        'О' | 'Ο' | 'Ω' => "O",
        'П' | 'Π' => "P",
        'Р' | 'Ρ' => "R",
        'С' | 'Σ' => "S",
        'Т' | 'Τ' => "T",
        'У' | 'Ў' => "U",
        'Ф' | 'Φ' => "F",
        'Х' => "KH",
        'Χ' => "CH",
        'Ц' => "TS",
        'Ч' => "CH",
        'Ш' => "SH",
        'Щ' => "SHCH",
        'Ъ' | 'Є' => "IE",
        'Ы' | 'Υ' => "Y",
        'Ь' => "",
        'Ю' => "IU",
        'Я' => "IA",
        'Ѓ' => "G",
        'Ѕ' => "DZ",
        'Ќ' => "K",
        'Љ' => "LJ",
        'Њ' => "NJ",
        'Ћ' => "C",
        'Ђ' => "D",
        'Џ' => "DZ",
        'Θ' => "TH",
        'Ξ' => "X",
        'Ψ' => "PS",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(machine: [&str; 2], born: &str) -> Person {
        Person {
            machine_family: Some(machine[0].to_owned()),
            machine_given: Some(machine[1].to_owned()),
            born: Born::read(born).expect("a date of birth"),
            ..Person::default()
        }
    }

    fn against(person: &Person, name: &str) -> Match {
        let names = [name];
        let born = Some(jiff::civil::date(1980, 1, 2));
        same_person(person, &Known { names: &names, born, document: None })
    }

    #[test]
    fn the_same_name_in_other_letters_order_and_spaces_is_the_same_person() {
        for (machine, name) in [
            (["PROBE", "TESTA"], "Testa Probe"),
            (["PROBE", "TESTA<MARIA"], "Testa Probe"),
            (["MUELLER", "JOERG"], "Jörg Müller"),
            (["MULLER", "JORG"], "Jörg Müller"),
            (["ROGALINSKI<KROL", "STANISLAW"], "Stanisław Rogaliński-Król"),
            (["VAN<DER<BERG", "JAN"], "Jan Vanderberg"),
            (["OBRIEN", "SEAN"], "Seán O'Brien"),
            (["SOERENSEN", "AASE"], "Åse Sørensen"),
            (["PETKOV", "STAMO"], "Стамо Петков"),
            (["TAN", "CHENG<CHENG"], "TAN CHENGCHENG"),
            (["STRASSE", "THOR"], "Þor Straße"),
        ] {
            assert_eq!(against(&person(machine, "1980-01-02"), name), Match::Same, "{name}");
        }
    }

    #[test]
    fn what_is_alike_goes_to_a_counter_and_what_is_not_is_somebody_else() {
        for (name, is) in [
            ("Testa Example", Match::Doubtful),
            ("Probe T.", Match::Doubtful),
            ("普萝", Match::Doubtful),
            ("Other Person", Match::Other),
        ] {
            assert_eq!(against(&person(["PROBE", "TESTA"], "1980-01-02"), name), is, "{name}");
        }
        assert_eq!(
            against(&person(["MULLER", "JAN"], "1980-01-02"), "Jan Mueller"),
            Match::Doubtful
        );
    }

    #[test]
    fn without_the_same_day_of_birth_nobody_is_the_same() {
        for (born, is) in [
            ("1980-01-02", Match::Same),
            ("1980-01", Match::Doubtful),
            ("1980", Match::Doubtful),
            ("", Match::Doubtful),
            ("1980-01-03", Match::Other),
            ("1981", Match::Other),
        ] {
            assert_eq!(against(&person(["PROBE", "TESTA"], born), "Testa Probe"), is, "{born}");
        }
        let unknown = Known { names: &["Testa Probe"], born: None, document: None };
        assert_eq!(
            same_person(&person(["PROBE", "TESTA"], "1980-01-02"), &unknown),
            Match::Doubtful
        );
    }

    #[test]
    fn a_document_of_ones_own_speaks_for_a_name_in_other_letters() {
        let mut certificate = person(["ZHANG", "SAN"], "1980-01-02");
        let known = Known {
            names: &["张三"],
            born: Some(jiff::civil::date(1980, 1, 2)),
            document: Some("E12345678"),
        };
        assert_eq!(same_person(&certificate, &known), Match::Doubtful);
        certificate.document = Some("e1234 5678".to_owned());
        assert_eq!(same_person(&certificate, &known), Match::Same);
        certificate.born = Born::read("1980-01-03").expect("a day");
        assert_eq!(same_person(&certificate, &known), Match::Other);
    }

    #[test]
    fn a_person_without_a_name_is_nobody_in_particular() {
        let nobody = Person { born: Born::read("1980-01-02").expect("a day"), ..Person::default() };
        assert_eq!(against(&nobody, "Testa Probe"), Match::Doubtful);
        assert_eq!(against(&person(["", ""], "1980-01-02"), "Testa Probe"), Match::Doubtful);
    }
}
