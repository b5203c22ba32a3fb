//! `vmlint rules`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::explain::{all_policies, guests_of, hosts_of};
use super::problem::Problem;
use super::terminal::{self, ColorChoice};
use super::{answer, setup};
use crate::finding::Severity;
use crate::policy::compile::Loaded;
use crate::policy::schema::{Case, Rule};
use crate::report::{Paint, Terminal, escape};
use crate::suggest;
use crate::systems;

/// Columns that a title is given on however narrow a terminal.
const NARROWEST_TITLE: usize = 16;

/// Arguments of `rules`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only the rules that judge for this host
    #[arg(long, value_name = "ID")]
    host: Option<String>,
    /// Policies to list beside the built-in ones
    #[arg(long = "policy", value_name = "FILE_OR_ID")]
    policies: Vec<PathBuf>,
    /// A table for people, or JSON
    #[arg(long, value_name = "FMT", value_enum, default_value = "human")]
    format: Format,
    /// When to use colours
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    color: ColorChoice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table
    Human,
    /// An array of objects
    Json,
}

#[derive(Serialize)]
struct Row<'r> {
    id: &'r str,
    title: &'r str,
    severity: Severity,
    status: &'static str,
    platform: &'static str,
    hosts: Vec<&'r str>,
    /// The guests that it is limited to, all of it or in part; empty for all.
    guests: Vec<&'r str>,
    fixable: bool,
    /// What guests and hosts it is limited to, in words; empty for all.
    #[serde(skip)]
    only: String,
}

/// Lists the rules.
pub fn run(arguments: &Arguments) -> Result<u8, Problem> {
    let mut loaded = all_policies()?;
    for policy in &arguments.policies {
        loaded.extend(setup::named_policy(policy)?);
    }
    if let Some(host) = &arguments.host {
        let own = loaded.iter().flat_map(|loaded| loaded.policy.hosts.iter().map(|host| &**host));
        let known: Vec<&str> = systems::hosts().chain(own).collect();
        if !known.contains(&host.as_str()) {
            return Err(Problem::new(format!("there is no host `{host}`")).help(suggest::help(host, known)));
        }
    }
    let mut rows: Vec<Row<'_>> =
        loaded.iter().flat_map(|loaded| loaded.policy.rules.iter().map(|rule| row(loaded, rule))).collect();
    if let Some(wanted) = &arguments.host {
        rows.retain_mut(|row| row.hosts.contains(&wanted.as_str()));
    }
    rows.sort_by_key(|row| row.id);
    match arguments.format {
        Format::Json => {
            let json = serde_json::to_string_pretty(&rows).map_err(|error| Problem::new(error.to_string()))?;
            answer(format!("{json}\n").as_bytes())
        }
        Format::Human => {
            let terminal = terminal::detect(arguments.color);
            answer(table(&rows, terminal).as_bytes())
        }
    }
}

fn row<'r>(loaded: &'r Loaded, rule: &'r Rule) -> Row<'r> {
    Row {
        id: &rule.id,
        title: &rule.title,
        severity: rule.severity,
        status: rule.status.as_str(),
        platform: loaded.policy.platform.as_str(),
        hosts: hosts_of(loaded, rule),
        guests: guests_of(rule),
        fixable: rule.cases.iter().any(|case| !case.fixes.is_empty()),
        only: only(rule),
    }
}

/// More guests than this are not named in the table.
const NAMED_GUESTS: usize = 3;

/// `only rhel 8.5; on windows-server-2016`
fn only(rule: &Rule) -> String {
    let mut hosts: Vec<&str> = rule.cases.iter().flat_map(|case| &case.hosts).map(|host| &**host).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let all = |limited: fn(&Case) -> bool| if rule.cases.iter().all(|case| limited(case)) { "" } else { "in part " };
    let guests = guests_of(rule);
    let guests = if guests.len() > NAMED_GUESTS { "some guests".to_owned() } else { guests.join(", ") };
    let parts = [
        (guests, format!("{}only ", all(|case| !case.guests.is_empty()))),
        (hosts.join(", "), format!("{}on ", all(|case| !case.hosts.is_empty()))),
    ];
    let parts = parts.iter().filter(|(words, _)| !words.is_empty()).map(|(words, before)| format!("{before}{words}"));
    parts.collect::<Vec<_>>().join("; ")
}

/// Titles that a terminal is too narrow for go on below themselves.
fn table(rows: &[Row<'_>], terminal: Terminal) -> String {
    let paint = Paint { on: terminal.color };
    let width = |text: fn(&Row<'_>) -> usize| rows.iter().map(text).max().unwrap_or(0);
    let (id, status) = (width(|row| row.id.len()), width(|row| row.status.len()));
    let before = id + status + "  warning    ".len();
    let room = if terminal.fit { terminal.width.saturating_sub(before).max(NARROWEST_TITLE) } else { usize::MAX };
    let mut text = String::new();
    for row in rows {
        let severity = paint.severity(row.severity, &format!("{:7}", row.severity.as_str()));
        let title = if row.only.is_empty() { row.title.to_owned() } else { format!("{} ({})", row.title, row.only) };
        let title = textwrap::wrap(&escape(&title), room).join(&format!("\n{:before$}", ""));
        let _ = writeln!(text, "{:id$}  {severity}  {:status$}  {title}", escape(row.id), row.status);
    }
    let _ = writeln!(text, "\n{} rules; `vmlint explain RULE` tells more of one", rows.len());
    text
}
