//! Local time by division: whose midnight ends a day depends on where a person lives.

use std::sync::Arc;

use jadegate_domain::Division;
use jiff::tz::TimeZone;

use crate::model::policy::{Compiled, Policy};

impl Compiled {
    /// The same policy with the midnights of another time zone.
    pub(crate) fn in_zone(&self, name: &str, zone: &TimeZone) -> Self {
        let mut there = self.clone();
        name.clone_into(&mut there.zone_name);
        there.calendar = self.calendar.in_zone(zone.clone());
        for rule in &mut there.rules {
            // A rule may count days differently, but never by another clock.
            rule.calendar = there.calendar.with(rule.calendar.day_count());
        }
        there.zones = Vec::new();
        there
    }
}

impl Policy {
    /// Does it depend on where a person lives whose midnight ends a day? If not,
    /// [`Policy::for_home`] gives the policy itself for every home.
    pub fn has_zones(&self) -> bool {
        !self.0.zones.is_empty()
    }

    /// The policy as it reads for somebody who lives in a division: with the time zone of the
    /// narrowest `[[zone]]` that holds it, or the policy's own. Costs a look through the zones and
    /// a copied pointer. Ask the published policy, not one that this method returned.
    #[must_use]
    pub fn for_home(&self, home: &Division) -> Self {
        let zones = self.0.zones.iter().filter(|z| z.division.contains(home));
        let nearest = zones.max_by_key(|z| z.division.path().len());
        nearest.map_or_else(|| self.clone(), |z| Self(Arc::clone(&z.there)))
    }
}
