//! The numbers of a socket, in the words of `ss`.

use crate::page::Page;
use monitor_model::detail::SocketNumbers;
use monitor_model::format::{bytes, count, duration_of};
use monitor_model::listing::ConnectionRow;

/// All of them.
pub(crate) fn numbers(page: &mut Page, numbers: &SocketNumbers, row: Option<&ConnectionRow>) {
    let ms = |ms: f64| format!("{}ms", (ms * 1e3).round() / 1e3);
    let rtt = numbers.rtt_ms.map_or("unknown".to_owned(), ms);
    let least = numbers.rtt_min_ms.map(ms);
    let least = least.map_or(String::new(), |least| format!(" (least {least})"));
    page.named(
        "times",
        &format!(
            "rtt {rtt}{least}, rto {}, mss {}, rcvmss {}",
            ms(numbers.rto_ms),
            numbers.mss,
            numbers.rcv_mss
        ),
    );
    let queue =
        |queued: Option<u32>| queued.map_or("unknown".to_owned(), |queued| bytes(queued.into()));
    let (recv, send) = row.map_or((None, None), |row| (row.unread_bytes, row.unacked_bytes));
    page.named(
        "queues",
        &format!(
            "Recv-Q {}, Send-Q {}: {} in flight (unacked), {} not sent",
            queue(recv),
            queue(send),
            count(numbers.packets_out.into(), "segment"),
            bytes(numbers.notsent_bytes.into())
        ),
    );
    page.named("timers", &timers(numbers));
    let pacing = numbers
        .pacing_bytes_per_second
        .map_or(String::new(), |rate| format!(", pacing {}/s", bytes(rate)));
    page.named(
        "windows",
        &format!(
            "the peer's {} (snd_wnd), ours {} (rcv_wnd){pacing}",
            bytes(numbers.snd_wnd.into()),
            bytes(numbers.rcv_wnd.into())
        ),
    );
    page.named(
        "last",
        &format!(
            "sent {} ago (lastsnd), received {} ago (lastrcv), ACK {} ago (lastack)",
            duration_of(numbers.lastsnd_seconds),
            duration_of(numbers.lastrcv_seconds),
            duration_of(numbers.lastack_seconds)
        ),
    );
    page.named(
        "sent",
        &format!(
            "{} in {} of {}; {} acknowledged, {} sent again",
            bytes(numbers.bytes_sent),
            count(numbers.data_segs_out.into(), "data segment"),
            numbers.segs_out,
            bytes(numbers.bytes_acked),
            count(numbers.total_retrans.into(), "segment")
        ),
    );
    let disordered = match numbers.rcv_ooopack {
        0 => String::new(),
        segments => format!("; {segments} out of order"),
    };
    page.named(
        "received",
        &format!(
            "{} in {} of {}{disordered}",
            bytes(numbers.bytes_received),
            count(numbers.data_segs_in.into(), "data segment"),
            numbers.segs_in
        ),
    );
    if numbers.error != 0 {
        page.named("error", &format!("errno {} is pending", numbers.error));
    }
    if numbers.orphan {
        page.named(
            "held by",
            "no process: closed by its application, or not accepted yet",
        );
    }
}

/// What counts down, or up, on it.
fn timers(numbers: &SocketNumbers) -> String {
    let user_timeout = match numbers.user_timeout_ms {
        0 => "TCP_USER_TIMEOUT off".to_owned(),
        ms => format!("TCP_USER_TIMEOUT {}", duration_of(f64::from(ms) / 1e3)),
    };
    let timeouts = count(numbers.timeouts.into(), "timeout");
    let probes = count(numbers.probes_out.into(), "probe");
    format!(
        "{timeouts} in a row, {} sent again in flight, {probes} unanswered; {user_timeout}",
        count(numbers.retrans_out.into(), "segment")
    )
}
