//! `vmlint: ignore[rhel-8/tcg] until=2027-03-31 owner="web team" reason: nested lab`, as comments say it.

use std::ops::Range;

use super::directive::{Directive, Fault, Item};
use crate::date::Date;
use crate::engine::quote;
use crate::suggest;

/// How a suppression is written.
const FORM: &str =
    "Write `<!-- vmlint: ignore[rhel-8/tcg] until=2027-03-31 reason: nested lab -->`; `until=` and `owner=` may be left out.";

const KEYS: [&str; 3] = ["until", "owner", "reason"];

/// What a comment tells vmlint, given its content: one directive for each line that begins with `vmlint:`. Ranges are those of the content.
pub fn directives(comment: &str) -> Vec<Result<Directive, Fault>> {
    let lines = comment.match_indices(['\n', '\r']).map(|(at, _)| at + 1);
    let begins = |at: usize| {
        let rest = comment.get(at..).unwrap_or_default();
        at + (rest.len() - rest.trim_start_matches([' ', '\t', '\u{a0}', '\u{feff}']).len())
    };
    let starts: Vec<usize> = std::iter::once(0).chain(lines).map(begins).filter(|&at| speaks(comment, at)).collect();
    let ends = starts.iter().skip(1).copied().chain([comment.len()]);
    let mut told: Vec<(usize, Result<Directive, Fault>)> = starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| {
            let mut scan = Scan { text: comment.get(..end).unwrap_or(comment), at: start };
            (start, scan.directive())
        })
        .collect();
    let misplaced = comment.match_indices("vmlint:").filter(|(at, word)| {
        let behind = comment.get(at + word.len()..).unwrap_or_default().trim_start();
        starts.binary_search(at).is_err() && behind.strip_prefix("ignore").is_some_and(|rest| rest.trim_start().starts_with('['))
    });
    told.extend(misplaced.map(|(at, word)| {
        let message = "`vmlint:` stands behind other words";
        (at, Err(Fault::new(at..at + word.len(), message, "Begin the comment or a line of it with `vmlint:`.")))
    }));
    told.sort_by_key(|(at, _)| *at);
    told.into_iter().map(|(_, told)| told).collect()
}

/// Whether the line that begins here speaks to vmlint: with its name and a colon, or with a suppression that only lacks the colon.
fn speaks(comment: &str, at: usize) -> bool {
    let Some(rest) = comment.get(at..).and_then(|rest| rest.strip_prefix("vmlint")) else { return false };
    if rest.trim_start_matches([' ', '\t']).starts_with(':') {
        return true;
    }
    let rest = rest.trim_start_matches([' ', '\t', '-', '_', '=', '.']);
    let word = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let behind = rest.get(word.len()..).unwrap_or_default().trim_start();
    let names_a_rule = || behind.split_whitespace().next().is_some_and(|next| next.contains('/'));
    suggest::nearest(word, ["ignore"]).is_some() && (behind.starts_with(['[', '(', '{', ':', '=']) || names_a_rule())
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scan<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Takes what is there if it is this, white space before it left out.
    fn take(&mut self, wanted: &[char]) -> bool {
        self.skip_space();
        let found = self.rest().chars().next().filter(|c| wanted.contains(c));
        self.at += found.map_or(0, char::len_utf8);
        found.is_some()
    }

    /// A word of letters, digits and dashes, which may be empty.
    fn word(&mut self) -> (&'t str, Range<usize>) {
        self.skip_space();
        let rest = self.rest();
        let word = rest.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_')).next().unwrap_or_default();
        let range = self.at..self.at + word.len();
        self.at = range.end;
        (word, range)
    }

    /// All up to the next white space.
    fn token(&mut self) -> (&'t str, Range<usize>) {
        self.skip_space();
        let token = self.rest().split_whitespace().next().unwrap_or_default();
        let range = self.at..self.at + token.len();
        self.at = range.end;
        (token, range)
    }

    /// The place of the next word, or of the end.
    fn here(&mut self) -> Range<usize> {
        let at = self.at;
        let (_, range) = self.token();
        self.at = at;
        range
    }

    fn directive(&mut self) -> Result<Directive, Fault> {
        let start = self.at;
        self.at += "vmlint".len();
        if !self.take(&[':']) {
            return Err(Fault::new(start..start + "vmlint".len(), "the colon behind `vmlint` is missing", FORM));
        }
        let (word, range) = self.word();
        if word != "ignore" {
            let (_, range) = if word.is_empty() { self.token() } else { (word, range) };
            let word = self.text.get(range.clone()).unwrap_or_default();
            let message = match word {
                "" => "there is nothing behind `vmlint:`".to_owned(),
                word => format!("`{}` is no word that vmlint knows in a comment", quote(word)),
            };
            let near = suggest::nearest(word, ["ignore"]).map(|near| format!("Did you mean `{near}`?"));
            return Err(Fault::new(range, message, near.as_deref().unwrap_or(FORM)));
        }
        let rules = self.rules()?;
        let mut directive = Directive::new(rules);
        loop {
            let (key, range) = self.word();
            if key.is_empty() && self.rest().is_empty() {
                break;
            }
            if key.is_empty() || !self.take(&['=', ':']) {
                self.at = range.start;
                let (token, range) = self.token();
                let help = format!("Behind the bracket follow `until=`, `owner=` and at the end `reason:`. {FORM}");
                return Err(Fault::new(range, format!("`{}` is not understood", quote(token)), &help));
            }
            self.key(key, range, &mut directive)?;
        }
        directive.range = start..start + self.text.get(start..).unwrap_or_default().trim_end().len();
        Ok(directive)
    }

    /// `[rhel-8/tcg, */spice]`. Globs have brackets of their own.
    fn rules(&mut self) -> Result<Vec<Item>, Fault> {
        if !self.take(&['[']) {
            return Err(Fault::new(self.here(), "the rules are missing behind `ignore`", FORM));
        }
        let open = self.at - 1;
        let mut depth = 0_usize;
        let mut items = Vec::new();
        let mut start = self.at;
        for (offset, c) in self.rest().char_indices() {
            let at = self.at + offset;
            match c {
                ']' | ',' if depth == 0 => {
                    items.push(item(self.text, start..at)?);
                    start = at + 1;
                    if c == ']' {
                        self.at = start;
                        return Ok(items);
                    }
                }
                '[' | '{' => depth += 1,
                ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        Err(Fault::new(open..open + 1, "the bracket behind `ignore` is never closed", FORM))
    }

    fn key(&mut self, key: &str, range: Range<usize>, directive: &mut Directive) -> Result<(), Fault> {
        let twice = match key {
            "until" => directive.until.is_some(),
            "owner" => directive.owner.is_some(),
            "reason" => directive.reason.is_some(),
            _ => {
                let near = suggest::nearest(key, KEYS).map(|near| format!("Did you mean `{near}`?"));
                return Err(Fault::new(range, format!("`{}` is not understood", quote(key)), near.as_deref().unwrap_or(FORM)));
            }
        };
        if twice {
            return Err(Fault::new(range, format!("`{key}` is said twice"), "Keep one of them."));
        }
        if key == "reason" {
            directive.reason = Some(self.reason()?);
            return Ok(());
        }
        let (value, range) = match self.quoted() {
            Some(quoted) => quoted,
            None => self.token(),
        };
        match key {
            "until" => directive.until = Some(date(value, range)?),
            _ if value.trim().is_empty() => return Err(Fault::new(range, "the owner has no name", FORM)),
            _ => directive.owner = Some(on_one_line(value)),
        }
        Ok(())
    }

    /// A text in quotes behind which another key or nothing follows.
    fn quoted(&mut self) -> Option<(&'t str, Range<usize>)> {
        self.skip_space();
        let quote = self.rest().chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let start = self.at + 1;
        let value = self.text.get(start..)?.split_once(quote)?.0;
        let end = start + value.len();
        let behind = self.text.get(end + 1..).unwrap_or_default();
        let ends = behind.trim_start().is_empty() || (behind.starts_with(char::is_whitespace) && is_key(behind.trim_start()));
        ends.then(|| {
            self.at = end + 1;
            (value, start..end)
        })
    }

    /// A quoted reason, or all that is left.
    fn reason(&mut self) -> Result<String, Fault> {
        if let Some((reason, _)) = self.quoted() {
            return Ok(on_one_line(reason));
        }
        self.skip_space();
        let (start, rest) = (self.at, self.rest());
        // A date that nobody heeds would be worse than none.
        let misplaced = |token: &&str| token.split_once('=').is_some_and(|(key, _)| KEYS.contains(&key));
        if let Some(token) = rest.split_whitespace().find(misplaced) {
            let at = start + (token.as_ptr() as usize - rest.as_ptr() as usize);
            let key = token.split('=').next().unwrap_or_default();
            let message = format!("`{key}=` stands in the reason and would not be heeded");
            return Err(Fault::new(at..at + key.len(), message, "Write it before the reason, or put the reason into quotes."));
        }
        self.at = start + rest.len();
        Ok(on_one_line(rest))
    }
}

/// Whether a key and its sign begin here.
fn is_key(text: &str) -> bool {
    KEYS.iter().any(|key| text.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(['=', ':'])))
}

/// The id or glob that a piece of a list is.
pub fn item(text: &str, range: Range<usize>) -> Result<Item, Fault> {
    let piece = text.get(range.clone()).unwrap_or_default();
    let trimmed = piece.trim();
    let start = range.start + (piece.len() - piece.trim_start().len());
    let range = start..start + trimmed.len();
    if trimmed.is_empty() {
        return Err(Fault::new(
            range,
            "a rule is missing in the list",
            "Name rules by their ids, `rhel-8/tcg`, or by globs over them.",
        ));
    }
    if trimmed.contains(char::is_whitespace) {
        let help = "Put commas between ids, and close the list before `until=`, `owner=` and `reason:`.";
        return Err(Fault::new(range, "a rule's id has no blanks", help));
    }
    Item::new(trimmed, range)
}

/// The date that a text is.
pub fn date(text: &str, range: Range<usize>) -> Result<Date, Fault> {
    let help = "Write year, month and day, `2027-03-31`: the last day on which the suppression holds.";
    text.trim().parse().map_err(|()| match text.trim() {
        "" => Fault::new(range, "the date is missing", help),
        text => Fault::new(range, format!("`{}` is no date", quote(text)), help),
    })
}

/// Words without the line breaks between them.
pub fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
