//! Reports: findings as text for people and programs. A report takes what the check gives and never looks back at policies.

mod checkstyle;
mod concise;
pub mod diff;
mod escape;
mod excerpt;
mod fingerprint;
mod github;
mod gitlab;
mod html;
mod human;
pub mod json;
mod junit;
mod markdown;
pub mod markup;
mod paint;
mod place;
pub mod repository;
mod sarif;
mod summary;
mod xml;

use std::path::Path;

use self::repository::Repository;
use crate::finding::{Checked, Summary};

pub use checkstyle::Checkstyle;
pub use concise::Concise;
pub use escape::escape;
pub use github::GitHub;
pub use gitlab::GitLab;
pub use html::Html;
pub use human::Human;
pub use json::{Json, NdJson};
pub use junit::JUnit;
pub use markdown::Markdown;
pub use paint::Paint;
pub use place::Places;
pub use sarif::{MAX_RESULTS as MAX_SARIF_RESULTS, Sarif};

/// One way to show findings. The pieces of files are made on any thread and written in order.
pub trait Report: Sync {
    /// What comes before the first piece.
    fn head(&self) -> Vec<u8> {
        Vec::new()
    }

    /// What one file adds; empty for a file that has nothing to show.
    fn file(&self, file: &Checked) -> Vec<u8>;

    /// What stands between two pieces that are not empty.
    fn separator(&self) -> &'static [u8] {
        b""
    }

    /// What comes after the last piece.
    fn tail(&self, summary: &Summary) -> Vec<u8>;

    /// A piece as it is written. Pieces come in order, so that what has to be counted over all files can be.
    fn in_order(&self, piece: Vec<u8>) -> Vec<u8> {
        piece
    }

    /// How many bytes there is room for. A report that has a limit begins with its tail, the numbers: its pieces, a line for each
    /// finding, wait until all files are judged, and the tail is told how many lines there is no room for.
    fn room(&self) -> Option<usize> {
        None
    }
}

/// The formats of `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// Pages with the source, for people
    #[default]
    Human,
    /// One line per finding
    Concise,
    /// One JSON object
    Json,
    /// One JSON object per finding and line
    #[value(name = "ndjson")]
    NdJson,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for test reports
    #[value(name = "junit")]
    JUnit,
    /// Checkstyle XML, for review bots
    Checkstyle,
    /// Commands to a workflow of GitHub
    #[value(name = "github")]
    GitHub,
    /// GitLab's Code Quality report
    #[value(name = "gitlab")]
    GitLab,
    /// A summary with tables, for jobs and reviews
    Markdown,
    /// One page with charts and filters, for people
    Html,
}

impl Format {
    /// Whether the report describes rules, so that [`Summary::described`] has to be there.
    pub fn describes_rules(self) -> bool {
        matches!(self, Format::Sarif | Format::Markdown | Format::Html)
    }

    /// Whether it ends with a list of all files.
    pub fn lists_files(self) -> bool {
        self == Format::Json
    }
}

/// What the place where a report is read can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    /// Colours may be used.
    pub color: bool,
    /// Columns; what a pipe gets is wrapped at 80 unless told.
    pub width: usize,
    /// Box characters and the like can be shown.
    pub unicode: bool,
    /// Hyperlinks (OSC 8) are understood.
    pub links: bool,
    /// A person sees it now: source lines wider than `width` are cut around what matters, so that underlines stay below it.
    pub fit: bool,
}

impl Default for Terminal {
    /// A file or a pipe read as UTF-8.
    fn default() -> Terminal {
        Terminal { color: false, width: 80, unicode: true, links: false, fit: false }
    }
}

/// What the user asked of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Where it will be read.
    pub terminal: Terminal,
    /// `-v`: name the policy line behind each finding.
    pub verbose: bool,
    /// `-q`: findings only, no summary.
    pub quiet: bool,
    /// `--show-suppressed`: findings that do not count are listed too.
    pub suppressed: bool,
}

/// The report of a format over files of a repository.
pub fn select(format: Format, options: Options, repository: &Repository) -> Box<dyn Report + '_> {
    match format {
        Format::Human => Box::new(Human::new(options)),
        Format::Concise => Box::new(Concise::new(options)),
        Format::Json => Box::new(Json::new(options)),
        Format::NdJson => Box::new(NdJson::new(options)),
        Format::Sarif => Box::new(Sarif::new(repository)),
        Format::JUnit => Box::new(JUnit),
        Format::Checkstyle => Box::new(Checkstyle),
        Format::GitHub => Box::new(GitHub::new(options, repository)),
        Format::Markdown => Box::new(Markdown::new(repository)),
        Format::Html => Box::new(Html::new(repository)),
        Format::GitLab => Box::new(GitLab::new(repository)),
    }
}

/// A path as reports show it: without leading `./`, bytes that are no UTF-8 replaced.
pub fn shown_path(path: &Path) -> String {
    let text = path.to_string_lossy();
    let mut shown: &str = &text;
    while let Some(rest) = shown.strip_prefix("./") {
        if rest.is_empty() || rest.starts_with('/') {
            break;
        }
        shown = rest;
    }
    shown.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lose_a_leading_dot_and_nothing_else() {
        for (path, shown) in
            [("./a.xml", "a.xml"), ("././a", "a"), (".//a", ".//a"), ("./", "./"), ("../a", "../a"), (".a", ".a"), ("/a", "/a")]
        {
            assert_eq!(shown_path(Path::new(path)), shown);
        }
    }
}
