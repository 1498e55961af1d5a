//! Peers: how a connection compares with the others, and with itself before: who moves there and who fails, which gaps
//! were survived, how soon it is answered and whether an answer is due, what outages it came through, who spoke last, and who connected anew.

pub(crate) mod clients;
pub(crate) mod contrast;
pub(crate) mod habit;
pub(crate) mod last_sender;
mod longest;
mod look;
pub(crate) mod outages;
pub(crate) mod prefix;
pub(crate) mod reconnects;
pub(crate) mod reply;
mod sibling;
pub(crate) mod siblings;
mod survived;
