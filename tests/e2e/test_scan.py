# SPDX-License-Identifier: MIT
"""modbridge scan against simulated lines, python3-pymodbus and what misbehaves."""
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import time

import pytest
from adapter import Adapter
from conftest import MAPPINGS, MODBRIDGE, await_true, free_port, modbridge

LINE = """
modbridge: site/1
mappings: ["{mappings}", "{folder}"]
buses:
  cabinet: {{rtu: {port}, baud: 19200, parity: even}}
devices:
  first:  {{map: fronius, bus: cabinet, unit: 2}}
  second: {{map: sma_tripower, bus: cabinet, unit: 4}}
  third:  {{map: dumb, bus: cabinet, unit: 5}}
"""
DUMB = """
modbridge: map/1
vendor: Acme
model: Dumb
telemetry: {number: {input: 0, type: u16}}
simulation: {identification: {supported: false}, values: {number: 230}}
"""


@pytest.fixture
def line(world):
    """A serial line of three devices at 19200 baud; where it is."""
    (world.folder / "dumb.yaml").write_text(DUMB)
    site = world.folder / "line.yaml"
    site.write_text(LINE.format(mappings=MAPPINGS, folder=world.folder, port="/dev/nowhere"))
    process = world.start([MODBRIDGE, "simulate", site], "line")
    await_true(lambda: len(process.lines()) == 3, "the line")
    return json.loads(process.lines()[0])["rtu"]


def scan(*options, code=0):
    run = modbridge("scan", *options)
    assert run.returncode == code, run.stdout + run.stderr
    return run


def units(run):
    return [json.loads(x) for x in run.stdout.splitlines()]


def test_a_serial_line_whose_speed_nobody_knows(line):
    adapter = Adapter(line, termios.B19200)
    try:
        run = scan("--rtu", adapter.path, "--units", "2..5", "--timeout", "500ms", "--json")
    finally:
        adapter.close()
    # 9600 came first, and nothing else once somebody answered.
    assert adapter.speeds == [termios.B9600, termios.B19200]
    first, second, third = units(run)
    assert {k: first[k] for k in ("rtu", "baud", "parity", "stop_bits", "unit")} == {
        "rtu": adapter.path, "baud": 19200, "parity": "even", "stop_bits": 1, "unit": 2}
    assert first["identification"]["vendor_name"] == "Fronius"
    assert first["sunspec"]["manufacturer"] == "Fronius" and 103 in first["sunspec"]["models"]
    assert first["maps"][0] == {"map": "fronius", "by": "identify"}
    assert second["unit"] == 4 and second["identification"]["vendor_name"] == "SMA"
    assert "sunspec" not in second and second["maps"] == []
    assert "sma_tripower" in second["maps_of_vendor"] and "fronius" not in second["maps_of_vendor"]
    # A device that knows neither holding registers nor function 43.
    assert third["unit"] == 5 and third["answer"]["exception"] == 2 and "identification" not in third
    assert not any(x["garbled"] or x["any_unit"] for x in (first, second, third))


def test_nothing_but_noise_is_said(line):
    adapter = Adapter(line, termios.B19200, garbles=True)
    try:
        run = scan("--rtu", adapter.path, "--baud", "9600", "--units", "2", code=1)
        assert "unit 2: answers garbled" in run.stdout and "two devices have this unit id" in run.stdout
    finally:
        adapter.close()


def test_a_bus_of_a_site(world, line):
    site = world.folder / "site.yaml"
    site.write_text(LINE.format(mappings=MAPPINGS, folder=world.folder, port=line))
    text = scan(site, "cabinet", "--units", "4..5").stdout
    assert re.search(r"^/dev/\S+, 19200 8E1, unit 4: SMA.*\n  answers    holding 0: illegal data address", text, re.M)
    assert re.search(r"^  says       vendor_name SMA.*, revision simulated$", text, re.M)
    assert re.search(r"^  map, maybe .*sma_tripower.*: of this vendor, and cannot tell$", text, re.M)
    assert re.search(r"unit 5: answers\n.*\n  map        none of \d+ fits", text)
    run = scan(site, "cabine", code=2)
    assert "has no bus 'cabine'; did you mean 'cabinet'?" in run.stderr


def test_who_is_silent_is_asked_for_another_table(world, line):
    faults = world.folder / "faults.yaml"
    faults.write_text("faults: [{unit_id: 5, table: holding, addresses: 0..0, silent: true}]\n")
    site = world.folder / "line.yaml"
    process = world.start([MODBRIDGE, "simulate", site, "--faults", faults], "shy")
    await_true(lambda: len(process.lines()) == 4, "the line")
    path = json.loads(process.lines()[1])["rtu"]
    run = scan("--rtu", path, "--baud", "19200", "--parity", "even", "--units", "5", "--json")
    assert units(run)[0]["answer"].items() >= {"table": "input", "word": 230}.items()


SERVER = """
import sys
from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.device import ModbusDeviceIdentification
from pymodbus.server import StartTcpServer
words = ModbusSparseDataBlock({0: 7})
unit = ModbusSlaveContext(hr=words, ir=words, di=words, co=words, zero_mode=True)
identity = ModbusDeviceIdentification(info={0: "Pymodbus", 1: "PM", 2: "3.0", 3: "u" * 150, 4: "p" * 150, 0x80: "own"})
slaves = {3: unit, 4: unit} if sys.argv[2] == "two" else unit
StartTcpServer(context=ModbusServerContext(slaves=slaves, single=sys.argv[2] == "one"), identity=identity,
               address=("127.0.0.1", int(sys.argv[1])))
"""


def start_pymodbus(world, kind):
    port = free_port()
    (world.folder / "server.py").write_text(SERVER)
    world.start(["/usr/bin/python3", world.folder / "server.py", port, kind], "pymodbus")
    await_true(lambda: world.listens(port), "pymodbus")
    return f"127.0.0.1:{port}"


def test_units_of_pymodbus(world):
    where = start_pymodbus(world, "two")
    found = units(scan("--tcp", where, "--units", "2..5", "--timeout", "1s", "--json"))
    assert [x["unit"] for x in found] == [3, 4]
    assert found[0]["tcp"] == where and found[0]["answer"]["word"] == 7
    # More than one answer holds, and an object without a name.
    assert found[0]["identification"] == {
        "vendor_name": "Pymodbus", "product_code": "PM", "revision": "3.0", "vendor_url": "u" * 150,
        "product_name": "p" * 150, "0x80": "own"}


def test_a_device_that_answers_to_every_unit_id(world):
    where = start_pymodbus(world, "one")
    text = scan("--tcp", where).stdout
    assert text.count(where) == 1 and f"{where}, every unit id: Pymodbus ppp" in text


def test_pymodbus_asks_the_simulator(world):
    from pymodbus.client import ModbusTcpClient
    from pymodbus.mei_message import ReadDeviceInformationRequest
    (world.folder / "talker.yaml").write_text(
        DUMB.replace("{supported: false}", f'{{revision: "1.2", vendor_url: "{"u" * 150}", model_name: "{"m" * 150}"}}'))
    _, where = world.simulate(world.folder / "talker.yaml")
    client = ModbusTcpClient("127.0.0.1", port=int(where.split(":")[1]))
    client.connect()

    def ask(code, first):
        return client.execute(ReadDeviceInformationRequest(code, first, unit=1))

    assert ask(1, 0).information == {0: b"Acme", 1: b"Dumb", 2: b"1.2"}
    answer = ask(2, 0)
    assert answer.conformity == 0x82 and answer.more_follows == 0xFF and answer.next_object_id == 5
    assert answer.information == {0: b"Acme", 1: b"Dumb", 2: b"1.2", 3: b"u" * 150}
    assert ask(2, 5).information == {5: b"m" * 150}
    assert ask(4, 2).information == {2: b"1.2"}
    assert ask(4, 6).exception_code == 2
    client.close()


def test_hosts(world):
    port = free_port()
    world.simulate(MAPPINGS / "sma_tripower.yaml", "--unit", "3", listen=f"127.0.0.3:{port}")
    run = scan("--tcp", f"127.0.0.1-5:{port},127.0.0.9:{port}", "--units", "3", "--json")
    assert [x["tcp"] for x in units(run)] == [f"127.0.0.3:{port}"]
    assert "1 of 6 hosts take a connection" in run.stderr
    run = scan("--tcp", f"127.0.0.7:{port}", code=4)
    assert "refused the connection" in run.stderr
    run = scan("--tcp", f"127.0.0.10-12:{port}", code=4)
    assert "0 of 3 hosts" in run.stderr
    assert "no range" in scan("--tcp", "10.0.0.9-3", code=2).stderr


def test_a_gateway_that_is_slower_than_it_is_waited_for(world):
    faults = world.folder / "faults.yaml"
    faults.write_text("faults: [{unit_id: 2, addresses: 0..0, latency: 800ms}]\n")
    _, where = world.simulate(MAPPINGS / "sma_tripower.yaml", "--unit", "2", "--faults", faults)
    run = scan("--tcp", where, "--units", "1..4", "--timeout", "500ms", "--json")
    assert [x["unit"] for x in units(run)] == [2]


def test_what_is_no_modbus_tcp(world):
    port = free_port()
    program = ("import socket, sys\ns = socket.create_server(('127.0.0.1', int(sys.argv[1])))\n"
               "while True:\n c = s.accept()[0]\n while c.recv(99): c.send(b'HTTP/1.1 400 no\\r\\n\\r\\n')\n")
    world.start(["/usr/bin/python3", "-c", program, port], "web")
    await_true(lambda: world.listens(port), "the server")
    run = scan("--tcp", f"127.0.0.1:{port}", code=1)
    assert "is not Modbus TCP" in run.stderr and "--rtu-over-tcp" in run.stderr


def test_bad_options():
    for options, said in (
            (["--rtu", "/dev/nowhere", "--units", "5..1"], "--units takes unit ids"),
            (["--rtu", "/dev/nowhere", "--units", "1..256"], "--units takes unit ids"),
            (["--rtu", "/dev/nowhere", "--timeout", "5"], "--timeout takes a duration"),
            (["--rtu", "/dev/nowhere", "--parity", "odd", "--tcp", "10.0.0.1"], "give one of --tcp, --rtu"),
            (["--rtu", "/dev/nowhere", "extra"], "'extra' is one argument too many"),
            ([], "name a site and a bus")):
        assert said in scan(*options, code=2).stderr
    assert "there is no serial port" in scan("--rtu", "/dev/nowhere", code=1).stderr


def test_a_bus_that_a_running_bridge_has(world, line):
    site = world.folder / "site.yaml"
    site.write_text(LINE.format(mappings=MAPPINGS, folder=world.folder, port=line)
                    + f"state: {world.folder}/state\n")
    bridge = world.run(site, "--dry")
    await_true(lambda: (world.folder / "state" / "control.sock").exists(), "the bridge")
    for target in ((site, "cabinet"), ("--rtu", line, "--baud", "9600")):
        result = modbridge("scan", *target, "--units", "4..5", "--json", cwd=world.folder)
        assert result.returncode == 0, result.stderr
        assert "is asked through the running daemon" in result.stderr
        found = units(result)
        assert [x["unit"] for x in found] == [4, 5]
        # As the bridge has set the line.
        assert {(x["baud"], x["parity"], x["stop_bits"]) for x in found} == {(19200, "even", 1)}
        assert found[0]["identification"]["vendor_name"] == "SMA"
    assert bridge.child.poll() is None
    # Who cannot ask it finds the port in use.
    foreign = modbridge("scan", "--rtu", line, "--units", "5", cwd="/")
    assert foreign.returncode == 1 and "is used by another program" in foreign.stderr


class Silence:
    """A port at which nobody is, scanned on a terminal."""

    def __init__(self, folder, columns, *options):
        self.port_master, self.port = pty.openpty()
        self.screen, screen = pty.openpty()
        fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.out = folder / "scan.out"
        with open(self.out, "w") as out:
            self.child = subprocess.Popen(
                [MODBRIDGE, "scan", "--rtu", os.ttyname(self.port), "--baud", "115200", *options], stdout=out,
                stderr=screen)
        os.close(screen)
        self.seen = ""

    def read(self):
        try:
            self.seen += os.read(self.screen, 65536).decode()
        except OSError:  # the other end is closed
            return False
        return True

    def await_seen(self, pattern):
        while not re.search(pattern, self.seen):
            assert self.read(), self.seen

    def rest(self):
        while self.read():
            pass
        code = self.child.wait()
        for descriptor in (self.port_master, self.port, self.screen):
            os.close(descriptor)
        return code


def test_progress_on_a_terminal(tmp_path):
    run = Silence(tmp_path, 60, "--units", "1..3", "--timeout", "60ms")
    assert run.rest() == 4
    shown = re.findall(r"\r([^\r\x1b]*)\x1b\[K", run.seen)
    bars = [x for x in shown if x]
    assert bars and all(re.match(r"\[#*\.*\] +\d+ %  unit \d, 0 found: /dev/pts/", x) for x in bars)
    assert all(len(x) < 60 for x in bars)
    # Taken away before anything is said.
    assert re.search(r"\r\x1b\[Kmodbridge scan: nothing answers", run.seen), run.seen
    assert run.out.read_text() == ""
    # No terminal, no bar.
    assert "\r" not in scan("--tcp", "127.0.0.1:1", code=4).stderr


def test_sigint_ends_it_at_once(tmp_path):
    run = Silence(tmp_path, 80, "--timeout", "500ms")
    run.await_seen(r"unit ([2-9]|\d\d)")
    run.child.send_signal(signal.SIGINT)
    began = time.monotonic()
    assert run.rest() == 4
    assert time.monotonic() - began < 20, "the other units would take minutes"
    assert "stopped before the end" in run.seen
