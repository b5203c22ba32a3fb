//! What a machine itself says of where it runs and what runs in it.

use std::sync::Arc;

use crate::policy::schema::Platform;
use crate::suggest;
use crate::systems::{self, Guest};
use crate::tree::{NodeId, Tree};

/// What the notes of a machine and its guest tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// The guest: as the notes say, else as the guest itself said while it ran.
    pub guest: Option<Guest>,
    /// The host, which only the notes can say.
    pub host: Option<Arc<str>>,
    /// The kind of guest drivers, likewise.
    pub drivers: Option<&'static str>,
    /// What the notes say and nobody understands: what, and what may have been meant.
    pub unclear: Vec<(String, Option<String>)>,
}

/// Reads a line `vmlint: guest=centos-6.5 host=windows-server-2016 drivers=lis-4.3` in the notes of a machine, and what
/// key-value pair exchange brought.
pub fn told(tree: &Tree<'_>, vm: NodeId) -> Told {
    let mut told = Told::default();
    let notes = tree.attribute(vm, "notes").unwrap_or_default();
    for line in notes.lines().filter_map(|line| line.trim().strip_prefix("vmlint:")) {
        for word in line.split_whitespace() {
            told.word(word);
        }
    }
    if told.guest.is_none() {
        let guest = tree.children(vm).find(|&node| tree.local_name(node) == "guest");
        let said = |name| guest.and_then(|guest| tree.attribute(guest, name)).unwrap_or_default();
        told.guest = Guest::told(said("name"), said("version"));
    }
    told
}

impl Told {
    fn word(&mut self, word: &str) {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let unclear = match key {
            "guest" => match Guest::parse(value) {
                Ok(guest) => {
                    self.guest = Some(guest);
                    return;
                }
                Err(help) => (format!("the guest `{value}`"), Some(help)),
            },
            "host" => {
                let hosts = systems::hosts().filter(|id| Platform::of_host(id) == Some(Platform::HyperV));
                if hosts.clone().any(|id| id == value) {
                    self.host = Some(value.into());
                    return;
                }
                (format!("the host `{value}`"), suggest::help(value, hosts))
            }
            "drivers" => match systems::GUEST_DRIVERS.iter().find(|kind| **kind == value) {
                Some(kind) => {
                    self.drivers = Some(kind);
                    return;
                }
                None => (format!("the guest drivers `{value}`"), suggest::help(value, systems::GUEST_DRIVERS)),
            },
            _ => (format!("the word `{word}`"), Some("Write `guest=`, `host=` or `drivers=`.".to_owned())),
        };
        self.unclear.push(unclear);
    }
}
