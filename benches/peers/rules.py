#!/usr/bin/env python3
"""The rules that vmlint is compared by: those of policies/rhel-8.yaml that are about a domain's elements and need neither regular
expressions nor tables of guests nor QEMU arguments taken apart, as plain XPath 1.0. rules.rego has the same in Rego.

rules.py          prints them as ISO Schematron, for jing and lxml
rules.py --named  the same with a name on the pattern, without which libxml2 ends with an internal error and with which others refuse it
"""

import sys
from xml.sax.saxutils import escape, quoteattr

NAMESPACES = {"qemu": "http://libvirt.org/schemas/domain/qemu/1.0", "libosinfo": "http://libosinfo.org/xmlns/libvirt/domain/1.0"}
VERSION = "translate(@machine, '0123456789', '0000000000')"

RULES = {
    "other-hypervisor": "/domain[@type][@type != 'kvm'][@type != 'qemu']",
    "tcg": "/domain[@type = 'qemu'] | /domain[features/tcg][not(@type = 'kvm')]",
    "vhost-user": "/domain/devices/interface[@type = 'vhostuser'] | /domain/devices/disk[@type = 'vhostuser']"
    " | /domain/devices/video/driver[@name = 'vhostuser']",
    "virtiofs": "/domain/devices/filesystem[driver/@type = 'virtiofs' or binary]",
    "virtio-9p": "/domain/devices/filesystem[not(@type) or @type = 'mount']"
    "[not(driver) or driver[not(@type) or @type = 'path' or @type = 'handle']]",
    "qemu-io-throttling": "/domain/devices/disk/iotune[*[. > 0][local-name() != 'size_iops_sec'][local-name() != 'group_name']]"
    " | /domain/devices/disk/throttlefilters[throttlefilter/@group != '']",
    "acpi-s3-s4": "/domain/pm/suspend-to-mem[@enabled = 'yes'] | /domain/pm/suspend-to-disk[@enabled = 'yes']",
    "tpm-passthrough": "/domain/devices/tpm/backend[@type = 'passthrough' or @type = 'external']"
    " | /domain/devices/tpm[@model = 'spapr-tpm-proxy'][not(backend/@type = 'passthrough')]",
    "virtio-crypto": "/domain/devices/crypto",
    "net-failover": "/domain/devices/interface/teaming[@type = 'persistent' or @type = 'transient']"
    " | /domain/devices/hostdev[@type = 'pci']/teaming",
    "s3-pr-multipath": "/domain/devices/disk[@device = 'lun'][@type = 'block']/source[starts-with(@dev, '/dev/mapper/mpath')"
    " or starts-with(@dev, '/dev/mpath/') or starts-with(@dev, '/dev/disk/by-id/dm-uuid-mpath-')"
    " or starts-with(@dev, '/dev/disk/by-id/dm-name-mpath')]/reservations",
    "qemu-command-line": "/domain/qemu:commandline[qemu:arg or qemu:env] | /domain/qemu:override | /domain/qemu:capabilities"
    " | /domain/qemu:deprecation | /domain/devices/emulator[1][starts-with(normalize-space(), '/')]"
    "[normalize-space() != '/usr/libexec/qemu-kvm']",
    "vcpu-hot-unplug": "/domain/vcpus/vcpu[@enabled = 'yes'][@hotpluggable = 'yes']",
    "memory-hot-unplug": "/domain/devices/memory[@model = 'dimm']",
    "virtio-mem": "/domain/devices/memory[@model = 'virtio-mem']",
    "storage-live-migration": "/domain/devices/disk/mirror[@job = 'copy' or (@file and not(@job))]",
    "host-arm64": "/domain[not(@type = 'qemu')]/os/type[@arch = 'aarch64' or @arch = 'armv7l' or @arch = 'armv6l']",
    "guest-macos": "/domain/metadata//libosinfo:os[starts-with(@id, 'http://apple.com/macos')]",
    "machine-i440fx": "/domain/os/type[@machine = 'pc' or starts-with(@machine, 'pc-i440fx-') or starts-with(@machine, 'pc-0.')"
    " or starts-with(@machine, 'pc-1.') or starts-with(@machine, 'rhel5.') or starts-with(@machine, 'rhel6.')]"
    "[not(@arch) or @arch = 'x86_64' or @arch = 'i686']",
    "machine-not-rhel": "/domain/os/type[@machine][not(contains(@machine, 'rhel'))]"
    f"[contains({VERSION}, '-0.0') or contains({VERSION}, '-00.0')]",
    "spice": "/domain/devices/graphics[@type = 'spice'] | /domain/devices/channel[@type = 'spicevmc' or @type = 'spiceport']"
    " | /domain/devices/serial[@type = 'spiceport'] | /domain/devices/redirdev[@type = 'spicevmc']"
    " | /domain/devices/smartcard[@type = 'spicevmc'] | /domain/devices/audio[@type = 'spice']",
    "qxl-video": "/domain/devices/video/model[@type = 'qxl']",
    "cirrus-video": "/domain/devices/video/model[@type = 'cirrus']",
    "floppy-device": "/domain[not(contains(os/type/@machine, '-rhel7.'))]/devices/disk[@device = 'floppy' or target/@bus = 'fdc']"
    " | /domain[not(contains(os/type/@machine, '-rhel7.'))]/devices/controller[@type = 'fdc']",
    "parallel-port": "/domain/devices/parallel",
    "block-format-readonly": "/domain/devices/disk[not(readonly)][not(@device = 'cdrom')]/driver[@type = 'vmdk' or @type = 'vpc'"
    " or @type = 'vhdx' or @type = 'vdi' or @type = 'qed' or @type = 'qcow' or @type = 'cow' or @type = 'bochs' or @type = 'cloop'"
    " or @type = 'dmg' or @type = 'fat' or @type = 'ploop' or @type = 'parallels']"
    " | /domain/devices/disk[@type = 'network'][not(readonly)][not(@device = 'cdrom')]"
    "/source[@protocol = 'https' or @protocol = 'ssh']",
    "amd-sev": "/domain/launchSecurity[@type = 'sev' or @type = 'sev-snp']",
    "nested-virtualization": "/domain/cpu/feature[@name = 'vmx' or @name = 'svm']"
    "[not(@policy) or @policy = 'require' or @policy = 'force']",
}


def schematron(named):
    """All rules as the assertions of one rule on the domain, the way that costs least: each pattern walks the document anew."""
    lines = ['<schema xmlns="http://purl.oclc.org/dsdl/schematron">']
    lines += [f'  <ns prefix="{prefix}" uri="{uri}"/>' for prefix, uri in NAMESPACES.items()]
    lines += ['  <pattern name="rules">' if named else '  <pattern id="rules">', '    <rule context="/domain">']
    lines += [f"      <assert test={quoteattr(f'not({path})')}>{escape(rule)}</assert>" for rule, path in RULES.items()]
    return "\n".join(lines + ["    </rule>", "  </pattern>", "</schema>"])


if __name__ == "__main__":
    print(schematron("--named" in sys.argv[1:]))
