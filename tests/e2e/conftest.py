# SPDX-License-Identifier: MIT
"""Real counterparts for the end-to-end tests: a mosquitto broker, the simulator, the bridge.

Everything a test starts is ended with it, and nothing waits for a fixed time: tests await
conditions. MODBRIDGE names the program under test."""
import collections
import json
import os
import pathlib
import queue
import random
import signal
import socket
import subprocess
import time

import paho.mqtt.client as paho
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAPPINGS = ROOT / "mappings"
MODBRIDGE = os.environ["MODBRIDGE"]
PATIENCE = 90  # seconds: machines are noisy, conditions are not
GUARDS = collections.deque(maxlen=300)  # of the ports that were given out last


def free_port():
    """A port for this process alone, also while nobody listens there. The kernel gives none of these to those who ask for any,
    and each is guarded by its UDP namesake against the tests that run beside this one."""
    first_of_kernel = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    ports = range(first_of_kernel // 2, first_of_kernel) if first_of_kernel > 8192 else range(10000, 32768)
    while True:
        port = random.SystemRandom().choice(ports)
        guard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            guard.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
        except OSError:
            guard.close()
            continue
        GUARDS.append(guard)
        return port


def seconds_to_start():
    """How long this machine takes now to start the program and end it: a measure for what is to happen at once."""
    began = time.monotonic()
    subprocess.run([MODBRIDGE, "--version"], capture_output=True, check=True)
    return time.monotonic() - began


def await_true(condition, what, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s in vain: {what}")


class Process:
    """A child process with its output in files; ended with SIGTERM, then by force."""

    def __init__(self, argv, folder, name):
        self.out = folder / f"{name}.out"
        self.err = folder / f"{name}.err"
        with open(self.out, "w") as out, open(self.err, "w") as err:
            self.child = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=out, stderr=err)

    def lines(self):
        """What it printed, without a line that is still being written."""
        text = self.out.read_text()
        return text[:text.rfind("\n") + 1].splitlines()

    def log(self):
        return self.err.read_text()

    def stop(self, with_signal=signal.SIGTERM, seconds=PATIENCE):
        if self.child.poll() is None:
            self.child.send_signal(with_signal)
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise AssertionError(f"{self.child.args} did not end within {seconds} s:\n{self.log()}")


class Mqtt:
    """What the cloud would see: every message in order, and a way to send requests."""

    def __init__(self, port):
        self.messages = []
        self.arrived = queue.Queue()
        self.client = paho.Client(client_id=f"cloud-{time.monotonic_ns()}")
        self.client.on_message = lambda _c, _u, m: self.messages.append((m.topic, m.payload.decode()))
        self.client.connect("127.0.0.1", port)
        self.client.subscribe("v1/from/#", qos=1)
        self.client.loop_start()

    def payloads(self, topic, since=0):
        return [json.loads(p) for t, p in self.messages[since:] if t == topic]

    def await_payload(self, topic, accept=lambda p: True, since=0, seconds=PATIENCE):
        def find():
            return next((p for p in self.payloads(topic, since) if accept(p)), None)

        return await_true(find, f"a message on {topic}; last seen {self.messages[-3:]}", seconds)

    def send(self, topic, payload, retain=False):
        text = payload if isinstance(payload, (str, bytes)) else json.dumps(payload)
        self.client.publish(topic, text, qos=1, retain=retain).wait_for_publish(PATIENCE)

    def close(self):
        self.client.loop_stop()
        self.client.disconnect()


class World:
    """One test's broker, devices and bridge."""

    def __init__(self, folder):
        self.folder = folder
        self.started = []
        self.port = free_port()
        self.broker = None
        self.mqtt = None
        self.count = 0

    def start(self, argv, name):
        self.count += 1
        process = Process(argv, self.folder, f"{self.count}-{name}")
        self.started.append(process)
        return process

    def start_broker(self, config="allow_anonymous true\n"):
        path = self.folder / "broker.conf"
        path.write_text(f"listener {self.port} 127.0.0.1\n{config}")
        self.broker = self.start(["/usr/sbin/mosquitto", "-c", path], "broker")
        await_true(lambda: "running" in self.broker.log() or self.listens(self.port), "the broker")
        self.mqtt = Mqtt(self.port)
        return self.mqtt

    @staticmethod
    def listens(port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def simulate(self, device, *options, listen=None):
        """Starts a simulator; returns (process, "127.0.0.1:PORT"). The port stays its own while it is stopped."""
        argv = [MODBRIDGE, "simulate", device, *options, "--listen", listen or f"127.0.0.1:{free_port()}"]
        process = self.start(argv, "simulate")

        def served():
            return [x for x in process.lines() if x.startswith('{"device"')]

        await_true(lambda: served() or process.child.poll() is not None, "the simulator")
        assert served(), process.log()
        return process, json.loads(served()[0])["tcp"]

    def site(self, devices, cloud_extra=""):
        """Writes a site with `devices` {name: "map: ..., tcp: ..."}, all on the local broker."""
        rows = "".join(
            f'  {name}: {{{what}, cloud: here, hardware_id: HW, channel_id: {name}}}\n'
            for name, what in devices.items())
        path = self.folder / "site.yaml"
        path.write_text(
            f'modbridge: site/1\nmappings: ["{MAPPINGS}", "{self.folder}"]\nstate: "{self.folder}/state"\n'
            f"cloud:\n  here: {{host: 127.0.0.1, port: {self.port}{cloud_extra}}}\ndevices:\n{rows}")
        return path

    def run(self, site, *options):
        return self.start([MODBRIDGE, "run", site, *options], "bridge")

    def command(self, device, request_id, name, arguments=None, seconds=PATIENCE):
        """Sends a command as the cloud does and returns its final response's payload and state."""
        since = len(self.mqtt.messages)
        request = {"id": request_id, "name": name}
        if arguments is not None:
            request["arguments"] = arguments
        self.mqtt.send(f"v1/to/HW/{device}/v1/command/requests", request)
        response = self.mqtt.await_payload(
            f"v1/from/HW/{device}/v1/command/responses",
            lambda p: p["id"] == request_id and p["state"] != "log", since, seconds)
        return response["state"], response["payload"]

    def close(self):
        if self.mqtt:
            self.mqtt.close()
        for process in reversed(self.started):
            code = process.stop() if process.child.poll() is None else process.child.returncode
            if process.child.args[0] == str(MODBRIDGE):  # a sanitizer's finding is an exit code too
                assert code in (0, -signal.SIGKILL), process.log()


@pytest.fixture
def world(tmp_path):
    here = World(tmp_path)
    yield here
    here.close()


def modbridge(*argv, cwd=None, seconds=2 * PATIENCE):
    """Runs the program to its end."""
    return subprocess.run([MODBRIDGE, *map(str, argv)], capture_output=True, text=True, cwd=cwd, timeout=seconds)
