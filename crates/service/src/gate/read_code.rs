//! What a code that was read says, on a phone or on paper.

use jadegate_domain::gate::Direction;
use jadegate_domain::{Colour, HolderId, Timestamp};
use jadegate_pass::{PaperCode, PassError, VerifiedCode};

use super::paper::PaperRead;
use super::paper_list::LIST_SECONDS;
use super::scan_input::ScanInput;
use crate::app::App;
use crate::error::Result;
use crate::visits::presence::LONGEST_STAY_SECONDS;

/// The problem of a scan without any code.
pub(super) const NO_CODE: &str = "scan.no_code";

/// What a code said.
#[derive(Clone, Copy, Debug)]
pub(super) struct CodeRead {
    pub(super) holder: Option<HolderId>,
    pub(super) colour: Option<Colour>,
    pub(super) problem: Option<&'static str>,
    /// It is on paper: without a colour, whose it is was asked of the store. The moment by which it is
    /// judged.
    pub(super) on_paper: Option<Timestamp>,
}

impl CodeRead {
    pub(super) const fn nothing(problem: &'static str) -> Self {
        Self { holder: None, colour: None, problem: Some(problem), on_paper: None }
    }
}

/// A text that was read.
pub(super) enum Read {
    /// All that it says is known.
    Code(CodeRead),
    /// A genuine code on paper.
    Paper(Box<PaperCode>),
}

impl From<CodeRead> for Read {
    fn from(code: CodeRead) -> Self {
        Self::Code(code)
    }
}

/// The moment of what a gate went by at a paper: not after the scan, and not longer before it than a
/// list lives.
fn known_at(input: &ScanInput) -> Timestamp {
    let told = input.known_at.unwrap_or(input.at);
    told.clamp(input.at.plus_secs(-LIST_SECONDS), input.at)
}

impl App {
    /// Verifies the code as of the moment it was read and opens its handle. Who leaves is not judged:
    /// they may show the code of their entry, or the gate's clock may be wrong. It is said that the
    /// code is not fresh, but it is known whose visit ends.
    pub(super) fn read_code(&self, input: &ScanInput) -> Read {
        let Some(text) = input.code.as_deref() else { return CodeRead::nothing(NO_CODE).into() };
        let (text, at) = (text.trim(), input.at);
        if text.starts_with(jadegate_pass::PAPER_PREFIX) {
            return match self.paper_code(text, at) {
                Ok(code) => Read::Paper(Box::new(code)),
                Err(e) => CodeRead::nothing(e.code()).into(),
            };
        }
        self.read_live(input, text).into()
    }

    /// Whose paper it is, if it is paper.
    pub(super) async fn whose_code(&self, input: &ScanInput, read: Read) -> Result<CodeRead> {
        let code = match read {
            Read::Code(code) => return Ok(self.of_person(code)),
            Read::Paper(code) => code,
        };
        let known_at = known_at(input);
        let paper = self.whose_paper(&code, known_at, input.direction).await?;
        let PaperRead { holder, problem } = paper;
        let code = CodeRead { holder, colour: None, problem, on_paper: Some(known_at) };
        Ok(self.of_person(code))
    }

    /// A code of any of a person's records is that person's.
    fn of_person(&self, code: CodeRead) -> CodeRead {
        let holder = code.holder.map(|record| self.memory.person(record));
        CodeRead { holder, ..code }
    }

    fn read_live(&self, input: &ScanInput, text: &str) -> CodeRead {
        let at = input.at;
        let skew = u32::try_from(self.deployment.settings.clock_skew_seconds).unwrap_or(0);
        let issuer = self.issuer();
        let open = |code: &VerifiedCode| {
            jadegate_pass::open(issuer.handle_keys(), &code.handle, code.issued_at)
        };
        // What was signed here is not looked at twice.
        let own = self.memory.issued.knows(text);
        let verify = if own { jadegate_pass::verify_own } else { jadegate_pass::verify };
        let read = verify(issuer.key_set(), text, at, skew)
            .and_then(|code| Ok((open(&code)?, code.colour)));
        match read {
            Ok((holder, colour)) => {
                let (holder, colour) = (Some(holder), Some(colour));
                CodeRead { holder, colour, problem: None, on_paper: None }
            }
            Err(e @ (PassError::Stale | PassError::NotYetValid))
                if input.direction == Direction::Out =>
            {
                let recent = |code: &VerifiedCode| {
                    at.secs_since(code.issued_at).abs() <= LONGEST_STAY_SECONDS
                };
                let code = jadegate_pass::verify_of_any_age(issuer.key_set(), text).ok();
                let holder = code.filter(recent).and_then(|code| open(&code).ok());
                CodeRead { holder, ..CodeRead::nothing(e.code()) }
            }
            Err(e) => CodeRead::nothing(e.code()),
        }
    }
}
