//! Picking among all that an application has reported.

use super::Report;
use crate::ends::End;
use crate::timeline::{Entry, Happened};
use std::net::SocketAddr;

/// What the application at `end` has reported, in order.
pub(super) fn of(end: End, entries: &[Entry]) -> impl Iterator<Item = &Report> {
    entries.iter().filter_map(move |entry| match &entry.what {
        Happened::App(whose, report) if *whose == end => Some(report),
        _ => None,
    })
}

/// All text that has arrived on connection `on`.
pub(super) fn received<'a>(reports: impl Iterator<Item = &'a Report>, on: usize) -> String {
    reports
        .filter_map(|report| match report {
            Report::Received { on: at, text } if *at == on => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

/// How much bulk has arrived on connection `on`, in bytes.
pub(super) fn moved<'a>(reports: impl Iterator<Item = &'a Report>, on: usize) -> u64 {
    reports
        .filter_map(|report| match report {
            Report::Moved { on: at, bytes } if *at == on => Some(*bytes),
            _ => None,
        })
        .last()
        .unwrap_or(0)
}

/// Why connection `on` broke, if it did.
pub(super) fn broken<'a>(
    mut reports: impl Iterator<Item = &'a Report>,
    on: usize,
) -> Option<&'a str> {
    reports.find_map(|report| match report {
        Report::Broken { on: at, why } if *at == on => Some(why.as_str()),
        _ => None,
    })
}

/// The addresses of connection `on`, its own and the remote one.
pub(super) fn connected<'a>(
    mut reports: impl Iterator<Item = &'a Report>,
    on: usize,
) -> Option<(SocketAddr, SocketAddr)> {
    reports.find_map(|report| match report {
        Report::Connected {
            on: at,
            local,
            remote,
        } if *at == on => Some((*local, *remote)),
        _ => None,
    })
}

/// How the order that was given as number `nth`, from 0, went.
pub(super) fn obeyed<'a>(
    reports: impl Iterator<Item = &'a Report>,
    nth: usize,
) -> Option<Result<(), &'a str>> {
    reports
        .filter_map(|report| match report {
            Report::Done => Some(Ok(())),
            Report::Refused(why) => Some(Err(why.as_str())),
            _ => None,
        })
        .nth(nth)
}
