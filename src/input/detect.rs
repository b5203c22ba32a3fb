//! What a file is, by its content: names and endings only decide where the content leaves it open.

use std::borrow::Cow;
use std::path::Path;
use std::sync::OnceLock;

use regex::Regex;

use super::keys::Keys;
use super::raw::Spelling;
use super::xml::Malformed;
use super::{cim, clixml, powershell, vmcx};
use crate::finding::Format;
use crate::source::{Span, boundary};
use crate::tree::Tree;

/// What a file turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// XML of another vocabulary than those below: libvirt's, or nobody's.
    Xml,
    /// A machine of Hyper-V of Windows Server 2008 to 2012 R2.
    HyperVXml,
    /// PowerShell objects in XML.
    CliXml,
    /// WMI objects in XML.
    Cim,
    /// JSON about a machine.
    Json(Json),
    /// A binary machine.
    Vmcx,
    /// Well-formed, and nothing about a machine.
    Other,
}

/// Whose JSON it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Json {
    /// What PowerShell's cmdlets gave.
    PowerShell,
    /// A document for the host compute service.
    Hcs,
    /// A NanaBox file.
    NanaBox,
}

impl Kind {
    /// The format's name in reports.
    pub fn format(self) -> Format {
        match self {
            Kind::HyperVXml | Kind::Cim => Format::HyperVXml,
            Kind::CliXml => Format::HyperVCliXml,
            Kind::Json(_) => Format::HyperVJson,
            Kind::Vmcx => Format::HyperVVmcx,
            Kind::Xml | Kind::Other => Format::Other,
        }
    }

    /// How `view --raw` writes numbers and truth values: as the dumps of each format do.
    pub fn spelling(self) -> Spelling {
        match self {
            Kind::CliXml => Spelling::Text,
            Kind::Cim => Spelling::Capitals,
            _ => Spelling::Json,
        }
    }
}

/// Whether the bytes are to be read as a VMCX container: they start like one; or the file is called one and its bytes are no
/// text, so that a damaged signature is told as what it is.
pub fn is_container(path: &Path, bytes: &[u8]) -> bool {
    if vmcx::is_vmcx(bytes) {
        return true;
    }
    let head = bytes.get(..bytes.len().min(4096)).unwrap_or_default();
    let called = has_ending(path, &["vmcx", "vmrs"]);
    called && head.windows(4).any(|four| *four == [0; 4])
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    path.extension().and_then(|own| own.to_str()).is_some_and(|own| endings.iter().any(|ending| own.eq_ignore_ascii_case(ending)))
}

/// How a text is to be read.
#[derive(Debug)]
pub enum Syntax {
    /// As XML, or as what is closest to it.
    Xml,
    /// As JSON.
    Json,
    /// Not at all: it was made for people.
    Refused(Box<Malformed>),
}

/// How a text is to be read, by its first character, and for what starts like neither by its name.
pub fn syntax(path: &Path, text: &str) -> Syntax {
    match text.trim_start().as_bytes().first() {
        Some(b'<') | None => Syntax::Xml,
        Some(b'{' | b'[') => Syntax::Json,
        Some(_) => match for_people(text) {
            Some(fault) => Syntax::Refused(Box::new(fault)),
            None if has_ending(path, &["json", "7b"]) => Syntax::Json,
            None => Syntax::Xml,
        },
    }
}

/// Output of PowerShell and of WMI that names a machine and yet cannot be read: long values are cut with `…`, lists shortened.
fn for_people(text: &str) -> Option<Malformed> {
    const EXPORT: &str = "Export what can be read: `Get-VM | ConvertTo-Json -Depth 6 > vms.json`, or `Get-VM | Export-Clixml -Depth 4 vms.clixml`.";
    const WMI: &str = "Export it as CIM-XML with `GetText(1)`, or with `Get-VM | ConvertTo-Json -Depth 6 > vms.json`.";
    static PATTERNS: OnceLock<[Option<Regex>; 3]> = OnceLock::new();
    let [mof, list, table] = PATTERNS.get_or_init(|| {
        [
            r"\A\s*(?://[^\n]*\n\s*|/\*(?s:.*?)\*/\s*)*instance\s+of\s+(?:Msvm|CIM)_",
            r"(?m)^(?:VMName|ProcessorCount|MemoryStartup|DynamicMemoryEnabled|Generation|State|CPUUsage|Uptime)[ \t]*:[ \t]",
            r"(?m)^Name[ \t]+State[ \t]+CPUUsage\(%\)",
        ]
        .map(|pattern| Regex::new(pattern).ok())
    });
    let end = boundary(text, 1 << 14);
    let head = text.get(..end).unwrap_or_default();
    let found = |pattern: &Option<Regex>| pattern.as_ref().is_some_and(|pattern| pattern.is_match(head));
    let start = text.len() - text.trim_start().len();
    let line = text[start..].lines().next().map_or(0, str::len);
    let place = Span::new(start, start + line);
    if found(mof) {
        return Some(Malformed::new(place, "this is MOF text of WMI objects, which is not read").help(WMI));
    }
    let listed = list.as_ref().is_some_and(|list| list.find_iter(head).nth(1).is_some());
    if listed || found(table) {
        let reason = "this is what PowerShell shows on a terminal, which leaves out and cuts off values";
        return Some(Malformed::new(place, reason).help(EXPORT));
    }
    None
}

/// What a tree of XML is, looked up by its root elements. A machine's own XML is told before there is a tree: [`super::hyperv_xml::machine`].
pub fn xml(tree: &Tree<'_>) -> Kind {
    let Some(first) = tree.children(Tree::ROOT).find(|&node| tree.is_element(node)) else { return Kind::Other };
    match tree.local_name(first) {
        "Objs" if clixml::is_clixml(tree, first) => Kind::CliXml,
        name if cim::ROOTS.contains(&name) && cim::is_export(tree) => Kind::Cim,
        _ => Kind::Xml,
    }
}

/// Whether a document type declaration before a root of this name is refused and not passed over: in an export of Hyper-V.
/// `configuration` is not among them, as plenty of programs' configurations have one.
pub fn is_own_root(name: &str) -> bool {
    name == "Objs" || cim::ROOTS.contains(&name)
}

/// What JSON is about.
pub fn json(keys: &Keys) -> Kind {
    if keys.child(None, "NanaBox").is_some_and(|key| keys.kind(key) == "object") {
        return Kind::Json(Json::NanaBox);
    }
    let hcs = ["VirtualMachine", "SchemaVersion"].into_iter();
    if hcs.clone().all(|name| keys.child(None, name).is_some_and(|key| keys.kind(key) == "object")) {
        return Kind::Json(Json::Hcs);
    }
    if powershell::machines(keys) > 0 { Kind::Json(Json::PowerShell) } else { Kind::Other }
}

/// How many machines an export of this kind defines.
pub fn machines(kind: Kind, keys: &Keys) -> usize {
    match kind {
        Kind::HyperVXml | Kind::Json(Json::Hcs | Json::NanaBox) => 1,
        Kind::Vmcx => usize::from(container_without_machine(keys).is_none()),
        Kind::CliXml | Kind::Json(Json::PowerShell) => powershell::machines(keys),
        Kind::Cim => wmi_machines(keys),
        Kind::Xml | Kind::Other => 0,
    }
}

/// What a container holds that is no machine's definition.
pub fn container_without_machine(keys: &Keys) -> Option<&'static str> {
    let has = |path: &str| keys.find(None, path).is_some();
    if has("configuration/properties") && has("configuration/settings") {
        return None;
    }
    Some(if has("savedstate") || has("configuration/properties") {
        "the file holds the run-time state of a Hyper-V machine and not its definition, so nothing was judged"
    } else if has("Configurations") {
        "the file is the list of a Hyper-V host's machines and defines none, so nothing was judged"
    } else {
        "the file is a container of Hyper-V's without a machine in it, so nothing was judged"
    })
}

/// The objects of WMI that describe a machine itself, checkpoints left out; of parts alone, the one machine that they are of.
fn wmi_machines(keys: &Keys) -> usize {
    let text = |instance, property| match keys.child(Some(instance), property).and_then(|key| keys.value(key)) {
        Some(super::keys::Scalar::Text(text) | super::keys::Scalar::Number(text)) => text,
        _ => Cow::Borrowed(""),
    };
    let settings = |class: &str| class.ends_with("SettingData") && !class.ends_with("MigrationSettingData");
    if !keys.children(None).any(|instance| settings(keys.name(instance))) {
        return 0;
    }
    let systems = keys.children(None).filter(|&instance| keys.name(instance) == "Msvm_VirtualSystemSettingData");
    let whole = systems
        .filter(|&instance| !text(instance, "VirtualSystemType").contains(":Snapshot:") && text(instance, "SettingType") != "5");
    whole.count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::limits::Limits;
    use crate::input::{json, xml as reader};
    use crate::tree::Vocabulary;

    #[test]
    fn text_is_told_by_its_first_character() {
        let cases = [
            ("a.xml", " \n<domain/>", "Xml"),
            ("a.xml", "{}", "Json"),
            ("a.json", "\n[1]", "Json"),
            ("a.json", "true", "Json"),
            ("a.txt", "true", "Xml"),
            ("a.json", "", "Xml"),
            ("a.mof", "// made by\ninstance of Msvm_MemorySettingData\n{\n};", "MOF"),
            ("a.txt", "\r\nName State CPUUsage(%) MemoryAssigned(M)\r\n", "terminal"),
            ("a.txt", "Name           : web\nState          : Off\nGeneration     : 2\n", "terminal"),
            ("a.txt", "Name: web\nState: Off\n", "Xml"),
        ];
        for (path, text, wanted) in cases {
            let found = format!("{:?}", syntax(Path::new(path), text));
            assert!(found.contains(wanted), "{text}: {found}");
        }
    }

    #[test]
    fn containers_are_told_by_their_signature_and_damaged_ones_by_their_name() {
        let damaged = b"\x15\x20\x28\x01\0\0\0\0\0\0";
        assert!(is_container(Path::new("x"), b"\x14\x20\x28\x01"));
        assert!(is_container(Path::new("x.VMCX"), damaged));
        assert!(!is_container(Path::new("x.xml"), damaged));
        assert!(!is_container(Path::new("x.vmcx"), b"<\0a\0/\0>\0"));
    }

    #[test]
    fn xml_is_told_by_its_root() {
        let cim = "<INSTANCE CLASSNAME='Msvm_A'/>";
        let cases = [
            ("<domain/>", Kind::Xml),
            ("<configuration/>", Kind::Xml),
            ("<Objs xmlns='http://schemas.microsoft.com/powershell/2004/04'/>", Kind::CliXml),
            ("<Objs/>", Kind::Xml),
            (cim, Kind::Cim),
            ("<INSTANCE CLASSNAME='Win32_Process'/>", Kind::Xml),
            ("<CIM><DECLARATION><INSTANCE CLASSNAME='Msvm_B'/></DECLARATION></CIM>", Kind::Cim),
            ("<INSTANCE CLASSNAME='Msvm_A'/>\n<INSTANCE CLASSNAME='Msvm_B'/>", Kind::Cim),
        ];
        for (text, wanted) in cases {
            let vocabulary = Vocabulary::default();
            let tree = reader::read(text, &Limits::default(), &vocabulary, |_, _| {}).unwrap();
            assert_eq!(xml(&tree), wanted, "{text}");
        }
    }

    #[test]
    fn json_is_told_by_its_members() {
        let cases = [
            ("{\"name\": \"vmlint\", \"version\": \"1\"}", Kind::Other),
            ("{\"NanaBox\": {}}", Kind::Json(Json::NanaBox)),
            ("{\"SchemaVersion\": {}, \"VirtualMachine\": {}}", Kind::Json(Json::Hcs)),
            ("{\"SchemaVersion\": {}}", Kind::Other),
            ("[{\"VMName\": \"a\", \"State\": 3, \"ProcessorCount\": 2}]", Kind::Json(Json::PowerShell)),
            ("[]", Kind::Other),
            ("7", Kind::Other),
        ];
        for (text, wanted) in cases {
            assert_eq!(super::json(&json::read(text, &Limits::default()).unwrap()), wanted, "{text}");
        }
    }
}
