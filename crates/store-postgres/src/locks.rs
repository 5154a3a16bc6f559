//! What a unit must have for itself until its transaction ends, read from its writes.
//!
//! A condition on rows that are there holds them (`FOR UPDATE`, `FOR SHARE`). A condition on what is
//! *not* there (nobody uses this phone, nothing was counted) has no row to hold, so each thing on which
//! one can rest has a number here, and whoever asks or changes it takes the number's lock. All numbers of
//! a transaction are taken before its first write and in order, so that no two wait for one another.

use std::collections::BTreeSet;

use jadegate_store::{
    Actor, AlarmWrite, AppealWrite, AssignmentWrite, ChallengeWrite, CorrectionWrite, IndexKind,
    RecolouringWrite, TubeOwner, Unit, Write,
};

/// What a unit needs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// The locks, by number.
    pub(crate) locks: BTreeSet<i64>,
    /// Which records are of one person: does it change that, or only rest on it?
    pub(crate) links: Links,
    /// Do its writes only touch what is new, or what it has a lock for? Then it can be written beside
    /// others of the same transaction that have other locks.
    pub(crate) apart: bool,
}

/// What a unit has to do with the links between records. Whose evidence changes, the versions of all
/// linked records rise: so nobody links anything meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Links {
    /// Nothing.
    #[default]
    Apart,
    /// It rests on them: beside others that do.
    Rests,
    /// It changes them: alone.
    Changes,
}

/// The lock of the links between records, as the database's lock of its kind.
pub(crate) const LINKS: i64 = 0x4A41_4445_0000_0003;

/// What a number stands for. Their values are the same in every version of the program, since servers
/// of two versions may share a database.
#[derive(Clone, Copy)]
enum Of {
    Index = 1,
    Holder = 2,
    Carer = 3,
    Tally = 4,
    Staff = 5,
    Record = 6,
    Case = 7,
    Waiting = 8,
    Recolouring = 9,
    Log = 10,
    Setting = 11,
    Appeal = 43,
    Alarm = 53,
    Activity = 54,
    Worker = 55,
    Published = 56,
}

/// FNV-1a: any two things that share a number only wait for one another without need.
fn lock(of: Of, parts: &[&[u8]]) -> i64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let kind = [of as u8];
    for byte in std::iter::once(&kind[..]).chain(parts.iter().copied()).flatten() {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash.cast_signed()
}

fn numbered(of: Of, id: i64) -> i64 {
    lock(of, &[&id.to_be_bytes()])
}

fn index(kind: IndexKind, digest: &[u8]) -> i64 {
    lock(Of::Index, &[kind.as_str().as_bytes(), digest])
}

impl Needs {
    pub(crate) fn of(unit: &Unit) -> Self {
        let mut needs = Self { locks: BTreeSet::new(), links: Links::Apart, apart: true };
        unit.writes.iter().for_each(|write| needs.add(write));
        needs
    }

    fn add(&mut self, write: &Write) {
        self.links = self.links.max(links(write));
        match write {
            // New rows by a key, and the days' rows, which only who has the position writes.
            Write::AddVaultKey(_)
            | Write::AddSealedField(_)
            | Write::AddAccountChange(_)
            | Write::Challenge(ChallengeWrite::Add(_) | ChallengeWrite::AddCode(_))
            | Write::AddOutbox(_)
            | Write::AddSession(_)
            | Write::SeeSession { .. }
            | Write::UseNonce { .. }
            | Write::Server(_)
            | Write::AddPlace(_)
            | Write::AddVisit(_)
            | Write::CloseVisit { .. }
            | Write::PutRide(_)
            | Write::AddScan(_)
            | Write::AddAuthorship(_)
            | Write::AddAccess(_)
            | Write::AddLeaf(_) => {}
            Write::AddHolder(h) => self.needs(numbered(Of::Holder, h.id.as_i64())),
            Write::AddIndex { kind, digest, .. }
            | Write::ExpectIndex { kind, digest, .. }
            | Write::ExpectIndexed { kind, digest, .. } => self.needs(index(*kind, digest)),
            Write::Correction(CorrectionWrite::ExpectUnbarred { document, .. }) => {
                self.needs(index(IndexKind::Document, document));
            }
            Write::CountWithin { class, key, .. } => {
                self.needs(lock(Of::Tally, &[class.as_bytes(), key]));
            }
            Write::AddEvidence { evidence, .. } => {
                if let Some(holder) = evidence.holder {
                    self.needs(numbered(Of::Holder, holder.as_i64()));
                }
            }
            Write::ExpectEvidenceVersion { holder, .. }
            | Write::ExpectAssessment { holder, .. } => {
                self.needs(numbered(Of::Holder, holder.as_i64()));
            }
            Write::PutAssessment(a) => self.needs(numbered(Of::Holder, a.holder.as_i64())),
            Write::AddColourChange(c) => self.needs(numbered(Of::Holder, c.holder.as_i64())),
            other => self.add_alone(other),
        }
    }

    /// Writes that change rows of which this module does not know everything: one unit at a time.
    fn add_alone(&mut self, write: &Write) {
        self.apart = false;
        match write {
            Write::PutPieces { record, .. } => self.needs(numbered(Of::Holder, record.as_i64())),
            Write::PutLink { link, .. } | Write::EndLink(link) => {
                self.needs(numbered(Of::Holder, link.record.as_i64()));
                self.needs(numbered(Of::Holder, link.main.as_i64()));
            }
            Write::Correction(CorrectionWrite::ReleaseIndex { kind, digest, .. }) => {
                self.needs(index(*kind, digest));
            }
            Write::Correction(CorrectionWrite::BarDocument(bar)) => {
                self.needs(index(IndexKind::Document, &bar.document));
            }
            Write::Correction(CorrectionWrite::LiftBar { document, .. })
            | Write::ExpectKept { document, .. } => {
                self.needs(index(IndexKind::Document, document));
            }
            Write::KeepForDocument(k) => self.needs(index(IndexKind::Document, &k.document)),
            Write::BindTube(t) | Write::UnbindTube(t) => self.tube(&t.key, t.owner),
            Write::ExpectTube { key, owner } => self.tube(key, *owner),
            Write::AddProxy { proxy, .. } => self.needs(numbered(Of::Carer, proxy.carer.as_i64())),
            Write::EndProxy { carer, .. } => self.needs(numbered(Of::Carer, carer.as_i64())),
            Write::Shred(holder) => {
                self.needs(numbered(Of::Holder, holder.as_i64()));
                self.needs(numbered(Of::Carer, holder.as_i64()));
            }
            Write::AddStaff(_)
            | Write::ConfirmAgency { .. }
            | Write::ConfirmStaff { .. }
            | Write::DisableStaff { .. }
            | Write::ExpectStaff { .. } => self.needs(lock(Of::Staff, &[])),
            Write::AddWithdrawal(w) => {
                self.needs(lock(Of::Record, &[w.record.as_str().as_bytes(), &w.id.to_be_bytes()]));
            }
            Write::ExpectNotWithdrawn { record, id } => {
                self.needs(lock(Of::Record, &[record.as_str().as_bytes(), &id.to_be_bytes()]));
            }
            Write::EndRegionRisk { id, .. } => {
                let record = jadegate_domain::record::RecordKind::RiskLevel;
                let id = id.as_i64().to_be_bytes();
                self.needs(lock(Of::Record, &[record.as_str().as_bytes(), &id]));
            }
            Write::AddCase(c) => self.needs(numbered(Of::Case, c.id.as_i64())),
            Write::UpdateCase { case, .. } => self.needs(numbered(Of::Case, case.id.as_i64())),
            Write::MoveCase { case, .. }
            | Write::WithdrawCase { case, .. }
            | Write::ExpectTrace { case, .. } => {
                self.needs(numbered(Of::Case, case.as_i64()));
            }
            Write::AddTrace(t) => self.needs(numbered(Of::Case, t.case.as_i64())),
            Write::AddWaitingPiece(p) => self.needs(numbered(Of::Waiting, p.waiting.as_i64())),
            Write::DecideWaiting { id, .. } => self.needs(numbered(Of::Waiting, id.as_i64())),
            Write::TakeWaitingPiece { waiting, .. } => {
                self.needs(numbered(Of::Waiting, waiting.as_i64()));
            }
            Write::Recolouring(
                RecolouringWrite::Add(_)
                | RecolouringWrite::Step { .. }
                | RecolouringWrite::End { .. },
            ) => {
                self.needs(lock(Of::Recolouring, &[]));
            }
            // Its file and its decision.
            Write::Appeal(AppealWrite::AddFile(file)) => {
                self.needs(numbered(Of::Appeal, file.appeal.as_i64()));
            }
            Write::Appeal(AppealWrite::Decide { id, .. } | AppealWrite::Lapse { id, .. }) => {
                self.needs(numbered(Of::Appeal, id.as_i64()));
            }
            Write::Alarm(alarm) => self.alarm(alarm),
            Write::Assignment(AssignmentWrite::Add { assignment, .. }) => {
                self.needs(numbered(Of::Worker, assignment.worker.as_i64()));
            }
            Write::PublishNumbers(_) => self.needs(lock(Of::Published, &[])),
            Write::NumberLeaves { .. } => self.needs(lock(Of::Log, &[])),
            Write::PutSetting { name, .. } => self.needs(lock(Of::Setting, &[name.as_bytes()])),
            // One statement that changes its row only in the state asked for, or without a condition.
            _ => {}
        }
    }

    /// A tube's key stands where a document's digest does, and its owner may be known by one.
    fn tube(&mut self, key: &[u8], owner: TubeOwner) {
        self.needs(index(IndexKind::Document, key));
        if let TubeOwner::Document(document) = owner {
            self.needs(index(IndexKind::Document, &document));
        }
    }

    /// What an alarm holds is held by agency: a condition on there being none has no row.
    fn alarm(&mut self, write: &AlarmWrite) {
        let agency = match write {
            AlarmWrite::Count { what, actor, .. } => {
                let Actor { agency, staff } = actor;
                let staff = staff.map_or(0, jadegate_domain::StaffId::as_i64).to_be_bytes();
                let parts = [what.as_str().as_bytes(), &agency.as_i64().to_be_bytes(), &staff];
                return self.needs(lock(Of::Activity, &parts));
            }
            AlarmWrite::ExpectFree(actor) => actor.agency,
            AlarmWrite::Raise(alarm) => alarm.agency,
            AlarmWrite::Grow { agency, .. } | AlarmWrite::Answer { agency, .. } => *agency,
            AlarmWrite::Protect(_) | AlarmWrite::AskEnd { .. } | AlarmWrite::Unprotect { .. } => {
                return;
            }
        };
        self.needs(numbered(Of::Alarm, agency.as_i64()));
    }

    fn needs(&mut self, lock: i64) {
        self.locks.insert(lock);
    }
}

/// What a write has to do with the links between records.
const fn links(write: &Write) -> Links {
    match write {
        Write::PutLink { .. } | Write::EndLink(_) | Write::PutPieces { .. } => Links::Changes,
        Write::AddEvidence { .. }
        | Write::WithdrawEvidence { .. }
        | Write::SupersedeEvidence { .. }
        | Write::ExpectEvidenceVersion { .. }
        | Write::PutAssessment(_)
        | Write::AddIndex { .. }
        | Write::ExpectIndex { .. }
        | Write::ExpectIndexed { .. }
        | Write::Correction(CorrectionWrite::ReleaseIndex { .. })
        | Write::AddProxy { .. }
        | Write::EndProxy { .. } => Links::Rests,
        _ => Links::Apart,
    }
}

/// Units of one transaction in the order of their writing: those of a wave are written side by side,
/// and the waves one after another. Of two that need the same the one that came first is first.
pub(crate) fn waves(all: &[Needs]) -> Vec<Vec<usize>> {
    let mut waves: Vec<Vec<usize>> = Vec::new();
    let mut last: std::collections::HashMap<i64, usize> = std::collections::HashMap::new();
    // No unit is written before this wave: one that stands alone parts those before it from the rest.
    let mut floor = 0;
    for (unit, needs) in all.iter().enumerate() {
        let wave = if needs.apart {
            needs.locks.iter().filter_map(|l| last.get(l)).map(|w| w + 1).fold(floor, usize::max)
        } else {
            waves.len()
        };
        if !needs.apart {
            floor = wave + 1;
        }
        if waves.len() <= wave {
            waves.resize_with(wave + 1, Vec::new);
        }
        waves[wave].push(unit);
        last.extend(needs.locks.iter().map(|l| (*l, wave)));
    }
    waves
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(locks: &[i64], apart: bool) -> Needs {
        Needs { locks: locks.iter().copied().collect(), links: Links::Apart, apart }
    }

    #[test]
    fn who_needs_the_same_goes_one_after_another_in_their_order() {
        let all = [needs(&[1], true), needs(&[2], true), needs(&[1, 2], true), needs(&[], true)];
        assert_eq!(waves(&all), [vec![0, 1, 3], vec![2]]);
        let alone = [needs(&[], true), needs(&[], false), needs(&[], true), needs(&[3], true)];
        assert_eq!(waves(&alone), [vec![0], vec![1], vec![2, 3]]);
        assert_eq!(waves(&[]), Vec::<Vec<usize>>::new());
    }

    #[test]
    fn a_number_is_the_same_in_every_version() {
        assert_eq!(lock(Of::Setting, &[b"made-up"]), lock(Of::Setting, &[b"made", b"-up"]));
        assert_ne!(numbered(Of::Holder, 1), numbered(Of::Carer, 1));
        assert_eq!(numbered(Of::Holder, 1), 925_819_530_973_156_402);
    }
}
