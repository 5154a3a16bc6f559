//! What the made-up town lets its visitors do.

use async_trait::async_trait;
use jadegate_domain::Timestamp;
use jadegate_service::{NewSession, Result};

/// What the demo can do beyond the real thing; made by `cli`.
#[async_trait]
pub trait DemoControl: Send + Sync + 'static {
    /// The people one can enter as: key and words (English, Chinese).
    fn entries(&self) -> Vec<DemoEntry>;
    /// A session for one of them.
    async fn enter(&self, key: &str) -> Result<NewSession>;
    /// Links that enrol a gate, made anew each time: place and link.
    async fn gate_link(&self) -> Result<String>;
    /// Moves the demo's clock forward and lets time's consequences happen.
    async fn advance(&self, seconds: i64) -> Result<Timestamp>;
}

/// One person to enter as.
#[derive(Clone, Debug)]
pub struct DemoEntry {
    /// What to send.
    pub key: String,
    /// Which page they belong to: `holder` or `staff`.
    pub page: &'static str,
    /// Who, in English.
    pub en: String,
    /// Who, in Chinese.
    pub zh: String,
}
