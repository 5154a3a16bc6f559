//! The keys of a case file, apart from those of its evidence.

use jadegate_domain::{Colour, Division};

use crate::file::form::{List, Moment, MomentOrNever, One, Text};
use crate::file::key::keys;
use crate::file::keys::kinds::Evidence;
use crate::file::nested::Tables;

keys! {
    /// A whole case file.
    Cases {
        /// The id of the policy these cases are for.
        must policy: Text,
        /// Somebody's evidence and what must be answered.
        may case: Tables<Case>,
    }

    /// One of `[[case]]`.
    Case {
        /// What the case shows.
        must name: Text,
        /// Where the published text says so.
        may source: Text,
        /// The moment that others of this case are relative to: "+14d", "+15d 00:00".
        may start: Moment,
        /// Where the person lives, for policies with zones.
        may home: One<Division> = "a division like CN-65",
        /// What was recorded.
        may evidence: Tables<Evidence>,
        /// What must be answered at a moment.
        may expect: Tables<Expect>,
    }

    /// One of a case's `expect`.
    Expect {
        /// The moment; judged by what was recorded by then.
        must at: Moment,
        /// The colour.
        must colour: One<Colour> = "green, yellow or red",
        /// The active rules, most severe first, then by id; none where nothing is said.
        may rules: List<String> = "a rule's id",
        /// Those of them that are eased; none where nothing is said.
        may eased: List<String> = "a rule's id",
        /// When the answer changes by itself, or "never".
        must next_change: MomentOrNever,
        /// The words of the warnings, in order; none where nothing is said.
        may warnings: List<String> = "a warning's word",
    }
}
