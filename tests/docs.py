# SPDX-License-Identifier: MIT
"""Docs that are true: every YAML example loads, every path and option named exists, the reference is current.

    docs.py PROGRAM ROOT [--write]     --write brings the generated reference in docs/maps.md up to date
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

PROGRAM, ROOT = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "mappings/README.md"]
findings = []


def run(*argv, cwd=None):
    return subprocess.run([PROGRAM, *argv], capture_output=True, text=True, cwd=cwd, timeout=60)


def check_example(page, text):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        (path / "example.yaml").write_text(text)
        for name in re.findall(r"password_file: (\S+)", text):
            (path / name).write_text("secret\n")
            os.chmod(path / name, 0o600)
        (path / "maps").mkdir()
        result = run("check", "example.yaml", cwd=folder)
        if result.returncode or result.stdout:
            findings.append(f"{page}: an example is not clean:\n{result.stdout}{result.stderr}")


def check_examples(page):
    count = 0
    for text in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.S):
        count += 1
        try:
            yaml.safe_load(text)
        except yaml.YAMLError as error:
            findings.append(f"{page}: an example is no YAML: {error}")
        if text.startswith("modbridge:"):
            check_example(page, text)
    return count


def check_paths(page):
    """bus/agenda in the architecture is bridge/bus/agenda.c, .h or a folder; links lead somewhere."""
    rooms = {p.name for p in (ROOT / "bridge").iterdir() if p.is_dir()}
    for name in re.findall(r"`([a-z]+/[a-z_]+)`", page.read_text()):
        base = ROOT / "bridge" / name
        if name.split("/")[0] in rooms and not any(base.with_suffix(s).exists() for s in (".c", ".h")):
            findings.append(f"{page}: there is no bridge/{name}")
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        if not (page.parent / target).exists():
            findings.append(f"{page}: the link to {target} leads nowhere")


def check_manual():
    manual = (ROOT / "docs/man/modbridge.1").read_text().replace("\\-", "-")
    program = run("--help").stdout
    rows = re.findall(r'\{"([a-z-]+)", OPTION_', (ROOT / "bridge/cli/options.c").read_text())
    names = re.findall(r"^  modbridge ([a-z]+)", program, re.M)
    if len(names) < 5 or len(rows) < 10:
        findings.append("docs.py does not find the subcommands or options any more")
    for name in names:
        if not re.search(rf"^\.(Ic|It Ic|Cm|It Cm|SS) {name}\b", manual, re.M):
            findings.append(f"docs/man/modbridge.1 does not describe the command {name}")
    for row in rows:
        if f"Fl -{row}" not in manual and f"--{row}" not in manual:
            findings.append(f"docs/man/modbridge.1 does not describe --{row}")
    for option in re.findall(r"Fl -([a-z-]+)", manual):
        if option not in rows and option not in ("help", "version"):
            findings.append(f"docs/man/modbridge.1 describes --{option}, which does not exist")


def check_reference():
    page = ROOT / "docs/maps.md"
    wanted = f"<!-- reference -->\n{run('schema', 'map', '--reference').stdout}<!-- end of reference -->"
    text = page.read_text()
    pattern = re.compile(r"<!-- reference -->\n.*?<!-- end of reference -->", re.S)
    if not pattern.search(text):
        findings.append(f"{page}: the marks of the reference are gone")
    elif pattern.search(text).group(0) != wanted:
        if "--write" in sys.argv:
            page.write_text(pattern.sub(lambda _: wanted, text))
        else:
            findings.append(f"{page}: the reference is not current: python3 tests/docs.py PROGRAM . --write")


examples = sum(check_examples(page) for page in PAGES)
for page in PAGES:
    check_paths(page)
check_manual()
check_reference()
if examples < 5:
    findings.append("docs.py finds no examples any more")
print("\n".join(findings) if findings else f"docs are true: {len(PAGES)} pages, {examples} examples")
sys.exit(1 if findings else 0)
