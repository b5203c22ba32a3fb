//! Tables: CSV files that expressions see as trees.

use crate::source::Span;
use crate::tree::{Builder, Tree, Vocabulary};

/// A table, read and checked.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<String>,
    /// All values one behind the other.
    text: String,
    /// The place of each value in `text`, row by row.
    values: Vec<Span>,
}

impl Table {
    /// Reads CSV with a header line; lines that start with `#` are comments.
    ///
    /// # Errors
    /// With a sentence that names the line, where a row has more or fewer values than the header.
    pub fn read(csv: &str) -> Result<Table, String> {
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(csv.as_bytes());
        let words = |error: csv::Error| match error.kind() {
            csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
                let line = pos.as_ref().map_or(0, csv::Position::line);
                format!("line {line} has {len} values, the header has {expected_len}")
            }
            _ => error.to_string(),
        };
        let columns: Vec<String> = reader.headers().map_err(words)?.iter().map(str::to_owned).collect();
        let mut text = String::with_capacity(csv.len());
        let mut values = Vec::new();
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).map_err(words)? {
            for value in &record {
                values.push(Span::new(text.len(), text.len() + value.len()));
                text.push_str(value);
            }
        }
        Ok(Table { columns, text, values })
    }

    /// The table as a tree: a `row` for each line with the columns as attributes (none for an empty value), below one element
    /// named `table`.
    pub fn tree<'t>(&'t self, vocabulary: &'t Vocabulary) -> Tree<'t> {
        let rows = self.values.chunks(self.columns.len().max(1));
        let mut builder = Builder::new(&self.text, vocabulary, rows.len() + 1, self.values.len());
        builder.open_made_up("table", Span::at(0), None);
        for row in rows {
            builder.open_made_up("row", Span::at(0), None);
            for (column, value) in self.columns.iter().zip(row).filter(|(_, value)| !value.is_empty()) {
                builder.made_up_attribute(column, *value, None);
            }
            builder.close();
        }
        builder.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_elements_and_columns_their_attributes() {
        let table = Table::read("# made by hand\nos-id,class\nurn:a,x\n\"urn:b,c\",y\n").unwrap();
        let mut vocabulary = Vocabulary::default();
        for name in ["table", "row", "os-id", "class"] {
            vocabulary.intern("", name);
        }
        let tree = table.tree(&vocabulary);
        let rows: Vec<_> = tree.descendants(Tree::ROOT).filter(|&n| tree.local_name(n) == "row").collect();
        let seen: Vec<_> =
            rows.iter().map(|&r| (tree.attribute(r, "os-id").unwrap(), tree.attribute(r, "class").unwrap())).collect();
        assert_eq!(seen, [("urn:a", "x"), ("urn:b,c", "y")]);
    }

    #[test]
    fn a_short_row_is_told_with_its_line() {
        assert_eq!(Table::read("a,b\n1,2\n3\n").unwrap_err(), "line 3 has 1 values, the header has 2");
    }
}
