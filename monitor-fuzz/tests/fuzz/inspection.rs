//! Both sides of the inspection socket.

use crate::daemon::api;
use crate::serving::{BOUND, runtime};
use monitor::client::{Answer, Client, ClientError, Host, Question};
use monitor::surfaces::inspect::InspectServer;
use std::future::pending;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

/// Any bytes as a request at the inspection socket: it is answered by HTTP.
#[test]
fn request() {
    let place = tempfile::tempdir().expect("a directory");
    let socket = place.path().join("tcplull.sock");
    let runtime = runtime();
    runtime.block_on(async {
        let server = InspectServer::bind(&socket, None).expect("a socket");
        tokio::spawn(server.serve(api(), pending()));
    });
    bolero::check!().for_each(|bytes| {
        let asked = async {
            let mut stream = UnixStream::connect(&socket).await?;
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
            let mut answer = Vec::new();
            // Where it had enough before all was read, the stream ends with an error, after the answer.
            let _ = stream.read_to_end(&mut answer).await;
            io::Result::Ok(answer)
        };
        let answer = runtime.block_on(async { timeout(BOUND, asked).await });
        let answer = answer
            .expect("it answers or closes")
            .expect("it takes connections");
        assert!(
            answer.is_empty() || answer.starts_with(b"HTTP/1."),
            "{answer:?}"
        );
    });
}

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ntcplull-version: 1\r\ntransfer-encoding: chunked\r\n\r\n";

/// Any bytes as an answer at the inspection socket: rows, or one line that says what is wrong.
#[test]
fn answer() {
    let place = tempfile::tempdir().expect("a directory");
    let socket = place.path().join("tcplull.sock");
    let runtime = runtime();
    let listener = runtime.block_on(async { UnixListener::bind(&socket).expect("a socket") });
    bolero::check!().for_each(|bytes| {
        let answered = async {
            let (mut stream, _) = listener.accept().await?;
            let _ = stream.read(&mut [0; 256]).await;
            // Every other input is a body: few are a head by chance.
            if bytes.first().is_some_and(|first| first % 2 == 0) {
                let _ = stream.write_all(HEAD).await;
            }
            // Who asks may have had enough.
            let _ = stream.write_all(bytes).await;
            io::Result::Ok(())
        };
        let asked = async {
            let host = Host::Socket(socket.clone());
            let mut client = Client::ask(&host, &Question::stream("/api/v1/findings")).await?;
            let mut lines = 0;
            while let Some(answer) = client.next().await? {
                if let Answer::Row(row) = answer {
                    assert!(!row.contains('\n'), "{row:?}");
                }
                lines += 1;
            }
            Ok::<_, ClientError>(lines)
        };
        let both = async { timeout(BOUND, async { tokio::join!(answered, asked) }).await };
        let (answered, asked) = runtime.block_on(both).expect("it ends");
        answered.expect("it is asked");
        if let Err(error) = asked {
            let text = error.to_string();
            assert_eq!(text.lines().count(), 1, "{text:?}");
        }
    });
}
