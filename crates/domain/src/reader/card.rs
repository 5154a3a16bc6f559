//! The texts that readers of resident identity cards type: the number of 18 characters, and mostly the
//! name, in any order, with or without words before them.
//!
//! Standards say what lies in the card (GA/T 490), none says how a reader types it. So each part is
//! taken for what it alone can be: a number by its check character, a sex, a people, an address, an
//! office, dates. What is left is the name, if it is one thing.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::reading::{
    ReaderError, Reading, ReadingNote, ReadingSource, kept_nationality, shows_nothing,
};
use crate::country::travel_document_code;
use crate::document::{Document, DocumentError, DocumentType, Sex};
use crate::person::PersonName;
use crate::text::narrow;

/// Parts told of that were not understood, at most.
const TOLD: usize = 8;

/// The 56 peoples as cards name them, two characters and more; those of one character are no names.
const PEOPLES: &str = "维吾尔 布依 朝鲜 土家 哈尼 哈萨克 傈僳 高山 拉祜 东乡 纳西 景颇 柯尔克孜 达斡尔 仫佬 \
    布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 塔塔尔 独龙 鄂伦春 \
    赫哲 门巴 珞巴 基诺 穿青人";

/// What a word before a part says that it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    Name,
    Validity,
    Other,
}

fn label(word: &str) -> Option<Label> {
    let word: String = word.chars().filter(|c| !c.is_whitespace()).collect();
    Some(match word.to_lowercase().as_str() {
        "姓名" | "中文姓名" | "英文姓名" | "name" | "fullname" | "xm" => Label::Name,
        "有效期" | "有效期限" | "有效期至" | "有效日期" | "截止日期" | "validity"
        | "validuntil" | "expiry" | "expires" => Label::Validity,
        "性别"
        | "民族"
        | "出生"
        | "出生日期"
        | "生日"
        | "住址"
        | "地址"
        | "公民身份号码"
        | "公民身份证号码"
        | "身份证号"
        | "身份证号码"
        | "身份证"
        | "证件号码"
        | "证件号"
        | "号码"
        | "签发机关"
        | "发证机关"
        | "签发日期"
        | "国籍"
        | "证件类型"
        | "sex"
        | "gender"
        | "nation"
        | "ethnicity"
        | "birth"
        | "born"
        | "birthday"
        | "dateofbirth"
        | "address"
        | "id"
        | "idno"
        | "idnumber"
        | "number"
        | "authority"
        | "issuedby"
        | "nationality"
        | "type" => Label::Other,
        _ => return None,
    })
}

/// What has been made out so far.
#[derive(Default)]
struct Found {
    labelled: Vec<String>,
    han: Vec<String>,
    latin: Vec<String>,
    /// Names of peoples that are names of persons, too.
    either: Vec<String>,
    dates: Vec<Date>,
    until: Option<Date>,
    sex: Option<Sex>,
    nationality: Option<&'static str>,
    rest: Vec<String>,
}

pub(super) fn read(text: &str, today: Date) -> Result<Reading, ReaderError> {
    let text: String = text.chars().filter(|c| !shows_nothing(*c)).map(narrow).collect();
    let (document, number) = number_in(&text, today)?;
    let mut found = Found::default();
    let mut before = None;
    for part in parts(&text) {
        before = found.take(part, &number, before);
    }
    Ok(found.reading(document, today))
}

/// The one number of a card in a text.
fn number_in(text: &str, today: Date) -> Result<(Document, String), ReaderError> {
    let mut good = Vec::new();
    let mut wrong: Option<DocumentError> = None;
    let mut seen = BTreeSet::new();
    for run in text.split(|c: char| !c.is_ascii_alphanumeric()) {
        let run = run.to_ascii_uppercase();
        let Some(kind) = kind_of(&run).filter(|_| seen.insert(run.clone())) else { continue };
        match Document::on(today, kind, "", &run) {
            Ok(document) => good.push((document, run)),
            Err(e) => wrong = wrong.or(Some(e)),
        }
    }
    match (good.len(), wrong) {
        (1, None) => good.pop().ok_or(ReaderError::NoNumber),
        (0, Some(e)) => Err(e.into()),
        (0, None) => Err(ReaderError::NoNumber),
        _ => Err(ReaderError::SeveralNumbers),
    }
}

/// Which card has a number like this.
fn kind_of(run: &str) -> Option<DocumentType> {
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    match (run.len(), run.as_bytes()) {
        (18, [.., b'0'..=b'9' | b'X']) if digits(&run[..17]) => Some(DocumentType::ResidentId),
        (15, _) if digits(&run[3..]) && travel_document_code(&run[..3]).is_some() => {
            Some(DocumentType::ForeignResidentCard)
        }
        _ => None,
    }
}

/// A text in its parts: by what readers put between fields, or else by spaces.
fn parts(text: &str) -> Vec<&str> {
    let between = |c: char| c.is_control() || ",;|^#~$、，；。".contains(c);
    let text = text.trim();
    let parts: Vec<&str> = if text.contains(between) {
        text.split(between).collect()
    } else {
        text.split_whitespace().collect()
    };
    parts.into_iter().map(str::trim).filter(|p| !p.is_empty()).collect()
}

impl Found {
    /// Takes a part for what it is; returns the word that it says of the next one.
    fn take(&mut self, part: &str, number: &str, before: Option<Label>) -> Option<Label> {
        if let Some(word) = label(part) {
            return Some(word);
        }
        let said = part.split_once([':', '=']).and_then(|(l, v)| label(l).map(|l| (l, v.trim())));
        let (word, value) = said.map_or((before, part), |(l, v)| (Some(l), v));
        if said.is_some() && value.is_empty() {
            return word;
        }
        let value = without(value, number);
        match word {
            Some(Label::Name) if !value.is_empty() => self.labelled.push(value),
            Some(Label::Validity) => {
                let dates = dates_in(&value);
                self.until = dates.into_iter().max().or(self.until);
            }
            Some(Label::Other) => self.note(&value),
            _ => self.unnamed(&value),
        }
        None
    }

    /// Something that stands for itself.
    fn unnamed(&mut self, value: &str) {
        if value.is_empty() || is_known(value) {
            return self.note(value);
        }
        let code = value.len() == 3 && value.bytes().all(|b| b.is_ascii_uppercase());
        let nationality = travel_document_code(value).filter(|_| code).and_then(kept_nationality);
        if nationality.is_some() {
            self.nationality = nationality;
        } else if PEOPLES.split_whitespace().any(|p| p == value) {
            self.either.push(value.to_owned());
        } else if is_han_name(value) {
            self.han.push(value.split_whitespace().collect());
        } else if is_latin_name(value) {
            self.latin.push(value.to_owned());
        } else {
            self.rest.push(value.to_owned());
        }
    }

    /// Keeps what a known part says.
    fn note(&mut self, value: &str) {
        self.sex = self.sex.or(sex_of(value));
        self.dates.extend(dates_in(value));
        if let Some(code) = travel_document_code(value) {
            self.nationality = kept_nationality(code).or(self.nationality);
        }
    }

    fn reading(self, document: Document, today: Date) -> Reading {
        let foreign = document.doc_type() == DocumentType::ForeignResidentCard;
        let (name, note, unused) = self.name(foreign);
        let (born, until) = self.days(document.birth_date());
        let of_number = foreign.then(|| document.reveal().get(..3)).flatten();
        let of_number = of_number.and_then(travel_document_code).and_then(kept_nationality);
        let nationality = if foreign { self.nationality.or(of_number) } else { Some("CN") };
        let told = [
            (until.is_some_and(|day| day < today), ReadingNote::Expired),
            (born.is_none(), ReadingNote::BirthUnknown),
            (nationality.is_none(), ReadingNote::NationalityUnknown),
        ];
        let told = told.into_iter().filter(|(so, _)| *so).map(|(_, n)| n);
        Reading {
            source: ReadingSource::IdCard,
            name,
            nationality,
            birth_date: born,
            sex: document.sex().or(self.sex).unwrap_or(Sex::Unspecified),
            expiry: until,
            notes: note.into_iter().chain(told).collect(),
            not_understood: self.rest.into_iter().chain(unused).take(TOLD).collect(),
            document: Some(document),
        }
    }

    /// The name, or why there is none and what could have been it.
    fn name(&self, foreign: bool) -> (Option<String>, Option<ReadingNote>, Vec<String>) {
        let scripts = if foreign { [&self.latin, &self.han] } else { [&self.han, &self.latin] };
        let lists = [&self.labelled, scripts[0], scripts[1], &self.either];
        let Some(list) = lists.into_iter().find(|l| !l.is_empty()) else {
            return (None, Some(ReadingNote::NameMissing), Vec::new());
        };
        // A card of a foreigner may say the name in two scripts, each with its word.
        let one = list.len() == 1 || (foreign && !self.labelled.is_empty());
        let name = list.first().filter(|_| one).and_then(|n| PersonName::new(n).ok());
        match name {
            Some(name) => (Some(name.reveal().to_owned()), None, Vec::new()),
            None => (None, Some(ReadingNote::NameUnclear), list.clone()),
        }
    }

    /// Date of birth and last day of validity.
    fn days(&self, born: Option<Date>) -> (Option<Date>, Option<Date>) {
        let mut days: Vec<Date> = self.dates.iter().copied().filter(|d| Some(*d) != born).collect();
        days.sort_unstable();
        days.dedup();
        // Issued, valid until, and, where the number does not say it, born.
        let born = born.or_else(|| days.first().copied().filter(|_| days.len() == 3));
        let until = self.until.or_else(|| days.last().copied().filter(|_| days.len() >= 2));
        (born, until)
    }
}

/// What is not the name, whatever word stands before it.
fn is_known(value: &str) -> bool {
    let digits = value.chars().any(|c| c.is_ascii_digit());
    let han = value.chars().filter(|c| is_han(*c)).count();
    let has = |signs: &str| value.chars().any(|c| signs.contains(c));
    let office = ["公安", "出入境", "移民", "管理局"].iter().any(|w| value.contains(w));
    let place = han >= 6 && has("省市区县州盟旗镇乡村路街巷") && !value.contains('·');
    let people = value.strip_suffix('族').is_some_and(|p| !p.is_empty())
        || (han == 1 && value.chars().count() == 1);
    let number = digits && (han == 0 || place || has("年月日至") || value.contains("长期"));
    sex_of(value).is_some() || value == "长期" || office || place || people || number
}

/// A part without the number.
fn without(part: &str, number: &str) -> String {
    let at = part.to_ascii_uppercase().find(number);
    let rest = at.map(|i| format!("{} {}", &part[..i], &part[i + number.len()..]));
    rest.as_deref().unwrap_or(part).trim().to_owned()
}

fn sex_of(value: &str) -> Option<Sex> {
    match value {
        "男" | "男性" | "M" | "Male" | "MALE" => Some(Sex::Male),
        "女" | "女性" | "F" | "Female" | "FEMALE" => Some(Sex::Female),
        _ => None,
    }
}

const fn is_han(c: char) -> bool {
    matches!(c, '〇' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

fn is_han_name(value: &str) -> bool {
    let n = value.chars().filter(|c| is_han(*c)).count();
    let right = |c: char| is_han(c) || matches!(c, '·' | '•' | ' ' | '\u{3000}');
    (2..=20).contains(&n) && value.chars().all(right)
}

fn is_latin_name(value: &str) -> bool {
    let right = |c: char| c.is_alphabetic() && !is_han(c) || " -'.".contains(c);
    value.chars().filter(|c| c.is_alphabetic()).count() >= 2 && value.chars().all(right)
}

/// Every date in a part: `19491231`, `1949-12-31`, `1949.1.1`, `1949年12月31日`.
fn dates_in(part: &str) -> Vec<Date> {
    let groups: Vec<&str> =
        part.split(|c: char| !c.is_ascii_digit()).filter(|g| !g.is_empty()).collect();
    let date = |y: &str, m: &str, d: &str| {
        Date::new(y.parse().ok()?, m.parse().ok()?, d.parse().ok()?).ok()
    };
    let mut dates = Vec::new();
    for (i, g) in groups.iter().enumerate() {
        dates.extend(match (g.len(), groups.get(i + 1), groups.get(i + 2)) {
            (8, _, _) => date(&g[..4], &g[4..6], &g[6..]),
            (4, Some(m), Some(d)) if m.len() <= 2 && d.len() <= 2 => date(g, m, d),
            _ => None,
        });
    }
    dates
}
