//! The store on PostgreSQL: for many servers on one database.
//!
//! # How it works
//! Each server has one writer. It takes all units that wait, writes them in one transaction, flushes
//! once, and answers; units that have nothing in common are on their way side by side. So a thousand
//! small writes cost a few flushes, and a unit that fails disturbs no other.
//!
//! # Several servers
//! A transaction takes what its units rest on before its first write and holds it until it ends, in an
//! order that is the same for all: the position of the last change, if it changes what is followed, then
//! the numbered locks of what its conditions are about (`locks`), then the rows themselves. What two
//! servers do at once therefore comes out as one after the other. Where they wait for one another all
//! the same, the database ends one of them, which is tried again.
//!
//! Whoever changes what is followed holds the position until the commit, so positions become visible in
//! their order: who reads up to the last one has missed nothing, whatever is on its way.
//!
//! # Reads
//! Connections of their own, of two kinds: a long list never makes a short read wait.
//!
//! # Erasure
//! Dropping a day drops its partitions, and their files with them. Rows that are deleted one by one are
//! dead until they are swept out of their pages, which [`purge_expired`](jadegate_store::Store::purge_expired)
//! does for all erased tables; bytes in the free room of a page are overwritten by the rows that come
//! next. The write-ahead log and its archive hold what was written until they are recycled: their time
//! to live is their keeper's, as a backup's is. What the vault holds is unreadable from the moment its
//! key is gone from all of these.

mod address;
mod apply;
mod backup;
mod check;
mod connection;
mod copying;
mod days;
mod error;
mod locks;
mod marks;
mod open;
mod read;
mod rows;
mod schema;
mod store;
mod tls;
mod value;
mod writer;

pub use copying::PostgresCopy;
pub use open::{OpenOptions, PostgresStore};
pub use schema::Applied;
