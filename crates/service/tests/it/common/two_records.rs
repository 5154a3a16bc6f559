//! What the tests of records that are joined and of records that are told apart have in common.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use jadegate_domain::{Colour, HolderId};
use jadegate_service::staff::{TestInput, Whom};
use jadegate_service::{Result, StaffSession};

use super::{World, document, policy_text, test_of};

pub(crate) fn by_document(n: u32) -> Whom {
    Whom::Document(document(n))
}

pub(crate) fn test(n: u32, result: &str, sampled_at: &str) -> TestInput {
    TestInput { sampled_at: sampled_at.to_owned(), ..test_of(by_document(n), result) }
}

/// A policy by which a negative test ends what a positive one began.
pub(crate) fn ended_by_tests() -> String {
    let usual = "days = 14\nends = { en = \"Ends by itself {days} days after the sample was taken.\", \
                 zh = \"自采样之日起满{days}天自动解除。\" }";
    let text = policy_text();
    assert!(text.contains(usual));
    let tests = "ends_when = [{ days = 7, negative_tests = { count = 1, after_days = 6 } }]\n\
                 ends = { en = \"Ends with a negative test.\", zh = \"检测阴性后解除。\" }";
    text.replace(usual, tests)
}

pub(crate) fn code<T>(r: Result<T>) -> &'static str {
    r.err().unwrap().code
}

/// Another counter, of another agency.
pub(crate) async fn other_officer(w: &mut World) -> StaffSession {
    w.staff("hospital", "officer", "CN-3301").await
}

pub(crate) async fn colours(w: &World, of: [HolderId; 2]) -> [Colour; 2] {
    [w.colour(of[0]).await, w.colour(of[1]).await]
}
