//! How a connection ended, as the fact of its close shows it.

use crate::connection;
use crate::fact_view::FactView;
use crate::stalls::snapshot::waiting_bytes;
use crate::unanswered::given_up;
use crate::verdict::End;
use nix::errno::Errno;

/// How the connection of `view` ended, which tells of its close or of an accepted RST.
pub(crate) fn ending(view: &FactView<'_>) -> End {
    let socket = &view.fact.socket;
    let error = |errno: Errno| socket.sk_err == errno as u32;
    // What `ss -K` leaves (`tcp_abort`).
    if error(Errno::ECONNABORTED) {
        return End::ByOperator;
    }
    // EPIPE is what a reset leaves after the peer's FIN.
    let reset = error(Errno::ECONNRESET) || error(Errno::EPIPE);
    if reset && !connection::is_client(socket) {
        return End::ByClient;
    }
    if reset || given_up(socket).is_some() || waiting_bytes(socket) > 0 {
        End::Badly
    } else {
        End::InPeace
    }
}
