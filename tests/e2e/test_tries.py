# SPDX-License-Identifier: MIT
"""Kill -9 inside a try: on_failure runs once after the restart, before the try and after it never. The bridge is killed
by the recorder between it and the device, at the write that is named."""
import signal
import time

import pytest
from conftest import await_true
from recorder import Recorder

BEFORE, BEGIN, RATE, COMMIT, CANCEL, UNDONE, AFTER = range(100, 107)
MAP = """modbridge: map/1
modbus: {every: 200ms}
identify: {model: 7}
properties:
  model: {holding: 90, type: u16}
telemetry:
  before: {holding: 100, type: u16, access: rw}
  begin: {holding: 101, type: u16, access: rw}
  rate: {holding: 102, type: u16, access: rw}
  commit: {holding: 103, type: u16, access: rw}
  cancel: {holding: 104, type: u16, access: rw}
  undone: {holding: 105, type: u16, access: rw}
  after: {holding: 106, type: u16, access: rw}
commands:
  configure:
    arguments:
      wanted: {type: integer, min: 0, max: 65535, required: true}
      fails: {type: boolean, default: false}
    steps:
      - write: {before: 1}
      - try:
          - write: {begin: 1}
          - write: {rate: wanted}
          - require: not fails
          - write: {commit: 1}
        on_failure:
          - write: {cancel: 1}
          - write: {undone: wanted}
      - write: {after: 1}
    result: {rate: rate, undone: undone}
  set_after: {set: after}
simulation:
  values: {model: 7, before: 0, begin: 0, rate: 0, commit: 0, cancel: 0, undone: 0, after: 0}
"""
RESPONSES = "v1/from/HW/d/v1/command/responses"
RAN = "on_failure was run after the restart"


@pytest.fixture
def scene(world):
    (world.folder / "tried.yaml").write_text(MAP)
    world.start_broker()
    world.simulator, world.endpoint = world.simulate(world.folder / "tried.yaml")
    world.recorder = Recorder(world.endpoint)
    world.where = world.site({"d": f'map: tried, tcp: "{world.recorder.endpoint}"'})
    start(world)
    yield world
    world.recorder.close()


def start(world):
    since = len(world.mqtt.messages)
    world.bridge = world.run(world.where)
    world.mqtt.await_payload("v1/from/HW/d/v1/telemetry", lambda p: "rate" in p, since)


def kill_at(world, *addresses):
    """At the write that covers the address first; again at the next of them in the next life."""
    left = list(addresses)

    def look(write):
        if left and write["address"] == left[0]:
            left.pop(0)
            world.bridge.child.kill()

    world.recorder.on_write = look


def send(world, request_id="1", **arguments):
    world.mqtt.send("v1/to/HW/d/v1/command/requests",
                    {"id": request_id, "name": "configure", "arguments": {"wanted": 75, **arguments}})


def await_killed(world):
    await_true(lambda: world.bridge.child.poll() == -signal.SIGKILL, "the kill")


def writes(world):
    return [(w["address"], *w["words"]) for w in world.recorder.writes]


def finals(world, request_id="1"):
    return [p for p in world.mqtt.payloads(RESPONSES) if p["id"] == request_id and p["state"] != "log"]


def answered(world, request_id="1"):
    """The one final response, and what was written, also after one more start."""
    response, = await_true(lambda: finals(world, request_id), "the answer")
    assert response["state"] == "error" and "interrupted, outcome unknown" in response["payload"]["message"]
    time.sleep(0.5)  # more would be written now
    seen = writes(world)
    assert world.bridge.stop() == 0
    start(world)
    assert (writes(world), finals(world, request_id)) == (seen, [response]), "it has ended for good"
    return response["payload"]["message"], seen


def restart_after_kill_at(world, address):
    """The command is killed at its write to the address and the bridge started again; what was written until then."""
    kill_at(world, address)
    send(world)
    await_killed(world)
    before = writes(world)
    assert before[-1] == (address, 1)
    start(world)
    return before


@pytest.mark.parametrize("address", [BEGIN, COMMIT])
def test_inside_a_try_on_failure_runs_once(scene, address):
    before = restart_after_kill_at(scene, address)
    message, seen = answered(scene)
    assert seen == before + [(CANCEL, 1), (UNDONE, 75)], "with the argument it came with"
    assert f"{RAN}; the device now holds rate " in message and "undone 75" in message


@pytest.mark.parametrize("address", [BEFORE, AFTER])
def test_outside_a_try_nothing_runs(scene, address):
    before = restart_after_kill_at(scene, address)
    message, seen = answered(scene)
    assert seen == before and "on_failure" not in message


def test_on_failure_that_had_begun_is_not_run_twice(scene):
    kill_at(scene, CANCEL)
    send(scene, fails=True)
    await_killed(scene)
    before = writes(scene)
    assert before[-1] == (CANCEL, 1)
    start(scene)
    message, seen = answered(scene)
    assert seen == before and "on_failure had begun before and is not run twice" in message
    assert "command configure with id 1 was interrupted inside try: on_failure had begun before" in all_logs(scene)


def test_a_second_kill_while_it_is_undone(scene):
    kill_at(scene, RATE, CANCEL)
    send(scene)
    await_killed(scene)
    scene.bridge = scene.run(scene.where)
    await_killed(scene)
    before = writes(scene)
    assert before[-2:] == [(RATE, 75), (CANCEL, 1)]
    start(scene)
    message, seen = answered(scene)
    assert seen == before and "on_failure had begun before and is not run twice" in message


def all_logs(world):
    return "".join(p.read_text() for p in sorted(world.folder.glob("*-bridge.err")))


def test_a_map_that_has_changed_is_not_written_by(scene):
    kill_at(scene, RATE)
    send(scene)
    await_killed(scene)
    before = writes(scene)
    (scene.folder / "tried.yaml").write_text(MAP.replace("cancel: 1}", "cancel: 2}"))
    start(scene)
    message, seen = answered(scene)
    assert seen == before and "on_failure was not run: the map has changed" in message
    assert "the map has changed; look at what the device holds" in all_logs(scene)


def test_a_device_that_is_away_is_waited_for_over_a_stop(scene):
    kill_at(scene, RATE)
    send(scene)
    await_killed(scene)
    scene.simulator.stop()
    before = writes(scene)
    scene.bridge = scene.run(scene.where)
    await_true(lambda: "on_failure is run when the device answers" in scene.bridge.log(), "the line")
    assert scene.bridge.stop() == 0
    assert "on_failure is left to the next start" in scene.bridge.log()
    assert finals(scene) == [], "the answer is left with it"
    scene.simulator, _ = scene.simulate(scene.folder / "tried.yaml", listen=scene.endpoint)
    start(scene)
    message, seen = answered(scene)
    assert seen == before + [(CANCEL, 1), (UNDONE, 75)] and RAN in message


def test_another_device_is_not_written_to(scene):
    kill_at(scene, RATE)
    send(scene)
    await_killed(scene)
    scene.simulator.stop()
    before = writes(scene)
    (scene.folder / "other.yaml").write_text(MAP.replace("model: 7,", "model: 8,"))
    other, _ = scene.simulate(scene.folder / "other.yaml", listen=scene.endpoint)
    scene.bridge = scene.run(scene.where)
    await_true(lambda: "not the device of its map" in scene.bridge.log(), "it is noticed")
    time.sleep(0.5)
    assert writes(scene) == before and finals(scene) == []
    other.stop()
    scene.simulator, _ = scene.simulate(scene.folder / "tried.yaml", listen=scene.endpoint)
    message, seen = answered(scene)
    assert seen == before + [(CANCEL, 1), (UNDONE, 75)] and RAN in message


def test_the_next_command_comes_after_it(scene):
    kill_at(scene, RATE)
    send(scene)
    await_killed(scene)
    scene.simulator.stop()
    since = len(scene.mqtt.messages)
    scene.bridge = scene.run(scene.where)
    scene.mqtt.await_payload("v1/from/HW/d/v1/telemetry", since=since)  # behind which it hears commands
    scene.mqtt.send("v1/to/HW/d/v1/command/requests", {"id": "2", "name": "set_after", "arguments": {"after": 9}})
    scene.simulator, _ = scene.simulate(scene.folder / "tried.yaml", listen=scene.endpoint)
    response, = await_true(lambda: finals(scene, "2"), "the answer to the next one")
    assert response["state"] == "completed"
    assert writes(scene)[-3:] == [(CANCEL, 1), (UNDONE, 75), (AFTER, 9)]
    assert RAN in finals(scene)[0]["payload"]["message"]


def test_a_command_that_is_not_interrupted_leaves_nothing(scene):
    send(scene)
    assert await_true(lambda: finals(scene), "the answer")[0]["state"] == "completed"
    send(scene, "2", fails=True)
    response = await_true(lambda: finals(scene, "2"), "the answer")[0]
    assert response["state"] == "error" and response["payload"]["message"].endswith("; rolled back")
    scene.bridge.stop(signal.SIGKILL)
    before = writes(scene)
    start(scene)
    time.sleep(0.5)
    assert writes(scene) == before and "try" not in scene.bridge.log()
