//! `vmlint explain RULE`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;

use super::matrix::gaps;
use super::matrix::sheet::{UNSETTLED, edition_name, note_text};
use super::page::Page;
use super::problem::Problem;
use super::terminal::{self, ColorChoice};
use super::{answer, setup};
use crate::check::{MALFORMED, NOT_A_VM};
use crate::engine::UNCLEAR_NOTES;
use crate::finding::{Citation, Safety, Severity};
use crate::libvirt::VMLINT;
use crate::policy::builtin;
use crate::policy::compile::Loaded;
use crate::policy::matrix::{self, Matrix};
use crate::policy::schema::{Case, Gate, Platform, Rule};
use crate::report::escape;
use crate::suggest;
use crate::suppress;
use crate::systems::GuestPattern;
use crate::verdict::TOO_MANY;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The rule's id: `rhel-8/tcg`, or `tcg` where only one policy has it
    #[arg(value_name = "RULE")]
    rule: String,
    /// Policies to look in beside the built-in ones
    #[arg(long = "policy", value_name = "FILE_OR_ID")]
    policies: Vec<PathBuf>,
    /// When to use colours
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    color: ColorChoice,
}

/// What vmlint itself says of files: id, severity, title, text. These rest on no vendor's document.
pub const OWN: [(&str, Severity, &str, &str); 7] = [
    (
        MALFORMED,
        Severity::Error,
        "The file is no well-formed definition",
        "The file could not be read to its end: it is no XML, or damaged, or in an unknown encoding, or beyond a limit. Nothing in it was judged, so this is an error.",
    ),
    (
        NOT_A_VM,
        Severity::Note,
        "The file defines no VM",
        "You named a file whose root element is none of libvirt's definitions. Inside folders such files are skipped; named ones get this note, so that a hook over all XML files of a repository does not fail.",
    ),
    (
        UNCLEAR_NOTES,
        Severity::Warning,
        "The notes of a machine speak to vmlint in words it does not know",
        "A line `vmlint: guest=centos-6.5 host=windows-server-2016 drivers=lis-4.3` in the notes of a Hyper-V machine says what runs in it and where. A guest, host or kind of drivers that vmlint does not know is not used, so rules that ask for it stay silent.",
    ),
    (
        TOO_MANY,
        Severity::Error,
        "The file has more findings than are told",
        "Of one file 10,000 findings are told, or as many as `limits.findings` in `vmlint.yaml` says: the first ones in the order of the file. This finding counts those behind them and is as bad as the worst of them, so that the exit status is the same. No suppression and no baseline covers it.",
    ),
    (
        suppress::UNUSED,
        Severity::Warning,
        "A suppression covers nothing",
        "A suppression names a rule that finds nothing in the element that it is about, or that does not exist, or it stands before no element. What was suppressed may be mended by now, or the suppression misses it. It is said only of rules that had their say: not of those that this run or this host leaves out.",
    ),
    (
        suppress::WITHOUT_REASON,
        Severity::Warning,
        "A suppression does not say why",
        "Whoever comes after you has to know why a finding may stay. So a suppression without a reason suppresses nothing.",
    ),
    (
        suppress::MALFORMED,
        Severity::Warning,
        "A suppression cannot be read",
        "A comment that begins with `vmlint:`, or an element of vmlint's own namespace, does not say what vmlint understands. It suppresses nothing.",
    ),
];

/// Explains a rule.
pub fn run(arguments: &Arguments) -> Result<u8, Problem> {
    let terminal = terminal::detect(arguments.color);
    let page = Page::new(terminal);
    if let Some((id, _, title, text)) =
        OWN.iter().find(|(id, ..)| *id == arguments.rule || id.ends_with(&format!("/{}", arguments.rule)))
    {
        return answer(page.own(id, title, text).as_bytes());
    }
    let mut loaded = all_policies()?;
    for policy in &arguments.policies {
        loaded.extend(setup::named_policy(policy)?);
    }
    let rules = || loaded.iter().flat_map(|loaded| loaded.policy.rules.iter().map(move |rule| (loaded, rule)));
    let wanted = arguments.rule.as_str();
    let mut found =
        rules().filter(|(_, rule)| *rule.id == *wanted || rule.id.split_once('/').is_some_and(|(_, id)| id == wanted));
    match (found.next(), found.next()) {
        (Some((policy, rule)), None) => answer(page.rule(policy, rule).as_bytes()),
        (Some((_, rule)), Some((_, other))) => Err(Problem::new(format!("several policies have a rule `{wanted}`"))
            .help(format!("Name one: `{}`, `{}`.", rule.id, other.id))),
        (None, _) => {
            let whole = suggest::nearest(wanted, rules().map(|(_, rule)| &*rule.id));
            let half = || suggest::nearest(wanted, rules().filter_map(|(_, rule)| Some(rule.id.split_once('/')?.1)));
            let help =
                whole.or_else(half).map_or("`vmlint rules` lists all ids.".to_owned(), |near| format!("Did you mean `{near}`?"));
            Err(Problem::new(format!("there is no rule `{wanted}`")).help(help))
        }
    }
}

/// Every built-in policy.
pub fn all_policies() -> Result<Vec<Loaded>, Problem> {
    builtin::ALL.iter().map(|policy| policy.load_documented().map_err(Problem::from)).collect()
}

/// The hosts of its policy on which a rule can apply.
pub fn hosts_of<'r>(loaded: &'r Loaded, rule: &Rule) -> Vec<&'r str> {
    let applies = |host: &str, case: &Case| {
        (case.hosts.is_empty() || case.hosts.iter().any(|own| **own == *host))
            && !case.except_hosts.iter().any(|(except, find)| **except == *host && find.is_none())
    };
    let hosts = loaded.policy.hosts.iter().map(|host| &**host);
    hosts.filter(|host| rule.cases.iter().any(|case| applies(host, case))).collect()
}

/// The guests that some way of a rule is limited to, as the policy writes them.
pub fn guests_of(rule: &Rule) -> Vec<&str> {
    let mut guests: Vec<&str> = Vec::new();
    for guest in rule.cases.iter().flat_map(|case| &*case.guests).map(GuestPattern::as_str) {
        if !guests.contains(&guest) {
            guests.push(guest);
        }
    }
    guests
}

/// The cells of a feature that the evidence does not settle, whether or not their edition answers for anybody.
fn unsettled_cells(matrix: &Matrix, feature: usize) -> Vec<String> {
    let mut cells = Vec::new();
    for edition in matrix.editions.iter() {
        for table in &edition.tables {
            for row in table.rows.iter().filter(|row| row.feature == feature) {
                for (column, cell) in table.columns.iter().zip(&row.cells).filter(|(_, cell)| !cell.settled) {
                    cells.push(format!(
                        "{}, column {} ({}): {}? ({})",
                        table.title,
                        column.releases,
                        matrix::drivers_word(&column.drivers),
                        cell.support.as_str(),
                        edition.id
                    ));
                }
            }
        }
    }
    cells
}

/// A document, and below it where to read it.
fn source(citation: &Citation) -> String {
    let text = format!("{}, {} ({})", citation.title, citation.section, citation.date);
    citation.url.iter().fold(text, |text, url| format!("{text}\n{url}"))
}

/// What to do instead, as the rule and its cases say it, each once.
pub fn helps(rule: &Rule) -> Vec<String> {
    let helps = std::iter::once(&*rule.help).chain(rule.cases.iter().map(|case| &*case.help.text));
    let mut general: Vec<String> = Vec::new();
    for help in helps.map(in_general) {
        if !help.is_empty() && !general.contains(&help) {
            general.push(help);
        }
    }
    // Where one says it without the words of a definition, that is enough.
    if general.iter().any(|help| !help.contains('…')) {
        general.retain(|help| !help.contains('…'));
    }
    general
}

/// An advice while no machine is known: `…` stands for what a definition would say.
fn in_general(help: &str) -> String {
    let (mut general, mut rest) = (String::new(), help);
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        general.push_str(before);
        if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
            general.push_str(&from[..1]);
            rest = after;
            continue;
        }
        let (word, after) = from.split_once('}').unwrap_or((from, ""));
        general.push_str(match word.trim_start_matches('{') {
            "guest" => "the guest",
            "host" => "the host",
            "drivers" => "its drivers",
            "device" => "the device",
            _ => "…",
        });
        rest = after;
    }
    general + rest
}

impl Page {
    fn own(mut self, id: &str, title: &str, text: &str) -> String {
        self.title(id, title);
        self.section("What", text);
        self.text
    }

    fn rule(mut self, loaded: &Loaded, rule: &Rule) -> String {
        self.title(&rule.id, &rule.title);
        let judged = match hosts_of(loaded, rule).as_slice() {
            [] => "where the policy is named with --policy".to_owned(),
            hosts => format!("for {}", hosts.join(", ")),
        };
        let facts = format!("{}, {}; judged {judged}.", rule.severity.as_str(), rule.status.as_str());
        self.section("Status", &facts);
        let guests = guests_of(rule);
        if !guests.is_empty() {
            let all = rule.cases.iter().all(|case| !case.guests.is_empty());
            let only = if all { "Only where the guest is known to be one of these" } else { "In part only for these" };
            self.section("Guests", &format!("{only}: {}.", guests.join(", ")));
        }
        self.section("Why", &rule.why);
        self.section("Instead", &helps(rule).join("\n\n"));
        let mut fixes: Vec<String> = Vec::new();
        for fix in rule.cases.iter().flat_map(|case| &case.fixes) {
            let line = format!("{}: {}", fix.safety.as_str(), in_general(&fix.description.text));
            if !fixes.contains(&line) {
                fixes.push(line);
            }
        }
        if !fixes.is_empty() {
            let (safe, all) = (Safety::Safe.options(), Safety::Unsafe.options());
            let how =
                format!("`{safe}` makes the safe ones, `{all}` all, the first of several; `--diff` shows what would change.");
            self.section("Fix", &format!("{}\n{how}", fixes.join("\n")));
        }
        let exceptions: Vec<String> = rule
            .cases
            .iter()
            .flat_map(|case| &case.except_hosts)
            .map(|(host, find)| if find.is_some() { format!("{host} (in part)") } else { host.to_string() })
            .fold(Vec::new(), |mut all, host| {
                if !all.contains(&host) {
                    all.push(host);
                }
                all
            });
        if !exceptions.is_empty() {
            self.section("Not on", &exceptions.join(", "));
        }
        if let Some(matrix) = loaded.policy.matrix.as_deref() {
            self.matrix(matrix, rule);
        }
        let sources: Vec<String> = rule.citations.iter().map(|citation| source(citation)).collect();
        self.section("Source", &sources.join("\n\n"));
        if let Some(example) = rule.bad.first() {
            self.example("Raises it", &example.text);
        }
        if let Some(example) = rule.good.first() {
            self.example("Does not", &example.text);
        }
        self.suppress(loaded.policy.platform, &rule.id);
        self.text
    }

    fn suppress(&mut self, platform: Platform, id: &str) {
        self.heading("Suppress");
        let id = escape(id);
        let mut way = |words: &str, lines: &[String]| {
            self.paragraph("  ", words);
            for line in lines {
                let _ = writeln!(self.text, "      {line}");
            }
        };
        if platform == Platform::Libvirt {
            way("For one element, by a comment before it:", &[format!("<!-- vmlint: ignore[{id}] reason: why it may stay -->")]);
            let element = format!("<vmlint:ignore xmlns:vmlint=\"{VMLINT}\"");
            let lines = [element, format!("               rule=\"{id}\" reason=\"why it may stay\"/>")];
            way("For one domain, in its `<metadata>`, which libvirt keeps:", &lines);
        }
        way("For a repository, in `vmlint.yaml`:", &["rules:".to_owned(), format!("  {id}: \"off\"")]);
        way(&format!("For one run: `--ignore {id}`"), &[]);
    }

    /// What the support matrix has to do with the rule.
    fn matrix(&mut self, matrix: &Matrix, rule: &Rule) {
        let missing = rule.cases.iter().find_map(|case| match case.gate {
            Gate::Missing(feature) => Some(feature),
            _ => None,
        });
        if let Some(feature) = missing {
            self.heading("Missing");
            let gaps = gaps::gaps(matrix, feature);
            let unsettled = gaps.iter().flat_map(|gap| &gap.guests).any(|line| line.contains('?'));
            for gap in gaps {
                self.paragraph("  ", &gap.hosts);
                for guests in &gap.guests {
                    self.paragraph("    ", guests);
                }
            }
            if unsettled {
                self.paragraph("  ? ", UNSETTLED);
            }
            let cells = unsettled_cells(matrix, feature);
            if !cells.is_empty() {
                self.section("Not settled", &format!("{}\n{UNSETTLED}", cells.join("\n")));
            }
        }
        let id = rule.id.split_once('/').map_or("", |(_, id)| id);
        let mut notes: Vec<String> = Vec::new();
        for edition in matrix.editions.iter() {
            for note in edition.notes.iter().filter(|note| note.rules.iter().any(|rule| rule.text == id)) {
                notes.push(format!("{} ({}), note {}:\n{}", edition.title, edition_name(edition), note.number, note_text(note)));
            }
        }
        if !notes.is_empty() {
            self.section("Notes that say so", &notes.join("\n\n"));
        }
    }

    fn title(&mut self, id: &str, title: &str) {
        self.line(&format!("{}: {}", self.paint.bold(&escape(id)), escape(title)));
    }

    fn example(&mut self, heading: &str, example: &str) {
        self.heading(heading);
        for line in example.lines() {
            let _ = writeln!(self.text, "  {}", escape(line));
        }
    }
}
