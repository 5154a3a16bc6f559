//! The handle in a code: the holder's id, encrypted so that only the issuer can read it.
//!
//! One block of AES-256 over `holder id (8) | low 4 bytes of the time of issue | random (4)`, all
//! big-endian. No two inputs are alike (but for one holder in one second, once in 2^32), so handles
//! look random and say nothing about each other without the key. The time and the id's top bit are 33 bits
//! of redundancy: a block not made by the issuer opens with probability 2^-33 ("encode then
//! encipher", Bellare and Rogaway 2000), and the code's signature covers the handle besides.

use std::fmt;

use aes::Aes256;
use aes::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _, KeyInit as _};
use jadegate_domain::{HolderId, Period, Timestamp, hex};
use serde::{Deserialize, Serialize};

use crate::error::{IssueError, PassError};

/// A holder in one code. Two codes of one holder have different handles. JSON: 32 digits of hex.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Handle([u8; 16]);

/// A text is not a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a handle is 32 digits of lower-case hex")]
pub struct BadHandle;

impl Handle {
    /// From the bytes in a code.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes in the code.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl TryFrom<String> for Handle {
    type Error = BadHandle;
    fn try_from(s: String) -> Result<Self, BadHandle> {
        hex::decode(&s).map(Self).ok_or(BadHandle)
    }
}

impl From<Handle> for String {
    fn from(handle: Handle) -> Self {
        hex::encode(&handle.0)
    }
}

/// Never shows the handle: with the key it names a person, and logs outlive keys.
impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle(..)")
    }
}

/// One AES-256 key and the period of issue it is for.
pub struct HandleKey {
    period: Period,
    // Holds the expanded key only; wiped from memory when dropped.
    cipher: Aes256,
}

impl HandleKey {
    /// From 32 secret random bytes.
    pub fn new(key: &[u8; 32], period: Period) -> Self {
        Self { period, cipher: Aes256::new(key.into()) }
    }
}

/// The handle keys of an issuer, by period. Periods may overlap, as those of signing keys do: the key
/// that came into force last seals, and every key whose period holds the time of issue is tried for
/// opening, for a server that had not yet heard of the newest one may have sealed with the one
/// before. When a key is destroyed, the handles it sealed can never be opened again.
pub struct HandleKeys(Vec<HandleKey>);

/// A handle key is never in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the period of a handle key must not be empty")]
pub struct BadHandleKeys;

impl HandleKeys {
    /// From the keys, in any order.
    pub fn new(mut keys: Vec<HandleKey>) -> Result<Self, BadHandleKeys> {
        keys.sort_by_key(|k| k.period.from);
        let empty = keys.iter().any(|k| k.period.from >= k.period.to);
        if empty { Err(BadHandleKeys) } else { Ok(Self(keys)) }
    }

    /// The keys whose period holds a time of issue, latest first.
    fn at(&self, iat: Timestamp) -> impl Iterator<Item = &Aes256> {
        self.0.iter().rev().filter(move |k| k.period.contains(iat)).map(|k| &k.cipher)
    }

    pub(crate) fn periods(&self) -> impl Iterator<Item = Period> {
        self.0.iter().map(|k| k.period)
    }

    /// A holder's handle in a code issued at `iat`.
    pub(crate) fn seal(
        &self,
        holder: HolderId,
        iat: u32,
        random: [u8; 4],
    ) -> Result<Handle, IssueError> {
        let mut at = self.at(Timestamp::from_secs(iat.into()));
        let cipher = at.next().ok_or(IssueError::NoHandleKey)?;
        let mut block = [0; 16];
        block[..8].copy_from_slice(&holder.as_u64().to_be_bytes());
        block[8..12].copy_from_slice(&iat.to_be_bytes());
        block[12..].copy_from_slice(&random);
        cipher.encrypt_block((&mut block).into());
        Ok(Handle(block))
    }
}

impl fmt::Debug for HandleKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HandleKeys({} keys)", self.0.len())
    }
}

/// Whose code it was. `iat` is the time of issue in the same code.
///
/// A handle that was not made by this issuer for this second is refused with
/// [`PassError::BadHandle`], except once in 2^33 tries for each key in force then: where an answer is
/// worth that many tries,
/// [`crate::verify`] the whole code first. Knowing the holder says nothing about freshness.
pub fn open(keys: &HandleKeys, handle: &Handle, iat: Timestamp) -> Result<HolderId, PassError> {
    let with = |cipher: &Aes256| {
        let mut block = handle.0;
        cipher.decrypt_block((&mut block).into());
        let (mut id, mut issued) = ([0; 8], [0; 4]);
        id.copy_from_slice(&block[..8]);
        issued.copy_from_slice(&block[8..12]);
        let issued = i64::from(u32::from_be_bytes(issued));
        let holder = HolderId::from_i64(i64::from_be_bytes(id));
        holder.filter(|_| issued == iat.as_secs())
    };
    keys.at(iat).find_map(with).ok_or(PassError::BadHandle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const T: u32 = 1_646_121_600;

    fn keys(spans: &[(i64, i64)]) -> Result<HandleKeys, BadHandleKeys> {
        let key = |(i, (from, to)): (usize, &(i64, i64))| {
            let at = |secs| Timestamp::from_secs(secs);
            let period = Period { from: at(*from), to: at(*to) };
            HandleKey::new(&[u8::try_from(i).unwrap(); 32], period)
        };
        HandleKeys::new(spans.iter().enumerate().map(key).collect())
    }

    fn at(secs: u32) -> Timestamp {
        Timestamp::from_secs(secs.into())
    }

    /// FIPS 197, appendix C.3: the cipher under the handle is AES-256.
    #[test]
    fn the_cipher_is_that_of_fips_197() {
        let mut key = [0; 32];
        let mut block = [0; 16];
        key.iter_mut().zip(0..).for_each(|(b, i)| *b = i);
        block.iter_mut().zip(0..).for_each(|(b, i)| *b = i * 0x11);
        Aes256::new((&key).into()).encrypt_block((&mut block).into());
        assert_eq!(hex::encode(&block), "8ea2b7ca516745bfeafc49904b496089");
    }

    #[test]
    fn the_time_of_issue_names_the_key() {
        let t = i64::from(T);
        let keys = keys(&[(t, t + 10), (t - 10, t)]).unwrap();
        let holder = HolderId::from_random(42);
        for iat in [T - 1, T, T + 9] {
            let handle = keys.seal(holder, iat, [1, 2, 3, 4]).unwrap();
            assert_eq!(open(&keys, &handle, at(iat)), Ok(holder));
        }
        assert_eq!(keys.seal(holder, T + 10, [0; 4]), Err(IssueError::NoHandleKey));
        assert_eq!(
            open(&keys, &Handle::from_bytes([0; 16]), at(T + 10)),
            Err(PassError::BadHandle)
        );
    }

    #[test]
    fn in_the_overlap_the_newest_key_seals_and_either_opens() {
        assert!(keys(&[(0, 0)]).is_err());
        let t = i64::from(T);
        let (old, both) = (
            keys(&[(t - 10, t + 100)]).unwrap(),
            keys(&[(t - 10, t + 100), (t, t + 200)]).unwrap(),
        );
        let holder = HolderId::from_random(42);
        // A server that has not heard of the newest key yet.
        let late = old.seal(holder, T + 5, [0; 4]).unwrap();
        assert_eq!(open(&both, &late, at(T + 5)), Ok(holder));
        let new = both.seal(holder, T + 5, [0; 4]).unwrap();
        assert_ne!(new, late);
        assert_eq!(open(&both, &new, at(T + 5)), Ok(holder));
        assert_eq!(open(&old, &new, at(T + 5)), Err(PassError::BadHandle));
    }

    proptest! {
        #[test]
        fn only_the_issuer_opens_it_and_only_at_its_second(
            bits: u64, random: [u8; 4], bit in 0usize..128, other in 1u32..1000,
        ) {
            let all = keys(&[(0, i64::from(u32::MAX))]).unwrap();
            let foreign = HandleKeys::new(vec![HandleKey::new(&[9; 32], Period {
                from: Timestamp::EPOCH, to: Timestamp::MAX,
            })]).unwrap();
            let holder = HolderId::from_random(bits);
            let handle = all.seal(holder, T, random).unwrap();
            prop_assert_eq!(open(&all, &handle, at(T)), Ok(holder));
            prop_assert!(open(&all, &handle, at(T + other)).is_err());
            prop_assert!(open(&foreign, &handle, at(T)).is_err());
            let mut forged = *handle.as_bytes();
            forged[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(open(&all, &Handle::from_bytes(forged), at(T)).is_err());
        }

        /// Handles of one holder have no more in common than handles of two: on average half of the
        /// bits differ, and over 64 pairs the mean stays within six standard deviations.
        #[test]
        fn handles_of_one_holder_look_unrelated(bits: u64, start in 0u32..1_000_000) {
            let all = keys(&[(0, i64::from(u32::MAX))]).unwrap();
            let holder = HolderId::from_random(bits);
            let seal = |i: u32| all.seal(holder, start + i / 2, [0, 0, 0, i.to_le_bytes()[0]]).unwrap();
            let differing: u32 = (0..64)
                .map(|i| {
                    let (a, b) = (seal(i), seal(i + 1));
                    a.0.iter().zip(b.0).map(|(x, y)| (x ^ y).count_ones()).sum::<u32>()
                })
                .sum();
            prop_assert!((4096 - 272..=4096 + 272).contains(&differing), "{differing} of 8192");
        }
    }
}
