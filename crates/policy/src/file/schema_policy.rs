//! What a policy file can hold, key by key; `schema` makes a JSON Schema of it.

use jadegate_domain::evidence::{
    ArrivalPurpose, Certainty, ContactDegree, Symptom, TestMethod, TestResult,
};
use jadegate_domain::{AgencyKind, CaseClass, Colour, EvidenceKind, PlaceKind};

use crate::file::limits::{LINGERING, MINUTES, MOST_DAYS, ROWS};
use crate::file::recorders::REFERS_TO;
use crate::file::schema::Form::{
    Checked, Decimal, Division, Flag, Map, Moment, Pattern, Table, Tables, Text, Texts, Whole,
    WordOr, Words, Zone,
};
use crate::file::schema::{Form, Key, Shape, Variant, list, may, must, shape, words};
use crate::file::words::{Confining, EasedColour, NamedPaper, NearWord, RaisedLevel, Starting};
use crate::model::calendar::{DayCount, FirstDay};
use crate::model::contact::Bound;
use crate::model::mitigation::WhileDisputed;
use crate::model::rule::{CountFrom, Missing, Paper};

const ID: &str = "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$";

pub(crate) fn policy() -> Shape {
    shape(vec![
        must("id", Pattern(ID), "The file's name without `.toml`."),
        must("version", Whole(1..=u32::MAX), "A number that grows with every change."),
        must("title", Texts, "The name of the policy."),
        must("authority", Texts, "Who is responsible for it."),
        must("source", Text, "Where the rules were published."),
        must("country", Pattern("^[A-Z]{2}$"), "An arrival from another country is from abroad."),
        must("valid_from", Moment, "In force from this moment on."),
        may("valid_to", Moment, "In force before this moment; may be missing."),
        must("time_zone", Zone, "Whose midnights count, as in the tz database: Asia/Shanghai."),
        must("day_count", Words(words(DayCount::WORDS)), DAY_COUNT),
        must("first_day", Words(words(FirstDay::WORDS)), FIRST_DAY),
        may(
            "severity",
            list(Words(words(&Colour::ALL))),
            "The most severe colour first: [\"red\", \"yellow\", \"green\"].",
        ),
        must("freshness", Table(freshness()), "How long a live code is valid."),
        must("infectious_window", Table(infectious()), "When a case could infect others."),
        must("contact", Table(contact()), "What makes a contact."),
        must("retention", Table(retention()), "How long what is kept."),
        must("check_in", Table(check_in()), "Who checks in daily."),
        must("colour", Table(colours()), "What the colours are called and ask for."),
        may("zone", Tables(zone()), "Divisions that live by another clock."),
        may("evidence", Tables(evidence()), "Who may record what, and what it must refer to."),
        may("rule", Tables(rule()), "What evidence asks for which colour, and what ends it."),
        may("decay", Tables(decay()), "A colour for want of something that must be repeated."),
        may("easing", Tables(easing()), "What holds while an appeal was not decided in time."),
        may("imported", Table(imported()), "What disputed evidence from elsewhere is worth."),
        may("note", Tables(note()), "What the source leaves open and the file decided."),
    ])
}

const DAY_COUNT: &str =
    "`local-midnight`: whole local days, ending at midnight. `24h`: spans of 24 hours.";
const FIRST_DAY: &str =
    "`next`: the day after the event is day 1. `same`: the day of the event is day 1.";

fn freshness() -> Shape {
    shape(vec![must(
        "seconds",
        Whole(10..=3600),
        "A live code is valid so long after it was made.",
    )])
}

fn infectious() -> Shape {
    shape(vec![
        must("days_before_onset", Whole(0..=30), "Days before the first symptoms."),
        must(
            "days_before_sampling",
            Whole(0..=30),
            "Days before the sample, where no symptoms are known.",
        ),
    ])
}

fn contact() -> Shape {
    let mut keys = vec![
        must("max_hops", Whole(1..=2), "1: contacts. 2: their contacts as well."),
        must(
            "secondary_delay_hours",
            Whole(0..=720),
            "A contact could infect others so long after the first contact.",
        ),
    ];
    keys.extend(minutes(must));
    let places = Map(words(PlaceKind::ALL), shape(minutes(may)));
    keys.push(may("places", places, "Other minutes for one kind of place."));
    let counts = Words(words(Bound::WORDS));
    keys.push(may("counts", counts, "`lower`: only recorded minutes count."));
    let vehicles: Vec<_> = PlaceKind::ALL.iter().filter(|k| k.is_vehicle()).collect();
    let vehicles = Map(words(&vehicles), vehicle());
    keys.push(may("vehicles", vehicles, "Who is near whom aboard a kind of vehicle."));
    shape(keys)
}

fn vehicle() -> Shape {
    shape(vec![
        must("near", Words(words(NearWord::WORDS)), "Everyone aboard, or the same coach."),
        may("rows", Whole(ROWS), "In the coach: so many before and behind."),
        may("unknown_is_near", Flag, "Is somebody near whose seat is not known? True if missing."),
    ])
}

fn minutes(key: fn(&'static str, Form, &'static str) -> Key) -> Vec<Key> {
    vec![
        key("close_minutes", Whole(MINUTES), "Minutes shared that make a close contact."),
        key(
            "secondary_minutes",
            Whole(MINUTES),
            "Minutes shared that make a contact of a contact.",
        ),
        key("assumed_stay_minutes", Whole(MINUTES), "Taken where no exit is known."),
        may(
            "lingering_minutes",
            Whole(LINGERING),
            "The place stays dangerous so long after a case left it.",
        ),
    ]
}

fn retention() -> Shape {
    shape(vec![
        must("visit_days", Whole(1..=MOST_DAYS), "Visits are dropped after so many days."),
        must("evidence_days", Whole(1..=MOST_DAYS), "Evidence, after its effect ended."),
    ])
}

fn check_in() -> Shape {
    shape(vec![may(
        "daily_for",
        list(Words(words(&Colour::ALL))),
        "Holders of these colours check in daily.",
    )])
}

fn colours() -> Shape {
    let one = || {
        shape(vec![
            must("name", Texts, "What the colour is called."),
            must("advice", Texts, "What it asks for."),
        ])
    };
    shape(vec![
        must("green", Table(one()), "No rule asks for another colour."),
        must("yellow", Table(one()), "The milder of the two confining colours."),
        must("red", Table(one()), "The most severe colour."),
    ])
}

fn zone() -> Shape {
    shape(vec![
        must("divisions", list(Division), "Where people live by this clock; the narrowest counts."),
        must("time_zone", Zone, "Whose midnights count there: Asia/Urumqi."),
    ])
}

fn evidence() -> Shape {
    let mut who = words(AgencyKind::ALL);
    who.push("holder".to_owned());
    let refers: Vec<String> = REFERS_TO.iter().map(ToString::to_string).collect();
    shape(vec![
        must("kind", Words(words(EvidenceKind::ALL)), "The kind of evidence."),
        must(
            "recorded_by",
            list(Words(who)),
            "Who may record it; only narrows what Jadegate allows at all.",
        ),
        must("refers_to", Checked(refers), "What each piece must refer to."),
    ])
}

fn rule() -> Shape {
    shape(vec![
        must("id", Pattern(ID), "The rule's id; reasons and cases name it."),
        must("title", Texts, "What happened, said to the holder."),
        may("ends", Texts, "What ends its phases, in plain words, where they all say the same."),
        may("day_count", Words(words(DayCount::WORDS)), DAY_COUNT),
        must("when", Table(when()), "The evidence that starts it."),
        may("count_from", Words(words(CountFrom::WORDS)), "The moment its days are counted from."),
        may("phase", Tables(phase()), "One to six, one after the other."),
    ])
}

fn when() -> Shape {
    let variant = |name: &'static str, keys: Vec<Key>| Variant { name, words: vec![name], keys };
    let with_origin = |mut keys: Vec<Key>| {
        keys.push(may("imported", Flag, "true: only evidence imported from another authority; false: only evidence recorded here."));
        keys.push(may(
            "origins",
            list(Division),
            "Only evidence imported from one of these divisions.",
        ));
        keys
    };
    let mut any = words(Symptom::ALL);
    any.push("any".to_owned());
    let variants = vec![
        variant(
            "case",
            with_origin(vec![may(
                "classes",
                list(Words(words(CaseClass::ALL))),
                "Only these classes.",
            )]),
        ),
        variant(
            "test",
            with_origin(vec![
                must("results", list(Words(words(TestResult::ALL))), "Only these results."),
                may("methods", list(Words(words(TestMethod::ALL))), "Only these methods."),
            ]),
        ),
        variant(
            "contact",
            with_origin(vec![
                may("degrees", list(Words(words(ContactDegree::ALL))), "Only these degrees."),
                may(
                    "certainties",
                    list(Words(words(Certainty::ALL))),
                    "Only these; recorded and assumed where nothing is said.",
                ),
                may("places", list(Words(words(PlaceKind::ALL))), "Only at these kinds of place."),
                may("min_minutes", Whole(0..=100_000), "At least so many minutes shared."),
            ]),
        ),
        variant(
            "stay",
            vec![
                may(
                    "risk_levels",
                    list(Words(words(RaisedLevel::WORDS))),
                    "The region's level during the stay.",
                ),
                may("divisions", list(Division), "Only stays there."),
                may("while_in_force", Flag, "The rule holds only while the region's level does."),
            ],
        ),
        variant(
            "arrival",
            with_origin(vec![
                may("from_abroad", Flag, "Only from another country."),
                may("from", list(Division), "Only from these countries or divisions."),
                may(
                    "purposes",
                    list(Words(words(ArrivalPurpose::ALL))),
                    "Only for these purposes, or for one that is not stated.",
                ),
            ]),
        ),
        Variant {
            name: "report",
            words: vec!["declaration", "check_in"],
            keys: vec![
                may("symptoms", list(Words(any)), "Any of these was reported."),
                may(
                    "temperature_from",
                    Decimal(34.0..=43.0),
                    "A temperature of so many degrees or more.",
                ),
                may("contact_with_case", Flag, "Contact with a case was declared."),
            ],
        },
    ];
    Shape {
        keys: vec![must(
            "evidence",
            list(Words(words(Starting::WORDS))),
            "The kind of evidence that starts the rule.",
        )],
        variants: Some(("evidence", variants)),
    }
}

fn phase() -> Shape {
    shape(vec![
        must("colour", Words(words(Confining::WORDS)), "The colour it asks for."),
        may("days", Whole(1..=MOST_DAYS), "It ends after so many days."),
        may("ends_when", Tables(release()), "It ends when one of these is met in full."),
        may(
            "while_unmet",
            Words(words(Confining::WORDS)),
            "The colour from the end of its days on, while the rest is unmet.",
        ),
        may("ends", Texts, "What ends it, in plain words; {days} is filled in."),
    ])
}

fn release() -> Shape {
    let tests = shape(vec![
        must("count", Whole(1..=10), "So many negative samples."),
        may("gap_hours", Whole(0..=720), "Any two counted ones at least so far apart."),
        may("within_days", Whole(1..=MOST_DAYS), "All of them within so many days of 24 hours."),
        may("after_days", Whole(0..=MOST_DAYS), "Sampled once so many days of the phase are over."),
        may("method", Words(words(TestMethod::ALL)), "Only by this method."),
    ]);
    let check_ins = shape(vec![
        must("days", Whole(1..=MOST_DAYS), "So many local days with a clean check-in."),
        may("consecutive", Flag, "A day without one starts the count again (the default)."),
        may(
            "temperature_below",
            Decimal(34.0..=43.0),
            "Clean below this temperature; 37.3 where nothing is said.",
        ),
    ]);
    let paper = shape(vec![
        must(
            "of",
            Words(words(Paper::WORDS)),
            "this: names the case or trace behind the reason. any: for the holder, since the phase began.",
        ),
        may("kinds", list(Words(words(NamedPaper::WORDS))), "Only these kinds of paper."),
        may("same_origin", Flag, "Only from the authority whose evidence started the rule."),
    ]);
    shape(vec![
        may("days", Whole(1..=MOST_DAYS), "So many days of this phase are over."),
        may("negative_tests", Table(tests), "So many negative tests."),
        may(
            "clean_check_ins",
            Table(check_ins),
            "So many days with a check-in without symptoms and fever.",
        ),
        may("release_paper", WordOr(words(Paper::WORDS), paper), "A release paper."),
    ])
}

fn decay() -> Shape {
    shape(vec![
        must("id", Pattern(ID), "The rule's id."),
        must("title", Texts, "What is missing, said to the holder."),
        must("missing", Words(words(Missing::WORDS)), "What must be recorded again and again."),
        must("hours", Whole(1..=24 * MOST_DAYS), "So long after the last one."),
        may("also_if_never", Flag, "Does it hold for those who never gave one?"),
        must("colour", Words(words(Confining::WORDS)), "The colour it asks for."),
        must("ends", Texts, "What ends it, in plain words; {hours} is filled in."),
    ])
}

fn easing() -> Shape {
    shape(vec![
        must("id", Pattern(ID), "The easing's id."),
        must("rules", list(Text), "The rules it is for."),
        must(
            "after_hours",
            Whole(1..=24 * MOST_DAYS),
            "So many hours after the appeal without a decision.",
        ),
        must(
            "colour",
            Words(words(EasedColour::WORDS)),
            "The most these rules ask for until it is decided.",
        ),
        must("text", Texts, "What the holder is told; {hours} is filled in."),
    ])
}

fn imported() -> Shape {
    shape(vec![
        must(
            "while_disputed",
            Words(words(WhileDisputed::WORDS)),
            "counts: in full. yellow: its rules ask for yellow at most. set_aside: it starts no rule.",
        ),
        must("text", Texts, "What the holder is told about an eased reason."),
    ])
}

fn note() -> Shape {
    shape(vec![must("text", Texts, "What the source does not say, and what the file decided.")])
}
