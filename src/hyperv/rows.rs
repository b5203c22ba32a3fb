//! The tables that lead from a format's settings to the tree's: one line for each setting.

use super::convert::Convert;
use super::draft::Draft;
use super::field::Field;

/// One setting: where a format says it, the attribute that it becomes, and how.
#[derive(Debug)]
pub(super) struct Row {
    /// A path of names below the object that the table is about, or a property's name.
    pub source: &'static str,
    /// An attribute, with its element before a `/` where it is not that of the object itself.
    pub target: &'static str,
    /// From one to the other.
    pub convert: Convert,
}

/// A line of a table.
pub(super) const fn row(source: &'static str, target: &'static str, convert: Convert) -> Row {
    Row { source, target, convert }
}

/// Takes over what a table finds at paths below `from`.
pub(super) fn by_path<'k>(rows: &[Row], from: Field<'k>, to: &mut Draft<'k>) {
    for row in rows {
        if let Some(field) = from.find(row.source) {
            take(row, field, to);
        }
    }
}

/// Takes over the properties of an object, whose names do not mind case. Of two lines with one target, the first that has a value
/// counts.
pub(super) fn by_property<'k>(rows: &[Row], from: Field<'k>, to: &mut Draft<'k>) {
    for field in from.children().filter(|field| !field.is_item()) {
        for row in rows.iter().filter(|row| row.source.eq_ignore_ascii_case(field.name())) {
            take(row, field, to);
        }
    }
}

fn take<'k>(row: &Row, field: Field<'k>, to: &mut Draft<'k>) {
    if let Some(value) = row.convert.apply(field) {
        to.set(row.target, value, field.value_span());
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::Row;
    use crate::hyperv::{cim, configuration, hcs, powershell};

    /// All tables with the element that each is about.
    pub fn all() -> Vec<(&'static str, &'static [Row])> {
        [configuration::tables(), powershell::tables(), cim::tables(), hcs::tables()].concat()
    }
}
