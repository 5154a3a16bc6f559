//! How connections are opened, and the pools they are kept in.

use std::time::Duration;

use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
};
use tokio_postgres::{Config, NoTls, Row, RowStream};

use crate::address::Address;
use crate::error::{Result, sql, unavailable, unreachable};
use crate::value::Params;

/// A connection, with its prepared statements.
pub(crate) type Client = Object;

/// How long anything waits for a connection.
const WAIT: Duration = Duration::from_secs(10);

/// What every session has. A server that hangs amid a transaction would hold up all others: the
/// database ends its session after `idle_in_transaction_session_timeout`, and a connection whose other
/// side is gone after `tcp_user_timeout`.
const SESSION: &str = "-c synchronous_commit=on -c default_transaction_isolation=read\\ committed \
                       -c idle_in_transaction_session_timeout=15s -c lock_timeout=10s \
                       -c tcp_user_timeout=15000 -c tcp_keepalives_idle=10 \
                       -c tcp_keepalives_interval=5 -c client_min_messages=warning -c jit=off \
                       -c timezone=UTC";

/// The settings of each connection to the address.
fn settings(address: &Address) -> Config {
    let mut config = address.config.clone();
    let own = config.get_options().map_or_else(String::new, |own| format!("{own} "));
    config.options(format!("{own}{SESSION}"));
    if config.get_application_name().is_none() {
        config.application_name("jadegate");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(5));
    }
    config.keepalives_idle(Duration::from_secs(10));
    config.tcp_user_timeout(Duration::from_secs(15));
    config
}

/// A pool of so many connections at most; they are made when they are needed.
pub(crate) fn pool(address: &Address, size: usize) -> Result<Pool> {
    let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let config = settings(address);
    let manager = match &address.tls {
        Some(tls) => Manager::from_config(config, tls.clone(), manager),
        None => Manager::from_config(config, NoTls, manager),
    };
    Pool::builder(manager)
        .max_size(size.max(1))
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(WAIT))
        .create_timeout(Some(WAIT))
        .recycle_timeout(Some(WAIT))
        .build()
        .map_err(unavailable)
}

/// A free connection.
pub(crate) async fn get(pool: &Pool) -> Result<Object> {
    pool.get().await.map_err(|e| match e {
        PoolError::Backend(e) => unreachable(&e),
        PoolError::Timeout(_) => unavailable("no connection to the database was free in time"),
        PoolError::Closed => unavailable("the store is closed"),
        _ => unavailable("no connection to the database"),
    })
}

/// A connection that reads from one snapshot.
pub(crate) struct Snapshot {
    /// Taken away from the pool if the snapshot was not ended: nobody else must read from it.
    connection: Option<Object>,
}

impl Snapshot {
    pub(crate) async fn begin(pool: &Pool) -> Result<Self> {
        let connection = get(pool).await?;
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
        let snapshot = Self { connection: Some(connection) };
        snapshot.client()?.batch_execute(begin).await.map_err(|e| sql("snapshot", &e))?;
        Ok(snapshot)
    }

    pub(crate) fn client(&self) -> Result<&Client> {
        self.connection.as_ref().ok_or_else(|| unavailable("the snapshot has ended"))
    }

    /// Ends it and gives the connection back.
    pub(crate) async fn end<T>(mut self, read: Result<T>) -> Result<T> {
        let read = read?;
        self.client()?.batch_execute("COMMIT").await.map_err(|e| sql("snapshot", &e))?;
        drop(self.connection.take());
        Ok(read)
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        // The transaction may be open still: closing the connection ends it.
        drop(self.connection.take().map(Object::take));
    }
}

/// The rows of a statement, as they come.
pub(crate) async fn stream(
    c: &Client,
    table: &'static str,
    text: &str,
    params: impl Params,
) -> Result<RowStream> {
    let values = params.values();
    let kinds: Vec<_> = values.iter().map(crate::value::Value::kind).collect();
    let statement = c.prepare_typed_cached(text, &kinds).await.map_err(|e| sql(table, &e))?;
    c.query_raw(&statement, &values).await.map_err(|e| sql(table, &e))
}

/// All rows of a statement.
pub(crate) async fn query(
    c: &Client,
    table: &'static str,
    text: &str,
    params: impl Params,
) -> Result<Vec<Row>> {
    use futures_util::TryStreamExt as _;
    stream(c, table, text, params).await?.try_collect().await.map_err(|e| sql(table, &e))
}

/// Runs a statement; how many rows it touched.
pub(crate) async fn execute(
    c: &Client,
    table: &'static str,
    text: &str,
    params: impl Params,
) -> Result<u64> {
    let values = params.values();
    let kinds: Vec<_> = values.iter().map(crate::value::Value::kind).collect();
    let statement = c.prepare_typed_cached(text, &kinds).await.map_err(|e| sql(table, &e))?;
    c.execute_raw(&statement, &values).await.map_err(|e| sql(table, &e))
}
