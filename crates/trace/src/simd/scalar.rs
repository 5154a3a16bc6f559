//! One visit at a time: what the other ways must find, on every processor.

use std::hint::select_unpredictable;

use crate::columns::Columns;
use crate::hit::{AGAIN, AGAIN_MARK, DOUBTFUL, OPEN, Reach, SHORT, UNPROVEN};
use crate::row::{Cell, Packed};

/// A hash of as many bits as `shift` leaves of 32.
#[inline]
pub(crate) const fn hash(holder: u32, mixer: u32, shift: u32) -> u32 {
    holder.wrapping_mul(mixer) >> shift
}

pub(super) fn scan(cells: &[Packed], reach: &Reach, tag: u32, to: &mut Columns) {
    let count = to.count;
    let [holders, froms, lengths, tags] = to.room(cells.len());
    let mut at = count;
    let reach_to = u64::from(reach.to);
    for cell in cells.iter().map(Cell::of) {
        let len = cell.stayed.len_or(reach.open_secs);
        let open = cell.stayed.is_open();
        let end = u64::from(cell.entered) + u64::from(len);
        let from = select_unpredictable(cell.entered > reach.from, cell.entered, reach.from);
        let until = select_unpredictable(end > reach_to, reach_to, end);
        let secs = until.wrapping_sub(u64::from(from)).cast_signed();
        let short = u32::from(secs < i64::from(reach.least)) * SHORT;
        holders[at] = cell.holder;
        froms[at] = select_unpredictable(open, cell.entered, from);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "if it is kept"
        )]
        let secs_32 = secs as u32;
        lengths[at] = secs_32;
        tags[at] = tag | cell.stayed.bits() & (OPEN | UNPROVEN) | short;
        at += usize::from(secs > 0);
    }
    to.count = at;
}

pub(super) fn hashes(list: &Columns, mixer: u32, shift: u32, to: &mut [u32]) {
    for (holder, to) in list.holders().iter().zip(to) {
        *to = hash(*holder, mixer, shift);
    }
}

pub(super) fn split(list: &mut Columns, others: &mut Columns, marks: &[u8]) {
    let count = list.count;
    let (kept, left) = (list.room(0), others.room(count));
    let (mut settled, mut other) = (0, 0);
    for n in 0..count {
        let again = u32::from(marks[n] & AGAIN_MARK) * (AGAIN / u32::from(AGAIN_MARK));
        let tag = kept[3][n] & (again | !AGAIN);
        for (column, number) in [kept[0][n], kept[1][n], kept[2][n], tag].iter().enumerate() {
            kept[column][settled] = *number;
            left[column][other] = *number;
        }
        settled += usize::from(tag & (DOUBTFUL | AGAIN | SHORT) == 0);
        other += usize::from(tag & (DOUBTFUL | AGAIN) != 0);
    }
    (list.count, others.count) = (settled, other);
}
