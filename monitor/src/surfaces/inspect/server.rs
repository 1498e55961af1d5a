//! The side that answers.

use super::error::InspectError;
use super::feed::{Feed, Findings, Heard};
use super::protocol::{LONGEST_REQUEST, LineRead, Notice, Request, WATCH, read_line};
use super::rows::{Rows, line};
use super::socket::{Place, SocketFile, take_place};
use std::io;
use std::iter::once;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader, BufWriter};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// Clients served at once.
const MOST_CLIENTS: usize = 64;

/// Time for a client to send its request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for a client to take the next part of a list. Long enough for a reader
/// behind a pager; after it the rows go.
const ROW_TIMEOUT: Duration = Duration::from_secs(300);

/// What to do about a bad request.
const REMEDY: &str = r#"send a line such as {"command":"watch"}"#;

/// How often one looks what a watcher misses that takes nothing.
const LOOK: Duration = Duration::from_secs(1);

/// The lists that clients may ask for: the name of each, and what has its rows, or why there are none. It is asked on a
/// thread where it may wait.
pub type Lists = Vec<(&'static str, Arc<List>)>;

type List = dyn Fn() -> Result<Rows, String> + Send + Sync;

/// What the inspection socket counts while it serves.
#[derive(Debug, Default)]
pub struct InspectCounters {
    /// Clients now.
    pub clients: AtomicU64,
    /// Clients turned away because there were too many, or too much that others had not read.
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
                heard = findings.next() => match heard {
                    Heard::Finding(finding) => {
                        let missed = self.deliver(&format!("{finding}\n"), &mut findings).await?;
                        self.tell_missed(missed, &mut findings).await?;
                    }
                    Heard::Missed(missed) => {
                        self.counters.lagged.fetch_add(missed, Ordering::Relaxed);
                        self.tell_missed(missed, &mut findings).await?;
                    }
                    Heard::End => return Ok(()),
                },
            }
        }
    }

    async fn tell_missed(&mut self, mut missed: u64, findings: &mut Findings) -> io::Result<()> {
        while missed > 0 {
            let notice = line(&Notice::Lagged(missed));
            missed = self.deliver(&notice, findings).await?;
        }
        Ok(())
    }

    /// Writes a line. As long as the watcher does not take it, what it misses is counted; answers how much that was.
    async fn deliver(&mut self, text: &str, findings: &mut Findings) -> io::Result<u64> {
        let (writer, counters) = (&mut self.writer, &self.counters);
        let mut write = pin!(async {
            writer.write_all(text.as_bytes()).await?;
            writer.flush().await
        });
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut missed = 0;
        loop {
            tokio::select! {
                biased;
                written = &mut write => return written.map(|()| missed),
                _ = look.tick() => {
                    let now = findings.missed();
                    counters.lagged.fetch_add(now, Ordering::Relaxed);
                    missed += now;
                }
            }
        }
    }

    async fn list(mut self, list: Arc<List>) -> io::Result<()> {
        let mut rows = match spawn_blocking(move || list()).await? {
            Ok(rows) => rows,
            Err(reason) => return self.write(&line(&Notice::Error(reason))).await,
        };
        loop {
            // Only for as long as it takes to make them: no thread waits for the client.
            let (lines, rest) = spawn_blocking(move || (rows.next_lines(), rows)).await?;
            if lines.is_empty() {
                return timeout(ROW_TIMEOUT, self.writer.flush()).await?;
            }
            rows = rest;
            timeout(ROW_TIMEOUT, self.writer.write_all(lines.as_bytes())).await??;
        }
    }

    async fn write(&mut self, text: &str) -> io::Result<()> {
        self.writer.write_all(text.as_bytes()).await?;
        self.writer.flush().await
    }
}
