# SPDX-License-Identifier: MIT
"""Kill -9 between the steps of a command. The instant is held open by the counterparts: a device that is slow to answer
one kind of request, a broker that is stopped. Nothing in the program knows of it."""
import os
import signal
import time

import pytest
from conftest import GOAL, IS_LONG, OTHER_GOAL, TOP
from e2e_world import await_true
from histories import DONE, EXECUTING, finals, record, telemetry, writes_of

long_only = pytest.mark.skipif(not IS_LONG, reason="part of the long form")
SLOW = "  - {{latency: 4s, requests: {kind}, addresses: {address}}}\n"  # in which this side sees it and kills


def begin(scene):
    scene.devices(1)
    scene.run()
    await_true(lambda: telemetry(scene.cloud.messages, "d0"), "telemetry")
    await_true(lambda: "connected" in scene.bridge.log(), "the link")


def after_kill(scene, command_id, must_answer=True):
    """Kills, heals the device, starts again: the outcomes of the command."""
    scene.bridge.stop(signal.SIGKILL)
    began = time.time()
    scene.fault("")
    scene.run()
    if must_answer:
        await_true(lambda: finals(scene.cloud.messages)[command_id], "the answer", 120)
    await_true(lambda: max(telemetry(scene.cloud.messages, "d0"), default=0) > began, "telemetry")
    time.sleep(0.5)  # a second answer, or a second write, would come now
    outcomes = finals(scene.cloud.messages)[command_id]
    return outcomes, writes_of(scene.recorders["d0"], scene.sent[command_id]["value"])


def written(scene, address):
    return await_true(lambda: [w for w in scene.recorders["d0"].writes if w["address"] == address], "the write")


@long_only
def test_before_the_record(scene):
    begin(scene)
    os.kill(scene.bridge.child.pid, signal.SIGSTOP)
    command_id = scene.send("put")
    time.sleep(0.3)  # the broker has sent it; the bridge has not read it
    outcomes, writes = after_kill(scene, command_id, must_answer=False)
    assert (outcomes, writes) == ([], (0, 0)), "nobody heard it"


def test_before_the_first_frame(scene):
    begin(scene)
    scene.fault(SLOW.format(kind="reads", address=TOP))  # the limit is read before anything is written
    command_id = scene.send("put")
    await_true(lambda: record(scene, command_id) == EXECUTING, "the record")
    (outcome,), writes = after_kill(scene, command_id)
    assert outcome[0] == "error" and "outcome unknown" in outcome[1]["message"] and writes == (0, 0), (outcome, writes)


@long_only
def test_command_that_waits_for_its_turn(scene):
    begin(scene)
    scene.fault(SLOW.format(kind="reads", address=TOP))
    scene.send("put")
    command_id = scene.send("put")
    await_true(lambda: record(scene, command_id) is not None, "the record")
    (outcome,), writes = after_kill(scene, command_id)
    assert outcome[0] == "error" and "nothing was written" in outcome[1]["message"] and writes == (0, 0)


@pytest.mark.parametrize("kind", ["writes", "reads"])
def test_after_the_first_frame(scene, kind):
    """The write is on its way or unanswered; or answered, and not read back yet."""
    begin(scene)
    scene.fault(SLOW.format(kind=kind, address=GOAL))
    command_id = scene.send("put_both")
    written(scene, GOAL)
    (outcome,), writes = after_kill(scene, command_id)
    value = scene.sent[command_id]["value"]
    assert outcome[0] == "error" and "outcome unknown" in outcome[1]["message"] and writes == (1, 0), (outcome, writes)
    assert f"goal {value}" in outcome[1]["message"], outcome


@long_only
def test_after_the_last_frame(scene):
    begin(scene)
    scene.fault(SLOW.format(kind="reads", address=OTHER_GOAL))
    command_id = scene.send("put_both")
    written(scene, OTHER_GOAL)
    (outcome,), writes = after_kill(scene, command_id)
    value = scene.sent[command_id]["value"]
    assert outcome[0] == "error" and writes == (1, 1), (outcome, writes)
    assert f"other_goal {value}" in outcome[1]["message"], outcome


def test_before_the_response_leaves(scene):
    begin(scene)
    scene.fault(SLOW.format(kind="writes", address=GOAL))
    command_id = scene.send("put")
    written(scene, GOAL)
    os.kill(scene.world.broker.child.pid, signal.SIGSTOP)
    try:
        await_true(lambda: record(scene, command_id) == DONE, "the response in the record")
        scene.bridge.stop(signal.SIGKILL)
    finally:
        os.kill(scene.world.broker.child.pid, signal.SIGCONT)
    outcomes, writes = after_kill(scene, command_id)
    assert {o[0] for o in outcomes} == {"completed"} and writes == (1, 0), (outcomes, writes)
    assert all(o == outcomes[0] for o in outcomes)
