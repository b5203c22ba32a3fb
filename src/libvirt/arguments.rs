//! QEMU arguments parsed: the `arg` elements of a `qemu:commandline` become `qemu-option` elements with one `pair` for each key and
//! value, each pointing at the characters it came from. QEMU's own rules are followed: one or two dashes, comma lists with doubled
//! commas, implied first keys, JSON objects, both forms of `-global`.

use std::cell::Cell;
use std::ops::Range;

use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions};

use super::QEMU;
use crate::input::limits;
use crate::source::Span;
use crate::tree::{AttrId, Builder, NameId, NodeId, Tree, Vocabulary};

/// Adds parsed options to every `qemu:commandline`; to be called for each element of a document before it is closed.
#[derive(Debug)]
pub struct Arguments {
    commandline: NameId,
    /// How much all pairs take so far.
    taken: Cell<usize>,
    /// How long the tree was when the last were added.
    length: Cell<usize>,
    /// The argument at which they take too much.
    beyond: Cell<Option<Span>>,
}

/// Adds the names that are made up for QEMU's arguments to a vocabulary.
pub fn intern(vocabulary: &mut Vocabulary) {
    for name in ["qemu-option", "pair", "name", "key", "value"] {
        vocabulary.intern("", name);
    }
}

impl Arguments {
    /// For trees of this vocabulary. Where no expression asks for command lines, nothing is added.
    pub fn new(vocabulary: &Vocabulary) -> Arguments {
        let commandline = vocabulary.get(QEMU, "commandline");
        Arguments { commandline, taken: Cell::new(0), length: Cell::new(0), beyond: Cell::new(None) }
    }

    /// The argument at which there are too many keys and values, if there are; nothing was added from there on.
    pub fn beyond(&self) -> Option<Span> {
        self.beyond.get()
    }

    /// Completes an element if it is a command line.
    #[inline]
    pub fn complete(&self, builder: &mut Builder<'_>, node: NodeId) {
        if self.commandline != NameId::OTHER && builder.tree().name_id(node) == self.commandline {
            builder.settle();
            // A tree only grows: this is another one, as the text is read again from its start.
            if builder.tree().len() < self.length.get() {
                self.taken.set(0);
                self.beyond.set(None);
            }
            self.add_options(builder, node);
            self.length.set(builder.tree().len());
        }
    }

    fn add_options(&self, builder: &mut Builder<'_>, commandline: NodeId) {
        let arguments = arguments(builder.tree(), commandline);
        let mut rest = arguments.iter().peekable();
        while let Some(first) = rest.next() {
            if self.beyond.get().is_some() {
                return;
            }
            // A value without an option before it is for QEMU to refuse.
            let Some(name) = option_name(&first.value) else { continue };
            let value = rest.next_if(|next| option_name(&next.value).is_none());
            let carrier = value.unwrap_or(first);
            let span = builder.tree().span(carrier.node);
            let name_span = builder.tree().attribute_value_span(first.attribute);
            builder.open_made_up("qemu-option", span, Some(carrier.node));
            builder.made_up_attribute("name", name_span, Some(name));
            if let Some(value) = value {
                let value_span = builder.tree().attribute_value_span(value.attribute);
                builder.made_up_attribute("value", value_span, Some(&value.value));
                let place = Placement::of(builder.tree(), value);
                for pair in pairs(name, &value.value) {
                    self.taken.set(self.taken.get() + pair.key.len() + 12);
                    if self.taken.get() > limits::pairs(builder.tree().text().len()) {
                        self.beyond.set(Some(builder.tree().start_tag(value.node)));
                        break;
                    }
                    builder.open_made_up("pair", place.span(&pair.range), Some(value.node));
                    builder.made_up_attribute("key", place.span(&pair.key_range), Some(&pair.key));
                    builder.made_up_attribute("value", place.span(&pair.value_range), Some(&pair.value));
                    builder.close();
                }
            }
            builder.close();
        }
    }
}

/// One argument: its element, its value and where that stands.
struct Argument {
    node: NodeId,
    value: String,
    attribute: AttrId,
}

fn arguments(tree: &Tree<'_>, commandline: NodeId) -> Vec<Argument> {
    let is_argument = |&node: &NodeId| tree.is_element(node) && tree.local_name(node) == "arg" && tree.namespace(node) == QEMU;
    let value_of = |node: NodeId| {
        let attribute = tree.attributes(node).find(|&a| tree.attribute_qualified_name(a) == "value")?;
        Some(Argument { node, value: tree.attribute_value(attribute).to_owned(), attribute })
    };
    tree.children(commandline).filter(is_argument).filter_map(value_of).collect()
}

/// The name of an option without its dashes; `-M` is `machine`.
fn option_name(argument: &str) -> Option<&str> {
    let name = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-'))?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic()) && !name.contains([',', '=', ' ']);
    is_name.then_some(if name == "M" { "machine" } else { name })
}

/// A key and its value with their ranges in the argument's decoded text; `range` covers both.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pair {
    key: String,
    value: String,
    range: Range<usize>,
    key_range: Range<usize>,
    value_range: Range<usize>,
}

/// The key that QEMU implies for a first item without one.
fn implied_key(option: &str) -> Option<&'static str> {
    Some(match option {
        "device" | "blockdev" | "audiodev" => "driver",
        "netdev" | "machine" | "tpmdev" | "display" | "net" => "type",
        "accel" => "accel",
        "object" => "qom-type",
        "chardev" => "backend",
        "fsdev" => "fsdriver",
        "cpu" => "model",
        "smp" => "cpus",
        "m" => "size",
        _ => return None,
    })
}

fn pairs(option: &str, value: &str) -> Vec<Pair> {
    // QEMU is never given such a one; whoever judges the option still sees it.
    if value.len() > limits::ARGUMENT_BYTES {
        return Vec::new();
    }
    if matches!(option, "device" | "netdev" | "object" | "blockdev") && value.trim_start().starts_with('{') {
        return json_pairs(value);
    }
    if option == "global"
        && let Some(pairs) = short_global(value)
    {
        return pairs;
    }
    let mut pairs = Vec::new();
    for (index, range) in items(value).into_iter().enumerate() {
        let item = &value[range.clone()];
        let plain = |text: &str| text.replace(",,", ",");
        let pair = match item.split_once('=') {
            Some((key, _)) => {
                let split = range.start + key.len();
                let value_range = split + 1..range.end;
                Pair {
                    key: plain(key),
                    value: plain(&value[value_range.clone()]),
                    key_range: range.start..split,
                    value_range,
                    range,
                }
            }
            None if index == 0 => {
                let key = implied_key(option).unwrap_or_default().to_owned();
                Pair { key, value: plain(item), key_range: range.clone(), value_range: range.clone(), range }
            }
            None if item.is_empty() => continue,
            None => {
                Pair { key: plain(item), value: "on".to_owned(), key_range: range.clone(), value_range: range.clone(), range }
            }
        };
        pairs.push(pair);
    }
    pairs
}

/// The ranges between commas; a doubled comma is a literal one.
fn items(value: &str) -> Vec<Range<usize>> {
    let bytes = value.as_bytes();
    let (mut items, mut start, mut at) = (Vec::new(), 0, 0);
    while at < bytes.len() {
        if bytes[at] != b',' {
            at += 1;
        } else if bytes.get(at + 1) == Some(&b',') {
            at += 2;
        } else {
            items.push(start..at);
            at += 1;
            start = at;
        }
    }
    items.push(start..bytes.len());
    items
}

/// `driver.property=value`
fn short_global(value: &str) -> Option<Vec<Pair>> {
    let (driver, rest) = value.split_once('.')?;
    let (property, set) = rest.split_once('=')?;
    if driver.contains(['=', ',']) {
        return None;
    }
    let dot = driver.len();
    let equals = dot + 1 + property.len();
    let part = |key: &str, value: &str, range: Range<usize>| Pair {
        key: key.to_owned(),
        value: value.to_owned(),
        key_range: range.clone(),
        value_range: range.clone(),
        range,
    };
    Some(vec![
        part("driver", driver, 0..dot),
        part("property", property, dot + 1..equals),
        part("value", set, equals + 1..value.len()),
    ])
}

/// The members of a JSON object, those of nested ones with their keys joined by dots. What is no JSON has no pairs.
fn json_pairs(text: &str) -> Vec<Pair> {
    let strict = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        // QEMU's own reader takes them.
        allow_single_quoted_strings: true,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let mut pairs = Vec::new();
    if let Ok(parsed) = jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &strict)
        && let Some(value) = parsed.value
    {
        flatten("", 0..0, &value, &mut pairs);
    }
    pairs
}

/// Recursion is as deep as the JSON, which the parser bounds at 512 levels.
fn flatten(key: &str, key_range: Range<usize>, value: &Value<'_>, pairs: &mut Vec<Pair>) {
    // Each value repeats the names that it is nested in.
    if key.len() > limits::KEY_PATH {
        return;
    }
    let below = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
    let range = value.start()..value.end();
    let text = match value {
        Value::Object(object) => {
            for member in &object.properties {
                let name = member.name.as_str();
                flatten(&below(name), member.name.start()..member.name.end(), &member.value, pairs);
            }
            return;
        }
        Value::Array(array) => {
            for (index, element) in array.elements.iter().enumerate() {
                flatten(&below(&index.to_string()), element.start()..element.end(), element, pairs);
            }
            return;
        }
        Value::StringLit(text) => text.value.clone().into_owned(),
        Value::NumberLit(number) => number.value.to_owned(),
        Value::BooleanLit(boolean) => boolean.value.to_string(),
        Value::NullKeyword(_) => String::new(),
    };
    let whole = key_range.start.min(range.start)..range.end;
    pairs.push(Pair { key: key.to_owned(), value: text, range: whole, key_range, value_range: range });
}

/// Leads from the decoded value of an attribute to the characters of the file, which may say `&quot;` for a quote.
struct Placement {
    start: u32,
    /// The offset in the file's text of each byte of the value; none where the two are the same.
    offsets: Option<Vec<u32>>,
}

impl Placement {
    fn of(tree: &Tree<'_>, argument: &Argument) -> Placement {
        let span = tree.attribute_value_span(argument.attribute);
        let raw = tree.text().get(span.range()).unwrap_or_default();
        let offsets = (raw != argument.value).then(|| {
            let mut offsets = Vec::with_capacity(argument.value.len() + 1);
            let mut rest = raw;
            for c in argument.value.chars() {
                let at = span.start + (raw.len() - rest.len()) as u32;
                offsets.extend(std::iter::repeat_n(at, c.len_utf8()));
                let width = match rest.as_bytes() {
                    [b'&', ..] => rest.find(';').map_or(1, |end| end + 1),
                    [b'\r', b'\n', ..] => 2,
                    _ => rest.chars().next().map_or(0, char::len_utf8),
                };
                rest = rest.get(width..).unwrap_or_default();
            }
            offsets.push(span.end);
            offsets
        });
        Placement { start: span.start, offsets }
    }

    fn span(&self, range: &Range<usize>) -> Span {
        match &self.offsets {
            None => Span::new(range.start, range.end).shifted(self.start),
            Some(offsets) => {
                let at = |index: usize| offsets.get(index).or(offsets.last()).copied().unwrap_or(self.start);
                Span { start: at(range.start), end: at(range.end) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::limits::Limits;
    use crate::paths::Paths;

    /// Every option of the arguments as `name: key=value@characters …`.
    fn parsed(arguments: &[&str]) -> Vec<String> {
        let args: String = arguments.iter().map(|a| format!("<q:arg value='{}'/>", a.replace('"', "&quot;"))).collect();
        let xml = format!("<domain xmlns:q='{QEMU}'><q:commandline>{args}</q:commandline></domain>");
        let mut vocabulary = Vocabulary::default();
        for (uri, name) in [(QEMU, "commandline"), ("", "qemu-option"), ("", "pair"), ("", "name"), ("", "value"), ("", "key")] {
            vocabulary.intern(uri, name);
        }
        let hook = Arguments::new(&vocabulary);
        let tree =
            crate::input::xml::read(&xml, &Limits::default(), &vocabulary, |builder, node| hook.complete(builder, node)).unwrap();
        let options = tree.descendants(Tree::ROOT).filter(|&n| tree.local_name(n) == "qemu-option");
        let show = |pair: NodeId| {
            let text = &xml[tree.span(pair).range()];
            format!("{}={}@{text}", tree.attribute(pair, "key").unwrap(), tree.attribute(pair, "value").unwrap())
        };
        let option = |option: NodeId| {
            let pairs: Vec<String> = tree.children(option).map(show).collect();
            let carrier = Paths::new(&tree).path(option).rsplit('/').next().unwrap().to_owned();
            format!("{} {carrier}: {}", tree.attribute(option, "name").unwrap(), pairs.join(" "))
        };
        options.map(option).collect()
    }

    #[test]
    fn arguments_are_taken_apart_within_bounds() {
        let long = |bytes: usize| format!("x{}", ",a".repeat(bytes / 2));
        assert_eq!(parsed(&["-device", &long(limits::ARGUMENT_BYTES)]), ["device q:arg[2]: "], "no program is given such a one");
        let key = format!("{{\"{}\":{{\"b\":1}},\"c\":2}}", "k".repeat(limits::KEY_PATH + 1));
        assert_eq!(parsed(&["-device", &key]).concat().matches('@').count(), 1, "a key that is too long leads nowhere");
        let argument = format!("<q:arg value='-device'/><q:arg value='{}'/>", long(limits::ARGUMENT_BYTES - 2));
        let xml = format!("<domain xmlns:q='{QEMU}'><q:commandline>{}</q:commandline></domain>", argument.repeat(60));
        let mut vocabulary = Vocabulary::default();
        vocabulary.intern(QEMU, "commandline");
        let hook = Arguments::new(&vocabulary);
        let complete = |builder: &mut Builder<'_>, node| hook.complete(builder, node);
        let nodes = crate::input::xml::read(&xml, &Limits::default(), &vocabulary, complete).unwrap().len();
        assert!(hook.beyond().is_some_and(|span| xml[span.range()].starts_with("<q:arg value='x,a")));
        assert!(nodes < limits::pairs(xml.len()) / 12, "{nodes}");
    }

    #[test]
    fn arguments_that_are_read_twice_count_once() {
        let argument = format!("<q:arg value='-device'/><q:arg value='x{}'/>", ",a".repeat(limits::ARGUMENT_BYTES / 2 - 1));
        let commandline = format!("<q:commandline>{}</q:commandline>", argument.repeat(20));
        let mut vocabulary = Vocabulary::default();
        vocabulary.intern(QEMU, "commandline");
        let pairs = |behind: &str| {
            let xml = format!("<domain xmlns:q='{QEMU}'>{commandline}{behind}</domain>");
            let hook = Arguments::new(&vocabulary);
            let complete = |builder: &mut Builder<'_>, node| hook.complete(builder, node);
            let nodes = crate::input::xml::read(&xml, &Limits::default(), &vocabulary, complete).unwrap().len();
            (hook.beyond(), nodes)
        };
        // The quick reader leaves CDATA to the other one.
        let (plain, again) = (pairs("<title>x</title>"), pairs("<title><![CDATA[x]]></title>"));
        assert_eq!((plain.0, plain), (None, again));
    }

    #[test]
    fn options_are_parsed_as_qemu_does() {
        let cases: [(&[&str], &[&str]); 11] = [
            (&["-device", "virtio-net,failover=on"], &["device q:arg[2]: driver=virtio-net@virtio-net failover=on@failover=on"]),
            (&["--device", "driver=x"], &["device q:arg[2]: driver=x@driver=x"]),
            (&["-M", "q35,accel=tcg"], &["machine q:arg[2]: type=q35@q35 accel=tcg@accel=tcg"]),
            (&["-S", "-no-user-config"], &["S q:arg[1]: ", "no-user-config q:arg[2]: "]),
            (&["-drive", "file=/a,,b=c,if=none"], &["drive q:arg[2]: file=/a,b=c@file=/a,,b=c if=none@if=none"]),
            (&["-chardev", "socket,server"], &["chardev q:arg[2]: backend=socket@socket server=on@server"]),
            (&["-vga", "cirrus"], &["vga q:arg[2]: =cirrus@cirrus"]),
            (
                &["-global", "ICH9-LPC.disable_s3=0"],
                &["global q:arg[2]: driver=ICH9-LPC@ICH9-LPC property=disable_s3@disable_s3 value=0@0"],
            ),
            (
                &["-global", "driver=a.b,property=p,value=0"],
                &["global q:arg[2]: driver=a.b@driver=a.b property=p@property=p value=0@value=0"],
            ),
            (
                &["-blockdev", "{\"driver\":\"raw\",\"file\":{\"driver\":\"nbd\",\"n\":1,\"on\":true}}"],
                &[
                    "blockdev q:arg[2]: driver=raw@&quot;driver&quot;:&quot;raw&quot; file.driver=nbd@&quot;driver&quot;:&quot;nbd&quot; file.n=1@&quot;n&quot;:1 file.on=true@&quot;on&quot;:true",
                ],
            ),
            (&["stray", "-device", "{broken"], &["device q:arg[3]: "]),
        ];
        for (arguments, wanted) in cases {
            assert_eq!(parsed(arguments), wanted, "{arguments:?}");
        }
    }
}
