//! The suite every backend must pass.
//!
//! A backend's tests call [`conformance_tests!`](crate::conformance_tests) with a function that
//! makes an empty store; each promise becomes one test, so that a failure names what was broken.
//! Every case panics where the promise does not hold.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::option_option,
    reason = "test code that other crates call: a broken promise is a panic"
)]
// Not seen by the lint in a test build, so it cannot be expected there.
#![cfg_attr(
    not(test),
    expect(clippy::wildcard_imports, reason = "the made-up values belong to every case")
)]

pub mod accounts;
pub mod alarms;
pub mod appeals;
pub mod assignments;
pub mod changes;
pub mod counts;
pub mod evidence;
pub mod links;
pub mod logs;
mod made_up;
pub mod mandate;
pub mod marks;
pub mod model;
pub mod numbering;
pub mod openings;
pub mod papers;
pub mod people;
pub mod places;
pub mod policies;
pub mod records;
pub mod servers;
pub mod splits;
pub mod staff;
pub mod tally;
pub mod two;
pub mod units;

/// One test per promise. The argument is the path of an `async fn() -> (Arc<dyn Store>, Guard)`
/// that makes an empty store; the guard (a temporary directory) lives as long as the test.
///
/// The calling crate needs `tokio` with `macros` and `rt-multi-thread` for its tests.
#[macro_export]
macro_rules! conformance_tests {
    ($make:path) => {
        $crate::conformance_tests!(@ $make;
            people::a_new_holder_is_read_back_and_the_id_is_taken,
            people::holders_come_in_pages_by_id,
            people::a_vault_key_is_made_once,
            people::the_newest_version_of_each_sealed_field_is_read,
            accounts::one_document_leads_to_one_holder,
            accounts::a_phone_leads_to_all_who_use_it,
            accounts::a_carer_is_seen_from_both_sides,
            accounts::a_change_of_an_account_is_undone_once,
            assignments::a_worker_accompanies_who_was_assigned_until_it_ends,
            assignments::a_worker_accompanies_so_many_people_at_a_time,
            assignments::what_is_over_is_purged_and_the_erased_are_accompanied_by_nobody,
            links::a_link_is_changed_only_as_loaded,
            links::versions_of_linked_records_rise_together,
            links::joined_records_are_read_as_one_person,
            links::what_is_undecided_is_read_side_by_side,
            splits::pieces_of_a_split_record_count_for_whom_they_are,
            splits::a_split_is_undone_whole,
            splits::versions_of_a_split_rise_together,
            splits::pieces_are_those_of_a_split,
            splits::the_second_sees_what_was_before,
            splits::a_case_is_the_others,
            papers::a_paper_is_read_back_and_ends_once,
            papers::of_a_holders_papers_one_stands,
            papers::papers_come_in_pages_with_how_their_holders_stand,
            papers::papers_past_their_term_are_purged,
            alarms::an_alarm_is_read_back_and_answered_once,
            alarms::an_alarm_holds_what_follows,
            alarms::alarms_are_listed_and_purged,
            alarms::activity_is_counted_by_the_hour,
            alarms::people_at_whom_many_looked_are_found,
            alarms::a_protected_person_is_taken_off_by_two,
            appeals::an_appeal_is_read_back_and_decided_once,
            appeals::of_the_appeals_about_a_piece_one_is_open,
            appeals::a_file_goes_with_an_open_appeal,
            appeals::appeals_are_listed,
            appeals::decided_appeals_are_purged,
            appeals::a_review_of_a_rule_is_asked_for_once,
            people::shredding_leaves_no_way_to_the_person,
            people::a_document_is_barred_to_whom_it_was_taken_from,
            people::a_challenge_is_read_back_and_used_once,
            people::a_challenge_out_of_time_or_tries_is_refused,
            people::where_a_challenge_leads_is_said_once,
            people::a_code_is_good_for_its_lane_until_used,
            people::sessions_are_listed_and_ended_everywhere,
            people::a_correction_is_decided_once_and_in_time,
            people::messages_wait_until_due_oldest_first,
            people::a_session_ends_by_time_or_by_hand,
            openings::what_a_code_rests_on_is_told_apart,
            openings::a_shredded_person_opens_nothing,
            people::a_nonce_is_used_once,
            servers::a_lease_has_one_owner,
            servers::a_job_is_read_back,
            servers::a_job_is_forgotten_with_its_parts,
            people::what_has_expired_is_purged,
            tally::what_is_counted_leaves_its_window,
            tally::a_count_alone_above_the_limit_never_has_room,
            tally::counts_of_other_classes_and_keys_are_other_counts,
            tally::of_many_at_once_as_many_pass_as_there_is_room_for,
            tally::a_refused_unit_counts_nothing,
            tally::counts_are_purged_when_their_window_has_passed,
            staff::an_agency_and_its_staff_are_read_back,
            staff::a_confirmation_is_kept_and_the_first_stays,
            staff::passkeys_belong_to_existing_staff,
            staff::a_disabled_member_loses_every_session,
            staff::the_last_one_of_a_region_remains,
            staff::of_two_who_end_each_other_one_remains,
            staff::an_invitation_works_once_and_in_time,
            places::a_place_is_found_by_id_and_its_key_is_taken,
            places::places_come_in_pages_by_id,
            places::a_trip_is_replaced_only_as_loaded,
            places::the_last_word_about_a_ride_counts,
            places::rides_go_with_the_visits_of_their_day,
            places::a_ride_is_taken_back_with_its_visit,
            places::a_revoked_gate_loses_its_sessions,
            places::the_same_visit_twice_is_one_visit,
            places::no_two_visits_share_a_key,
            places::a_visit_has_one_end,
            places::a_visit_is_shortened_from_the_end_it_has,
            places::a_visit_is_closed_in_its_own_day,
            places::a_visit_never_ends_before_it_starts,
            places::the_same_scan_twice_is_refused,
            places::scans_come_by_their_moment,
            places::dropping_days_drops_all_before_and_nothing_else,
            marks::each_change_of_visits_raises_the_mark_of_its_day,
            marks::a_dropped_day_never_comes_back_with_an_older_mark,
            marks::a_day_that_lost_a_visit_is_told,
            marks::a_day_whose_visit_was_shortened_is_told,
            marks::a_store_keeps_its_id,
            changes::what_a_unit_says_is_what_is_told,
            changes::what_changes_nothing_has_no_position,
            changes::pages_of_any_size_tell_the_same,
            changes::what_comes_between_two_pages_is_told_by_the_next_reading,
            changes::what_went_is_told_by_its_day,
            changes::units_side_by_side_are_all_told,
            evidence::every_kind_of_fact_is_read_back,
            evidence::each_change_of_evidence_raises_the_version_by_one,
            evidence::evidence_that_has_ended_is_not_changed,
            evidence::evidence_needs_its_holder,
            evidence::the_same_external_key_twice_is_refused,
            evidence::standing_contacts_are_of_all_runs_of_a_case,
            evidence::evidence_comes_oldest_first,
            evidence::holders_with_evidence_come_in_pages_once_each,
            evidence::a_unit_that_decided_from_old_evidence_is_refused,
            evidence::an_assessment_names_the_evidence_it_was_made_from,
            evidence::a_holders_standing_is_their_stored_colour,
            evidence::due_assessments_come_soonest_first,
            evidence::colours_are_counted_and_the_confined_are_listed,
            evidence::changes_of_colour_come_newest_first,
            evidence::risk_levels_raise_the_regions_version,
            policies::everybody_of_whom_something_is_kept_is_read_in_pages,
            policies::counts_say_how_many_are_from_before,
            policies::a_stale_assessment_is_not_written_over_another,
            policies::a_policy_replaces_the_one_in_force,
            policies::a_proposal_is_decided_once,
            policies::no_batch_of_recolouring_counts_twice,
            mandate::a_step_of_the_mandates_follows_the_one_before,
            mandate::an_identity_request_is_decided_once,
            mandate::who_asks_for_an_identity_has_one_request_open,
            mandate::when_the_mandate_is_over_nobody_is_left,
            counts::colours_are_counted_by_home,
            counts::people_of_a_time_are_counted_once,
            counts::what_was_withdrawn_in_a_time_is_listed,
            counts::who_was_turned_away_is_listed,
            counts::what_was_published_stays,
            logs::a_case_is_corrected_and_withdrawn_once,
            logs::standing_cases_come_in_pages,
            logs::a_divisions_cases_are_not_crowded_out,
            logs::a_trace_is_read_back_and_replaced,
            logs::a_run_is_built_upon_while_it_and_its_case_stand,
            logs::accesses_come_newest_first,
            logs::a_look_is_known_again,
            logs::a_setting_is_replaced_only_as_expected,
            numbering::a_leaf_waits_until_it_is_numbered,
            numbering::numbers_follow_the_order_of_acknowledgement,
            numbering::a_numbering_from_an_old_look_is_refused,
            numbering::many_that_number_at_once_number_each_leaf_once,
            numbering::any_order_of_units_and_two_sequencers_gives_one_log,
            numbering::leaves_are_found_by_their_commitment,
            records::who_recorded_what_is_found_again,
            records::what_is_kept_for_a_document_goes_to_its_owner,
            records::what_is_kept_is_taken_back_counted_and_purged,
            records::a_tube_is_one_persons_and_its_results_are_theirs,
            records::a_file_is_a_record,
            records::a_withdrawal_names_who_and_why,
            records::what_was_taken_back_is_expected_to_stand_no_more,
            records::a_withdrawal_that_was_begun_is_listed_until_it_is_done,
            records::what_waits_is_decided_once,
            records::all_that_waits_is_counted_however_much_it_is,
            units::a_missing_thing_is_none_or_empty,
            units::a_unit_that_fails_at_its_last_write_leaves_nothing,
            units::a_failing_unit_does_not_disturb_its_neighbours,
            units::of_two_units_expecting_one_version_exactly_one_wins,
            units::every_unit_is_seen_once_it_is_acknowledged,
            units::a_unit_is_kept_though_its_caller_went_away,
            units::an_empty_unit_and_a_ping_succeed,
            units::a_backup_is_made_once,
            model::random_units_agree_with_a_model,
        );
    };
    (@ $make:path; $($module:ident :: $case:ident),* $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            let (store, _guard) = $make().await;
            $crate::conformance::$module::$case(store).await;
        }
    )*};
}

/// The promises about what happens at once, on two handles to one database. The argument is the path of an
/// `async fn() -> (Arc<dyn Store>, Arc<dyn Store>, Guard)`; a backend that can be opened to write only
/// once gives the same handle twice.
#[macro_export]
macro_rules! conformance_tests_of_two {
    ($make:path) => {
        $crate::conformance_tests_of_two!(@ $make;
            what_one_acknowledges_the_other_reads,
            random_units_on_both_agree_with_a_model,
            of_two_that_expect_one_version_exactly_one_wins,
            of_many_on_both_as_many_pass_as_there_is_room_for,
            of_two_that_end_each_other_on_two_servers_one_remains,
            who_uses_a_phone_is_not_decided_twice,
            a_document_that_is_kept_for_leads_to_nobody,
            nobody_cares_for_more_people_than_they_may,
            nobody_accompanies_more_people_than_fit,
            one_of_two_publishes_a_day,
            one_of_two_policies_comes_into_force,
            nothing_is_added_to_what_is_taken_back,
            changes_of_both_are_all_told,
            both_number_and_each_leaf_has_one_number,
            a_day_is_made_and_dropped_by_either,
            units_that_want_the_same_in_another_order_are_all_answered,
        );
    };
    (@ $make:path; $($case:ident),* $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            let (one, other, _guard) = $make().await;
            $crate::conformance::two::$case(one, other).await;
        }
    )*};
}
