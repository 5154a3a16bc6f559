//! What a deployment is: the same from its start to its end.

use std::sync::Arc;

use arc_swap::ArcSwap;
use jadegate_ledger::note::NoteSigner;
use jadegate_pass::Issuer;

use crate::clock::{Clock, Entropy};
use crate::keys::Keys;
use crate::settings::Settings;

/// Keys, issuer, clock and settings.
pub(crate) struct Deployment {
    pub(crate) keys: Keys,
    /// Replaced when the keys are renewed beside the running server.
    pub(crate) issuer: ArcSwap<Issuer>,
    pub(crate) log_signer: NoteSigner,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Entropy>,
    pub(crate) settings: Settings,
}
