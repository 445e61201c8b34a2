# SPDX-License-Identifier: MIT
"""The blueprint manifest of a map, and whether what a device says is declared in it."""
import functools

import yaml
from conftest import modbridge

TYPES = {
    "integer": lambda v: type(v) is int,
    "float": lambda v: type(v) in (int, float),
    "boolean": lambda v: type(v) is bool,
    "string": lambda v: type(v) is str,
}


@functools.cache
def blueprint(*argv):
    """What `modbridge blueprint` prints for these arguments; the same file is asked about once."""
    result = modbridge("blueprint", *argv)
    assert (result.returncode, result.stderr) == (0, "")
    return yaml.load(result.stdout, Loader=yaml.CSafeLoader)


def check_published(manifest, seen):
    """Every key is declared, with a type and texts that the value keeps to."""
    for section, values in (("telemetry", seen["values"]), ("properties", seen["properties"])):
        for key, value in values.items():
            row = manifest[section][key]
            assert TYPES[row["type"]](value), f"{key}: {value!r} is no {row['type']}"
            assert "enum" not in row or value in row["enum"], f"{key}: {value!r} is not in {list(row['enum'])}"
    assert {*seen["alerts"]} <= {*manifest["alerts"]}
