//! `--format gitlab`: the Code Quality report of GitLab, a JSON array.

use serde::Serialize;

use super::fingerprint::Fingerprints;
use super::json::write;
use super::place::Places;
use super::repository::Repository;
use super::{Report, escape};
use crate::finding::{Checked, Severity, Summary};

/// The report of `--format gitlab`.
#[derive(Debug)]
pub struct GitLab<'b> {
    repository: &'b Repository,
}

impl<'b> GitLab<'b> {
    /// The report of a run.
    pub fn new(repository: &'b Repository) -> GitLab<'b> {
        GitLab { repository }
    }
}

impl Report for GitLab<'_> {
    fn head(&self) -> Vec<u8> {
        b"[".to_vec()
    }

    fn file(&self, file: &Checked) -> Vec<u8> {
        if file.findings.is_empty() {
            return Vec::new();
        }
        let path = self.repository.path(file.source.path());
        let mut fingerprints = Fingerprints::new(file.source.path(), self.repository);
        let places = Places::new(&file.source);
        let mut out = Vec::with_capacity(file.findings.len() * 512);
        for (n, finding) in file.findings.iter().enumerate() {
            out.extend_from_slice(if n == 0 { b"\n" } else { b",\n" });
            let span = places.marked(finding);
            let issue = Issue {
                // The name of a check is shown nowhere, so the description says it.
                description: format!("{}: {}", escape(&finding.rule), escape(&finding.message)),
                check_name: &finding.rule,
                fingerprint: fingerprints.next(finding),
                severity: match finding.severity {
                    Severity::Error => "major",
                    Severity::Warning => "minor",
                    Severity::Note => "info",
                },
                location: Location {
                    path: &path,
                    lines: Lines { begin: places.position(span.start).line, end: places.position(span.end.max(span.start)).line },
                },
            };
            write(&mut out, &issue);
        }
        out
    }

    fn separator(&self) -> &'static [u8] {
        b","
    }

    fn tail(&self, _: &Summary) -> Vec<u8> {
        b"\n]\n".to_vec()
    }
}

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}
