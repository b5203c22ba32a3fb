# The rules of rules.py for the JSON that conftest makes of XML: attributes with a `-` before their names, text beside them as `#content`,
# and a list only where an element comes several times, so that whatever may is asked for through `many`.
package main

import rego.v1

many(value) := value if is_array(value)

many(value) := [value] if not is_array(value)

text(value) := trim_space(value) if is_string(value)

text(value) := trim_space(object.get(value, "#content", "")) if is_object(value)

domain := input.domain

deny contains "other-hypervisor" if not domain["-type"] in {"kvm", "qemu"}

deny contains "tcg" if domain["-type"] == "qemu"

deny contains "tcg" if {
	some features in many(domain.features)
	features.tcg
	not domain["-type"] == "kvm"
}

deny contains "vhost-user" if {
	some interface in many(domain.devices.interface)
	interface["-type"] == "vhostuser"
}

deny contains "vhost-user" if {
	some disk in many(domain.devices.disk)
	disk["-type"] == "vhostuser"
}

deny contains "vhost-user" if {
	some video in many(domain.devices.video)
	video.driver["-name"] == "vhostuser"
}

deny contains "virtiofs" if {
	some filesystem in many(domain.devices.filesystem)
	filesystem.driver["-type"] == "virtiofs"
}

deny contains "virtiofs" if {
	some filesystem in many(domain.devices.filesystem)
	filesystem.binary
}

deny contains "virtio-9p" if {
	some filesystem in many(domain.devices.filesystem)
	object.get(filesystem, "-type", "mount") == "mount"
	object.get(object.get(filesystem, "driver", {}), "-type", "path") in {"path", "handle"}
}

deny contains "qemu-io-throttling" if {
	some disk in many(domain.devices.disk)
	some name, limit in disk.iotune
	not name in {"size_iops_sec", "group_name"}
	to_number(text(limit)) > 0
}

deny contains "qemu-io-throttling" if {
	some disk in many(domain.devices.disk)
	some filter in many(disk.throttlefilters.throttlefilter)
	filter["-group"] != ""
}

deny contains "acpi-s3-s4" if domain.pm["suspend-to-mem"]["-enabled"] == "yes"

deny contains "acpi-s3-s4" if domain.pm["suspend-to-disk"]["-enabled"] == "yes"

deny contains "tpm-passthrough" if {
	some tpm in many(domain.devices.tpm)
	tpm.backend["-type"] in {"passthrough", "external"}
}

deny contains "tpm-passthrough" if {
	some tpm in many(domain.devices.tpm)
	tpm["-model"] == "spapr-tpm-proxy"
}

deny contains "virtio-crypto" if domain.devices.crypto

deny contains "net-failover" if {
	some interface in many(domain.devices.interface)
	interface.teaming["-type"] in {"persistent", "transient"}
}

deny contains "net-failover" if {
	some hostdev in many(domain.devices.hostdev)
	hostdev["-type"] == "pci"
	hostdev.teaming
}

deny contains "s3-pr-multipath" if {
	some disk in many(domain.devices.disk)
	disk["-device"] == "lun"
	disk["-type"] == "block"
	disk.source.reservations
	maps := ["/dev/mapper/mpath", "/dev/mpath/", "/dev/disk/by-id/dm-uuid-mpath-", "/dev/disk/by-id/dm-name-mpath"]
	some map in maps
	startswith(disk.source["-dev"], map)
}

deny contains "qemu-command-line" if domain.commandline.arg

deny contains "qemu-command-line" if domain.commandline.env

deny contains "qemu-command-line" if domain.override

deny contains "qemu-command-line" if domain.capabilities

deny contains "qemu-command-line" if domain.deprecation

deny contains "qemu-command-line" if {
	emulator := text(many(domain.devices.emulator)[0])
	startswith(emulator, "/")
	emulator != "/usr/libexec/qemu-kvm"
}

deny contains "vcpu-hot-unplug" if {
	some vcpu in many(domain.vcpus.vcpu)
	vcpu["-enabled"] == "yes"
	vcpu["-hotpluggable"] == "yes"
}

deny contains "memory-hot-unplug" if {
	some memory in many(domain.devices.memory)
	memory["-model"] == "dimm"
}

deny contains "virtio-mem" if {
	some memory in many(domain.devices.memory)
	memory["-model"] == "virtio-mem"
}

deny contains "storage-live-migration" if {
	some disk in many(domain.devices.disk)
	disk.mirror["-job"] == "copy"
}

deny contains "storage-live-migration" if {
	some disk in many(domain.devices.disk)
	disk.mirror["-file"]
	not disk.mirror["-job"]
}

deny contains "host-arm64" if {
	not domain["-type"] == "qemu"
	domain.os.type["-arch"] in {"aarch64", "armv7l", "armv6l"}
}

deny contains "guest-macos" if {
	some os in many(domain.metadata.libosinfo.os)
	startswith(os["-id"], "http://apple.com/macos")
}

x86 if object.get(domain.os.type, "-arch", "x86_64") in {"x86_64", "i686"}

deny contains "machine-i440fx" if {
	x86
	domain.os.type["-machine"] == "pc"
}

deny contains "machine-i440fx" if {
	x86
	some start in ["pc-i440fx-", "pc-0.", "pc-1.", "rhel5.", "rhel6."]
	startswith(domain.os.type["-machine"], start)
}

deny contains "machine-not-rhel" if {
	machine := domain.os.type["-machine"]
	not contains(machine, "rhel")
	regex.match(`-[0-9]{1,2}[.][0-9]`, machine)
}

deny contains "spice" if {
	some name in ["graphics", "audio"]
	some device in many(domain.devices[name])
	device["-type"] == "spice"
}

deny contains "spice" if {
	some name in ["channel", "serial", "redirdev", "smartcard"]
	some device in many(domain.devices[name])
	device["-type"] in {"spicevmc", "spiceport"}
}

deny contains "qxl-video" if {
	some video in many(domain.devices.video)
	video.model["-type"] == "qxl"
}

deny contains "cirrus-video" if {
	some video in many(domain.devices.video)
	video.model["-type"] == "cirrus"
}

rhel7 if contains(domain.os.type["-machine"], "-rhel7.")

deny contains "floppy-device" if {
	not rhel7
	some disk in many(domain.devices.disk)
	disk["-device"] == "floppy"
}

deny contains "floppy-device" if {
	not rhel7
	some disk in many(domain.devices.disk)
	disk.target["-bus"] == "fdc"
}

deny contains "floppy-device" if {
	not rhel7
	some controller in many(domain.devices.controller)
	controller["-type"] == "fdc"
}

deny contains "parallel-port" if domain.devices.parallel

writable contains disk if {
	some disk in many(domain.devices.disk)
	not "readonly" in object.keys(disk)
	not disk["-device"] == "cdrom"
}

deny contains "block-format-readonly" if {
	some disk in writable
	formats := {"vmdk", "vpc", "vhdx", "vdi", "qed", "qcow", "cow", "bochs", "cloop", "dmg", "fat", "ploop", "parallels"}
	disk.driver["-type"] in formats
}

deny contains "block-format-readonly" if {
	some disk in writable
	disk["-type"] == "network"
	disk.source["-protocol"] in {"https", "ssh"}
}

deny contains "amd-sev" if domain.launchSecurity["-type"] in {"sev", "sev-snp"}

deny contains "nested-virtualization" if {
	some feature in many(domain.cpu.feature)
	feature["-name"] in {"vmx", "svm"}
	object.get(feature, "-policy", "require") in {"require", "force"}
}
