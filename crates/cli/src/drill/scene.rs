//! A small made-up town for one try, with a clock that is moved by hand.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jadegate_domain::agency::Agency;
use jadegate_domain::{AgencyId, Colour, DocumentType, HolderId, Role, Timestamp};
use jadegate_service::staff::{AgencyInput, ChangeInput, NewPasskey, StaffInput};
use jadegate_service::staff::{WhatIfState, WhatIfView};
use jadegate_service::{App, Clock, DemoPerson, Result, ServiceError, StaffSession};

use crate::config::Config;
use crate::demo::Folder;
use crate::demo::town::{CITY, Span, Town};
use crate::failure::Failure;
use crate::wire::{self, Deployment};
use crate::world::{OsEntropy, SystemClock};

/// When every try begins: a morning in the town.
const BEGIN: &str = "2022-03-15T01:00:00Z";
/// Days of visits before it.
const DAYS: i64 = 7;

/// Stands still until it is moved.
#[derive(Debug)]
struct DrillClock(AtomicI64);

impl Clock for DrillClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.0.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        SystemClock.elapsed()
    }
}

/// The town, whoever works there, and the colours of before.
pub(super) struct Scene {
    pub(super) app: Arc<App>,
    /// Everybody who lives there.
    pub(super) people: Vec<HolderId>,
    /// The policy in force, as a file.
    pub(super) policy: String,
    /// Numbers of those who have a document of the country.
    pub(super) resident_ids: Vec<String>,
    deployment: Deployment,
    clock: Arc<DrillClock>,
    begun: Timestamp,
    agencies: HashMap<&'static str, Agency>,
    staff: u8,
    before: HashMap<HolderId, Colour>,
    // Removed with the scene.
    _folder: Folder,
}

impl Scene {
    /// A town of so many people. The same number makes the same town.
    pub(super) async fn new(config: &Config, people: u32) -> std::result::Result<Self, Failure> {
        let begun: Timestamp = BEGIN.parse()?;
        let clock = Arc::new(DrillClock(AtomicI64::new(begun.as_secs())));
        let folder = Folder::new(None, &OsEntropy)?;
        let mut config = config.clone();
        config.data = folder.path().to_owned();
        let settings = wire::settings(&config, true)?;
        let deployment =
            wire::open(&config, settings, Arc::clone(&clock) as _, Arc::new(OsEntropy)).await?;
        let app = Arc::clone(&deployment.app);
        let town = Town::new(people, 1, begun)?;
        let persons: Vec<DemoPerson> = town.people.iter().map(|p| p.person.clone()).collect();
        let people = app.demo_people(&persons).await?;
        app.demo_places(town.places.clone()).await?;
        let week = Span { from: begun.plus_days(-DAYS), to: begun };
        app.demo_visits(&town.visits(&people, week, |_| false)).await?;
        let policy = crate::shipped::policy_text(&config.policy)?;
        let documents = persons.iter().filter_map(|p| p.identity.document.as_ref());
        let of_the_country = documents.filter(|d| d.doc_type() == DocumentType::ResidentId);
        let resident_ids = of_the_country.map(|d| d.reveal().to_owned()).collect();
        let agencies = HashMap::new();
        let before = HashMap::new();
        let mut scene = Self {
            app,
            people,
            policy,
            resident_ids,
            deployment,
            clock,
            begun,
            agencies,
            staff: 0,
            before,
            _folder: folder,
        };
        scene.begin_here().await?;
        Ok(scene)
    }

    /// What was done so far is the past: the try begins now.
    pub(super) async fn begin_here(&mut self) -> Result<()> {
        self.begun = self.app.now();
        for holder in self.people.clone() {
            let colour = self.app.assessment(holder).await?.colour;
            self.before.insert(holder, colour);
        }
        Ok(())
    }

    /// How many people have another colour than before.
    pub(super) async fn changed(&self) -> Result<usize> {
        let mut changed = 0;
        for holder in &self.people {
            let colour = self.app.assessment(*holder).await?.colour;
            changed += usize::from(self.before.get(holder) != Some(&colour));
        }
        Ok(changed)
    }

    /// Minutes since the try began.
    pub(super) fn minutes(&self) -> i64 {
        (self.app.now().as_secs() - self.begun.as_secs()) / 60
    }

    /// Time passes, and the server looks for what stands out, as it does by itself.
    pub(super) async fn wait(&self, minutes: i64) -> Result<()> {
        self.clock.0.fetch_add(minutes * 60, Ordering::SeqCst);
        self.app.watch_alarms().await?;
        self.app.watch_looks().await.map(drop)
    }

    /// The moment so many hours ago.
    pub(super) fn ago(&self, hours: i64) -> Timestamp {
        self.app.now().plus_secs(-hours * 3600)
    }

    /// A member of staff of the town's agency of a kind: colleagues share it.
    pub(super) async fn member(&mut self, kind: &'static str, role: Role) -> Result<StaffSession> {
        let known = self.agencies.get(kind).cloned();
        let agency = if let Some(agency) = known {
            agency
        } else {
            let name = format!("Made-up {kind}");
            let input = AgencyInput { kind: kind.to_owned(), name, region: CITY.to_owned() };
            self.app.demo_agency(&input).await?
        };
        self.agencies.insert(kind, agency.clone());
        let id = self.app.demo_staff(&agency, role, "Made-up insider").await?;
        let session = self.app.sign_in_staff_with(id, None, "").await?;
        self.app.staff_session(&session.token).await
    }

    /// Somebody who was invited accepts, with a passkey of their own.
    pub(super) async fn accepts(
        &mut self,
        by: &StaffSession,
        agency: AgencyId,
        role: Role,
    ) -> Result<StaffSession> {
        let input = StaffInput {
            agency,
            role: role.as_str().to_owned(),
            region: String::new(),
            display_name: "Made-up insider".to_owned(),
        };
        let invited = self.app.invite_staff(by, &input).await?;
        self.staff += 1;
        let passkey = NewPasskey { credential_id: vec![self.staff], passkey: "{}".to_owned() };
        let (_, session) = self.app.accept_staff_invitation(&invited.token, passkey, "").await?;
        self.app.staff_session(&session.token).await
    }

    /// What a change would do, counted to the end.
    pub(super) async fn what_if(
        &self,
        by: &StaffSession,
        change: &ChangeInput,
    ) -> Result<WhatIfView> {
        let mut run = self.app.start_what_if(by, change).await?;
        while run.state == WhatIfState::Running {
            tokio::time::sleep(Duration::from_millis(5)).await;
            run = self.app.what_if(by, run.id).await?;
        }
        Ok(run)
    }

    /// So many of the town, never the same one in two places of the list.
    pub(super) fn some(&self, many: usize) -> Vec<HolderId> {
        self.people.iter().copied().take(many).collect()
    }

    /// Somebody of the town.
    pub(super) fn somebody(&self) -> Result<HolderId> {
        let nobody = || ServiceError::not_found("drill.nobody", "The town is empty.");
        self.people.first().copied().ok_or_else(nobody)
    }

    /// Leaves of the public log since the beginning of the town.
    pub(super) async fn leaves(&self) -> Result<u64> {
        Ok(self.app.log_part(0, 0).await?.size)
    }

    /// Closes the town's database.
    pub(super) async fn end(self) {
        self.deployment.store.close().await;
    }
}
