# SPDX-License-Identifier: MIT
"""What `modbridge check` prints for programs and on a terminal."""
import json
import os
import pty
import re
import subprocess

import jsonschema
from conftest import MODBRIDGE

SHAPE = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "file": {"type": "string", "minLength": 1},
            "line": {"type": "integer", "minimum": 1},
            "column": {"type": "integer", "minimum": 1},
            "severity": {"enum": ["error", "warning"]},
            "text": {"type": "string", "minLength": 1},
        },
        "required": ["file", "line", "column", "severity", "text"],
        "additionalProperties": False,
    },
}

FAULTY = """\
modbridge: map/1
telemetry:
  größe: {holding: 1, type: u16}
  a: {display_name: "µ µ",\tholding: 2, type: u17}
  "b\\e[31m": {holding: 3, type: u16}
registers:
  unused_one: {holding: 4, type: u16, display_name: "\\"quoted\\" \\\\ ü"}
  c: {holding: 5, type: u32, range: [-2, -1]}
"""


def check(folder, *arguments, **options):
    return subprocess.run([MODBRIDGE, "check", *arguments], cwd=folder, capture_output=True, text=True, timeout=60,
                          **options)


def on_terminal(folder, *arguments, **environment):
    """The output and the exit code with a terminal as standard output."""
    master, slave = pty.openpty()
    keep = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    child = subprocess.Popen([MODBRIDGE, "check", *arguments], cwd=folder, stdout=slave, env={**keep, **environment})
    os.close(slave)
    pieces = []
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # its other end is closed
            piece = b""
        if not piece:
            break
        pieces.append(piece)
    os.close(master)
    return b"".join(pieces).decode().replace("\r\n", "\n"), child.wait(60)


def test_json_is_what_the_documentation_says(tmp_path):
    (tmp_path / "faulty.yaml").write_text(FAULTY)
    (tmp_path / "good.yaml").write_text("modbridge: map/1\ntelemetry: {a: {holding: 1, type: u16}}\n")
    (tmp_path / "site.yaml").write_text("modbridge: site/1\ndevices: {x: {map: nowhere, tcp: 127.0.0.1}}\n")
    result = check(tmp_path, "--json", "faulty.yaml", "good.yaml", "site.yaml")
    findings = json.loads(result.stdout)
    jsonschema.validate(findings, SHAPE)
    assert result.returncode == 3 and result.stderr == ""
    assert {f["file"] for f in findings} == {"faulty.yaml", "site.yaml"}
    lines = check(tmp_path, "faulty.yaml", "good.yaml", "site.yaml").stdout.splitlines()
    assert lines == ["{file}:{line}:{column}: {severity}: {text}".format(**f) for f in findings]
    assert json.loads(check(tmp_path, "--json", "good.yaml").stdout) == []
    assert check(tmp_path, "--json", "good.yaml").returncode == 0


def test_errors_and_warnings_of_all_files_in_one_run(tmp_path):
    (tmp_path / "faulty.yaml").write_text(FAULTY)
    findings = json.loads(check(tmp_path, "--json", "faulty.yaml").stdout)
    assert [(f["line"], f["severity"]) for f in findings] == [
        (3, "error"), (4, "error"), (5, "error"), (8, "warning")]
    assert "\033" not in json.dumps(findings, ensure_ascii=False), "what a file holds does not steer a terminal"


def test_the_caret_stands_under_the_place(tmp_path):
    (tmp_path / "faulty.yaml").write_text(FAULTY)
    text, code = on_terminal(tmp_path, "faulty.yaml", NO_COLOR="1")
    assert code == 3 and "\033" not in text
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("faulty.yaml:4:"))
    column = int(lines[at].split(":")[2])
    assert lines[at + 1] == f"{4:7} | {FAULTY.splitlines()[3]}"
    caret = lines[at + 2]
    assert caret.startswith(" " * 8 + "| ") and caret.endswith("^")
    source = FAULTY.splitlines()[3]
    assert source[column - 1:].startswith("u17")
    assert caret[10:-1] == re.sub(r"[^\t]", " ", source[:column - 1]), "as wide as what stands above, tabs included"


def test_colour_on_a_terminal_and_nowhere_else(tmp_path):
    (tmp_path / "faulty.yaml").write_text(FAULTY)
    coloured, code = on_terminal(tmp_path, "faulty.yaml")
    plain, _ = on_terminal(tmp_path, "faulty.yaml", NO_COLOR="1")
    assert code == 3 and "\033[1;31merror:\033[0m" in coloured and "\033[1;35mwarning:\033[0m" in coloured
    assert re.sub(r"\033\[[0-9;]*m", "", coloured) == plain
    assert on_terminal(tmp_path, "faulty.yaml", NO_COLOR="")[0] == coloured, "an empty NO_COLOR refuses nothing"
    piped = check(tmp_path, "faulty.yaml").stdout
    assert "\033" not in piped and " | " not in piped
    assert json.loads(on_terminal(tmp_path, "--json", "faulty.yaml")[0]), "JSON is JSON on a terminal too"


def test_the_name_of_a_map_misspelt(tmp_path):
    (tmp_path / "my_meter.yaml").write_text("modbridge: map/1\ntelemetry: {a: {holding: 1, type: u16}}\n")
    for written, meant in (("eastron_sdm12", "eastron_sdm120"), ("my_metre", "my_meter")):
        result = check(tmp_path, written)
        assert result.returncode == 3 and f"cannot be read: No such file or directory; did you mean '{meant}'?" in result.stdout
    assert "did you mean" not in check(tmp_path, "./my_metre").stdout
