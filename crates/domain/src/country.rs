//! Countries: ISO 3166-1 alpha-2 and alpha-3 codes, and the further codes ICAO 9303 puts on travel
//! documents.

/// A country or territory of ISO 3166-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country {
    /// Two capital letters, as in a [`crate::Division`].
    pub alpha2: &'static str,
    /// Three capital letters, as on a passport.
    pub alpha3: &'static str,
}

/// Alpha-2 and alpha-3 of each entry in five letters, sorted.
const CODES: &str = "\
ADAND AEARE AFAFG AGATG AIAIA ALALB AMARM AOAGO AQATA ARARG ASASM ATAUT AUAUS AWABW AXALA AZAZE \
BABIH BBBRB BDBGD BEBEL BFBFA BGBGR BHBHR BIBDI BJBEN BLBLM BMBMU BNBRN BOBOL BQBES BRBRA BSBHS \
BTBTN BVBVT BWBWA BYBLR BZBLZ CACAN CCCCK CDCOD CFCAF CGCOG CHCHE CICIV CKCOK CLCHL CMCMR CNCHN \
COCOL CRCRI CUCUB CVCPV CWCUW CXCXR CYCYP CZCZE DEDEU DJDJI DKDNK DMDMA DODOM DZDZA ECECU EEEST \
EGEGY EHESH ERERI ESESP ETETH FIFIN FJFJI FKFLK FMFSM FOFRO FRFRA GAGAB GBGBR GDGRD GEGEO GFGUF \
GGGGY GHGHA GIGIB GLGRL GMGMB GNGIN GPGLP GQGNQ GRGRC GSSGS GTGTM GUGUM GWGNB GYGUY HKHKG HMHMD \
HNHND HRHRV HTHTI HUHUN IDIDN IEIRL ILISR IMIMN ININD IOIOT IQIRQ IRIRN ISISL ITITA JEJEY JMJAM \
JOJOR JPJPN KEKEN KGKGZ KHKHM KIKIR KMCOM KNKNA KPPRK KRKOR KWKWT KYCYM KZKAZ LALAO LBLBN LCLCA \
LILIE LKLKA LRLBR LSLSO LTLTU LULUX LVLVA LYLBY MAMAR MCMCO MDMDA MEMNE MFMAF MGMDG MHMHL MKMKD \
MLMLI MMMMR MNMNG MOMAC MPMNP MQMTQ MRMRT MSMSR MTMLT MUMUS MVMDV MWMWI MXMEX MYMYS MZMOZ NANAM \
NCNCL NENER NFNFK NGNGA NINIC NLNLD NONOR NPNPL NRNRU NUNIU NZNZL OMOMN PAPAN PEPER PFPYF PGPNG \
PHPHL PKPAK PLPOL PMSPM PNPCN PRPRI PSPSE PTPRT PWPLW PYPRY QAQAT REREU ROROU RSSRB RURUS RWRWA \
SASAU SBSLB SCSYC SDSDN SESWE SGSGP SHSHN SISVN SJSJM SKSVK SLSLE SMSMR SNSEN SOSOM SRSUR SSSSD \
STSTP SVSLV SXSXM SYSYR SZSWZ TCTCA TDTCD TFATF TGTGO THTHA TJTJK TKTKL TLTLS TMTKM TNTUN TOTON \
TRTUR TTTTO TVTUV TWTWN TZTZA UAUKR UGUGA UMUMI USUSA UYURY UZUZB VAVAT VCVCT VEVEN VGVGB VIVIR \
VNVNM VUVUT WFWLF WSWSM YEYEM YTMYT ZAZAF ZMZMB ZWZWE";

/// How many entries ISO 3166-1 has.
pub const COUNT: usize = 249;

/// Every country, sorted by alpha-2 code.
pub const ALL: [Country; COUNT] = table();

const fn table() -> [Country; COUNT] {
    let mut all = [Country { alpha2: "", alpha3: "" }; COUNT];
    let mut i = 0;
    let mut rest = CODES;
    while i < COUNT {
        let (alpha2, tail) = rest.split_at(2);
        let (alpha3, tail) = tail.split_at(3);
        all[i] = Country { alpha2, alpha3 };
        // The separating space, absent after the last entry.
        rest = if i + 1 < COUNT { tail.split_at(1).1 } else { tail };
        i += 1;
    }
    all
}

/// Codes that ICAO 9303 part 3 section 5 allows on travel documents beside ISO 3166-1: British
/// nationalities, organisations, people without a nationality, and `UTO`, the made-up state of the
/// standard's specimens. `XXK` and `XKX` are what some states write for `RKS`.
const ICAO_ONLY: [&str; 29] = [
    "EUE", "GBD", "GBN", "GBO", "GBP", "GBS", "IAO", "RKS", "UNA", "UNK", "UNO", "UTO", "XBA",
    "XCC", "XCE", "XCO", "XDC", "XEC", "XES", "XIM", "XKX", "XMP", "XOM", "XPO", "XXA", "XXB",
    "XXC", "XXK", "XXX",
];

/// Those of them that organisations put on documents of their staff; nobody has them as a nationality.
const ORGANISATIONS: [&str; 16] = [
    "EUE", "IAO", "UNA", "UNK", "UNO", "XBA", "XCC", "XCE", "XCO", "XDC", "XEC", "XES", "XIM",
    "XMP", "XOM", "XPO",
];

impl Country {
    /// By alpha-2 code in capitals.
    pub fn from_alpha2(code: &str) -> Option<Self> {
        ALL.binary_search_by(|c| c.alpha2.cmp(code)).ok().map(|i| ALL[i])
    }

    /// By alpha-3 code in capitals; `D`, as German documents say, is Germany.
    pub fn from_alpha3(code: &str) -> Option<Self> {
        let code = if code == "D" { "DEU" } else { code };
        ALL.iter().copied().find(|c| c.alpha3 == code)
    }
}

/// The code that a travel document's state or nationality is kept under: an ISO 3166-1 alpha-3 code,
/// or one of those ICAO 9303 adds. `None` if it is neither.
pub fn travel_document_code(code: &str) -> Option<&'static str> {
    Country::from_alpha3(code)
        .map(|c| c.alpha3)
        .or_else(|| ICAO_ONLY.iter().copied().find(|c| *c == code))
}

/// The code that a nationality is kept under: ISO 3166-1 alpha-2, or for people who have none of these
/// the code of ICAO 9303 on their document (`XXA` stateless, `XXB` and `XXC` refugees). `None` if it is
/// neither.
pub fn nationality(code: &str) -> Option<&'static str> {
    let none_of_a_country = |c: &&str| *c == code && !ORGANISATIONS.contains(c);
    Country::from_alpha2(code)
        .map(|c| c.alpha2)
        .or_else(|| ICAO_ONLY.iter().copied().find(|c| none_of_a_country(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_sorted_and_without_repetition() {
        assert_eq!(CODES.split(' ').count(), COUNT);
        assert!(ALL.is_sorted_by(|a, b| a.alpha2 < b.alpha2));
        let alpha3: std::collections::BTreeSet<_> = ALL.iter().map(|c| c.alpha3).collect();
        assert_eq!(alpha3.len(), COUNT);
        for c in ALL {
            assert!(c.alpha2.len() == 2 && c.alpha3.len() == 3, "{c:?}");
            assert!(c.alpha2.bytes().chain(c.alpha3.bytes()).all(|b| b.is_ascii_uppercase()));
            assert_eq!(Country::from_alpha2(c.alpha2), Some(c));
            assert_eq!(Country::from_alpha3(c.alpha3), Some(c));
        }
    }

    #[test]
    fn codes_whose_letters_mislead() {
        for (alpha2, alpha3) in [
            ("CN", "CHN"),
            ("CH", "CHE"),
            ("AT", "AUT"),
            ("AU", "AUS"),
            ("KP", "PRK"),
            ("TD", "TCD"),
        ] {
            assert_eq!(Country::from_alpha3(alpha3).unwrap().alpha2, alpha2);
        }
    }

    #[test]
    fn travel_documents_have_a_few_codes_more() {
        assert_eq!(travel_document_code("D"), Some("DEU"));
        assert_eq!(travel_document_code("XXB"), Some("XXB"));
        assert_eq!(travel_document_code("UTO"), Some("UTO"));
        for bad in ["", "CN", "chn", "UT0", "ZZZ"] {
            assert_eq!(travel_document_code(bad), None, "{bad}");
        }
        for (code, kept) in [
            ("CN", true),
            ("XXA", true),
            ("XXC", true),
            ("XXK", true),
            ("CHN", false),
            ("UNO", false),
            ("", false),
        ] {
            assert_eq!(nationality(code).is_some(), kept, "{code}");
        }
        assert!(ORGANISATIONS.iter().all(|o| ICAO_ONLY.contains(o)));
        assert!(ICAO_ONLY.iter().all(|c| Country::from_alpha3(c).is_none()));
    }
}
