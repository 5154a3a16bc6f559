//! The drill itself, in a small town: everything is stopped by what the list says.

use super::steps::Stopped;
use super::tries::Bound;
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn no_insider_goes_further_than_the_list_says() {
    let config = Config::default();
    let mut told = Vec::new();
    for one in TRIES {
        told.push(tried(one, &config, 150).await.unwrap());
    }
    let far: Vec<_> = told.iter().filter(|t| !t.held).collect();
    assert!(far.is_empty(), "{far:#?}");
    // The tries are made: none of them ends before its first step.
    assert!(told.iter().all(|t| t.steps > 0));
    assert!(told.iter().any(|t| t.people > 0), "nobody was touched: the drill measures nothing");
}

#[test]
fn a_try_that_went_too_far_is_said() {
    let bound = Bound { most: |town| town / 10, by: "waits" };
    assert!(bound.holds(30, 3, Stopped::Waits));
    assert!(!bound.holds(30, 4, Stopped::Waits));
    assert!(!bound.holds(30, 0, Stopped::Nothing));
}

/// The page is what the command printed; numbers may move with the town, rows and what stops them may not.
#[test]
fn the_page_names_every_try_and_what_stops_it() {
    let page = include_str!("../../../../docs/drill.md");
    for one in TRIES {
        let row = page.lines().find(|l| l.starts_with(&format!("| {} | {} |", one.who, one.what)));
        let row = row.unwrap_or_else(|| panic!("docs/drill.md lacks {}: {}", one.who, one.what));
        assert!(row.contains(&format!("| `{}` |", one.bound.by)), "{row}");
        assert!(!row.contains("too far"), "{row}");
    }
}
