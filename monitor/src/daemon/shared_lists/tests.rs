//! Who shares a sweep, what it finds, and what it leaves out.

use super::*;
use monitor_lab::testbed::wait::BOUND;
use monitor_query::Filter;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

fn lists() -> SharedLists {
    SharedLists::new(Arc::default())
}

fn lister() -> Lister {
    Lister::new(Vec::new(), 4_000_000, Duration::ZERO)
}

fn of(filter: &str) -> Wanted {
    Wanted::List(ConnectionQuery {
        filter: Filter::parse(filter).unwrap(),
        ..ConnectionQuery::default()
    })
}

/// The first so many by a column.
fn first(limit: u64, sort: &str) -> Wanted {
    Wanted::List(ConnectionQuery {
        limit: Some(limit),
        sort: Some(sort.parse().unwrap()),
        ..ConnectionQuery::default()
    })
}

/// A connection to this port; its cookie is the same number.
fn to(port: u16) -> Fact {
    // SAFETY: a `Fact` is a `Record`: every bit pattern is valid.
    let mut fact: Fact = unsafe { std::mem::zeroed() };
    fact.socket.family = 4;
    fact.socket.cookie = port.into();
    fact.socket.remote_port = port;
    fact
}

/// A sweep that finds so many.
fn find(count: u16, each: &mut dyn FnMut(&Fact)) -> Result<(), String> {
    (0..count).for_each(|port| each(&to(port)));
    Ok(())
}

const AGE: Duration = Duration::from_secs(4);

fn get(lists: &SharedLists, wanted: &Wanted, max_age: Duration) -> (Arc<Found>, bool) {
    let found = lists.get(wanted, max_age, lister, |each| find(10, each));
    found.unwrap().unwrap()
}

/// What is told of it.
fn told(found: &Arc<Found>) -> String {
    let mut rows = Arc::clone(found).rows(lister);
    let mut told = Vec::new();
    loop {
        let lines = rows.next_lines();
        if lines.is_empty() {
            return String::from_utf8(told).unwrap();
        }
        told.extend(lines);
    }
}

#[test]
fn whoever_asks_soon_after_is_told_the_same_and_who_wants_it_newer_has_a_sweep() {
    let lists = lists();
    let (first, swept) = get(&lists, &of("remote-port 7"), AGE);
    assert!(swept);
    assert_eq!(told(&first).lines().count(), 1);
    let (second, swept) = get(&lists, &of("remote-port 7"), AGE);
    assert!(Arc::ptr_eq(&first, &second) && !swept);
    let (third, swept) = get(&lists, &of("remote-port 7"), Duration::ZERO);
    assert!(swept && third.begun > first.begun);
}

#[test]
fn where_a_sweep_takes_long_its_list_serves_for_longer() {
    let (lists, wanted) = (lists(), of("remote-port 7"));
    let soon = Duration::from_nanos(1);
    let took = |took| lock(&lists.shared.state).took = took;
    get(&lists, &wanted, soon);
    took(Duration::ZERO);
    assert!(
        get(&lists, &wanted, soon).1,
        "it is older than was asked for"
    );
    took(Duration::from_secs(3_600));
    assert!(!get(&lists, &wanted, soon).1);
    assert!(
        get(&lists, &wanted, Duration::ZERO).1,
        "this one may not be older"
    );
}

#[test]
fn one_sweep_finds_all_that_was_asked_for_lately() {
    let lists = lists();
    get(&lists, &of("remote-port 7"), AGE);
    let (_, swept) = get(&lists, &Wanted::One(3), AGE);
    assert!(swept, "nobody had asked for it before");
    get(&lists, &of("remote-port 8"), Duration::ZERO);
    for wanted in [of("remote-port 7"), Wanted::One(3), of("remote-port 8")] {
        let (found, swept) = get(&lists, &wanted, AGE);
        assert!(!swept, "{wanted:?}");
        assert_eq!(found.facts.len(), 1, "{wanted:?}");
    }
    assert_eq!(
        get(&lists, &Wanted::One(3), AGE)
            .0
            .first()
            .unwrap()
            .socket
            .cookie,
        3
    );
}

#[test]
fn ten_who_ask_at_once_share_one_sweep() {
    let (lists, sweeps) = (lists(), AtomicUsize::new(0));
    let begin = Barrier::new(10);
    thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                begin.wait();
                let sweep = |each: &mut dyn FnMut(&Fact)| {
                    sweeps.fetch_add(1, Ordering::Relaxed);
                    find(10, each)
                };
                let found = lists.get(&of("remote-port 7"), AGE, lister, sweep);
                assert_eq!(told(&found.unwrap().unwrap().0).lines().count(), 1);
            });
        }
    });
    assert_eq!(sweeps.load(Ordering::Relaxed), 1);
}

#[test]
fn who_comes_while_a_sweep_runs_waits_for_it() {
    let lists = lists();
    let (begun, has_begun) = mpsc::channel();
    let (go_on, goes_on) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let lists = &lists;
        let first = scope.spawn(move || {
            let sweep = |each: &mut dyn FnMut(&Fact)| {
                begun.send(()).unwrap();
                goes_on.recv_timeout(BOUND).unwrap();
                find(10, each)
            };
            lists
                .get(&of("remote-port 7"), AGE, lister, sweep)
                .unwrap()
                .unwrap()
                .1
        });
        has_begun.recv_timeout(BOUND).unwrap();
        let second = scope.spawn(|| get(lists, &of("remote-port 7"), AGE).1);
        go_on.send(()).unwrap();
        assert!(first.join().unwrap() && !second.join().unwrap());
    });
}

#[test]
fn a_sweep_that_fails_or_panics_keeps_nobody_waiting() {
    let lists = lists();
    let refused = lists.get(&of("remote-port 7"), AGE, lister, |_| {
        Err("refused".to_owned())
    });
    assert_eq!(refused.err().unwrap(), "refused");
    let other = lists.clone();
    let broken = thread::spawn(move || {
        let broken = other.get(&of("remote-port 7"), AGE, lister, |_| panic!("on purpose"));
        drop(broken);
    });
    assert!(broken.join().is_err());
    assert!(get(&lists, &of("remote-port 7"), AGE).1);
}

#[test]
fn each_list_has_its_part_and_says_what_it_lacks() {
    let lists = lists();
    let sweep = |wanted: &Wanted| {
        let found = lists.get(wanted, Duration::ZERO, lister, |each| find(20_000, each));
        told(&found.unwrap().unwrap().0)
    };
    let all = sweep(&of(""));
    assert_eq!(all.lines().count(), ROWS + 1);
    let cut = "16384 connections shown, 3616 more left out";
    assert!(all.ends_with(&format!(
        "{{\"schema\":\"tcplull.error/1\",\"error\":\"{cut}\",\"left_out\":3616}}\n"
    )));
    let limited = Wanted::List(ConnectionQuery {
        limit: Some(5_001),
        ..ConnectionQuery::default()
    });
    assert_eq!(sweep(&limited).lines().count(), 5_001, "no more was wanted");
    // By now three are asked for.
    assert_eq!(sweep(&Wanted::One(3)).lines().count(), 1);
    assert_eq!(sweep(&of("")).lines().count(), ROWS / 3 + 1);
}

#[test]
fn one_sweep_finds_the_first_by_several_orders() {
    let lists = lists();
    let ask = |wanted: &Wanted, max_age| {
        let found = lists.get(wanted, max_age, lister, |each| find(20_000, each));
        let (found, swept) = found.unwrap().unwrap();
        let cookies: Vec<u64> = found.facts.iter().map(|fact| fact.socket.cookie).collect();
        (cookies, found.left_out, swept)
    };
    ask(&first(3, "remote"), AGE);
    let last = (vec![19_999, 19_998], 19_998, true);
    assert_eq!(ask(&first(2, "-remote"), AGE), last);
    let begun = (vec![0, 1, 2], 19_997, false);
    assert_eq!(ask(&first(3, "remote"), AGE), begun);
    // Whoever wants more than there is room for is told how many there are.
    let (found, left_out, _) = ask(&first(u64::MAX, "remote"), AGE);
    assert_eq!(
        (found.len() as u64 + left_out, found.len()),
        (20_000, ROWS / 3)
    );
}

#[test]
fn no_more_lists_are_shared_than_there_is_room_for() {
    let lists = lists();
    for port in 0..LISTS as u64 {
        get(&lists, &Wanted::One(port), AGE);
    }
    let more = lists.get(&Wanted::One(99), AGE, lister, |_| {
        panic!("no sweep is made for it")
    });
    assert!(more.unwrap().is_none());
    assert!(!get(&lists, &Wanted::One(7), AGE).1, "those that are stay");
}

#[tokio::test(start_paused = true)]
async fn what_nobody_asks_for_is_let_go_of() {
    let lists = lists();
    get(&lists, &of(""), AGE);
    let long_ago = Instant::now().checked_sub(KEPT).unwrap();
    lock(&lists.shared.state).lists[0].asked = long_ago;
    sleep(KEPT + Duration::from_secs(1)).await;
    assert!(lock(&lists.shared.state).lists.is_empty());
}
