//! HTTP as a client that keeps its connection: a HEAD, and the head that answers it.

use super::line::begins;
use super::trouble::Trouble;

/// The most bytes of an answer's head.
pub(super) const LONGEST_HEAD: usize = 32 << 10;

/// The most headers of it.
const MOST_HEADERS: usize = 100;

/// A request for that path.
pub(super) fn request(authority: &str, path: &str) -> String {
    format!(
        "HEAD {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: tcplull/{} (probe)\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n",
        env!("CARGO_PKG_VERSION")
    )
}

/// Reads the head of an answer: how long it is; `None` where it has not come as a whole. What a proxy says whose server is gone
/// is no answer of that server's.
pub(super) fn read(held: &[u8]) -> Result<Option<(usize, ())>, Trouble> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(held).map_err(|error| {
        Trouble::Nonsense(format!(
            "it does not answer in HTTP: {error}: {:?}",
            begins(held)
        ))
    })?;
    let httparse::Status::Complete(length) = parsed else {
        return Ok(None);
    };
    match response.code {
        // One that says more later comes first.
        Some(100..=199) => {
            return Err(Trouble::Nonsense("it answers in part (1xx)".to_owned()));
        }
        Some(429) => return Err(Trouble::Full),
        Some(code @ 502..=504) => {
            return Err(Trouble::Nonsense(format!(
                "it answers {code}: a proxy whose server is gone, or a server that is overloaded"
            )));
        }
        _ => {}
    }
    let says = |word: &str| {
        response.headers.iter().any(|header| {
            let value = String::from_utf8_lossy(header.value).to_ascii_lowercase();
            header.name.eq_ignore_ascii_case("connection")
                && value.split(',').any(|part| part.trim() == word)
        })
    };
    let closes = says("close") || (response.version == Some(0) && !says("keep-alive"));
    if closes {
        return Err(Trouble::Nonsense(
            "it closes each connection after its answer, so none can be silent".to_owned(),
        ));
    }
    Ok(Some((length, ())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_keeps_the_connection_is_read_to_its_end() {
        let head = b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n";
        assert_eq!(read(head), Ok(Some((head.len(), ()))));
        assert_eq!(read(&head[..20]), Ok(None));
        let old = b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n";
        assert_eq!(read(old), Ok(Some((old.len(), ()))));
    }

    #[test]
    fn what_closes_or_is_no_http_is_told() {
        for (head, why) in [
            (
                &b"HTTP/1.1 200 OK\r\nconnection: foo, Close\r\n\r\n"[..],
                "closes",
            ),
            (b"HTTP/1.0 200 OK\r\n\r\n", "closes"),
            (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "server is gone"),
            (
                b"HTTP/1.1 503 Overloaded\r\nconnection: close\r\n\r\n",
                "overloaded",
            ),
            (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH-2.0"),
            (b"\x15\x03\x01\x00\x02\x02\x28", "HTTP"),
        ] {
            let Err(Trouble::Nonsense(told)) = read(head) else {
                panic!("{head:?}");
            };
            assert!(told.contains(why), "{told}");
        }
        let enough = b"HTTP/1.1 429 Too Many Requests\r\n\r\n";
        assert_eq!(read(enough), Err(Trouble::Full));
    }
}
