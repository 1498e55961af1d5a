//! What is too large, no text, or given by a flag.

use super::*;

#[test]
fn a_file_that_is_no_text_is_refused_at_its_line() {
    let message = Bench::new(b"min_gap = \"1s\"\nname = \"\xff\"\n").message(&Overrides::default());
    assert_eq!(
        message,
        "config.toml:2: not UTF-8 text; save the file as UTF-8"
    );
}

#[test]
fn a_file_without_end_is_not_read_to_the_end() {
    let place = tempfile::tempdir().unwrap();
    let zeros = place.path().join("config.toml");
    let file = std::fs::File::create(&zeros).unwrap();
    file.set_len(MAX_FILE_BYTES + 1).unwrap();
    let error = Config::load(Some(&zeros), &zeros, &Overrides::default());
    assert!(matches!(error, Err(ConfigError::TooLong { .. })));
}

#[test]
fn what_is_no_file_is_refused_without_waiting_for_it() {
    let place = tempfile::tempdir().unwrap();
    let pipe = place.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    for named in [&pipe, place.path(), Path::new("/dev/zero")] {
        let error = Config::load(Some(named), named, &Overrides::default()).unwrap_err();
        assert!(
            matches!(error, ConfigError::NotAFile { .. }),
            "{}: {error}",
            named.display()
        );
    }
    let null = Path::new("/dev/null");
    assert!(Config::load(Some(null), null, &Overrides::default()).is_ok());
}

#[test]
fn more_paths_than_fit_are_refused_at_the_first_too_many() {
    let paths = |count: usize| -> String {
        (0..count)
            .map(|i| {
                format!(
                    "[[path]]\nname = \"p{i}\"\nremote = [\"10.0.{i}.0/24\"]\ntimeout = \"4m\"\n"
                )
            })
            .collect()
    };
    assert_eq!(load(&paths(128)).paths.len(), 128);
    let message = message(&paths(129));
    assert!(
        message.starts_with("config.toml:514: one path more than the 128 that fit"),
        "{message}"
    );
    // The flag's own path counts too.
    let message = Bench::new(paths(128)).message(&timeout(5));
    assert!(
        message.starts_with("--timeout: one path more than the 128"),
        "{message}"
    );
}

#[test]
fn more_prefixes_times_ports_than_fit_are_refused() {
    let text = |ports: usize| {
        let ports: Vec<_> = (1..=ports).map(|port| port.to_string()).collect();
        format!(
            "[[path]]\nname = \"wide\"\ntimeout = \"4m\"\nports = [{}]\n",
            ports.join(",")
        )
    };
    assert_eq!(load(&text(2048)).paths.len(), 1);
    let message = message(&text(2049));
    assert!(
        message.starts_with("config.toml:2: path \"wide\" brings the table to 4098"),
        "{message}"
    );
    assert!(message.contains("4096 fit"), "{message}");
}

#[test]
fn a_flag_at_fault_is_named_instead_of_a_line() {
    let bench = Bench::new("");
    let message = bench.message(&timeout(0));
    assert!(message.starts_with("--timeout: timeout: zero"), "{message}");
    let message = bench.message(&timeout(1));
    assert!(
        message.starts_with("--timeout: path \"default\" would warn after 750ms"),
        "{message}"
    );
    let message = bench.message(&Overrides {
        sweep_interval: Some(Duration::from_secs(7200)),
        ..Overrides::default()
    });
    assert!(
        message.starts_with("--sweep-interval: sweep_interval: 2h is above 1h"),
        "{message}"
    );
    let bench =
        Bench::new("[[path]]\nname = \"default\"\ntimeout = \"4m\"\nremote = [\"10.0.0.0/8\"]\n");
    let message = bench.message(&timeout(5));
    assert!(
        message.starts_with("--timeout: the path \"default\" in line 2"),
        "{message}"
    );
}
