//! How PostgreSQL's rows are read; what their values mean is told by `jadegate-store-rows`.

use jadegate_store_rows::{ColumnError, Columns, Stored};
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use crate::error::Result;

/// A row of a statement, behind so many columns of others.
struct PostgresRow<'a> {
    row: &'a Row,
    before: usize,
}

impl<'a> PostgresRow<'a> {
    fn get<T: FromSql<'a>>(&self, at: usize) -> std::result::Result<Option<T>, ColumnError> {
        // The row is here whole: what fails is its type.
        self.row.try_get(self.before + at).map_err(|_| ColumnError::Type)
    }
}

impl Columns for PostgresRow<'_> {
    fn number(&self, at: usize) -> std::result::Result<Option<i64>, ColumnError> {
        self.get(at)
    }

    fn text(&self, at: usize) -> std::result::Result<Option<String>, ColumnError> {
        self.get(at)
    }

    fn bytes(&self, at: usize) -> std::result::Result<Option<Vec<u8>>, ColumnError> {
        self.get(at)
    }
}

/// Reads a row and checks its values.
pub(crate) fn read<R: Stored>(row: &Row) -> Result<R::Domain> {
    read_after::<R>(row, 0)
}

/// The same of a row that stands behind so many columns of others.
pub(crate) fn read_after<R: Stored>(row: &Row, before: usize) -> Result<R::Domain> {
    R::read(&PostgresRow { row, before })?.into_domain()
}
