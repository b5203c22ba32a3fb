//! What is read: files, folders, standard input, encodings, and files that are none.

use crate::common::{Run, domain, files, folder, stem, text, utf16, vmlint};
use insta::assert_snapshot;

const TCG: &[u8] = b"<domain type='qemu'><name>web01</name></domain>\n";
const KVM: &[u8] = b"<domain type='kvm'><name>web02</name></domain>\n";
const OTHER: &[u8] = b"<project><name>no machine</name></project>\n";

fn paths(run: &Run) -> Vec<String> {
    let json = run.json();
    json["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap().replace('\\', "/")).collect()
}

#[test]
fn standard_input() {
    let web01 = text("fixtures/libvirt/web01.xml");
    assert_snapshot!(vmlint(["--format", "concise", "-"]).stdin(web01.clone()).run());
    let named = vmlint(["--format", "concise", "--stdin-filename", "vm/web01.xml", "-"]).stdin(web01).run();
    assert!(named.stdout.starts_with("vm/web01.xml:22:31: note[rhel-8/nested-virtualization]"), "{named}");
}

#[test]
fn standard_input_is_only_read_when_it_is_named() {
    let folder = folder(&[("a.xml", KVM)]);
    let run = vmlint(["--format", "json"]).within(folder.path()).stdin(TCG).run();
    assert_eq!((run.status, paths(&run)), (Some(0), vec!["a.xml".to_owned()]));
}

#[test]
fn empty_standard_input_is_malformed() {
    assert_snapshot!(vmlint(["--format", "concise", "-"]).run());
}

#[test]
fn a_folder_is_walked_as_ripgrep_walks_it() {
    let folder = folder(&[
        (".gitignore", b"ignored.xml\nbuild/\n"),
        ("vm/.ignore", b"old.xml\n"),
        ("a.xml", KVM),
        ("B.XML", KVM),
        ("vm-2/a.xml", KVM),
        ("vm/a.xml", TCG),
        ("vm/sub/a.xml", KVM),
        ("vm.xml", KVM),
        ("ignored.xml", TCG),
        ("vm/old.xml", TCG),
        ("build/a.xml", TCG),
        (".hidden.xml", TCG),
        (".hidden/a.xml", TCG),
        ("readme.txt", TCG),
        ("pom.xml", OTHER),
    ]);
    let run = vmlint(["--format", "json"]).within(folder.path()).run();
    assert_eq!(paths(&run), ["B.XML", "a.xml", "vm-2/a.xml", "vm.xml", "vm/a.xml", "vm/sub/a.xml"]);
    assert_eq!((&run.json()["summary"]["skipped"], &run.json()["summary"]["files"]), (&1.into(), &6.into()));
    assert_eq!((run.status, run.rules()), (Some(1), vec!["rhel-8/tcg".to_owned()]));
    assert_eq!(run.stderr, "", "what is skipped is told only with -v");
    let named = vmlint(["--format", "json", "."]).within(folder.path()).run();
    assert_eq!((named.stdout, named.status), (run.stdout, run.status), "no path is the current folder");
}

#[test]
fn skipped_files_are_counted_and_named_on_request() {
    let folder = folder(&[("vm/a.xml", KVM), ("vm/pom.xml", OTHER), ("vm/page.xml", b"<!DOCTYPE html><html/>")]);
    assert_snapshot!(vmlint(["vm"]).within(folder.path()).run());
    assert_snapshot!(vmlint(["-v", "vm"]).within(folder.path()).run());
}

#[test]
fn a_named_file_is_read_whatever_it_is_called_or_ignored_by() {
    let folder = folder(&[(".gitignore", b"*\n"), (".hidden", TCG), ("domain.txt", TCG)]);
    let run = vmlint(["--format", "json", "domain.txt", ".hidden"]).within(folder.path()).run();
    assert_eq!((paths(&run), run.rules().len()), (vec![".hidden".to_owned(), "domain.txt".to_owned()], 2));
}

#[test]
fn a_file_named_twice_or_below_a_named_folder_comes_once() {
    let folder = folder(&[("vm/a.xml", TCG), ("vm/b.xml", KVM)]);
    let run = vmlint(["--format", "json", "vm/a.xml", "vm", "./vm/a.xml", "vm/"]).within(folder.path()).run();
    assert_eq!(paths(&run), ["vm/a.xml", "vm/b.xml"]);
}

#[test]
fn a_named_file_that_is_no_vm_gets_a_note() {
    let folder = folder(&[("pom.xml", OTHER), ("feed.xml", b"<feed xmlns='http://www.w3.org/2005/Atom'/>")]);
    assert_snapshot!(vmlint(["pom.xml", "feed.xml"]).within(folder.path()).run());
}

#[test]
fn a_missing_file_does_not_keep_the_others_from_being_checked() {
    assert_snapshot!(vmlint(["--format", "concise", "no-such.xml", "fixtures/libvirt/backup.xml", "nor/this.xml"]).run());
}

#[test]
fn several_definitions_in_one_file_are_judged_one_by_one() {
    let run = vmlint(["--format", "json", "fixtures/libvirt/two-domains.xml"]).run();
    let json = run.json();
    assert_eq!((&json["files"][0]["vms"], run.rules()), (&2.into(), vec!["rhel-8/tcg".to_owned()]));
    let finding = &json["findings"][0];
    assert_eq!((&finding["vm"], &finding["location"]["node"]), (&"install01".into(), &"/domain[2]".into()));
}

#[test]
fn every_wrapper_of_a_domain_is_opened() {
    let listed: Vec<String> = files("fixtures/libvirt", "xml")
        .iter()
        .map(|path| {
            let run = vmlint(["--format", "json", "--fail-on", "never", path.to_str().unwrap()]).run();
            let json = run.json();
            let file = &json["files"][0];
            format!("{}: {}, {} VM(s), {:?}", stem(path), file["format"].as_str().unwrap(), file["vms"], run.rules())
        })
        .collect();
    assert_snapshot!(listed.join("\n"));
}

/// The same finding at the same line and column; its bytes are those of the file as it lies there.
#[test]
fn encodings() {
    let definition = domain("<title>Bücher</title>\n<devices><tpm><backend type='passthrough'/></tpm></devices>");
    let declared = |encoding: &str| format!("<?xml version='1.0' encoding='{encoding}'?>{definition}");
    let latin1: Vec<u8> = declared("ISO-8859-1").chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let needle = "<backend type='passthrough'/>";
    for (name, bytes, needle) in [
        ("UTF-8", declared("UTF-8").into_bytes(), needle.as_bytes().to_vec()),
        ("UTF-8 with a mark", [b"\xEF\xBB\xBF", declared("UTF-8").as_bytes()].concat(), needle.as_bytes().to_vec()),
        ("Latin-1", latin1, needle.as_bytes().to_vec()),
        ("UTF-16LE with a mark", utf16(&declared("UTF-16"), true, true), utf16(needle, true, false)),
        ("UTF-16BE with a mark", utf16(&declared("UTF-16"), false, true), utf16(needle, false, false)),
        ("UTF-16LE", utf16(&definition, true, false), utf16(needle, true, false)),
        ("UTF-16BE", utf16(&definition, false, false), utf16(needle, false, false)),
    ] {
        let run = vmlint(["--format", "json", "-"]).stdin(bytes.clone()).run();
        assert_eq!(run.rules(), ["rhel-8/tpm-passthrough"], "{name}");
        let place = &run.json()["findings"][0]["location"];
        assert_eq!((&place["line"], &place["column"]), (&4.into(), &15.into()), "{name}");
        let number = |key: &str| usize::try_from(place[key].as_u64().unwrap()).unwrap();
        assert_eq!(&bytes[number("byte_start")..number("byte_end")], needle, "{name}");
    }
}

/// Files that cannot be read as definitions say where and why; what is there to be tried is in `fixtures/hostile`.
#[test]
fn malformed_files() {
    let shown = |path: &std::path::Path| {
        let run = vmlint(["-q", path.strip_prefix(crate::common::root()).unwrap().to_str().unwrap()]).run();
        assert_eq!((run.status, run.stderr.as_str()), (Some(1), ""), "{}", path.display());
        crate::common::steady(&run.stdout)
    };
    let pages: Vec<String> = files("fixtures/hostile", "xml").iter().map(|path| shown(path)).collect();
    assert_snapshot!(pages.join("\n"));
}

#[test]
fn a_malformed_file_does_not_harm_the_others() {
    let run = vmlint(["--format", "concise", "fixtures/hostile/cut-off.xml", "fixtures/libvirt/backup.xml"]).run();
    assert_snapshot!(run);
}

#[test]
fn a_domain_of_another_hypervisor_gets_one_note() {
    for kind in ["xen", "vmware", "bhyve", "lxc", "vbox", "hyperv", "vz", "openvz", "test", "hvf"] {
        let definition = domain("<devices><tpm><backend type='passthrough'/></tpm></devices>").replace("kvm", kind);
        let run = vmlint(["--format", "json", "-"]).stdin(definition).run();
        // Apple's framework is what QEMU runs on there, and libvirt calls it so.
        assert_eq!((run.status, run.rules()), (Some(0), vec!["rhel-8/other-hypervisor".to_owned()]), "{kind}");
    }
}

#[test]
fn files_come_in_the_order_of_their_paths_however_they_are_named() {
    let folder = folder(&[("b/m.xml", KVM), ("b/z.xml", KVM), ("b/n.txt", KVM), ("a.xml", KVM), ("c.xml", KVM)]);
    let run = vmlint(["--format", "json", "c.xml", "b/n.txt", "b", "./a.xml", "b/z.xml"]).within(folder.path()).run();
    assert_eq!(paths(&run), ["a.xml", "b/m.xml", "b/n.txt", "b/z.xml", "c.xml"]);
}
