//! What files can say of each kind of evidence, key by key: evidence that is written by hand (in case
//! files, and for trying a policy out), and what a rule that starts from it can ask for.

use std::str::FromStr;

use jadegate_domain::evidence::{
    AppealOutcome, ArrivalPurpose, Certainty, ContactDegree, ReleasePaper, Symptom, TestMethod,
    TestResult,
};
use jadegate_domain::{CaseClass, Division, EvidenceKind, PlaceKind};
use serde_json::{Value as Json, json};

use crate::file::form::{Degrees, Flag, List, Moment, One, Whole};
use crate::file::key::keys;
use crate::file::keys::{MOST_DAYS, MOST_NUMBERS, MOST_SHARED};
use crate::file::nested::Tables;
use crate::file::words::{AnySymptom, Level, RaisedLevel, Word, words};
use crate::model::kinds::CountFrom;

/// What somebody is told who filters by a word that is none.
const IN_THE_DOCS: &str = "a value named in the policy language's page";

/// A kind of evidence that can start a rule.
pub(crate) struct Starting(pub(crate) EvidenceKind);

words!(
    Starting,
    "case, test, contact, stay, arrival, declaration or check_in (region_risk works through stay, \
     release through a phase's ends_when)" {
    "case" => Self(EvidenceKind::Case),
    "test" => Self(EvidenceKind::Test),
    "contact" => Self(EvidenceKind::Contact),
    "stay" => Self(EvidenceKind::Stay),
    "arrival" => Self(EvidenceKind::Arrival),
    "declaration" => Self(EvidenceKind::Declaration),
    "check_in" => Self(EvidenceKind::CheckIn),
});

words!(CountFrom, "a known origin" {
    "confirmed" => Self::Confirmed,
    "onset" => Self::Onset,
    "sampled" => Self::Sampled,
    "last_contact" => Self::LastContact,
    "exit" => Self::Exit,
    "entry" => Self::Entry,
    "arrived" => Self::Arrived,
    "recorded" => Self::Recorded,
});

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
    /// `when` of a rule. What else it can hold depends on the kind of evidence.
    When {
        /// The kind of evidence that starts the rule.
        must evidence: List<Starting>,
    } by evidence {
        "case" => OnCase,
        "test" => OnTest,
        "contact" => OnContact,
        "stay" => OnStay,
        "arrival" => OnArrival,
        "declaration" | "check_in" => OnReport,
    }

    /// Whose evidence it is, for what other authorities record as well.
    Origin {
        /// true: only evidence imported from another authority; false: only evidence recorded here.
        may imported: Flag,
        /// Only evidence imported from one of these divisions.
        may origins: List<Division> = "a division like CN-13",
    }

    /// `when` of a rule on cases.
    OnCase with Origin {
        /// Only these classes.
        may classes: List<CaseClass> = IN_THE_DOCS,
    }

    /// `when` of a rule on tests.
    OnTest with Origin {
        /// Only these results.
        must results: List<TestResult>,
        /// Only these methods.
        may methods: List<TestMethod> = IN_THE_DOCS,
    }

    /// `when` of a rule on contacts.
    OnContact with Origin {
        /// Only these degrees.
        may degrees: List<ContactDegree> = IN_THE_DOCS,
        /// Only these; recorded and assumed where nothing is said.
        may certainties: List<Certainty> = "recorded, assumed or unproven",
        /// Only at these kinds of place.
        may places: List<PlaceKind> = IN_THE_DOCS,
        /// At least so many minutes shared.
        may min_minutes: Whole<0, MOST_SHARED>,
    }

    /// `when` of a rule on stays.
    OnStay {
        /// The region's level during the stay.
        may risk_levels: List<RaisedLevel>,
        /// Only stays there.
        may divisions: List<Division> = IN_THE_DOCS,
        /// The rule holds only while the region's level does.
        may while_in_force: Flag,
    }

    /// `when` of a rule on arrivals.
    OnArrival with Origin {
        /// Only from another country.
        may from_abroad: Flag,
        /// Only from these countries or divisions.
        may from: List<Division> = IN_THE_DOCS,
        /// Only for these purposes, or for one that is not stated.
        may purposes: List<ArrivalPurpose>,
    }

    /// `when` of a rule on declarations and check-ins.
    OnReport {
        /// Any of these was reported.
        may symptoms: List<AnySymptom>,
        /// A temperature of so many degrees or more.
        may temperature_from: Degrees,
        /// Contact with a case was declared.
        may contact_with_case: Flag,
    }
}
