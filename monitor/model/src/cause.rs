//! The causes of stalls: why a connection that should move does not. Each is one line of this list; all else that there is
//! to say of it stands in its card, `monitor/judge/src/stalls/<name>.rs`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Hands the list to `$with!`: `/// what it means`, the variant, the file of its card. The judge tries them in this order,
/// and the first that fits wins.
#[macro_export]
macro_rules! causes {
    ($with:ident $($more:tt)*) => {
        $with! { $($more)*
            /// Full segments do not pass: smaller ones did, after timeouts.
            Mtu mtu,
            /// Neither end reads: its window is closed there, and ours here.
            Deadlock deadlock,
            /// The peer's application does not read: its window is closed.
            ZeroWindow zero_window,
            /// Nothing comes back.
            Blackholed blackholed,
            /// The network loses much, yet ACKs move.
            NetworkLoss network_loss,
            /// This host holds data back: pacing or memory.
            SenderLimited sender_limited,
            /// This host's application does not read: our window is closed.
            LocalReader local_reader,
            /// The peer has closed, and this host's application has not looked.
            FinUnread fin_unread,
            /// One owner holds many connections that their peers have closed.
            CloseWait close_wait,
            /// A request was acknowledged, and its answer does not come.
            AwaitingReply awaiting_reply,
            /// None of these explains it.
            Unexplained unexplained,
        }
    };
}

causes! { listed
    /// Why a connection that should move does not.
    Cause:
}
