//! Where the tables say that a feature is missing, in few lines.

use super::sheet::{Sheet, Shown};
use crate::policy::matrix::{self, Matrix, Support, UNSTATED, drivers_word, listed};
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

fn guests_without(sheet: &Sheet<'_>, feature: usize) -> Vec<String> {
    let mut systems: Vec<(String, Vec<(&Shown<'_>, Support, bool)>)> = Vec::new();
    for group in &sheet.groups {
        let cells = group.columns.iter().zip(group.answers(feature, sheet.host));
        let cells = cells.filter(|(_, answer)| answer.support != Support::Unknown);
        let cells = cells.map(|(shown, answer)| (shown, answer.support, answer.settled));
        match systems.iter_mut().find(|(guests, _)| *guests == group.guests()) {
            Some((_, known)) => known.extend(cells),
            None => systems.push((group.guests(), cells.collect())),
        }
    }
    let mut lines = Vec::new();
    for (guests, cells) in &systems {
        for (support, word) in [(Support::No, ""), (Support::NotApplicable, " (n/a)")] {
            let without = || cells.iter().filter(move |(_, said, _)| *said == support);
            if without().count() == cells.len() && cells.len() > 1 && cells.iter().all(|(.., settled)| *settled) {
                lines.push(format!("{guests}{word}: every release"));
                continue;
            }
            let mut parts: Vec<String> = Vec::new();
            let mut kinds: Vec<&str> = without().map(|(shown, ..)| shown.drivers()).collect();
            kinds.sort_unstable();
            kinds.dedup();
            for kind in kinds {
                let releases = without().filter(|(shown, ..)| shown.drivers() == kind);
                let releases =
                    releases.map(|(shown, _, settled)| format!("{}{}", shown.releases, if *settled { "" } else { "?" }));
                let releases = releases.collect::<Vec<_>>().join(", ");
                parts.push(match kind {
                    "built-in" | UNSTATED => releases,
                    kind => format!("with {} {releases}", drivers_word(kind)),
                });
            }
            if !parts.is_empty() {
                lines.push(format!("{guests}{word}: {}", parts.join("; ")));
            }
        }
    }
    lines
}
