//! Counts for limits.

use jadegate_store::{Precondition, StoreError};

use super::{Applier, Count};
use crate::error::{Result, conflict};
use crate::read;
use crate::value::params;

impl Applier<'_> {
    pub(super) async fn count_within(&self, c: &Count) -> Result<()> {
        let expires_at = c.at.plus_secs(i64::from(c.window_seconds));
        if c.count == 0 || expires_at <= c.at {
            let why = "a count and its window are at least 1".to_owned();
            return Err(StoreError::Invalid { table: "tally", why });
        }
        self.must_have_room(c).await?;
        let text = "INSERT INTO tally (class, key, at, count, expires_at) \
                    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (class, key, at) DO UPDATE SET \
                    count = tally.count + excluded.count, \
                    expires_at = greatest(tally.expires_at, excluded.expires_at)";
        let row = params![c.class, c.key, c.at.as_secs(), c.count, expires_at.as_secs()];
        self.touch("tally", text, row).await
    }

    async fn must_have_room(&self, c: &Count) -> Result<()> {
        let full = |seconds| Err(conflict("tally", Precondition::Room { class: c.class, seconds }));
        if c.count > c.most {
            return full(None);
        }
        let window = i64::from(c.window_seconds);
        let after = c.at.plus_secs(-window);
        let there = read::tally::since(self.conn, c.class, c.key, after).await?;
        let sum: u64 = there.iter().map(|(_, n)| n).sum();
        // So much must leave the window first; the oldest leaves first.
        let mut over = (sum + u64::from(c.count)).saturating_sub(u64::from(c.most));
        if over == 0 {
            return Ok(());
        }
        for (at, n) in there {
            over = over.saturating_sub(n);
            if over == 0 {
                let wait = at.plus_secs(window).secs_since(c.at);
                return full(Some(u32::try_from(wait).unwrap_or(u32::MAX)));
            }
        }
        full(None)
    }
}
