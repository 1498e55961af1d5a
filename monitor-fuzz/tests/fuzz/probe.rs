//! What both sides of a probe hear.

use crate::serving::{BOUND, runtime};
use monitor::config::TlsFiles;
use monitor::prober::{Bounds, Listener, Prober, Target};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const HERE: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

/// Any bytes to the other side: it answers or closes, and goes on.
#[test]
fn other_side() {
    let runtime = runtime();
    let bounds = Bounds {
        at_once: 8,
        life: Duration::from_secs(3600),
    };
    let listener = runtime.block_on(Listener::bind(HERE.into(), bounds));
    let listener = listener.expect("a free port");
    let address = listener.address();
    runtime.spawn(listener.serve());
    bolero::check!().for_each(|bytes| {
        let said = async {
            let mut stream = TcpStream::connect(address).await?;
            // So that no port waits for what may still come of a connection.
            stream.set_zero_linger()?;
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            std::io::Result::Ok(answer)
        };
        let answer = runtime.block_on(async { timeout(BOUND, said).await });
        let answer = answer.expect("it answers or closes").expect("it takes it");
        assert!(
            answer.is_empty() || answer.starts_with(b"tcplull-probe/1 "),
            "{answer:?}"
        );
    });
}

/// Any bytes as what a target answers, whatever it is asked as.
#[test]
fn answer() {
    let runtime = runtime();
    let listener = runtime.block_on(TcpListener::bind(SocketAddr::from(HERE)));
    let listener = listener.expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    let targets = [
        format!("{address}"),
        format!("http://{address}/"),
        format!("redis://{address}"),
        format!("mqtt://{address}"),
        format!("tcp://{address}"),
    ];
    let targets = targets.map(|text| Target::parse(&text).expect("a target"));
    bolero::check!().for_each(|bytes| {
        let (which, bytes) = bytes.split_first().unwrap_or((&0, bytes));
        let target = targets[usize::from(*which) % targets.len()].clone();
        runtime.block_on(async {
            let answers = async {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let _ = stream.set_zero_linger();
                let _ = stream.write_all(bytes).await;
                let _ = stream.shutdown().await;
                let _ = stream.read_to_end(&mut Vec::new()).await;
            };
            let tls = TlsFiles::default();
            let probed = async {
                tokio::join!(answers, Prober::new(target, &tls, Duration::from_secs(1))).1
            };
            // Whether it is what was asked for, or another thing, is said in time.
            let probed = timeout(BOUND, probed).await.expect("it ends");
            if let Err(error) = probed {
                assert!(!error.to_string().contains(char::is_control), "{error}");
            }
        });
    });
}
