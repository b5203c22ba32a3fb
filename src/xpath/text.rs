//! Strings and numbers as section 4 of the recommendation has them.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

/// White space of XML, which is less than Unicode's.
pub(super) const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// The number a string stands for: digits with at most one point and a minus in front, or NaN. No exponent, no plus.
pub(super) fn to_number(text: &str) -> f64 {
    let text = text.trim_matches(SPACE);
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let well_formed = match unsigned.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction) && unsigned.len() > 1,
        None => digits(unsigned) && !unsigned.is_empty(),
    };
    if well_formed { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}

/// The shortest decimal that stands for the number, never with an exponent.
pub(super) fn from_number(number: f64) -> Cow<'static, str> {
    if number.is_nan() {
        Cow::Borrowed("NaN")
    } else if number.is_infinite() {
        Cow::Borrowed(if number > 0.0 { "Infinity" } else { "-Infinity" })
    } else if number == 0.0 {
        Cow::Borrowed("0")
    } else {
        Cow::Owned(number.to_string())
    }
}

/// The nearest integer, the larger one of two equally near, minus zero kept.
pub(super) fn round(number: f64) -> f64 {
    let below = number.floor();
    // Adding a half before `floor` would be wrong for 0.49999999999999994.
    let rounded = if number - below >= 0.5 { below + 1.0 } else { below };
    if rounded == 0.0 { rounded.copysign(number) } else { rounded }
}

/// The characters whose position, from 1, is at least `start` and, with a length, below `start` + `length`, both rounded.
pub(super) fn substring(text: &str, start: f64, length: Option<f64>) -> &str {
    let first = round(start);
    let end = length.map_or(f64::INFINITY, |length| first + round(length));
    let mut characters =
        (1u32..).zip(text.char_indices()).map(|(position, (at, c))| (f64::from(position), at, at + c.len_utf8()));
    let Some((_, from, first_end)) = characters.by_ref().find(|&(position, ..)| position >= first && position < end) else {
        return "";
    };
    let to = characters.take_while(|&(position, ..)| position < end).last().map_or(first_end, |(.., to)| to);
    text.get(from..to).unwrap_or_default()
}

/// Characters of `from` replaced by those of `to` at the same place, or dropped where `to` is shorter.
pub(super) fn translate(text: &str, from: &str, to: &str) -> String {
    let mut replacements = FxHashMap::default();
    let mut to = to.chars();
    for c in from.chars() {
        let replacement = to.next();
        // The first of repeated characters counts.
        replacements.entry(c).or_insert(replacement);
    }
    text.chars().filter_map(|c| replacements.get(&c).copied().unwrap_or(Some(c))).collect()
}

/// Words with one space between them.
pub(super) fn normalize_space(text: Cow<'_, str>) -> Cow<'_, str> {
    let normal = !text.starts_with(SPACE) && !text.ends_with(SPACE) && !text.contains(['\t', '\r', '\n']) && !text.contains("  ");
    if normal {
        return text;
    }
    let words: Vec<&str> = text.split(SPACE).filter(|word| !word.is_empty()).collect();
    Cow::Owned(words.join(" "))
}

/// Bytes in one of libvirt's units, whose letters may be large or small; a missing unit is KiB.
pub fn unit(name: Option<&str>) -> Option<f64> {
    let Some(name) = name else { return Some(1024.0) };
    let lower = name.to_ascii_lowercase();
    if matches!(lower.as_str(), "b" | "byte" | "bytes") {
        return Some(1.0);
    }
    let mut letters = lower.chars();
    let power = "kmgtpe".find(letters.next()?)? + 1;
    let base: f64 = match letters.as_str() {
        "" | "ib" => 1024.0,
        "b" => 1000.0,
        _ => return None,
    };
    Some(base.powi(power as i32))
}

/// Whether a language tag is `wanted` or a variety of it, letters large or small.
pub(super) fn is_language(tag: &str, wanted: &str) -> bool {
    let (head, rest) = match (tag.get(..wanted.len()), tag.get(wanted.len()..)) {
        (Some(head), Some(rest)) => (head, rest),
        _ => return false,
    };
    head.eq_ignore_ascii_case(wanted) && (rest.is_empty() || rest.starts_with('-'))
}
