#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How much the outbox writes, and how long messages wait for it: bytes per message for `write: always` and `write: spill`, while the broker acknowledges.

    outbox_wear.py MODBRIDGE [--devices N] [--seconds N]

Counted are the bytes that the process hands to the block layer (/proc/PID/io, write_bytes): pages of files, without what
the file system writes for itself and without what the flash makes of it. A tmpfs counts nothing: the state folder is in
the current folder."""
import argparse
import json
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def written(process):
    lines = pathlib.Path(f"/proc/{process.pid}/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["write_bytes"])


class Count:
    """Messages the broker passed on, and their bytes."""

    def __init__(self, port):
        import paho.mqtt.client as paho
        self.messages = self.bytes = 0
        self.late = []
        self.client = paho.Client()
        self.client.on_message = self.take
        self.client.connect("127.0.0.1", port)
        self.client.subscribe("v1/from/+/+/v1/telemetry", qos=0)
        self.client.loop_start()

    def take(self, _client, _context, message):
        # A message leaves when its second is over: what comes on top is the commit and the way.
        self.late.append(time.time() - json.loads(message.payload)["timestamp"] - 1)
        self.messages += 1
        self.bytes += len(message.payload)


def measure(modbridge, folder, write, devices, seconds):
    port = free_port()
    config = folder / "broker.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    started = [subprocess.Popen(["/usr/sbin/mosquitto", "-c", config], stderr=subprocess.DEVNULL)]
    rows = []
    try:
        for i in range(devices):
            simulator = subprocess.Popen([modbridge, "simulate", ROOT / "mappings/enapter_el41.yaml"],
                                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            started.append(simulator)
            endpoint = simulator.stdout.readline().split('"tcp":')[1].split('"')[1]
            rows.append(f'  d{i}: {{map: enapter_el41, tcp: "{endpoint}", cloud: here, hardware_id: HW, channel_id: d{i}}}')
        site = folder / "site.yaml"
        site.write_text(f'modbridge: site/1\nmappings: ["{ROOT}/mappings"]\nstate: "{folder}/state-{write}"\n'
                        f"outbox: {{write: {write}}}\ncloud:\n  here: {{host: 127.0.0.1, port: {port}}}\n"
                        "devices:\n" + "\n".join(rows) + "\n")
        bridge = subprocess.Popen([modbridge, "run", site], stderr=subprocess.DEVNULL)
        started.append(bridge)
        count = Count(port)
        time.sleep(5)  # the start is not what lasts for years
        count.late.clear()
        messages, size, before = count.messages, count.bytes, written(bridge)
        time.sleep(seconds)
        messages, size, after = count.messages - messages, count.bytes - size, written(bridge)
    finally:
        for process in reversed(started):
            process.send_signal(signal.SIGTERM)
            process.wait(10)
    assert messages > 0, "nothing arrived"
    late = sorted(count.late)
    per_message = (after - before) / messages
    print(f"{write:7} {devices:3} devices, {messages} messages of {size / messages:.0f} bytes in {seconds} s: "
          f"{per_message / 1024:.1f} KiB written per message, {(after - before) * 86400 / seconds / 1e9:.2f} GB a day; "
          f"sent {late[len(late) // 2] * 1000:.0f} ms after the end of the second (median, {late[-1] * 1000:.0f} at most)")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modbridge")
    parser.add_argument("--devices", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(dir="."))
    try:
        for write in ("always", "spill"):
            measure(options.modbridge, folder.resolve(), write, options.devices, options.seconds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


sys.exit(main())
