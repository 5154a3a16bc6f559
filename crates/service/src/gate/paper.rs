//! A code on paper at a gate: which paper it is, whose, and how it stands.
//!
//! A gate with network asks while the person stands there. What it then hands in is judged by what it
//! could know ([`ScanInput::known_at`](super::scan_input::ScanInput::known_at)), as a code on a phone is
//! judged by the colour in it.

use jadegate_domain::gate::Direction;
use jadegate_domain::{Colour, HolderId, Timestamp};
use jadegate_pass::{PaperCode, PassError};
use jadegate_store::{Latest, Paper, Standing};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::Result;
use crate::session::GateSession;

/// Lost, or another one was printed in its place.
pub(super) const ENDED: &str = "paper.ended";
/// Its term is over.
pub(super) const EXPIRED: &str = "paper.expired";
/// Genuine, but nobody's: it was purged, or a backup was restored.
pub(super) const UNKNOWN: &str = "paper.unknown";
/// Changes of colour that are looked through.
const CHANGES: u32 = 1_000;

/// What a gate asks of a paper.
#[derive(Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PaperQuestion {
    /// What was read.
    pub code: String,
    /// Which way.
    pub direction: Direction,
}

/// Never shows the code.
impl std::fmt::Debug for PaperQuestion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PaperQuestion").field("direction", &self.direction).finish_non_exhaustive()
    }
}

/// How a paper stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PaperAnswer {
    /// The holder's colour; `None`: the paper says nothing about anybody.
    pub colour: Option<Colour>,
    /// The holder's name, masked, to be compared with the one on the paper and with whoever shows it.
    pub name_masked: Option<String>,
    /// What is wrong with it, as a stable code.
    pub problem: Option<&'static str>,
    /// The moment of which this is true; to be handed in with the scan.
    pub known_at: Timestamp,
    /// The server's clock.
    pub server_time: Timestamp,
}

/// Whose paper it is, and what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PaperRead {
    pub(super) holder: Option<HolderId>,
    pub(super) problem: Option<&'static str>,
}

impl App {
    /// How a paper stands now. Records nothing: the scan is handed in as any other.
    pub async fn ask_paper(&self, _: &GateSession, asked: &PaperQuestion) -> Result<PaperAnswer> {
        self.clock_must_hold()?;
        self.must_follow()?;
        let now = self.now();
        let answer = |colour, name_masked, problem| PaperAnswer {
            colour,
            name_masked,
            problem,
            known_at: now,
            server_time: now,
        };
        let code = match self.paper_code(asked.code.trim(), now) {
            Ok(code) => code,
            Err(e) => return Ok(answer(None, None, Some(e.code()))),
        };
        let read = self.whose_paper(&code, now, asked.direction).await?;
        let Some(holder) = read.holder else { return Ok(answer(None, None, read.problem)) };
        let name = self.identity(holder).await?.map(|i| i.name.mask());
        if read.problem.is_some() {
            return Ok(answer(None, name, read.problem));
        }
        Ok(answer(Some(self.assessment(holder).await?.colour), name, None))
    }

    /// A genuine code on paper. Whether its term is over is told with whose it is.
    pub(super) fn paper_code(
        &self,
        text: &str,
        at: Timestamp,
    ) -> std::result::Result<PaperCode, PassError> {
        let skew = self.deployment.settings.clock_skew_seconds;
        let code = jadegate_pass::verify_paper_of_any_age(self.issuer().key_set(), text)?;
        if at.plus_secs(skew) < code.issued_at {
            return Err(PassError::NotYetValid);
        }
        Ok(code)
    }

    /// Whose paper it is, by what was known at a moment. Whoever leaves is not judged, so a paper past
    /// its term still says who they are. One that was reported lost says nothing in either direction: a
    /// finder could else end the visit of whoever lost it.
    pub(super) async fn whose_paper(
        &self,
        code: &PaperCode,
        known_at: Timestamp,
        direction: Direction,
    ) -> Result<PaperRead> {
        let nobody = |problem| PaperRead { holder: None, problem: Some(problem) };
        let Some(paper) = self.store.paper(code.paper).await? else { return Ok(nobody(UNKNOWN)) };
        if paper.ended.is_some_and(|(at, _)| at <= known_at) {
            return Ok(nobody(ENDED));
        }
        if is_over(&paper, known_at, self.deployment.settings.clock_skew_seconds) {
            let holder = Some(paper.holder).filter(|_| direction == Direction::Out);
            return Ok(PaperRead { holder, problem: Some(EXPIRED) });
        }
        Ok(PaperRead { holder: Some(paper.holder), problem: None })
    }

    /// The colour that somebody's paper had at a gate: the present one for a scan made just now, and
    /// otherwise the one that was known at the moment by which the gate went.
    pub(super) async fn paper_colour(
        &self,
        known: &Standing,
        at: Timestamp,
        known_at: Timestamp,
    ) -> Result<Colour> {
        let holder = known.holder.id;
        let now = match self.rule_set().colour_of(known) {
            Some(colour) => colour,
            None => self.assessment(holder).await?.colour,
        };
        if self.now().secs_since(at) <= i64::from(self.policy().fresh_seconds()) {
            return Ok(now);
        }
        let changes = self.store.colour_changes(holder, Latest::first(CHANGES)).await?;
        Ok(match changes.iter().find(|c| c.at <= known_at) {
            Some(last) => last.to,
            None => changes.last().map_or(now, |first| first.from.unwrap_or(first.to)),
        })
    }
}

/// Is a paper's term over?
fn is_over(paper: &Paper, at: Timestamp, skew_seconds: i64) -> bool {
    at >= paper.expires_at.plus_secs(skew_seconds)
}
