//! A clock that cannot be believed: what follows from time alone is held until an operator confirms.
//!
//! The store keeps the last moment at which the clock was believed, written each minute. If the clock
//! is further off than [`judge_clock`](crate::clock::judge_clock) allows, nothing is purged, nothing
//! expires and no colour is worked out by it: a stored colour is shown as long as it holds, and all
//! else is answered with what is wrong. A clock that is put right is believed again by itself; one
//! that was right all along (the server stood still for long) is confirmed with
//! `jadegate clock confirm`.

use std::sync::PoisonError;

use jadegate_domain::Timestamp;
use jadegate_store::Write;

use crate::app::App;
use crate::clock::{ClockVerdict, judge_clock};
use crate::error::{Kind, Result, ServiceError};

/// Where the store keeps the last moment believed, in seconds since the epoch.
const SETTING: &str = "clock_seen";

impl App {
    /// What is to be thought of the clock now.
    pub fn clock_verdict(&self) -> ClockVerdict {
        if !self.deployment.settings.watch_clock {
            return ClockVerdict::Steady;
        }
        let seen = *self.condition.seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((seen, at)) = seen else { return ClockVerdict::Steady };
        judge_clock(
            Some(seen),
            self.now(),
            at.map(|at| self.deployment.clock.elapsed().saturating_sub(at)),
        )
    }

    /// Must nothing be decided by the clock?
    pub(crate) fn clock_is_held(&self) -> bool {
        self.clock_verdict() != ClockVerdict::Steady
    }

    /// Refuses, with the reason, while the clock cannot be believed.
    pub(crate) fn clock_must_hold(&self) -> Result<()> {
        clock_problem(self.clock_verdict()).map_or(Ok(()), Err)
    }

    /// Reads what the store knows of the clock; at the start.
    pub(crate) async fn load_clock(&self) -> Result<()> {
        if !self.deployment.settings.watch_clock {
            return Ok(());
        }
        let Some(text) = self.store.setting(SETTING).await? else {
            return self.believe_clock().await;
        };
        // A value that is none stands for a moment long ago: somebody has to look.
        let seen = Timestamp::from_secs(text.parse().unwrap_or(0));
        *self.condition.seen.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((seen, None));
        self.see_clock().await.map(drop)
    }

    /// Looks at the clock and remembers the moment, if it can be believed. A job calls it each minute.
    pub async fn see_clock(&self) -> Result<ClockVerdict> {
        let verdict = self.clock_verdict();
        if !self.deployment.settings.watch_clock {
            return Ok(verdict);
        }
        match clock_problem(verdict) {
            None => self.believe_clock().await?,
            Some(e) => tracing::error!(code = e.code, "{}", e.detail),
        }
        Ok(verdict)
    }

    /// An operator says that the clock is right: everything goes on from this moment.
    pub async fn confirm_clock(&self) -> Result<()> {
        let verdict = self.clock_verdict();
        self.believe_clock().await?;
        tracing::warn!(?verdict, now = %self.now(), "the clock was confirmed by an operator");
        Ok(())
    }

    async fn believe_clock(&self) -> Result<()> {
        let (now, at) = (self.now(), self.deployment.clock.elapsed());
        let value = now.as_secs().to_string();
        let write = Write::PutSetting { name: SETTING, value, expect: None };
        self.commit("clock_seen", vec![write]).await?;
        *self.condition.seen.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((now, Some(at)));
        Ok(())
    }
}

/// What is wrong with the clock, and what to do.
pub(crate) fn clock_problem(verdict: ClockVerdict) -> Option<ServiceError> {
    let (code, secs, way) = match verdict {
        ClockVerdict::Steady => return None,
        ClockVerdict::Ahead(secs) => ("clock.ahead", secs, "ahead of"),
        ClockVerdict::Behind(secs) => ("clock.behind", secs, "behind"),
    };
    let off = if secs >= 2 * 86_400 {
        format!("{} days", secs / 86_400)
    } else {
        format!("{} hours", secs / 3600)
    };
    let detail = format!(
        "The server's clock is {off} {way} where it was last right, so nothing is decided by it: no code is made, no colour changes, and nothing is deleted. Nothing was lost. The operator has to set the clock right, or, if it is right, confirm it with `jadegate clock confirm`."
    );
    Some(ServiceError::new(Kind::Unavailable, code, detail).retry_after(60))
}
