//! What several formats share: names, GUIDs and units (format notes, 2.4, 2.7 and 4).

/// The integration services: the tree's word, the GUID, and the name on English hosts.
pub const SERVICES: [(&str, &str, &str); 6] = [
    ("time-synchronization", "2497f4de-e9fa-4204-80e4-4b75c46419c0", "Time Synchronization"),
    ("key-value-pair-exchange", "2a34b1c2-fd73-4043-8a5b-dd2159bc743f", "Key-Value Pair Exchange"),
    ("vss", "5ced1297-4598-4915-a5fc-ad21bb4d02a4", "VSS"),
    ("guest-service-interface", "6c09bb55-d683-4da0-8931-c9bf705f6480", "Guest Service Interface"),
    ("heartbeat", "84eaae65-2f2e-45f5-9bb5-0e857dc8eb47", "Heartbeat"),
    ("shutdown", "9f8233ac-be49-4c79-8ee3-e7e1985b2077", "Shutdown"),
];

/// The templates of secure boot with their GUIDs.
pub const TEMPLATES: [(&str, &str); 4] = [
    ("microsoft-windows", "1734C6E8-3154-4DDA-BA5F-A874CC483422"),
    ("microsoft-uefi-certificate-authority", "272E7447-90A4-4563-A4B9-8E4AB00526CE"),
    ("open-source-shielded-vm", "4292AE2B-EE2C-42B5-A969-DD8F8689F6F3"),
    ("none", "00000000-0000-0000-0000-000000000000"),
];

/// Words of the tree with what a format says for them.
pub trait Say<T> {
    fn say(&self, word: &str) -> Option<T>;
}

impl<T: Copy> Say<T> for [(&str, T)] {
    fn say(&self, word: &str) -> Option<T> {
        self.iter().find(|(known, _)| *known == word).map(|(_, said)| *said)
    }
}

/// Whole MiB of a number of bytes.
pub fn mebibytes(bytes: &str) -> Option<u64> {
    let bytes: u64 = bytes.parse().ok()?;
    bytes.is_multiple_of(1 << 20).then_some(bytes >> 20)
}

/// Whether a text is a GUID as the tree writes it.
pub fn is_guid(text: &str) -> bool {
    text.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}
