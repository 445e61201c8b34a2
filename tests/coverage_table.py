#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Prints what gcovr counted (FILE, its summary as JSON) by room, and each file below nine lines of ten. KIND says which floors hold:
`decisions`, what is reached without end-to-end tests, or `all`. Fails when a room is below its floor.

    coverage_table.py KIND FILE"""
import collections
import json
import sys

DECIDING = ("wire", "registers", "model", "config", "bus", "cloud")
# A tenth of the bus looks for units and serves the command line: only end-to-end tests speak to it.
FLOORS = {"decisions": {**dict.fromkeys(DECIDING, 90), "bus": 89}, "all": {**dict.fromkeys(DECIDING, 90), "all": 80}}
KEYS = ("line_covered", "line_total", "branch_covered", "branch_total")


def share(covered, total):
    return f"{100 * covered / total:5.1f} %" if total else "      -"


def rooms_of(files):
    rooms = collections.defaultdict(collections.Counter)
    for file in files:
        parts = file["filename"].split("/")
        for name in (parts[1] if len(parts) > 2 else "main.c", "all"):
            rooms[name].update({key: file[key] for key in KEYS})
    return rooms


def main():
    kind, path = sys.argv[1:]
    files = json.load(open(path))["files"]
    rooms = rooms_of(files)
    for name, sums in sorted(rooms.items(), key=lambda room: (room[0] == "all", room[0])):
        print(f"{name:12} lines {share(sums['line_covered'], sums['line_total'])} of {sums['line_total']:5}   "
              f"branches {share(sums['branch_covered'], sums['branch_total'])} of {sums['branch_total']:5}")
    for file in sorted(files, key=lambda file: file["line_percent"] or 0):
        if file["line_total"] and file["line_covered"] < 0.9 * file["line_total"]:
            print(f"  {file['filename']:45} {share(file['line_covered'], file['line_total'])} of {file['line_total']} lines")
    low = [f"{name} is under {floor} % of lines" for name, floor in FLOORS[kind].items()
           if 100 * rooms[name]["line_covered"] < floor * rooms[name]["line_total"]]
    print("\n".join(low) or f"{kind}: every floor holds")
    return bool(low)


if __name__ == "__main__":
    sys.exit(main())
