#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A fleet on one machine: `fleet.py PROGRAM [--processes N] [--devices M]`.

N bridges with M devices each, all against one mosquitto, as N gateways would be. PROGRAM is a release build of modbridge; it
plays the devices too (`simulate`), one process for all of a bridge. Prints what the broker and the bridges have to do. Not
part of the tests: figures are for people. Needs mosquitto and paho."""
import argparse
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import threading
import time

import paho.mqtt.client as paho

PATIENCE_S = 120
MAP = """modbridge: map/1
vendor: Bench
model: Meter
telemetry:
""" + "".join(f"  p{a}: {{holding: {a}, type: u16, every: 1s}}\n" for a in range(20))


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path, metavar="PROGRAM", help="a release build of modbridge")
    parser.add_argument("--processes", type=int, default=20, help="bridges (20)")
    parser.add_argument("--devices", type=int, default=10, help="of each, on a TCP endpoint of their own, read each second (10)")
    parser.add_argument("--seconds", type=float, default=60, help="how long is measured (60)")
    options = parser.parse_args()
    if not os.access(options.program, os.X_OK):
        parser.error(f"{options.program} is not a program")
    if options.processes < 1 or not 1 <= options.devices <= 1000 or options.seconds <= 0:
        parser.error("--processes is at least 1, --devices 1 to 1000, --seconds more than 0")
    return options


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_true(condition, what):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"waited {PATIENCE_S} s in vain for {what}")
        time.sleep(0.1)


def start(stack, argv, **kwargs):
    child = subprocess.Popen([str(a) for a in argv], **kwargs)
    stack.callback(child.wait)
    stack.callback(child.terminate)
    return child


class Watch:
    """Counts what the broker passes on, and asks it how many clients it has."""

    def __init__(self, port):
        self.lock = threading.Lock()
        self.devices = set()
        self.messages = 0
        self.connections = 0
        self.client = paho.Client(client_id="watch")
        self.client.on_message = self.take
        self.client.connect("127.0.0.1", port)
        self.client.subscribe([("v1/from/#", 1), ("$SYS/broker/clients/connected", 0)])
        self.client.loop_start()

    def take(self, _client, _data, message):
        with self.lock:
            if message.topic.startswith("$SYS"):
                self.connections = int(message.payload) - 1  # this one
            else:
                self.messages += 1
                self.devices.add(message.topic.rsplit("/", 2)[0])


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_kb(pid, key):
    """Of smaps_rollup: Pss shares what several processes have in common between them."""
    rows = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(r.split()[1]) for r in rows if r.startswith(f"{key}:"))


def start_broker(stack, folder):
    port = free_port()
    (folder / "broker.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nsys_interval 1\nmax_queued_messages 0\n")
    broker = start(stack, ["/usr/sbin/mosquitto", "-c", folder / "broker.conf"], stderr=subprocess.DEVNULL)

    def listens():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    await_true(listens, "the broker")
    return broker, port


def simulate(stack, program, folder, count):
    """Serves a bridge's devices; their endpoints."""
    rows = "".join(f"  d{i}: {{map: ../meter.yaml, tcp: \"192.0.2.1:{i + 1}\"}}\n" for i in range(count))
    (folder / "devices.yaml").write_text(f"modbridge: site/1\ndevices:\n{rows}")
    path = folder / "simulate.out"
    with open(path, "w") as out:
        start(stack, [program, "simulate", folder / "devices.yaml"], stdout=out)
    await_true(lambda: path.read_text().count("\n") >= count, "the devices")
    return [json.loads(line)["tcp"] for line in path.read_text().splitlines()]


def run(stack, program, folder, number, port, endpoints):
    rows = "".join(f"  d{i}: {{map: ../meter.yaml, tcp: \"{tcp}\", cloud: here, hardware_id: GW{number}, channel_id: d{i}}}\n"
                   for i, tcp in enumerate(endpoints))
    (folder / "site.yaml").write_text(f"modbridge: site/1\nstate: ./state\ncloud: {{here: {{host: 127.0.0.1, port: {port}}}}}\n"
                                      f"devices:\n{rows}")
    with open(folder / "run.log", "w") as log:
        return start(stack, [program, "run", folder / "site.yaml"], stderr=log)


def main():
    options = parse_options()
    program = options.program.resolve()
    total = options.processes * options.devices
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "meter.yaml").write_text(MAP)
        broker, port = start_broker(stack, folder)
        watch = Watch(port)
        stack.callback(watch.client.loop_stop)
        bridges = []
        for number in range(options.processes):
            own = folder / f"gateway-{number}"
            own.mkdir()
            endpoints = simulate(stack, program, own, options.devices)
            bridges.append(run(stack, program, own, number, port, endpoints).pid)
        await_true(lambda: len(watch.devices) == total, f"telemetry of {total} devices")
        everybody = [*bridges, broker.pid]
        before, messages = {pid: processor_seconds(pid) for pid in everybody}, watch.messages
        began = time.monotonic()
        time.sleep(options.seconds)
        seconds = time.monotonic() - began
        messages = watch.messages - messages
        used = {pid: 100 * (processor_seconds(pid) - before[pid]) / seconds for pid in everybody}
        shares = [used[pid] for pid in bridges]
        resident = [memory_kb(pid, "Rss") for pid in bridges]
        own = sum(memory_kb(pid, "Pss") for pid in bridges)
        print(f"{options.processes} bridges x {options.devices} devices, {seconds:.0f} s, {os.cpu_count()} processors")
        print(f"broker: {watch.connections} connections, {messages / seconds:.1f} messages/s of {total} expected, "
              f"{used[broker.pid]:.1f} % of a processor, {memory_kb(broker.pid, 'Rss') / 1024:.1f} MB")
        print(f"bridges: {sum(shares):.1f} % of a processor together, {sum(shares) / len(shares):.2f} % each "
              f"(at most {max(shares):.2f} %)")
        print(f"memory of a bridge: {sum(resident) / len(resident) / 1024:.1f} MB resident, {own / len(bridges) / 1024:.1f} MB "
              f"with what is shared divided; {own / 1024:.0f} MB together")


main()
