//! The outcomes: what may be seen after a silence. Each is one line of this list; all else that there is to say of it
//! stands in its card, `monitor/judge/src/outcomes/<name>.rs`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Hands the list to `$with!`: `/// what it means`, the variant, the file of its card. The judge tries them in this order,
/// and the first that fits wins.
#[macro_export]
macro_rules! outcomes {
    ($with:ident $($more:tt)*) => {
        $with! { $($more)*
            /// Blackholed before, and then ACKs moved again.
            Recovered recovered,
            /// Payload came from the peer.
            Survived survived,
            /// The peer, or a box in its name, reset the connection.
            Reset reset,
            /// Nothing comes back.
            Blackholed blackholed,
            /// FIN from the peer during the silence, close to the timeout.
            Closed closed,
            /// Acknowledged, and signs say that it was not the peer who did so.
            Undelivered undelivered,
            /// An ACK and nothing more.
            Acknowledged acknowledged,
        }
    };
}

outcomes! { listed
    /// What was seen after a gap.
    Outcome:
}
