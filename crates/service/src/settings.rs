//! Limits and names of a deployment. The mandate's numbers here are those of a database that has no mandate
//! yet; from then on it says them ([`App::limits`](crate::App::limits)).

use std::path::PathBuf;

use jadegate_ledger::cosign::WitnessPolicy;

/// Limits and names; `cli` fills them from defaults, file, environment and flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The deployment's name, shown on every page.
    pub name: String,
    /// Is the clock compared with what the store and the process know of it? Off only where it is
    /// moved on purpose, as in the demo.
    pub watch_clock: bool,
    /// The made-up town and its shortcuts are on; `serve` refuses this.
    pub demo: bool,
    /// Does this process serve the pages? A first start that does fixes the public log's name by its
    /// address; a command that only writes something does not know that address.
    pub serves: bool,
    /// Is there a gateway that takes messages to phones? Without one no code is promised to anybody.
    pub gateway: bool,
    /// Where the visit index is saved, in the database's folder; it is as sensitive as the visits.
    /// Without it each start sorts all visits anew.
    pub index_file: Option<PathBuf>,
    /// One-time code: seconds it lives.
    pub otp_seconds: i64,
    /// One-time code: wrong answers before it is worth nothing.
    pub otp_tries: u32,
    /// Seconds between two messages to one phone.
    pub otp_pause_seconds: i64,
    /// Messages to one phone within an hour, whoever asks; also the requests for one phone within an
    /// hour that take no work.
    pub otp_per_hour: u32,
    /// Messages to one phone within 24 hours, whoever asks.
    pub otp_per_day: u32,
    /// Codes one client address may ask for within an hour without work.
    pub otp_per_client_hour: u32,
    /// Seconds a holder's session lives.
    pub holder_session_seconds: i64,
    /// Seconds for which a device on which a holder signed in is told from a stranger's.
    pub device_seconds: i64,
    /// Seconds a staff session lives.
    pub staff_session_seconds: i64,
    /// Seconds a gate's session lives.
    pub gate_session_seconds: i64,
    /// Seconds for which a gate may work without reaching the server, and the age up to which its
    /// scans are taken.
    pub offline_grace_seconds: i64,
    /// Seconds a clock at a gate may be ahead or behind.
    pub clock_skew_seconds: i64,
    /// Seconds a staff invitation or gate enrolment link lives.
    pub invitation_seconds: i64,
    /// Seconds a rotating venue code lives.
    pub venue_screen_seconds: i64,
    /// The mandate's threshold, in hundredths of a percent: a change that turns more than this share
    /// of a division's holders from green to another colour needs a second officer.
    pub second_officer_basis_points: u32,
    /// The mandate's other threshold: a change that turns more people than this from green to another
    /// colour needs a second officer too, however small a share they are.
    pub second_officer_people: u64,
    /// The mandate's number for an agency: how many pieces of evidence that can make somebody yellow
    /// or red count within an hour without a second pair of eyes. What is above waits.
    pub waiting_above_per_hour: u32,
    /// The same for one member of staff.
    pub waiting_above_per_staff_hour: u32,
    /// The mandate's number for an agency: how many records that can confine somebody it takes back or
    /// corrects away within an hour without a second pair of eyes.
    pub withdrawals_above_per_hour: u32,
    /// The same for one member of staff.
    pub withdrawals_above_per_staff_hour: u32,
    /// Seconds after which what waits lapses undecided.
    pub waiting_seconds: i64,
    /// The mandate's hours within which an appeal is to be decided, where the policy says none for the
    /// rule; nothing becomes milder by itself then.
    pub appeal_hours: i64,
    /// The mandate's share, in hundredths, of appeals about one rule that may be granted before somebody
    /// has to look at the rule.
    pub appeals_overturned_percent: u32,
    /// Seconds for which a what-if can be attached to a proposal.
    pub what_if_seconds: i64,
    /// Seconds after which a proposal that nobody decided on lapses.
    pub proposal_seconds: i64,
    /// Identity requests that one agency may make within a day.
    pub identity_requests_per_day: u32,
    /// Hours after which at the latest a person sees that their identity was asked for.
    pub notice_delay_hours: u32,
    /// Who is to see each checkpoint of the public log before it is published.
    pub witnesses: Witnesses,
}

/// The witnesses of the public log (<https://c2sp.org/tlog-witness>).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witnesses {
    /// Their keys, and how many of them are demanded.
    pub policy: WitnessPolicy,
    /// Where each of them is asked, in the order of the keys: the address before `/add-checkpoint`.
    pub urls: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: "Jadegate".to_owned(),
            watch_clock: true,
            demo: false,
            serves: true,
            gateway: true,
            index_file: None,
            otp_seconds: 300,
            otp_tries: 5,
            otp_pause_seconds: 60,
            otp_per_hour: 5,
            otp_per_day: 10,
            otp_per_client_hour: 60,
            holder_session_seconds: 90 * 86_400,
            device_seconds: 365 * 86_400,
            staff_session_seconds: 12 * 3600,
            gate_session_seconds: 12 * 3600,
            offline_grace_seconds: 24 * 3600,
            clock_skew_seconds: 5,
            invitation_seconds: 3 * 86_400,
            venue_screen_seconds: 90,
            second_officer_basis_points: 100,
            second_officer_people: 100,
            waiting_above_per_hour: 100,
            waiting_above_per_staff_hour: 50,
            withdrawals_above_per_hour: 30,
            withdrawals_above_per_staff_hour: 10,
            waiting_seconds: 86_400,
            appeal_hours: 72,
            appeals_overturned_percent: 25,
            what_if_seconds: 3600,
            proposal_seconds: 86_400,
            witnesses: Witnesses::default(),
            identity_requests_per_day: 20,
            notice_delay_hours: 24,
        }
    }
}
