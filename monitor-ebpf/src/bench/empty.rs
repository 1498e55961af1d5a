//! Programs that do nothing: what the way into any program on a hook costs.

use aya_ebpf::macros::btf_tracepoint;
use aya_ebpf::programs::BtfTracePointContext;

macro_rules! empty {
    ($($name:ident on $tracepoint:literal;)*) => {
        $(
            #[btf_tracepoint(function = $tracepoint)]
            pub fn $name(_context: BtfTracePointContext) -> i32 {
                0
            }
        )*
    };
}

empty! {
    empty_send on "tcp_sendmsg_locked";
    empty_receive on "tcp_probe";
    empty_retransmit on "tcp_retransmit_skb";
    empty_reset_in on "tcp_receive_reset";
    empty_reset_out on "tcp_send_reset";
    empty_state on "inet_sock_set_state";
}
