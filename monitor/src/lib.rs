//! tcplull's binary: configuration, owners, the daemon that joins the rooms, and the surfaces. Data flows one way: facts
//! of [`monitor_kernel`] → [`monitor_judge`] with its alerts → [`surfaces`]. [`cli`] is the door.

pub mod cli;
pub mod client;
pub mod config;
pub mod daemon;
mod memory;
mod opened;
pub mod outgoing;
mod own_file;
pub mod own_process;
pub mod owner;
mod plain_file;
pub mod prober;
mod pushed;
mod rate;
pub mod sandbox;
pub mod surfaces;
pub mod text;
mod worker;
