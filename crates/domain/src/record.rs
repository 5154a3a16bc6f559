//! Who recorded what, by which file, why it was taken back, and what waits for a second pair of eyes.

use serde::{Deserialize, Serialize};

use crate::agency::names;

names! {
    /// What can be recorded by an agency and taken back again.
    RecordKind, "kind of record" {
        /// A piece of evidence.
        Evidence = "evidence",
        /// A case.
        Case = "case",
        /// A run of a trace.
        Trace = "trace",
        /// A risk level of a division.
        RiskLevel = "risk_level",
        /// The end of a risk level.
        RiskLevelEnd = "risk_level_end",
        /// Who was aboard: a visit told of by a carrier.
        Ride = "ride",
        /// A whole file.
        Import = "import",
    }
}

names! {
    /// What changed about how a person is known. Each such change is shown to the person.
    AccountEvent, "change of an account" {
        /// Registered at a counter, with a document that was shown there.
        Registered = "registered",
        /// Somebody may show their code and see what they see.
        CarerAdded = "carer_added",
        /// That somebody may no more.
        CarerEnded = "carer_ended",
        /// Another phone.
        PhoneChanged = "phone_changed",
        /// Another name, or another spelling of it.
        NameChanged = "name_changed",
        /// One more document leads to them; those before it still do.
        DocumentAdded = "document_added",
        /// Their code was printed on paper.
        PaperPrinted = "paper_printed",
        /// Their paper was reported lost, or another one took its place: it opens nothing any more.
        PaperEnded = "paper_ended",
        /// It was asked that two records are joined, of which nobody has decided whether they are of
        /// one person.
        JoinAsked = "join_asked",
        /// Two records of one person were joined.
        RecordsJoined = "records_joined",
        /// It was said that records which were joined are not of one person; nobody has decided yet.
        JoinContested = "join_contested",
        /// Two records are those of two people: they were parted, or were never joined.
        RecordsParted = "records_parted",
        /// Their record was that of two people, who have one each from then on.
        RecordSplit = "record_split",
        /// It was said, or decided, whose the pieces of a record of two people are.
        SplitDecided = "split_decided",
        /// It was said that two people were told apart wrongly; nobody has decided yet.
        SplitContested = "split_contested",
    }
}

names! {
    /// Why a code on paper is good no more.
    PaperEnd, "end of a paper code" {
        /// Somebody reported it lost, or had another one printed in its place.
        Lost = "lost",
        /// Its term was over when the next one was printed.
        Expired = "expired",
        /// Its holder was erased.
        Erased = "erased",
    }
}

names! {
    /// Whether two records are taken for those of one person.
    LinkState, "state of a link" {
        /// It is asked that they are joined. Until that is decided the worst colour holds for both.
        Asked = "asked",
        /// They are read as one record.
        Joined = "joined",
        /// They were joined, and it is asked that they are parted. Until that is decided the worst
        /// colour holds for both.
        Contested = "contested",
        /// One record was that of two people: this one is the second's. What was recorded before counts
        /// for both but for what is decided.
        Split = "split",
        /// They were told apart, and somebody says that it is wrong: nothing is decided, so all that was
        /// recorded before counts for both.
        Disputed = "disputed",
    }
}

names! {
    /// Of which of two people, whose record was one, a piece of evidence is.
    PieceOwner, "owner of a piece" {
        /// It is not decided: it counts for both where it makes a colour stricter.
        Both = "both",
        /// Of the one who keeps the record.
        Main = "main",
        /// Of the other.
        Record = "record",
    }
}

impl LinkState {
    /// Is the record that of a second person, who was taken for the first?
    pub const fn is_split(self) -> bool {
        matches!(self, Self::Split | Self::Disputed)
    }
}

names! {
    /// What a file tells.
    ImportKind, "kind of import" {
        /// Test results.
        Tests = "tests",
        /// Who was aboard trips.
        Rides = "rides",
        /// The official list of risk regions.
        RiskLevels = "risk_levels",
        /// Who was where, of an older system or of a public data set.
        Visits = "visits",
    }
}

names! {
    /// Why a record is taken back. The list is closed, so that no text about a person is kept.
    WithdrawalReason, "reason of a withdrawal" {
        /// It concerns somebody else.
        WrongPerson = "wrong_person",
        /// The result or the moment is wrong.
        WrongContent = "wrong_content",
        /// The sample was exchanged or spoilt.
        SampleMixedUp = "sample_mixed_up",
        /// It was entered twice.
        EnteredTwice = "entered_twice",
        /// A later examination did not bear it out.
        NotBorneOut = "not_borne_out",
        /// What it tells of never happened.
        NeverHappened = "never_happened",
        /// What it rested on was withdrawn; given by the system alone.
        Followed = "followed",
    }
}

impl WithdrawalReason {
    /// May a person give this reason?
    pub const fn is_given_by_people(self) -> bool {
        !matches!(self, Self::Followed)
    }
}

names! {
    /// What waits.
    WaitingKind, "kind of waiting record" {
        /// Test results that found the virus.
        Tests = "tests",
        /// Arrivals from abroad.
        Arrivals = "arrivals",
        /// A case.
        Case = "case",
        /// The contacts that a trace found.
        Contacts = "contacts",
        /// Rides aboard a trip that a case took.
        Rides = "rides",
        /// A withdrawal that one pair of hands may not do alone: what is to go still counts.
        Withdrawals = "withdrawals",
    }
}

names! {
    /// How far something that waits has come.
    WaitingState, "state of a waiting record" {
        /// Nobody has decided yet; it colours nobody.
        Waiting = "waiting",
        /// Somebody else confirmed it: it is recorded.
        Confirmed = "confirmed",
        /// Somebody refused it: it never counted.
        Refused = "refused",
        /// Nobody decided in time: it never counted.
        Expired = "expired",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_give_every_reason_but_that_of_the_system() {
        let given = WithdrawalReason::ALL.iter().filter(|r| r.is_given_by_people()).count();
        assert_eq!(given, WithdrawalReason::ALL.len() - 1);
        assert!(!WithdrawalReason::Followed.is_given_by_people());
    }
}
