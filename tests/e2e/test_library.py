# SPDX-License-Identifier: MIT
"""Every shipped map: checked, simulated from raw words, read, and compared with values worked out by hand; its commands
executed, and the writes they are made of compared with words worked out by hand."""
import json

import pytest
import yaml
from conftest import MAPPINGS, ROOT, modbridge
from recorder import Recorder

MAPS = sorted(MAPPINGS.glob("*.yaml"))
CASES = sorted((ROOT / "tests/maps/library").glob("*/*/values.yaml"))
COMMANDS = [(path, index) for path in sorted((ROOT / "tests/maps/library").glob("*/*/commands.yaml"))
            for index in range(len(yaml.safe_load(path.read_text())))]


class Case:
    """One folder: the device as values.yaml has it, of a site where there is a parameters.yaml or a modbus.yaml."""

    def __init__(self, world, folder):
        self.site = world.folder / "site.yaml"
        self.map = MAPPINGS / f"{folder.parent.name}.yaml"
        given = {key: folder / f"{key}.yaml" for key in ("parameters", "modbus")}
        self.keys = {key: yaml.safe_load(path.read_text()) for key, path in given.items() if path.exists()}
        # The endpoint that the site names first is where nobody listens: the simulator says where it does.
        device = self.target("127.0.0.1:1")[0] if self.keys else self.map
        _, self.endpoint = world.simulate(device, "--values", folder / "values.yaml")

    def target(self, endpoint):
        """How read and command are told what to talk to."""
        if not self.keys:
            return ["--map", self.map, "--tcp", endpoint]
        device = {"map": self.map.stem, "tcp": endpoint, **self.keys}
        self.site.write_text(yaml.safe_dump(
            {"modbridge": "site/1", "mappings": [str(MAPPINGS)], "devices": {"device": device}}, sort_keys=False))
        return [self.site, "device"]


@pytest.mark.parametrize("path", MAPS, ids=lambda p: p.stem)
def test_check_has_no_finding(path):
    result = modbridge("check", path)
    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize("path", MAPS, ids=lambda p: p.stem)
def test_map_has_cases(path):
    assert [c for c in CASES if c.parent.parent.name == path.stem], "a map without a case is not trusted"


@pytest.mark.parametrize("case", CASES, ids=lambda p: f"{p.parent.parent.name}/{p.parent.name}")
def test_words_become_values(world, case):
    expected = yaml.safe_load((case.parent / "expect.yaml").read_text())
    device = Case(world, case.parent)
    result = modbridge("read", *device.target(device.endpoint), "--json")
    assert result.returncode == 0, result.stderr
    seen = json.loads(result.stdout)
    published = dict(seen["values"], **seen["properties"])
    for key, value in {**expected.get("telemetry", {}), **expected.get("properties", {})}.items():
        assert published.get(key) == value, f"{key}: {published.get(key)!r} instead of {value!r}"
    assert sorted(seen["alerts"]) == sorted(expected.get("alerts", []))
    for key in expected.get("absent", []):
        assert key not in published, f"{key} is published as {published[key]!r}"


@pytest.mark.parametrize("path,index", COMMANDS, ids=lambda v: v if isinstance(v, int) else
                         f"{v.parent.parent.name}/{v.parent.name}")
def test_command_becomes_writes(world, path, index):
    case = yaml.safe_load(path.read_text())[index]
    device = Case(world, path.parent)
    recorder = Recorder(device.endpoint)
    arguments = [f"{key}={json.dumps(value)}" if not isinstance(value, str) else f"{key}={value}"
                 for key, value in case.get("arguments", {}).items()]
    result = modbridge("command", *device.target(recorder.endpoint), case["command"], *arguments, "--json")
    recorder.close()
    assert recorder.writes == case.get("writes", [])
    if "refused" in case:
        assert result.returncode == 1, result.stdout
        assert case["refused"] in result.stdout + result.stderr
        return
    assert result.returncode == 0, result.stdout + result.stderr
    response = json.loads(result.stdout)
    assert response["state"] == "completed"
    for key, value in case.get("result", {}).items():
        assert response["payload"].get(key) == value, response
