/** ISO 3166-1: alpha-2 and alpha-3 of each entry in five letters. Names come from the browser. */
const CODES =
  'ADAND AEARE AFAFG AGATG AIAIA ALALB AMARM AOAGO AQATA ARARG ASASM ATAUT AUAUS AWABW AXALA AZAZE ' +
  'BABIH BBBRB BDBGD BEBEL BFBFA BGBGR BHBHR BIBDI BJBEN BLBLM BMBMU BNBRN BOBOL BQBES BRBRA BSBHS ' +
  'BTBTN BVBVT BWBWA BYBLR BZBLZ CACAN CCCCK CDCOD CFCAF CGCOG CHCHE CICIV CKCOK CLCHL CMCMR CNCHN ' +
  'COCOL CRCRI CUCUB CVCPV CWCUW CXCXR CYCYP CZCZE DEDEU DJDJI DKDNK DMDMA DODOM DZDZA ECECU EEEST ' +
  'EGEGY EHESH ERERI ESESP ETETH FIFIN FJFJI FKFLK FMFSM FOFRO FRFRA GAGAB GBGBR GDGRD GEGEO GFGUF ' +
  'GGGGY GHGHA GIGIB GLGRL GMGMB GNGIN GPGLP GQGNQ GRGRC GSSGS GTGTM GUGUM GWGNB GYGUY HKHKG HMHMD ' +
  'HNHND HRHRV HTHTI HUHUN IDIDN IEIRL ILISR IMIMN ININD IOIOT IQIRQ IRIRN ISISL ITITA JEJEY JMJAM ' +
  'JOJOR JPJPN KEKEN KGKGZ KHKHM KIKIR KMCOM KNKNA KPPRK KRKOR KWKWT KYCYM KZKAZ LALAO LBLBN LCLCA ' +
  'LILIE LKLKA LRLBR LSLSO LTLTU LULUX LVLVA LYLBY MAMAR MCMCO MDMDA MEMNE MFMAF MGMDG MHMHL MKMKD ' +
  'MLMLI MMMMR MNMNG MOMAC MPMNP MQMTQ MRMRT MSMSR MTMLT MUMUS MVMDV MWMWI MXMEX MYMYS MZMOZ NANAM ' +
  'NCNCL NENER NFNFK NGNGA NINIC NLNLD NONOR NPNPL NRNRU NUNIU NZNZL OMOMN PAPAN PEPER PFPYF PGPNG ' +
  'PHPHL PKPAK PLPOL PMSPM PNPCN PRPRI PSPSE PTPRT PWPLW PYPRY QAQAT REREU ROROU RSSRB RURUS RWRWA ' +
  'SASAU SBSLB SCSYC SDSDN SESWE SGSGP SHSHN SISVN SJSJM SKSVK SLSLE SMSMR SNSEN SOSOM SRSUR SSSSD ' +
  'STSTP SVSLV SXSXM SYSYR SZSWZ TCTCA TDTCD TFATF TGTGO THTHA TJTJK TKTKL TLTLS TMTKM TNTUN TOTON ' +
  'TRTUR TTTTO TVTUV TWTWN TZTZA UAUKR UGUGA UMUMI USUSA UYURY UZUZB VAVAT VCVCT VEVEN VGVGB VIVIR ' +
  'VNVNM VUVUT WFWLF WSWSM YEYEM YTMYT ZAZAF ZMZMB ZWZWE';

export interface Country {
  alpha2: string;
  alpha3: string;
}

export const COUNTRIES: readonly Country[] = CODES.split(' ').map((c) => ({ alpha2: c.slice(0, 2), alpha3: c.slice(2) }));

/** Countries with their names in a language, China first, the rest in the language's order. */
export function countryNames(lang: string): (Country & { name: string })[] {
  const names = new Intl.DisplayNames([lang], { type: 'region' });
  const named = COUNTRIES.map((c) => ({ ...c, name: names.of(c.alpha2) ?? c.alpha2 }));
  const order = new Intl.Collator(lang);
  return named.sort((a, b) => Number(b.alpha2 === 'CN') - Number(a.alpha2 === 'CN') || order.compare(a.name, b.name));
}

/**
 * What ICAO 9303 puts on travel documents where no country stands: people without a nationality,
 * refugees, and organisations that issue a laissez-passer.
 */
const OTHERS = {
  en: {
    XXA: 'Stateless person (XXA)',
    XXB: 'Refugee, Convention of 1951 (XXB)',
    XXC: 'Refugee, other (XXC)',
    XXX: 'Nationality not stated (XXX)',
    XXK: 'Kosovo (XXK)',
    UNO: 'United Nations laissez-passer (UNO)',
    UNA: 'United Nations agency laissez-passer (UNA)',
    EUE: 'European Union laissez-passer (EUE)',
  },
  zh: {
    XXA: '无国籍人（XXA）',
    XXB: '难民，1951 年公约（XXB）',
    XXC: '难民，其他（XXC）',
    XXX: '未注明国籍（XXX）',
    XXK: '科索沃（XXK）',
    UNO: '联合国通行证（UNO）',
    UNA: '联合国机构通行证（UNA）',
    EUE: '欧盟通行证（EUE）',
  },
} as const;
const ORGANISATIONS: readonly string[] = ['UNO', 'UNA', 'EUE'];

/** Countries and what else may stand as a document's issuer, or (without organisations) as a nationality. */
export function travelNames(lang: string, what: 'issuer' | 'nationality'): { code: string; name: string }[] {
  const others = Object.entries(OTHERS[lang === 'en' ? 'en' : 'zh'])
    .filter(([code]) => what === 'issuer' || !ORGANISATIONS.includes(code))
    .map(([code, name]) => ({ code, name }));
  return [...countryNames(lang).map((c) => ({ code: what === 'issuer' ? c.alpha3 : c.alpha2, name: c.name })), ...others];
}

/** The name of a nationality as it is kept; its code, if it has none. */
export function nationalityName(code: string, lang: string): string {
  return travelNames(lang, 'nationality').find((c) => c.code === code)?.name ?? code;
}
