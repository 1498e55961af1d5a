//! Where a daemon writes, and nowhere else from then on (Landlock). Nothing at all is run. Reading stays as it is: who holds a
//! connection is read all over the host.

use landlock::{
    ABI, AccessFs, BitFlags, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus,
    path_beneath_rules,
};
use std::path::PathBuf;

/// What is restricted, as far as the kernel can: the newest kind that concerns files that are written. Later ones restrict
/// which sockets are connected to.
const NEWEST: ABI = ABI::V8;

/// How far the kernel holds to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// Wherever the user may.
    Anywhere(&'static str),
    /// Below its own folders; an older kernel lets it do a few things elsewhere, such as to cut off a file's end.
    Mostly,
    /// Below its own folders alone.
    Held,
}

impl Writes {
    /// In a word, as `/api/v1/agent` has it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Anywhere(_) => "none",
            Self::Mostly => "partial",
            Self::Held => "full",
        }
    }
}

/// Lets this thread, and those that it starts, write below these folders alone. One that is not there is left out.
pub(super) fn only_below(folders: &[PathBuf]) -> Result<Writes, String> {
    let all = AccessFs::from_write(NEWEST) | AccessFs::Execute;
    let files: BitFlags<AccessFs> = AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::MakeSock
        | AccessFs::MakeDir
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir
        | AccessFs::Refer;
    let held = Ruleset::default()
        .handle_access(all)
        .and_then(Ruleset::create)
        .and_then(|rules| rules.add_rules(path_beneath_rules(folders, files)))
        .and_then(|rules| rules.restrict_self())
        .map_err(|error| error.to_string())?;
    Ok(match held.ruleset {
        RulesetStatus::FullyEnforced => Writes::Held,
        RulesetStatus::PartiallyEnforced => Writes::Mostly,
        RulesetStatus::NotEnforced => Writes::Anywhere(
            "this kernel has no Landlock (5.13 and later, where it is switched on)",
        ),
    })
}
