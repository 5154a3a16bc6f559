//! A made-up deployment with fixed keys. The seeds are public: never use them.

use jadegate_domain::{Period, Timestamp};
use jadegate_pass::{HandleKey, HandleKeys, Issuer, IssuingKey, KeyUse};

/// 2022-03-01T08:00:00Z.
pub(crate) const T: i64 = 1_646_121_600;

pub(crate) fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(secs)
}

pub(crate) fn period(from: i64, to: i64) -> Period {
    Period::new(at(from), at(to)).unwrap()
}

/// Two live keys that overlap by a day, one venue key, two handle keys.
pub(crate) fn issuer(code: &str) -> Issuer {
    let (start, change, end) = (T - 7 * 86_400, T + 86_400, T + 15 * 86_400);
    let key = |seed: u8, key_use, from, to| {
        IssuingKey::from_seed(&[seed; 32], key_use, period(from, to)).unwrap()
    };
    let keys = vec![
        key(1, KeyUse::Live, start, change + 86_400),
        key(2, KeyUse::Live, change, end),
        key(3, KeyUse::Venue, start, end),
    ];
    let handles = HandleKeys::new(vec![
        HandleKey::new(&[4; 32], period(start, change)),
        HandleKey::new(&[5; 32], period(change, end)),
    ]);
    Issuer::new(code.parse().unwrap(), keys, handles.unwrap()).unwrap()
}
