//! `jadegate mandate`: an authority's key, a document signed with it, and what a signed one says. None of
//! it needs the server's machine, and the authority's key should never be on it.

use std::io::Write as _;
use std::path::Path;

use jadegate_domain::{Division, hex};
use jadegate_ledger::mandate::{MOST_DAYS, Mandate};
use jadegate_ledger::note::{NoteSigner, NoteVerifier};
use jadegate_service::{Clock as _, Entropy, MandateGiven};
use serde::{Deserialize, Serialize};

use crate::args::MandateCommand;
use crate::config::Config;
use crate::failure::Failure;
use crate::shipped::read_text;
use crate::wire;
use crate::world::{OsEntropy, SystemClock};

/// An authority's key file.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    /// The name in each signature.
    name: String,
    /// 32 secret random bytes in hex.
    seed: String,
}

impl KeyFile {
    fn signer(&self) -> Result<NoteSigner, Failure> {
        let seed =
            hex::decode::<32>(&self.seed).ok_or("the key file's seed is not 32 bytes in hex")?;
        Ok(NoteSigner::from_seed(&self.name, &seed)?)
    }
}

pub(super) fn run(config: &Config, command: &MandateCommand) -> Result<(), Failure> {
    match command {
        MandateCommand::Key { name, file } => {
            let key = KeyFile { name: name.clone(), seed: new_seed() };
            let signer = key.signer()?;
            private(file, &toml::to_string(&key)?)?;
            println!("{}", signer.verifier());
            Ok(())
        }
        MandateCommand::Example { region } => {
            print!("{}", example(config, region)?);
            Ok(())
        }
        MandateCommand::Sign { document, key } => {
            let key: KeyFile = toml::from_str(&text(key)?)
                .map_err(|e| format!("{}: {}", key.display(), e.message()))?;
            let signed = Mandate::sign(&text(document)?, &key.signer()?)
                .map_err(|e| format!("{}: {e}", document.display()))?;
            print!("{signed}");
            Ok(())
        }
        MandateCommand::Check { note, authority } => check(config, note, authority.as_deref()),
        MandateCommand::Trial { region } => trial(config, region),
    }
}

/// 32 secret random bytes in hex.
fn new_seed() -> String {
    let rng: &dyn Entropy = &OsEntropy;
    hex::encode(&rng.bytes::<32>())
}

fn text(file: &Path) -> Result<String, Failure> {
    read_text(file).map_err(|e| format!("{}: {e}", file.display()).into())
}

/// A new file that only its owner reads.
fn private(file: &Path, content: &str) -> Result<(), Failure> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut out = options.open(file).map_err(|e| format!("{}: {e}", file.display()))?;
    out.write_all(content.as_bytes())?;
    Ok(out.sync_all()?)
}

/// A document to begin with: the limits of the configuration, from today on, as long as one may hold.
fn example(config: &Config, region: &Division) -> Result<String, Failure> {
    let from = SystemClock.now();
    let mandate = Mandate {
        version: 1,
        purpose: "Say what the health code is for".to_owned(),
        authority: "Say who gives the mandate".to_owned(),
        region: region.clone(),
        from,
        to: from.plus_days(MOST_DAYS),
        limits: wire::settings(config, false)?.limits(),
    };
    Ok(mandate.to_text()?)
}

fn check(config: &Config, note: &Path, authority: Option<&str>) -> Result<(), Failure> {
    let authority = match authority {
        Some(key) => Some(key.parse::<NoteVerifier>().map_err(|_| "--authority is no public key")?),
        None => wire::mandate_given(config)?.authority,
    };
    let authority =
        authority.ok_or("name the authority's public key: --authority, or mandate.authority")?;
    let m =
        Mandate::open(&text(note)?, &authority).map_err(|e| format!("{}: {e}", note.display()))?;
    println!("signed by {authority}");
    println!("version   {}\nauthority {}\npurpose   {}", m.version, m.authority, m.purpose);
    println!("region    {}\nfrom      {}\nto        {}", m.region, m.from, m.to);
    Ok(())
}

/// A mandate for a trial, with the files that `serve` looks for.
fn trial(config: &Config, region: &Division) -> Result<(), Failure> {
    let key = KeyFile { name: "trial.invalid/mandate".to_owned(), seed: new_seed() };
    let seed = hex::decode::<32>(&key.seed).ok_or("a key that was just made cannot be read")?;
    let settings = wire::settings(config, false)?;
    let given = MandateGiven::trial(&settings, region.clone(), &seed, SystemClock.now())?;
    let (Some(authority), Some(note)) = (given.authority, given.note) else {
        return Err("a trial without a mandate".into());
    };
    std::fs::create_dir_all(&config.data).map_err(|e| format!("{}: {e}", config.data.display()))?;
    private(&config.data.join("mandate-trial.key"), &toml::to_string(&key)?)?;
    private(&config.data.join(wire::MANDATE_KEY), &format!("{authority}\n"))?;
    private(&config.data.join(wire::MANDATE_NOTE), &note)?;
    println!(
        "A mandate for a trial lies in {}; the next start takes it up. Its key is on this machine, and whose signature counts is fixed for ever by that start: never use it for a deployment with people.",
        config.data.display()
    );
    Ok(())
}
