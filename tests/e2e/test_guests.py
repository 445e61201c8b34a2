# SPDX-License-Identifier: MIT
"""Tools that ask the equipment through the running bridge, which has the line: one master is all that most equipment takes."""
import json
import signal
import subprocess

import pytest
from conftest import MODBRIDGE, PATIENCE, await_true, modbridge
from test_status import ask, await_socket, await_status, connect, receive_line
from test_transports import Gate, Simulator, write_map

POINTS = 20
THROUGH = "is asked through the running daemon"
FOR_METER = "belongs to the running daemon, which executes this for its device meter"


def values(world, *target):
    """What `read` prints, and what it says beside."""
    result = modbridge("read", *target, "--json", cwd=world.folder)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)["values"], result.stderr


def await_online(world, *devices):
    await_socket(world)
    await_status(world, lambda s: {u["device"] for b in s["buses"] for u in b["units"]
                                   if u.get("health", {}).get("state") == "online"} >= set(devices), "the devices")


@pytest.fixture
def line(world):
    """A simulated meter on a serial line, unit 1."""
    world.start_broker()
    write_map(world, POINTS)
    path = world.folder / "meter.yaml"
    path.write_text(path.read_text().replace("p0: {holding: 100, type: u16", "p0: {holding: 100, type: u16, access: rw"))
    bus = f"buses:\n  line: {{rtu: '{world.folder}/line', baud: 115200, parity: none, stop_bits: 1}}\n"
    world.simulator = Simulator(world, f"modbridge: site/1\nstate: /tmp\n{bus}devices:\n  meter: {{map: ./meter.yaml, bus: line}}\n")
    site = world.site({"meter": "map: meter, bus: line"})
    site.write_text(site.read_text().replace("devices:\n", bus + "devices:\n"))
    return world


def test_a_serial_line_that_the_bridge_holds_is_read_through_it(line):
    site = line.folder / "site.yaml"
    directly, said = values(line, site, "meter")
    assert len(directly) == POINTS and THROUGH not in said
    line.run(site)
    await_online(line, "meter")
    for target in ((site, "meter"), ("--map", line.folder / "meter.yaml", "--rtu", line.folder / "line", "--baud", "9600")):
        through, said = values(line, *target)
        assert through == directly
        assert said.count("\n") == 1 and THROUGH in said and "bus line" in said and "115200 baud" in said
    # A port that nobody can be asked about is held all the same.
    foreign = modbridge("read", "--map", line.folder / "meter.yaml", "--rtu", line.folder / "line", cwd="/")
    assert foreign.returncode == 4 and "is used by another program" in foreign.stderr, foreign.stderr


def test_a_device_that_takes_one_connection_is_read_through_it(world):
    world.start_broker()
    write_map(world, POINTS)
    simulator = Simulator(world, "modbridge: site/1\nstate: /tmp\ndevices:\n  meter: {map: ./meter.yaml, tcp: '127.0.0.1:1502'}\n")
    gate = Gate(simulator.served[0]["tcp"])
    site = world.site({"meter": f"map: meter, tcp: '{gate.endpoint}'"})
    world.run(site)
    await_online(world, "meter")
    through, said = values(world, site, "meter")
    assert len(through) == POINTS and THROUGH in said
    other, said = values(world, "--map", world.folder / "meter.yaml", "--tcp", gate.endpoint)
    assert other == through and THROUGH in said
    directly, said = values(world, "--map", world.folder / "meter.yaml", "--tcp", simulator.served[0]["tcp"])
    assert directly == through and THROUGH not in said, "an endpoint of nobody is asked directly"
    assert len(gate.opened) == 1 and gate.turned_away == 0


def test_a_site_that_is_divided_is_read_through_the_daemon_that_has_the_line(line):
    site = line.folder / "site.yaml"
    bridge = line.run(site, "--shard", "0/1")
    await_true(lambda: (line.folder / "state" / "shard-0" / "control.sock").exists(), "the control socket")
    through, said = values(line, site, "meter")
    assert len(through) == POINTS and THROUGH in said, bridge.log()
    done = modbridge("write", site, "meter", "p0=78")
    assert (done.returncode, done.stdout) == (0, "completed\n  p0  78\n") and FOR_METER in done.stderr, done.stderr


def test_writes_are_left_to_the_bridge_that_has_the_line(line):
    meter, other = line.folder / "meter.yaml", line.folder / "other" / "meter.yaml"
    other.parent.mkdir()
    other.write_text(meter.read_text().replace("holding: 100,", "holding: 400,"))
    line.run(line.folder / "site.yaml")
    await_online(line, "meter")

    def write(of_map, *more):
        return modbridge("write", "--map", of_map, "--rtu", line.folder / "line", *more, cwd=line.folder)

    done = write(meter, "p0=77")
    assert (done.returncode, done.stdout) == (0, "completed\n  p0  77\n"), done.stderr
    assert FOR_METER in done.stderr and done.stderr.count("\n") == 1
    before = values(line, line.folder / "site.yaml", "meter")[0]
    stranger = write(meter, "--unit", "9", "p0=1")
    assert stranger.returncode == 1 and "which has no device with unit 9 there" in stranger.stderr
    foreign = write(other, "p0=1")
    assert foreign.returncode == 1 and "device 'meter' with the map meter, which is not this one" in foreign.stderr
    rehearsed = write(other, "p0=1", "--dry-run")
    assert rehearsed.returncode == 0 and rehearsed.stderr == "", "it sends nothing, wherever the line is"
    assert values(line, line.folder / "site.yaml", "meter")[0] == before
    asked = [(c["name"], c["arguments"], c["origin"]) for c in await_status(line, lambda s: True, "the status")["commands"]]
    assert asked == [("write", "p0=77", "local")]


def transact(world, **request):
    answer = ask(world, {"request": "transact", "bus": "line", "unit": 1, "function": 3, "address": 100, "count": 1} | request)
    return answer.get("result") or answer["error"]


def test_requests_and_their_answers(line):
    line.run(line.folder / "site.yaml")
    await_online(line, "meter")
    buses = ask(line, {"request": "buses"})["result"]["buses"]
    units = buses[0].pop("units")
    assert [(u["device"], u["unit"], u["map"], len(u["map_digest"])) for u in units] == [("meter", 1, "meter", 16)]
    assert buses == [{"name": "line", "place": f"port {line.folder}/line at 115200 baud", "transport": "rtu",
                      "path": f"{line.folder}/line", "baud": 115200, "parity": "none", "stop_bits": 1}]
    whole = transact(line, count=POINTS)
    assert whole["end"] == "asked" and whole["count"] == POINTS == len(whole["words"]) and whole["response_us"] > 0
    assert transact(line, address=101)["words"] == whole["words"][1:2]
    refused = transact(line, address=9000)
    assert refused["fault"] == "exception" and refused["exception"] == 2 and "illegal data address" in refused["text"]
    absent = transact(line, unit=9, timeout_ms=100)
    assert absent["end"] == "asked" and absent["fault"] == "timeout" and "no answer" in absent["text"]
    assert "did you mean 'line'" in transact(line, bus="lime")
    assert "reads is expected" in transact(line, function=6) and "reads is expected" in transact(line, function=99)
    assert "function 3 cannot ask for 126" in transact(line, count=126)
    assert transact(line, unit=256).startswith("unit:") and transact(line, address=None).startswith("address:")
    device = await_status(line, lambda s: True, "the status")["buses"][0]["units"][0]
    assert device["timeouts"] == 0 and device["exceptions"] == {}, "what guests ask is not the device's fault"


def test_a_unit_that_is_offline_is_not_asked_for_others(line):
    line.run(line.folder / "site.yaml")
    await_online(line, "meter")
    line.simulator.set("device: meter, silent: true")
    await_status(line, lambda s: s["buses"][0]["units"][0]["health"]["state"] == "offline", "a dead unit")

    def away():
        answer = transact(line)
        return answer if answer["end"] == "away" else None
    assert "unit 1 is offline for" in await_true(away, "an answer without the line")["text"]
    line.simulator.set()
    await_true(lambda: transact(line)["end"] == "asked", "the unit is back")


def test_a_tool_that_goes_away_is_forgotten(line):
    bridge = line.run(line.folder / "site.yaml")
    await_online(line, "meter")
    request = json.dumps({"request": "transact", "bus": "line", "unit": 77, "function": 3, "address": 0, "count": 1})
    for _ in range(60):  # each would take a second, and the bus would have no end of them
        client = connect(line)
        client.sendall(request.encode() + b"\n")
        client.close()
    await_true(lambda: isinstance(transact(line), dict), "room for another")
    assert transact(line)["end"] == "asked"
    assert bridge.child.poll() is None


def test_a_tool_is_stopped_while_it_waits(line):
    line.run(line.folder / "site.yaml")
    await_online(line, "meter")
    crowd = [connect(line) for _ in range(8)]  # who keep the line for seconds
    for client in crowd:
        client.sendall(json.dumps({"request": "transact", "bus": "line", "unit": 99, "function": 3, "address": 0, "count": 1}).encode() + b"\n")
    tool = subprocess.Popen([MODBRIDGE, "read", line.folder / "site.yaml", "meter"], stderr=subprocess.PIPE, text=True)
    assert THROUGH in tool.stderr.readline()
    tool.send_signal(signal.SIGINT)
    assert tool.wait(PATIENCE) == 4
    said = tool.stderr.read()
    tool.stderr.close()
    assert "stopped" in said, said
    for client in crowd:
        client.close()
