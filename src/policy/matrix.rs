//! Support matrices: the tables of a vendor's pages, as the pages have them, and what they say of one guest on one host.

use std::sync::{Arc, LazyLock};

use super::reader::{Faults, Fields, shared};
use super::schema::{Fault, Text};
use super::yaml::{Content, Node, Written};
use crate::finding::Citation;
use crate::suggest;
use crate::systems::{self, Guest};

/// The keys of a feature.
pub(crate) const FEATURE_KEYS: [&str; 4] = ["id", "group", "title", "what"];

/// The words for hosts in a table's rows.
const HOST_WORDS: [(&str, &str); 6] = [
    ("2012R2", "windows-server-2012-r2"),
    ("2016", "windows-server-2016"),
    ("2019", "windows-server-2019"),
    ("2022", "windows-server-2022"),
    ("2025", "windows-server-2025"),
    ("HCI", "azure-stack-hci"),
];

/// The hosts that tables can be about.
pub fn hosts() -> impl Iterator<Item = &'static str> + Clone {
    HOST_WORDS.iter().map(|(_, id)| *id)
}

/// The kind of drivers of a column whose page leaves that open.
pub const UNSTATED: &str = "unstated";

/// What a policy knows of features and of the guests and hosts that have them.
#[derive(Debug)]
pub struct Matrix {
    /// The rows of the tables, in their order.
    pub features: Arc<[Feature]>,
    /// The editions of the pages; the first that covers a guest and a host answers for them. A built-in policy's are read when they
    /// are first asked for.
    pub editions: LazyLock<Vec<Edition>, Box<dyn FnOnce() -> Vec<Edition> + Send + Sync>>,
}

/// A row of the tables.
#[derive(Debug, Clone)]
pub struct Feature {
    /// The id: `sr-iov`.
    pub id: Arc<str>,
    /// The heading that it stands under.
    pub group: Written,
    /// Its name.
    pub title: Written,
    /// What it is, in a sentence.
    pub what: Written,
}

/// One edition of a page.
#[derive(Debug, Clone)]
pub struct Edition {
    /// `seed-2021`
    pub id: Arc<str>,
    /// The page's title.
    pub title: Written,
    /// The edition's date.
    pub date: Written,
    /// Where to read it.
    pub url: Option<Written>,
    /// Where the tables come from, and what was taken where sources disagree.
    pub origin: Written,
    /// The page's notes.
    pub notes: Vec<Note>,
    /// The page's tables.
    pub tables: Vec<Table>,
}

/// A note of a page.
#[derive(Debug, Clone)]
pub struct Note {
    /// Its number.
    pub number: u16,
    /// What it says, in our words.
    pub text: Written,
    /// The rules that check it.
    pub rules: Vec<Text>,
    /// The hosts that it is limited to; none for all.
    pub hosts: Option<Vec<Arc<str>>>,
}

/// A table of a page.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its heading.
    pub title: Written,
    /// The guests, without versions.
    pub guests: Vec<Arc<str>>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// A column: some releases of the guests with one kind of drivers.
#[derive(Debug, Clone)]
pub struct Column {
    /// The releases as the page writes them: `6.8-6.10`, `9.0+`.
    pub releases: Written,
    /// The kind of drivers.
    pub drivers: Arc<str>,
    first: Vec<u32>,
    /// Whatever begins like it belongs to the column.
    last: Vec<u32>,
}

/// A row: one feature on some hosts.
#[derive(Debug, Clone)]
pub struct Row {
    /// The feature, by its number in [`Matrix::features`].
    pub feature: usize,
    /// The hosts; none where the page names none, which is all.
    pub hosts: Option<Vec<&'static str>>,
    /// A cell for each column.
    pub cells: Vec<Cell>,
}

/// What a cell says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Whether the feature is there.
    pub support: Support,
    /// Whether the evidence settles that.
    pub settled: bool,
    /// The notes on it.
    pub notes: Vec<u16>,
}

/// Whether a guest has a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Support {
    /// It has it.
    Yes,
    /// It does not.
    No,
    /// The question does not arise.
    NotApplicable,
    /// No table covers the guest on the host.
    Unknown,
}

impl Support {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Support::Yes => "yes",
            Support::No => "no",
            Support::NotApplicable => "not-applicable",
            Support::Unknown => "unknown",
        }
    }
}

/// The column that answers for a guest on a host.
#[derive(Debug, Clone, Copy)]
pub struct Answering<'m> {
    /// Of which edition.
    pub edition: &'m Edition,
    /// In which of its tables.
    pub table: &'m Table,
    /// The column's number in it.
    pub column: usize,
}

/// What the matrix says of one feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whether the guest has the feature.
    pub support: Support,
    /// Whether the evidence settles that.
    pub settled: bool,
    /// The numbers of the notes on it, as its edition has them.
    pub notes: Vec<u16>,
}

impl Matrix {
    /// A matrix whose editions `read` gives.
    pub fn new(features: impl Into<Arc<[Feature]>>, read: impl FnOnce() -> Vec<Edition> + Send + Sync + 'static) -> Matrix {
        Matrix { features: features.into(), editions: LazyLock::new(Box::new(read)) }
    }

    /// A feature's number.
    pub fn feature(&self, id: &str) -> Option<usize> {
        self.features.iter().position(|feature| *feature.id == *id)
    }

    /// The column of the first edition that covers a guest with these drivers on a host.
    pub fn answering(&self, guest: &Guest, drivers: &str, host: &str) -> Option<Answering<'_>> {
        self.editions.iter().find_map(|edition| edition.answering(guest, drivers, host))
    }

    /// Where a guest has a feature that it does not have with these drivers on this host: a sentence or two, empty if nowhere.
    pub fn elsewhere(&self, guest: &Guest, drivers: &str, host: &str, feature: usize) -> String {
        let has = |guest: &Guest, drivers: &str, host: &str| {
            let answer = self.answering(guest, drivers, host).map(|column| column.answer(feature, host));
            answer.is_some_and(|answer| answer.support == Support::Yes)
        };
        let mut sentences = Vec::new();
        if let Some(other) = systems::GUEST_DRIVERS.iter().find(|other| **other != drivers && has(guest, other, host)) {
            sentences.push(format!("{guest} has it with {}.", systems::drivers_name(other)));
        }
        let hosts: Vec<&str> = HOST_WORDS.iter().map(|(_, id)| *id).filter(|other| has(guest, drivers, other)).collect();
        if !hosts.is_empty() {
            let hosts: Vec<&str> = hosts.into_iter().map(systems::host_name).collect();
            sentences.push(format!("{guest} has it on {}.", listed(&hosts)));
        }
        let releases = self.releases_with(guest, drivers, host, feature);
        if !releases.is_empty() {
            let releases: Vec<&str> = releases.iter().map(String::as_str).collect();
            sentences.push(format!(
                "On {} the table gives it to {} {}.",
                systems::host_name(host),
                guest.system(),
                listed(&releases)
            ));
        }
        sentences.join(" ")
    }

    /// Releases of the same system that have a feature on a host with the same drivers, as the answering edition's columns write them.
    fn releases_with(&self, guest: &Guest, drivers: &str, host: &str, feature: usize) -> Vec<String> {
        let Some(edition) = self.answering(guest, drivers, host).map(|column| column.edition) else { return Vec::new() };
        let mut releases = Vec::new();
        for table in edition.tables.iter().filter(|table| table.is_about(guest.name())) {
            for (number, column) in table.columns.iter().enumerate().filter(|(_, column)| *column.drivers == *drivers) {
                let column_of = Answering { edition, table, column: number };
                if column_of.answer(feature, host).support == Support::Yes {
                    releases.push(column.releases.to_string());
                }
            }
        }
        releases.reverse();
        releases
    }
}

/// Words as a list in a sentence: `a, b and c`.
pub fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

impl Edition {
    /// The column that covers a guest with these drivers on a host, if this edition has one.
    pub fn answering(&self, guest: &Guest, drivers: &str, host: &str) -> Option<Answering<'_>> {
        let (first, last) = guest.releases();
        self.answering_releases(guest.name(), [&first, &last], drivers, host)
    }

    /// The same for all releases of a system between two.
    pub fn answering_releases(&self, system: &str, ends: [&[u32]; 2], drivers: &str, host: &str) -> Option<Answering<'_>> {
        self.tables.iter().filter(|table| table.is_about(system) && table.covers_host(host)).find_map(|table| {
            let covers = |column: &Column| {
                (*column.drivers == *drivers || *column.drivers == *UNSTATED) && ends.iter().all(|release| column.covers(release))
            };
            let column = table.columns.iter().position(covers)?;
            Some(Answering { edition: self, table, column })
        })
    }

    /// Cites the whole page.
    pub fn citation(&self) -> Citation {
        let Edition { title, date, url, .. } = self;
        Citation { title: title.clone(), section: "support tables".into(), date: date.clone(), url: url.clone() }
    }

    /// A note by its number.
    pub fn note(&self, number: u16) -> Option<&Note> {
        self.notes.iter().find(|note| note.number == number)
    }
}

impl Table {
    /// Whether it has columns for a system.
    pub fn is_about(&self, system: &str) -> bool {
        self.guests.iter().any(|known| **known == *system)
    }

    /// Whether a row names a host.
    pub fn covers_host(&self, host: &str) -> bool {
        self.rows.iter().any(|row| row.hosts.as_ref().is_some_and(|hosts| hosts.contains(&host)))
    }
}

impl Column {
    /// Its first release.
    pub fn first(&self) -> &[u32] {
        &self.first
    }

    /// The numbers that its last releases begin with.
    pub fn last(&self) -> &[u32] {
        &self.last
    }

    /// Whether a release belongs to it.
    pub fn covers(&self, release: &[u32]) -> bool {
        let at = |numbers: &[u32], index: usize| numbers.get(index).copied().unwrap_or(0);
        let compare = |left: &[u32], right: &[u32], length: usize| {
            (0..length).map(|index| at(left, index).cmp(&at(right, index))).find(|order| order.is_ne())
        };
        let length = release.len().max(self.first.len());
        compare(release, &self.first, length) != Some(std::cmp::Ordering::Less)
            && compare(release, &self.last, self.last.len()) != Some(std::cmp::Ordering::Greater)
    }

    /// Reads `7.6-7.9`, `7.5` or `9.0+`, which stays inside its major release.
    fn read(text: &str) -> Option<(Vec<u32>, Vec<u32>)> {
        let numbers = |text: &str| text.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u32>>>();
        if let Some(from) = text.strip_suffix('+') {
            let first = numbers(from)?;
            let major = first.first().copied()?;
            return Some((first, vec![major]));
        }
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        Some((numbers(from)?, numbers(to)?))
    }
}

impl<'m> Answering<'m> {
    /// What the column says of a feature on a host.
    pub fn answer(&self, feature: usize, host: &str) -> Answer {
        let names = |row: &&Row| row.hosts.as_ref().is_none_or(|hosts| hosts.contains(&host));
        let mut rows = self.table.rows.iter().filter(|row| row.feature == feature).peekable();
        if rows.peek().is_none() {
            return Answer { support: Support::Unknown, settled: true, notes: Vec::new() };
        }
        match rows.find(names).and_then(|row| row.cells.get(self.column)) {
            Some(cell) => Answer { support: cell.support, settled: cell.settled, notes: cell.notes.clone() },
            // The page names the hosts on which the feature is there.
            None => Answer { support: Support::No, settled: true, notes: Vec::new() },
        }
    }

    /// The first of some features at which the column has a note that names a rule, with that note.
    pub fn noting(&self, features: &[usize], host: &str, rule: &str) -> Option<(usize, &'m Note)> {
        features.iter().find_map(|&feature| {
            let answer = self.answer(feature, host);
            let names = |note: &&Note| {
                note.hosts.as_ref().is_none_or(|hosts| hosts.iter().any(|known| **known == *host))
                    && note.rules.iter().any(|named| named.text == rule)
            };
            let note = answer.notes.iter().filter_map(|&number| self.edition.note(number)).find(names)?;
            Some((feature, note))
        })
    }

    /// The releases and drivers of the column.
    pub fn column(&self) -> Option<&'m Column> {
        self.table.columns.get(self.column)
    }

    /// Cites the row of a feature in this column, and a note on it.
    pub fn citation(&self, feature: &Feature, note: Option<u16>) -> Citation {
        let mut section = format!("{}, row {}", self.table.title, feature.title);
        if let Some(column) = self.column() {
            section.push_str(&format!(", column {}", column.releases));
            if *column.drivers != *UNSTATED {
                section.push_str(&format!(" ({})", drivers_word(&column.drivers)));
            }
        }
        if let Some(note) = note {
            section.push_str(&format!(", note {note}"));
        }
        Citation { section: section.into(), ..self.edition.citation() }
    }
}

/// Drivers as a table's head has them.
pub fn drivers_word(drivers: &str) -> String {
    drivers.strip_prefix("lis-").map_or_else(|| drivers.to_owned(), |version| format!("LIS {version}"))
}

/// Reads `features`.
pub(super) fn read_features(node: &Node, faults: &mut Faults) -> Vec<Feature> {
    let mut features: Vec<Feature> = Vec::new();
    for node in faults.list(node, "`features`") {
        let fields = faults.fields(node, "a feature", &FEATURE_KEYS);
        let mut text = |key| fields.required(key, "the feature", faults);
        let (id, group, title, what) = (text("id"), text("group"), text("title"), text("what"));
        let (Some(id), Some(group), Some(title), Some(what)) = (id, group, title, what) else { continue };
        if features.iter().any(|known| *known.id == *id.text) {
            faults.error(&id.span, format!("the feature `{}` is defined twice", id.text));
        }
        features.push(Feature { id: shared(&id), group: group.text, title: title.text, what: what.text });
    }
    features
}

/// Reads the file of an edition.
///
/// # Errors
/// All its faults.
pub fn read_edition(root: &Node, features: &[Feature]) -> Result<Edition, Vec<Fault>> {
    let mut faults = Faults::default();
    let fields = faults.fields(root, "an edition", &["edition", "title", "date", "url", "origin", "notes", "tables"]);
    let mut text = |key| fields.required(key, "the edition", &mut faults);
    let (id, title, date, origin) = (text("edition"), text("title"), text("date"), text("origin"));
    let url = fields.optional("url", &mut faults).map(|url| url.text);
    let notes = fields.get("notes").map(|node| read_notes(node, &mut faults)).unwrap_or_default();
    let mut tables = Vec::new();
    match fields.get("tables") {
        Some(node) => {
            for node in faults.list(node, "`tables`") {
                tables.extend(read_table(node, features, &notes, &mut faults));
            }
        }
        None => {
            fields.required("tables", "the edition", &mut faults);
        }
    }
    faults.0.sort_by_key(|fault| fault.span.start);
    match (id, title, date, origin) {
        (Some(id), Some(title), Some(date), Some(origin)) if faults.0.is_empty() => {
            Ok(Edition { id: shared(&id), title: title.text, date: date.text, url, origin: origin.text, notes, tables })
        }
        _ => Err(faults.0),
    }
}

fn read_notes(node: &Node, faults: &mut Faults) -> Vec<Note> {
    let mut notes = Vec::new();
    for (key, node) in faults.entries(node, "`notes`") {
        let Ok(number) = key.text.parse() else {
            faults.error(&key.span, format!("`{}` is no number of a note", key.text));
            continue;
        };
        let fields = faults.fields(node, "a note", &["text", "rule", "rules", "hosts"]);
        let text = fields.required("text", "the note", faults);
        let mut rules: Vec<Text> = fields.optional("rule", faults).into_iter().collect();
        if let Some(node) = fields.get("rules") {
            rules.extend(faults.texts(node, "a rule"));
        }
        let hosts = fields.get("hosts").map(|node| faults.texts(node, "a host").iter().map(shared).collect());
        notes.extend(text.map(|text| Note { number, text: text.text, rules, hosts }));
    }
    notes
}

fn read_table(node: &Node, features: &[Feature], notes: &[Note], faults: &mut Faults) -> Option<Table> {
    let fields = faults.fields(node, "a table", &["title", "guests", "columns", "drivers", "rows"]);
    let title = fields.required("title", "the table", faults);
    let mut texts = |key: &str, what: &str| match fields.get(key) {
        Some(node) => faults.texts(node, what),
        None => {
            fields.required(key, "the table", faults);
            Vec::new()
        }
    };
    let guests = texts("guests", "a guest");
    let releases = texts("columns", "a column");
    let drivers = texts("drivers", "a kind of drivers");
    for guest in &guests {
        if let Err(help) = Guest::parse(&format!("{}-1", guest.text)) {
            faults.push(Fault::error(guest.span.clone(), format!("there is no guest `{}`", guest.text)).help(help));
        }
    }
    if releases.len() != drivers.len() {
        let message = format!("the table has {} columns and {} kinds of drivers", releases.len(), drivers.len());
        faults.push(Fault::error(fields.head(), message).help("Give one kind of drivers for each column.".to_owned()));
    }
    let mut columns = Vec::new();
    for (release, kind) in releases.iter().zip(&drivers) {
        let known = systems::GUEST_DRIVERS.iter().copied().chain([UNSTATED]);
        if !known.clone().any(|word| word == kind.text) {
            let help = suggest::help(&kind.text, known);
            faults.push(Fault::error(kind.span.clone(), format!("`{}` is no kind of drivers", kind.text)).help(help));
        }
        let Some((first, last)) = Column::read(&release.text) else {
            let fault = Fault::error(release.span.clone(), format!("`{}` is no range of releases", release.text));
            faults.push(fault.help("Write `7.4`, `7.6-7.9` or `9.0+`.".to_owned()));
            continue;
        };
        columns.push(Column { releases: release.text.clone(), drivers: shared(kind), first, last });
    }
    let rows = read_rows(&fields, releases.len(), features, notes, faults);
    Some(Table { title: title?.text, guests: guests.iter().map(shared).collect(), columns, rows })
}

fn read_rows(fields: &Fields<'_>, columns: usize, features: &[Feature], notes: &[Note], faults: &mut Faults) -> Vec<Row> {
    let mut rows = Vec::new();
    let Some(node) = fields.get("rows") else {
        fields.required("rows", "the table", faults);
        return rows;
    };
    for node in faults.list(node, "`rows`") {
        let items = faults.list(node, "a row");
        let [feature, hosts, cells @ ..] = items else {
            faults.error(&node.span, "a row has a feature, its hosts and a cell for each column");
            continue;
        };
        if cells.len() != columns {
            faults.error(&node.span, format!("the row has {} cells, the table {columns} columns", cells.len()));
        }
        let hosts = read_hosts(hosts, faults);
        let cells: Vec<Cell> = cells.iter().filter_map(|node| read_cell(node, notes, faults)).collect();
        let Some(id) = faults.text(feature, "a feature") else { continue };
        match features.iter().position(|known| *known.id == *id.text) {
            Some(feature) => rows.push(Row { feature, hosts, cells }),
            None => {
                let help = suggest::help(&id.text, features.iter().map(|feature| &*feature.id));
                faults.push(Fault::error(id.span, format!("there is no feature `{}`", id.text)).help(help));
            }
        }
    }
    rows
}

fn read_hosts(node: &Node, faults: &mut Faults) -> Option<Vec<&'static str>> {
    let text = faults.text(node, "the hosts of a row")?;
    if text.text == "any" {
        return None;
    }
    let mut hosts = Vec::new();
    for word in text.text.split_whitespace() {
        match HOST_WORDS.iter().find(|(known, _)| *known == word) {
            Some((_, id)) => hosts.push(*id),
            None => {
                let help = suggest::help(word, HOST_WORDS.iter().map(|(word, _)| *word));
                faults.push(Fault::error(text.span.clone(), format!("`{word}` is no host of a table")).help(help));
            }
        }
    }
    Some(hosts)
}

/// Reads `yes`, `no?`, `n/a`, `yes 9 10`.
fn read_cell(node: &Node, known: &[Note], faults: &mut Faults) -> Option<Cell> {
    // YAML before 1.2 takes these words for truth values.
    let text = match &node.content {
        Content::Boolean(yes) => Text { text: if *yes { "yes" } else { "no" }.into(), span: node.span.clone() },
        _ => faults.text(node, "a cell")?,
    };
    let mut words = text.text.split_whitespace();
    let word = words.next().unwrap_or_default();
    let (word, settled) = word.strip_suffix('?').map_or((word, true), |word| (word, false));
    let support =
        match word {
            "yes" => Support::Yes,
            "no" => Support::No,
            "n/a" => Support::NotApplicable,
            _ => {
                let fault = Fault::error(text.span.clone(), format!("`{}` is no cell of a table", text.text));
                faults.push(fault.help(
                    "Write `yes`, `no` or `n/a`, `?` behind where it is not settled, then the numbers of notes.".to_owned(),
                ));
                return None;
            }
        };
    let mut notes = Vec::new();
    for word in words {
        match word.parse() {
            Ok(number) if known.iter().any(|note| note.number == number) => notes.push(number),
            _ => faults.error(&text.span, format!("the edition has no note `{word}`")),
        }
    }
    Some(Cell { support, settled, notes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_compare_by_number_and_stay_in_their_major_release() {
        for (column, release, covers) in [
            ("6.8-6.10", "6.9", true),
            ("6.8-6.10", "6.10", true),
            ("6.8-6.10", "6.1", false),
            ("5.9-5.11", "5.10", true),
            ("9.0+", "9.12", true),
            ("9.0+", "10.0", false),
            ("8.1+", "8.0", false),
            ("7.4", "7.4", true),
            ("7.4", "7.5", false),
            ("11.0+", "11", true),
            ("10.0-10.3", "10", true),
        ] {
            let (first, last) = Column::read(column).unwrap();
            let column_of = Column { releases: "".into(), drivers: "built-in".into(), first, last };
            let release: Vec<u32> = release.split('.').map(|part| part.parse().unwrap()).collect();
            assert_eq!(column_of.covers(&release), covers, "{column} {release:?}");
        }
        assert!(Column::read("7.x").is_none());
    }
}
