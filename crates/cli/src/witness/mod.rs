//! `jadegate witness`: somebody outside the deployment signs what its public log publishes, and never
//! two logs under one name (<https://c2sp.org/tlog-witness>).

mod folder;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jadegate_domain::hex;
use jadegate_ledger::cosign::{WitnessKey, WitnessSigner};
use jadegate_ledger::note::NoteVerifier;
use jadegate_ledger::witness::{AddCheckpoint, Refusal, Seen, Worthy, consider};
use jadegate_service::Clock as _;
use tokio::sync::Mutex;

use crate::args::WitnessArgs;
use crate::failure::Failure;
use crate::world::{OsEntropy, SystemClock};
use folder::Folder;

/// The longest request: 63 hashes, and a checkpoint with the signatures of others.
const MAX_BODY: usize = 64 * 1024;

struct Witness {
    signer: WitnessSigner,
    key: WitnessKey,
    logs: Vec<NoteVerifier>,
    /// Looked at and written under one lock: nobody gets an answer between the two.
    folder: Mutex<Folder>,
}

/// Serves until it is told to stop.
pub(crate) async fn run(args: &WitnessArgs) -> Result<(), Failure> {
    let read = |text: &String| {
        text.parse::<NoteVerifier>().map_err(|_| {
            format!(
                "`{text}` is no key of a log; it stands in `log` of https://…/v1/keys: name+id+key"
            )
        })
    };
    let logs = args.log.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let (folder, signer) = Folder::open(&args.folder, args.name.as_deref(), &OsEntropy)?;
    let key = signer.verifier();
    let listener = tokio::net::TcpListener::bind(args.listen)
        .await
        .map_err(|e| format!("cannot listen on {}: {e}", args.listen))?;
    println!("Witness  {key}");
    println!("Address  http://{} (put a proxy with TLS in front)", listener.local_addr()?);
    for log in &logs {
        let size = folder.seen(log.name()).map_or(0, |s| s.size);
        println!("Log      {} (signed up to {size} leaves)", log.name());
    }
    let witness = Witness { signer, key, logs, folder: Mutex::new(folder) };
    let stop = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    axum::serve(listener, router(witness)).with_graceful_shutdown(stop).await?;
    Ok(())
}

fn router(witness: Witness) -> Router {
    Router::new()
        .route("/", get(about))
        .route("/add-checkpoint", post(add))
        .route("/{origin}/checkpoint", get(newest))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(Arc::new(witness))
}

/// Who this is, for people.
async fn about(State(witness): State<Arc<Witness>>) -> String {
    let names: Vec<_> = witness.logs.iter().map(NoteVerifier::name).collect();
    format!(
        "A witness of public logs (c2sp.org/tlog-witness).\nKey: {}\nLogs: {}\n",
        witness.key,
        names.join(", ")
    )
}

async fn add(State(witness): State<Arc<Witness>>, body: String) -> Response {
    let Ok(request) = body.parse::<AddCheckpoint>() else { return refused(Refusal::Malformed) };
    let mut folder = witness.folder.lock().await;
    let worthy = match consider(&request, &witness.logs, |origin| folder.seen(origin)) {
        Ok(worthy) => worthy,
        Err(refusal) => return refused(refusal),
    };
    match sign(&witness.signer, &mut folder, worthy) {
        Ok(line) => line.into_response(),
        Err(e) => {
            tracing::error!(error = %e, "what is to be signed cannot be kept, so it is not signed");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// Keeps it, and then signs.
fn sign(signer: &WitnessSigner, folder: &mut Folder, worthy: Worthy) -> Result<String, Failure> {
    let line = signer.cosign(&worthy.text, SystemClock.now())?;
    let (origin, size) = (worthy.checkpoint.origin, worthy.checkpoint.size);
    let checkpoint = worthy.signed + &line;
    let seen = Seen { size, root: worthy.checkpoint.root, checkpoint };
    tokio::task::block_in_place(|| folder.keep(&origin, seen))?;
    tracing::info!(origin, size, "signed");
    Ok(line)
}

fn refused(refusal: Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
    // How one who asks learns what was signed last.
    if let Refusal::AnotherSize(size) = refusal {
        let head = [(header::CONTENT_TYPE, "text/x.tlog.size")];
        return (status, head, format!("{size}\n")).into_response();
    }
    tracing::warn!(status = status.as_u16(), "refused: {refusal}");
    (status, format!("{refusal}\n")).into_response()
}

/// For monitors: the newest checkpoint of a log that this witness signed.
async fn newest(State(witness): State<Arc<Witness>>, Path(origin): Path<String>) -> Response {
    let named = |name: &str| {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, name.as_bytes());
        hex::encode(digest.as_ref()) == origin
    };
    let folder = witness.folder.lock().await;
    match folder.all().find(|(name, _)| named(name)) {
        Some((_, seen)) => seen.checkpoint.clone().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
