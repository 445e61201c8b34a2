# SPDX-License-Identifier: MIT
"""Kill -9 at random instants, during telemetry and commands."""
import random
import re
import signal
import threading
import time

from conftest import pick
from e2e_world import await_true
from histories import Kept, check_command, copy_state, finals, missing, repeated, telemetry

PROMISE_S = 3  # the second itself, the commit that all devices share, and what a loaded machine takes
RECORDING_S = 2.0  # what was delivered earlier than this before a kill is recorded


class Sender(threading.Thread):
    """Commands all the time, each remembered with the moment it was sent."""

    def __init__(self, scene, seed):
        super().__init__(daemon=True)
        self.scene, self.chance, self.ended = scene, random.Random(seed), threading.Event()

    def run(self):
        while not self.ended.wait(self.chance.uniform(0.02, 0.25)):
            began = time.time()
            command_id = self.scene.send(self.chance.choice(["put", "put_both", "put_or_undo"]))
            self.scene.sent[command_id]["at"] = began


def life(scene, index):
    """One life of the bridge: (start, kill, what its file held then)."""
    before = len(scene.hearings())
    began = time.time()
    bridge = scene.run()
    time.sleep(scene.chance.uniform(0, 5))
    assert bridge.child.poll() is None, f"life {index} ended by itself:\n{bridge.log()}"
    bridge.stop(signal.SIGKILL)
    killed = time.time()
    hearings = scene.hearings()[before:]
    if len(hearings) >= len(scene.names):
        scene.heard_from[killed] = hearings[len(scene.names) - 1] + 1
    copy_state(scene.folder / "state", scene.folder / f"after-{index}")
    assert "set aside" not in bridge.log(), bridge.log()
    return began, killed, Kept(scene.folder / f"after-{index}")


def finish(scene, lives):
    """The last life: everything that was kept arrives, everything that was recorded is answered."""
    began = time.time()
    scene.run()
    await_true(lambda: all(max(telemetry(scene.cloud.messages, n), default=0) >= began for n in scene.names), "telemetry")
    await_true(lambda: all(set(finals(scene.cloud.messages)) >= set(kept.commands) for *_, kept in lives),
               "an answer to every command that was recorded", 120)
    await_true(lambda: all(kept.seconds[name] <= set(telemetry(scene.cloud.messages, name))
                           for *_, kept in lives for name in scene.names), "what the outbox held", 120)
    sentinel = [scene.send("put", name) for name in scene.names]
    await_true(lambda: all(c in finals(scene.cloud.messages) for c in sentinel), "answers of the last life")
    assert all(finals(scene.cloud.messages)[c][0][0] == "completed" for c in sentinel)
    assert scene.bridge.stop() == 0


def check_telemetry(scene, lives):
    kills = [killed for _, killed, _ in lives]
    twice = 0
    for name in scene.names:
        seconds = telemetry(scene.cloud.messages, name)
        for began, killed, _ in lives:
            mine = [s for s in seconds if began <= s < killed]
            if mine:
                assert not missing(mine, min(mine), killed - PROMISE_S), (name, began, killed, sorted(set(mine)))
            else:
                read_from = scene.heard_from.get(killed, killed)
                assert killed - read_from < PROMISE_S + 3, f"a life left nothing {killed - read_from:.1f} s after it was there"
        again = repeated(seconds)
        twice += len(again)
        assert all(any(k - PROMISE_S <= s <= k for k in kills) for s in again), f"{name}: {again} twice, kills {kills}"
    return twice


def check_commands(scene, lives):
    outcomes = finals(scene.cloud.messages)
    heard = [(scene.heard_from.get(killed, killed), killed - RECORDING_S) for _, killed, _ in lives]
    lost = 0
    recorded = set().union(*(kept.commands for *_, kept in lives))
    for command_id, sent in scene.sent.items():
        # No bridge was there to hear it, or it had no time to record it.
        at = sent.get("at")
        is_heard = at is None or any(begin < at < end for begin, end in heard)
        sent["may_be_lost"] = not is_heard and command_id not in recorded
        lost += not outcomes[command_id]
        check_command(command_id, sent, outcomes[command_id], scene.recorders[sent["device"]])
    return lost


def check_delivered(scene):
    """What the bridges acknowledged to the broker and never answered: lost between the library and the disk."""
    log = "".join(p.read_text() for p in sorted(scene.folder.glob("*-broker.err")))
    acknowledged = len(re.findall(r"Received PUBACK from (?!cloud )\S+ ", log))
    unanswered = acknowledged - sum(1 for c in scene.sent if finals(scene.cloud.messages)[c])
    return acknowledged, unanswered


def test_kills(scene):
    scene.heard_from = {}  # by the kill of a life: from when it heard commands, by the broker's whole seconds
    scene.devices(2)
    scene.fault("  - {latency: 20ms, jitter: 60ms, requests: writes}\n")  # of one device: commands that last
    sender = Sender(scene, scene.chance.random())
    sender.start()
    lives = [life(scene, i) for i in range(pick(6, 50))]
    sender.ended.set()
    sender.join()
    finish(scene, lives)
    twice = check_telemetry(scene, lives)
    lost = check_commands(scene, lives)
    acknowledged, unanswered = check_delivered(scene)
    assert unanswered <= len(lives), "more than one command a kill was taken and never answered"
    unknown = sum("outcome unknown" in str(o) for o in finals(scene.cloud.messages).values())
    undone = sum("on_failure" in str(o) for o in finals(scene.cloud.messages).values())
    print(f"{len(lives)} kills, {len(scene.sent)} commands: {acknowledged} acknowledged, {lost} never answered, "
          f"of those {unanswered} acknowledged; {unknown} interrupted, {undone} inside a try; "
          f"{twice} messages of telemetry twice")
