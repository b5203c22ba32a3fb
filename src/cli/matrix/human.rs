//! The matrix on a terminal: one guest's column as a list, all guests as tables cut into blocks that fit.

use textwrap::core::display_width;

use super::super::page::{Page, wrap};
use super::Question;
use super::sheet::{Group, Sheet, Shown, UNSETTLED, edition_name, note_text};
use crate::policy::matrix::{Answer, Support, UNSTATED};
use crate::report::{Paint, Terminal, escape};
use crate::systems;

/// The widest that names of features may be in a table that does not fit otherwise.
const NAME_WIDTH: usize = 28;

/// The whole answer.
pub fn page(question: &Question<'_>, terminal: Terminal) -> String {
    let mut view = View { question, page: Page::new(terminal), unicode: terminal.unicode };
    if question.guest.is_none() {
        // Tables may use all there is.
        view.page.width = terminal.width;
    }
    let sheet = question.sheet(question.host);
    match (&question.guest, question.feature) {
        (Some(_), _) => view.guest(&sheet),
        (None, Some(feature)) => view.feature(&sheet, feature),
        (None, None) => view.host(&sheet),
    }
    view.page.text
}

struct View<'q> {
    question: &'q Question<'q>,
    page: Page,
    unicode: bool,
}

impl View<'_> {
    /// The title, and below it what was assumed.
    fn title(&mut self, title: &str) {
        let width = self.page.width;
        for line in wrap(&escape(title), "", width) {
            self.page.line(&self.page.paint.bold(&line));
        }
        if self.question.assumed {
            self.page.line("(host assumed; name another with --host)");
        }
    }

    fn guest(&mut self, sheet: &Sheet<'_>) {
        let question = self.question;
        let Some(guest) = &question.guest else { return };
        let host = systems::host_name(sheet.host);
        let Some(group) = sheet.groups.first() else {
            self.title(&format!("{guest} on {host}: unknown"));
            self.page.line("");
            self.page.paragraph("", &question.why_unknown(sheet.host));
            return;
        };
        let drivers = match group.drivers() {
            Some(UNSTATED) | None => String::new(),
            Some(drivers) => format!(" with {}", systems::drivers_name(drivers)),
        };
        match question.feature.and_then(|feature| Some((question.matrix.features.get(feature)?, feature))) {
            Some((known, feature)) => {
                let answer = group.answers(feature, sheet.host).next();
                let said = answer.map_or_else(String::new, |answer| said(&answer));
                self.title(&format!("{} for {guest}{drivers} on {host}: {said}", known.title));
                self.page.line("");
                self.page.paragraph("", &known.what);
            }
            None => {
                self.title(&format!("{guest}{drivers} on {host}"));
                self.cells(group, sheet.host);
            }
        }
        let missing: Vec<&str> = question
            .features
            .iter()
            .filter(|feature| !group.listed(&[**feature], sheet.host).contains(feature))
            .filter_map(|&feature| question.matrix.features.get(feature))
            .map(|feature| &*feature.title)
            .collect();
        if !missing.is_empty() {
            self.page.section("Unknown", &format!("The table has no row for {}.", crate::policy::matrix::listed(&missing)));
        }
        if let Some(feature) = question.feature {
            let elsewhere = question.matrix.elsewhere(guest, question.drivers(), sheet.host, feature);
            if !elsewhere.is_empty() && group.answers(feature, sheet.host).any(|answer| answer.support != Support::Yes) {
                self.page.section("Elsewhere", &elsewhere);
            }
        }
        self.notes(group, sheet.host);
        self.source(group, sheet.host);
    }

    /// A column as a list, below the headings of the page.
    fn cells(&mut self, group: &Group<'_>, host: &str) {
        let mut heading = "";
        for feature in group.listed(&self.question.features, host) {
            let (Some(known), Some(answer)) = (self.question.matrix.features.get(feature), group.answers(feature, host).next())
            else {
                continue;
            };
            if heading != known.group || heading.is_empty() {
                heading = &known.group;
                self.page.heading(heading);
            }
            let word = said(&answer);
            let word = if self.unicode { format!("{} {word}", mark(answer.support)) } else { word };
            let word = painted(self.page.paint, answer.support, &word, if self.unicode { 6 } else { 4 });
            let notes = match answer.notes.as_slice() {
                [] => String::new(),
                notes => format!(" ({})", numbers(notes, ", ")),
            };
            let room = self.page.width.saturating_sub(if self.unicode { 10 } else { 8 }).max(16);
            let title = wrap(&escape(&format!("{}{notes}", known.title)), "", room);
            for (number, line) in title.iter().enumerate() {
                let before = if number == 0 { word.clone() } else { " ".repeat(if self.unicode { 6 } else { 4 }) };
                self.page.line(&format!("  {before}  {line}"));
            }
        }
    }

    fn notes(&mut self, group: &Group<'_>, host: &str) {
        let notes = group.notes(&self.question.features, host);
        let unsettled = group.is_unsettled(&self.question.features, host);
        if notes.is_empty() && !unsettled {
            return;
        }
        self.page.heading("Notes");
        for note in notes {
            self.page.paragraph(&format!("{:>4}  ", note.number), &note_text(note));
        }
        if unsettled {
            self.page.paragraph("   ?  ", UNSETTLED);
        }
    }

    /// Where one column comes from.
    fn source(&mut self, group: &Group<'_>, host: &str) {
        let edition = group.edition;
        self.page.heading("Answered by");
        self.page.paragraph("  ", &format!("{} ({})", edition.title, edition_name(edition)));
        if let Some(Shown { answering, .. }) = group.columns.first() {
            let releases = answering.column().map_or("", |column| &column.releases);
            self.page.paragraph("  ", &format!("Table {}, column {releases}", answering.table.title));
        }
        if let Some(url) = &edition.url {
            self.page.paragraph("  ", url);
        }
        if group.is_unsettled(&self.question.features, host) {
            self.page.paragraph("  ", &edition.origin);
        }
        if let Some(first) = &self.question.instead_of {
            self.page.paragraph("  ", &format!("Without --edition, {first} answers."));
        }
    }

    /// A feature over all guests, a line for each column.
    fn feature(&mut self, sheet: &Sheet<'_>, feature: usize) {
        let Some(known) = self.question.matrix.features.get(feature) else { return };
        self.title(&format!("{} on {}", known.title, systems::host_name(sheet.host)));
        self.page.paragraph("", &known.what);
        let of_groups = || sheet.groups.iter().flat_map(|group| &group.columns);
        let widest = |text: &dyn Fn(&Shown<'_>) -> String| {
            of_groups().map(|shown| display_width(&escape(&text(shown)))).max().unwrap_or(0)
        };
        let (releases, drivers) = (widest(&|shown| shown.releases.clone()), widest(&|shown| shown.drivers_word()));
        for (number, group) in sheet.groups.iter().enumerate() {
            self.page.heading(&format!("{} ({})", group.guests(), edition_name(group.edition)));
            for (shown, answer) in group.columns.iter().zip(group.answers(feature, sheet.host)) {
                let cell = match answer.support {
                    Support::Unknown => said(&answer),
                    support => painted(self.page.paint, support, &cell(&answer, self.unicode), 0),
                };
                let column = format!("{}  {}", pad(&shown.releases, releases), pad(&shown.drivers_word(), drivers));
                self.page.line(format!("  {column}  {cell}").trim_end());
            }
            self.group_notes(&sheet.groups, number, sheet.host);
        }
        self.nothing(sheet);
        self.legend(sheet);
    }

    /// All features and guests.
    fn host(&mut self, sheet: &Sheet<'_>) {
        self.title(&format!("{}: {}", self.question.title, systems::host_name(sheet.host)));
        for (number, group) in sheet.groups.iter().enumerate() {
            let drivers = match group.drivers() {
                Some(UNSTATED) | None => String::new(),
                Some(drivers) => format!(", {} drivers", crate::policy::matrix::drivers_word(drivers)),
            };
            let heading = format!("{}{drivers} ({})", group.guests(), edition_name(group.edition));
            self.blocks(group, sheet.host, &heading);
            self.group_notes(&sheet.groups, number, sheet.host);
        }
        self.nothing(sheet);
        self.legend(sheet);
    }

    /// A group as tables of as many columns as fit.
    fn blocks(&mut self, group: &Group<'_>, host: &str, heading: &str) {
        let features = group.listed(&self.question.features, host);
        let titles: Vec<String> = features
            .iter()
            .filter_map(|&feature| self.question.matrix.features.get(feature))
            .map(|feature| escape(&feature.title).into_owned())
            .collect();
        let with_drivers = group.drivers().is_none();
        let columns: Vec<Column> = group.columns.iter().map(|shown| self.column(shown, &features, host, with_drivers)).collect();
        let all: usize = columns.iter().map(|column| column.width + 2).sum();
        let widest = titles.iter().map(|title| display_width(title)).max().unwrap_or(0);
        let name_width = if widest + all <= self.page.width { widest } else { widest.min(NAME_WIDTH) };
        let room = self.page.width.saturating_sub(name_width);
        let mut rest = columns.as_slice();
        for fitting in fitting(&columns, room) {
            let (block, others) = rest.split_at(fitting.min(rest.len()));
            rest = others;
            self.page.heading(heading);
            let heads = if with_drivers { 2 } else { 1 };
            for head in 0..heads {
                let cells: Vec<String> = block.iter().map(|column| pad(&column.head[head], column.width)).collect();
                let line = format!("{:name_width$}  {}", "", cells.join("  "));
                self.page.line(&self.page.paint.label(line.trim_end()));
            }
            for (row, title) in titles.iter().enumerate() {
                let cells = block.iter().filter_map(|column| {
                    let (support, text) = column.cells.get(row)?;
                    Some(painted(self.page.paint, *support, text, column.width))
                });
                let cells: Vec<String> = cells.collect();
                let name = textwrap::wrap(title, textwrap::Options::new(name_width).subsequent_indent("  "));
                for (line, name) in name.iter().enumerate() {
                    let cells = if line == 0 { cells.join("  ") } else { String::new() };
                    self.page.line(format!("{}  {cells}", pad(name, name_width)).trim_end());
                }
            }
        }
    }

    fn column(&self, shown: &Shown<'_>, features: &[usize], host: &str, with_drivers: bool) -> Column {
        let cells: Vec<(Support, String)> = features
            .iter()
            .map(|&feature| shown.answering.answer(feature, host))
            .map(|answer| (answer.support, cell(&answer, self.unicode)))
            .collect();
        let drivers = if with_drivers { shown.drivers_word() } else { String::new() };
        let head = [escape(&shown.releases).into_owned(), drivers];
        let width = head.iter().chain(cells.iter().map(|(_, text)| text)).map(|text| display_width(text)).max().unwrap_or(0);
        Column { head, cells, width }
    }

    /// The notes below the last of the groups that share them.
    fn group_notes(&mut self, groups: &[Group<'_>], number: usize, host: &str) {
        let Some(group) = groups.get(number) else { return };
        let same = |other: &&Group<'_>| std::ptr::eq(other.edition, group.edition);
        if groups.iter().skip(number + 1).any(|other| same(&other)) {
            return;
        }
        let together: Vec<&Group<'_>> = groups.iter().filter(same).collect();
        let mut notes: Vec<_> = together.iter().flat_map(|group| group.notes(&self.question.features, host)).collect();
        notes.sort_by_key(|note| note.number);
        notes.dedup_by_key(|note| note.number);
        if notes.is_empty() {
            return;
        }
        self.page.line("");
        self.page.paragraph("", &format!("Notes of {}, {}", group.edition.id, group.edition.date));
        for note in notes {
            self.page.paragraph(&format!("{:>4}  ", note.number), &note_text(note));
        }
    }

    fn nothing(&mut self, sheet: &Sheet<'_>) {
        if sheet.groups.is_empty() {
            self.page.line("");
            self.page.paragraph("", &format!("No table speaks of {}.", systems::host_name(sheet.host)));
        }
    }

    /// What the marks mean.
    fn legend(&mut self, sheet: &Sheet<'_>) {
        let mut words = Vec::new();
        if self.unicode {
            words.extend(["✓ there", "✗ not there", "– does not apply"]);
        }
        words.extend(["numbers: notes", "blank: the page has no such row"]);
        self.page.line("");
        self.page.paragraph("", &words.join(", "));
        if sheet.groups.iter().any(|group| group.is_unsettled(&self.question.features, sheet.host)) {
            self.page.paragraph("?  ", UNSETTLED);
        }
    }
}

/// A column of a block, as text.
struct Column {
    head: [String; 2],
    cells: Vec<(Support, String)>,
    width: usize,
}

/// How many columns stand in each block: as few blocks as there can be, about equally wide.
fn fitting(columns: &[Column], room: usize) -> Vec<usize> {
    let blocks = |room: usize| {
        let mut blocks: Vec<usize> = Vec::new();
        let mut used = usize::MAX;
        for column in columns {
            let wider = used.saturating_add(column.width + 2);
            match blocks.last_mut() {
                Some(last) if wider <= room => {
                    *last += 1;
                    used = wider;
                }
                _ => {
                    blocks.push(1);
                    used = column.width + 2;
                }
            }
        }
        blocks
    };
    let fewest = blocks(room).len();
    (0..=room).map(blocks).find(|blocks| blocks.len() <= fewest).unwrap_or_default()
}

/// A cell as text: `✓ 8 9 10`, without Unicode `yes 8 9 10`.
fn cell(answer: &Answer, unicode: bool) -> String {
    let mark = if unicode { mark(answer.support) } else { word(answer.support) };
    let mut text = format!("{mark}{}", if answer.settled { "" } else { "?" });
    if answer.support == Support::Unknown {
        text.clear();
    }
    if !answer.notes.is_empty() {
        text.push(' ');
        text.push_str(&numbers(&answer.notes, " "));
    }
    text
}

/// A cell without its notes, in words: `yes?`.
fn said(answer: &Answer) -> String {
    let word = if answer.support == Support::Unknown { answer.support.as_str() } else { word(answer.support) };
    format!("{word}{}", if answer.settled { "" } else { "?" })
}

fn painted(paint: Paint, support: Support, text: &str, width: usize) -> String {
    let padding = " ".repeat(width.saturating_sub(display_width(text)));
    let text = match support {
        Support::Yes => paint.good(text),
        Support::No => paint.bad(text),
        Support::NotApplicable | Support::Unknown => text.to_owned(),
    };
    format!("{text}{padding}")
}

fn numbers(notes: &[u16], between: &str) -> String {
    notes.iter().map(u16::to_string).collect::<Vec<_>>().join(between)
}

fn pad(text: &str, width: usize) -> String {
    let text = escape(text);
    format!("{text}{}", " ".repeat(width.saturating_sub(display_width(&text))))
}

fn mark(support: Support) -> &'static str {
    match support {
        Support::Yes => "✓",
        Support::No => "✗",
        Support::NotApplicable => "–",
        Support::Unknown => " ",
    }
}

/// The word for a cell, as pages have it.
pub fn word(support: Support) -> &'static str {
    match support {
        Support::NotApplicable => "n/a",
        Support::Unknown => "",
        other => other.as_str(),
    }
}
