//! What other programs run vmlint by: the hooks of pre-commit, the action for GitHub, the job for GitLab, and the workflows of the
//! documentation. Programs that are not installed are not asked.

#![cfg(unix)]

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use common::{domain, folder, root, text, vmlint};
use serde_json::Value;

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The blocks of a document in this language.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let document = text(document);
    let fence = format!("```{language}\n");
    document.split(&fence).skip(1).filter_map(|rest| Some(rest.split_once("\n```")?.0.to_owned())).collect()
}

/// A command with this vmlint before all others on the path, and nothing of the CI system that may run these tests.
fn command(program: &str, arguments: &[&str], within: &Path) -> Command {
    let ours = Path::new(env!("CARGO_BIN_EXE_vmlint")).parent().unwrap().to_owned();
    let paths = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect::<Vec<_>>();
    let mut command = Command::new(program);
    command.args(arguments).current_dir(within).env("PATH", std::env::join_paths(std::iter::once(ours).chain(paths)).unwrap());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT") || name == "CI" {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a program to its end; nothing where it is not installed.
fn run(command: &mut Command) -> Option<Output> {
    let output = command.output().ok();
    if output.is_none() {
        eprintln!("skipped: {} is not installed", command.get_program().to_string_lossy());
    }
    output
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

/// What a checker has to say, where it is installed.
fn assert_fine(program: &str, arguments: &[&str]) {
    if let Some(output) = run(&mut command(program, arguments, root())) {
        assert!(output.status.success(), "{program} {arguments:?}: {}", said(&output));
    }
}

fn git(within: &Path, arguments: &[&str]) -> Option<String> {
    let identity =
        ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false", "-c", "core.hooksPath=none"];
    let mut command = command("git", &[&identity, arguments].concat(), within);
    let output = run(command.env("GIT_CONFIG_GLOBAL", "").env("GIT_CONFIG_NOSYSTEM", "1"))?;
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

fn commit_all(within: &Path) -> Option<String> {
    git(within, &["init", "-q"])?;
    git(within, &["add", "."])?;
    git(within, &["commit", "-q", "-m", "all"])?;
    git(within, &["rev-parse", "HEAD"])
}

const TPM: &str = "<devices><tpm><backend type='passthrough'/></tpm></devices>";

/// Definitions, and what lies beside them.
fn site(more: &[(&str, &[u8])]) -> tempfile::TempDir {
    let (good, bad) = (domain(""), domain(TPM));
    let vmlint_yaml = b"files: {exclude: [old/]}\n";
    let files: [(&str, &[u8]); 7] = [
        ("vm/bad.xml", bad.as_bytes()),
        ("vm/GOOD.XML", good.as_bytes()),
        ("old/bad.xml", bad.as_bytes()),
        ("pom.xml", b"<project/>\n"),
        ("package.json", b"{}\n"),
        ("vm/bad.txt", bad.as_bytes()),
        ("vmlint.yaml", vmlint_yaml),
    ];
    folder(&[&files, more].concat())
}

/// Runs the hooks over all files; nothing where pre-commit is not installed.
fn pre_commit(within: &Path, home: &Path) -> Option<Output> {
    let mut command = command("pre-commit", &["run", "--all-files", "--verbose", "--color", "never"], within);
    run(command.env("PRE_COMMIT_HOME", home).env("GIT_CONFIG_GLOBAL", "").env("GIT_CONFIG_NOSYSTEM", "1"))
}

#[test]
fn a_hook_judges_definitions_and_nothing_else() {
    let hooks = folder(&[(".pre-commit-hooks.yaml", text(".pre-commit-hooks.yaml").as_bytes())]);
    let Some(revision) = commit_all(hooks.path()) else { return };
    let config = format!(
        "repos:\n- repo: '{}'\n  rev: {revision}\n  hooks:\n  - id: vmlint-system\n    args: [--format, json]\n",
        hooks.path().display()
    );
    let (site, home) = (site(&[(".pre-commit-config.yaml", config.as_bytes())]), folder(&[]));
    commit_all(site.path());
    let Some(output) = pre_commit(site.path(), home.path()) else { return };
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{printed}");
    let report = &printed[printed.find("{\"schema\"").unwrap_or_else(|| panic!("{printed}"))..=printed.rfind('}').unwrap()];
    let report: Value = serde_json::from_str(report).unwrap();
    let files: Vec<&str> = report["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert_eq!(files, ["package.json", "pom.xml", "vm/GOOD.XML", "vm/bad.xml"]);
    assert_eq!(report["summary"]["errors"], 1);
    // Nothing bad is nothing to stop at.
    std::fs::write(site.path().join("vm/bad.xml"), domain("")).unwrap();
    let output = pre_commit(site.path(), home.path()).unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn the_hook_that_init_adds_is_the_same() {
    let (site, home) = (site(&[]), folder(&[]));
    let Some(_) = commit_all(site.path()) else { return };
    std::fs::remove_file(site.path().join("vmlint.yaml")).unwrap();
    let init = vmlint(["init", "--pre-commit"]).within(site.path()).run();
    assert_eq!(init.status, Some(0), "{init}");
    git(site.path(), &["add", "."]);
    let config = yaml(&std::fs::read_to_string(site.path().join(".pre-commit-config.yaml")).unwrap());
    let hooks = yaml(&text(".pre-commit-hooks.yaml"));
    let system = hooks.as_array().unwrap().iter().find(|hook| hook["id"] == "vmlint-system").unwrap();
    for (key, value) in config["repos"][0]["hooks"][0].as_object().unwrap() {
        assert!(value == &system[key] || key == "id", "{key}: {value}");
    }
    let Some(output) = pre_commit(site.path(), home.path()) else { return };
    let said = said(&output);
    assert!(output.status.code() == Some(1) && said.contains("error[rhel-8/tpm-passthrough]"), "{said}");
}

#[test]
fn the_hooks_are_ones_that_pre_commit_takes() {
    assert_fine("pre-commit", &["validate-manifest", ".pre-commit-hooks.yaml"]);
    let hooks = yaml(&text(".pre-commit-hooks.yaml"));
    let ids: Vec<&str> = hooks.as_array().unwrap().iter().map(|hook| hook["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["vmlint", "vmlint-system", "vmlint-policy-test"]);
    // What a hook passes is what a folder is searched for.
    for ending in vmlint::input::walk::ENDINGS {
        assert!(hooks[0]["files"].as_str().unwrap().contains(ending), "{ending}");
    }
}

/// Runs a step of the action as a runner does, with inputs in place of their defaults; gives what it wrote to its outputs too.
fn step(id: &str, inputs: &[(&str, &str)], within: &Path) -> Option<(Output, BTreeMap<String, String>)> {
    let action = yaml(&text("action.yml"));
    let steps = action["runs"]["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["id"] == id).unwrap();
    let files = folder(&[("run.sh", step["run"].as_str().unwrap().as_bytes()), ("output", b""), ("path", b""), ("summary", b"")]);
    let at = |name: &str| files.path().join(name);
    let mut command = command("bash", &["--noprofile", "--norc", "-e", "-o", "pipefail"], within);
    command.arg(at("run.sh")).env("RUNNER_TEMP", files.path()).env("GITHUB_ACTIONS", "true");
    command.env("GITHUB_OUTPUT", at("output")).env("GITHUB_PATH", at("path")).env("GITHUB_STEP_SUMMARY", at("summary"));
    for (variable, value) in step["env"].as_object().unwrap() {
        let input = value.as_str().unwrap().trim_start_matches("${{ inputs.").trim_end_matches(" }}");
        let default = action["inputs"][input]["default"].as_str().unwrap_or_else(|| panic!("there is no input {input}"));
        command.env(variable, inputs.iter().find(|(name, _)| *name == input).map_or(default, |(_, value)| value));
    }
    let output = run(&mut command)?;
    let written = std::fs::read_to_string(at("output")).unwrap();
    let written =
        written.lines().filter_map(|line| line.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned()));
    Some((output, written.collect()))
}

#[test]
fn the_action_runs_what_its_inputs_ask_for() {
    let site = site(&[("a b/-x.xml", domain(TPM).as_bytes()), ("none.yaml", b"rules: {'*/tpm-*': note}\n")]);
    let at = site.path();
    let Some((output, written)) = step("vmlint", &[], at) else { return };
    assert_eq!(
        (output.status.code(), written["exit-code"].as_str(), written["findings"].as_str()),
        (Some(1), "1", "2"),
        "{}",
        said(&output)
    );
    assert!(said(&output).contains("::error "), "annotations are what is shown without a format: {}", said(&output));
    assert_eq!(written["sarif-file"], "");
    for (inputs, status, findings) in [
        (&[("paths", "vm/bad.xml\r\na b/-x.xml\r\n")][..], 1, "2"),
        (&[("paths", "vm/GOOD.XML")], 0, "0"),
        (&[("fail-on", "never")], 0, "2"),
        (&[("config", "none.yaml")], 0, "3"),
        (&[("host", "rhel-8\nrhv"), ("paths", "vm")], 1, "2"),
        (&[("host", "rhle-8")], 2, "0"),
        (&[("args", "--ignore  */tpm-* --min-severity note")], 0, "0"),
        (&[("paths", "$(touch hacked); `touch hacked`")], 2, "0"),
        (&[("args", "$(touch hacked)")], 2, "2"),
    ] {
        let (output, written) = step("vmlint", inputs, at).unwrap();
        assert_eq!(output.status.code(), Some(status), "{inputs:?}: {}", said(&output));
        assert_eq!(
            (written["exit-code"].as_str(), written["findings"].as_str()),
            (status.to_string().as_str(), findings),
            "{inputs:?}"
        );
    }
    assert!(!at.join("hacked").exists(), "what inputs hold is no script");
    let (_, written) = step("vmlint", &[("sarif-file", "out.sarif"), ("format", "concise")], at).unwrap();
    assert_eq!(written["sarif-file"], "out.sarif");
    assert!(at.join("out.sarif").exists());
    let (_, written) = step("vmlint", &[("upload-sarif", "true")], at).unwrap();
    assert!(written["sarif-file"].ends_with("/vmlint.sarif"));
}

#[test]
fn the_action_can_use_the_vmlint_that_is_there() {
    let Some((output, _)) = step("install", &[("version", "installed")], root()) else { return };
    assert!(output.status.success() && said(&output).contains("vmlint"), "{}", said(&output));
}

#[test]
fn the_action_is_one_that_github_takes() {
    assert_fine("check-jsonschema", &["--builtin-schema", "vendor.github-actions", "action.yml"]);
    let action = yaml(&text("action.yml"));
    for step in action["runs"]["steps"].as_array().unwrap() {
        if let Some(script) = step["run"].as_str() {
            assert!(!script.contains("${{"), "inputs are no part of a script: {script}");
            let file = folder(&[("run.sh", script.as_bytes())]);
            let path = file.path().join("run.sh");
            assert_fine("shellcheck", &["--shell", "bash", path.to_str().unwrap()]);
        }
        let used = step["uses"].as_str().and_then(|used| used.split_once('@'));
        assert!(used.is_none_or(|(_, commit)| commit.len() == 40), "an action is named by its commit: {used:?}");
    }
    let documented = text("docs/ci.md");
    for name in ["inputs", "outputs"].iter().flat_map(|kind| action[kind].as_object().unwrap().keys()) {
        assert!(documented.contains(&format!("`{name}`")), "docs/ci.md does not tell of {name}");
    }
}

#[test]
fn the_job_for_gitlab_writes_what_it_hands_over() {
    let template = text("docs/ci/gitlab.yml");
    assert_fine("check-jsonschema", &["--builtin-schema", "vendor.gitlab-ci", "docs/ci/gitlab.yml"]);
    let job = &yaml(&template)[".vmlint"];
    let site = site(&[]);
    let script: Vec<&str> =
        ["before_script", "script"].iter().flat_map(|key| job[key].as_array().unwrap()).filter_map(Value::as_str).collect();
    let mut shell = command("sh", &["-e", "-c", &script.join("\n")], site.path());
    for (name, value) in job["variables"].as_object().unwrap() {
        shell.env(name, value.as_str().unwrap());
    }
    shell.env("VMLINT_PATHS", "vm pom.xml").env("VMLINT_ARGS", "--host rhel-8 -q").env("CARGO_INSTALL_ROOT", site.path());
    let Some(output) = run(&mut shell) else { return };
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let artifacts = &job["artifacts"];
    for file in [&artifacts["paths"][0], &artifacts["reports"]["codequality"], &artifacts["reports"]["junit"]] {
        assert!(site.path().join(file.as_str().unwrap()).exists(), "{file}");
    }
    // The comment at its top is how it is used.
    let usage: Vec<&str> = template.lines().filter_map(|line| line.strip_prefix("#   ")).collect();
    let usage = folder(&[(".gitlab-ci.yml", usage.join("\n").as_bytes())]);
    let path = usage.path().join(".gitlab-ci.yml");
    assert_fine("check-jsonschema", &["--builtin-schema", "vendor.gitlab-ci", path.to_str().unwrap()]);
}

#[test]
fn the_examples_of_the_documentation_are_valid() {
    let mut kinds = BTreeMap::new();
    for document in ["docs/ci.md", "docs/reports.md"] {
        for block in blocks(document, "yaml") {
            let value = yaml(&block);
            let (schema, name) = if value.get("jobs").is_some() {
                // What stands around the jobs is left out where it says nothing.
                ("vendor.github-workflows", ".github/workflows/vmlint.yml")
            } else if value.get("repos").is_some() {
                ("pre-commit", ".pre-commit-config.yaml")
            } else {
                ("vendor.gitlab-ci", ".gitlab-ci.yml")
            };
            *kinds.entry(schema).or_insert(0) += 1;
            let on = if schema == "vendor.github-workflows" && value.get("on").is_none() { "on: push\n" } else { "" };
            let file = folder(&[(name, format!("{on}{block}\n").as_bytes())]);
            let path = file.path().join(name);
            let path = path.to_str().unwrap();
            match schema {
                "pre-commit" => assert_fine("pre-commit", &["validate-config", path]),
                schema => assert_fine("check-jsonschema", &["--builtin-schema", schema, path]),
            }
            if schema == "vendor.github-workflows" {
                assert_fine("actionlint", &[path]);
            }
        }
    }
    assert_eq!(kinds.keys().copied().collect::<Vec<_>>(), ["pre-commit", "vendor.github-workflows", "vendor.gitlab-ci"]);
}
