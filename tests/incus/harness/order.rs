//! In which order the tests run, and which of them run beside others.

use std::sync::{Mutex, PoisonError, RwLock};

use super::Test;

/// The tests that take longest, the longest first. They begin first, so that at the end no worker waits for one of them.
const LONGEST: &[&str] = &[
    "gateway::the_real_gateway_runs_contained",
    "bake::guests_of_one_bake_share_nothing_of_their_own",
    "egress::each_mode_opens_what_it_says_and_nothing_else",
    "audit::each_protection_that_is_gone_is_found",
    "standby::claims::guests_are_claimed_and_replaced",
    "standby::claims::what_is_stale_is_not_claimed",
    "bake::a_killed_bake_leaves_no_image",
    "bake::a_pool_that_is_too_small",
    "bake::only_what_the_project_names_is_used",
    "bake::the_gateway_of_a_bake_has_no_network",
    "bake::what_the_gateway_left_is_removed_or_named",
    "wipe::killed::killed_at_any_moment_a_wipe_takes_all",
    "wipe::killed::a_wipe_survives_the_end_of_the_daemon",
    "standby::failing::a_lab_in_which_launches_fail_is_left_alone_for_a_while",
    "bake::bakes_with_caches_of_their_own_make_one_image",
    "wipe::stuck::a_daemon_that_does_not_answer_is_an_error",
    "launches::five_at_once",
    "prove::gateway::the_gateway_judges_itself",
    "standby::claims::a_killed_pool_is_cleaned_up_after",
    "failures::ctrl_c_in_each_phase_leaves_nothing",
    "failures::a_gateway_that_never_starts",
    "failures::a_start_whose_hook_is_not_answered",
    "standby::kept_in::both_firewalls_stand_when_it_is_claimed",
    "standby::kept_in::its_receipt_has_every_probe",
    "wipe::stuck::a_daemon_that_hangs_for_a_while_is_waited_for",
    "lint::what_was_judged_is_what_is_made",
    "bake::a_bake_that_fails_leaves_a_log",
    "failures::a_gateway_that_crashes",
    "second_lock::gap::nothing_gets_through_while_rules_are_made_anew",
    "images::an_image_is_pulled_pinned_and_deleted",
    "prove::fighting::runners_that_are_replaced",
    "bake::two_bakes_at_once_make_one_image",
    "failures::killed_at_any_moment_then_deleted_leaves_nothing",
    "prove::fighting::guests_without_anything_left",
    "prove::network::each_firewall_alone",
];

/// The tests beside which no other runs. They run at the end.
const ALONE: &[&str] = &[
    // They measure the peak of this process's memory.
    "client::files::a_large_file_goes_in_in_little_memory",
    "client::images::a_large_image_goes_up_in_little_memory",
    // It plays a start of the machine. Incus then looks at all links, and puts off a network if one goes away meanwhile.
    "second_lock::gap::incus_rules_stand_before_guests_start",
];

/// Tests that do not run beside another one of the same group.
const APART: [&[&str]; 2] = [
    // They look how quickly others answer, while a guest is driven into its limits.
    &[
        "prove::limits::no_limits",
        "prove::limits::limits_that_do_not_hold",
        "prove::limits::limits_that_hold",
        "prove::limits::a_guest_that_only_says_so",
        "prove::limits::a_neighbour_that_stops_answering",
    ],
    // They lead public addresses that both try into a namespace of their own.
    &["prove::network::the_network_without_its_firewall", "egress::each_mode_is_proven"],
];

/// Held by each test that runs: shared, or alone.
static COMPANY: RwLock<()> = RwLock::new(());

/// Held by the one test of each group that runs.
static GROUPS: [Mutex<()>; APART.len()] = [const { Mutex::new(()) }; APART.len()];

/// Puts the tests in order.
///
/// # Panics
/// When a test is named here that there is not.
pub(super) fn sort(tests: Vec<Test>) -> Vec<Test> {
    for name in LONGEST.iter().chain(ALONE).chain(APART.into_iter().flatten()) {
        assert!(tests.iter().any(|test| test.name() == *name), "harness/order.rs names {name}, which is no test");
    }
    let (alone, beside): (Vec<_>, Vec<_>) = tests.into_iter().partition(is_alone);
    let rank = |test: &Test| LONGEST.iter().position(|name| *name == test.name());
    let (mut longest, rest): (Vec<_>, Vec<_>) = beside.into_iter().partition(|test| rank(test).is_some());
    longest.sort_by_key(rank);
    // Far from each other, so that none waits for another one.
    let (apart, mut rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(|test| group(test).is_some());
    let step = rest.len() / apart.len().max(1);
    for (number, test) in apart.into_iter().enumerate() {
        rest.insert(number * (step + 1), test);
    }
    [longest, rest, alone].concat()
}

/// Runs a test as soon as it may: beside others, or alone.
pub(super) fn in_company<T>(test: &Test, run: impl FnOnce() -> T) -> T {
    if is_alone(test) {
        let _alone = COMPANY.write().unwrap_or_else(PoisonError::into_inner);
        return run();
    }
    let _beside_others = COMPANY.read().unwrap_or_else(PoisonError::into_inner);
    let _apart = group(test).map(|group| group.lock().unwrap_or_else(PoisonError::into_inner));
    run()
}

fn is_alone(test: &Test) -> bool {
    ALONE.contains(&test.name())
}

fn group(test: &Test) -> Option<&'static Mutex<()>> {
    let group = APART.iter().position(|names| names.contains(&test.name()))?;
    GROUPS.get(group)
}
