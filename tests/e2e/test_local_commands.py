# SPDX-License-Identifier: MIT
"""`command` and `write` with the site's daemon running and without it: the same is checked, done and said; what only a
daemon can do is that the command outlives who asked for it, and is recorded."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess

import pytest
from conftest import MODBRIDGE, PATIENCE, await_true, free_port, modbridge

MAP = """modbridge: map/1
modbus: {every: 200ms, timeout: 3s, verify: {within: 700ms}}
telemetry:
  limit: {holding: 100, type: u16, scale: 0.1, unit: "%", access: rw, range: [0, 120]}
  mode: {holding: 101, type: u16, access: rw, enum: {0: idle, 1: run}}
  stubborn: {holding: 102, type: u16, access: rw}
  refusing: {holding: 103, type: u16, access: rw}
  trip: {coil: 5, type: bool, access: rw}
  bound: {holding: 104, type: u16, access: rw}
  top: {holding: 105, type: u16}
  phase: {holding: 106, type: u16, access: rw}
  half: {value: limit / 2}
registers:
  code: {holding: 110, type: u16, access: w}
commands:
  set_limit: {set: limit, max: 110}
  bind:
    arguments: {to: {type: integer, required: true, max: top}}
    steps: [{write: {bound: to}}]
  unlock:
    arguments: {pin: {type: integer, required: true, sensitive: true}}
    steps: [{write: {code: pin}, verify: false}, {log: unlocked}]
  slowly:
    timeout: 300s
    steps:
      - log: "it takes a while"
      - write: {mode: run}
      - expect: phase == 2
        within: 250s
  slowly_again: {steps: [{expect: phase == 3, within: 250s}]}
simulation:
  values: {limit: 100, mode: idle, stubborn: 3, refusing: 0, bound: 1, top: 50, phase: 0, trip: false}
  rules:
    - {written: stubborn, set: {stubborn: 3}}
    - {written: refusing, refuse: 4}
"""

# What is asked, the exit code, and words of what is said.
ASKED = [
    (["command", "set_limit", "limit=75.5"], 0, "completed\n  limit  75.5\n"),
    (["command", "unlock", "pin=1234"], 0, "unlocked"),
    (["command", "set_limit", "limit=110.1"], 1, "110.1 % is more than 110 %"),
    (["command", "set_limit"], 1, "limit: this argument is required, a number"),
    (["command", "bind", "to=51"], 1, "to: 51 is more than 50"),
    (["command", "bind", "to"], 2, "'to' is not ARGUMENT=VALUE"),
    (["write", "limit=60.25"], 0, "completed\n  limit  60.3\n"),
    (["write", "limit=115"], 1, "limit: 115 % is more than 110 %"),  # the limit of the map's command for it
    (["write", "mode=stop"], 1, 'mode: "stop" is not one of idle, run'),
    (["write", "trip=true"], 0, "completed\n  trip  true\n"),
    (["write", "bound=51"], 1, "bound: 51 is more than 50"),  # borrowed from the command that writes it
    (["write", "code=7"], 0, "completed\n"),
    (["write", "stubborn=4"], 5, "reads back as 3 instead of 4"),
    (["write", "refusing=4"], 1, "(exception 4)"),
    (["write", "top=4"], 1, "'top' is read-only"),
    (["write", "limitt=4"], 1, "has no entry 'limitt'; did you mean 'limit'?"),
    (["write", "limit"], 2, "'limit' is not REGISTER=VALUE"),
    (["write", "limit=60", "--json"], 0, '"state":"completed","payload":{"limit":60.0}}'),
    (["write", "stubborn=4", "--json"], 5, '"state":"error"'),
]
REQUESTS = "v1/to/HW/pump/v1/command/requests"
RESPONSES = "v1/from/HW/pump/v1/command/responses"
LOGS = "v1/from/HW/pump/v3/logs"


@pytest.fixture
def pump(world):
    (world.folder / "pump.yaml").write_text(MAP)
    world.start_broker()
    world.simulator, world.endpoint = world.simulate(world.folder / "pump.yaml")
    world.where = world.site({"pump": f'map: pump, tcp: "{world.endpoint}"',
                              "dead": f'map: pump, tcp: "127.0.0.1:{free_port()}"'})
    return world


def start(world, *options):
    world.bridge = world.run(world.where, *options)
    await_true(lambda: "pump: answers" in world.bridge.log(), "the device to answer")


def ask(world, words, device="pump"):
    result = modbridge(words[0], world.where, device, *words[1:])
    said = re.sub(r'"id":"[^"]*"', '"id":"ID"', result.stdout)
    return result.returncode, said, result.stderr


def commands(world):
    return json.loads(modbridge("status", world.where, "--json").stdout)["commands"]


def release(world):
    """The device gets to where `slowly` waits for it; until then that runs, however slow the machine is."""
    done = modbridge("write", "--map", world.folder / "pump.yaml", "--tcp", world.endpoint, "phase=2")
    assert done.returncode == 0, done.stderr


def following(world, *words):
    return subprocess.Popen([MODBRIDGE, words[0], str(world.where), "pump", *words[1:]], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def await_running(world, name="slowly"):
    return await_true(lambda: next((c for c in commands(world) if c["name"] == name and c["state"] == "running"), None),
                      f"{name} to run")


def test_both_ways_say_the_same(pump):
    directly = [ask(pump, words) for words, _, _ in ASKED] + [ask(pump, ["write", "limit=1"], "dead")]
    start(pump)
    through = [ask(pump, words) for words, _, _ in ASKED] + [ask(pump, ["write", "limit=1"], "dead")]
    for (words, code, said), here, there in zip(ASKED, directly, through):
        assert here[0] == code and said in here[1] + here[2], (words, here)
        assert there == here, words
    assert directly[-1][0] == through[-1][0] == 4
    rows = {(c["name"], c["arguments"]): c for c in commands(pump)}
    assert ("unlock", "pin=(secret)") in rows and ("write", "code=7") in rows, "they went through the daemon"
    # The cloud got no response that it did not ask for, but reads in the log of the device what was done.
    log = pump.mqtt.await_payload(LOGS, lambda p: "ran set_limit" in p["message"])
    assert log["message"] == "somebody at the gateway ran set_limit (limit=75.5): completed"
    assert pump.mqtt.payloads(RESPONSES) == []
    assert "1234" not in pump.bridge.log() and not any("1234" in p for _, p in pump.mqtt.messages)
    # It cannot write what the map has no command for.
    pump.mqtt.send(REQUESTS, {"id": "w", "write": {"mode": "run"}})
    refusal = pump.mqtt.await_payload(RESPONSES, lambda p: p["id"] == "w")
    assert refusal["payload"]["message"] == "the request has no command name"


def test_it_outlives_who_asked_for_it(pump):
    start(pump)
    child = following(pump, "command", "slowly")
    await_running(pump)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=PATIENCE)
    assert child.returncode == 4 and out == ""
    assert err == ("it takes a while\nthe command goes on in the daemon: 'modbridge status' shows what becomes of it\n")
    # One of the cloud waits for it; they follow each other.
    pump.mqtt.send(REQUESTS, {"id": "next", "name": "set_limit", "arguments": {"limit": 50}})
    await_true(lambda: len(commands(pump)) == 2, "the second to wait")
    release(pump)
    pump.mqtt.await_payload(RESPONSES, lambda p: p["id"] == "next" and p["state"] == "completed")
    slow, after = commands(pump)
    assert (slow["state"], slow["origin"], slow["log"][0]["text"]) == ("completed", "local", "it takes a while")
    assert after["origin"] == "cloud" and after["started_age_ms"] <= slow["finished_age_ms"]


def test_the_daemon_is_killed(pump):
    start(pump)
    child = following(pump, "command", "slowly")
    await_running(pump)
    written = following(pump, "write", "limit=20")
    await_true(lambda: len(commands(pump)) == 2, "one to wait")
    pump.bridge.child.kill()
    for asked in (child, written):
        _, err = asked.communicate(timeout=PATIENCE)
        assert asked.returncode == 4 and "modbridge has closed the connection" in err, err
    start(pump)
    def over():
        return [c for c in commands(pump) if c["state"] == "error"]

    slow, limit = await_true(lambda: over()[1:] and over(), "both to be answered")
    assert slow["message"].startswith("interrupted, outcome unknown") and slow["origin"] == "local"
    assert "the device now holds mode run" in slow["message"]
    assert limit["message"].startswith("interrupted: modbridge ended before it began") and limit["origin"] == "local"
    assert (limit["name"], limit["arguments"]) == ("set_limit", "limit=20")
    pump.mqtt.await_payload(LOGS, lambda p: "ran slowly: interrupted, outcome unknown" in p["message"])
    assert pump.mqtt.payloads(RESPONSES) == []
    # Stopped in order, it still says what became of a command.
    child = following(pump, "command", "slowly_again")
    await_running(pump, "slowly_again")
    pump.bridge.child.terminate()
    _, err = child.communicate(timeout=PATIENCE)
    assert child.returncode == 4 and "error: stopped while" in err, err


def test_without_a_journal(pump):
    """With --dry nothing is kept, and commands are executed all the same."""
    start(pump, "--dry")
    slow = following(pump, "command", "slowly")
    await_running(pump)
    written = following(pump, "write", "limit=30")
    await_true(lambda: len(commands(pump)) == 2, "the second to wait")
    release(pump)
    assert written.communicate(timeout=PATIENCE) == ("completed\n  limit  30.0\n", "")
    assert slow.wait(PATIENCE) == 0 and [c["state"] for c in commands(pump)] == ["completed", "completed"]
    assert not any("responses" in line for line in pump.bridge.lines())
    assert any("ran set_limit (limit=30): completed" in line for line in pump.bridge.lines())


def test_the_socket_itself(pump, tmp_path_factory):
    start(pump)
    path = pump.folder / "state" / "control.sock"
    site = str(pump.where)
    asked = [
        ({"request": "write", "device": "pump", "register": "limit", "value": 20, "site": site}, {"code": 0}),
        ({"request": "write", "device": "pump", "register": "limit", "value": [20]}, {"code": 1}),
        ({"request": "write", "device": "pump", "register": "limit"}, "register, the name of an entry, and value"),
        ({"request": "write", "register": "limit", "value": 1}, "device: the name of a device is expected"),
        ({"request": "write", "device": "pumpp", "register": "limit", "value": 1}, "did you mean 'pump'?"),
        ({"request": "command", "device": "pump"}, {"code": 1, "refused": "the request has no command name"}),
        ({"request": "command", "device": "pump", "name": "set_limit", "arguments": 7}, {"code": 1}),
        ({"request": "command", "device": "pump", "name": "set_limit", "site": "/elsewhere.yaml"}, {"site": site}),
    ]
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.settimeout(PATIENCE)
        lines = client.makefile("rw")
        for request, expected in asked:
            lines.write(json.dumps(request) + "\n")
            lines.flush()
            answer = json.loads(lines.readline())
            if isinstance(expected, str):
                assert expected in answer["error"], answer
            else:
                assert expected.items() <= answer["result"].items(), answer
    # The daemon of another site, found at $RUNTIME_DIRECTORY, has the endpoint: it is the one that writes.
    other = pathlib.Path(tmp_path_factory.mktemp("other")) / "site.yaml"
    other.write_text(pump.where.read_text().replace(f'state: "{pump.folder}/state"', 'state: state'))
    result = subprocess.run([MODBRIDGE, "write", other, "pump", "limit=31"], capture_output=True, text=True, timeout=60,
                            env={**os.environ, "RUNTIME_DIRECTORY": str(pump.folder / "state")})
    assert (result.returncode, result.stdout) == (0, "completed\n  limit  31.0\n"), result.stderr
    assert any("limit=31" in c["arguments"] for c in commands(pump))
    # One runs and sixteen wait: that is all.
    for i in range(17):
        pump.mqtt.send(REQUESTS, {"id": f"c{i}", "name": "slowly" if i == 0 else "unlock", "arguments": {"pin": i} if i else {}})
    await_true(lambda: len([c for c in commands(pump) if c["origin"] == "cloud"]) == 17, "all of them to wait")
    code, out, err = ask(pump, ["write", "limit=30"])
    assert (code, out) == (1, "") and err.startswith("error: busy: "), err


def test_a_write_is_shown_before_it_is_made(pump):
    """Nobody listens where the frames would go."""
    target = ["--map", pump.folder / "pump.yaml", "--unit", "7"]
    shown = modbridge("write", *target, "--tcp", "127.0.0.1:9", "trip=true", "--dry-run")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith("""frames to pump, none of which was sent:
00 01 00 00 00 06 07 05 00 05 FF 00
  write unit 7, coil 5 (function 5): trip
    with 1
00 02 00 00 00 06 07 01 00 05 00 01
  read unit 7, coil 5 (function 1): trip
""")
    # A limit is read first: what it is assumed to be is said.
    shown = modbridge("write", *target, "--rtu", "/dev/null", "bound=50", "--dry-run", "--json")
    limit, write, back = json.loads(shown.stdout)["frames"][:3]
    assert (limit["table"], limit["address"], limit["assumed"]) == ("holding", 105, [50])
    assert (write["function"], write["address"], write["words"]) == (6, 104, [50])
    assert write["frame"] == "07 06 00 68 00 32 89 A5" and (back["function"], back["address"]) == (3, 104)
    refused = modbridge("write", *target, "--tcp", "127.0.0.1:9", "bound=51", "--dry-run")
    assert refused.returncode == 1 and "error, if the device says what is assumed: bound: 51 is more than 50" in refused.stderr
    assert modbridge("write", *target, "--tcp", "127.0.0.1:9", "top=1", "--dry-run").returncode == 1
