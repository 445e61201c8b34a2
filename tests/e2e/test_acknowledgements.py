# SPDX-License-Identifier: MIT
"""What is acknowledged late, twice, for nothing or not at all, and what is delivered again: a command runs once, its answer is
the same each time, and leaves the disk when it is acknowledged."""
import contextlib
import json
import sqlite3

import pytest
from broker import HandBroker
from conftest import await_true
from recorder import Recorder

MAP = """modbridge: map/1
vendor: Test
model: Valve
telemetry:
  goal: {holding: 200, type: u16, access: rw}
commands:
  put: {set: goal, min: 0, max: 65535}
simulation:
  values: {goal: 0}
"""
RESPONSES = "v1/from/HW/valve/v1/command/responses"
REQUESTS = "v1/to/HW/valve/v1/command/requests"


def request(command_id, goal):
    return {"id": command_id, "name": "put", "arguments": {"goal": goal}}


def is_answer(topic, payload):
    return topic == RESPONSES and json.loads(payload)["state"] != "log"


class Scene:
    def __init__(self, world):
        self.world, self.broker = world, HandBroker()
        world.port = self.broker.port
        (world.folder / "valve.yaml").write_text(MAP)
        _, endpoint = world.simulate(world.folder / "valve.yaml")
        self.recorder = Recorder(endpoint)
        self.bridge = world.run(world.site({"valve": f"map: valve, tcp: '{self.recorder.endpoint}'"}))
        self.await_subscribed()

    def close(self):
        self.broker.close()
        self.recorder.close()

    def await_subscribed(self):
        await_true(lambda: self.broker.subscribed, "a subscription", 60)

    def answers(self, command_id):
        """[(number of the connection, payload)] of the final responses to a command."""
        return [(number, text) for number, topic, text in list(self.broker.published)
                if is_answer(topic, text) and json.loads(text)["id"] == command_id]

    def await_answers(self, command_id, count):
        await_true(lambda: len(self.answers(command_id)) >= count, f"answer {count} to {command_id}", 60)
        return self.answers(command_id)

    def writes(self, goal):
        return sum(write["words"] == [goal] for write in self.recorder.writes)

    def assert_nothing_is_left(self):
        assert self.bridge.stop() == 0
        with contextlib.closing(sqlite3.connect(self.world.folder / "state/modbridge.db")) as store:
            assert store.execute("SELECT count(*) FROM responses").fetchone() == (0,)


@pytest.fixture
def scene(world):
    here = Scene(world)
    yield here
    here.close()


def same(answers):
    """They are one answer: each word of it, the time apart at which it was sent."""
    return len({text for _, text in answers}) == 1


def test_the_link_breaks_between_an_answer_and_its_acknowledgement(scene):
    broker = scene.broker
    broker.on_publish = lambda topic, payload: None if is_answer(topic, payload) and len(scene.answers("c")) == 1 else 1
    broker.deliver(REQUESTS, request("c", 7))
    scene.await_answers("c", 1)
    # It is sent again by itself over the next connection, and so is the request by the broker.
    answers = scene.await_answers("c", 2)
    assert {number for number, _ in answers} == {1, 2} and same(answers), answers
    scene.await_subscribed()
    mid = broker.deliver(REQUESTS, request("c", 7), again=True)
    await_true(lambda: mid in broker.taken, "the request to be acknowledged")
    answers = scene.await_answers("c", 3)
    assert same(answers) and json.loads(answers[0][1])["state"] == "completed", answers
    assert scene.writes(7) == 1, scene.recorder.writes
    scene.assert_nothing_is_left()


def test_acknowledgements_that_are_late_twice_and_for_nothing(scene):
    broker, held = scene.broker, []
    broker.on_publish = lambda topic, payload: 0 if topic == RESPONSES and not held else 2
    first = broker.deliver(REQUESTS, request("late", 1))
    scene.await_answers("late", 1)
    # The broker delivers the request again before it acknowledges the answer to it.
    again = broker.deliver(REQUESTS, request("late", 1), again=True)
    await_true(lambda: {first, again} <= set(broker.taken), "both to be acknowledged")
    held.append(True)
    for mid in range(1, 200):  # everything under way, twice or for nothing
        broker.acknowledge(mid)
    broker.deliver(REQUESTS, request("next", 2))
    assert json.loads(scene.await_answers("next", 1)[0][1])["state"] == "completed"
    broker.deliver(REQUESTS, request("late", 3))
    await_true(lambda: any(json.loads(text)["state"] == "error" for _, text in scene.answers("late")), "a refusal")
    assert same([(n, text) for n, text in scene.answers("late") if json.loads(text)["state"] != "error"])
    assert (scene.writes(1), scene.writes(2), scene.writes(3)) == (1, 1, 0), scene.recorder.writes
    assert broker.connections == 1, "none of it is a reason for another connection"
    scene.assert_nothing_is_left()
