//! `tcplull --version`: what a report of a fault has to say.

use monitor_model::told::schemas;
use std::sync::LazyLock;

/// Which build this is, what its lines are called, and on which kernel it runs.
pub(super) static LONG: LazyLock<String> = LazyLock::new(|| {
    let optimised = match cfg!(debug_assertions) {
        true => "not optimised",
        false => "optimised",
    };
    let log = match cfg!(feature = "kernel-log") {
        true => ", with kernel-log",
        false => "",
    };
    let lines = schemas().map(|(name, _)| name).join(", ");
    format!(
        "{}\nbuild: {} {}, {optimised}{log}\nkernel side: {}\nlines: {lines}\nkernel: {}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::ARCH,
        std::env::consts::OS,
        monitor_kernel::OBJECT_ID,
        monitor_kernel::release(),
    )
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_which_build_it_is_and_what_scripts_may_rely_on() {
        let lines: Vec<&str> = LONG.lines().collect();
        assert_eq!(lines[0], env!("CARGO_PKG_VERSION"));
        assert!(LONG.contains("tcplull.finding/1, "), "{}", *LONG);
        let object = lines
            .iter()
            .find_map(|line| line.strip_prefix("kernel side: "));
        assert_eq!(object.map(str::len), Some(16), "{}", *LONG);
    }
}
