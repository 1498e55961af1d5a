//! Lists of connections, for `ls` and whoever asks for them.

use super::lister::Lister;
use super::lock::lock;
use super::look_once::LookOnce;
use super::packed::packed;
use super::paths;
use super::row_room::Taken;
use crate::config::Config;
use crate::surfaces::api::{ConnectionQuery, Rows};
use monitor_common::Fact;
use monitor_kernel::{KernelError, Watching};
use monitor_model::api::ApiError;
use monitor_model::listing::ConnectionRow;
use monitor_query::{Filter, First, Sort};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::spawn_blocking;

/// Lists the connections for a client of a running daemon, which has this room. A sweep of its own finds them at once, so
/// that it waits for no client: what is not asked for it leaves, and the client is given the first while it still runs, unless
/// they are to be in order. Each becomes a row when it is taken. `choosing` is a lister as `lister` is.
pub(super) fn connections(
    watching: &Arc<Mutex<Watching>>,
    choosing: Lister,
    lister: Lister,
    room: Taken,
    asked: &ConnectionQuery,
) -> Result<Rows, String> {
    let watching = Arc::clone(watching);
    let next_look = lister.next_look();
    let sweep = move |each: &mut dyn FnMut(&Fact)| sweep(&watching, next_look, each);
    match asked.sort {
        Some(sort) => ordered(sweep, choosing, lister, room, asked, sort),
        None => listed(sweep, choosing, lister, room, asked),
    }
}

/// A sweep for who asks, by a daemon that looks again within `next_look`.
pub(super) fn sweep(
    watching: &Mutex<Watching>,
    next_look: Duration,
    each: &mut dyn FnMut(&Fact),
) -> Result<(), String> {
    let swept = lock(watching).list(next_look, each);
    swept.map(drop).map_err(|error| error.to_string())
}

/// The first in order, by any sweep: it looks at all of them before the first is told, and holds no more than are told.
fn ordered(
    sweep: impl FnOnce(&mut dyn FnMut(&Fact)) -> Result<(), String>,
    mut choosing: Lister,
    mut lister: Lister,
    mut room: Taken,
    asked: &ConnectionQuery,
    sort: Sort,
) -> Result<Rows, String> {
    let mut first = First::new(asked.most_sorted());
    sweep(&mut |fact| {
        choosing.look(fact, |candidate| {
            if asked.filter.matches(candidate) {
                first.push(sort.rank(candidate), || *fact);
            }
        });
    })?;
    room.keep(first.kept() * size_of::<Fact>());
    let cut = ApiError::left_out(first.kept() as u64, first.left_out());
    let rows = Rows::told_by(first.into_rows().map(Ok), move |fact, told| {
        // Taken until the last of them is told.
        let _taken = &room;
        lister.tell(&fact, told)
    });
    Ok(rows.then(cut))
}

/// Those that are asked for as they come, by any sweep.
fn listed(
    sweep: impl FnOnce(&mut dyn FnMut(&Fact)) -> Result<(), String> + Send + 'static,
    mut choosing: Lister,
    mut lister: Lister,
    room: Taken,
    asked: &ConnectionQuery,
) -> Result<Rows, String> {
    let (mut packing, packed) = packed(room);
    let filter = asked.filter.clone();
    spawn_blocking(move || {
        let swept = sweep(&mut |fact| {
            if choosing.takes(&filter, fact) {
                packing.put(fact);
            }
        });
        packing.end(swept.err());
    });
    packed.begun()?;
    let rows = Rows::told_by(packed, move |fact, told| lister.tell(&fact, told));
    Ok(rows.first(asked.limit))
}

/// The socket with this cookie, as a sweep of its own shows it; `None` where it is gone.
pub(super) fn one(
    watching: &Mutex<Watching>,
    lister: &Lister,
    cookie: u64,
) -> Result<Option<Fact>, String> {
    let mut found = None;
    sweep(watching, lister.next_look(), &mut |fact| {
        if fact.socket.cookie == cookie {
            found = Some(*fact);
        }
    })?;
    Ok(found)
}

/// Lists those of this host's connections that `filter` takes without a daemon: loads the iterators alone, and sweeps once,
/// and hands each on as it is found.
///
/// # Errors
///
/// Why the kernel side cannot run here.
pub fn list_once(
    config: &Config,
    btf: &Path,
    filter: &Filter,
    mut each: impl FnMut(ConnectionRow),
) -> Result<(), KernelError> {
    let look = LookOnce::load(config, btf)?;
    let judged = paths::for_judge(config, look.first_path);
    // Nobody looks again.
    let mut lister = Lister::new(judged, look.jiffy_ns, Duration::ZERO);
    look.sweep(|fact| {
        if lister.takes(filter, fact) {
            each(lister.row(fact));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::row_room::RowRoom;
    use monitor_lab::testbed::wait::BOUND;
    use std::sync::mpsc;

    /// A connection to this port.
    fn to(port: u16) -> Fact {
        // SAFETY: a `Fact` is a `Record`: every bit pattern is valid.
        let mut fact: Fact = unsafe { std::mem::zeroed() };
        fact.socket.family = 4;
        fact.socket.remote_port = port;
        fact
    }

    /// What a sweep comes to, for who asks so.
    async fn asked(
        sweep: impl FnOnce(&mut dyn FnMut(&Fact)) -> Result<(), String> + Send + 'static,
        asked: ConnectionQuery,
    ) -> Result<Rows, String> {
        let lister = || Lister::new(Vec::new(), 4_000_000, Duration::ZERO);
        let room = RowRoom::new(Arc::default()).for_a_list().unwrap();
        let list = move || listed(sweep, lister(), lister(), room, &asked);
        spawn_blocking(list).await.unwrap()
    }

    fn lines(rows: &mut Rows) -> usize {
        let told = rows.next_lines();
        told.iter().filter(|byte| **byte == b'\n').count()
    }

    #[tokio::test]
    async fn the_first_rows_come_before_the_sweep_is_over() {
        let (read, go_on) = mpsc::channel();
        let sweep = move |each: &mut dyn FnMut(&Fact)| {
            (0..1_000).for_each(|_| each(&to(443)));
            // The rest only once somebody has read.
            go_on
                .recv_timeout(BOUND)
                .map_err(|error| error.to_string())?;
            each(&to(443));
            Ok(())
        };
        let mut rows = asked(sweep, ConnectionQuery::default()).await.unwrap();
        let mut count = lines(&mut rows);
        assert!(count > 0);
        read.send(()).unwrap();
        while let more @ 1.. = lines(&mut rows) {
            count += more;
        }
        assert_eq!(count, 1_001);
    }

    #[tokio::test]
    async fn what_is_not_asked_for_is_left_by_the_sweep() {
        let sweep = |each: &mut dyn FnMut(&Fact)| {
            (0..1_000).for_each(|port| each(&to(port)));
            Ok(())
        };
        let query = ConnectionQuery {
            limit: Some(2),
            filter: Filter::parse("remote-port 997-65535").unwrap(),
            ..ConnectionQuery::default()
        };
        let mut rows = asked(sweep, query).await.unwrap();
        let told = String::from_utf8(rows.next_lines()).unwrap();
        assert_eq!(told.lines().count(), 2, "{told}");
        assert!(told.contains(":997") && told.contains(":998"), "{told}");
        assert_eq!(lines(&mut rows), 0);
    }

    #[test]
    fn the_first_in_order_are_the_first_of_all_and_the_last_line_counts_the_others() {
        let ask = |limit, sort: &str| {
            let sweep = |each: &mut dyn FnMut(&Fact)| {
                (0..20_000).for_each(|port| each(&to(port)));
                Ok(())
            };
            let lister = || Lister::new(Vec::new(), 4_000_000, Duration::ZERO);
            let (room, sort) = (RowRoom::new(Arc::default()), sort.parse().unwrap());
            let asked = ConnectionQuery {
                limit,
                filter: Filter::parse("remote-port 1-65535").unwrap(),
                ..ConnectionQuery::default()
            };
            let room = room.for_a_list().unwrap();
            let mut rows = ordered(sweep, lister(), lister(), room, &asked, sort).unwrap();
            let mut told = Vec::new();
            while let lines @ [_, ..] = rows.next_lines().as_slice() {
                told.extend_from_slice(lines);
            }
            String::from_utf8(told).unwrap()
        };
        let told = ask(Some(2), "-remote");
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines.len(), 3, "{told}");
        assert!(
            lines[0].contains(":19999\"") && lines[1].contains(":19998\""),
            "{told}"
        );
        assert_eq!(
            lines[2],
            r#"{"schema":"tcplull.error/1","error":"2 connections shown, 19997 more left out","left_out":19997}"#
        );
        assert_eq!(
            ask(Some(100_000), "remote").lines().count(),
            10_001,
            "no more are held"
        );
        assert!(ask(None, "remote").ends_with("\"left_out\":9999}\n"));
    }

    #[tokio::test]
    async fn a_sweep_that_breaks_off_says_so_behind_what_it_found() {
        let refused = |_: &mut dyn FnMut(&Fact)| Err("refused".to_owned());
        let error = asked(refused, ConnectionQuery::default())
            .await
            .unwrap_err();
        assert_eq!(error, "refused");
        let broken = |each: &mut dyn FnMut(&Fact)| {
            each(&to(443));
            Err("broke off".to_owned())
        };
        let mut rows = asked(broken, ConnectionQuery::default()).await.unwrap();
        let told = String::from_utf8(rows.next_lines()).unwrap();
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines.len(), 2, "{told}");
        assert_eq!(
            lines[1],
            r#"{"schema":"tcplull.error/1","error":"broke off"}"#
        );
    }
}
