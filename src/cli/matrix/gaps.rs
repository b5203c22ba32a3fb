//! Where the tables say that a feature is missing, in few lines.

use super::sheet::{Sheet, Shown};
use crate::policy::matrix::{self, Answer, Matrix, Support, UNSTATED, drivers_word, listed};
use crate::systems;

/// The guests without a feature on some hosts.
#[derive(Debug)]
pub struct Gap {
    /// The hosts in words.
    pub hosts: String,
    /// The guests, a line for those that belong together.
    pub guests: Vec<String>,
}

/// Where the guests of the tables do not have a feature: hosts for which the same is true stand together.
pub fn gaps(matrix: &Matrix, feature: usize) -> Vec<Gap> {
    let mut gaps: Vec<(Vec<&str>, Vec<String>)> = Vec::new();
    for host in matrix::hosts() {
        let guests = guests_without(&Sheet::of_host(matrix, host, None), feature);
        match gaps.iter_mut().find(|(_, known)| *known == guests) {
            Some((hosts, _)) => hosts.push(systems::host_name(host)),
            None => gaps.push((vec![systems::host_name(host)], guests)),
        }
    }
    gaps.retain(|(_, guests)| !guests.is_empty());
    gaps.into_iter().map(|(hosts, guests)| Gap { hosts: listed(&hosts), guests }).collect()
}

/// What the columns for the same guests say.
struct Row<'s, 'm> {
    guests: String,
    cells: Vec<(&'s Shown<'m>, Answer)>,
}

fn guests_without(sheet: &Sheet<'_>, feature: usize) -> Vec<String> {
    let mut rows: Vec<Row<'_, '_>> = Vec::new();
    for group in &sheet.groups {
        let cells = group.columns.iter().zip(group.answers(feature, sheet.host));
        let cells = cells.filter(|(_, answer)| answer.support != Support::Unknown);
        let guests = group.guests();
        match rows.iter_mut().find(|row| row.guests == guests) {
            Some(row) => row.cells.extend(cells),
            None => rows.push(Row { guests, cells: cells.collect() }),
        }
    }
    rows.iter().flat_map(|row| [row.without(Support::No, ""), row.without(Support::NotApplicable, " (n/a)")]).flatten().collect()
}

impl Row<'_, '_> {
    /// A line that names the releases of which the table says this, if there are any.
    fn without(&self, support: Support, word: &str) -> Option<String> {
        let guests = &self.guests;
        let without = || self.cells.iter().filter(|(_, answer)| answer.support == support);
        if without().count() == self.cells.len() && self.cells.len() > 1 && without().all(|(_, answer)| answer.settled) {
            return Some(format!("{guests}{word}: every release"));
        }
        let mut kinds: Vec<&str> = without().map(|(shown, _)| shown.drivers()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let parts = kinds.into_iter().map(|kind| {
            let releases = without().filter(|(shown, _)| shown.drivers() == kind);
            let releases = releases.map(|(shown, answer)| format!("{}{}", shown.releases, if answer.settled { "" } else { "?" }));
            let releases = releases.collect::<Vec<_>>().join(", ");
            match kind {
                "built-in" | UNSTATED => releases,
                kind => format!("with {} {releases}", drivers_word(kind)),
            }
        });
        let parts = parts.collect::<Vec<_>>().join("; ");
        (!parts.is_empty()).then(|| format!("{guests}{word}: {parts}"))
    }
}
