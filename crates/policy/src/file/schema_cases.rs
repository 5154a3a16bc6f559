//! What a case file can hold, key by key; `schema` makes a JSON Schema of it.

use jadegate_domain::evidence::{
    AppealOutcome, ArrivalPurpose, Certainty, ContactDegree, ReleasePaper, Symptom, TestMethod,
    TestResult,
};
use jadegate_domain::{CaseClass, Colour, EvidenceKind, PlaceKind};

use crate::file::schema::Form::{
    Decimal, Division, Flag, Moment, MomentOr, Tables, Text, Whole, Words,
};
use crate::file::schema::{Key, Shape, Variant, list, may, must, shape, words};
use crate::file::words::Level;

pub(crate) fn cases() -> Shape {
    shape(vec![
        must("policy", Text, "The id of the policy these cases are for."),
        may("case", Tables(case()), "Somebody's evidence and what must be answered."),
    ])
}

fn case() -> Shape {
    shape(vec![
        must("name", Text, "What the case shows."),
        may("source", Text, "Where the published text says so."),
        may(
            "start",
            Moment,
            "The moment that others of this case are relative to: \"+14d\", \"+15d 00:00\".",
        ),
        may("home", Division, "Where the person lives, for policies with zones."),
        may("evidence", Tables(evidence()), "What was recorded."),
        may("expect", Tables(expect()), "What must be answered at a moment."),
    ])
}

fn expect() -> Shape {
    shape(vec![
        must("at", Moment, "The moment; judged by what was recorded by then."),
        must("colour", Words(words(&Colour::ALL)), "The colour."),
        may(
            "rules",
            list(Text),
            "The active rules, most severe first, then by id; none where nothing is said.",
        ),
        may("eased", list(Text), "Those of them that are eased; none where nothing is said."),
        must("next_change", MomentOr, "When the answer changes by itself, or \"never\"."),
        may(
            "warnings",
            list(Text),
            "The words of the warnings, in order; none where nothing is said.",
        ),
    ])
}

/// The keys of each kind.
fn kinds() -> Vec<(EvidenceKind, Vec<Key>)> {
    use EvidenceKind as E;
    vec![
        (
            E::Test,
            vec![
                must("result", Words(words(TestResult::ALL)), "What was found."),
                may(
                    "method",
                    Words(words(TestMethod::ALL)),
                    "How; nucleic_acid where nothing is said.",
                ),
                must("sampled_at", Moment, "When the sample was taken."),
            ],
        ),
        (
            E::Case,
            vec![
                must("class", Words(words(CaseClass::ALL)), "How sure the diagnosis is."),
                may("case", Whole(1..=9999), CASE),
                may("onset_at", Moment, "First symptoms."),
                must("confirmed_at", Moment, "When it was confirmed."),
            ],
        ),
        (
            E::Contact,
            vec![
                must("degree", Words(words(ContactDegree::ALL)), "How near."),
                may(
                    "certainty",
                    Words(words(Certainty::ALL)),
                    "How sure; recorded where nothing is said.",
                ),
                may(
                    "place",
                    Words(words(PlaceKind::ALL)),
                    "What kind of place; other where nothing is said.",
                ),
                may("minutes", Whole(0..=100_000), "Minutes shared; 30 where nothing is said."),
                may("case", Whole(1..=9999), CASE),
                may("trace", Whole(1..=9999), TRACE),
                must("last_contact", Moment, "End of the last shared time."),
            ],
        ),
        (E::Stay, stay()),
        (
            E::RegionRisk,
            vec![
                must("division", Division, "Where."),
                must("level", Words(words(Level::WORDS)), "How high."),
                must("from", Moment, "From when."),
                may("to", Moment, "Until when; until further notice where nothing is said."),
            ],
        ),
        (E::Declaration, {
            let mut keys = health();
            keys.push(may("contact_with_case", Flag, "Did they meet a case?"));
            keys.push(may("stays", Tables(shape(stay())), "Where they were."));
            keys
        }),
        (E::CheckIn, health()),
        (
            E::Arrival,
            vec![
                must("from", Division, "Country or division they came from."),
                must("arrived_at", Moment, "When they entered."),
                may("purpose", Words(words(ArrivalPurpose::ALL)), "Why they came."),
            ],
        ),
        (
            E::Release,
            vec![
                may("case", Whole(1..=9999), CASE),
                may("trace", Whole(1..=9999), TRACE),
                must("released_at", Moment, "From when it holds."),
                may("paper", Words(words(ReleasePaper::ALL)), "Which paper."),
            ],
        ),
        (E::Dispute, vec![must("disputes", Whole(1..=9999), OTHER)]),
        (E::Appeal, vec![must("contests", Whole(1..=9999), OTHER)]),
        (
            E::AppealDecision,
            vec![
                must("outcome", Words(words(AppealOutcome::ALL)), "How it was decided."),
                must("appeal", Whole(1..=9999), OTHER),
            ],
        ),
    ]
}

/// One piece of evidence.
pub(crate) fn evidence() -> Shape {
    use EvidenceKind as E;
    let variant = |(kind, keys): (E, Vec<Key>)| Variant {
        name: kind.as_str(),
        words: vec![kind.as_str()],
        keys,
    };
    Shape {
        keys: vec![
            must("kind", Words(words(E::ALL)), "The kind of evidence."),
            may(
                "recorded_at",
                Moment,
                "When it was recorded; when it happened where nothing is said.",
            ),
            may("repeat_daily", Whole(1..=366), "Stands for so many pieces, a day apart."),
            may("by_agency", Flag, "Did an agency record it? The usual where nothing is said."),
            may("origin", Division, "The division whose authority recorded it, if imported."),
            may("withdrawn_at", Moment, "When it was withdrawn."),
        ],
        variants: Some(("kind", kinds().into_iter().map(variant).collect())),
    }
}

const CASE: &str = "The number of the case in this file; 1 where nothing is said.";
const TRACE: &str = "The number of the trace in this file; 1 where nothing is said.";
const OTHER: &str = "The piece it speaks of: the first of the list has number 1.";

fn stay() -> Vec<Key> {
    vec![
        must("division", Division, "Where."),
        must("from", Moment, "From when."),
        may("to", Moment, "When they left; still there where nothing is said."),
    ]
}

fn health() -> Vec<Key> {
    vec![
        may("temperature", Decimal(34.0..=43.0), "Degrees Celsius."),
        may("symptoms", list(Words(words(Symptom::ALL))), "What was reported."),
    ]
}
