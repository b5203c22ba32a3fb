//! WMI objects as CIM-XML (format notes, section 6): what `GetText(1)` gives, one object or many joined, and the `.exp` file that
//! Hyper-V of Windows Server 2008 exports. Instances are found at any depth; what is around them does not matter.

use super::hyperv_xml::{beyond, boolean, content_span, integer};
use super::keys::{Keys, Scalar};
use super::limits::Limits;
use super::xml::Malformed;
use crate::tree::{NodeId, Tree};

/// Names of the root elements that hold instances.
pub const ROOTS: [&str; 5] = ["INSTANCE", "CIM", "DECLARATIONS", "DECLGROUP", "VALUE.OBJECT"];

fn instances<'t>(tree: &'t Tree<'_>) -> impl Iterator<Item = NodeId> + 't {
    tree.descendants(Tree::ROOT).filter(|&node| tree.is_element(node) && tree.local_name(node) == "INSTANCE")
}

/// The class of an instance.
fn class<'t>(tree: &'t Tree<'_>, instance: NodeId) -> &'t str {
    tree.attribute(instance, "CLASSNAME").unwrap_or_default()
}

/// Whether the tree holds an object of Hyper-V's.
pub fn is_export(tree: &Tree<'_>) -> bool {
    instances(tree).any(|instance| class(tree, instance).starts_with("Msvm_"))
}

/// The instances of a tree with their properties. An instance inside a property of another stands behind that one.
///
/// # Errors
/// Where the tree is beyond a limit.
pub fn read(tree: &Tree<'_>, limits: &Limits) -> Result<Keys, Box<Malformed>> {
    let mut reader = Reader { tree, keys: Keys::new(), limits, most: limits.keys(tree.text().len()) };
    let several = instances(tree).nth(1).is_some();
    for (number, instance) in instances(tree).enumerate() {
        reader.room(instance)?;
        reader.keys.open_instance(class(tree, instance), several.then_some(number), tree.span(instance));
        for property in tree.children(instance).filter(|&node| tree.is_element(node)) {
            reader.property(property)?;
        }
        reader.keys.close();
    }
    Ok(reader.keys)
}

struct Reader<'t, 's> {
    tree: &'t Tree<'s>,
    keys: Keys,
    limits: &'t Limits,
    most: usize,
}

impl<'t> Reader<'t, '_> {
    fn room(&self, node: NodeId) -> Result<(), Box<Malformed>> {
        if self.keys.len() < self.most { Ok(()) } else { Err(beyond(self.tree.start_tag(node), 0, self.limits)) }
    }

    fn child(&self, node: NodeId, names: &[&str]) -> Option<NodeId> {
        self.tree.children(node).find(|&child| self.tree.is_element(child) && names.contains(&self.tree.local_name(child)))
    }

    fn property(&mut self, property: NodeId) -> Result<(), Box<Malformed>> {
        let tree = self.tree;
        // Qualifiers of the class and of the property say nothing about the machine.
        let element = tree.local_name(property);
        if !matches!(element, "PROPERTY" | "PROPERTY.ARRAY" | "PROPERTY.REFERENCE" | "PROPERTY.OBJECT" | "PROPERTY.OBJECTARRAY") {
            return Ok(());
        }
        self.room(property)?;
        let name = tree.attribute(property, "NAME").unwrap_or_default();
        let kind = tree.attribute(property, "TYPE").unwrap_or(match element {
            "PROPERTY.REFERENCE" => "reference",
            "PROPERTY.OBJECT" | "PROPERTY.OBJECTARRAY" => "object",
            _ => "string",
        });
        let span = tree.span(property);
        if matches!(element, "PROPERTY.ARRAY" | "PROPERTY.OBJECTARRAY") {
            return self.array(property, name, kind);
        }
        let value = self.child(property, &["VALUE", "VALUE.REFERENCE", "VALUE.OBJECT"]);
        let (scalar, place) = match value {
            Some(value) => (self.scalar(value, kind), content_span(tree, value)),
            None => (Scalar::Null, span),
        };
        self.keys.open_property(name, kind, Some(scalar), span, place);
        self.keys.close();
        Ok(())
    }

    fn array(&mut self, property: NodeId, name: &str, kind: &str) -> Result<(), Box<Malformed>> {
        let (tree, span) = (self.tree, self.tree.span(property));
        let several = format!("{kind}[]");
        let Some(array) = self.child(property, &["VALUE.ARRAY", "VALUE.OBJECTARRAY"]) else {
            self.keys.open_property(name, &several, Some(Scalar::Null), span, span);
            self.keys.close();
            return Ok(());
        };
        self.keys.open_property(name, &several, None, span, content_span(tree, array));
        for (index, item) in tree.children(array).filter(|&node| tree.is_element(node)).enumerate() {
            self.room(item)?;
            let scalar = if tree.local_name(item) == "VALUE.NULL" { Scalar::Null } else { self.scalar(item, kind) };
            self.keys.open_item(index, kind, Some(scalar), tree.span(item), content_span(tree, item));
            self.keys.close();
        }
        self.keys.close();
        Ok(())
    }

    fn scalar(&self, value: NodeId, kind: &str) -> Scalar<'t> {
        let text = self.tree.string_value(value);
        if kind == "boolean"
            && let Some(value) = boolean(&text)
        {
            return Scalar::Boolean(value);
        }
        // Kept as written, which for a number that means something is how anybody writes it.
        let is_number = kind.starts_with("uint") || kind.starts_with("sint");
        if is_number && integer(&text).is_some_and(|plain| plain == text) { Scalar::Number(text) } else { Scalar::Text(text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{raw, xml};
    use crate::tree::Vocabulary;

    fn lines(text: &str) -> Vec<String> {
        let vocabulary = Vocabulary::default();
        let tree = xml::read(text, &Limits::default(), &vocabulary, |_, _| {}).unwrap();
        let keys = read(&tree, &Limits::default()).unwrap();
        raw::lines(&keys).map(|line| format!("{} @{}", line.text, &text[keys.value_span(line.key).range()])).collect()
    }

    #[test]
    fn a_property_without_a_value_is_null_and_an_empty_one_is_empty() {
        let text = "<INSTANCE CLASSNAME='Msvm_A'><QUALIFIER NAME='q' TYPE='string'><VALUE>x</VALUE></QUALIFIER>\
            <PROPERTY NAME='A' TYPE='string'></PROPERTY><PROPERTY NAME='B' TYPE='string'><VALUE></VALUE></PROPERTY>\
            <PROPERTY NAME='C' TYPE='uint16'><VALUE>7</VALUE></PROPERTY>\
            <PROPERTY NAME='D' TYPE='boolean'><VALUE>TRUE</VALUE></PROPERTY>\
            <PROPERTY.ARRAY NAME='E' TYPE='string'></PROPERTY.ARRAY>\
            <PROPERTY.ARRAY NAME='F' TYPE='string'><VALUE.ARRAY><VALUE>a</VALUE><VALUE>b&lt;</VALUE></VALUE.ARRAY></PROPERTY.ARRAY>\
            <PROPERTY.ARRAY NAME='G' TYPE='uint16'><VALUE.ARRAY/></PROPERTY.ARRAY></INSTANCE>";
        let wanted = [
            "Msvm_A.A string null @<PROPERTY NAME='A' TYPE='string'></PROPERTY>",
            "Msvm_A.B string  @",
            "Msvm_A.C uint16 7 @7",
            "Msvm_A.D boolean true @TRUE",
            "Msvm_A.E string[] null @<PROPERTY.ARRAY NAME='E' TYPE='string'></PROPERTY.ARRAY>",
            "Msvm_A.F[0] string a @a",
            "Msvm_A.F[1] string b< @b&lt;",
            "Msvm_A.G uint16[]  @",
        ];
        assert_eq!(lines(text), wanted);
    }

    #[test]
    fn instances_are_found_in_every_wrapper_and_side_by_side() {
        let one = |class: &str| {
            format!("<INSTANCE CLASSNAME='{class}'><PROPERTY NAME='P' TYPE='string'><VALUE>v</VALUE></PROPERTY></INSTANCE>")
        };
        let (a, b) = (one("Msvm_A"), one("Msvm_B"));
        let wrapped = format!("<DECLARATIONS><DECLGROUP><VALUE.OBJECT>{a}</VALUE.OBJECT>{b}</DECLGROUP></DECLARATIONS>");
        for text in [wrapped, format!("{a}\n{b}"), format!("<CIM><DECLARATION>{a}{b}</DECLARATION></CIM>")] {
            assert_eq!(lines(&text), ["[0]Msvm_A.P string v @v", "[1]Msvm_B.P string v @v"], "{text}");
        }
        assert_eq!(lines(&a), ["Msvm_A.P string v @v"]);
    }
}
