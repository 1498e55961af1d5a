//! The stories, in the order of tables. To add one, write its file, after the example of
//! `nat_silent_drop`, and its line below: the file's name, and the scenarios in it.

mod base;
mod prelude;

pub use base::Scenario;

macro_rules! scenarios {
    ($($file:ident: $($scenario:ident),+;)+) => {
        $(mod $file;)+

        /// Every scenario.
        pub const ALL: &[Scenario] = &[$($($file::$scenario),+),+];
    };
}

scenarios! {
    nat_silent_drop: SCENARIO;
    nat_rst_next_packet: SCENARIO;
    nat_silent_drop_ipv6: SCENARIO;
    nat_unreachable: SCENARIO;
    server_pushes: SCENARIO;
    box_resets_both: SCENARIO;
    box_closes_both: SCENARIO, PROXY;
    path_comes_back: SCENARIO;
    path_dies: SCENARIO;
    forged_acks: THEN_FIN, FOR_EVER, IPV6, ALARM_BUTTON, SEND_AND_CLOSE;
    held_clock: SCENARIO;
    bad_line: LOSES, BULK_BOTH_WAYS;
    survives: SCENARIO;
    keepalive_saves: SCENARIO;
    heal_saves: SCENARIO, IPV6, OWN;
    heal_ends_hang: SCENARIO, IPV6;
    older_connection: SCENARIO;
    another_cgroup: SCENARIO;
    long_request: SCENARIO;
    keepalive_in_vain: TOO_SLOW, UNANSWERED;
    local_abort: SCENARIO;
    no_answer_due: ONE_WAY, GOODBYE, SEND_AND_CLOSE;
    half_closed: ANSWERED, WAITS;
    reader_stops: PEER, OWN;
    closed_window: KILLED, DOWNLOAD, PROBED, DEADLOCK;
    slow_readers: UPLOAD, DOWNLOAD;
    paced_sender: SCENARIO;
    stopped_peer: SCENARIO;
    no_habit_yet: SCENARIO;
    slow_server: SCENARIO;
    trickle: SCENARIO;
    passive_side: SCENARIO;
    waits_in_peace: ANSWERED, WINDOW_UPDATE, CONSUMER, SUBSCRIBER;
    waits_by_design: LISTEN, REPLICA, BINLOG, CHANGE_STREAM, SYNCREPL, EVENTS, BLPOP, QOS, PREFETCH, LONG_POLL, SSE, WEB_SOCKET;
    loopback_pool: SCENARIO;
    crowd: SCENARIO;
    sibling_works: SCENARIO;
    host_down: SCENARIO, UPLINK;
    heard_in_vain: LARGE, ALL;
    one_place_lost: SCENARIO;
    refused_there: NUMBERS, WINDOW;
    push_is_no_answer: SCENARIO;
    kernel_gives_up: LATE, SILENT, PROBES;
    stream_dies_after_gap: SCENARIO;
    quit_over_dead_path: CLIENT, SERVER;
    nobody_waits: NOTIFY, LONG, KILLED;
    commit_then_exit: SCENARIO;
    left_behind: ARRIVES, LOST;
    connects_fail: SCENARIO;
    pool_reconnects: SCENARIO;
    mtu_is_found: SCENARIO;
    acks_vanish: AFTER_SILENCE, STREAM;
    siblings_are_gone: SCENARIO;
    server_restarts: SCENARIO;
    given_up_early: SCENARIO;
    somebody_waits: ASKED, READER;
    quicker_than_stated: ONE_WORKS, ALONE, NO_PATH;
    silence_is_cleared: LONGER, BELOW;
    clients_vanish: TWO_OF_THIRTEEN, SERVERS, PREFIX, LIVES, CROSSED;
    when_a_page_ends: HANGS, GIVEN_UP, OUTAGE;
    address_changes: SCENARIO, IN_FLIGHT, IPV6;
    fin_unread: SCENARIO;
    client_leaves: SCENARIO;
    asks_in_a_batch: LOST, CROWD, SLOW;
    request_is_cut_off: FIN, GOODBYE;
    far_away: SURVIVES, DROPS, RESETS;
    local_conntrack: FORGETS, FORGETS_IPV6, FLUSHED, OF_NAMESPACE, FULL, BACKEND;
}

/// How many cases the taxonomy has: kinds of fate of a connection, of which each is
/// told by one story or more.
pub const CASES: u8 = 38;

/// The scenario called `name`.
pub fn named(name: &str) -> Option<&'static Scenario> {
    ALL.iter().find(|scenario| scenario.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_is_found_by_its_name_and_judged_on_its_own_path() {
        for scenario in ALL {
            let found = named(scenario.name).map(|found| found.about);
            assert_eq!(found, Some(scenario.about));
            let truth = (scenario.truth)();
            assert_eq!(truth.path, scenario.configuration.path, "{}", scenario.name);
            assert_eq!(truth.timeout_seconds, scenario.configuration.timeout);
            assert_eq!(truth.clock, scenario.configuration.clock);
        }
        assert!(named("no-such-story").is_none());
    }

    #[test]
    fn every_case_of_the_taxonomy_is_told() {
        for case in 1..=CASES {
            assert!(
                ALL.iter().any(|scenario| scenario.case == Some(case)),
                "case {case}"
            );
        }
    }

    #[test]
    fn a_truth_is_quiet_or_demands_something() {
        for scenario in ALL {
            let truth = (scenario.truth)();
            assert!(truth.quiet || !truth.due.is_empty(), "{}", scenario.name);
        }
    }

    #[test]
    fn where_nothing_may_be_heard_nobody_is_ever_woken() {
        let quiet = [9, 11, 17]
            .into_iter()
            .chain(23..=29)
            .chain(32..=34)
            .chain([36, 38]);
        for case in quiet {
            let stories = ALL.iter().filter(|scenario| scenario.case == Some(case));
            for scenario in stories {
                let truth = (scenario.truth)();
                assert!(truth.quiet && truth.alerts.is_empty(), "{}", scenario.name);
            }
        }
    }
}
