//! What a use case can fail with. Only `web` knows what status code that is.

use jadegate_domain::Purpose;
use jadegate_domain::agency::UnknownName;
use jadegate_domain::record::RecordKind;
use jadegate_store::{Precondition, RowRef, StoreError};

use crate::staff::power::Power;

/// The kind of failure, for the outermost layer to translate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The input is wrong; the caller can correct it.
    BadInput,
    /// Nobody is signed in, or the session has ended.
    SignedOut,
    /// Signed in, but this is not theirs to do.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// It clashes with what is there (used, taken, changed meanwhile).
    Conflict,
    /// Too often; try again later.
    TooMany,
    /// A part is not available; nothing was lost; try again later.
    Unavailable,
    /// A fault of the program or its data; the details are in the log.
    Internal,
}

/// One wrong field of the input.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field's name as in the API (`document.number`).
    pub field: &'static str,
    /// Stable code.
    pub code: &'static str,
    /// What is wrong and what to do, without the value.
    pub detail: String,
}

/// What has to be solved.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Puzzle {
    /// Send it back as it is.
    pub puzzle: String,
    /// Leading zero bits that SHA-256 of `puzzle:nonce` must have.
    pub bits: u32,
}

/// The rule by which a member of staff was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Any of these powers would do.
    pub powers: &'static [Power],
    /// The purpose for which none of them lets anybody look.
    pub purpose: Option<Purpose>,
}

/// Why a use case did not do what was asked, in words for the person who asked.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {detail}{}", .inside.as_ref().map(|i| format!(" ({i})")).unwrap_or_default())]
pub struct ServiceError {
    /// Its kind.
    pub kind: Kind,
    /// Stable code (`otp.wrong`).
    pub code: &'static str,
    /// What happened and what to do; holds no personal data.
    pub detail: String,
    /// Wrong fields, all at once.
    pub fields: Box<[FieldError]>,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<u32>,
    /// Tries left, for one-time codes.
    pub tries_left: Option<u32>,
    /// What has to be calculated first, for one-time codes.
    pub puzzle: Option<Box<Puzzle>>,
    /// The rule that was missing, where a member of staff may not do it.
    pub missing: Option<Box<Missing>>,
    /// For the log only.
    pub inside: Option<Box<str>>,
    /// The stored row that cannot be read, if that is the reason.
    pub row: Option<Box<RowRef>>,
}

/// Result of a use case.
pub type Result<T> = std::result::Result<T, ServiceError>;

impl ServiceError {
    /// A failure with its stable code and its words.
    pub fn new(kind: Kind, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            detail: detail.into(),
            fields: Box::default(),
            retry_after: None,
            tries_left: None,
            puzzle: None,
            missing: None,
            inside: None,
            row: None,
        }
    }

    /// Wrong input.
    pub fn bad(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::BadInput, code, detail)
    }

    /// Nothing there.
    pub fn not_found(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, code, detail)
    }

    /// Not theirs to do.
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::Forbidden, code, detail)
    }

    /// A fault of ours, with its details for the log.
    pub fn internal(inside: impl std::fmt::Display) -> Self {
        let mut e = Self::new(
            Kind::Internal,
            "internal",
            "Something went wrong on our side. Nothing was changed. Please try again; if it goes on, tell the operator.",
        );
        e.inside = Some(inside.to_string().into());
        e
    }

    /// Something stored about one person or thing cannot be read: that one alone is concerned, and
    /// nothing is said about it rather than something wrong.
    pub fn unreadable(row: RowRef) -> Self {
        let mut e = Self::new(
            Kind::Internal,
            "record.unreadable",
            "A part of this record cannot be read, so nothing is said about it. Nothing was changed. The operator can see which part it is and put it right; please tell them.",
        );
        e.inside = Some(format!("{}.{} of row {}", row.table, row.column, row.row).into());
        e.row = Some(Box::new(row));
        e
    }

    /// All wrong fields at once.
    pub fn fields(fields: Vec<FieldError>) -> Self {
        let mut e = Self::bad("input.invalid", "Some fields need correcting.");
        e.fields = fields.into();
        e
    }

    /// With the rule that was missing.
    #[must_use]
    pub(crate) fn missing(mut self, powers: &'static [Power], purpose: Option<Purpose>) -> Self {
        self.missing = Some(Box::new(Missing { powers, purpose }));
        self
    }

    /// With seconds to wait.
    #[must_use]
    pub const fn retry_after(mut self, secs: u32) -> Self {
        self.retry_after = Some(secs);
        self
    }
}

impl From<StoreError> for ServiceError {
    fn from(e: StoreError) -> Self {
        match e {
            StoreError::Unavailable(inside) => {
                let mut e = Self::new(
                    Kind::Unavailable,
                    "store.unavailable",
                    "The service is busy. Nothing was lost; please try again in a few seconds.",
                )
                .retry_after(2);
                e.inside = Some(inside.into());
                e
            }
            StoreError::Conflict {
                precondition: Precondition::EvidenceVersion | Precondition::Assessment,
                ..
            } => Self::new(
                Kind::Conflict,
                "evidence.changed",
                "This person's record changed at the same moment. Please try again.",
            ),
            StoreError::Conflict { precondition: Precondition::Stands, .. } => ended(),
            StoreError::Conflict { precondition: Precondition::Lease, .. } => turn_lost(),
            StoreError::Conflict { precondition: Precondition::Leads, .. } => Self::new(
                Kind::Conflict,
                "document.moved",
                "This document was given to its owner a moment ago. Please send it again.",
            ),
            StoreError::Conflict {
                precondition: Precondition::NotWithdrawn { record }, ..
            } => taken_back(record),
            StoreError::Conflict { precondition: Precondition::Agrees, .. } => Self::new(
                Kind::Conflict,
                "visit.other_end",
                "This visit is recorded with another end; what is recorded stays.",
            ),
            other => match (other.no_room(), other.row()) {
                (Some((_, seconds)), _) => limit_reached(seconds),
                (None, Some(row)) => Self::unreadable(row),
                (None, None) => Self::internal(other),
            },
        }
    }
}

impl From<UnknownName> for ServiceError {
    fn from(e: UnknownName) -> Self {
        Self::bad("input.unknown_name", e.to_string())
    }
}

/// Another server took over what this one was deciding.
fn turn_lost() -> ServiceError {
    ServiceError::new(
        Kind::Unavailable,
        "server.busy",
        "Another change was made at the same moment. Nothing of yours was changed; please try again.",
    )
    .retry_after(5)
}

/// What was to be changed or built upon has ended since it was loaded.
pub(crate) fn ended() -> ServiceError {
    ServiceError::new(
        Kind::Conflict,
        "record.ended",
        "This was withdrawn or replaced a moment ago. Nothing was changed; please load it again.",
    )
}

/// Is it that what was loaded has ended meanwhile? Then load it again and decide again.
pub(crate) fn is_ended(e: &ServiceError) -> bool {
    e.kind == Kind::Conflict && e.code == "record.ended"
}

/// What a unit builds on was withdrawn, or begun to be, at the same moment.
fn taken_back(record: RecordKind) -> ServiceError {
    let (code, detail) = match record {
        RecordKind::Import => (
            "import.withdrawn",
            "This file was withdrawn while it was being recorded. Nothing more of it is recorded, and what was recorded of it is taken back.",
        ),
        RecordKind::Case => (
            "case.withdrawn",
            "This case was withdrawn at the same moment. Nothing was added to it.",
        ),
        _ => ("record.withdrawn", "This was withdrawn at the same moment. Nothing was changed."),
    };
    ServiceError::new(Kind::Conflict, code, detail)
}

/// A limit that is reached, in words that fit any of them.
fn limit_reached(seconds: Option<u32>) -> ServiceError {
    match seconds {
        Some(seconds) => ServiceError::new(
            Kind::TooMany,
            "limit.reached",
            format!(
                "The limit for this is reached. Nothing was changed. Please try again in {}.",
                in_words(seconds)
            ),
        )
        .retry_after(seconds.max(1)),
        None => ServiceError::new(
            Kind::TooMany,
            "limit.too_much",
            "This is more at once than the limit allows. Nothing was changed. Please send it in smaller parts.",
        ),
    }
}

/// A wait in words.
fn in_words(seconds: u32) -> String {
    match seconds {
        0..120 => format!("{} seconds", seconds.max(1)),
        120..7200 => format!("{} minutes", seconds.div_ceil(60)),
        _ => format!("{} hours", seconds.div_ceil(3600)),
    }
}
