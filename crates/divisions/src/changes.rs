//! What the table of divisions cannot know: zones inside one county, and names used until lately.

/// A development zone, new area or the like that has no code and lies inside one county as a whole.
pub(crate) struct Zone {
    pub(crate) city: &'static str,
    pub(crate) name: &'static str,
    /// The county's code, or a township's where the township is the zone.
    pub(crate) within: &'static str,
    /// Townships that the zone runs or lies in. A test checks that all of them are inside `within`,
    /// which is what the entry rests on.
    #[cfg_attr(not(test), expect(dead_code, reason = "evidence, read by the tests"))]
    pub(crate) townships: &'static [&'static str],
}

const fn zone(
    city: &'static str,
    name: &'static str,
    within: &'static str,
    townships: &'static [&'static str],
) -> Zone {
    Zone { city, name, within, townships }
}

/// Zones that extend over several counties (in Xi'an the high-tech zone, for one) are not here: no
/// single code is right for them, and the city's would colour millions too many.
pub(crate) const ZONES: &[Zone] = &[
    zone("阿拉善盟", "策克口岸经济开发区", "152923", &["策克镇"]),
    zone("长春市", "莲花山生态旅游度假区", "220105", &["泉眼镇", "劝农山镇", "四家乡"]),
    zone("无锡市", "无锡高新区", "320214", &["无锡高新技术产业开发区"]),
    zone("丽水市", "丽水经济技术开发区", "331102", &["南明山街道"]),
    zone("平潭综合实验区", "平潭综合实验区", "350128", &[]),
    zone("南昌市", "经开区", "360112", &["蛟桥街道", "白水湖管理处", "冠山管理处"]),
    zone("鹰潭市", "信江新区", "360602", &["白露街道", "夏埠街道"]),
    zone("赣州市", "经开区", "360702", &["蟠龙镇", "湖边镇", "潭口镇", "赣州经济技术开发区"]),
    zone("济宁市", "太白湖新区", "370811", &["许庄街道", "石桥镇"]),
    zone("开封市", "城乡一体化示范区", "410202", &["杏花营镇", "水稻乡", "梁苑街道"]),
    zone("深圳市", "大鹏新区", "440307", &["葵涌街道", "大鹏街道", "南澳街道"]),
    zone("茂名市", "滨海新区", "440904", &["博贺镇", "电城镇"]),
    zone("惠州市", "大亚湾区", "441303", &["大亚湾澳头街道", "大亚湾霞涌街道", "大亚湾西区街道"]),
    zone("东莞市", "松山湖高新技术产业开发区", "441900401", &[]),
    // Yucai town went to Tianya district when Sanya was divided in 2014; the table no longer lists it.
    zone("三亚市", "育才生态区", "460204", &[]),
    // Wansheng district was united with Qijiang in 2011 and is run as a zone.
    zone("重庆市", "万盛经开区", "500110", &["万盛街道", "万东镇"]),
    zone("成都市", "天府新区", "510116", &["华阳街道", "万安街道", "兴隆街道", "煎茶街道"]),
    zone("成都市", "东部新区", "510185", &["三岔街道", "草池街道", "玉成街道", "养马街道"]),
    zone("拉萨市", "柳梧新区", "540103", &["柳梧街道"]),
    zone("西安市", "国际港务区", "610111", &["新筑街道", "新合街道"]),
    zone("渭南市", "高新区", "610502", &["白杨街道", "良田街道", "崇业路街道"]),
    zone("渭南市", "经开区", "610502", &["龙背街道", "辛市街道", "信义街道", "阳曲街道"]),
];

/// A county-level division that GB/T 2260 knew under another name or in another city.
pub(crate) struct FormerDivision {
    /// The first two digits of the province.
    pub(crate) province: &'static str,
    pub(crate) city: &'static str,
    pub(crate) old: &'static str,
    pub(crate) code: &'static str,
    pub(crate) year: u16,
}

const fn change(
    province: &'static str,
    city: &'static str,
    old: &'static str,
    code: &'static str,
    year: u16,
) -> FormerDivision {
    FormerDivision { province, city, old, code, year }
}

/// Changes of 2018 to 2023 as the Ministry of Civil Affairs published them (Administrative Division
/// Changes above county level, yearly). Only those where the whole old division went into one new one:
/// a division that was split has no single successor and stays unmatched.
pub(crate) const CHANGES: &[FormerDivision] = &[
    change("13", "邢台市", "桥东区", "130502", 2020),
    change("13", "邢台市", "任县", "130505", 2020),
    change("13", "邢台市", "南和县", "130506", 2020),
    change("22", "四平市", "公主岭市", "220184", 2020),
    change("32", "南通市", "海门市", "320614", 2020),
    change("32", "南通市", "港闸区", "320613", 2020),
    change("33", "杭州市", "下城区", "330105", 2021),
    change("34", "芜湖市", "芜湖县", "340210", 2020),
    change("34", "芜湖市", "繁昌县", "340212", 2020),
    change("34", "芜湖市", "无为县", "340281", 2019),
    change("35", "三明市", "梅列区", "350404", 2021),
    change("35", "三明市", "沙县", "350405", 2021),
    change("36", "赣州市", "龙南县", "360783", 2020),
    change("37", "莱芜市", "莱城区", "370116", 2019),
    change("37", "莱芜市", "钢城区", "370117", 2019),
    change("37", "烟台市", "蓬莱市", "370614", 2020),
    change("37", "烟台市", "长岛县", "370614", 2020),
    change("41", "洛阳市", "偃师市", "410307", 2021),
    change("41", "洛阳市", "孟津县", "410308", 2021),
    change("41", "洛阳市", "吉利区", "410308", 2021),
    change("42", "荆州市", "监利县", "421088", 2020),
    change("43", "永州市", "祁阳县", "431181", 2021),
    change("45", "南宁市", "横县", "450181", 2021),
    change("51", "成都市", "新津县", "510118", 2020),
    change("51", "凉山彝族自治州", "会理县", "513402", 2021),
    change("53", "楚雄彝族自治州", "禄丰县", "532302", 2021),
    change("54", "林芝市", "米林县", "540481", 2023),
    change("54", "山南市", "错那县", "540581", 2023),
];
