//! The keys of evidence that is written by hand: in case files, and for trying a policy out.

use jadegate_domain::evidence::{
    AppealOutcome, ArrivalPurpose, Certainty, ContactDegree, ReleasePaper, Symptom, TestMethod,
    TestResult,
};
use jadegate_domain::{CaseClass, Division, EvidenceKind, PlaceKind};

use crate::file::form::{Degrees, Flag, List, Moment, One, Whole};
use crate::file::key::keys;
use crate::file::keys::{MOST_DAYS, MOST_NUMBERS, MOST_SHARED};
use crate::file::nested::Tables;
use crate::file::words::Level;

keys! {
    /// A whole file of evidence.
    File {
        /// What was recorded.
        may evidence: Tables<Evidence>,
    }

    /// One of `[[evidence]]`. What else it can hold depends on its kind.
    Evidence {
        /// The kind of evidence.
        must kind: One<EvidenceKind>,
        /// When it was recorded; when it happened where nothing is said.
        may recorded_at: Moment,
        /// Stands for so many pieces, a day apart.
        may repeat_daily: Whole<1, MOST_DAYS>,
        /// Did an agency record it? The usual where nothing is said.
        may by_agency: Flag,
        /// The division whose authority recorded it, if imported.
        may origin: One<Division> = "a division like CN-13",
        /// When it was withdrawn.
        may withdrawn_at: Moment,
    } by kind {
        "test" => Test,
        "case" => Case,
        "contact" => Contact,
        "stay" => Stay,
        "region_risk" => RegionRisk,
        "declaration" => Declaration,
        "check_in" => Health,
        "arrival" => Arrival,
        "release" => Release,
        "dispute" => Dispute,
        "appeal" => Appeal,
        "appeal_decision" => AppealDecision,
    }

    /// A test.
    Test {
        /// What was found.
        must result: One<TestResult> = "positive or negative",
        /// How; nucleic_acid where nothing is said.
        may method: One<TestMethod> = "nucleic_acid or antigen",
        /// When the sample was taken.
        must sampled_at: Moment,
    }

    /// The person as a case.
    Case {
        /// How sure the diagnosis is.
        must class: One<CaseClass>,
        /// The number of the case in this file; 1 where nothing is said.
        may case: Whole<1, MOST_NUMBERS>,
        /// First symptoms.
        may onset_at: Moment,
        /// When it was confirmed.
        must confirmed_at: Moment,
    }

    /// A contact with a case.
    Contact {
        /// How near.
        must degree: One<ContactDegree> = "close or secondary",
        /// How sure; recorded where nothing is said.
        may certainty: One<Certainty> = "recorded, assumed or unproven",
        /// What kind of place; other where nothing is said.
        may place: One<PlaceKind>,
        /// Minutes shared; 30 where nothing is said.
        may minutes: Whole<0, MOST_SHARED>,
        /// The number of the case in this file; 1 where nothing is said.
        may case: Whole<1, MOST_NUMBERS>,
        /// The number of the trace in this file; 1 where nothing is said.
        may trace: Whole<1, MOST_NUMBERS>,
        /// End of the last shared time.
        must last_contact: Moment,
    }

    /// A stay somewhere, by itself or in a declaration.
    Stay {
        /// Where.
        must division: One<Division>,
        /// From when.
        must from: Moment,
        /// When they left; still there where nothing is said.
        may to: Moment,
    }

    /// The level of a region.
    RegionRisk {
        /// Where.
        must division: One<Division>,
        /// How high.
        must level: One<Level>,
        /// From when.
        must from: Moment,
        /// Until when; until further notice where nothing is said.
        may to: Moment,
    }

    /// What a check-in says, and a declaration among other things.
    Health {
        /// Degrees Celsius.
        may temperature: Degrees,
        /// What was reported.
        may symptoms: List<Symptom>,
    }

    /// A declaration.
    Declaration with Health {
        /// Did they meet a case?
        may contact_with_case: Flag,
        /// Where they were.
        may stays: Tables<Stay>,
    }

    /// An arrival from elsewhere.
    Arrival {
        /// Country or division they came from.
        must from: One<Division> = "a country or division",
        /// When they entered.
        must arrived_at: Moment,
        /// Why they came.
        may purpose: One<ArrivalPurpose>,
    }

    /// A release from what a case or a trace brought.
    Release {
        /// The number of the case in this file; 1 where nothing is said.
        may case: Whole<1, MOST_NUMBERS>,
        /// The number of the trace in this file; 1 where nothing is said.
        may trace: Whole<1, MOST_NUMBERS>,
        /// From when it holds.
        must released_at: Moment,
        /// Which paper.
        may paper: One<ReleasePaper>,
    }

    /// A dispute of imported evidence.
    Dispute {
        /// The piece it speaks of: the first of the list has number 1.
        must disputes: Whole<1, MOST_NUMBERS>,
    }

    /// An appeal against evidence.
    Appeal {
        /// The piece it speaks of: the first of the list has number 1.
        must contests: Whole<1, MOST_NUMBERS>,
    }

    /// How an appeal was decided.
    AppealDecision {
        /// How it was decided.
        must outcome: One<AppealOutcome>,
        /// The piece it speaks of: the first of the list has number 1.
        must appeal: Whole<1, MOST_NUMBERS>,
    }
}
