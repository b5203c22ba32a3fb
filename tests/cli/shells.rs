//! What shells and `man` are given, tried by those of them that are installed.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use crate::common::vmlint;

/// Runs a program with this on standard input; nothing where it is not installed.
fn run(program: &str, arguments: &[&str], input: &str) -> Option<Output> {
    let mut command = Command::new(program);
    let streams = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = streams.spawn() else {
        eprintln!("skipped: {program} is not installed");
        return None;
    };
    let input = input.to_owned();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    Some(output)
}

fn script(shell: &str) -> String {
    let run = vmlint(["completions", shell]).run();
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{shell}");
    run.stdout
}

#[test]
fn every_shell_is_told_of_commands_options_and_values() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = script(shell);
        for word in ["explain", "completions", "files-from", "min-severity"] {
            assert!(script.contains(word), "{shell} is not told of {word}");
        }
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = script(shell);
        for value in ["rhel-9.4", "windows-server-2012-r2", "sarif", "lis-4.3"] {
            assert!(script.contains(value), "{shell} is not told of {value}");
        }
        // Fish is not told of values without an option.
        assert_eq!(script.contains("rhel-8/tcg"), shell != "fish");
    }
    assert_eq!(vmlint(["completions", "cmd"]).run().status, Some(2));
}

#[test]
fn scripts_are_ones_that_the_shells_understand() {
    for (shell, arguments) in [("bash", &["-n"][..]), ("zsh", &["-n"]), ("fish", &["--no-execute"])] {
        if let Some(output) = run(shell, arguments, &script(shell)) {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success() && said.is_empty(), "{shell}: {said}");
        }
    }
    let parse = "$errors = $null; [Management.Automation.Language.Parser]::ParseInput([Console]::In.ReadToEnd(), [ref]$null, [ref]$errors) | Out-Null; $errors; exit $errors.Count";
    if let Some(output) = run("pwsh", &["-NoProfile", "-Command", parse], &script("powershell")) {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
#[cfg(unix)]
fn bash_completes() {
    let completed = |words: &str, current: &str, before: &str| -> Option<String> {
        let ask = format!(
            "{}\nCOMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _vmlint vmlint '{current}' '{before}'; echo \"${{COMPREPLY[*]}}\"\n",
            script("bash")
        );
        Some(String::from_utf8(run("bash", &[], &ask)?.stdout).unwrap().trim().to_owned())
    };
    for (words, current, before, expected) in [
        ("vmlint expl", "expl", "vmlint", "explain"),
        ("vmlint --host rhel-1", "rhel-1", "--host", "rhel-10"),
        ("vmlint explain rhel-8/tpm", "rhel-8/tpm", "explain", "rhel-8/tpm-passthrough"),
        ("vmlint --format s", "s", "--format", "sarif"),
        ("vmlint matrix --host azure", "azure", "--host", "azure-stack-hci"),
    ] {
        if let Some(completed) = completed(words, current, before) {
            assert_eq!(completed, expected, "{words}");
        }
    }
}

#[test]
fn the_manual_has_a_page_for_every_command() {
    let folder = crate::common::folder(&[]);
    let written = folder.path().join("share/man1");
    let run_man = vmlint(["man", "--output", written.to_str().unwrap()]).run();
    assert_eq!((run_man.status, run_man.stdout.as_str(), run_man.stderr.as_str()), (Some(0), "", ""));
    let page = |name: &str| std::fs::read_to_string(written.join(name)).unwrap();
    for name in ["vmlint.1", "vmlint-check.1", "vmlint-explain.1", "vmlint-policy.1", "vmlint-policy-test.1", "vmlint-man.1"] {
        let page = page(name);
        let title = format!(
            ".TH {} 1 \" \" \"vmlint {}\" vmlint\n",
            name.trim_end_matches(".1").to_uppercase(),
            env!("CARGO_PKG_VERSION")
        );
        assert!(page.contains(&title), "{page}");
        if let Some(output) = run("mandoc", &["-Tlint", "-Wwarning"], &page) {
            let said = String::from_utf8(output.stdout).unwrap();
            // What clap_mangen sets around lists of values is one break too many.
            let harmless = ["skipping paragraph macro", "cannot parse date"];
            let serious: Vec<&str> = said.lines().filter(|line| !harmless.iter().any(|words| line.contains(words))).collect();
            assert!(serious.is_empty(), "{name}: {serious:#?}");
        }
    }
    assert!(page("vmlint.1").contains(".SH WHAT IS ASSUMED") || page("vmlint.1").contains(".SH \"WHAT IS ASSUMED\""));
    assert_eq!(vmlint(["man"]).run().stdout, page("vmlint.1"));
}

#[test]
fn a_manual_that_cannot_be_written_is_trouble() {
    let folder = crate::common::folder(&[("taken", b"")]);
    let run = vmlint(["man", "--output", "taken"]).within(folder.path()).run();
    assert_eq!(run.status, Some(2));
    assert!(run.stderr.starts_with("vmlint: cannot write `taken`: "), "{run}");
}
