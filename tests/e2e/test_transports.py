# SPDX-License-Identifier: MIT
"""Ports that are pulled out, and TCP devices that treat their connections badly, under the whole bridge."""
import json
import os
import select
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest

from conftest import MODBRIDGE, await_true

MAP = """modbridge: map/1
vendor: Test
model: Meter
modbus: {timeout: 1s, every: 1s}
registers:
  limit: {holding: 200, type: u16, access: rw}
telemetry:
%s
commands:
  one_write:
    steps:
      - write: {limit: 3}
  two_writes:
    timeout: 20s
    steps:
      - write: {limit: 1}
      - wait: 2s
      - write: {limit: 2}
"""
LOST = ["communication_failed"]


def write_map(world, points=1, every="1s"):
    rows = "\n".join(f"  p{i}: {{holding: {100 + i}, type: u16, every: {every}}}" for i in range(points))
    (world.folder / "meter.yaml").write_text(MAP % rows)


class Simulator:
    """The devices of a site, and faults that are switched while they are served."""

    def __init__(self, world, site):
        self.faults, self.read = world.folder / "faults.yaml", 1
        path = world.folder / "devices.yaml"
        path.write_text(site)
        self.faults.write_text("faults: []\n")
        self.process = world.start([MODBRIDGE, "simulate", path, "--faults", self.faults, "--links", world.folder], "simulate")
        self.served = await_true(lambda: [json.loads(x) for x in self.process.lines() if '"device"' in x], "the simulator")

    def set(self, *faults):
        self.faults.write_text("faults:\n" + "".join(f"  - {{{fault}}}\n" for fault in faults) if faults else "faults: []\n")
        self.process.child.send_signal(signal.SIGHUP)
        self.read += 1
        await_true(lambda: len([x for x in self.process.lines() if '"faults"' in x]) == self.read, "the new faults")


class Gate:
    """Passes connections on to an endpoint, at most one at a time as cheap gateways do, and keeps count of them."""

    def __init__(self, endpoint, reset_each=0, is_silent=False):
        host, port = endpoint.rsplit(":", 1)
        self.target = (host, int(port))
        self.reset_each, self.is_silent = reset_each, is_silent
        self.opened, self.turned_away, self.resets, self.exceptions = [], 0, 0, 0
        self.client = self.device = None
        self.requests = 0  # over this connection
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            select.select([x for x in (self.listener, self.client, self.device) if x], [], [])
            # What was closed before somebody connected is seen before.
            for source in select.select([x for x in (self.client, self.device) if x], [], [], 0)[0]:
                if self.client:
                    self._pass(source)
            if select.select([self.listener], [], [], 0)[0]:
                self._accept()

    def _accept(self):
        client, _ = self.listener.accept()
        self.opened.append(time.monotonic())
        if self.client:
            self.turned_away += 1
            client.close()
            return
        self.client, self.device, self.requests = client, socket.create_connection(self.target), 0

    def _close(self):
        self.client.close()
        self.device.close()
        self.client = self.device = None

    def _pass(self, source):
        try:
            data = source.recv(260)  # one frame: nothing is sent before the answer
            self.requests += source is self.client
            if data and self.requests == self.reset_each:
                self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.resets += 1
                data = b""
            if not data:
                self._close()
                return
            self.exceptions += source is self.device and data[7] >= 0x80
            if not self.is_silent:
                (self.device if source is self.client else self.client).sendall(data)
        except OSError:
            self._close()


def telemetry(world, device, since=0):
    return world.mqtt.payloads(f"v1/from/HW/{device}/v1/telemetry", since)


def await_telemetry(world, device, accept, since=0):
    return world.mqtt.await_payload(f"v1/from/HW/{device}/v1/telemetry", accept, since)


def seconds(world, device, count, since=None):
    """The next so many messages of a device."""
    since = len(world.mqtt.messages) if since is None else since
    await_true(lambda: len(telemetry(world, device, since)) >= count, f"{count} messages of {device}")
    return telemetry(world, device, since)


def descriptors(bridge):
    return len(os.listdir(f"/proc/{bridge.child.pid}/fd"))


def start_line(world, baud, points, every):
    """A meter on a serial line, and another one behind TCP, which must not notice anything."""
    world.start_broker()
    write_map(world, points, every)
    bus = f"buses:\n  line: {{rtu: '{world.folder}/line', baud: {baud}, parity: none, stop_bits: 1}}\n"
    simulator = Simulator(world, f"modbridge: site/1\nstate: /tmp\n{bus}devices:\n  meter: {{map: ./meter.yaml, bus: line}}\n"
                                 "  other: {map: ./meter.yaml, tcp: '127.0.0.1:1502'}\n")
    endpoint = next(row["tcp"] for row in simulator.served if "tcp" in row)
    site = world.site({"meter": "map: meter, bus: line", "other": f"map: meter, tcp: '{endpoint}'"})
    site.write_text(site.read_text().replace("devices:\n", bus + "devices:\n"))
    bridge = world.run(site)
    for device in ("meter", "other"):
        await_telemetry(world, device, lambda p: "p0" in p)
    return simulator, bridge


def of_other(world):
    """What the other meter said since it was first read."""
    seen = telemetry(world, "other")
    return seen[next(i for i, p in enumerate(seen) if "p0" in p):]


def pull_out(world, simulator):
    """The port is gone until the device was missed, and comes back as another one under the same link."""
    since = len(world.mqtt.messages)
    name = os.path.realpath(world.folder / "line")
    simulator.set("bus: line, unplug: true")
    await_telemetry(world, "meter", lambda p: p["conn_alerts"] == LOST, since)
    since = len(world.mqtt.messages)
    held = os.open(name, os.O_RDWR | os.O_NOCTTY) if os.path.exists(name) else -1  # so that the name is not given again
    simulator.set()
    await_telemetry(world, "meter", lambda p: "p0" in p and p["conn_alerts"] == [], since)
    if held >= 0:
        os.close(held)


# At 1200 baud 100 registers take two seconds and are read all the time: any moment is amid a frame.
@pytest.mark.parametrize("baud,points,every", [(115200, 1, "5s"), (1200, 100, "0s")], ids=["idle", "amid-a-frame"])
def test_a_port_is_pulled_out_and_comes_back(world, baud, points, every):
    simulator, bridge = start_line(world, baud, points, every)
    pull_out(world, simulator)
    before = descriptors(bridge)
    pull_out(world, simulator)
    assert descriptors(bridge) == before
    assert all("p0" in p and p["conn_alerts"] == [] for p in of_other(world)), "another bus noticed"
    assert bridge.log().count("there is no serial port") <= 2, "one line a change of state"


def test_a_port_is_pulled_out_during_a_command(world):
    simulator, bridge = start_line(world, 115200, 1, "1s")
    responses = "v1/from/HW/meter/v1/command/responses"
    world.mqtt.send("v1/to/HW/meter/v1/command/requests", {"id": "c", "name": "two_writes"})
    world.mqtt.await_payload(responses, lambda p: p["state"] == "log")
    simulator.set("bus: line, unplug: true")
    final = world.mqtt.await_payload(responses, lambda p: p["state"] != "log")
    assert final["state"] == "error" and final["payload"]["message"], final
    since = len(world.mqtt.messages)
    simulator.set()
    await_telemetry(world, "meter", lambda p: "p0" in p, since)
    assert world.command("meter", "after", "two_writes")[0] == "completed"
    assert len([p for p in world.mqtt.payloads(responses) if p["id"] == "c" and p["state"] != "log"]) == 1
    assert all(p["conn_alerts"] == [] for p in of_other(world))


def start_gate(world, **habits):
    """Two meters behind one endpoint, with a gate before it."""
    world.start_broker()
    write_map(world)
    simulator = Simulator(world, "modbridge: site/1\nstate: /tmp\nbuses:\n  g: {tcp: '127.0.0.1:1502'}\ndevices:\n"
                                 "  one: {map: ./meter.yaml, bus: g, unit: 1}\n  two: {map: ./meter.yaml, bus: g, unit: 2}\n")
    gate = Gate(simulator.served[0]["tcp"], **habits)
    site = world.site({f"{name}": f"map: meter, bus: g, unit: {unit}" for name, unit in (("one", 1), ("two", 2))})
    site.write_text(site.read_text().replace("devices:\n", f"buses:\n  g: {{tcp: '{gate.endpoint}'}}\ndevices:\n"))
    return simulator, gate, world.run(site)


def test_a_dead_unit_behind_a_slow_gateway_costs_no_connection(world):
    simulator, gate, _ = start_gate(world)
    for device in ("one", "two"):
        await_telemetry(world, device, lambda p: "p0" in p)
    since = len(world.mqtt.messages)
    simulator.set("device: two, silent: true", "device: one, latency: 150ms")
    await_telemetry(world, "two", lambda p: p["conn_alerts"] == LOST, since)
    seen = seconds(world, "one", 5)
    assert all("p0" in p and p["conn_alerts"] == [] for p in seen)
    since = len(world.mqtt.messages)
    simulator.set()
    await_telemetry(world, "two", lambda p: "p0" in p, since)
    assert len(gate.opened) == 1, "one connection for all of it, which a gateway with one master demands"


def test_a_connection_that_is_reset_now_and_then_is_made_again(world):
    _, gate, bridge = start_gate(world, reset_each=6)
    await_true(lambda: gate.resets >= 3, "three resets")
    since = len(world.mqtt.messages)
    for device in ("one", "two"):
        await_telemetry(world, device, lambda p: "p0" in p, since)
        assert all(p["conn_alerts"] == [] for p in telemetry(world, device) if "p0" in p), "a reset is no outage"
        assert not any(p["conn_alerts"] == LOST for p in telemetry(world, device))
    assert len(gate.opened) <= gate.resets + 1 and gate.turned_away == 0
    assert "stopped answering" not in bridge.log()


# The first answer over each connection comes, the second request is answered with RST.
def test_a_connection_that_breaks_after_each_answer_is_not_stormed(world):
    _, gate, bridge = start_gate(world, reset_each=2)
    await_true(lambda: gate.resets >= 4, "what is mended at once", 60)
    # While it rests a command waits; its write and the reading back each take a connection.
    outcome = world.command("one", "c", "one_write", seconds=60)
    assert outcome[0] == "completed", outcome
    for device in ("one", "two"):
        await_telemetry(world, device, lambda p: "p0" in p)
    # The second, third and fourth were made at once; each further one costs five seconds.
    took = gate.opened[-1] - gate.opened[0]
    assert took > 5 * (len(gate.opened) - 4) - 1, f"a storm of connections: {gate.opened}"
    assert bridge.log().count("again and again") == 1, "one line a change of state"
    print(len(gate.opened), "connections in", round(took, 1), "s")


def test_one_reading_does_not_wait_for_a_connection_that_breaks_after_each_answer(world):
    (world.folder / "meter.yaml").write_text(MAP.replace("every: 1s", "every: 1s, merge_gap: 0") % "\n".join(
        f"  p{i}: {{holding: {100 + 10 * i}, type: u16}}" for i in range(6)))
    _, endpoint = world.simulate(world.folder / "meter.yaml")
    gate = Gate(endpoint, reset_each=2)
    read = subprocess.run([MODBRIDGE, "read", "--map", world.folder / "meter.yaml", "--tcp", gate.endpoint, "--json"],
                          capture_output=True, text=True, timeout=60, check=True)
    assert len(json.loads(read.stdout)["values"]) >= 6 and gate.resets >= 4, f"{read.stdout}, {gate.resets} resets"


# Busy is retried at the next date, acknowledge means later: neither is an outage, nor a reason for another connection.
@pytest.mark.parametrize("exception", [5, 6])
def test_a_busy_device_is_asked_again(world, exception):
    simulator, gate, bridge = start_gate(world)
    for device in ("one", "two"):
        await_telemetry(world, device, lambda p: "p0" in p)
    since = len(world.mqtt.messages)
    simulator.set(f"device: one, exception: {exception}")
    await_true(lambda: gate.exceptions >= 4, "four times busy")
    simulator.set()
    seconds(world, "one", 2)
    await_telemetry(world, "one", lambda p: "p0" in p, len(world.mqtt.messages))
    assert all(p["conn_alerts"] != LOST for p in telemetry(world, "one", since))
    assert all("p0" in p for p in telemetry(world, "two", since))
    assert len(gate.opened) == 1 and "stopped answering" not in bridge.log()


def test_an_endpoint_that_accepts_and_says_nothing(world):
    _, gate, bridge = start_gate(world, is_silent=True)
    await_telemetry(world, "one", lambda p: p["conn_alerts"] == LOST)
    await_true(lambda: len(gate.opened) >= 3, "new attempts")
    assert gate.opened[2] - gate.opened[0] > 3, f"a storm of connections: {gate.opened}"
    assert gate.turned_away == 0, "the old connection is closed before a new one is made"
    print("connections at", [round(moment - gate.opened[0], 1) for moment in gate.opened])
    gate.is_silent = False
    since = len(world.mqtt.messages)
    await_telemetry(world, "two", lambda p: "p0" in p, since)
    assert bridge.log().count("stopped answering") + bridge.log().count("does not answer") <= 4, "one line a change of state"
