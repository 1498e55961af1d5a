//! The history as those who write and read it meet it.

mod bounds;
mod common;
mod crash;
mod hostile;
mod killed;
mod reading;
