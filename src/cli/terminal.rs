//! What standard output can show, from `--color`, the environment and the terminal itself.

use std::io::IsTerminal;

use crate::report::Terminal;

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ColorChoice {
    /// If standard output is a terminal and nothing in the environment speaks against it
    #[default]
    Auto,
    /// In any case
    Always,
    /// In no case
    Never,
}

/// Narrower terminals are treated as this wide.
const MIN_WIDTH: usize = 20;

/// The terminal behind standard output.
pub fn detect(choice: ColorChoice) -> Terminal {
    detect_on(&std::io::stdout(), choice)
}

/// The terminal behind standard error.
pub fn detect_stderr(choice: ColorChoice) -> Terminal {
    detect_on(&std::io::stderr(), choice)
}

fn detect_on(stream: &impl IsTerminal, choice: ColorChoice) -> Terminal {
    let is_terminal = stream.is_terminal();
    let size = if is_terminal { terminal_size::terminal_size() } else { None };
    resolve(choice, |name| std::env::var(name).ok(), is_terminal, size.map(|(width, _)| usize::from(width.0)))
}

/// A file: no colours unless they are forced.
pub fn file(choice: ColorChoice) -> Terminal {
    resolve(choice, |name| std::env::var(name).ok(), false, None)
}

/// What can be shown, given the environment, whether the output is a terminal, and the columns it says it has.
pub fn resolve(choice: ColorChoice, env: impl Fn(&str) -> Option<String>, is_terminal: bool, columns: Option<usize>) -> Terminal {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    let told = || set("COLUMNS").and_then(|columns| columns.parse().ok());
    let width = columns.filter(|&columns| columns > 0).or_else(told).unwrap_or(80);
    Terminal {
        color: color(choice, set, is_terminal),
        width: width.max(MIN_WIDTH),
        unicode: unicode(set),
        links: is_terminal && links(set),
        fit: is_terminal,
    }
}

/// The first rule that matches decides.
fn color(choice: ColorChoice, set: impl Fn(&str) -> Option<String>, is_terminal: bool) -> bool {
    let is = |name: &str, value: &str| set(name).is_some_and(|found| found == value);
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if set("NO_COLOR").is_some() => false,
        ColorChoice::Auto if set("CLICOLOR_FORCE").is_some_and(|force| force != "0") => true,
        ColorChoice::Auto if set("FORCE_COLOR").is_some() => true,
        ColorChoice::Auto if is("CLICOLOR", "0") || is("TERM", "dumb") => false,
        ColorChoice::Auto => is_terminal,
    }
}

/// Whether the locale is one of UTF-8. Windows has no locale in the environment and prints UTF-16.
fn unicode(set: impl Fn(&str) -> Option<String>) -> bool {
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    cfg!(windows) || locale.contains("utf-8") || locale.contains("utf8")
}

/// Whether the terminal is one known to understand hyperlinks; others would show the title and lose the address.
fn links(set: impl Fn(&str) -> Option<String>) -> bool {
    if let Some(force) = set("FORCE_HYPERLINK") {
        return force != "0";
    }
    if set("TERM").is_some_and(|term| term.starts_with("screen") || term.starts_with("tmux")) {
        // A multiplexer inherits the variables of the terminal around it, but not what that can do.
        return false;
    }
    let one_of = |name: &str, known: &[&str]| set(name).is_some_and(|value| known.contains(&value.as_str()));
    let vte = set("VTE_VERSION").and_then(|version| version.parse::<u32>().ok());
    one_of("TERM_PROGRAM", &["ghostty", "Hyper", "iTerm.app", "terminology", "vscode", "WezTerm", "zed"])
        || one_of("TERM", &["alacritty", "alacritty-direct", "foot", "xterm-ghostty", "xterm-kitty"])
        || ["DOMTERM", "KONSOLE_VERSION", "WT_SESSION"].iter().any(|name| set(name).is_some())
        || vte.is_some_and(|version| version > 5_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Env = &'static [(&'static str, &'static str)];

    fn with(choice: ColorChoice, env: &[(&str, &str)], is_terminal: bool) -> Terminal {
        let find = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        resolve(choice, find, is_terminal, None)
    }

    #[test]
    fn colours_follow_the_first_rule_that_matches() {
        use ColorChoice::{Always, Auto, Never};
        for (choice, env, is_terminal, expected) in [
            (Auto, &[][..], true, true),
            (Auto, &[], false, false),
            (Always, &[("NO_COLOR", "1"), ("TERM", "dumb")], false, true),
            (Never, &[("CLICOLOR_FORCE", "1"), ("FORCE_COLOR", "1")], true, false),
            (Auto, &[("NO_COLOR", "1")], true, false),
            (Auto, &[("NO_COLOR", "")], true, true),
            (Auto, &[("NO_COLOR", "0"), ("CLICOLOR_FORCE", "1")], true, false),
            (Auto, &[("CLICOLOR_FORCE", "1")], false, true),
            (Auto, &[("CLICOLOR_FORCE", "0")], false, false),
            (Auto, &[("CLICOLOR_FORCE", "0"), ("FORCE_COLOR", "1")], false, true),
            (Auto, &[("FORCE_COLOR", "1"), ("CLICOLOR", "0"), ("TERM", "dumb")], false, true),
            (Auto, &[("CLICOLOR", "0")], true, false),
            (Auto, &[("CLICOLOR", "1")], false, false),
            (Auto, &[("TERM", "dumb")], true, false),
            (Auto, &[("TERM", "xterm-256color")], true, true),
        ] {
            assert_eq!(with(choice, env, is_terminal).color, expected, "{choice:?} {env:?} {is_terminal}");
        }
    }

    #[test]
    fn box_characters_need_a_utf8_locale() {
        let cases: [(Env, bool); 7] = [
            (&[], false),
            (&[("LANG", "en_US.UTF-8")], true),
            (&[("LANG", "C.utf8")], true),
            (&[("LANG", "C")], false),
            (&[("LANG", "en_US.UTF-8"), ("LC_ALL", "C")], false),
            (&[("LANG", "C"), ("LC_CTYPE", "UTF-8")], true),
            (&[("LC_ALL", ""), ("LANG", "de_DE.UTF-8")], true),
        ];
        for (env, expected) in cases {
            assert_eq!(with(ColorChoice::Auto, env, true).unicode, expected || cfg!(windows), "{env:?}");
        }
    }

    #[test]
    fn links_only_on_terminals_that_know_them() {
        let cases: [(Env, bool, bool); 7] = [
            (&[], true, false),
            (&[("VTE_VERSION", "7200")], true, true),
            (&[("VTE_VERSION", "7200")], false, false),
            (&[("TERM_PROGRAM", "vscode")], true, true),
            (&[("TERM_PROGRAM", "vscode"), ("FORCE_HYPERLINK", "0")], true, false),
            (&[("FORCE_HYPERLINK", "1")], false, false),
            (&[("VTE_VERSION", "7200"), ("TERM", "tmux-256color")], true, false),
        ];
        for (env, is_terminal, expected) in cases {
            assert_eq!(with(ColorChoice::Auto, env, is_terminal).links, expected, "{env:?} {is_terminal}");
        }
    }

    #[test]
    fn the_width_is_the_terminals_or_what_columns_says() {
        let width = |columns, env: Option<&str>| {
            resolve(ColorChoice::Auto, |name| env.filter(|_| name == "COLUMNS").map(str::to_owned), true, columns).width
        };
        assert_eq!([width(Some(120), Some("50")), width(None, Some("50")), width(None, None)], [120, 50, 80]);
        assert_eq!([width(Some(0), None), width(Some(3), None), width(None, Some("many"))], [80, 20, 80]);
    }

    #[test]
    fn the_real_environment_gives_an_answer() {
        assert!(detect(ColorChoice::Always).color);
    }
}
