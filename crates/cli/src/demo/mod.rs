//! `jadegate demo`: a made-up town, served like a real one, with ways in that need no phone and no
//! passkey. None of this is reachable from `serve`.

mod cast;
mod control;
mod dice;
mod kept;
mod story;
pub(crate) mod town;
mod trip;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use jadegate_service::Entropy;
use jadegate_web::DemoControl;
use tokio::net::TcpListener;

use crate::args;
use crate::config::Config;
use crate::failure::Failure;
use crate::wire::{self, Deployment};
use crate::world::OsEntropy;
use control::{Control, TownClock};
use kept::Town;

/// Builds the town and serves it until told to stop.
pub(crate) async fn run(args: &args::Demo, mut config: Config) -> Result<(), Failure> {
    let begun = Instant::now();
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, args.port)))
        .await
        .map_err(|e| format!("port {}: {e}; choose another with --port", args.port))?;
    config.listen = listener.local_addr()?;
    config.origin = format!("http://localhost:{}", config.listen.port());
    let folder = Folder::new(args.keep.as_deref(), &OsEntropy)?;
    config.data = folder.path.clone();
    let built = async {
        if let Some(town) = Town::load(&folder.path)? {
            println!("Opening the made-up town in {} as it was left …", folder.path.display());
            return reopen(town, &config).await;
        }
        println!("Building a made-up town of {} people …", args.people);
        build(args, &config).await
    };
    let built = tokio::select! {
        built = built => built?,
        _ = tokio::signal::ctrl_c() => return Err("stopped before the town was ready".into()),
    };
    let Built { deployment, control, summary } = built;
    let demo: Arc<dyn DemoControl> = Arc::new(control);
    let text =
        greeting(&config.origin, &summary, begun.elapsed().as_secs_f64(), args.keep.as_deref());
    crate::serve::serve(&config, deployment, listener, Some(demo), move || println!("{text}")).await
}

/// A town that is ready.
struct Built {
    deployment: Deployment,
    control: Control,
    summary: String,
}

async fn build(args: &args::Demo, config: &Config) -> Result<Built, Failure> {
    let clock = Arc::new(TownClock::starting_back(story::PAST_SECONDS));
    let settings = wire::settings(config, true)?;
    let deployment =
        wire::open(config, settings, Arc::clone(&clock) as _, Arc::new(OsEntropy)).await?;
    let told = story::tell(&deployment.app, &clock, args.people, args.seed).await;
    match told {
        Ok(story) => {
            let control = Control {
                app: Arc::clone(&deployment.app),
                town: Town::new(clock.ahead(), &story.summary, story.gate_place, &story.cast),
                folder: config.data.clone(),
                clock,
                cast: story.cast,
                gate_place: story.gate_place,
            };
            control.keep(0)?;
            Ok(Built { deployment, control, summary: story.summary })
        }
        Err(e) => {
            deployment.store.close().await;
            Err(e)
        }
    }
}

/// Opens a town that was built before, with its clock where it was.
async fn reopen(town: Town, config: &Config) -> Result<Built, Failure> {
    let clock = Arc::new(TownClock::starting_back(-town.ahead));
    let (cast, gate_place) = town.cast()?;
    let settings = wire::settings(config, true)?;
    let deployment =
        wire::open(config, settings, Arc::clone(&clock) as _, Arc::new(OsEntropy)).await?;
    let app = Arc::clone(&deployment.app);
    if let Err(e) = control::catch_up(&app).await {
        deployment.store.close().await;
        return Err(e.into());
    }
    let (summary, folder) = (town.summary.clone(), config.data.clone());
    let control = Control { app, clock, cast, gate_place, town, folder };
    Ok(Built { deployment, control, summary })
}

fn greeting(origin: &str, summary: &str, seconds: f64, kept: Option<&Path>) -> String {
    let end = match kept {
        Some(dir) => format!("Ctrl-C ends it; the town stays in {}.", dir.display()),
        None => "Ctrl-C ends it and leaves nothing behind.".to_owned(),
    };
    format!(
        "\n{summary} Ready after {seconds:.1} s.\n\n  \
         Holder   {origin}/\n  \
         Gate     {origin}/gate/\n  \
         Console  {origin}/console/\n\n\
         Without a phone or a passkey, begin at {origin}/demo\n  \
         Holder   click one of the people, or register with made-up details and read the code at {origin}/demo/outbox\n  \
         Gate     click \"Enrol this device as a gate\"; show it a holder's code, or paste the code's text\n  \
         Console  click a member of staff\n  \
         Clock    move it forward to see quarantine end\n\n\
         Everybody in it is made up. {end}\n"
    )
}

/// The town's folder; a temporary one is removed with it.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    temporary: bool,
}

impl Folder {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A folder to keep, or a temporary one.
    ///
    /// # Errors
    /// One that cannot be made, or is not empty and no town's.
    pub(crate) fn new(keep: Option<&Path>, rng: &dyn Entropy) -> Result<Self, Failure> {
        if let Some(dir) = keep {
            std::fs::create_dir_all(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
            if Town::load(dir)?.is_none() && std::fs::read_dir(dir)?.next().is_some() {
                return Err(format!(
                    "{} is not empty and holds no finished town; a town is built in a folder of its own",
                    dir.display()
                )
                .into());
            }
            return Ok(Self { path: dir.to_owned(), temporary: false });
        }
        let path = std::env::temp_dir().join(format!("jadegate-demo-{:016x}", rng.bits()));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(Self { path, temporary: true })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary
            && let Err(e) = std::fs::remove_dir_all(&self.path)
        {
            tracing::warn!(error = %e, "the demo's temporary folder could not be removed");
        }
    }
}

#[cfg(test)]
mod tests;
