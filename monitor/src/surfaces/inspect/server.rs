//! The side that answers.

use super::error::InspectError;
use super::feed::Feed;
use super::protocol::{LONGEST_REQUEST, LineRead, Notice, Request, WATCH, read_line};
use super::socket::{Place, SocketFile, take_place};
use monitor_model::format::json_line;
use serde::Serialize;
use std::io;
use std::iter::once;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader, BufWriter};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{sleep, timeout};

/// Clients served at once.
const MOST_CLIENTS: usize = 64;

/// Time for a client to send its request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for a client to take the next part of a list. Long enough for a reader
/// behind a pager; after it the rows' producer is let go.
const ROW_TIMEOUT: Duration = Duration::from_secs(300);

/// Rows on their way from their producer to a client.
const ROWS_AHEAD: usize = 64;

/// What to do about a bad request.
const REMEDY: &str = r#"send a line such as {"command":"watch"}"#;

/// The lists that clients may ask for: the name of each, and what sends its rows, on a
/// thread where it may wait.
pub type Lists = Vec<(&'static str, Arc<List>)>;

type List = dyn Fn(&RowSender) -> Result<(), Unfinished> + Send + Sync;

/// Why a list has no further rows before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// The client, or the daemon's inspection, has gone: nobody wants them.
    ClientGone,
    /// They cannot be had, and the client is told why.
    Failed(String),
}

/// Takes the rows of a list.
#[derive(Debug)]
pub struct RowSender(mpsc::Sender<String>);

impl RowSender {
    /// Sends a row; waits while the client is slow.
    ///
    /// # Errors
    /// When no further row is wanted.
    pub fn send(&self, row: &impl Serialize) -> Result<(), Unfinished> {
        let sent = self.0.blocking_send(line(row));
        sent.map_err(|_| Unfinished::ClientGone)
    }
}

/// `row` as a line; what cannot be written as JSON becomes the line that says so.
fn line(row: &impl Serialize) -> String {
    let mut line = json_line(row)
        .unwrap_or_else(|error| serde_json::json!({ "error": error.to_string() }).to_string());
    line.push('\n');
    line
}

/// What the inspection socket counts while it serves.
#[derive(Debug, Default)]
pub struct InspectCounters {
    /// Clients now.
    pub clients: AtomicU64,
    /// Clients turned away because there were too many.
    pub refused: AtomicU64,
    /// Findings that watching clients missed because they read too slowly.
    pub lagged: AtomicU64,
}

/// The daemon's side of live inspection. Its socket goes with it.
#[derive(Debug)]
pub struct InspectServer {
    listener: UnixListener,
    // After the listener: while it listens, the place is ours.
    _file: SocketFile,
    counters: Arc<InspectCounters>,
}

impl InspectServer {
    /// Listens on `path`, with mode 0600; its directory is made with 0755 where
    /// it is missing. Call it inside a Tokio runtime.
    ///
    /// # Errors
    /// Another daemon on the same path, and whatever keeps the socket from being made.
    pub fn bind(path: &Path) -> Result<Self, InspectError> {
        let Place { listener, file } = take_place(path)?;
        let listener = UnixListener::from_std(listener.into());
        Ok(Self {
            listener: listener.map_err(|error| InspectError::other(path, error))?,
            _file: file,
            counters: Arc::default(),
        })
    }

    /// What it counts.
    pub fn counters(&self) -> Arc<InspectCounters> {
        Arc::clone(&self.counters)
    }

    /// Serves until `shutdown` is over; then every client's stream ends.
    pub async fn serve(self, lists: Lists, feed: Feed, shutdown: impl Future<Output = ()>) {
        let lists = Arc::new(lists);
        let mut clients = JoinSet::new();
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                Some(_) = clients.join_next() => {}
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) if clients.len() >= MOST_CLIENTS => {
                        self.counters.refused.fetch_add(1, Ordering::Relaxed);
                        refuse(stream);
                    }
                    Ok((stream, _)) => {
                        let client = Client::new(stream, Arc::clone(&self.counters));
                        let (lists, feed) = (Arc::clone(&lists), feed.clone());
                        clients.spawn(async move {
                            if let Err(error) = client.serve(&lists, &feed).await {
                                tracing::debug!("inspection: {error}");
                            }
                        });
                    }
                    Err(error) => {
                        tracing::warn!("inspection: cannot accept a client: {error}");
                        // Out of descriptors, most likely: trying at once would only spin.
                        sleep(Duration::from_millis(100)).await;
                    }
                },
            }
        }
    }
}

/// Says why without waiting for anything: a fresh socket's buffer takes the line.
fn refuse(stream: UnixStream) {
    let reason = format!("{MOST_CLIENTS} clients are served already: end one of them");
    // A client that went needs no reason.
    let _ = stream.try_write(line(&Notice::Error(reason)).as_bytes());
}

fn unknown(command: &str, lists: &Lists) -> String {
    let known = lists.iter().map(|(name, _)| *name);
    let known: Vec<String> = once(WATCH)
        .chain(known)
        .map(|name| format!("`{name}`"))
        .collect();
    format!(
        "bad request: unknown variant `{command}`, expected one of {}; {REMEDY}",
        known.join(", ")
    )
}

struct Client {
    reader: BufReader<OwnedReadHalf>,
    writer: BufWriter<OwnedWriteHalf>,
    counters: Arc<InspectCounters>,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.counters.clients.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Client {
    fn new(stream: UnixStream, counters: Arc<InspectCounters>) -> Self {
        counters.clients.fetch_add(1, Ordering::Relaxed);
        let (reader, writer) = stream.into_split();
        Self {
            reader: BufReader::new(reader),
            writer: BufWriter::new(writer),
            counters,
        }
    }

    async fn serve(mut self, lists: &Lists, feed: &Feed) -> io::Result<()> {
        let command = match self.request().await? {
            Ok(request) => request.command,
            Err(reason) => return self.write(&line(&Notice::Error(reason))).await,
        };
        if command == WATCH {
            return self.watch(feed).await;
        }
        match lists.iter().find(|(name, _)| *name == command) {
            Some((_, list)) => self.list(Arc::clone(list)).await,
            None => {
                let reason = unknown(&command, lists);
                self.write(&line(&Notice::Error(reason))).await
            }
        }
    }

    /// The request, or what is wrong with it.
    async fn request(&mut self) -> io::Result<Result<Request, String>> {
        let Ok(read) = timeout(
            REQUEST_TIMEOUT,
            read_line(&mut self.reader, LONGEST_REQUEST),
        )
        .await
        else {
            let seconds = REQUEST_TIMEOUT.as_secs();
            return Ok(Err(format!("no request within {seconds} s")));
        };
        Ok(match read? {
            LineRead::Line(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| format!("bad request: {error}; {REMEDY}")),
            LineRead::TooLong => Err(format!(
                "bad request: longer than {LONGEST_REQUEST} bytes; {REMEDY}"
            )),
            LineRead::End(_) => Err("the request ended before its line did".to_owned()),
        })
    }

    /// Findings until the client goes, which shows as the end of what it sends.
    async fn watch(mut self, feed: &Feed) -> io::Result<()> {
        let mut findings = feed.subscribe();
        let mut ignored = [0; 64];
        loop {
            tokio::select! {
                read = self.reader.read(&mut ignored) => if read? == 0 {
                    return Ok(());
                },
                received = findings.recv() => match received {
                    Ok(finding) => {
                        self.writer.write_all(finding.as_bytes()).await?;
                        self.write("\n").await?;
                    }
                    Err(RecvError::Lagged(missed)) => {
                        self.counters.lagged.fetch_add(missed, Ordering::Relaxed);
                        self.write(&line(&Notice::Lagged(missed))).await?;
                    }
                    Err(RecvError::Closed) => return Ok(()),
                },
            }
        }
    }

    async fn list(mut self, list: Arc<List>) -> io::Result<()> {
        let (sender, mut rows) = mpsc::channel(ROWS_AHEAD);
        spawn_blocking(move || {
            let rows = RowSender(sender);
            if let Err(Unfinished::Failed(reason)) = list(&rows) {
                // A client that went needs no reason.
                let _ = rows.send(&Notice::Error(reason));
            }
        });
        while let Some(row) = rows.recv().await {
            timeout(ROW_TIMEOUT, self.writer.write_all(row.as_bytes())).await??;
        }
        timeout(ROW_TIMEOUT, self.writer.flush()).await?
    }

    async fn write(&mut self, text: &str) -> io::Result<()> {
        self.writer.write_all(text.as_bytes()).await?;
        self.writer.flush().await
    }
}
