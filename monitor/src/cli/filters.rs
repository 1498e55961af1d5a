//! Flags that choose which rows are shown: the same words for every command.

use super::exit::CliError;
use crate::config;
use clap::Args;
use monitor_kernel::Netns;
use monitor_query::{Field, Filter, List};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// A flag's value, or why it is none.
fn value(field: Field) -> impl Fn(&str) -> Result<Filter, String> + Clone {
    move |text| Filter::flag(field, text).map_err(|error| error.to_string())
}

/// An expression, or why it is none, with the place below.
fn expression(text: &str) -> Result<Filter, String> {
    Filter::parse(text).map_err(|error| format!("{error}\n{}", error.pointed()))
}

/// Flags of every list. Of one flag given several times, and of values parted by commas, any may hold; of several flags
/// all must.
#[derive(Args, Clone, Debug)]
pub(super) struct FilterArguments {
    /// Show only what this holds for, such as "state at-risk and remote 20.0.0.0/8 and not port 22"; what ss takes is taken too
    #[arg(long, help_heading = "Filter", value_name = "EXPRESSION", value_parser = expression)]
    filter: Vec<Filter>,
    /// Leave out what this holds for, such as "port 22"
    #[arg(long, help_heading = "Filter", value_name = "EXPRESSION", value_parser = expression)]
    not: Vec<Filter>,
    /// Only in this state, such as "at-risk"; a value that begins with ! is left out, here and below
    #[arg(long, help_heading = "Filter", value_name = "STATE", allow_hyphen_values = true, value_parser = value(Field::State))]
    state: Vec<Filter>,
    /// Only on this path, or on "none"
    #[arg(long, help_heading = "Filter", value_name = "NAME", value_parser = value(Field::Path))]
    path: Vec<Filter>,
    /// Only of this owner, by any of its names: process, unit, pod, container
    #[arg(long, help_heading = "Filter", value_name = "NAME", value_parser = value(Field::Owner))]
    owner: Vec<Filter>,
}

/// Flags of lists whose rows have a connection.
#[derive(Args, Clone, Debug)]
pub(super) struct ConnectionFilterArguments {
    /// Only to this address or prefix, with or without a port, such as "20.0.0.0/8"
    #[arg(long, visible_alias = "dst", help_heading = "Filter", value_name = "ADDRESS", value_parser = value(Field::Remote))]
    remote: Vec<Filter>,
    /// Only from this address of this host
    #[arg(long, visible_alias = "src", help_heading = "Filter", value_name = "ADDRESS", value_parser = value(Field::Local))]
    local: Vec<Filter>,
    /// Only with this port on either side, such as "443", "8000-8100" or "https"
    #[arg(long, help_heading = "Filter", value_name = "PORT", value_parser = value(Field::Port))]
    port: Vec<Filter>,
    /// Only with this port on the other side
    #[arg(long, visible_alias = "dport", help_heading = "Filter", value_name = "PORT", value_parser = value(Field::RemotePort))]
    remote_port: Vec<Filter>,
    /// Only with this port on this side
    #[arg(long, visible_alias = "sport", help_heading = "Filter", value_name = "PORT", value_parser = value(Field::LocalPort))]
    local_port: Vec<Filter>,
    /// Only of processes named so
    #[arg(long, help_heading = "Filter", value_name = "NAME", value_parser = value(Field::Comm))]
    comm: Vec<Filter>,
    /// Only of this pod, by its name, its controller or its uid, such as "shop/api"
    #[arg(long, help_heading = "Filter", value_name = "NAME", value_parser = value(Field::Pod))]
    pod: Vec<Filter>,
    /// Only of this container, by its name or its id
    #[arg(long, help_heading = "Filter", value_name = "NAME", value_parser = value(Field::Container))]
    container: Vec<Filter>,
    /// Only silent for so long on the path's clock, such as ">3m"
    #[arg(long, help_heading = "Filter", value_name = "TIME", value_parser = value(Field::Idle))]
    idle: Vec<Filter>,
}

/// A flag of lists whose rows may wake somebody.
#[derive(Args, Clone, Debug)]
pub(super) struct SeverityArgument {
    /// Only of this severity: page, ticket or none
    #[arg(long, help_heading = "Filter", value_name = "SEVERITY", value_parser = value(Field::Severity))]
    severity: Vec<Filter>,
}

/// A flag of the alerts, whose owners are units where they have one.
#[derive(Args, Clone, Debug)]
pub(super) struct UnitArgument {
    /// Only of this systemd unit
    #[arg(long, help_heading = "Filter", value_name = "NAME", value_parser = value(Field::Unit))]
    unit: Vec<Filter>,
}

impl FilterArguments {
    /// What they say, together with other flags; as rows of `list` have it.
    pub(super) fn filter(
        &self,
        list: List,
        others: impl IntoIterator<Item = Filter>,
    ) -> Result<Filter, CliError> {
        let excluded = self.not.iter().cloned().map(Filter::excluded);
        let parts = self.filter.iter().cloned().chain(excluded).chain(others);
        let mut all = Filter::default();
        for part in parts.chain(each([&self.state, &self.path, &self.owner])?) {
            all = all.and(part)?;
        }
        let all = all.with_namespaces(|name| inode(&config::parse_netns(name).ok()?))?;
        all.fits(list)?;
        Ok(all)
    }
}

impl ConnectionFilterArguments {
    /// What they say.
    pub(super) fn filters(&self) -> Result<Vec<Filter>, CliError> {
        each([
            &self.remote,
            &self.local,
            &self.port,
            &self.remote_port,
            &self.local_port,
            &self.comm,
            &self.pod,
            &self.container,
            &self.idle,
        ])
    }
}

impl SeverityArgument {
    /// What it says.
    pub(super) fn filters(&self) -> Result<Vec<Filter>, CliError> {
        each([&self.severity])
    }
}

impl UnitArgument {
    /// What it says.
    pub(super) fn filters(&self) -> Result<Vec<Filter>, CliError> {
        each([&self.unit])
    }
}

/// One filter for each flag that was given.
fn each<const FLAGS: usize>(flags: [&Vec<Filter>; FLAGS]) -> Result<Vec<Filter>, CliError> {
    let given = flags.into_iter().filter(|values| !values.is_empty());
    let any = given.map(|values| Filter::any(values.iter().cloned()));
    Ok(any.collect::<Result<_, _>>()?)
}

/// The inode of a network namespace.
pub(super) fn inode(netns: &Netns) -> Option<u32> {
    let file = match netns {
        Netns::Path(path) => path.clone(),
        Netns::OfProcess(pid) => PathBuf::from(format!("/proc/{pid}/ns/net")),
    };
    u32::try_from(fs::metadata(file).ok()?.ino()).ok()
}
