# SPDX-License-Identifier: MIT
"""Memory runs out: an allocation fails, or all from there on, while the bridge loads, connects, polls or has a command."""
import contextlib
import mmap
import os
import pathlib
import signal
import struct
import subprocess
import time

import pytest
from conftest import pick
from e2e_world import await_true
from histories import Kept, check_command, copy_state, finals, telemetry

SOURCE = pathlib.Path(__file__).resolve().parents[1] / "support/no_memory.c"
WORDS = "modbridge: out of memory"
KEYS = {"timestamp", "level", "goal", "other_goal"}


class Memory:
    """What the preloaded library shares with us: calls so far, the one that fails, whether all do behind it."""

    def __init__(self, folder):
        self.library, self.path = folder / "no_memory.so", folder / "no_memory"
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", self.library, SOURCE], check=True)
        self.path.write_bytes(bytes(24))
        with open(self.path, "r+b") as file:
            self.words = mmap.mmap(file.fileno(), 24)

    def calls(self):
        return struct.unpack_from("Q", self.words, 0)[0]

    def fail(self, nth, lasts):
        """The nth allocation from now on fails."""
        struct.pack_into("Q", self.words, 16, lasts)
        struct.pack_into("Q", self.words, 8, self.calls() + nth)

    def begin(self):
        self.words[:] = bytes(24)

    def has_failed(self):
        fails_at = struct.unpack_from("Q", self.words, 8)[0]
        return 0 < fails_at <= self.calls()

    @contextlib.contextmanager
    def around(self):
        """What is started inside gets its memory from here."""
        os.environ.update(LD_PRELOAD=str(self.library), NO_MEMORY=str(self.path))
        try:
            yield
        finally:
            del os.environ["LD_PRELOAD"], os.environ["NO_MEMORY"]


@pytest.fixture
def memory(tmp_path):
    return Memory(tmp_path)


def start(scene, memory):
    with memory.around():
        return scene.run()


def check_end(scene, bridge, story):
    """It ended with the message."""
    code = bridge.child.wait(90)
    scene.world.started.remove(bridge)
    assert code == -signal.SIGABRT and WORDS in bridge.log(), f"{story}: ended with {code}: {bridge.log()}"


def await_failure(scene, bridge, memory, lasts, story):
    """The allocation fails; whether the bridge has ended by it. A single one may be lived with: it was only an optimisation."""
    await_true(lambda: memory.has_failed() or bridge.child.poll() is not None, story)
    with contextlib.suppress(subprocess.TimeoutExpired):
        bridge.child.wait(90 if lasts else 0.5)
    if bridge.child.poll() is None and not lasts:
        return False
    check_end(scene, bridge, story)
    return True


def test_while_it_starts(scene, memory):
    scene.devices(2)
    bridge = start(scene, memory)
    await_true(lambda: "connected" in bridge.log(), "a start with memory")
    calls = memory.calls()
    assert bridge.stop() == 0 and calls > 100
    nth = sorted(scene.chance.sample(range(1, calls), pick(8, 400)))
    ended = 0
    for at in nth:
        lasts = scene.chance.random() < 0.5
        story = f"allocation {at} of {calls}, {'and all behind it' if lasts else 'once'}"
        memory.begin()
        memory.fail(at, lasts)
        bridge = start(scene, memory)
        if await_failure(scene, bridge, memory, lasts, story):
            ended += 1
            continue
        await_true(lambda: "connected" in bridge.log() or bridge.child.poll() is not None, f"{story}: it goes on; {bridge.log()}")
        if bridge.child.poll() is not None:  # it took its time over it
            check_end(scene, bridge, story)
            ended += 1
            continue
        assert bridge.stop() == 0, bridge.log()
    assert ended, "nothing ended: the test proves nothing"
    print(f"{len(nth)} starts, {ended} ended for want of memory, {len(nth) - ended} did without")


def one_life(scene, memory, index):
    """Memory runs out in a state of chance; what the file held then."""
    state = scene.chance.choice(["polling", "connecting", "commanded"])
    memory.begin()
    bridge = start(scene, memory)
    if state == "connecting":
        scene.world.broker.stop()
        await_true(lambda: "started" in bridge.log() or bridge.child.poll() is not None, "a start")
    else:
        since = len(scene.cloud.messages)
        await_true(lambda: all(telemetry(scene.cloud.messages[since:], n) for n in scene.names), f"telemetry: {bridge.log()}")
    if state == "commanded":
        scene.send(scene.chance.choice(["put", "put_both", "put_or_undo"]))
        time.sleep(scene.chance.uniform(0, 0.5))
    lasts = scene.chance.random() < 0.7
    nth = int(10 ** scene.chance.uniform(0, 2.8))
    memory.fail(nth, lasts)
    story = f"life {index}, {state}: allocation {nth}{' and all behind it' if lasts else ''}"
    ended = await_failure(scene, bridge, memory, lasts, story)
    if not ended:
        time.sleep(1.5)
        ended = bridge.child.poll() is not None
        if ended:  # it took its time over it
            check_end(scene, bridge, story)
        else:
            bridge.stop(signal.SIGKILL)
    folder = scene.folder / f"after-{index}"
    copy_state(scene.folder / "state", folder)
    if state == "connecting":
        scene.start_broker()
        await_true(scene.cloud.client.is_connected, "the cloud")
    return ended, Kept(folder)


def test_while_it_runs(scene, memory):
    scene.devices(2)
    scene.fault("  - {latency: 20ms, jitter: 60ms, requests: writes}\n")
    lives = [one_life(scene, memory, i) for i in range(pick(6, 200))]
    scene.run()
    await_true(lambda: all(set(finals(scene.cloud.messages)) >= set(kept.commands) for _, kept in lives),
               "an answer to every command that was recorded", 120)
    await_true(lambda: all(kept.seconds[name] <= set(telemetry(scene.cloud.messages, name))
                           for _, kept in lives for name in scene.names), "what the outbox held", 120)
    last = scene.send("put")
    await_true(lambda: finals(scene.cloud.messages)[last], "the answer of the last life")
    assert scene.bridge.stop() == 0
    recorded = set().union(*(kept.commands for _, kept in lives))
    outcomes = finals(scene.cloud.messages)
    for command_id, sent in scene.sent.items():
        sent["may_be_lost"] = command_id not in recorded
        check_command(command_id, sent, outcomes[command_id], scene.recorders[sent["device"]])
    for topic, text in scene.cloud.messages:
        if topic.endswith("/telemetry") and '"level"' in text:
            assert all(f'"{key}"' in text for key in KEYS), f"a value is missing: {text}"
    ended = sum(e for e, _ in lives)
    assert ended, "nothing ended: the test proves nothing"
    print(f"{len(lives)} lives, {ended} ended for want of memory; {len(scene.sent)} commands")
