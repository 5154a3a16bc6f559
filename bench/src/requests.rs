//! Requests per CPU-second: "hello", opening a code, a durable scan.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::client::{Answer, Connection, request, text, write_request};
use crate::hello::Kind;
use crate::load::{Cost, Work, drive};
use crate::peers::{Absent, Postgres};
use crate::process::Server;
use crate::report::Report;
use crate::{Options, Result, durable, hello, town};

/// Holders who show their codes, for each connection.
const HOLDERS_EACH: usize = 4;
/// Scans of one holder before their code is renewed: one for each second of its life, less a few.
const SCANS_OF_A_CODE: u64 = 40;

/// Measures all three in turn, so often as asked, so that a run of one stands beside a run of each
/// other: what else the machine does in the meantime touches all of them alike.
pub(crate) async fn measure(
    server: &Server,
    options: &Options,
    scratch: &Path,
    report: &mut Report,
) -> Result<()> {
    let connections = usize::from(options.connections);
    let mut setup = Connection::open(server.port).await?;
    eprintln!("registering {} people, enrolling {connections} gates …", connections * HOLDERS_EACH);
    let holders = town::register(&mut setup, connections * HOLDERS_EACH).await?;
    let gates = town::gates(&mut setup, connections).await?;
    drop(setup);
    let mut postgres = match Postgres::start(scratch, durable::DURABLE)? {
        Ok(postgres) => Some(postgres),
        Err(Absent(why)) => {
            report.skip(&format!("NOT MEASURED beside requests: {why}"));
            None
        }
    };
    let over_postgres = match &mut postgres {
        Some(pg) => {
            pg.run(hello::TABLE)?;
            pg.run(durable::TABLE)?;
            Some(Server::bare(&Kind::Postgres(pg.socket().to_owned()))?)
        }
        None => None,
    };
    let bench = Bench {
        server,
        hello: Server::bare(&Kind::Letters)?,
        signed: Server::bare(&Kind::Signed)?,
        postgres: postgres.as_ref().zip(over_postgres),
        renews: renews(server, &holders[0]).await?,
        scratch,
        holders,
        gates,
        connections,
    };

    let sizes =
        Sizes { hello: options.requests, code: options.requests / 5, scan: options.requests / 10 };
    // Once without counting: connections, prepared statements, tables of the day.
    let small = Sizes { hello: sizes.hello / 10, code: sizes.code / 10, scan: sizes.scan / 10 };
    bench.round(&small).await?;
    let mut rounds = Vec::new();
    for n in 1..=options.runs {
        eprintln!("requests: run {n} of {} …", options.runs);
        rounds.push(bench.round(&sizes).await?);
    }
    let each_round = |sizes: &Sizes| sizes.scan * 2;
    let sent = each_round(&small) + each_round(&sizes) * u64::from(options.runs);
    report.requests(&rounds, options.connections, (sent, bench.counted().await?));
    Ok(())
}

/// Requests of one run.
struct Sizes {
    hello: u64,
    code: u64,
    scan: u64,
}

/// One run of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Round {
    /// The bare program.
    pub(crate) hello: Cost,
    /// The bare program that looks up in memory and signs.
    pub(crate) signed: Cost,
    /// The bare program that reads from PostgreSQL and signs, with the database's CPU.
    pub(crate) postgres: Option<Cost>,
    /// `GET /v1/me/code`.
    pub(crate) code: Cost,
    /// `GET /v1/me/code/next`, where the server has it.
    pub(crate) next: Option<Cost>,
    /// `POST /v1/gate/scans` with one scan; random ids, as gates make them.
    pub(crate) scan: Cost,
    /// The same with ids that rise with time.
    pub(crate) scan_rising: Cost,
    /// A row committed by each of as many connections with PostgreSQL, the database's CPU alone.
    pub(crate) rows: Option<Cost>,
    /// The same appended to a bare log with one flush for all that wait.
    pub(crate) log: Cost,
}

struct Bench<'a> {
    server: &'a Server,
    hello: Server,
    signed: Server,
    postgres: Option<(&'a Postgres, Server)>,
    /// Has the server an address for the next code alone?
    renews: bool,
    scratch: &'a Path,
    holders: Vec<String>,
    gates: Vec<String>,
    connections: usize,
}

impl Bench<'_> {
    async fn round(&self, sizes: &Sizes) -> Result<Round> {
        let hello = vec![Hello; self.connections];
        let (port, pid) = (self.server.port, self.server.pid());
        let next = if self.renews {
            let next = self.showing("/v1/me/code/next", CODE);
            Some(drive(port, pid, next, sizes.code).await?)
        } else {
            None
        };
        let rows = match &self.postgres {
            Some((pg, _)) => Some(durable::postgres(pg, self.connections, sizes.scan).await?),
            None => None,
        };
        Ok(Round {
            hello: drive(self.hello.port, self.hello.pid(), hello, sizes.hello).await?,
            signed: self.bare(&self.signed, sizes.code).await?,
            postgres: self.over_postgres(sizes.code).await?,
            code: drive(port, pid, self.showing("/v1/me/code", CODE), sizes.code).await?,
            next,
            scan: self.scans(sizes.scan, Ids::Random).await?,
            scan_rising: self.scans(sizes.scan, Ids::Rising).await?,
            rows,
            log: durable::log(self.scratch, self.connections, sizes.scan).await?,
        })
    }

    /// A bare program, asked as the server is asked for codes.
    async fn bare(&self, server: &Server, total: u64) -> Result<Cost> {
        let cookies: Vec<_> = (0..hello::SESSIONS).map(|n| format!("jg_holder={n}")).collect();
        let each = hello::SESSIONS.div_ceil(self.connections);
        let work = shows(&cookies, each, "/", b"{\"code\":\"");
        drive(server.port, server.pid(), work, total).await
    }

    async fn over_postgres(&self, total: u64) -> Result<Option<Cost>> {
        let Some((pg, server)) = &self.postgres else { return Ok(None) };
        let before = pg.cpu_seconds()?;
        let cost = self.bare(server, total).await?;
        Ok(Some(Cost { server: cost.server + pg.cpu_seconds()? - before, ..cost }))
    }

    fn showing(&self, path: &str, holds: &'static [u8]) -> Vec<Show> {
        shows(&self.holders, HOLDERS_EACH, path, holds)
    }

    /// Scans in stretches that are short enough for one set of codes; fetching codes is not counted.
    async fn scans(&self, total: u64, ids: Ids) -> Result<Cost> {
        let stretch = self.holders.len() as u64 * SCANS_OF_A_CODE;
        let mut cost = Cost::default();
        while cost.requests < total {
            let feed = Arc::new(self.fresh_codes().await?);
            let work = |gate: &String| Scan {
                gate: gate.clone(),
                feed: Arc::clone(&feed),
                ids,
                body: String::new(),
            };
            let work: Vec<Scan> = self.gates.iter().map(work).collect();
            let now = stretch.min(total - cost.requests);
            cost = cost.plus(drive(self.server.port, self.server.pid(), work, now).await?);
        }
        Ok(cost)
    }

    /// Scans admitted today, as the places count them: each one that was written, once.
    async fn counted(&self) -> Result<u64> {
        let mut connection = Connection::open(self.server.port).await?;
        let mut places = BTreeMap::new();
        for cookie in &self.gates {
            let (gate, _) = connection.call("GET", "/v1/gate", cookie, None).await?;
            let place = gate
                .pointer("/place/id")
                .and_then(Value::as_str)
                .ok_or("a gate without a place")?;
            let admitted = gate.pointer("/counts/admitted").and_then(Value::as_u64);
            places.insert(place.to_owned(), admitted.ok_or("a gate without counts")?);
        }
        Ok(places.values().sum())
    }

    async fn fresh_codes(&self) -> Result<Feed> {
        let mut connection = Connection::open(self.server.port).await?;
        let mut codes = Vec::with_capacity(self.holders.len());
        let mut latest = jiff::Timestamp::UNIX_EPOCH;
        for cookie in &self.holders {
            let (shown, _) = connection.call("GET", "/v1/me/code", cookie, None).await?;
            let colour = shown.pointer("/assessment/colour").and_then(Value::as_str);
            if colour != Some("green") {
                return Err(format!("somebody who has just registered is {colour:?}").into());
            }
            latest = latest.max(text(&shown, "issued_at")?.parse()?);
            codes.push(text(&shown, "code")?.to_owned());
        }
        let second =
            |n| latest.checked_add(jiff::SignedDuration::from_secs(n)).map(|t| t.to_string());
        let moments = (0..=i64::try_from(SCANS_OF_A_CODE)?)
            .map(second)
            .collect::<std::result::Result<_, _>>()?;
        Ok(Feed { codes, moments, next: AtomicU64::new(0) })
    }
}

/// In an answer with a code.
const CODE: &[u8] = b"\"code\":\"JG1:";

/// Has the server an address for the next code alone?
async fn renews(server: &Server, holder: &str) -> Result<bool> {
    let mut connection = Connection::open(server.port).await?;
    let answer = connection.send(&request("GET", "/v1/me/code/next", holder, None)).await?;
    Ok(answer.status == 200)
}

/// So many cookies for each connection.
fn shows(cookies: &[String], each: usize, path: &str, holds: &'static [u8]) -> Vec<Show> {
    let ask = |cookie: &String| request("GET", path, cookie, None);
    let work = |own: &[String]| Show { requests: own.iter().map(ask).collect(), next: 0, holds };
    cookies.chunks(each).map(work).collect()
}

#[derive(Clone, Copy)]
struct Hello;

impl Work for Hello {
    fn next(&mut self, out: &mut Vec<u8>) {
        write_request(out, "GET", "/", "", None);
    }

    fn right(&self, answer: Answer<'_>) -> bool {
        answer.status == 200 && answer.body == b"hello"
    }
}

/// A few holders who show their codes in turn.
struct Show {
    requests: Vec<Vec<u8>>,
    next: usize,
    holds: &'static [u8],
}

impl Work for Show {
    fn next(&mut self, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(&self.requests[self.next % self.requests.len()]);
        self.next += 1;
    }

    fn right(&self, answer: Answer<'_>) -> bool {
        answer.status == 200 && holds(answer.body, self.holds)
    }
}

/// Codes to scan. No two scans are of the same person at the same second: each is a visit of its
/// own. Codes are read in the seconds from their making on, all within their life.
struct Feed {
    codes: Vec<String>,
    moments: Vec<String>,
    next: AtomicU64,
}

impl Feed {
    fn next(&self) -> (&str, &str) {
        let n = usize::try_from(self.next.fetch_add(1, Ordering::Relaxed)).unwrap_or(0);
        let moment = (n / self.codes.len()).min(self.moments.len() - 1);
        (&self.codes[n % self.codes.len()], &self.moments[moment])
    }
}

#[derive(Clone, Copy)]
enum Ids {
    Random,
    Rising,
}

/// One gate.
struct Scan {
    gate: String,
    feed: Arc<Feed>,
    ids: Ids,
    body: String,
}

impl Work for Scan {
    fn next(&mut self, out: &mut Vec<u8>) {
        use std::fmt::Write as _;
        let (code, at) = self.feed.next();
        let id = scan_id(self.ids.next());
        self.body.clear();
        let _ = write!(
            self.body,
            r#"{{"scans":[{{"id":"{id}","code":"{code}","at":"{at}","direction":"in","override":null,"read_by":"camera"}}]}}"#
        );
        write_request(out, "POST", "/v1/gate/scans", &self.gate, Some(&self.body));
    }

    fn right(&self, answer: Answer<'_>) -> bool {
        answer.status == 200
            && holds(answer.body, br#""outcome":"admitted""#)
            && holds(answer.body, br#""recorded":true"#)
    }
}

impl Ids {
    /// 63 bits, not zero, not the same twice in one process.
    fn next(self) -> u64 {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let bits = match self {
            // Milliseconds and a counter, above all random ones: rows with them are appended.
            Self::Rising => {
                1 << 62 | (u64::try_from(since.as_millis()).unwrap_or(0) << 21 | n & 0x1f_ffff)
            }
            // SplitMix64, 62 bits of it: among so few no two are alike.
            Self::Random => mix(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)) >> 2,
        };
        bits.max(1)
    }
}

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// `s` and 13 characters of Crockford base32.
fn scan_id(raw: u64) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let digit = |i: u32| char::from(ALPHABET[usize::try_from(raw >> (5 * i) & 31).unwrap_or(0)]);
    std::iter::once('s').chain((0..13).rev().map(digit)).collect()
}

fn holds(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|w| w == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scan_ids_have_the_form_of_the_api() {
        assert_eq!(scan_id(1), "s0000000000001");
        assert_eq!(scan_id(u64::MAX >> 1), "s7ZZZZZZZZZZZZ");
    }

    #[test]
    fn no_two_scans_share_an_id_or_person_and_second() {
        let ids: std::collections::HashSet<u64> = (0..10_000).map(|_| Ids::Random.next()).collect();
        assert_eq!(ids.len(), 10_000);
        let (a, b) = (Ids::Rising.next(), Ids::Rising.next());
        assert!(a < b);
        let feed = Feed {
            codes: vec!["a".into(), "b".into()],
            moments: vec!["0".into(), "1".into()],
            next: AtomicU64::new(0),
        };
        let seen: std::collections::HashSet<_> = (0..4).map(|_| feed.next()).collect();
        assert_eq!(seen.len(), 4);
    }
}
