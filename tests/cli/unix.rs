//! Pipes that close, names that are no text, and things that are no files.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};

use crate::common::{FORMATS, folder, text, vmlint};
use insta::assert_snapshot;

const TCG: &[u8] = b"<domain type='qemu'><name>web01</name></domain>\n";

#[test]
fn a_closed_pipe_is_no_trouble() {
    for arguments in [&["fixtures"][..], &["--format", "json", "fixtures"], &["rules"], &["explain", "tcg"], &["--help"]] {
        let mut child = vmlint(arguments.iter().copied()).command();
        let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // As `head -1` does: the first bytes, then no more reader.
        let mut first = [0];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()), "{arguments:?}");
    }
}

#[test]
fn a_full_disk_is_trouble() {
    let Ok(full) = File::options().write(true).open("/dev/full") else { return };
    let output = vmlint(["fixtures/libvirt/web01.xml"]).command().stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let output = output.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_snapshot!(String::from_utf8(output.stderr).unwrap());
}

#[test]
fn a_fifo_is_refused_and_never_waited_for() {
    let folder = folder(&[("a.xml", TCG)]);
    let made = Command::new("mkfifo").arg("pipe.xml").current_dir(folder.path()).status();
    if !made.is_ok_and(|status| status.success()) {
        return;
    }
    assert_snapshot!("a_fifo_by_name", vmlint(["--format", "concise", "pipe.xml"]).within(folder.path()).run());
    assert_snapshot!("a_fifo_in_a_folder", vmlint(["--format", "concise", "."]).within(folder.path()).run());
}

#[test]
fn a_folder_named_like_a_file_is_a_folder() {
    let folder = folder(&[("vm.xml/a.xml", TCG)]);
    let run = vmlint(["--format", "concise", "vm.xml"]).within(folder.path()).run();
    assert_snapshot!(run);
    assert_eq!(vmlint(["--format", "concise"]).within(folder.path()).run().to_string(), run.to_string());
}

#[test]
fn names_that_are_no_text_or_would_forge_lines_are_shown_safely() {
    let folder = folder(&[]);
    for name in [b"bell\x07\xFF.xml".as_slice(), b"new\nline.xml", b"esc\x1b[31m.xml"] {
        // Some file systems take only UTF-8.
        if std::fs::write(folder.path().join(OsStr::from_bytes(name)), TCG).is_err() {
            return;
        }
    }
    for format in FORMATS {
        let run = vmlint(["--format", format, "--select", "*/tcg", "-q"]).within(folder.path()).run();
        assert!(!run.stdout.contains(['\u{7}', '\u{1b}']), "{format}");
        assert_snapshot!(format!("odd_names_{format}"), run);
    }
    let missing = vmlint([OsStr::from_bytes(b"\x1b]0;title\x07\xFE\n::error::forged")]).within(folder.path()).run();
    assert_snapshot!("odd_name_that_is_missing", missing);
}

#[test]
fn a_link_to_a_folder_is_not_followed_and_one_that_is_named_is() {
    let folder = folder(&[("vm/a.xml", text("fixtures/libvirt/backup.xml").as_bytes())]);
    std::os::unix::fs::symlink(".", folder.path().join("vm/loop")).unwrap();
    std::os::unix::fs::symlink("a.xml", folder.path().join("vm/b.xml")).unwrap();
    let files = |path: &str| {
        let run = vmlint(["--format", "json", path]).within(folder.path()).run();
        run.json()["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(files("vm"), ["vm/a.xml"]);
    assert_eq!(files("vm/b.xml"), ["vm/b.xml"]);
    assert_eq!(files("vm/loop"), ["vm/loop/a.xml"]);
}

#[test]
fn reports_to_files_outlive_a_closed_pipe() {
    let folder = folder(&[("a.xml", TCG)]);
    let arguments = ["--report", "json=report", "a.xml"];
    let mut child = vmlint(arguments).within(folder.path()).command();
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(1));
    assert!(std::fs::read_to_string(folder.path().join("report")).unwrap().contains("rhel-8/tcg"));
}

#[test]
fn a_list_holds_names_that_are_no_text() {
    let name = OsStr::from_bytes(b"web\xff.xml");
    let folder = folder(&[]);
    // Not every file system takes such names.
    if std::fs::write(folder.path().join(name), TCG).is_err() {
        return;
    }
    for arguments in [&["--files-from", "-"][..], &["--files-from", "-", "-0"]] {
        let list: &[u8] = if arguments.len() == 3 { b"web\xff.xml\0" } else { b"web\xff.xml\n" };
        let run = vmlint(["--format", "json"].iter().chain(arguments).copied()).within(folder.path()).stdin(list).run();
        assert_eq!(run.rules(), ["rhel-8/tcg"], "{run}");
    }
}
