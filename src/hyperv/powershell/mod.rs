//! Objects of PowerShell's cmdlets, as JSON or CLIXML: found by what they are, joined to machines by id, by name or by place.
//!
//! How deep an export goes is up to who made it. What lies deeper has become text, and says nothing: a list of such texts is no
//! empty list.

mod devices;
mod parts;
mod tables;

use rustc_hash::FxHashMap;

use super::convert::{Convert, guid};
use super::draft::Draft;
use super::field::Field;
use super::rows::{by_property, row};
use super::words;
use parts::{Part, by_list, listed, part};

/// An object of the export.
#[derive(Debug, Clone, Copy)]
struct Object<'k> {
    field: Field<'k>,
    part: Option<Part>,
    /// The object that it lies in.
    parent: Option<usize>,
    /// One past the last object that lies in it.
    end: usize,
}

/// A machine and how it is told from others.
#[derive(Debug)]
struct Machine<'k> {
    draft: Draft<'k>,
    id: Option<String>,
    /// Its `Get-VM` object.
    object: Option<usize>,
    /// Which lists of its parts were exported.
    told: Vec<Part>,
    /// Of each network adapter its id.
    adapters: Vec<Option<String>>,
}

impl Machine<'_> {
    fn new(id: Option<String>) -> Self {
        Machine { draft: Draft::vm(), id, object: None, told: Vec::new(), adapters: Vec::new() }
    }
}

/// Properties that hold nothing of a machine, or copies of what stands elsewhere.
const CLOSED: [&str; 12] = [
    "CimSession",
    "BootOrder",
    "ParentAdapter",
    "ReplicatedDisks",
    "ExcludedDisks",
    "IncludedDisks",
    "VMQueue",
    "IntegrationServicesVersion",
    "Uptime",
    "Groups",
    "Key",
    "IsolationSetting",
];

/// The machines of an export.
pub(super) fn machines<'k>(document: Field<'k>, text: &str) -> Vec<Draft<'k>> {
    let mut export = Export {
        text,
        objects: objects(document),
        machines: Vec::new(),
        of_object: FxHashMap::default(),
        by_id: FxHashMap::default(),
        by_name: FxHashMap::default(),
    };
    export.find_machines();
    let joined = export.join();
    export.take(&joined);
    export.tell();
    export.machines.into_iter().map(|machine| machine.draft).collect()
}

/// All objects in document order.
fn objects(document: Field<'_>) -> Vec<Object<'_>> {
    let mut objects: Vec<Object<'_>> = Vec::new();
    let mut open: Vec<(Field<'_>, Option<usize>, &str)> = vec![(document, None, "")];
    while let Some((field, parent, list)) = open.pop() {
        let is_closed = !field.is_item() && CLOSED.iter().any(|name| name.eq_ignore_ascii_case(field.name()));
        if is_closed || field.name().starts_with('@') {
            continue;
        }
        let mut inside = parent;
        if field.is_object() {
            let part = part(field).or_else(|| by_list(list));
            if part == Some(Part::Other) {
                continue;
            }
            inside = Some(objects.len());
            objects.push(Object { field, part, parent, end: objects.len() + 1 });
        }
        let from = open.len();
        // An item is told by the list that it lies in.
        open.extend(field.children().map(|child| (child, inside, if child.is_item() { list } else { child.name() })));
        open[from..].reverse();
    }
    for at in (0..objects.len()).rev() {
        let end = objects[at].end;
        if let Some(parent) = objects[at].parent {
            objects[parent].end = objects[parent].end.max(end);
        }
    }
    objects
}

struct Export<'k, 't> {
    text: &'t str,
    objects: Vec<Object<'k>>,
    machines: Vec<Machine<'k>>,
    /// Machines by their `Get-VM` objects, of which one machine can have several.
    of_object: FxHashMap<usize, usize>,
    /// Machines by their ids.
    by_id: FxHashMap<String, usize>,
    /// Machines by their names; none where several have one name.
    by_name: FxHashMap<String, Option<usize>>,
}

impl<'k> Export<'k, '_> {
    fn find_machines(&mut self) {
        for at in 0..self.objects.len() {
            let Object { field, part, .. } = self.objects[at];
            if part != Some(Part::Vm) {
                continue;
            }
            let (id, name) = (identity(field, &["Id", "VMId"]), name_of(field, &["Name", "VMName"]));
            let known = match (&id, &name) {
                (Some(id), _) => self.by_id.get(id).copied(),
                (None, Some(name)) => self.by_name.get(name).copied().flatten(),
                (None, None) => None,
            };
            let machine = known.unwrap_or_else(|| self.add(id, name));
            self.of_object.insert(at, machine);
            let machine = &mut self.machines[machine];
            machine.object.get_or_insert(at);
            machine.draft.place(field.head(self.text));
            by_property(tables::VM, field, &mut machine.draft);
        }
    }

    /// For each object the machine that it is a part of. Objects that name one nobody exported make one.
    fn join(&mut self) -> Vec<Option<usize>> {
        let objects = self.objects.clone();
        // What names its machine comes first, so that what does not can be joined by place.
        let mut joined: Vec<Option<usize>> = Vec::with_capacity(objects.len());
        for (at, Object { field, part, .. }) in objects.iter().enumerate() {
            joined.push(match part {
                None | Some(Part::VirtualDisk | Part::Other) => None,
                Some(Part::Vm) => self.of_object.get(&at).copied(),
                Some(Part::Adapter) if is_of_the_host(*field) => None,
                Some(_) => self.named(*field),
            });
        }
        let mut places =
            Places { objects: &objects, joined: &joined, machines: FxHashMap::default(), alike: FxHashMap::default() };
        let mut placed = joined.clone();
        for (at, Object { field, part, .. }) in objects.iter().enumerate() {
            let is_open = placed[at].is_none()
                && !matches!(part, None | Some(Part::Vm | Part::VirtualDisk | Part::Other))
                && !(*part == Some(Part::Adapter) && is_of_the_host(*field));
            if is_open {
                placed[at] = places.machine_of(at).unwrap_or_else(|| self.the_only(*field));
            }
        }
        placed
    }

    /// The only machine there is; one without a name where there is none.
    fn the_only(&mut self, object: Field<'k>) -> Option<usize> {
        if self.machines.is_empty() {
            let new = self.add(None, None);
            self.machines[new].draft.place(object.head(self.text));
        }
        (self.machines.len() == 1).then_some(0)
    }

    /// The machine that an object names.
    fn named(&mut self, object: Field<'k>) -> Option<usize> {
        let id = identity(object, &["VMId"]).or_else(|| identity_in_path(object));
        let name = name_of(object, &["VMName"]);
        if id.is_none() && name.is_none() {
            return None;
        }
        let by_id = id.as_ref().and_then(|id| self.by_id.get(id).copied());
        let by_name = || {
            let found = self.by_name.get(name.as_ref()?).copied().flatten()?;
            (id.is_none() || self.machines[found].id.is_none()).then_some(found)
        };
        if let Some(known) = by_id.or_else(by_name) {
            return Some(known);
        }
        let new = self.add(id.clone(), name);
        let draft = &mut self.machines[new].draft;
        draft.place(object.head(self.text));
        by_property(&[row("VMId", "id", Convert::Guid), row("VMName", "name", Convert::Text)], object, draft);
        if let Some(id) = id {
            draft.set("id", id, object.head(self.text));
        }
        Some(new)
    }

    fn add(&mut self, id: Option<String>, name: Option<String>) -> usize {
        let new = self.machines.len();
        if let Some(id) = &id {
            self.by_id.entry(id.clone()).or_insert(new);
        }
        if let Some(name) = &name {
            self.by_name.entry(name.clone()).and_modify(|known| *known = None).or_insert(Some(new));
        }
        self.machines.push(Machine::new(id));
        new
    }

    fn take(&mut self, joined: &[Option<usize>]) {
        // Checkpoints say more than the machine itself, adapters come before what belongs to them.
        for turn in 0..3 {
            for (object, machine) in self.objects.iter().zip(joined) {
                let (Object { field, part: Some(part), parent, .. }, Some(machine)) = (*object, *machine) else { continue };
                let own_turn = match part {
                    Part::Vlan | Part::Failover => 2,
                    Part::Checkpoint => 0,
                    _ => 1,
                };
                if own_turn != turn {
                    continue;
                }
                let inside = parent.map(|parent| self.objects[parent]).filter(|parent| parent.part == Some(Part::Adapter));
                let member = if field.is_item() { "" } else { field.name() };
                let machine = &mut self.machines[machine];
                take_part(machine, field, part, member, inside.map(|adapter| adapter.field), self.text);
            }
        }
        let mut disks = FxHashMap::default();
        for object in self.objects.iter().filter(|object| object.part == Some(Part::VirtualDisk)) {
            if let Some(path) = object.field.member("Path").and_then(Field::text) {
                disks.entry(path.to_lowercase()).or_insert(object.field);
            }
        }
        for machine in self.machines.iter_mut().filter(|_| !disks.is_empty()) {
            devices::virtual_disks(&mut machine.draft, &disks, self.text);
        }
    }

    /// Notes which lists were exported: a list of which every item is an object, an empty one too.
    fn tell(&mut self) {
        let mut all: Vec<usize> = self.machines.iter().filter_map(|machine| machine.object).collect();
        all.sort_unstable();
        for machine in 0..self.machines.len() {
            let Some(own) = self.machines[machine].object else { continue };
            // The bundle around it, as long as it is about this machine alone.
            let mut places = vec![own];
            let mut above = self.objects[own].parent;
            while let Some(parent) = above {
                let before = |bound: usize| all.partition_point(|&object| object < bound);
                if before(self.objects[parent].end) - before(parent) > 1 {
                    break;
                }
                places.push(parent);
                above = self.objects[parent].parent;
            }
            for place in places {
                for property in self.objects[place].field.children().filter(|property| !property.is_item()) {
                    if let Some(part) = listed(property.name())
                        && !self.machines[machine].told.contains(&part)
                        && is_told(property, part)
                    {
                        self.machines[machine].told.push(part);
                    }
                    if place == own && property.name().eq_ignore_ascii_case("FloppyDrive") && property.is_null() {
                        self.machines[machine].told.push(Part::Floppy);
                    }
                }
            }
            devices::complete(&mut self.machines[machine]);
        }
    }
}

/// Finds machines by where an object lies. What was looked up once is kept: bundles can be large.
struct Places<'o, 'k> {
    objects: &'o [Object<'k>],
    joined: &'o [Option<usize>],
    /// By object, the machines of what lies in it.
    machines: FxHashMap<usize, Vec<usize>>,
    /// By object and kind, the objects of that kind in it that name no machine.
    alike: FxHashMap<(usize, Part), Vec<usize>>,
}

impl Places<'_, '_> {
    /// The machine that an object lies in or beside; beside several, by its place among those of its kind, if there are as many of them.
    /// Nothing at all where no machine is near.
    fn machine_of(&mut self, at: usize) -> Option<Option<usize>> {
        let (objects, joined) = (self.objects, self.joined);
        let part = objects[at].part?;
        let mut above = objects[at].parent;
        while let Some(parent) = above {
            if let Some(machine) = joined[parent] {
                return Some(Some(machine));
            }
            let within = parent..objects[parent].end;
            let machines = self.machines.entry(parent).or_insert_with(|| {
                let mut machines: Vec<usize> = joined[within.clone()].iter().flatten().copied().collect();
                machines.sort_unstable();
                machines.dedup();
                machines
            });
            match machines.as_slice() {
                [] => {}
                [machine] => return Some(Some(*machine)),
                several => {
                    let is_alike = |other: &usize| objects[*other].part == Some(part) && joined[*other].is_none();
                    let alike = self.alike.entry((parent, part)).or_insert_with(|| within.filter(is_alike).collect());
                    let place = alike.binary_search(&at).ok().filter(|_| alike.len() == several.len());
                    return Some(place.and_then(|place| several.get(place).copied()));
                }
            }
            above = objects[parent].parent;
        }
        None
    }
}

fn take_part<'k>(machine: &mut Machine<'k>, field: Field<'k>, part: Part, member: &str, adapter: Option<Field<'k>>, text: &str) {
    let draft = &mut machine.draft;
    let place = field.head(text);
    let mut flat = |rows, element: &str| {
        by_property(rows, field, draft);
        if let Some(element) = draft.below(element) {
            element.place(place);
        }
    };
    match part {
        Part::Processor => flat(tables::PROCESSOR, "processor"),
        Part::Memory => flat(tables::MEMORY, "memory"),
        Part::Security => flat(tables::SECURITY, "security"),
        Part::Replication => flat(tables::REPLICATION, "replication"),
        Part::System => flat(tables::SYSTEM, ""),
        Part::Video => flat(tables::VIDEO, "video"),
        Part::Guest => flat(tables::GUEST, "guest"),
        Part::Firmware | Part::Bios => {
            flat(if part == Part::Bios { tables::BIOS } else { tables::FIRMWARE }, "firmware");
            devices::boot_order(draft, field, text);
        }
        Part::Checkpoint => draft.set("checkpoint/present", "true", place),
        Part::Adapter => devices::adapter(machine, field, text),
        Part::Vlan => devices::vlan(machine, field, adapter),
        Part::Failover => devices::failover(machine, field, adapter, text),
        Part::HardDisk | Part::Dvd | Part::Floppy => devices::drive(draft, field, part, text),
        Part::ScsiController | Part::IdeController => devices::controller(draft, field, part, text),
        Part::FibreChannel => devices::listed_device(draft, "fibre-channel-adapter", tables::FIBRE_CHANNEL, field, text),
        Part::PciDevice => devices::listed_device(draft, "pci-device", tables::PCI_DEVICE, field, text),
        Part::GpuPartition => devices::listed_device(draft, "gpu-partition", tables::GPU_PARTITION, field, text),
        Part::ComPort => devices::com_port(draft, field, member, text),
        Part::Service => devices::service(draft, field, text),
        Part::Vm | Part::VirtualDisk | Part::Other => {}
    }
}

/// Whether a property tells all parts of its kind. PowerShell makes a list of one item the item itself.
fn is_told(property: Field<'_>, part: Part) -> bool {
    let is_part = |field: &Field<'_>| field.is_object() || field.is_reference();
    // Windows PowerShell 5.1 may put `value` and `Count` around a list.
    let list = property.child("value").filter(|_| property.member("Count").is_some()).unwrap_or(property);
    if list.items().next().is_some() {
        return list.items().all(|item| is_part(&item) || item.items().next().is_some());
    }
    match property.text() {
        // An empty list that was made text.
        Some(text) => text.is_empty(),
        None => !property.is_null() && (!is_part(&list) || part_of(list) == Some(part)),
    }
}

fn part_of(field: Field<'_>) -> Option<Part> {
    if field.is_reference() { None } else { part(field) }
}

/// The first GUID among some properties; zeros are none.
fn identity(object: Field<'_>, names: &[&str]) -> Option<String> {
    let guids = names.iter().filter_map(|name| guid(&object.member(name)?.text()?));
    guids.into_iter().find(|guid| guid.bytes().any(|byte| byte != b'0' && byte != b'-'))
}

/// The machine's GUID in an id like `Microsoft:GUID\…`.
fn identity_in_path(object: Field<'_>) -> Option<String> {
    let id = object.member("Id")?.text()?;
    guid(id.strip_prefix("Microsoft:")?.split('\\').next()?).filter(|_| !is_of_the_host(object))
}

fn name_of(object: Field<'_>, names: &[&str]) -> Option<String> {
    names.iter().filter_map(|name| object.member(name)?.text()).find(|name| !name.is_empty()).map(|name| name.into_owned())
}

/// Whether a network adapter is the host's own.
fn is_of_the_host(adapter: Field<'_>) -> bool {
    adapter.member("IsManagementOs").and_then(|field| Convert::Boolean.apply(field)).is_some_and(|value| value == "true")
}

/// The integration service that an object is about: by the GUID that its id ends with, else by its English name.
fn service_of(object: Field<'_>) -> Option<&'static str> {
    let by_id = || {
        let id = object.member("Id")?.text()?;
        let last = guid(id.rsplit('\\').next()?)?;
        words::SERVICE_GUIDS.iter().find(|(known, _)| *known == last).map(|(_, name)| *name)
    };
    by_id().or_else(|| words::by_name(words::INTEGRATION_SERVICE, &object.member("Name")?.text()?))
}

/// All tables with the element that each is about.
#[cfg(test)]
pub(super) fn tables() -> Vec<(&'static str, &'static [super::rows::Row])> {
    use tables::*;
    let whole = [VM, SYSTEM, PROCESSOR, MEMORY, FIRMWARE, BIOS, SECURITY, REPLICATION, VIDEO, GUEST].map(|rows| ("", rows));
    let parts = [
        ("firmware/boot-device", BOOT_ENTRY),
        ("firmware/boot-device", BOOT_DRIVE),
        ("network-adapter", ADAPTER),
        ("network-adapter", VLAN),
        ("controller/drive", DRIVE),
        ("controller/drive/virtual-disk", VIRTUAL_DISK),
        ("fibre-channel-adapter", FIBRE_CHANNEL),
        ("pci-device", PCI_DEVICE),
        ("gpu-partition", GPU_PARTITION),
        ("com-port", COM_PORT),
        ("integration-service", SERVICE),
    ];
    [&whole[..], &parts].concat()
}
