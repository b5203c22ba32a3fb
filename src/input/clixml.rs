//! CLIXML, what PowerShell's `Export-Clixml` writes (format notes, section 5).
//!
//! An object is a key with `@type`, the first of its type names, `@string`, its text, `@value`, the simple value that it wraps (the
//! number of an enumeration), its properties by name and its items by index. A reference to an object written before is a key of the
//! kind `Ref`; [`Keys::target`] leads to the object. Only references that close a circle or repeat are written that way, so that
//! nobody who follows `target` without a limit would ever come to an end.

use std::borrow::Cow;
use std::collections::HashMap;

use super::hyperv_xml::{beyond, content_span, integer};
use super::keys::{KeyId, Keys, Scalar};
use super::limits::{self, Limits};
use super::xml::Malformed;
use crate::tree::{NodeId, Tree};

/// The namespace of the format.
pub const NAMESPACE: &str = "http://schemas.microsoft.com/powershell/2004/04";

/// Whether the root element is one of the format.
pub fn is_clixml(tree: &Tree<'_>, root: NodeId) -> bool {
    tree.local_name(root) == "Objs" && tree.namespace(root) == NAMESPACE
}

/// The objects of a tree.
///
/// # Errors
/// Where the tree is beyond a limit.
pub fn read(tree: &Tree<'_>, limits: &Limits) -> Result<Keys, Box<Malformed>> {
    let length = tree.text().len();
    let mut reader = Reader {
        tree,
        keys: Keys::new(),
        limits,
        most: limits.keys(length),
        names: limits::type_names(length),
        types: HashMap::new(),
        objects: HashMap::new(),
        jobs: Vec::new(),
    };
    let roots = tree.children(Tree::ROOT).filter(|&node| is_clixml(tree, node));
    let objects = roots.flat_map(|root| elements(tree, root));
    for (index, node) in objects.enumerate() {
        reader.jobs.push(Job::Value(node, Slot::Item(index)));
        while let Some(job) = reader.jobs.pop() {
            match job {
                Job::Close => reader.keys.close(),
                Job::Value(node, slot) => reader.value(node, slot)?,
            }
        }
    }
    Ok(reader.keys)
}

fn elements<'t>(tree: &'t Tree<'_>, node: NodeId) -> impl Iterator<Item = NodeId> + 't {
    tree.children(node).filter(|&child| tree.is_element(child))
}

/// What is still to be done, the next thing last: the reader needs no stack of its own calls, however deep the objects.
enum Job {
    Value(NodeId, Slot),
    Close,
}

/// What a value is of the object above.
#[derive(Clone, Copy)]
enum Slot {
    Item(usize),
    /// Named by its attribute `N`, or by its element.
    Named,
    /// One of the values that are no properties, under a name of its own.
    Part(&'static str),
}

struct Reader<'t, 's> {
    tree: &'t Tree<'s>,
    keys: Keys,
    limits: &'t Limits,
    most: usize,
    /// How many bytes of type names references may still repeat.
    names: usize,
    types: HashMap<&'t str, Cow<'t, str>>,
    objects: HashMap<&'t str, KeyId>,
    jobs: Vec<Job>,
}

impl<'t> Reader<'t, '_> {
    fn value(&mut self, node: NodeId, slot: Slot) -> Result<(), Box<Malformed>> {
        let tree = self.tree;
        if self.keys.len() >= self.most || self.keys.depth() >= self.limits.key_depth() {
            return Err(beyond(tree.start_tag(node), self.keys.depth(), self.limits));
        }
        let element = tree.local_name(node);
        let has_elements = elements(tree, node).next().is_some();
        let value = match element {
            "Obj" => None,
            "Nil" => Some(Scalar::Null),
            "TN" => Some(self.type_names(node)),
            "TNRef" => Some(self.type_reference(node)?),
            "Ref" => Some(Scalar::Text(tree.attribute(node, "RefId").unwrap_or_default().into())),
            _ if has_elements => None,
            _ => Some(scalar(element, tree.string_value(node))),
        };
        let is_value = value.is_some();
        let (span, place) = (tree.span(node), content_span(tree, node));
        let key = match slot {
            Slot::Item(index) => self.keys.open_item(index, element, value, span, place),
            Slot::Part(name) => self.keys.open(name, element, value, span, place),
            Slot::Named => {
                let name = tree.attribute(node, "N").map_or(Cow::Borrowed(element), |name| unescape(name.into()).into_text());
                self.keys.open(&name, element, value, span, place)
            }
        };
        if let Some(id) = tree.attribute(node, "RefId") {
            match element {
                "Obj" => {
                    self.objects.insert(id, key);
                }
                "Ref" => {
                    if let Some(&target) = self.objects.get(id) {
                        self.keys.link(key, target);
                    }
                }
                _ => {}
            }
        }
        if is_value {
            self.keys.close();
            return Ok(());
        }
        self.jobs.push(Job::Close);
        let first = self.jobs.len();
        match element {
            "Obj" => self.parts(node),
            _ => self.jobs.extend(elements(tree, node).map(|child| Job::Value(child, Slot::Named))),
        }
        // The next job is the last one.
        if let Some(jobs) = self.jobs.get_mut(first..) {
            jobs.reverse();
        }
        Ok(())
    }

    /// Adds the parts of an object in their order.
    fn parts(&mut self, object: NodeId) {
        let tree = self.tree;
        let mut items = 0;
        for part in elements(tree, object) {
            match tree.local_name(part) {
                "TN" | "TNRef" => self.jobs.push(Job::Value(part, Slot::Part("@type"))),
                "ToString" => self.jobs.push(Job::Value(part, Slot::Part("@string"))),
                "Props" | "MS" => self.jobs.extend(elements(tree, part).map(|child| Job::Value(child, Slot::Named))),
                "LST" | "IE" | "QUE" | "STK" | "DCT" => {
                    for item in elements(tree, part) {
                        self.jobs.push(Job::Value(item, Slot::Item(items)));
                        items += 1;
                    }
                }
                _ => self.jobs.push(Job::Value(part, Slot::Part("@value"))),
            }
        }
    }

    /// The first of the type names, and the others forgotten: the first says what the object is.
    fn type_names(&mut self, node: NodeId) -> Scalar<'t> {
        let tree = self.tree;
        let first = elements(tree, node).next().map(|name| unescape(tree.string_value(name)).into_text());
        let first = first.unwrap_or_default();
        if let Some(id) = tree.attribute(node, "RefId") {
            self.types.insert(id, first.clone());
        }
        Scalar::Text(first)
    }

    fn type_reference(&mut self, node: NodeId) -> Result<Scalar<'t>, Box<Malformed>> {
        let Some(name) = self.tree.attribute(node, "RefId").and_then(|id| self.types.get(id)) else {
            return Ok(Scalar::Null);
        };
        self.names = self.names.checked_sub(name.len()).ok_or_else(|| {
            let reason = "the type names that references repeat are longer than the file";
            Box::new(Malformed::new(self.tree.start_tag(node), reason).help("Check what wrote this file."))
        })?;
        Ok(Scalar::Text(name.clone()))
    }
}

fn scalar<'t>(element: &str, text: Cow<'t, str>) -> Scalar<'t> {
    let is_number = match element {
        "B" => match &*text {
            "true" => return Scalar::Boolean(true),
            "false" => return Scalar::Boolean(false),
            _ => false,
        },
        "By" | "SB" | "U16" | "I16" | "U32" | "I32" | "U64" | "I64" | "C" => integer(&text).is_some_and(|plain| plain == text),
        "Sg" | "Db" | "D" => text.parse::<f64>().is_ok_and(f64::is_finite),
        _ => false,
    };
    if is_number { Scalar::Number(text) } else { unescape(text).into_scalar() }
}

/// Text whose escapes are resolved.
#[derive(Debug, PartialEq)]
enum Unescaped<'t> {
    Text(Cow<'t, str>),
    /// With half of a surrogate pair in it.
    Broken(Vec<u16>),
}

impl<'t> Unescaped<'t> {
    fn into_text(self) -> Cow<'t, str> {
        match self {
            Unescaped::Text(text) => text,
            Unescaped::Broken(units) => Cow::Owned(String::from_utf16_lossy(&units)),
        }
    }

    fn into_scalar(self) -> Scalar<'t> {
        match self {
            Unescaped::Text(text) => Scalar::Text(text),
            Unescaped::Broken(units) => Scalar::Bytes(units.into_iter().flat_map(u16::to_le_bytes).collect()),
        }
    }
}

/// Resolves `_xHHHH_`, the spelling of UTF-16 code units that XML cannot hold or would change. What only looks like it is text.
fn unescape(text: Cow<'_, str>) -> Unescaped<'_> {
    if !text.contains("_x") {
        return Unescaped::Text(text);
    }
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.find("_x") {
        let (before, from) = rest.split_at(at);
        units.extend(before.encode_utf16());
        let digits = from.get(2..6).filter(|_| from.as_bytes().get(6) == Some(&b'_'));
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()) {
            Some(unit) => {
                units.push(unit);
                rest = from.get(7..).unwrap_or_default();
            }
            None => {
                units.extend("_x".encode_utf16());
                rest = from.get(2..).unwrap_or_default();
            }
        }
    }
    units.extend(rest.encode_utf16());
    match String::from_utf16(&units) {
        Ok(text) => Unescaped::Text(Cow::Owned(text)),
        Err(_) => Unescaped::Broken(units),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::key_paths::Paths;
    use crate::input::{raw, xml};
    use crate::tree::Vocabulary;

    fn keys_of(body: &str) -> Result<Keys, Box<Malformed>> {
        let text = format!("<Objs Version='1.1.0.1' xmlns='{NAMESPACE}'>{body}</Objs>");
        let vocabulary = Vocabulary::default();
        let tree = xml::read(&text, &Limits::default(), &vocabulary, |_, _| {}).unwrap();
        read(&tree, &Limits::default())
    }

    fn path(keys: &Keys, wanted: KeyId) -> String {
        let mut paths = Paths::new(keys);
        keys.all().map(|key| (key, paths.path(key).to_owned())).find(|(key, _)| *key == wanted).unwrap().1
    }

    fn lines(body: &str) -> Vec<String> {
        raw::lines(&keys_of(body).unwrap()).map(|line| line.text).collect()
    }

    #[test]
    fn an_object_has_its_type_its_text_its_value_and_its_properties() {
        let body = "<Obj RefId='0'><TN RefId='0'><T>A.VM</T><T>System.Object</T></TN><ToString>vm</ToString><Props>\
            <S N='Name'>web</S><Nil N='Notes'/><B N='On'>true</B><U64 N='Memory'>1024</U64>\
            <Obj N='State' RefId='1'><TN RefId='1'><T>A.State</T></TN><ToString>Off</ToString><I32>3</I32></Obj>\
            <Obj N='Disks' RefId='2'><TNRef RefId='0'/><LST><S>a</S><Obj RefId='3'><MS><I32 N='Number'>0</I32></MS></Obj></LST></Obj>\
            </Props><MS><S N='Name'>again</S></MS></Obj><S>second</S>";
        let wanted = [
            "[0]/@type TN A.VM",
            "[0]/@string ToString vm",
            "[0]/Name S web",
            "[0]/Notes Nil null",
            "[0]/On B true",
            "[0]/Memory U64 1024",
            "[0]/State/@type TN A.State",
            "[0]/State/@string ToString Off",
            "[0]/State/@value I32 3",
            "[0]/Disks/@type TNRef A.VM",
            "[0]/Disks[0] S a",
            "[0]/Disks[1]/Number I32 0",
            "[0]/Name#2 S again",
            "[1] S second",
        ];
        assert_eq!(lines(body), wanted);
    }

    #[test]
    fn tables_are_pairs_and_references_lead_to_their_object() {
        let body = "<Obj RefId='0'><DCT><En><S N='Key'>a</S><Obj N='Value' RefId='7'><MS><Ref N='Up' RefId='0'/></MS></Obj></En>\
            <En><S N='Key'>b</S><Ref N='Value' RefId='7'/></En></DCT></Obj><Ref RefId='99'/>";
        let wanted = ["[0][0]/Key S a", "[0][0]/Value/Up Ref 0", "[0][1]/Key S b", "[0][1]/Value Ref 7", "[1] Ref 99"];
        assert_eq!(lines(body), wanted);
        let keys = keys_of(body).unwrap();
        let targets: Vec<_> =
            keys.all().filter(|&key| keys.kind(key) == "Ref").map(|key| keys.target(key).map(|to| path(&keys, to))).collect();
        assert_eq!(targets, [Some("[0]".to_owned()), Some("[0][0]/Value".to_owned()), None]);
    }

    #[test]
    fn escapes_are_code_units() {
        let cases = [
            ("a_x000D__x000A_b", "a\r\nb"),
            ("_x005F_x000A_", "_x000A_"),
            ("_xD83D__xDE00_", "😀"),
            ("_x00e9_", "é"),
            ("_x12_ _x_ _xZZZZ_ _x+123_", "_x12_ _x_ _xZZZZ_ _x+123_"),
            ("_xéé_", "_xéé_"),
            ("_x", "_x"),
        ];
        for (text, wanted) in cases {
            assert_eq!(unescape(text.into()), Unescaped::Text(wanted.into()), "{text}");
        }
        assert_eq!(unescape("a_xD83D_".into()), Unescaped::Broken(vec![0x61, 0xD83D]));
        assert_eq!(lines("<S>a_xD83D_</S><S N='x'>_x0041_</S>"), ["[0] S 61003dd8", "[1] S A"]);
    }

    #[test]
    fn elements_of_other_writers_are_kept() {
        assert_eq!(lines("<Odd><S>x</S><More N='y'>z</More></Odd>"), ["[0]/S S x", "[0]/y More z"]);
    }

    #[test]
    fn type_names_cannot_be_repeated_without_end() {
        let long = "x".repeat(200_000);
        let body = format!("<Obj><TN RefId='0'><T>{long}</T></TN></Obj>{}", "<Obj><TNRef RefId='0'/></Obj>".repeat(100));
        assert!(keys_of(&body).unwrap_err().reason.contains("type names"));
    }

    #[test]
    fn nesting_has_an_end() {
        let body = format!("{}{}", "<Obj><LST>".repeat(300), "</LST></Obj>".repeat(300));
        assert_eq!(keys_of(&body).unwrap_err().reason, "values are nested more than 256 deep");
    }
}
