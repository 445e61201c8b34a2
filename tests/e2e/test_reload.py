# SPDX-License-Identifier: MIT
"""The site exchanged while the bridge runs: what stays is not disturbed, what changes ends in order, what is wrong
changes nothing."""
import json
import os
import signal
import socket
import struct

import pytest
from conftest import await_true, free_port, modbridge
from recorder import Recorder

MAP = """modbridge: map/1
modbus: {every: 200ms, timeout: 10s}
telemetry:
  power: {holding: 100, type: u16, unit: W, access: rw}
  mode: {holding: 101, type: u16, access: rw}
commands:
  slow:
    steps:
      - write: {power: 1}
      - expect: mode == 9
        within: 100s
      - write: {power: 2}
  set_mode: {set: mode, max: 9}
  keep:
    steps:
      - write: {power: 55}
        hold: {every: 500ms, for: 1h, then: {power: 0}}
simulation:
  values: {power: 5, mode: 0}
"""


@pytest.fixture
def plant(world):
    """Two devices behind recorders, each on a bus of its own."""
    world.start_broker()
    world.recorders = {}
    for name in ("one", "two"):
        (world.folder / f"{name}.yaml").write_text(MAP)
        _, endpoint = world.simulate(world.folder / f"{name}.yaml")
        world.recorders[name] = Recorder(endpoint)
    yield world
    for recorder in world.recorders.values():
        recorder.close()


def device(world, name, more=""):
    return f'map: {name}, tcp: "{world.recorders[name].endpoint}"{more}'


def site(world, *names, **kwargs):
    return world.site({name: device(world, name) for name in names}, **kwargs)


def start(world, *names):
    world.where = site(world, *names)
    world.bridge = world.run(world.where)
    for name in names:
        await_value(world, name, lambda p: "power" in p)


def telemetry_of(name):
    return f"v1/from/HW/{name}/v1/telemetry"


def await_value(world, name, accept, since=0):
    return world.mqtt.await_payload(telemetry_of(name), accept, since)


def reload(world, code=0):
    result = modbridge("reload", world.where, "--json")
    assert result.returncode == code, (result.stdout, result.stderr, world.bridge.log())
    return json.loads(result.stdout), result.stderr


def status(world):
    result = modbridge("status", world.where, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def request(world, name, request_id, command, arguments=None):
    payload = {"id": request_id, "name": command}
    if arguments:
        payload["arguments"] = arguments
    world.mqtt.send(f"v1/to/HW/{name}/v1/command/requests", payload)


def responses(world, name, request_id):
    return [p for p in world.mqtt.payloads(f"v1/from/HW/{name}/v1/command/responses") if p["id"] == request_id]


def final(world, name, request_id):
    def find():
        return next((p for p in responses(world, name, request_id) if p["state"] != "log"), None)

    answer = await_true(find, f"the response to {request_id}")
    return answer["state"], answer["payload"]


def let_slow_end(world, name):
    """Sets the mode that the command waits for, as somebody at the device would."""
    with socket.create_connection(world.recorders[name].target, timeout=10) as client:
        client.sendall(struct.pack(">HHHBBHH", 1, 0, 6, 1, 6, 101, 9))
        assert client.recv(12)[7] == 6


def edit_map(world, name, before, after):
    path = world.folder / f"{name}.yaml"
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))


def test_what_stays_is_not_disturbed(plant):
    start(plant, "one")
    request(plant, "one", "s1", "slow")
    await_true(lambda: responses(plant, "one", "s1"), "the command to begin")
    site(plant, "two", "one")
    result, _ = reload(plant)
    assert (result["applied"], result["generation"]) == (True, 2)
    assert (result["devices"]["kept"], result["devices"]["added"]) == (["one"], ["two"])
    assert (result["clouds"]["kept"], result["needs_restart"], result["findings"]) == (["here"], [], [])
    await_value(plant, "two", lambda p: p["power"] == 5)
    assert len(responses(plant, "one", "s1")) == 1, "the command still runs"
    let_slow_end(plant, "one")
    assert final(plant, "one", "s1") == ("completed", {"power": 2})
    assert plant.command("two", "m1", "set_mode", {"mode": 3}) == ("completed", {"mode": 3}), "within the same session"
    await_value(plant, "one", lambda p: p["power"] == 2)
    seconds = [p["timestamp"] for p in plant.mqtt.payloads(telemetry_of("one"))]
    assert len(seconds) == len(set(seconds)), "each second once"
    assert max(b - a for a, b in zip(seconds, seconds[1:])) < 10, f"no gap beyond what a busy machine makes: {seconds}"
    assert plant.recorders["one"].connections == 1
    state = status(plant)
    assert [b["name"] for b in state["buses"]] == ["one", "two"]
    assert (state["clouds"][0]["connects"], state["readings_displaced"]) == (1, 0)
    assert reload(plant)[0]["generation"] == 2, "nothing has changed: nothing is exchanged"


def test_what_changes_waits_for_its_command(plant):
    start(plant, "one", "two")
    request(plant, "one", "s1", "slow")
    await_true(lambda: responses(plant, "one", "s1"), "the command to begin")
    edit_map(plant, "one", "unit: W", "unit: W, scale: 0.5")
    edit_map(plant, "one", "max: 9", "max: 5")
    plant.bridge.child.send_signal(signal.SIGHUP)
    await_true(lambda: "waiting for the command that runs on bus one" in plant.bridge.log(), "the bus to be drained")
    request(plant, "one", "m7", "set_mode", {"mode": 7})  # by the map of before they are both fine
    request(plant, "one", "m4", "set_mode", {"mode": 4})
    let_slow_end(plant, "one")
    assert final(plant, "one", "s1") == ("completed", {"power": 2})
    state, payload = final(plant, "one", "m7")
    assert state == "error" and "the map was exchanged before this command began" in payload["message"]
    assert final(plant, "one", "m4") == ("completed", {"mode": 4})
    assert plant.recorders["one"].writes[-1]["words"] == [4]
    await_value(plant, "one", lambda p: p["power"] == 1.0)  # half of 2
    assert "changed one; 1 device goes on undisturbed" in plant.bridge.log()
    assert (plant.recorders["one"].connections, plant.recorders["two"].connections) == (2, 1)


def test_a_device_that_goes(plant):
    start(plant, "one", "two")
    request(plant, "two", "k1", "keep")
    assert final(plant, "two", "k1")[0] == "completed"
    plant.mqtt.client.subscribe("v3/logs/#", qos=1)
    site(plant, "one")
    result, _ = reload(plant)
    assert result["devices"] == {"kept": ["one"], "restarted": [], "changed": [], "added": [], "removed": ["two"]}
    writes = [w["words"] for w in plant.recorders["two"].writes]
    assert writes[-1] == [0] and writes.count([0]) == 1, "the hold has ended as at a stop"
    assert [b["name"] for b in status(plant)["buses"]] == ["one"]
    since = len(plant.mqtt.messages)
    request(plant, "two", "m1", "set_mode", {"mode": 1})
    await_value(plant, "one", lambda p: True, since)
    assert plant.recorders["two"].writes[-1]["words"] == [0]
    # It comes back, and is the same device: an id that was used stays used.
    site(plant, "two", "one")
    reload(plant)
    request(plant, "two", "k1", "keep")
    await_true(lambda: len(responses(plant, "two", "k1")) == 3, "the response of before")
    assert writes == [w["words"] for w in plant.recorders["two"].writes]


def test_what_is_wrong_changes_nothing(plant):
    start(plant, "one")
    good = plant.where.read_text()
    plant.where.write_text(good + '  two: {map: twoo, tcp: "127.0.0.1:1"}\n')
    line = good.count("\n") + 1
    finding = f"{plant.where}:{line}:14: error: map: there is no 'twoo'"
    result, talk = reload(plant, 3)
    assert (result["applied"], result["generation"]) == (False, 1)
    assert result["findings"][0].startswith(finding) and talk.startswith(finding)
    plant.where.write_text(good + "  two: {map: [\n")
    plant.bridge.child.send_signal(signal.SIGHUP)
    await_true(lambda: plant.bridge.log().count("is refused; what ran goes on as it was") == 2, "the second refusal")
    assert f"error: reload: {plant.where}:{line + 1}:" in plant.bridge.log()
    assert modbridge("reload", plant.where).returncode == 3
    since = len(plant.mqtt.messages)
    await_value(plant, "one", lambda p: p["power"] == 5, since)
    assert plant.recorders["one"].connections == 1
    # What only a restart changes is named.
    plant.where.write_text(good.replace("devices:", "outbox: {max_size: 1MB}\ndevices:"))
    result, _ = reload(plant)
    assert (result["needs_restart"], result["generation"]) == (["outbox"], 1)
    assert "which need a restart" in plant.bridge.log()


def test_a_changed_secret_is_a_changed_connection(plant):
    secret = plant.folder / "secret"
    secret.write_text("first")
    secret.chmod(0o600)
    plant.where = site(plant, "one", cloud_extra=f", username: gateway, password_file: {secret}")
    plant.bridge = plant.run(plant.where)
    await_value(plant, "one", lambda p: p["power"] == 5)
    secret.write_text("second")
    result, _ = reload(plant)
    assert (result["clouds"]["changed"], result["devices"]["kept"]) == (["here"], ["one"])
    since = len(plant.mqtt.messages)
    await_value(plant, "one", lambda p: p["power"] == 5, since)
    assert plant.command("one", "m1", "set_mode", {"mode": 3}) == ("completed", {"mode": 3})
    await_true(lambda: status(plant)["clouds"][0]["connected"], "the connection")
    assert plant.bridge.log().count("here: connected to") == 2
    assert plant.recorders["one"].connections == 1


def resources(world):
    folder = f"/proc/{world.bridge.child.pid}"
    return len(os.listdir(f"{folder}/fd")), len(os.listdir(f"{folder}/task"))


def map_of_storm(limit):
    return MAP.replace("  keep:", "  set_power: {set: power, max: 60000}\n  keep:").replace("max: 9", f"max: {limit}")


def storm(world, rounds):
    """Reloads while commands come: one device stays, another changes, goes and comes back; so do connections that never
    come about. Returns the commands: device and id, and the word that only this one writes."""
    sent = {}
    dead = free_port()
    for i in range(rounds):
        (world.folder / "two.yaml").write_text(map_of_storm(5 + i % 2))
        text = site(world, *(["one"] if i % 5 == 3 else ["one", "two"])).read_text()
        extra = f"  spare{i % 3}: {{host: 127.0.0.1, port: {dead}}}\n"
        world.where.write_text(text.replace("devices:", f"{extra}devices:"))
        for name in ("one", "two"):
            sent[name, f"c{i}"] = 1000 + i
            request(world, name, f"c{i}", "set_power", {"power": 1000 + i})
        if i % 10 == 9:
            reload(world)
        else:
            world.bridge.child.send_signal(signal.SIGHUP)
    return sent


def test_a_storm_leaves_nothing_behind(plant):
    for name in ("one", "two"):
        (plant.folder / f"{name}.yaml").write_text(map_of_storm(5))
    start(plant, "one", "two")
    await_true(lambda: status(plant)["clouds"][0]["connected"], "the connection")
    before = resources(plant)
    sent = storm(plant, 50)
    (plant.folder / "two.yaml").write_text(map_of_storm(5))
    site(plant, "one", "two")
    reload(plant)
    for (name, request_id), word in sent.items():
        if name == "one":  # it is there all the time
            final(plant, name, request_id)
    state = status(plant)
    assert state["generation"] > 5 and state["readings_displaced"] == 0
    assert state["generations_in_memory"] <= 3, "those that the two buses began with, and the last"
    await_true(lambda: resources(plant) == before, f"descriptors and threads as before: {before}, {resources(plant)}")
    assert plant.recorders["one"].connections == 1
    since = len(plant.mqtt.messages)
    for name in ("one", "two"):
        await_value(plant, name, lambda p: "power" in p, since)
    completed = 0
    for (name, request_id), word in sent.items():
        answers = [p["state"] for p in responses(plant, name, request_id) if p["state"] != "log"]
        written = [w["words"] for w in plant.recorders[name].writes].count([word])
        assert len(answers) <= 1 and written == answers.count("completed"), (name, request_id, answers, written)
        completed += name == "one" and written
    assert completed >= 10, f"{completed} of 50"
