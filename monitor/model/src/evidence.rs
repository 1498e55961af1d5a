//! What each fact in the evidence of a finding means, in one line, for whoever reads one without the documentation beside
//! it; docs/findings.md has them with their rules.

use crate::finding::Finding;
use std::collections::BTreeMap;

/// The meaning of each fact, by its name in alphabetical order.
pub const MEANINGS: &[(&str, &str)] = &[
    ("ack_progress_bytes", "acknowledged by the peer since"),
    (
        "acknowledged_segment_bytes_at_most",
        "the most that any acknowledged segment can have had",
    ),
    (
        "already_dead",
        "nobody waited on it when the daemon started",
    ),
    (
        "answer_lost",
        "the peer's FIN came in place of an answer that was due",
    ),
    (
        "answered_exchanges",
        "how many answers were seen; where none was looked at, how many there can have been at the most",
    ),
    (
        "backend",
        "where that table sends what goes to the service address",
    ),
    (
        "backend_found",
        "whether this host knows of a way to that backend",
    ),
    ("began_before_start", "it had begun when the daemon started"),
    ("blackholed_for_seconds", "from the alarm to the recovery"),
    ("bytes_read", "what the application has read since"),
    (
        "client_vanished",
        "a client has gone away, and others of its port are fine",
    ),
    (
        "clients_failing",
        "clients of the same local port that fail since a minute at most, this one among them",
    ),
    (
        "clients_fine",
        "clients of the same local port that showed life within the last minute, on large hosts about so many",
    ),
    (
        "close_wait_connections",
        "connections of this owner that their peers have closed and it has not",
    ),
    (
        "close_wait_connections_before",
        "the same in the sweep before",
    ),
    ("close_wait_ticket", "from so many on it is a ticket"),
    (
        "connects_failing",
        "other sockets whose SYN to the same address had to be sent again",
    ),
    (
        "crossed_failing",
        "connections of the same local port that failed after a silence as long as the timeout, this one among them",
    ),
    (
        "crossed_fine",
        "connections of the same local port that came out of a silence as long as the timeout",
    ),
    ("data_due", "something was unacknowledged when the RST came"),
    (
        "dialogue",
        "why an answer is due: stated for the path, or the service whose port it is",
    ),
    ("error", "with which the kernel gave the connection up"),
    (
        "fin_from_timeout_seconds",
        "how far from the timeout the peer's FIN came",
    ),
    (
        "fin_unread",
        "the application has not looked at the peer's FIN",
    ),
    (
        "fin_unread_connections",
        "those of them whose FIN the application has not looked at",
    ),
    (
        "forged_ack_sign",
        "a sign that it was not the peer who acknowledged",
    ),
    (
        "gap_at_most_seconds",
        "the silence can have been as long as this",
    ),
    (
        "gap_ended_by",
        "what ended the silence: this host's send, probe or close, or the peer's segment, payload, fin or reset",
    ),
    (
        "habit_of",
        "what the habit rests on: this connection, its workload, or the kernel's counters",
    ),
    ("habit_seconds", "mean time to an answer that was seen"),
    (
        "in_flight_segment_bytes",
        "the mean size of the segments in flight",
    ),
    ("in_flight_segments", "sent and not acknowledged"),
    ("keepalive", "SO_KEEPALIVE is set"),
    (
        "keepalive_interval_seconds",
        "time between unanswered probes",
    ),
    (
        "keepalive_probes",
        "unanswered probes until the connection is given up",
    ),
    (
        "keepalive_time_seconds",
        "silence before the first probe, the namespace's default included",
    ),
    (
        "learned_at_least_seconds",
        "the longest silence that was survived on the path",
    ),
    ("learned_at_most_seconds", "the shortest that was fatal"),
    (
        "learned_deaths",
        "how many connections died there of a silence that was longer than any that was survived",
    ),
    (
        "learned_occasions",
        "on how many occasions they died: within a minute is one",
    ),
    (
        "learned_over_seconds",
        "how long that took, each time counted for an hour at most",
    ),
    ("learned_turns", "how often the one came after the other"),
    (
        "local_conntrack",
        "what this host's own conntrack table says of it: stands, gone, full (no room for an entry), or begun_anew",
    ),
    ("local_conntrack_entries", "entries in that table"),
    (
        "local_conntrack_left_seconds",
        "after so much silence more that entry goes",
    ),
    ("local_conntrack_max", "the most that it may have"),
    (
        "local_conntrack_of",
        "whose table: the host's, or that of the connection's own network namespace",
    ),
    (
        "local_conntrack_timeout_seconds",
        "after so much silence that table forgets an entry",
    ),
    (
        "longest_answer_seconds",
        "longest time to an answer that was seen; the workload's where that is longer",
    ),
    (
        "longest_survived_gap_seconds",
        "the longest silence that was survived on this path to the same /24 (IPv6: /64)",
    ),
    (
        "lost_bytes_at_most",
        "what the application had said and nobody acknowledged, at the most",
    ),
    ("measured_seconds", "over so long"),
    (
        "mtu",
        "how it is known: full segments do not pass, smaller ones do",
    ),
    (
        "next_look_seconds",
        "the next sweep comes within this, and would be too late to warn",
    ),
    (
        "nobody_waits",
        "the application has closed, and no process holds the socket",
    ),
    (
        "own_address_gone",
        "the socket's own address, which is on no interface any more",
    ),
    ("own_window_bytes", "the room left in this host's window"),
    ("paced", "whether the rate at which it may send is bounded"),
    ("pacing_bytes_per_second", "the rate at which it may send"),
    ("packet_idle_seconds", "silence of any segment"),
    (
        "payload_after_seconds",
        "from the end of the silence to the peer's payload",
    ),
    ("payload_bytes", "payload of the peer's since"),
    ("payload_idle_seconds", "silence of application data"),
    (
        "peer_heard",
        "how the peer is heard, though it takes nothing of what is due: one way, refused, or later segments alone (sacked)",
    ),
    ("peer_segment_bytes", "the size of the peer's segments"),
    ("peer_window_bytes", "what the peer has room for"),
    (
        "preceding_silence_seconds",
        "how long nothing had come from the peer when what is unanswered was first sent",
    ),
    (
        "probes_answered_before",
        "probes were answered before those that are not, at the same distance",
    ),
    (
        "queued_bytes",
        "handed over by the application and never sent",
    ),
    (
        "refused_by_this_host",
        "what waits never left: this host's own firewall, route or queue refuses it",
    ),
    (
        "resent_segments",
        "segments of the peer's that brought nothing new: it hears no ACK",
    ),
    (
        "reset_after_send_ms",
        "from this host's last send to the RST",
    ),
    ("reset_by", "who sent the RST, by its timestamp clock"),
    (
        "reset_came",
        "when the RST came: during the silence, after a send, or under the peer's closed window",
    ),
    (
        "retransmission_timeout_seconds",
        "the next one, backoff included",
    ),
    ("retransmitted_bytes", "sent again"),
    ("retransmitted_percent", "share that was sent again"),
    ("retransmitted_segments", "sent again"),
    (
        "round_trip_us",
        "round trip of the segment that acknowledged, less than half of the smallest",
    ),
    ("rtt_us", "smoothed round trip"),
    (
        "seconds_without_ack",
        "since the wait for an answer began, or the last ACK came",
    ),
    (
        "seconds_without_news",
        "for so long the peer has said nothing new",
    ),
    ("seen_as", "how the peer sees this end, behind that table"),
    ("segment_bytes", "a full segment now"),
    ("segment_bytes_before", "a full segment before"),
    ("segments_received", "segments of the peer's since"),
    ("sent_bytes", "of so much that was sent"),
    (
        "shortest_failed_gap_seconds",
        "the shortest silence that failed on this path to the same /24 (IPv6: /64)",
    ),
    (
        "siblings_failing",
        "other connections to the same address, or on the same path, that fail now",
    ),
    (
        "siblings_in_scope_only",
        "the daemon sees a part of the host, and counts no sibling outside it",
    ),
    (
        "siblings_moving",
        "other connections to the same address that are fine",
    ),
    (
        "siblings_newer",
        "other connections to the same address that were made since the failure began",
    ),
    ("smallest_round_trip_us", "the smallest round trip known"),
    ("still_silent", "the silence lasts"),
    ("time_left_seconds", "until the path's timeout"),
    (
        "timeout_stated",
        "somebody stated the path's timeout; else it is a guess",
    ),
    (
        "timeouts",
        "retransmission timeouts in a row, as the kernel counts them",
    ),
    (
        "tsval_expected_at_least",
        "by how much the peer's timestamp clock was due to move",
    ),
    (
        "tsval_moved",
        "by how much the peer's timestamp clock moved",
    ),
    ("ttl", "time to live of the segment that acknowledged"),
    ("ttl_before", "time to live of the peer's last payload"),
    (
        "unacknowledged_bytes",
        "handed over by the application and not acknowledged by the peer",
    ),
    ("unanswered_probes", "keepalive or window probes in a row"),
    ("unanswered_sends", "sends of this host since the silence"),
    ("unread_bytes", "what the application has to read"),
    (
        "used_to_be_answered",
        "what was sent on this connection used to be answered",
    ),
    (
        "user_timeout_seconds",
        "TCP_USER_TIMEOUT: how long the kernel tries before it gives up; 0 if not set",
    ),
    ("wait_seconds", "since the request"),
    ("waited_seconds", "since everything was acknowledged"),
    (
        "waiting_bytes",
        "handed over by the application and not acknowledged by the peer",
    ),
    ("window_bytes", "window of the segment that acknowledged"),
    ("window_bytes_before", "the peer's window before"),
    (
        "window_probe_answered",
        "the peer's window was closed, and its kernel answered a probe",
    ),
    (
        "write_met_reset",
        "this host wrote after the peer's FIN, and met a RST",
    ),
];

/// What a fact means; `None` for one that this build does not know.
pub fn meaning(fact: &str) -> Option<&'static str> {
    let place = MEANINGS.binary_search_by(|(name, _)| name.cmp(&fact));
    place.ok().map(|place| MEANINGS[place].1)
}

/// What the evidence of these findings means, by the names of its facts.
pub fn meanings<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> BTreeMap<String, String> {
    let evidence = findings.into_iter().flat_map(|finding| &finding.evidence);
    let known = evidence.filter_map(|piece| {
        let means = meaning(&piece.fact)?;
        Some((piece.fact.to_string(), means.to_owned()))
    });
    known.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_of_the_table_is_found() {
        for (fact, means) in MEANINGS {
            assert_eq!(meaning(fact), Some(*means));
        }
        assert_eq!(meaning("no_such_fact"), None);
    }
}
