//! The keys of a policy file's rules and decays.

use jadegate_domain::evidence::TestMethod;

use crate::file::form::{Degrees, Flag, Id, List, One, Texts, Whole};
use crate::file::key::keys;
use crate::file::keys::kinds::When;
use crate::file::keys::{MOST_DAYS, MOST_HOURS};
use crate::file::nested::{Inner, OneOr, Tables};
use crate::file::words::{Confining, NamedPaper};
use crate::model::calendar::DayCount;
use crate::model::kinds::{CountFrom, Missing};
use crate::model::rule::Paper;

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
