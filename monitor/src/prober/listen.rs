//! The other side of a probe: it answers, speaks first where it is told to, and says what it saw. Bounded in connections, time
//! and bytes, whoever connects.

use super::answer::answer;
use super::error::ProbeError;
use super::fates::{Bounds, Shared};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};

/// Connections that have not said yet what they are for, or ask what was seen.
const MOST_ASKING: usize = 64;

/// The pause after a connection: so many are taken in a second.
const PAUSE: Duration = Duration::from_millis(5);

/// What it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Connections that came.
    pub connections: u64,
    /// Those of them for which there was no room.
    pub refused: u64,
}

/// The other side of a probe.
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Listener {
    /// Listens there.
    ///
    /// # Errors
    /// The kernel does not allow it.
    pub async fn bind(address: SocketAddr, bounds: Bounds) -> Result<Self, ProbeError> {
        let failed = |source| ProbeError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self {
            listener,
            address,
            shared: Arc::new(Shared::new(bounds)),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until its time is over.
    pub async fn serve(self) -> Served {
        let until = Instant::now() + self.shared.bounds.life;
        let most = Arc::new(Semaphore::new(self.shared.bounds.at_once + MOST_ASKING));
        let mut served = Served::default();
        while let Ok(accepted) = timeout_at(until, self.listener.accept()).await {
            // Where it failed, such as for want of files, a moment later there may be one.
            if let Ok((stream, _)) = accepted {
                served.connections += 1;
                match Arc::clone(&most).try_acquire_owned() {
                    Ok(place) => {
                        let shared = Arc::clone(&self.shared);
                        tokio::spawn(async move {
                            answer(stream, &shared).await;
                            drop(place);
                        });
                    }
                    Err(_) => served.refused += 1,
                }
            }
            sleep(PAUSE).await;
        }
        served
    }
}
