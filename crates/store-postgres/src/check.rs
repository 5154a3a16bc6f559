//! Looks through the database's own files, as far as its statements lead.

use crate::connection::{Client, query};
use crate::error::{Result, sql};
use crate::value::NONE;

/// Findings at most; one damaged page can make thousands.
const MOST_FINDINGS: usize = 100;

/// What is wrong, table by table: every row is read whole, with the parts that are kept apart. Where the
/// database has checksums of its pages (`initdb --data-checksums`), they are compared.
pub(crate) async fn by_table(c: &Client) -> Result<Vec<String>> {
    let failed = |e: tokio_postgres::Error| sql("pg_class", &e);
    let names = |rows: Vec<tokio_postgres::Row>| {
        rows.iter().map(|r| r.try_get(0)).collect::<std::result::Result<Vec<String>, _>>()
    };
    let text = "SELECT relname::text FROM pg_class WHERE relkind = 'r' \
                AND relnamespace = current_schema()::regnamespace ORDER BY 1";
    let tables = names(query(c, "pg_class", text, NONE).await?).map_err(failed)?;
    let text = "SELECT r.relname::text FROM pg_index i JOIN pg_class r ON r.oid = i.indexrelid \
                WHERE NOT i.indisvalid AND r.relnamespace = current_schema()::regnamespace \
                ORDER BY 1";
    let invalid = names(query(c, "pg_index", text, NONE).await?).map_err(failed)?;
    let mut found: Vec<String> =
        invalid.into_iter().map(|name| format!("the index {name} is not valid")).collect();
    for table in tables {
        // The day may have been dropped meanwhile; then there is nothing to check.
        let text = format!("SELECT count(*) FROM {table} AS t WHERE length(t::text) = 0");
        match c.batch_execute(&text).await {
            Ok(()) => {}
            Err(e) if c.is_closed() => return Err(failed(e)),
            Err(e) => found.extend(damage(&table, &e)),
        }
        if found.len() >= MOST_FINDINGS {
            found.truncate(MOST_FINDINGS);
            break;
        }
    }
    Ok(found)
}

/// What an error says of a table; nothing if it is gone.
fn damage(table: &str, e: &tokio_postgres::Error) -> Option<String> {
    let code = e.code()?;
    if *code == tokio_postgres::error::SqlState::UNDEFINED_TABLE {
        return None;
    }
    Some(format!("{table}: it cannot be read whole ({})", code.code()))
}
