# SPDX-License-Identifier: MIT
"""What is kept on disk of a device - an open try, a hold, what it refuses, wear - counts when it comes in by a reload, as
when the program starts with it."""
import json
import signal

import pytest
from conftest import await_true, modbridge
from recorder import Recorder

BEGIN, RATE, CANCEL, POWER = 100, 101, 102, 103
MAP = """modbridge: map/1
modbus: {every: 200ms, timeout: 5s}
telemetry:
  begin: {holding: 100, type: u16, access: rw}
  rate: {holding: 101, type: u16, access: rw}
  cancel: {holding: 102, type: u16, access: rw}
  power: {holding: 103, type: u16, access: rw}
  limit: {holding: 104, type: u16, access: rw, wear: true}
commands:
  configure:
    steps:
      - try:
          - write: {begin: 1}
          - write: {rate: 75}
        on_failure:
          - write: {cancel: 1}
    result: {rate: rate}
  keep:
    steps:
      - write: {power: 55}
        hold: {every: 500ms, for: 1h, then: {power: 0}}
  set_limit: {set: limit}
simulation:
  values: {begin: 0, rate: 0, cancel: 0, power: 5, limit: 0}
"""
RESPONSES = "v1/from/HW/d/v1/command/responses"


@pytest.fixture
def plant(world):
    """A device that lacks a register of its map, behind a recorder; another one that is always there."""
    (world.folder / "fitted.yaml").write_text(MAP)
    (world.folder / "noted.yaml").write_text(MAP.replace("commands:", "  gap: {holding: 105, type: u16}\ncommands:"))
    (world.folder / "steady.yaml").write_text("modbridge: map/1\ntelemetry: {v: {holding: 0, type: u16}}\n")
    world.start_broker()
    world.simulator, world.target = world.simulate(world.folder / "fitted.yaml")
    _, world.steady = world.simulate(world.folder / "steady.yaml")
    world.recorder = Recorder(world.target)
    yield world
    world.recorder.close()


def site(world, *names):
    what = {"d": f'map: noted, tcp: "{world.recorder.endpoint}"', "steady": f'map: steady, tcp: "{world.steady}"'}
    world.where = world.site({name: what[name] for name in names})


def start(world, *names):
    site(world, *names)
    since = len(world.mqtt.messages)
    world.bridge = world.run(world.where)
    world.mqtt.await_payload(f"v1/from/HW/{names[-1]}/v1/telemetry", lambda p: "v" in p or "rate" in p, since)


def reload(world, *names):
    site(world, *names)
    result = modbridge("reload", world.where)
    assert result.returncode == 0, (result.stdout, result.stderr)


def unit_of(world):
    buses = json.loads(modbridge("status", world.where, "--json").stdout)["buses"]
    return next(u for b in buses for u in b["units"] if u["device"] == "d")


def configure_killed(world, request_id):
    """Killed inside the try of the command, at its second write."""
    def look(write):
        if write["address"] == RATE:
            world.bridge.child.kill()
            world.recorder.on_write = lambda _: None

    world.recorder.on_write = look
    world.mqtt.send("v1/to/HW/d/v1/command/requests", {"id": request_id, "name": "configure"})
    await_true(lambda: world.bridge.child.poll() == -signal.SIGKILL, "the kill")


def undone(world, request_id):
    """on_failure ran once, and the one answer says so."""
    def finals():
        return [p for p in world.mqtt.payloads(RESPONSES) if p["id"] == request_id and p["state"] != "log"]

    response, = await_true(finals, f"the answer to {request_id}")
    assert response["state"] == "error"
    assert "on_failure was run after the restart; the device now holds rate" in response["payload"]["message"]
    return count(world, CANCEL, 1)


def count(world, address, word):
    return sum((w["address"], w["words"]) == (address, [word]) for w in world.recorder.writes)


def test_a_device_that_comes_in_by_a_reload_is_known(plant):
    start(plant, "d")
    await_true(lambda: unit_of(plant).get("unreadable"), "the register that it lacks")
    assert plant.command("d", "k", "keep")[0] == "completed"
    assert plant.command("d", "l", "set_limit", {"limit": 7})[0] == "completed"
    configure_killed(plant, "1")
    start(plant, "steady")
    no_device = "a hold from before the start has not ended, but the site has no such device"
    assert no_device in plant.bridge.log()
    (plant.folder / "steady.yaml").write_text((plant.folder / "steady.yaml").read_text() + "vendor: Acme\n")
    reload(plant, "steady")  # of a device that is still not there nothing more is said
    assert plant.bridge.log().count(no_device) == 1
    before = len(plant.recorder.writes)
    reload(plant, "steady", "d")
    assert undone(plant, "1") == 1
    await_true(lambda: count(plant, POWER, 0) == 1, "the end of its hold")
    assert len(plant.recorder.writes) == before + 2, plant.recorder.writes[before:]
    unit = await_true(lambda: (now := unit_of(plant))["answers"] > 5 and now, "polls")
    assert unit["wear"] == [{"entry": "limit", "writes": 1}]
    assert [(x["address"], x["count"]) for x in unit["unreadable"]] == [(105, 1)]
    assert unit["exceptions"].get("2", 0) <= 1, "it is not found out anew"


def test_a_try_is_undone_although_its_device_was_out_meanwhile(plant):
    start(plant, "steady", "d")
    configure_killed(plant, "1")
    plant.simulator.stop()
    start(plant, "d", "steady")
    assert "on_failure is run when the device answers" in plant.bridge.log()
    reload(plant, "steady")
    assert "on_failure is left until the device is in the site again" in plant.bridge.log()
    plant.simulator, _ = plant.simulate(plant.folder / "fitted.yaml", listen=plant.target)
    reload(plant, "steady", "d")
    assert undone(plant, "1") == 1
    since = len(plant.mqtt.messages)
    plant.mqtt.send("v1/to/HW/d/v1/command/requests", {"id": "1", "name": "configure"})
    plant.mqtt.await_payload(RESPONSES, lambda p: p["id"] == "1" and p["state"] == "error", since)
    assert plant.bridge.stop() == 0
    start(plant, "steady", "d")
    assert (count(plant, CANCEL, 1), count(plant, BEGIN, 1)) == (1, 1), "it has ended for good"
