//! `vmlint explain RULE`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;

use super::problem::Problem;
use super::terminal::{self, ColorChoice};
use super::{answer, setup};
use crate::check::{MALFORMED, NOT_A_VM};
use crate::engine::UNCLEAR_NOTES;
use crate::finding::Severity;
use crate::policy::builtin;
use crate::policy::compile::Loaded;
use crate::policy::schema::Rule;
use crate::report::{Paint, escape};
use crate::suggest;

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
pub const OWN: [(&str, Severity, &str, &str); 3] = [
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
];

/// Explains a rule.
pub fn run(arguments: &Arguments) -> Result<u8, Problem> {
    let terminal = terminal::detect(arguments.color);
    let page = Page { paint: Paint { on: terminal.color }, width: terminal.width.min(100), text: String::new() };
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

struct Page {
    paint: Paint,
    width: usize,
    text: String,
}

impl Page {
    fn own(mut self, id: &str, title: &str, text: &str) -> String {
        self.title(id, title);
        self.section("What", text);
        self.text
    }

    fn rule(mut self, loaded: &Loaded, rule: &Rule) -> String {
        self.title(&rule.id, &rule.title);
        let hosts: Vec<&str> = loaded.policy.hosts.iter().map(|host| &**host).collect();
        let judged = match hosts.as_slice() {
            [] => "where the policy is named with --policy".to_owned(),
            hosts => format!("for {}", hosts.join(", ")),
        };
        let facts = format!("{}, {}; judged {judged}.", rule.severity.as_str(), rule.status.as_str());
        self.section("Status", &facts);
        self.section("Why", &rule.why);
        self.section("Instead", &rule.helps().join("\n\n"));
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
        for citation in &rule.citations {
            let mut text = format!("{}, {} ({})", citation.title, citation.section, citation.date);
            if let Some(url) = &citation.url {
                let _ = write!(text, "\n{url}");
            }
            self.section("Source", &text);
        }
        if let Some(example) = rule.bad.first() {
            self.example("Raises it", &example.text);
        }
        if let Some(example) = rule.good.first() {
            self.example("Does not", &example.text);
        }
        let id = &rule.id;
        self.section("Suppress", &format!("For one run: `--ignore {id}`\nFor a repository, in `vmlint.yaml`:"));
        let _ = write!(self.text, "      rules:\n        {id}: \"off\"\n");
        self.text
    }

    fn title(&mut self, id: &str, title: &str) {
        let line = format!("{}: {}", self.paint.bold(&escape(id)), escape(title));
        self.text.push_str(&line);
        self.text.push('\n');
    }

    fn section(&mut self, heading: &str, text: &str) {
        let _ = write!(self.text, "\n{}\n", self.paint.bold(heading));
        let options = textwrap::Options::new(self.width).initial_indent("  ").subsequent_indent("  ").break_words(false);
        let options =
            options.word_splitter(textwrap::WordSplitter::NoHyphenation).word_separator(textwrap::WordSeparator::AsciiSpace);
        for paragraph in text.lines() {
            for line in textwrap::wrap(&escape(paragraph), &options) {
                self.text.push_str(line.trim_end());
                self.text.push('\n');
            }
        }
    }

    fn example(&mut self, heading: &str, example: &str) {
        let _ = write!(self.text, "\n{}\n", self.paint.bold(heading));
        for line in example.lines() {
            let _ = writeln!(self.text, "  {}", escape(line));
        }
    }
}
