//! A setting as it is tried: two lives, and what those of all settings have in common.

use super::super::super::application::{Application, BASE, Due};
use super::super::super::staging::Staging;
use crate::truth::Conclusion::{Blackholed, Crossed};
use crate::truth::Severity::{Page, Ticket};

/// A setting, and the two lives in which it is tried.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name, as the page and the command have it.
    pub name: &'static str,
    /// The heading of its section.
    pub section: &'static str,
    /// With it.
    pub kept: Application,
    /// Without it.
    pub unset: Application,
}

impl Setting {
    /// The two lives.
    pub fn lives(&self) -> [&Application; 2] {
        [&self.kept, &self.unset]
    }
}

/// What a life with a setting has in common with others: nothing may wake anybody. Its clients print what they did, and
/// end if their connection is another than the first.
pub(super) const KEPT: Application = Application {
    idles: false,
    stagings: &[Staging::Box],
    ..BASE
};

/// A life without one, whose client speaks first after a rest.
pub(super) const UNSET: Application = Application {
    stagings: &[Staging::Box],
    truth: &[
        Due::client(Blackholed, Page),
        Due::client(Crossed, Ticket),
        Due::server(Crossed, Ticket),
    ],
    ..BASE
};

/// The truth of a life without one, whose server speaks first.
pub(super) const SERVER_SPEAKS: &[Due] = &[
    Due::server(Blackholed, Ticket),
    Due::client(Crossed, Ticket),
    Due::server(Crossed, Ticket),
];

/// A setting by its name, its section, what is tried, what it is made of, and its start, which is told whether to set it.
macro_rules! setting {
    ($name:literal, $section:expr, $about:literal, $needs:expr, $start:path $(, $truth:expr)?) => {
        Setting {
            name: $name,
            section: $section,
            kept: Application {
                name: concat!($name, "-kept"),
                about: $about,
                needs: $needs,
                start: |stage| $start(stage, true),
                ..KEPT
            },
            unset: Application {
                name: concat!($name, "-unset"),
                about: concat!("not so: ", $about),
                needs: $needs,
                start: |stage| $start(stage, false),
                $(truth: $truth,)?
                ..UNSET
            },
        }
    };
}

/// The word by which a client is told whether to set it.
pub(super) const fn word(set: bool) -> &'static str {
    if set { "set" } else { "unset" }
}
