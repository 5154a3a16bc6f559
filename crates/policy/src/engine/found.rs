//! What the search is given about one person, and what it finds.

use jadegate_domain::{EvidenceId, Timestamp};

use crate::engine::occurrence::Occurrence;
use crate::engine::release::Room;
use crate::model::compact::CompactEvidence;
use crate::model::kinds::NEVER;

/// What the policy could not make sense of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Warning {
    /// Recorded later than the moment of the assessment: ignored until then.
    RecordedInFuture(EvidenceId),
    /// Says that something happened after it was recorded: taken as of the recording.
    EventAfterRecorded(EvidenceId),
    /// A period that ends before it starts: taken as the period between the two.
    EndsBeforeItStarts(EvidenceId),
    /// Relief that no agency recorded: does not count.
    Unattributed(EvidenceId),
    /// A contact known only from a printed venue code: weighs nothing by itself.
    UnprovenContact(EvidenceId),
    /// An arrival of unknown purpose, where a rule asks for one: taken as one of those it asks for.
    PurposeUnstated(EvidenceId),
    /// Speaks of evidence that is not there: has no effect.
    UnknownReference(EvidenceId),
    /// Disputes evidence that was recorded here: has no effect; who recorded it can withdraw it.
    NotImported(EvidenceId),
    /// Imported evidence that the local authority disputes; the policy says what it is worth.
    Disputed(EvidenceId),
    /// An appeal that was both granted and refused: taken as refused.
    Contradictory(EvidenceId),
    /// The moment is outside the policy's own validity; it is applied all the same.
    PolicyNotInForce,
}

impl Warning {
    pub(crate) fn text(self) -> String {
        match self {
            Self::RecordedInFuture(id) => format!("recorded_in_future:{id}"),
            Self::EventAfterRecorded(id) => format!("event_after_recorded:{id}"),
            Self::EndsBeforeItStarts(id) => format!("ends_before_it_starts:{id}"),
            Self::Unattributed(id) => format!("unattributed:{id}"),
            Self::UnprovenContact(id) => format!("unproven_contact:{id}"),
            Self::PurposeUnstated(id) => format!("purpose_unstated:{id}"),
            Self::UnknownReference(id) => format!("unknown_reference:{id}"),
            Self::NotImported(id) => format!("not_imported:{id}"),
            Self::Disputed(id) => format!("disputed:{id}"),
            Self::Contradictory(id) => format!("contradictory:{id}"),
            Self::PolicyNotInForce => "policy_not_in_force".to_owned(),
        }
    }
}

/// The evidence that concerns one person.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    /// Their own.
    pub(crate) own: &'a [CompactEvidence],
    /// Levels of regions.
    pub(crate) risks: &'a [CompactEvidence],
    /// Levels of regions that concern everybody, arranged by where somebody stayed.
    pub(crate) public: Option<&'a dyn Nearby>,
    /// Evidence that no longer counts, and whether it was imported: other evidence may speak of it.
    pub(crate) gone: &'a [(u64, bool)],
}

/// Levels of regions that can be looked up by the class of a stay.
pub(crate) trait Nearby: std::fmt::Debug {
    /// Those that may hold the place of a stay of this class.
    fn of_class(&self, class_number: u32) -> &[CompactEvidence];
    /// Is there such evidence, and was it imported?
    fn imported(&self, id: u64) -> Option<bool>;
    /// When the next of them becomes known after a moment; [`NEVER`] if none does.
    fn next_record(&self, after: Timestamp) -> Timestamp;
}

impl<'a> View<'a> {
    /// Levels of regions that may hold the place of a stay.
    pub(crate) fn risks_for(
        &self,
        stay: &CompactEvidence,
    ) -> impl Iterator<Item = &'a CompactEvidence> + use<'a> {
        let public = self.public.map_or(&[][..], |p| p.of_class(stay.class_number));
        self.risks.iter().chain(public)
    }

    /// Is there such evidence, and was it imported?
    pub(crate) fn imported(&self, id: u64) -> Option<bool> {
        let found = self.own.iter().chain(self.risks).find(|p| p.id == id);
        let gone = || self.gone.iter().find(|g| g.0 == id).map(|g| g.1);
        found
            .map(|p| p.class.origin.is_some())
            .or_else(gone)
            .or_else(|| self.public.and_then(|p| p.imported(id)))
    }
}

/// Everything a policy finds in the evidence known at a moment. Used again for the next person.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// What has an effect after that moment or at it, sorted.
    pub(crate) occurrences: Vec<Occurrence>,
    /// Sorted, each once.
    pub(crate) warnings: Vec<Warning>,
    /// When the next evidence that is recorded later becomes known.
    pub(crate) next_record: Timestamp,
    /// Room that the search uses again.
    pub(crate) room: Room,
}

impl Default for Found {
    fn default() -> Self {
        let (occurrences, warnings) = (Vec::new(), Vec::new());
        Self { occurrences, warnings, next_record: NEVER, room: Room::default() }
    }
}
