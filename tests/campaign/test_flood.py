# SPDX-License-Identifier: MIT
"""A thousand command requests a second, valid and not: polling goes on, memory stays, what is refused is answered."""
import json
import os
import pathlib
import time

from conftest import pick
from e2e_world import await_true
from histories import check_command, finals, missing, telemetry

RATE = 1000
MEMORY_KB = 64 * 1024  # the address sanitizer's quarantine is kept small below


def resident_kb(process):
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def flood(scene, seconds):
    """Requests at the rate, as far as this side gets them out; returns the ids of those that can be answered."""
    refused = []
    began = time.monotonic()
    for i in range(int(RATE * seconds)):
        topic = f"v1/to/HW/{scene.names[i % 2]}/v1/command/requests"
        kind = i % 4
        if kind == 0:
            scene.send("put", scene.names[i % 2])
        elif kind == 1:
            refused.append(f"r{i}")
            scene.cloud.client.publish(topic, json.dumps({"id": refused[-1], "name": "no_such"}), qos=1)
        elif kind == 2:
            refused.append(f"r{i}")
            request = {"id": refused[-1], "name": "put", "arguments": {"goal": "x" * 100}}
            scene.cloud.client.publish(topic, json.dumps(request), qos=1)
        else:
            scene.cloud.client.publish(topic, "{" * (i % 5000), qos=1)
        ahead = began + i / RATE - time.monotonic()
        if ahead > 0.01:
            time.sleep(ahead)
    return refused


def test_flood(scene, monkeypatch):
    monkeypatch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4")
    scene.devices(2)
    scene.run()
    await_true(lambda: all(telemetry(scene.cloud.messages, n) for n in scene.names), "telemetry")
    process = scene.bridge.child.pid
    before = resident_kb(process)
    began = time.time()
    refused = flood(scene, pick(3, 60))
    sending = time.time() - began
    peak = resident_kb(process)
    last = scene.send("put", "d0")

    def answers():
        return finals(scene.cloud.messages)

    await_true(lambda: last in answers() or "some get no answer" in scene.bridge.log(), "the last answer", 120)
    time.sleep(2)
    calm = scene.send("put", "d0")
    await_true(lambda: calm in answers(), "an answer after the flood", 120)
    until = time.time()
    for name in scene.names:
        await_true(lambda: not missing(telemetry(scene.cloud.messages, name), began, until - 3), "telemetry throughout", 120)
    peak = max(peak, resident_kb(process))
    found = answers()
    for command_id, sent in scene.sent.items():
        sent["may_be_lost"] = "some get no answer" in scene.bridge.log()
        check_command(command_id, sent, found[command_id], scene.recorders[sent["device"]])
    unanswered = [r for r in refused if not found[r]]
    assert not unanswered or "some get no answer" in scene.bridge.log(), f"{len(unanswered)} were refused in silence"
    assert scene.bridge.log().count("some get no answer") <= 20, "it is said, not shouted"
    assert peak - before < MEMORY_KB, f"{before} kB became {peak} kB"
    done = sum(found[c][:1] != [] and found[c][0][0] == "completed" for c in scene.sent)
    print(f"{RATE * pick(3, 60)} requests in {sending:.1f} s: {done} of {len(scene.sent)} carried out, the others busy; "
          f"{len(unanswered)} of {len(refused)} refused without an answer; resident {before} -> {peak} kB")
    scene.recorders["d0"].close()
