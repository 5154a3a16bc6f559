//! What a what-if is asked: a policy with the levels of regions, and how much is looked at.

use jadegate_domain::Evidence;

use crate::model::policy::Policy;

/// A policy and the public risk levels it is applied with.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// Levels of regions ([`Fact::RegionRisk`](jadegate_domain::Fact::RegionRisk) only), those that ended among them.
    pub risks: &'a [Evidence],
}

/// How much a what-if looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WhatIfOptions {
    /// Days for which places in quarantine are counted, from today on; at most
    /// [`WhatIfOptions::MOST_DAYS`], more are cut.
    pub days: u32,
    /// Most timelines shown.
    pub samples: u32,
    /// Which of those who change are shown: the same seed shows the same.
    pub seed: u64,
}

impl WhatIfOptions {
    /// Most days for which places are counted.
    pub const MOST_DAYS: u32 = 120;
}

impl Default for WhatIfOptions {
    fn default() -> Self {
        Self { days: 21, samples: 5, seed: 0 }
    }
}
