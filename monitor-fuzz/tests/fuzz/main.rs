//! Everything that reads bytes from outside, fed with every wrong form of them. Inputs that were worth keeping lie in
//! `__fuzz__`, and each run begins with them. `cargo xtask fuzz` looks for more.

mod config;
mod daemon;
mod facts;
mod filter;
mod history;
mod http;
mod inspection;
mod packet;
mod probe;
mod recording;
mod saved_alerts;
mod saved_learned;
mod serving;
mod snapshot;
mod web;
