//! Web configurations through the real server, with clients that speak TLS. All certificates are made here.

mod authority;
mod bench;
mod client;
mod files;
mod handshakes;
mod hostile;
mod policies;
mod reading_again;
mod requests;
