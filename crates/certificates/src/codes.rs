//! The codes in which certificates name products, tests and results, and what they mean here. A table anyone can
//! read: what is not in it is not guessed.

use jadegate_domain::evidence::TestMethod;
use jadegate_domain::vaccine::Vaccine;

use crate::reading::Found;

/// COVID-19 as a disease, or its agent: SNOMED CT and ICD-11.
pub(crate) fn is_covid(code: &str) -> bool {
    matches!(code, "840539006" | "840533007" | "RA01" | "RA01.0" | "RA01.1" | "XN109" | "186747009")
        || code.starts_with("RA01.")
}

/// A product of the EU's list of medicines, or of the names its value set has for others.
pub(crate) fn vaccine_of_eu(product: &str) -> Vaccine {
    match product {
        "EU/1/20/1528" => Vaccine::Comirnaty,
        "EU/1/20/1507" => Vaccine::Spikevax,
        "EU/1/21/1529" => Vaccine::Vaxzevria,
        "EU/1/20/1525" => Vaccine::Jcovden,
        "EU/1/21/1618" => Vaccine::Nuvaxovid,
        "EU/1/21/1580" => Vaccine::Vidprevtyn,
        _ => vaccine_of_name(product),
    }
}

/// A code of CVX (CDC). `None`: not a vaccine against COVID-19.
pub(crate) fn vaccine_of_cvx(code: &str) -> Option<Vaccine> {
    Some(match code.parse::<u16>().ok()? {
        208 | 217..=219 | 300..=302 | 308..=310 | 520 => Vaccine::Comirnaty,
        207 | 221 | 227..=230 | 311 | 312 | 519 => Vaccine::Spikevax,
        210 => Vaccine::Vaxzevria,
        212 => Vaccine::Jcovden,
        211 | 313 => Vaccine::Nuvaxovid,
        225 | 226 => Vaccine::Vidprevtyn,
        510 => Vaccine::BbibpCorv,
        511 => Vaccine::Coronavac,
        506 => Vaccine::Convidecia,
        507 => Vaccine::Zifivax,
        502 => Vaccine::Covaxin,
        505 => Vaccine::SputnikV,
        504 => Vaccine::SputnikLight,
        213 | 500 | 501 | 503 | 508 | 509 | 512..=518 | 521 => Vaccine::Other,
        _ => return None,
    })
}

/// Parts of names by which products are known, in small letters without anything but letters and digits.
const NAMES: &[(&str, Vaccine)] = &[
    ("comirnaty", Vaccine::Comirnaty),
    ("pfizer", Vaccine::Comirnaty),
    ("bnt162b2", Vaccine::Comirnaty),
    ("spikevax", Vaccine::Spikevax),
    ("moderna", Vaccine::Spikevax),
    ("mrna1273", Vaccine::Spikevax),
    ("vaxzevria", Vaccine::Vaxzevria),
    ("astrazeneca", Vaccine::Vaxzevria),
    ("covishield", Vaccine::Vaxzevria),
    ("chadox1", Vaccine::Vaxzevria),
    ("azd1222", Vaccine::Vaxzevria),
    ("janssen", Vaccine::Jcovden),
    ("jcovden", Vaccine::Jcovden),
    ("ad26cov2s", Vaccine::Jcovden),
    ("nuvaxovid", Vaccine::Nuvaxovid),
    ("novavax", Vaccine::Nuvaxovid),
    ("covovax", Vaccine::Nuvaxovid),
    ("nvxcov2373", Vaccine::Nuvaxovid),
    ("vidprevtyn", Vaccine::Vidprevtyn),
    ("bbibpcorv", Vaccine::BbibpCorv),
    ("covilo", Vaccine::BbibpCorv),
    ("wibpcorv", Vaccine::WibpCorv),
    ("coronavac", Vaccine::Coronavac),
    ("sinovac", Vaccine::Coronavac),
    ("convidecia", Vaccine::Convidecia),
    ("cansino", Vaccine::Convidecia),
    ("zifivax", Vaccine::Zifivax),
    ("zf2001", Vaccine::Zifivax),
    ("covaxin", Vaccine::Covaxin),
    ("sputniklight", Vaccine::SputnikLight),
    ("sputnikv", Vaccine::SputnikV),
    ("gamcovidvac", Vaccine::SputnikV),
];

/// A product by its name.
pub(crate) fn vaccine_of_name(name: &str) -> Vaccine {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    NAMES.iter().find(|(part, _)| plain.contains(part)).map_or(Vaccine::Other, |(_, v)| *v)
}

/// How a test works, by its code of LOINC. `None`: no test for the virus (one for antibodies, say), or not known here.
pub(crate) fn test_of_loinc(code: &str) -> Option<TestMethod> {
    Some(match code {
        "LP6464-4" | "94306-8" | "94307-6" | "94308-4" | "94309-2" | "94310-0" | "94314-2"
        | "94315-9" | "94316-7" | "94500-6" | "94502-2" | "94531-1" | "94533-7" | "94534-5"
        | "94559-2" | "94565-9" | "94639-2" | "94640-0" | "94641-8" | "94756-4" | "94757-2"
        | "94759-8" | "94760-6" | "94845-5" | "95406-5" | "95409-9" | "95425-5" | "95608-6"
        | "95823-1" | "95824-9" | "96091-4" | "96120-1" | "96121-9" | "96122-7" | "96123-5"
        | "96448-6" | "96765-3" | "96797-6" | "96829-7" | "96986-5" | "97098-8" => {
            TestMethod::NucleicAcid
        }
        "LP217198-3" | "94558-4" | "95209-3" | "95942-9" | "96119-3" | "97097-0" | "98080-5" => {
            TestMethod::Antigen
        }
        _ => return None,
    })
}

/// What was found: SNOMED CT, and the answers of LOINC.
pub(crate) fn found(code: &str) -> Option<Found> {
    Some(match code {
        "260373001" | "10828004" | "840533007" | "LA6576-8" | "LA11882-0" => Found::Positive,
        "260415000" | "260385009" | "LA6577-6" | "LA11883-8" => Found::Negative,
        "419984006" | "42425007" | "LA9663-1" | "LA11885-5" => Found::Inconclusive,
        _ => return None,
    })
}

/// Is this a country that a certificate can name? ISO 3166 alpha-2, the code of Kosovo in use, the United Nations
/// and the EU; longer ones are names of organisations.
pub(crate) fn is_country(code: &str) -> bool {
    let letters = (2..=10).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_uppercase());
    let known = |code| jadegate_domain::country::Country::from_alpha2(code).is_some();
    letters && (code.len() > 2 || known(code) || matches!(code, "XK" | "UN" | "EU"))
}

/// A country's alpha-2 code from either form. Anything else stays as it is.
pub(crate) fn alpha2(code: &str) -> String {
    jadegate_domain::country::Country::from_alpha3(code)
        .map_or_else(|| code.to_owned(), |country| country.alpha2.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_vaccine_has_one_name_however_it_is_written() {
        for code in ["EU/1/20/1528", "COMIRNATY", "COVID-19 Vaccine Pfizer", "BNT162b2"] {
            assert_eq!(vaccine_of_eu(code), Vaccine::Comirnaty, "{code}");
        }
        assert_eq!(vaccine_of_cvx("208"), Some(Vaccine::Comirnaty));
        assert_eq!(vaccine_of_cvx("140"), None, "influenza");
        assert_eq!(vaccine_of_name("AstraZeneca Vaxzevria"), Vaccine::Vaxzevria);
        assert_eq!(vaccine_of_name("Sputnik-V"), Vaccine::SputnikV);
        assert_eq!(vaccine_of_name("something new"), Vaccine::Other);
    }

    #[test]
    fn antibodies_are_no_test_for_the_virus() {
        assert_eq!(test_of_loinc("94500-6"), Some(TestMethod::NucleicAcid));
        assert_eq!(test_of_loinc("94558-4"), Some(TestMethod::Antigen));
        assert_eq!(test_of_loinc("94563-4"), None, "IgG");
    }

    #[test]
    fn made_up_countries_are_none() {
        for (code, is) in [
            ("PL", true),
            ("XK", true),
            ("UNHCR", true),
            ("XY", false),
            ("pl", false),
            ("P", false),
        ] {
            assert_eq!(is_country(code), is, "{code}");
        }
    }
}
