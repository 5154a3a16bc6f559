//! Words of closed lists as laboratories, carriers and offices write them in files.

use jadegate_domain::text::{is_dash, word};

/// What is written, and the name it stands for.
type Table = [(&'static str, &'static str)];

/// Results of tests.
const RESULTS: &Table = &[
    ("neg", "negative"),
    ("阴性", "negative"),
    ("陰性", "negative"),
    ("阴", "negative"),
    ("not_detected", "negative"),
    ("undetected", "negative"),
    ("none_detected", "negative"),
    ("未检出", "negative"),
    ("未檢出", "negative"),
    ("pos", "positive"),
    ("阳性", "positive"),
    ("陽性", "positive"),
    ("阳", "positive"),
    ("detected", "positive"),
    ("检出", "positive"),
    ("檢出", "positive"),
];

/// Methods of tests.
pub(crate) const METHODS: &Table = &[
    ("pcr", "nucleic_acid"),
    ("rt_pcr", "nucleic_acid"),
    ("qpcr", "nucleic_acid"),
    ("rt_qpcr", "nucleic_acid"),
    ("rrt_pcr", "nucleic_acid"),
    ("naat", "nucleic_acid"),
    ("nat", "nucleic_acid"),
    ("核酸", "nucleic_acid"),
    ("核酸检测", "nucleic_acid"),
    ("核酸檢測", "nucleic_acid"),
    ("nucleicacid", "nucleic_acid"),
    ("抗原", "antigen"),
    ("抗原检测", "antigen"),
    ("抗原檢測", "antigen"),
    ("rat", "antigen"),
    ("rapid_antigen", "antigen"),
    ("antigen_test", "antigen"),
    ("lfd", "antigen"),
    ("lft", "antigen"),
];

/// Types of documents.
pub(crate) const DOCUMENTS: &Table = &[
    ("身份证", "resident_id"),
    ("居民身份证", "resident_id"),
    ("身份證", "resident_id"),
    ("id_card", "resident_id"),
    ("residentid", "resident_id"),
    ("护照", "passport"),
    ("護照", "passport"),
    ("港澳居民来往内地通行证", "hk_macao_permit"),
    ("港澳通行证", "hk_macao_permit"),
    ("台湾居民来往大陆通行证", "taiwan_permit"),
    ("台胞证", "taiwan_permit"),
    ("外国人永久居留身份证", "foreign_resident_card"),
    ("外国人永久居留证", "foreign_resident_card"),
    ("其他", "other"),
    ("其它", "other"),
];

/// Vehicles.
pub(crate) const VEHICLES: &Table = &[
    ("火车", "train"),
    ("列车", "train"),
    ("高铁", "train"),
    ("动车", "train"),
    ("飞机", "flight"),
    ("航班", "flight"),
    ("plane", "flight"),
    ("汽车", "bus"),
    ("客车", "bus"),
    ("大巴", "bus"),
    ("公交", "bus"),
    ("coach", "bus"),
    ("出租车", "taxi"),
    ("轮渡", "ferry"),
    ("渡轮", "ferry"),
    ("客船", "ferry"),
];

/// The name a word stands for; the word as it is compared, if it is on no list. What is compared is
/// without case, width and kind of dash.
pub(crate) fn name(table: &Table, text: &str) -> String {
    let word = word(text);
    let known = |word: &str| table.iter().find(|(written, _)| *written == word);
    known(&word).map_or(word, |(_, name)| (*name).to_owned())
}

/// A result, also with the sign that laboratories write after it, as in `阴性(-)`. A sign that says the
/// opposite makes it no result.
pub(crate) fn result(text: &str) -> String {
    let bracket = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '（' | '）');
    let signed = text.trim_end_matches(bracket);
    let sign = match signed.chars().last() {
        Some('+' | '＋') => "positive",
        Some(c) if is_dash(c) => "negative",
        _ => return name(RESULTS, text),
    };
    let sign_or_bracket = |c: char| bracket(c) || is_dash(c) || matches!(c, '+' | '＋');
    let named = name(RESULTS, signed.trim_end_matches(sign_or_bracket));
    if named == sign { named } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_found_as_it_is_compared() {
        for table in [RESULTS, METHODS, DOCUMENTS, VEHICLES] {
            for (written, want) in table {
                assert_eq!(&word(written), written, "would never be found");
                assert_eq!(name(table, &written.to_uppercase()), *want);
                assert_eq!(name(table, want), *want);
            }
        }
        assert_eq!(name(METHODS, "RT\u{2011}PCR"), "nucleic_acid");
        assert_eq!(name(RESULTS, "Not Detected"), "negative");
        assert_eq!(name(RESULTS, "maybe"), "maybe");
    }

    #[test]
    fn a_sign_after_a_result_must_say_the_same() {
        for (text, want) in [
            ("阴性(-)", "negative"),
            ("阳性（＋）", "positive"),
            ("Negative (\u{2212})", "negative"),
            ("not detected -", "negative"),
            ("未检出", "negative"),
            ("POS+", "positive"),
        ] {
            assert_eq!(result(text), want, "{text}");
        }
        for text in ["阴性(+)", "阳性(-)", "positive -", "(+)", "-", "弱阳性(+)"] {
            assert!(!["positive", "negative"].contains(&result(text).as_str()), "{text}");
        }
    }
}
