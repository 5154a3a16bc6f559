//! `jadegate trace`: from a case to everyone who shared a place and a time with it.

use jadegate_domain::EvidenceKind;

use super::common::open;
use crate::args::{Trace, TraceFormat};
use crate::config::Config;
use crate::failure::Failure;
use crate::wire::Deployment;

pub(super) async fn run(config: &Config, args: &Trace) -> Result<(), Failure> {
    if let Some(file) = &args.cases {
        let format = args.format.unwrap_or(TraceFormat::Csv);
        if format == TraceFormat::Text {
            return Err("the contacts of many cases are printed as csv, json or arrow".into());
        }
        if !args.cumulative {
            return super::bulk::run(config, file, args.hops, format).await;
        }
        if args.hops.is_some() {
            let why = "--cumulative counts time shared with the cases themselves, at one hop: leave --hops out";
            return Err(why.into());
        }
        return super::cumulative::run(config, file, args.least_minutes, format).await;
    }
    // The command line asks for both where no list is given.
    let (Some(case), Some(agency)) = (&args.case, &args.agency) else {
        return Err("name the case and the agency: --case CASE --agency AGENCY".into());
    };
    let (case, agency) = (case.parse()?, agency.parse()?);
    let format = args.format.unwrap_or(TraceFormat::Text);
    if !matches!(format, TraceFormat::Text | TraceFormat::Json) {
        return Err("one case is printed as text or json; csv and arrow go with --cases".into());
    }
    let Deployment { app, store } = open(config).await?;
    let traced = async {
        let recorder = app.recorder_for_agency(agency, EvidenceKind::Contact).await?;
        app.run_trace_for(&recorder, case).await
    }
    .await;
    drop(app);
    store.close().await;
    let t = traced?;
    if format == TraceFormat::Json {
        println!("{}", serde_json::to_string_pretty(&t)?);
        return Ok(());
    }
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
    Ok(())
}
