#!/bin/sh
# vmlint beside what else people check domains with: whole processes over the same fleet, each doing what it can. Prints Markdown.
#
#   benches/fleet.sh [FILES [ROUNDS]]     20000 files and 5 rounds unless said
#
# Needs Rust, Python 3 and GNU time. What else is missing is named and left out; docs/performance.md tells where it comes from.
# LIBVIRT_SCHEMAS names the folder of libvirt's grammars where they lie elsewhere than usual.

# Backquotes are Markdown's, and what jobs expand is theirs.
# shellcheck disable=SC2016
set -eu
cd "$(dirname "$0")/.."
files=${1:-20000}
rounds=${2:-5}
target=${CARGO_TARGET_DIR:-$PWD/target}
schemas=${LIBVIRT_SCHEMAS:-/usr/share/libvirt/schemas}
peers=$PWD/benches/peers

say() { printf 'fleet.sh: %s\n' "$*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }
# Whether a peer can run: what it needs, and whether that is there.
peer() {
    what=$1
    shift
    "$@" >/dev/null 2>&1 && return
    say "$what is missing, and so is its line"
    return 1
}

for needed in cargo python3; do
    has "$needed" || { say "$needed is needed"; exit 2; }
done
# Not the shell's own word, which knows nothing of memory.
python3 -c 'import shutil, sys; sys.exit(not shutil.which("time"))' || { say 'GNU time is needed'; exit 2; }

cargo build --release --locked --quiet --bin vmlint --example roxmltree
vmlint=$target/release/vmlint
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
fleet=$room/fleet
say "writing $files files"
findings=$(python3 benches/fleet.py "$fleet" "$files")
find "$fleet" -name '*.xml' | sort >"$room/list"
few=$((files / 10))
quarter=$((files / 4))
sample=$((files < 200 ? files : 200))
python3 benches/fleet.py "$room/few" "$few" >/dev/null
mkdir "$room/many"
for copy in 0 1 2 3 4 5 6 7 8 9; do
    cp -Rl "$fleet" "$room/many/$copy"
done
head -n "$quarter" "$room/list" >"$room/list-quarter"
head -n "$sample" "$room/list" >"$room/list-sample"
one=$(head -n 1 "$room/list")

# A policy of rules that cannot match: no definition has these elements.
for count in 100 1000 10000; do
    awk -v count="$count" 'BEGIN {
        print "policy: idle\ntitle: Rules that match nothing\nplatform: libvirt\nhosts: [rhel-8]"
        print "sources: {s: {title: t, section: s, date: \"2026\"}}"
        printf "names: {elements: ["
        for (n = 0; n < count; n++) printf "%sidle%d", n ? ", " : "", n
        print "]}\nrules:"
        for (n = 0; n < count; n++) {
            printf "  - {id: r%d, title: t, status: unsupported, source: s, message: m, help: h, why: w,\n", n
            printf "     find: \"devices/disk[idle%d/@type=\x27x%d\x27]\",\n", n, n
            printf "     examples: {bad: [\"<domain/>\"], good: [\"<domain/>\"]}}\n"
        }
    }' >"$room/idle$count.yaml"
done

jobs=$room/jobs
# job KEY NAME FILES PATTERN COMMAND
job() { printf '%s\t%s\t%s\t%s\t%s\n' "$@" >>"$jobs"; }
over() { printf 'xargs -s 1500000 %s <%s' "$1" "$2"; }
again() { printf 'i=0; while [ $i -lt 200 ]; do %s; i=$((i + 1)); done' "$1"; }

check="$vmlint check --no-config --format concise"
rule=': (error|warning|note)\['
job one 'vmlint, all rules, one thread' "$files" "$rule" "RAYON_NUM_THREADS=1 $check $fleet"
job two 'vmlint, all rules, two threads' "$files" "$rule" "RAYON_NUM_THREADS=2 $check $fleet"
job sarif 'vmlint, all rules, two threads, as SARIF' "$files" '"ruleIndex"' \
    "RAYON_NUM_THREADS=2 $vmlint check --no-config --format sarif $fleet"
job parse 'roxmltree, parsing alone, one thread' "$files" '' "$target/release/examples/roxmltree $fleet"
job few '' "$few" '' "RAYON_NUM_THREADS=2 $check $room/few"
job many '' "$((files * 10))" '' "RAYON_NUM_THREADS=2 $check $room/many"
job file '' 200 '' "$(again "$check $one")"
for count in 100 1000 10000; do
    idle="RAYON_NUM_THREADS=1 $check --policy rhel-8 --policy $room/idle$count.yaml"
    job "idle$count" '' "$files" '' "$idle $fleet"
    job "idle$count-few" '' "$few" '' "$idle $room/few"
done

if peer xmllint has xmllint; then
    python3 benches/peers/rules.py --named >"$room/named.sch"
    job xmllint '`xmllint --noout`' "$files" '' "$(over 'xmllint --noout' "$room/list")"
    job xmllint-file '' 200 '' "$(again "xmllint --noout $one")"
    job xmllint-schematron '`xmllint --schematron`, rules translated' "$files" '^/domain line' \
        "$(over "xmllint --noout --schematron $room/named.sch" "$room/list")"
    if peer "libvirt's schemas in $schemas" test -f "$schemas/domain.rng"; then
        job relaxng "\`xmllint --relaxng\`, libvirt's schema" "$files" '' \
            "$(over "xmllint --noout --relaxng $schemas/domain.rng" "$room/list")"
    fi
fi
if peer virt-xml-validate has virt-xml-validate; then
    job virt '`virt-xml-validate`, a process for each file' "$sample" '' \
        "while read -r file; do virt-xml-validate \$file domain; done <$room/list-sample"
fi
if peer jing has jing; then
    python3 benches/peers/rules.py >"$room/rules.sch"
    job jing-schematron '`jing`, Schematron, rules translated' "$quarter" 'error: assertion failed' \
        "$(over "jing $room/rules.sch" "$room/list-quarter")"
    if peer "libvirt's schemas in $schemas" test -f "$schemas/domain.rng"; then
        job jing "\`jing\`, libvirt's schema" "$quarter" '' "$(over "jing $schemas/domain.rng" "$room/list-quarter")"
    fi
fi
if peer 'lxml for python3' python3 -c 'import lxml'; then
    job lxml 'Python, `lxml`, rules translated to XPath' "$files" '\.xml:[0-9]+: ' "python3 $peers/with_lxml.py xpath $fleet"
    job lxml-schematron 'Python, `lxml`, Schematron, rules translated' "$files" '\.xml: ' \
        "python3 $peers/with_lxml.py schematron $fleet"
fi
if peer "$target/release/rego, which cargo build --release --manifest-path benches/peers/rego/Cargo.toml --target-dir $target makes," \
    test -x "$target/release/rego"; then
    job rego 'Rego, `regorus` in one process, rules translated' "$files" '\.xml: ' "$target/release/rego $peers/rules.rego $fleet"
fi

say "measuring $(wc -l <"$jobs") commands, $rounds rounds"
processor=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)
printf '%s files of %s bytes on average, %s findings; medians of %s rounds. %s, %s processors%s.\n' \
    "$files" "$(($(find "$fleet" -name '*.xml' -exec cat {} + | wc -c) / files))" "$findings" "$rounds" \
    "$(uname -sm)" "$(getconf _NPROCESSORS_ONLN)" "${processor:+, $processor}"
"$vmlint" --version
if has xmllint; then xmllint --version 2>&1 | sed -n '1s/^.*using libxml version/libxml2/p'; fi
if has virt-xml-validate; then virt-xml-validate --version | sed 's/.*(libvirt)/libvirt/'; fi
if python3 -c 'import lxml' 2>/dev/null; then python3 -c 'import lxml; print("lxml", lxml.__version__)'; fi
echo
python3 benches/measure.py "$jobs" "$files" "$findings" "$rounds"
