//! Lodging an appeal at a counter, for somebody who is there: who has no phone, or a code on paper.

use jadegate_domain::{AppealId, Purpose, Timestamp};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::Result;
use crate::holder::appeals::AppealInput;
use crate::session::StaffSession;
use crate::staff::access::{Counted, Power};
use crate::staff::people::find::{Located, Whom};
use crate::staff::what::What;

/// An appeal for somebody who is at the counter.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CounterAppeal {
    /// The person.
    #[serde(flatten)]
    pub whom: Whom,
    /// What is contested, and why.
    #[serde(flatten)]
    pub appeal: AppealInput,
}

/// What the person takes home.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppealReceipt {
    /// The number of the appeal.
    pub id: AppealId,
    /// By when it is to be decided.
    pub due_at: Timestamp,
}

impl App {
    /// Lodges an appeal for somebody of the region. It is a look, which the person sees, and whoever
    /// lodges it does not decide on it.
    pub async fn lodge_at_counter(
        &self,
        session: &StaffSession,
        input: &CounterAppeal,
    ) -> Result<AppealReceipt> {
        let staff = session.need(Power::FindPerson)?;
        self.count_look(staff.id, Counted::Recording).await?;
        let Located { holder, .. } = self.locate(&staff.region, &input.whom).await?;
        let look = self.access_writes(staff, holder.id, Purpose::HolderRequest, What::Appeal)?;
        let id = self.lodge(holder.id, &input.appeal, Some((staff, &look))).await?;
        let appeal = self.store.appeal(id).await?.ok_or_else(crate::appeals::no_such_appeal)?;
        Ok(AppealReceipt { id, due_at: appeal.due_at })
    }
}
