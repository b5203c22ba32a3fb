//! Interrupts, full disks, files that come and go: what the system does to a run, and what the run says of it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::common::{Run, domain, folder, vmlint};

const TCG: &[u8] = b"<domain type='qemu'><name>web01</name></domain>\n";
const BINARY: &str = env!("CARGO_BIN_EXE_vmlint");

/// Runs a line of the shell in a folder, `$vmlint` being the command.
fn shell(folder: &Path, line: &str) -> Run {
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(folder).env_clear().env("vmlint", BINARY).env("PATH", "/usr/bin:/bin");
    command.env("LC_ALL", "C.UTF-8").env("COLUMNS", "80").stdin(Stdio::null());
    seen(command.output().unwrap())
}

fn seen(output: Output) -> Run {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Starts a run that waits for standard input.
fn waiting(folder: &Path, arguments: &[&str]) -> Child {
    let mut command = vmlint(arguments.iter().copied()).within(folder).command();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until something is so, a few seconds at the most.
fn until(so: impl Fn() -> bool) {
    let started = Instant::now();
    while !so() {
        assert!(started.elapsed() < Duration::from_secs(20), "it never came to pass");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap().success());
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.collect();
    names.sort();
    names
}

#[test]
fn an_interrupt_ends_a_run_at_once_and_leaves_what_was_there() {
    for (name, number) in [("INT", 2), ("TERM", 15)] {
        let folder = folder(&[("report.json", b"of last time"), ("known.json", b"")]);
        let mut child = waiting(folder.path(), &["--output", "report.json", "--write-baseline", "known.json", "-"]);
        child.stdin.as_mut().unwrap().write_all(b"<domain type='qemu'>").unwrap();
        // The new report is begun by now, under a name of its own.
        until(|| names(folder.path()).len() == 3);
        let started = Instant::now();
        signal(&child, name);
        let status = child.wait().unwrap();
        assert!(started.elapsed() < Duration::from_secs(5));
        assert_eq!((status.code(), status.signal()), (None, Some(number)));
        assert_eq!(fs::read(folder.path().join("report.json")).unwrap(), b"of last time");
        assert_eq!(fs::read(folder.path().join("known.json")).unwrap(), b"");
    }
}

#[test]
fn files_that_are_being_fixed_are_fixed_or_as_they_were_whenever_it_ends() {
    let before = domain("<devices><video><model type='cirrus'/></video></devices>");
    let after = {
        let folder = folder(&[("a.xml", before.as_bytes())]);
        vmlint(["--fix", "--unsafe-fixes", "a.xml"]).within(folder.path()).run();
        fs::read_to_string(folder.path().join("a.xml")).unwrap()
    };
    assert_ne!(after, before);
    for milliseconds in [5, 20, 40, 80, 160] {
        let names: Vec<String> = (0..200).map(|n| format!("{n:03}.xml")).collect();
        let folder = folder(&names.iter().map(|name| (name.as_str(), before.as_bytes())).collect::<Vec<_>>());
        let child = waiting(folder.path(), &["--fix", "--unsafe-fixes", "-q", "."]);
        std::thread::sleep(Duration::from_millis(milliseconds));
        signal(&child, "INT");
        child.wait_with_output().unwrap();
        for name in &names {
            let now = fs::read_to_string(folder.path().join(name)).unwrap();
            assert!(now == before || now == after, "{now}");
        }
    }
}

#[test]
fn a_report_is_there_when_it_is_whole() {
    let folder = folder(&[("a.xml", TCG)]);
    let run = vmlint(["--output", "report.json", "--format", "json", "a.xml"]).within(folder.path()).run();
    assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""));
    assert_eq!(names(folder.path()), ["a.xml", "report.json"]);
    let mode = fs::metadata(folder.path().join("report.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o600, 0o600);
    assert_eq!(mode & 0o111, 0);
}

#[test]
fn a_closed_pipe_for_complaints_does_not_matter() {
    let folder = folder(&[("a.xml", TCG)]);
    let mut child = waiting(folder.path(), &["--format", "concise", "-v", "no-such.xml", "a.xml"]);
    drop(child.stderr.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stdout).unwrap().contains("rhel-8/tcg"));
}

#[test]
fn closed_standard_streams_do_not_matter() {
    let folder = folder(&[("a.xml", TCG)]);
    assert_eq!(shell(folder.path(), "\"$vmlint\" a.xml >&-").status, Some(1));
    assert_eq!(shell(folder.path(), "\"$vmlint\" a.xml 2>&-").status, Some(1));
    assert_eq!(shell(folder.path(), "\"$vmlint\" a.xml <&- >&- 2>&-").status, Some(1));
    let empty = shell(folder.path(), "\"$vmlint\" --format concise - <&-");
    assert_eq!(empty.status, Some(1), "{empty}");
    assert!(empty.stdout.contains("the file is empty"), "{empty}");
}

#[test]
fn whatever_is_written_to_a_full_disk_is_told() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let folder = folder(&[("a.xml", TCG)]);
    for arguments in [
        &["a.xml"][..],
        &["--format", "json", "a.xml"],
        &["--output", "/dev/full", "a.xml"],
        &["--report", "sarif=/dev/full", "a.xml"],
        &["--diff", "--unsafe-fixes", "a.xml"],
        &["view", "a.xml"],
        &["query", "//name", "a.xml"],
        &["rules"],
        &["explain", "rhel-8/tcg"],
        &["config", "a.xml"],
        &["schema", "config"],
        &["matrix", "--host", "windows-server-2019"],
    ] {
        let to_file = arguments.iter().any(|argument| argument.contains("/dev/full"));
        let stdout = if to_file { Stdio::piped() } else { File::options().write(true).open("/dev/full").unwrap().into() };
        let mut command = vmlint(arguments.iter().copied()).within(folder.path()).command();
        let output = command.stdout(stdout).stderr(Stdio::piped()).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
        assert!(told.contains("No space left on device"), "{arguments:?}: {told}");
    }
}

/// A limit on the size of files stands for a disk with little room; without its signal writing fails as on a full one.
#[test]
fn what_does_not_fit_on_the_disk_leaves_what_was_there() {
    let inside = format!("<devices><video><model type='cirrus'/></video></devices><!-- {} -->", "x".repeat(5_000));
    let before = domain(&inside);
    let folder = folder(&[("a.xml", before.as_bytes()), ("report", b"of last time")]);
    let limited = |line: &str| shell(folder.path(), &format!("trap '' XFSZ; ulimit -f 1; {line}"));
    let fix = limited("\"$vmlint\" --fix --unsafe-fixes a.xml");
    assert_eq!(fix.status, Some(2), "{fix}");
    assert!(fix.stderr.contains("a.xml cannot be fixed: File too large"), "{fix}");
    assert_eq!(fs::read_to_string(folder.path().join("a.xml")).unwrap(), before);
    let report = limited("\"$vmlint\" --format html --output report a.xml");
    assert_eq!(report.status, Some(2), "{report}");
    assert!(report.stderr.contains("cannot write to `report`: File too large"), "{report}");
    assert_eq!(fs::read(folder.path().join("report")).unwrap(), b"of last time");
    assert_eq!(names(folder.path()), ["a.xml", "report"]);
}

#[test]
fn what_is_no_file_is_refused_by_its_kind() {
    let folder = folder(&[("a.xml", TCG)]);
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket.xml")).unwrap();
    symlink("nowhere", folder.path().join("dangling.xml")).unwrap();
    symlink("circle.xml", folder.path().join("circle.xml")).unwrap();
    for (path, reason) in [
        ("socket.xml", "socket.xml: is a socket, which holds no definition; name a regular file"),
        ("/dev/null", "/dev/null: is a device, which holds no definition; name a regular file"),
        ("/dev/zero", "/dev/zero: is a device, which holds no definition; name a regular file"),
        ("dangling.xml", "dangling.xml: no such file or folder"),
        ("circle.xml", "circle.xml: "),
    ] {
        let run = vmlint(["--format", "concise", path, "a.xml"]).within(folder.path()).run();
        assert_eq!(run.status, Some(2), "{run}");
        assert!(run.stderr.starts_with(&format!("vmlint: {reason}")), "{run}");
        assert!(run.stdout.contains("a.xml:1:9: error[rhel-8/tcg]"), "{run}");
    }
    let walked = vmlint(["--format", "concise", "."]).within(folder.path()).run();
    assert_eq!((walked.status, walked.stderr.as_str()), (Some(1), ""), "in a folder only regular files are looked at");
    for option in ["--config", "--policy", "--baseline", "--files-from"] {
        let run = vmlint([option, "/dev/zero", "a.xml"]).within(folder.path()).run();
        assert_eq!(run.status, Some(2), "{run}");
        assert!(run.stderr.contains("is a device"), "{run}");
    }
}

#[test]
fn what_never_ends_is_read_as_far_as_the_limit() {
    let folder = folder(&[]);
    for line in ["\"$vmlint\" --limit file-size=1MiB - </dev/zero", "yes | \"$vmlint\" --limit file-size=1MiB /dev/stdin"] {
        let run = shell(folder.path(), line);
        assert_eq!(run.status, Some(1), "{run}");
        assert!(run.stdout.contains("the file is larger than 1 MiB"), "{run}");
    }
}

/// The kernel says of some files that they are empty, and of others that they have a page, whatever is in them: what is read is what
/// counts, as with a file that grows or is cut off meanwhile.
#[test]
#[cfg(target_os = "linux")]
fn the_size_of_a_file_is_not_believed() {
    for path in ["/proc/self/status", "/sys/kernel/mm/transparent_hugepage/enabled"] {
        let Ok(size) = fs::metadata(path).map(|metadata| metadata.len()) else { continue };
        assert_ne!(size, fs::read(path).unwrap().len() as u64);
        let run = vmlint(["--format", "json", path]).run();
        assert_eq!((run.status, run.rules()), (Some(1), vec!["vmlint/malformed-input".to_owned()]), "{run}");
    }
}

#[test]
fn files_that_change_while_they_are_read_harm_nobody() {
    let long = domain(&"<!-- a long one -->\n".repeat(20_000));
    let folder = folder(&[("a.xml", TCG), ("b.xml", TCG), ("c.xml", TCG)]);
    let path = |name: &str| folder.path().join(name);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let mut file = File::options().write(true).create(true).truncate(true).open(path("b.xml")).unwrap();
                file.write_all(long.as_bytes()).unwrap();
                file.set_len(1000).unwrap();
                let _ = fs::remove_file(path("c.xml"));
                fs::write(path("c.xml"), TCG).unwrap();
            }
        });
        for _ in 0..30 {
            let run = vmlint(["--format", "json", "a.xml", "b.xml", "c.xml"]).within(folder.path()).run();
            let gone = "vmlint: c.xml: no such file or folder\n";
            assert_eq!(run.status, Some(if run.stderr.is_empty() { 1 } else { 2 }), "{run}");
            assert!(run.stderr.is_empty() || run.stderr == gone, "{run}");
            let known = ["rhel-8/tcg", "vmlint/malformed-input"];
            assert!(run.rules().iter().all(|rule| known.contains(&rule.as_str())), "{run}");
            assert_eq!(run.rules().first().map(String::as_str), Some("rhel-8/tcg"), "the file that stays is judged");
        }
        done.store(true, Ordering::Relaxed);
    });
}

/// Runs the command as somebody who is not root; none where nobody can be found to do so.
fn as_somebody(folder: &Path, arguments: &[&str]) -> Option<Run> {
    let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    if !is_root {
        return Some(vmlint(arguments.iter().copied()).within(folder).run());
    }
    // Where the command was built, nobody else may be allowed to look.
    let copy = tempfile::tempdir().unwrap();
    let binary = copy.path().join("vmlint");
    fs::copy(BINARY, &binary).unwrap();
    for path in [copy.path(), &binary] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]).arg(&binary).args(arguments).current_dir(folder);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8").env("COLUMNS", "80");
    command.output().ok().map(seen)
}

/// A folder that everybody can look into.
fn open_folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = folder(files);
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn forbid(path: PathBuf, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_may_not_be_read_is_told_and_the_rest_judged() {
    let folder = open_folder(&[("a.xml", TCG), ("secret.xml", TCG), ("closed/b.xml", TCG)]);
    forbid(folder.path().join("secret.xml"), 0o000);
    forbid(folder.path().join("closed"), 0o000);
    let named = as_somebody(folder.path(), &["--format", "concise", "secret.xml", "a.xml"]);
    let walked = as_somebody(folder.path(), &["--format", "concise", "."]);
    forbid(folder.path().join("closed"), 0o755);
    let (Some(named), Some(walked)) = (named, walked) else { return };
    assert_eq!((named.status, named.stderr.as_str()), (Some(2), "vmlint: secret.xml: permission denied\n"));
    assert!(named.stdout.contains("a.xml:1:9: error[rhel-8/tcg]"), "{named}");
    assert_eq!(walked.status, Some(2));
    assert!(walked.stdout.contains("a.xml:1:9: error[rhel-8/tcg]"), "{walked}");
    let told: Vec<&str> = walked.stderr.lines().collect();
    assert_eq!(told, ["vmlint: closed: permission denied", "vmlint: secret.xml: permission denied"], "{walked}");
}

#[test]
fn what_may_not_be_written_is_told_and_stays() {
    let before = domain("<devices><video><model type='cirrus'/></video></devices>");
    let folder = open_folder(&[("a.xml", before.as_bytes()), ("mine.xml", before.as_bytes()), ("old", b"of last time")]);
    forbid(folder.path().join("mine.xml"), 0o666);
    let fix = as_somebody(folder.path(), &["--fix", "--unsafe-fixes", "a.xml", "mine.xml"]);
    let report = as_somebody(folder.path(), &["--output", "old", "a.xml"]);
    let (Some(fix), Some(report)) = (fix, report) else { return };
    assert_eq!(fix.status, Some(2), "{fix}");
    assert!(fix.stderr.contains("vmlint: a.xml cannot be fixed: permission denied"), "{fix}");
    assert!(fix.stderr.contains("vmlint: mine.xml cannot be fixed: its folder takes no file: permission denied"), "{fix}");
    assert_eq!((report.status, report.stdout.as_str()), (Some(2), ""));
    assert_eq!(report.stderr, "vmlint: cannot write to `old`: permission denied\n");
    for name in ["a.xml", "mine.xml"] {
        assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), before);
    }
    assert_eq!(names(folder.path()), ["a.xml", "mine.xml", "old"]);
}

#[test]
fn a_folder_that_is_gone_is_told() {
    let folder = folder(&[("a.xml", TCG), ("gone/b.xml", TCG)]);
    let line = "cd gone && rm b.xml && rmdir ../gone && ";
    for (arguments, status) in [("", 2), (".", 2), ("no-such.xml", 2), ("rules", 0), ("config", 0)] {
        fs::create_dir_all(folder.path().join("gone")).unwrap();
        fs::write(folder.path().join("gone/b.xml"), TCG).unwrap();
        let run = shell(folder.path(), &format!("{line} \"$vmlint\" {arguments}"));
        assert_eq!(run.status, Some(status), "{arguments}: {run}");
        assert!(!run.stderr.contains("panicked"), "{run}");
    }
    let given = format!("\"$vmlint\" --format concise {}/a.xml", folder.path().display());
    fs::create_dir_all(folder.path().join("gone")).unwrap();
    fs::write(folder.path().join("gone/b.xml"), TCG).unwrap();
    let run = shell(folder.path(), &format!("{line} {given}"));
    assert_eq!(run.status, Some(1), "a file that is there is judged all the same: {run}");
}

#[test]
fn names_may_be_as_long_and_as_many_as_they_like() {
    let folder = folder(&[("a.xml", TCG)]);
    let long = "n".repeat(4096);
    let run = vmlint(["--format", "concise", &long, "a.xml"]).within(folder.path()).run();
    assert_eq!(run.status, Some(2));
    assert!(run.stderr.contains("name too long") && run.stdout.contains("rhel-8/tcg"), "{}", run.stderr);
    let names: Vec<String> = (0..5_000).map(|n| format!("./{}a.xml", "./".repeat(n % 7))).collect();
    let run = vmlint(["--format", "json"].into_iter().chain(names.iter().map(String::as_str))).within(folder.path()).run();
    assert_eq!(run.status, Some(1));
    for number in 0..2_000 {
        fs::create_dir(folder.path().join(format!("d{number}"))).unwrap();
    }
    let names: Vec<String> = (0..2_000).map(|n| format!("d{n}")).collect();
    let run = vmlint(["--format", "json"].into_iter().chain(names.iter().map(String::as_str))).within(folder.path()).run();
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
}

#[test]
fn terminals_nobody_has_heard_of_change_nothing() {
    let folder = folder(&[("a.xml", TCG)]);
    let plain = vmlint(["-q", "a.xml"]).within(folder.path()).run();
    for (name, value) in [
        ("TERM", ""),
        ("TERM", "\u{1b}[31m"),
        ("COLUMNS", "0"),
        ("COLUMNS", "-5"),
        ("COLUMNS", "99999999999999999999"),
        ("LC_ALL", "tlh_QO.UTF-8"),
        ("HOME", "/nowhere"),
    ] {
        let run = vmlint(["-q", "a.xml"]).within(folder.path()).env(name, value).run();
        assert_eq!((run.status, run.stderr.as_str()), (plain.status, ""), "{name}={value}");
        assert!(run.stdout.contains("rhel-8/tcg") && !run.stdout.contains('\u{1b}'), "{name}={value}: {run}");
    }
}

/// `head` closes its end when it has seen enough.
#[test]
fn a_reader_that_leaves_ends_a_long_run() {
    let names: Vec<String> = (0..600).map(|n| format!("{n:03}.xml")).collect();
    let folder = folder(&names.iter().map(|name| (name.as_str(), TCG)).collect::<Vec<_>>());
    let mut child = waiting(folder.path(), &["."]);
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
}
