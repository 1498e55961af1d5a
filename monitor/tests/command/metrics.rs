//! `/metrics` as Prometheus and its users read it.

use crate::common::net::Pair;
use crate::common::place::{path, place_in, watched_network};
use crate::common::run::{finish, finish_with, promtool, tcplull};
use crate::common::{Test, Tested, eventually, is};
use monitor_lab::network::block::Block;
use monitor_lab::testbed::Daemon;
use monitor_lab::testbed::prometheus::sum;
use serde_json::Value;
use std::process::Command;

pub const TESTS: &[Test] = &[
    Test::with_promtool("promtool_finds_nothing_to_complain_of", promtool_check),
    Test::as_root(
        "every_hook_is_shown_with_the_mechanism_that_check_names",
        hooks,
    ),
    Test::as_root("a_silent_connection_is_counted_once_at_each_end", counted),
    Test::as_root("the_daemon_shows_what_it_is_and_what_it_takes", itself),
    Test::as_root(
        "runs_of_programs_are_shown_where_the_kernel_counts_them",
        program_runs,
    ),
    Test::as_root(
        "findings_have_their_delay_their_workload_and_no_address",
        by_workload,
    ),
];

fn promtool_check() -> Tested {
    let promtool =
        promtool().ok_or("promtool is neither on PATH nor unpacked: cargo xtask setup")?;
    let (network, daemon) = watched_network("quiet", "1s", &[])?;
    let pair = Pair::across(&network)?;
    // With events in the series, and an alert.
    daemon.await_finding(pair.client_address()?, "crossed")?;
    pair.exchange()?;
    daemon.await_finding(pair.client_address()?, "survived")?;
    let text = daemon.metrics()?;
    let ended = finish_with(Command::new(promtool).args(["check", "metrics"]), &text)?;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(
        (ended.stdout.as_str(), ended.stderr.as_str()),
        ("", ""),
        "{text}"
    );
    Ok(())
}

fn hooks() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, "")?;
    let daemon = Daemon::start(&place, &[])?;
    let text = daemon.metrics()?;
    let ended = finish(&mut tcplull(["check", "--json", "--config", "/dev/null"]))?;
    let report: Value = serde_json::from_str(&ended.stdout)?;
    let hooks = report["hooks"].as_array().ok_or("no hooks")?;
    assert!(!hooks.is_empty(), "{report}");
    for hook in hooks {
        let name = hook["hook"].as_str().ok_or("a hook without a name")?;
        let mechanism = hook["mechanism"].as_str().unwrap_or("none");
        let labels = [("hook", name), ("mechanism", mechanism)];
        assert_eq!(
            sum(&text, "tcplull_hook_info", &labels),
            Some(1.0),
            "{text}"
        );
        assert_ne!(mechanism, "none", "{report}");
    }
    let shown = text
        .lines()
        .filter(|line| line.starts_with("tcplull_hook_info{"));
    assert_eq!(shown.count(), hooks.len(), "{text}");
    Ok(())
}

fn counted() -> Tested {
    let (network, daemon) = watched_network("quiet", "1s", &[])?;
    let quiet = [("path", "quiet")];
    assert_eq!(daemon.metric("crossed_total", &quiet)?, 0.0);
    let pair = Pair::across(&network)?;
    // Both ends live on this host.
    let crossed_now = [("path", "quiet"), ("silence", "crossed")];
    eventually("both ends are seen silent", || {
        Ok(is(daemon.metric("connections", &crossed_now)?, 2))
    })?;
    daemon.await_sweeps(3)?;
    assert_eq!(
        daemon.metric("crossed_total", &quiet)?,
        2.0,
        "one silence, one finding"
    );
    // Until a sweep has seen it: on a busy machine that may take longer than the next silence.
    eventually("no end is silent", || {
        pair.exchange()?;
        Ok(is(daemon.metric("connections", &crossed_now)?, 0))
    })?;
    // It crosses again, and that is another silence.
    eventually("both ends crossed a second time", || {
        let crossed = daemon.metric("crossed_total", &quiet)?;
        Ok((crossed >= 4.0).then_some(()).ok_or(crossed))
    })
}

fn itself() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, &path("nat", &["10.0.0.0/8"], "4m"))?;
    let daemon = Daemon::start(&place, &[])?;
    eventually("it is ready", || Ok(is(daemon.metric("ready", &[])?, 1)))?;
    let text = daemon.metrics()?;
    let get = |name: &str| sum(&text, name, &[]).ok_or(format!("no {name} in {text}"));
    // The kernel's own figures, of the same process.
    let resident = get("process_resident_memory_bytes")?;
    let most = daemon.memory_kib("VmHWM")? as f64 * 1024.0;
    assert!(0.0 < resident && resident <= most, "{resident} of {most}");
    assert!(get("process_virtual_memory_bytes")? >= resident);
    assert!(get("process_cpu_seconds_total")? <= daemon.cpu()?.as_secs_f64());
    // Its programs and maps alone are more.
    assert!(get("process_open_fds")? > 10.0);
    assert!(get("process_max_fds")? >= get("process_open_fds")?);
    assert!(get("process_threads")? >= 1.0);
    let read = get("tcplull_config_last_reload_success_timestamp_seconds")?;
    let began = get("process_start_time_seconds")?;
    // The kernel says when it began to 10 ms, and since when it counts to a second.
    assert!(began <= read + 1.0, "began at {began}, read it at {read}");
    assert_eq!(get("tcplull_config_last_reload_successful")?, 1.0);
    assert_eq!(get("tcplull_path_timeout_seconds")?, 240.0);
    Ok(())
}

fn program_runs() -> Tested {
    let block = Block::claim()?;
    let daemon = Daemon::start(&place_in(&block, "")?, &[])?;
    daemon.await_sweeps(2)?;
    // It is the host's, and nothing to be changed for a test.
    let counted = || std::fs::read_to_string("/proc/sys/kernel/bpf_stats_enabled");
    let before = counted()?;
    let text = daemon.metrics()?;
    if before != counted()? {
        // Somebody switched it meanwhile.
        return Ok(());
    }
    let is_counted = before.trim() == "1";
    let enabled = sum(&text, "tcplull_program_stats_enabled", &[]);
    assert_eq!(enabled, Some(f64::from(u8::from(is_counted))), "{text}");
    for name in [
        "tcplull_program_runs_total",
        "tcplull_program_run_seconds_total",
    ] {
        assert_eq!(sum(&text, name, &[]).is_some(), is_counted, "{text}");
    }
    Ok(())
}

fn by_workload() -> Tested {
    let (network, daemon) = watched_network("quiet", "1s", &[])?;
    let pair = Pair::across(&network)?;
    let (client, server) = (pair.client_address()?, pair.server_address()?);
    daemon.await_finding(client, "crossed")?;
    pair.exchange()?;
    daemon.await_finding(client, "survived")?;
    let text = daemon.metrics()?;
    let delays = |kind| {
        sum(
            &text,
            "tcplull_finding_delay_seconds_count",
            &[("kind", kind)],
        )
    };
    assert!(delays("crossed") >= Some(1.0), "{text}");
    assert!(delays("outcome") >= Some(1.0), "{text}");
    let gaps = |le| {
        let labels = [("path", "quiet"), ("le", le)];
        sum(&text, "tcplull_gap_seconds_bucket", &labels)
    };
    assert!(gaps("+Inf") >= Some(1.0), "{text}");
    assert_eq!(
        gaps("240"),
        gaps("+Inf"),
        "none lasted for four minutes: {text}"
    );
    // It is new, so it is shown as 0 yet.
    let survived = [
        ("finding", "survived"),
        ("kind", "outcome"),
        ("path", "quiet"),
    ];
    assert_eq!(
        sum(&text, "tcplull_findings_total", &survived),
        Some(0.0),
        "{text}"
    );
    assert!(sum(&text, "tcplull_workloads", &[]) >= Some(1.0), "{text}");
    // By default not even that it crossed.
    let crossed = [("kind", "crossed")];
    assert_eq!(
        sum(&text, "tcplull_findings_total", &crossed),
        None,
        "{text}"
    );
    for address in [client, server] {
        for told in [address.ip().to_string(), format!("\"{}\"", address.port())] {
            assert!(!text.contains(&told), "{told} in {text}");
        }
    }
    Ok(())
}
