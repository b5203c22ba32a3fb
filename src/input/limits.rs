//! Every limit on what is read, each with its reason. Beyond one of them a file is refused with a finding; the rest of the run goes on.
//! What a user may have honest reasons to change is in [`Limits`]; the rest is fixed.

use std::str::FromStr;

use super::xml::Malformed;
use crate::source::Span;
use crate::suggest;

/// Bytes of one file where nobody says anything else. The largest honest definition seen is under 2 MB.
pub const FILE_BYTES: u64 = 64 << 20;

/// The limits that a configuration or an option can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file.
    pub file_size: u64,
    /// Elements in one another.
    pub depth: usize,
    /// Nodes of one document: elements, texts, comments and instructions.
    pub nodes: u32,
    /// Attributes and namespace declarations of one start tag.
    pub attributes: usize,
    /// Findings of one file that are reported.
    pub findings: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            file_size: FILE_BYTES,
            // What libxml2 takes at the most; libvirt lets it read 256.
            depth: 2048,
            // A million disks with their white space are two million.
            nodes: 8_000_000,
            // libvirt's longest tag has under 20; the XML parser compares them pairwise, so that 100,000 take it a quarter of a minute.
            attributes: 512,
            // Nobody reads more, and each takes a kilobyte.
            findings: 10_000,
        }
    }
}

/// One limit that can be changed.
#[derive(Debug)]
pub struct Key {
    /// Its name in configuration and options.
    pub name: &'static str,
    /// The least and the most that it can be set to.
    pub range: (u64, u64),
    is_size: bool,
    value: fn(&Limits) -> u64,
    set: fn(&mut Limits, u64),
}

/// The limits that can be changed. Their largest values are what offsets and numbers of 32 bits hold, with a byte becoming up to three
/// when it is decoded, and what keeps a run from taking hours.
pub static KEYS: [Key; 5] = [
    Key {
        name: "file-size",
        range: (1, 1 << 30),
        is_size: true,
        value: |limits| limits.file_size,
        set: |limits, value| limits.file_size = value,
    },
    Key {
        name: "depth",
        range: (1, 100_000),
        is_size: false,
        value: |limits| limits.depth as u64,
        set: |limits, value| limits.depth = value as usize,
    },
    Key {
        name: "nodes",
        range: (1, 1_000_000_000),
        is_size: false,
        value: |limits| u64::from(limits.nodes),
        set: |limits, value| limits.nodes = value as u32,
    },
    Key {
        name: "attributes",
        range: (1, 65_535),
        is_size: false,
        value: |limits| limits.attributes as u64,
        set: |limits, value| limits.attributes = value as usize,
    },
    Key {
        name: "findings",
        range: (1, 1_000_000_000),
        is_size: false,
        value: |limits| limits.findings as u64,
        set: |limits, value| limits.findings = value as usize,
    },
];

impl Key {
    /// The value that a text gives: a number, for a size with a unit if there is one.
    ///
    /// # Errors
    /// Why it cannot be used, and what to write instead.
    pub fn read(&self, text: &str) -> Result<u64, (String, String)> {
        let (least, most) = self.range;
        let help = match self.is_size {
            true => format!("Write a size such as `128 MiB`, {} at the most.", size(most)),
            false => format!("Write a whole number from {least} to {most}."),
        };
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let number: Option<u64> = number.parse().ok();
        let factor = if self.is_size { unit_of(unit.trim()) } else { unit.is_empty().then_some(1) };
        match (number, factor) {
            (Some(number), Some(factor)) => match number.checked_mul(factor) {
                Some(value) if (least..=most).contains(&value) => Ok(value),
                Some(value) if value < least => Err((format!("`{text}` is too small for `{}`", self.name), help)),
                _ => Err((format!("`{text}` is more than `{}` can be", self.name), help)),
            },
            _ if self.is_size => Err((format!("`{text}` is no size"), help)),
            _ => Err((format!("`{text}` is no whole number"), help)),
        }
    }

    /// Its value, as people write it.
    pub fn shown(&self, limits: &Limits) -> String {
        let value = (self.value)(limits);
        if self.is_size { size(value) } else { value.to_string() }
    }
}

/// A limit with the value that somebody gave it.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Which.
    pub key: &'static Key,
    /// Its value.
    pub value: u64,
}

/// As an option gives it: `file-size=128MiB`.
impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Setting, String> {
        let Some((name, value)) = text.split_once('=') else {
            return Err("a name and a value are expected, `file-size=128MiB`".to_owned());
        };
        let Some(key) = KEYS.iter().find(|key| key.name == name) else {
            let names = KEYS.iter().map(|key| key.name);
            let near = suggest::nearest(name, names.clone()).map(|near| format!("did you mean `{near}`?"));
            let all = || format!("there are {}", names.collect::<Vec<_>>().join(", "));
            return Err(format!("there is no limit `{name}`; {}", near.unwrap_or_else(all)));
        };
        let value = key.read(value).map_err(|(message, help)| format!("{message}. {help}"))?;
        Ok(Setting { key, value })
    }
}

/// How many bytes a unit stands for. `M` is what ripgrep means by it.
fn unit_of(name: &str) -> Option<u64> {
    Some(match name.to_ascii_lowercase().as_str() {
        "" | "b" | "byte" | "bytes" => 1,
        "k" | "kib" => 1 << 10,
        "kb" => 1_000,
        "m" | "mib" => 1 << 20,
        "mb" => 1_000_000,
        "g" | "gib" => 1 << 30,
        "gb" => 1_000_000_000,
        _ => return None,
    })
}

impl Limits {
    /// The usual limits but for these settings, of which the last decides.
    pub fn with<'s>(settings: impl IntoIterator<Item = &'s Setting>) -> Limits {
        let mut limits = Limits::default();
        settings.into_iter().for_each(|setting| (setting.key.set)(&mut limits, setting.value));
        limits
    }

    /// Nesting of keys in an export.
    pub fn key_depth(&self) -> usize {
        self.depth.min(KEY_DEPTH)
    }

    /// How many keys a text of this many bytes may hold. Real exports take 40 bytes and more for a value; at 150 bytes of memory for
    /// a key this keeps memory under 16 times the file and 64 MiB.
    pub fn keys(&self, text: usize) -> usize {
        (400_000 + text / 12).min(self.nodes as usize)
    }
}

/// The refusal of a file that is larger than it may be.
pub fn too_large(limits: &Limits) -> Malformed {
    let help = "Name the definition itself, not a disk image or a log. `limits.file-size` in vmlint.yaml allows more.";
    Malformed::new(Span::at(0), format!("the file is larger than {}", size(limits.file_size))).help(help)
}

/// A number of bytes as people write it, in the largest unit that needs no fraction.
pub fn size(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.iter().find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit)) {
        Some((unit, name)) => format!("{} {name}", bytes / unit),
        None => format!("{bytes} bytes"),
    }
}

/// Steps that the XML parser may take over namespaces, each a comparison of two prefixes: half a second. Real documents declare two or
/// three of them in all.
pub const NAMESPACE_WORK: u64 = 200_000_000;

/// Root elements of one file, each of which is parsed by itself. Whoever has a hundred thousand machines has as many files.
pub const ROOTS: usize = 1_000_000;

/// Bytes of one argument for QEMU that is taken apart. Linux hands no longer one to a program.
pub const ARGUMENT_BYTES: usize = 128 << 10;

/// Characters of a name that is repeated for many findings: a machine's, a step's of a path. File systems and libvirt's own take 255.
pub const NAME: usize = 255;

/// Bytes of the path to an element from which on its beginning is left out. Real ones stay under 200; the thousands of findings that a
/// file may have each name a path or two.
pub const PATH: usize = 2048;

/// How much the keys and values in the arguments for QEMU in a text of this many bytes may take, each pair its key and twelve bytes.
/// Real ones take less than their text; the keys of nested JSON are joined, so that they could take a thousand times as much.
pub fn pairs(text: usize) -> usize {
    (16 << 20) + 2 * text
}

/// Globs over rules in the suppressions of one document. A person writes a few; each takes time and memory to compile.
pub const GLOBS_PER_FILE: usize = 256;

/// Unknown ids in the suppressions of one document for which the nearest known one is looked for, each in a third of a millisecond.
pub const NEAREST_PER_FILE: usize = 64;

/// Nesting of keys in an export. PowerShell writes at most 100 levels, each a property or an item of one; a bound lets readers of
/// keys walk them by recursion.
pub const KEY_DEPTH: usize = 256;

/// Bytes of a key's path that is shown. Real ones stay under 200; a bound keeps a list of all values in proportion to the file.
pub const KEY_PATH: usize = 1024;

/// How many bytes the lines made from a binary file of this many bytes may take. Real files need a third of their own size; a
/// path is repeated for each value below it, so that a file could ask for a thousand times its size.
pub fn lines(file: usize) -> usize {
    (16 << 20) + 4 * file
}

/// How many bytes of type names the references of a CLIXML text of this many bytes may stand for. In real files they take about
/// as much as the references themselves.
pub fn type_names(text: usize) -> usize {
    (1 << 20) + 4 * text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_and_numbers_have_none() {
        let [file_size, depth, ..] = &KEYS;
        for (text, bytes) in [("1", 1), ("64 MiB", 64 << 20), ("2M", 2 << 20), ("10 kB", 10_000), ("1GiB", 1 << 30)] {
            assert_eq!(file_size.read(text), Ok(bytes), "{text}");
        }
        for (text, message) in [
            ("2 GiB", "`2 GiB` is more than `file-size` can be"),
            ("99999999999999999999", "`99999999999999999999` is no size"),
            ("18446744073709551615 GiB", "`18446744073709551615 GiB` is more than `file-size` can be"),
            ("0", "`0` is too small for `file-size`"),
            ("-1", "`-1` is no size"),
            ("1.5 MiB", "`1.5 MiB` is no size"),
            ("5 lines", "`5 lines` is no size"),
            ("", "`` is no size"),
        ] {
            let help = "Write a size such as `128 MiB`, 1 GiB at the most.".to_owned();
            assert_eq!(file_size.read(text), Err((message.to_owned(), help)), "{text}");
        }
        assert_eq!(depth.read("1000"), Ok(1000));
        assert_eq!(depth.read("5 MiB").unwrap_err().0, "`5 MiB` is no whole number");
    }

    #[test]
    fn an_option_names_a_limit_and_its_value() {
        let refused = |text: &str| text.parse::<Setting>().map(|_| ()).unwrap_err();
        assert_eq!("nodes=5".parse::<Setting>().map(|setting| (setting.key.name, setting.value)), Ok(("nodes", 5)));
        assert_eq!(refused("nodes"), "a name and a value are expected, `file-size=128MiB`");
        assert_eq!(refused("node=5"), "there is no limit `node`; did you mean `nodes`?");
        assert_eq!(refused("speed=5"), "there is no limit `speed`; there are file-size, depth, nodes, attributes, findings");
        assert_eq!(refused("depth=x"), "`x` is no whole number. Write a whole number from 1 to 100000.");
    }

    #[test]
    fn every_limit_can_be_set_and_shown() {
        for key in &KEYS {
            let before = key.shown(&Limits::default());
            let value = key.read(&key.range.1.to_string()).unwrap();
            let limits = Limits::with(&[Setting { key, value }]);
            assert_ne!(key.shown(&limits), before, "{}", key.name);
            assert_eq!(key.read(&key.shown(&limits)), Ok(value), "{}", key.name);
            assert_eq!(KEYS.iter().filter(|other| (other.value)(&limits) != (other.value)(&Limits::default())).count(), 1);
        }
    }

    #[test]
    fn sizes_are_shown_in_the_largest_unit_that_fits() {
        let shown = [0, 1000, 1024, 1536, 64 << 20, (64 << 20) + 1, 1 << 30].map(size);
        assert_eq!(shown, ["0 bytes", "1000 bytes", "1 KiB", "1536 bytes", "64 MiB", "67108865 bytes", "1 GiB"]);
    }
}
