//! tcplull's user space. Data flows one way: [`kernel`] facts → [`judge`] →
//! [`alerts`] → [`surfaces`]. Beside them stand [`config`], [`owner`] and
//! [`recording`], which keeps what the judge is told; [`daemon`] joins the rooms,
//! [`cli`] is the door.

pub mod alerts;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod judge;
pub mod kernel;
mod memory;
pub mod owner;
pub mod recording;
pub mod surfaces;
