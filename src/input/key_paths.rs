//! The paths of keys: `/configuration/properties/name`, `#2` behind the second of a name, `[0]` for items.

use std::borrow::Cow;
use std::collections::HashMap;

use super::keys::{KeyId, Keys, Step};

/// The paths of keys asked for in document order, each from that of the key above.
#[derive(Debug)]
pub struct Paths<'k> {
    keys: &'k Keys,
    path: String,
    /// The names of the keys that lie in none.
    roots: Siblings<'k>,
    /// The keys that the next one may lie below.
    open: Vec<Open<'k>>,
}

#[derive(Debug)]
struct Open<'k> {
    key: KeyId,
    /// The length of its path.
    length: usize,
    /// The names of the keys directly below it.
    names: Siblings<'k>,
}

impl<'k> Paths<'k> {
    /// The paths of these keys, of which none was asked for yet.
    pub fn new(keys: &'k Keys) -> Paths<'k> {
        Paths { keys, path: String::new(), roots: Siblings::default(), open: Vec::new() }
    }

    /// The path of a key behind the ones asked for so far.
    pub fn path(&mut self, key: KeyId) -> &str {
        let (keys, parent) = (self.keys, self.keys.parent(key));
        while self.open.pop_if(|above| Some(above.key) != parent).is_some() {}
        let name = keys.name(key);
        let (length, siblings) = self.open.last_mut().map_or((0, &mut self.roots), |above| (above.length, &mut above.names));
        let path = &mut self.path;
        path.truncate(length);
        let ordinal = match keys.step(key) {
            Step::Child | Step::Property => siblings.count(Cow::Borrowed(name)),
            _ => 1,
        };
        match keys.step(key) {
            Step::Child => path.extend(["/", name]),
            Step::Item => path.extend(["[", name, "]"]),
            Step::Instance => path.push_str(name),
            Step::Numbered(index) => path.extend(["[", &index.to_string(), "]", name]),
            Step::Property => path.extend([".", name]),
            Step::Document => {}
        }
        if ordinal > 1 {
            path.extend(["#", &ordinal.to_string()]);
        }
        self.open.push(Open { key, length: self.path.len(), names: Siblings::default() });
        &self.path
    }
}

/// How often each name was given to one of several siblings.
#[derive(Debug, Default)]
pub(super) struct Siblings<'n> {
    /// The first names, compared one by one.
    few: Vec<(Cow<'n, str>, u32)>,
    /// The others. The hash is seeded, so that no file can choose names that collide.
    many: Option<HashMap<Cow<'n, str>, u32>>,
}

/// So many names are compared one by one.
const FEW: usize = 32;

impl<'n> Siblings<'n> {
    /// Which one of its name the next sibling is, from 1.
    pub fn count(&mut self, name: Cow<'n, str>) -> u32 {
        // The last ones are asked first: what a file repeats, it repeats in a row.
        if let Some((_, count)) = self.few.iter_mut().rev().find(|(known, _)| *known == name) {
            *count = count.saturating_add(1);
            return *count;
        }
        if self.few.len() < FEW {
            self.few.push((name, 1));
            return 1;
        }
        let count = self.many.get_or_insert_default().entry(name).or_default();
        *count = count.saturating_add(1);
        *count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::keys::Scalar;
    use crate::source::Span;

    fn paths(keys: &Keys) -> Vec<String> {
        let mut paths = Paths::new(keys);
        keys.all().map(|key| paths.path(key).to_owned()).collect()
    }

    #[test]
    fn repeated_names_are_numbered_among_their_siblings_only() {
        let none = Span::default();
        let mut keys = Keys::new();
        for _ in 0..2 {
            keys.open("a", "", None, none, none);
            for name in ["b", "c", "b"] {
                keys.open(name, "null", Some(Scalar::Null), none, none);
                keys.close();
            }
            keys.close();
        }
        assert_eq!(paths(&keys), ["/a", "/a/b", "/a/c", "/a/b#2", "/a#2", "/a#2/b", "/a#2/c", "/a#2/b#2"]);
    }

    #[test]
    fn many_siblings_are_counted_like_few() {
        let mut siblings = Siblings::default();
        let mut all = (0..3 * FEW).chain(0..3 * FEW).map(|number| siblings.count(Cow::Owned(number.to_string())));
        assert!(all.by_ref().take(3 * FEW).all(|count| count == 1));
        assert!(all.all(|count| count == 2));
    }

    #[test]
    fn items_and_instances_have_paths_of_their_own() {
        let none = Span::default();
        let mut keys = Keys::new();
        keys.open_item(1, "array", None, none, none);
        keys.open_item(0, "int", Some(Scalar::Number("7".into())), none, none);
        keys.close();
        keys.close();
        keys.open_instance("Msvm_A", Some(3), none);
        keys.open_property("P", "string", None, none, none);
        keys.close();
        keys.close();
        assert_eq!(paths(&keys), ["[1]", "[1][0]", "[3]Msvm_A", "[3]Msvm_A.P"]);
    }
}
