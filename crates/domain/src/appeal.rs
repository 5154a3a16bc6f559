//! Appeals: what a person contests, and what came of it.
//!
//! The evidence that an appeal and its decision are ([`crate::Fact::Appeal`],
//! [`crate::Fact::AppealDecision`]) is all that a colour reads. What stands here goes with it: the
//! clock, the words, who decided.

use serde::{Deserialize, Serialize};

use crate::agency::names;

names! {
    /// What is wrong with the record, as its holder says.
    AppealGround, "ground of an appeal" {
        /// It is about somebody else.
        NotMe = "not_me",
        /// They were not there, or not at that time.
        NotThere = "not_there",
        /// The result is wrong, or was never measured.
        WrongResult = "wrong_result",
        /// A day or a time is wrong.
        WrongTime = "wrong_time",
        /// It was true and is over: they were discharged or released.
        Over = "over",
        /// Something else; the words say what.
        Other = "other",
    }
}

names! {
    /// How far an appeal has come.
    AppealState, "state of an appeal" {
        /// Nobody has decided yet.
        Open = "open",
        /// Its holder is right.
        Granted = "granted",
        /// The record stands.
        Refused = "refused",
        /// Its holder took it back.
        Withdrawn = "withdrawn",
        /// What was contested was taken back or replaced before anybody decided.
        Settled = "settled",
    }
}

names! {
    /// On what a decision rests.
    AppealFinding, "finding of an appeal" {
        /// The record is of somebody else.
        WrongPerson = "wrong_person",
        /// What it says is wrong.
        WrongContent = "wrong_content",
        /// Nothing bears it out.
        NotBorneOut = "not_borne_out",
        /// What it tells of never happened.
        NeverHappened = "never_happened",
        /// It was recorded again and says the same.
        Confirmed = "confirmed",
        /// What was handed in does not speak against it.
        NothingAgainst = "nothing_against",
    }
}

impl AppealFinding {
    /// Does it say that the holder is right?
    pub const fn grants(self) -> bool {
        matches!(
            self,
            Self::WrongPerson | Self::WrongContent | Self::NotBorneOut | Self::NeverHappened
        )
    }
}

names! {
    /// What a picture or paper that is handed in may be.
    AppealFileKind, "kind of file" {
        /// A photograph.
        Jpeg = "jpeg",
        /// A picture.
        Png = "png",
        /// A document.
        Pdf = "pdf",
    }
}

impl AppealFileKind {
    /// What the first bytes say, and the last: whatever the sender calls it. `None`: none of these,
    /// or one that is cut short.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let ends = |tail: &[u8]| {
            let from = bytes.len().saturating_sub(1024);
            bytes[from..].windows(tail.len()).any(|w| w == tail)
        };
        if bytes.starts_with(&[0xff, 0xd8, 0xff]) && ends(&[0xff, 0xd9]) {
            Some(Self::Jpeg)
        } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") && ends(b"IEND") {
            Some(Self::Png)
        } else if bytes.starts_with(b"%PDF-") && ends(b"%%EOF") {
            Some(Self::Pdf)
        } else {
            None
        }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Pdf => "application/pdf",
        }
    }
}

/// Days for which a decided appeal is kept; its figures are public by then.
pub const APPEAL_DAYS: i64 = 365;
/// Days for which what was handed in is kept after the decision: as long as a second opinion can be
/// asked for.
pub const APPEAL_FILE_DAYS: i64 = 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_their_bytes() {
        let jpeg = [&[0xff, 0xd8, 0xff, 0xe0][..], b"pixels", &[0xff, 0xd9]].concat();
        assert_eq!(AppealFileKind::of(&jpeg), Some(AppealFileKind::Jpeg));
        assert_eq!(AppealFileKind::of(&jpeg[..8]), None, "cut short");
        let png = [&b"\x89PNG\r\n\x1a\n"[..], b"pixels", b"\0\0\0\0IEND\xae\x42\x60\x82"].concat();
        assert_eq!(AppealFileKind::of(&png), Some(AppealFileKind::Png));
        assert_eq!(AppealFileKind::of(b"%PDF-1.7 ... %%EOF\n"), Some(AppealFileKind::Pdf));
        for other in [&b""[..], b"<html><script>", b"GIF89a;", b"MZ", b" %PDF-1.7 %%EOF"] {
            assert_eq!(AppealFileKind::of(other), None);
        }
    }
}
