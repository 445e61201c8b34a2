# SPDX-License-Identifier: MIT
"""A bus shared with other masters: mbpoll and pymodbus beside full polling, the list of writes, clients that mean no good."""
import re
import socket
import struct
import subprocess

import pytest
from conftest import PATIENCE, await_true, free_port, modbridge
from test_guests import await_online
from test_status import await_status
from test_transports import Simulator, await_telemetry, telemetry

MAP = """modbridge: map/1
vendor: Test
model: Meter
modbus: {timeout: 2s, every: 1s}
registers:
  limit: {holding: 200, type: u16, access: rw}
  spare: {holding: 201, type: u16, access: rw}
  hidden: {holding: 300, type: u16}
telemetry:
  low: {holding: 100, type: u16}
  high: {holding: 101, type: u16}
  total: {input: 7, type: u32}
  relay: {coil: 3, type: bool}
commands:
  set_limit: {set: limit, min: 0, max: 60000}
"""


@pytest.fixture
def shared(world):
    """Two simulated meters behind one serial line, units 4 and 5, which is polled and shared."""
    world.start_broker()
    (world.folder / "meter.yaml").write_text(MAP)
    bus = f"rtu: '{world.folder}/line', baud: 115200, parity: none, stop_bits: 1"
    devices = "  one: {map: ./meter.yaml, bus: line, unit: 4}\n  two: {map: ./meter.yaml, bus: line, unit: 5}\n"
    world.simulator = Simulator(world, f"modbridge: site/1\nstate: /tmp\nbuses:\n  line: {{{bus}}}\ndevices:\n{devices}")
    world.door = free_port()
    share = f"share: {{listen: '127.0.0.1:{world.door}', write: [{{unit: 4, holding: 200..201}}]}}"
    site = world.site({"one": "map: meter, bus: line, unit: 4", "two": "map: meter, bus: line, unit: 5"})
    site.write_text(site.read_text().replace("devices:\n", f"buses:\n  line: {{{bus}, {share}}}\ndevices:\n"))
    world.bridge = world.run(site)
    await_online(world, "one", "two")
    return world


class Master:
    """A master that says what it is told to."""

    def __init__(self, port, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), PATIENCE)
        self.data = b""  # that came and was not asked for yet
        self.transaction = 0

    def send(self, unit, pdu):
        self.transaction += 1
        self.socket.sendall(struct.pack(">HHHB", self.transaction, 0, len(pdu) + 1, unit) + pdu)

    def receive(self):
        """(transaction, pdu), or None when the connection was closed."""
        while len(self.data) < 7 or len(self.data) < 6 + struct.unpack(">H", self.data[4:6])[0]:
            piece = self.socket.recv(4096)
            if not piece:
                return None
            self.data += piece
        end = 6 + struct.unpack(">H", self.data[4:6])[0]
        frame, self.data = self.data[:end], self.data[end:]
        return struct.unpack(">H", frame[:2])[0], frame[7:]

    def ask(self, unit, pdu):
        self.send(unit, pdu)
        return self.receive()[1]

    def close(self):
        self.socket.close()


def read(address, count=1, function=3):
    return struct.pack(">BHH", function, address, count)


def write(address, value, function=6):
    return struct.pack(">BHH", function, address, value)


def door(world):
    return await_status(world, lambda s: "callers" in (s["buses"][0].get("shared") or {}), "the door")["buses"][0]


def polled_without_a_gap(world, since):
    """Both devices are polled: nothing was lost since."""
    for device in ("one", "two"):
        seen = telemetry(world, device, since)
        assert all({"low", "high", "total", "relay"} <= set(p) and p["conn_alerts"] == [] for p in seen), seen
        seconds = [p["timestamp"] for p in seen]
        assert seconds == sorted(set(seconds))


PYMODBUS = """
import sys
from pymodbus.client import ModbusTcpClient
client = ModbusTcpClient("127.0.0.1", port=int(sys.argv[1]), timeout=60)
assert client.connect()
for unit in (4, 5) * 10:
    rows = client.read_holding_registers(100, 2, slave=unit).registers
    assert len(rows) == 2, rows
    assert client.read_holding_registers(300, 1, slave=unit).registers == [int(sys.argv[2])]
    assert len(client.read_input_registers(7, 2, slave=unit).registers) == 2
    assert len(client.read_coils(3, 1, slave=unit).bits) == 8
assert not client.write_register(200, 123, slave=4).isError()
assert client.read_holding_registers(200, 1, slave=4).registers == [123]
assert not client.write_registers(200, [124, 125], slave=4).isError()
assert client.read_holding_registers(200, 2, slave=4).registers[0] == 124
assert client.write_register(199, 1, slave=4).exception_code == 2
assert client.write_registers(201, [1, 2], slave=4).exception_code == 2
assert client.write_register(200, 1, slave=5).exception_code == 1
assert client.write_coil(3, True, slave=4).exception_code == 2
assert client.read_holding_registers(9000, 1, slave=4).exception_code == 2
client.close()
"""


def test_mbpoll_and_pymodbus_side_by_side_with_polling(shared):
    since = len(shared.mqtt.messages)
    master = Master(shared.door)
    hidden = struct.unpack(">H", master.ask(4, read(300))[2:])[0]  # no plan reads it: it comes from the device
    master.close()
    (shared.folder / "client.py").write_text(PYMODBUS)
    client = subprocess.Popen(["/usr/bin/python3", shared.folder / "client.py", str(shared.door), str(hidden)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    mbpoll = subprocess.run(["mbpoll", "-m", "tcp", "-p", str(shared.door), "-a", "5", "-0", "-r", "100", "-c", "2", "-t", "4", "-1", "-o", "10",
                             "127.0.0.1"], capture_output=True, text=True, timeout=60)
    polled = await_telemetry(shared, "two", lambda p: "low" in p)
    assert mbpoll.returncode == 0, mbpoll.stdout + mbpoll.stderr
    assert re.findall(r"\[(\d+)\]:\s+(\d+)", mbpoll.stdout) == [("100", str(polled["low"])), ("101", str(polled["high"]))]
    refused = subprocess.run(["mbpoll", "-m", "tcp", "-p", str(shared.door), "-a", "5", "-0", "-r", "200", "-t", "4", "-o", "10", "127.0.0.1", "9"],
                             capture_output=True, text=True, timeout=60)
    assert "Illegal function" in refused.stdout + refused.stderr
    said, _ = client.communicate(timeout=2 * PATIENCE)
    assert client.returncode == 0, said
    assert shared.command("one", "1", "set_limit", {"limit": 700})[0] == "completed"
    polled_without_a_gap(shared, since)
    bus = door(shared)
    assert bus["guests"]["cached"] > 0 and bus["guests"]["asked"] > 0, bus["guests"]
    seen = await_status(shared, lambda s: s["buses"][0]["shared"]["callers"] == 0 and s["buses"][0]["shared"]["refused_function"] >= 2,
                        "the counts")["buses"][0]["shared"]
    assert seen["connections"] == 4 and seen["refused_address"] == 3 and seen["dropped"] == 0, seen
    assert shared.bridge.log().count("other masters ask for what is not shared") == 1, "one line a change of state"


def test_what_is_written_is_read_at_once(shared):
    master = Master(shared.door)
    assert master.ask(4, write(200, 321)) == write(200, 321)
    assert master.ask(4, read(200)) == b"\x03\x02" + struct.pack(">H", 321), "not what was read before"
    for value in (100, 200, 300):
        assert master.ask(4, write(201, value)) == write(201, value)
        assert master.ask(4, read(201)) == b"\x03\x02" + struct.pack(">H", value)
    assert master.ask(4, b"\x14\x07\x06\x00\x01\x00\x01\x00\x01")[:2] == b"\x94\x01", "an unknown function"
    assert master.ask(4, read(0, 0)) == b"\x83\x03"
    assert master.ask(0, read(0)) == b"\x83\x0a", "everybody at once answers nobody"
    assert master.ask(77, read(0)) in (b"\x83\x0b", b"\x83\x06"), "nobody is there"
    master.close()


def test_requests_that_come_in_a_heap_are_answered_in_order(shared):
    master = Master(shared.door)
    for i in range(30):
        master.send(4 + i % 2, read(300 if i % 3 else 100))
    answers = [master.receive() for _ in range(30)]
    assert [transaction for transaction, _ in answers] == list(range(1, 31))
    assert all(pdu[:2] == b"\x03\x02" for _, pdu in answers), answers
    master.close()


def hostile(port):
    """Clients that mean no good: a thousand that only knock, and more that are left open."""
    crowd = []
    for _ in range(1000):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.5).close()
        except OSError:
            pass
    for data in (b"\x00\x01\x00\x00\x00\x06\x04\x03", b"GET / HTTP/1.1\r\n\r\n", b"\x00\x01\x00\x00\xff\xff\x04\x03", b"\x00\x01\x00\x00\x00\x00",
                 b"\x00\x01\x12\x34\x00\x06\x04\x03\x00\x00\x00\x01", bytes(range(256)), b""):
        for _ in range(30):
            client = socket.socket()
            client.settimeout(0.5)
            try:
                client.connect(("127.0.0.1", port))
                client.sendall(data)
            except OSError:
                pass
            crowd.append(client)
    return crowd


def test_hostile_clients_change_nothing(shared):
    since = len(shared.mqtt.messages)
    crowd = hostile(shared.door)
    flooders = []
    for _ in range(4):  # full pipes, never read
        client = socket.socket()
        client.settimeout(0.5)
        try:
            client.connect(("127.0.0.1", shared.door))
            client.setblocking(False)
            for _ in range(2000):
                client.send(struct.pack(">HHHB", 1, 0, 6, 99) + read(0, 125))
        except OSError:
            pass
        flooders.append(client)
    for i in range(5):
        assert shared.command("two", f"c{i}", "set_limit", {"limit": i})[0] == "completed"
    await_true(lambda: len(telemetry(shared, "one", since)) >= 5, "polling goes on")
    polled_without_a_gap(shared, since)
    for client in crowd + flooders:
        client.close()

    def welcome():
        try:
            master = Master(shared.door)
            answer = master.ask(4, read(300))
            master.close()
            return answer
        except (OSError, TypeError):
            return None
    assert await_true(welcome, "a place for an honest one")[:2] == b"\x03\x02"
    seen = await_status(shared, lambda s: s["buses"][0]["shared"]["dropped"] > 0, "what was dropped")["buses"][0]
    assert seen["shared"]["turned_away"] > 0, seen["shared"]
    assert all(unit["timeouts"] == 0 and unit["health"]["state"] == "online" for unit in seen["units"]), "guests are not the devices' fault"
    assert shared.bridge.child.poll() is None


def test_a_place_that_is_taken_is_said_and_bridging_goes_on(world):
    world.start_broker()
    (world.folder / "meter.yaml").write_text(MAP)
    simulator = Simulator(world, "modbridge: site/1\nstate: /tmp\nbuses:\n  line: {tcp: '127.0.0.1:1502'}\ndevices:\n  one: {map: ./meter.yaml, bus: line}\n")
    taken = socket.create_server(("127.0.0.1", 0))
    listen = f"127.0.0.1:{taken.getsockname()[1]}"
    site = world.site({"one": "map: meter, bus: line"})
    site.write_text(site.read_text().replace(
        "devices:\n", f"buses:\n  line: {{tcp: '{simulator.served[0]['tcp']}', share: {{listen: '{listen}'}}}}\ndevices:\n"))
    bridge = world.run(site)
    await_telemetry(world, "one", lambda p: "low" in p)
    assert "not shared with other masters: cannot listen at 127.0.0.1" in bridge.log()
    await_status(world, lambda s: s["buses"][0]["shared"] == {"listen": listen, "is_open": False}, "the status")
    taken.close()


def test_a_reload_gives_the_door_its_new_list(shared):
    site = shared.folder / "site.yaml"
    master = Master(shared.door)
    assert master.ask(5, write(200, 1)) == b"\x86\x01"
    site.write_text(site.read_text().replace("{unit: 4, holding: 200..201}", "{unit: 5, holding: 200}"))
    assert modbridge("reload", site).returncode == 0, shared.bridge.log()
    assert master.receive() is None, "the bus begins anew, and so does its door"
    master.close()

    def answer():
        try:
            newcomer = Master(shared.door)
            said = newcomer.ask(5, write(200, 7)), newcomer.ask(4, write(200, 7))
            newcomer.close()
            return said if said[0] == write(200, 7) else None
        except (OSError, TypeError):
            return None
    assert await_true(answer, "the new list")[1] == b"\x86\x01"
    site.write_text(re.sub(r", share: .*?\]\}\}", "}", site.read_text()))
    assert "share" not in site.read_text() and modbridge("reload", site).returncode == 0, site.read_text()
    with pytest.raises(OSError):
        Master(shared.door)
    await_status(shared, lambda s: "shared" not in s["buses"][0], "no door")
