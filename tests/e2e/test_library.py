# SPDX-License-Identifier: MIT
"""Every shipped map: checked, simulated from raw words, read, and compared with values worked out by hand; its manifest
declares what was read."""
import json

import pytest
from conftest import MAPPINGS, modbridge
from library import LIBRARY, Case, load
from manifest import blueprint, check_published

MAPS = sorted(MAPPINGS.glob("*.yaml"))
CASES = sorted(LIBRARY.glob("*/*/values.yaml"))


def test_check_has_no_finding():
    result = modbridge("check", *MAPS)
    assert (result.returncode, result.stdout) == (0, "")


def test_maps_have_cases():
    assert {path.stem for path in MAPS} == {case.parent.parent.name for case in CASES}, "a map without a case is not trusted"


@pytest.mark.parametrize("case", CASES, ids=lambda p: f"{p.parent.parent.name}/{p.parent.name}")
def test_words_become_values(world, case):
    expected = load(case.parent / "expect.yaml")
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
    assert seen["values"], "nothing to compare with the manifest"
    check_published(blueprint(device.map), seen)
