//! Endpoints of the console, a file for each desk.

mod alarms;
mod appeals;
mod assignments;
mod cases;
mod changes;
mod counter;
mod details;
mod documents;
mod files;
mod identity;
mod members;
mod operation;
mod paper;
mod people;
mod places;
mod records;
mod regions;
mod sessions;
mod sign_in;
mod trace_jobs;
mod waiting;
mod withdraw;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use crate::state::Web;

pub(crate) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .merge(sign_in::routes())
        .merge(alarms::routes())
        .merge(appeals::routes())
        .merge(assignments::routes())
        .merge(people::routes())
        .merge(records::routes())
        .merge(files::routes())
        .merge(identity::routes())
        .merge(cases::routes())
        .merge(trace_jobs::routes())
        .merge(regions::routes())
        .merge(places::routes())
        .merge(members::routes())
        .merge(changes::routes())
        .merge(counter::routes())
        .merge(details::routes())
        .merge(documents::routes())
        .merge(operation::routes())
        .merge(paper::routes())
        .merge(sessions::routes())
        .merge(waiting::routes())
        .merge(withdraw::routes())
}
