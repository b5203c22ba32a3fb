//! What of a matrix is shown: on one host, the columns that answer there.

use std::sync::Arc;

use crate::policy::matrix::{self, Answer, Answering, Column, Edition, Matrix, Note, Support, UNSTATED, drivers_word, listed};
use crate::systems::{self, Guest};

/// What `?` behind a cell means.
pub const UNSETTLED: &str = "Not settled: the sources of this edition disagree about the cell, and nothing decides between them. It shows the likelier value.";

/// The columns that answer on one host.
#[derive(Debug)]
pub struct Sheet<'m> {
    /// The host.
    pub host: &'m str,
    /// Its columns, those that belong side by side together.
    pub groups: Vec<Group<'m>>,
}

/// Columns of one edition for the same guests.
#[derive(Debug)]
pub struct Group<'m> {
    /// The edition.
    pub edition: &'m Edition,
    /// The guests, without versions.
    pub guests: &'m [Arc<str>],
    /// The columns.
    pub columns: Vec<Shown<'m>>,
}

/// A column with the releases for which it answers.
#[derive(Debug)]
pub struct Shown<'m> {
    /// The column.
    pub answering: Answering<'m>,
    /// Those of its releases that no edition before it has: `8.5+` of `8.1+`.
    pub releases: String,
}

impl<'m> Sheet<'m> {
    /// Every column that answers for some guest on a host; with `drivers`, only those with drivers of that kind.
    pub fn of_host(matrix: &'m Matrix, host: &'m str, drivers: Option<&str>) -> Sheet<'m> {
        let mut sheet = Sheet { host, groups: Vec::new() };
        for edition in matrix.editions.iter() {
            for table in edition.tables.iter().filter(|table| table.covers_host(host)) {
                for (number, column) in table.columns.iter().enumerate() {
                    let answering = Answering { edition, table, column: number };
                    let wanted = drivers.is_none_or(|kind| *column.drivers == *kind || *column.drivers == *UNSTATED);
                    if let Some(releases) = answered(matrix, &answering, column, host).filter(|_| wanted) {
                        sheet.push(Shown { answering, releases });
                    }
                }
            }
        }
        sheet
    }

    /// The column that answers for one guest on a host, or nothing.
    pub fn of_guest(matrix: &'m Matrix, guest: &Guest, drivers: &str, host: &'m str) -> Sheet<'m> {
        let mut sheet = Sheet { host, groups: Vec::new() };
        if let Some(answering) = matrix.answering(guest, drivers, host) {
            let releases = answering.column().map_or_else(String::new, |column| column.releases.to_string());
            sheet.push(Shown { answering, releases });
        }
        sheet
    }

    fn push(&mut self, shown: Shown<'m>) {
        let Answering { edition, table, .. } = shown.answering;
        match self.groups.last_mut() {
            Some(group) if std::ptr::eq(group.edition, edition) && group.guests == table.guests => group.columns.push(shown),
            _ => self.groups.push(Group { edition, guests: &table.guests, columns: vec![shown] }),
        }
    }
}

impl<'m> Group<'m> {
    /// The guests in words: `RHEL, CentOS`.
    pub fn guests(&self) -> String {
        self.guests.iter().map(|id| systems::system_name(id)).collect::<Vec<_>>().join(", ")
    }

    /// Those of some features that its page lists.
    pub fn listed(&self, features: &[usize], host: &str) -> Vec<usize> {
        let is_listed = |feature: usize| self.answers(feature, host).any(|answer| answer.support != Support::Unknown);
        features.iter().copied().filter(|&feature| is_listed(feature)).collect()
    }

    /// What its columns say of a feature.
    pub fn answers(&self, feature: usize, host: &str) -> impl Iterator<Item = Answer> {
        self.columns.iter().map(move |shown| shown.answering.answer(feature, host))
    }

    /// The notes on these features, by number.
    pub fn notes(&self, features: &[usize], host: &str) -> Vec<&'m Note> {
        let mut numbers: Vec<u16> =
            features.iter().flat_map(|&feature| self.answers(feature, host)).flat_map(|answer| answer.notes).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().filter_map(|number| self.edition.note(number)).collect()
    }

    /// Whether one of the cells is not settled.
    pub fn is_unsettled(&self, features: &[usize], host: &str) -> bool {
        features.iter().any(|&feature| self.answers(feature, host).any(|answer| !answer.settled))
    }

    /// The kind of drivers that all of its columns have, if that is one.
    pub fn drivers(&self) -> Option<&'m str> {
        let mut drivers = self.columns.iter().map(Shown::drivers);
        let first = drivers.next()?;
        drivers.all(|other| other == first).then_some(first)
    }
}

impl<'m> Shown<'m> {
    /// The kind of drivers: `built-in`.
    pub fn drivers(&self) -> &'m str {
        self.answering.column().map_or("", |column| &column.drivers)
    }

    /// The drivers as a table's head has them; empty where the page does not say.
    pub fn drivers_word(&self) -> String {
        if self.drivers() == UNSTATED { String::new() } else { drivers_word(self.drivers()) }
    }
}

/// A note with the hosts that it is limited to.
pub fn note_text(note: &Note) -> String {
    match &note.hosts {
        Some(hosts) => {
            let hosts: Vec<&str> = hosts.iter().map(|host| systems::host_name(host)).collect();
            format!("{} Only on {}.", note.text, listed(&hosts))
        }
        None => note.text.to_string(),
    }
}

/// An edition in words: `current-2025, 2025-06-19`.
pub fn edition_name(edition: &Edition) -> String {
    format!("{}, {}", edition.id, edition.date)
}

/// The releases for which a column answers on a host; none where earlier editions have them all.
fn answered(matrix: &Matrix, of: &Answering<'_>, column: &Column, host: &str) -> Option<String> {
    let answers = |release: &Vec<u32>| {
        column.covers(release)
            && of.table.guests.iter().any(|guest| {
                let ends = [release.as_slice(), release];
                let first = matrix.editions.iter().find_map(|e| e.answering_releases(guest, ends, &column.drivers, host));
                first.is_some_and(|first| std::ptr::eq(first.table, of.table) && first.column == of.column)
            })
    };
    let (first, last) = (column.first().to_vec(), end(column.last()));
    // What is left of a range after others were taken from it begins where it began or behind one of them, and ends likewise.
    let others = || matrix.editions.iter().flat_map(|edition| &edition.tables).flat_map(|table| &table.columns);
    let from = if answers(&first) { first.clone() } else { others().filter_map(|o| after(o.last())).filter(answers).min()? };
    let to = if answers(&last) { last.clone() } else { others().filter_map(|o| before(o.first())).filter(answers).max()? };
    if from == first && to == last {
        return Some(column.releases.to_string());
    }
    let from = systems::dotted(&from);
    let to = systems::dotted(to.split_last().map_or(&[], |(_, numbers)| numbers));
    Some(match column.releases.ends_with('+') && to == systems::dotted(column.last()) {
        true => format!("{from}+"),
        false if from == to => from,
        false => format!("{from}-{to}"),
    })
}

/// The last release that begins like this.
fn end(numbers: &[u32]) -> Vec<u32> {
    numbers.iter().copied().chain([u32::MAX]).collect()
}

/// The first release after all that begin like this.
fn after(last: &[u32]) -> Option<Vec<u32>> {
    let (minor, major) = last.split_last()?;
    Some(major.iter().copied().chain([minor.checked_add(1)?]).collect())
}

/// The last release before this.
fn before(first: &[u32]) -> Option<Vec<u32>> {
    let (minor, major) = first.split_last()?;
    let numbers: Vec<u32> = major.iter().copied().chain([minor.checked_sub(1)?]).collect();
    Some(end(&numbers))
}

/// Why no column answers for a guest, and what to ask instead.
pub fn why_unknown(matrix: &Matrix, guest: &Guest, drivers: &str, host: &str) -> String {
    let tables = || matrix.editions.iter().flat_map(|edition| &edition.tables);
    let system = systems::system_name(guest.name());
    if !tables().any(|table| table.is_about(guest.name())) {
        let kinds: Vec<String> = systems::other_ids(guest.name())
            .filter(|id| tables().any(|table| table.is_about(id)))
            .map(|id| format!("`{id}-{}`", guest.version()))
            .collect();
        if !kinds.is_empty() {
            return format!("The tables tell kinds of {system} apart: name {}.", kinds.join(" or "));
        }
        let mut known: Vec<String> = Vec::new();
        for name in tables().flat_map(|table| &*table.guests).map(|id| systems::system_name(id)) {
            if !known.contains(&name) {
                known.push(name);
            }
        }
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        return format!("No table is about {system}. There are tables for {}.", listed(&known));
    }
    // What of the system the tables know here.
    let sheet = Sheet::of_host(matrix, host, Some(drivers));
    let about = || sheet.groups.iter().filter(|group| group.guests.iter().any(|id| **id == *guest.name()));
    let columns: Vec<&Shown<'_>> = about().flat_map(|group| &group.columns).collect();
    let releases = |columns: &[&Shown<'_>]| {
        let releases: Vec<&str> = columns.iter().map(|shown| shown.releases.as_str()).collect();
        listed(&releases)
    };
    let (first, last) = guest.releases();
    if first != last {
        let within = |shown: &&&Shown<'_>| shown.answering.column().is_some_and(|column| column.first().first() == first.first());
        let columns: Vec<&Shown<'_>> = columns.iter().filter(within).copied().collect();
        if let Some(column) = columns.first().and_then(|shown| shown.answering.column()) {
            let (named, one) = (guest.name(), systems::dotted(column.first()));
            let releases = releases(&columns);
            return format!(
                "Which minor release of {guest}? The tables tell {releases} apart. Name one: `--guest {named}-{one}`."
            );
        }
    }
    let mut sentences = vec![format!("No table covers {guest} with {} on {}.", drivers_name(drivers), systems::host_name(host))];
    let covered = |drivers: &str, host: &str| matrix.answering(guest, drivers, host).is_some();
    if let Some(other) = systems::GUEST_DRIVERS.iter().find(|other| covered(other, host)) {
        sentences.push(format!("There is a column for {}: `--guest-drivers {other}`.", drivers_name(other)));
    }
    let hosts: Vec<&str> = matrix::hosts().filter(|other| covered(drivers, other)).map(systems::host_name).collect();
    if !hosts.is_empty() {
        sentences.push(format!("It is in a table for {}.", listed(&hosts)));
    }
    if sentences.len() == 1 && !columns.is_empty() {
        sentences.push(format!("Of {system} the tables have {} there.", releases(&columns)));
    }
    sentences.join(" ")
}

fn drivers_name(drivers: &str) -> String {
    if drivers == UNSTATED { "drivers of no stated kind".to_owned() } else { systems::drivers_name(drivers) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::matrix::{Feature, read_edition};
    use crate::policy::yaml;

    const HOST: &str = "windows-server-2019";

    fn matrix(editions: &[&str]) -> Matrix {
        let feature = Feature { id: "core".into(), group: "".into(), title: "".into(), what: "".into() };
        let features = vec![feature];
        let edition = |columns: &&str| {
            let kinds = columns.split(", ").map(|_| "built-in").collect::<Vec<_>>().join(", ");
            let cells = columns.split(", ").map(|_| "yes").collect::<Vec<_>>().join(", ");
            let text = format!(
                "edition: e\ntitle: t\ndate: d\norigin: o\ntables:\n  - title: t\n    guests: [rhel]\n    columns: [{columns}]\n    \
                 drivers: [{kinds}]\n    rows: [[core, 2019, {cells}]]\n"
            );
            read_edition(&yaml::read(&text).unwrap(), &features).unwrap()
        };
        let editions = editions.iter().map(edition).collect();
        Matrix::new(features, || editions)
    }

    #[test]
    fn columns_answer_for_what_no_earlier_edition_has() {
        for (editions, shown) in [
            (&["'8.0-8.4'", "'8.1+', '8.0'"][..], &["8.0-8.4", "8.5+"][..]),
            (&["'7.5+'", "'7.3-7.9'"], &["7.5+", "7.3-7.4"]),
            (&["'7.3+'", "'7.3-7.9'"], &["7.3+"]),
            (&["'7.6-7.7'", "'7.9'", "'7.6-7.9'"], &["7.6-7.7", "7.9", "7.8"]),
            (&["'7.0-7.2', '7.8+'", "'7.0+'"], &["7.0-7.2", "7.8+", "7.3-7.7"]),
            (&["'8.0+'", "'9.0+'"], &["8.0+", "9.0+"]),
        ] {
            let matrix = matrix(editions);
            let sheet = Sheet::of_host(&matrix, HOST, None);
            let releases = sheet.groups.iter().flat_map(|group| &group.columns).map(|shown| shown.releases.as_str());
            assert_eq!(releases.collect::<Vec<_>>(), shown, "{editions:?}");
        }
    }
}
