//! Who speaks to a server, and to which: TLS as a client, and what says who asks. For what pushes alerts, and for commands
//! that ask a daemon over TCP.

mod credentials;
mod error;
mod tls;

pub(crate) use credentials::authorization;
pub use error::{FileError, TlsError};
pub(crate) use tls::Tls;
