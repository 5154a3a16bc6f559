//! A private PostgreSQL for tests: one cluster for all test processes that run at once, with a database
//! for each test. Whoever comes first starts it; a small watcher ends it when nobody has used it for
//! some seconds. It listens on a socket in its own folder only, and does not flush.

#![allow(dead_code, reason = "each test file uses its part")]

use std::fs::File;
use std::os::unix::fs::{DirBuilderExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A running cluster, for as long as this process lives.
pub(crate) struct Cluster {
    /// Where its socket is.
    folder: PathBuf,
    /// Says that somebody uses it.
    _used: File,
}

static CLUSTER: OnceLock<Cluster> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The cluster of this machine's tests.
pub(crate) fn cluster() -> &'static Cluster {
    CLUSTER.get_or_init(Cluster::join)
}

fn is_root() -> bool {
    output(Command::new("id").arg("-u")) == "0"
}

/// What a command says; it must succeed.
fn output(command: &mut Command) -> String {
    let done = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).trim().to_owned();
    let wrong = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {said} {wrong}");
    said
}

/// The folder of PostgreSQL's programs: Debian keeps them out of the path.
fn programs() -> PathBuf {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.parse().ok()?;
            path.join("bin/initdb").exists().then(|| (version, path.join("bin")))
        })
        .collect();
    found.sort();
    let in_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|folder| folder.join("initdb").exists())
    };
    let newest = found.pop().map(|(_, path)| path);
    newest.or_else(in_path).expect("PostgreSQL is needed: scripts/setup.sh test installs it")
}

/// As whom the server runs: it refuses root.
fn server_user() -> Option<&'static str> {
    is_root().then(|| {
        let there = |name: &str| {
            Command::new("id").arg(name).output().is_ok_and(|done| done.status.success())
        };
        if there("postgres") { "postgres" } else { "nobody" }
    })
}

/// A program as the server's user.
fn as_server(user: Option<&str>, program: &Path) -> Command {
    let Some(user) = user else { return Command::new(program) };
    let mut command = Command::new("runuser");
    command.args(["-u", user, "--"]).arg(program);
    command
}

/// Makes an empty cluster in a folder of this name; where its socket will be.
fn make(base: &Path, name: &str) -> PathBuf {
    let user = server_user();
    let folder = base.join(name);
    std::fs::DirBuilder::new().mode(0o700).create(&folder).unwrap();
    if let Some(user) = user {
        let id = |what: &str| output(Command::new("id").arg(what).arg(user)).parse().unwrap();
        chown(&folder, Some(id("-u")), Some(id("-g"))).unwrap();
    }
    let mut make = as_server(user, &programs().join("initdb"));
    make.arg("-D").arg(folder.join("data")).current_dir("/");
    make.args(["-U", "jadegate", "-A", "trust", "--no-locale", "-E", "UTF8", "-N"]);
    output(&mut make);
    folder
}

/// Starts the cluster in this folder. Did it start?
fn run(folder: &Path) -> bool {
    let settings = format!(
        "-c listen_addresses= -c unix_socket_directories={} -c fsync=off \
         -c full_page_writes=off -c max_connections=400 -c shared_buffers=64MB \
         -c max_wal_size=2GB -c deadlock_timeout=200ms",
        folder.display()
    );
    let mut start = as_server(server_user(), &programs().join("pg_ctl"));
    start.arg("-D").arg(folder.join("data")).arg("-l").arg(folder.join("log")).current_dir("/");
    start.args(["-o", &settings, "-w", "-t", "60", "start"]);
    // It goes on without this process, and must not hold its output open.
    let started = start.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    started.unwrap().success()
}

/// A cluster of a test's own, which it may kill. Ended with the test.
pub(crate) struct Own(PathBuf);

impl Own {
    /// A running one.
    pub(crate) fn new() -> Self {
        let user = output(Command::new("id").arg("-u"));
        let base = std::env::temp_dir().join(format!("jadegate-test-own-{user}"));
        std::fs::DirBuilder::new().recursive(true).mode(0o711).create(&base).unwrap();
        let own = Self(make(&base, &std::process::id().to_string()));
        own.start();
        own
    }

    /// Kills it, as a machine does that is out of memory.
    pub(crate) fn kill(&self) {
        let said = std::fs::read_to_string(self.0.join("data/postmaster.pid")).unwrap();
        let pid = said.lines().next().unwrap().trim();
        output(Command::new("kill").args(["-KILL", pid]));
    }

    /// Starts it; what was killed may hold its memory for a moment.
    pub(crate) fn start(&self) {
        let started = (0..100).any(|n| {
            std::thread::sleep(std::time::Duration::from_millis(if n == 0 { 0 } else { 50 }));
            run(&self.0)
        });
        assert!(started, "see {}", self.0.join("log").display());
    }

    /// The address of its only database.
    pub(crate) fn address(&self) -> String {
        format!("postgres://jadegate@/postgres?host={}", self.0.display())
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let mut stop = as_server(server_user(), &programs().join("pg_ctl"));
        stop.arg("-D").arg(self.0.join("data")).args(["-m", "immediate", "stop"]);
        let _ = stop.current_dir("/").stdout(Stdio::null()).stderr(Stdio::null()).status();
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Cluster {
    fn join() -> Self {
        let base = std::env::temp_dir()
            .join(format!("jadegate-test-postgres-{}", output(Command::new("id").arg("-u"))));
        std::fs::DirBuilder::new().recursive(true).mode(0o711).create(&base).unwrap();
        let lock = |name: &str| {
            let path = base.join(name);
            File::options().create(true).truncate(false).write(true).open(path).unwrap()
        };
        // First: while this is held nobody ends the cluster.
        let used = lock("users");
        used.lock_shared().unwrap();
        let starting = lock("starting");
        starting.lock().unwrap();
        let ready = base.join("ready");
        let running = std::fs::read_to_string(&ready).ok().map(PathBuf::from).filter(|folder| {
            std::os::unix::net::UnixStream::connect(folder.join(".s.PGSQL.5432")).is_ok()
        });
        let folder = running.unwrap_or_else(|| {
            let folder = Self::start(&base);
            std::fs::write(&ready, folder.to_str().unwrap()).unwrap();
            folder
        });
        Self { folder, _used: used }
    }

    fn start(base: &Path) -> PathBuf {
        let folder = make(base, &format!("cluster-{}", std::process::id()));
        assert!(run(&folder), "see {}", folder.join("log").display());
        Self::watch(base, &folder, &programs(), server_user());
        folder
    }

    /// Ends the cluster when nobody has used it for some seconds.
    fn watch(base: &Path, folder: &Path, programs: &Path, user: Option<&str>) {
        let run = user.map_or_else(String::new, |user| format!("runuser -u {user} -- "));
        let (base, folder, programs) = (base.display(), folder.display(), programs.display());
        let end = format!(
            "cd / && {run}{programs}/pg_ctl -D {folder}/data -m immediate stop; \
             rm -rf {folder} {base}/ready"
        );
        let idle = format!("flock -n -x {base}/users true");
        let script = format!(
            "while [ -d {folder} ]; do sleep 5; {idle} && sleep 5 && \
             flock -x {base}/starting flock -n -x {base}/users sh -c '{end}'; done"
        );
        // The shell ends at once, and what it leaves in the background belongs to nobody.
        let left = Command::new("sh")
            .args(["-c", "setsid sh -c \"$0\" &", &script])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(left.success());
    }

    /// A new database; its address.
    pub(crate) fn database(&self) -> String {
        let n = DATABASES.fetch_add(1, Ordering::Relaxed);
        let name = format!("t_{}_{n}", std::process::id());
        // A process of before may have had this number.
        self.sql("postgres", &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        self.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE template0"));
        self.address(&name)
    }

    /// The address of a database.
    pub(crate) fn address(&self, name: &str) -> String {
        format!("postgres://jadegate@/{name}?host={}", self.folder.display())
    }

    /// Runs statements behind everybody's back; what they say.
    pub(crate) fn sql(&self, database: &str, text: &str) -> String {
        let mut psql = Command::new(programs().join("psql"));
        psql.arg("-h").arg(&self.folder).args(["-U", "jadegate", "-d", database]);
        output(psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", text]))
    }
}

/// The name of a database in its address.
pub(crate) fn name_in(address: &str) -> &str {
    address.split('/').nth(3).and_then(|rest| rest.split('?').next()).unwrap()
}
