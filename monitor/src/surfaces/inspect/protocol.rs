//! What goes over the inspection socket.

use serde::{Deserialize, Serialize};
use std::io;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

/// The longest request line, in bytes.
pub const LONGEST_REQUEST: usize = 4096;

/// Asks for findings as they come.
pub const WATCH: &str = "watch";

/// What a client asks for.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    /// [`WATCH`], or the name of a list.
    pub(super) command: String,
}

/// A line that is no row.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Notice {
    /// So many findings were missed.
    Lagged(u64),
    /// There is no (further) answer, and why.
    Error(String),
}

/// What reading a line of bounded length comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LineRead {
    /// A line, without its end.
    Line(Vec<u8>),
    /// The stream ended after so many bytes of a line.
    End(usize),
    /// The line is longer than allowed.
    TooLong,
}

/// Reads a line of at most `most` bytes, its end included.
pub(super) async fn read_line(
    reader: &mut (impl AsyncBufRead + Unpin),
    most: usize,
) -> io::Result<LineRead> {
    let mut line = Vec::new();
    reader
        .take(most as u64)
        .read_until(b'\n', &mut line)
        .await?;
    Ok(if line.last() == Some(&b'\n') {
        line.pop();
        LineRead::Line(line)
    } else if line.len() < most {
        LineRead::End(line.len())
    } else {
        LineRead::TooLong
    })
}
