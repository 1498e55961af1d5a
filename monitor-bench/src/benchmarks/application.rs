//! Effect on an application: programs on and off under one live connection.

use crate::benchmark::Benchmark;
use crate::bpf::{Counting, Loaded, OwnPrograms, Set};
use crate::context::Context;
use crate::error::BenchError;
use crate::load::{Kind, Load};
use crate::results::{Goal, Outcome, Table};
use crate::stats::{Summary, against_neighbours, shown};
use std::thread;
use std::time::Duration;

pub const BENCHMARK: Benchmark = Benchmark {
    name: "application",
    title: "Effect on an application",
    method: r#"
One live connection over loopback, or one for each request, both ends on one core, so that nothing hides what watching
costs. Every 0.3 s programs are put on their hooks or taken off. Each stretch with them is compared with the two
stretches without beside it: starting the load anew each time would hide the effect in 4 % of noise. "Nothing" is such
a stretch in which nothing is put on: what the method itself can see. Rates are by the CPU time of both ends, which
other programs on the machine do not change. 1 byte each way is the worst case there is. The HTTP application does
nothing besides its messages. The programs are those that the daemon has on its hooks after three sweeps; watching
globally, the receive hook is off where nothing on the host is silent, so both are measured.
"#,
    tried: r#"
Wall-clock rates were no good beside other programs: the CPU time of both ends is what they are divided by (this kernel
charges softirq work to whoever it interrupts, which is the load itself). Of what is left, most is the way into the
programs, not what they do: an empty program on both paths costs nearly as much. Fewer runs is the lever, four a round
trip being all there are with both hooks on. So two ways were built that take runs away: the receive hook is off while
nothing on the host is silent (two runs are left), and watching socket by socket none is left, which is the default where
the kernel can. The healthy path was made shorter as well: see the cost of a program run.

How fine the method sees differs from machine to machine: what "nothing" shows against nothing is its limit, and on this
machine the 95 % interval of a median is 1 to 8 points wide. Per-socket figures above the goal lie within that of nothing,
with no program run counted. Bulk with both hooks on cannot really cost less than with one of them.
"#,
    run,
};

/// How long programs are on at a time, or off.
const STRETCH: Duration = Duration::from_millis(280);
/// Time after each change for the load to come into its stride.
const SETTLE: Duration = Duration::from_millis(20);

/// What nobody would notice, in percent.
const NOTHING: f64 = 0.1;
/// The worst case with programs on every segment, in percent.
const WORST: f64 = 1.2;
/// Real traffic with programs on every segment, in percent.
const USUAL: f64 = 0.5;

/// What the way of watching is called in addition where a sweep found nothing silent on the host.
const QUIET: &str = ", nothing silent";

/// Something that is put on between two stretches without.
struct Subject {
    name: String,
    set: Set,
    /// What was done in a second of CPU time, in each stretch.
    rates: Vec<f64>,
    /// Runs of its programs for each exchange, or for each MiB.
    runs: f64,
}

fn run(context: &Context) -> Result<Option<Outcome>, BenchError> {
    let own = OwnPrograms::load()?;
    let mut outcome = Outcome::default();
    for (kind, times) in [
        (Kind::PingPong, context.times(40, 4)),
        (Kind::Http, context.times(16, 4)),
        (Kind::Bulk, context.times(20, 4)),
        (Kind::ShortHttp, context.times(20, 4)),
    ] {
        context.progress(kind.name());
        let mut subjects = subjects(context, &own, kind)?;
        let base = alternate(context, kind, times, &mut subjects)?;
        let (table, effects) = table(kind, &base, &subjects);
        outcome.tables.push(table);
        for (subject, effect) in subjects.iter().zip(effects) {
            outcome.goals.extend(goals(kind, subject, effect));
        }
    }
    Ok(Some(outcome))
}

/// Nothing, in the worst case empty programs on the paths of every segment, and each way of watching.
fn subjects(context: &Context, own: &OwnPrograms, kind: Kind) -> Result<Vec<Subject>, BenchError> {
    let subject = |name: &str, set| Subject {
        name: name.to_owned(),
        set,
        rates: Vec::new(),
        runs: 0.0,
    };
    let mut subjects = vec![subject("nothing", Set::default())];
    if kind == Kind::PingPong {
        let empty = own.set(&["empty_send", "empty_receive"])?;
        subjects.push(subject("empty programs", empty));
    }
    for &watch in &context.ways {
        let Loaded { mut on, off, .. } = context.watched(watch)?;
        // What is off here goes on where something is silent, as it is on most hosts.
        if !off.0.is_empty() {
            let quiet = context.watched(watch)?.on;
            subjects.push(subject(&format!("{}{QUIET}", watch.name()), quiet));
            on.0.extend(off.0);
        }
        subjects.push(subject(watch.name(), on));
    }
    Ok(subjects)
}

/// One live load, and in turns each subject between two stretches without any. Answers what was done in a second of CPU
/// time in the stretches without: one more than all others together.
fn alternate(
    context: &Context,
    kind: Kind,
    times: usize,
    subjects: &mut [Subject],
) -> Result<Vec<f64>, BenchError> {
    let load = Load::start(kind)?;
    load.run();
    let mut base = vec![rate(&load)?];
    for _ in 0..times {
        for subject in &mut *subjects {
            context.go_on()?;
            subject.set.attach()?;
            let rate_with = rate(&load);
            subject.set.detach();
            subject.rates.push(rate_with?);
            base.push(rate(&load)?);
        }
    }
    // Apart, because counting costs time, too.
    let _counting = Counting::begin()?;
    for subject in subjects {
        subject.set.attach()?;
        let before = subject.set.total()?;
        let stretch = load.stretch(STRETCH);
        let runs = subject.set.total()?.since(before);
        subject.set.detach();
        let (from, to) = stretch?;
        let exchanges = to.done_since(from) as f64 / unit(kind).1;
        subject.runs = runs.count as f64 / exchanges;
    }
    Ok(base)
}

fn rate(load: &Load) -> Result<f64, BenchError> {
    thread::sleep(SETTLE);
    let (before, after) = load.stretch(STRETCH)?;
    Ok(after.per_cpu_second(before))
}

/// What a load is counted by, and how many of its own units that is.
fn unit(kind: Kind) -> (&'static str, f64) {
    match kind {
        Kind::Bulk => ("MiB", 1024.0 * 1024.0),
        _ => ("round trip", 1.0),
    }
}

/// How much slower each subject makes it, in percent.
fn table(kind: Kind, base: &[f64], subjects: &[Subject]) -> (Table, Vec<Option<Summary>>) {
    let (unit, size) = unit(kind);
    let title = format!("{unit}s a second of CPU time");
    let mut table = Table::new(
        format!("{}: what is on, and by how much it slows.", kind.name()),
        &[
            "on",
            &title,
            "slower by, %",
            "95 % of the median, %",
            &format!("runs a {unit}"),
        ],
    );
    let mut effects = Vec::new();
    for (at, subject) in subjects.iter().enumerate() {
        // Its own stretches each with the two beside it.
        let mut ratios = Vec::new();
        for (turn, rate) in subject.rates.iter().enumerate() {
            let before = turn * subjects.len() + at;
            if let Some(neighbours) = base.get(before..before + 2) {
                ratios.extend(against_neighbours(neighbours, &[*rate]));
            }
        }
        let effect = Summary::of(ratios.iter().map(|ratio| (1.0 - ratio) * 100.0));
        let rate = Summary::of(subject.rates.iter().map(|rate| rate / size));
        table.line([
            subject.name.clone(),
            shown(rate, 0),
            shown(effect, 2),
            effect.map_or("–".to_owned(), |effect| {
                format!("{:.2} to {:.2}", effect.median_low, effect.median_high)
            }),
            format!("{:.3}", subject.runs),
        ]);
        effects.push(effect);
    }
    (table, effects)
}

fn goals(kind: Kind, subject: &Subject, effect: Option<Summary>) -> Vec<Goal> {
    let slowed = |what, at_most| {
        let slower = effect.map(|effect| effect.median);
        Goal::new(what, slower, at_most, "%", 2).with_quartiles_of(effect, 1.0)
    };
    let what = format!("{}, {}", subject.name, kind.name());
    let usual = if kind == Kind::PingPong { WORST } else { USUAL };
    match subject.name.trim_end_matches(QUIET) {
        // Whoever watches sees a connection open and close.
        "global" | "per-socket" | "snapshots" if kind == Kind::ShortHttp => {
            vec![slowed(what, USUAL)]
        }
        "global" => vec![slowed(what, usual)],
        "per-socket" | "snapshots" => vec![
            slowed(what.clone(), NOTHING),
            // Whatever else this host does runs the same programs now and then.
            Goal::new(
                format!("{what}: program runs"),
                (subject.runs * 1e3).round() / 1e3,
                0.0,
                &format!("a {}", unit(kind).0),
                0,
            ),
        ],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(name: &str, rates: &[f64], runs: f64) -> Subject {
        Subject {
            name: name.to_owned(),
            set: Set::default(),
            rates: rates.to_vec(),
            runs,
        }
    }

    #[test]
    fn each_subject_is_compared_with_the_stretches_beside_its_own() {
        // Twice two subjects between five stretches without, and the machine gets slower all the time.
        let base = [100.0, 90.0, 80.0, 70.0, 60.0];
        let subjects = [
            subject("nothing", &[95.0, 75.0], 0.0),
            subject("global", &[76.5, 58.5], 4.0),
        ];
        let (table, effects) = table(Kind::PingPong, &base, &subjects);
        let medians: Vec<f64> = effects
            .iter()
            .flatten()
            .map(|effect| effect.median)
            .collect();
        assert!((medians[0] - 0.0).abs() < 1e-9, "{medians:?}");
        assert!((medians[1] - 10.0).abs() < 1e-9, "{medians:?}");
        assert_eq!(table.lines[1][4], "4.000");
    }

    #[test]
    fn the_bounds_are_those_of_the_way_of_watching() {
        let effect = Summary::of([0.7]);
        let bounds = |kind, name| -> Vec<Option<bool>> {
            let goals = goals(kind, &subject(name, &[], 0.0), effect);
            goals.iter().map(Goal::holds).collect()
        };
        assert_eq!(bounds(Kind::PingPong, "global"), [Some(true)]);
        assert_eq!(bounds(Kind::Http, "global"), [Some(false)]);
        assert_eq!(
            bounds(Kind::PingPong, "per-socket"),
            [Some(false), Some(true)]
        );
        assert_eq!(bounds(Kind::Http, "snapshots"), [Some(false), Some(true)]);
        // Opening and closing are seen in each way.
        assert_eq!(bounds(Kind::ShortHttp, "per-socket"), [Some(false)]);
        assert_eq!(bounds(Kind::PingPong, "nothing"), []);
    }
}
