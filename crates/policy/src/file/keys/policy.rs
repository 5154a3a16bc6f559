//! The keys of a policy file, apart from those of its rules.

use jadegate_domain::{Colour, Division, EvidenceKind, PlaceKind};

use crate::file::form::{
    Country, Flag, Id, List, Moment, One, RefersTo, Text, Texts, Thousandths, Whole,
};
use crate::file::key::keys;
use crate::file::keys::rules::{Decay, Rule};
use crate::file::keys::{MOST_DAYS, MOST_HOURS, MOST_MINUTES};
use crate::file::nested::{Each, Inner, Tables};
use crate::file::words::{EasedColour, NearWord, Recorder, VehicleKind, VenueKind, ZoneName};
use crate::model::calendar::{DayCount, FirstDay};
use crate::model::contact::Bound;
use crate::model::mitigation::WhileDisputed;

keys! {
    /// A whole policy file.
    Policy {
        /// The file's name without `.toml`.
        must id: Id,
        /// A number that grows with every change.
        must version: Whole<1, { u32::MAX }>,
        /// The name of the policy.
        must title: Texts,
        /// Who is responsible for it.
        must authority: Texts,
        /// Where the rules were published.
        must source: Text,
        /// An arrival from another country is from abroad.
        must country: Country,
        /// In force from this moment on.
        must valid_from: Moment,
        /// In force before this moment; may be missing.
        may valid_to: Moment,
        /// Whose midnights count, as in the tz database: Asia/Shanghai.
        must time_zone: One<ZoneName>,
        /// `local-midnight`: whole local days, ending at midnight. `24h`: spans of 24 hours.
        must day_count: One<DayCount>,
        /// `next`: the day after the event is day 1. `same`: the day of the event is day 1.
        must first_day: One<FirstDay>,
        /// The most severe colour first: ["red", "yellow", "green"].
        may severity: List<Colour> = "red, yellow or green",
        /// How long a live code is valid.
        must freshness: Inner<Freshness>,
        /// When a case could infect others.
        must infectious_window: Inner<InfectiousWindow>,
        /// What makes a contact.
        must contact: Inner<Contact>,
        /// How long what is kept.
        must retention: Inner<Retention>,
        /// For whom others may show a code.
        may people: Inner<People>,
        /// Who checks in daily.
        must check_in: Inner<CheckIn>,
        /// What the colours are called and ask for.
        must colour: Inner<Colours>,
        /// Divisions that live by another clock.
        may zone: Tables<Zone>,
        /// Who may record what, and what it must refer to.
        may evidence: Tables<Evidence>,
        /// What evidence asks for which colour, and what ends it.
        may rule: Tables<Rule>,
        /// A colour for want of something that must be repeated.
        may decay: Tables<Decay>,
        /// What holds while an appeal was not decided in time.
        may easing: Tables<Easing>,
        /// What disputed evidence from elsewhere is worth.
        may imported: Inner<Imported>,
        /// What the source leaves open and the file decided.
        may note: Tables<Note>,
    }

    /// `[freshness]`
    Freshness {
        /// A live code is valid so long after it was made.
        must seconds: Whole<10, 3600>,
    }

    /// `[infectious_window]`
    InfectiousWindow {
        /// Days before the first symptoms.
        must days_before_onset: Whole<0, 30>,
        /// Days before the sample, where no symptoms are known.
        must days_before_sampling: Whole<0, 30>,
    }

    /// `[contact]`
    Contact {
        /// 1: contacts. 2: their contacts as well.
        must max_hops: Whole<1, 2>,
        /// A contact could infect others so long after the first contact.
        must secondary_delay_hours: Whole<0, 720>,
        /// Minutes shared that make a close contact.
        must close_minutes: Whole<1, MOST_MINUTES>,
        /// Minutes shared that make a contact of a contact.
        must secondary_minutes: Whole<1, MOST_MINUTES>,
        /// Taken where no exit is known.
        must assumed_stay_minutes: Whole<1, MOST_MINUTES>,
        /// The place stays dangerous so long after a case left it.
        may lingering_minutes: Whole<0, MOST_MINUTES>,
        /// Other minutes for one kind of place.
        may places: Each<PlaceKind, Place>,
        /// `lower`: only recorded minutes count.
        may counts: One<Bound>,
        /// Who is near whom aboard a kind of vehicle.
        may vehicles: Each<VehicleKind, Vehicle>,
        /// How likely those who shared time met.
        may likelihood: Inner<Likelihood>,
    }

    /// `[contact.likelihood]`: coefficients in thousandths, of the natural logarithm of one more than
    /// minutes or people.
    Likelihood {
        /// The data and the code that it was fitted with.
        must source: Text,
        /// A close contact must be so likely, unless some of the time is judged by minutes alone. If missing, it only says who comes first.
        may least_percent: Whole<1, 99>,
        /// For time at other places, and time whose ends are not all known.
        must minutes_alone: Inner<MinutesAlone>,
        /// A table for each kind of place where coming and going tells more than minutes; not for vehicles.
        may places: Each<VenueKind, Meeting>,
    }

    /// `minutes_alone` of `[contact.likelihood]`.
    MinutesAlone {
        /// Added to all.
        must constant: Thousandths<-30_000, 30_000>,
        /// Of minutes shared in all.
        must minutes: Thousandths<0, 10_000>,
    }

    /// One of `[contact.likelihood.places]`. More time together never makes it less likely; being further apart, or among more people, never likelier.
    Meeting {
        /// Added to all.
        must constant: Thousandths<-30_000, 30_000>,
        /// Of minutes shared.
        must minutes: Thousandths<0, 10_000>,
        /// Of minutes between the two arrivals.
        must arrival: Thousandths<-10_000, 0>,
        /// Of minutes between the two leavings.
        must leaving: Thousandths<-10_000, 0>,
        /// Of people present, the mean over the time shared.
        must people: Thousandths<-10_000, 0>,
    }

    /// One of `[contact.places]`: the minutes that are others there.
    Place {
        /// Minutes shared that make a close contact.
        may close_minutes: Whole<1, MOST_MINUTES>,
        /// Minutes shared that make a contact of a contact.
        may secondary_minutes: Whole<1, MOST_MINUTES>,
        /// Taken where no exit is known.
        may assumed_stay_minutes: Whole<1, MOST_MINUTES>,
        /// The place stays dangerous so long after a case left it.
        may lingering_minutes: Whole<0, MOST_MINUTES>,
    }

    /// One of `[contact.vehicles]`.
    Vehicle {
        /// Everyone aboard, or the same coach.
        must near: One<NearWord>,
        /// In the coach: so many before and behind.
        may rows: Whole<0, 100>,
        /// Is somebody near whose seat is not known? True if missing.
        may unknown_is_near: Flag,
    }

    /// `[retention]`
    Retention {
        /// Visits are dropped after so many days.
        must visit_days: Whole<1, MOST_DAYS>,
        /// Evidence, after its effect ended.
        must evidence_days: Whole<1, MOST_DAYS>,
    }

    /// `[people]`
    People {
        /// So many people at most may somebody care for. 8 if missing.
        may most: Whole<0, 100>,
        /// A guardian shows a child's code up to the birthday on which the child is so old. 18 if missing.
        may child_until_age: Whole<0, 30>,
    }

    /// `[check_in]`
    CheckIn {
        /// Holders of these colours check in daily.
        may daily_for: List<Colour> = "a colour",
    }

    /// `[colour]`
    Colours {
        /// No rule asks for another colour.
        must green: Inner<ColourTexts>,
        /// The milder of the two confining colours.
        must yellow: Inner<ColourTexts>,
        /// The most severe colour.
        must red: Inner<ColourTexts>,
    }

    /// `[colour.green]` and the others.
    ColourTexts {
        /// What the colour is called.
        must name: Texts,
        /// What it asks for.
        must advice: Texts,
    }

    /// One of `[[zone]]`.
    Zone {
        /// Where people live by this clock; the narrowest counts.
        must divisions: List<Division> = "a division like CN-65",
        /// Whose midnights count there: Asia/Urumqi.
        must time_zone: One<ZoneName>,
    }

    /// One of `[[evidence]]`.
    Evidence {
        /// The kind of evidence.
        must kind: One<EvidenceKind>,
        /// Who may record it; only narrows what Jadegate allows at all.
        must recorded_by: List<Recorder>,
        /// What each piece must refer to.
        must refers_to: RefersTo,
    }

    /// One of `[[easing]]`.
    Easing {
        /// The easing's id.
        must id: Id,
        /// The rules it is for.
        must rules: List<String> = "a rule's id",
        /// So many hours after the appeal without a decision.
        must after_hours: Whole<1, MOST_HOURS>,
        /// The most these rules ask for until it is decided.
        must colour: One<EasedColour>,
        /// What the holder is told; {hours} is filled in.
        must text: Texts,
    }

    /// `[imported]`
    Imported {
        /// counts: in full. yellow: its rules ask for yellow at most. set_aside: it starts no rule.
        must while_disputed: One<WhileDisputed>,
        /// What the holder is told about an eased reason.
        must text: Texts,
    }

    /// One of `[[note]]`.
    Note {
        /// What the source does not say, and what the file decided.
        must text: Texts,
    }
}
