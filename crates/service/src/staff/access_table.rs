//! The table of powers in words that anybody can read: what `/access`, `GET /v1/access` and
//! `docs/access.md` say, from the table that decides ([`Power`]).

use jadegate_domain::{AgencyKind, Purpose, Role};
use jadegate_ledger::{Hash, Leaf};
use jadegate_store::{Precondition, Store, StoreError, Unit, Write};
use serde::Serialize;

use super::conditions::{Condition, Words};
use super::power::Power;
use crate::error::{Result, ServiceError};
use crate::log::sha256;

/// Where the store keeps which table was the last one.
const LAST_TABLE: &str = "access_table";

/// A value of a closed list in words.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NamedKind {
    /// The kind of agency.
    pub kind: AgencyKind,
    /// In words.
    pub words: Words,
}

/// A role in words.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NamedRole {
    /// The role.
    pub role: Role,
    /// In words.
    pub words: Words,
}

/// A purpose in words.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NamedPurpose {
    /// The purpose.
    pub purpose: Purpose,
    /// In words.
    pub words: Words,
}

/// A condition in words.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NamedCondition {
    /// The condition.
    pub condition: Condition,
    /// In words.
    pub words: Words,
}

/// Who has a power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Holding {
    /// In which kind of agency.
    pub agency: AgencyKind,
    /// In which role.
    pub role: Role,
}

/// One power: what it is, who has it, for what, on which conditions.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PowerRow {
    /// Its name.
    pub power: Power,
    /// What it is, in words.
    pub words: Words,
    /// Who has it.
    pub held_by: Vec<Holding>,
    /// The purposes for which it lets somebody look at a person's data; none: it does not.
    pub purposes: &'static [Purpose],
    /// What has to be so each time.
    pub conditions: &'static [Condition],
    /// Is it a power over people? Then the health commission confirms agency and member first.
    pub over_people: bool,
}

/// The whole table: what is not in it, nobody can do.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessTable {
    /// SHA-256 of `rules`, base64: a leaf of the public log since the first start with this table.
    pub digest: String,
    /// The table without words, a line for each power: name, who, purposes and conditions, with tabs
    /// between and spaces within.
    pub rules: String,
    /// The powers.
    pub powers: Vec<PowerRow>,
    /// Kinds of agency.
    pub agencies: Vec<NamedKind>,
    /// Roles.
    pub roles: Vec<NamedRole>,
    /// Purposes.
    pub purposes: Vec<NamedPurpose>,
    /// Conditions.
    pub conditions: Vec<NamedCondition>,
}

impl AccessTable {
    /// The table of this program.
    pub fn of_this_program() -> Self {
        let rules = rules();
        Self {
            digest: Hash::from_bytes(sha256(rules.as_bytes())).to_string(),
            rules,
            powers: Power::ALL.iter().map(|p| row(*p)).collect(),
            agencies: AgencyKind::ALL
                .iter()
                .map(|kind| NamedKind { kind: *kind, words: kind_words(*kind) })
                .collect(),
            roles: Role::ALL
                .iter()
                .map(|role| NamedRole { role: *role, words: role_words(*role) })
                .collect(),
            purposes: Purpose::ALL
                .iter()
                .map(|purpose| NamedPurpose { purpose: *purpose, words: purpose_words(*purpose) })
                .collect(),
            conditions: Condition::ALL
                .iter()
                .map(|condition| NamedCondition { condition: *condition, words: condition.words() })
                .collect(),
        }
    }
}

fn row(power: Power) -> PowerRow {
    PowerRow {
        power,
        words: power.words(),
        held_by: held_by(power),
        purposes: power.purposes(),
        conditions: power.conditions(),
        over_people: power.over_people(),
    }
}

fn held_by(power: Power) -> Vec<Holding> {
    let pairs = AgencyKind::ALL.iter().flat_map(|a| Role::ALL.iter().map(move |r| (*a, *r)));
    pairs
        .filter(|(agency, role)| power.granted(*agency, *role))
        .map(|(agency, role)| Holding { agency, role })
        .collect()
}

/// The table without words: what decides, and nothing that is only put better.
fn rules() -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for power in Power::ALL {
        let held: Vec<_> =
            held_by(*power).iter().map(|h| format!("{}/{}", h.agency, h.role)).collect();
        let purposes: Vec<_> = power.purposes().iter().map(|p| p.as_str()).collect();
        let mut conditions: Vec<_> = power.conditions().iter().map(|c| c.as_str()).collect();
        if power.over_people() {
            conditions.insert(0, "confirmed");
        }
        let (held, purposes) = (held.join(" "), purposes.join(" "));
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{}\t{held}\t{purposes}\t{}", power.as_str(), conditions.join(" "));
    }
    text
}

impl Power {
    /// What the power is, in words.
    pub const fn words(self) -> Words {
        let (en, zh) = match self {
            Self::RecordTest => {
                ("record test results, by hand or from a file", "录入检测结果（手工或文件）")
            }
            Self::RecordCase => ("record, correct and withdraw cases", "录入、更正和撤回病例"),
            Self::RunTrace => (
                "trace from a case, or from many in one job, to its contacts; read a trace",
                "从一个或多个病例追踪接触者；查看追踪结果",
            ),
            Self::RecordArrival => ("record arrivals from abroad", "录入入境信息"),
            Self::RecordRides => {
                ("say who was aboard one’s own trips, from a file", "用文件申报本机构班次的乘客")
            }
            Self::RecordRelease => {
                ("record discharge and release papers", "录入出院和解除隔离证明")
            }
            Self::Accompany => (
                "see who is in quarantine, with masked names; assign them to community workers",
                "查看隔离人员（姓名脱敏）；指派社区工作者",
            ),
            Self::AccompanyAssigned => (
                "see the few people in quarantine whom one was assigned, with masked names and check-ins, and accompany them",
                "查看并陪护指派给自己的少数隔离人员（姓名脱敏、打卡情况）",
            ),
            Self::FindPerson => (
                "find one person by document or phone: masked name and colour; register, change and print at a counter",
                "凭证件或电话查找一人：脱敏姓名和码色；在窗口登记、更改和打印",
            ),
            Self::OpenPerson => (
                "open one person’s record: evidence, history, quarantine",
                "打开一人的记录：依据、历史、隔离",
            ),
            Self::ReadLists => (
                "cases, traces, quarantine and counts, without names",
                "查看病例、追踪、隔离名单和统计（无姓名）",
            ),
            Self::SetRegion => (
                "propose risk levels, decide on those of others, and end them",
                "提出风险等级、决定他人的提议、结束风险等级",
            ),
            Self::PublishPolicy => {
                ("propose policies, and decide on those of others", "提出政策，决定他人的提议")
            }
            Self::RenewMandate => (
                "propose a mandate or the end of one, and decide on those of others",
                "提出授权或终止授权，决定他人的提议",
            ),
            Self::ManagePlaces => (
                "register places, print posters, enrol and revoke gates",
                "登记场所、打印场所码、启用和停用核验设备",
            ),
            Self::InviteStaff => (
                "register agencies, invite staff, end their access",
                "登记机构、邀请工作人员、终止其权限",
            ),
            Self::ConfirmPowers => (
                "confirm agencies and staff with powers over people; end access",
                "确认对人员有权限的机构和工作人员；终止其权限",
            ),
            Self::ConfirmWaiting => (
                "confirm or refuse what another agency recorded and what waits for a second pair of eyes",
                "确认或拒绝其他机构录入、等待第二人确认的内容",
            ),
            Self::WithdrawRecord => (
                "take back, as the second body, what other agencies recorded: the prevention team for laboratories, hospitals, carriers and the border, the health commission for prevention teams",
                "作为第二机构撤回其他机构的记录：疾控对实验室、医院、承运人和口岸，卫健委对疾控",
            ),
            Self::DecideAppeals => (
                "decide on what people contest, with what they handed in; never on a record of one’s own agency",
                "对个人申诉及其提交的材料作出决定；不得处理本机构的记录",
            ),
            Self::AskIdentity => (
                "ask who stands behind a pseudonym of a case’s trace: one person, one reason",
                "询问病例追踪中某一代号是谁：一人一事由",
            ),
            Self::ApproveIdentity => (
                "agree to, or refuse, what another agency asked so",
                "同意或拒绝其他机构的此类询问",
            ),
            Self::AnswerAlarms => (
                "read alarms, and answer those about other agencies of the region; those of looks the health commission alone",
                "查看警报，并处理辖区内其他机构的警报；有关查看行为的警报仅由卫健委处理",
            ),
            Self::ProtectPeople => (
                "put somebody on the list of people at whom each look is an alarm, by a document; two take them off",
                "凭证件将某人列入受保护名单，对其每次查看均触发警报；移出须两人办理",
            ),
            Self::ReadAudit => ("counts and the public log", "查看统计和公开日志"),
            Self::ReadOperation => (
                "what the operator has to look at: keys, clock, database, kinds and numbers of rows that cannot be read; about nobody",
                "查看运行状况：密钥、时钟、数据库、无法读取的行的种类和数量；不涉及任何人",
            ),
        };
        Words { zh, en }
    }
}

/// A kind of agency in words.
pub const fn kind_words(kind: AgencyKind) -> Words {
    let (en, zh) = match kind {
        AgencyKind::PreventionTeam => ("Prevention and control team", "疾控"),
        AgencyKind::HealthCommission => ("Health commission", "卫健委"),
        AgencyKind::PublicSecurity => ("Public security", "公安"),
        AgencyKind::Laboratory => ("Laboratory", "实验室"),
        AgencyKind::Hospital => ("Hospital", "医院"),
        AgencyKind::Carrier => ("Carrier", "承运人"),
        AgencyKind::Border => ("Border authority", "口岸"),
        AgencyKind::Venue => ("Venue", "场所"),
        AgencyKind::Operator => ("Platform operator", "平台运营"),
        AgencyKind::Auditor => ("Auditor", "审计"),
        AgencyKind::AppealsBody => ("Appeals body", "申诉机构"),
        AgencyKind::Community => ("Residents’ or village committee", "社区"),
        AgencyKind::SchoolOrEmployer => ("School or employer", "学校或用人单位"),
    };
    Words { zh, en }
}

/// A role in words.
pub const fn role_words(role: Role) -> Words {
    let (en, zh) = match role {
        Role::Officer => ("officer", "工作人员"),
        Role::Commissioner => ("commissioner", "卫健委人员"),
        Role::LabTechnician => ("laboratory technician", "化验员"),
        Role::VenueManager => ("venue manager", "场所负责人"),
        Role::Administrator => ("administrator", "管理员"),
        Role::Auditor => ("auditor", "审计员"),
        Role::CommunityWorker => ("community worker", "社区工作者"),
    };
    Words { zh, en }
}

/// A purpose in words.
pub const fn purpose_words(purpose: Purpose) -> Words {
    let (en, zh) = match purpose {
        Purpose::RecordEvidence => ("recording evidence", "记录检测或病例"),
        Purpose::ContactTracing => ("contact tracing", "流行病学调查"),
        Purpose::Quarantine => ("quarantine", "隔离管理"),
        Purpose::HolderRequest => ("the person’s own request", "应本人要求"),
        Purpose::GateCheck => ("check at a gate", "门岗查验"),
    };
    Words { zh, en }
}

/// Tells the public log which table decides from now on, if it is another one than before. Staff can
/// change none of it: it is the program's.
pub(crate) async fn at_start(store: &dyn Store, now: jadegate_domain::Timestamp) -> Result<()> {
    let rules = rules();
    let digest = Hash::from_bytes(sha256(rules.as_bytes()));
    let value = digest.to_string();
    // Another server may start at the same moment.
    for _ in 0..3 {
        let known = store.setting(LAST_TABLE).await?;
        if known.as_deref() == Some(value.as_str()) {
            return Ok(());
        }
        let powers = u32::try_from(Power::ALL.len()).unwrap_or(u32::MAX);
        let leaf = Leaf::AccessTable { at: now, digest, powers }.encode()?;
        let put = Write::PutSetting { name: LAST_TABLE, value: value.clone(), expect: Some(known) };
        match store.commit(Unit::new("access_table", vec![put, Write::AddLeaf(leaf)])).await {
            Err(StoreError::Conflict {
                precondition: Precondition::Exists | Precondition::Absent,
                ..
            }) => {}
            done => return Ok(done.map(drop)?),
        }
    }
    Err(ServiceError::internal("other servers kept changing the table of powers"))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    const BEGIN: &str =
        "<!-- the table: UPDATE_ACCESS=1 cargo test -p jadegate-service writes it -->\n";
    const END: &str = "<!-- end of the table -->\n";

    fn as_documented() -> String {
        let ticked = |names: Vec<String>| names.join(", ");
        let tick = |name: &str| format!("`{name}`");
        let mut text = String::from(
            "| power | what it is | agency/role | purposes of looks | conditions |\n|---|---|---|---|---|\n",
        );
        for p in AccessTable::of_this_program().powers {
            let who = p.held_by.iter().map(|h| format!("`{}/{}`", h.agency, h.role)).collect();
            let purposes = p.purposes.iter().map(|p| tick(p.as_str())).collect();
            let confirmed = p.over_people.then(|| tick("confirmed")).into_iter();
            let conditions =
                confirmed.chain(p.conditions.iter().map(|c| tick(c.as_str()))).collect();
            let (who, purposes, conditions) = (ticked(who), ticked(purposes), ticked(conditions));
            let (name, words) = (p.power.as_str(), p.words.en);
            writeln!(text, "| `{name}` | {words} | {who} | {purposes} | {conditions} |").unwrap();
        }
        text += "\n| condition | what it means |\n|---|---|\n";
        text += "| `confirmed` | The health commission confirmed the agency and then the member of staff. |\n";
        for c in Condition::ALL {
            writeln!(text, "| `{}` | {} |", c.as_str(), c.words().en).unwrap();
        }
        text
    }

    #[test]
    fn the_table_in_the_documentation_is_the_table_in_the_code() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/access.md");
        let doc = std::fs::read_to_string(path).unwrap();
        let (before, rest) = doc.split_once(BEGIN).unwrap();
        let (table, after) = rest.split_once(END).unwrap();
        let is = as_documented();
        if std::env::var_os("UPDATE_ACCESS").is_some() {
            std::fs::write(path, format!("{before}{BEGIN}\n{is}\n{END}{after}")).unwrap();
            return;
        }
        for (said, is) in table.trim().lines().zip(is.trim().lines()) {
            assert_eq!(said, is);
        }
        assert_eq!(table.trim(), is.trim());
    }

    #[test]
    fn every_power_says_who_what_and_on_which_conditions() {
        let table = AccessTable::of_this_program();
        assert_eq!(table.powers.len(), Power::ALL.len());
        for p in &table.powers {
            assert!(!p.conditions.is_empty(), "{:?} has no condition", p.power);
            // Whoever looks at people is seen by them, and only under a mandate.
            if p.over_people && p.purposes.iter().any(|p| *p != Purpose::RecordEvidence) {
                assert!(p.conditions.contains(&Condition::Seen), "{:?}", p.power);
                assert!(p.conditions.contains(&Condition::Mandate), "{:?}", p.power);
            }
            assert!(p.words.zh.chars().any(|c| c >= '\u{4e00}'), "{:?}", p.power);
            assert!(p.words.en.is_ascii() || p.words.en.contains('’'), "{:?}", p.power);
        }
        for c in Condition::ALL {
            let used = table.powers.iter().any(|p| p.conditions.contains(c));
            assert!(used, "{c:?} belongs to no power");
        }
        assert_eq!(table.rules.lines().count(), Power::ALL.len());
    }
}
