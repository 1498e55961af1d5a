//! Flags that say whom alerts are pushed to.

use clap::Args;

/// They take the place of what the configuration has.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct NotificationArguments {
    /// Push alerts to this Alertmanager, such as "http://alertmanager:9093", in place of the configuration's; several are all
    /// told
    #[arg(
        long = "alertmanager.url",
        help_heading = "Alertmanager",
        value_name = "URL"
    )]
    pub(super) urls: Vec<String>,
    /// The label "instance" of what is pushed [default: this host's name]
    #[arg(
        long = "alertmanager.instance",
        help_heading = "Alertmanager",
        value_name = "NAME"
    )]
    pub(super) instance: Option<String>,
}
