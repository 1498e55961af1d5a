//! Serving one connection, whichever way it came: one request, one answer. Who takes nothing of it for too long is cut.

use super::asked::JSON;
use super::served::VERSION_HEADER;
use axum::body::Body;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use monitor_model::api::ApiError;
use monitor_model::format::told_line;
use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_io_timeout::TimeoutStream;

/// The longest head of a request, in bytes; of an answer no more than that waits to be written, and one part.
pub const LONGEST_HEAD: usize = 16 * 1024;

/// Time for a client to take the next part of an answer. Long enough for a reader behind a pager; after it the answer
/// goes.
const TAKE_WITHIN: Duration = Duration::from_secs(300);

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was answered, or went by itself.
    Done,
    /// It took nothing of its answer for too long.
    Slow,
    /// It asked nothing in time.
    Silent,
}

/// Serves a connection. Where the head of a request has a bound on time, who exceeds it is told.
pub async fn serve<S, V>(stream: S, service: V, head_within: Option<Duration>) -> Ending
where
    S: AsyncRead + AsyncWrite + Unpin,
    V: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
{
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(TAKE_WITHIN));
    let mut connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_within)
        .max_buf_size(LONGEST_HEAD)
        // No idle connection can hold a place.
        .keep_alive(false)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    let Err(error) = (&mut connection).await else {
        return Ending::Done;
    };
    tracing::debug!("HTTP: {error}");
    if is_slow(&error) {
        return Ending::Slow;
    }
    if !error.is_timeout() {
        return Ending::Done;
    }
    let seconds = head_within.map_or(0, |within| within.as_secs());
    let answer = error_answer(
        "408 Request Timeout",
        format!("no request within {seconds} s"),
    );
    let mut stream = connection.into_parts().io.into_inner();
    // Nothing was written before, so the buffer takes the line.
    if let Err(error) = stream.write_all(answer.as_bytes()).await {
        tracing::debug!("HTTP: {error}");
    }
    Ending::Silent
}

fn is_slow(error: &hyper::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        let error_of_io = error.downcast_ref::<io::Error>();
        if error_of_io.is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// A whole answer that says why there is none, for where no server writes it.
pub fn error_answer(status: &str, error: String) -> String {
    let body = told_line(&ApiError::from(error)).unwrap_or_default() + "\n";
    let length = body.len();
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {JSON}\r\ncontent-length: {length}\r\n{VERSION_HEADER}: {version}\r\n\
         connection: close\r\n\r\n{body}"
    )
}
