//! A small deployment on a real store: made-up people, a clock set by hand.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

pub(crate) mod scenes;
pub(crate) mod two_records;

use std::sync::Arc;

use jadegate_domain::agency::Agency;
use jadegate_domain::{
    AgencyId, Colour, HolderId, Period, PlaceId, Presence, Purpose, Timestamp, Visit,
};
use jadegate_ledger::note::NoteSigner;
use jadegate_pass::{HandleKey, HandleKeys, Issuer, IssuingKey, KeyUse};
use jadegate_policy::Policy;
use jadegate_service::holder::register::{Asker, DocumentInput, RegistrationInput, SignInInput};
use jadegate_service::staff::{
    AgencyInput, CaseInput, ChangeInput, NewPasskey, PlaceInput, ProposalView, StaffInput,
    TestInput, WhatIfState, WhatIfView, Whom,
};
use jadegate_service::{
    App, Clock as _, HolderSession, Keys, MandateGiven, Parts, Settings, StaffSession,
};
use jadegate_store::{LogLeaf, SessionSubject, Store, Unit, Write};
use jadegate_store_sqlite::{OpenOptions, SqliteStore};
use jadegate_testkit::{FakeClock, SeededEntropy};

pub(crate) const NOW: &str = "2022-03-15T04:00:00Z";
pub(crate) const HOME: &str = "CN-330106";

/// A deployment in a folder of its own.
pub(crate) struct World {
    pub(crate) app: Arc<App>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) store: Arc<dyn Store>,
    rng: Arc<SeededEntropy>,
    pub(crate) settings: Settings,
    /// Removed with the world.
    dir: tempfile::TempDir,
    people: u32,
    staff: u32,
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn policy_text() -> String {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/three-colour.toml");
    std::fs::read_to_string(file).unwrap()
}

async fn open(
    store: &Arc<dyn Store>,
    clock: &Arc<FakeClock>,
    rng: &Arc<SeededEntropy>,
    settings: &Settings,
) -> Arc<App> {
    try_open(store, clock, rng, settings, &policy_text()).await.unwrap()
}

async fn try_open(
    store: &Arc<dyn Store>,
    clock: &Arc<FakeClock>,
    rng: &Arc<SeededEntropy>,
    settings: &Settings,
    policy: &str,
) -> jadegate_service::Result<Arc<App>> {
    let signer = NoteSigner::from_seed("jadegate.example/log", &[5; 32]).unwrap();
    let mandate = mandate(settings, clock);
    open_signing(store, clock, rng, settings, policy, (signer, mandate)).await
}

/// Of a made-up authority, for a year.
fn mandate(settings: &Settings, clock: &FakeClock) -> MandateGiven {
    MandateGiven::trial(settings, "CN".parse().unwrap(), &[6; 32], clock.now()).unwrap()
}

async fn open_signing(
    store: &Arc<dyn Store>,
    clock: &Arc<FakeClock>,
    rng: &Arc<SeededEntropy>,
    settings: &Settings,
    policy: &str,
    (log_signer, mandate): (NoteSigner, MandateGiven),
) -> jadegate_service::Result<Arc<App>> {
    let period = Period { from: at("2000-01-01T00:00:00Z"), to: at("2040-01-01T00:00:00Z") };
    let keys = vec![
        IssuingKey::from_seed(&[1; 32], KeyUse::Live, period).unwrap(),
        IssuingKey::from_seed(&[2; 32], KeyUse::Venue, period).unwrap(),
        IssuingKey::for_paper(&[2; 32], period).unwrap(),
    ];
    let handles = HandleKeys::new(vec![HandleKey::new(&[3; 32], period)]).unwrap();
    App::open(Parts {
        store: Arc::clone(store),
        keys: Keys::derive(&[4; 32]),
        issuer: Issuer::new("JGT".parse().unwrap(), keys, handles).unwrap(),
        log_signer,
        policy: Policy::parse(policy).unwrap(),
        policy_text: policy.to_owned(),
        mandate,
        clock: Arc::clone(clock) as _,
        rng: Arc::clone(rng) as _,
        settings: settings.clone(),
    })
    .await
}

fn unbraked() -> Settings {
    Settings {
        waiting_above_per_hour: u32::MAX,
        waiting_above_per_staff_hour: u32::MAX,
        withdrawals_above_per_hour: u32::MAX,
        withdrawals_above_per_staff_hour: u32::MAX,
        ..Settings::default()
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::at(NOW).await
    }

    /// Under a mandate in which nothing has to wait for a second pair of eyes.
    pub(crate) async fn at(now: &str) -> Self {
        Self::with(now, unbraked()).await
    }

    /// Under a mandate in which more than so many records of an agency, or of a member of its staff,
    /// wait within an hour.
    pub(crate) async fn braked(agency: u32, staff: u32) -> Self {
        let settings = Settings {
            waiting_above_per_hour: agency,
            waiting_above_per_staff_hour: staff,
            ..Settings::default()
        };
        Self::with(NOW, settings).await
    }

    /// Under a mandate in which more than so many records that confine, taken back or corrected away by
    /// an agency or by a member of its staff, wait within an hour.
    pub(crate) async fn releasing(agency: u32, staff: u32) -> Self {
        let settings = Settings {
            withdrawals_above_per_hour: agency,
            withdrawals_above_per_staff_hour: staff,
            ..unbraked()
        };
        Self::with(NOW, settings).await
    }

    /// Another server of the same deployment.
    pub(crate) async fn second_server(&self) -> Arc<App> {
        open(&self.store, &self.clock, &self.rng, &self.settings).await
    }

    /// Another server does this, to its end, when the clock was read so many times more.
    pub(crate) fn meanwhile(
        &self,
        readings: usize,
        other: impl Future<Output = ()> + Send + 'static,
    ) {
        self.clock.meanwhile(readings, move || {
            let alone = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            std::thread::spawn(move || alone.block_on(other)).join().unwrap();
        });
    }

    /// Under a mandate in which no change needs a second officer.
    pub(crate) async fn of_one_officer(now: &str) -> Self {
        let settings = Settings {
            second_officer_basis_points: 10_000,
            second_officer_people: u64::MAX,
            ..unbraked()
        };
        Self::with(now, settings).await
    }

    /// Under a mandate in which any share is small, and more people than these are too many.
    pub(crate) async fn of_people_limit(people: u64) -> Self {
        let settings = Settings {
            second_officer_basis_points: 10_000,
            second_officer_people: people,
            ..Settings::default()
        };
        Self::with(NOW, settings).await
    }

    /// Under another policy than the usual one.
    pub(crate) async fn under(policy: &str) -> Self {
        Self::opened(NOW, unbraked(), policy).await
    }

    /// With these settings.
    pub(crate) async fn of(now: &str, settings: Settings) -> Self {
        Self::with(now, settings).await
    }

    async fn with(now: &str, settings: Settings) -> Self {
        Self::opened(now, settings, &policy_text()).await
    }

    /// Which saves its visit index.
    pub(crate) async fn saving(now: &str) -> Self {
        let settings = Settings { index_file: Some("visits.index".into()), ..unbraked() };
        Self::with(now, settings).await
    }

    async fn opened(now: &str, settings: Settings, policy: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let index_file = settings.index_file.as_ref().map(|f| dir.path().join(f));
        let settings = Settings { demo: true, index_file, ..settings };
        let options = OpenOptions { readers: 2, list_readers: 1, ..OpenOptions::default() };
        let store: Arc<dyn Store> = SqliteStore::open(dir.path().join("t.db"), options).unwrap();
        let clock = Arc::new(FakeClock::at(at(now)));
        let rng = Arc::new(SeededEntropy::new(7));
        let mandate = mandate(&settings, &clock);
        Self::founded(dir, (store, clock, rng), settings, policy, mandate).await
    }

    /// Under the mandate that is given, or none.
    pub(crate) async fn given(now: &str, settings: Settings, given: MandateGiven) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> =
            SqliteStore::open(dir.path().join("t.db"), OpenOptions::default()).unwrap();
        let parts = (store, Arc::new(FakeClock::at(at(now))), Arc::new(SeededEntropy::new(7)));
        let settings = Settings { demo: true, ..settings };
        Self::founded(dir, parts, settings, &policy_text(), given).await
    }

    async fn founded(
        dir: tempfile::TempDir,
        (store, clock, rng): (Arc<dyn Store>, Arc<FakeClock>, Arc<SeededEntropy>),
        settings: Settings,
        policy: &str,
        mandate: MandateGiven,
    ) -> Self {
        let signer = NoteSigner::from_seed("jadegate.example/log", &[5; 32]).unwrap();
        let app = open_signing(&store, &clock, &rng, &settings, policy, (signer, mandate)).await;
        let app = app.unwrap();
        Self { app, clock, store, rng, settings, dir, people: 0, staff: 0 }
    }

    /// Changes the database behind the store's back.
    pub(crate) fn raw(&self, text: &str) -> usize {
        let c = rusqlite::Connection::open(self.dir.path().join("t.db")).unwrap();
        c.execute(text, []).unwrap()
    }

    /// Nobody else writes to the database until this is dropped.
    pub(crate) fn keep_from_writing(&self) -> rusqlite::Connection {
        let c = rusqlite::Connection::open(self.dir.path().join("t.db")).unwrap();
        c.execute_batch("BEGIN IMMEDIATE").unwrap();
        c
    }

    /// One text out of the database.
    pub(crate) fn read(&self, text: &str) -> String {
        let c = rusqlite::Connection::open(self.dir.path().join("t.db")).unwrap();
        c.query_row(text, [], |r| r.get(0)).unwrap()
    }

    /// Where the visit index is saved.
    pub(crate) fn index_file(&self) -> &std::path::Path {
        self.settings.index_file.as_deref().unwrap()
    }

    /// As after a restart of the program: everything in memory is gone.
    pub(crate) async fn restart(&mut self) {
        self.app.see_clock().await.unwrap();
        self.app = open(&self.store, &self.clock, &self.rng, &self.settings).await;
    }

    /// Starts again with another policy file.
    pub(crate) async fn restart_with(&mut self, policy: &str) -> jadegate_service::Result<()> {
        self.app.see_clock().await.unwrap();
        self.app = try_open(&self.store, &self.clock, &self.rng, &self.settings, policy).await?;
        Ok(())
    }

    /// Starts again with another signer of the public log.
    pub(crate) async fn restart_signing(&mut self, by: NoteSigner) -> jadegate_service::Result<()> {
        let (store, settings) = (&self.store, &self.settings);
        let by = (by, mandate(settings, &self.clock));
        self.app =
            open_signing(store, &self.clock, &self.rng, settings, &policy_text(), by).await?;
        Ok(())
    }

    /// Starts again with another mandate.
    pub(crate) async fn restart_given(
        &mut self,
        given: MandateGiven,
    ) -> jadegate_service::Result<()> {
        let signer = NoteSigner::from_seed("jadegate.example/log", &[5; 32]).unwrap();
        let (store, settings) = (&self.store, &self.settings);
        let by = (signer, given);
        self.app =
            open_signing(store, &self.clock, &self.rng, settings, &policy_text(), by).await?;
        Ok(())
    }

    /// Another mandate in place of the one that holds or held: a year from now, within the limits of the
    /// settings.
    pub(crate) async fn renew_mandate(&self) {
        let steps = self.app.mandate().steps;
        let now = self.app.now();
        let given = mandate(&self.settings, &self.clock).note.unwrap();
        let signer = NoteSigner::from_seed("trial.invalid/mandate", &[6; 32]).unwrap();
        let first = jadegate_ledger::mandate::Mandate::open(&given, &signer.verifier()).unwrap();
        let number = u32::try_from(steps.len()).unwrap() + 1;
        let next = jadegate_ledger::mandate::Mandate { version: number, from: now, ..first };
        let note = jadegate_ledger::mandate::Mandate::sign(&next.to_text().unwrap(), &signer);
        let step = jadegate_store::MandateStep {
            number,
            kind: jadegate_store::MandateStepKind::Published(note.unwrap()),
            at: now,
            agency: None,
            staff: None,
            proposal: None,
        };
        let unit = Unit::new("test", vec![Write::AddMandateStep(Box::new(step))]);
        self.store.commit(unit).await.unwrap();
        self.app.follow().await.unwrap();
    }

    /// Somebody asks to register.
    pub(crate) async fn try_register(&self, home: &str) -> jadegate_service::Result<()> {
        let input = registration(self.people + 1, document(self.people + 1), home);
        self.app.begin_registration(&input, Asker::at("client")).await.map(drop)
    }

    /// A what-if, run to its end.
    pub(crate) async fn what_if(&self, by: &StaffSession, change: &ChangeInput) -> WhatIfView {
        let mut run = self.app.start_what_if(by, change).await.unwrap();
        while run.state == WhatIfState::Running {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            run = self.app.what_if(by, run.id).await.unwrap();
        }
        assert_eq!(run.state, WhatIfState::Done);
        run
    }

    /// Proposed with its what-if, and approved by the second officer if it waits.
    pub(crate) async fn change(
        &self,
        first: &StaffSession,
        second: &StaffSession,
        change: &ChangeInput,
    ) -> ProposalView {
        let run = self.what_if(first, change).await;
        let p = self.app.propose(first, run.id, "made up").await.unwrap();
        if p.state == "waiting" {
            return self.app.approve_proposal(second, p.id).await.unwrap();
        }
        p
    }

    /// Somebody registers with passport `X0000001` and so on.
    pub(crate) async fn register(&mut self, home: &str) -> (HolderSession, HolderId) {
        let document = document(self.people + 1);
        self.register_with(home, document).await
    }

    /// Somebody registers with this document.
    pub(crate) async fn register_with(
        &mut self,
        home: &str,
        document: DocumentInput,
    ) -> (HolderSession, HolderId) {
        self.people += 1;
        let n = self.people;
        let input = registration(n, document, home);
        let sent =
            self.app.begin_registration(&input, Asker::at(&format!("client-{n}"))).await.unwrap();
        self.clock.advance(1);
        let outbox = self.app.demo_outbox().await.unwrap();
        let text = outbox.into_iter().max_by_key(|(at, ..)| *at).unwrap().2;
        let code: String = text
            .split("code is ")
            .nth(1)
            .unwrap()
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        let done = self.app.answer_challenge(sent.challenge, &code, "").await.unwrap();
        let session = self.app.holder_session(&done.session.token).await.unwrap();
        (session, session.holder())
    }

    /// Whoever holds a phone signs in with it.
    pub(crate) async fn sign_in_by_phone(&self, n: u32) -> HolderSession {
        self.clock.advance(61);
        let client = format!("phone-{n}");
        let sent = self.app.begin_sign_in(&by_phone(n), Asker::at(&client)).await.unwrap();
        let masked = jadegate_domain::Phone::new(&phone(n)).unwrap().mask();
        let outbox = self.app.demo_outbox().await.unwrap();
        let text = outbox.into_iter().find(|m| m.1 == masked).unwrap().2;
        let code = text.split("code is ").nth(1).unwrap();
        let code: String = code.chars().take_while(char::is_ascii_digit).collect();
        let done = self.app.answer_challenge(sent.challenge, &code, "").await.unwrap();
        self.app.holder_session(&done.session.token).await.unwrap()
    }

    /// A session of a gate, as if it had signed in.
    pub(crate) async fn gate_session(&self, gate: jadegate_domain::GateId, token: &str) -> String {
        self.begin(SessionSubject::Gate(gate), token).await
    }

    /// Another session of a holder, for an hour.
    pub(crate) async fn token_of(&self, holder: HolderId) -> String {
        let token = format!("{:043}", holder.as_i64());
        self.begin(SessionSubject::Holder(holder), &token).await
    }

    async fn begin(&self, subject: SessionSubject, token: &str) -> String {
        let token: String = token.chars().take(43).collect();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes());
        let now = self.clock.now();
        let begin = Write::AddSession(jadegate_store::Session {
            token_digest: digest.as_ref().try_into().unwrap(),
            subject,
            created_at: now,
            expires_at: now.plus_secs(3600),
            device: String::new(),
            seen_day: now.utc_day(),
        });
        self.store.commit(Unit::new("test", vec![begin])).await.unwrap();
        token
    }

    /// A confirmed agency.
    pub(crate) async fn agency(&self, kind: &str, region: &str) -> Agency {
        let agency = self.unconfirmed_agency(kind, region).await;
        let confirm = Write::ConfirmAgency { agency: agency.id, by: None, at: self.clock.now() };
        self.store.commit(Unit::new("test", vec![confirm])).await.unwrap();
        agency
    }

    pub(crate) async fn unconfirmed_agency(&self, kind: &str, region: &str) -> Agency {
        let input = AgencyInput {
            kind: kind.to_owned(),
            name: format!("Test {kind}"),
            region: region.to_owned(),
        };
        self.app.create_agency_from_this_machine(&input).await.unwrap()
    }

    /// A member of staff of a new agency, signed in by an invitation.
    pub(crate) async fn staff(&mut self, kind: &str, role: &str, region: &str) -> StaffSession {
        let agency = self.agency(kind, region).await;
        self.member(agency.id, role).await
    }

    /// Another member of the same agency, in the same role.
    pub(crate) async fn colleague(&mut self, of: &StaffSession) -> StaffSession {
        self.member(of.staff().agency, of.staff().role.as_str()).await
    }

    async fn member(&mut self, agency: AgencyId, role: &str) -> StaffSession {
        self.staff += 1;
        let input = StaffInput {
            agency,
            role: role.to_owned(),
            region: String::new(),
            display_name: "Test Staff".to_owned(),
        };
        let invited = self.app.invite_staff_from_this_machine(&input).await.unwrap();
        let passkey = NewPasskey {
            credential_id: self.staff.to_be_bytes().to_vec(),
            passkey: "{}".to_owned(),
        };
        let (_, session) =
            self.app.accept_staff_invitation(&invited.token, passkey, "").await.unwrap();
        self.confirm(agency, invited.staff).await;
        self.app.staff_session(&session.token).await.unwrap()
    }

    /// As if the health commission had confirmed both.
    async fn confirm(&self, agency: jadegate_domain::AgencyId, staff: jadegate_domain::StaffId) {
        let at = self.clock.now();
        let writes = vec![
            Write::ConfirmAgency { agency, by: None, at },
            Write::ConfirmStaff { staff, by: None, at },
        ];
        self.store.commit(Unit::new("test", writes)).await.unwrap();
    }

    pub(crate) async fn officer(&mut self) -> StaffSession {
        self.staff("prevention_team", "officer", "CN-33").await
    }

    pub(crate) async fn place(&mut self, kind: &str, name: &str) -> PlaceId {
        let admin = self.staff("operator", "administrator", "CN").await;
        let input =
            PlaceInput { name: name.to_owned(), kind: kind.to_owned(), division: HOME.to_owned() };
        self.app.create_place(&admin, &input).await.unwrap().id
    }

    /// A visit seen by a gate, from and to. Takes effect with the next [`World::restart`].
    pub(crate) async fn visit(&self, holder: HolderId, place: PlaceId, from: &str, to: &str) {
        let visit = Visit {
            holder,
            place,
            entered: at(from),
            left: Some(at(to)),
            presence: Presence::Gate,
        };
        self.store.commit(Unit::new("test", vec![Write::AddVisit(visit)])).await.unwrap();
    }

    pub(crate) async fn colour(&self, holder: HolderId) -> Colour {
        self.app.assessment(holder).await.unwrap().colour
    }

    /// How many leaves the public log has.
    pub(crate) async fn leaves(&self) -> u64 {
        self.app.log_part(0, 0).await.unwrap().size
    }

    /// Leaves of the public log.
    pub(crate) async fn log(&self, from: u64, limit: u32) -> Vec<LogLeaf> {
        self.app.log_part(from, limit).await.unwrap().leaves
    }
}

fn registration(n: u32, document: DocumentInput, home: &str) -> RegistrationInput {
    RegistrationInput {
        name: "Test Person".to_owned(),
        document,
        nationality: "CN".to_owned(),
        phone: phone(n),
        phone_country: None,
        home_division: home.to_owned(),
        language: "en".to_owned(),
        proof: None,
    }
}

pub(crate) fn document(n: u32) -> DocumentInput {
    DocumentInput {
        doc_type: "passport".to_owned(),
        number: format!("X{n:07}"),
        country: "CHN".to_owned(),
        mrz: None,
    }
}

pub(crate) fn resident_id(number: &str) -> DocumentInput {
    DocumentInput {
        doc_type: "resident_id".to_owned(),
        number: number.to_owned(),
        ..DocumentInput::default()
    }
}

pub(crate) fn phone(n: u32) -> String {
    format!("+86 100 {n:08}")
}

pub(crate) fn by_phone(n: u32) -> SignInInput {
    SignInInput { phone: phone(n), language: "en".to_owned(), ..SignInInput::default() }
}

pub(crate) fn case_of(holder: HolderId) -> CaseInput {
    CaseInput {
        whom: Whom::Holder(holder),
        class: "confirmed".to_owned(),
        onset_at: None,
        confirmed_at: "2022-03-14T02:00:00Z".to_owned(),
        isolated_at: Some("2022-03-14T10:00:00Z".to_owned()),
        trace: false,
    }
}

pub(crate) fn test_of(whom: Whom, result: &str) -> TestInput {
    TestInput {
        whom,
        result: result.to_owned(),
        method: "nucleic_acid".to_owned(),
        sampled_at: "2022-03-14T02:00:00Z".to_owned(),
        sample: None,
    }
}

pub(crate) const REQUEST: Purpose = Purpose::HolderRequest;
