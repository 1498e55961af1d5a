//! What to do, from this connection's own settings.

use crate::blame::Blame;
use crate::connection::Identity;
use crate::keepalive::Settings;
use crate::paths::JudgedPath;
use crate::peers::siblings::SiblingCounts;
use crate::thresholds::{RETRIES_HANG_SECONDS, SECOND};
use crate::vanished::Reach;
use monitor_model::finding::Clock;
use monitor_model::format;
use std::net::{IpAddr, SocketAddr};

/// Advice on a silence that outlives, or outlived, its path, where what comes
/// next may hang.
pub(crate) fn outlived(path: Option<&JudgedPath>, settings: &Settings) -> String {
    format!(
        "{}{}",
        keep_awake(path, settings),
        user_timeout(path, settings)
    )
}

/// Advice where a path forgets after `at_most_ns` at the latest, and a longer timeout is stated.
pub(crate) fn misstated(path: &JudgedPath, at_most_ns: u64) -> String {
    format!(
        "connections that rest on the stated {} die unannounced: state at most {} for path {} (`tcplull paths {} --write` \
         prints what to state), and see that keepalives are set for less than half of it",
        in_seconds(path.timeout_ns),
        in_seconds(at_most_ns),
        path.name,
        path.name
    )
}

/// The same where the application is told at once: nothing hangs.
pub(crate) fn keep_awake(path: Option<&JudgedPath>, settings: &Settings) -> String {
    let Some(path) = path else {
        return format!(
            "{}, and no path states after which silence this peer is forgotten: state one, and set \
             SO_KEEPALIVE with a TCP_KEEPIDLE below it",
            keepalive(settings)
        );
    };
    let timeout = in_seconds(path.timeout_ns);
    let half = (path.timeout_ns / 2 / SECOND).max(1);
    match path.clock {
        Clock::Packets if set_in_time(settings, path) => format!(
            "{}, the path is said to forget after {timeout}, so probes should have kept it: look for \
             a shorter timeout on the way",
            keepalive(settings)
        ),
        Clock::Packets => format!(
            "{}, the path forgets after {timeout}: set SO_KEEPALIVE with TCP_KEEPIDLE of at most \
             {half} s",
            keepalive(settings)
        ),
        Clock::Payload => format!(
            "the path forgets after {timeout} without application data, keepalive probes do not \
             count: let the application send something every {half} s, or close idle connections \
             before {timeout}"
        ),
    }
}

/// Advice on a silence whose part in the failure is not as stated; `None` where it is. `hangs`: the application
/// may.
pub(crate) fn blamed(
    blame: Blame,
    path: Option<&JudgedPath>,
    settings: &Settings,
    hangs: bool,
) -> Option<String> {
    const LOOK: &str = "look for a box on the way that evicts under load, was restarted, failed over or \
                        changed its policy";
    let (advice, end) = match blame {
        Blame::AsStated | Blame::Gone => return None,
        Blame::Quicker { silence_ns, .. } => (
            quicker(silence_ns, path, settings),
            user_timeout(None, settings),
        ),
        Blame::Cleared => (
            format!("a longer silence was survived here, so this one need not be to blame: {LOOK}"),
            format!("; {}", hang(settings)),
        ),
        Blame::Below => (
            format!(
                "the silence was shorter than the timeout: {LOOK}, or for a path quicker than stated"
            ),
            format!("; {}", hang(settings)),
        ),
    };
    Some(if hangs { advice + &end } else { advice })
}

/// Advice where a box is seen to forget after `silence_ns`, and that was not stated.
fn quicker(silence_ns: u64, path: Option<&JudgedPath>, settings: &Settings) -> String {
    let silence = in_seconds(silence_ns);
    let half = (silence_ns / 2 / SECOND).max(1);
    match path {
        Some(path) if path.clock == Clock::Payload => format!(
            "the path forgets sooner than the {} stated, after {silence} at most: state so, and let the \
             application send something every {half} s",
            in_seconds(path.timeout_ns)
        ),
        Some(path) => format!(
            "{}, the path forgets sooner than the {} stated, after {silence} at most: state so, and set \
             SO_KEEPALIVE with TCP_KEEPIDLE of at most {half} s",
            keepalive(settings),
            in_seconds(path.timeout_ns)
        ),
        None => format!(
            "{}, and a box on the way forgets after {silence} at most: state a path with this timeout, and \
             set SO_KEEPALIVE with TCP_KEEPIDLE of at most {half} s",
            keepalive(settings)
        ),
    }
}

/// The end of an advice on a connection that is gone, where a silence that a box may have forgotten it in went
/// before.
pub(crate) fn silence_before(silence_ns: u64) -> String {
    format!(
        "; {} of silence went before, in which a box may have forgotten it",
        in_seconds(silence_ns)
    )
}

/// Advice where connections were reset that were not silent.
pub(crate) fn cut_off() -> String {
    "connections that were not silent were reset too: look whether the peer, or what stands before it, was \
     restarted or failed over, not at keepalive"
        .into()
}

/// Advice on a connection that nothing comes back on and that no silence explains, by how others to the same address
/// fare.
pub(crate) fn gone(fares: &SiblingCounts, settings: &Settings) -> String {
    let look = if fares.moving > 0 {
        "others to the same address are fine, so the peer's host and the way there are: look for what dropped this one \
         alone, a firewall or a load balancer that changed or forgot it, or one of several ways there"
    } else if fares.newer > 0 {
        "new connections reach the address: the peer, or what stands before it, was restarted, failed over or forgot \
         this one"
    } else if fares.failing > 0 {
        "others fail too, and none to the same address is fine: look at the peer's host and the way there"
    } else {
        "the peer, or the way to it, is gone, and no other connection there tells which: see whether others reach it"
    };
    format!("{look}; {}", hang(settings))
}

/// Advice on a client that is gone, or may be, at a server: what is left of its connection.
pub(crate) fn vanished(reach: Reach, settings: &Settings) -> String {
    let look = match reach {
        Reach::Client => {
            "the client went away without a word, as phones and laptops do, and others of this port are fine: nothing \
             is to be done here"
        }
        Reach::FewCrossed => {
            "others came out of a silence as long: the client, or the way to it alone, is gone"
        }
        Reach::Share => {
            "many clients of this port fail together: look for what they have in common (an uplink, a provider, a load \
             balancer before this host), `ip -s link`, `ip route get` to some of them"
        }
        Reach::AsEver | Reach::Prefix | Reach::Path => {
            "the client, or the way to it, is gone, and no other client of this port tells which: see whether others are \
             served, and `ip route get` to this one"
        }
    };
    let left = match settings.user_timeout_ns {
        0 => format!(
            "without TCP_USER_TIMEOUT what is left of it stays for about {}",
            retries_hang()
        ),
        after => format!("TCP_USER_TIMEOUT ends it after {}", in_seconds(after)),
    };
    format!("{look}; {left}")
}

/// Advice where the peer is heard, and what this host sends does not arrive.
pub(crate) fn one_way(settings: &Settings) -> String {
    format!(
        "the peer is heard, so it lives, and what is sent to it does not arrive: look at the way there alone, for \
         routes that differ by direction or a box that forgot one; {}",
        hang(settings)
    )
}

/// The end of an advice on a connection whose peer had closed its side.
pub(crate) fn peer_had_closed() -> String {
    "; the peer had closed its side before (its FIN came): let the application close, too, instead of sending more"
        .into()
}

/// The end of an advice where the connection hangs: the commands that end this one, and no other.
pub(crate) fn free(identity: &Identity) -> String {
    format!(
        "; to end it now: `tcplull cut {}`, or `{}` (root, in its network namespace; matches this connection alone)",
        identity.id(),
        ss_kill(identity.local(), identity.remote())
    )
}

/// The command that ends the connection between these two ends, and no other.
///
/// All four are named, so one socket of a network namespace matches at most. Of an IPv6 address the length of the prefix
/// tells `ss` where it ends; an IPv4 address matches the IPv4-mapped one of an IPv6 socket, too.
pub fn ss_kill(local: SocketAddr, remote: SocketAddr) -> String {
    format!("ss -tK {}", ss_filter(local, remote))
}

/// The connection between these two ends and no other, as a filter of `ss`: see [`ss_kill`].
pub fn ss_filter(local: SocketAddr, remote: SocketAddr) -> String {
    let host = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("{ip}/128"),
    };
    format!(
        "src {} sport = :{} dst {} dport = :{}",
        host(local.ip()),
        local.port(),
        host(remote.ip()),
        remote.port()
    )
}

/// Advice where what should leave is refused before it does.
pub(crate) fn refused_here(settings: &Settings) -> String {
    format!(
        "nothing of it leaves this host: look at its own firewall (output), its route to the peer and \
         its queueing discipline, not at the peer; {}",
        hang(settings)
    )
}

/// Advice where no segment as large as those in flight was ever acknowledged, and the peer is heard.
pub(crate) fn mtu() -> String {
    "small segments pass and full ones do not: find the path's MTU (tracepath), let the router or the tunnel's \
     end clamp the MSS, or let this host find out by itself (net.ipv4.tcp_mtu_probing=1)"
        .into()
}

/// Advice where what followed is acknowledged and one segment is not.
pub(crate) fn one_segment() -> String {
    "one segment is lost again and again while those behind it arrive: a box on the way drops it for what it \
     holds (an intrusion filter, a proxy's checksum) or for its size: capture it on both sides of the way"
        .into()
}

/// Advice where the peer answers each attempt and takes none.
pub(crate) fn refused_there() -> String {
    "it arrives there and is dropped: look on the peer's host at nstat (TcpExtPAWSEstab, \
     TcpExtTCPACKSkippedSeq, TcpExtBeyondWindow), and on the way for a box that rewrites sequence numbers or \
     timestamps and has forgotten how"
        .into()
}

/// Advice where the socket's own address is on no interface any more.
pub(crate) fn address_gone(own: IpAddr, peer: IpAddr) -> String {
    format!(
        "this host has lost the address {own} that the connection was made from (`ip route get {peer} from {own}` says what \
         the kernel says): it moves again only if the address comes back; let the application connect anew, and see who \
         changed the address (DHCP, a VPN, failover)"
    )
}

/// The setting of how long a table of connections keeps one that is silent.
const CONNTRACK_TIMEOUT: &str = "net.netfilter.nf_conntrack_tcp_timeout_established";

/// Advice where this host's own table of connections forgot one after its timeout, in s.
pub(crate) fn conntrack_forgot(timeout_s: u32) -> String {
    format!(
        "this host itself is the box that forgot it: `{CONNTRACK_TIMEOUT}` is {timeout_s} there; raise it above the longest \
         silence"
    )
}

/// What is added where a connection is silent, and this host's own table forgets it.
pub(crate) fn conntrack_forgets(timeout_s: u32) -> String {
    format!("this host's own table is such a box: `{CONNTRACK_TIMEOUT}` is {timeout_s} there")
}

/// Advice where this host's own table lost an entry before its time.
pub(crate) fn conntrack_lost(
    entries: Option<u32>,
    most: Option<u32>,
    timeout_s: Option<u32>,
) -> String {
    format!(
        "let the application connect anew, and look on this host for who removed the entry: a flush (`conntrack -F`, a \
         firewall or kube-proxy that restarted), or eviction while the table was full ({}){}",
        room(entries, most),
        timeout(timeout_s)
    )
}

/// Advice where this host's own table is full.
pub(crate) fn conntrack_full(
    entries: Option<u32>,
    most: Option<u32>,
    timeout_s: Option<u32>,
) -> String {
    format!(
        "this host drops what its table has no room for ({}): raise `net.netfilter.nf_conntrack_max`, or see who fills it \
         (`conntrack -L`){}",
        room(entries, most),
        timeout(timeout_s)
    )
}

/// Advice where this host's own table leads to a backend that is gone: `lacks` says how.
pub(crate) fn backend_gone(backend: &str, lacks: &str, host: bool) -> String {
    let place = if host {
        "on this host"
    } else {
        "in its network namespace"
    };
    format!(
        "the table of this host still leads to the backend {backend}, which {lacks}: let the application connect anew; \
         `conntrack -D -p tcp --reply-src {}` {place} clears what is left, and whoever removed the backend (kube-proxy) should \
         have",
        backend
            .rsplit_once(':')
            .map_or(backend, |(address, _)| address)
            .trim_matches(['[', ']'])
    )
}

fn room(entries: Option<u32>, most: Option<u32>) -> String {
    let number = |number: Option<u32>| number.map_or("unknown".into(), |number| number.to_string());
    format!(
        "nf_conntrack_count is {} of nf_conntrack_max {}",
        number(entries),
        number(most)
    )
}

fn timeout(timeout_s: Option<u32>) -> String {
    let said = |seconds| format!("; `{CONNTRACK_TIMEOUT}` is {seconds} there");
    timeout_s.map(said).unwrap_or_default()
}

/// Advice where the peer has closed, and the application has not looked.
pub(crate) fn look_for_fin() -> String {
    "what is written next is lost: check for its FIN before a connection is used again, or let idle ones go before the \
     peer does"
        .into()
}

/// Advice where an owner keeps what its peers have closed.
pub(crate) fn close_them() -> String {
    "each keeps a file descriptor until its application closes it: look for a pool that drops connections without \
     closing them, or a thread that hangs while it holds them; a restart frees all of them"
        .into()
}

/// Advice where the peer's own kernel reset the connection.
pub(crate) fn reset_there() -> String {
    "look at the peer's application: it left with something unread, aborted the connection, or was ended there"
        .into()
}

/// Advice where an application closed with more than a goodbye unacknowledged.
pub(crate) fn lost_unseen() -> String {
    "no error will tell anybody: look on the peer whether it has the last of it, and let the application wait for \
     its answer before it closes (or set SO_LINGER)"
        .into()
}

/// Advice on a connection that the peer closes at its timeout.
pub(crate) fn closed(path: &JudgedPath) -> String {
    let timeout = in_seconds(path.timeout_ns);
    let half = (path.timeout_ns / 2 / SECOND).max(1);
    format!(
        "the far end closes after {timeout} of silence: let idle connections go before that, at {half} s, \
         or check for its FIN before each write"
    )
}

/// Advice where the far end closed while this host waited for its answer.
pub(crate) fn closed_on_a_request(waited_ns: u64) -> String {
    format!(
        "the far end closed after {} of waiting for its answer: see in its log whether the request was carried out \
         before it is sent again; a proxy between has a timeout for this (HAProxy: timeout server and timeout client, \
         nginx: proxy_timeout, proxy_read_timeout), which must be longer than the longest request",
        in_seconds(waited_ns)
    )
}

/// Advice where somebody acknowledges in the peer's name.
pub(crate) fn undelivered(path: Option<&JudgedPath>, settings: &Settings) -> String {
    unconfirmed(&keep_awake(path, settings))
}

/// The same, with another end.
pub(crate) fn unconfirmed(end: &str) -> String {
    format!(
        "an ACK does not say that the peer has it: let the application confirm each message (a reply, \
         a heartbeat), and send what was not confirmed again on a new connection; {end}"
    )
}

/// Advice where connections fail that were not silent.
pub(crate) fn unreachable(settings: &Settings) -> String {
    format!(
        "connections that were not silent fail too: look at the peer, the route to it and this host's \
         uplink, not at keepalive; {}",
        hang(settings)
    )
}

/// How long the application hangs, where no option of it is to blame.
fn hang(settings: &Settings) -> String {
    match settings.user_timeout_ns {
        0 => format!(
            "without TCP_USER_TIMEOUT the application hangs for about {}",
            retries_hang()
        ),
        after => format!(
            "TCP_USER_TIMEOUT already ends a hang after {}",
            in_seconds(after)
        ),
    }
}

fn set_in_time(settings: &Settings, path: &JudgedPath) -> bool {
    settings.on && settings.time_ns > 0 && settings.time_ns < path.timeout_ns
}

fn keepalive(settings: &Settings) -> String {
    match (settings.on, settings.time_ns) {
        (false, _) => "keepalive is off".into(),
        (true, 0) => "keepalive is on".into(),
        (true, time) => format!("keepalive starts after {}", in_seconds(time)),
    }
}

/// The end of an advice on what may hang.
fn user_timeout(path: Option<&JudgedPath>, settings: &Settings) -> String {
    if settings.user_timeout_ns > 0 {
        return format!("; {}", hang(settings));
    }
    // The verb, where the sentence before it does not set options.
    let verb = match path {
        Some(path) if path.clock == Clock::Payload || set_in_time(settings, path) => "set ",
        _ => "",
    };
    format!(
        ", and {verb}TCP_USER_TIMEOUT, or the application hangs for about {}",
        retries_hang()
    )
}

/// The default hang of a sender over a dead path.
fn retries_hang() -> String {
    format!("{:.0} min", RETRIES_HANG_SECONDS / 60.0)
}

/// As the options take it: "240 s", "2.5 s".
fn in_seconds(ns: u64) -> String {
    format!("{} s", format::seconds(ns))
}
