//! Settings of docs/settings.md, tried: a connection of a real application that rests for longer than the box remembers.
//! With its setting the connection lives and nobody is woken; without it the box is seen to forget, or the first would
//! prove nothing. To add one, write its file, after the example of `redis`, and its line below.

#[macro_use]
mod setting;

pub use setting::Setting;

macro_rules! settings {
    ($($file:ident: $($setting:ident),+;)+) => {
        $(mod $file;)+

        /// Every setting that was tried.
        pub const ALL: &[Setting] = &[$($($file::$setting),+),+];
    };
}

settings! {
    redis: REDIS_PY;
    postgresql: PSYCOPG, POSTGRES_SERVER, PGBOUNCER;
    python: SYSCTL, REQUESTS, HTTPX;
    http: CURL, NGINX, HAPROXY, SOCAT;
    node: AGENT;
    mqtt: PAHO;
    grpc: GRPC;
    openssh: SSH;
}

/// The setting called `name`.
pub fn named(name: &str) -> Option<&'static Setting> {
    ALL.iter().find(|setting| setting.name == name)
}

#[cfg(test)]
mod tests {
    use super::super::super::staging::Staging;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_settings_have_one_name_and_each_lives_behind_the_box_alone() {
        let names: BTreeSet<&str> = ALL.iter().map(|setting| setting.name).collect();
        assert_eq!(names.len(), ALL.len());
        for setting in ALL {
            let [kept, unset] = setting.lives();
            assert!(kept.truth.is_empty() && !kept.idles, "{}", kept.name);
            assert!(!unset.truth.is_empty(), "{}", unset.name);
            for life in setting.lives() {
                assert_eq!(life.stagings, [Staging::Box], "{}", life.name);
            }
        }
    }
}
