//! From a connection to TLS. It holds a place of the room where requests are on their way, and its time.

use super::certificate::Certificate;
use super::counters::Refusal;
use super::gate::Gate;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What every TLS connection begins with: a record of the handshake (RFC 8446, 5.1).
const HANDSHAKE: u8 = 22;

/// What is read of a request without TLS before it is answered, in bytes: what is not read when a connection is closed
/// makes a reset of it, and the answer may be lost.
const READ_OF_PLAIN: usize = 16 * 1024;

const TO_PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n\r\n\
    this port speaks https: ask with https:// in the address (scheme: https in Prometheus)\n";

/// A connection that speaks TLS.
pub(super) struct Secured {
    pub(super) stream: TlsStream<TcpStream>,
    pub(super) certificate: Certificate,
}

/// Shakes hands by the web configuration of now; nothing where none comes about.
pub(super) async fn shake_hands(mut stream: TcpStream, gate: &Gate) -> Option<Secured> {
    let mut first = [0];
    match stream.peek(&mut first).await {
        // Who comes and goes, to see whether somebody listens, is no failure.
        Ok(0) | Err(_) => return None,
        Ok(_) if first == [HANDSHAKE] => {}
        Ok(_) => {
            gate.refuse(Refusal::Tls);
            if let Err(error) = tell_plain(&mut stream).await {
                tracing::debug!("HTTP: {error}");
            }
            return None;
        }
    }
    let tls = gate.tls().await?;
    match TlsAcceptor::from(tls.config).accept(stream).await {
        Ok(stream) => {
            let certificate = match stream.get_ref().1.peer_certificates() {
                Some(_) if tls.certificate_proves => Certificate::Proves,
                None if tls.certificate_required => Certificate::Missing,
                _ => Certificate::Idle,
            };
            Some(Secured {
                stream,
                certificate,
            })
        }
        Err(error) => {
            gate.refuse(Refusal::Tls);
            gate.tell_tls(&error);
            None
        }
    }
}

async fn tell_plain(stream: &mut TcpStream) -> io::Result<()> {
    let mut request = vec![0; READ_OF_PLAIN];
    // However much it is: no more comes, as a rule.
    let _read = stream.read(&mut request).await?;
    stream.write_all(TO_PLAIN).await?;
    stream.shutdown().await
}
