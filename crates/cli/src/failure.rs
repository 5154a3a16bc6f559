//! What stops a command.

/// Anything that stops a command, in words for the person at the keyboard.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;
