# SPDX-License-Identifier: MIT
"""`modbridge simulate` as a laboratory: faults that are switched while it runs, ports that are pulled out, lines that
are measured. The client is a bare socket, or libmodbus by way of mbpoll."""
import json
import os
import signal
import socket
import struct
import subprocess

from conftest import MODBRIDGE, await_true

MAP = """modbridge: map/1
vendor: Test
model: Meter
modbus: {timeout: 500ms}
telemetry:
  power: {holding: 100, type: u16}
"""


def simulate(world, site, faults):
    (world.folder / "meter.yaml").write_text(MAP)
    (world.folder / "site.yaml").write_text(site)
    (world.folder / "faults.yaml").write_text(faults)
    process = world.start([MODBRIDGE, "simulate", world.folder / "site.yaml", "--faults", world.folder / "faults.yaml",
                           "--links", world.folder], "simulate")
    lines = await_true(lambda: [json.loads(x) for x in process.lines() if "device" in x], "the simulator")
    return process, lines[0]


def ask(connection, unit=1, address=100):
    connection.sendall(struct.pack(">HHHBBHH", 1, 0, 6, unit, 3, address, 1))
    return connection.recv(260)[7:]


def test_faults_are_switched_while_it_runs(world):
    site = "modbridge: site/1\nstate: /tmp\ndevices:\n  m: {map: ./meter.yaml, tcp: '127.0.0.1:1502', unit: 1}\n"
    process, line = simulate(world, site, "seed: 7\nfaults:\n  - {device: m, exception: 6}\n")
    assert '{"faults":' in process.lines()[0] and '"seed":7' in process.lines()[0]
    faults = world.folder / "faults.yaml"
    host, port = line["tcp"].split(":")
    with socket.create_connection((host, int(port)), 10) as connection:
        assert ask(connection) == bytes([0x83, 6])
        faults.write_text("faults:\n  - {device: m, excepton: 4}\n")
        process.child.send_signal(signal.SIGHUP)
        await_true(lambda: "the faults before it stay" in process.log(), "the refusal")
        assert "faults.yaml:2:17: error: a fault has no key 'excepton'; did you mean 'exception'?" in process.log()
        assert ask(connection) == bytes([0x83, 6])
        faults.write_text("faults: []\n")
        process.child.send_signal(signal.SIGHUP)
        await_true(lambda: len([x for x in process.lines() if "faults" in x]) == 2, "the second reading")
        assert ask(connection)[0] == 3
        faults.write_text("faults:\n  - {close: true}\n")
        process.child.send_signal(signal.SIGHUP)
        await_true(lambda: len([x for x in process.lines() if "faults" in x]) == 3, "the third reading")
        assert ask(connection) == b""  # closed
    assert process.stop() == 0


def poll(port):
    return subprocess.run(["mbpoll", "-m", "rtu", "-b", "19200", "-P", "none", "-a", "1", "-0", "-r", "100", "-c", "1",
                           "-1", "-o", "2", str(port)], capture_output=True, text=True, timeout=30).returncode


def test_a_port_is_pulled_out_and_the_line_is_measured(world):
    site = ("modbridge: site/1\nstate: /tmp\nbuses:\n  line: {rtu: /dev/null, baud: 19200, parity: none, stop_bits: 1}\n"
            "devices:\n  m: {map: ./meter.yaml, bus: line, unit: 1}\n")
    process, _ = simulate(world, site, "faults: []\n")
    port = world.folder / "line"
    for _ in range(3):
        assert poll(port) == 0
    (world.folder / "faults.yaml").write_text("faults:\n  - {bus: line, unplug: true, for: 1s}\n")
    process.child.send_signal(signal.SIGHUP)
    await_true(lambda: not os.path.lexists(port), "the port to vanish")
    await_true(lambda: os.path.exists(port), "the port to come back")
    assert poll(port) == 0
    process.child.send_signal(signal.SIGUSR1)
    line = await_true(lambda: [json.loads(x) for x in process.lines() if '"bus"' in x], "the statistics")[0]
    assert line["bus"] == "line" and line["units"] == {"1": {"asked": 4, "answered": 4}}
    assert line["gaps_broken"] == 0 and line["smallest_gap_us"] > 1823 and 0 < line["busy"] < 1
    assert process.stop() == 0
    assert json.loads(process.lines()[-1])["requests"] == 0  # since the last time
    assert not os.path.lexists(port)
