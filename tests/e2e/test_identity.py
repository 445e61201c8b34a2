# SPDX-License-Identifier: MIT
"""A device that is not the one its map is for is neither published nor written."""
from conftest import MAPPINGS, await_true, modbridge

TELEMETRY = "v1/from/HW/electrolyser/v1/telemetry"


def test_another_model_is_never_published_nor_written(world):
    world.start_broker()
    other, endpoint = world.simulate(MAPPINGS / "enapter_el21.yaml")
    bridge = world.run(world.site({"electrolyser": f'map: enapter_el41, tcp: "{endpoint}"'}))
    lost = world.mqtt.await_payload(TELEMETRY, lambda p: p["conn_alerts"])
    assert set(lost) == {"timestamp", "alerts", "conn_alerts"}
    assert lost["conn_alerts"] == ["communication_failed"] and lost["alerts"] is None
    await_true(lambda: "device_model is EL21 instead of ES41" in bridge.log(), "a line that names both")
    state, payload = world.command("electrolyser", "1", "locate_on")
    assert state == "error"
    assert "EL21" in payload["message"] and "nothing was written" in payload["message"]
    target = ["--map", MAPPINGS / "enapter_el21.yaml", "--tcp", endpoint]
    assert '"locate":false' in modbridge("read", *target, "locate", "--json").stdout
    assert bridge.log().count("not accepted") == 1, "one line a change of state"
    # The right device takes its place at the same address: it is accepted by itself.
    other.stop()
    world.simulate(MAPPINGS / "enapter_el41.yaml", listen=endpoint)
    assert world.mqtt.await_payload(TELEMETRY, lambda p: "status" in p)
    assert world.command("electrolyser", "2", "locate_on")[0] == "completed"
    assert all("status" not in p or p["conn_alerts"] == [] for p in world.mqtt.payloads(TELEMETRY))


def test_the_command_line_says_so_too(world):
    _, endpoint = world.simulate(MAPPINGS / "enapter_el21.yaml")
    target = ["--map", MAPPINGS / "enapter_el41.yaml", "--tcp", endpoint]
    result = modbridge("command", *target, "locate_on")
    assert result.returncode == 1 and "EL21 instead of ES41" in result.stderr
    result = modbridge("read", *target, "uptime")
    assert result.returncode == 0 and "not the device of the map" in result.stderr


BUSY = "faults:\n  - {exception: 6, table: input, addresses: 0..0, for: 4s}\n"


def test_a_device_that_is_busy_at_first_is_asked_again_who_it_is(world):
    faults = world.folder / "busy.yaml"
    faults.write_text(BUSY)
    world.start_broker()
    other, endpoint = world.simulate(MAPPINGS / "enapter_el21.yaml", "--faults", faults)
    bridge = world.run(world.site({"electrolyser": f'map: enapter_el41, tcp: "{endpoint}"'}))
    # Not knowing is not knowing it to be right: nothing is read until it has said that it is another.
    await_true(lambda: "device_model is EL21 instead of ES41" in bridge.log(), "a line that names both")
    assert all("status" not in p for p in world.mqtt.payloads(TELEMETRY))
    other.stop()
    world.simulate(MAPPINGS / "enapter_el41.yaml", "--faults", faults, listen=endpoint)
    assert world.mqtt.await_payload(TELEMETRY, lambda p: "status" in p)
