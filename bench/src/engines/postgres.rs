//! PostgreSQL with all visits loaded.
//!
//! Its best form: the table in the order of place and time, and two covering indexes, so that
//! nothing but indexes is read; for each case by itself (`lateral`) a nested loop into the places,
//! looking back no further than the longest stay. Grouping each case by itself costs less than half
//! of grouping all pairs at once; joining by buckets of three hours costs half as much again. Where
//! the sums over all cases are asked for, it is the other way round: grouping case by case and then
//! again costs nearly twice as much as grouping once.

use std::path::Path;

use jadegate_bench_tracing::floor::{CLOSE_SECS, DELAY_SECS, Digest, SECONDARY_SECS};
use jadegate_bench_tracing::visits::STAY_MINUTES;

use super::{Answer, Engine, Question};
use crate::Result;
use crate::peers::{Absent, Postgres};

/// A server of the bench's own.
pub(super) struct Loaded {
    server: Postgres,
    cases: Vec<u32>,
    memory: Option<u64>,
}

impl Loaded {
    /// Starts a server and loads `visits.copy` of a folder.
    pub(super) fn start(
        scratch: &Path,
        folder: &Path,
        cases: &[u32],
    ) -> Result<std::result::Result<Self, Absent>> {
        let mut server = match Postgres::start(scratch, &[("jit", "off")])? {
            Ok(server) => server,
            Err(absent) => return Ok(Err(absent)),
        };
        eprintln!("loading {} …", server.version);
        let file = folder.join("visits.copy");
        server.run("create unlogged table visits (holder int not null, place int not null, b int not null, e int not null)")?;
        server.run(&format!("\\copy visits from '{}' (format binary)", file.display()))?;
        std::fs::remove_file(file)?;
        server.run("create unlogged table cases (n int primary key, holder int not null)")?;
        let rows: Vec<_> = cases.iter().enumerate().map(|(n, c)| format!("({n},{c})")).collect();
        server.run(&format!("insert into cases values {}", rows.join(",")))?;
        server.run(
            "create index at_place on visits (place, b) include (e, holder);
             create index of_holder on visits (holder) include (place, b, e);
             vacuum analyze visits; vacuum analyze cases",
        )?;
        let size =
            "select sum(pg_total_relation_size(c)) from unnest('{visits,cases}'::regclass[]) c";
        let memory = server.run(size)?.lines.first().and_then(|l| l.parse().ok());
        server.run(&prepared())?;
        Ok(Ok(Self { server, cases: cases.to_vec(), memory }))
    }
}

/// Sums over contacts. The product of the two numbers fits into 64 bits, and PostgreSQL adds such numbers in
/// 128; a multiplication of `numeric` would be paid for millions of times.
const SUMS: &str = "select count(*), sum(secs), sum(last), mod(sum((holder + 1)::bigint * (source + 1)), 18446744073709551616)";

fn prepared() -> String {
    let longest = STAY_MINUTES.1 * 60;
    // Who shared how much with `who` in their stays from `since` on.
    let shared = |who: &str, since: Option<&str>, least: u32, not: &str| {
        let since_or = |column: &str| {
            since.map_or_else(|| column.to_owned(), |s| format!("greatest({column}, {s})"))
        };
        let begin = since_or("s.b");
        let overlap = format!("sum(least(v.e, s.e) - greatest(v.b, {begin}))");
        let ended = since.map_or_else(String::new, |s| format!(" and s.e > {s}"));
        format!(
            "select v.holder, {overlap} as secs, max(least(v.e, s.e)) as last, min(greatest(v.b, {begin})) as first
             from visits s join visits v on v.place = s.place and v.b < s.e and v.b > {begin} - {longest} and v.e > {begin}
             where s.holder = {who}{ended} and v.holder <> {who}{not} group by v.holder having {overlap} >= {least}"
        )
    };
    let one = shared("$1", None, CLOSE_SECS, "");
    let each = shared("c.holder", None, CLOSE_SECS, "");
    // `offset 0` keeps the two differences from being made once for the sum and once for the threshold.
    let overlaps = format!(
        "select v.holder, least(v.e, s.e) - greatest(v.b, s.b) as secs, least(v.e, s.e) as last from visits v
         where v.place = s.place and v.b < s.e and v.b > s.b - {longest} and v.e > s.b and v.holder <> s.holder offset 0"
    );
    let delayed = format!("c.first + {DELAY_SECS}");
    let theirs = shared("c.holder", Some(&delayed), SECONDARY_SECS, " and v.holder <> $1");
    format!(
        "prepare one (int) as {SUMS} from (select $1 as source, * from ({one}) x) y;
         prepare contacts (int) as {SUMS} from (select c.holder as source, x.* from cases c cross join lateral ({each}) x where c.n < $1) y;
         prepare cumulative (int) as {SUMS} from (
             select 0 as source, x.holder, sum(x.secs) as secs, max(x.last) as last
             from cases c join visits s on s.holder = c.holder cross join lateral ({overlaps}) x
             where c.n < $1 group by x.holder having sum(x.secs) >= {CLOSE_SECS}) y;
         prepare hops (int) as with close as materialized ({one})
         {SUMS} from (select holder, secs, last, $1 as source from close union all select * from (
             select distinct on (x.holder) x.holder, x.secs, x.last, c.holder as source
             from close c cross join lateral ({theirs}) x
             where not exists (select from close k where k.holder = x.holder)
             order by x.holder, x.secs desc, c.holder) y) z;"
    )
}

impl Engine for Loaded {
    fn name(&self) -> String {
        let version = self.server.version.split_whitespace().nth(2).unwrap_or_default();
        format!("postgresql {version}")
    }

    fn ask(&mut self, question: Question) -> Result<Answer> {
        let ran = self.server.run(&match question {
            Question::One(i) => format!("execute one({})", self.cases[i]),
            Question::Contacts(n) => format!("execute contacts({n})"),
            Question::Hops(i) => format!("execute hops({})", self.cases[i]),
            Question::Cumulative(n) => format!("execute cumulative({n})"),
        })?;
        let line = ran.lines.first().ok_or("no answer")?;
        let numbers: Vec<u64> = line.split('|').map(|n| n.parse().unwrap_or(0)).collect();
        let &[contacts, secs, last, pairs] = numbers.as_slice() else {
            return Err(format!("an answer of other columns: {line}").into());
        };
        Ok(Answer { digest: Digest { contacts, secs, last, pairs }, wall: ran.wall, cpu: ran.cpu })
    }

    /// Table and indexes on disk: all of it is in the cache.
    fn memory(&self) -> Option<u64> {
        self.memory
    }
}
