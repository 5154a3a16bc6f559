//! Where an audit reads: an address, or a made-up server of a test.

/// Answers for paths below a deployment's address.
pub trait Source {
    /// The body of `GET {path}`; a path begins with a slash.
    fn get(&self, path: &str) -> Result<Vec<u8>, Unread>;
}

/// Nothing was read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// There is nothing under this path.
    #[error("there is nothing")]
    Missing,
    /// It was answered with this status.
    #[error("answered with status {0}")]
    Status(u16),
    /// Nobody answers.
    #[error("nobody answers: {0}")]
    Unreachable(String),
}
