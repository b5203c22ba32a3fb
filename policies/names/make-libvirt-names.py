#!/usr/bin/env python3
"""Make libvirt.txt, the names that expressions of libvirt policies may use.

    make-libvirt-names.py SCHEMAS VERSION > libvirt.txt

SCHEMAS is the folder of libvirt's RELAX NG schemas (/usr/share/libvirt/schemas), VERSION the libvirt release they are from.
"""
import glob
import os
import sys
import textwrap
import xml.etree.ElementTree as ET

RNG = "{http://relaxng.org/ns/structure/1.0}"
# Schemas of documents that no policy reads: capabilities, nodes, storage, network filters, secrets, host interfaces.
ROOTS = ["domain", "inactiveDomain", "domainsnapshot", "domaincheckpoint", "domainbackup", "network"]

# What no schema gives: the run-time state file, the metadata of osinfo and of managers, and vmlint's own additions.
MORE_ELEMENTS = """
backups domainbackup domstatus
libosinfo os
instance flavor name
qemu-option pair row
""".split()
MORE_ATTRIBUTES = "id key name value".split()


def files(folder):
    """The schemas of ROOTS and everything they include."""
    todo, seen = [os.path.join(folder, root + ".rng") for root in ROOTS], []
    while todo:
        path = todo.pop()
        if path in seen or not os.path.exists(path):
            continue
        seen.append(path)
        todo += [os.path.join(folder, i.get("href")) for i in ET.parse(path).iter() if i.tag in (RNG + "include", RNG + "externalRef")]
    return seen


def names(paths, kind):
    """The local names that <element> or <attribute> patterns give, as an attribute, as a child or in a choice of names."""
    found = set()
    for path in paths:
        for pattern in ET.parse(path).iter(RNG + kind):
            if pattern.get("name"):
                found.add(pattern.get("name").split(":")[-1])
                continue
            head = next(iter(pattern), None)
            if head is not None and head.tag in (RNG + "name", RNG + "choice"):
                named = [head] if head.tag == RNG + "name" else head.findall(RNG + "name")
                found.update(n.text.strip().split(":")[-1] for n in named)
    return found


def main(folder, version):
    paths = files(folder)
    if not paths:
        sys.exit(f"no schema of {', '.join(ROOTS)} in {folder}")
    print(f"# Element and attribute names of libvirt's definitions. Made by make-libvirt-names.py from the RELAX NG schemas of libvirt {version}")
    sources = ", ".join(sorted(os.path.basename(p) for p in paths))
    print(textwrap.fill(f"({sources}); do not edit.", 126, initial_indent="# ", subsequent_indent="# "))
    print("# Local names, prefixes aside. Added to them: the run-time state file (domstatus, backups), the metadata of osinfo and of")
    print("# managers, and vmlint's own qemu-option, pair and row.")
    print("\n[elements]")
    print("\n".join(sorted(names(paths, "element") | set(MORE_ELEMENTS))))
    print("\n[attributes]")
    print("\n".join(sorted(names(paths, "attribute") | set(MORE_ATTRIBUTES))))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
