//! The order in which work is put off when more comes than can be done, and what decides it: how long
//! holders and gates wait, and how long their requests take, as measured.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::Method;
use jadegate_service::PutOff;

/// At which step a request is put off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// Can wait for hours.
    Extra,
    /// Shows what was.
    History,
    /// Is new.
    Entry,
    /// A code, a scan, what a gate or an operator needs, the pages themselves: never put off.
    Code,
}

impl Rank {
    /// For metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Extra => "extra",
            Self::History => "history",
            Self::Entry => "entry",
            Self::Code => "code",
        }
    }

    /// Is it worked on while so much is put off?
    pub(crate) const fn goes_on(self, put_off: PutOff) -> bool {
        match put_off {
            PutOff::Nothing => true,
            PutOff::Extras => !matches!(self, Self::Extra),
            PutOff::History => matches!(self, Self::Entry | Self::Code),
            PutOff::Entries => matches!(self, Self::Code),
        }
    }

    /// The rank of a request. Whatever changes something and is named nowhere is an entry, whatever only
    /// reads is history.
    pub(crate) fn of(method: &Method, path: &str) -> Self {
        let under = |prefix: &str| {
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let any = |all: &[&str]| all.iter().any(|prefix| under(prefix));
        let reads = matches!(*method, Method::GET | Method::HEAD);
        if !path.starts_with("/v1/") && path != "/openapi.json" {
            // Pages, and what asks if the server is there.
            return Self::Code;
        }
        let extra = path == "/openapi.json"
            || any(&["/v1/log", "/v1/public", "/v1/regions", "/v1/mandate", "/v1/staff/overview"])
            || (*method == Method::POST
                && (path.ends_with("/import")
                    || any(&["/v1/staff/what-ifs", "/v1/staff/trace-jobs", "/v1/staff/policies"])));
        if extra {
            return Self::Extra;
        }
        let code = any(&["/v1/info", "/v1/keys", "/v1/gate", "/v1/gates", "/v1/me/code"])
            || any(&["/v1/staff/sign-in", "/v1/staff/me", "/v1/staff/operation"])
            || any(&["/v1/session", "/v1/staff/session", "/v1/me/check-ins"])
            // Those whose codes somebody carries, and an arrival at a place.
            || (reads && (path == "/v1/me" || path == "/v1/me/people"))
            || (*method == Method::POST && path == "/v1/me/visits")
            // Taking work away again.
            || (*method == Method::DELETE
                && any(&["/v1/staff/what-ifs", "/v1/staff/trace-jobs"]));
        match (code, reads && !any(&["/v1/divisions", "/v1/challenges"])) {
            (true, _) => Self::Code,
            (false, true) => Self::History,
            (false, false) => Self::Entry,
        }
    }
}

/// So few requests in a look tell nothing of the load, however long each took: there is nothing to put off.
const FEW: u64 = 20;

/// What was measured since the last look, of holders' and gates' requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    /// The longest that one waited to be worked on, whether it was or not.
    pub(crate) waited: Duration,
    /// How long one took once it was let in, in the mean: the store's latency is in it, and what else
    /// the machine does.
    pub(crate) worked: Duration,
}

/// From which load on each step is taken: so long a wait, or so long a work.
const STEPS: [(PutOff, Load); 3] = [
    (PutOff::Extras, load(60, 150)),
    (PutOff::History, load(200, 400)),
    (PutOff::Entries, load(500, 1_000)),
];

/// Looks in a row at less than half of a step's load after which it is given up: two seconds, so that
/// everything is worked on again within ten.
const CALM: u32 = 8;

const fn load(waited: u64, worked: u64) -> Load {
    Load { waited: Duration::from_millis(waited), worked: Duration::from_millis(worked) }
}

impl Load {
    fn reaches(&self, bound: &Self) -> bool {
        self.waited >= bound.waited || self.worked >= bound.worked
    }

    /// What it asks for.
    fn asks_for(&self) -> PutOff {
        let reached = STEPS.iter().rev().find(|(_, bound)| self.reaches(bound));
        reached.map_or(PutOff::Nothing, |(step, _)| *step)
    }

    fn doubled(&self) -> Self {
        Self { waited: self.waited.saturating_mul(2), worked: self.worked.saturating_mul(2) }
    }
}

/// Goes up and down the steps, one at a look.
#[derive(Debug, Default)]
pub(crate) struct Ladder {
    at: PutOff,
    /// Looks in a row at which the load was low enough for the step before.
    calm: u32,
}

impl Ladder {
    /// The step after this look. Up at once; down when it has been calm for a while, for what was put off
    /// comes back then.
    pub(crate) fn look(&mut self, load: &Load) -> PutOff {
        let asked = load.asks_for();
        if asked > self.at {
            self.at = self.at.more();
            self.calm = 0;
        } else if load.doubled().asks_for() < self.at {
            self.calm += 1;
            if self.calm >= CALM {
                self.at = self.at.less();
                self.calm = 0;
            }
        } else {
            self.calm = 0;
        }
        self.at
    }
}

/// Adds up what is measured, between two looks.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    waited: AtomicU64,
    worked: AtomicU64,
    done: AtomicU64,
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Meter {
    /// One waited so long.
    pub(crate) fn waited(&self, time: Duration) {
        self.waited.fetch_max(micros(time), Ordering::Relaxed);
    }

    /// One took so long.
    pub(crate) fn worked(&self, time: Duration) {
        self.worked.fetch_add(micros(time), Ordering::Relaxed);
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// What was measured since the last time.
    pub(crate) fn take(&self) -> Load {
        let take = |of: &AtomicU64| of.swap(0, Ordering::Relaxed);
        let (done, worked) = (take(&self.done), take(&self.worked));
        Load {
            waited: Duration::from_micros(take(&self.waited)),
            worked: Duration::from_micros(if done < FEW { 0 } else { worked / done }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The steps after these waits, in milliseconds.
    fn steps(waits: &[u64]) -> Vec<PutOff> {
        let mut ladder = Ladder::default();
        waits.iter().map(|wait| ladder.look(&load(*wait, 0))).collect()
    }

    #[test]
    fn a_rush_is_met_one_step_after_the_other() {
        use PutOff::{Entries, Extras, History, Nothing};
        assert_eq!(steps(&[0, 59, 60, 60, 60]), [Nothing, Nothing, Extras, Extras, Extras]);
        assert_eq!(steps(&[1_000; 4]), [Extras, History, Entries, Entries]);
        // A slow store is a load as well, though nobody waits in a queue.
        let mut ladder = Ladder::default();
        assert_eq!(ladder.look(&load(0, 149)), Nothing);
        assert_eq!((ladder.look(&load(0, 400)), ladder.look(&load(0, 400))), (Extras, History));
    }

    #[test]
    fn when_the_rush_is_over_everything_is_worked_on_within_ten_seconds() {
        let mut ladder = Ladder::default();
        for _ in 0..3 {
            ladder.look(&load(1_000, 0));
        }
        assert_eq!(ladder.at, PutOff::Entries);
        let looks = (1..1_000).find(|_| ladder.look(&Load::default()) == PutOff::Nothing);
        assert_eq!(looks, Some(3 * CALM), "a look is a quarter of a second");
    }

    /// What was put off comes back: between the bound and its half nothing changes, and a single calm look
    /// neither.
    #[test]
    fn it_does_not_flutter() {
        let mut ladder = Ladder::default();
        ladder.look(&load(60, 0));
        for n in 0..100 {
            let wait = if n % 8 == 0 { 31 } else { 0 };
            assert_eq!(ladder.look(&load(wait, 0)), PutOff::Extras);
        }
        for _ in 0..CALM {
            ladder.look(&load(29, 0));
        }
        assert_eq!(ladder.at, PutOff::Nothing);
    }

    #[test]
    fn a_meter_tells_the_longest_wait_and_the_mean_work_once() {
        let meter = Meter::default();
        let ms = Duration::from_millis;
        for time in 1..=FEW {
            meter.waited(ms(time));
            meter.worked(ms(time * 2));
        }
        assert_eq!(meter.take(), load(FEW, FEW + 1));
        assert_eq!(meter.take(), Load::default());
        // One that takes long, on a slow machine that nobody else asks, is no rush.
        meter.worked(ms(5_000));
        assert_eq!(meter.take(), Load::default());
    }

    #[test]
    fn openings_and_scans_are_put_off_by_nothing() {
        let of = |text: &str| {
            let (method, path) = text.split_once(' ').unwrap();
            Rank::of(&method.parse().unwrap(), path)
        };
        for (request, rank) in [
            ("GET /v1/me/code", Rank::Code),
            ("GET /v1/me/code/next", Rank::Code),
            ("GET /v1/me/people", Rank::Code),
            ("POST /v1/me/visits", Rank::Code),
            ("POST /v1/gate/scans", Rank::Code),
            ("POST /v1/gates/7/session", Rank::Code),
            ("GET /v1/keys", Rank::Code),
            ("GET /", Rank::Code),
            ("GET /gate", Rank::Code),
            ("GET /readyz", Rank::Code),
            ("GET /v1/staff/operation", Rank::Code),
            ("DELETE /v1/staff/trace-jobs/7", Rank::Code),
            ("POST /v1/registrations", Rank::Entry),
            ("POST /v1/sessions", Rank::Entry),
            ("GET /v1/challenges/7", Rank::Entry),
            ("GET /v1/divisions", Rank::Entry),
            ("POST /v1/me/appeals", Rank::Entry),
            ("POST /v1/staff/cases", Rank::Entry),
            ("POST /v1/staff/tests", Rank::Entry),
            ("GET /v1/me/visits", Rank::History),
            ("GET /v1/me/history", Rank::History),
            ("GET /v1/staff/cases", Rank::History),
            ("GET /v1/menu", Rank::History),
            ("GET /v1/log/leaves", Rank::Extra),
            ("GET /v1/public/appeals", Rank::Extra),
            ("POST /v1/staff/tests/import", Rank::Extra),
            ("POST /v1/staff/what-ifs", Rank::Extra),
            ("GET /openapi.json", Rank::Extra),
        ] {
            assert_eq!(of(request), rank, "{request}");
        }
        for rank in [Rank::Extra, Rank::History, Rank::Entry, Rank::Code] {
            // Each step puts off one rank more, the lowest first.
            let on: Vec<bool> = PutOff::ALL.into_iter().map(|step| rank.goes_on(step)).collect();
            let steps = rank as usize + 1;
            assert_eq!(on, (0..4).map(|n| n < steps).collect::<Vec<_>>(), "{rank:?}");
        }
    }
}
