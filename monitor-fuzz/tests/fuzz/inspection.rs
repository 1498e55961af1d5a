//! Both sides of the inspection socket.

use crate::serving::{BOUND, runtime};
use monitor::surfaces::inspect::{Answer, ClientError, Feed, InspectClient, InspectServer, WATCH};
use std::future::pending;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

/// Any bytes as a request at the inspection socket: it is answered with lines of JSON.
#[test]
fn request() {
    let place = tempfile::tempdir().expect("a directory");
    let socket = place.path().join("tcplull.sock");
    let runtime = runtime();
    runtime.block_on(async {
        let server = InspectServer::bind(&socket).expect("a socket");
        tokio::spawn(server.serve(Vec::new(), Feed::default(), pending()));
    });
    bolero::check!().for_each(|bytes| {
        let asked = async {
            let mut stream = UnixStream::connect(&socket).await?;
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
            let mut answer = String::new();
            // Where it had enough before all was read, the stream ends with an error, after the answer.
            let _ = stream.read_to_string(&mut answer).await;
            io::Result::Ok(answer)
        };
        let answer = runtime.block_on(async { timeout(BOUND, asked).await });
        let answer = answer
            .expect("it answers or closes")
            .expect("it takes connections");
        for line in answer.lines() {
            let said: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
            assert!(said["error"].is_string(), "{said}");
        }
    });
}

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
            // Who asks may have had enough.
            let _ = stream.write_all(bytes).await;
            io::Result::Ok(())
        };
        let asked = async {
            let mut client = InspectClient::ask(&socket, WATCH).await?;
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
