//! One id type per entity, so that no id can be used where another is meant.
//!
//! An id is 63 random bits (never zero; it fits a signed 64-bit column) and is written as a letter
//! and 13 characters of Crockford base32 (`h0123456789ABC`). It carries no meaning and no personal
//! data, and cannot be guessed or counted upwards.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const MASK: u64 = i64::MAX as u64;

/// A text is not an id of the kind asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a {0} id")]
pub struct BadId(pub &'static str);

fn encode(prefix: char, raw: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = [0u8; 13];
    for (i, c) in text.iter_mut().rev().enumerate() {
        *c = ALPHABET[((raw >> (5 * i)) & 31) as usize];
    }
    write!(f, "{prefix}")?;
    text.iter().try_for_each(|c| write!(f, "{}", char::from(*c)))
}

fn decode(prefix: char, text: &str) -> Option<u64> {
    let rest = text.strip_prefix(prefix)?;
    if rest.len() != 13 {
        return None;
    }
    let mut raw: u64 = 0;
    for c in rest.bytes() {
        let digit = ALPHABET.iter().position(|a| *a == c.to_ascii_uppercase())? as u64;
        if raw >> 59 != 0 {
            return None;
        }
        raw = raw << 5 | digit;
    }
    (raw != 0 && raw <= MASK).then_some(raw)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal, $noun:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// From random bits: the top bit is dropped and zero becomes one.
            pub const fn from_random(bits: u64) -> Self {
                let raw = bits & MASK;
                Self(if raw == 0 { 1 } else { raw })
            }

            /// From a stored number; `None` if it is not an id (zero or negative).
            pub const fn from_i64(raw: i64) -> Option<Self> {
                if raw > 0 { Some(Self(raw.cast_unsigned())) } else { None }
            }

            /// The number a store keeps; always positive.
            pub const fn as_i64(self) -> i64 {
                self.0.cast_signed()
            }

            /// The number itself.
            pub const fn as_u64(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                encode($prefix, self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                encode($prefix, self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(s: &str) -> Result<Self, BadId> {
                decode($prefix, s).map(Self).ok_or(BadId($noun))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        #[cfg(feature = "openapi")]
        $crate::openapi::string_schema!($name, concat!($noun, " id: a letter and 13 characters of Crockford base32"));

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let s = std::borrow::Cow::<'de, str>::deserialize(d)?;
                s.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A person with a code. Meaningless by itself; identity is kept apart, under another key.
    HolderId = 'h', "holder";
    /// One piece of evidence.
    EvidenceId = 'e', "evidence";
    /// A venue, vehicle trip or flight.
    PlaceId = 'p', "place";
    /// A device at a place.
    GateId = 'g', "gate";
    /// One act at a gate; made by the gate, so that sending it twice is the same scan. Unique for
    /// one gate and moment; two gates need not know of each other's.
    ScanId = 's', "scan";
    /// A suspected, probable, confirmed or asymptomatic case.
    CaseId = 'c', "case";
    /// One run of a trace with its inputs.
    TraceId = 't', "trace";
    /// A trace of many cases under way or done, in memory only.
    TraceJobId = 'j', "trace job";
    /// An agency.
    AgencyId = 'a', "agency";
    /// A member of an agency's staff.
    StaffId = 'f', "staff";
    /// A one-time code sent to a phone, waiting for its answer.
    ChallengeId = 'o', "challenge";
    /// A one-time code, good for every challenge that leads to its phone while it lives.
    PhoneCodeId = 'm', "code";
    /// The release of a document from an account that holds it wrongly.
    CorrectionId = 'x', "correction";
    /// A change of how a person is known: phone, name, document, who cares for them.
    ChangeId = 'd', "change";
    /// A staff invitation or a gate enrolment link.
    InvitationId = 'i', "invitation";
    /// A what-if: a change replayed over the present evidence, kept in memory for a while.
    WhatIfId = 'w', "what-if";
    /// A proposal to publish a policy or to raise a risk level.
    ProposalId = 'n', "proposal";
    /// A request to learn who stands behind a pseudonym.
    IdentityRequestId = 'y', "identity request";
    /// A file that was taken over.
    ImportId = 'b', "import";
    /// Who was aboard: one boarding that a carrier told of. Derived from the boarding by a secret key.
    RideId = 'r', "ride";
    /// Records that wait for a second pair of eyes.
    WaitingId = 'q', "waiting";
    /// A code on paper: its handle, printed in it. Says nothing about its holder without the store.
    PaperId = 'u', "paper code";
    /// An appeal: the number on its receipt.
    AppealId = 'y', "appeal";
    /// An alarm.
    AlarmId = 'z', "alarm";
    /// An entry of the list of protected people.
    ProtectedId = 'v', "protected person";
    /// One person who is accompanied by one community worker.
    AssignmentId = 'l', "assignment";
    /// One run of recolouring after a policy or a risk level changed.
    RecolouringId = 'k', "recolouring";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_form_reads_back(bits: u64) {
            let id = HolderId::from_random(bits);
            prop_assert_eq!(id.to_string().parse::<HolderId>(), Ok(id));
            prop_assert_eq!(HolderId::from_i64(id.as_i64()), Some(id));
            prop_assert!(id.to_string().parse::<CaseId>().is_err());
        }

        #[test]
        fn any_text_is_an_id_or_an_error(s in ".{0,20}") {
            let _ = s.parse::<HolderId>();
        }
    }

    #[test]
    fn zero_and_negative_are_no_ids() {
        assert_eq!(HolderId::from_i64(0), None);
        assert_eq!(HolderId::from_i64(-1), None);
        assert!("h0000000000000".parse::<HolderId>().is_err());
        assert!("hZZZZZZZZZZZZZ".parse::<HolderId>().is_err());
    }
}
