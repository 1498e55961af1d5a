//! One connection, read within bounds.

use super::socket;
use super::trouble::Trouble;
use monitor_model::format::printable;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::client::TlsStream;

/// What a probe did, for its bounds and its report.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) connections: AtomicU64,
    pub(super) sent_bytes: AtomicU64,
}

/// A stream, and the socket that it is on.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {
    /// The socket.
    fn tcp(&self) -> &TcpStream;
}

impl Wire for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Wire for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// One connection.
pub(super) struct Line {
    wire: Box<dyn Wire>,
    /// What has come and is not read yet.
    held: Vec<u8>,
    quiet_since: Instant,
    counts: Arc<Counts>,
}

impl Line {
    pub(super) fn new(wire: Box<dyn Wire>, counts: Arc<Counts>) -> Self {
        Self {
            wire,
            held: Vec::new(),
            quiet_since: Instant::now(),
            counts,
        }
    }

    /// The socket.
    pub(super) fn tcp(&self) -> &TcpStream {
        self.wire.tcp()
    }

    /// When the last payload went either way, or it was opened.
    pub(super) fn quiet_since(&self) -> Instant {
        self.quiet_since
    }

    /// Sends this.
    pub(super) async fn say(&mut self, words: &[u8]) -> Result<(), Trouble> {
        let bytes = words.len() as u64;
        self.counts.sent_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.wire.write_all(words).await?;
        self.wire.flush().await?;
        self.quiet_since = Instant::now();
        Ok(())
    }

    /// Hands what has come to `read` until that has taken something of it: how many bytes, and what they are. No more than
    /// `most` bytes are held for it.
    pub(super) async fn hear<T>(
        &mut self,
        most: usize,
        mut read: impl FnMut(&[u8]) -> Result<Option<(usize, T)>, Trouble>,
    ) -> Result<T, Trouble> {
        loop {
            if let Some((length, found)) = read(&self.held)? {
                self.held.drain(..length.min(self.held.len()));
                return Ok(found);
            }
            if self.held.len() >= most {
                return Err(Trouble::Nonsense(format!(
                    "what it says has no end within {most} bytes"
                )));
            }
            self.more(most).await?;
        }
    }

    /// The next line, without its end.
    pub(super) async fn hear_line(&mut self, most: usize) -> Result<Vec<u8>, Trouble> {
        self.hear(most, |held| {
            let end = held.iter().position(|byte| *byte == b'\n');
            Ok(end.map(|end| (end + 1, held[..end].to_vec())))
        })
        .await
    }

    async fn more(&mut self, most: usize) -> Result<(), Trouble> {
        let room = most.saturating_sub(self.held.len()).clamp(1, 4096);
        let mut bytes = vec![0; room];
        match self.wire.read(&mut bytes).await? {
            0 => Err(Trouble::Closed),
            length => {
                self.held.extend_from_slice(&bytes[..length]);
                self.quiet_since = Instant::now();
                Ok(())
            }
        }
    }

    /// Lets pass what comes within so long, and no more of it than is held of an answer.
    pub(super) async fn discard(&mut self, time: Duration) -> Result<(), Trouble> {
        const MOST: usize = 4096;
        let read = timeout(time, async {
            while self.held.len() < MOST {
                self.more(MOST).await?;
            }
            Ok(())
        })
        .await;
        self.held.clear();
        read.unwrap_or(Ok(()))
    }

    /// Waits for what should not come: how a silent connection ends, or speaks.
    pub(super) async fn broken(&mut self) -> Trouble {
        if self.held.is_empty()
            && let Err(trouble) = self.more(SHOWN).await
        {
            return trouble;
        }
        Trouble::Nonsense(format!(
            "the other side spoke without being asked: {:?}",
            begins(&self.held)
        ))
    }

    /// Whether all that was sent is acknowledged.
    pub(super) fn is_acknowledged(&self) -> bool {
        socket::tcp_info(self.tcp()).is_ok_and(|info| info.unacknowledged == 0)
    }

    /// What ICMP said of it, and else no reading tells.
    pub(super) fn error(&self) -> Option<Trouble> {
        let error = self.tcp().take_error().ok().flatten();
        error.map(Trouble::from)
    }

    /// Ends it so that nothing of it is left in the kernel: by a RST, for who knows whether a FIN would arrive.
    pub(super) fn abort(self) {
        // What cannot be set leaves the kernel its usual way to close.
        let _ = self.tcp().set_zero_linger();
    }
}

/// So many bytes of what is no answer are shown.
const SHOWN: usize = 48;

/// What it begins with, to be shown.
pub(super) fn begins(heard: &[u8]) -> String {
    let heard = String::from_utf8_lossy(&heard[..heard.len().min(SHOWN)]);
    printable(&heard)
}

/// What comes of it in time.
pub(super) async fn within<T>(
    time: Duration,
    work: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    timeout(time, work).await.unwrap_or(Err(Trouble::Timeout))
}
