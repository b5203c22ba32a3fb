//! Tables: CSV files that expressions see as trees.

use crate::source::Span;
use crate::tree::{Builder, Tree, Vocabulary};

/// A table's text, read and checked.
#[derive(Debug, Clone)]
pub struct Table {
    text: String,
    columns: Vec<String>,
    /// Each row's place in the text and its values.
    rows: Vec<(Span, Vec<String>)>,
}

impl Table {
    /// Reads CSV with a header line; lines that start with `#` are comments.
    ///
    /// # Errors
    /// With a sentence that names the line, where a row has more or fewer values than the header.
    pub fn read(text: &str) -> Result<Table, String> {
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).trim(csv::Trim::All).from_reader(text.as_bytes());
        let words = |error: csv::Error| match error.kind() {
            csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
                let line = pos.as_ref().map_or(0, csv::Position::line);
                format!("line {line} has {len} values, the header has {expected_len}")
            }
            _ => error.to_string(),
        };
        let columns: Vec<String> = reader.headers().map_err(words)?.iter().map(str::to_owned).collect();
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(words)?;
            let start = record.position().map_or(0, |position| position.byte() as usize);
            rows.push((Span::at(start), record.iter().map(str::to_owned).collect()));
        }
        Ok(Table { text: text.to_owned(), columns, rows })
    }

    /// The table as a tree: a `row` for each line with the columns as attributes, below one element named `table`.
    pub fn tree<'t>(&'t self, vocabulary: &'t Vocabulary) -> Tree<'t> {
        let mut builder = Builder::new(&self.text, vocabulary, self.rows.len() + 1, self.rows.len() * self.columns.len());
        builder.open_made_up("table", Span::at(0), None);
        for (span, values) in &self.rows {
            builder.open_made_up("row", *span, None);
            for (column, value) in self.columns.iter().zip(values) {
                builder.made_up_attribute(column, *span, value);
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
