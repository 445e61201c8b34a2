# SPDX-License-Identifier: MIT
"""Power cuts: the state folder as it is at a random instant of writing, and a start from it."""
import signal
import time

from cloud import standing_still
from conftest import GOAL, pick
from e2e_world import await_true
from histories import EXECUTING, RECEIVED, Kept, copy_state, finals, telemetry


def cut(scene, index):
    """The files of one instant: the process stands still while they are copied."""
    time.sleep(scene.chance.uniform(0.05, 0.8))
    folder = scene.folder / f"cut-{index}"
    with standing_still(scene.bridge.child.pid):
        copy_state(scene.folder / "state", folder)
    return folder


def start_from(scene, folder):
    """A start from a copy: everything in it arrives, and what was under way is answered."""
    kept = Kept(folder)
    assert kept.integrity == "ok", f"{folder}: {kept.integrity}"
    since = len(scene.cloud.messages)
    bridge = scene.run(scene.site_with_state(folder))

    def arrived():
        return scene.cloud.messages[since:]

    await_true(lambda: "started" in bridge.log(), f"the start from {folder}")
    # What was acknowledged but not yet forgotten arrives again; that is allowed.
    await_true(lambda: bridge.child.poll() is None and all(kept.seconds[n] <= set(telemetry(arrived(), n))
               for n in scene.names), f"what {folder} holds; {bridge.log()}", 120)
    undone = {c: s for c, s in kept.commands.items() if s in (RECEIVED, EXECUTING)}
    await_true(lambda: set(undone) <= set(finals(arrived())), f"answers to {undone}", 120)
    for command_id, state in undone.items():
        (kind, payload), = finals(arrived())[command_id]
        words = "interrupted, outcome unknown" if state == EXECUTING else "nothing was written"
        assert kind == "error" and words in payload["message"], (command_id, payload)
    assert "set aside" not in bridge.log() and "damaged" not in bridge.log(), bridge.log()
    assert bridge.stop() == 0
    return kept, undone


def test_power_cuts(scene):
    scene.devices(2)
    scene.fault(f"  - {{latency: 800ms, jitter: 400ms, requests: writes, addresses: {GOAL}}}\n")
    scene.run()
    await_true(lambda: "connected" in scene.bridge.log() and all(telemetry(scene.cloud.messages, n) for n in scene.names),
               "telemetry")
    cuts = []
    for index in range(pick(6, 60)):
        if index == pick(3, 30):
            scene.world.broker.stop()  # from here on the outbox fills
        else:
            scene.send("put_both", "d1")
        cuts.append(cut(scene, index))
    scene.bridge.stop(signal.SIGKILL)
    scene.start_broker()
    await_true(scene.cloud.client.is_connected, "the cloud")
    results = [start_from(scene, folder) for folder in cuts]
    interrupted = sum(state == EXECUTING for _, undone in results for state in undone.values())
    rows = [sum(len(s) for s in kept.seconds.values()) for kept, _ in results]
    assert interrupted and max(rows) > 0, "the copies held nothing: the test proves nothing"
    print(f"{len(cuts)} cuts, all readable; up to {max(rows)} rows of telemetry in them, {interrupted} commands interrupted")
