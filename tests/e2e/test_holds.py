# SPDX-License-Identifier: MIT
"""Setpoints that the equipment forgets: a simulated device with a watchdog of its own, which counts the writes it gets
and falls back by itself when they stay away."""
import json
import signal
import subprocess
import time

import pytest
from conftest import MODBRIDGE, PATIENCE, await_true, modbridge

# A write restarts `age`, which reaches 100 after 4 s; then the device falls back to 7, a value nobody writes.
MAP = """modbridge: map/1
modbus: {every: 100ms, timeout: 3s}
telemetry:
  setpoint: {holding: 100, type: i16, unit: W, access: rw, hold: true}
  ramp: {holding: 101, type: u16, access: rw}
  writes: {holding: 110, type: u16}
  fallbacks: {holding: 111, type: u16}
  stubborn: {holding: 102, type: u16, access: rw}
registers:
  age: {holding: 112, type: u16}
commands:
  charge:
    arguments:
      power: {type: float, unit: W, min: 0, max: 5000, required: true}
      duration: {type: duration, min: 0.5, max: 86400, default: 3600}
    steps:
      - write: {setpoint: 0 - power}
        hold: {every: 200ms, for: duration, then: {setpoint: 0}}
  charge_and_fail:
    steps:
      - write: {setpoint: 55}
        hold: {every: 200ms, for: 1h, then: {setpoint: 0}}
      - expect: ramp == 99
        within: 700ms
  hold_ramp:
    steps:
      - write: {ramp: 9}
        hold: {every: 1s, for: 1h, then: {ramp: 1}}
  hold_both:
    steps:
      - write: {ramp: 9, stubborn: 5}
        hold: {every: 1s, for: 1h, then: {ramp: 1, stubborn: 2}}
  set_setpoint: {set: setpoint, min: -5000, max: 5000}
  set_ramp: {set: ramp}
simulation:
  values: {setpoint: 0, ramp: 0, writes: 0, fallbacks: 0, age: 0, stubborn: 0}
  rules:
    - when: stubborn == 2
      set: {stubborn: 0}
    - written: setpoint
      set: {writes: writes + 1, age: 0}
    - written: setpoint
      set: {age: 100}
      over: 4s
    - when: age >= 100 and setpoint != 0
      set: {setpoint: 7, fallbacks: fallbacks + 1}
"""


@pytest.fixture
def leased(world):
    (world.folder / "leased.yaml").write_text(MAP)
    world.start_broker()
    world.simulator, world.endpoint = world.simulate(world.folder / "leased.yaml")
    world.where = world.site({"inverter": f'map: leased, tcp: "{world.endpoint}"'})
    world.bridge = world.run(world.where)
    world.mqtt.await_payload("v1/from/HW/inverter/v1/telemetry", lambda p: "writes" in p)
    return world


def status_of(world):
    result = modbridge("status", world.where, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)["buses"][0]["units"][0]


def held(world):
    """What the device itself holds, asked beside the bridge."""
    result = modbridge("read", "--map", world.folder / "leased.yaml", "--tcp", world.endpoint)
    assert result.returncode == 0, result.stderr
    return {w[0]: int(w[1]) for w in (line.split() for line in result.stdout.splitlines()) if w[0] in MAP}


def await_held(world, what, **wanted):
    return await_true(lambda: (h := held(world)) and all(h[k] == v for k, v in wanted.items()) and h, what)


def test_a_setpoint_is_kept_and_ends_by_itself(leased):
    began = time.monotonic()
    state, payload = leased.command("inverter", "h1", "charge", {"power": 100, "duration": 2.5})
    assert (state, payload) == ("completed", {"setpoint": -100})
    assert not any("the hold is over" in p for _, p in leased.mqtt.messages), "the response does not wait for the end"
    await_true(lambda: held(leased)["writes"] >= 4, "several writes of the same")
    seen = held(leased)
    if time.monotonic() - began < 2.5:  # the hold, which began later, was not over when it was read
        assert seen["setpoint"] == -100
    seen = await_held(leased, "the safe value at the end", setpoint=0)
    assert seen["fallbacks"] == 0, "the device's own watchdog was never needed"
    assert seen["writes"] <= 1 + 2.5 / 0.2 + 1
    time.sleep(0.5)
    assert held(leased)["writes"] == seen["writes"], "nothing is written any more"
    await_true(lambda: status_of(leased)["holds"] == [], "the status to say so")
    log = leased.bridge.log()
    assert log.count("setpoint (holding 100) is held for 2.5 s, written again every 200 ms") == 1
    assert log.count("the hold is over: setpoint = 0 W was written") == 1
    for what in ("is held for 2.5 s", "the hold is over"):  # on disk first, with the commit of the second
        leased.mqtt.await_payload("v1/from/HW/inverter/v3/logs", lambda p, what=what: what in p["message"])


def test_another_write_ends_a_hold_without_its_end(leased):
    assert leased.command("inverter", "a1", "charge", {"power": 100})[0] == "completed"
    assert leased.command("inverter", "a2", "set_ramp", {"ramp": 3})[0] == "completed", "commands go on"
    await_true(lambda: held(leased)["writes"] >= 4, "it is held")
    assert leased.command("inverter", "a3", "set_setpoint", {"setpoint": 40}) == ("completed", {"setpoint": 40})
    writes = held(leased)["writes"]
    seen = await_held(leased, "the device falls back: nobody holds it", setpoint=7)
    assert seen["writes"] == writes, "neither the old frame nor its end was written over the new value"
    assert "the hold of setpoint (holding 100) has ended: something else was written" in leased.bridge.log()


def test_a_hold_replaces_another(leased):
    assert leased.command("inverter", "r1", "charge", {"power": 100})[0] == "completed"
    (hold,) = status_of(leased)["holds"]
    assert hold["holds"] == "setpoint = -100 W" and hold["every_ms"] == 200 and not hold["is_failing"]
    assert not hold["is_ending"] and 3500_000 < hold["over_in_ms"] <= 3600_000
    assert "held: setpoint = -100 W for " in modbridge("status", leased.where).stdout
    assert leased.command("inverter", "r2", "charge", {"power": 200, "duration": 1})[0] == "completed"
    seen = await_held(leased, "the end of the second", setpoint=0)
    time.sleep(0.6)
    assert held(leased) == {**seen, "setpoint": 0}, "the first does not come back"


def test_a_command_that_fails_ends_what_it_held(leased):
    state, payload = leased.command("inverter", "f1", "charge_and_fail")
    assert state == "error" and "ramp == 99" in payload["message"]
    seen = await_held(leased, "the safe value", setpoint=0)
    assert seen["writes"] >= 4, "it was held while the command waited"


def test_the_end_is_written_when_the_bridge_stops(leased):
    assert leased.command("inverter", "s1", "charge", {"power": 100})[0] == "completed"
    assert leased.bridge.stop() == 0
    assert held(leased)["setpoint"] == 0
    assert "the hold is over: setpoint = 0 W was written" in leased.bridge.log()


def test_a_device_that_was_away_is_held_again(leased):
    assert leased.command("inverter", "w1", "charge", {"power": 100})[0] == "completed"
    leased.simulator.stop()
    await_true(lambda: "could not be written again" in leased.bridge.log(), "the loss is said")
    leased.simulator, _ = leased.simulate(leased.folder / "leased.yaml", listen=leased.endpoint)
    await_true(lambda: "is held again" in leased.bridge.log(), "it is held again")
    assert held(leased)["setpoint"] == -100
    assert leased.bridge.log().count("could not be written again") == 1, "one line per change"


def test_an_end_that_came_while_the_device_was_away(leased):
    assert leased.command("inverter", "e1", "charge", {"power": 100, "duration": 1})[0] == "completed"
    leased.simulator.stop()
    time.sleep(1)
    leased.simulator, _ = leased.simulate(leased.folder / "leased.yaml", listen=leased.endpoint)
    await_true(lambda: "the hold is over" in leased.bridge.log(), "the end is written when it answers")
    assert held(leased)["writes"] == 1, "nothing but the end is written"


def kill_bridge(world):
    world.bridge.child.kill()
    world.bridge.child.wait()


def test_after_a_kill_the_end_is_written_and_never_the_setpoint(leased):
    assert leased.command("inverter", "k1", "charge", {"power": 100})[0] == "completed"
    await_true(lambda: held(leased)["writes"] >= 2, "it is held")
    kill_bridge(leased)
    before = await_held(leased, "the equipment's own watchdog", setpoint=7)
    leased.bridge = leased.run(leased.where)
    seen = await_held(leased, "the end, first thing", setpoint=0)
    time.sleep(0.5)
    assert held(leased)["writes"] == before["writes"] + 1 == seen["writes"], "the end once, the setpoint never"
    assert "a hold from before the start has not ended" in leased.bridge.log()
    # It has ended for good: the next start writes nothing.
    leased.bridge.stop()
    leased.bridge = leased.run(leased.where)
    leased.mqtt.await_payload("v1/from/HW/inverter/v1/telemetry", lambda p: "writes" in p, len(leased.mqtt.messages))
    assert held(leased)["writes"] == seen["writes"]


def test_what_was_ended_before_a_kill_is_not_ended_again(leased):
    assert leased.command("inverter", "n1", "charge", {"power": 100})[0] == "completed"
    assert leased.command("inverter", "n2", "set_setpoint", {"setpoint": 40})[0] == "completed"
    await_true(lambda: "something else was written" in leased.bridge.log(), "the hold has ended")
    # What is kept is kept in order: the second hold does not begin before the end of the first is on disk.
    assert leased.command("inverter", "n3", "hold_ramp")[0] == "completed"
    kill_bridge(leased)
    writes = held(leased)["writes"]
    leased.bridge = leased.run(leased.where)
    await_held(leased, "the end of the second", ramp=1, writes=writes)
    assert leased.bridge.log().count("a hold from before the start has not ended") == 1


def test_what_a_newer_command_wrote_is_not_written_over_after_a_kill(leased):
    assert leased.command("inverter", "p1", "hold_both")[0] == "completed"
    assert leased.command("inverter", "p2", "set_ramp", {"ramp": 3})[0] == "completed"
    # The rest of the end is written, and not taken.
    await_true(lambda: "stubborn (holding 102) reads back as 0" in leased.bridge.log(), "the rest of the end")
    assert "something else was written to a part of it" in leased.bridge.log()
    kill_bridge(leased)
    leased.bridge = leased.run(leased.where)
    await_true(lambda: "stubborn (holding 102) reads back as 0" in leased.bridge.log(), "it is tried again")
    assert held(leased)["ramp"] == 3


def test_a_map_that_has_changed_is_not_written_by(leased):
    assert leased.command("inverter", "m1", "charge", {"power": 100})[0] == "completed"
    kill_bridge(leased)
    (leased.folder / "leased.yaml").write_text(MAP.replace("holding: 100,", "holding: 105,"))
    leased.simulator.stop()
    leased.simulator, _ = leased.simulate(leased.folder / "leased.yaml", listen=leased.endpoint)
    leased.bridge = leased.run(leased.where)
    await_true(lambda: "the map has changed: setpoint is another register now" in leased.bridge.log(), "a warning")
    leased.mqtt.await_payload("v1/from/HW/inverter/v1/telemetry", lambda p: "writes" in p, len(leased.mqtt.messages))
    assert held(leased)["writes"] == 0


def test_an_end_that_a_stop_could_not_write_is_left_to_the_next_start(leased):
    assert leased.command("inverter", "l1", "charge", {"power": 100})[0] == "completed"
    leased.simulator.stop()
    await_true(lambda: "could not be written again" in leased.bridge.log(), "the device is away")
    assert leased.bridge.stop() == 0
    assert "the end of a hold could not be written: it is written at the next start" in leased.bridge.log()
    leased.simulator, _ = leased.simulate(leased.folder / "leased.yaml", listen=leased.endpoint)
    leased.bridge = leased.run(leased.where)
    await_true(lambda: "the hold is over: setpoint = 0 W was written" in leased.bridge.log(), "the end")
    assert held(leased)["writes"] == 1


def start_command(world, *arguments):
    return subprocess.Popen([MODBRIDGE, "command", "--map", world.folder / "leased.yaml", "--tcp", world.endpoint,
                             "--json", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def alone(world):
    (world.folder / "leased.yaml").write_text(MAP)
    world.simulator, world.endpoint = world.simulate(world.folder / "leased.yaml")
    return world


def test_without_a_daemon(alone):
    child = start_command(alone, "charge", "power=100", "duration=3")
    assert child.stdout.readline() == '{"id":"cli","state":"completed","payload":{"setpoint":-100}}\n'
    assert child.poll() is None, "the response comes at once, the hold goes on"
    out, err = child.communicate(timeout=PATIENCE)
    assert (child.returncode, out) == (0, "")
    assert "is held for 3 s" in err and "the hold is over: setpoint = 0 W was written" in err
    seen = held(alone)
    assert seen["setpoint"] == 0 and seen["fallbacks"] == 0 and 4 <= seen["writes"] <= 1 + 3 / 0.2 + 1


def test_ctrl_c_ends_a_hold(alone):
    child = start_command(alone, "charge", "power=100")
    child.stdout.readline()
    await_true(lambda: held(alone)["writes"] >= 3, "it is held")
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=PATIENCE)
    assert child.returncode == 0 and "setpoint = 0 W was written" in err
    assert held(alone)["setpoint"] == 0


def test_the_end_cannot_be_written(alone):
    child = start_command(alone, "charge", "power=100")
    child.stdout.readline()
    alone.simulator.stop()
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=PATIENCE)
    assert child.returncode == 4 and "could not be written" in err
