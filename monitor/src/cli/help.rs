//! The end of each command's `--help`: how it is used, and what its exit codes say. Each command states both in its own
//! file.

use std::fmt::Write;

/// What a command's `--help` ends with.
pub(super) struct Help {
    /// Command lines that can be copied, and what each is for.
    pub(super) examples: &'static [(&'static str, &'static str)],
    /// What exit code 1 says; `None` where the command never ends with it.
    pub(super) findings: Option<&'static str>,
}

impl Help {
    /// As it is shown.
    pub(super) fn text(&self) -> String {
        let mut text = "Examples:\n".to_owned();
        let widths = self.examples.iter().map(|(line, _)| line.chars().count());
        let width = widths.max().unwrap_or(0);
        for (line, what) in self.examples {
            // A `String` takes all that is written.
            let _ = writeln!(text, "  {line:<width$}  {what}");
        }
        let findings = self.findings.map(|found| format!(", 1 {found}"));
        let findings = findings.unwrap_or_default();
        text + &format!("\nExit code: 0 nothing wrong{findings}, 2 wrong usage, 3 cannot run")
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::Cli;
    use clap::{Command, CommandFactory, Parser};
    use std::fs;
    use std::path::Path;

    fn shown(command: &Command) -> String {
        let help = command.get_after_long_help();
        help.map(ToString::to_string).unwrap_or_default()
    }

    #[test]
    fn every_command_has_examples_that_it_understands_and_says_its_exit_codes() {
        let cli = Cli::command();
        let commands = cli.get_subcommands();
        for command in [&cli].into_iter().chain(commands) {
            let (name, text) = (command.get_name(), shown(command));
            if command.is_hide_set() {
                continue;
            }
            assert!(text.contains("\nExit code: 0 "), "{name}: {text}");
            let lines = text.lines().skip_while(|line| *line != "Examples:").skip(1);
            let lines: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
            assert!(!lines.is_empty(), "{name} has no example");
            for line in lines {
                // Two spaces part it from what it is for; what follows a pipe is another program's.
                let example = line.trim_start().split("  ").next().unwrap_or_default();
                let own = example
                    .trim_start_matches("source <(")
                    .trim_end_matches(')');
                let own = own.split(['|', '>', '<']).next().unwrap_or_default();
                let words = own.split_whitespace().map(|word| word.trim_matches('\''));
                let understood = Cli::try_parse_from(words);
                assert!(understood.is_ok(), "{own}: {understood:?}");
                assert!(line.chars().count() <= 100, "{name}: {line}");
            }
        }
    }

    #[test]
    fn the_documentation_says_of_each_command_when_it_ends_with_1() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operating.md");
        let page = fs::read_to_string(page).unwrap();
        let (_, section) = page.split_once("\n## Exit codes\n").unwrap();
        let (section, _) = section.split_once("\n## ").unwrap();
        let cli = Cli::command();
        for command in cli.get_subcommands().filter(|one| !one.is_hide_set()) {
            let name = format!("`{}`", command.get_name());
            assert!(section.contains(&name), "the tables lack {name}");
        }
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
