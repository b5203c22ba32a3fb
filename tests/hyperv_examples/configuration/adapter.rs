//! Network adapters: their switch, and what their port has beyond it (format notes, 2.5).

use super::tables::{ADAPTER, As};
use super::{ADAPTERS, UNDOCUMENTED, Writer, below, put};
use crate::container::Val;
use crate::example::Element;
use crate::writers::Format;

const OFFLOAD: &str = "C885BFD1-ABB7-418F-8163-9F379C9F7166";
const VLAN: &str = "952C5004-4465-451C-8CB8-FA9AB382B773";

/// What an adapter has whose port lacks the feature of guards.
const UNGUARDED: [(&str, &str); 6] = [
    ("mac-address-spoofing", "false"),
    ("dhcp-guard", "false"),
    ("router-guard", "false"),
    ("port-mirroring", "none"),
    ("teaming", "false"),
    ("ieee-priority-tag", "false"),
];

impl Writer<'_> {
    /// The type of the emulated adapter is not documented.
    pub fn adapter(&mut self, adapter: &Element) {
        if adapter.get("legacy") == Some("true") {
            self.device(UNDOCUMENTED, None);
            self.leave_adapters_open();
            return;
        }
        adapter.say_element();
        adapter.say("legacy");
        adapter.imply("legacy");
        adapter.leave_open("failover-address");
        let node = self.device(ADAPTERS, None);
        self.put(&below(&node, "ChannelInstanceGuid"), Val::Text("{0d9a7c43-52b8-4e0e-8a3b-1f2e3d4c5b6a}".to_owned()));
        self.rows(ADAPTER, adapter, &node);
        let switch = adapter.get("switch");
        if let Some(is_connected) = adapter.get("connected").or(switch.map(|name| if name.is_empty() { "false" } else { "true" }))
        {
            let is_named = switch.is_some_and(|name| !name.is_empty());
            let guid = if is_connected == "true" || is_named { "438B7B13-6180-4155-B7BF-08709CCF234D" } else { "" };
            self.put(&below(&node, "SwitchName"), Val::Text(guid.to_owned()));
            self.put(&below(&node, "IsConnected"), Val::Bool(i32::from(is_connected == "true")));
            adapter.say("connected");
        }
        self.features(adapter, &node);
    }

    /// What a port has beyond its switch. That it has a VLAN or guards can be told, which ones cannot.
    fn features(&mut self, adapter: &Element, node: &str) {
        let named = || UNGUARDED.iter().filter(|(name, _)| adapter.get(name).is_some());
        let is_guarded = named().any(|(name, usual)| adapter.get(name) != Some(usual));
        let (tagged, mode) = (adapter.get("vlan/tagged"), adapter.get("vlan/mode"));
        let is_tagged = tagged == Some("true") || mode.is_some_and(|mode| mode != "untagged");
        let offload = self.offload(adapter);
        if named().next().is_none() && tagged.or(mode).is_none() && offload.is_none() {
            return;
        }
        let mut features = vec![OFFLOAD];
        if is_tagged {
            features.push(VLAN);
        }
        if is_guarded {
            features.push("776E0BA7-94A1-41C8-8F28-951F524251B5");
        } else {
            named().for_each(|(name, _)| adapter.say(name));
            UNGUARDED.iter().for_each(|(name, _)| adapter.imply(name));
        }
        ["vlan/tagged", "vlan/mode"].into_iter().take(if is_tagged { 1 } else { 2 }).for_each(|name| adapter.imply(name));
        if tagged == Some(if is_tagged { "true" } else { "false" }) {
            adapter.say("vlan/tagged");
        }
        if mode == Some("untagged") && !is_tagged {
            adapter.say("vlan/mode");
        }
        for feature in features {
            put(&mut self.keys, &format!("{node}/Connection/Features/Id"), Val::Text(feature.to_owned()), true);
            self.put(&format!("{node}/Connection/Feature_{feature}/Flags"), Val::Int(0));
        }
        if let Some(bytes) = offload {
            let setting = format!("{node}/Connection/Feature_{OFFLOAD}/Setting_{OFFLOAD}");
            self.put(&below(&setting, "Version"), Val::Int(if bytes.len() == 20 { 256 } else { 1024 }));
            self.put(&below(&setting, "Data"), Val::Bytes(bytes));
        }
    }

    /// The bytes of the offload feature, in which everything stands that the adapter leaves open, too, by its default.
    fn offload(&mut self, adapter: &Element) -> Option<Vec<u8>> {
        const MODERATION: &[(&str, i64)] =
            &[("default", 0), ("adaptive", 1), ("off", 2), ("low", 100), ("medium", 200), ("high", 300)];
        const NUMBERS: [(&str, As, u32); 5] = [
            ("offload/ipsec", As::Number, 512),
            ("vmq/weight", As::Number, 100),
            ("iov/weight", As::Number, 0),
            ("iov/queue-pairs", As::Number, 1),
            ("iov/interrupt-moderation", As::Word(MODERATION), 0),
        ];
        let is_named = |name: &str| adapter.get(name).is_some();
        let switches = ["vmq/vrss", "vmq/vmmq"];
        let goes_on = self.format == Format::Vmcx && switches.into_iter().any(is_named);
        if !goes_on && !NUMBERS.iter().any(|(name, ..)| is_named(name)) {
            return None;
        }
        let mut bytes = Vec::new();
        for (name, form, usual) in NUMBERS {
            let given = match adapter.get(name).and_then(|value| form.value(value)) {
                Some(Val::Int(number)) => u32::try_from(number).ok(),
                _ => None,
            };
            if given.is_some() {
                adapter.say(name);
            }
            adapter.imply(name);
            bytes.extend(given.unwrap_or(usual).to_le_bytes());
        }
        // Adapters that came from an older host end here.
        if goes_on {
            bytes.extend([0_u32, 64, 1_000_000].into_iter().flat_map(u32::to_le_bytes));
            for name in switches {
                bytes.push(u8::from(adapter.get(name).is_none_or(|value| value == "true")));
                adapter.say(name);
                adapter.imply(name);
            }
            bytes.extend([0, 0]);
            bytes.extend([16_u32, 1, 0, 0, 3].into_iter().flat_map(u32::to_le_bytes));
        }
        Some(bytes)
    }
}
