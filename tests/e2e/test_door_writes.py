# SPDX-License-Identifier: MIT
"""What other masters write through the door to what the bridge holds, counts, reads back, or finds in a SunSpec model that
lies elsewhere; and doors in IPv6."""
import json
import socket
import struct
import threading

import pytest
from conftest import PATIENCE, await_true, free_port, modbridge
from recorder import Recorder
from test_door import Master, read, write

MODEL_123 = 50000 + 2 + 68  # behind the marker and model 1 with its header
LIMIT = MODEL_123 + 5
MAP = """modbridge: map/1
modbus: {every: 200ms, timeout: 5s, sunspec: [40000, 50000]}
registers:
  limit_sf: {holding: model(123) + 23, type: i16}
telemetry:
  setpoint: {holding: 100, type: u16, access: rw}
  worn: {holding: 101, type: u16, access: rw, wear: true}
  plain: {holding: 102, type: u16, access: rw}
  stubborn: {holding: 103, type: u16, access: rw}
  limit: {holding: model(123) + 5, type: u16, sf: limit_sf, access: rw}
commands:
  keep:
    steps:
      - write: {setpoint: 55}
        hold: {every: 300ms, for: 1h, then: {setpoint: 0}}
  keep_limit:
    steps:
      - write: {limit: 50}
        hold: {every: 300ms, for: 1h, then: {limit: 100}}
  set_plain: {set: plain}
  set_stubborn:
    steps:
      - write: {stubborn: 4}
        verify: {within: 6s}
simulation:
  sunspec: {base: 50000, models: [1, 123]}
  values: {setpoint: 5, worn: 0, plain: 0, stubborn: 3, limit_sf: -2, limit: 80}
  rules:
    - {written: stubborn, when: stubborn == 4, set: {stubborn: 3}}
"""


@pytest.fixture
def shared(world):
    """One device behind a recorder, on a bus with a door."""
    world.start_broker()
    (world.folder / "shared.yaml").write_text(MAP)
    _, endpoint = world.simulate(world.folder / "shared.yaml")
    world.recorder = Recorder(endpoint)
    world.door = free_port()
    ranges = f"[{{unit: 1, holding: 100..103}}, {{unit: 1, holding: {MODEL_123}..{MODEL_123 + 25}}}]"
    world.where = world.site({"d": "map: shared, bus: line"})
    bus = f"  line: {{tcp: '{world.recorder.endpoint}', share: {{listen: '127.0.0.1:{world.door}', write: {ranges}}}}}\n"
    world.where.write_text(world.where.read_text().replace("devices:\n", f"buses:\n{bus}devices:\n"))
    world.bridge = world.run(world.where)
    await_value(world, limit=80.0)
    world.master = Master(world.door)
    yield world
    world.master.close()
    world.recorder.close()


def await_value(world, **wanted):
    world.mqtt.await_payload("v1/from/HW/d/v1/telemetry", lambda p: wanted.items() <= p.items(), len(world.mqtt.messages))


def unit_of(world):
    return json.loads(modbridge("status", world.where, "--json").stdout)["buses"][0]["units"][0]


def writes(world, address):
    return [w["words"][0] for w in world.recorder.writes if w["address"] == address]


@pytest.mark.parametrize("command, address, kept, word, value", [("keep", 100, 55, 7, {"setpoint": 7}),
                                                                 ("keep_limit", LIMIT, 5000, 4000, {"limit": 40.0})])
def test_a_hold_ends_when_another_master_writes_its_register(shared, command, address, kept, word, value):
    assert shared.command("d", "k", command)[0] == "completed"
    await_true(lambda: writes(shared, address).count(kept) >= 3, "the setpoint is written again")
    assert shared.master.ask(1, write(address, word)) == write(address, word)
    await_true(lambda: "has ended: something else was written" in shared.bridge.log(), "the hold has ended")
    await_true(lambda: unit_of(shared)["holds"] == [], "the status to say so")
    await_value(shared, **value)
    assert shared.bridge.stop() == 0
    seen = writes(shared, address)
    assert seen[seen.index(word):] == [word], f"neither the setpoint nor its end is written any more: {seen}"


def test_what_others_write_is_counted_as_wear_and_read_at_once(shared):
    for number in range(3):
        assert shared.master.ask(1, write(101, 9)) == write(101, 9), "what it holds already counts: it was written"
        assert shared.master.ask(1, write(LIMIT, 1000 + number)) == write(LIMIT, 1000 + number)
        assert shared.master.ask(1, read(LIMIT)) == b"\x03\x02" + struct.pack(">H", 1000 + number), "not what was read before"
    assert shared.master.ask(1, write(99, 1)) == b"\x86\x02", "outside of the list"
    await_value(shared, worn=9, limit=10.02)
    await_true(lambda: unit_of(shared)["wear"] == [{"entry": "worn", "writes": 3}], "the count")
    assert shared.command("d", "w", "set_plain", {"plain": 1})[0] == "completed"  # its record takes the counts along
    shared.bridge.child.kill()
    shared.bridge.child.wait()
    shared.bridge = shared.run(shared.where)
    await_value(shared, worn=9)
    assert unit_of(shared)["wear"] == [{"entry": "worn", "writes": 3}], "over a kill"


def ask_beside(world, pdu):
    """Another master asks while this one goes on; what it got."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(world.master.ask(1, pdu)))
    thread.start()
    return thread, answers


def test_a_write_beside_a_command_that_reads_back(shared):
    # Frames of a command without a wait follow each other: another's write to the same register comes behind them.
    beside = []

    def look(written):
        if written["address"] == 102 and written["words"] == [6]:
            beside.append(ask_beside(shared, write(102, 7)))

    shared.recorder.on_write = look
    assert shared.command("d", "p", "set_plain", {"plain": 6}) == ("completed", {"plain": 6})
    beside[0][0].join(PATIENCE)
    assert beside[0][1] == [write(102, 7)] and writes(shared, 102) == [6, 7]
    await_value(shared, plain=7)
    # Between two looks at a register that does not follow yet, others have their turn: what is found is what is said.
    shared.recorder.on_write = lambda _: None
    shared.mqtt.send("v1/to/HW/d/v1/command/requests", {"id": "s", "name": "set_stubborn"})
    await_true(lambda: writes(shared, 103), "the write of the command")
    assert shared.master.ask(1, write(103, 9)) == write(103, 9)
    answer = shared.mqtt.await_payload("v1/from/HW/d/v1/command/responses", lambda p: p["id"] == "s" and p["state"] != "log")
    assert answer["state"] == "error" and "reads back as 9 instead of 4" in answer["payload"]["message"], answer
    assert writes(shared, 103) == [4, 9], "a write is not repeated"


def test_doors_in_ipv6(world):
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    world.start_broker()
    (world.folder / "meter.yaml").write_text("modbridge: map/1\ntelemetry: {v: {holding: 7, type: u16}}\nsimulation: {values: {v: 5}}\n")
    endpoints = [world.simulate(world.folder / "meter.yaml")[1] for _ in range(2)]
    local, everywhere = free_port(), free_port()
    site = world.site({"a": "map: meter, bus: near", "b": "map: meter, bus: far"})
    buses = "".join(f"  {name}: {{tcp: '{endpoint}', share: {{listen: '{listen}'}}}}\n"
                    for name, endpoint, listen in (("near", endpoints[0], f"[::1]:{local}"), ("far", endpoints[1], f"[::]:{everywhere}")))
    site.write_text(site.read_text().replace("devices:\n", f"buses:\n{buses}devices:\n"))
    warned = [line for line in modbridge("check", site).stdout.splitlines() if "Modbus knows no" in line]
    assert len(warned) == 1 and "listen: :: can be reached over the network" in warned[0], warned
    bridge = world.run(site)
    world.mqtt.await_payload("v1/from/HW/b/v1/telemetry", lambda p: p.get("v") == 5)
    for host, port in (("::1", local), ("::1", everywhere), ("127.0.0.1", everywhere)):  # the last as ::ffff:127.0.0.1
        master = Master(port, host)
        assert master.ask(1, read(7)) == b"\x03\x02\x00\x05", (host, port, bridge.log())
        assert master.ask(1, write(7, 1)) == b"\x86\x01", "the list holds for all of them"
        master.close()
    with pytest.raises(OSError):
        Master(local, "127.0.0.1")
    listens = {b["name"]: b["shared"]["listen"] for b in json.loads(modbridge("status", site, "--json").stdout)["buses"]}
    assert listens == {"near": f"[::1]:{local}", "far": f"[::]:{everywhere}"}
