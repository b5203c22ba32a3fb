#!/usr/bin/env python3
"""Writes a fleet to measure by: FILES domains of some 5.7 kB in folders of a thousand, made from fixtures/libvirt/clean.xml.

fleet.py FOLDER FILES

The same number gives the same bytes everywhere. Every fifth domain has one thing that RHEL 8 does not support, by turns one of FAULTS, and
each such thing is one finding; nothing can be said against the others. Prints how many findings there are.
"""

import pathlib
import sys
import uuid

CLEAN = pathlib.Path(__file__).parent.parent / "fixtures/libvirt/clean.xml"
ROLES = ["web", "db", "mail", "build", "cache", "proxy", "dns", "git", "queue", "report", "sso", "backup"]

# What is replaced, and by what. Where it is the end of the devices, a device is added.
END = "  </devices>\n"
FAULTS = {
    "tcg": ("<domain type='kvm'", "<domain type='qemu'"),
    "virtio-crypto": (END, "    <crypto model='virtio' type='qemu'>\n      <backend model='builtin' queues='1'/>\n    </crypto>\n" + END),
    "tpm-passthrough": (
        "<backend type='emulator' version='2.0'/>",
        "<backend type='passthrough'>\n        <device path='/dev/tpm0'/>\n      </backend>",
    ),
    "vhost-user": (
        END,
        "    <interface type='vhostuser'>\n      <source type='unix' path='/run/openvswitch/vhu0' mode='server'/>\n"
        "      <model type='virtio'/>\n    </interface>\n" + END,
    ),
    "acpi-s3-s4": ("<suspend-to-mem enabled='no'/>", "<suspend-to-mem enabled='yes'/>"),
    "qemu-io-throttling": (
        "<target dev='vda' bus='virtio'/>\n",
        "<target dev='vda' bus='virtio'/>\n      <iotune>\n        <total_iops_sec>500</total_iops_sec>\n      </iotune>\n",
    ),
    "nested-virtualization": ("<feature policy='disable' name='vmx'/>", "<feature policy='require' name='vmx'/>"),
    "virtio-9p": (
        END,
        "    <filesystem type='mount' accessmode='mapped'>\n      <source dir='/srv/share'/>\n      <target dir='share'/>\n"
        "    </filesystem>\n" + END,
    ),
    "spice": ("<graphics type='vnc'", "<graphics type='spice'"),
    "machine-i440fx": ("machine='pc-q35-rhel8.6.0'", "machine='pc-i440fx-rhel7.6.0'"),
    "parallel-port": (END, "    <parallel type='pty'>\n      <target port='0'/>\n    </parallel>\n" + END),
    "qxl-video": (
        "<model type='virtio' heads='1' primary='yes'/>",
        "<model type='qxl' ram='65536' vram='65536' vgamem='16384' heads='1' primary='yes'/>",
    ),
}


def port(index):
    """A root port, of which every real machine has a dozen."""
    return f"""    <controller type='pci' index='{index}' model='pcie-root-port'>
      <model name='pcie-root-port'/>
      <target chassis='{index}' port='{index + 15:#x}'/>
      <alias name='pci.{index}'/>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x02' function='{index % 8:#x}'/>
    </controller>
"""


def disk(name, index):
    """A data disk."""
    target = "vd" + "abcdefgh"[index]
    return f"""    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='none'/>
      <source file='/var/lib/libvirt/images/{name}-data{index}.qcow2'/>
      <target dev='{target}' bus='virtio'/>
      <alias name='virtio-disk{index}'/>
      <address type='pci' domain='0x0000' bus='{index + 8:#04x}' slot='0x00' function='0x0'/>
    </disk>
"""


def swap(text, old, new):
    if old not in text:
        sys.exit(f"fleet.py: {CLEAN} no longer holds {old!r}")
    return text.replace(old, new)


def domain(clean, number):
    """The domain of this number and the rule that it breaks, if any."""
    name = f"{ROLES[number % len(ROLES)]}{number:06}"
    text = swap(clean, "web02", name)
    text = swap(text, "0e5a7c1d-8f0b-4c4f-9d0a-6f2b1f3c7a21", str(uuid.uuid5(uuid.NAMESPACE_DNS, name)))
    text = swap(text, "52:54:00:a3:4e:17", "52:54:00:" + ":".join(f"{byte:02x}" for byte in number.to_bytes(3, "big")))
    text = swap(text, "'KiB'>8388608<", f"'KiB'>{(number % 16 + 1) << 20}<")
    text = swap(text, "'static'>4<", f"'static'>{number % 8 + 1}<")
    added = "".join(map(port, range(1, 7 + number % 3))) + "".join(disk(name, index) for index in range(1, 2 + number % 3))
    text = swap(text, END, added + END)
    rule = list(FAULTS)[number // 5 % len(FAULTS)] if number % 5 == 0 else None
    return name, rule, swap(text, *FAULTS[rule]) if rule else text


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder, files = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    clean = CLEAN.read_text()
    findings = 0
    for number in range(files):
        name, rule, text = domain(clean, number)
        host = folder / f"host{number // 1000:03}"
        host.mkdir(parents=True, exist_ok=True)
        (host / f"{name}.xml").write_text(text)
        findings += rule is not None
    print(findings)


if __name__ == "__main__":
    main()
