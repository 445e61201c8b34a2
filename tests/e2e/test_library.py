# SPDX-License-Identifier: MIT
"""Every shipped map: checked, simulated from raw words, read, and compared with values worked out by hand."""
import json

import pytest
import yaml
from conftest import MAPPINGS, modbridge
from library import LIBRARY, Case

MAPS = sorted(MAPPINGS.glob("*.yaml"))
CASES = sorted(LIBRARY.glob("*/*/values.yaml"))


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
