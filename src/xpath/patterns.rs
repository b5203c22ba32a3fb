//! Patterns that strings are tested against: globs, regular expressions and version ranges.

use std::cmp::Ordering;
use std::sync::OnceLock;

use globset::GlobBuilder;
use regex::bytes::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use super::check;
use super::functions::Function;

/// Largest compiled regular expression, in bytes; larger ones are refused, for the time a match takes grows with it. `\w{1,20}`
/// already takes a tenth, as `\w` means every letter of Unicode.
const MAX_REGEX: usize = 10 << 20;

/// Memory for the states that matching works out on the way.
const MAX_STATES: usize = 2 << 20;

/// A compiled pattern.
#[derive(Debug, Serialize, Deserialize)]
pub enum Pattern {
    // The first: serde counts variants that are skipped when it writes, and does not when it reads.
    /// A pattern that is compiled when it is first needed.
    Late(Late),
    /// A glob or a regular expression.
    #[serde(skip)]
    Regex(Regex),
    /// Version ranges, any of them.
    #[serde(skip)]
    Versions(Vec<Range>),
}

/// A pattern known to be right, not compiled yet: compiling takes longer than most other things at the start of a run.
#[derive(Debug, Serialize, Deserialize)]
pub struct Late {
    text: Box<str>,
    function: Function,
    #[serde(skip)]
    compiled: OnceLock<Option<Box<Pattern>>>,
}

impl Pattern {
    /// A pattern of somebody who has made sure that it compiles; otherwise nothing matches.
    pub(super) fn late(text: &str, function: Function) -> Pattern {
        Pattern::Late(Late { text: text.into(), function, compiled: OnceLock::new() })
    }

    /// Whether the empty text certainly does not match. Compiles nothing to find out.
    pub(super) fn needs_text(&self) -> bool {
        match self {
            Pattern::Late(late) => {
                late.compiled.get().is_some_and(|pattern| pattern.as_ref().is_none_or(|pattern| pattern.needs_text()))
            }
            _ => !self.is_match(""),
        }
    }

    /// `*` and `?` match any character, `/` included; `\` takes the next character literally.
    pub fn glob(text: &str) -> Result<Pattern, String> {
        let glob = GlobBuilder::new(text).literal_separator(false).backslash_escape(true).build();
        let glob = glob.map_err(|error| format!("`{text}` is not a glob: {}", error.kind()))?;
        // Matching through globset itself would take the text for a path, and `\` for `/` on Windows.
        Pattern::build(RegexBuilder::new(glob.regex()).dot_matches_new_line(true), text)
    }

    /// A regular expression of the `regex` crate, found anywhere in the text.
    pub fn regex(text: &str) -> Result<Pattern, String> {
        Pattern::build(&mut RegexBuilder::new(text), text)
    }

    fn build(builder: &mut RegexBuilder, text: &str) -> Result<Pattern, String> {
        match builder.size_limit(MAX_REGEX).dfa_size_limit(MAX_STATES).build() {
            Ok(regex) => Ok(Pattern::Regex(regex)),
            Err(regex::Error::CompiledTooBig(_)) => Err(format!("the pattern `{text}` grows too large")),
            Err(error) => {
                // The crate draws the place over several lines; the last one says what is wrong.
                let error = error.to_string();
                let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                Err(format!("`{text}` is not a regular expression: {reason}"))
            }
        }
    }

    /// Ranges of versions separated by commas: `7.6..7.9`, `..7.9`, `7.6..`, `>=8`, `<6.4`, `7.4`.
    pub fn versions(text: &str) -> Result<Pattern, String> {
        text.split(',').map(Range::parse).collect::<Result<_, _>>().map(Pattern::Versions)
    }

    /// Whether the text matches.
    pub fn is_match(&self, text: &str) -> bool {
        match self {
            Pattern::Regex(regex) => regex.is_match(text.as_bytes()),
            Pattern::Late(late) => {
                let compile = || check::pattern(late.function, &late.text)?.ok().map(Box::new);
                let pattern = late.compiled.get_or_init(compile);
                pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
            }
            Pattern::Versions(ranges) => version(text).is_some_and(|version| ranges.iter().any(|range| range.contains(&version))),
        }
    }
}

/// One range of versions.
#[derive(Debug)]
pub enum Range {
    /// Both ends belong to it, and so does whatever begins like the upper one: 7.9.1 is in `..7.9`.
    Between(Option<Vec<u64>>, Option<Vec<u64>>),
    /// Compared with one version; the orderings that count, and whether equality does.
    Compared(Ordering, bool, Vec<u64>),
}

impl Range {
    fn parse(text: &str) -> Result<Range, String> {
        let text = text.trim();
        let parse = |part: &str| {
            let part = part.trim();
            version(part).ok_or_else(|| format!("`{part}` is not a version: numbers separated by dots"))
        };
        let end = |part: &str| if part.trim().is_empty() { Ok(None) } else { parse(part).map(Some) };
        if let Some((from, to)) = text.split_once("..") {
            return Ok(Range::Between(end(from)?, end(to)?));
        }
        let operators = [
            (">=", Ordering::Greater, true),
            ("<=", Ordering::Less, true),
            (">", Ordering::Greater, false),
            ("<", Ordering::Less, false),
            ("=", Ordering::Equal, true),
        ];
        for (operator, ordering, equal) in operators {
            if let Some(rest) = text.strip_prefix(operator) {
                return Ok(Range::Compared(ordering, equal, parse(rest)?));
            }
        }
        Ok(Range::Compared(Ordering::Equal, true, parse(text)?))
    }

    fn contains(&self, version: &[u64]) -> bool {
        match self {
            Range::Between(from, to) => {
                let reaches = |from: &Vec<u64>| compare(version, from) != Ordering::Less;
                let stays = |to: &Vec<u64>| {
                    let beginning = version.get(..to.len()).unwrap_or(version);
                    compare(beginning, to) != Ordering::Greater
                };
                from.as_ref().is_none_or(reaches) && to.as_ref().is_none_or(stays)
            }
            Range::Compared(wanted, equal, other) => {
                let found = compare(version, other);
                found == *wanted || (*equal && found == Ordering::Equal)
            }
        }
    }
}

/// The numbers of a dotted version.
fn version(text: &str) -> Option<Vec<u64>> {
    let number = |part: &str| if part.bytes().all(|byte| byte.is_ascii_digit()) { part.parse().ok() } else { None };
    text.trim().split('.').map(number).collect()
}

/// Compares number by number; missing ones are 0.
fn compare(left: &[u64], right: &[u64]) -> Ordering {
    let number = |version: &[u64], at: usize| version.get(at).copied().unwrap_or(0);
    (0..left.len().max(right.len()))
        .map(|at| number(left, at).cmp(&number(right, at)))
        .find(|ordering| ordering.is_ne())
        .unwrap_or(Ordering::Equal)
}
