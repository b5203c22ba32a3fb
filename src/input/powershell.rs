//! Which objects of an export are what PowerShell's cmdlets of Hyper-V give: by their properties, as nothing else says so
//! (format notes, section 4).

use std::collections::BTreeSet;
use std::sync::OnceLock;

use regex::Regex;

use super::keys::{KeyId, Keys, Scalar};

/// Properties of `Get-VM` that other objects have, too.
const COMMON: [&str; 11] =
    ["Name", "VMName", "Id", "VMId", "State", "Status", "Version", "Notes", "Uptime", "Generation", "DynamicMemoryEnabled"];

/// Properties of `Get-VM` that tell a machine.
const MACHINE: [&str; 10] = [
    "ProcessorCount",
    "MemoryStartup",
    "MemoryAssigned",
    "AutomaticStartAction",
    "AutomaticStopAction",
    "ConfigurationLocation",
    "SmartPagingFilePath",
    "VMIntegrationService",
    "IntegrationServicesState",
    "CheckpointType",
];

/// By cmdlet, properties of a part of a machine, all of which have to be there.
const PARTS: [&[&str]; 13] = [
    &["VMId", "VMName", "State"],
    &["ControllerType", "ControllerNumber", "ControllerLocation"],
    &["SecureBoot", "BootOrder"],
    &["StartupOrder", "NumLockEnabled"],
    &["Startup", "DynamicMemoryEnabled"],
    &["ExposeVirtualizationExtensions", "RelativeWeight"],
    &["TpmEnabled", "EncryptStateAndVmMigrationTraffic"],
    &["SwitchName", "MacAddress", "MacAddressSpoofing"],
    &["SwitchName", "MacAddress", "DynamicMacAddressEnabled"],
    &["OperationMode", "AccessVlanId", "NativeVlanId"],
    &["WorldWideNodeNameSetA", "WorldWidePortNameSetA"],
    &["VMName", "PrimaryStatusDescription"],
    &["VMName", "MinPartitionVRAM"],
];

/// How many machines an export is about: those that it holds, else those that its parts belong to. 0 for what is no export.
pub fn machines(keys: &Keys) -> usize {
    let objects = || std::iter::once(None).chain(keys.all().filter(|&key| keys.value(key).is_none()).map(Some));
    let (mut named, mut unnamed) = (BTreeSet::new(), 0);
    for object in objects().filter(|&object| is_machine(keys, object)) {
        match identity(keys, object, &["Id", "VMId", "Name", "VMName"]) {
            Some(identity) => _ = named.insert(identity),
            None => unnamed += 1,
        }
    }
    if !named.is_empty() || unnamed > 0 {
        return named.len() + unnamed;
    }
    let mut any = false;
    for object in objects() {
        if is_part(keys, object) {
            any = true;
            named.extend(identity(keys, object, &["VMId", "VMName"]));
        }
    }
    if any { named.len().max(1) } else { 0 }
}

/// An object with three properties of a machine, one of which only machines have, and their name or id.
fn is_machine(keys: &Keys, object: Option<KeyId>) -> bool {
    let (mut common, mut own) = (0, 0);
    for name in names(keys, object) {
        common += usize::from(is_among(&COMMON, name));
        own += usize::from(is_among(&MACHINE, name));
    }
    let type_name = object.and_then(|object| keys.child(Some(object), "@type")).and_then(|key| keys.value(key));
    let typed = matches!(type_name, Some(Scalar::Text(name)) if name.ends_with("Microsoft.HyperV.PowerShell.VirtualMachine"));
    typed || (own > 0 && common > 0 && own + common >= 3)
}

fn is_part(keys: &Keys, object: Option<KeyId>) -> bool {
    let present: Vec<&str> = names(keys, object).filter(|name| PARTS.iter().any(|part| is_among(part, name))).collect();
    !present.is_empty() && PARTS.iter().any(|part| part.iter().all(|name| is_among(&present, name)))
}

fn is_among(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn names(keys: &Keys, object: Option<KeyId>) -> impl Iterator<Item = &str> {
    keys.children(object).filter(|&key| !keys.is_item(key)).map(|key| keys.name(key))
}

/// The first of these properties that has a text, in small letters.
fn identity(keys: &Keys, object: Option<KeyId>, properties: &[&str]) -> Option<String> {
    let text = |property: &&str| {
        let key = keys.children(object).find(|&key| keys.name(key).eq_ignore_ascii_case(property))?;
        match keys.value(key)? {
            Scalar::Text(text) if !text.is_empty() => Some(text.to_ascii_lowercase()),
            _ => None,
        }
    };
    properties.iter().find_map(text)
}

/// Whether JSON speaks of machines at all: it has two members of different names that only exports have. Asked of what lies
/// in folders, where most JSON is something else and need not be read.
pub fn is_worth_reading(text: &str) -> bool {
    static MEMBERS: OnceLock<Option<Regex>> = OnceLock::new();
    let members = MEMBERS.get_or_init(|| {
        let names = PARTS.iter().copied().flatten().chain(&MACHINE).chain(&["VirtualMachine", "SchemaVersion", "NanaBox"]);
        let names: Vec<&str> = names.copied().collect();
        Regex::new(&format!(r#"(?i)"({})"\s*:"#, names.join("|"))).ok()
    });
    let Some(members) = members else { return true };
    let mut found = members.captures_iter(text).filter_map(|found| found.get(1)).map(|name| name.as_str());
    let Some(first) = found.next() else { return false };
    first.eq_ignore_ascii_case("NanaBox") || found.any(|name| !name.eq_ignore_ascii_case(first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::json;

    #[test]
    fn machines_are_counted_once() {
        let vm = |id: &str| format!("{{\"Id\": \"{id}\", \"Name\": \"n\", \"ProcessorCount\": 2, \"Generation\": 2}}");
        let cases = [
            (vm("a"), 1),
            (format!("[{}, {}]", vm("a"), vm("b")), 2),
            (format!("{{\"value\": [{}, {}], \"Count\": 2}}", vm("a"), vm("A")), 1),
            (format!("{{\"VM\": {}, \"Firmware\": {{\"VMId\": \"a\", \"SecureBoot\": 0, \"BootOrder\": []}}}}", vm("a")), 1),
            (
                "[{\"VMId\": \"a\", \"VMName\": \"x\", \"State\": 2}, {\"vmid\": \"b\", \"vmname\": \"y\", \"state\": 2}]"
                    .to_owned(),
                2,
            ),
            ("[{\"StartupOrder\": [1], \"NumLockEnabled\": false}]".to_owned(), 1),
            ("{\"Name\": \"x\", \"Version\": \"1\", \"Id\": 7, \"State\": \"ok\"}".to_owned(), 0),
            ("{\"Generation\": 2, \"scale\": 1, \"rows\": []}".to_owned(), 0),
        ];
        for (text, wanted) in cases {
            assert_eq!(machines(&json::read(&text, &crate::input::limits::Limits::default()).unwrap()), wanted, "{text}");
        }
    }

    #[test]
    fn most_json_is_not_worth_reading() {
        let cases = [
            ("{\"name\": \"vmlint\", \"dependencies\": {\"VMName\": \"^1\"}}", false),
            ("{\"VMName\" : \"a\", \"ProcessorCount\": 2}", true),
            ("{\"vmname\": \"a\", \"VMName\": 2}", false),
            ("\u{feff}{\"NanaBox\": {}}", true),
        ];
        for (text, wanted) in cases {
            assert_eq!(is_worth_reading(text), wanted, "{text}");
        }
    }
}
