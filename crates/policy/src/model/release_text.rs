//! What would end a reason, one release after the other, in words.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jadegate_domain::assessment::{Reason, Texts};
use jadegate_domain::evidence::{ReleasePaper, TestMethod};

use crate::model::kinds::{Missing, When};
use crate::model::policy::Policy;
use crate::model::rule::{CheckIns, NegativeTests, PaperNeeded, Release};

impl Policy {
    /// What the holder or an agency can do to end a reason's present phase, in English and Chinese:
    /// one text for each release that asks for more than time. Empty if only time ends it.
    pub fn release_texts(&self, reason: &Reason) -> Vec<Texts> {
        let Some(rule) = self.0.rules.iter().find(|r| r.id == reason.rule) else {
            return Vec::new();
        };
        if let When::Missing { what, .. } = &rule.when {
            return vec![missing(*what)];
        }
        let colour = reason.eased.as_ref().map_or(reason.colour, |e| e.instead_of);
        let phase = rule
            .phases
            .iter()
            .find(|p| p.colour == colour && p.ends == reason.ends && p.days == reason.days);
        let releases = phase.into_iter().flat_map(|p| &p.ends_when);
        releases.filter(|r| !r.is_time_alone()).map(release_text).collect()
    }
}

fn texts(en: String, zh: String) -> Texts {
    BTreeMap::from([("en".to_owned(), en), ("zh".to_owned(), zh)])
}

fn missing(what: Missing) -> Texts {
    let (en, zh) = match what {
        Missing::Report => ("a declaration or check-in", "申报或打卡"),
        Missing::Temperature => ("a recorded temperature", "登记体温"),
        Missing::NegativeTest => ("a negative test", "检测阴性"),
    };
    texts(en.to_owned(), zh.to_owned())
}

fn release_text(release: &Release) -> Texts {
    let mut parts: Vec<(String, String)> = Vec::new();
    parts.extend(release.days.map(|n| (format!("day {n} over"), format!("满{n}天"))));
    parts.extend(release.negative_tests.map(tests));
    parts.extend(release.clean_check_ins.map(check_ins));
    parts.extend(release.paper.as_ref().map(paper));
    let (en, zh): (Vec<String>, Vec<String>) = parts.into_iter().unzip();
    texts(en.join(", and "), zh.join(",并"))
}

fn tests(t: NegativeTests) -> (String, String) {
    let (method, method_zh) = match t.method {
        None => ("", ""),
        Some(TestMethod::NucleicAcid) => (" nucleic acid", "核酸"),
        Some(TestMethod::Antigen) => (" antigen", "抗原"),
    };
    let s = if t.count == 1 { "" } else { "s" };
    let mut en = format!("{} negative{method} test{s}", t.count);
    let mut zh = format!("{}次{method_zh}检测阴性", t.count);
    // Writing to a String cannot fail.
    if t.count > 1 && t.gap_hours > 0 {
        let _ = write!(en, " at least {} hours apart", t.gap_hours);
        let _ = write!(zh, ",间隔至少{}小时", t.gap_hours);
    }
    if let Some(days) = t.within_days {
        let _ = write!(en, " within {days} days");
        let _ = write!(zh, ",{days}天内");
    }
    if t.after_days > 0 {
        let _ = write!(en, ", sampled after day {}", t.after_days);
        let _ = write!(zh, ",满{}天后采样", t.after_days);
    }
    (en, zh)
}

fn check_ins(c: CheckIns) -> (String, String) {
    let (row, row_zh) = if c.consecutive { (" in a row", "连续") } else { ("", "") };
    let en = format!("{} daily check-ins{row} without symptoms or fever", c.days);
    (en, format!("{row_zh}{}天打卡且无症状、无发热", c.days))
}

fn paper(p: &PaperNeeded) -> (String, String) {
    let all: &[ReleasePaper] = match p.kinds.as_slice() {
        [] => &[ReleasePaper::Release],
        kinds => kinds,
    };
    let words = |k: &ReleasePaper| match k {
        ReleasePaper::Discharge => ("a discharge paper", "出院证明"),
        ReleasePaper::Confirmation => ("a confirmation", "确认书"),
        ReleasePaper::Release | ReleasePaper::Unstated => ("a release paper", "解除证明"),
    };
    let (en, zh): (Vec<&str>, Vec<&str>) = all.iter().map(words).unzip();
    let (from, from_zh) = if p.same_origin {
        (" from the authority that recorded it", "登记地出具的")
    } else {
        ("", "")
    };
    (format!("{}{from}", en.join(" or ")), format!("{from_zh}{}", zh.join("或")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{assess, read_evidence};

    #[test]
    fn what_would_end_it_is_said_for_each_release() {
        let policy =
            Policy::parse(include_str!("../../../../policies/chengdu-2021-11.toml")).unwrap();
        let e = read_evidence(
            "[[evidence]]\nkind = \"contact\"\ndegree = \"close\"\nlast_contact = 2021-11-03T12:00:00+08:00",
        )
        .unwrap();
        let a = assess(&e, &policy, "2021-11-04T00:00:00Z".parse().unwrap());
        let texts = policy.release_texts(&a.reasons[0]);
        let said: Vec<&str> = texts.iter().map(|t| t["en"].as_str()).collect();
        assert_eq!(
            said,
            [
                "2 negative tests at least 24 hours apart within 3 days",
                "day 14 over, and 1 negative test"
            ]
        );
        assert!(texts[0]["zh"].contains("24小时"));
    }

    #[test]
    fn where_only_time_ends_it_nothing_is_said() {
        let policy = Policy::parse(include_str!("../../../../policies/three-colour.toml")).unwrap();
        let e = read_evidence(
            "[[evidence]]\nkind = \"contact\"\ndegree = \"close\"\nlast_contact = 2021-11-03T12:00:00+08:00",
        )
        .unwrap();
        let a = assess(&e, &policy, "2021-11-04T00:00:00Z".parse().unwrap());
        assert!(policy.release_texts(&a.reasons[0]).is_empty());
    }
}
