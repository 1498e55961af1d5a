//! Requests over HTTP.

use crate::daemon::api;
use crate::serving::{BOUND, runtime};
use monitor::surfaces::http::{AllowedHosts, HttpOptions, HttpServer};
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Any bytes as a request: the server answers something, or closes, and goes on serving.
#[test]
fn request() {
    let runtime = runtime();
    let address = runtime.block_on(async {
        let here = SocketAddr::from(([127, 0, 0, 1], 0));
        let server = HttpServer::bind(HttpOptions {
            api: true,
            ..HttpOptions::plain(here, AllowedHosts::default())
        });
        let server = server.expect("a free port");
        let address = server.addresses()[0];
        tokio::spawn(server.serve(api(), pending()));
        address
    });
    bolero::check!().for_each(|bytes| {
        let asked = async {
            let mut stream = TcpStream::connect(address).await?;
            // So that no port waits for what may still come of a connection.
            stream.set_zero_linger()?;
            // The server may have had enough before all is written.
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
            let mut answer = Vec::new();
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
