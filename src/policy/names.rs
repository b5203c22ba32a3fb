//! The names that libvirt's grammar and the tree of Hyper-V's machines know, so that a misspelt step is noticed and not silently without findings.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::schema::{Fault, Platform, Policy};
use crate::finding::Severity;
use crate::xpath::NameTest;
use crate::{hyperv, suggest};

/// Element and attribute names, one a line under their headings.
const LIBVIRT: &str = include_str!("../../policies/names/libvirt.txt");

struct Names {
    elements: HashSet<&'static str>,
    attributes: HashSet<&'static str>,
}

static KNOWN_TO_HYPER_V: LazyLock<Names> = LazyLock::new(|| Names {
    elements: hyperv::element_names().into_iter().collect(),
    attributes: hyperv::attribute_names().into_iter().collect(),
});

static KNOWN_TO_LIBVIRT: LazyLock<Names> = LazyLock::new(|| {
    let (mut elements, mut attributes) = (HashSet::new(), HashSet::new());
    let mut section = &mut elements;
    for line in LIBVIRT.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line {
            "[elements]" => section = &mut elements,
            "[attributes]" => section = &mut attributes,
            name => {
                section.insert(name);
            }
        }
    }
    Names { elements, attributes }
});

/// A warning for each name that neither the platform nor the policy knows, and what comes of it. `place` leads from a span in the
/// expression to the policy file.
pub fn check(
    tests: &[NameTest],
    policy: &Policy,
    consequence: &str,
    place: impl Fn(std::ops::Range<usize>) -> std::ops::Range<u32>,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    let (names, who) = match policy.platform {
        Platform::Libvirt => (&*KNOWN_TO_LIBVIRT, "libvirt knows"),
        Platform::HyperV => (&*KNOWN_TO_HYPER_V, "the tree of Hyper-V's machines has"),
    };
    for test in tests.iter().filter(|test| !test.table) {
        let local = &*test.local;
        let (known, own, what) = if test.attribute {
            (&names.attributes, &policy.attribute_names, "attribute")
        } else {
            (&names.elements, &policy.element_names, "element")
        };
        let is_known = local == "*" || known.contains(local) || own.iter().any(|name| name == local);
        if is_known {
            continue;
        }
        let mut candidates: Vec<&str> = known.iter().copied().chain(own.iter().map(|name| &**name)).collect();
        candidates.sort_unstable();
        let help = suggest::nearest(local, candidates)
            .map(|near| format!("Did you mean `{near}`?"))
            .unwrap_or_else(|| "If documents do have it, declare it under `names`.".to_owned());
        faults.push(Fault {
            severity: Severity::Warning,
            span: place(test.span.clone()),
            message: format!("{who} no {what} `{local}`, {consequence}"),
            label: "unknown name".to_owned(),
            help: Some(help),
        });
    }
    faults
}

/// Whether libvirt or the tree of Hyper-V's machines knows a name; every name of a namespace is, as documents have their own.
pub fn is_known(test: &NameTest) -> bool {
    let local = &*test.local;
    let known = |names: &Names| if test.attribute { names.attributes.contains(local) } else { names.elements.contains(local) };
    test.table || local == "*" || !test.namespace.is_empty() || known(&KNOWN_TO_LIBVIRT) || known(&KNOWN_TO_HYPER_V)
}

/// All names of elements or attributes, in order.
pub fn all(attributes: bool) -> Vec<&'static str> {
    let of = |names: &'static Names| if attributes { &names.attributes } else { &names.elements };
    let mut all: Vec<&str> = of(&KNOWN_TO_LIBVIRT).union(of(&KNOWN_TO_HYPER_V)).copied().collect();
    all.sort_unstable();
    all
}
