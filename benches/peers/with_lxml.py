#!/usr/bin/env python3
"""Judges definitions with lxml, by the expressions of rules.py or by Schematron made of them. Prints a line for every finding.

with_lxml.py xpath|schematron FOLDER-OR-FILE...
"""

import pathlib
import sys

from lxml import etree, isoschematron

from rules import NAMESPACES, RULES, schematron


def by_xpath():
    rules = [(rule, etree.XPath(path, namespaces=NAMESPACES)) for rule, path in RULES.items()]

    def judge(path, document):
        for rule, find in rules:
            for node in find(document):
                print(f"{path}:{node.sourceline}: {rule}")

    return judge


def by_schematron():
    schema = isoschematron.Schematron(etree.fromstring(schematron(named=False)), store_report=True)
    text = etree.XPath("//svrl:failed-assert/svrl:text", namespaces={"svrl": "http://purl.oclc.org/dsdl/svrl"})

    def judge(path, document):
        if not schema.validate(document):
            for failed in text(schema.validation_report):
                print(f"{path}: {failed.text}")

    return judge


def main():
    judge = {"xpath": by_xpath, "schematron": by_schematron}[sys.argv[1]]()
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    for root in map(pathlib.Path, sys.argv[2:]):
        for path in sorted(root.rglob("*.xml")) if root.is_dir() else [root]:
            judge(path, etree.parse(str(path), parser))


if __name__ == "__main__":
    main()
