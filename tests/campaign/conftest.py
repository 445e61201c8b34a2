# SPDX-License-Identifier: MIT
"""The fault campaign: the end-to-end tests' counterparts, a device that keeps its own record, and chance from a seed.

CAMPAIGN=long is the long form, CAMPAIGN_SEED=N repeats one; the seed is printed with each failure."""
import importlib.util
import json
import os
import pathlib
import random
import re
import sys

import pytest

E2E = pathlib.Path(__file__).resolve().parents[1] / "e2e"
sys.path.append(str(E2E))
_SPEC = importlib.util.spec_from_file_location("e2e_world", E2E / "conftest.py")
e2e_world = importlib.util.module_from_spec(_SPEC)
sys.modules["e2e_world"] = e2e_world
_SPEC.loader.exec_module(e2e_world)
world = e2e_world.world

from cloud import Cloud, lasting_broker  # noqa: E402
from recorder import Recorder  # noqa: E402

IS_LONG = os.environ.get("CAMPAIGN") == "long"

# Each write of a command carries a value of its own, so that the device's record tells whose it is and how often it came.
MAP = """modbridge: map/1
modbus: {every: 200ms, timeout: 15s}
telemetry:
  level: {holding: 100, type: u16}
  goal: {holding: 200, type: u16, access: rw}
  other_goal: {holding: 300, type: u16, access: rw}
registers:
  undone: {holding: 500, type: u16, access: rw}
  top: {holding: 400, type: u16, every: 1h}
commands:
  put: {set: goal, min: 0, max: top}
  put_both:
    arguments:
      value: {type: integer, min: 0, max: 65535, required: true}
    steps:
      - write: {goal: value}
      - write: {other_goal: value}
    result: {goal: goal, other_goal: other_goal}
  put_or_undo:
    arguments:
      value: {type: integer, min: 0, max: 65535, required: true}
    steps:
      - try:
          - write: {goal: value}
          - write: {other_goal: value}
        on_failure:
          - write: {undone: value}
    result: {goal: goal, other_goal: other_goal}
simulation:
  values: {level: 5, goal: 0, other_goal: 0, undone: 0, top: 65535}
"""
GOAL, OTHER_GOAL, TOP, UNDONE = 200, 300, 400, 500


def pick(short, long):
    return long if IS_LONG else short


class Scene:
    """A world with a broker that keeps everything, simulated devices behind recorders, and a bridge."""

    def __init__(self, world, chance):
        self.world, self.chance, self.folder = world, chance, world.folder
        self.names, self.recorders, self.sent, self.serial = [], {}, {}, 0
        self.faults = self.folder / "faults.yaml"
        self.faults.write_text("faults: []\n")
        (self.folder / "campaign.yaml").write_text(MAP)
        self.start_broker()
        self.cloud = Cloud(world.port)

    def start_broker(self):
        self.world.start_broker(lasting_broker(self.folder) + "log_type all\n")
        self.world.mqtt.close()  # the lasting subscriber sees everything

    def close(self):
        self.cloud.close()
        for recorder in self.recorders.values():
            recorder.close()

    def devices(self, count, extra=""):
        """Starts simulators and writes the site; `extra`: further lines of it."""
        rows = {}
        for i in range(count):
            name = f"d{i}"
            self.simulator, endpoint = self.world.simulate(self.folder / "campaign.yaml", "--faults", self.faults)
            self.recorders[name] = Recorder(endpoint)
            self.names.append(name)
            rows[name] = f'map: campaign, tcp: "{self.recorders[name].endpoint}"'
        self.extra = extra
        self.path = self.world.site(rows)
        self.site_text = self.path.read_text().replace("cloud:\n", f"{extra}\ncloud:\n", 1)
        self.path.write_text(self.site_text)

    def site_with_state(self, state):
        """The same site with another state folder."""
        path = self.folder / f"site-{state.name}.yaml"
        path.write_text(self.site_text.replace(f'{self.folder}/state"', f'{state}"'))
        return path

    def run(self, path=None):
        self.bridge = self.world.run(path or self.path)
        return self.bridge

    def hearings(self):
        """(on the 1970 clock, in whole seconds; how often): the brokers said to a bridge that it hears commands now."""
        log = "".join(p.read_text() for p in sorted(self.folder.glob("*-broker.err")))
        return [int(at) for at in re.findall(r"^(\d+): Sending SUBACK to (?!cloud\b)", log, re.M)]

    def await_hearing(self, before):
        """Until a bridge that was started when there were `before` hearings hears the commands of all devices."""
        e2e_world.await_true(lambda: len(self.hearings()) >= before + len(self.names), "the subscriptions")

    def send(self, name, device=None, arguments=None):
        """Publishes a command with a value of its own; returns its id. Never waits for anything else."""
        self.serial += 1
        device = device or self.chance.choice(self.names)
        key = "goal" if name == "put" else "value"
        request = {"id": f"c{self.serial}", "name": name, "arguments": arguments or {key: self.serial}}
        self.sent[request["id"]] = {"device": device, "name": name, "value": self.serial}
        self.cloud.client.publish(f"v1/to/HW/{device}/v1/command/requests", json.dumps(request), qos=1)
        return request["id"]

    def fault(self, text):
        """Puts faults in force at the last simulator."""
        self.faults.write_text(f"faults:\n{text}" if text else "faults: []\n")
        count = self.simulator.out.read_text().count('"faults"')
        self.simulator.child.send_signal(1)
        e2e_world.await_true(lambda: self.simulator.out.read_text().count('"faults"') > count, "the faults")


@pytest.fixture
def chance():
    seed = int(os.environ.get("CAMPAIGN_SEED", random.SystemRandom().randrange(1 << 31) if IS_LONG else 5))
    print(f"CAMPAIGN_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def scene(world, chance):
    here = Scene(world, chance)
    yield here
    here.close()
