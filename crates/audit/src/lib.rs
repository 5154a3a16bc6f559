//! What anybody can check about a deployment with nothing but its address.
//!
//! [`audit`] reads the public log through a [`Source`] and compares it with itself, with what an earlier
//! visit saw, with what witnesses signed, and with what the deployment serves today. Each [`Check`] says
//! how much it looked at and what it found; what cannot be seen from outside is named in the report, so
//! that nobody takes silence for soundness.
//!
//! Everything here is pure: the source answers, the time is given. It believes nothing that it was
//! served: a hash, a signature or a second source stands behind each line of the report.

mod entries;
mod fetch;
mod known;
mod report;
mod rules;
mod source;

pub use entries::Entry;
pub use known::{AuditError, Known};
pub use report::{Check, Fault, LogSummary, Report};
pub use source::{Source, Unread};

use jadegate_domain::Timestamp;

use fetch::Fetched;
use rules::{
    agencies, evidence, fresh, identity, keys, members, policies, proposals, purges, regions, times,
};

/// Audits a deployment as of `now`.
///
/// # Errors
/// Only where nothing can be said: nobody answers, or the auditor's own material cannot be read.
/// Whatever the deployment serves instead of what it should is a fault in the report.
pub fn audit(source: &dyn Source, known: &Known, now: Timestamp) -> Result<Report, AuditError> {
    let mut report = Report::new(now);
    let Some(fetched) = Fetched::fetch(source, known, now, &mut report)? else {
        return Ok(report);
    };
    let Fetched { served_keys, entries, witnessed, earlier, .. } = &fetched;
    report.add(times::check(entries, *witnessed, *earlier, now));
    report.add(fresh::check(entries, now));
    report.add(agencies::check(entries));
    report.add(members::check(entries));
    report.add(evidence::check(entries));
    report.add(proposals::check(entries));
    report.add(identity::check(entries));
    let (published, texts) = policies::published(source, entries);
    report.add(published);
    report.add(policies::served(source, entries));
    report.add(regions::check(source, entries, now));
    report.add(keys::check(served_keys, entries));
    report.add(purges::check(entries, &texts, now));
    // Last: what was served meanwhile must still be one log.
    report.add(fetched.same_log_still(source));
    Ok(report)
}
