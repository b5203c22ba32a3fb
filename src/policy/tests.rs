//! Named tests: what must hold of a found value, in words that know units and can say what is wrong.

use std::fmt;

use super::reader::Faults;
use super::schema::Fault;
use super::yaml::{Content, Node, Written};
use crate::xpath::{Pattern, unit};

/// The keys in a rule that are tests.
pub const NAMES: [&str; 9] = ["equals", "one-of", "glob", "matches", "at-least", "at-most", "multiple-of", "version-in", "count"];

/// The keys of `count`.
pub(crate) const COUNT_KEYS: [&str; 2] = ["at-least", "at-most"];

/// A number, with a unit where it is a size.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// The number, in bytes where there is a unit.
    number: f64,
    /// Whether a unit was given.
    is_size: bool,
    /// As the policy writes it.
    written: Written,
}

impl Quantity {
    /// Reads `710` or `128 MiB`; units are libvirt's.
    pub fn parse(text: &str) -> Option<Quantity> {
        let written = text.trim().to_owned();
        let split = written.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(written.len());
        let (number, name) = written.split_at(split);
        let number: f64 = number.parse().ok()?;
        let name = name.trim();
        let is_size = !name.is_empty();
        let factor = if is_size { unit(Some(name)) } else { Some(1.0) };
        factor.map(|factor| Quantity { number: number * factor, is_size, written: written.into() })
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// One test.
#[derive(Debug)]
pub enum Test {
    /// `equals`
    Equals(Written),
    /// `one-of`
    OneOf(Vec<Written>),
    /// `glob`
    Glob(Pattern, Written),
    /// `matches`
    Matches(Pattern, Written),
    /// `at-least`
    AtLeast(Quantity),
    /// `at-most`
    AtMost(Quantity),
    /// `multiple-of`
    MultipleOf(Quantity),
    /// `version-in`
    VersionIn(Pattern, Written),
    /// `count`: of all found nodes.
    Count {
        /// The fewest.
        at_least: usize,
        /// The most.
        at_most: usize,
    },
}

impl Test {
    /// Reads the test with this name.
    pub fn read(name: &str, node: &Node, faults: &mut Faults) -> Option<Test> {
        let what = format!("`{name}`");
        let quantity = |faults: &mut Faults| {
            let text = faults.text(node, &what)?;
            let quantity = Quantity::parse(&text.text);
            if quantity.is_none() {
                let fault = Fault::error(text.span, format!("`{}` is no number or size", text.text));
                faults.push(fault.help("Write a number, or a size with a unit: `128 MiB`.".to_owned()));
            }
            quantity
        };
        let pattern = |build: fn(&str) -> Result<Pattern, String>, faults: &mut Faults| {
            let text = faults.text(node, &what)?;
            match build(&text.text) {
                Ok(pattern) => Some((pattern, text.text)),
                Err(reason) => {
                    faults.error(&text.span, reason);
                    None
                }
            }
        };
        match name {
            "equals" => faults.text(node, &what).map(|text| Test::Equals(text.text)),
            "one-of" => Some(Test::OneOf(faults.texts(node, &what).into_iter().map(|text| text.text).collect())),
            "glob" => pattern(Pattern::glob, faults).map(|(pattern, text)| Test::Glob(pattern, text)),
            "matches" => pattern(Pattern::regex, faults).map(|(pattern, text)| Test::Matches(pattern, text)),
            "version-in" => pattern(Pattern::versions, faults).map(|(pattern, text)| Test::VersionIn(pattern, text)),
            "at-least" => quantity(faults).map(Test::AtLeast),
            "at-most" => quantity(faults).map(Test::AtMost),
            "multiple-of" => quantity(faults).map(Test::MultipleOf),
            "count" => read_count(node, faults),
            _ => None,
        }
    }

    /// What is wrong with a value; nothing if the test holds.
    pub fn violation(&self, value: &str, sizes: Sizes<'_>) -> Option<String> {
        let value = value.trim();
        let number = |quantity: &Quantity| {
            let number: f64 = value.parse().unwrap_or(f64::NAN);
            let factor = match sizes {
                Sizes::Libvirt(own) if quantity.is_size => unit(own).unwrap_or(f64::NAN),
                _ => 1.0,
            };
            number * factor
        };
        let shown = |quantity: &Quantity| match sizes {
            Sizes::Libvirt(Some(unit)) => format!("{value} {unit}"),
            Sizes::Libvirt(None) if quantity.is_size => format!("{value} KiB"),
            Sizes::Bytes if quantity.is_size => bytes(value),
            Sizes::Libvirt(None) | Sizes::Bytes => value.to_owned(),
        };
        match self {
            Test::Equals(wanted) => (value != wanted).then(|| format!("`{value}` is not `{wanted}`")),
            Test::OneOf(wanted) => (!wanted.iter().any(|w| w == value)).then(|| {
                let words: Vec<String> = wanted.iter().map(|w| format!("`{w}`")).collect();
                format!("`{value}` is none of {}", words.join(", "))
            }),
            Test::Glob(pattern, text) | Test::Matches(pattern, text) => {
                (!pattern.is_match(value)).then(|| format!("`{value}` does not match `{text}`"))
            }
            Test::AtLeast(q) => (number(q) < q.number).then(|| format!("{} is less than {q}", shown(q))),
            Test::AtMost(q) => (number(q) > q.number).then(|| format!("{} is more than {q}", shown(q))),
            // A value that is no number is a remainder that is none: it violates nothing.
            Test::MultipleOf(q) => {
                (number(q) % q.number).abs().gt(&0.0).then(|| format!("{} is not a multiple of {q}", shown(q)))
            }
            Test::VersionIn(pattern, range) => {
                (!pattern.is_match(value)).then(|| format!("version {value} is not within {range}"))
            }
            Test::Count { .. } => None,
        }
    }
}

/// What a number that is a size counts.
#[derive(Debug, Clone, Copy)]
pub enum Sizes<'u> {
    /// libvirt's: the element's own `unit`, KiB where it has none.
    Libvirt(Option<&'u str>),
    /// Hyper-V's tree: bytes.
    Bytes,
}

/// Bytes in the largest unit that divides them.
fn bytes(value: &str) -> String {
    let Ok(number) = value.parse::<u64>() else { return value.to_owned() };
    let units = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match units.iter().find(|(_, bits)| number > 0 && number.trailing_zeros() >= *bits) {
        Some((unit, bits)) => format!("{} {unit}", number >> bits),
        None => format!("{number} bytes"),
    }
}

fn read_count(node: &Node, faults: &mut Faults) -> Option<Test> {
    let Content::Map(_) = node.content else {
        let exactly = whole_number(node, faults)?;
        return Some(Test::Count { at_least: exactly, at_most: exactly });
    };
    let fields = faults.fields(node, "`count`", &COUNT_KEYS);
    let mut bound = |key: &str, default: usize| fields.get(key).map_or(Some(default), |node| whole_number(node, faults));
    Some(Test::Count { at_least: bound("at-least", 0)?, at_most: bound("at-most", usize::MAX)? })
}

fn whole_number(node: &Node, faults: &mut Faults) -> Option<usize> {
    let text = faults.text(node, "a count")?;
    let number = text.text.parse().ok();
    if number.is_none() {
        faults.error(&text.span, format!("`{}` is no whole number", text.text));
    }
    number
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn sizes_are_compared_in_bytes_and_told_in_units() {
        let at_least = Test::AtLeast(Quantity::parse("512 MiB").unwrap());
        let multiple = Test::MultipleOf(Quantity::parse("128 MiB").unwrap());
        for (test, value, sizes, said) in [
            (&at_least, "268435456", Sizes::Bytes, Some("256 MiB is less than 512 MiB")),
            (&at_least, "536870912", Sizes::Bytes, None),
            (&at_least, "268435456", Sizes::Libvirt(None), None),
            (&at_least, "262144", Sizes::Libvirt(None), Some("262144 KiB is less than 512 MiB")),
            (&at_least, "1", Sizes::Libvirt(Some("GiB")), None),
            (&multiple, "1073741825", Sizes::Bytes, Some("1073741825 bytes is not a multiple of 128 MiB")),
            (&multiple, "1048576", Sizes::Bytes, Some("1 MiB is not a multiple of 128 MiB")),
            (&multiple, "much", Sizes::Bytes, None),
        ] {
            assert_eq!(test.violation(value, sizes).as_deref(), said, "{value} {sizes:?}");
        }
    }
}
