# SPDX-License-Identifier: MIT
"""The table of mappings/README.md that says what each shipped map holds: made from the maps themselves."""
import json
import pathlib
import re
import subprocess
import tempfile

import yaml

HEAD = """| map | profiles | values | properties | alerts | commands | a refresh |
|---|---|---|---|---|---|---|
"""
MARKS = re.compile(r"<!-- table -->\n.*?<!-- end of table -->", re.S)
SITE = """modbridge: site/1
mappings: ["%s"]
buses:
  line: {rtu: /dev/ttyS0, baud: 9600}
devices:
  it: {map: %s, bus: line, unit: 1}
"""


def ask(program, *argv):
    done = subprocess.run([program, *argv], capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise RuntimeError(f"modbridge {' '.join(map(str, argv))}: {done.stdout}{done.stderr}")
    return done.stdout


def refresh(program, mapping):
    """Requests that come back, and how long all of them take: at 9600 baud, with an answer after 5 ms."""
    with tempfile.TemporaryDirectory() as folder:
        site = pathlib.Path(folder) / "site.yaml"
        site.write_text(SITE % (mapping.parent.resolve(), mapping.stem))
        bus = json.loads(ask(program, "plan", site, "--json"))["buses"][0]
    count = sum(1 for request in bus["requests"] if request["every_ms"] is not None)
    return f"{count} requests, {bus['cycle_ms'] / 1000:.1f} s"


def row(program, mapping):
    manifest = yaml.load(ask(program, "blueprint", mapping), Loader=yaml.CSafeLoader)
    profiles = ", ".join(f"`{name}`" for name in manifest.get("implements", []))
    commands = [name for name in manifest.get("commands", {})
                if not (name.startswith("get_") and f"set_{name[4:]}" in manifest["commands"])]
    telemetry = {*manifest["telemetry"]} - {"conn_alerts"}
    cells = [f"`{mapping.stem}`", profiles or "none", len(telemetry), len(manifest.get("properties", {})),
             len(manifest.get("alerts", {})) - 2, ", ".join(f"`{name}`" for name in commands) or "none",
             refresh(program, mapping)]
    return "| " + " | ".join(map(str, cells)) + " |\n"


def findings(program, root, write):
    """What is wrong with the page; with `write` the table is brought up to date instead."""
    page = root / "mappings/README.md"
    text = page.read_text()
    maps = sorted((root / "mappings").glob("*.yaml"))
    wanted = f"<!-- table -->\n{HEAD}{''.join(row(program, path) for path in maps)}<!-- end of table -->"
    found = MARKS.search(text)
    rows = [name for cell in re.findall(r"^\| (`[a-z0-9_`, ]+`) \|", MARKS.sub("", text), re.M)
            for name in re.findall(r"[a-z0-9_]+", cell)]
    said = [f"{page}: `{path.stem}` has no row that says how well it is verified" for path in maps
            if path.stem not in rows]
    said += [f"{page}: there is no map {name}" for name in rows if name not in {path.stem for path in maps}]
    if not found:
        said.append(f"{page}: the marks of the table are gone")
    elif found.group(0) != wanted and write:
        page.write_text(MARKS.sub(lambda _: wanted, text))
    elif found.group(0) != wanted:
        said.append(f"{page}: the table of what the maps hold is not current: python3 tests/docs.py PROGRAM . --write")
    return said
