//! The policies that vmlint brings along, prepared when it was built.

use std::sync::{Arc, OnceLock};

use super::compile::{Faulty, Loaded};
use super::load;
use super::matrix::{self, Edition, Feature, Matrix};
use super::schema::{Fault, Platform, Text};
use super::yaml::{self, Node};
use crate::source::Source;

/// A policy compiled into the program.
#[derive(Debug)]
pub struct BuiltIn {
    /// Its id.
    pub id: &'static str,
    /// What it judges.
    pub platform: Platform,
    /// The hosts that select it, as in the policy.
    pub hosts: &'static [&'static str],
    file: File,
    tables: &'static [(&'static str, &'static str)],
    editions: &'static [(&'static str, File)],
}

/// A file in YAML of a built-in policy.
#[derive(Debug)]
struct File {
    path: &'static str,
    text: &'static str,
    prepared: &'static [u8],
}

/// The file with this name below `policies/`, without its ending.
macro_rules! file {
    ($name:literal) => {
        File {
            path: concat!("policies/", $name, ".yaml"),
            text: include_str!(concat!("../../policies/", $name, ".yaml")),
            prepared: include_bytes!(concat!(env!("OUT_DIR"), "/policies/", $name, ".bin")),
        }
    };
}

/// The hosts of the policies for Hyper-V.
const HYPER_V: &[&str] = &[
    "windows-server-2012-r2",
    "windows-server-2016",
    "windows-server-2019",
    "windows-server-2022",
    "windows-server-2025",
    "azure-stack-hci",
];

/// A policy for Hyper-V without a support matrix.
const fn hyper_v(id: &'static str, file: File) -> BuiltIn {
    BuiltIn { id, platform: Platform::HyperV, hosts: HYPER_V, file, tables: &[], editions: &[] }
}

/// Every built-in policy.
pub static ALL: [BuiltIn; 4] = [
    BuiltIn {
        id: "rhel-8",
        platform: Platform::Libvirt,
        hosts: &["rhel-8", "rhosp", "openshift-virtualization", "rhv"],
        file: file!("rhel-8"),
        tables: &[("tables/guests.csv", include_str!("../../policies/tables/guests.csv"))],
        editions: &[],
    },
    BuiltIn {
        editions: &[
            ("tables/rhel-2025.yaml", file!("hyperv/tables/rhel-2025")),
            ("tables/rhel-2021.yaml", file!("hyperv/tables/rhel-2021")),
            ("tables/rhel-2023.yaml", file!("hyperv/tables/rhel-2023")),
            ("tables/freebsd-2025.yaml", file!("hyperv/tables/freebsd-2025")),
            ("tables/debian-2023.yaml", file!("hyperv/tables/debian-2023")),
            ("tables/ubuntu-2023.yaml", file!("hyperv/tables/ubuntu-2023")),
            ("tables/sles-2023.yaml", file!("hyperv/tables/sles-2023")),
            ("tables/oracle-2023.yaml", file!("hyperv/tables/oracle-2023")),
        ],
        ..hyper_v("hyperv-linux", file!("hyperv/hyperv-linux"))
    },
    hyper_v("hyperv-generation", file!("hyperv/hyperv-generation")),
    hyper_v("hyperv-bpa", file!("hyperv/hyperv-bpa")),
];

/// The ids of all rules of all built-in policies, read when somebody first asks.
pub fn rule_ids() -> &'static [Arc<str>] {
    static IDS: OnceLock<Vec<Arc<str>>> = OnceLock::new();
    IDS.get_or_init(|| {
        let policies = ALL.iter().filter_map(|policy| policy.load().ok());
        policies.flat_map(|loaded| loaded.policy.rules).map(|rule| rule.id.clone()).collect()
    })
}

impl File {
    /// What it holds, with the names that its wording asks for; `documented` says with all that is said only to readers.
    fn read(&self, documented: bool) -> Result<(Arc<Source>, Vec<String>, Node), Faulty> {
        let source = Arc::new(Source::utf8(self.path, self.text.to_owned(), 0));
        let faulty = |fault: Fault| Faulty { source: source.clone(), faults: vec![fault] };
        let (late_names, node): (Vec<String>, Node) = if documented {
            let node = yaml::read(self.text).map_err(|broken| faulty(Fault::error(broken.span, broken.message)))?;
            (yaml::late_names(&node), node)
        } else {
            postcard::from_bytes(self.prepared).map_err(|error| faulty(Fault::error(0..0, error.to_string())))?
        };
        Ok((source, late_names, node))
    }
}

impl BuiltIn {
    /// The policy with this id.
    pub fn get(id: &str) -> Option<&'static BuiltIn> {
        ALL.iter().find(|policy| policy.id == id)
    }

    /// Whether it has a support matrix.
    pub fn has_matrix(&self) -> bool {
        !self.editions.is_empty()
    }

    /// The policy without its documentation: what a check needs, at once.
    ///
    /// # Errors
    /// Its faults; tests see to it that there are none.
    pub fn load(&'static self) -> Result<Loaded, Faulty> {
        self.read(false)
    }

    /// The whole policy, read from its text.
    ///
    /// # Errors
    /// Its faults; tests see to it that there are none.
    pub fn load_documented(&'static self) -> Result<Loaded, Faulty> {
        self.read(true)
    }

    fn read(&'static self, documented: bool) -> Result<Loaded, Faulty> {
        let (source, late_names, node) = self.file.read(documented)?;
        let faulty = |faults: Vec<Fault>| Faulty { source: source.clone(), faults };
        let mut policy = load::load(&node, documented).map_err(faulty)?;
        // Read once in the life of the process: giving thousands of small pieces back takes longer than it is worth.
        std::mem::forget(node);
        let absent = |file: &Text| faulty(vec![Fault::error(file.span.clone(), format!("there is no file `{}`", file.text))]);
        let mut tables = Vec::new();
        for (_, file) in &policy.tables {
            let (_, text) = self.tables.iter().find(|(name, _)| *name == file.text).ok_or_else(|| absent(file))?;
            tables.push((*text).to_owned());
        }
        if documented {
            load::read_editions(&mut policy, &source, &|file| {
                let edition = self.edition(file).ok_or_else(|| absent(file))?;
                edition.read(documented).map(|(source, _, node)| (source, node))
            })?;
        } else if let Some(matrix) = &policy.matrix {
            let (features, files) = (matrix.features.clone(), std::mem::take(&mut policy.editions));
            let editions = move || files.iter().filter_map(|file| self.late_edition(file, &features)).collect();
            policy.matrix = Some(Arc::new(Matrix::new(matrix.features.clone(), editions)));
        }
        Ok(Loaded { source, policy, tables, late_names, own: false })
    }

    fn edition(&'static self, file: &Text) -> Option<&'static File> {
        self.editions.iter().find(|(name, _)| *name == file.text).map(|(_, edition)| edition)
    }

    /// An edition of its matrix. Tests see to it that each can be read.
    fn late_edition(&'static self, file: &Text, features: &[Feature]) -> Option<Edition> {
        let (_, _, node) = self.edition(file)?.read(false).ok()?;
        let edition = matrix::read_edition(&node, features).ok();
        // As above.
        std::mem::forget(node);
        edition
    }
}

#[cfg(test)]
mod unit {
    use super::*;
    use crate::policy::compile::{Choice, compile};

    #[test]
    fn every_built_in_policy_compiles_without_a_fault() {
        for policy in &ALL {
            // As a user's own policy its names are checked too.
            let loaded = Loaded { own: true, ..policy.load_documented().unwrap() };
            assert_eq!(loaded.policy.platform, policy.platform);
            assert_eq!(loaded.policy.hosts.iter().map(|h| &**h).collect::<Vec<_>>(), policy.hosts);
            let (_, warnings) = compile(&[loaded], false, &|_| Choice::Run).unwrap();
            let shown: Vec<_> = warnings.iter().flat_map(|file| &file.faults).collect();
            assert!(shown.is_empty(), "{shown:#?}");
        }
    }

    #[test]
    fn editions_are_the_same_whenever_they_are_read() {
        for policy in ALL.iter().filter(|policy| policy.has_matrix()) {
            let editions = |loaded: Loaded| format!("{:?}", *loaded.policy.matrix.unwrap().editions);
            assert!(editions(policy.load().unwrap()) == editions(policy.load_documented().unwrap()), "{}", policy.id);
        }
    }

    #[test]
    fn names_in_the_wording_are_known_before_it_is_compiled() {
        for policy in &ALL {
            let late = compile(&[policy.load().unwrap()], false, &|_| Choice::Run).unwrap().0;
            let at_once = Loaded { own: true, late_names: Vec::new(), ..policy.load_documented().unwrap() };
            let at_once = compile(&[at_once], false, &|_| Choice::Run).unwrap().0;
            let names = |rules: &'static crate::policy::compile::RuleSet| {
                let vocabulary = rules.vocabulary();
                (1..vocabulary.len()).map(|n| vocabulary.nth(n)).collect::<std::collections::HashSet<_>>()
            };
            let (late, at_once) = (names(Box::leak(Box::new(late))), names(Box::leak(Box::new(at_once))));
            assert!(at_once.is_subset(&late), "{:?}", at_once.difference(&late).collect::<Vec<_>>());
        }
    }
}
