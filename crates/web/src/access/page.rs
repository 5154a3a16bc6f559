//! The table of powers as a page: first by agency, for whoever asks what an agency can do, then each
//! power with its purposes and conditions. No script, no session, nothing from elsewhere.

use std::fmt::Write as _;

use jadegate_domain::AgencyKind;
use jadegate_service::staff::{
    AccessTable, PowerRow, Words, kind_words, purpose_words, role_words,
};

/// A language of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lang {
    Zh,
    En,
}

impl Lang {
    /// What was asked for, else the first language of the browser that there is, else Chinese.
    pub(super) fn of(asked: Option<&str>, accepted: &str) -> Self {
        let known = |tag: &str| match tag.trim().get(..2).map(str::to_ascii_lowercase).as_deref() {
            Some("zh") => Some(Self::Zh),
            Some("en") => Some(Self::En),
            _ => None,
        };
        let accepted = || accepted.split(',').find_map(known);
        asked.and_then(known).or_else(accepted).unwrap_or(Self::Zh)
    }

    const fn of_words(self, words: Words) -> &'static str {
        match self {
            Self::Zh => words.zh,
            Self::En => words.en,
        }
    }
}

/// Texts of the page itself.
struct Texts {
    tag: &'static str,
    title: &'static str,
    lead: &'static str,
    nobody: &'static str,
    by_agency: &'static str,
    none: &'static str,
    powers: &'static str,
    powers_lead: &'static str,
    who: &'static str,
    looks: &'static str,
    no_looks: &'static str,
    conditions: &'static str,
    confirmed: &'static str,
    refused: &'static str,
    check: &'static str,
    digest: &'static str,
    machine: &'static str,
    other: &'static str,
    other_link: &'static str,
    home: &'static str,
    between: &'static str,
}

const EN: Texts = Texts {
    tag: "en",
    title: "Who may do what",
    lead: "This is everything that staff can do with this health code. What is not on this page does not exist.",
    nobody: "Nobody can set a colour: colours follow from what was recorded and from the published policy. Nobody can record a contact: only a trace finds one. There is no list of people to take away.",
    by_agency: "By agency",
    none: "No power.",
    powers: "Each power",
    powers_lead: "Open a power to read who has it, for which purposes it shows a person’s data, and what has to be so each time.",
    who: "Who has it",
    looks: "Shows a person’s data only for",
    no_looks: "Shows nobody’s data.",
    conditions: "Each time",
    confirmed: "Only after the health commission confirmed the agency and then the member of staff.",
    refused: "Whoever lacks a power is refused, and is told which power was missing.",
    check: "Check it",
    digest: "SHA-256 of this table",
    machine: "The table for programs (rules, digest, words)",
    other: "中文",
    other_link: "/access?lang=zh",
    home: "Health code",
    between: ": ",
};

const ZH: Texts = Texts {
    tag: "zh",
    title: "谁可以做什么",
    lead: "以下是工作人员在本健康码中可以做的全部事情。本页没有的，就不存在。",
    nobody: "任何人都不能设定码色：码色由录入的依据和公布的政策得出。任何人都不能录入接触者：只能由追踪得出。没有可供导出的人员名单。",
    by_agency: "按机构",
    none: "没有任何权限。",
    powers: "各项权限",
    powers_lead: "点开一项权限，可查看谁拥有它、可为何种事由查看个人信息、每次须满足什么条件。",
    who: "谁拥有",
    looks: "仅为以下事由显示个人信息",
    no_looks: "不显示任何人的信息。",
    conditions: "每次须满足",
    confirmed: "须先由卫健委确认该机构，再确认该工作人员。",
    refused: "没有权限的人会被拒绝，并被告知缺少哪项权限。",
    check: "核对",
    digest: "本表的SHA-256",
    machine: "供程序读取的表（规则、摘要、文字）",
    other: "English",
    other_link: "/access?lang=en",
    home: "健康码",
    between: "：",
};

/// The whole page in a language.
pub(super) fn page(lang: Lang) -> String {
    let t = match lang {
        Lang::Zh => &ZH,
        Lang::En => &EN,
    };
    let table = AccessTable::of_this_program();
    let mut out = head(t);
    // Writing to a `String` cannot fail.
    let _ = write!(out, "<h2>{}</h2>", t.by_agency);
    for kind in AgencyKind::ALL {
        agency(&mut out, t, lang, *kind, &table.powers);
    }
    let _ = write!(out, "<h2>{}</h2><p>{}</p>", t.powers, t.powers_lead);
    for row in &table.powers {
        power(&mut out, t, lang, row);
    }
    let _ = writeln!(
        out,
        "<p>{}</p><h2>{}</h2><p>{}{}<span class=\"mono\">{}</span></p>\
         <p><a href=\"/v1/access\">{}</a></p></main></body></html>",
        t.refused,
        t.check,
        t.digest,
        t.between,
        escaped(&table.digest),
        t.machine,
    );
    out
}

fn head(t: &Texts) -> String {
    format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{} · Jadegate</title><link rel=\"icon\" href=\"/icon.svg\" type=\"image/svg+xml\">\
         <link rel=\"stylesheet\" href=\"/access/page.css\"></head><body><main class=\"access\">\
         <header><p><a href=\"/\">{}</a></p><p><a href=\"{}\" hreflang=\"{}\" lang=\"{}\">{}</a></p></header>\
         <h1>{}</h1><p>{}</p><p class=\"note\">{}</p>",
        t.tag,
        t.title,
        t.home,
        t.other_link,
        &t.other_link[t.other_link.len() - 2..],
        &t.other_link[t.other_link.len() - 2..],
        t.other,
        t.title,
        t.lead,
        t.nobody,
    )
}

/// What an agency can do, by role.
fn agency(out: &mut String, t: &Texts, lang: Lang, kind: AgencyKind, powers: &[PowerRow]) {
    let _ = write!(out, "<h3>{}</h3>", escaped(lang.of_words(kind_words(kind))));
    let mut any = false;
    for role in jadegate_domain::Role::ALL {
        let held = |p: &&PowerRow| p.held_by.iter().any(|h| h.agency == kind && h.role == *role);
        let held: Vec<_> = powers.iter().filter(held).collect();
        if held.is_empty() {
            continue;
        }
        any = true;
        let _ = write!(out, "<p class=\"quiet\">{}</p><ul>", lang.of_words(role_words(*role)));
        for p in held {
            let words = escaped(lang.of_words(p.words));
            let _ = write!(out, "<li><a href=\"#{}\">{words}</a></li>", p.power.as_str());
        }
        out.push_str("</ul>");
    }
    if !any {
        let _ = write!(out, "<p>{}</p>", t.none);
    }
}

/// One power with all that bounds it.
fn power(out: &mut String, t: &Texts, lang: Lang, row: &PowerRow) {
    let name = row.power.as_str();
    let words = escaped(lang.of_words(row.words));
    let _ = write!(
        out,
        "<details id=\"{name}\"><summary>{words}</summary><dl><dt>{}</dt><dd><ul>",
        t.who
    );
    for h in &row.held_by {
        let (kind, role) = (lang.of_words(kind_words(h.agency)), lang.of_words(role_words(h.role)));
        let _ = write!(out, "<li>{}{}{}</li>", escaped(kind), t.between, escaped(role));
    }
    out.push_str("</ul></dd>");
    if row.purposes.is_empty() {
        let _ = write!(out, "<dt>{}</dt>", t.no_looks);
        out.push_str("<dd></dd>");
    } else {
        let _ = write!(out, "<dt>{}</dt><dd><ul>", t.looks);
        for p in row.purposes {
            let _ = write!(out, "<li>{}</li>", escaped(lang.of_words(purpose_words(*p))));
        }
        out.push_str("</ul></dd>");
    }
    let _ = write!(out, "<dt>{}</dt><dd><ul>", t.conditions);
    if row.over_people {
        let _ = write!(out, "<li>{}</li>", t.confirmed);
    }
    for c in row.conditions {
        let _ = write!(out, "<li>{}</li>", escaped(lang.of_words(c.words())));
    }
    let _ = write!(out, "</ul></dd></dl><p class=\"mono small quiet\">{name}</p></details>");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_what_was_asked_for_then_what_the_browser_speaks() {
        assert_eq!(Lang::of(Some("en"), "zh-CN"), Lang::En);
        assert_eq!(Lang::of(None, "fr, EN-gb;q=0.8, zh;q=0.5"), Lang::En);
        assert_eq!(Lang::of(Some("xx"), ""), Lang::Zh);
        assert_eq!(Lang::of(None, "é"), Lang::Zh);
    }

    #[test]
    fn the_page_says_every_power_in_both_languages_and_runs_nothing() {
        for (lang, words) in [(Lang::En, "record test results"), (Lang::Zh, "录入检测结果")] {
            let page = page(lang);
            assert!(page.contains(words));
            for row in AccessTable::of_this_program().powers {
                assert!(page.contains(&format!("<details id=\"{}\">", row.power.as_str())));
            }
            for word in ["<script", "style=", "onclick", "http:"] {
                assert!(!page.contains(word), "{word}");
            }
            assert!(page.len() < 64_000, "{}", page.len());
        }
    }
}
