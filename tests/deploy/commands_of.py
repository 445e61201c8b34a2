#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The commands that a section of a page shows, each ended by a NUL byte.

    commands_of.py PAGE HEADING

A command is a line that is indented as code, with the lines it goes on in: after a backslash, or up to the end of a here-document."""
import pathlib
import re
import sys
import textwrap


def section(text, heading):
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    if not found:
        sys.exit(f"there is no section '{heading}'")
    return found[1]


def blocks(text):
    """Lines indented by four and more after an empty line, with empty lines between them."""
    lines = []
    for line in [*text.splitlines(), "end"]:
        if line.startswith("    ") or (lines and not line):
            lines.append(line)
        elif lines:
            yield textwrap.dedent("\n".join(lines)).strip("\n").splitlines()
            lines = []


def commands(lines):
    lines = iter(lines)
    for line in lines:
        command = line
        while command.endswith("\\"):
            command += "\n" + next(lines)
        here = re.search(r"<<'?(\w+)'?", line)
        while here and command.splitlines()[-1] != here[1]:
            command += "\n" + next(lines)
        if command.strip():
            yield command


page = pathlib.Path(sys.argv[1]).read_text()
for block in blocks(section(page, sys.argv[2])):
    for each in commands(block):
        sys.stdout.write(each + "\0")
