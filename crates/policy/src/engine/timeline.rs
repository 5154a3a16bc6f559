//! A person's colours over time: from the first evidence to the last change that can be foreseen.

use std::fmt::Write;

use jadegate_domain::assessment::{PolicyRef, Reason, Texts};
use jadegate_domain::{Colour, Evidence, Timestamp};
use serde::Serialize;

use crate::engine::assess::assess;
use crate::model::policy::{Policy, named};

/// A person's colours over time, under one policy and on the evidence known today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// The policy.
    pub policy: PolicyRef,
    /// One after the other without gaps; only the last may have no end.
    pub segments: Vec<Segment>,
}

/// A stretch of time in which colour and reasons stay the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Segment {
    /// First moment.
    pub from: Timestamp,
    /// First moment of the next one; `None` if no change can be foreseen.
    pub to: Option<Timestamp>,
    /// The colour.
    pub colour: Colour,
    /// The reasons as of its first moment, most severe first.
    pub reasons: Vec<Reason>,
}

/// More changes than any real life has; what is left is one last segment without an end.
const MOST_SEGMENTS: usize = 10_000;

/// The colours from `from` (or from the first piece recorded, if `None`) to the last change that
/// can be foreseen. Each moment is judged by what was recorded by then, so that the past appears
/// as it was; pieces withdrawn or replaced since do not appear.
pub fn explain<'a, I>(evidence: I, policy: &Policy, from: Option<Timestamp>) -> Timeline
where
    I: IntoIterator<Item = &'a Evidence>,
    I::IntoIter: Clone,
{
    let evidence = evidence.into_iter();
    let first = evidence.clone().filter(|e| e.counts()).map(|e| e.recorded_at).min();
    let mut at = from.or(first).unwrap_or_else(|| policy.valid_from());
    let mut segments: Vec<Segment> = Vec::new();
    loop {
        let a = assess(evidence.clone(), policy, at);
        let to = a.next_change.filter(|_| segments.len() < MOST_SEGMENTS);
        match segments.last_mut().filter(|s| same(s, a.colour, &a.reasons)) {
            Some(last) => last.to = to,
            None => segments.push(Segment { from: at, to, colour: a.colour, reasons: a.reasons }),
        }
        let Some(next) = to else { break };
        at = next;
    }
    Timeline { policy: policy.reference(), segments }
}

/// Do the reasons differ in nothing but the number of the day?
fn same(s: &Segment, colour: Colour, reasons: &[Reason]) -> bool {
    let key = |r: &Reason| Reason { day: None, ..r.clone() };
    s.colour == colour && s.reasons.iter().map(key).eq(reasons.iter().map(key))
}

fn in_language<'t>(texts: &'t Texts, lang: &str) -> &'t str {
    texts.get(lang).or_else(|| texts.get("en")).map_or("", String::as_str)
}

fn local(at: Timestamp, policy: &Policy) -> String {
    let z = at.to_jiff().to_zoned_datetime(policy.time_zone().clone());
    let (d, t) = (z.date(), z.time());
    format!("{d} {:02}:{:02}", t.hour(), t.minute())
}

impl Timeline {
    /// As plain text in a language (`en`, `zh`), in the policy's time zone.
    pub fn to_text(&self, policy: &Policy, lang: &str) -> String {
        let mut out = format!("{} — {}\n", policy.title(lang), named(&self.policy));
        for s in &self.segments {
            let name = in_language(&policy.colour_texts(s.colour).name, lang);
            let to = s.to.map_or_else(|| "…".to_owned(), |t| local(t, policy));
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{} – {to}  {}  {name}", local(s.from, policy), mark(s.colour));
            for r in &s.reasons {
                let (title, ends) = (in_language(&r.title, lang), in_language(&r.ends, lang));
                let _ = writeln!(out, "    {} {title} {ends} [{}]", mark(r.colour), r.rule);
                if let Some(eased) = &r.eased {
                    let full = in_language(&policy.colour_texts(eased.instead_of).name, lang);
                    let text = in_language(&eased.text, lang);
                    let _ = writeln!(out, "        {text} ({} {full})", mark(eased.instead_of));
                }
                for release in policy.release_texts(r) {
                    let by = if lang == "zh" { "解除条件：" } else { "ended by: " };
                    let _ = writeln!(out, "        {by}{}", in_language(&release, lang));
                }
            }
        }
        out
    }

    /// As a small picture: one bar per stretch, with colour, letter and date. Contains no script,
    /// no style sheet and no reference to anything else.
    pub fn to_svg(&self, policy: &Policy, lang: &str) -> String {
        const WIDTH: i64 = 640;
        let first = self.segments.first().map_or(Timestamp::EPOCH, |s| s.from);
        let last = self.segments.last().map_or(first, |s| s.to.unwrap_or(s.from));
        let known = last.secs_since(first).max(1);
        // A last stretch without an end gets a fifth of the picture.
        let open = self.segments.last().is_some_and(|s| s.to.is_none());
        let room = if open && self.segments.len() > 1 { WIDTH * 4 / 5 } else { WIDTH };
        // Seconds to pixels without overflow: at most 2.6e11 * 640.
        let x = |t: Timestamp| t.secs_since(first).clamp(0, known) * room / known;
        let title = escape(policy.title(lang));
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} 64\" role=\"img\" \
             font-family=\"sans-serif\" font-size=\"11\"><title>{title}</title>"
        );
        for s in &self.segments {
            let (from, to) = (x(s.from), s.to.map_or(WIDTH, x));
            let width = (to - from).max(1);
            let name = escape(in_language(&policy.colour_texts(s.colour).name, lang));
            let (fill, ink) = paint(s.colour);
            let date = local(s.from, policy);
            let _ = write!(
                out,
                "<g><title>{name}: {date}</title><rect x=\"{from}\" y=\"8\" width=\"{width}\" \
                 height=\"28\" fill=\"{fill}\" stroke=\"#fff\"/>"
            );
            if width >= 16 {
                let (middle, letter) = (from + width / 2, mark(s.colour));
                let _ = write!(
                    out,
                    "<text x=\"{middle}\" y=\"27\" fill=\"{ink}\" text-anchor=\"middle\">{letter}</text>"
                );
            }
            if width >= 64 {
                let day = &date[..date.len().min(10)];
                let _ = write!(out, "<text x=\"{from}\" y=\"52\" fill=\"#333\">{day}</text>");
            }
            out.push_str("</g>");
        }
        out.push_str("</svg>\n");
        out
    }
}

/// A shape that goes with each colour, so that colour is never alone.
const fn mark(colour: Colour) -> &'static str {
    match colour {
        Colour::Green => "●",
        Colour::Yellow => "▲",
        Colour::Red => "■",
    }
}

/// Fill and ink with a contrast of at least 4.5 to 1.
const fn paint(colour: Colour) -> (&'static str, &'static str) {
    match colour {
        Colour::Green => ("#1b7f3b", "#fff"),
        Colour::Yellow => ("#f2c200", "#000"),
        Colour::Red => ("#b3261e", "#fff"),
    }
}

fn escape(s: &str) -> String {
    s.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
