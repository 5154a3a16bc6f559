//! Administration beside a running server: the same commands, handed over a Unix socket in the data
//! folder.
//!
//! Only the owner of the folder (or root) is answered: the socket belongs to them alone, and the
//! server asks the system who is at the other end. One request and one answer, each one line of JSON,
//! for each connection. What is done is in the public log, as from the command line of the machine.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream as Stream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use jadegate_service::App;
use jadegate_service::staff::{AgencyInput, StaffInput};
use serde::{Deserialize, Serialize};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

use crate::failure::Failure;

/// Longest request and answer, in bytes.
const MOST: u64 = 16 * 1024;
/// A request or an answer that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(20);

/// Something to be done about agencies and staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Act {
    /// Register an agency.
    AddAgency { kind: String, name: String, region: String },
    /// Make an invitation.
    Invite { agency: String, role: String, region: String, name: String },
    /// End somebody's access.
    End { staff: String },
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    /// Lines to print.
    Done(Vec<String>),
    /// Why it was not done.
    Refused(String),
}

/// Does it, and returns what to print. `origin` is where browsers reach the pages.
pub(crate) async fn perform(app: &App, origin: &str, act: Act) -> Result<Vec<String>, Failure> {
    Ok(match act {
        Act::AddAgency { kind, name, region } => {
            let input = AgencyInput { kind, name, region };
            let a = app.create_agency_from_this_machine(&input).await?;
            let state = match a.confirmed_at {
                Some(_) => "",
                None => "  (waits for the health commission, if it is to have powers over people)",
            };
            vec![format!("{}  {}  {}  {}{state}", a.id, a.kind, a.region, a.name)]
        }
        Act::Invite { agency, role, region, name } => {
            let agency = agency.parse()?;
            let input = StaffInput { agency, role, region, display_name: name };
            let i = app.invite_staff_from_this_machine(&input).await?;
            vec![
                format!(
                    "Open this link once, before {}, on the device that will hold the passkey:",
                    i.expires_at
                ),
                format!("{origin}{}", i.link),
            ]
        }
        Act::End { staff } => {
            app.disable_staff_from_this_machine(staff.parse()?).await?;
            vec!["Their access has ended.".to_owned()]
        }
    })
}

fn socket(data: &Path) -> PathBuf {
    data.join("admin.sock")
}

/// The socket of a running server; it goes with this value.
#[derive(Debug)]
pub(crate) struct Listening {
    path: PathBuf,
    task: JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Listens in the data folder, which the caller has opened alone.
pub(crate) fn listen(data: &Path, origin: String, app: Weak<App>) -> Result<Listening, Failure> {
    let path = socket(data);
    // Left by a server that was killed: nobody else has the folder open.
    match std::fs::remove_file(&path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            return Err(format!("{}: {e}", path.display()).into());
        }
        _ => {}
    }
    let listener = UnixListener::bind(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    let task = tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let Some(app) = app.upgrade() else { return };
                    answer(stream, &app, &origin).await;
                }
                Err(e) => {
                    tracing::warn!(error = %e, "the administration's socket");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    });
    Ok(Listening { path, task })
}

/// Answers one connection; whoever is slow is cut off.
async fn answer(stream: UnixStream, app: &Arc<App>, origin: &str) {
    let own = rustix::process::geteuid().as_raw();
    if !stream.peer_cred().is_ok_and(|c| c.uid() == own || c.uid() == 0) {
        tracing::warn!("somebody else's process asked at the administration's socket");
        return;
    }
    let done = async {
        let (stream, text) = blocking(move || {
            let mut stream = patient(stream.into_std()?)?;
            let text = read(&mut stream)?;
            Ok((stream, text))
        })
        .await?;
        let answer = match serde_json::from_slice::<Act>(&text) {
            Ok(act) => match perform(app, origin, act).await {
                Ok(lines) => Answer::Done(lines),
                Err(e) => Answer::Refused(e.to_string()),
            },
            Err(_) => Answer::Refused(
                "the server does not know this request; it may be another version".to_owned(),
            ),
        };
        blocking(move || write(&stream, &serde_json::to_vec(&answer)?)).await
    };
    if let Err(e) = done.await {
        tracing::warn!(error = %e, "the administration's socket");
    }
}

/// A stream that blocks its thread, but not for ever.
fn patient(stream: Stream) -> std::io::Result<Stream> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn read(stream: &mut Stream) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    stream.take(MOST).read_to_end(&mut text)?;
    Ok(text)
}

fn write(mut stream: &Stream, bytes: &[u8]) -> std::io::Result<()> {
    stream.write_all(bytes)?;
    stream.shutdown(std::net::Shutdown::Write)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    tokio::task::spawn_blocking(work).await?
}

/// Has a running server do it; `None` if none runs on this data folder.
pub(crate) async fn ask(data: &Path, act: &Act) -> Result<Option<Vec<String>>, Failure> {
    use std::io::ErrorKind::{ConnectionRefused, NotFound};
    let path = socket(data);
    let request = serde_json::to_vec(act)?;
    let asked = blocking(move || {
        let mut stream = match Stream::connect(&path) {
            Ok(stream) => patient(stream)?,
            Err(e) if matches!(e.kind(), NotFound | ConnectionRefused) => return Ok(None),
            Err(e) => return Err(e),
        };
        write(&stream, &request)?;
        read(&mut stream).map(Some)
    })
    .await;
    let text = match asked {
        Ok(Some(text)) => text,
        Ok(None) => return Ok(None),
        Err(e) => {
            return Err(format!("the running server ({}): {e}", socket(data).display()).into());
        }
    };
    match serde_json::from_slice(&text) {
        Ok(Answer::Done(lines)) => Ok(Some(lines)),
        Ok(Answer::Refused(why)) => Err(why.into()),
        Err(_) => Err("the running server did not answer; see its log".into()),
    }
}
