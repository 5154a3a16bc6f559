//! What has to be so, beside having a power: a closed list in words that anybody can read.

use serde::Serialize;

/// A text in both languages of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Words {
    /// Chinese.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

macro_rules! conditions {
    ($($(#[$doc:meta])* $variant:ident = $text:literal, $en:literal, $zh:literal;)*) => {
        /// Something that has to be so each time a power is used.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum Condition { $($(#[$doc])* $variant,)* }

        impl Condition {
            /// Every condition, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name used in the API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The condition in words.
            pub const fn words(self) -> Words {
                match self { $(Self::$variant => Words { en: $en, zh: $zh },)* }
            }
        }
    };
}

conditions! {
    /// Inside one's own region.
    Region = "region",
        "Only for people and places inside one’s own region. What is recorded by document is about its owner, wherever they live, and shows nobody.",
        "仅限本人所属地区内的人员和场所。凭证件录入的内容归证件持有人，不论其住在何处，且不显示任何人的信息。";
    /// While a mandate holds.
    Mandate = "mandate",
        "Only while a mandate holds.",
        "仅在授权有效期间。";
    /// The policy lets this kind of agency record it.
    Policy = "policy",
        "Only what the policy in force lets this kind of agency record.",
        "仅限现行政策允许该类机构录入的内容。";
    /// Above the mandate's numbers all of it waits.
    MassWaits = "mass_waits",
        "What can turn people yellow or red waits for a second pair of eyes once it is more in an hour than the mandate allows.",
        "可能使人转为黄码或红码的内容，一小时内超过授权规定数量时，须等待第二人确认。";
    /// So many in an hour.
    HourlyLimit = "hourly_limit",
        "One at a time: at most 60 look-ups, 60 registrations and 300 pieces of evidence by hand in an hour. Files have no such limit.",
        "逐一办理：每小时最多查询60人、登记60人、手工录入300条。文件不受此限。";
    /// The records of one's own agency.
    OwnRecords = "own_records",
        "Only one’s own agency’s records can be looked through and taken back.",
        "只能查看和撤回本机构录入的记录。";
    /// The trips of one's own agency.
    OwnTrips = "own_trips",
        "Only one’s own agency’s trips.",
        "仅限本机构的班次。";
    /// The places of one's own agency.
    OwnPlaces = "own_places",
        "Only one’s own agency’s places; the operator’s are those that nobody else manages.",
        "仅限本机构的场所；平台运营可管理无其他机构管理的场所。";
    /// The purpose rests on facts.
    BorneOut = "borne_out",
        "The facts have to bear the purpose out: contact tracing needs the case to which the person belongs, quarantine a person who is not green.",
        "事由须与事实相符：流调须指明本人所属病例，隔离管理仅限非绿码人员。";
    /// Somebody who is not green.
    Confined = "confined",
        "Only people who are not green now.",
        "仅限当前非绿码人员。";
    /// Somebody of another agency agreed.
    Agreed = "agreed",
        "One person at a time, for a confirmed case, with a purpose and a reason in words; somebody of another agency agrees first, and then it can be read for four hours. What was refused is kept, too. The person sees it when it is read, or after the delay that the mandate allows.",
        "每次一人，须有确诊病例、事由和书面理由；须先由其他机构的人同意，之后四小时内可查看。被拒绝的请求也会留存。本人在被查看时，或在授权规定的延迟之后可见。";
    /// Whom an officer assigned.
    Assigned = "assigned",
        "Only people whom an officer of the prevention team assigned: at most 20 at a time, each for at most 21 days; the officer can end it at any time, and the person sees it.",
        "仅限疾控人员指派的人：同时最多20人，每人最多21天；疾控人员可随时终止，本人可见。";
    /// The person sees it.
    Seen = "seen",
        "Each look is written down before anything is shown; the person sees agency, purpose and what was read, and the public log counts it.",
        "每次查看都先留痕再显示；本人可见机构、事由和查看内容，公开日志计数。";
    /// Masked names.
    Masked = "masked",
        "Names are masked; documents and phones are not shown.",
        "姓名脱敏；不显示证件和电话号码。";
    /// No names at all.
    NoNames = "no_names",
        "Shows nobody’s name.",
        "不显示任何人的姓名。";
    /// Two officers for what weighs.
    SecondOfficer = "second_officer",
        "What weighs is decided by a second officer of another agency or office.",
        "重大变更须由其他机构或科室的第二名工作人员决定。";
    /// Another agency than the recorder's.
    OtherAgency = "other_agency",
        "Never on what one’s own agency recorded or asked. (A laboratory’s positives that wait are a colleague’s to confirm.)",
        "不得处理本机构录入或提出的内容。（实验室待确认的阳性结果由同事确认。）";
    /// Never one's own second.
    NotOneself = "not_oneself",
        "Never for oneself, nor for what one recorded or whom one invited.",
        "不得用于本人、本人录入的内容或本人邀请的人。";
    /// A reason from a closed list.
    Reason = "reason",
        "With a reason from a closed list; the person sees who and why.",
        "须从固定列表中选择理由；本人可见由谁、为何。";
    /// The widest region there is.
    WidestRegion = "widest_region",
        "Only the health commission with the widest region.",
        "仅限辖区最大的卫健委。";
    /// Signed by the mandate's authority.
    Authority = "authority",
        "Only with the signature of the authority that gives the mandate.",
        "须有授权机关的签名。";
    /// Inviting gives nothing over people.
    NoPowerGiven = "no_power_given",
        "Gives nobody a power over people: the health commission confirms those.",
        "不授予任何对人员的权限：该类权限须由卫健委确认。";
}
