//! Who is in the demo.

use std::collections::HashMap;

use jadegate_domain::{HolderId, StaffId};
use jadegate_web::DemoEntry;

/// Everybody one can enter as.
#[derive(Debug, Default)]
pub(crate) struct Cast {
    /// In the order of the page.
    pub(crate) entries: Vec<DemoEntry>,
    /// Holders by key.
    pub(crate) holders: HashMap<String, HolderId>,
    /// Staff by key.
    pub(crate) staff: HashMap<String, StaffId>,
}

impl Cast {
    /// Adds a holder; a key that is taken keeps its first.
    pub(crate) fn holder(&mut self, key: &str, id: HolderId, en: &str, zh: &str) {
        let key = format!("holder:{key}");
        if self.holders.insert(key.clone(), id).is_none() {
            self.entries.push(DemoEntry {
                key,
                page: "holder",
                en: en.to_owned(),
                zh: zh.to_owned(),
            });
        }
    }

    /// Adds a member of staff.
    pub(crate) fn member(&mut self, key: &str, id: StaffId, en: &str, zh: &str) {
        self.staff.insert(key.to_owned(), id);
        self.entries.push(DemoEntry {
            key: key.to_owned(),
            page: "staff",
            en: en.to_owned(),
            zh: zh.to_owned(),
        });
    }
}
