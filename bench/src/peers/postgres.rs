//! A PostgreSQL of the bench's own: made, tuned, asked through `psql`, and removed.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use super::Absent;
use crate::Result;
use crate::machine::{family_cpu_seconds, task_cpu_seconds};

/// A server nobody else uses, and one session with it. Dropping it ends the server and removes its files.
///
/// The settings are those of somebody who wants answers from memory: `fsync` off, write-ahead log at
/// its least, no parallel workers (the tables compare one core), large buffers. Make tables `unlogged`.
#[derive(Debug)]
pub(crate) struct Postgres {
    bin: PathBuf,
    /// Data and socket.
    home: PathBuf,
    session: Option<Session>,
    /// What `postgres --version` says.
    pub(crate) version: String,
}

/// What one call of [`Postgres::run`] gave.
#[derive(Clone, Debug)]
pub(crate) struct Ran {
    /// Rows as `psql -At` prints them: columns separated by `|`.
    pub(crate) lines: Vec<String>,
    /// Seconds of wall-clock time, sending and printing included.
    pub(crate) wall: f64,
    /// Seconds of CPU of the backend that did it. Workers, if a caller allows them, are not in it.
    pub(crate) cpu: f64,
}

#[derive(Debug)]
struct Session {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    backend: u32,
}

/// Ends an answer. Nobody's data holds it.
const MARK: &str = "-- jadegate bench: answered --";

/// What every server here is started with; a caller's settings come after and win.
const SETTINGS: &[(&str, &str)] = &[
    ("shared_buffers", "2GB"),
    ("work_mem", "1GB"),
    ("maintenance_work_mem", "1GB"),
    ("effective_cache_size", "8GB"),
    ("random_page_cost", "1.1"),
    ("max_parallel_workers_per_gather", "0"),
    ("max_parallel_maintenance_workers", "2"),
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    ("max_wal_size", "8GB"),
    ("autovacuum", "off"),
    ("listen_addresses", "''"),
    ("timezone", "'UTC'"),
];

impl Postgres {
    /// Makes and starts a server in a folder of its own below `scratch`. The inner `Err` says why
    /// there is none on this machine.
    pub(crate) fn start(
        scratch: &Path,
        settings: &[(&str, &str)],
    ) -> Result<std::result::Result<Self, Absent>> {
        let Some(bin) = newest_bin() else {
            return Ok(Err(Absent(
                "PostgreSQL: no /usr/lib/postgresql/*/bin/initdb (Debian: apt-get install postgresql)".into(),
            )));
        };
        let user = match unprivileged() {
            Ok(user) => user,
            Err(why) => return Ok(Err(Absent(format!("PostgreSQL: {why}")))),
        };
        let home = match home_for(scratch, user.as_deref())? {
            Ok(home) => home,
            Err(why) => return Ok(Err(Absent(format!("PostgreSQL: {why}")))),
        };
        let version = said(Command::new(bin.join("postgres")).arg("--version"))?;
        let mut server = Self { bin, home, session: None, version };
        server.boot(user.as_deref(), settings)?;
        Ok(Ok(server))
    }

    fn boot(&mut self, user: Option<&str>, settings: &[(&str, &str)]) -> Result<()> {
        let data = self.home.join("data");
        let mut init = as_user(user, &self.bin.join("initdb"));
        init.arg("-D").arg(&data).args(["-U", "bench", "-A", "trust", "-E", "UTF8"]);
        said(init.args(["--locale=C", "--no-sync"]))?;
        let mut conf = std::fs::read_to_string(data.join("postgresql.conf"))?;
        for (name, value) in SETTINGS.iter().chain(settings) {
            let _ = writeln!(conf, "{name} = {value}");
        }
        let _ = writeln!(conf, "unix_socket_directories = '{}'", self.home.display());
        std::fs::write(data.join("postgresql.conf"), conf)?;
        let mut start = as_user(user, &self.bin.join("pg_ctl"));
        start.arg("-D").arg(&data).arg("-l").arg(self.home.join("log"));
        let started = start.args(["-w", "-t", "60", "start"]).stdout(Stdio::null()).status()?;
        if !started.success() {
            let log = std::fs::read_to_string(self.home.join("log")).unwrap_or_default();
            return Err(format!("PostgreSQL did not start:\n{log}").into());
        }
        self.session = Some(Session::open(&self.bin, &self.home)?);
        Ok(())
    }

    /// The folder of its socket.
    pub(crate) fn socket(&self) -> &Path {
        &self.home
    }

    /// CPU seconds of all its processes so far, of those that have ended too.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let file = std::fs::read_to_string(self.home.join("data/postmaster.pid"))?;
        family_cpu_seconds(file.lines().next().unwrap_or_default().trim().parse()?)
    }

    /// Sends statements (or commands of psql, such as `\copy`) and waits until all are answered.
    /// The first that fails is an error; `psql` has then said why on standard error.
    pub(crate) fn run(&mut self, statements: &str) -> Result<Ran> {
        self.session.as_mut().ok_or("no session")?.run(statements)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut session) = self.session.take() {
            let _ = session.child.kill();
            let _ = session.child.wait();
        }
        let user = unprivileged().ok().flatten();
        let mut stop = as_user(user.as_deref(), &self.bin.join("pg_ctl"));
        stop.arg("-D").arg(self.home.join("data")).args(["-m", "immediate", "-w", "stop"]);
        let _ = stop.stdout(Stdio::null()).stderr(Stdio::null()).status();
        if let Err(e) = std::fs::remove_dir_all(&self.home) {
            eprintln!("{}: {e}", self.home.display());
        }
    }
}

impl Session {
    fn open(bin: &Path, home: &Path) -> Result<Self> {
        let mut psql = Command::new(bin.join("psql"));
        psql.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-U", "bench", "-h"]);
        psql.arg(home).args(["-d", "postgres"]);
        let mut child = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let to = child.stdin.take().ok_or("psql has no input")?;
        let from = BufReader::new(child.stdout.take().ok_or("psql has no output")?);
        let mut session = Self { child, to, from, backend: 0 };
        let pid = session.run("select pg_backend_pid()")?.lines;
        session.backend = pid.first().and_then(|l| l.parse().ok()).ok_or("no backend")?;
        Ok(session)
    }

    fn run(&mut self, statements: &str) -> Result<Ran> {
        let text = statements.trim_end();
        let end = if text.starts_with('\\') || text.ends_with(';') { "" } else { ";" };
        let before = task_cpu_seconds(self.backend);
        let begun = Instant::now();
        write!(self.to, "{text}{end}\n\\echo '{MARK}'\n")?;
        self.to.flush()?;
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if self.from.read_line(&mut line)? == 0 {
                return Err(format!("PostgreSQL refused this (why is above):\n{text}").into());
            }
            let line = line.trim_end_matches('\n');
            if line == MARK {
                break;
            }
            lines.push(line.to_owned());
        }
        let wall = begun.elapsed().as_secs_f64();
        let cpu = task_cpu_seconds(self.backend).zip(before).map_or(0.0, |(a, b)| a - b);
        Ok(Ran { lines, wall, cpu })
    }
}

/// The programs of the newest version that is installed.
fn newest_bin() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let number = |p: &Path| p.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.map(|e| e.path()).max_by_key(|p| number(p))?;
    let bin = newest.join("bin");
    (bin.join("initdb").is_file() && bin.join("psql").exists()).then_some(bin)
}

/// `postgres` refuses to run as root: then it runs as the user its package made, or as `nobody`.
fn unprivileged() -> std::result::Result<Option<String>, String> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let known = |name: &&str| users.lines().any(|l| l.split(':').next() == Some(name));
    ["postgres", "nobody"]
        .into_iter()
        .find(known)
        .map(|name| Some(name.to_owned()))
        .ok_or_else(|| "it refuses to run as root, and there is no other user to run it as".into())
}

fn as_user(user: Option<&str>, program: &Path) -> Command {
    let mut command = match user {
        None => Command::new(program),
        Some(user) => {
            let mut command = Command::new("runuser");
            command.args(["-u", user, "--"]).arg(program);
            command
        }
    };
    // initdb and pg_ctl insist on a working folder they may read.
    command.current_dir("/");
    command
}

/// A folder that the user owns and can reach: in the checkout, or else among temporary files. Its
/// name is short, for it holds a socket.
fn home_for(
    scratch: &Path,
    user: Option<&str>,
) -> Result<std::result::Result<PathBuf, &'static str>> {
    let name = format!("jadegate-pg-{}", std::process::id());
    for home in [scratch.join("pg"), std::env::temp_dir().join(name)] {
        if home.as_os_str().len() > 80 {
            continue;
        }
        std::fs::create_dir_all(&home)?;
        if let Some(user) = user {
            said(Command::new("chown").arg(user).arg(&home))?;
        }
        let reached = as_user(user, Path::new("test")).arg("-w").arg(&home).status()?;
        if reached.success() {
            return Ok(Ok(home));
        }
        std::fs::remove_dir(&home)?;
    }
    Ok(Err("found no folder that its user can write to"))
}

/// What a program printed; it must succeed.
fn said(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let name = command.get_program().display();
        return Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Scratch;

    #[test]
    fn a_server_of_our_own_answers_counts_its_cpu_and_goes_away() -> Result<()> {
        let scratch = Scratch::new(&std::env::temp_dir())?;
        let mut pg = match Postgres::start(scratch.path(), &[("shared_buffers", "32MB")])? {
            Ok(pg) => pg,
            Err(Absent(why)) => {
                eprintln!("SKIPPED: {why}");
                return Ok(());
            }
        };
        let two = pg.run("select 1, 'a'; select 2, 'b'")?.lines;
        assert_eq!(two, ["1|a", "2|b"]);
        let busy = pg.run("select sum(i) from generate_series(1, 1000000) i")?;
        assert_eq!(busy.lines, ["500000500000"]);
        assert!(busy.cpu > 0.005 && busy.cpu < busy.wall * 1.5 + 0.02, "{busy:?}");
        let home = pg.home.clone();
        assert!(pg.run("select nonsense").is_err());
        drop(pg);
        assert!(!home.exists());
        Ok(())
    }
}
