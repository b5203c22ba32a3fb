//! `--fix`, `--unsafe-fixes` and `--diff`.

use std::path::Path;

use crate::common::{domain, folder, utf16, vmlint};

/// One safe fix, one unsafe fix, one finding without a fix.
fn definition() -> String {
    domain(
        "<devices>\n  <filesystem type='mount' accessmode='passthrough'>\n    <driver type='path'/>\n    <binary path='/usr/libexec/virtiofsd'/>\n    \
         <source dir='/srv'/>\n    <target dir='share'/>\n  </filesystem>\n  <video>\n    <model type=\"cirrus\" vram='16384'/>\n  </video>\n  \
         <crypto model='virtio' type='qemu'><backend model='builtin' queues='1'/></crypto>\n</devices>",
    )
}

fn read(folder: &tempfile::TempDir, name: &str) -> String {
    std::fs::read_to_string(folder.path().join(name)).unwrap()
}

#[test]
fn a_difference_is_shown_and_nothing_is_changed() {
    let folder = folder(&[("vm/a.xml", definition().as_bytes()), ("vm/b.xml", domain("").as_bytes()), ("vm/c.xml", b"<domain>")]);
    for (name, arguments) in [("diff_safe", vec!["--diff"]), ("diff_unsafe", vec!["--diff", "--unsafe-fixes"])] {
        let run = vmlint(arguments.into_iter().chain(["vm"])).within(folder.path()).run();
        insta::assert_snapshot!(name, run);
    }
    assert_eq!(read(&folder, "vm/a.xml"), definition());
}

#[test]
fn the_status_of_a_difference_says_whether_there_is_one() {
    let folder = folder(&[
        ("a.xml", definition().as_bytes()),
        ("none.xml", domain("<devices><parallel type='dev'/></devices>").as_bytes()),
    ]);
    let status = |arguments: &[&str]| vmlint(arguments.iter().copied()).within(folder.path()).run().status;
    assert_eq!(status(&["--diff", "a.xml"]), Some(1));
    assert_eq!(status(&["--diff", "none.xml"]), Some(0));
    assert_eq!(status(&["--diff", "--fail-on", "never", "a.xml"]), Some(1));
    assert_eq!(status(&["--diff", "absent.xml"]), Some(2));
    // Quiet is quiet on standard error, too.
    assert_eq!(vmlint(["--diff", "-q", "a.xml"]).within(folder.path()).run().stderr, "");
}

#[test]
fn safe_fixes_are_made_and_what_is_left_is_reported() {
    let folder = folder(&[("a.xml", definition().as_bytes())]);
    let run = vmlint(["--fix", "--format", "concise", "."]).within(folder.path()).run();
    insta::assert_snapshot!("fix_safe", run);
    assert_eq!(read(&folder, "a.xml"), definition().replace("    <binary path='/usr/libexec/virtiofsd'/>\n", ""));
}

#[test]
fn unsafe_fixes_are_made_where_they_are_asked_for() {
    let folder = folder(&[("a.xml", definition().as_bytes())]);
    let run = vmlint(["--fix", "--unsafe-fixes", "--format", "concise", "a.xml"]).within(folder.path()).run();
    insta::assert_snapshot!("fix_unsafe", run);
    insta::assert_snapshot!("fix_unsafe_file", read(&folder, "a.xml"));
    let again = vmlint(["--fix", "--unsafe-fixes", "--format", "json", "a.xml"]).within(folder.path()).run().json();
    assert_eq!((&again["summary"]["fixed"], &again["summary"]["fixable"]), (&0.into(), &0.into()));
}

/// What is not judged, or not shown, is not fixed.
#[test]
fn only_findings_that_are_shown_are_fixed() {
    for arguments in [["--ignore", "*/cirrus-video"], ["--min-severity", "error"], ["--select", "*/virtio-crypto"]] {
        let folder = folder(&[("a.xml", definition().as_bytes())]);
        vmlint(["--fix", "--unsafe-fixes", "a.xml"].into_iter().chain(arguments)).within(folder.path()).run();
        let after = read(&folder, "a.xml");
        assert!(after.contains("cirrus") && !after.contains("crypto"), "{arguments:?} {after}");
    }
}

#[test]
fn standard_input_is_passed_on_fixed() {
    let run = vmlint(["--fix", "--unsafe-fixes", "--format", "concise", "-"]).stdin(definition()).run();
    assert!(run.stdout.starts_with("<domain type='kvm'>") && run.stdout.ends_with("</domain>\n"), "{run}");
    assert!(!run.stdout.contains("cirrus") && run.stderr.contains("3 fixed"), "{run}");
    // What cannot be fixed is passed on as it is.
    for text in ["<domain>", "<web/>", "", "no XML at all"] {
        assert_eq!(vmlint(["--fix", "-"]).stdin(text).run().stdout, text);
    }
    let run = vmlint(["--diff", "-"]).stdin(definition()).run();
    assert!(run.stdout.starts_with("--- <stdin>\n+++ <stdin>\n@@ "), "{run}");
}

#[test]
fn options_that_make_no_sense_together_are_refused() {
    for arguments in [vec!["--unsafe-fixes"], vec!["--fix", "-", "fixtures/libvirt"]] {
        let run = vmlint(arguments).run();
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
        insta::assert_snapshot!(run.stderr);
    }
}

#[test]
fn files_of_other_kinds_are_left_as_they_are() {
    let export = std::fs::read(crate::common::root().join("fixtures/hyperv/hypervisor.json")).ok();
    let folder =
        folder(&[("broken.xml", b"<domain><devices>"), ("web.xml", b"<web/>"), ("vm.json", &export.unwrap_or_default())]);
    let before: Vec<String> = ["broken.xml", "web.xml", "vm.json"].map(|name| read(&folder, name)).to_vec();
    vmlint(["--fix", "--unsafe-fixes", "broken.xml", "web.xml", "vm.json"]).within(folder.path()).run();
    assert_eq!(["broken.xml", "web.xml", "vm.json"].map(|name| read(&folder, name)).to_vec(), before);
}

/// The edits in JSON, made by somebody else to the bytes of the file, give what `--fix` gives.
#[test]
fn edits_in_json_are_bytes_of_the_file() {
    let text = definition();
    let encode = |text: &str| utf16(text, true, true);
    let folder = folder(&[("a.xml", &encode(&text))]);
    let report = vmlint(["--format", "json", "a.xml"]).within(folder.path()).run().json();
    let mut edits: Vec<(usize, usize, String)> = Vec::new();
    for finding in report["findings"].as_array().unwrap() {
        let Some(fix) = finding["fixes"].get(0) else { continue };
        assert!(["safe", "unsafe"].contains(&fix["safety"].as_str().unwrap()));
        for edit in fix["edits"].as_array().unwrap() {
            let at = |key: &str| edit[key].as_u64().unwrap() as usize;
            edits.push((at("byte_start"), at("byte_end"), edit["text"].as_str().unwrap().to_owned()));
        }
    }
    assert_eq!(edits.len(), 3, "{report}");
    edits.sort();
    let mut bytes = encode(&text);
    for (start, end, text) in edits.into_iter().rev() {
        bytes.splice(start..end, utf16(&text, true, false));
    }
    vmlint(["--fix", "--unsafe-fixes", "a.xml"]).within(folder.path()).run();
    assert_eq!(std::fs::read(folder.path().join("a.xml")).unwrap(), bytes);
}

#[test]
fn a_report_to_a_file_is_written_beside_a_difference() {
    let folder = folder(&[("a.xml", definition().as_bytes())]);
    let run = vmlint(["--diff", "--report", "json=out.json", "a.xml"]).within(folder.path()).run();
    assert!(run.stdout.starts_with("--- a.xml"), "{run}");
    let report: serde_json::Value = serde_json::from_str(&read(&folder, "out.json")).unwrap();
    assert_eq!(report["findings"].as_array().unwrap().len(), 4);
    assert_eq!(report["summary"]["fixed"], 0);
}

#[cfg(unix)]
#[test]
fn what_cannot_be_written_is_told_and_the_rest_is_fixed() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(&[("a.xml", definition().as_bytes()), ("b.xml", definition().as_bytes())]);
    std::fs::set_permissions(folder.path().join("a.xml"), std::fs::Permissions::from_mode(0o444)).unwrap();
    let run = vmlint(["--fix", "--format", "concise", "-q", "."]).within(folder.path()).run();
    assert_eq!(run.status, Some(2), "{run}");
    assert_eq!(run.stderr, "vmlint: a.xml cannot be fixed: it is read-only\n");
    assert_eq!(read(&folder, "a.xml"), definition());
    assert!(!read(&folder, "b.xml").contains("binary"));
    // The findings of a file that stayed as it was are those that it had.
    assert!(
        run.stdout.contains("a.xml:6:5: note[rhel-8/virtiofs]") && !run.stdout.contains("b.xml:6:5: note[rhel-8/virtiofs]"),
        "{run}"
    );
}

#[test]
fn a_page_says_how_a_finding_can_be_fixed() {
    let folder = folder(&[("a.xml", definition().as_bytes())]);
    let run = vmlint(["a.xml"]).within(folder.path()).run();
    assert!(run.stdout.contains("  fix:    remove the `binary` element (--fix)\n"), "{run}");
    assert!(run.stdout.contains("  fix:    make it a plain VGA card (--fix --unsafe-fixes)\n"), "{run}");
    assert!(run.stdout.contains("1 fixable with --fix, 2 more with --unsafe-fixes"), "{run}");
    let page = vmlint(["explain", "virtiofs"]).run().stdout;
    assert!(page.contains("\nFix\n  safe: remove the `binary` element\n"), "{page}");
    let rules = vmlint(["rules", "--format", "json"]).run().json();
    let fixable = |id: &str| rules.as_array().unwrap().iter().find(|rule| rule["id"] == id).unwrap()["fixable"].clone();
    assert_eq!((fixable("rhel-8/tcg"), fixable("rhel-8/guest-macos")), (true.into(), false.into()));
    assert!(Path::new("policies/rhel-8.yaml").exists());
}
