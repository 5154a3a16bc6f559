//! Starting and ending the programs that are measured.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Result;
use crate::hello::Kind;

/// A folder for databases and logs, removed at the end.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// A new folder in `parent`.
    pub(crate) fn new(parent: &Path) -> Result<Self> {
        let path = parent.join(format!("bench-{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(Self(path))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(e) = std::fs::remove_dir_all(&self.0) {
            eprintln!("{}: {e}", self.0.display());
        }
    }
}

/// A server under measurement. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// Where it listens, on this machine.
    pub(crate) port: u16,
    /// What it said of itself once it was ready.
    pub(crate) greeting: String,
}

/// A command without settings of the caller's environment.
pub(crate) fn clean(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in
        std::env::vars_os().filter(|(n, _)| n.to_string_lossy().starts_with("JADEGATE_"))
    {
        command.env_remove(name);
    }
    command
}

impl Server {
    /// A bare program.
    pub(crate) fn bare(kind: &Kind) -> Result<Self> {
        let port = free_port()?;
        let mut command = clean(&std::env::current_exe()?);
        command.args(["hello", "--port", &port.to_string()]).stderr(Stdio::inherit());
        match kind {
            Kind::Letters => {}
            Kind::Signed => drop(command.arg("--signed")),
            Kind::Postgres(socket) => drop(command.arg("--postgres").arg(socket)),
        }
        Self::start(command, port, "ready")
    }

    /// `jadegate demo`. Its limits per client address are lifted: all load here comes from one.
    pub(crate) fn demo(binary: &Path, people: u32, scratch: &Path) -> Result<Self> {
        let port = free_port()?;
        let log = scratch.join("jadegate.log");
        let mut command = clean(binary);
        command
            .current_dir(crate::root())
            .env("JADEGATE_LIMITS__REQUESTS_PER_SECOND", "1000000")
            .env("JADEGATE_LIMITS__OTP_PER_CLIENT_HOUR", "1000000")
            .arg("demo")
            .args(["--people", &people.to_string(), "--port", &port.to_string(), "--keep"])
            .arg(scratch.join("town"))
            .stderr(File::create(&log)?);
        Self::start(command, port, "Ready after").map_err(|e| {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            format!("{e}\n{said}").into()
        })
    }

    fn start(mut command: Command, port: u16, ready: &str) -> Result<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let found = lines.by_ref().map_while(std::io::Result::ok).find(|l| l.contains(ready));
        let Some(greeting) = found else {
            let ended = child.wait()?;
            return Err(format!(
                "{} ended before it was ready ({ended})",
                command.get_program().display()
            )
            .into());
        };
        // Read on, so that it never waits for somebody to take its output.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { child, port, greeting })
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end, and waits; an end that is not clean is an error.
    pub(crate) fn stop(&mut self) -> Result<()> {
        Command::new("kill").arg("-TERM").arg(self.pid().to_string()).status()?;
        let patience = Instant::now() + Duration::from_mins(1);
        while Instant::now() < patience {
            if let Some(status) = self.child.try_wait()? {
                return if status.success() {
                    Ok(())
                } else {
                    Err(format!("the server ended with {status}").into())
                };
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err("the server did not stop within a minute".into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
