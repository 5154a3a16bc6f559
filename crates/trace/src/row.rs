//! One visit as the index keeps it.

use jadegate_domain::{HolderId, PlaceId, Presence, Timestamp, Visit, VisitKey};

/// Everything a trace needs to know of a visit.
///
/// Visits that agree in all of this are the same presence: a visit that is fed twice changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KnownVisit {
    /// The holder who was there.
    pub holder: HolderId,
    /// The place they were at.
    pub place: PlaceId,
    /// From when.
    pub entered: Timestamp,
    /// Until when, if known. Never before `entered`.
    pub left: Option<Timestamp>,
    /// How it is known.
    pub presence: Presence,
}

impl KnownVisit {
    /// What tells it from every other, whatever its end.
    pub const fn key(&self) -> VisitKey {
        let Self { holder, place, entered, presence, .. } = *self;
        VisitKey { entered, holder, place, presence }
    }
}

impl From<&Visit> for KnownVisit {
    fn from(v: &Visit) -> Self {
        Self {
            holder: v.holder,
            place: v.place,
            entered: v.entered,
            left: v.left,
            presence: v.presence,
        }
    }
}

impl From<Visit> for KnownVisit {
    fn from(v: Visit) -> Self {
        Self::from(&v)
    }
}

/// Seconds since 1970 in 32 bits: until 2106-02-07. Later moments are kept as that last one, where
/// they still sort after everything else.
pub(crate) fn secs(at: Timestamp) -> u32 {
    u32::try_from(at.as_secs()).unwrap_or(u32::MAX)
}

pub(crate) fn moment(secs: u32) -> Timestamp {
    Timestamp::from_secs(i64::from(secs))
}

/// How long, and how it is known, in 32 bits: the upper 28 hold the length in seconds (up to 8
/// years) or [`Stayed::ENDLESS`]; the next two how a proven presence is known; the lowest two, by
/// themselves because a search asks for nothing else, whether it is [`UNPROVEN`](Self::UNPROVEN) and
/// whether its end is unknown ([`OPEN`](Self::OPEN)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stayed(u32);

impl Stayed {
    pub(crate) const UNPROVEN: u32 = 1;
    pub(crate) const OPEN: u32 = 2;
    const HOW_AT: u32 = 2;
    pub(crate) const LEN_AT: u32 = 4;
    /// The length of an open visit: longest, so that it comes after what is known to be shorter.
    const ENDLESS: u32 = (1 << 28) - 1;

    pub(crate) fn new(len: Option<u32>, presence: Presence) -> Self {
        let (open, len) = match len {
            None => (Self::OPEN, Self::ENDLESS),
            Some(len) => (0, len.min(Self::ENDLESS - 1)),
        };
        let how = match presence {
            Presence::Gate => 0,
            Presence::VenueScreen => 1 << Self::HOW_AT,
            Presence::Imported => 2 << Self::HOW_AT,
            Presence::Unproven => 3 << Self::HOW_AT | Self::UNPROVEN,
        };
        Self(len << Self::LEN_AT | how | open)
    }

    pub(crate) const fn bits(self) -> u32 {
        self.0
    }

    /// From [`bits`](Self::bits).
    pub(crate) const fn stored(bits: u32) -> Self {
        Self(bits)
    }

    /// Whatever the bits are, they mean something.
    pub(crate) fn of_bits(bits: u32) -> Self {
        let this = Self(bits);
        Self::new(this.len(), this.presence())
    }

    /// Length in seconds; `None` if nobody saw them leave.
    pub(crate) const fn len(self) -> Option<u32> {
        if self.is_open() { None } else { Some(self.0 >> Self::LEN_AT) }
    }

    /// Length in seconds, or this one if nobody saw them leave.
    #[inline]
    pub(crate) fn len_or(self, open: u32) -> u32 {
        // Written so that no branch comes of it.
        std::hint::select_unpredictable(self.is_open(), open, self.0 >> Self::LEN_AT)
    }

    pub(crate) const fn is_open(self) -> bool {
        self.0 & Self::OPEN != 0
    }

    pub(crate) const fn is_proven(self) -> bool {
        self.0 & Self::UNPROVEN == 0
    }

    pub(crate) const fn presence(self) -> Presence {
        match self.0 >> Self::HOW_AT & 3 {
            0 => Presence::Gate,
            1 => Presence::VenueScreen,
            2 => Presence::Imported,
            _ => Presence::Unproven,
        }
    }
}

/// A row without its place, which follows from where it lies. Side by side, because a look-up reads
/// a few rows in a row: one stretch of memory instead of three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) entered: u32,
    pub(crate) stayed: Stayed,
    pub(crate) holder: u32,
}

/// A [`Cell`] as it is stored: plain numbers, so that many can be taken as one row of numbers.
pub(crate) type Packed = [u32; 3];

impl Cell {
    #[inline]
    pub(crate) const fn of(&[entered, stayed, holder]: &Packed) -> Self {
        Self { entered, stayed: Stayed::stored(stayed), holder }
    }

    pub(crate) const fn packed(self) -> Packed {
        [self.entered, self.stayed.bits(), self.holder]
    }

    /// When the visit ended; one without a known end is taken to last `open_secs`.
    #[inline]
    pub(crate) fn latest_end(&self, open_secs: u32) -> u32 {
        self.entered.saturating_add(self.stayed.len_or(open_secs))
    }

    pub(crate) fn to_bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        for (to, from) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(self.packed()) {
            *to = from.to_le_bytes();
        }
        bytes
    }

    pub(crate) fn from_bytes(bytes: [u8; 12]) -> Self {
        let number = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        Self { entered: number(0), stayed: Stayed::of_bits(number(4)), holder: number(8) }
    }

    pub(crate) const fn at(self, place: u32) -> Row {
        Row { place, entered: self.entered, holder: self.holder, stayed: self.stayed }
    }
}

/// A visit with the index's own dense numbers for holder and place. The order of the fields is the
/// order by place and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) place: u32,
    pub(crate) entered: u32,
    pub(crate) holder: u32,
    pub(crate) stayed: Stayed,
}

impl Row {
    pub(crate) fn of(place: u32, holder: u32, v: &KnownVisit) -> Self {
        let entered = secs(v.entered);
        let len = v.left.map(|l| secs(l).saturating_sub(entered));
        Self { place, entered, holder, stayed: Stayed::new(len, v.presence) }
    }

    pub(crate) const fn cell(&self) -> Cell {
        Cell { entered: self.entered, stayed: self.stayed, holder: self.holder }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_presence_and_length_reads_back() {
        for p in Presence::ALL {
            for len in [None, Some(0), Some(1), Some(86_400 * 400)] {
                let s = Stayed::new(len, *p);
                assert_eq!((s.len(), s.presence(), s.is_open()), (len, *p, len.is_none()));
                assert_eq!(s.is_proven(), p.is_proven());
                assert_eq!(s.len_or(77), len.unwrap_or(77));
                assert_eq!(Stayed::of_bits(s.bits()), s);
            }
        }
        for bits in [0, 1, 2, 3, 12, 14, u32::MAX, u32::MAX - 2] {
            let s = Stayed::of_bits(bits);
            assert_eq!(Stayed::new(s.len(), s.presence()), s);
        }
        assert_eq!(Stayed::new(Some(u32::MAX), Presence::Gate).len(), Some((1 << 28) - 2));
    }
}
