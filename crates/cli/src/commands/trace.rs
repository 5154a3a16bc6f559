//! `jadegate trace`: from a case to everyone who shared a place and a time with it.

use jadegate_domain::EvidenceKind;

use super::open;
use crate::args::{Trace, TraceFormat};
use crate::config::Config;
use crate::wire::{Deployment, Failure};

pub(super) async fn run(config: &Config, args: &Trace) -> Result<(), Failure> {
    let (case, agency) = (args.case.parse()?, args.agency.parse()?);
    let Deployment { app, store } = open(config).await?;
    let traced = async {
        let recorder = app.recorder_for_agency(agency, EvidenceKind::Contact).await?;
        app.run_trace_for(&recorder, case).await
    }
    .await;
    drop(app);
    store.close().await;
    let t = traced?;
    match args.format {
        TraceFormat::Json => println!("{}", serde_json::to_string_pretty(&t)?),
        TraceFormat::Text => {
            println!("trace {} of case {}", t.trace, t.case);
            println!("  could infect others  {} … {}", t.window.from, t.window.to);
            println!("  close contacts       {}", t.close);
            println!("  secondary contacts   {}", t.secondary);
            println!("  places               {}", t.places);
            println!(
                "  evidence             {} recorded, {} withdrawn",
                t.contacts_recorded, t.contacts_withdrawn
            );
            println!("  found in             {} ms", t.ms);
        }
    }
    Ok(())
}
