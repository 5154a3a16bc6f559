//! An adapter of a few lines: its rows are lists of values. What holds of them holds for any other.

use jadegate_domain::{HolderId, Presence, StaffId};
use jadegate_store::{CorrectionState, OutboxState, SessionSubject, StoreError};
use jadegate_store_rows::{
    ColumnError, Columns, CorrectionRow, GateRow, HolderRow, OutboxRow, SessionRow, Stored,
    VisitRow, correction_state, outbox_state, presence_code, session_subject,
};

#[derive(Clone)]
enum Value {
    Null,
    Number(i64),
    Text(&'static str),
    Bytes(Vec<u8>),
    /// The driver fails here.
    Broken,
}
use Value::{Broken, Bytes, Null, Number, Text};

struct Row(Vec<Value>);

impl Row {
    fn get<T>(
        &self,
        at: usize,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Result<Option<T>, ColumnError> {
        match self.0[at].clone() {
            Null => Ok(None),
            Broken => Err(ColumnError::Failed(StoreError::Unavailable("made up".to_owned()))),
            value => read(value).map(Some).ok_or(ColumnError::Type),
        }
    }
}

impl Columns for Row {
    fn number(&self, at: usize) -> Result<Option<i64>, ColumnError> {
        self.get(at, |v| if let Number(n) = v { Some(n) } else { None })
    }

    fn text(&self, at: usize) -> Result<Option<String>, ColumnError> {
        self.get(at, |v| if let Text(t) = v { Some(t.to_owned()) } else { None })
    }

    fn bytes(&self, at: usize) -> Result<Option<Vec<u8>>, ColumnError> {
        self.get(at, |v| if let Bytes(b) = v { Some(b) } else { None })
    }
}

fn read<R: Stored>(values: &[Value]) -> Result<R::Domain, StoreError> {
    assert_eq!(R::COLUMNS.split(", ").count(), values.len(), "{}", R::COLUMNS);
    R::read(&Row(values.to_vec()))?.into_domain()
}

/// Table, column and row that cannot be read.
fn unreadable<R: Stored>(values: &[Value]) -> Option<(&'static str, &'static str, i64)> {
    let e = read::<R>(values).err()?;
    assert!(!e.to_string().contains("secret"), "{e}");
    e.row().map(|row| (row.table, row.column, row.row))
}

#[test]
fn a_row_is_read_column_by_column() {
    let gate = [Number(7), Number(9), Text("north"), Bytes(vec![1; 32]), Number(100), Null];
    let read = read::<GateRow>(&gate).unwrap();
    assert_eq!((read.id.as_i64(), read.place.as_i64(), &*read.label), (7, 9, "north"));
    assert_eq!((read.enrolled_at.as_secs(), read.revoked_at), (100, None));
}

#[test]
fn what_does_not_fit_names_its_place_and_nothing_else() {
    let holder = [Number(7), Text("CN-33"), Number(100), Number(0)];
    assert!(read::<HolderRow>(&holder).is_ok());
    let with = |at: usize, value: Value| {
        let mut row = holder.clone();
        row[at] = value;
        row
    };
    for (at, value, column) in [
        (0, Number(-7), "id"),
        (1, Text("secret"), "home"),
        (1, Null, "home"),
        (1, Number(3), "home"),
        (2, Number(i64::MAX), "registered_at"),
        (3, Number(-1), "evidence_version"),
    ] {
        let row = if at == 0 { -7 } else { 7 };
        assert_eq!(unreadable::<HolderRow>(&with(at, value)), Some(("holder", column, row)));
    }
    let visit = [Number(100), Number(7), Number(9), Number(0), Number(99)];
    assert_eq!(unreadable::<VisitRow>(&visit), Some(("visit", "left_at", 100)));
}

#[test]
fn a_driver_that_fails_makes_no_row_corrupt() {
    let row = [Number(7), Broken, Number(100), Number(0)];
    assert!(matches!(read::<HolderRow>(&row), Err(StoreError::Unavailable(_))));
}

#[test]
fn stored_names_read_back_as_what_they_were() {
    use CorrectionState::{Confirmed, Refused};
    for state in [CorrectionState::Waiting, Confirmed, Refused] {
        let name = correction_state(state);
        let row = [
            Number(1),
            Number(7),
            Bytes(vec![0; 16]),
            Text("made_up"),
            Number(3),
            Number(1),
            Number(2),
            Text(name),
            Null,
            Null,
        ];
        assert_eq!(read::<CorrectionRow>(&row).unwrap().state, state);
    }
    for state in [OutboxState::Waiting, OutboxState::Sent, OutboxState::GivenUp] {
        let name = outbox_state(state);
        let row =
            [Number(1), Bytes(vec![]), Number(1), Number(2), Number(1), Number(0), Text(name)];
        assert_eq!(read::<OutboxRow>(&row).unwrap().state, state);
    }
    for presence in Presence::ALL {
        let row = [Number(100), Number(7), Number(9), Number(presence_code(*presence)), Null];
        assert_eq!(read::<VisitRow>(&row).unwrap().presence, *presence);
    }
    let holder = HolderId::from_random(7);
    let staff = StaffId::from_random(7);
    for subject in [
        SessionSubject::Holder(holder),
        SessionSubject::Device(holder),
        SessionSubject::Staff(staff),
    ] {
        let (kind, number) = session_subject(subject);
        let row = [
            Number(number),
            Bytes(vec![0; 32]),
            Text(kind),
            Number(1),
            Number(2),
            Text("made up"),
            Number(0),
        ];
        assert_eq!(read::<SessionRow>(&row).unwrap().subject, subject);
    }
}
