#!/usr/bin/env python3
"""Runs the commands that fleet.sh lists, all of them once in each round, and prints what they took as Markdown.

measure.py JOBS FILES FINDINGS ROUNDS

A line of JOBS is, between tabs: a key, the name in the table (none for what only the ratios need), how many files or runs the command is
about, a pattern of the lines that are findings (may be empty), and the command for the shell. A median over all rounds is taken of wall
time, of user and system time together, and of the peak of memory, which the largest process of a command had at once.
"""

import dataclasses
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


@dataclasses.dataclass
class Job:
    key: str
    name: str
    files: int
    pattern: str
    command: str
    wall: list = dataclasses.field(default_factory=list)
    cpu: list = dataclasses.field(default_factory=list)
    peak: list = dataclasses.field(default_factory=list)
    found: int = 0

    def run(self, scratch):
        out, peak = os.path.join(scratch, "out"), os.path.join(scratch, "peak")
        # A process begins with the peak of the one that started it, and this one is larger than some that are measured.
        command = [TIME, "-f", "%M", "-o", peak, "sh", "-c", self.command]
        with open(out, "wb") as file:
            start = time.perf_counter()
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
            _, status, usage = os.wait4(process.pid, 0)
            self.wall.append(time.perf_counter() - start)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu.append(usage.ru_utime + usage.ru_stime)
        with open(peak) as file:
            self.peak.append(int(file.read().split()[-1]) / 1024)
        with open(out, errors="replace") as file:
            text = file.read()
        if process.returncode in (126, 127):
            sys.exit(f"measure.py: {self.command}\n{text}")
        self.found = len(re.findall(self.pattern, text, re.MULTILINE)) if self.pattern else 0


TIME = shutil.which("time")


def table(jobs, files, findings):
    """Times are those of all files; what ran on fewer is scaled."""
    one, two = (next(job for job in jobs if job.key == key) for key in ("one", "two"))
    print("| what runs | files | findings | wall, s | CPU, s | peak, MiB | wall, times | CPU, times |")
    print("| --- | --: | --: | --: | --: | --: | --: | --: |")
    for job in (job for job in jobs if job.name):
        scale = files / job.files
        ran = f"{job.files:,}" + (" ¹" if scale != 1 else "")
        found = f"{job.found:,}" if job.pattern else ""
        if job.pattern and job.found != round(findings / scale):
            print(f"measure.py: {job.name} has {job.found} findings, not {round(findings / scale)}", file=sys.stderr)
            found += " !"
        wall, cpu = (statistics.median(times) * scale for times in (job.wall, job.cpu))
        times = f"{wall / statistics.median(two.wall):.1f} | {cpu / statistics.median(one.cpu):.1f}"
        print(f"| {job.name} | {ran} | {found} | {wall:.2f} | {cpu:.2f} | {statistics.median(job.peak):.0f} | {times} |")
    print(f"\n¹ Run on so many files; the times are scaled to {files:,}.")


def ratios(jobs, files):
    """What vmlint promises of itself, as far as the other side could be run."""
    known = {job.key: job for job in jobs}

    def median(measure, key):
        return statistics.median(getattr(known[key], measure)) / known[key].files

    def each(key):
        """What one more document costs: the difference between a run on all files and one on a tenth."""
        few = f"{key}-few"
        cpu = statistics.median(known[key].cpu) - statistics.median(known[few].cpu)
        return cpu / (known[key].files - known[few].files)

    rows = [
        ("CPU on one thread, by that of parsing alone", "at most 1.15", lambda: median("cpu", "one") / median("cpu", "parse")),
        ("wall time on one thread, by that on two", "at least 1.8", lambda: median("wall", "one") / median("wall", "two")),
        ("CPU of `xmllint --noout`, by ours", "at least 2", lambda: median("cpu", "xmllint") / median("cpu", "one")),
        ("CPU of `xmllint --relaxng`, by ours", "at least 20", lambda: median("cpu", "relaxng") / median("cpu", "one")),
        ("wall time of `virt-xml-validate`, by ours on two threads", "at least 500", lambda: median("wall", "virt") / median("wall", "two")),
        ("wall time of a run on one file, by that of `xmllint --noout`", "at most 1", lambda: median("wall", "file") / median("wall", "xmllint-file")),
        (
            "peak of memory on ten times the files, by that on a tenth",
            "1",
            lambda: statistics.median(known["many"].peak) / statistics.median(known["few"].peak),
        ),
        ("CPU of one more document with 1,000 idle rules, by that with 100", "1", lambda: each("idle1000") / each("idle100")),
        ("CPU of one more document with 10,000 idle rules, by that with 100", "1", lambda: each("idle10000") / each("idle100")),
    ]
    print("\n| ratio | wanted | measured |\n| --- | --: | --: |")
    for name, wanted, ratio in rows:
        try:
            print(f"| {name} | {wanted} | {ratio():.2f} |")
        except KeyError as missing:
            print(f"| {name} | {wanted} | not run: {missing.args[0]} |")
    print("\n| beside them | |\n| --- | --: |")
    for key in ("file", "xmllint-file"):
        if key in known:
            name = {"file": "vmlint", "xmllint-file": "`xmllint --noout`"}[key]
            print(f"| one file with {name}, ms | {median('wall', key) * 1000:.1f} |")
    for key in ("few", "two", "many"):
        print(f"| peak of memory on {known[key].files:,} files, MiB | {statistics.median(known[key].peak):.1f} |")
    for count in (100, 1_000, 10_000):
        print(f"| one more document with {count:,} idle rules, µs of CPU | {each(f'idle{count}') * 1e6:.0f} |")


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    files, findings, rounds = map(int, sys.argv[2:])
    with open(sys.argv[1]) as lines:
        fields = [line.rstrip("\n").split("\t") for line in lines]
    jobs = [Job(key, name, int(count), pattern, command) for key, name, count, pattern, command in fields]
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(rounds):
            for job in jobs:
                print(f"round {number + 1} of {rounds}: {job.key:<20}", end="\r", file=sys.stderr, flush=True)
                job.run(scratch)
    print(file=sys.stderr)
    table(jobs, files, findings)
    ratios(jobs, files)


if __name__ == "__main__":
    main()
