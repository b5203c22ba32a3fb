//! YAML as a tree in which every key and value has its place. The only file that knows the YAML crates: `serde_yaml` says what the
//! values are, an event pass says where they stand. The build script uses it too, so it imports nothing of the crate.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use granit_parser::{Event, Parser};
use serde::{Deserialize, Serialize};
use serde_yaml::Value;

/// How many values the aliases of a document may stand for. People repeat a part of a rule; a few kilobytes that repeat a list for each
/// item of another ask for millions.
const ALIASED: usize = 100_000;

/// What a file says. Of one that was packed into the program it is not copied.
pub type Written = Cow<'static, str>;

/// A value and its place, in bytes of the text. A block's place ends with its last line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct Node {
    /// Where it stands.
    pub span: Range<u32>,
    /// What it is.
    pub content: Content,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Content {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number, as it was written.
    Number(#[serde(borrow)] Cow<'static, str>),
    /// Anything else.
    Text(#[serde(borrow)] Cow<'static, str>),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the file.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Where it stands.
    pub span: Range<u32>,
    /// Its text.
    #[serde(borrow)]
    pub text: Cow<'static, str>,
}

/// Why a text is no YAML that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Where.
    pub span: Range<u32>,
    /// What is wrong, without a full stop.
    pub message: String,
}

/// Reads one YAML document.
///
/// # Errors
/// On the first syntax error, a duplicate key, a tag, more nesting than 128 levels, or aliases that stand for too much.
pub fn read(text: &str) -> Result<Node, Broken> {
    let places = places(text)?;
    let value: Value = serde_yaml::from_str(text).map_err(|error| {
        let at = error.location().map_or(0, |location| location.index().min(text.len())) as u32;
        // The message ends with the position in words, which a report shows better.
        let message = error.to_string();
        let message = message.split_once(" at line ").map_or(message.as_str(), |(what, _)| what).to_owned();
        Broken { span: at..at, message }
    })?;
    combine(&value, &places)
}

/// The shape of a document as the event pass sees it.
struct Place {
    span: Range<u32>,
    /// A scalar's text after escapes.
    scalar: Option<String>,
    /// Items of a sequence; keys and values of a mapping in turn.
    items: Vec<Place>,
    /// How many values it stands for.
    values: usize,
    /// What aliases know it by; 0 for nothing.
    anchor: usize,
}

impl Place {
    fn new(span: Range<u32>, scalar: Option<String>, anchor: usize) -> Place {
        Place { span, scalar, items: Vec::new(), values: 1, anchor }
    }
}

fn places(text: &str) -> Result<Place, Broken> {
    let mut open: Vec<Place> = vec![Place::new(0..text.len() as u32, None, 0)];
    let mut anchored: HashMap<usize, usize> = HashMap::new();
    let mut aliased = 0_usize;
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|error| {
            let at = error.marker().byte_offset().unwrap_or_default().min(text.len()) as u32;
            Broken { span: at..at, message: error.info() }
        })?;
        let mut range = span.byte_range().unwrap_or_default();
        // A block scalar's range runs on to the next token.
        let shown = text.get(range.clone()).unwrap_or_default();
        range.end -= shown.len() - shown.trim_end().len();
        let span = range.start as u32..range.end as u32;
        let done = match event {
            Event::Scalar(value, _, anchor, _) => Place::new(span, Some(value.into_owned()), anchor),
            Event::Alias(anchor) => {
                let values = anchored.get(&anchor).copied().unwrap_or(1);
                aliased = aliased.saturating_add(values);
                if aliased > ALIASED {
                    return Err(Broken { span, message: format!("aliases stand for more than {ALIASED} values") });
                }
                Place { values, ..Place::new(span, None, 0) }
            }
            Event::SequenceStart(_, anchor, _) | Event::MappingStart(_, anchor, _) => {
                open.push(Place::new(span, None, anchor));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if matches!(event, Event::MappingEnd) {
                    refuse_duplicates(open.last())?;
                }
                let Some(mut done) = open.pop() else { continue };
                let last = done.items.last().map_or(0, |item| item.span.end);
                // A block ends where the next one starts; what people mean by its place ends with its last value.
                done.span.end = if span.is_empty() { last.max(done.span.end) } else { span.end };
                done
            }
            _ => continue,
        };
        if done.anchor > 0 {
            anchored.insert(done.anchor, done.values);
        }
        if let Some(parent) = open.last_mut() {
            parent.values = parent.values.saturating_add(done.values);
            parent.items.push(done);
        }
    }
    Ok(open.pop().and_then(|mut root| root.items.pop()).unwrap_or(Place::new(0..0, None, 0)))
}

fn refuse_duplicates(mapping: Option<&Place>) -> Result<(), Broken> {
    let mut seen = HashSet::new();
    for key in mapping.into_iter().flat_map(|mapping| mapping.items.iter().step_by(2)) {
        if let Some(name) = &key.scalar
            && !seen.insert(name)
        {
            return Err(Broken { span: key.span.clone(), message: format!("the key `{name}` is given twice") });
        }
    }
    Ok(())
}

/// Puts what a value is and where it stands together. The values of an alias all stand where the alias does.
fn combine(value: &Value, place: &Place) -> Result<Node, Broken> {
    let alias = || Place::new(place.span.clone(), None, 0);
    let written = |shown: String| place.scalar.clone().unwrap_or(shown);
    let content = match value {
        Value::Null => Content::Null,
        Value::Bool(yes) => Content::Boolean(*yes),
        Value::Number(number) => Content::Number(written(number.to_string()).into()),
        Value::String(text) => Content::Text(text.clone().into()),
        Value::Sequence(items) => {
            let places = (0..).map(|index| place.items.get(index));
            let nodes = items.iter().zip(places).map(|(item, place)| match place {
                Some(place) => combine(item, place),
                None => combine(item, &alias()),
            });
            Content::List(nodes.collect::<Result<_, _>>()?)
        }
        Value::Mapping(entries) => {
            let mut nodes = Vec::with_capacity(entries.len());
            for (index, (key, item)) in entries.iter().enumerate() {
                let missing = (alias(), alias());
                let key_place = place.items.get(2 * index).unwrap_or(&missing.0);
                let value_place = place.items.get(2 * index + 1).unwrap_or(&missing.1);
                let text = match key {
                    Value::String(text) => text.clone(),
                    _ => key_place.scalar.clone().ok_or_else(|| Broken {
                        span: key_place.span.clone(),
                        message: "a key must be a plain word".to_owned(),
                    })?,
                };
                nodes.push((Key { span: key_place.span.clone(), text: text.into() }, combine(item, value_place)?));
            }
            Content::Map(nodes)
        }
        Value::Tagged(tagged) => {
            let message = format!("tags such as `{}` are not used here", tagged.tag);
            return Err(Broken { span: place.span.clone(), message });
        }
    };
    Ok(Node { span: place.span.clone(), content })
}

/// Every word of a policy that may be a name in an expression of its wording: what messages, labels, help and fixes say in braces, and
/// all of `at`, `related`, `devices`, `except-hosts` and the places that fixes change. Words that are none do no harm.
#[must_use]
pub fn late_names(policy: &Node) -> Vec<String> {
    let mut names = std::collections::BTreeSet::new();
    collect_names(policy, "", &mut names);
    names.into_iter().collect()
}

fn collect_names(node: &Node, under: &str, names: &mut std::collections::BTreeSet<String>) {
    match &node.content {
        Content::Map(entries) => {
            for (key, node) in entries {
                // What is below these keys is wording, whatever its own keys are; the keys below `set` and `rename` are expressions.
                let under = match under {
                    "related" | "devices" | "except-hosts" => under,
                    "set" | "rename" => {
                        add_names(&key.text, names);
                        "message"
                    }
                    _ => &*key.text,
                };
                collect_names(node, under, names);
            }
        }
        Content::List(items) => items.iter().for_each(|node| collect_names(node, under, names)),
        Content::Text(text) => match under {
            "at" | "related" | "devices" | "except-hosts" | "remove" | "into" | "before" | "after" => add_names(text, names),
            "message" | "label" | "help" | "description" | "xml" => {
                for expression in text.split('{').skip(1) {
                    add_names(expression.split('}').next().unwrap_or_default(), names);
                }
            }
            _ => {}
        },
        Content::Null | Content::Boolean(_) | Content::Number(_) => {}
    }
}

fn add_names(expression: &str, names: &mut std::collections::BTreeSet<String>) {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    for word in expression.split(|c| !is_name(c)) {
        let parts: Vec<&str> = word.split("::").collect();
        for part in parts.iter().map(|part| part.trim_matches(':')) {
            if part.starts_with(|c: char| c.is_alphabetic() || c == '_') {
                names.insert(part.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(node: &Node, text: &str) -> String {
        let at = |span: &Range<u32>| text[span.start as usize..span.end as usize].to_owned();
        match &node.content {
            Content::List(items) => format!("[{}]", items.iter().map(|n| show(n, text)).collect::<Vec<_>>().join(", ")),
            Content::Map(items) => {
                let entries = items.iter().map(|(k, n)| format!("{}@{}: {}", k.text, at(&k.span), show(n, text)));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
            }
            other => format!("{other:?}@{}", at(&node.span).escape_debug()),
        }
    }

    #[test]
    fn values_have_their_places() {
        let text = "a: 1.50\nb: [x, 'y''z']\nc:\n  - >-\n    folded\n    text\n  - true\n";
        let node = read(text).unwrap();
        assert_eq!(
            show(&node, text),
            "{a@a: Number(\"1.50\")@1.50, b@b: [Text(\"x\")@x, Text(\"y'z\")@\\'y\\'\\'z\\'], c@c: [Text(\"folded text\")@folded\\n    text, Boolean(true)@true]}"
        );
    }

    #[test]
    fn faults_have_their_places() {
        // Each alias stands for a thousand: the hundred and first is too much.
        let repeated = format!("a: &a [{}]\nb: [{}]\n", "x,".repeat(999), "*a,".repeat(1_000));
        for (text, at, message) in [
            ("a: 1\na: 2\n", 5, "the key `a` is given twice"),
            ("a: [1\nb: 2\n", 7, "illegal placement of ':' indicator"),
            ("a: !x 1\n", 6, "tags such as `!x` are not used here"),
            (&repeated, 2_311, "aliases stand for more than 100000 values"),
        ] {
            let broken = read(text).unwrap_err();
            assert!(broken.message.contains(message), "{}", broken.message);
            assert_eq!(broken.span.start, at, "{text}");
        }
    }

    #[test]
    fn aliases_stand_where_they_are_used() {
        let text = "a: &x [1]\nb: *x\n";
        assert_eq!(show(&read(text).unwrap(), text), "{a@a: [Number(\"1\")@1], b@b: [Number(\"1\")@*x]}");
    }
}
