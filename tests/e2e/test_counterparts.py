# SPDX-License-Identifier: MIT
"""Modbus programs that we did not write: python3-pymodbus as the device, mbpoll as the master."""
import re
import signal
import subprocess
import sys

from conftest import MAPPINGS, ROOT, await_true, free_port, modbridge

SERVER = """
import sys
from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.server import StartTcpServer
words = ModbusSparseDataBlock({0: 7, 1: 0x4270, 2: 0, 3: 0xFFFF, 10: 0, 20: 1, 21: 0})
zero = ModbusSparseDataBlock({0: 0})
unit = ModbusSlaveContext(di=ModbusSparseDataBlock({5: True, 6: False}), co=ModbusSparseDataBlock({8: False, 9: True}),
                          hr=words, ir=ModbusSparseDataBlock({100: 0x0001, 101: 0x86A0}), zero_mode=True)
StartTcpServer(context=ModbusServerContext(slaves={3: unit}, single=False), address=("127.0.0.1", int(sys.argv[1])))
"""

MAP = """
modbridge: map/1
vendor: Counterpart
model: Pymodbus
telemetry:
  number:  {holding: 0, type: u16, access: rw}
  rate:    {holding: 1, type: f32, unit: "%", access: rw}
  missing: {holding: 3, type: u16, invalid: 0xFFFF}
  total:   {input: 100, type: u32, unit: Wh, scale: 0.1}
  door:    {discrete: 5, type: bool}
  window:  {discrete: 6, type: bool}
  relay:   {coil: 8, type: bool, access: rw}
  lamp:    {coil: 9, type: bool, access: rw}
commands:
  set_number: {set: number, min: 0, max: 100}
  set_rate: {set: rate, min: 0, max: 100}
  set_relay: {set: relay}
  set_both: {arguments: {on: {type: boolean, required: true}}, steps: [{write: {relay: on, lamp: on}}]}
"""


def start_pymodbus(world):
    port = free_port()
    (world.folder / "server.py").write_text(SERVER)
    (world.folder / "counterpart.yaml").write_text(MAP)
    world.start(["/usr/bin/python3", world.folder / "server.py", port], "pymodbus")
    await_true(lambda: world.listens(port), "pymodbus")
    return port


def test_pymodbus_is_polled_and_commanded(world):
    port = start_pymodbus(world)
    world.start_broker()
    world.run(world.site({"counterpart": f'map: counterpart, tcp: "127.0.0.1:{port}", unit: 3'}))
    wanted = {"number": 7, "rate": 60.0, "total": 10000.0, "door": True, "window": False, "relay": False,
              "lamp": True, "alerts": [], "conn_alerts": []}
    seen = world.mqtt.await_payload("v1/from/HW/counterpart/v1/telemetry", lambda p: set(p) == {*wanted, "timestamp"})
    del seen["timestamp"]
    assert seen == wanted
    assert world.command("counterpart", "1", "set_number", {"number": 42}) == ("completed", {"number": 42})
    assert world.command("counterpart", "2", "set_rate", {"rate": 12.5}) == ("completed", {"rate": 12.5})
    assert world.command("counterpart", "3", "set_relay", {"relay": True}) == ("completed", {"relay": True})
    assert world.command("counterpart", "4", "set_both", {"on": False}) == (
        "completed", {"relay": False, "lamp": False})
    after = len(world.mqtt.messages)
    world.mqtt.await_payload("v1/from/HW/counterpart/v1/telemetry",
                             lambda p: (p.get("number"), p.get("rate"), p.get("lamp")) == (42, 12.5, False), after)


def test_read_and_command_without_daemon(world):
    port = start_pymodbus(world)
    target = ["--map", world.folder / "counterpart.yaml", "--tcp", f"127.0.0.1:{port}", "--unit", "3"]
    result = modbridge("read", *target)
    assert result.returncode == 0, result.stderr
    assert re.search(r"rate\s+60\.0 %", result.stdout)
    result = modbridge("command", *target, "set_number", "number=9", "--json")
    assert result.returncode == 0, result.stderr
    assert modbridge("read", *target, "number", "--json").stdout.count('"number":9') == 1
    assert modbridge("command", *target, "set_number", "number=900").returncode == 1
    assert modbridge("read", *target[:-1], "4").returncode == 4, "another unit does not answer"


def mbpoll(endpoint, *options, write=()):
    port = endpoint.split(":")[1]
    return subprocess.run(["mbpoll", "-1", "-0", "-q", "-m", "tcp", "-p", port, "-a", "1", *options, "127.0.0.1", *write],
                          capture_output=True, text=True, timeout=90)


def test_mbpoll_reads_the_simulator(world):
    case = ROOT / "tests/maps/library/enapter_el41/producing/values.yaml"
    _, endpoint = world.simulate(MAPPINGS / "enapter_el41.yaml", "--values", case)
    result = mbpoll(endpoint, "-t", "3:hex", "-r", "0", "-c", "3")
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.findall(r"0x[0-9A-F]{4}", result.stdout) == ["0x4553", "0x3431", "0x0306"]
    result = mbpoll(endpoint, "-t", "4", "-r", "4", "-c", "1")
    assert "Illegal data address" in result.stdout + result.stderr, "write-only registers refuse to be read"
    result = mbpoll(endpoint, "-t", "3", "-r", "19", "-c", "1")
    assert "Illegal data address" in result.stdout + result.stderr, "an address the device does not have"
    # mbpoll writes; we see it.
    _, endpoint = world.simulate(MAPPINGS / "enapter_el41.yaml")
    assert mbpoll(endpoint, "-t", "4", "-r", "5", write=["1"]).returncode == 0
    result = modbridge("read", "--map", MAPPINGS / "enapter_el41.yaml", "--tcp", endpoint, "locate", "--json")
    assert '"locate":true' in result.stdout, result.stderr


TABLES = """modbridge: map/1
telemetry:
  words: {holding: 10, type: u32, access: rw}
  input: {input: 20, type: i16}
  relay: {coil: 30, type: bool, access: rw}
  lamp: {coil: 31, type: bool, access: rw}
  door: {discrete: 40, type: bool}
simulation: {values: {words: 65537, input: -2, relay: true, lamp: false, door: true}}
"""


def test_mbpoll_and_the_four_tables(world):
    """What mbpoll reads and writes, and what of it the faults let through while they are in force."""
    (world.folder / "tables.yaml").write_text(TABLES)
    faults = world.folder / "faults.yaml"
    faults.write_text("faults: []\n")
    simulator, endpoint = world.simulate(world.folder / "tables.yaml", "--faults", faults)

    def values(*options):
        result = mbpoll(endpoint, *options)
        assert result.returncode == 0, result.stdout + result.stderr
        return re.findall(r"^\[\d+\]:\s+(-?\w+)", result.stdout, re.M)

    assert values("-t", "0", "-r", "30", "-c", "2") == ["1", "0"]
    assert values("-t", "1", "-r", "40", "-c", "1") == ["1"]
    assert values("-t", "3:hex", "-r", "20", "-c", "1") == ["0xFFFE"]
    assert values("-t", "4", "-r", "10", "-c", "2") == ["1", "1"]
    assert mbpoll(endpoint, "-t", "4", "-r", "10", write=["7", "8"]).returncode == 0
    assert mbpoll(endpoint, "-t", "0", "-r", "30", write=["0", "1"]).returncode == 0
    assert mbpoll(endpoint, "-t", "0", "-r", "31", write=["1"]).returncode == 0
    assert values("-t", "4", "-r", "10", "-c", "2") == ["7", "8"]
    assert values("-t", "0", "-r", "30", "-c", "2") == ["0", "1"]
    # A fault that is switched on while it runs, and off again.
    for text, is_well in (("faults: [{exception: 6, table: coil}]", False), ("faults: []", True)):
        before = len(simulator.lines())
        faults.write_text(text + "\n")
        simulator.child.send_signal(signal.SIGHUP)
        await_true(lambda: len(simulator.lines()) > before, "the faults to be read")
        assert (mbpoll(endpoint, "-t", "0", "-r", "30", "-c", "1").returncode == 0) is is_well
        assert values("-t", "4", "-r", "10", "-c", "1") == ["7"]

