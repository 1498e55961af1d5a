//! What a command says beside its output.

use monitor_model::format::printable_lines;

/// Writes lines to standard error.
pub(super) fn remark(lines: &str) {
    eprint!("{}", printable_lines(lines));
}
