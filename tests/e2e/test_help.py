# SPDX-License-Identifier: MIT
"""What the program says of its own use: help, usage errors, and completion in a real bash."""
import os
import re
import subprocess

import pytest
from conftest import MODBRIDGE, ROOT, modbridge

TARGET_OPTIONS = {"map", "tcp", "rtu", "rtu-over-tcp", "unit", "baud", "parity", "stop-bits"}
LINE_OPTIONS = TARGET_OPTIONS - {"map", "unit"}
USAGES = dict(re.findall(r"^  modbridge ([a-z]+) (.*)", modbridge("--help").stdout, re.M))


def complete(folder, *words):
    """What bash offers for the last of the words behind `modbridge`."""
    script = f"""source {ROOT}/bridge/cli/modbridge.bash
        COMP_WORDS=(modbridge "$@"); COMP_CWORD=$#; _modbridge; printf '%s\\n' "${{COMPREPLY[@]}}" """
    done = subprocess.run(["bash", "-c", script, "bash", *words], cwd=folder, capture_output=True, text=True, timeout=60,
                          env={"PATH": f"{os.path.dirname(MODBRIDGE)}:/usr/bin:/bin"})
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def test_help_names_every_subcommand():
    assert len(USAGES) >= 9
    assert modbridge("help").stdout == modbridge("--help").stdout
    assert modbridge("--version").stdout.startswith("modbridge ")


@pytest.mark.parametrize("name", USAGES)
def test_help_of_a_subcommand(name):
    result = modbridge(name, "--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(f"usage: modbridge {name} {USAGES[name]}\n")
    described = set(re.findall(r"^  --([a-z-]+) ", result.stdout, re.M))
    target = re.search(r"\bTARGET(-BUS)?", USAGES[name])
    expected = set(re.findall(r"--([a-z-]+)", USAGES[name])) | (
        set() if not target else LINE_OPTIONS if target[1] else TARGET_OPTIONS)
    assert described == expected
    assert modbridge(name, "anything", "--json", "--help").stdout == result.stdout, "help wins over everything else"


@pytest.mark.parametrize("argv,said", [
    (["raed"], "there is no command 'raed'; did you mean 'read'?"),
    ([], "usage:"),
    (["read", "--jsn"], "there is no option '--jsn' here; did you mean 'json'?"),
    (["check", "--raw"], "there is no option '--raw' here"),
    (["check"], "name the map and site files"),
    (["read", "--map", "x", "--unit", "256"], "--unit takes a number from 1 to 255, not '256'"),
    (["read", "--map"], "--map needs a value"),
    (["status", "--watch=yes"], "--watch takes no value"),
], ids=lambda v: "-".join(v) if isinstance(v, list) else "")
def test_wrong_usage(argv, said):
    result = modbridge(*argv)
    assert result.returncode == 2
    assert said in result.stderr and result.stdout == ""


def test_completion(tmp_path):
    (tmp_path / "plant.yaml").write_text("modbridge: site/1\nbuses:\n  cabinet: {rtu: p}\ndevices:\n  meter: {map: m}\n  battery: {map: b}\ncloud:\n  here: {}\n")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "maps").mkdir()
    assert {*complete(tmp_path, "")} == {*USAGES, "--help", "--version"}
    assert complete(tmp_path, "bl") == ["blueprint"]
    assert {*complete(tmp_path, "read", "")} == {"plant.yaml", "maps/"}
    assert {*complete(tmp_path, "read", "plant.yaml", "")} == {"meter", "battery"}
    assert complete(tmp_path, "read", "plant.yaml", "m") == ["meter"]
    assert complete(tmp_path, "scan", "plant.yaml", "") == ["cabinet"]
    assert {*complete(tmp_path, "scan", "--")} == {f"--{name}" for name in {*LINE_OPTIONS, "units", "timeout", "all", "json", "help"}}
    assert complete(tmp_path, "status", "--w") == ["--watch"]
    assert {*complete(tmp_path, "read", "--")} == {f"--{name}" for name in {*TARGET_OPTIONS, "raw", "json", "watch", "every", "record", "help"}}
    assert complete(tmp_path, "read", "--parity", "e") == ["even"]
    assert complete(tmp_path, "schema", "s") == ["site"]
    assert {*complete(tmp_path, "import", "")} == {"sunspec", "csv"}
    (tmp_path / "table.csv").write_text("")
    assert {*complete(tmp_path, "import", "csv", "")} == {"table.csv", "maps/"}
    assert complete(tmp_path, "import", "csv", "table.csv", "--addressing", "m") == ["modicon"]
    assert {*complete(tmp_path, "import", "sunspec", "")} == {"plant.yaml", "maps/"}
    assert complete(tmp_path, "import", "sunspec", "plant.yaml", "b") == ["battery"]
