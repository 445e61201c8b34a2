# SPDX-License-Identifier: MIT
"""Telemetry and properties as the broker gets them, to the letter."""
import json
import time

import yaml
from conftest import MAPPINGS, ROOT, await_true

CASE = ROOT / "tests/maps/library/enapter_el41/producing"
TELEMETRY = "v1/from/HW/electrolyser/v1/telemetry"
PROPERTIES = "v1/from/HW/electrolyser/v1/properties"


def start(world, *options):
    world.start_broker()
    _, endpoint = world.simulate(MAPPINGS / "enapter_el41.yaml", "--values", CASE / "values.yaml")
    bridge = world.run(world.site({"electrolyser": f'map: enapter_el41, tcp: "{endpoint}"'}), *options)
    return bridge


def test_telemetry_to_the_letter(world):
    start(world)
    expected = yaml.safe_load((CASE / "expect.yaml").read_text())
    wanted = dict(expected["telemetry"], alerts=[], conn_alerts=[])
    whole = world.mqtt.await_payload(TELEMETRY, lambda p: set(p) - {"timestamp"} == set(wanted))
    stamp = whole.pop("timestamp")
    assert isinstance(stamp, int) and abs(stamp - time.time()) < 60
    assert whole == wanted
    text = next(p for t, p in world.mqtt.messages if t == TELEMETRY and json.loads(p)["timestamp"] == stamp)
    assert '"water_inlet_pressure":3.2,' in text  # a 32-bit float, not 3.2000000476837158
    assert '"stack_power":2225.0,' in text
    assert '"level_low":true,' in text
    assert '"alerts":[]' in text


def test_one_message_a_second(world):
    start(world)
    world.mqtt.await_payload(TELEMETRY)
    await_true(lambda: len(world.mqtt.payloads(TELEMETRY)) >= 6, "six telemetry messages")
    stamps = [p["timestamp"] for p in world.mqtt.payloads(TELEMETRY)]
    assert stamps == sorted(set(stamps)), "one message for each second of reading, in order"


def test_properties_to_the_letter(world):
    start(world)
    expected = yaml.safe_load((CASE / "expect.yaml").read_text())
    whole = world.mqtt.await_payload(PROPERTIES, lambda p: set(p) - {"timestamp"} == set(expected["properties"]))
    assert isinstance(whole.pop("timestamp"), int)
    assert whole == expected["properties"]


def test_faults_become_alerts(world):
    case = ROOT / "tests/maps/library/enapter_el41/faulted"
    expected = yaml.safe_load((case / "expect.yaml").read_text())
    world.start_broker()
    _, endpoint = world.simulate(MAPPINGS / "enapter_el41.yaml", "--values", case / "values.yaml")
    world.run(world.site({"electrolyser": f'map: enapter_el41, tcp: "{endpoint}"'}))
    # The first second of reading may end before all is read.
    payload = world.mqtt.await_payload(TELEMETRY, lambda p: sorted(p.get("alerts") or []) == sorted(expected["alerts"]))
    assert payload["alert_details"], "codes without an alert of their own are named"


def test_two_kinds_of_device_side_by_side(world):
    world.start_broker()
    _, electrolyser = world.simulate(MAPPINGS / "enapter_el41.yaml")
    _, inverter = world.simulate(MAPPINGS / "deye_sunsynk_3phase.yaml")
    world.run(world.site({
        "electrolyser": f'map: enapter_el41, tcp: "{electrolyser}"',
        "inverter": f'map: deye_sunsynk_3phase, tcp: "{inverter}"',
    }))
    assert world.mqtt.await_payload(TELEMETRY, lambda p: "status" in p)
    assert world.mqtt.await_payload("v1/from/HW/inverter/v1/telemetry", lambda p: {"inverter_status", "ac_total_power"} <= set(p))


def test_dry_run_prints_what_would_be_published(world):
    _, endpoint = world.simulate(MAPPINGS / "enapter_el41.yaml", "--values", CASE / "values.yaml")
    bridge = world.run(world.site({"electrolyser": f'map: enapter_el41, tcp: "{endpoint}"'}), "--dry")

    def with_point(topic, point):  # the first second of reading may end before all is read
        rows = [json.loads(line) for line in bridge.lines()]
        return next((r["payload"] for r in rows if r["topic"] == topic and point in r["payload"]), None)
    assert await_true(lambda: with_point(TELEMETRY, "status"), "a telemetry line")["status"] == "steady"
    properties = await_true(lambda: with_point(PROPERTIES, "device_model"), "a properties line")
    assert properties["device_model"] == "ES41"
    assert bridge.stop() == 0
