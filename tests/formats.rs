//! Exports of Hyper-V as users have them: the same machine in every format, damaged files, and files that are something else.

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use proptest::prelude::*;
use serde_json::{Value, json};
use vmlint::input::detect::{Json, Kind};
use vmlint::input::export::{self, Export};
use vmlint::input::key_paths::Paths;
use vmlint::input::keys::{KeyId, Keys, Scalar};
use vmlint::input::limits::Limits;
use vmlint::input::raw;

#[allow(dead_code)]
#[path = "../src/input/vmcx/tests/writer.rs"]
mod writer;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hyperv")
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(fixtures().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn path(keys: &Keys, wanted: KeyId) -> String {
    let mut paths = Paths::new(keys);
    keys.all().map(|key| (key, paths.path(key).to_owned())).find(|(key, _)| *key == wanted).unwrap().1
}

fn read(name: &str) -> Export {
    export::read(Path::new(name), fixture(name), &Limits::default())
        .unwrap_or_else(|refusal| panic!("{name}: {}", refusal.fault.reason))
}

/// Every fixture: what it is, how many machines and how many values it has.
const ALL: [(&str, Kind, usize, usize); 10] = [
    ("web01.vmcx", Kind::Vmcx, 1, 66),
    ("web01-2012r2.xml", Kind::HyperVXml, 1, 66),
    ("web01-depth2.json", Kind::Json(Json::PowerShell), 1, 36),
    ("web01-depth4.json", Kind::Json(Json::PowerShell), 1, 101),
    ("web01-hcs.json", Kind::Json(Json::Hcs), 1, 17),
    ("web01.7b", Kind::Json(Json::NanaBox), 1, 12),
    ("web01.clixml", Kind::CliXml, 1, 126),
    ("web01.cim.xml", Kind::Cim, 1, 53),
    ("web01-parts.cim.xml", Kind::Cim, 1, 15),
    ("web01.exp", Kind::Cim, 1, 23),
];

fn vmlint(arguments: &[&str], stdin: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vmlint"));
    command.current_dir(fixtures()).args(arguments).write_stdin(stdin).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What stands on standard error, as one line.
fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn check(arguments: &[&str], stdin: &[u8]) -> Value {
    let output = vmlint(&[&["check", "--no-config", "--format", "json"], arguments].concat(), stdin);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", err(&output)))
}

/// The values of `view --raw --format json`.
fn values(name: &str) -> Value {
    let output = vmlint(&["view", "--raw", "--format", "json", name], b"");
    assert!(output.status.success(), "{name}: {}", err(&output));
    let mut document: Value = serde_json::from_slice(&output.stdout).unwrap();
    document["values"].take()
}

#[test]
fn every_export_is_told_by_its_content() {
    for (name, kind, vms, count) in ALL {
        let bytes = fixture(name);
        for called in [name, "x", "x.xml", "x.json", "x.vmcx"] {
            let export = export::read(Path::new(called), bytes.clone(), &Limits::default()).unwrap();
            assert_eq!(export.kind, kind, "{name} as {called}");
            assert_eq!(vmlint::input::detect::machines(kind, &export.keys), vms, "{name}");
        }
        assert_eq!(values(name).as_object().unwrap().len(), count, "{name}");
        // What the rules say of it is for other tests; here it counts that it is read, by name and from standard input.
        for document in [check(&[name], b""), check(&["-"], &bytes)] {
            let file = &document["files"][0];
            assert_eq!((&file["format"], &file["vms"]), (&json!(kind.format().as_str()), &json!(vms)), "{name}");
            let findings = document["findings"].as_array().unwrap();
            assert!(findings.iter().all(|finding| finding["rule"].as_str().unwrap().starts_with("hyperv-")), "{name}");
        }
    }
}

#[test]
fn values_have_the_paths_and_types_of_their_format() {
    let cases = [
        ("web01.vmcx", "/configuration/properties/name", json!({"t": "string", "v": "web01"})),
        ("web01.vmcx", "/configuration/settings/processors/count", json!({"t": "int", "v": 4})),
        ("web01-2012r2.xml", "/configuration/properties/notes", json!({"t": "string", "v": "front end\nof the shop"})),
        ("web01-2012r2.xml", "/configuration/properties/creation_time", json!({"t": "bytes", "v": "00a0f7e1b84cda01"})),
        ("web01-depth2.json", "/MemoryStartup", json!({"t": "int", "v": 2_147_483_648_u64})),
        ("web01-depth2.json", "/CreationTime", json!({"t": "string", "v": "/Date(1703852400000)/"})),
        ("web01-depth4.json", "/VM/NetworkAdapters[0]/VlanSetting/AccessVlanId", json!({"t": "int", "v": 12})),
        ("web01-depth4.json", "/VM/ParentSnapshotId", json!({"t": "null", "v": null})),
        ("web01.clixml", "[0]/State/@string", json!({"t": "ToString", "v": "Off"})),
        ("web01.clixml", "[0]/State/@value", json!({"t": "I32", "v": "3"})),
        ("web01.clixml", "[0]/DynamicMemoryEnabled", json!({"t": "B", "v": "true"})),
        ("web01.clixml", "[0]/Notes", json!({"t": "S", "v": "front end\nof the shop"})),
        ("web01.clixml", "[0]/HardDrives[0]/Path", json!({"t": "S", "v": "D:\\VMs\\web01\\web01.vhdx"})),
        ("web01.clixml", "[0]/Self", json!({"t": "Ref", "v": "0"})),
        ("web01.cim.xml", "[0]Msvm_VirtualSystemSettingData.SecureBootEnabled", json!({"t": "boolean", "v": "TRUE"})),
        ("web01.cim.xml", "[0]Msvm_VirtualSystemSettingData.BootOrder", json!({"t": "uint16[]", "v": ["4", "3"]})),
        ("web01.cim.xml", "[0]Msvm_VirtualSystemSettingData.Parent", json!({"t": "string", "v": null})),
        ("web01-parts.cim.xml", "[1]Msvm_ProcessorSettingData.VirtualQuantity", json!({"t": "uint64", "v": "4"})),
        ("web01.7b", "/NanaBox/ScsiDevices[0]/Path", json!({"t": "string", "v": "web01.vhdx"})),
    ];
    for (name, path, wanted) in cases {
        assert_eq!(values(name)[path], wanted, "{name} {path}");
    }
}

#[test]
fn the_lines_of_view_are_those_of_the_values() {
    let text = out(&vmlint(&["view", "--raw", "web01-2012r2.xml"], b""));
    assert!(text.contains("\n/configuration/properties/notes string front end\\nof the shop\n"), "{text}");
    assert_eq!(text.lines().count(), 66);
    let bytes = fixture("web01.vmcx");
    let container = out(&vmlint(&["view", "--raw", "-"], &bytes));
    let same = |text: &str| text.lines().filter(|line| !line.contains("/version int")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(same(&container), same(&text));
    assert_eq!(container, read("web01.vmcx").source.text());
}

/// The container beside the XML is the same tree in the other form, as a later release would write it.
#[test]
fn the_container_is_what_our_writer_makes_of_the_xml() {
    fn key(keys: &Keys, id: KeyId) -> writer::Key {
        let value = match keys.value(id) {
            None => writer::Val::Node(keys.children(Some(id)).map(|child| key(keys, child)).collect()),
            Some(Scalar::Number(_)) if path(keys, id) == "/configuration/properties/version" => writer::Val::Int(2304),
            Some(Scalar::Number(_)) if path(keys, id) == "/configuration/manifest/version" => writer::Val::Int(512),
            Some(Scalar::Number(number)) => writer::Val::Int(number.parse().unwrap()),
            Some(Scalar::Boolean(value)) => writer::Val::Bool(i32::from(value)),
            Some(Scalar::Bytes(bytes)) => writer::Val::Bytes(bytes.into_owned()),
            Some(Scalar::Text(text)) => writer::Val::Text(text.into_owned()),
            Some(Scalar::Null) => unreachable!("XML has no null"),
        };
        writer::key(keys.name(id), value)
    }
    let xml = read("web01-2012r2.xml");
    let roots: Vec<_> = xml.keys.children(None).map(|root| key(&xml.keys, root)).collect();
    let built = writer::write(&writer::Layout { reversed: true, slack: 3, free: 40, ..writer::Layout::default() }, &roots);
    let path = fixtures().join("web01.vmcx");
    if std::env::var_os("VMLINT_WRITE_FIXTURES").is_some() {
        std::fs::write(&path, &built.bytes).unwrap();
    }
    assert!(std::fs::read(&path).unwrap() == built.bytes, "run once with VMLINT_WRITE_FIXTURES=1");
}

#[test]
fn a_value_of_a_container_leads_to_its_bytes() {
    let bytes = fixture("web01.vmcx");
    let export = read("web01.vmcx");
    for key in export.keys.all() {
        let Some(Scalar::Text(text)) = export.keys.value(key) else { continue };
        let (start, end) = export.source.file_range(export.keys.value_span(key));
        let entry = &bytes[start as usize..end as usize];
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let name = export.keys.name(key).as_bytes();
        assert!(memchr::memmem::find(entry, &utf16).is_some() && memchr::memmem::find(entry, name).is_some(), "{text}");
        let line = export.source.slice(export.source.line_span(export.source.line(export.keys.span(key).start).index as usize));
        assert!(line.starts_with(&path(&export.keys, key)), "{line}");
    }
    // A key without a value stands for the lines of those below it.
    let boot = export.keys.find(None, "configuration/_ac6b8dc1-3257-4a70-b1b2-a9c9215659ad_/boot").unwrap();
    let lines = export.source.slice(export.keys.span(boot));
    assert_eq!(lines.lines().filter(|line| line.contains("/boot/device")).count(), 2);
    assert_eq!(lines.lines().count(), 2);
}

#[test]
fn every_encoding_gives_the_same_values_at_their_own_bytes() {
    let names = ["web01-2012r2.xml", "web01-depth2.json", "web01.clixml", "web01.exp", "web01-depth4.json", "web01.cim.xml"];
    for name in names {
        let export = read(name);
        let text = export.source.text();
        let lines: Vec<String> = raw::lines(&export.keys).map(|line| line.text).collect();
        let utf16 = |little: bool, bom: bool| -> Vec<u8> {
            let units = bom.then_some(0xFEFF).into_iter().chain(text.encode_utf16());
            units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
        };
        let with_bom = ["\u{feff}".as_bytes(), text.as_bytes()].concat();
        let encoded =
            [text.as_bytes().to_vec(), with_bom, utf16(true, true), utf16(false, true), utf16(true, false), utf16(false, false)];
        for (number, bytes) in encoded.into_iter().enumerate() {
            let wide = number >= 2;
            let little = matches!(number, 2 | 4);
            let other = export::read(Path::new(name), bytes.clone(), &Limits::default()).unwrap();
            assert_eq!(raw::lines(&other.keys).map(|line| line.text).collect::<Vec<_>>(), lines, "{name} {number}");
            for key in other.keys.all() {
                let span = other.keys.value_span(key);
                let (start, end) = other.source.file_range(span);
                let units: Vec<u16> = bytes[start as usize..end as usize]
                    .chunks(if wide { 2 } else { 1 })
                    .map(|unit| match unit {
                        [byte] => u16::from(*byte),
                        [a, b] => {
                            if little {
                                u16::from_le_bytes([*a, *b])
                            } else {
                                u16::from_be_bytes([*a, *b])
                            }
                        }
                        _ => unreachable!(),
                    })
                    .collect();
                assert_eq!(
                    String::from_utf16(&units).unwrap(),
                    other.source.slice(span),
                    "{name} {number} {}",
                    path(&other.keys, key)
                );
            }
        }
    }
}

#[test]
fn a_damaged_container_is_a_finding_at_its_byte_and_no_answer_to_view() {
    let good = fixture("web01.vmcx");
    let mut flipped = good.clone();
    flipped[0x3010] ^= 0x40;
    let mut headless = good.clone();
    headless[0] ^= 1;
    headless[0x1000] ^= 1;
    let cases = [
        (good[..0x3800].to_vec(), 0x3000, "key table at 0x3000: truncated"),
        (flipped, 0x300a, "key table 1"),
        (headless, 0, "header signature 0x01282015"),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (bytes, at, words) in cases {
        let path = folder.path().join("damaged.vmcx");
        std::fs::write(&path, &bytes).unwrap();
        for named in [path.to_str().unwrap(), folder.path().to_str().unwrap()] {
            let document = check(&[named], b"");
            let finding = &document["findings"][0];
            assert_eq!((&finding["rule"], &finding["severity"]), (&json!("vmlint/malformed-input"), &json!("error")), "{words}");
            assert!(finding["message"].as_str().unwrap().contains(words), "{finding}");
            assert_eq!(finding["location"]["byte_start"], json!(at), "{words}");
        }
        let output = vmlint(&["view", "--raw", path.to_str().unwrap()], b"");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
        assert!(err(&output).contains(words), "{}", err(&output));
    }
}

#[test]
fn an_older_header_is_used_with_a_word_on_standard_error() {
    let mut bytes = fixture("web01.vmcx");
    bytes[9] ^= 1;
    let output = vmlint(&["check", "--no-config", "-"], &bytes);
    assert_eq!(output.status.code(), Some(0));
    assert!(err(&output).contains("<stdin>: header copy at 0x0 has a wrong checksum; the copy at 0x1000"), "{}", err(&output));
    assert!(!out(&output).contains("malformed"));
}

#[test]
fn what_is_no_machine_is_a_note_when_named_and_nothing_in_a_folder() {
    let (state, list) =
        (vec![writer::node("savedstate", vec![writer::int("x", 1)])], vec![writer::node("Configurations", vec![])]);
    let container = |keys: &[writer::Key]| writer::write(&writer::Layout::default(), keys).bytes;
    let cases: [(&str, Vec<u8>, &str); 8] = [
        ("package.json", b"{\"name\": \"vmlint\"}".to_vec(), "the JSON describes no VM"),
        ("Web.config.xml", b"<configuration><appSettings/></configuration>".to_vec(), "`<configuration>` is no VM"),
        ("logback.xml", b"<!DOCTYPE configuration><configuration/>".to_vec(), "`<configuration>` is no VM"),
        ("old.vmc.xml", b"<preferences/>".to_vec(), "Virtual PC"),
        ("state.vmcx", container(&state), "run-time state"),
        ("data.vmcx", container(&list), "list of a Hyper-V host's machines"),
        (
            "people.clixml",
            b"<Objs xmlns='http://schemas.microsoft.com/powershell/2004/04'><S>x</S></Objs>".to_vec(),
            "describes no VM of Hyper-V",
        ),
        ("process.xml", b"<CIM><INSTANCE CLASSNAME='Win32_Process'/></CIM>".to_vec(), "`<CIM>` is no VM"),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, words) in cases {
        let path = folder.path().join(name);
        std::fs::write(&path, &bytes).unwrap();
        let document = check(&[path.to_str().unwrap()], b"");
        let finding = &document["findings"][0];
        assert_eq!((&finding["rule"], &finding["severity"]), (&json!("vmlint/not-a-vm-definition"), &json!("note")), "{name}");
        assert!(finding["message"].as_str().unwrap().contains(words), "{finding}");
    }
    // JSON that only its own program can read is not ours to judge.
    std::fs::write(folder.path().join("tsconfig.json"), b"{ // comments\n}").unwrap();
    std::fs::write(folder.path().join("latin.json"), b"{\"a\": \"\xE9\"}").unwrap();
    let document = check(&[folder.path().to_str().unwrap()], b"");
    assert_eq!((&document["findings"], &document["files"]), (&json!([]), &json!([])));
    assert_eq!(document["summary"]["skipped"], json!(10));
    let named = folder.path().join("tsconfig.json");
    assert_eq!(check(&[named.to_str().unwrap()], b"")["findings"][0]["rule"], json!("vmlint/malformed-input"));
}

#[test]
fn more_than_json_asks_is_asked_of_exports_only() {
    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    let many = format!("[{}1]", "1,".repeat(600_000));
    for text in ["{\"a\": 1, \"a\": 2}", &deep, &many] {
        assert_eq!(check(&["-"], text.as_bytes())["findings"][0]["rule"], json!("vmlint/not-a-vm-definition"));
    }
    let text = "{\"Name\": \"a\", \"ProcessorCount\": 1, \"MemoryStartup\": 1, \"ProcessorCount\": 2}";
    assert_eq!(check(&["-"], text.as_bytes())["findings"][0]["message"], json!("the member `ProcessorCount` is given twice"));
}

#[test]
fn a_broken_export_in_a_folder_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fixture("web01-depth4.json");
    std::fs::write(folder.path().join("web01.json"), &whole[..whole.len() - 3]).unwrap();
    let document = check(&[folder.path().to_str().unwrap()], b"");
    assert_eq!(document["findings"][0]["message"], json!("the file ends before its values are closed"));
}

#[test]
fn text_for_people_is_refused_with_a_way_out() {
    let cases = [
        ("instance of Msvm_MemorySettingData\n{\n Limit = 8;\n};\n", "MOF"),
        ("\r\n\r\nName              : web01\r\nState             : Off\r\nProcessorCount    : 4\r\n", "cuts off"),
        ("\r\nName  State CPUUsage(%) MemoryAssigned(M) Uptime   Status\r\n----  ----- -----------\r\n", "cuts off"),
    ];
    for (text, words) in cases {
        let document = check(&["-"], text.as_bytes());
        let finding = &document["findings"][0];
        assert_eq!(finding["rule"], json!("vmlint/malformed-input"), "{text}");
        assert!(finding["message"].as_str().unwrap().contains(words), "{finding}");
        assert!(finding["help"].as_str().unwrap().contains("ConvertTo-Json -Depth 6"), "{finding}");
    }
}

#[test]
fn view_says_what_it_cannot_show() {
    let cases: [(&[&str], &[u8], &str); 4] = [
        (&["view", "--raw", "-"], b"<domain/>", "no other raw form"),
        (&["view", "--raw", "none.xml"], b"", "no such file"),
        (&["view", "--raw", "-"], b"<a><b></a>", "does not match the start tag"),
        (&["view", "--raw", "-"], b"{\"a\": 1, \"a\": 2}", "the member `a` is given twice"),
    ];
    for (arguments, stdin, words) in cases {
        let output = vmlint(arguments, stdin);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{words}");
        assert!(err(&output).contains(words), "{}", err(&output));
    }
    let long = format!("{{\"{}\": 1}}", "a".repeat(2000));
    assert!(err(&vmlint(&["view", "--raw", "-"], long.as_bytes())).contains("longer than 1024 bytes"));
    assert_eq!(out(&vmlint(&["view", "--raw", "-"], b"{\"a\": \"\\u001b[31m\"}")), "/a string \\u{1b}[31m\n");
}

/// What holds for every file, however damaged: no panic, and no place outside of the text.
fn survives(name: &str, bytes: Vec<u8>) {
    match export::read(Path::new(name), bytes, &Limits::default()) {
        Ok(export) => {
            let text = export.source.text();
            for line in raw::lines(&export.keys) {
                assert!(!line.text.contains('\n'), "{name}: {}", line.text);
            }
            for key in export.keys.all() {
                for span in [export.keys.span(key), export.keys.value_span(key)] {
                    assert!(text.get(span.range()).is_some(), "{name}: {} {span:?}", path(&export.keys, key));
                    let _ = export.source.file_range(span);
                }
            }
            let mut json = Vec::new();
            raw::write_json(&export.keys, "f", export.kind.spelling(), &mut json).unwrap();
            let parsed: Value = serde_json::from_slice(&json).unwrap();
            assert!(parsed["values"].is_object());
        }
        Err(refusal) => {
            assert!(!refusal.fault.reason.is_empty());
            assert!(refusal.source.text().get(refusal.fault.span.range()).is_some(), "{name}: {:?}", refusal.fault);
        }
    }
}

#[derive(Debug, Clone)]
enum Damage {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Remove(prop::sample::Index, usize),
    Splice(prop::sample::Index, prop::sample::Index, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        4 => (index(), 1..=255_u8).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        1 => index().prop_map(Damage::Cut),
        2 => (index(), 1..64_usize).prop_map(|(at, length)| Damage::Remove(at, length)),
        2 => (index(), index(), 1..512_usize).prop_map(|(from, to, length)| Damage::Splice(from, to, length)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn damaged_files_are_refused_or_read_whole(file in 0..ALL.len(), damages in prop::collection::vec(damage(), 1..4)) {
        let (name, ..) = ALL[file];
        let mut bytes = fixture(name);
        for damage in damages {
            if bytes.is_empty() {
                break;
            }
            match damage {
                Damage::Flip(at, bits) => {
                    let at = at.index(bytes.len());
                    bytes[at] ^= bits;
                }
                Damage::Cut(at) => bytes.truncate(at.index(bytes.len())),
                Damage::Remove(at, length) => {
                    let at = at.index(bytes.len());
                    let end = (at + length).min(bytes.len());
                    bytes.drain(at..end);
                }
                Damage::Splice(from, to, length) => {
                    let from = from.index(bytes.len());
                    let piece = bytes[from..(from + length).min(bytes.len())].to_vec();
                    let to = to.index(bytes.len());
                    bytes.splice(to..to, piece);
                }
            }
        }
        survives(name, bytes);
    }

    #[test]
    fn json_of_any_shape_is_read_and_shown(text in "[\\[\\]{}:,\" a1.e\\\\u-]{0,40}") {
        survives("x.json", text.into_bytes());
    }
}
