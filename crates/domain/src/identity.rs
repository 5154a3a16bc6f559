//! Asking who stands behind a pseudonym: behind which kind of it, and why it is refused.

use serde::{Deserialize, Serialize};

use crate::agency::names;

names! {
    /// Behind which pseudonym a request asks. There is no fourth.
    IdentityTarget, "target of an identity request" {
        /// The case's own person.
        Case = "case",
        /// A contact whom a trace of the case found.
        Contact = "contact",
        /// Whoever sat, alone, on a seat of a trip that the case took.
        Seat = "seat",
    }
}

names! {
    /// Why an identity request is refused. The first five are the rules', the others a second agency's.
    IdentityRefusal, "reason to refuse an identity request" {
        /// For something that is not of disease control.
        NoSuchPurpose = "no_such_purpose",
        /// For something else than one person of a case: a list, a phone, movements, a colour.
        NoSuchThing = "no_such_thing",
        /// No confirmed case that stands and is recent.
        NoCase = "no_case",
        /// Nobody whom this case and this purpose concern.
        NotOfThisCase = "not_of_this_case",
        /// Whoever asks has another request that waits or can be read.
        OneAtATime = "one_at_a_time",
        /// It is not needed.
        NotNeeded = "not_needed",
        /// There is a way that tells less.
        MilderWay = "milder_way",
        /// What is said does not fit the case.
        DoesNotFit = "does_not_fit",
        /// What is said does not show why.
        Unclear = "unclear",
    }
}

impl IdentityRefusal {
    /// The reasons that a second agency can give.
    pub const OF_A_SECOND: [Self; 4] =
        [Self::NotNeeded, Self::MilderWay, Self::DoesNotFit, Self::Unclear];
}
