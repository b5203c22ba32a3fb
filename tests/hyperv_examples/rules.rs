//! Examples of policies, as files: what is bad as a tree is bad in every format that can say it, and what is good is good.

use std::path::Path;
use std::sync::Arc;

use vmlint::check::Checker;
use vmlint::engine::Assumptions;
use vmlint::policy::builtin;
use vmlint::policy::compile::{Choice, Loaded, compile};
use vmlint::policy::schema::{Platform, Rule};
use vmlint::policy::{load, yaml};
use vmlint::source::Source;

use crate::common;
use crate::example::Element;
use crate::trees::{columns, differences};
use crate::writers::{Format, Written, write};

/// Rules that have a bad example which no format can say, with the reason.
const NOWHERE: [(&str, &str); 1] = [(
    "hyperv-generation/network-install-com-port",
    "PowerShell always has both COM ports, and Hyper-V's own files do not tell what generation 2 boots from",
)];

/// The built-in policies for Hyper-V, and one that is only for this.
fn policies() -> Vec<Loaded> {
    let built_in = builtin::ALL.iter().map(|policy| policy.load_documented().unwrap());
    let text = common::text("fixtures/formats/hyper-v.yaml");
    let policy = load::load(&yaml::read(&text).unwrap(), true).unwrap();
    let source = Arc::new(Source::utf8("fixtures/formats/hyper-v.yaml", text, 0));
    let shown = Loaded { source, policy, tables: Vec::new(), packed: None, own: true };
    built_in.filter(|loaded| loaded.policy.platform == Platform::HyperV).chain([shown]).collect()
}

/// Whether a rule asks if a list is whole that the file leaves open.
fn asks_for_more(rule: &Rule, written: &Written) -> bool {
    let open = written.open.iter().filter_map(|list| list.rsplit('/').next());
    let quoted = |list: &str| [format!("'{list}'"), format!("\"{list}\"")];
    let mut lists = open.flat_map(quoted);
    lists.any(|list| rule.cases.iter().any(|case| case.find.text.contains(&list)))
}

#[test]
fn examples_are_judged_alike_in_every_format() {
    let (mut table, mut faults, mut nowhere) = (Vec::new(), Vec::new(), Vec::new());
    for loaded in policies() {
        let loaded = [loaded];
        let (rules, _) = compile(&loaded, true, &|_| Choice::Run).unwrap();
        let [loaded] = loaded;
        let host: Arc<str> = "windows-server-2019".into();
        // As if nobody had named it, so that an example can name another.
        let assumptions = Assumptions { hosts: vec![host.clone()], assumed: vec![host], ..Assumptions::default() };
        let checker = Checker::new(&rules, &assumptions);
        for rule in &loaded.policy.rules {
            let mut judged = Format::ALL.map(|_| [0, 0]);
            let examples = [(&rule.bad, true), (&rule.good, false)];
            let all = examples.into_iter().flat_map(|(list, is_bad)| list.iter().map(move |text| (text, is_bad)));
            let trees = all.filter(|(text, _)| text.text.trim_start().starts_with("<vm"));
            for (text, is_bad) in trees {
                let mut is_judged = false;
                for (format, counts) in Format::ALL.into_iter().zip(&mut judged) {
                    let written = write(&Element::parse(&text.text), format);
                    let mut told = |what: String| faults.push(format!("{} as {}: {what}: {}", rule.id, format.name(), text.text));
                    let differences = differences(&written, format);
                    if !differences.is_empty() {
                        told(format!("is read otherwise: {}", differences.join(", ")));
                    }
                    if !written.left_out.is_empty() || asks_for_more(rule, &written) {
                        continue;
                    }
                    let outcome = checker.check(Path::new(format.file()), written.bytes, true);
                    let found = &outcome.checked.findings;
                    if let Some(broken) = found.iter().find(|finding| finding.rule.starts_with("vmlint/")) {
                        told(broken.message.clone());
                    }
                    if found.iter().any(|finding| finding.rule == rule.id) != is_bad {
                        told(if is_bad { "raises nothing" } else { "is good and raises it" }.to_owned());
                    }
                    counts[usize::from(!is_bad)] += 1;
                    is_judged = true;
                }
                if is_bad && !is_judged {
                    nowhere.push(rule.id.to_string());
                    if !NOWHERE.iter().any(|(known, _)| *known == &*rule.id) {
                        faults.push(format!("{}: no format can say {}", rule.id, text.text));
                    }
                }
            }
            let cells =
                judged.map(|[bad, good]| if bad + good == 0 { "-".to_owned() } else { format!("{bad} bad, {good} good") });
            let examples = format!("{} bad, {} good", rule.bad.len(), rule.good.len());
            table.push([&[rule.id.to_string(), examples], &cells[..]].concat());
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for (rule, _) in NOWHERE {
        assert!(nowhere.iter().any(|known| known == rule), "{rule} needs no exception");
    }
    let judged = columns(table, &[&["rule", "examples"], &Format::ALL.map(Format::name)[..]].concat());
    insta::assert_snapshot!("rules", judged);
}
