//! Whatever a code holds: no panic, and nothing holds that nobody on a list signed.
#![no_main]

use jadegate_certificates::{Trust, names, read_all};
use jadegate_domain::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|code: &[u8]| {
    let at = Timestamp::from_secs(1_640_000_000);
    for reading in read_all(code, &Trust::default(), at) {
        assert!(!reading.holds() && !reading.problems.is_empty());
        if let Some(certificate) = reading.certificate {
            let known = names::Known { names: &["Testa Probe"], born: None, document: None };
            assert!(!certificate.id.is_empty() || certificate.statements.is_empty());
            assert_ne!(names::same_person(&certificate.person, &known), names::Match::Same);
        }
    }
    // The same bytes as a file of keys.
    let _ = Trust::default().add(code);
});
