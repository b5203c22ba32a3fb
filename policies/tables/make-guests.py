#!/usr/bin/env python3
"""Make guests.csv, the guest systems that the RHEL policies have a word on.

    make-guests.py OSINFO.csv > guests.csv

OSINFO.csv lists osinfo-db with one row per system and at least the columns `os_id`, `name`, `release_date` (YYYY-MM-DD or
empty) and `class` (`windows-client`, `windows-server`, `windows-client+server`, `macos`, `solaris`, `opensolaris`, `linux`, …).
"""
import csv
import re
import sys

# Each verdict column holds `yes` (unsupported), `review` (open to reading) or nothing.
VERDICTS = ["windows-client", "windows-server", "macos", "solaris", "before-2009"]
COLUMNS = ["os-id", "guest", "name", "released", "family"] + VERDICTS

# “8.1 and earlier” and “2008 R2 and earlier”, told by what came next.
WINDOWS_10 = "2015-07-29"
WINDOWS_SERVER_2012 = "2012-09-04"
# Products whose point releases are updates of one system: a release of 2009 or later may belong to a line that is older.
LINES = {"rhel", "centos", "oel", "scientificlinux", "sles", "sled"}

WINDOWS = {"2k": "2000", "2k3": "server-2003", "2k3r2": "server-2003-r2", "2k8": "server-2008", "2k8r2": "server-2008-r2"}
# Oracle Linux is named with its kernel: in these releases the one that is compatible with RHEL.
NAMES = {"oel": "oracle-linux-rhck", "macosx": "macos", "rhl": "red-hat-linux", "scientificlinux": "scientific-linux"}


def split(os_id):
    """http://redhat.com/rhel/5.2 -> (rhel, 5.2)"""
    return os_id.rsplit("/", 2)[1:]


def guest(os_id):
    """The id that `--guest` takes."""
    distro, version = split(os_id)
    if distro == "win":
        later = re.fullmatch(r"2k(\d\d)(r2)?", version)
        if later:
            return f"windows-server-20{later[1]}" + ("-r2" if later[2] else "")
        return "windows-" + WINDOWS.get(version, version)
    if distro == "winnt":
        return f"windows-nt-{version}"
    return f"{NAMES.get(distro, distro)}-{version}"


def main(path):
    with open(path, encoding="utf-8", newline="") as file:
        systems = list(csv.DictReader(file))
    began = {}
    for s in systems:
        distro, version = split(s["os_id"])
        if distro in LINES and s["release_date"]:
            line = distro, version.split(".")[0]
            began[line] = min(began.get(line, "9"), s["release_date"])

    rows = []
    for s in systems:
        kind, released = s["class"], s["release_date"]
        distro, version = split(s["os_id"])
        row = dict.fromkeys(COLUMNS, "")
        row.update({"os-id": s["os_id"], "guest": guest(s["os_id"]), "name": s["name"], "released": released, "family": kind})
        if "client" in kind and released < WINDOWS_10:
            row["windows-client"] = "yes"
        if "server" in kind and released < WINDOWS_SERVER_2012:
            row["windows-server"] = "yes"
        if kind == "macos":
            row["macos"] = "yes"
        if kind == "solaris":
            row["solaris"] = "yes"
        if kind == "opensolaris":
            row["solaris"] = "review"
        if released and released < "2009":
            row["before-2009"] = "yes"
        elif began.get((distro, version.split(".")[0]), "9") < "2009":
            row["before-2009"] = "review"
        if "server" in kind:
            row["family"] = "windows-server"
        # Windows Server of any age stays: failover clusters are judged by it.
        if row["family"] == "windows-server" or any(row[v] for v in VERDICTS):
            rows.append(row)

    print("# Guest systems that the RHEL policies have a word on. Made by make-guests.py from osinfo-db 0.20250606; do not edit.")
    print("# os-id, name, released: id, name and release-date of osinfo-db. guest: the same system as `--guest` names it.")
    print("# family: the kind of system; windows-server also where one id covers workstation and server.")
    print("# windows-client: a desktop Windows released before Windows 10. windows-server: a server released before Windows Server 2012.")
    print("# macos, solaris: by kind; OpenSolaris is `review`, because the document does not name it.")
    print("# before-2009: `yes` by the release date, `review` for a point release of 2009 or later in a product line (RHEL, CentOS,")
    print("#   Oracle Linux, Scientific Linux, SLES, SLED) whose first release is older. Systems without a release date have no verdict.")
    print("# Kept: rows with a verdict, and every Windows Server.")
    out = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    out.writeheader()
    out.writerows(sorted(rows, key=lambda r: r["os-id"]))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
