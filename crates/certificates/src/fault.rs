//! What ends the reading of a certificate, and what is asked of every one that was read.

use jadegate_domain::Timestamp;

use crate::reading::{Certificate, Format, Reading, Reason};

/// Nothing more can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault(pub(crate) Reason, pub(crate) &'static str);

/// Something may not be said so, or is missing.
pub(crate) const fn content(part: &'static str) -> Fault {
    Fault(Reason::Content, part)
}

/// Is it valid now? Most kinds end at the moment they name (RFC 7519, 4.1.4); the EU's end after it.
pub(crate) fn judge_time(reading: &mut Reading, certificate: &Certificate, at: Timestamp) {
    if certificate.valid_from.is_some_and(|from| at < from) {
        reading.add(Reason::NotYet, "validity");
    }
    let is_eu = reading.format == Some(Format::EuDcc);
    let ended = |until| if is_eu { until < at } else { until <= at };
    if certificate.valid_until.is_some_and(ended) {
        reading.add(Reason::Expired, "validity");
    }
}
