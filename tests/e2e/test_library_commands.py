# SPDX-License-Identifier: MIT
"""The commands of every shipped map: executed, and the writes they are made of compared with words worked out by hand."""
import json

import pytest
from conftest import modbridge
from library import LIBRARY, Case, load
from recorder import Recorder

COMMANDS = [(path, index) for path in sorted(LIBRARY.glob("*/*/commands.yaml"))
            for index in range(len(load(path)))]


@pytest.mark.parametrize("path,index", COMMANDS, ids=lambda v: v if isinstance(v, int) else
                         f"{v.parent.parent.name}/{v.parent.name}")
def test_command_becomes_writes(world, path, index):
    case = load(path)[index]
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
