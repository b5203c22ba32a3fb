//! The matrix as one page for browsers. It works from a file, runs no script and fetches nothing: the filters are rules of its style
//! sheet about what is chosen in the lists.

use std::fmt::Write as _;

use super::Question;
use super::human::word;
use super::markdown::is_link;
use super::sheet::{Group, Sheet, UNSETTLED, edition_name, note_text};
use crate::policy::matrix::{self, Answer, Edition, Support};
use crate::report::escape;
use crate::systems;

const STYLE: &str = include_str!("page.css");

/// The whole answer: of the host that was named, or of every one.
pub fn page(question: &Question<'_>) -> String {
    let hosts: Vec<&'static str> = if question.assumed { matrix::hosts().collect() } else { vec![question.host] };
    let mut sheets: Vec<Sheet<'_>> = hosts.into_iter().map(|host| question.sheet(host)).collect();
    if question.guest.is_none() && question.assumed {
        sheets.retain(|sheet| !sheet.groups.is_empty());
    }
    let mut page = Page::new(question, &sheets);
    page.head();
    for (number, sheet) in sheets.iter().enumerate() {
        page.sheet(number, sheet);
    }
    page.editions();
    page.out.push_str("</body>\n</html>\n");
    page.out
}

struct Page<'q, 'm> {
    question: &'q Question<'m>,
    sheets: &'q [Sheet<'m>],
    /// The features that some page lists.
    features: Vec<usize>,
    /// The editions that answer, and the guests that they are about.
    editions: Vec<&'m Edition>,
    guests: Vec<&'m str>,
    out: String,
}

impl<'q, 'm> Page<'q, 'm> {
    fn new(question: &'q Question<'m>, sheets: &'q [Sheet<'m>]) -> Page<'q, 'm> {
        let groups = || sheets.iter().flat_map(|sheet| sheet.groups.iter().map(move |group| (sheet.host, group)));
        let mut page =
            Page { question, sheets, features: Vec::new(), editions: Vec::new(), guests: Vec::new(), out: String::new() };
        let listed = |feature: &usize| groups().any(|(host, group)| !group.listed(&[*feature], host).is_empty());
        page.features = question.features.iter().copied().filter(listed).collect();
        for (_, group) in groups() {
            if !page.editions.iter().any(|known| std::ptr::eq(*known, group.edition)) {
                page.editions.push(group.edition);
            }
            for guest in group.guests {
                if !page.guests.contains(&&**guest) {
                    page.guests.push(guest);
                }
            }
        }
        page
    }

    fn head(&mut self) {
        let title = match (&self.question.guest, self.sheets) {
            (Some(guest), [sheet]) => format!("{guest} on {}", systems::host_name(sheet.host)),
            (Some(guest), _) => format!("{guest} on Hyper-V"),
            (None, [sheet]) => format!("{}: {}", self.question.title, systems::host_name(sheet.host)),
            (None, _) => self.question.title.to_owned(),
        };
        let title = text(&title);
        let _ = write!(
            self.out,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
             <title>{title}</title>\n<style>\n{STYLE}"
        );
        self.filter_rules();
        let _ = write!(self.out, "</style>\n</head>\n<body>\n<h1>{title}</h1>\n");
        self.filters();
        self.out.push_str(
            "<p class=\"faint\"><span class=\"key yes\">yes</span> the guest has it <span class=\"key no\">no</span> it does not \
             <span class=\"key na\">n/a</span> the question does not arise. An empty cell: the page has no such row. A number leads to a \
             note, which it also shows when you point at it.</p>\n",
        );
        let unsettled = |sheet: &Sheet<'_>| sheet.groups.iter().any(|group| group.is_unsettled(&self.features, sheet.host));
        if self.sheets.iter().any(unsettled) {
            let _ = writeln!(self.out, "<p class=\"faint\"><b>?</b> {}</p>", text(UNSETTLED));
        }
    }

    /// What a choice hides.
    fn filter_rules(&mut self) {
        let out = &mut self.out;
        for number in 0..self.sheets.len() {
            let _ = writeln!(out, "body:has(option[value=h{number}]:checked) .host:not(.h{number}) {{ display: none; }}");
        }
        let guests = if self.question.guest.is_none() { self.guests.as_slice() } else { &[] };
        for (number, guest) in guests.iter().enumerate() {
            let mut others: Vec<String> = Vec::new();
            for group in self.sheets.iter().flat_map(|sheet| &sheet.groups) {
                let class = format!(".{}", self::class(&self.guests, group));
                if !group.guests.iter().any(|id| **id == **guest) && !others.contains(&class) {
                    others.push(class);
                }
            }
            let _ = writeln!(out, "body:has(option[value=g{number}]:checked) :is({}) {{ display: none; }}", others.join(", "));
        }
        for feature in &self.features {
            let _ = writeln!(out, "body:has(option[value=f{feature}]:checked) tbody tr:not(.f{feature}) {{ display: none; }}");
        }
    }

    fn filters(&mut self) {
        let features = self.question.matrix.features.iter().enumerate().filter(|(number, _)| self.features.contains(number));
        let hosts = self
            .sheets
            .iter()
            .enumerate()
            .map(|(number, sheet)| (format!("h{number}"), systems::host_name(sheet.host).to_owned()));
        let guests = self.guests.iter().enumerate().map(|(number, guest)| (format!("g{number}"), systems::system_name(guest)));
        let features = features.map(|(number, feature)| (format!("f{number}"), feature.title.to_string()));
        let mut lists = String::new();
        filter(&mut lists, "Host", "all hosts", hosts.collect());
        if self.question.guest.is_none() {
            filter(&mut lists, "Guest", "all guests", guests.collect());
        }
        filter(&mut lists, "Feature", "all features", features.collect());
        if !lists.is_empty() {
            let _ = writeln!(self.out, "<p class=\"filters\">\n{lists}</p>");
        }
    }

    fn sheet(&mut self, number: usize, sheet: &Sheet<'m>) {
        let host = systems::host_name(sheet.host);
        let _ = writeln!(self.out, "<section class=\"host h{number}\">\n<h2>{}</h2>", text(host));
        if sheet.groups.is_empty() {
            let why = self.question.why_unknown(sheet.host);
            let why = if why.is_empty() { format!("No table speaks of {host}.") } else { why };
            let _ = writeln!(self.out, "<p>{}</p>\n</section>", text(&why));
            return;
        }
        self.out.push_str(
            "<div class=\"scroll\" tabindex=\"0\">\n<table>\n<thead>\n<tr><th class=\"sticky\" rowspan=\"2\">Feature</th>",
        );
        for group in &sheet.groups {
            let edition = self.edition(group);
            let _ = write!(
                self.out,
                "<th class=\"guests {}\" colspan=\"{}\"><span>{}<small><a href=\"#e{edition}\">{}</a></small></span></th>",
                class(&self.guests, group),
                group.columns.len(),
                text(&group.guests()),
                text(&group.edition.id)
            );
        }
        self.out.push_str("</tr>\n<tr>");
        for group in &sheet.groups {
            for (place, shown) in group.columns.iter().enumerate() {
                let drivers = text(&shown.drivers_word());
                let releases = text(&shown.releases);
                let class = self.class(group, place);
                let _ = write!(
                    self.out,
                    "<th class=\"{class}\" title=\"{}\">{releases}<small>{drivers}</small></th>",
                    text(&shown.answering.table.title)
                );
            }
        }
        self.out.push_str("</tr>\n</thead>\n<tbody>\n");
        let mut heading = "";
        for &feature in &self.features.clone() {
            let Some(known) = self.question.matrix.features.get(feature) else { continue };
            if heading != known.group {
                heading = &known.group;
                let columns: usize = sheet.groups.iter().map(|group| group.columns.len()).sum();
                let _ = writeln!(self.out, "<tr class=\"group\"><th>{}</th><td colspan=\"{columns}\"></td></tr>", text(heading));
            }
            let (what, title) = (text(&known.what), text(&known.title));
            let _ = write!(self.out, "<tr class=\"f{feature}\"><th scope=\"row\" title=\"{what}\">{title}</th>");
            for group in &sheet.groups {
                for (place, answer) in group.answers(feature, sheet.host).enumerate() {
                    self.cell(group, place, &answer);
                }
            }
            self.out.push_str("</tr>\n");
        }
        self.out.push_str("</tbody>\n</table>\n</div>\n</section>\n");
    }

    fn cell(&mut self, group: &Group<'m>, place: usize, answer: &Answer) {
        let state = match answer.support {
            Support::Yes => "yes ",
            Support::No => "no ",
            Support::NotApplicable => "na ",
            Support::Unknown => "",
        };
        let (class, word) = (self.class(group, place), word(answer.support));
        let _ = write!(self.out, "<td class=\"{state}{class}\">{word}");
        if !answer.settled {
            let _ = write!(self.out, "<b title=\"{}\">?</b>", text(UNSETTLED));
        }
        if !answer.notes.is_empty() {
            let edition = self.edition(group);
            self.out.push_str("<sup>");
            for note in answer.notes.iter().filter_map(|&number| group.edition.note(number)) {
                let number = note.number;
                let _ = write!(self.out, " <a href=\"#e{edition}n{number}\" title=\"{}\">{number}</a>", text(&note_text(note)));
            }
            self.out.push_str("</sup>");
        }
        self.out.push_str("</td>");
    }

    /// The editions with their notes.
    fn editions(&mut self) {
        if self.editions.is_empty() {
            return;
        }
        self.out.push_str("<h2>Notes and sources</h2>\n");
        for (number, edition) in self.editions.iter().enumerate() {
            let out = &mut self.out;
            let title = text(&format!("{} ({})", edition.title, edition_name(edition)));
            let _ = match edition.url.as_deref().filter(|url| is_link(url)) {
                Some(url) => writeln!(out, "<h3 id=\"e{number}\"><a href=\"{}\">{title}</a></h3>", text(url)),
                None => writeln!(out, "<h3 id=\"e{number}\">{title}</h3>"),
            };
            let _ = writeln!(out, "<p class=\"faint\">{}</p>", text(&edition.origin));
            if edition.notes.is_empty() {
                continue;
            }
            out.push_str("<dl>\n");
            for note in &edition.notes {
                let number = format!("e{number}n{}\">{}", note.number, note.number);
                let _ = writeln!(out, "<dt id=\"{number}</dt><dd>{}</dd>", text(&note_text(note)));
            }
            out.push_str("</dl>\n");
        }
    }

    /// The classes of a column: its guests', and whether it is the first of its group.
    fn class(&self, group: &Group<'m>, place: usize) -> String {
        let class = class(&self.guests, group);
        if place == 0 { format!("first {class}") } else { class }
    }

    fn edition(&self, group: &Group<'m>) -> usize {
        self.editions.iter().position(|known| std::ptr::eq(*known, group.edition)).unwrap_or(0)
    }
}

/// The class of the columns that are about the same guests.
fn class(guests: &[&str], group: &Group<'_>) -> String {
    let numbers = group.guests.iter().filter_map(|id| guests.iter().position(|guest| *guest == &**id));
    numbers.fold("c".to_owned(), |class, number| format!("{class}-{number}"))
}

/// A list to choose from, unless there is nothing to choose.
fn filter(out: &mut String, label: &str, all: &str, choices: Vec<(String, String)>) {
    if choices.len() < 2 {
        return;
    }
    let _ = writeln!(out, "<label>{label} <select>\n<option value=\"\">{all}</option>");
    for (value, name) in choices {
        let _ = writeln!(out, "<option value=\"{value}\">{}</option>", text(&name));
    }
    out.push_str("</select></label>\n");
}

/// Text in which nothing is markup, also between double quotes.
fn text(plain: &str) -> String {
    let mut out = String::new();
    for c in escape(plain).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}
