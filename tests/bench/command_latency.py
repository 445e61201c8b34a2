# SPDX-License-Identifier: MIT
"""How long a command waits: from the request's publication at the broker to its first frame on a serial line that is busy all
the time. Part of bus.py, which says how it is run.

Between bridge and simulator sits a tap, a process of its own that passes bytes on and notes when they came. Two state folders
are compared: in /dev/shm the journal's sync costs nothing, what the other adds is the sync."""
import itertools
import json
import os
import pathlib
import random
import select
import signal
import socket
import subprocess
import tempfile
import threading
import time
import tty

import paho.mqtt.client as paho

RATE, RATE_UNIT, BAUD = 900, 4, 9600
CHARACTER, SILENCE = 10 / BAUD, 3.5 * 11 / BAUD
UNITS, WORDS = 8, 48  # polled of each unit, in one request
GUEST_WORDS = 47  # asked by another master: as long, and told apart from a poll
ALLOWED_MS = 5  # beside the transaction in progress and the sync
BETWEEN = (0.0, 0.3)  # seconds from an outcome to the next request, by chance: any moment of the cycle

MAP = f"""modbridge: map/1
vendor: Bench
model: Meter
modbus: {{timeout: 500ms}}
registers:
  rate: {{holding: {RATE}, type: u16, access: rw}}
telemetry:
""" + "".join(f"  p{a}: {{holding: {a}, type: u16, every: EVERY}}\n" for a in range(WORDS)) + """commands:
  set_rate: {set: rate, min: 0, max: 65000}
"""


def longest_transaction():
    """Seconds of one poll: 8 characters to ask, 5 and two a register to answer, and the silence after each."""
    return (8 + 5 + 2 * WORDS) * CHARACTER + 2 * SILENCE


def tap(master, device, record):
    """Passes bytes between the bridge's side and the device's, and notes (monotonic seconds, whether the bridge sent, hex)."""
    notes = []
    signal.signal(signal.SIGTERM, lambda *_: (pathlib.Path(record).write_text(json.dumps(notes)), os._exit(0)))
    while True:
        readable, _, _ = select.select([master, device], [], [])
        now = time.monotonic()
        for source, target in ((master, device), (device, master)):
            if source in readable:
                data = os.read(source, 4096)
                os.write(target, data)
                notes.append((now, source == master, data.hex()))


class Cloud:
    """Publishes requests and hears the outcomes."""

    def __init__(self, port):
        self.outcomes, self.news = {}, threading.Condition()
        self.client = paho.Client()
        self.client.on_message = self.take
        self.client.connect("127.0.0.1", port)
        self.client.subscribe("v1/from/HW/meter/v1/#", qos=0)
        self.client.loop_start()
        self.telemetry = 0

    def take(self, _client, _context, message):
        payload = json.loads(message.payload)
        with self.news:
            self.telemetry += "p0" in payload
            if payload.get("state") in ("completed", "error"):
                self.outcomes[payload["id"]] = payload["state"]
            self.news.notify()

    def wait(self, condition, what):
        with self.news:
            if not self.news.wait_for(condition, 30):
                raise SystemExit(f"waited in vain for {what}")

    def set_rate(self, rate):
        """When it was published."""
        request = json.dumps({"id": str(rate), "name": "set_rate", "arguments": {"rate": rate}})
        published = time.monotonic()
        self.client.publish("v1/to/HW/meter/v1/command/requests", request, qos=1)
        self.wait(lambda: str(rate) in self.outcomes, f"the outcome of command {rate}")
        if self.outcomes[str(rate)] != "completed":
            raise SystemExit(f"command {rate} failed")
        return published


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_true(condition, what):
    end = time.monotonic() + 30
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"waited in vain for {what}")
        time.sleep(0.05)


def write_site(path, line, state, port, share=""):
    devices = "".join(f"  d{u}: {{map: ./meter.yaml, bus: line, unit: {u}}}\n" for u in range(1, UNITS + 1))
    named = f"unit: {RATE_UNIT}, cloud: here, hardware_id: HW, channel_id: meter}}"
    path.write_text(f"modbridge: site/1\nstate: {state}\ncloud:\n  here: {{host: 127.0.0.1, port: {port}}}\nbuses:\n"
                    f"  line: {{rtu: {line}, baud: {BAUD}, parity: none, stop_bits: 1{share}}}\ndevices:\n"
                    + devices.replace(f"unit: {RATE_UNIT}}}", named))


def write_frame(rate):
    """Without the check at its end."""
    return bytes([RATE_UNIT, 6]) + RATE.to_bytes(2, "big") + rate.to_bytes(2, "big")


class Line:
    """The frames of the bridge in order: when each began, and when the line was free again after its answer."""

    def __init__(self, notes):
        self.frames = []
        for moment, is_request, text in notes:
            if is_request:
                self.frames.append({"begun": moment, "bytes": bytes.fromhex(text), "free": moment})
            elif self.frames:
                self.frames[-1]["free"] = moment + SILENCE

    def delay(self, rate, published):
        """Seconds from a publication to the frame that writes its value, and how much of it was not for the transaction that
        was in progress when the frame was wanted: the last one before it."""
        at = next(i for i, frame in enumerate(self.frames) if frame["bytes"].startswith(write_frame(rate)))
        delay, last = self.frames[at]["begun"] - published, self.frames[at - 1]
        return delay, delay - max(0, last["free"] - max(published, last["begun"]))


def flood(door):
    """Another master that asks one unit after the other, as fast as it is answered."""
    try:
        master = socket.create_connection(("127.0.0.1", door))
        for unit in itertools.cycle(range(1, UNITS + 1)):
            master.sendall(bytes([0, unit, 0, 0, 0, 6, unit, 3, 0, 0, 0, GUEST_WORDS]))
            if not master.recv(260):
                break
    finally:
        os._exit(1)  # a fork has nothing to clean up


def measure(program, folder, state, every, commands, masters=0):
    """The line as the tap saw it, and when each command was published. So many other masters ask all the time."""
    port, door, children = free_port(), free_port(), []
    master, slave = os.openpty()
    tty.setraw(slave)
    (folder / "meter.yaml").write_text(MAP.replace("EVERY", every))
    (folder / "broker.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n")
    write_site(folder / "devices.yaml", folder / "line", folder / "unused", port)
    share = f", share: {{listen: '127.0.0.1:{door}'}}" if masters else ""
    write_site(folder / "site.yaml", os.ttyname(slave), state, port, share)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        children.append(subprocess.Popen(["/usr/sbin/mosquitto", "-c", folder / "broker.conf"], **quiet))
        children.append(subprocess.Popen([program, "simulate", folder / "devices.yaml", "--links", folder], **quiet))
        await_true((folder / "line").exists, "the simulator")
        device = os.open(folder / "line", os.O_RDWR | os.O_NOCTTY)
        tty.setraw(device)
        tapping = os.fork()
        if tapping == 0:
            tap(master, device, folder / "record.json")
        await_true(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, "the broker")
        cloud = Cloud(port)
        children.append(subprocess.Popen([program, "run", folder / "site.yaml"], **quiet))
        cloud.wait(lambda: cloud.telemetry, "telemetry")
        floods = [pid for pid in (os.fork() for _ in range(masters)) if pid or flood(door)]
        published = {}
        for rate in range(1, commands + 1):
            time.sleep(random.uniform(*BETWEEN))
            published[rate] = cloud.set_rate(rate)
        os.kill(tapping, signal.SIGTERM)
        os.waitpid(tapping, 0)
        for pid in floods:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        return Line(json.loads((folder / "record.json").read_text())), published
    finally:
        for child in reversed(children):
            child.terminate()
            child.wait(10)
        for descriptor in (master, slave):
            os.close(descriptor)


def share_of(line, count):
    """The share of the line's time that requests for so many registers took, and how often they came."""
    found = [frame for frame in line.frames if frame["bytes"][1] == 3 and frame["bytes"][5] == count]
    lasted = line.frames[-1]["free"] - line.frames[0]["begun"]
    return sum(frame["free"] - frame["begun"] for frame in found) / lasted, len(found) / lasted


def bench_door(program, commands):
    one = longest_transaction() * 1000
    print(f"other masters at the door of a line polled without a pause, {UNITS} units at {BAUD} 8N1, {commands} commands each:")
    for masters in (0, 1, 8):
        with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory(dir="/dev/shm") as state:
            line, published = measure(program, pathlib.Path(name), state, "0s", commands, masters)
        (polls, polled), (guests, asked) = share_of(line, WORDS), share_of(line, GUEST_WORDS)
        print(f"  {masters} that never stop: polls {100 * polls:.1f} % of the time ({polled:.2f} a second), guests {100 * guests:.1f} %"
              f" ({asked:.2f} a second)")
        delays, beyond = zip(*(line.delay(rate, moment) for rate, moment in published.items()))
        row("  command to first frame", delays, one + ALLOWED_MS)
        row("  beyond what was in progress", beyond, ALLOWED_MS)


def row(title, seconds, bound=None):
    found = sorted(x * 1000 for x in seconds)
    text = f"  {title:<36}p50 {percentile(found, 50):6.1f}  p99 {percentile(found, 99):6.1f}  max {found[-1]:6.1f} ms"
    print(text + (f"; over {bound:.1f} ms: {sum(x > bound for x in found)} of {len(found)}" if bound else ""))


def percentile(found, share):
    return found[min(len(found) - 1, len(found) * share // 100)]


def bench(program, commands):
    one = longest_transaction() * 1000
    print(f"command published at the broker -> its first frame, {UNITS} units at {BAUD} 8N1, {commands} commands each; a poll"
          f" takes {one:.1f} ms:")
    idle = {}
    for journal, place in (("in memory", "/dev/shm"), ("on disk", ".")):
        for load, every in (("idle", "1h"), ("busy", "0s")):
            with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory(dir=place) as state:
                line, published = measure(program, pathlib.Path(name), state, every, commands)
            delays, beyond = zip(*(line.delay(rate, moment) for rate, moment in published.items()))
            limit = ALLOWED_MS if place == "/dev/shm" else None
            if load == "idle":
                idle[journal] = sorted(x * 1000 for x in delays)
                row(f"journal {journal}, {load} line", delays, limit)
            else:
                row(f"journal {journal}, {load} line", delays, one + limit if limit else None)
                row("  beyond the poll in progress", beyond, limit)
    for share in (50, 99):
        sync = percentile(idle["on disk"], share) - percentile(idle["in memory"], share)
        print(f"  the journal's sync (p{share} on disk less p{share} in memory, idle line): {sync:.1f} ms")
