# SPDX-License-Identifier: MIT
"""Docs that are true: every YAML example loads, every path and option named exists, every key is explained, the reference
and the man pages made from it are current, and so is the table of the shipped maps.

    docs.py PROGRAM ROOT [--write]     --write brings what is generated in docs/maps.md, docs/man and mappings up to date
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import library_table
import man_reference
import yaml

PROGRAM, ROOT = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "mappings/README.md"]
findings = []


def run(*argv, cwd=None):
    return subprocess.run([PROGRAM, *argv], capture_output=True, text=True, cwd=cwd, timeout=60)


def make_certificates(folder, text):
    """The files that tls: {...} of an example names: one certificate, which signs itself, serves as the CA too."""
    names = dict(re.findall(r"(ca|certificate|private_key): ([a-z.]+)", text)) if "tls:" in text else {}
    if not names:
        return
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                    "/CN=test", "-keyout", "key", "-out", "certificate"], cwd=folder, check=True, capture_output=True)
    for key, name in names.items():
        shutil.copy(folder / ("key" if key == "private_key" else "certificate"), folder / name)
        os.chmod(folder / name, 0o600)


def check_example(page, text):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        (path / "example.yaml").write_text(text)
        for name in re.findall(r"password_file: (\S+)", text):
            (path / name).write_text("secret\n")
            os.chmod(path / name, 0o600)
        make_certificates(path, text)
        (path / "maps").mkdir()
        result = run("check", "example.yaml", cwd=folder)
        if result.returncode or result.stdout:
            findings.append(f"{page}: an example is not clean:\n{result.stdout}{result.stderr}")


def check_inside(page, documents):
    """Site files that a Kubernetes ConfigMap carries; their secrets are mounted elsewhere."""
    for document in documents:
        carried = document.get("data", {}) if isinstance(document, dict) and document.get("kind") == "ConfigMap" else {}
        for text in carried.values():
            check_example(page, re.sub(r", username: \w+, password_file: [^},]*", "", text))


def check_examples(page):
    count = 0
    for text in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.S):
        count += 1
        try:
            check_inside(page, list(yaml.safe_load_all(text)))
        except yaml.YAMLError as error:
            findings.append(f"{page}: an example is no YAML: {error}")
        if text.startswith("modbridge:"):
            check_example(page, text)
        elif re.search(r"^modbridge:", text, re.M):
            findings.append(f"{page}: an example must begin with its modbridge: line, or it is not checked")
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


def usages(text, line, option):
    """What a subcommand is called with, by its name: the options in the line that shows how to call it."""
    return {name: set(re.findall(option, rest)) for name, rest in re.findall(line, text, re.M)}


def check_manual():
    page = "docs/man/modbridge.1"
    manual = (ROOT / page).read_text().replace("\\-", "-")
    rows = set(re.findall(r'\.name = "([a-z-]+)"', (ROOT / "bridge/cli/options.c").read_text()))
    program = usages(run("--help").stdout, r"^  modbridge ([a-z]+)(.*)", r"--([a-z-]+)")
    described = usages(manual, r"^\.It Ic ([a-z]+)(.*)", r"Fl -([a-z-]+)")
    if len(program) < 5 or len(rows) < 10:
        findings.append("docs.py does not find the subcommands or options any more")
    for name in program.keys() | described.keys():
        if program.get(name) != described.get(name):
            findings.append(f"{page}: {name}: the program has {program.get(name)}, the page {described.get(name)}")
    options = set(re.findall(r"Fl -([a-z-]+)", manual)) - {"help", "version"}
    for name in sorted(options ^ rows):
        findings.append(f"{page}: --{name} is " + ("not described" if name in rows else "no option"))


def words_of_code(*pages):
    """The words in code of some pages: in `spans`, fenced and indented blocks, and the generated reference."""
    text = "\n".join((ROOT / page).read_text() for page in pages)
    code = re.findall(r"```.*?```", text, re.S) + re.findall(r"`[^`\n]+`|^    .*", text, re.M)
    return set(re.findall(r"[a-z_0-9]+", "\n".join(code)))


def check_keys():
    """Every key that a table of bridge/config reads is explained where people look for it."""
    keys = {}
    for path in sorted((ROOT / "bridge/config").glob("*.c")):
        for name in re.findall(r'\{\s*\.name = "([a-z_0-9]+)"', path.read_text()):
            keys.setdefault(name, path.name)
    if len(keys) < 100:
        findings.append("docs.py does not find the field tables any more")
    explained = words_of_code("docs/maps.md", "docs/site.md", "docs/simulation.md")
    for name, path in sorted(keys.items()):
        if name not in explained and path != "profiles.c":  # files of profiles are the project's own
            findings.append(f"docs: the key {name} (bridge/config/{path}) is in no page")
    site = run("schema", "site", "--reference").stdout.split("### modbus")[0]  # from there on as in a map
    listed = re.findall(r"^\| `([a-z_0-9]+)` \|", site, re.M)
    if len(listed) < 20:
        findings.append("docs.py does not find the keys of a site any more")
    # The keys that are headings of the page need no row in its tables; any other needs more than to occur in an example.
    page = re.sub(r"```.*?```", "", (ROOT / "docs/site.md").read_text(), flags=re.S)
    explained = set(re.findall(r"[a-z_0-9]+", " ".join(re.findall(r"`[^`\n]+`", page))))
    for name in sorted(set(listed) - explained - {"modbridge", "buses", "devices"}):
        findings.append(f"docs/site.md: the key {name} is not explained")


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
check_keys()
check_reference()
findings += man_reference.findings(PROGRAM, ROOT, "--write" in sys.argv)
findings += library_table.findings(PROGRAM, ROOT, "--write" in sys.argv)
if examples < 5:
    findings.append("docs.py finds no examples any more")
print("\n".join(findings) if findings else f"docs are true: {len(PAGES)} pages, {examples} examples")
sys.exit(1 if findings else 0)
