//! What holds of fixing whatever is fixed: fixtures, and fixtures that are damaged or written otherwise.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use proptest::prelude::*;
use vmlint::check::Checker;

use crate::common::{self, files, utf16};
use crate::promises;

static CHECKER: LazyLock<Checker<'static>> = LazyLock::new(|| common::checker("rhel-8"));

static DEFINITIONS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut folders: Vec<String> = std::fs::read_dir(common::root().join("fixtures/rules"))
        .unwrap()
        .map(|entry| format!("fixtures/rules/{}", entry.unwrap().file_name().into_string().unwrap()))
        .collect();
    folders.sort();
    folders.push("fixtures/libvirt".to_owned());
    folders.iter().flat_map(|folder| files(folder, "xml")).map(common::text).collect()
});

/// Fixes bytes, and checks what must hold of every outcome. Gives the fixed bytes if any were changed.
fn fix(bytes: &[u8]) -> Option<Vec<u8>> {
    promises::files::fixes_by(&CHECKER, bytes)
}

#[test]
fn every_fixture_is_fixed_for_good() {
    let changed = DEFINITIONS.iter().filter(|text| fix(text.as_bytes()).is_some()).count();
    assert!(changed >= 50, "{changed} fixtures have a fix");
}

/// The same text in another encoding, with other line ends, is the same fix.
#[test]
fn encodings_and_line_ends_change_nothing() {
    for text in DEFINITIONS.iter().filter(|text| text.len() < 4_096) {
        let Some(plain) = fix(text.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap()) else { continue };
        for little in [true, false] {
            assert_eq!(fix(&utf16(text, little, true)), Some(utf16(&plain, little, true)), "{text}");
        }
        let crlf = |text: &str| text.replace('\n', "\r\n").into_bytes();
        assert_eq!(fix(&crlf(text)).map(|bytes| String::from_utf8(bytes).unwrap()), Some(plain.replace('\n', "\r\n")), "{text}");
    }
}

/// What libvirt's grammar accepted before a fix it accepts after it; asked of xmllint where it and the grammar are installed.
#[test]
fn fixed_definitions_are_still_valid() {
    let schemas = ["/usr/share/libvirt/schemas", "/usr/local/share/libvirt/schemas"].map(Path::new);
    let named = std::env::var_os("LIBVIRT_SCHEMAS").map(std::path::PathBuf::from);
    let Some(schemas) = named.or_else(|| schemas.iter().find(|path| path.is_dir()).map(|path| path.to_path_buf())) else {
        return eprintln!("skipped: libvirt's schemas are not installed; LIBVIRT_SCHEMAS may name their folder");
    };
    if Command::new("xmllint").arg("--version").output().is_err() {
        return eprintln!("skipped: xmllint is not installed");
    }
    let folder = tempfile::tempdir().unwrap();
    let is_valid = |bytes: &[u8], root: &str| {
        let path = folder.path().join("definition.xml");
        std::fs::write(&path, bytes).unwrap();
        let schema = schemas.join(format!("{root}.rng"));
        let run = Command::new("xmllint").args(["--noout", "--nonet", "--relaxng"]).arg(schema).arg(&path).output().unwrap();
        run.status.success().then_some(()).ok_or_else(|| String::from_utf8_lossy(&run.stderr).into_owned())
    };
    let mut judged = 0;
    for text in DEFINITIONS.iter() {
        let roots = ["domainsnapshot", "domaincheckpoint", "domainbackup", "network", "domain"];
        let Some(root) = roots.iter().find(|root| text.contains(&format!("<{root}"))) else { continue };
        if is_valid(text.as_bytes(), root).is_err() {
            continue;
        }
        if let Some(after) = fix(text.as_bytes()) {
            judged += 1;
            assert_eq!(is_valid(&after, root), Ok(()), "{}", String::from_utf8_lossy(&after));
        }
    }
    assert!(judged >= 40, "{judged} fixtures were valid and fixed");
}

/// One way to write a definition otherwise without changing what it says, or to damage it.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let at = || 0.0..1.0_f64;
    let cut = (at(), 0..64_usize).prop_map(|(at, len)| (at, len, String::new()));
    let put =
        (at(), prop::sample::select(vec!["<", ">", "'", "\"", "&", " ", "\r\n", "\t", "<!-- c -->", "<a/>", "é𝄞", ",", "="]))
            .prop_map(|(at, put)| (at, 0, put.to_owned()));
    let changes = prop::collection::vec(prop_oneof![cut, put], 0..4);
    (0..DEFINITIONS.len(), changes).prop_map(|(index, changes)| {
        let mut text = DEFINITIONS[index].clone();
        for (at, len, put) in changes {
            let boundary = |mut at: usize| {
                while !text.is_char_boundary(at) {
                    at -= 1;
                }
                at
            };
            let start = boundary((at * text.len() as f64) as usize);
            let end = boundary((start + len).min(text.len()));
            text.replace_range(start..end.max(start), &put);
        }
        text.into_bytes()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_definitions_are_fixed_for_good(bytes in damaged()) {
        fix(&bytes);
    }

    /// Between any two tokens of a definition there may be white space, comments and line ends.
    #[test]
    fn definitions_in_one_line_are_fixed(index in 0..DEFINITIONS.len()) {
        let text = DEFINITIONS[index].lines().map(str::trim).collect::<Vec<_>>().join(" ");
        if let Some(after) = fix(text.as_bytes()) {
            prop_assert!(!after.contains(&b'\n'), "{}", String::from_utf8_lossy(&after));
        }
    }
}
