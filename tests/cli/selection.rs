//! Lists of files, and files that git says changed.

use std::path::Path;
use std::process::Command;

use crate::common::{Run, domain, folder, vmlint};
use insta::assert_snapshot;

const TPM: &str = "<devices><tpm><backend type='passthrough'/></tpm></devices>";

/// The files that a report in JSON has.
fn paths(run: &Run) -> Vec<String> {
    assert!(matches!(run.status, Some(0 | 1)), "{run}");
    let json = run.json();
    json["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap().to_owned()).collect()
}

fn json(arguments: &[&str], within: &Path) -> crate::common::Vmlint {
    let path = std::env::var("PATH").unwrap_or_default();
    vmlint(["--format", "json"].iter().chain(arguments).copied()).within(within).env("PATH", &path)
}

#[test]
fn a_list_names_files_as_the_command_line_does() {
    let kvm = domain("");
    let folder = folder(&[
        ("a.xml", kvm.as_bytes()),
        ("b.txt", kvm.as_bytes()),
        ("-", kvm.as_bytes()),
        ("vm/c.xml", kvm.as_bytes()),
        ("vm/note.txt", b""),
        ("with space.xml", kvm.as_bytes()),
        ("list", b"b.txt\r\n\nvm\n-\nwith space.xml"),
        ("nul", b"b.txt\0vm\0with space.xml\0"),
    ]);
    let listed = |arguments: &[&str]| paths(&json(arguments, folder.path()).run());
    assert_eq!(listed(&["--files-from", "list"]), ["-", "b.txt", "vm/c.xml", "with space.xml"]);
    assert_eq!(listed(&["--files-from", "nul", "-0"]), ["b.txt", "vm/c.xml", "with space.xml"]);
    assert_eq!(listed(&["--files-from", "nul", "--null", "a.xml"]), ["a.xml", "b.txt", "vm/c.xml", "with space.xml"]);
    let read = json(&["--files-from", "-"], folder.path()).stdin("a.xml\n").run();
    assert_eq!(paths(&read), ["a.xml"]);
    let beside = json(&["--files-from", "list", "-", "--stdin-filename", "zz"], folder.path()).stdin(kvm.as_str()).run();
    assert_eq!(paths(&beside), ["zz", "-", "b.txt", "vm/c.xml", "with space.xml"]);
}

#[test]
fn a_list_without_a_path_is_no_reason_to_judge_everything() {
    let folder = folder(&[("a.xml", domain(TPM).as_bytes())]);
    for (arguments, list) in
        [(&["--files-from", "-"][..], ""), (&["--files-from", "-"], "\n\r\n"), (&["--files-from", "-", "-0"], "\0")]
    {
        let run = json(arguments, folder.path()).stdin(list).run();
        assert_eq!((run.status, paths(&run)), (Some(0), vec![]), "{list:?}");
    }
    let fixed = vmlint(["--fix", "--files-from", "-"]).within(folder.path()).run();
    assert!(fixed.status == Some(0) && fixed.stdout.starts_with("0 files, 0 VMs: no findings"), "{fixed}");
}

#[test]
fn a_list_as_windows_powershell_writes_it() {
    let folder = folder(&[("ä.xml", domain("").as_bytes())]);
    for list in [crate::common::utf16("ä.xml\r\n", true, true), "\u{feff}ä.xml\r\n".into()] {
        assert_eq!(paths(&json(&["--files-from", "-"], folder.path()).stdin(list).run()), ["ä.xml"]);
    }
}

#[test]
fn lists_that_cannot_be_used() {
    let folder = folder(&[("a.xml", domain("").as_bytes()), ("list", b"a.xml\nmissing.xml\n")]);
    let run = |arguments: &[&str]| vmlint(arguments.iter().copied()).within(folder.path()).run();
    for (name, arguments) in [
        ("a_file_of_the_list_is_missing", &["--format", "concise", "--files-from", "list"][..]),
        ("no_such_list", &["--files-from", "no-such-list"]),
        ("a_folder_is_no_list", &["--files-from", "."]),
        ("standard_input_is_both", &["--files-from", "-", "-"]),
        ("null_without_a_list", &["-0", "a.xml"]),
    ] {
        let run = run(arguments);
        assert_eq!(run.status, Some(2), "{name}");
        assert_snapshot!(name, run);
    }
}

#[test]
fn a_file_that_is_named_can_be_left_out_when_asked() {
    let (tpm, config) = (domain(TPM), b"files: {exclude: [old/]}\n");
    let folder = folder(&[("vmlint.yaml", config), ("old/a.xml", tpm.as_bytes()), ("b.xml", tpm.as_bytes())]);
    assert_eq!(paths(&json(&["old/a.xml", "b.xml"], folder.path()).run()), ["b.xml", "old/a.xml"]);
    assert_eq!(paths(&json(&["--force-exclude", "old/a.xml", "b.xml"], folder.path()).run()), ["b.xml"]);
    assert_eq!(vmlint(["--force-exclude", "old/a.xml"]).within(folder.path()).run().status, Some(0));
}

/// Runs git; gives up on the test where there is none.
fn git(folder: &Path, arguments: &[&str]) -> bool {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"];
    let mut command = Command::new("git");
    command.current_dir(folder).args(identity).args(arguments).env("GIT_CONFIG_GLOBAL", "").env("GIT_CONFIG_NOSYSTEM", "1");
    for variable in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"] {
        command.env_remove(variable);
    }
    let Ok(output) = command.output() else {
        eprintln!("skipped: git is not installed");
        return false;
    };
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    true
}

/// A repository with some commits; nothing where there is no git.
fn repository() -> Option<tempfile::TempDir> {
    let kvm = domain("");
    let mut files: Vec<(&str, &[u8])> = vec![(".gitignore", b"scratch/\n")];
    for name in
        ["kept.xml", "edited.xml", "staged.xml", "gone.xml", "old name.xml", "vm/edited.xml", ".hidden/edited.xml", "x.txt"]
    {
        files.push((name, kvm.as_bytes()));
    }
    let folder = folder(&files);
    let at = folder.path();
    for arguments in [&["init", "-q", "-b", "main"][..], &["add", "."], &["commit", "-q", "-m", "first"]] {
        if !git(at, arguments) {
            return None;
        }
    }
    let put = |name: &str| {
        std::fs::create_dir_all(at.join(name).parent().unwrap()).unwrap();
        std::fs::write(at.join(name), domain("<!-- new -->")).unwrap();
    };
    for name in
        ["edited.xml", "staged.xml", "vm/edited.xml", "vm/new.xml", "scratch/new.xml", ".hidden/edited.xml", "x.txt", "ü\n.xml"]
    {
        if cfg!(unix) || !name.contains('\n') {
            put(name);
        }
    }
    git(at, &["add", "staged.xml"]);
    git(at, &["rm", "-q", "gone.xml"]);
    git(at, &["mv", "old name.xml", "new name.xml"]);
    Some(folder)
}

#[test]
fn only_what_changed_is_judged() {
    let Some(folder) = repository() else { return };
    let at = folder.path();
    let changed = |arguments: &[&str], within: &Path| -> Vec<String> {
        let all = paths(&json(arguments, within).run());
        all.into_iter().filter(|path| !path.contains('ü')).collect()
    };
    assert_eq!(changed(&["--changed"], at), ["edited.xml", "new name.xml", "staged.xml", "vm/edited.xml", "vm/new.xml"]);
    assert_eq!(changed(&["--changed", "vm"], at), ["vm/edited.xml", "vm/new.xml"]);
    assert_eq!(changed(&["--changed", "kept.xml", "staged.xml"], at), ["staged.xml"]);
    assert_eq!(
        changed(&["--changed", "x.txt"], at),
        ["x.txt"],
        "a file that is named and changed is judged whatever it is called"
    );
    // In a folder of the repository, and from there to another.
    assert_eq!(changed(&["--changed"], &at.join("vm")), ["edited.xml", "new.xml"]);
    assert_eq!(changed(&["--changed", ".."], &at.join("vm")).len(), 5);
    assert_eq!(changed(&["--changed", at.to_str().unwrap()], Path::new("/")).len(), 5);
    #[cfg(unix)]
    assert_eq!(paths(&json(&["--changed"], at).run()).len(), 6, "names with line breaks are names");
}

#[test]
fn a_branch_is_compared_with_where_it_left_another() {
    let Some(folder) = repository() else { return };
    let at = folder.path();
    let changed = |argument: &str| paths(&json(&[argument], at).run());
    for arguments in [&["checkout", "-q", "-b", "topic"][..], &["add", "."], &["commit", "-q", "-m", "second"]] {
        git(at, arguments);
    }
    assert_eq!(changed("--changed"), Vec::<String>::new());
    let on_topic = changed("--changed=main");
    assert_eq!(on_topic.iter().filter(|path| !path.contains('ü')).count(), 5);
    assert_eq!(changed("--changed=HEAD~1"), on_topic);
    // What happens on the other branch meanwhile is not this branch's.
    git(at, &["checkout", "-q", "main"]);
    std::fs::write(at.join("kept.xml"), domain("<!-- on main -->")).unwrap();
    git(at, &["commit", "-q", "-a", "-m", "third"]);
    git(at, &["checkout", "-q", "topic"]);
    assert_eq!(changed("--changed=main"), on_topic);
}

#[test]
fn in_a_repository_without_a_commit_everything_is_new() {
    let folder = folder(&[("a.xml", domain("").as_bytes()), ("b.xml", domain("").as_bytes())]);
    if !git(folder.path(), &["init", "-q"]) {
        return;
    }
    git(folder.path(), &["add", "a.xml"]);
    assert_eq!(paths(&json(&["--changed"], folder.path()).run()), ["a.xml", "b.xml"]);
}

#[test]
fn a_configuration_that_cannot_be_used_is_no_trouble_where_nothing_changed() {
    let folder = folder(&[("a.xml", domain("").as_bytes()), ("b/b.xml", domain("").as_bytes()), ("b/vmlint.yaml", b"hots: x\n")]);
    if !git(folder.path(), &["init", "-q"]) {
        return;
    }
    git(folder.path(), &["add", "b"]);
    git(folder.path(), &["commit", "-q", "-m", "first"]);
    assert_eq!(paths(&json(&["--changed"], folder.path()).run()), ["a.xml"]);
}

#[test]
fn what_git_cannot_say() {
    let Some(repository) = repository() else { return };
    let nowhere = folder(&[("a.xml", domain("").as_bytes()), ("bin/none", b"")]);
    let said = |arguments: &[&str], within: &Path| {
        let run = json(arguments, within).env("GIT_CEILING_DIRECTORIES", "/").run();
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{arguments:?}\n{run}");
        let place = within.canonicalize().unwrap();
        run.stderr.replace(place.to_str().unwrap(), "[folder]").replace(within.to_str().unwrap(), "[folder]")
    };
    let no_repository = said(&["--changed"], nowhere.path());
    assert!(no_repository.starts_with("vmlint: git cannot say what changed in `[folder]`\n  help: It says: "), "{no_repository}");
    assert_snapshot!("no_such_commit", said(&["--changed=no-such-branch"], repository.path()));
    assert_snapshot!("an_option_is_no_commit", said(&["--changed=--output=x"], repository.path()));
    assert_snapshot!("a_branch_taken_for_a_path", said(&["--changed", "main"], repository.path()));
    assert_snapshot!("standard_input_has_no_past", said(&["--changed", "-"], repository.path()));
    let empty = nowhere.path().join("bin");
    let without_git = json(&["--changed"], repository.path()).env("PATH", empty.to_str().unwrap()).run();
    assert_eq!(without_git.status, Some(2));
    assert_snapshot!("no_git", without_git);
}
