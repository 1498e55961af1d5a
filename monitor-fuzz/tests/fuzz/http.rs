//! Requests over HTTP.

use crate::serving::{BOUND, runtime};
use monitor::surfaces::http::{AllowedHosts, HttpOptions, HttpServer, HttpSource};
use monitor_model::alert::Alert;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

struct Daemon;

impl HttpSource for Daemon {
    fn metrics(&self) -> Result<String, String> {
        Ok("tcplull_up 1\n".to_owned())
    }

    fn ready(&self) -> Result<String, String> {
        Ok("ready".to_owned())
    }

    fn alerts(&self) -> Vec<Alert> {
        Vec::new()
    }
}

/// Any bytes as a request: the server answers something, or closes, and goes on serving.
#[test]
fn request() {
    let runtime = runtime();
    let address = runtime.block_on(async {
        let here = SocketAddr::from(([127, 0, 0, 1], 0));
        let server = HttpServer::bind(HttpOptions::plain(here, AllowedHosts::default()));
        let server = server.expect("a free port");
        let address = server.addresses()[0];
        tokio::spawn(server.serve(Arc::new(Daemon), pending()));
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
