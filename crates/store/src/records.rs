//! Who recorded what, files as records, withdrawals, and what waits.

use jadegate_domain::id::{ImportId, WaitingId};
use jadegate_domain::record::{
    ImportKind, RecordKind, WaitingKind, WaitingState, WithdrawalReason,
};
use jadegate_domain::{
    AgencyId, AgencyKind, Division, EvidenceId, HolderId, PlaceId, StaffId, Timestamp, TraceId,
};

/// Who recorded something: kept for auditors, and found again by the import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorship {
    /// What kind of record.
    pub record: RecordKind,
    /// The number of its id.
    pub id: i64,
    /// For which agency.
    pub agency: AgencyId,
    /// The member of staff; `None`: the machine's own command line, or the program itself.
    pub staff: Option<StaffId>,
    /// The file it came from.
    pub import: Option<ImportId>,
    /// What a laboratory calls the sample.
    pub sample: Option<String>,
    /// Was the person found by their document? Then the record is about whoever the document leads to.
    pub by_document: bool,
    /// Was it recorded of a tube? Then it is about whoever's tube that was.
    pub by_tube: bool,
    /// The piece as it was recorded first, for an account that held the person's document wrongly.
    pub moved_from: Option<EvidenceId>,
    /// When it was recorded.
    pub at: Timestamp,
    /// Of a ride: the trip. It names nobody.
    pub trip: Option<PlaceId>,
}

/// A record about whoever owns a document that leads to nobody: recorded by the document, or taken from
/// an account that held it wrongly; kept until its owner registers, or its time is over. It is no
/// evidence: nothing that makes a colour reads this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRecord {
    /// The id that the evidence will have.
    pub id: EvidenceId,
    /// Keyed digest of the document; of a tube's result, of the tube.
    pub document: [u8; 16],
    /// Is it kept for whoever's tube it is?
    pub tube: bool,
    /// What the service wrote, sealed.
    pub body: String,
    /// The piece that was taken back; `None`: it never was evidence.
    pub moved_from: Option<EvidenceId>,
    /// What is kept for the same document and was corrected by this, as long as this is not withdrawn.
    pub supersedes: Option<EvidenceId>,
    /// Set when it was taken back.
    pub withdrawn_at: Option<Timestamp>,
    /// For which agency it was recorded.
    pub agency: AgencyId,
    /// By whom; `None`: the machine's own command line.
    pub staff: Option<StaffId>,
    /// The file it came from.
    pub import: Option<ImportId>,
    /// What a laboratory calls the sample.
    pub sample: Option<String>,
    /// Since when it is kept.
    pub kept_at: Timestamp,
}

/// Whose tube it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TubeOwner {
    /// Whoever owns this document, by its keyed digest.
    Document([u8; 16]),
    /// Somebody whose code was read.
    Holder(HolderId),
}

/// A tube, and whose it is. One person at most; several in one tube have no place here yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tube {
    /// Keyed digest of the agency and of the number that it gave the tube.
    pub key: [u8; 16],
    /// Whose numbers they are: the agency that tells results by them.
    pub agency: AgencyId,
    /// Whose tube it is.
    pub owner: TubeOwner,
    /// The agency that said so.
    pub bound_by: AgencyId,
    /// The member of staff who said so.
    pub staff: Option<StaffId>,
    /// Since when.
    pub bound_at: Timestamp,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportCounts {
    /// Lines recorded.
    pub taken: u64,
    /// Lines known before.
    pub unchanged: u64,
    /// Lines that are wrong.
    pub rejected: u64,
    /// Lines that wait.
    pub waiting: u64,
}

/// A file that was taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRun {
    /// The id under which its records name the file.
    pub id: ImportId,
    /// What it tells.
    pub kind: ImportKind,
    /// For which agency; `None`: for nobody's, by the machine's own command line (visits only).
    pub agency: Option<AgencyId>,
    /// By whom; `None`: the machine's own command line.
    pub staff: Option<StaffId>,
    /// When it began.
    pub started_at: Timestamp,
    /// SHA-256 of the file.
    pub digest: [u8; 32],
    /// When it was done, and what it came to. `None` while it runs, or if it was cut short.
    pub ended: Option<(Timestamp, ImportCounts)>,
    /// Set when the whole of it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
}

/// Which files are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilesOf {
    /// All files of these agencies.
    pub agencies: Vec<AgencyId>,
    /// Files of these agencies that can be taken back whole: all but files of visits.
    pub withdrawable: Vec<AgencyId>,
    /// Files of no agency.
    pub of_nobody: bool,
}

/// Who took a record back, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// What kind of record.
    pub record: RecordKind,
    /// The number of its id.
    pub id: i64,
    /// When it was taken back.
    pub at: Timestamp,
    /// For which agency.
    pub agency: AgencyId,
    /// The member of staff; `None`: the machine's own command line, or the program itself.
    pub staff: Option<StaffId>,
    /// The reason they gave, of a closed list.
    pub reason: WithdrawalReason,
}

/// Records that wait for somebody else before they count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The id that its pieces and its decision name.
    pub id: WaitingId,
    /// What they are.
    pub kind: WaitingKind,
    /// For which agency they would be recorded.
    pub agency: AgencyId,
    /// Its kind.
    pub agency_kind: AgencyKind,
    /// The agency on whose hour they weigh (of a trace's contacts: that of the case).
    pub weighs_on: AgencyId,
    /// Who recorded them; `None`: the machine's own command line, or the program itself.
    pub staff: Option<StaffId>,
    /// Where that agency or person acts.
    pub region: Division,
    /// The file they came from.
    pub import: Option<ImportId>,
    /// The run whose contacts they are.
    pub trace: Option<TraceId>,
    /// How many records; for the contacts of a trace there is no piece, the run holds them.
    pub count: u64,
    /// Since when.
    pub made_at: Timestamp,
    /// After this nobody can confirm them any more.
    pub expires_at: Timestamp,
    /// Still waiting, or how it ended.
    pub state: WaitingState,
    /// How it ended.
    pub decision: Option<WaitingDecision>,
}

/// How waiting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitingDecision {
    /// When it was confirmed or refused, or ran out.
    pub at: Timestamp,
    /// Who decided; `None`: time did.
    pub by: Option<(StaffId, AgencyId)>,
}

/// One record that waits. It is no evidence: nothing that makes a colour reads this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingPiece {
    /// What it belongs to.
    pub waiting: WaitingId,
    /// Its number there, from 0.
    pub number: u32,
    /// Whom it concerns; `None`: nobody in particular (a whole file, a risk level), or whoever a document
    /// leads to, which stands in the body.
    pub holder: Option<HolderId>,
    /// The service's JSON.
    pub body: String,
    /// What a laboratory calls the sample.
    pub sample: Option<String>,
    /// As of evidence: the same line read twice waits once.
    pub external_key: Option<[u8; 16]>,
}
