//! What makes a finding the same finding in the next run, when the lines around it have moved.

use std::path::Path;

use rustc_hash::{FxHashMap, FxHashSet};

use super::repository::Repository;
use crate::finding::Finding;
use crate::source::{Source, Span};

/// Fingerprints of the findings of one file: made of the file, the rule, the host and what the finding is about, and of no line.
/// No two of a report are alike.
pub(super) struct Fingerprints {
    path: String,
    seen: FxHashMap<u128, u32>,
}

impl Fingerprints {
    pub(super) fn new(path: &Path, repository: &Repository) -> Fingerprints {
        Fingerprints { path: repository.uri(path).0, seen: FxHashMap::default() }
    }

    /// The fingerprint of the next finding: 32 digits, and which one it is if the same was there before.
    pub(super) fn next(&mut self, finding: &Finding) -> String {
        let host = finding.host.as_deref().unwrap_or_default();
        let identity = &finding.identity;
        let vm = identity.vm.as_deref().or(finding.vm.as_deref()).unwrap_or_default();
        let hash = fnv(&[&self.path, &finding.rule, host, vm, &identity.at]);
        let seen = self.seen.entry(hash).or_default();
        *seen += 1;
        match *seen {
            1 => format!("{hash:032x}"),
            nth => format!("{hash:032x}:{nth}"),
        }
    }
}

/// FNV-1a of 128 bits over texts, each with an end that no text holds.
fn fnv(texts: &[&str]) -> u128 {
    let bytes = texts.iter().flat_map(|text| text.bytes().chain([0xFF]));
    bytes.fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    })
}

/// The non-blank UTF-16 units that a line's hash is made of.
const WINDOW: usize = 100;
/// Lines of a longer text have no hash: nothing shows such a file, and one of blank lines would cost a hash for each.
const MAX_TEXT: usize = 4 << 20;
/// The base of the polynomial.
const BASE: u64 = 37;

/// The hashes of lines that GitHub's upload action works out for a file, and compares with what a report says: a polynomial over the
/// first hundred units from the line's start that are neither space nor tab, with every line end as a line feed, behind it how many
/// lines so far had the same.
pub(super) struct LineHashes(FxHashMap<usize, (u64, u32)>);

impl LineHashes {
    /// Of some lines of a file, counted from 0; of none where its bytes are not its text, because the action reads files as UTF-8.
    pub(super) fn new(source: &Source, lines: impl Iterator<Item = usize>) -> LineHashes {
        let text = source.text();
        let is_plain = !source.is_binary()
            && text.len() <= MAX_TEXT
            && source.file_range(Span::new(0, text.len())) == (0, text.len() as u32);
        if is_plain { LineHashes::of(text, lines) } else { LineHashes(FxHashMap::default()) }
    }

    /// The hash of a line, counted from 0.
    pub(super) fn line(&self, line: usize) -> Option<String> {
        self.0.get(&line).map(|(hash, nth)| format!("{hash:x}:{nth}"))
    }

    fn of(text: &str, lines: impl Iterator<Item = usize>) -> LineHashes {
        let mut stripped = Vec::with_capacity(text.len());
        let mut after_cr = false;
        for byte in text.bytes() {
            match byte {
                b' ' | b'\t' => {}
                b'\n' if after_cr => {}
                b'\r' => stripped.push(b'\n'),
                _ => stripped.push(byte),
            }
            after_cr = byte == b'\r';
        }
        // Nothing but whole characters was left out.
        let stripped = std::str::from_utf8(&stripped).unwrap_or_default();
        let starts: Vec<usize> =
            std::iter::once(0).chain(memchr::memchr_iter(b'\n', stripped.as_bytes()).map(|at| at + 1)).collect();
        // Most lines begin like none that is asked for, and need no hash to be told apart from it.
        let beginning = |start: usize| {
            let bytes = stripped.as_bytes().get(start..).unwrap_or_default().iter().take(8);
            bytes.fold(0, |all: u64, &byte| all << 8 | u64::from(byte))
        };
        let mut hashes: FxHashMap<usize, (u64, u32)> = lines.map(|line| (line, (0, 0))).collect();
        let known: FxHashSet<u64> = hashes.keys().filter_map(|&line| Some(beginning(*starts.get(line)?))).collect();
        let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
        for (line, &start) in starts.iter().enumerate().filter(|(_, start)| known.contains(&beginning(**start))) {
            // Behind the text come an end of file and zeros.
            let units = stripped.get(start..).unwrap_or_default().encode_utf16().chain([u16::MAX]).chain(std::iter::repeat(0));
            let hash = units.take(WINDOW).fold(0, |hash: u64, unit| hash.wrapping_mul(BASE).wrapping_add(u64::from(unit)));
            let count = counts.entry(hash).or_default();
            *count += 1;
            if let Some(wanted) = hashes.get_mut(&line) {
                *wanted = (hash, *count);
            }
        }
        LineHashes(hashes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the upload action's own tests expect.
    #[test]
    fn lines_have_the_hashes_that_github_works_out() {
        let hashes = |text: &str| -> Vec<String> {
            let lines = Source::utf8("x", text.to_owned(), 0).line_count();
            // One line asked for alone has the hash that it has among all.
            (0..lines).map(|line| LineHashes::of(text, [line].into_iter()).line(line).unwrap()).collect()
        };
        assert_eq!(hashes(""), ["c129715d7a2bc9a3:1"]);
        let four = ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"];
        assert_eq!(hashes(" a\nb\n  \t\tc\n d"), four);
        let seven = [
            "e9496ae3ebfced30:1",
            "fb7c023a8b9ccb3f:1",
            "ce8ba1a563dcdaca:1",
            "e20e36e16fcb0cc8:1",
            "b3edc88f2938467e:1",
            "c8e28b0b4002a3a0:1",
            "c129715d7a2bc9a3:1",
        ];
        for ends in [["\n"; 5], ["\r"; 5], ["\r\n"; 5], ["\r\n", "\n", "\r", "\r", "\r\n"]] {
            let [a, b, c, d, e] = ends;
            assert_eq!(hashes(&format!(" hello; \t\nworld!!!{a}{b}{c}  \t\tGreetings{d} End{e}")), seven);
        }
        let repeated = hashes(&"Lorem ipsum dolor sit amet.\n".repeat(10));
        assert_eq!(repeated[..2], ["a7f2ff13bc495cf2:1", "a7f2ff13bc495cf2:2"]);
        assert_eq!(
            repeated[6..],
            ["a7f2ff1481e87703:1", "a9cf91f7bbf1862b:1", "55ec222b86bcae53:1", "cc97dc7b1d7d8f7b:1", "c129715d7a2bc9a3:1"]
        );
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv(&[]), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_ne!(fnv(&["ab", "c"]), fnv(&["a", "bc"]));
    }
}
