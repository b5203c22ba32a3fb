//! `--format html`: one page that needs nothing but itself. Findings are written as files are judged; the numbers and charts come after
//! them in the file and, by the style sheet, before them on the page.

mod text;

use std::fmt::Write as _;

use self::text::{prose, source, text};
use super::excerpt::Excerpt;
use super::fingerprint::Fingerprints;
use super::paint::Paint;
use super::place::Places;
use super::repository::{Repository, is_address};
use super::{Report, Terminal, shown_path, summary};
use crate::finding::{Checked, Citation, Finding, Severity, Summary};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The page runs this script and wears this style and no other: their SHA-256, which a test works out anew.
const STYLE_HASH: &str = "Y/ReEEab0CKp5pB3r6fnG0Sy4JAyIG7/+d+JWNukE8o=";
const SCRIPT_HASH: &str = "4ioYPfrSbF1wb4Ga79uecRIAST11+OEvVupF6ffz4As=";

/// From the worst on, as charts and filters list them.
const SEVERITIES: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Note];

/// A place wide enough for every label; the browser wraps.
const PAGE: Terminal = Terminal { color: false, width: 10_000, unicode: true, links: false, fit: false };

/// The report of `--format html`.
#[derive(Debug)]
pub struct Html<'b> {
    repository: &'b Repository,
}

impl<'b> Html<'b> {
    /// The report of a run.
    pub fn new(repository: &'b Repository) -> Html<'b> {
        Html { repository }
    }

    fn finding(&self, out: &mut String, finding: &Finding, id: &str, file: &Checked, path: &str, places: &Places<'_>) {
        let severity = finding.severity.as_str();
        let _ = write!(out, "<article class=\"finding {severity}\" id=\"f-{id}\" data-rule=\"");
        text(out, &finding.rule);
        let _ = write!(out, "\">\n<h3><span class=\"severity\">{severity}</span> <span class=\"rule\">");
        text(out, &finding.rule);
        out.push_str("</span> ");
        prose(out, &finding.message.replace('\n', " "));
        out.push_str("</h3>\n<p class=\"place\">");
        let at = places.position(places.marked(finding).start);
        let mut place = String::new();
        text(&mut place, &format!("{path}:{}:{}", at.line, at.column));
        link(out, self.repository.page(file.source.path(), at.line).as_deref(), &place);
        for (what, value) in
            [("VM", finding.vm.as_deref()), ("host", finding.host.as_deref()), ("guest", finding.guest.as_deref())]
        {
            if let Some(value) = value {
                let _ = write!(out, " · {what} ");
                text(out, value);
            }
        }
        let _ = writeln!(out, " · <a href=\"#f-{id}\">link</a></p>");
        if let Some(excerpt) = Excerpt::new(finding, &file.source, path, places, PAGE) {
            source(out, &excerpt);
        }
        if let Some(help) = &finding.help {
            out.push_str("<p>");
            prose(out, help);
            out.push_str("</p>\n");
        }
        for fix in &finding.fixes {
            out.push_str("<p>Fix: ");
            prose(out, &format!("{} (`{}`)", fix.description, fix.safety.options()));
            out.push_str("</p>\n");
        }
        if let Some(citation) = &finding.source {
            document(out, citation);
        }
        out.push_str("</article>\n");
    }

    /// One rule of the table: what is known of it folds out below its id.
    fn rule(&self, out: &mut String, id: &str, counts: [usize; 3], most: usize, summary: &Summary) {
        let mut shown = String::new();
        text(&mut shown, id);
        out.push_str("<tr><td>");
        let name = format!("<a class=\"rule\" href=\"#findings\" data-filter=\"{shown}\">{shown}</a>");
        match summary.described.iter().find(|rule| *rule.id == *id) {
            None => out.push_str(&name),
            Some(rule) => {
                let _ = write!(out, "<details><summary>{name} ");
                prose(out, &rule.title);
                out.push_str("</summary>\n");
                for paragraph in std::iter::once(&*rule.why).chain(rule.helps.iter().map(String::as_str)) {
                    out.push_str("<p>");
                    prose(out, paragraph);
                    out.push_str("</p>\n");
                }
                rule.citations.iter().for_each(|citation| document(out, citation));
                out.push_str("</details>");
            }
        }
        out.push_str("</td><td class=\"chart\">");
        bar(out, "", counts, most);
        let _ = writeln!(out, "</td><td class=\"count\">{}</td></tr>", counts.iter().sum::<usize>());
    }

    fn filters(&self, out: &mut String, summary: &Summary, counts: [usize; 3]) {
        out.push_str("<div class=\"filters\">\n");
        for severity in SEVERITIES {
            let (word, count) = (severity.as_str(), counts[severity as usize]);
            let _ = writeln!(
                out,
                "<label class=\"{word}\"><input type=\"checkbox\" id=\"show-{word}\" checked> {}</label>",
                summary::count(count, word)
            );
        }
        out.push_str("<label class=\"scripted\">Rule <select id=\"rule\"><option value=\"\">all</option>");
        for id in summary.rules.keys() {
            out.push_str("<option>");
            text(out, id);
            out.push_str("</option>");
        }
        out.push_str("</select></label>\n<label class=\"scripted\">Search <input type=\"search\" id=\"search\"></label>\n");
        out.push_str("<output class=\"faint\" id=\"count\"></output>\n</div>\n");
    }
}

impl Report for Html<'_> {
    fn head(&self) -> Vec<u8> {
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; \
             script-src 'sha256-{SCRIPT_HASH}'; base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>vmlint report</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main id=\"findings\">\n"
        )
        .into_bytes()
    }

    fn file(&self, file: &Checked) -> Vec<u8> {
        if file.findings.is_empty() {
            return Vec::new();
        }
        let places = Places::new(&file.source);
        let path = shown_path(file.source.path());
        let mut fingerprints = Fingerprints::new(file.source.path(), self.repository);
        let mut out = String::with_capacity(file.findings.len() * 2_048);
        out.push_str("<section class=\"file\">\n<h2>");
        text(&mut out, &path);
        out.push_str("</h2>\n");
        for finding in &file.findings {
            let id = fingerprints.next(finding).replace(':', "-");
            self.finding(&mut out, finding, &id, file, &path, &places);
        }
        out.push_str("</section>\n");
        out.into_bytes()
    }

    fn tail(&self, summary: &Summary) -> Vec<u8> {
        let mut counts = [0; 3];
        for rule in summary.rules.values() {
            counts.iter_mut().zip(rule).for_each(|(sum, count)| *sum += count);
        }
        let mut out = format!(
            "</main>\n<header>\n<h1>vmlint: {}</h1>\n<p class=\"faint\">",
            summary::findings(summary, Paint { on: false })
        );
        text(&mut out, &summary::parts(summary).join(" · "));
        out.push_str("</p>\n");
        if let Some(hint) = summary::hint(summary) {
            out.push_str("<p>");
            prose(&mut out, &hint);
            out.push_str("</p>\n");
        }
        bar(&mut out, " class=\"whole\"", counts, counts.iter().sum());
        self.filters(&mut out, summary, counts);
        if !summary.rules.is_empty() {
            out.push_str("<table>\n<thead><tr><th>Rule</th><th></th><th class=\"count\">Findings</th></tr></thead>\n<tbody>\n");
            let mut rules: Vec<(&str, [usize; 3])> = summary.rules.iter().map(|(id, counts)| (&**id, *counts)).collect();
            rules.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.iter().sum::<usize>()));
            let most = rules.first().map_or(0, |(_, counts)| counts.iter().sum());
            for (id, counts) in rules {
                self.rule(&mut out, id, counts, most, summary);
            }
            out.push_str("</tbody>\n</table>\n");
        }
        let version = env!("CARGO_PKG_VERSION");
        let _ = write!(
            out,
            "</header>\n<footer class=\"faint\">vmlint {version}</footer>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
        );
        out.into_bytes()
    }
}

/// A bar of as many parts of `most` as there are findings, each severity in its colour.
fn bar(out: &mut String, class: &str, counts: [usize; 3], most: usize) {
    if most == 0 {
        return;
    }
    let said: Vec<String> =
        SEVERITIES.iter().map(|&severity| summary::count(counts[severity as usize], severity.as_str())).collect();
    let _ = write!(
        out,
        "<svg{class} role=\"img\" aria-label=\"{}\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\">",
        said.join(", ")
    );
    let mut sum = 0;
    for severity in SEVERITIES {
        let start = sum * 1_000 / most;
        sum += counts[severity as usize];
        let width = sum * 1_000 / most - start;
        if width > 0 {
            let _ = write!(out, "<rect class=\"{}\" x=\"{start}\" width=\"{width}\" height=\"10\"/>", severity.as_str());
        }
    }
    out.push_str("</svg>\n");
}

fn document(out: &mut String, citation: &Citation) {
    let mut words = String::new();
    text(&mut words, &citation.words());
    out.push_str("<p class=\"document\">Source: ");
    link(out, citation.url.as_deref().filter(|url| is_address(url)), &words);
    out.push_str("</p>\n");
}

/// Appends words, which are HTML, as a link if there is an address.
fn link(out: &mut String, address: Option<&str>, words: &str) {
    match address {
        Some(address) => {
            out.push_str("<a rel=\"noopener noreferrer\" href=\"");
            text::safe(out, address);
            let _ = write!(out, "\">{words}</a>");
        }
        None => out.push_str(words),
    }
}
