//! What a code rests on.

use jadegate_domain::Colour;

use super::made_up::*;
use crate::opening::Parts;
use crate::{SealedField, SessionSubject, VaultKey, Write};

/// What the port's own method makes of the others.
async fn composed(s: &S, token: [u8; 32], now: i64) -> Option<Vec<u8>> {
    let session = s.session(token, at(now)).await.unwrap()?;
    let SessionSubject::Holder(id) = session.subject else { return None };
    let parts = Parts {
        session,
        holder: s.holder(id).await.unwrap(),
        key: s.vault_key(id).await.unwrap(),
        fields: s.sealed_fields(id).await.unwrap(),
        assessment: s.assessment(id).await.unwrap(),
    };
    Some(parts.contents().unwrap())
}

/// Whatever changes of what a code rests on is seen, by the backend and by the port's own way alike; what
/// is somebody else's is not.
pub async fn what_a_code_rests_on_is_told_apart(s: S) {
    let id = with_holder(&s, 1).await;
    let key =
        VaultKey { holder: id, wrapped: vec![1, 2, 3, 0, 255], kek: "kek-made-up".to_owned() };
    let field = |column: &str, version: i64, sealed: u8| {
        Write::AddSealedField(SealedField {
            holder: id,
            column: column.to_owned(),
            version,
            sealed: vec![sealed; 3],
            recorded_at: at(version),
        })
    };
    let token = [9; 32];
    let told = async |now: i64| {
        let own = s.opening(token, at(now)).await.unwrap();
        let composed = composed(&s, token, now).await;
        assert_eq!(own.is_some(), composed.is_some());
        own.zip(composed)
    };
    assert!(told(1).await.is_none());
    keeps(&s, vec![Write::AddSession(session(9, SessionSubject::Holder(id)))]).await;
    let mut before = vec![told(1).await.unwrap()];

    let next = |n: i64| stored(id, n, Colour::Green, None);
    let other_texts = {
        let mut other = next(1);
        other.assessment.warnings = vec!["another".to_owned()];
        other
    };
    let changes = [
        Write::AddVaultKey(key),
        field("name", 1, 7),
        field("document", 1, 7),
        add(evidence(1, Some(id), test_fact())),
        put(next(1)),
        put(stored(id, 1, Colour::Red, None)),
        put(stored(id, 1, Colour::Red, Some(at(500)))),
        put(next(1)),
        put(other_texts),
        add(evidence(2, Some(id), test_fact())),
        // Its number is higher, though it was written before others.
        field("name", 3, 8),
        Write::SeeSession { token_digest: token, day: DAY0 + 1 },
        Write::DropSealedField { holder: id, column: "document" },
    ];
    for (n, change) in changes.into_iter().enumerate() {
        keeps(&s, vec![change]).await;
        let now = told(1).await.unwrap();
        // What was there before may come again, as a colour does; never what was there just now.
        let (own, composed) = before.last().unwrap();
        assert_ne!(now.0, *own, "change {n}");
        assert_ne!(now.1, *composed, "change {n}");
        before.push(now);
    }
    assert_eq!(before[5], before[8], "the same again is the same");

    // Of others nothing is told, and what is asked twice is the same.
    let still = told(1).await;
    let other = with_holder(&s, 2).await;
    keeps(
        &s,
        vec![add(evidence(3, Some(other), test_fact())), put(stored(other, 1, Colour::Red, None))],
    )
    .await;
    assert_eq!(told(999).await, still);

    // It ends with the session, by time or by hand; staff, gates and devices show no code.
    assert!(told(1_000).await.is_none());
    let device = Write::AddSession(session(10, SessionSubject::Device(id)));
    keeps(&s, vec![device]).await;
    assert!(s.opening([10; 32], at(1)).await.unwrap().is_none());
    keeps(&s, vec![Write::EndSession(token)]).await;
    assert!(told(1).await.is_none());
}

/// Shredding is seen, too, as long as a session is left to ask with: it is not.
pub async fn a_shredded_person_opens_nothing(s: S) {
    let id = with_holder(&s, 1).await;
    keeps(&s, vec![Write::AddSession(session(9, SessionSubject::Holder(id)))]).await;
    assert!(s.opening([9; 32], at(1)).await.unwrap().is_some());
    keeps(&s, vec![Write::Shred(id)]).await;
    assert!(s.opening([9; 32], at(1)).await.unwrap().is_none());
}
