# SPDX-License-Identifier: MIT
"""The disk of the state folder is full, or refuses to write, during telemetry and commands."""
import contextlib
import json
import os
import resource
import signal
import subprocess
import time

import pytest
from conftest import GOAL, pick
from e2e_world import await_true
from histories import DONE, check_command, finals, missing, record, telemetry


@contextlib.contextmanager
def small_disk(path, size):
    path.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)], capture_output=True,
                             text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"needs the right to mount: {mounted.stderr.strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def lines_of(scene, text):
    return [x for x in scene.bridge.log().splitlines() if text in x]


def go_on(scene, seconds):
    """Telemetry of every second, and commands that are carried out, while the disk is in trouble."""
    began = time.time()
    ids = []
    while time.time() < began + seconds:
        ids.append(scene.send("put"))
        await_true(lambda: finals(scene.cloud.messages)[ids[-1]], "the answer")
        time.sleep(0.2)
    for name in scene.names:
        await_true(lambda: not missing(telemetry(scene.cloud.messages, name), began, time.time() - 3), f"live {name}")
    return ids


def check(scene, ids, wanted):
    outcomes = finals(scene.cloud.messages)
    for command_id in ids:
        check_command(command_id, scene.sent[command_id], outcomes[command_id],
                      scene.recorders[scene.sent[command_id]["device"]])
        assert outcomes[command_id][0][0] == wanted, outcomes[command_id]


def ask_again(scene, command_id):
    """The same request with the same id."""
    sent = scene.sent[command_id]
    request = {"id": command_id, "name": sent["name"], "arguments": {"goal": sent["value"]}}
    scene.cloud.client.publish(f"v1/to/HW/{sent['device']}/v1/command/requests", json.dumps(request), qos=1)


def test_full_disk(scene):
    with small_disk(scene.folder / "state", "6m") as state:
        scene.devices(2)
        scene.run()
        await_true(lambda: all(telemetry(scene.cloud.messages, n) for n in scene.names), "telemetry")
        ballast = state / "ballast"
        with open(ballast, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(bytes(4096)):
                pass
        await_true(lambda: lines_of(scene, "is full"), "the line")
        ids = go_on(scene, pick(4, 60))
        check(scene, ids, "completed")
        scene.bridge.stop(signal.SIGKILL)  # the journal was written to the reserve all the same
        before = len(scene.hearings())
        scene.run()
        scene.await_hearing(before)
        again = ids[-1]
        since = len(scene.cloud.messages)
        ask_again(scene, again)
        await_true(lambda: finals(scene.cloud.messages[since:])[again], "the stored answer")
        check(scene, ids, "completed")
        assert len(lines_of(scene, "is full")) <= 1, "one line a change of state"
        ballast.unlink()
        await_true(lambda: not lines_of(scene, "is full") or lines_of(scene, "takes data again"), "the recovery", 120)
        check(scene, go_on(scene, 1), "completed")
        assert scene.bridge.stop() == 0


def test_disk_that_refuses_to_write(scene):
    scene.devices(2)
    scene.run()
    await_true(lambda: all(telemetry(scene.cloud.messages, n) for n in scene.names), "telemetry")
    process = scene.bridge.child.pid
    # Every write beyond the first bytes of a file fails from now on, as on a disk that is broken; the log too.
    log = scene.bridge.log()
    resource.prlimit(process, resource.RLIMIT_FSIZE, (len(log) + 4096, resource.RLIM_INFINITY))
    await_true(lambda: lines_of(scene, "refuses to write") or scene.bridge.child.poll() is not None, "the line")
    ids = go_on(scene, pick(3, 60))
    assert scene.bridge.child.poll() is None, "it goes on"
    check(scene, ids, "error")
    assert all("cannot be recorded" in finals(scene.cloud.messages)[i][0][1]["message"] for i in ids)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await_true(lambda: lines_of(scene, "takes data again"), "the recovery", 120)
    assert len(lines_of(scene, "refuses to write")) == 1, "one line a change of state"
    check(scene, go_on(scene, 1), "completed")
    assert scene.bridge.stop() == 0 and os.path.exists(scene.folder / "state/modbridge.db")


def test_final_response_that_the_disk_does_not_take(scene):
    """It leaves all the same, and is recorded when the disk is well: it stays the only one."""
    scene.devices(1)
    scene.run()
    await_true(lambda: telemetry(scene.cloud.messages, "d0"), "telemetry")
    scene.fault("  - {latency: 1500ms, requests: writes}\n")
    command_id = scene.send("put")
    await_true(lambda: any(w["address"] == GOAL for w in scene.recorders["d0"].writes), "the write")
    process = scene.bridge.child.pid
    resource.prlimit(process, resource.RLIMIT_FSIZE, (len(scene.bridge.log()) + 4096, resource.RLIM_INFINITY))
    await_true(lambda: finals(scene.cloud.messages)[command_id], "the answer")
    await_true(lambda: lines_of(scene, "refuses to write"), "the disk did not take it")
    scene.fault("")
    ask_again(scene, command_id)
    await_true(lambda: len(finals(scene.cloud.messages)[command_id]) == 2, "the same answer again")
    resource.prlimit(process, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await_true(lambda: lines_of(scene, "takes data again"), "the recovery", 120)
    await_true(lambda: record(scene, command_id) == DONE, "the record")
    scene.bridge.stop(signal.SIGKILL)
    began = time.time()
    scene.run()
    await_true(lambda: max(telemetry(scene.cloud.messages, "d0")) > began, "telemetry of the next life")
    check(scene, [command_id], "completed")
    assert scene.bridge.stop() == 0
