#!/usr/bin/env python3
"""Questions about the support matrix, with the answers that the facts' tables give: matrix-questions.py FACTS COUNT > QUESTIONS.csv

Of every column the first and the last release are asked about, on every host that its edition covers. Where editions overlap the
newest answers; interim-2023 is asked last, as hyperv-matrix.md says."""
import collections, csv, os, random, sys

folder, count = sys.argv[1], int(sys.argv[2])
rows = []
for name in ('hyperv-guest-features.csv', 'hyperv-guest-features-interim-2023.csv'):
    rows += csv.DictReader(open(os.path.join(folder, name)))
AGE = {'current-2025': 0, 'current-2023': 0, 'seed-2021': 1, 'interim-2023': 2}


def numbers(version):
    return tuple(int(part) for part in version.split('.'))


def covers(first, last, version):
    release, start = numbers(version), numbers(first)
    return release >= start and (release <= numbers(last) if last else release[0] == start[0])


columns = collections.defaultdict(list)
for row in rows:
    columns[tuple(row[key] for key in ('edition', 'distro', 'guest_min', 'guest_max', 'lis'))].append(row)
hosts = {key: {host for row in column for host in row['hosts'].split(';') if host} for key, column in columns.items()}


def answering(distro, version, drivers, host):
    able = [key for key in columns if key[1] == distro and key[4] == drivers and covers(key[2], key[3], version) and host in hosts[key]]
    return min(able, key=lambda key: AGE[key[0]], default=None)


questions = set()
for key, column in columns.items():
    _, distro, first, last, drivers = key
    for version in {first, last or first}:
        for host in hosts[key]:
            if answering(distro, version, drivers, host) != key:
                continue
            for feature in {row['feature'] for row in column}:
                about = [row for row in column if row['feature'] == feature]
                here = [row for row in about if not row['hosts'] or host in row['hosts'].split(';')]
                support, notes = (here[0]['support'], here[0]['notes']) if here else ('no', '')
                questions.add((distro, version, drivers, host, feature, support, notes))
random.seed(7)
out = csv.writer(sys.stdout, lineterminator='\n')
out.writerow('distro version lis host feature expected notes'.split())
out.writerows(random.sample(sorted(questions), min(count, len(questions))))
