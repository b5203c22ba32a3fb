//! The matrix as Markdown tables, for a wiki.

use std::fmt::Write as _;

use super::Question;
use super::human::word;
use super::sheet::{Group, Sheet, UNSETTLED, edition_name, note_text};
use crate::policy::matrix::Answer;
use crate::report::escape;
use crate::systems;

/// The whole answer.
pub fn page(question: &Question<'_>) -> String {
    let sheet = question.sheet(question.host);
    let host = systems::host_name(question.host);
    let mut out = match &question.guest {
        Some(guest) => format!("# {} on {host}\n", text(&guest.to_string())),
        None => format!("# {}: {host}\n", text(question.title)),
    };
    if question.assumed {
        out.push_str("\nHost assumed; name another with `--host`.\n");
    }
    if sheet.groups.is_empty() {
        let why = question.why_unknown(question.host);
        let why = if why.is_empty() { format!("No table speaks of {host}.") } else { why };
        let _ = write!(out, "\n{}\n", text(&why));
    }
    for group in &sheet.groups {
        table(&mut out, question, group, &sheet);
    }
    out
}

fn table(out: &mut String, question: &Question<'_>, group: &Group<'_>, sheet: &Sheet<'_>) {
    let features = group.listed(&question.features, sheet.host);
    let _ = write!(out, "\n## {}\n\n", text(&group.guests()));
    let title = text(&format!("{} ({})", group.edition.title, edition_name(group.edition)));
    let _ = match group.edition.url.as_deref().filter(|url| is_link(url)) {
        Some(url) => writeln!(out, "[{title}](<{url}>)\n"),
        None => writeln!(out, "{title}\n"),
    };
    out.push_str("| Feature |");
    for shown in &group.columns {
        let head = format!("{} {}", shown.releases, shown.drivers_word());
        let _ = write!(out, " {} |", text(head.trim_end()));
    }
    let _ = writeln!(out, "\n| --- |{}", " --- |".repeat(group.columns.len()));
    let mut heading = "";
    for feature in &features {
        let Some(known) = question.matrix.features.get(*feature) else { continue };
        if heading != known.group {
            heading = &known.group;
            let _ = writeln!(out, "| **{}** |{}", text(heading), " |".repeat(group.columns.len()));
        }
        let _ = write!(out, "| {} |", text(&known.title));
        for answer in group.answers(*feature, sheet.host) {
            let _ = write!(out, " {} |", cell(&answer));
        }
        out.push('\n');
    }
    let notes = group.notes(&features, sheet.host);
    let unsettled = group.is_unsettled(&features, sheet.host);
    if !notes.is_empty() || unsettled {
        out.push_str("\nNotes:\n\n");
    }
    for note in notes {
        let _ = writeln!(out, "- ({}) {}", note.number, text(&note_text(note)));
    }
    if unsettled {
        let _ = writeln!(out, "- (?) {UNSETTLED}");
    }
}

fn cell(answer: &Answer) -> String {
    let mut cell = format!("{}{}", word(answer.support), if answer.settled { "" } else { "?" });
    if !answer.notes.is_empty() {
        let notes: Vec<String> = answer.notes.iter().map(u16::to_string).collect();
        let _ = write!(cell, " ({})", notes.join(", "));
    }
    cell
}

/// Whether an address may become a link: a web page's, with nothing in it that could end it.
pub fn is_link(url: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme))
        && url.bytes().all(|b| matches!(b, b'!'..=b'~'))
        && !url.contains(['<', '>', '"', '\\'])
}

/// Text in which nothing is markup.
fn text(plain: &str) -> String {
    let mut out = String::new();
    for c in escape(plain).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '$') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
