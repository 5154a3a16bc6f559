//! A Python of the bench's own: a venv in `target/` with engines from PyPI.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::Absent;
use crate::{Result, root};

/// A venv and what is installed in it.
#[derive(Debug)]
pub(crate) struct Python {
    program: PathBuf,
    /// What was asked for and is there, with its version.
    pub(crate) installed: Vec<(String, String)>,
    /// What could not be had, and why: lines of the report.
    pub(crate) missing: Vec<Absent>,
}

impl Python {
    /// Makes the venv, or takes the one of the last run, and installs what is not in it yet, in the
    /// versions of `bench/peers/requirements.txt`. A package that cannot be had is not a failure:
    /// see [`missing`](Self::missing). Neither is a machine without Python: then all are missing.
    pub(crate) fn with(packages: &[&str]) -> Result<Self> {
        let venv = root().join("target/bench-venv");
        let program = venv.join("bin/python");
        let mut python = Self { program, installed: Vec::new(), missing: Vec::new() };
        if !python.program.exists() {
            eprintln!("making {} …", venv.display());
            let made = Command::new("python3").args(["-m", "venv"]).arg(&venv).output();
            let why = match made {
                Ok(o) if o.status.success() => None,
                Ok(o) => Some(last_line(&o.stdout, &o.stderr)),
                Err(e) => Some(e.to_string()),
            };
            if let Some(why) = why {
                // A venv half made would be taken for a whole one.
                let _ = std::fs::remove_dir_all(&venv);
                let why = format!("no Python venv (python3 -m venv): {why}");
                python.missing = packages.iter().map(|p| Absent(format!("{p}: {why}"))).collect();
                return Ok(python);
            }
        }
        let wanted = std::fs::read_to_string(root().join("bench/peers/requirements.txt"))?;
        for package in packages {
            let exact =
                wanted.lines().map(str::trim).find(|l| l.split("==").next() == Some(package));
            python.need(package, exact.unwrap_or(package))?;
        }
        Ok(python)
    }

    fn need(&mut self, package: &str, exact: &str) -> Result<()> {
        let version = exact.split_once("==").map(|(_, v)| v);
        let there = self.version_of(package)?;
        if there.is_none() || (version.is_some() && there.as_deref() != version) {
            eprintln!("installing {exact} …");
            let mut pip = Command::new(&self.program);
            pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
            let done = pip.args(["--only-binary", ":all:", exact]).output()?;
            if !done.status.success() {
                let why = last_line(&done.stdout, &done.stderr);
                self.missing
                    .push(Absent(format!("{package}: pip could not install {exact}: {why}")));
                return Ok(());
            }
        }
        let version = self.version_of(package)?.unwrap_or_default();
        self.installed.push((package.to_owned(), version));
        Ok(())
    }

    fn version_of(&self, package: &str) -> Result<Option<String>> {
        let ask = format!("import importlib.metadata as m; print(m.version('{package}'))");
        let asked =
            Command::new(&self.program).args(["-c", &ask]).stderr(Stdio::null()).output()?;
        let text = String::from_utf8_lossy(&asked.stdout).trim().to_owned();
        Ok((asked.status.success() && !text.is_empty()).then_some(text))
    }

    /// Is this package there?
    pub(crate) fn has(&self, package: &str) -> bool {
        self.installed.iter().any(|(name, _)| name == package)
    }

    /// Starts a script of `bench/peers/` that answers each line with one JSON value.
    pub(crate) fn talk<S: AsRef<OsStr>>(&self, script: &str, args: &[S]) -> Result<Conversation> {
        let mut command = Command::new(&self.program);
        command.arg(root().join("bench/peers").join(script)).args(args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let to = child.stdin.take();
        let from = BufReader::new(child.stdout.take().ok_or("no output")?);
        Ok(Conversation { child, to, from })
    }

    /// Runs a script of `bench/peers/` and returns what it printed, one JSON value a line. What it
    /// says on standard error is passed on.
    pub(crate) fn run<S: AsRef<OsStr>>(
        &self,
        script: &str,
        args: &[S],
    ) -> Result<Vec<serde_json::Value>> {
        let mut command = Command::new(&self.program);
        command.arg(root().join("bench/peers").join(script)).args(args).stdin(Stdio::null());
        let output = command.stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err(format!("bench/peers/{script} ended with {}", output.status).into());
        }
        let text = String::from_utf8(output.stdout)?;
        text.lines().map(|l| Ok(serde_json::from_str(l)?)).collect()
    }
}

/// A script that answers each line with a line. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Conversation {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Conversation {
    /// Asks, and waits for the answer.
    pub(crate) fn ask(&mut self, question: &str) -> Result<serde_json::Value> {
        if let Some(to) = &mut self.to {
            writeln!(to, "{question}")?;
            to.flush()?;
        }
        self.next()
    }

    /// The next line it says by itself.
    pub(crate) fn next(&mut self) -> Result<serde_json::Value> {
        let mut line = String::new();
        if self.from.read_line(&mut line)? == 0 {
            return Err("the script ended before it answered; why is above".into());
        }
        Ok(serde_json::from_str(&line)?)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        drop(self.to.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn last_line(stdout: &[u8], stderr: &[u8]) -> String {
    let text = [stdout, stderr].map(String::from_utf8_lossy).concat();
    text.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or("no reason given").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_thing_said_is_the_reason() {
        assert_eq!(last_line(b"a\n", b"warning\nERROR: no such thing\n\n"), "ERROR: no such thing");
        assert_eq!(last_line(b"", b""), "no reason given");
    }
}
