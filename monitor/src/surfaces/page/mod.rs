//! The page: what a browser shows of this host. Its files are in the binary ([`files`]); what they show they ask of the API,
//! as anybody would. The first answer has the numbers as plain HTML already ([`front`]), for who has no JavaScript.

mod files;
mod front;

#[cfg(test)]
mod tests;

pub use files::{POLICY, routes};
pub use front::{Front, Link, front};
