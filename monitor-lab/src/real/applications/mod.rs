//! The applications. To add one, write its file, after the example of `redis`, and its line below: the file's name, and
//! the applications in it.

use super::application::Application;

pub mod settings;

macro_rules! applications {
    ($($file:ident: $($application:ident),+;)+) => {
        $(mod $file;)+

        /// Every application.
        pub const ALL: &[Application] = &[$($($file::$application),+),+];
    };
}

applications! {
    redis: REDIS;
    postgres: POSTGRES, KEPT;
    pgbouncer: PGBOUNCER;
    copy: COPY;
    nginx: CURL, TRANSFERS, UPSTREAM;
    haproxy: HAPROXY, CUTS;
    openssh: OPENSSH;
    rsync: RSYNC;
    mosquitto: MOSQUITTO;
    websockets: WEBSOCKETS;
    grpc: GRPC;
    nats: NATS;
}

/// The application called `name`.
pub fn named(name: &str) -> Option<&'static Application> {
    ALL.iter().find(|application| application.name == name)
}
