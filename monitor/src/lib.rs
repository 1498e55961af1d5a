//! tcplull's user space. Data flows one way: [`kernel`] facts → [`judge`] →
//! [`alerts`] → [`surfaces`]. Beside them stand [`config`] and [`owner`];
//! [`daemon`] joins the rooms, [`cli`] is the door.

pub mod alerts;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod judge;
pub mod kernel;
pub mod owner;
pub mod surfaces;
