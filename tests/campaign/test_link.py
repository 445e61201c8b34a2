# SPDX-License-Identifier: MIT
"""Eight connections to the broker, each over a link of its own that stalls, dribbles, breaks, swallows one direction or both,
and recovers: every second of every device arrives, and every command has at most one outcome, which is true."""
import concurrent.futures
import contextlib
import random
import threading
import time

import pytest
from conftest import MAP, pick
from e2e_world import await_true
from histories import Kept, Ledger, check_command, copy_state, finals, missing
from lossy import DRIBBLE, ILLS, LOSING, STALL, Link
from recorder import Recorder

PATIENCE_S = pick(60, 400)  # a pause grows with the attempts that fail while the link is ill
NOTICE_S = 150  # a connection over which nothing is acknowledged any more is given up after a minute


class Weather:
    """One device, its connection and what its link goes through."""

    def __init__(self, scene, name, seed):
        self.scene, self.name, self.chance = scene, name, random.Random(seed)
        self.link = Link(scene.world.port, self.chance)
        self.ills, self.backs = [], []  # what it had, and how long after each the bridge was back

    def send(self):
        with self.scene.lock:
            return self.scene.send(self.chance.choice(["put", "put_both"]), self.name)

    def await_well(self, ill):
        """Telemetry of a second after the ill, and an answer to a command."""
        ledger, well = self.scene.ledger, time.time()
        await_true(lambda: ledger.look().latest[self.name] >= well,
                   f"telemetry of {self.name} after {ill}", PATIENCE_S)
        self.backs.append(time.time() - well)
        command_id = self.send()
        await_true(lambda: command_id in ledger.look().answered, f"an answer of {self.name} after {ill}")

    def suffer(self, ill, is_over):
        """The ill with commands during it; then the link is well and the bridge comes back by itself."""
        self.ills.append(ill)
        self.link.fall_ill(ill)
        while not is_over():
            self.send()
            time.sleep(self.chance.uniform(0.2, pick(0.8, 4)))
        self.link.recover()
        self.await_well(ill)

    def pass_by(self, ills):
        for ill in ills:
            until = time.monotonic() + self.chance.uniform(1, pick(1.6, 40))
            self.suffer(ill, lambda until=until: time.monotonic() > until)
            time.sleep(self.chance.uniform(0, pick(0.1, 20)))

    def be_noticed(self, ill):
        """Half open, until the bridge gives the connection up by itself."""
        before, began = self.link.accepted, time.monotonic()
        self.suffer(ill, lambda: self.link.accepted > before or time.monotonic() > began + NOTICE_S)
        assert self.link.accepted > before, f"{ill} was not noticed in {NOTICE_S} s"
        return time.monotonic() - began - self.backs[-1]


@pytest.fixture
def weathers(scene):
    """A device on a connection of its own for each ill, all behind one recorder."""
    scene.lock, scene.ledger = threading.Lock(), Ledger(scene.cloud.messages)
    scene.names = [f"d{i}" for i in range(len(ILLS))]
    (scene.folder / "campaign.yaml").write_text(MAP.replace("every: 200ms", "every: 400ms"))
    bus = "buses:\n  g: {tcp: '%s'}\ndevices:\n" + "".join(
        f"  {name}: {{map: ./campaign.yaml, bus: g, unit: {i + 1}}}\n" for i, name in enumerate(scene.names))
    (scene.folder / "served.yaml").write_text("modbridge: site/1\nstate: /tmp\n" + bus % "127.0.0.1:1502")
    _, endpoint = scene.world.simulate(scene.folder / "served.yaml")
    recorder = Recorder(endpoint)
    scene.recorders = dict.fromkeys(scene.names, recorder)
    here = [Weather(scene, name, scene.chance.random()) for name in scene.names]
    path = scene.world.site({name: f"map: campaign, bus: g, unit: {i + 1}" for i, name in enumerate(scene.names)})
    text = path.read_text().replace(f"  here: {{host: 127.0.0.1, port: {scene.world.port}}}\n", "".join(
        f"  over_{w.name}: {{host: 127.0.0.1, port: {w.link.port}}}\n" for w in here))
    for name in scene.names:
        text = text.replace(f"cloud: here, hardware_id: HW, channel_id: {name}}}",
                            f"cloud: over_{name}, hardware_id: HW, channel_id: {name}}}")
    path.write_text(text.replace("devices:\n", f"buses:\n  g: {{tcp: '{recorder.endpoint}'}}\ndevices:\n", 1))
    scene.path = path
    yield here
    for weather in here:
        weather.link.close()


def together(weathers, what):
    """Each weather in a thread of its own; what went wrong in one goes wrong here."""
    with concurrent.futures.ThreadPoolExecutor(len(ILLS)) as pool:
        return list(pool.map(what, weathers))


def check_commands(scene):
    copy_state(scene.folder / "state", scene.folder / "after")
    recorded = Kept(scene.folder / "after").commands
    outcomes = finals(scene.cloud.messages)
    for command_id, sent in scene.sent.items():
        # The broker keeps nothing for a bridge that is not connected.
        sent["may_be_lost"] = command_id not in recorded
        check_command(command_id, sent, outcomes[command_id], scene.recorders[sent["device"]])
    return sum(1 for c in scene.sent if outcomes[c])


def unread(scene, name, first, last):
    """The seconds in which a device may not have been read. It was when it answered twice: a single answer may have got to the
    bridge in the next second."""
    answers = scene.recorders[name].answers[scene.names.index(name) + 1]
    return {second for second in range(int(first), int(last) + 1) if answers[second] < 2}


def never_came(scene, began, ended):
    """{device: seconds in which it was read and of which nothing came}, without the devices of which all came."""
    seconds = scene.ledger.look().seconds
    gaps = {n: set(missing(seconds[n], began[n], ended)) - unread(scene, n, began[n], ended) for n in scene.names}
    return {n: sorted(gap) for n, gap in gaps.items() if gap}


def test_lossy_links(scene, weathers):
    scene.run()
    await_true(lambda: all(scene.ledger.look().seconds[n] for n in scene.names), "telemetry")
    began = {n: min(scene.ledger.seconds[n]) for n in scene.names}
    # Each begins with an ill of its own.
    orders = {w.name: list(ILLS[i:i + 1]) + scene.chance.sample(ILLS, len(ILLS)) * pick(0, 2)
              for i, w in enumerate(weathers)}
    together(weathers, lambda w: w.pass_by(orders[w.name]))
    noticed = together(weathers[:pick(0, len(LOSING))], lambda w: w.be_noticed(LOSING[weathers.index(w)]))
    ended = time.time() - 3
    with contextlib.suppress(AssertionError):
        await_true(lambda: not never_came(scene, began, ended), "every second of every device", 60)
    gaps = never_came(scene, began, ended)
    assert not gaps, f"read and never came, of the seconds from {began} on: {gaps}"
    all_seconds = sum(int(ended) - int(began[n]) + 1 for n in scene.names)
    idle = sum(len(unread(scene, n, began[n], ended)) for n in scene.names)
    assert idle < all_seconds / 2, f"not read in {idle} of {all_seconds} seconds: nothing is proved"
    assert scene.bridge.stop() == 0
    answered = check_commands(scene)
    for w in weathers:
        harmful = [ill for ill in w.ills if ill not in (STALL, DRIBBLE)]
        assert w.link.broken >= len(harmful), f"{w.name}: {w.ills} broke {w.link.broken} connections: nothing is proved"
        assert w.link.lost or not set(LOSING) & set(w.ills), f"{w.name}: no byte was lost"
    backs = sorted(b for w in weathers for b in w.backs)
    print(f"{len(backs)} ills, {sum(w.link.accepted for w in weathers)} connections, {answered} of {len(scene.sent)} "
          f"commands answered; back {backs[len(backs) // 2]:.1f} s after it was well, {backs[-1]:.1f} at most; "
          f"half open noticed after {[round(n) for n in noticed]} s; "
          f"read in {all_seconds - idle} of {all_seconds} seconds")
