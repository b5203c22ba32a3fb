//! What is promised of the package: its README, the oldest Rust, the files that belong to it.

mod common;

use std::collections::BTreeMap;
use std::process::Command;

use common::{root, steady, text, vmlint};
use regex::Regex;

/// The fenced blocks of a Markdown file in this language.
fn blocks(markdown: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    markdown.split(&fence).skip(1).filter_map(|rest| Some(rest.split_once("\n```")?.0.to_owned())).collect()
}

#[test]
fn the_readme_shows_what_the_command_prints() {
    let readme = text("README.md");
    let shown = blocks(&readme, "console").remove(0);
    let (command, page) = shown.split_once('\n').unwrap();
    let run = vmlint(command.strip_prefix("$ vmlint ").unwrap().split(' ')).run();
    let addresses = Regex::new(r"https://\S+").unwrap();
    let printed = addresses.replace_all(&run.stdout, "https://…").into_owned();
    assert_eq!(steady(page), steady(printed.trim_end()));
}

#[test]
fn the_policy_of_the_readme_is_the_one_that_is_tested() {
    let policy = blocks(&text("README.md"), "yaml").remove(0);
    assert_eq!(policy, text("fixtures/policies/acme.yaml").trim_end());
    let run = vmlint(["policy", "test", "fixtures/policies/acme.yaml"]).run();
    assert_eq!((run.status, run.stdout.as_str()), (Some(0), "2 examples passed, 0 failed\n"));
    let open = common::domain("<devices><graphics type='vnc'><listen type='address' address='0.0.0.0'/></graphics></devices>");
    let run = vmlint(["--policy", "fixtures/policies/acme.yaml", "-"]).stdin(open).run();
    insta::assert_snapshot!(run);
}

#[test]
fn the_configuration_of_the_documentation_is_valid() {
    let config = blocks(&text("docs/configuration.md"), "yaml").remove(0);
    let policy = text("fixtures/policies/acme.yaml");
    let folder = common::folder(&[
        ("vmlint.yaml", config.as_bytes()),
        ("policies/acme.yaml", policy.as_bytes()),
        ("web01.xml", text("fixtures/libvirt/web01.xml").as_bytes()),
        ("vmlint-baseline.json", br#"{"schema": "vmlint-baseline/1", "findings": []}"#),
    ]);
    let run = vmlint(["--format", "concise", "web01.xml"]).within(folder.path()).run();
    insta::assert_snapshot!(run);
}

#[test]
fn the_edition_of_the_documentation_is_valid() {
    let documented = blocks(&text("docs/policies.md"), "yaml");
    let edition = documented.iter().find(|block| block.starts_with("edition: ")).unwrap();
    let file = |name: &str| text(format!("fixtures/policies/matrix/{name}"));
    let (policy, new) = (file("farm.yaml"), file("tables/new.yaml"));
    let folder = common::folder(&[
        ("farm.yaml", policy.as_bytes()),
        ("tables/new.yaml", new.as_bytes()),
        ("tables/old.yaml", edition.as_bytes()),
    ]);
    let run = vmlint(["policy", "check", "farm.yaml"]).within(folder.path()).run();
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
}

/// Links of the documents to files of the repository.
#[test]
fn no_link_leads_nowhere() {
    let link = Regex::new(r"\]\(([^)#]+)").unwrap();
    for document in [
        "README.md",
        "CONTRIBUTING.md",
        "docs/architecture.md",
        "docs/ci.md",
        "docs/configuration.md",
        "docs/dependencies.md",
        "docs/performance.md",
        "docs/policies.md",
        "docs/reports.md",
        "fuzz/README.md",
    ] {
        let folder = root().join(document).parent().unwrap().to_owned();
        for found in link.captures_iter(&text(document)) {
            let target = &found[1];
            assert!(target.starts_with("https://") || folder.join(target).exists(), "{document} links to {target}");
        }
    }
}

#[test]
fn every_format_is_told_of() {
    for document in ["README.md", "docs/reports.md", "CHANGELOG.md"] {
        let words = text(document);
        for format in common::FORMATS {
            assert!(words.contains(&format!("`{format}`")), "{document} does not tell of {format}");
        }
    }
}

#[test]
fn the_number_of_rules_is_the_one_that_is_told() {
    let rules = vmlint(["rules", "--format", "json"]).run().json();
    let all = rules.as_array().unwrap();
    let count = |platform: &str| all.iter().filter(|rule| rule["platform"] == platform).count();
    let (libvirt, hyper_v) = (count("libvirt"), count("hyper-v"));
    let told = format!("\n{} rules, {libvirt} for RHEL 8 KVM hosts", all.len());
    assert!(text("README.md").contains(&told), "{told}");
    assert!(text("README.md").contains(&format!(" and {hyper_v} for\nHyper-V")), "{hyper_v}");
    assert!(text("CHANGELOG.md").contains(&format!(" {} rules,", all.len())), "{told}");
}

/// What cargo knows of the packages that this system needs: only of them it is sure to know without a network.
fn metadata() -> serde_json::Value {
    let cargo = || Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let output = |command: &mut Command| {
        let output = command.current_dir(root()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let version = output(cargo().arg("-vV"));
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let arguments = ["metadata", "--format-version=1", "--offline", "--locked", "--filter-platform", host];
    serde_json::from_str(&output(cargo().args(arguments))).unwrap()
}

#[test]
fn no_dependency_asks_for_a_newer_rust() {
    let metadata = metadata();
    let number = |text: &str| -> Vec<u32> { text.split('.').map(|part| part.parse().unwrap()).collect() };
    let oldest = number(env!("CARGO_PKG_RUST_VERSION"));
    let packages = metadata["packages"].as_array().unwrap();
    let too_new: Vec<String> = packages
        .iter()
        .filter_map(|package| Some((package, package["rust_version"].as_str()?)))
        .filter(|(_, asked)| number(asked) > oldest)
        .map(|(package, asked)| format!("{} {} asks for Rust {asked}", package["name"], package["version"]))
        .collect();
    assert!(packages.len() > 50 && too_new.is_empty(), "{too_new:#?}");
    assert!(text(".github/workflows/ci.yml").contains(&format!("cargo +{} ", env!("CARGO_PKG_RUST_VERSION"))));
}

/// Crates with their licences, by the headings of docs/dependencies.md.
type Dependencies = BTreeMap<&'static str, BTreeMap<String, String>>;

#[test]
fn every_dependency_has_its_reason() {
    const HEADINGS: [(Option<&str>, &str); 3] =
        [(None, "In every build"), (Some("build"), "In `build.rs`"), (Some("dev"), "In tests and benches")];
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let own = packages.iter().find(|package| package["name"] == "vmlint").unwrap();
    let mut asked = Dependencies::new();
    for dependency in own["dependencies"].as_array().unwrap() {
        let (_, heading) = HEADINGS.iter().find(|(kind, _)| *kind == dependency["kind"].as_str()).unwrap();
        let package = packages.iter().find(|package| package["name"] == dependency["name"]).unwrap();
        // An older way to write it.
        let licence = package["license"].as_str().unwrap().replace('/', " OR ");
        asked.entry(heading).or_default().insert(dependency["name"].as_str().unwrap().to_owned(), licence);
    }
    let document = text("docs/dependencies.md");
    let line = Regex::new(r"(?m)^\| `([\w-]+)` \| ([^|]+) \| [^|]+ \| [^|]+ \|$").unwrap();
    let mut told = Dependencies::new();
    for (_, heading) in HEADINGS {
        let (_, section) = document.split_once(&format!("\n## {heading}\n")).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let lines = line.captures_iter(section).map(|found| (found[1].to_owned(), found[2].to_owned()));
        told.insert(heading, lines.collect());
    }
    assert_eq!(told, asked);
}

#[test]
fn both_licences_are_there() {
    assert_eq!(env!("CARGO_PKG_LICENSE"), "MIT OR Apache-2.0");
    let apache = text("LICENSE-APACHE");
    assert!(apache.contains("Version 2.0, January 2004") && apache.contains("END OF TERMS AND CONDITIONS"));
    assert!(text("LICENSE-MIT").contains("Permission is hereby granted, free of charge"));
}
