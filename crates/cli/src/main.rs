//! The `jadegate` binary.
//!
//! This is the only place that wires everything together: it names the database, reads the key file
//! and the configuration, and makes the real clock and randomness.

mod admin;
mod args;
mod beside;
mod commands;
mod config;
mod database;
mod demo;
mod drill;
mod durable;
mod failure;
mod folder;
mod keyring;
mod serve;
mod shipped;
mod wire;
mod witness;
mod world;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let args = args::Args::parse();
    match commands::run(args) {
        Ok(code) => code,
        Err(e) => {
            eprintln!("jadegate: {e}");
            ExitCode::FAILURE
        }
    }
}
