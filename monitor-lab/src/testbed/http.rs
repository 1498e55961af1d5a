//! One HTTP request, one answer.

use super::wait::BOUND;
use crate::LabError;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::Path;

/// Status and body of the answer, whatever the status.
///
/// # Errors
/// If there is no answer.
pub fn get(listen: SocketAddr, path: &str) -> Result<(u16, String), LabError> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(BOUND))
        .http_status_as_error(false)
        .proxy(None)
        .build()
        .into();
    let url = format!("http://{listen}{path}");
    let asked = || -> Result<_, ureq::Error> {
        let mut answer = agent.get(&url).call()?;
        Ok((
            answer.status().as_u16(),
            answer.body_mut().read_to_string()?,
        ))
    };
    asked().map_err(|error| LabError::io(format!("asking {url}"))(error.into_io()))
}

/// An answer at an inspection socket.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP's number.
    pub status: u16,
    /// Its head, in lower case.
    pub head: String,
    /// What it holds.
    pub body: String,
}

/// The answer of the daemon on this inspection socket, whatever the status, where this kind of it is accepted.
///
/// # Errors
/// If there is no answer.
pub fn get_on(socket: &Path, path: &str, accept: &str) -> Result<Reply, LabError> {
    let asked = || -> io::Result<String> {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(BOUND))?;
        // By HTTP/1.0 an answer is what comes until the end.
        write!(stream, "GET {path} HTTP/1.0\r\naccept: {accept}\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let failed = LabError::io(format!("asking {} for {path}", socket.display()));
    let answer = match asked() {
        Ok(answer) => answer,
        Err(error) => return Err(failed(error)),
    };
    let parts = answer.split_once("\r\n\r\n").and_then(|(head, body)| {
        let status = head.split_whitespace().nth(1)?.parse().ok()?;
        Some(Reply {
            status,
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        })
    });
    parts.ok_or_else(|| failed(io::Error::other(format!("no HTTP: {answer:?}"))))
}
