//! What makes a finding the same finding in the next run, when the lines around it have moved.

use std::path::Path;

use rustc_hash::FxHashMap;

use super::repository::Repository;
use crate::finding::Finding;
use crate::source::Source;

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
/// The base of the polynomial.
const BASE: u64 = 37;

/// The hashes of lines that GitHub's upload action works out for a file, and compares with what a report says: a polynomial over the
/// first hundred units from the line's start that are neither space nor tab, with every line end as a line feed, behind it how many
/// lines so far had the same.
pub(super) struct LineHashes(Vec<(u64, u32)>);

impl LineHashes {
    /// Of a file; none where its bytes are not its text, because the action reads files as UTF-8.
    pub(super) fn new(source: &Source) -> Option<LineHashes> {
        let text = source.text();
        let is_plain =
            !source.is_binary() && source.file_range(crate::source::Span::new(0, text.len())) == (0, text.len() as u32);
        is_plain.then(|| LineHashes::of(text))
    }

    /// The hash of a line, counted from 1.
    pub(super) fn line(&self, line: u32) -> Option<String> {
        let (hash, nth) = self.0.get((line as usize).checked_sub(1)?)?;
        Some(format!("{hash:x}:{nth}"))
    }

    fn of(text: &str) -> LineHashes {
        let mut units: Vec<u16> = Vec::with_capacity(text.len() + WINDOW + 1);
        let mut starts = Vec::new();
        let mut at_start = true;
        let mut after_cr = false;
        for unit in text.encode_utf16().chain([u16::MAX]) {
            let is_second_half = after_cr && unit == u16::from(b'\n');
            after_cr = unit == u16::from(b'\r');
            if is_second_half || unit == u16::from(b' ') || unit == u16::from(b'\t') {
                continue;
            }
            if std::mem::take(&mut at_start) {
                starts.push(units.len());
            }
            let unit = if after_cr { u16::from(b'\n') } else { unit };
            at_start = unit == u16::from(b'\n');
            units.push(unit);
        }
        units.resize(units.len() + WINDOW, 0);
        let leaving = (0..WINDOW).fold(1, |power: u64, _| power.wrapping_mul(BASE));
        let roll = |hash: u64, unit: u16| hash.wrapping_mul(BASE).wrapping_add(u64::from(unit));
        let mut hash = units.iter().take(WINDOW).fold(0, |hash, &unit| roll(hash, unit));
        let mut windows = units.iter().zip(units.iter().skip(WINDOW)).enumerate();
        let mut at = 0;
        let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
        let lines = starts.into_iter().map(|start| {
            for (index, (&left, &entered)) in windows.by_ref().take(start - at) {
                hash = roll(hash, entered).wrapping_sub(leaving.wrapping_mul(u64::from(left)));
                at = index + 1;
            }
            let count = counts.entry(hash).or_default();
            *count += 1;
            (hash, *count)
        });
        LineHashes(lines.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the upload action's own tests expect.
    #[test]
    fn lines_have_the_hashes_that_github_works_out() {
        let hashes = |text: &str| -> Vec<String> {
            let hashes = LineHashes::of(text);
            (1..).map_while(|line| hashes.line(line)).collect()
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
