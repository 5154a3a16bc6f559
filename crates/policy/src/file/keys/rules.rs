//! The keys of a policy file's rules and decays.

use jadegate_domain::evidence::{ArrivalPurpose, Certainty, ContactDegree, TestMethod, TestResult};
use jadegate_domain::{CaseClass, Division, PlaceKind};

use crate::file::form::{Degrees, Flag, Id, List, One, Texts, Whole};
use crate::file::key::keys;
use crate::file::keys::{MOST_DAYS, MOST_HOURS, MOST_SHARED};
use crate::file::nested::{Inner, OneOr, Tables};
use crate::file::words::{AnySymptom, Confining, NamedPaper, RaisedLevel, Starting};
use crate::model::calendar::DayCount;
use crate::model::rule::{CountFrom, Missing, Paper};

/// What somebody is told who filters by a word that is none.
const IN_THE_DOCS: &str = "a value named in the policy language's page";

keys! {
    /// One of `[[rule]]`.
    Rule {
        /// The rule's id; reasons and cases name it.
        must id: Id,
        /// What happened, said to the holder.
        must title: Texts,
        /// What ends its phases, in plain words, where they all say the same.
        may ends: Texts,
        /// `local-midnight`: whole local days, ending at midnight. `24h`: spans of 24 hours.
        may day_count: One<DayCount>,
        /// The evidence that starts it.
        must when: Inner<When>,
        /// The moment its days are counted from.
        may count_from: One<CountFrom>,
        /// One to six, one after the other.
        may phase: Tables<Phase>,
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

    /// One of a rule's `[[phase]]`.
    Phase {
        /// The colour it asks for.
        must colour: One<Confining>,
        /// It ends after so many days.
        may days: Whole<1, MOST_DAYS>,
        /// It ends when one of these is met in full.
        may ends_when: Tables<Release>,
        /// The colour from the end of its days on, while the rest is unmet.
        may while_unmet: One<Confining>,
        /// What ends it, in plain words; {days} is filled in.
        may ends: Texts,
    }

    /// One of a phase's `ends_when`.
    Release {
        /// So many days of this phase are over.
        may days: Whole<1, MOST_DAYS>,
        /// So many negative tests.
        may negative_tests: Inner<NegativeTests>,
        /// So many days with a check-in without symptoms and fever.
        may clean_check_ins: Inner<CleanCheckIns>,
        /// A release paper.
        may release_paper: OneOr<Paper, ReleasePaper>,
    }

    /// `negative_tests` of a release.
    NegativeTests {
        /// So many negative samples.
        must count: Whole<1, 10>,
        /// Any two counted ones at least so far apart.
        may gap_hours: Whole<0, 720>,
        /// All of them within so many days of 24 hours.
        may within_days: Whole<1, MOST_DAYS>,
        /// Sampled once so many days of the phase are over.
        may after_days: Whole<0, MOST_DAYS>,
        /// Only by this method.
        may method: One<TestMethod> = "nucleic_acid or antigen",
    }

    /// `clean_check_ins` of a release.
    CleanCheckIns {
        /// So many local days with a clean check-in.
        must days: Whole<1, MOST_DAYS>,
        /// A day without one starts the count again (the default).
        may consecutive: Flag,
        /// Clean below this temperature; 37.3 where nothing is said.
        may temperature_below: Degrees,
    }

    /// `release_paper` of a release, where it is more than a word.
    ReleasePaper {
        /// this: names the case or trace behind the reason. any: for the holder, since the phase began.
        must of: One<Paper>,
        /// Only these kinds of paper.
        may kinds: List<NamedPaper>,
        /// Only from the authority whose evidence started the rule.
        may same_origin: Flag,
    }

    /// One of `[[decay]]`.
    Decay {
        /// The rule's id.
        must id: Id,
        /// What is missing, said to the holder.
        must title: Texts,
        /// What must be recorded again and again.
        must missing: One<Missing>,
        /// So long after the last one.
        must hours: Whole<1, MOST_HOURS>,
        /// Does it hold for those who never gave one?
        may also_if_never: Flag,
        /// The colour it asks for.
        must colour: One<Confining>,
        /// What ends it, in plain words; {hours} is filled in.
        must ends: Texts,
    }
}
