//! Baselines: only what is new is shown, whatever moves, and what is mended is told.

use std::path::Path;

use crate::common::{Run, folder, vmlint};
use insta::assert_snapshot;
use serde_json::Value;

const FILE: &str = "vmlint-baseline.json";
const UUID: &str = "<uuid>0e5a7c1d-8f0b-4c4f-9d0a-6f2b1f3c7a21</uuid>";
const TPM: &str = "<tpm model='tpm-crb'><backend type='passthrough'><device path='/dev/tpm0'/></backend></tpm>";

fn domain(head: &str, devices: &str) -> String {
    format!("<domain type='kvm'>\n<name>web01</name>\n{head}\n<devices>\n{devices}\n</devices>\n</domain>\n")
}

/// A disk that is throttled inside QEMU.
fn disk(name: &str) -> String {
    format!(
        "<disk><source file='/{name}.qcow2'/><target dev='{name}'/><iotune>\n<read_iops_sec>1</read_iops_sec></iotune></disk>\n"
    )
}

/// A folder with one definition and a baseline of its findings.
fn known(text: &str) -> tempfile::TempDir {
    let folder = folder(&[("vm/web01.xml", text.as_bytes())]);
    let run = vmlint(["--write-baseline", FILE]).within(folder.path()).run();
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{run}");
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).unwrap();
}

fn baseline(folder: &Path) -> String {
    std::fs::read_to_string(folder.join(FILE)).unwrap()
}

fn judge(folder: &Path, options: &[&str]) -> Run {
    vmlint(["--baseline", FILE].iter().chain(options)).within(folder).run()
}

/// The rules of new findings, and how many are known and how many entries not needed.
fn new(folder: &Path, options: &[&str]) -> (Vec<String>, u64, u64) {
    let run = judge(folder, &[&["--format", "json"], options].concat());
    let known = &run.json()["summary"]["baseline"];
    (run.rules(), known["covered"].as_u64().unwrap(), known["unneeded"].as_u64().unwrap())
}

#[test]
fn a_baseline_is_written_and_then_nothing_is_new() {
    let repository = folder(&[
        ("vm/web01.xml", domain(UUID, &(disk("vda") + TPM)).as_bytes()),
        ("vm/größe.xml", domain("", &(TPM.to_owned() + TPM)).as_bytes()),
        ("vm/broken.xml", b"<domain>"),
    ]);
    let path = repository.path();
    assert_snapshot!("written", vmlint(["--write-baseline", FILE]).within(path).run());
    let text = baseline(path);
    assert_snapshot!("baseline", text);
    assert_snapshot!("known", judge(path, &[]));
    assert_snapshot!("known_shown", judge(path, &["--show-suppressed", "--format", "concise"]));
    // Written again it is the same, also over itself.
    vmlint(["--write-baseline", FILE, "vm"]).within(path).env("RAYON_NUM_THREADS", "1").run();
    assert_eq!(baseline(path), text);
    // Its paths start from its own folder, wherever the command is run.
    let run = vmlint(["--baseline", "../vmlint-baseline.json", "./../vm/web01.xml"]).within(&path.join("vm")).run();
    assert_eq!(run.status, Some(0), "{run}");
    let json = judge(path, &["--show-suppressed", "--format", "json"]).json();
    assert_eq!(json["findings"][0]["suppressed"]["kind"], "external");
    assert_eq!(json["findings"][0]["suppressed"]["location"], Value::Null);
}

#[test]
fn what_moves_is_not_new() {
    let two = |head: &str| domain(head, &(disk("vda") + &disk("vdb") + TPM));
    let moved =
        |head: &str| domain(head, &(TPM.to_owned() + "\n<disk><target dev='sda'/></disk>\n" + &disk("vdb") + &disk("vda")));
    for head in ["", UUID] {
        let folder = known(&two(head));
        write(folder.path(), "vm/web01.xml", &moved(head));
        assert_eq!(new(folder.path(), &[]), (vec![], 3, 0), "{head}");
        write(folder.path(), "vm/web01.xml", &moved(head).replace("web01", "web02"));
        assert_eq!(
            new(folder.path(), &[]).1,
            if head.is_empty() { 0 } else { 3 },
            "a machine is known by its id, else by its name"
        );
    }
}

#[test]
fn a_machine_with_an_id_may_move_to_another_file() {
    let folder = known(&domain(UUID, TPM));
    let path = folder.path();
    std::fs::rename(path.join("vm/web01.xml"), path.join("moved.xml")).unwrap();
    assert_eq!(new(path, &[]), (vec![], 1, 0));
    // A snapshot of it holds the same machine.
    write(path, "moved.xml", &format!("<domainsnapshot><state>shutoff</state>{}</domainsnapshot>", domain(UUID, TPM)));
    assert_eq!(new(path, &[]).1, 1);

    let folder = known(&domain("", TPM));
    let path = folder.path();
    std::fs::rename(path.join("vm/web01.xml"), path.join("moved.xml")).unwrap();
    assert_eq!(new(path, &[]), (vec!["rhel-8/tpm-passthrough".to_owned()], 0, 1));
}

#[test]
fn what_is_added_is_new() {
    let folder = known(&domain(UUID, &(disk("vda") + TPM)));
    write(folder.path(), "vm/web01.xml", &domain(UUID, &(disk("vdb") + &disk("vda") + TPM)));
    let run = judge(folder.path(), &["--format", "json"]);
    assert_eq!((run.status, run.rules()), (Some(1), vec!["rhel-8/qemu-io-throttling".to_owned()]));
    assert_eq!(run.json()["findings"][0]["location"]["line"], 5, "the new disk and not the second one");
}

#[test]
fn devices_without_names_are_counted() {
    let parallel = "<parallel type='null'/>";
    let folder = known(&domain(UUID, &parallel.repeat(2)));
    assert!(baseline(folder.path()).contains("\"count\":2"), "{}", baseline(folder.path()));
    for (count, found) in [(1, (0, 1)), (2, (0, 0)), (3, (1, 0))] {
        write(folder.path(), "vm/web01.xml", &domain(UUID, &parallel.repeat(count)));
        let (rules, _, unneeded) = new(folder.path(), &[]);
        assert_eq!((rules.len(), unneeded), found, "{count}");
    }
    // Several hosts have the same findings once each.
    write(folder.path(), "vm/web01.xml", &domain(UUID, &parallel.repeat(2)));
    assert_eq!(new(folder.path(), &["--host", "rhel-8", "--host", "rhv"]), (vec![], 4, 0));
}

#[test]
fn what_is_mended_can_be_dropped() {
    let folder = known(&domain(UUID, &(disk("vda") + &disk("vdb") + TPM)));
    let path = folder.path();
    let before = baseline(path);
    write(path, "vm/web01.xml", &domain(UUID, &disk("vda")));
    assert_snapshot!("mended", judge(path, &[]));
    assert_eq!(baseline(path), before);
    // A run that looks elsewhere, or leaves rules out, knows nothing of the others.
    write(path, "other.xml", &domain("", ""));
    assert_eq!(new(path, &["other.xml"]), (vec![], 0, 0));
    assert_eq!(new(path, &["--select", "*/tpm-passthrough"]).2, 1);
    assert_snapshot!("pruned", judge(path, &["--prune-baseline"]));
    assert_snapshot!("pruned_baseline", baseline(path));
    assert_eq!(new(path, &[]), (vec![], 1, 0));
    // The file is gone.
    std::fs::remove_file(path.join("vm/web01.xml")).unwrap();
    assert_eq!(new(path, &["other.xml"]).2, 0);
    assert_eq!(new(path, &["--prune-baseline"]).2, 1);
    assert_eq!(baseline(path), "{\n\"schema\": \"vmlint-baseline/1\",\n\"findings\": [\n]\n}\n");
}

#[test]
fn nothing_is_dropped_for_a_file_that_cannot_be_read() {
    let folder = known(&domain(UUID, TPM));
    let path = folder.path();
    let before = baseline(path);
    write(path, "vm/web01.xml", "<domain>");
    assert_eq!(new(path, &["--prune-baseline"]), (vec!["vmlint/malformed-input".to_owned()], 0, 0));
    write(path, "vm/web01.xml", &domain(UUID, ""));
    let run = judge(path, &["--prune-baseline", "vm", "missing.xml"]);
    assert_eq!(run.status, Some(2));
    assert_snapshot!(run.stderr);
    assert_eq!(baseline(path), before);
}

#[test]
fn it_can_be_edited_by_hand() {
    let folder = known(&domain(UUID, &(disk("vda") + TPM)));
    let path = folder.path();
    let edited = format!(
        "\u{feff}{{\"schema\": \"vmlint-baseline/1\", \"findings\": [\n  {{\"rule\": \"rhel-8/tpm-passthrough\", \"at\": \"/devices/tpm/backend\",\n    \
         \"path\": \"anywhere\", \"id\": \"{}\", \"reason\": \"the licence hangs on it\"}}]}}",
        &UUID[6..42]
    );
    write(path, FILE, &edited);
    let run = judge(path, &["--show-suppressed", "--format", "concise", "-q"]);
    assert_snapshot!(run.stdout);
    // What is no longer needed goes, what somebody wrote stays.
    write(
        path,
        FILE,
        &edited.replace("]}", ",{\"rule\": \"rhel-8/spice\", \"at\": \"/devices/graphics\", \"path\": \"vm/web01.xml\"}]}"),
    );
    judge(path, &["--prune-baseline"]);
    assert!(baseline(path).contains("the licence hangs on it") && !baseline(path).contains("spice"));
}

#[test]
fn suppressions_come_first() {
    let folder = known(&domain(UUID, TPM));
    let path = folder.path();
    write(path, "vm/web01.xml", &domain(UUID, &format!("<!-- vmlint: ignore[*/tpm-passthrough] reason: x -->{TPM}")));
    let json = judge(path, &["--format", "json", "--show-suppressed"]).json();
    assert_eq!(json["findings"][0]["suppressed"]["kind"], "inSource");
    assert_eq!(json["summary"]["suppressed"], 1);
    assert_eq!(json["summary"]["baseline"]["unneeded"], 1);
    vmlint(["--write-baseline", FILE]).within(path).run();
    assert!(!baseline(path).contains("tpm"));
}

#[test]
fn a_configuration_may_name_it() {
    let folder = known(&domain(UUID, TPM));
    let path = folder.path();
    write(path, "vmlint.yaml", "baseline: vmlint-baseline.json\n");
    let judge = |options: &[&str]| vmlint(options).within(&path.join("vm")).run();
    assert_eq!(judge(&["web01.xml"]).status, Some(0));
    assert_eq!(judge(&["--no-config", "web01.xml"]).status, Some(1));
    write(path, "vm/web01.xml", &domain(UUID, ""));
    assert_eq!(judge(&["--prune-baseline", "-q"]).status, Some(0));
    assert!(!baseline(path).contains("tpm"));
    // To write it for the first time, it need not be there.
    std::fs::remove_file(path.join(FILE)).unwrap();
    let missing = judge(&["web01.xml"]);
    assert_eq!((missing.status, missing.stdout.as_str()), (Some(2), ""));
    assert!(
        missing.stderr.contains("there is no file `vmlint-baseline.json`") && missing.stderr.contains("vmlint.yaml:1:11"),
        "{missing}"
    );
    assert_eq!(judge(&["--write-baseline", "../vmlint-baseline.json"]).status, Some(0));
    assert_eq!(judge(&["web01.xml"]).status, Some(0));
}

#[test]
fn machines_of_hyper_v_are_known_by_their_guid() {
    let folder = folder(&[]);
    let path = folder.path();
    let text = crate::common::text("fixtures/hyperv/web01-depth4.json");
    write(path, "a.json", &text);
    let found = vmlint(["--format", "json", "a.json"]).within(path).run().rules();
    assert!(!found.is_empty());
    vmlint(["--write-baseline", FILE]).within(path).run();
    std::fs::rename(path.join("a.json"), path.join("b.json")).unwrap();
    assert_eq!(new(path, &[]), (vec![], found.len() as u64, 0));
}

#[test]
fn a_broken_baseline_is_told_at_its_place() {
    let entry = "{\"path\": \"a.xml\", \"at\": \"/\", \"rule\": \"rhel-8/tcg\"}";
    let whole = |schema: &str, entry: &str| format!("{{\n\"schema\": \"{schema}\",\n\"findings\": [\n{entry}\n]\n}}\n");
    for (name, text) in [
        ("syntax", whole("vmlint-baseline/1", &format!("<<<<<<< HEAD\n{entry}"))),
        ("unknown_key", whole("vmlint-baseline/1", &entry.replace("rule", "rul"))),
        ("missing_key", whole("vmlint-baseline/1", "{\"path\": \"a.xml\"}")),
        ("count", whole("vmlint-baseline/1", &entry.replace("\"/\"", "\"/\", \"count\": 0"))),
        ("version", whole("vmlint-baseline/2", entry)),
        ("other_json", "{\"findings\": []}".to_owned()),
        ("empty", String::new()),
    ] {
        let folder = folder(&[("a.xml", b"<domain type='kvm'/>"), (FILE, text.as_bytes())]);
        let run = judge(folder.path(), &["a.xml"]);
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{name}");
        assert_snapshot!(format!("broken_{name}"), run.stderr);
    }
}

#[test]
fn what_cannot_be_done_is_refused() {
    let folder = known(&domain(UUID, TPM));
    let path = folder.path();
    for (name, options) in [
        ("missing", &["--baseline", "none.json"][..]),
        ("folder", &["--baseline", "vm"]),
        ("over_a_definition", &["--write-baseline", "vm/web01.xml"]),
        ("over_the_report", &["--write-baseline", "new.json", "--output", "new.json"]),
        ("nothing_to_prune", &["--prune-baseline"]),
        ("no_such_folder", &["--write-baseline", "none/b.json", "-q"]),
    ] {
        let run = vmlint(options).within(path).run();
        assert_eq!(run.status, Some(2), "{name}");
        assert_snapshot!(format!("refused_{name}"), run.stderr);
    }
    assert!(std::fs::read_to_string(path.join("vm/web01.xml")).unwrap().starts_with("<domain"));
    assert_eq!(vmlint(["--write-baseline", FILE, "--baseline", FILE]).within(path).run().status, Some(2));
    // One of another version may be written over.
    write(path, FILE, "{\"schema\": \"vmlint-baseline/0\"}");
    assert_eq!(vmlint(["--write-baseline", FILE]).within(path).run().status, Some(0));
}
