//! The matrix as one JSON object.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Question;
use super::sheet::{Group, Shown};
use crate::policy::matrix::{Answer, Edition, Note, Support};
use crate::report::json as writer;

/// What a guest's column says, of one feature or of all.
#[derive(Serialize)]
struct OfGuest<'q> {
    guest: &'q str,
    host: &'q str,
    drivers: &'q str,
    #[serde(flatten)]
    said: Said<'q>,
    /// The edition's id.
    edition: Option<&'q str>,
    title: Option<&'q str>,
    date: Option<&'q str>,
    source: Option<&'q str>,
    table: Option<&'q str>,
    column: Option<&'q str>,
    notes_text: Vec<Value>,
    /// Why there is no answer, and what to ask instead.
    remark: Option<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Said<'q> {
    One(Cell<'q>),
    All { features: Vec<Cell<'q>> },
}

#[derive(Serialize)]
struct Cell<'q> {
    feature: &'q str,
    #[serde(flatten)]
    known: Option<Named<'q>>,
    support: &'static str,
    settled: bool,
    notes: Vec<u16>,
}

/// What is said of a feature in lists.
#[derive(Serialize)]
struct Named<'q> {
    group: &'q str,
    title: &'q str,
}

#[derive(Serialize)]
struct OfHost<'q> {
    host: &'q str,
    /// Whether nobody named the host.
    assumed: bool,
    features: Vec<Value>,
    columns: Vec<Value>,
    editions: Vec<Value>,
}

/// The answer, on one line.
pub fn object(question: &Question<'_>) -> Vec<u8> {
    match &question.guest {
        Some(guest) => writer::line(&of_guest(question, guest.id())),
        None => writer::line(&of_host(question)),
    }
}

fn of_guest<'q>(question: &'q Question<'_>, guest: &'q str) -> OfGuest<'q> {
    let host = question.host;
    let sheet = question.sheet(host);
    let group = sheet.groups.first();
    let shown = group.and_then(|group| group.columns.first());
    let answer = |feature: usize| shown.map_or(UNKNOWN, |shown| shown.answering.answer(feature, host));
    let cell = |feature: usize, known: bool| {
        let Answer { support, settled, notes } = answer(feature);
        let feature = question.matrix.features.get(feature);
        let named = feature.filter(|_| known).map(|feature| Named { group: &feature.group, title: &feature.title });
        Cell { feature: feature.map_or("", |feature| &feature.id), known: named, support: support.as_str(), settled, notes }
    };
    let said = match question.feature {
        Some(feature) => Said::One(cell(feature, false)),
        None => Said::All { features: question.features.iter().map(|&feature| cell(feature, true)).collect() },
    };
    let edition = group.map(|group| group.edition);
    OfGuest {
        guest,
        host,
        drivers: question.drivers(),
        said,
        edition: edition.map(|edition| &*edition.id),
        title: edition.map(|edition| &*edition.title),
        date: edition.map(|edition| &*edition.date),
        source: edition.and_then(|edition| edition.url.as_deref()),
        table: shown.map(|shown| &*shown.answering.table.title),
        column: shown.and_then(|shown| shown.answering.column()).map(|column| &*column.releases),
        notes_text: group.map(|group| notes(group.notes(&question.features, host))).unwrap_or_default(),
        remark: shown.is_none().then(|| question.why_unknown(host)),
    }
}

/// What is said where no column answers.
const UNKNOWN: Answer = Answer { support: Support::Unknown, settled: true, notes: Vec::new() };

fn notes<'n>(notes: impl IntoIterator<Item = &'n Note>) -> Vec<Value> {
    let note = |note: &Note| json!({"number": note.number, "text": note.text, "hosts": note.hosts.as_ref().map(|h| h.iter().map(|h| h.to_string()).collect::<Vec<_>>())});
    notes.into_iter().map(note).collect()
}

fn of_host<'q>(question: &'q Question<'_>) -> OfHost<'q> {
    let sheet = question.sheet(question.host);
    let mut editions: Vec<&Edition> = Vec::new();
    let mut columns = Vec::new();
    for group in &sheet.groups {
        let number = editions.iter().position(|known| std::ptr::eq(*known, group.edition)).unwrap_or(editions.len());
        if number == editions.len() {
            editions.push(group.edition);
        }
        columns.extend(group.columns.iter().map(|shown| column(question, group, shown, number)));
    }
    let features = question.features.iter().filter_map(|&feature| question.matrix.features.get(feature));
    OfHost {
        host: question.host,
        assumed: question.assumed,
        features: features
            .map(|known| json!({"feature": &*known.id, "group": known.group, "title": known.title, "what": known.what}))
            .collect(),
        columns,
        editions: editions.into_iter().map(edition).collect(),
    }
}

fn column(question: &Question<'_>, group: &Group<'_>, shown: &Shown<'_>, edition: usize) -> Value {
    let cells: Map<String, Value> = question
        .features
        .iter()
        .filter_map(|&feature| {
            let Answer { support, settled, notes } = shown.answering.answer(feature, question.host);
            let id = question.matrix.features.get(feature)?.id.to_string();
            Some((id, json!({"support": support.as_str(), "settled": settled, "notes": notes})))
        })
        .collect();
    json!({
        "guests": group.guests.iter().map(|guest| guest.to_string()).collect::<Vec<_>>(),
        "releases": shown.releases,
        "drivers": shown.drivers(),
        "edition": &*group.edition.id,
        // Editions of several pages can have the same id.
        "edition_number": edition,
        "table": shown.answering.table.title,
        "column": shown.answering.column().map(|column| &column.releases),
        "cells": cells,
    })
}

fn edition(edition: &Edition) -> Value {
    json!({
        "edition": &*edition.id,
        "title": edition.title,
        "date": edition.date,
        "source": edition.url,
        "origin": edition.origin,
        "notes_text": notes(&edition.notes),
    })
}
