//! The list of people at whom each look is an alarm: kept by keyed digests of a document, so that nobody
//! who reads it, here or in the database, learns who stands on it.

use jadegate_domain::id::ProtectedId;
use jadegate_domain::{AgencyId, ProtectedGround, Timestamp};
use jadegate_ledger::ProtectionEvent;
use jadegate_store::{AlarmWrite, Precondition, Protected, Unit, Write};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::document::DocumentInput;
use crate::error::{Kind, Result, ServiceError};
use crate::limits::Limit;
use crate::named::AgencyName;
use crate::session::StaffSession;
use crate::staff::access::Power;
use crate::staff::{conflict, wrong};

/// Entries that one commissioner makes within a day: the list is for a few.
const ADDED: Limit = Limit { class: "protected.add", seconds: 86_400, most: 50 };

/// An entry of the list. Who it is, the list does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProtectedRow {
    /// The entry's number: whoever made it keeps it with their papers.
    pub id: ProtectedId,
    /// Why.
    pub ground: ProtectedGround,
    /// For whose staff they are a colleague; `null`: every look counts.
    pub works_for: Option<AgencyName>,
    /// When they were put there.
    pub added_at: Timestamp,
    /// Whose commissioner did it.
    pub added_by: Option<AgencyName>,
    /// Since when it is asked that they are taken off.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Timestamp))]
    pub end_asked_at: Option<Timestamp>,
    /// Is it for you to take them off? Another commissioner asked.
    pub may_end: bool,
}

/// Somebody to be put on the list.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProtectInput {
    /// A document of theirs; whether it is registered here, is not said.
    pub document: DocumentInput,
    /// Why.
    #[cfg_attr(feature = "openapi", schema(value_type = ProtectedGround))]
    pub ground: String,
    /// The agency for which they work; only of a colleague, and then it has to be given.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = AgencyId))]
    pub works_for: Option<AgencyId>,
}

impl App {
    /// The list, without anybody's name.
    pub async fn list_protected(&self, session: &StaffSession) -> Result<Vec<ProtectedRow>> {
        session.need(Power::ProtectPeople)?;
        let names = self.agency_names().await?;
        let all = self.store.protected_people().await?;
        let me = session.staff().id;
        let row = |p: Protected| ProtectedRow {
            id: p.id,
            ground: p.ground,
            works_for: p.works_for.and_then(|a| names.get(&a).cloned()),
            added_at: p.added_at,
            added_by: names.get(&p.added_by.1).cloned(),
            end_asked_at: p.end_asked.map(|(_, _, at)| at),
            may_end: p.end_asked.is_none_or(|(asked, _, _)| asked != me),
        };
        Ok(all.into_iter().map(row).collect())
    }

    /// Puts somebody on the list. The answer is the same whoever they are, registered or not.
    pub async fn protect(
        &self,
        session: &StaffSession,
        input: &ProtectInput,
    ) -> Result<ProtectedId> {
        let me = session.need(Power::ProtectPeople)?;
        self.must_have_mandate()?;
        let ground: ProtectedGround = input.ground.parse().map_err(|_| {
            let detail = format!("The ground is one of: {}.", ProtectedGround::names());
            wrong("ground", "protected.no_such_ground", detail)
        })?;
        if (ground == ProtectedGround::Colleague) != input.works_for.is_some() {
            return Err(wrong(
                "works_for",
                "protected.works_for",
                "Name the agency for which a colleague works, and only for a colleague.",
            ));
        }
        if let Some(agency) = input.works_for {
            self.confirmed_agency(agency).await?;
        }
        let document = self.read_document(&input.document)?;
        let at = self.now();
        let entry = Protected {
            id: ProtectedId::from_random(self.deployment.rng.bits()),
            digest: self.deployment.keys.document_index(&document),
            ground,
            works_for: input.works_for,
            added_by: (me.id, me.agency),
            added_at: at,
            end_asked: None,
        };
        let id = entry.id;
        let key = self.deployment.keys.evidence_key(&format!("protected/{}", me.id));
        let leaf = crate::log::protection_leaf(ProtectionEvent::Added, ground, me.agency, at)?;
        let writes = vec![
            self.count(ADDED, key, 1),
            Write::Alarm(AlarmWrite::Protect(Box::new(entry))),
            Write::AddLeaf(leaf),
        ];
        match self.store.commit(Unit::new("protect", writes)).await {
            Ok(()) => Ok(id),
            Err(e) if e.is_conflict(Precondition::Absent) => Err(conflict(
                "protected.is_listed",
                "Whoever this document belongs to stands on the list already.",
            )),
            Err(e) if e.no_room().is_some() => Err(ServiceError::new(
                Kind::TooMany,
                "protected.too_many",
                "You have put as many on the list today as one commissioner may. Go on tomorrow.",
            )
            .retry_after(86_400)),
            Err(e) => Err(e.into()),
        }
    }

    /// Asks that somebody is taken off; asked by another commissioner, takes them off. Says whether they
    /// are off.
    pub async fn unprotect(&self, session: &StaffSession, id: ProtectedId) -> Result<bool> {
        let me = session.need(Power::ProtectPeople)?;
        let all = self.store.protected_people().await?;
        let entry = all.into_iter().find(|p| p.id == id).ok_or_else(|| {
            ServiceError::not_found("protected.not_found", "There is no such entry on the list.")
        })?;
        let at = self.now();
        let (off, writes) = match entry.end_asked {
            None => {
                let by = (me.id, me.agency);
                (false, vec![Write::Alarm(AlarmWrite::AskEnd { id, by, at })])
            }
            Some((asked, ..)) if asked == me.id => {
                return Err(ServiceError::forbidden(
                    "protected.second",
                    "You asked for this yourself. Another commissioner takes the entry off the list.",
                ));
            }
            Some((asked_by, ..)) => {
                let event = ProtectionEvent::Removed;
                let leaf = crate::log::protection_leaf(event, entry.ground, me.agency, at)?;
                let go = Write::Alarm(AlarmWrite::Unprotect { id, asked_by });
                (true, vec![go, Write::AddLeaf(leaf)])
            }
        };
        match self.store.commit(Unit::new("unprotect", writes)).await {
            Ok(()) => Ok(off),
            Err(e)
                if e.is_conflict(Precondition::Stands) || e.is_conflict(Precondition::Exists) =>
            {
                Err(conflict(
                    "protected.decided",
                    "Somebody else asked or decided meanwhile. Load the list again.",
                ))
            }
            Err(e) => Err(e.into()),
        }
    }
}
