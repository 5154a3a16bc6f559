//! A train of the town: a case was aboard, and the carrier tells who sat where.

use std::fmt::Write as _;
use std::sync::Arc;

use jadegate_domain::{HolderId, Timestamp};
use jadegate_service::{App, Result, ServiceError, StaffSession};

/// Stops along the way, with minutes from the first.
const STOPS: [(&str, i64); 4] = [
    ("示例东站 Example East", 0),
    ("示例南站 Example South", 40),
    ("示例山站 Example Hill", 75),
    ("示例西站 Example West", 110),
];
/// Between which of them the passengers go, and their seats; some tickets name none.
const TICKETS: [(usize, usize, &str); 8] = [
    (1, 3, "05-12B"),
    (1, 4, "05-13F"),
    (2, 4, "05-03A"),
    (1, 2, "06-12A"),
    (2, 3, ""),
    // Boards where the case gets off.
    (3, 4, "05-12A"),
    (1, 3, "05-11C"),
    (1, 4, "07-01A"),
];

/// Everybody took the train that left at a moment; the case sat on 05-12A to the third stop.
pub(super) async fn ride(
    app: &Arc<App>,
    carrier: &StaffSession,
    case: HolderId,
    others: &[HolderId],
    left: Timestamp,
) -> Result<()> {
    let date = left.local_day(app.policy().calendar().zone());
    let mut list =
        "kind,number,date,division,holder,from_no,from,departs,to_no,to,arrives,seat\n".to_owned();
    let rides = others.iter().zip(TICKETS).chain([(&case, (1, 3, "05-12A"))]);
    for (who, (from, to, seat)) in rides {
        let stop = |n: usize| STOPS.get(n - 1).copied().unwrap_or_default();
        let ((a, departs), (b, arrives)) = (stop(from), stop(to));
        // A minute's halt.
        let (departs, arrives) = (left.plus_secs(60 * departs), left.plus_secs(60 * arrives - 60));
        writeln!(
            list,
            "train,G7331,{date},CN-330105,{who},{from},{a},{departs},{to},{b},{arrives},{seat}"
        )
        .map_err(ServiceError::internal)?;
    }
    let report = app.import_rides(&app.conductor(carrier)?, list.as_bytes()).await?;
    if report.rejected.is_empty() {
        return Ok(());
    }
    Err(ServiceError::internal("the demo's list of passengers has wrong lines"))
}
