use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::{Document, DocumentType, Sex};

/// The specimens of ICAO 9303 parts 4 to 7.
const TD3: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                   L898902C36UTO7408122F1204159ZE184226B<<<<<10";
const TD2: &str = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6";
const TD1: &str = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\n\
                   ERIKSSON<<ANNA<MARIA<<<<<<<<<<";
const MRV_A: &str = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                     L8988901C4XXX4009078F96121096ZE184226B<<<<<<";
const MRV_B: &str = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nL8988901C4XXX4009078F9612109<<<<<<<<";

const TODAY: Date = date(2026, 11, 1);
const CARD: &str = "11010519491231002X";

fn good(text: &str) -> Reading {
    read(text, TODAY).unwrap_or_else(|e| panic!("{}: {text:?}", e.code()))
}

fn code(text: &str) -> &'static str {
    read(text, TODAY).map_or_else(ReaderError::code, |_| "read")
}

/// What an American reader's keys make on another machine.
fn typed_on(pairs: &[(char, char)], text: &str) -> String {
    let key = |c| pairs.iter().find(|(from, _)| *from == c).map_or(c, |(_, to)| *to);
    text.chars().map(key).collect()
}

const GERMAN: &[(char, char)] = &[('<', ';'), ('Y', 'Z'), ('Z', 'Y')];
const SPANISH: &[(char, char)] = &[('<', ';')];
const FRENCH: &[(char, char)] = &[
    ('<', '.'),
    ('A', 'Q'),
    ('Q', 'A'),
    ('Z', 'W'),
    ('W', 'Z'),
    ('M', '?'),
    ('0', 'à'),
    ('1', '&'),
    ('2', 'é'),
    ('3', '"'),
    ('4', '\''),
    ('5', '('),
    ('6', '-'),
    ('7', 'è'),
    ('8', '_'),
    ('9', 'ç'),
];

/// A TD3 zone with its check digits.
fn passport(name: &str, issuer: &str, number: &str, born: &str, until: &str) -> String {
    let fill = |s: &str, n: usize| format!("{s:<<n$}");
    let digit = |s: &str| {
        let value = |c: char| c.to_digit(36).unwrap_or(0);
        (s.chars().zip([7, 3, 1].into_iter().cycle()).map(|(c, w)| value(c) * w).sum::<u32>() % 10)
            .to_string()
    };
    let with = |s: String| format!("{s}{}", digit(&s));
    let (number, born, until) = (with(fill(number, 9)), with(born.into()), with(until.into()));
    let own = with(fill("", 14));
    let all = digit(&format!("{number}{born}{until}{own}"));
    let state = fill(issuer, 3);
    format!("{}\n{number}{state}{born}F{until}{own}{all}", fill(&format!("P<{state}{name}"), 44))
}

#[test]
fn the_specimens_of_icao_9303_are_read_however_lines_end() {
    for (zone, source, number) in [
        (TD3, ReadingSource::Passport, "L898902C3"),
        (TD2, ReadingSource::Card, "D23145890"),
        (TD1, ReadingSource::Card, "D23145890"),
    ] {
        for end in ["\n", "\r", "\r\n", "\t", "", " ", "\n\n", "\u{3}\r\n\u{2}"] {
            let r = good(&format!("\u{2}{}{end}", zone.replace('\n', end)));
            let d = r.document.clone().unwrap();
            assert_eq!((r.source, d.reveal(), d.country()), (source, number, "UTO"), "{end:?}");
            assert_eq!(r.name.as_deref(), Some("ERIKSSON ANNA MARIA"));
            assert_eq!((r.birth_date, r.sex), (Some(date(1974, 8, 12)), Sex::Female));
            assert_eq!((r.expiry, r.nationality), (Some(date(2012, 4, 15)), Some("UTO")));
            assert_eq!(r.notes, [ReadingNote::Expired], "told, and not refused");
        }
    }
}

#[test]
fn a_visa_is_read_and_is_no_document() {
    for zone in [MRV_A, MRV_B] {
        let r = good(zone);
        assert_eq!((r.source, r.document.clone()), (ReadingSource::Visa, None));
        assert_eq!(r.name.as_deref(), Some("ERIKSSON ANNA MARIA"));
        assert!(r.notes.contains(&ReadingNote::Visa), "{:?}", r.notes);
    }
}

#[test]
fn the_keyboard_of_another_country_is_undone() {
    let zyx = passport("ZYX<<YZA", "CZE", "ZY123456Y", "740812", "300101");
    for zone in [TD3, TD2, TD1, &zyx] {
        let right = good(zone);
        for (pairs, machine) in [(GERMAN, "German"), (SPANISH, "Spanish"), (FRENCH, "French")] {
            assert_eq!(good(&typed_on(pairs, zone)), right, "{machine}");
        }
        assert_eq!(
            good(&zone.replace('<', "\\")),
            right,
            "a European reader on an American machine"
        );
        for sign in ["《", "〈", "＜", ">"] {
            assert_eq!(good(&zone.replace('<', sign)), right, "{sign}");
        }
        let wide = |c| char::from_u32(u32::from(c) + 0xfee0).filter(|_| c != '\n').unwrap_or(c);
        assert_eq!(good(&zone.chars().map(wide).collect::<String>()), right);
        assert_eq!(good(&zone.to_lowercase()), right, "Caps Lock");
    }
}

#[test]
fn where_nothing_tells_two_letters_apart_it_is_said() {
    // Y and Z in the name only: no check digit is about it.
    let zone = passport("MEYER<<ZOE", "UTO", "L898902C3", "740812", "300101");
    let r = good(&typed_on(GERMAN, &zone));
    assert_eq!(r.notes, [ReadingNote::SwappedLetters]);
    assert_eq!(r.document, good(&zone).document);
    assert_eq!(good(&zone).notes, []);
}

#[test]
fn people_of_no_country_and_of_organisations_are_what_they_are() {
    for (state, kept) in [
        ("D", Some("DE")),
        ("XXA", Some("XXA")),
        ("XXB", Some("XXB")),
        ("XXC", Some("XXC")),
        ("XXK", Some("XXK")),
        ("RKS", Some("RKS")),
        ("GBD", Some("GBD")),
        ("UNO", None),
        ("EUE", None),
    ] {
        let r = good(&passport("ERIKSSON<<ANNA", state, "L898902C3", "740812", "300101"));
        let country = if state == "D" { "DEU" } else { state };
        assert_eq!(r.document.unwrap().country(), country);
        assert_eq!(r.nationality, kept, "{state}");
        assert_eq!(r.notes.contains(&ReadingNote::NationalityUnknown), kept.is_none());
    }
}

#[test]
fn nobody_is_born_in_the_future_and_the_last_day_is_valid() {
    let zone = passport("ERIKSSON<<ANNA", "UTO", "L898902C3", "261101", "261101");
    let r = good(&zone);
    assert_eq!((r.birth_date, r.notes), (Some(TODAY), vec![]));
    let r = read(&zone, date(2026, 10, 31)).unwrap();
    assert_eq!(r.birth_date, Some(date(1926, 11, 1)));
    let r = read(&zone, date(2026, 11, 2)).unwrap();
    assert_eq!((r.birth_date, r.notes), (Some(TODAY), vec![ReadingNote::Expired]));
    let unknown = passport("ERIKSSON<<ANNA", "UTO", "L898902C3", "74<<<<", "300101");
    let r = good(&unknown);
    assert_eq!((r.birth_date, r.notes), (None, vec![ReadingNote::BirthUnknown]));
}

#[test]
fn a_name_that_fills_its_line_may_be_cut() {
    let long = "NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K";
    assert_eq!(long.len(), 39);
    let r = good(&passport(long, "THA", "L898902C3", "740812", "300101"));
    assert_eq!(r.notes, [ReadingNote::NameMayBeCut]);
    let r = good(&passport("SINGLE", "UTO", "L898902C3", "740812", "300101"));
    assert_eq!((r.name.as_deref(), r.notes), (Some("SINGLE"), vec![]));
}

/// A TD1 zone of a permit of China, with its check digits.
fn permit(kind: &str, number: &str) -> String {
    let digit = |s: &str| {
        let value = |c: char| c.to_digit(36).unwrap_or(0);
        s.chars().zip([7, 3, 1].into_iter().cycle()).map(|(c, w)| value(c) * w).sum::<u32>() % 10
    };
    let number = format!("{number:<<9}");
    let first = format!("{kind}CHN{number}{}<<<<<<<<<<<<<<<", digit(&number));
    let (born, until) = ("740812", "300101");
    let born = format!("{born}{}", digit(born));
    let until = format!("{until}{}", digit(until));
    let all = digit(&format!("{}{born}{until}<<<<<<<<<<<", &first[5..]));
    format!("{first}\n{born}F{until}CHN<<<<<<<<<<<{all}\nPROBE<<TESTA<<<<<<<<<<<<<<<<<<")
}

/// Typed by hand they have a type of their own: read or typed, one card leads to one person.
#[test]
fn permits_are_what_they_are_when_their_number_is_typed() {
    use DocumentType as T;
    for (kind, number, t) in [
        ("C<", "H12345678", T::HkMacaoPermit),
        ("CR", "M12345678", T::HkMacaoPermit),
        ("CS", "C12345678", T::HkMacaoPermit),
        ("CT", "12345678", T::TaiwanPermit),
        ("CD", "T12345678", T::TaiwanPermit),
        ("I<", "H12345678", T::Other),
        ("C<", "AB345678", T::Other),
    ] {
        let read = good(&permit(kind, number)).document.unwrap();
        assert_eq!((read.doc_type(), read.reveal()), (t, number), "{kind}");
        assert_eq!(read, Document::new(t, "CHN", number).unwrap());
    }
}

#[test]
fn what_was_misread_is_named() {
    for (zone, expected) in [
        (TD3.replace("L898902C3", "L898902C8"), "reader.check_number"),
        (TD3.replace("740812", "740813"), "reader.check_birth"),
        (TD3.replace("120415", "120416"), "reader.check_expiry"),
        (TD3.replace("ZE184226B", "ZE184226C"), "reader.check_whole"),
        (TD3.replace("ZE184226B<<<<<10", "ZE184226B<<<<<17"), "reader.check_whole"),
        (TD3.replace("P<UTO", "P<UT0"), "document.bad_country"),
        (TD3.replace("36UTO", "36ZZZ"), "document.bad_country"),
        (TD3.replace("ERIKSSON", "ERIK55ON"), "document.bad_name"),
        (TD3.replace("P<UTO", "Q<UTO"), "document.not_an_identity_document"),
        (TD3[..80].to_owned(), "reader.zone_length"),
        (TD3[1..].to_owned(), "reader.zone_length"),
        (format!("{TD3}<"), "reader.zone_length"),
        (format!("{TD3}\n{TD3}"), "reader.zone_length"),
        (TD3.replace("<10", "<1é"), "reader.zone_characters"),
        (TD3.replace('<', "*"), "reader.zone_characters"),
        ("\u{2}\r\n ".to_owned(), "reader.empty"),
        (String::new(), "reader.empty"),
        ("<".repeat(5000), "reader.too_long"),
        ("Testa Probe".to_owned(), "reader.no_number"),
        ("E59659321".to_owned(), "reader.no_number"),
        ("110105194912310021".to_owned(), "document.bad_check_digit"),
        (format!("测试男汉19491231{CARD}"), "reader.no_number"),
        (format!("{CARD} 440524188001010014"), "reader.several_numbers"),
        (format!("{CARD} 440524188001010015"), "reader.several_numbers"),
    ] {
        assert_eq!(code(&zone), expected, "{zone:?}");
    }
}

#[test]
fn readers_of_identity_cards_are_read_in_any_order() {
    for text in [
        format!("测试\t{CARD}"),
        format!("{CARD},测试"),
        format!("测试 {CARD}\r\n"),
        format!("测试{CARD}"),
        format!(
            "测试,男,汉,19491231,北京市朝阳区样例路1号,{CARD},北京市公安局朝阳分局,20200101,20400101"
        ),
        format!("测试|男|01|19491231|北京市朝阳区样例路1号|{CARD}|样例市公安局|20200101|20400101|"),
        format!(
            "姓名：测试\n性别：女\n民族：汉族\n出生：1949年12月31日\n住址：北京市朝阳区样例路1号\n公民身份号码：{CARD}\n签发机关：样例市公安局\n有效期限：2020.01.01-2040.01.01"
        ),
        format!("姓名:测试 性别:女 民族:汉 公民身份号码:{CARD}"),
        format!("姓名\t测试\t性别\t女\t身份证号\t{}", CARD.to_lowercase()),
        format!("Name: 测试; Sex: F; ID: {CARD}"),
        "１１０１０５１９４９１２３１００２Ｘ；测　试；".to_owned(),
        format!("测试,女,土家,{CARD}"),
        format!("  \u{feff}测试 #{CARD}#1949-12-31#长期#"),
    ] {
        let r = good(&text);
        assert_eq!(r.name.as_deref(), Some("测试"), "{text} {:?} {:?}", r.notes, r.not_understood);
        let d = r.document.unwrap();
        assert_eq!((d.doc_type(), d.reveal()), (DocumentType::ResidentId, CARD), "{text}");
        assert_eq!((r.source, r.nationality), (ReadingSource::IdCard, Some("CN")));
        assert_eq!((r.birth_date, r.sex), (Some(date(1949, 12, 31)), Sex::Female), "{text}");
        assert_eq!((r.notes, r.not_understood), (vec![], vec![]), "{text}");
        let until = text.contains("2040").then_some(date(2040, 1, 1));
        assert_eq!(r.expiry, until, "{text}");
    }
}

#[test]
fn names_of_every_kind_and_none_that_is_guessed() {
    for (text, name, note, left) in [
        (format!("买买提·艾合买提,{CARD}"), Some("买买提·艾合买提"), None, 0),
        (format!("高山,男,{CARD}"), Some("高山"), None, 0),
        (format!("高山,高山族,{CARD}"), Some("高山"), None, 0),
        (format!("Testa Probe,{CARD}"), Some("Testa Probe"), None, 0),
        (CARD.to_owned(), None, Some(ReadingNote::NameMissing), 0),
        (format!("测试,样例,{CARD}"), None, Some(ReadingNote::NameUnclear), 2),
        (format!("测试,ok?9,{CARD}"), Some("测试"), None, 0),
        (format!("测试,{CARD},过期,样例路"), None, Some(ReadingNote::NameUnclear), 3),
    ] {
        let r = read(&text, TODAY);
        let r = r.unwrap();
        assert_eq!(r.name.as_deref(), name, "{text}");
        assert_eq!(r.notes.first().copied(), note, "{text}");
        assert_eq!(r.not_understood.len(), left, "{text} {:?}", r.not_understood);
    }
    let r = good(&format!("{CARD},测试,一个不知道是什么的 Ding 7!"));
    assert_eq!((r.name.as_deref(), r.not_understood.len()), (Some("测试"), 1));
}

#[test]
fn cards_of_foreigners_and_of_hong_kong_are_read_too() {
    let text = "PROBE TESTA,女,USA110012345678,USA,测试,20200101,20300101,19740812,I";
    let r = good(text);
    let d = r.document.clone().unwrap();
    assert_eq!((d.doc_type(), d.reveal()), (DocumentType::ForeignResidentCard, "USA110012345678"));
    assert_eq!((r.name.as_deref(), r.nationality), (Some("PROBE TESTA"), Some("US")));
    assert_eq!((r.birth_date, r.expiry), (Some(date(1974, 8, 12)), Some(date(2030, 1, 1))));
    let expired = text.replace("2030", "2024");
    assert_eq!(good(&expired).notes, [ReadingNote::Expired]);
}

#[test]
fn nothing_personal_is_shown() {
    assert_eq!(format!("{:?}", good(TD3)), "Reading { source: Passport, .. }");
    for bad in [TD3.replace("740812", "740813"), format!("{CARD} 440524188001010014")] {
        let said = read(&bad, TODAY).unwrap_err().to_string();
        assert!(!said.contains("ERIKSSON") && !said.contains("1101"), "{said}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(s in "(\\PC{0,100}|[A-Z0-9<;.]{60,95}|([一-龥]{1,4}[,| ]){0,6}[0-9X]{15,18}\\PC{0,20})") {
        let _ = read(&s, TODAY);
    }

    /// A digit misread is refused, or no check digit is about it. (A letter read as the digit ten below
    /// its value, D as 3, is what the weights cannot see.)
    #[test]
    fn a_damaged_zone_never_leads_to_another_number(
        zone in prop::sample::select(vec![TD3, TD2, TD1]),
        at in 0usize..88,
        digit in "[0-9]",
    ) {
        let flat = zone.replace('\n', "");
        let at = at % flat.len();
        prop_assume!(flat.as_bytes()[at].is_ascii_digit());
        let mut damaged = flat.clone();
        damaged.replace_range(at..=at, &digit);
        if let Ok(r) = read(&damaged, TODAY) {
            prop_assert_eq!(r.document, good(zone).document);
        }
    }
}
