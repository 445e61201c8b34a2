# SPDX-License-Identifier: MIT
"""Commands from the broker to the registers and back."""
import pytest
from conftest import MAPPINGS, await_true

RESPONSES = "v1/from/HW/electrolyser/v1/command/responses"
REQUESTS = "v1/to/HW/electrolyser/v1/command/requests"


@pytest.fixture
def electrolyser(world):
    world.start_broker()
    world.simulator, endpoint = world.simulate(MAPPINGS / "enapter_el41.yaml")
    world.bridge = world.run(world.site({"electrolyser": f'map: enapter_el41, tcp: "{endpoint}"'}))
    world.mqtt.await_payload("v1/from/HW/electrolyser/v1/telemetry", lambda p: "status" in p)
    return world


def telemetry(world, accept, since=0):
    return world.mqtt.await_payload("v1/from/HW/electrolyser/v1/telemetry", accept, since)


def test_start_and_stop(electrolyser):
    state, payload = electrolyser.command("electrolyser", "s1", "start")
    assert (state, payload) == ("completed", {"status": "steady"})
    states = [(p["id"], p["state"]) for p in electrolyser.mqtt.payloads(RESPONSES)]
    assert states == [("s1", "log"), ("s1", "completed")], "execution is announced, then one final response"
    telemetry(electrolyser, lambda p: p.get("status") == "steady")
    state, payload = electrolyser.command("electrolyser", "s2", "stop")
    assert (state, payload["status"]) == ("completed", "idle")


def test_set_production_rate_is_read_back(electrolyser):
    state, payload = electrolyser.command("electrolyser", "r1", "set_production_rate", {"production_rate": 75})
    assert (state, payload) == ("completed", {"production_rate": 75.0})
    telemetry(electrolyser, lambda p: p.get("production_rate") == 75.0)


def test_configuration_transaction(electrolyser):
    state, payload = electrolyser.command(
        "electrolyser", "c1", "set_default_production_rate", {"default_production_rate": 80})
    assert (state, payload) == ("completed", {"default_production_rate": 80.0})


def test_rejected_register_is_rolled_back_and_named(electrolyser):
    before = electrolyser.command("electrolyser", "c0", "set_max_tank_pressure", {"max_tank_pressure": 34})
    assert before == ("completed", {"max_tank_pressure": 34.0})
    # The simulated electrolyser rejects this value although the map's limits allow it.
    state, payload = electrolyser.command(
        "electrolyser", "c2", "set_heartbeat_timeout", {"heartbeat_modbus_timeout": 86400})
    assert state == "error"
    assert "4600" in payload["message"] and "rejected" in payload["message"]
    # The transaction was rolled back: the next one can be opened.
    state, payload = electrolyser.command(
        "electrolyser", "c3", "set_heartbeat_timeout", {"heartbeat_modbus_timeout": 60})
    assert (state, payload) == ("completed", {"heartbeat_modbus_timeout": 60})


REFUSALS = [
    ("unknown command", "stat", {}, ["unknown command 'stat'", "start"]),
    ("missing argument", "set_production_rate", {}, ["production_rate", "required"]),
    ("unknown argument", "set_production_rate", {"production_rate": 75, "speed": 1}, ["speed"]),
    ("text for a number", "set_production_rate", {"production_rate": "75"}, ["production_rate", "number"]),
    ("too high", "set_production_rate", {"production_rate": 101}, ["production_rate", "100"]),
    ("too low", "set_production_rate", {"production_rate": 59.9}, ["production_rate", "60"]),
    ("list", "set_production_rate", {"production_rate": [75]}, ["production_rate"]),
    ("null", "set_production_rate", {"production_rate": None}, ["production_rate"]),
    ("above another register", "set_restart_pressure", {"restart_pressure": 1000}, ["restart_pressure"]),
    ("fraction for an integer", "set_heartbeat_timeout", {"heartbeat_modbus_timeout": 5.5},
     ["heartbeat_modbus_timeout"]),
]


def test_refused_before_any_write(electrolyser):
    for what, name, arguments, words in REFUSALS:
        state, payload = electrolyser.command("electrolyser", what, name, arguments)
        assert state == "error", what
        for word in words:
            assert word in payload["message"], (what, payload)


def test_broken_requests(electrolyser):
    for text in ['{"id": "b1", "name": "start"', '{"name": "start"}', "[]", "", '{"id": 7, "name": "start"}',
                 '{"id": "", "name": "start"}', "\xff\xfe"]:
        electrolyser.mqtt.send(REQUESTS, text.encode("latin-1"))
    # None of them was executed or stopped the bridge, and each is in the log.
    state, _ = electrolyser.command("electrolyser", "b2", "locate_on")
    assert state == "completed"
    assert [p["id"] for p in electrolyser.mqtt.payloads(RESPONSES) if p["state"] != "log"] == ["b2"]
    assert electrolyser.bridge.log().count("command request") >= 7


def test_duplicate_arguments_are_refused(electrolyser):
    electrolyser.mqtt.send(REQUESTS, '{"id":"d1","name":"set_production_rate",'
                           '"arguments":{"production_rate":70,"production_rate":90}}')
    await_true(lambda: "duplicate" in electrolyser.bridge.log() or electrolyser.mqtt.payloads(RESPONSES), "a reaction")
    state, _ = electrolyser.command("electrolyser", "d2", "locate_off")
    assert state == "completed"
    assert not [p for p in electrolyser.mqtt.payloads(RESPONSES) if p["id"] == "d1" and p["state"] == "completed"]


def test_same_id_is_executed_once(electrolyser):
    first = electrolyser.command("electrolyser", "same", "set_production_rate", {"production_rate": 70})
    assert first == ("completed", {"production_rate": 70.0})
    assert electrolyser.command("electrolyser", "other", "set_production_rate", {"production_rate": 90})[0] == "completed"
    again = electrolyser.command("electrolyser", "same", "set_production_rate", {"production_rate": 70})
    assert again == first, "the stored response is sent again"
    conflict = electrolyser.command("electrolyser", "same", "set_production_rate", {"production_rate": 80})
    assert conflict[0] == "error"
    telemetry(electrolyser, lambda p: p.get("production_rate") == 90.0, len(electrolyser.mqtt.messages))


def test_retained_requests_are_ignored(world):
    world.start_broker()
    world.mqtt.send(REQUESTS, {"id": "old", "name": "locate_on"}, retain=True)
    _, endpoint = world.simulate(MAPPINGS / "enapter_el41.yaml")
    world.run(world.site({"electrolyser": f'map: enapter_el41, tcp: "{endpoint}"'}))
    telemetry(world, lambda p: "status" in p)
    assert world.command("electrolyser", "new", "locate_off")[0] == "completed"
    assert {p["id"] for p in world.mqtt.payloads(RESPONSES)} == {"new"}


def test_reboot_waits_until_the_device_is_back(electrolyser):
    state, payload = electrolyser.command("electrolyser", "reboot", "reboot", seconds=60)
    assert state == "completed", payload
    texts = [p["payload"]["message"] for p in electrolyser.mqtt.payloads(RESPONSES) if p["state"] == "log"]
    assert any("two minutes" in text for text in texts), texts


SETPOINT_MAP = """modbridge: map/1
modbus: {every: 100ms}
telemetry:
  limit: {holding: 100, type: u16, unit: W, access: rw}
  writes: {holding: 110, type: u16}
commands:
  set_limit: {set: limit}
simulation:
  values: {limit: 7, writes: 0}
  rules:
    - written: limit
      set: {writes: writes + 1}
"""

NOT_EXECUTED = "{} (exception {}) at the write, and limit (holding 100) reads back as 7 W instead of 50 W"
ANSWERS = [
    (4, "true", ("completed", {"limit": 50}), 50),
    (4, "false", ("error", {"message": NOT_EXECUTED.format("server device failure", 4)}), 7),
    (3, "false", ("error", {"message": "write of limit (holding 100) was refused: illegal data value (exception 3)"}), 7),
]


@pytest.mark.parametrize("exception,executed,outcome,held", ANSWERS, ids=[f"{a[0]}-{a[1]}" for a in ANSWERS])
def test_an_exception_that_leaves_it_open_is_decided_by_reading_back(world, exception, executed, outcome, held):
    (world.folder / "setpoint.yaml").write_text(SETPOINT_MAP)
    faults = world.folder / "faults.yaml"
    faults.write_text(f"faults:\n  - {{requests: writes, exception: {exception}, executed: {executed}}}\n")
    world.start_broker()
    _, endpoint = world.simulate(world.folder / "setpoint.yaml", "--faults", faults)
    world.run(world.site({"inverter": f'map: setpoint, tcp: "{endpoint}"'}))
    world.mqtt.await_payload("v1/from/HW/inverter/v1/telemetry", lambda p: "limit" in p)
    assert world.command("inverter", "e1", "set_limit", {"limit": 50}) == outcome
    since = len(world.mqtt.messages)
    seen = {"limit": held, "writes": int(executed == "true")}  # never written a second time
    world.mqtt.await_payload("v1/from/HW/inverter/v1/telemetry", lambda p: p.items() >= seen.items(), since)
