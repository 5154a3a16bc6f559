//! What a code promises, and what must never happen to it.

#![expect(clippy::unwrap_used, reason = "what cannot be made fails the test")]

mod common;

use common::{T, at, issuer, period};
use coset::{CborSerializable as _, CoseSign1, iana};
use jadegate_domain::{Colour, HolderId, PlaceId};
use jadegate_pass::{
    HandleKeys, IssueError, Issuer, IssuingKey, KeyUse, PassError, VenueKind, issue, issue_venue,
    open, verify, verify_own, verify_venue,
};
use proptest::prelude::*;

fn live(issuer: &Issuer, colour: Colour) -> String {
    issue(issuer, HolderId::from_random(42), colour, at(T), 60, [1, 2, 3, 4]).unwrap().text
}

#[test]
fn a_code_says_at_the_gate_what_was_issued_and_only_the_issuer_names_the_holder() {
    let issuer = issuer("JG");
    let code = verify(issuer.key_set(), &live(&issuer, Colour::Red), at(T + 5), 0).unwrap();
    assert_eq!(code.issuer, *issuer.code());
    assert_eq!(code.colour, Colour::Red);
    assert_eq!((code.issued_at, code.expires_at), (at(T), at(T + 60)));
    let holder = open(issuer.handle_keys(), &code.handle, code.issued_at);
    assert_eq!(holder, Ok(HolderId::from_random(42)));
}

#[test]
fn debug_output_is_no_code() {
    let issuer = issuer("JG");
    let code = issue(&issuer, HolderId::from_random(42), Colour::Red, at(T), 60, [0; 4]).unwrap();
    let read = verify(issuer.key_set(), &code.text, at(T), 0).unwrap();
    let handle = serde_json::to_string(&read.handle).unwrap();
    let shown = format!("{code:?} {read:?}");
    assert!(
        !shown.contains(&code.text[4..20]) && !shown.contains(handle.trim_matches('"')),
        "{shown}"
    );
}

#[test]
fn it_is_fresh_from_issue_to_expiry_and_no_longer_than_the_skew_allows() {
    let issuer = issuer("JG");
    let text = live(&issuer, Colour::Green);
    let outcome = |now: i64, skew| verify(issuer.key_set(), &text, at(now), skew).map(|_| ());
    assert_eq!(outcome(T - 1, 0), Err(PassError::NotYetValid));
    assert_eq!(outcome(T, 0), Ok(()));
    assert_eq!(outcome(T + 59, 0), Ok(()));
    assert_eq!(outcome(T + 60, 0), Err(PassError::Stale));
    assert_eq!(outcome(T - 31, 30), Err(PassError::NotYetValid));
    assert_eq!(outcome(T - 30, 30), Ok(()));
    assert_eq!(outcome(T + 89, 30), Ok(()));
    assert_eq!(outcome(T + 90, 30), Err(PassError::Stale));
    // A careless configuration does not make day-old codes good.
    assert_eq!(outcome(T + 60 + 300, u32::MAX), Err(PassError::Stale));
    assert_eq!(outcome(T + 60 + 299, u32::MAX), Ok(()));
}

/// An issuer that remembers a text need not look at its signature, but at everything else.
#[test]
fn what_the_issuer_remembers_is_checked_but_for_its_signature() {
    let ours = issuer("JG");
    let text = live(&ours, Colour::Red);
    for now in [T - 1, T, T + 59, T + 60] {
        let own = verify_own(ours.key_set(), &text, at(now), 0);
        assert_eq!(own, verify(ours.key_set(), &text, at(now), 0), "{now}");
    }
    let (last, other) = (text.len() - 1, if text.ends_with('0') { "1" } else { "0" });
    let altered = format!("{}{other}", &text[..last]);
    assert!(verify(ours.key_set(), &altered, at(T), 0).is_err());
    assert!(verify_own(ours.key_set(), &text[..last], at(T), 0).is_err());
    let another = issuer("XX");
    let wrong = Err(PassError::WrongIssuer);
    assert_eq!(verify_own(another.key_set(), &text, at(T), 0), wrong);
    // A key that is in force no more, and was not when it signed.
    let later = vec![IssuingKey::from_seed(&[1; 32], KeyUse::Live, period(T + 1, T + 9)).unwrap()];
    let later =
        Issuer::new("JG".parse().unwrap(), later, HandleKeys::new(Vec::new()).unwrap()).unwrap();
    assert_eq!(verify_own(later.key_set(), &text, at(T), 0), Err(PassError::UnknownKey));
}

#[test]
fn lifetimes_without_sense_are_refused_at_issue() {
    let issuer = issuer("JG");
    let make = |iat: i64, fresh| {
        issue(&issuer, HolderId::from_random(1), Colour::Green, at(iat), fresh, [0; 4]).map(|_| ())
    };
    assert_eq!(make(T, 0), Err(IssueError::BadLifetime));
    assert_eq!(make(T, 86_401), Err(IssueError::BadLifetime));
    assert_eq!(make(T, 86_400), Ok(()));
    assert_eq!(make(T, u32::MAX), Err(IssueError::TimeOutOfRange));
    assert_eq!(make(i64::from(u32::MAX) + 1, 60), Err(IssueError::TimeOutOfRange));
    assert_eq!(make(T + 100 * 86_400, 60), Err(IssueError::NoSigningKey));
}

/// Signs what `issue` never would: the verifier does not trust the issuer's own arithmetic.
#[test]
fn a_signed_code_that_claims_to_be_fresh_for_long_or_to_end_before_it_begins_is_refused() {
    let issuer = issuer("JG");
    for (exp, expected) in [
        (T + 60, Ok(())),
        (T + 86_400, Ok(())),
        (T + 86_401, Err(PassError::Malformed)),
        (T, Err(PassError::Malformed)),
        (T - 1, Err(PassError::Malformed)),
    ] {
        let exp = u32::try_from(exp).unwrap();
        let mut payload = payload_of(&live(&issuer, Colour::Green));
        payload[7..11].copy_from_slice(&exp.to_be_bytes());
        let text = resign([1; 32], payload);
        assert_eq!(verify(issuer.key_set(), &text, at(T), 0).map(|_| ()), expected, "{exp}");
    }
}

fn payload_of(text: &str) -> Vec<u8> {
    let bytes = base45::decode(text.strip_prefix("JG1:").unwrap()).unwrap();
    CoseSign1::from_slice(&bytes).unwrap().payload.unwrap()
}

/// Signs with libraries other than the code under test.
fn resign(seed: [u8; 32], payload: Vec<u8>) -> String {
    use ed25519_dalek::Signer as _;
    let key = ed25519_dalek::SigningKey::from_bytes(&seed);
    let protected = coset::HeaderBuilder::new().algorithm(iana::Algorithm::EdDSA).build();
    let sign1 = coset::CoseSign1Builder::new()
        .protected(protected)
        .payload(payload)
        .create_signature(b"", |m| key.sign(m).to_bytes().to_vec())
        .build();
    format!("JG1:{}", base45::encode(sign1.to_vec().unwrap()))
}

/// coset and ciborium know nothing of this crate: what they read and write is the standard.
#[test]
fn a_general_cose_library_reads_verifies_and_writes_the_same_code() {
    let issuer = issuer("JG");
    let text = live(&issuer, Colour::Yellow);
    let bytes = base45::decode(text.strip_prefix("JG1:").unwrap()).unwrap();
    assert_eq!(bytes.len(), 115);
    let sign1 = CoseSign1::from_slice(&bytes).unwrap();
    assert_eq!(
        sign1.protected.header.alg,
        Some(coset::Algorithm::Assigned(iana::Algorithm::EdDSA))
    );
    assert!(sign1.unprotected.is_empty());
    let public = issuer.key_set().keys()[0].public_key();
    let public = ed25519_dalek::VerifyingKey::from_bytes(public).unwrap();
    sign1
        .verify_signature(b"", |sig, message| {
            public.verify_strict(message, &ed25519_dalek::Signature::from_slice(sig).unwrap())
        })
        .unwrap();
    let claims = coset::cwt::ClaimsSet::from_slice(&sign1.payload.unwrap()).unwrap();
    assert_eq!(claims.issuer.as_deref(), Some("JG"));
    assert_eq!(claims.issued_at, Some(coset::cwt::Timestamp::WholeSeconds(T)));
    assert_eq!(claims.expiration_time, Some(coset::cwt::Timestamp::WholeSeconds(T + 60)));
    assert_eq!(claims.cwt_id.map(|id| id.len()), Some(16));
    assert_eq!(claims.rest, [(coset::RegisteredLabelWithPrivate::PrivateUse(-65_537), 1.into())]);
    assert_eq!(resign([1; 32], payload_of(&text)), text);
}

#[test]
fn keys_rotate_without_a_code_being_refused() {
    let issuer = issuer("JG");
    let change = T + 86_400;
    for iat in [change - 1, change, change + 86_400] {
        let holder = HolderId::from_random(9);
        let text = issue(&issuer, holder, Colour::Green, at(iat), 60, [0; 4]).unwrap().text;
        let code = verify(issuer.key_set(), &text, at(iat + 30), 0).unwrap();
        assert_eq!(open(issuer.handle_keys(), &code.handle, at(iat)), Ok(holder), "{iat}");
    }
}

#[test]
fn a_key_is_good_for_its_use_and_its_period_only() {
    let good = issuer("JG");
    let handles = || HandleKeys::new(Vec::new()).unwrap();
    let with = |seed: u8, key_use, from, to| {
        let key = IssuingKey::from_seed(&[seed; 32], key_use, period(from, to)).unwrap();
        Issuer::new("JG".parse().unwrap(), vec![key], handles()).unwrap()
    };
    let text = live(&good, Colour::Green);
    let outcome = |issuer: &Issuer| verify(issuer.key_set(), &text, at(T), 0).map(|_| ());
    assert_eq!(outcome(&with(1, KeyUse::Live, T, T + 1)), Ok(()));
    assert_eq!(outcome(&with(1, KeyUse::Live, T - 9, T)), Err(PassError::UnknownKey));
    assert_eq!(outcome(&with(1, KeyUse::Venue, T, T + 1)), Err(PassError::UnknownKey));
    assert_eq!(outcome(&with(7, KeyUse::Live, T, T + 1)), Err(PassError::BadSignature));
    let other = verify(issuer("XX").key_set(), &text, at(T), 0);
    assert_eq!(other, Err(PassError::WrongIssuer));
}

#[test]
fn venue_codes_name_a_place_and_how_it_was_shown() {
    let issuer = issuer("JG");
    let place = PlaceId::from_random(11);
    let keys = issuer.key_set();
    let poster = issue_venue(&issuer, place, at(T), VenueKind::Poster).unwrap();
    let read = verify_venue(keys, &poster, at(T + 5 * 365 * 86_400), 0).unwrap();
    assert_eq!((read.place, read.kind, read.issued_at), (place, VenueKind::Poster, at(T)));
    assert_eq!(verify_venue(keys, &poster, at(T - 1), 0), Err(PassError::NotYetValid));

    let kind = VenueKind::Screen { expires_at: at(T + 30) };
    let screen = issue_venue(&issuer, place, at(T), kind).unwrap();
    assert_eq!(verify_venue(keys, &screen, at(T + 29), 0).unwrap().kind, kind);
    assert_eq!(verify_venue(keys, &screen, at(T + 30), 0), Err(PassError::Stale));
    for expires_at in [at(T), at(T - 1), at(T + 86_401)] {
        let made = issue_venue(&issuer, place, at(T), VenueKind::Screen { expires_at });
        assert_eq!(made, Err(IssueError::BadLifetime));
    }

    // Neither kind of code passes for the other, whatever prefix it is given.
    let live = live(&issuer, Colour::Green);
    assert_eq!(verify(keys, &poster, at(T), 0), Err(PassError::NotOurs));
    assert_eq!(verify_venue(keys, &live, at(T), 0), Err(PassError::NotOurs));
    for venue in [poster, screen] {
        let renamed = venue.replacen("JGV1:", "JG1:", 1);
        assert_eq!(verify(keys, &renamed, at(T), 0), Err(PassError::Malformed));
    }
    let renamed = live.replacen("JG1:", "JGV1:", 1);
    assert_eq!(verify_venue(keys, &renamed, at(T), 0), Err(PassError::Malformed));
}

proptest! {
    #[test]
    fn what_is_issued_verifies_and_opens(
        bits: u64, n in 0u8..3, dt in 0i64..14 * 86_400, fresh in 1u32..=86_400, random: [u8; 4],
        name in "[A-Za-z0-9-]{1,16}", after in 0i64..86_400,
    ) {
        let issuer = issuer(&name);
        let (holder, colour) = (HolderId::from_random(bits), Colour::from_u8(n).unwrap());
        let code = issue(&issuer, holder, colour, at(T + dt), fresh, random).unwrap();
        let now = at(T + dt + after % i64::from(fresh));
        let read = verify(issuer.key_set(), &code.text, now, 0).unwrap();
        prop_assert_eq!((read.colour, read.issued_at), (colour, at(T + dt)));
        prop_assert_eq!(read.expires_at, code.expires_at);
        prop_assert_eq!(open(issuer.handle_keys(), &read.handle, read.issued_at), Ok(holder));
        if name.len() <= 2 {
            prop_assert!(code.text.len() <= 178, "{} characters", code.text.len());
        }
    }

    /// Every change of one bit of the signed bytes is noticed, wherever it is.
    #[test]
    fn one_changed_bit_is_noticed(bit in 0usize..115 * 8) {
        let issuer = issuer("JG");
        let text = live(&issuer, Colour::Red);
        let mut bytes = base45::decode(&text[4..]).unwrap();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let altered = format!("JG1:{}", base45::encode(&bytes));
        prop_assert!(verify(issuer.key_set(), &altered, at(T), 300).is_err());
    }

    /// Every other character in its place is noticed.
    #[test]
    fn one_changed_character_is_noticed(at_char in 4usize..177, with in "[ -~é]") {
        let issuer = issuer("JG");
        let text = live(&issuer, Colour::Red);
        let altered = format!("{}{with}{}", &text[..at_char], &text[at_char + 1..]);
        // A space at the very end may be a scanner's; then the code is one character short.
        prop_assume!(altered != text);
        prop_assert!(verify(issuer.key_set(), &altered, at(T), 300).is_err());
    }

    #[test]
    fn no_input_makes_a_verifier_panic_or_accept(body in "(JGV?1:)?[0-9A-Z $%*+./:-]{0,220}", any in "\\PC{0,250}") {
        let issuer = issuer("JG");
        for text in [body, any] {
            prop_assert!(verify(issuer.key_set(), &text, at(T), 60).is_err());
            prop_assert!(verify_venue(issuer.key_set(), &text, at(T), 60).is_err());
        }
    }

    /// The same for bytes that reach the CBOR: claims of any shape, properly signed.
    #[test]
    fn no_signed_claims_make_a_verifier_panic(
        junk in proptest::collection::vec(any::<u8>(), 0..130),
        keep in 0usize..42,
    ) {
        let issuer = issuer("JG");
        let mut payload = payload_of(&live(&issuer, Colour::Red));
        payload.truncate(keep);
        payload.extend(&junk);
        let genuine = payload == payload_of(&live(&issuer, Colour::Red));
        let read = verify(issuer.key_set(), &resign([1; 32], payload.clone()), at(T), 300);
        if let Ok(code) = read {
            // Only another well-formed code can be accepted, and then exactly one text means it.
            prop_assert!(genuine || payload.len() == 41);
            prop_assert_eq!(code.issuer, issuer.code().clone());
        }
    }

    /// Two codes of one holder share what their claims explain (form, issuer, colour, times) and no
    /// byte of handle or signature more often than two codes of two holders do.
    #[test]
    fn codes_of_one_holder_cannot_be_linked(bits: u64, other: u64, random: [[u8; 4]; 2]) {
        prop_assume!(random[0] != random[1]);
        let issuer = issuer("JG");
        let make = |bits, random| {
            let text = issue(&issuer, HolderId::from_random(bits), Colour::Green, at(T), 60, random);
            base45::decode(&text.unwrap().text[4..]).unwrap()
        };
        let explained = |i: usize| i < HANDLE.start || (HANDLE.end..SIGNATURE.start).contains(&i);
        let (a, b) = (make(bits, random[0]), make(bits, random[1]));
        let c = make(other, random[1]);
        for (x, y) in [(&a, &b), (&a, &c)] {
            let same = x.iter().zip(y.iter()).enumerate().filter(|(_, (p, q))| p == q);
            let unexplained = same.filter(|(i, _)| !explained(*i)).count();
            // 80 independent bytes agree in 0.3 places on average; in 9 or more less than once
            // in 10^10 runs.
            prop_assert!(unexplained <= 8, "{unexplained} bytes in common");
        }
        prop_assert_ne!(&a[HANDLE], &b[HANDLE]);
        for i in (0..115).filter(|i| explained(*i)) {
            prop_assert_eq!(a[i], c[i], "outside handle and signature nothing tells holders apart");
        }
    }
}

/// Where the handle and the signature are in a code with a two-character issuer.
const HANDLE: std::ops::Range<usize> = 27..43;
const SIGNATURE: std::ops::Range<usize> = 51..115;
