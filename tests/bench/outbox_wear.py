#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How much the outbox writes, how long messages wait for it, and what an outage costs: bytes per message for `write: always`
and `write: spill`, while the broker acknowledges, while it is away, and while what was left is sent.

    outbox_wear.py MODBRIDGE [--devices N,N..] [--keys N,N..] [--seconds N] [--outage N] [--write always|spill]

Counted are the bytes that the process hands to the block layer (/proc/PID/io, write_bytes): pages of files, without what
the file system writes for itself and without what the flash makes of it. A tmpfs counts nothing: the state folder is in
the current folder. Memory is VmRSS, before the outage and at its end."""
import argparse
import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import paho.mqtt.client as paho


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def written(process):
    lines = pathlib.Path(f"/proc/{process.pid}/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["write_bytes"])


def resident_kb(process):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{process.pid}/status").read_text()).group(1))


class Count:
    """Messages the broker passed on, and their bytes."""

    def __init__(self, port):
        self.messages = self.bytes = 0
        self.late = []
        self.client = paho.Client()
        self.client.on_message = self.take
        self.client.on_connect = lambda client, *_: client.subscribe("v1/from/+/+/v1/telemetry", qos=0)
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def take(self, _client, _context, message):
        # A message leaves when its second is over: what comes on top is the commit and the way.
        self.late.append(time.time() - json.loads(message.payload)["timestamp"] - 1)
        self.messages += 1
        self.bytes += len(message.payload)


class Plant:
    """Simulated devices, a broker, the bridge between them."""

    def __init__(self, modbridge, folder, write, devices, keys):
        self.modbridge, self.folder, self.port, self.started = modbridge, folder, free_port(), []
        (folder / "meter.yaml").write_text("modbridge: map/1\ntelemetry:\n" + "".join(
            f"  value_{i:02}: {{holding: {i}, type: u16, every: 1s}}\n" for i in range(keys)))
        (folder / "broker.conf").write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        self.site = folder / "site.yaml"
        self.write_site(write, [f"127.0.0.1:{20000 + i}" for i in range(devices)])
        simulator = self.start([modbridge, "simulate", self.site], stdout=subprocess.PIPE, text=True)
        self.write_site(write, [re.search(r'"tcp": ?"([^"]+)"', simulator.stdout.readline()).group(1)
                                for _ in range(devices)])
        self.start_broker()
        self.bridge = self.start([modbridge, "run", self.site])

    def write_site(self, write, endpoints):
        self.site.write_text(f'modbridge: site/1\nstate: "{self.folder}/state"\noutbox: {{write: {write}}}\n'
                             f"cloud:\n  here: {{host: 127.0.0.1, port: {self.port}}}\ndevices:\n" + "".join(
                                 f'  d{i:03}: {{map: ./meter.yaml, tcp: "{endpoint}", cloud: here, hardware_id: HW, '
                                 f"channel_id: d{i:03}}}\n" for i, endpoint in enumerate(endpoints)))

    def start(self, command, **more):
        self.started.append(subprocess.Popen(command, stderr=subprocess.DEVNULL, **more))
        return self.started[-1]

    def start_broker(self):
        self.broker = self.start(["/usr/sbin/mosquitto", "-c", self.folder / "broker.conf"])
        time.sleep(1)

    def stop_broker(self):
        self.broker.terminate()
        self.broker.wait(10)

    def stop(self):
        for process in reversed(self.started):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(10)


def per_day(byte_count, seconds):
    return f"{byte_count * 86400 / seconds / 1e9:.2f} GB a day"


def measure_up(plant, count, seconds, name):
    count.late.clear()
    messages, size, before = count.messages, count.bytes, written(plant.bridge)
    time.sleep(seconds)
    messages, size, wrote = count.messages - messages, count.bytes - size, written(plant.bridge) - before
    assert messages > 0, "nothing arrived"
    late = sorted(count.late)
    print(f"{name}: {messages} messages of {size / messages:.0f} bytes in {seconds} s: "
          f"{wrote / messages / 1024:.2f} KiB written per message, {wrote / seconds / 1024:.1f} KiB/s, {per_day(wrote, seconds)}; "
          f"sent {late[len(late) // 2] * 1000:.0f} ms after the end of the second (median, {late[-1] * 1000:.0f} at most)",
          flush=True)


def measure_outage(plant, count, seconds, devices, name):
    before_kb = resident_kb(plant.bridge)
    plant.stop_broker()
    time.sleep(2)
    before = written(plant.bridge)
    peak_kb = 0
    for _ in range(seconds):
        time.sleep(1)
        peak_kb = max(peak_kb, resident_kb(plant.bridge))
    wrote = written(plant.bridge) - before
    print(f"{name}, broker away: {wrote / seconds / devices / 1024:.2f} KiB written per message, {per_day(wrote, seconds)}; "
          f"resident {before_kb} kB before, {resident_kb(plant.bridge)} kB after {seconds} s, {peak_kb} kB at most", flush=True)
    before, messages = written(plant.bridge), count.messages
    plant.start_broker()
    began = time.monotonic()
    # Sent again is what was made meanwhile, and what is made now.
    while count.messages - messages < devices * (seconds + time.monotonic() - began) * 0.98:
        assert time.monotonic() - began < 20 * seconds + 60, "the backlog does not arrive"
        time.sleep(1)
        peak_kb = max(peak_kb, resident_kb(plant.bridge))
    wrote, messages = written(plant.bridge) - before, count.messages - messages
    print(f"{name}, backlog sent: {messages} messages in {time.monotonic() - began:.0f} s, {wrote / messages / 1024:.2f} KiB "
          f"written per message; resident {resident_kb(plant.bridge)} kB, {peak_kb} kB at most", flush=True)


def measure(options, write, devices, keys):
    folder = pathlib.Path(tempfile.mkdtemp(dir=".")).resolve()
    plant = Plant(options.modbridge, folder, write, devices, keys)
    try:
        count = Count(plant.port)
        time.sleep(8)  # the start is not what lasts for years
        name = f"{write:6} {devices:3} devices of {keys} keys"
        measure_up(plant, count, options.seconds, name)
        if options.outage:
            measure_outage(plant, count, options.outage, devices, name)
    finally:
        plant.stop()
        shutil.rmtree(folder, ignore_errors=True)


def numbers(text):
    return [int(number) for number in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modbridge")
    parser.add_argument("--devices", type=numbers, default=[10])
    parser.add_argument("--keys", type=numbers, default=[20])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--outage", type=int, default=0)
    parser.add_argument("--write", choices=("always", "spill"))
    options = parser.parse_args()
    for write in [options.write] if options.write else ("always", "spill"):
        for devices in options.devices:
            for keys in options.keys:
                measure(options, write, devices, keys)
    return 0


sys.exit(main())
