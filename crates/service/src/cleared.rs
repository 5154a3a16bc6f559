//! What a granted appeal says of later records of the same thing.

use jadegate_domain::evidence::AppealOutcome;
use jadegate_domain::{Evidence, Fact};

/// Was a contact with a case found to be none, on appeal? Then no trace that sees no later contact
/// records it again.
pub(crate) fn cleared_on_appeal(own: &[Evidence], new: &Fact) -> bool {
    let Fact::Contact { case, last_contact, .. } = new else { return false };
    own.iter().any(|decision| {
        let Fact::AppealDecision { appeal, outcome } = decision.fact else { return false };
        let granted = outcome == AppealOutcome::Granted;
        let contests = own.iter().find_map(|e| match e.fact {
            Fact::Appeal { contests } if e.id == appeal => Some(contests),
            _ => None,
        });
        let was = |e: &Evidence| match &e.fact {
            Fact::Contact { case: c, last_contact: at, .. } => {
                Some(e.id) == contests && c == case && last_contact <= at
            }
            _ => false,
        };
        granted && decision.counts() && own.iter().any(was)
    })
}
