//! A segment is sent again: any of a suspect's; of others only the timeouts from which on nothing
//! healthy is left. Healthy segments never come here.

use crate::emit::{Context, emit};
use crate::globals::setting;
use crate::kernel::pointer_argument;
use crate::missed;
use crate::paths;
use crate::silence::Silence;
use crate::sock::TcpSock;
use crate::suspects::Suspect;
use aya_ebpf::macros::btf_tracepoint;
use aya_ebpf::programs::BtfTracePointContext;
use monitor_common::{FactKind, TcpState};

/// Timeouts in a row from which on each is told of any connection: the second where the kernel
/// counts a timeout before it resends, the third where after (`tcp_retransmit_timer`).
const TOLD_FROM: u8 = 2;

#[btf_tracepoint(function = "tcp_retransmit_skb")]
pub fn retransmit_tracepoint(context: BtfTracePointContext) -> i32 {
    let Some(sock) = TcpSock::from_sock(pointer_argument(&context, 0)) else {
        return 0;
    };
    let timed_out = is_timeout(sock);
    let suspect = Suspect::of(sock);
    // Without any storage there is no snapshot either.
    if suspect.is_none() && !timed_out && !sock.has_storage() {
        return 0;
    }
    // Newer kernels trace failed transmissions too, which never left the host.
    if setting(|settings| &settings.retransmit_has_err) != 0 && context.arg::<i32>(2) != 0 {
        return 0;
    }
    let suspect = suspect.or_else(|| missed::in_hook(sock, false, true));
    if suspect.is_none() && !timed_out {
        return 0;
    }
    let about = match suspect {
        // What a stream sends again would use the budget up, and says nothing once the way there works; its timeouts
        // are few.
        Some(suspect) => {
            if !timed_out && (suspect.way_there_works(sock) || !suspect.may_emit()) {
                return 0;
            }
            Context::of_path(suspect.path_id)
        }
        None => {
            let Some((threshold, route)) = paths::threshold(sock) else {
                return 0;
            };
            sock.ensure_cookie();
            Context {
                flags: route,
                ..Context::of_path(threshold.path_id)
            }
        }
    };
    emit(FactKind::Retransmitted, sock, &Silence::of(sock), &about);
    0
}

/// Whether it is the head that a timeout sends again, not the first time: `tcp_enter_loss` has
/// taken `retrans_out` back, and it counts what is sent only afterwards.
#[inline(always)]
fn is_timeout(sock: TcpSock) -> bool {
    let state = sock.state();
    sock.retransmits() >= TOLD_FROM
        && sock.retrans_out() == 0
        && state != TcpState::SynSent as u32
        && state != TcpState::SynRecv as u32
}
