//! Who is in quarantine, who missed a check-in, who is due.

use jadegate_domain::assessment::Texts;
use jadegate_domain::{Assessment, Colour, Division, Evidence, Fact, HolderId, Purpose, Timestamp};
use jadegate_store::Page;
use serde::Serialize;

use crate::app::App;
use crate::error::{Result, ServiceError};
use crate::holder::check_in::Quarantine;
use crate::session::StaffSession;
use crate::staff::access::{Look, NO_NAME, OpenedPerson, Power};
use crate::staff::parallel::{BoxFuture, run_concurrently};
use crate::staff::what::What;

/// Whom to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QuarantineFilter {
    /// Everybody who is not green.
    #[default]
    All,
    /// Those who missed a check-in.
    Missed,
    /// Those whose confinement ends today, or has reached its last day and waits for something.
    Due,
}

impl std::str::FromStr for QuarantineFilter {
    type Err = ServiceError;
    fn from_str(s: &str) -> Result<Self> {
        match s {
            "" | "all" => Ok(Self::All),
            "missed" => Ok(Self::Missed),
            "due" => Ok(Self::Due),
            _ => Err(crate::staff::wrong("filter", "filter.unknown", "Choose all, missed or due.")),
        }
    }
}

/// One person of the list.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonInQuarantine {
    /// Who, opaquely.
    pub holder: HolderId,
    /// Name, masked; `***` for those who read lists only.
    pub name_masked: String,
    /// Where they live.
    pub home_name: String,
    /// Yellow or red.
    pub colour: Colour,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Until when, if that is known.
    pub until: Option<Timestamp>,
    /// Today's day of it.
    pub day: Option<u32>,
    /// Days in all.
    pub days: Option<u32>,
    /// Their last check-in.
    pub last_check_in: Option<Timestamp>,
    /// Days without a check-in so far; today does not count yet.
    pub missed_days: u32,
    /// Does it end today, or has it reached its last day and waits for something?
    pub due: bool,
    /// Titles of the reasons, in the policy's languages.
    pub reasons: Vec<Texts>,
}

/// A page of the list.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuarantinePage {
    /// People, by their opaque id.
    pub people: Vec<PersonInQuarantine>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<HolderId>,
    /// People of the whole deployment whose stored colour is still by the policy or the risk levels
    /// from before; somebody of theirs may be missing here until recolouring has reached them.
    pub from_before: u64,
    /// People whom this page would have looked at, and who are missing from it because a part of
    /// their record cannot be read. Their stored colour stays; the operator sees what it is.
    pub unreadable: u64,
}

/// People of one page, at most; each one shown is a look that the person sees.
const MOST: u32 = 100;
/// People read at once while looking for those a filter lets through.
const BATCH: u32 = 200;
/// People looked through for one page at most; the next page goes on from there.
const MOST_BATCHES: usize = 20;

/// The confined people of a batch.
#[derive(Default)]
pub(crate) struct ConfinedBatch {
    /// Those of whom all can be read and who are not green by now.
    pub(crate) people: Vec<Confined>,
    /// The others' rows that cannot be read: the number of a holder's id each.
    pub(crate) unreadable: Vec<i64>,
    /// Where the batch ended; `None` at the end.
    pub(crate) last: Option<HolderId>,
}

/// A confined person before the name is opened.
pub(crate) struct Confined {
    holder: HolderId,
    home: Division,
    pub(super) quarantine: Quarantine,
    titles: Vec<Texts>,
    last_check_in: Option<Timestamp>,
    pub(crate) missed_days: u32,
    pub(crate) due: bool,
}

impl App {
    /// One page of the people in quarantine in the region. Each person named is a look written
    /// down for them, at most once an hour.
    pub async fn list_quarantine(
        &self,
        session: &StaffSession,
        filter: QuarantineFilter,
        after: Option<HolderId>,
        limit: u32,
    ) -> Result<QuarantinePage> {
        let staff = session.need(Power::ReadLists)?;
        let limit = limit.clamp(1, MOST) as usize;
        let mut chosen: Vec<Confined> = Vec::new();
        let mut page = Page { after, limit: BATCH };
        let mut next = None;
        let mut unreadable: Vec<i64> = Vec::new();
        'pages: for batch_no in 1.. {
            let batch = self.confined_batch(&staff.region, page).await?;
            let Some(last) = batch.last else { break };
            unreadable.extend(batch.unreadable);
            for c in batch.people {
                let wanted = match filter {
                    QuarantineFilter::All => true,
                    QuarantineFilter::Missed => c.missed_days > 0,
                    QuarantineFilter::Due => c.due,
                };
                if wanted && chosen.len() == limit {
                    next = chosen.last().map(|c: &Confined| c.holder);
                    break 'pages;
                }
                if wanted {
                    chosen.push(c);
                }
            }
            page.after = Some(last);
            if batch_no == MOST_BATCHES {
                next = Some(last);
                break;
            }
        }
        // Those behind the end of this page are told of by the next one.
        if let Some(next) = next {
            unreadable.retain(|id| *id <= next.as_i64());
        }
        let people = if session.may(Power::Accompany) {
            let holders: Vec<_> = chosen.iter().map(|c| c.holder).collect();
            let look = Look {
                power: Power::Accompany,
                purpose: Purpose::Quarantine,
                what: What::Quarantine,
            };
            self.open_listed(session, &holders, look).await?
        } else {
            std::collections::HashMap::new()
        };
        let people = chosen
            .into_iter()
            .map(|c| PersonInQuarantine {
                name_masked: people
                    .get(&c.holder)
                    .map_or_else(|| NO_NAME.to_owned(), OpenedPerson::name_masked),
                holder: c.holder,
                home_name: self.division_name(&c.home),
                colour: c.quarantine.colour,
                since: c.quarantine.since,
                until: c.quarantine.until,
                day: c.quarantine.day,
                days: c.quarantine.days,
                last_check_in: c.last_check_in,
                missed_days: c.missed_days,
                due: c.due,
                reasons: c.titles,
            })
            .collect();
        let rule_set = self.rule_set();
        let digest = rule_set.policy.reference().digest;
        let counts = self.store.colour_counts(&digest, rule_set.regions.version).await?;
        let (from_before, unreadable) = (counts.from_before, unreadable.len() as u64);
        Ok(QuarantinePage { people, next, from_before, unreadable })
    }

    /// A batch of the confined people of a region, as they are now. People who turned green meanwhile
    /// are left out.
    pub(crate) async fn confined_batch(
        &self,
        region: &Division,
        page: Page<HolderId>,
    ) -> Result<ConfinedBatch> {
        let found = self.store.confined(region, page).await?;
        let mut batch = ConfinedBatch {
            unreadable: found.unreadable.iter().map(|r| r.row).collect(),
            ..ConfinedBatch::default()
        };
        let ids: Vec<_> = found.rows.iter().map(|r| r.holder.as_i64()).collect();
        batch.last =
            ids.iter().chain(&batch.unreadable).max().copied().and_then(HolderId::from_i64);
        let futures: Vec<BoxFuture<'_, _>> = found
            .rows
            .into_iter()
            .map(|r| Box::pin(self.confined_now(r.holder, r.home)) as BoxFuture<'_, _>)
            .collect();
        for (id, person) in ids.into_iter().zip(run_concurrently(futures).await) {
            match self.or_set_aside(person)? {
                Some(person) => batch.people.extend(person),
                None => batch.unreadable.push(id),
            }
        }
        Ok(batch)
    }

    pub(super) async fn confined_now(
        &self,
        holder: HolderId,
        home: Division,
    ) -> Result<Option<Confined>> {
        let assessment = self.assessment(holder).await?;
        if assessment.colour == Colour::Green {
            return Ok(None);
        }
        let own = self.deciding_evidence(holder).await?;
        let quarantine = self.quarantine_of(&assessment, &own);
        let asked = self.policy().daily_check_in_colours().contains(&assessment.colour);
        let missed = quarantine.days_list.iter().filter(|d| asked && d.state == "missed").count();
        Ok(Some(Confined {
            holder,
            home,
            titles: titles(&assessment),
            last_check_in: last_check_in(&own),
            missed_days: u32::try_from(missed).unwrap_or(u32::MAX),
            due: self.is_due(&quarantine),
            quarantine,
        }))
    }

    /// Does the confinement end by the end of the local day, or is its last day reached?
    fn is_due(&self, q: &Quarantine) -> bool {
        let policy = self.policy();
        let zone = policy.calendar().zone();
        let today = self.now().local_day(zone);
        let Ok(tomorrow) = today.tomorrow() else { return false };
        let ends = q.until.is_some_and(|t| t <= Timestamp::start_of_day(tomorrow, zone));
        let last_day =
            q.until.is_none() && matches!((q.day, q.days), (Some(day), Some(days)) if day >= days);
        ends || last_day
    }
}

fn titles(a: &Assessment) -> Vec<Texts> {
    a.reasons.iter().filter(|r| r.colour == a.colour).map(|r| r.title.clone()).collect()
}

fn last_check_in(own: &[Evidence]) -> Option<Timestamp> {
    let check_in = |e: &&Evidence| e.counts() && matches!(e.fact, Fact::CheckIn { .. });
    own.iter().filter(check_in).map(|e| e.recorded_at).max()
}
