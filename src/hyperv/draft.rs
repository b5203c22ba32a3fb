//! A machine while it is put together: elements and attributes in any order, with where they came from. Finished, it is complete
//! by the schema: what applies and was not found is listed as unknown.

use std::borrow::Cow;
use std::ptr;

use super::schema::{self, Attribute, Child, Element, When};
use crate::source::Span;
use crate::tree::Builder;

/// The most children of one kind. Hyper-V allows 64 drives on a controller and 12 network adapters; a file that has more is not believed to its
/// end, so that looking for one among them stays cheap, and its list is not called complete.
const MOST: usize = 256;

/// An element of a machine, whose values are those of an export where it says them as the tree does.
#[derive(Debug, Clone)]
pub(super) struct Draft<'k> {
    element: &'static Element,
    span: Option<Span>,
    attributes: Vec<Value<'k>>,
    children: Vec<Draft<'k>>,
    /// What few elements have.
    more: Option<Box<More<'k>>>,
}

#[derive(Debug, Clone, Default)]
struct More<'k> {
    /// How many children of each name there are.
    counts: Vec<(&'static str, usize)>,
    /// What there was no room for.
    spare: Option<Draft<'k>>,
    /// The children that are all there, by name.
    complete: Vec<&'static str>,
    /// Attributes whose values are Hyper-V's defaults and not in the file.
    assumed: Vec<&'static str>,
}

#[derive(Debug, Clone)]
struct Value<'k> {
    attribute: &'static Attribute,
    value: Cow<'k, str>,
    span: Span,
}

impl<'k> Draft<'k> {
    /// An empty element.
    pub fn new(element: &'static Element) -> Draft<'k> {
        Draft { element, span: None, attributes: Vec::new(), children: Vec::new(), more: None }
    }

    /// An empty machine.
    pub fn vm() -> Draft<'k> {
        Draft::new(&schema::VM)
    }

    /// Says where the element stands in the source text, unless that is known.
    pub fn place(&mut self, span: Span) {
        self.span.get_or_insert(span);
    }

    /// Gives the attribute at `target` (`count`, or `processor/count` for that of a child of which there is one) a value,
    /// unless it has one.
    pub fn set(&mut self, target: &str, value: impl Into<Cow<'k, str>>, span: Span) {
        let (child, name) = target.rsplit_once('/').map_or(("", target), |(child, name)| (child, name));
        let Some(draft) = self.below(child) else { return };
        let Some(attribute) = draft.element.attribute(name) else { return };
        if !draft.has(attribute) {
            draft.attributes.push(Value { attribute, value: value.into(), span });
        }
    }

    /// The same with a value that is Hyper-V's default; `span` is what made the default apply.
    pub fn assume(&mut self, target: &'static str, value: &'static str, span: Span) {
        if self.get(target).is_none() {
            self.set(target, value, span);
            self.more().assumed.push(target);
        }
    }

    /// The value of an attribute of this element or, as for [`Draft::set`], of one below.
    pub fn get(&self, target: &str) -> Option<&str> {
        let (path, name) = target.rsplit_once('/').map_or(("", target), |(path, name)| (path, name));
        let mut draft = self;
        for step in path.split('/').filter(|step| !step.is_empty()) {
            draft = draft.children.iter().find(|child| child.element.name == step)?;
        }
        draft.attributes.iter().find(|value| value.attribute.name == name).map(|value| &*value.value)
    }

    fn has(&self, attribute: &Attribute) -> bool {
        self.attributes.iter().any(|value| ptr::eq(value.attribute, attribute))
    }

    /// The child elements of a name.
    pub fn children<'d>(&'d self, name: &'d str) -> impl Iterator<Item = &'d Draft<'k>> {
        self.children.iter().filter(move |child| child.element.name == name)
    }

    /// The child elements of a name, to be changed.
    pub fn children_mut<'d>(&'d mut self, name: &'d str) -> impl Iterator<Item = &'d mut Draft<'k>> {
        self.children.iter_mut().filter(move |child| child.element.name == name)
    }

    /// The one child at a path, made where there is none.
    pub fn below(&mut self, path: &str) -> Option<&mut Draft<'k>> {
        let mut draft = self;
        for step in path.split('/').filter(|step| !step.is_empty()) {
            let child = draft.element.child(step).filter(|child| !child.many)?;
            let at = match draft.children.iter().position(|known| known.element.name == step) {
                Some(at) => at,
                None => {
                    draft.push(child.element);
                    draft.children.len() - 1
                }
            };
            draft = draft.children.get_mut(at)?;
        }
        Some(draft)
    }

    /// Adds a child element of a kind of which there can be many. Where there is no room for it, or the schema does not know the
    /// name, it is one that nobody sees.
    pub fn add(&mut self, name: &str) -> &mut Draft<'k> {
        let child = self.element.child(name);
        let element = child.map_or(self.element, |child| child.element);
        if child.is_none() || self.is_full(element.name) {
            return self.more().spare.insert(Draft::new(element));
        }
        let counts = &mut self.more().counts;
        match counts.iter_mut().find(|(known, _)| *known == element.name) {
            Some((_, count)) => *count += 1,
            None => counts.push((element.name, 1)),
        }
        self.push(element);
        let last = self.children.len() - 1;
        &mut self.children[last]
    }

    fn push(&mut self, element: &'static Element) {
        // Most have one child or two, and room for four takes as much as all else.
        self.children.reserve_exact(usize::from(self.children.len() < 4));
        self.children.push(Draft::new(element));
    }

    /// Whether there is no room for another child of a name.
    pub fn is_full(&self, name: &str) -> bool {
        let counts = self.more.as_ref().map_or(&[][..], |more| &more.counts);
        counts.iter().any(|(known, count)| *known == name && *count >= MOST)
    }

    /// The child of which the attributes have these values, or a new one with them.
    pub fn entry(&mut self, name: &str, key: &[(&str, &str)], span: Span) -> &mut Draft<'k> {
        let found = self
            .children
            .iter()
            .position(|child| child.element.name == name && key.iter().all(|(name, value)| child.get(name) == Some(*value)));
        if let Some(at) = found {
            return &mut self.children[at];
        }
        let child = self.add(name);
        for (name, value) in key {
            child.set(name, (*value).to_owned(), span);
        }
        child
    }

    /// The child of a name with this place among them, or a new one.
    pub fn nth(&mut self, name: &str, nth: usize) -> &mut Draft<'k> {
        let mut named = self.children.iter().enumerate().filter(|(_, child)| child.element.name == name);
        match named.nth(nth).map(|(at, _)| at) {
            Some(at) => &mut self.children[at],
            None => self.add(name),
        }
    }

    /// Says that the children of this name are all there.
    pub fn complete(&mut self, name: &str) {
        if let Some(child) = self.element.child(name)
            && !self.is_complete(child.element.name)
            && !self.is_full(name)
        {
            self.more().complete.push(child.element.name);
        }
    }

    fn is_complete(&self, name: &str) -> bool {
        self.more.as_ref().is_some_and(|more| more.complete.contains(&name))
    }

    fn more(&mut self) -> &mut More<'k> {
        self.more.get_or_insert_default()
    }

    /// Brings elements into the schema's order, drops what does not apply.
    pub fn finish(&mut self) {
        let generation = self.get("generation").map(str::to_owned);
        self.settle(generation.as_deref(), self.span.unwrap_or_default());
    }

    fn settle(&mut self, generation: Option<&str>, span: Span) {
        let span = *self.span.get_or_insert(self.attributes.iter().map(|value| value.span).min().unwrap_or(span));
        let element = self.element;
        for child in element.children.iter().filter(|child| !child.many) {
            let _ = self.below(child.element.name);
        }
        let drop: Vec<&str> = element
            .attributes
            .iter()
            .filter(|attribute| !self.applies(attribute.when, generation))
            .map(|attribute| attribute.name)
            .chain(element.children.iter().filter(|child| !self.applies(child.when, generation)).map(|child| child.element.name))
            .collect();
        self.attributes.retain(|value| !drop.contains(&value.attribute.name));
        self.children.retain(|child| !drop.contains(&child.element.name));
        let dropped = drop.iter().filter_map(|name| element.child(name)).map(|child| child.element.name);
        for name in dropped {
            self.more().complete.push(name);
        }
        // They lie in the schema in their order.
        self.attributes.sort_by_key(|value| ptr::from_ref(value.attribute));
        let place = |draft: &Draft<'_>| element.children.iter().position(|child| ptr::eq(child.element, draft.element));
        // Those of one kind that have an order of their own get it, so that formats which list them otherwise give the same tree.
        self.children.sort_by_cached_key(|child| (place(child), child.rank()));
        for child in &mut self.children {
            child.settle(generation, span);
        }
    }

    /// The order among siblings of its kind.
    fn rank(&self) -> (usize, u64) {
        let number = |name: &str| self.get(name).and_then(|value| value.parse().ok()).unwrap_or(u64::MAX);
        let word = |words: super::words::Words, name: &str| {
            self.get(name).and_then(|value| words.iter().position(|(_, word)| *word == value)).unwrap_or(usize::MAX)
        };
        match self.element.name {
            "controller" => (word(super::words::CONTROLLER_TYPE, "type"), number("number")),
            "drive" => (0, number("location")),
            "com-port" => (0, number("number")),
            "integration-service" => (word(super::words::INTEGRATION_SERVICE, "name"), 0),
            _ => (0, 0),
        }
    }

    /// Whether something applies here. Where what decides is unknown, it may.
    fn applies(&self, when: When, generation: Option<&str>) -> bool {
        match when {
            When::Always | When::Sometimes => true,
            When::Generation(wanted) => generation.is_none_or(|generation| generation == wanted),
            When::Has(name, wanted) => self.get(name).is_none_or(|value| value == wanted),
            When::HasNot(name, unwanted) => self.get(name).is_none_or(|value| value != unwanted),
        }
    }

    /// What may apply and is not known: attributes without a value, children that may not be all there.
    fn unknown(&self, generation: Option<&str>) -> Vec<&'static str> {
        // What hangs on something unknown is not listed beside it.
        let surely = |when: When| match when {
            When::Sometimes => false,
            When::Always => true,
            When::Generation(_) => generation.is_some() && self.applies(when, generation),
            When::Has(name, _) | When::HasNot(name, _) => self.get(name).is_some() && self.applies(when, generation),
        };
        let attributes = self.element.attributes.iter();
        let attributes = attributes.filter(|attribute| !self.has(attribute) && surely(attribute.when));
        let is_open = |child: &&Child| child.many && surely(child.when) && !self.is_complete(child.element.name);
        let children = self.element.children.iter().filter(is_open);
        attributes.map(|attribute| attribute.name).chain(children.map(|child| child.element.name)).collect()
    }

    /// Writes the finished element into a tree.
    pub fn build(&self, builder: &mut Builder<'_>) {
        self.write(self.get("generation"), builder);
    }

    fn write(&self, generation: Option<&str>, builder: &mut Builder<'_>) {
        let span = self.span.unwrap_or_default();
        builder.open_made_up(self.element.name, span, None);
        for value in &self.attributes {
            builder.made_up_attribute(value.attribute.name, value.span, Some(&value.value));
        }
        for (name, listed) in [
            (schema::UNKNOWN, self.unknown(generation)),
            (schema::ASSUMED, self.more.as_ref().map_or(Vec::new(), |more| more.assumed.clone())),
        ] {
            if !listed.is_empty() {
                builder.made_up_attribute(name, span, Some(&listed.join(" ")));
            }
        }
        for child in &self.children {
            child.write(generation, builder);
        }
        builder.close();
    }
}
