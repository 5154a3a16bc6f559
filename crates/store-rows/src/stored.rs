//! What every row struct can do.

use jadegate_store::StoreError;

use crate::columns::{Column, ColumnError, Columns};

/// A row struct that can be read from the columns it names.
pub trait Stored: Sized {
    /// What it becomes.
    type Domain;
    /// The table, for errors.
    const TABLE: &'static str;
    /// The columns, in the order in which [`Stored::read`] takes them.
    const COLUMNS: &'static str;

    /// Reads the columns; types only.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if a column has another type, or what the driver failed with.
    fn read(row: &impl Columns) -> Result<Self, StoreError>;

    /// Checks the values.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] naming the first column that is not what it must be.
    fn into_domain(self) -> Result<Self::Domain, StoreError>;
}

/// Declares row structs: table, the column that serves as row number in errors, and the columns.
macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident => $domain:ty, in $table:literal by $row:literal {
        $($field:ident: $ty:ty),* $(,)?
    })*) => {$(
        #[doc = concat!("A row of `", $table, "`.")]
        $(#[$doc])*
        pub struct $name {
            row: i64,
            $($field: $ty,)*
        }

        impl $crate::stored::Stored for $name {
            type Domain = $domain;
            const TABLE: &'static str = $table;
            const COLUMNS: &'static str = concat!($row, $(", ", stringify!($field)),*);

            fn read(r: &impl $crate::columns::Columns) -> $crate::at::Result<Self> {
                let row = $crate::stored::column(r, 0, $table, $row, 0)?;
                let mut i = 0;
                Ok(Self {
                    row,
                    $($field: {
                        i += 1;
                        $crate::stored::column(r, i, $table, stringify!($field), row)?
                    },)*
                })
            }

            fn into_domain(self) -> $crate::at::Result<$domain> {
                let at = $crate::at::At { table: $table, row: self.row };
                self.check(at)
            }
        }
    )*};
}
pub(crate) use rows;

/// One column of a row; a wrong type is a corrupt row.
pub(crate) fn column<T: Column>(
    r: &impl Columns,
    index: usize,
    table: &'static str,
    column: &'static str,
    row: i64,
) -> Result<T, StoreError> {
    T::read(r, index).map_err(|e| match e {
        ColumnError::Failed(e) => e,
        ColumnError::Type => {
            StoreError::Corrupt { table, column, row, why: "not of the column's type".into() }
        }
    })
}
