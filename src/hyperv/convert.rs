//! From what the formats write to what the tree says: units, truth values, enumerations.

use std::borrow::Cow;

use super::field::Field;
use super::words::{self, Words};
use crate::input::keys::Scalar;

/// How a value is brought into the tree. What it cannot read gives nothing, so the setting stays unknown.
#[derive(Debug, Clone, Copy)]
pub(super) enum Convert {
    /// As it is.
    Text,
    /// As it is, unless it is empty.
    Filled,
    /// As it is; nothing at all is the empty text.
    TextOrNothing,
    /// The items of a list, one a line.
    Lines,
    /// A truth value.
    Boolean,
    /// A truth value turned round.
    Not,
    /// PowerShell's `OnOffState`, in which On is 0.
    OnOff,
    /// Whether a reference to something is there: not null and no GUID of zeros.
    Present,
    /// Whether a number is not zero.
    Any,
    /// How many items a list has.
    Count,
    /// A whole number without a sign.
    Integer,
    /// MiB to bytes.
    Mebibytes,
    /// Thousandths of a percent to percent.
    Thousandths,
    /// 0 to 10000 to percent.
    Hundredths,
    /// A GUID, with or without braces.
    Guid,
    /// A MAC address, with or without anything between its pairs.
    Mac,
    /// `major * 256 + minor`, or the text of a version.
    Version,
    /// 0 is generation 1 and 1 generation 2, as configuration files count.
    Subtype,
    /// The number behind the last colon: `Microsoft:Hyper-V:SubType:2`.
    AfterColon,
    /// Minutes to seconds.
    Minutes,
    /// A span of time as PowerShell or CIM writes it, to seconds.
    Interval,
    /// An enumeration by number or name.
    Words(Words),
    /// An enumeration by the words of a format.
    Names(&'static [(&'static str, &'static str)]),
    /// A template of secure boot by GUID or name.
    Template,
    /// A list of VLAN ids: items, or text with ranges.
    VlanIds,
    /// A disk's number, of which null and 2^32 - 1 say that there is none.
    DiskNumber,
}

/// One MiB.
const MEBIBYTE: u64 = 1 << 20;

impl Convert {
    /// The value of a field as the tree writes it.
    pub fn apply<'k>(self, field: Field<'k>) -> Option<Cow<'k, str>> {
        match self {
            Convert::Text => field.text(),
            Convert::Filled => field.text().filter(|text| !text.is_empty()),
            Convert::TextOrNothing => field.text().or_else(|| field.is_null().then(Cow::default)),
            Convert::Lines => lines(field),
            Convert::Boolean => boolean(field).map(truth),
            Convert::Not => boolean(field).map(|value| truth(!value)),
            Convert::OnOff => on_off(field).map(truth),
            Convert::Present => present(field).map(truth),
            Convert::Any => natural(field).map(|number| truth(number != 0)),
            Convert::Count => (!field.is_null() && field.scalar().is_none()).then(|| decimal(field.items().count() as u64, 1)),
            Convert::Integer => natural(field).map(|number| decimal(number, 1)),
            Convert::Mebibytes => natural(field)?.checked_mul(MEBIBYTE).map(|bytes| decimal(bytes, 1)),
            Convert::Thousandths => natural(field).map(|number| decimal(number, 1000)),
            Convert::Hundredths => natural(field).map(|number| decimal(number, 100)),
            Convert::Guid => guid(&field.text()?).map(Cow::Owned),
            Convert::Mac => mac(&field.text()?).map(Cow::Owned),
            Convert::Version => version(field),
            Convert::Subtype => match field.integer()? {
                0 => Some(Cow::Borrowed("1")),
                1 => Some(Cow::Borrowed("2")),
                _ => None,
            },
            Convert::AfterColon => match field.text()?.rsplit(':').next()? {
                "1" => Some(Cow::Borrowed("1")),
                "2" => Some(Cow::Borrowed("2")),
                _ => None,
            },
            Convert::Minutes => natural(field)?.checked_mul(60).map(|seconds| decimal(seconds, 1)),
            Convert::Interval => interval(field).map(|seconds| decimal(seconds, 1)),
            Convert::Words(words) => word(field, words).map(Cow::Borrowed),
            Convert::Names(names) => {
                let text = field.text()?;
                names.iter().find(|(known, _)| known.eq_ignore_ascii_case(&text)).map(|(_, word)| Cow::Borrowed(*word))
            }
            Convert::Template => template(&field.text()?),
            Convert::VlanIds => vlan_ids(field).map(Cow::Owned),
            Convert::DiskNumber => {
                natural(field).filter(|&number| number != u64::from(u32::MAX)).map(|number| decimal(number, 1))
            }
        }
    }
}

/// A truth value as the tree writes it.
pub(super) fn truth(value: bool) -> Cow<'static, str> {
    Cow::Borrowed(if value { "true" } else { "false" })
}

fn natural(field: Field<'_>) -> Option<u64> {
    match field.scalar()? {
        Scalar::Number(text) | Scalar::Text(text) => text.trim().parse().ok().or_else(|| u64::try_from(field.integer()?).ok()),
        _ => None,
    }
}

fn boolean(field: Field<'_>) -> Option<bool> {
    match field.scalar()? {
        Scalar::Boolean(value) => Some(value),
        Scalar::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Scalar::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn on_off(field: Field<'_>) -> Option<bool> {
    match field.scalar()? {
        Scalar::Boolean(value) => Some(value),
        Scalar::Text(text) if text.eq_ignore_ascii_case("on") => Some(true),
        Scalar::Text(text) if text.eq_ignore_ascii_case("off") => Some(false),
        _ => match field.integer()? {
            0 => Some(true),
            1 => Some(false),
            _ => None,
        },
    }
}

fn present(field: Field<'_>) -> Option<bool> {
    if field.is_null() {
        return Some(false);
    }
    let text = field.text()?;
    Some(text.bytes().any(|byte| byte.is_ascii_alphanumeric() && byte != b'0'))
}

fn lines(field: Field<'_>) -> Option<Cow<'_, str>> {
    if let Some(text) = field.text() {
        return Some(text);
    }
    if field.scalar().is_some() {
        return None;
    }
    let lines: Vec<_> = field.items().filter_map(Field::text).collect();
    Some(Cow::Owned(lines.join("\n")))
}

/// `number / unit` with as many decimals as it needs.
fn decimal(number: u64, unit: u64) -> Cow<'static, str> {
    let (whole, rest) = (number / unit, number % unit);
    if rest == 0 {
        return Cow::Owned(whole.to_string());
    }
    let digits = unit.ilog10() as usize;
    Cow::Owned(format!("{whole}.{rest:0digits$}").trim_end_matches('0').to_owned())
}

/// A GUID in small letters without braces.
pub(super) fn guid(text: &str) -> Option<String> {
    let bare = text.trim().trim_start_matches('{').trim_end_matches('}');
    let is_guid = bare.len() == 36
        && bare.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    is_guid.then(|| bare.to_ascii_lowercase())
}

fn mac(text: &str) -> Option<String> {
    let digits: Vec<char> = text.chars().filter(|c| !matches!(c, '-' | ':' | '.')).map(|c| c.to_ascii_uppercase()).collect();
    let is_mac = digits.len() == 12 && digits.iter().all(char::is_ascii_hexdigit);
    is_mac.then(|| digits.chunks(2).map(|pair| pair.iter().collect::<String>()).collect::<Vec<_>>().join("-"))
}

fn version(field: Field<'_>) -> Option<Cow<'_, str>> {
    match field.scalar()? {
        Scalar::Number(text) if !text.contains('.') => {
            let number: u32 = text.parse().ok()?;
            // Up to Windows Server 2012 there is the major version alone.
            Some(Cow::Owned(if number < 256 { format!("{number}.0") } else { format!("{}.{}", number / 256, number % 256) }))
        }
        Scalar::Text(text) | Scalar::Number(text) => {
            let is_version =
                text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || c == '.');
            is_version.then_some(text)
        }
        _ => None,
    }
}

/// Seconds of a number of them, of `6.02:21:14`, `PT30M`, CIM's `00000000003000.000000:000`, or an object with `TotalSeconds`.
fn interval(field: Field<'_>) -> Option<u64> {
    if let Some(total) = field.member("TotalSeconds") {
        return u64::try_from(total.integer()?).ok();
    }
    let text = field.text()?;
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    if let Some((digits, _)) = text.split_once('.').filter(|(digits, _)| digits.len() == 14) {
        let part = |from: usize, to: usize| digits.get(from..to)?.parse::<u64>().ok();
        return Some(((part(0, 8)? * 24 + part(8, 10)?) * 60 + part(10, 12)?) * 60 + part(12, 14)?);
    }
    if let Some(duration) = text.strip_prefix('P') {
        return iso_duration(duration);
    }
    let (days, clock) = match text.split_once(':')?.0.split_once('.') {
        Some((days, _)) => (days.parse::<u64>().ok()?, text.get(days.len() + 1..)?),
        None => (0, text),
    };
    let mut seconds = days.checked_mul(86_400)?;
    for (part, unit) in clock.splitn(3, ':').zip([3600, 60, 1]) {
        let whole = part.split('.').next().unwrap_or_default();
        seconds = seconds.checked_add(whole.parse::<u64>().ok()?.checked_mul(unit)?)?;
    }
    Some(seconds)
}

/// `1DT2H30M5.5S`, which follows the `P`.
fn iso_duration(text: &str) -> Option<u64> {
    let mut seconds: u64 = 0;
    let mut number = String::new();
    let mut time = false;
    for c in text.chars() {
        let unit = match c {
            '0'..='9' | '.' => {
                number.push(c);
                continue;
            }
            'T' => {
                time = true;
                continue;
            }
            'D' => 86_400,
            'H' => 3_600,
            'M' if time => 60,
            'S' => 1,
            _ => return None,
        };
        let whole = number.split('.').next().unwrap_or_default();
        seconds = seconds.checked_add(whole.parse::<u64>().ok()?.checked_mul(unit)?)?;
        number.clear();
    }
    Some(seconds)
}

/// The word of an enumeration. A number counts before the name beside it; text may be a name or a number.
fn word(field: Field<'_>, words: Words) -> Option<&'static str> {
    let by_number = field.integer().and_then(|number| words::by_number(words, number));
    let by_name = || match field.scalar()? {
        Scalar::Text(name) => words::by_name(words, &name),
        _ => words::by_name(words, &field.enumeration_name()?),
    };
    by_number.or_else(by_name)
}

/// The name of a secure boot template, or its GUID where it has no name here.
fn template(text: &str) -> Option<Cow<'static, str>> {
    if let Some(guid) = guid(text) {
        let known = words::SECURE_BOOT_TEMPLATES.iter().find(|(known, _)| *known == guid);
        return Some(known.map_or(Cow::Owned(guid), |(_, name)| Cow::Borrowed(*name)));
    }
    words::SECURE_BOOT_TEMPLATES.iter().find(|(_, name)| words::same(name, text)).map(|(_, name)| Cow::Borrowed(*name))
}

/// `200 201 300` from items, or from text like `200-201,300`.
fn vlan_ids(field: Field<'_>) -> Option<String> {
    /// The largest VLAN id.
    const LAST: u32 = 4095;
    let mut ids: Vec<u32> = Vec::new();
    match field.text() {
        Some(text) => {
            for range in text.split([',', ' ']).map(str::trim).filter(|range| !range.is_empty()) {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                let (first, last): (u32, u32) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
                if last > LAST {
                    return None;
                }
                ids.extend(first..=last);
            }
        }
        None if field.scalar().is_some() => return None,
        None => ids.extend(field.items().filter_map(|item| u32::try_from(item.integer()?).ok())),
    }
    ids.sort_unstable();
    ids.dedup();
    Some(ids.iter().map(u32::to_string).collect::<Vec<_>>().join(" "))
}
