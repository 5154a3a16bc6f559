//! Records that belong to one person.
//!
//! Somebody who was registered twice has two ids, and visits under both. They stay where they are: a
//! trace takes them for those of one person, who has the number of the main record there.

use std::collections::HashMap;

use jadegate_domain::HolderId;

/// See the top of this file. By the index's own numbers.
#[derive(Debug, Default)]
pub(crate) struct SamePeople {
    /// As they were given: a record, and the main one.
    pub(crate) links: Vec<(HolderId, HolderId)>,
    main: HashMap<u32, u32>,
    others: HashMap<u32, Vec<u32>>,
}

impl SamePeople {
    /// From links and their numbers, a record and the main one each.
    pub(crate) fn new(links: Vec<(HolderId, HolderId)>, numbers: &[(u32, u32)]) -> Self {
        let mut groups: HashMap<u32, Vec<u32>> = HashMap::new();
        for (record, main) in numbers {
            groups.entry(*main).or_insert_with(|| vec![*main]).push(*record);
        }
        let mut others = HashMap::new();
        for all in groups.values() {
            for one in all {
                others.insert(*one, all.iter().copied().filter(|n| n != one).collect());
            }
        }
        Self { links, main: numbers.iter().copied().collect(), others }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.main.is_empty()
    }

    /// The number of the person whose record has this number.
    #[inline]
    pub(crate) fn person(&self, record: u32) -> u32 {
        self.main.get(&record).copied().unwrap_or(record)
    }

    /// The person's other records.
    #[inline]
    pub(crate) fn others(&self, record: u32) -> &[u32] {
        if self.is_empty() {
            return &[];
        }
        self.others.get(&record).map_or(&[], Vec::as_slice)
    }
}
