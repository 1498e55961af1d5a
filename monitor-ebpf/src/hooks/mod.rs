//! The programs, one file for each family of hooks. A hook with several mechanisms has one
//! program for each, all with the same body; user space loads the first that works.

mod callbacks;
mod receive;
mod reset;
mod retransmit;
mod revisit;
mod send;
mod socket_table;
mod state;
mod sweep;
mod timers;
