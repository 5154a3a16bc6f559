//! How a row is read, whatever the driver: the part that each adapter writes for itself.

use jadegate_store::StoreError;

/// A row as a database's driver hands it out. Columns are counted from 0, in the order of
/// [`Stored::COLUMNS`](crate::Stored::COLUMNS).
pub trait Columns {
    /// A whole number; `None` for NULL.
    ///
    /// # Errors
    /// See [`ColumnError`].
    fn number(&self, at: usize) -> Result<Option<i64>, ColumnError>;

    /// A text; `None` for NULL.
    ///
    /// # Errors
    /// See [`ColumnError`].
    fn text(&self, at: usize) -> Result<Option<String>, ColumnError>;

    /// Bytes; `None` for NULL.
    ///
    /// # Errors
    /// See [`ColumnError`].
    fn bytes(&self, at: usize) -> Result<Option<Vec<u8>>, ColumnError>;
}

/// Why a column cannot be read.
#[derive(Debug)]
pub enum ColumnError {
    /// What is there is not of the type asked for: the row is corrupt.
    Type,
    /// The driver failed; that says nothing about the row.
    Failed(StoreError),
}

/// A type that a row struct can have for a column.
pub trait Column: Sized {
    /// Reads the column.
    ///
    /// # Errors
    /// See [`ColumnError`]; NULL where it is not allowed is [`ColumnError::Type`].
    fn read(row: &impl Columns, at: usize) -> Result<Self, ColumnError>;
}

macro_rules! column {
    ($($ty:ty, $read:ident;)*) => {$(
        impl Column for Option<$ty> {
            fn read(row: &impl Columns, at: usize) -> Result<Self, ColumnError> {
                row.$read(at)
            }
        }

        impl Column for $ty {
            fn read(row: &impl Columns, at: usize) -> Result<Self, ColumnError> {
                row.$read(at)?.ok_or(ColumnError::Type)
            }
        }
    )*};
}

column! {
    i64, number;
    String, text;
    Vec<u8>, bytes;
}
