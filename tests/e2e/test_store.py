# SPDX-License-Identifier: MIT
"""What outlives a dead link, a killed bridge and a damaged file."""
import contextlib
import json
import random
import shutil
import signal
import sqlite3
import time

import pytest
from cloud import Cloud, lasting_broker, standing_still
from conftest import MAPPINGS, await_true

DEVICES = 5


@pytest.fixture
def cloud(world):
    world.broker_config = lasting_broker(world.folder)
    world.start_broker(world.broker_config)
    here = Cloud(world.port)
    yield here
    here.close()


def stamps(messages, device):
    """Timestamps of the telemetry that could be read, in the order of arrival."""
    topic = f"v1/from/HW/{device}/v1/telemetry"
    payloads = [json.loads(p) for t, p in messages if t == topic]
    return [p["timestamp"] for p in payloads if p.get("status")]


def copy_state(world):
    with standing_still(world.bridge.child.pid):
        for name in ("modbridge.db", "modbridge.db-wal"):
            shutil.copy(world.folder / "state" / name, world.folder / f"copy-{name}")


def recorded_command(world, command_id):
    """Whether a command is on disk."""
    copy_state(world)
    with contextlib.closing(sqlite3.connect(world.folder / "copy-modbridge.db")) as store:
        return store.execute("SELECT count(*) FROM commands WHERE id = ?", [command_id]).fetchone() == (1,)


def kept(world):
    """What the bridge has on disk, {device: seconds}: an oracle of what must arrive, by a copy of its files."""
    copy_state(world)
    with contextlib.closing(sqlite3.connect(world.folder / "copy-modbridge.db")) as store:
        rows = store.execute("SELECT topic, (at_ms + offset_ms) / 1000, payload FROM outbox JOIN boots "
                             "ON boots.id = outbox.boot WHERE topic LIKE '%/telemetry'").fetchall()
    found = {}
    for topic, second, payload in rows:
        if json.loads(payload).get("status"):
            found.setdefault(topic.split("/")[3], set()).add(second)
    return found


def has_arrived(cloud, wanted, since):
    """Everything wanted, and something live."""
    return all(seconds <= set(stamps(cloud.messages, name)) and max(stamps(cloud.messages, name)) > since
               for name, seconds in wanted.items())


def start(world, count=DEVICES, extra="", map_path=MAPPINGS / "enapter_el41.yaml"):
    devices = {}
    for i in range(count):
        world.simulator, world.endpoint = world.simulate(map_path)
        devices[f"d{i}"] = f'map: {map_path.stem}, tcp: "{world.endpoint}"'
    world.path = world.site(devices)
    if extra:
        world.path.write_text(world.path.read_text().replace("cloud:\n", f"{extra}\ncloud:\n"))
    world.bridge = world.run(world.path)
    for name in devices:
        world.mqtt.await_payload(f"v1/from/HW/{name}/v1/telemetry", lambda p: "status" in p)
    return list(devices)


@pytest.mark.parametrize("write", ["always", "spill"])
def test_outage_loses_nothing_and_repeats_nothing(world, cloud, write):
    names = start(world, extra=f"outbox: {{write: {write}}}")
    world.mqtt.close()
    world.broker.stop()
    lost = time.time()
    time.sleep(6)  # the outage is the point of the test
    wanted = await_true(lambda: (k := kept(world)).keys() == set(names) and all(len(s) >= 3 for s in k.values()) and k,
                        "three seconds of each on disk")
    world.start_broker(world.broker_config)
    back = time.time()
    await_true(lambda: has_arrived(cloud, wanted, back), "what was kept, and live telemetry", 150)
    for name in names:
        seconds = stamps(cloud.messages, name)
        again = {s for s in seconds if seconds.count(s) > 1}
        # What the broker took and could not acknowledge any more is the only thing sent twice.
        assert all(-8 <= s - lost <= 1 for s in again), f"{name}: {again}, the link was lost at {lost}"


def test_killed_bridge_loses_nothing(world, cloud):
    names = start(world, count=2)
    chance = random.Random(5)
    world.mqtt.close()
    world.broker.stop()  # nothing can leave: all of it must come from disk
    lives = []
    for _ in range(3):
        began = time.time()
        # It may be known as late as the next group commit: from then on the life has left something.
        left = await_true(lambda: (k := kept(world)).keys() == set(names) and all(max(s) >= began for s in k.values()) and k,
                          "something of this life on disk")
        time.sleep(chance.random())
        world.bridge.stop(signal.SIGKILL)
        lives.append(left)
        world.bridge = world.run(world.path)
        await_true(lambda: "started" in world.bridge.log(), "the next start")
    wanted = kept(world)
    for left in lives:
        assert all(left[name] <= wanted[name] for name in names), (left, wanted)
    world.start_broker(world.broker_config)
    back = time.time()
    await_true(lambda: has_arrived(cloud, wanted, back), "what was kept, and live telemetry", 150)


def test_damaged_store_is_set_aside(world, cloud):
    start(world, count=1)
    assert world.bridge.stop() == 0
    path = world.folder / "state/modbridge.db"
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])
    since = len(world.mqtt.messages)
    bridge = world.run(world.path)
    world.mqtt.await_payload("v1/from/HW/d0/v1/telemetry", lambda p: "status" in p, since)
    assert "set aside" in bridge.log()
    log = world.mqtt.await_payload("v1/from/HW/d0/v3/logs", lambda p: "set aside" in p["message"], since)
    assert log["severity"] == "error" and isinstance(log["timestamp"], int)
    assert list((world.folder / "state").glob("modbridge-damaged-*.db"))


def test_acknowledged_rows_leave_the_file(world, cloud):
    start(world, count=1)
    await_true(lambda: len(stamps(cloud.messages, "d0")) > 5, "some telemetry")
    assert world.bridge.stop() == 0
    with contextlib.closing(sqlite3.connect(world.folder / "state/modbridge.db")) as store:
        assert store.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
        assert store.execute("SELECT count(*) FROM responses").fetchone() == (0,)


RESPONSES = "v1/from/HW/d0/v1/command/responses"
REQUESTS = "v1/to/HW/d0/v1/command/requests"


def finals(messages, request_id):
    payloads = [json.loads(p) for t, p in messages if t == RESPONSES]
    return [(p["state"], p["payload"]) for p in payloads if p["id"] == request_id and p["state"] != "log"]


def restart(world, cloud, with_signal):
    world.bridge.stop(with_signal)
    ended = time.time()
    world.bridge = world.run(world.path)
    # Of the new one: then it has subscribed, and a request is not lost as one from a time without link.
    await_true(lambda: any(s > ended for s in stamps(cloud.messages, "d0")), "telemetry after the restart")


def test_command_ids_outlive_the_bridge(world, cloud):
    start(world, count=1)
    rate = {"production_rate": 70}
    first = world.command("d0", "once", "set_production_rate", rate)
    assert first == ("completed", {"production_rate": 70.0})
    assert world.command("d0", "other", "set_production_rate", {"production_rate": 90})[0] == "completed"
    for with_signal in (signal.SIGTERM, signal.SIGKILL):
        restart(world, cloud, with_signal)
        again = world.command("d0", "once", "set_production_rate", rate)
        assert again == first, "the stored response, word for word"
        assert world.command("d0", "once", "set_production_rate", {"production_rate": 80})[0] == "error"
    payload = [json.loads(p) for t, p in cloud.messages if t == "v1/from/HW/d0/v1/telemetry"][-1]
    assert payload["production_rate"] == 90.0, "it was not executed again"


def test_interrupted_commands_are_answered_after_the_restart(world, cloud):
    # A device that stays away: the command runs until the kill.
    (world.folder / "away.yaml").write_text((MAPPINGS / "enapter_el41.yaml").read_text().replace("silent: 3s", "silent: 1h"))
    start(world, count=1, map_path=world.folder / "away.yaml")
    world.mqtt.send(REQUESTS, {"id": "runs", "name": "reboot"})
    world.mqtt.await_payload(RESPONSES, lambda p: p["id"] == "runs" and p["state"] == "log")
    world.mqtt.send(REQUESTS, {"id": "waits", "name": "set_production_rate", "arguments": {"production_rate": 75}})
    await_true(lambda: recorded_command(world, "waits"), "the commit of the command")
    world.bridge.stop(signal.SIGKILL)
    world.simulator.stop()
    world.simulate(world.folder / "away.yaml", listen=world.endpoint)
    world.bridge = world.run(world.path)
    await_true(lambda: finals(cloud.messages, "runs") and finals(cloud.messages, "waits"),
               "the answers to what was interrupted")
    (state, payload), = finals(cloud.messages, "waits")
    assert state == "error" and "nothing was written" in payload["message"]
    (state, payload), = finals(cloud.messages, "runs")
    assert state == "error" and "interrupted, outcome unknown" in payload["message"]
    # Nothing is executed again, and the answers stay what they were.
    assert world.command("d0", "waits", "set_production_rate", {"production_rate": 75})[0] == "error"
    assert world.command("d0", "runs", "reboot") == (state, payload)


def test_interrupted_command_says_what_the_device_holds(world, cloud):
    start(world, count=1)
    assert world.command("d0", "before", "set_production_rate", {"production_rate": 85})[0] == "completed"
    world.bridge.stop()
    # As a kill between the journal and the response leaves it.
    request = json.dumps({"id": "before", "name": "set_production_rate", "arguments": {"production_rate": 85}})
    with contextlib.closing(sqlite3.connect(world.folder / "state/modbridge.db")) as store, store:
        store.execute("UPDATE commands SET state = 1, response = NULL, request = ? WHERE id = 'before'", [request])
    world.bridge = world.run(world.path)
    await_true(lambda: len(finals(cloud.messages, "before")) > 1, "the answer")
    state, payload = finals(cloud.messages, "before")[-1]
    assert state == "error"
    assert "outcome unknown" in payload["message"] and "production_rate 85" in payload["message"], payload
