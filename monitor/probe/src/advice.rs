//! What to do about a path that forgets.

use monitor_model::finding::Clock;
use monitor_model::format::duration_of;
use monitor_model::probe::{AskedAs, Expiry, ProbeReport, ProbedSide};
use std::net::SocketAddr;

/// A `[[path]]` that states what was found, for this one host: the silence that is surely survived, rounded down.
pub(crate) fn path_block(report: &ProbeReport, address: SocketAddr) -> Option<String> {
    let timeout = timeout(shortest(report)?);
    let address = SocketAddr::new(address.ip().to_canonical(), address.port());
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let clock = match report.clock {
        Some(Clock::Packets) => "clock = \"packets\"\n",
        Some(Clock::Payload) => "clock = \"payload\"\n",
        None => "",
    };
    Some(format!(
        "[[path]]\nname = \"probed\"\nremote = [\"{}/{bits}\"]\nports = [{}]\ntimeout = \"{timeout}\"\n{clock}",
        address.ip(),
        address.port()
    ))
}

/// The longest silence that is surely survived, whoever ends it, in seconds.
fn shortest(report: &ProbeReport) -> Option<f64> {
    let forgets = |side: &&ProbedSide| side.at_most_seconds.is_some();
    let sides = [Some(&report.inside), report.outside.as_ref()];
    let sides = sides.into_iter().flatten().filter(forgets);
    let least = sides.map(|side| side.at_least_seconds);
    // One of which none was survived has no length to state.
    let least: Option<Vec<f64>> = least.collect();
    least?.into_iter().reduce(f64::min)
}

/// As the configuration has it.
fn timeout(seconds: f64) -> String {
    let tenths = (seconds * 10.0).floor();
    match seconds {
        60.0.. => format!("{}s", seconds.floor()),
        _ if tenths % 10.0 == 0.0 => format!("{}s", tenths / 10.0),
        _ => format!("{}ms", tenths * 100.0),
    }
}

/// What to do, one sentence each.
pub(crate) fn advice(report: &ProbeReport) -> Vec<String> {
    let Some(safe) = shortest(report) else {
        return vec![
            "it forgets sooner than the shortest silence that was tried: try shorter ones (--from)"
                .to_owned(),
        ];
    };
    let half = duration_of(if safe >= 4.0 {
        (safe / 2.0).floor()
    } else {
        safe / 2.0
    });
    let mut all = vec![match report.clock {
        Some(Clock::Packets) => format!(
            "keepalive keeps such a connection: SO_KEEPALIVE with TCP_KEEPIDLE of at most {half} (docs/settings.md)"
        ),
        Some(Clock::Payload) => format!(
            "keepalive does not keep such a connection: let the application say something every {half}, or have its pool close what has rested for as long (docs/settings.md)"
        ),
        None => format!(
            "let the application, or keepalive where it counts, say something every {half} (docs/settings.md)"
        ),
    }];
    let tells = [Some(&report.inside), report.outside.as_ref()];
    let forms: Vec<Expiry> = tells
        .into_iter()
        .flatten()
        .filter_map(|side| side.expiry)
        .collect();
    if forms.contains(&Expiry::Drop) {
        all.push(
            "nobody is told: without TCP_USER_TIMEOUT an application hangs for about 15 minutes"
                .to_owned(),
        );
    }
    if forms.contains(&Expiry::ForgedAck) {
        all.push(
            "an ACK proves nothing there: only a deadline of the application's own notices"
                .to_owned(),
        );
    }
    let closes = [Expiry::FinAtOnce, Expiry::ResetAtOnce];
    if report.asked_as != AskedAs::Tcplull && forms.iter().any(|form| closes.contains(form)) {
        all.push(
            "the service itself may close so, by an idle timeout of its own: `tcplull probe --listen` beside it tells the path's"
                .to_owned(),
        );
    }
    all
}

#[cfg(test)]
mod tests {
    use super::timeout;

    #[test]
    fn a_timeout_is_rounded_down_and_reads_as_in_the_configuration() {
        for (seconds, text) in [
            (3.97, "3900ms"),
            (4.04, "4s"),
            (0.58, "500ms"),
            (59.99, "59900ms"),
            (234.9, "234s"),
        ] {
            assert_eq!(timeout(seconds), text);
        }
    }
}
