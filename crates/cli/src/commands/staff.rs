//! `jadegate staff`: agencies and their people, beside a running server or without one.

use super::common::open;
use crate::admin::{self, Act};
use crate::args::StaffCommand;
use crate::config::Config;
use crate::failure::Failure;
use crate::wire::Deployment;

pub(super) async fn run(config: &Config, command: StaffCommand) -> Result<(), Failure> {
    let act = match command {
        StaffCommand::Agencies => return list(config, false).await,
        StaffCommand::List => return list(config, true).await,
        StaffCommand::AddAgency { kind, name, region } => Act::AddAgency { kind, name, region },
        StaffCommand::Invite { agency, role, region, name } => {
            Act::Invite { agency, role, region, name }
        }
        StaffCommand::End { staff } => Act::End { staff },
    };
    if let Some(lines) = admin::ask(&config.data, &act).await? {
        print(&lines);
        return Ok(());
    }
    let Deployment { app, store } = open(config).await?;
    let done = async {
        let origin = origin(config, app.served_at().await?)?;
        admin::perform(&app, &origin, act).await
    }
    .await;
    drop(app);
    store.close().await;
    print(&done?);
    Ok(())
}

fn print(lines: &[String]) {
    for line in lines {
        println!("{line}");
    }
}

/// Where the pages are: as configured; if nothing is, where they were last served. A passkey belongs
/// to its address, so a link to the wrong one is worse than none.
fn origin(config: &Config, served_at: Option<String>) -> Result<String, Failure> {
    let unset = config.origin == Config::default().origin;
    match served_at {
        Some(known) if unset => Ok(known),
        Some(known) if known != config.origin => Err(format!(
            "this deployment was last served at {known}, and the configuration says {}: start the server there first",
            config.origin
        )
        .into()),
        _ => Ok(config.origin.clone()),
    }
}

async fn list(config: &Config, people: bool) -> Result<(), Failure> {
    let store = crate::database::Database::open_read_only(config).await?;
    let confirmed = |at: Option<_>| if at.is_some() { "confirmed" } else { "unconfirmed" };
    if people {
        for s in store.all_staff().await? {
            let state = if s.disabled_at.is_some() { "ended" } else { confirmed(s.confirmed_at) };
            println!(
                "{}  {state}  {}  {}  {}  {}",
                s.id, s.role, s.region, s.agency_name, s.display_name
            );
        }
    } else {
        for a in store.agencies().await? {
            let state = confirmed(a.confirmed_at);
            println!("{}  {state}  {}  {}  {}", a.id, a.kind, a.region, a.name);
        }
    }
    Ok(())
}
