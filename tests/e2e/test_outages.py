# SPDX-License-Identifier: MIT
"""Devices, brokers and the bridge itself going away and coming back."""
import os
import signal
import time

from conftest import MAPPINGS, await_true, seconds_to_start

TELEMETRY = "v1/from/HW/electrolyser/v1/telemetry"
STOP_S = 5  # within which it ends (docs/operations.md)
RESPONSES = "v1/from/HW/electrolyser/v1/command/responses"


def start(world):
    world.start_broker()
    world.simulator, world.endpoint = world.simulate(MAPPINGS / "enapter_el41.yaml")
    world.bridge = world.run(world.site({"electrolyser": f'map: enapter_el41, tcp: "{world.endpoint}"'}))
    world.mqtt.await_payload(TELEMETRY, lambda p: "status" in p)


def stop_in_time(bridge):
    """What this machine takes now to start and end a program, a few times over, is no delay of ours."""
    began = time.monotonic()
    assert bridge.stop() == 0
    took = time.monotonic() - began
    assert took < STOP_S + 5 * seconds_to_start(), f"{took:.1f} s"


def test_device_goes_away_and_comes_back(world):
    start(world)
    since = len(world.mqtt.messages)
    world.simulator.stop()
    lost = world.mqtt.await_payload(TELEMETRY, lambda p: p["conn_alerts"] == ["communication_failed"], since)
    assert lost["alerts"] is None
    assert "status" not in lost, "nothing stale is published"
    since = len(world.mqtt.messages)
    world.simulate(MAPPINGS / "enapter_el41.yaml", listen=world.endpoint)
    back = world.mqtt.await_payload(TELEMETRY, lambda p: "status" in p, since)
    assert back["alerts"] == [] and back["conn_alerts"] == []
    assert world.bridge.log().count("stopped answering") <= 2, "one line a change of state"


def test_device_that_hangs_without_closing(world):
    start(world)
    since = len(world.mqtt.messages)
    os.kill(world.simulator.child.pid, signal.SIGSTOP)
    try:
        world.mqtt.await_payload(TELEMETRY, lambda p: p["conn_alerts"] == ["communication_failed"], since)
    finally:
        os.kill(world.simulator.child.pid, signal.SIGCONT)
    since = len(world.mqtt.messages)
    world.mqtt.await_payload(TELEMETRY, lambda p: "status" in p, since)


def test_device_that_never_was_there(world):
    world.start_broker()
    world.run(world.site({"electrolyser": 'map: enapter_el41, tcp: "127.0.0.1:9"'}))
    lost = world.mqtt.await_payload(TELEMETRY, lambda p: p["conn_alerts"])
    assert lost["alerts"] is None and lost["conn_alerts"] == ["communication_failed"]
    assert set(lost) == {"timestamp", "alerts", "conn_alerts"}
    state, payload = world.command("electrolyser", "c", "locate_on")
    assert state == "error" and payload["message"]


def test_dead_device_does_not_disturb_the_other(world):
    world.start_broker()
    _, endpoint = world.simulate(MAPPINGS / "enapter_el41.yaml")
    world.run(world.site({
        "electrolyser": f'map: enapter_el41, tcp: "{endpoint}"',
        "dead": 'map: enapter_el21, tcp: "127.0.0.1:9"',
    }))
    world.mqtt.await_payload(TELEMETRY, lambda p: "status" in p)
    since = len(world.mqtt.messages)
    await_true(lambda: len(world.mqtt.payloads(TELEMETRY, since)) >= 4, "four messages of the living device")
    assert all("status" in p for p in world.mqtt.payloads(TELEMETRY, since))


def test_broker_goes_away_and_comes_back(world):
    start(world)
    world.mqtt.close()
    world.broker.stop()
    time.sleep(2)  # readings pile up meanwhile: the point of the test
    world.start_broker()
    back = world.mqtt.await_payload(TELEMETRY, lambda p: "status" in p, seconds=60)
    assert back["timestamp"] < time.time()
    assert world.command("electrolyser", "after", "locate_on")[0] == "completed"


def test_sigterm_answers_what_runs_and_exits(world):
    start(world)
    world.mqtt.send("v1/to/HW/electrolyser/v1/command/requests", {"id": "long", "name": "reboot"})
    world.mqtt.await_payload(RESPONSES, lambda p: p["state"] == "log")
    stop_in_time(world.bridge)
    final = world.mqtt.await_payload(RESPONSES, lambda p: p["state"] == "error")
    assert "stopped" in final["payload"]["message"]


def test_sigterm_with_dead_broker_and_device(world):
    site = world.site({"electrolyser": 'map: enapter_el41, tcp: "127.0.0.1:9"'})
    bridge = world.run(site)
    await_true(lambda: "electrolyser" in bridge.log(), "the bridge to start")
    stop_in_time(bridge)
