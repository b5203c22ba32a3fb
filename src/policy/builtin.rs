//! The policies that vmlint brings along, prepared when it was built.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use serde::Deserialize;

use super::compile::{Faulty, Loaded, PackedRules};
use super::load;
use super::matrix::{self, Edition, Feature, Matrix};
use super::packed::Packed;
use super::schema::{Fault, Platform, Policy, Text};
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
    IDS.get_or_init(|| ALL.iter().filter_map(|policy| policy.rule_ids().ok()).flatten().collect())
}

impl File {
    fn source(&self) -> Arc<Source> {
        Arc::new(Source::utf8(self.path, self.text, 0))
    }

    /// What it holds, packed.
    fn packed(&self, source: &Arc<Source>) -> Result<Packed<'static>, Faulty> {
        unpacked(self.prepared, source)
    }

    /// What it holds, read from its text.
    fn yaml(&self, source: &Arc<Source>) -> Result<Node, Faulty> {
        yaml::read(self.text).map_err(|broken| {
            let fault = Fault::error(broken.span, broken.message);
            Faulty { source: source.clone(), faults: vec![fault] }
        })
    }
}

/// Reads what was packed.
fn unpacked<T: Deserialize<'static>>(bytes: &'static [u8], source: &Arc<Source>) -> Result<T, Faulty> {
    let faulty = |error: postcard::Error| Faulty { source: source.clone(), faults: vec![Fault::error(0..0, error.to_string())] };
    postcard::from_bytes(bytes).map_err(faulty)
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

    /// The policy for a check: rules and editions are read when a definition asks for them, and documentation is not there.
    ///
    /// # Errors
    /// Its faults; tests see to it that there are none.
    pub fn load(&'static self) -> Result<Loaded, Faulty> {
        let source = self.file.source();
        let Packed { names, frame, rules } = self.file.packed(&source)?;
        let frame: Node = unpacked(frame, &source)?;
        let faulty = |faults: Vec<Fault>| Faulty { source: source.clone(), faults };
        let (mut policy, citations) = load::load_frame(&frame, false).map_err(faulty)?;
        // Read once in the life of the process: giving thousands of small pieces back takes longer than it is worth.
        std::mem::forget(frame);
        if let Some(matrix) = &policy.matrix {
            let (features, files) = (matrix.features.clone(), std::mem::take(&mut policy.editions));
            let editions = move || files.iter().filter_map(|file| self.late_edition(file, &features)).collect();
            policy.matrix = Some(Arc::new(Matrix::new(matrix.features.clone(), editions)));
        }
        let tables = self.tables(&policy, &source)?;
        Ok(Loaded { source, policy, tables, packed: Some(Arc::new(PackedRules { names, rules, citations })), own: false })
    }

    /// The ids of its rules.
    ///
    /// # Errors
    /// As [`BuiltIn::load`].
    pub fn rule_ids(&'static self) -> Result<Vec<Arc<str>>, Faulty> {
        let packed = self.file.packed(&self.file.source())?;
        Ok(packed.rules.iter().map(|rule| format!("{}/{}", self.id, rule.id).into()).collect())
    }

    /// The whole policy, read from its text.
    ///
    /// # Errors
    /// Its faults; tests see to it that there are none.
    pub fn load_documented(&'static self) -> Result<Loaded, Faulty> {
        let source = self.file.source();
        let node = self.file.yaml(&source)?;
        let faulty = |faults: Vec<Fault>| Faulty { source: source.clone(), faults };
        let mut policy = load::load(&node, true).map_err(faulty)?;
        let tables = self.tables(&policy, &source)?;
        load::read_editions(&mut policy, &source, &|file| {
            let edition = self.edition(file).ok_or_else(|| absent(&source, file))?;
            let source = edition.source();
            let node = edition.yaml(&source)?;
            Ok((source, node))
        })?;
        Ok(Loaded { source, policy, tables, packed: None, own: false })
    }

    /// The texts of its tables.
    fn tables(&self, policy: &Policy, source: &Arc<Source>) -> Result<Vec<Cow<'static, str>>, Faulty> {
        let table = |file: &Text| self.tables.iter().find(|(name, _)| *name == file.text);
        let texts = policy.tables.iter().map(|(_, file)| match table(file) {
            Some((_, text)) => Ok(Cow::Borrowed(*text)),
            None => Err(absent(source, file)),
        });
        texts.collect()
    }

    fn edition(&'static self, file: &Text) -> Option<&'static File> {
        self.editions.iter().find(|(name, _)| *name == file.text).map(|(_, edition)| edition)
    }

    /// An edition of its matrix. Tests see to it that each can be read.
    fn late_edition(&'static self, file: &Text, features: &[Feature]) -> Option<Edition> {
        let edition = self.edition(file)?;
        let source = edition.source();
        let Packed { frame, .. } = edition.packed(&source).ok()?;
        let frame: Node = unpacked(frame, &source).ok()?;
        let edition = matrix::read_edition(&frame, features).ok();
        // As above.
        std::mem::forget(frame);
        edition
    }
}

fn absent(source: &Arc<Source>, file: &Text) -> Faulty {
    let fault = Fault::error(file.span.clone(), format!("there is no file `{}`", file.text));
    Faulty { source: source.clone(), faults: vec![fault] }
}

#[cfg(test)]
mod unit {
    use std::collections::HashSet;

    use super::*;
    use crate::policy::compile::{Choice, CompiledRule, RuleSet, compile};
    use crate::policy::schema::Case;
    use crate::policy::tests::Test;
    use crate::tree::{Builder, Tree, Vocabulary};
    use crate::xpath::{Clause, Context, Key};

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
            let at_once = Loaded { own: true, ..policy.load_documented().unwrap() };
            let at_once = compile(&[at_once], false, &|_| Choice::Run).unwrap().0;
            let names = |rules: &RuleSet| -> HashSet<(String, String)> {
                rules.vocabulary().names().map(|(namespace, local)| (namespace.to_owned(), local.to_owned())).collect()
            };
            let (late, at_once) = (names(&late), names(&at_once));
            assert!(at_once.is_subset(&late), "{:?}", at_once.difference(&late).collect::<Vec<_>>());
        }
    }

    #[test]
    fn packed_rules_are_those_of_the_text() {
        for policy in &ALL {
            let (packed, _) = compile(&[policy.load().unwrap()], false, &|_| Choice::Run).unwrap();
            let (whole, _) = compile(&[policy.load_documented().unwrap()], false, &|_| Choice::Run).unwrap();
            let (late, early) = (&packed.policies[0], &whole.policies[0]);
            assert_eq!(late.asks_for_guest, early.asks_for_guest);
            assert_eq!(late.rules.len(), early.rules.len());
            for (number, (rule, other)) in late.rules.iter().zip(&early.rules).enumerate() {
                assert_eq!((&rule.id, rule.exclusive), (&other.id, other.exclusive));
                let branches = late.branches(rule).unwrap();
                let (rule, other) = (late.rule(number).unwrap(), early.rule(number).unwrap());
                assert_eq!(rule.contexts, other.contexts);
                assert_eq!(format!("{:?}", cases(rule)), format!("{:?}", cases(other)), "{}", early.rules[number].id);
                // What a document has to hold, in words: the two number names differently.
                let nothing = Builder::new("", &whole.vocabulary, 0, 0).finish();
                let tables: Vec<Tree<'_>> = early.tables().iter().map(|table| table.tree(&whole.vocabulary)).collect();
                let context = Context { tables: &tables, ..Context::new(&nothing) };
                let mut asked = Vec::new();
                for (number, case) in other.cases.iter().enumerate() {
                    let find = early.find(case, &whole.vocabulary).unwrap();
                    asked.extend(find.branches().enumerate().map(|(n, branch)| {
                        let counts = case.case.tests.iter().any(|test| matches!(test, Test::Count { .. }));
                        let clauses = if counts { Vec::new() } else { branch.keys_with(&context) };
                        (number, n, in_words(&clauses, &whole.vocabulary))
                    }));
                }
                let packed: Vec<_> = branches
                    .map(|branch| {
                        let mut clauses = vec![Vec::new()];
                        for (key, is_last) in late.keys(branch) {
                            clauses.last_mut().unwrap().push(key);
                            if is_last {
                                clauses.push(Vec::new());
                            }
                        }
                        // The last one ended.
                        assert_eq!(clauses.pop(), Some(Vec::new()));
                        (usize::from(branch.case), usize::from(branch.branch), in_words(&clauses, &packed.vocabulary))
                    })
                    .collect();
                assert_eq!(packed, asked, "{}", early.rules[number].id);
            }
        }
    }

    fn cases(rule: &CompiledRule) -> Vec<&Case> {
        rule.cases.iter().map(|case| &*case.case).collect()
    }

    fn in_words(clauses: &[Clause<'_>], vocabulary: &Vocabulary) -> Vec<Vec<String>> {
        let key = |key: &Key<'_>| match key {
            Key::Element(name) => format!("{:?}", vocabulary.name(*name)),
            Key::Attribute(name) => format!("@{:?}", vocabulary.name(*name)),
            Key::Value(name, value) => format!("@{:?}={value}", vocabulary.name(*name)),
        };
        let mut clauses: Vec<Vec<String>> = clauses.iter().map(|clause| clause.iter().map(key).collect()).collect();
        clauses.sort();
        clauses
    }
}
