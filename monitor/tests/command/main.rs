//! The command `tcplull` as its users meet it: on the real kernel, through the
//! command line, the HTTP endpoints and the findings it writes. What needs root
//! says so in its name where it is skipped; under CI=true nothing is.

mod alertmanager;
mod alerts;
mod alone;
mod api;
mod bad_input;
mod beside_others;
mod bounds;
mod budget;
mod churn;
mod clocks;
mod close_wait;
mod common;
mod connections;
mod containers;
mod contract;
mod cut;
mod cut_rights;
mod daemon;
mod exit_codes;
mod filters;
mod heal;
mod history;
mod hostile;
mod hostile_peer;
mod house_rules;
mod http;
mod kubernetes;
mod learned;
mod logins;
mod look_back;
mod memory;
mod metrics;
mod namespaces;
mod neighbours;
mod one_connection;
mod owners;
mod page;
mod pages;
mod privileges;
mod probe;
mod probe_locate;
mod probe_servers;
mod recording;
mod reload;
mod ring_full;
mod rules;
mod schemathesis;
mod scope;
mod scraped;
mod self_test;
mod service_manager;
mod shared_sockets;
mod show;
mod silence;
mod snapshot_file;
mod snapshots;
mod top;
mod usual_bpffs;
mod valve;
mod watched_sockets;
mod web;

use common::trials;
use libtest_mimic::Arguments;
use monitor_lab::network::cgroup::OwnGroup;
use monitor_lab::simulated_middlebox::process;
use std::env;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::thread;

/// Where this program is started as the laboratory's is, as a box that is simulated, it is one.
fn is_a_box() -> Option<io::Result<()>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ["box", orders, "--namespace", namespace] = words[..] else {
        return None;
    };
    let orders = serde_json::from_str(orders).map_err(io::Error::from);
    Some(orders.and_then(|orders| process::live(Path::new(namespace), orders)))
}

/// So many tests at once, unless somebody says another number. They wait for most of their time, on two cores for nine tenths.
fn at_once() -> usize {
    const LEAST: usize = 6;
    thread::available_parallelism().map_or(LEAST, |cores| cores.get().max(LEAST))
}

fn main() -> ExitCode {
    if let Some(lived) = is_a_box() {
        return match lived {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        };
    }
    let files = [
        // Of the first two one each waits for a page to end, which takes more than two minutes, of those after it one waits one:
        // first, so that the others run beside them.
        ("scraped", scraped::TESTS),
        ("alertmanager", alertmanager::TESTS),
        ("memory", memory::TESTS),
        ("alerts", alerts::TESTS),
        ("alone", alone::TESTS),
        ("api", api::TESTS),
        ("bad_input", bad_input::TESTS),
        ("beside_others", beside_others::TESTS),
        ("bounds", bounds::TESTS),
        ("budget", budget::TESTS),
        ("churn", churn::TESTS),
        ("clocks", clocks::TESTS),
        ("close_wait", close_wait::TESTS),
        ("connections", connections::TESTS),
        ("containers", containers::TESTS),
        ("contract", contract::TESTS),
        ("cut", cut::TESTS),
        ("cut_rights", cut_rights::TESTS),
        ("daemon", daemon::TESTS),
        ("exit_codes", exit_codes::TESTS),
        ("filters", filters::TESTS),
        ("heal", heal::TESTS),
        ("history", history::TESTS),
        ("look_back", look_back::TESTS),
        ("hostile", hostile::TESTS),
        ("hostile_peer", hostile_peer::TESTS),
        ("house_rules", house_rules::TESTS),
        ("http", http::TESTS),
        ("kubernetes", kubernetes::TESTS),
        ("learned", learned::TESTS),
        ("logins", logins::TESTS),
        ("watched_sockets", watched_sockets::TESTS),
        ("metrics", metrics::TESTS),
        ("namespaces", namespaces::TESTS),
        ("neighbours", neighbours::TESTS),
        ("owners", owners::TESTS),
        ("shared_sockets", shared_sockets::TESTS),
        ("page", page::TESTS),
        ("pages", pages::TESTS),
        ("one_connection", one_connection::TESTS),
        ("privileges", privileges::TESTS),
        ("probe", probe::TESTS),
        ("probe_locate", probe_locate::TESTS),
        ("probe_servers", probe_servers::TESTS),
        ("recording", recording::TESTS),
        ("reload", reload::TESTS),
        ("ring_full", ring_full::TESTS),
        ("rules", rules::TESTS),
        ("schemathesis", schemathesis::TESTS),
        ("scope", scope::TESTS),
        ("self_test", self_test::TESTS),
        ("show", show::TESTS),
        ("service_manager", service_manager::TESTS),
        ("silence", silence::TESTS),
        ("snapshot_file", snapshot_file::TESTS),
        ("snapshots", snapshots::TESTS),
        ("top", top::TESTS),
        ("usual_bpffs", usual_bpffs::TESTS),
        ("valve", valve::TESTS),
        ("web", web::TESTS),
    ];
    // So that nothing else on the machine is told of, and nothing of ours by others.
    let own = match OwnGroup::enter() {
        Ok(own) => own,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert_with(at_once);
    let ended = libtest_mimic::run(&arguments, trials(&files)).exit_code();
    drop(own);
    ended
}
