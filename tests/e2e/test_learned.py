# SPDX-License-Identifier: MIT
"""Registers that a device refuses: found by asking, left out, remembered over a restart."""
from conftest import await_true

TELEMETRY = "v1/from/HW/meter/v1/telemetry"
HEAD = "modbridge: map/1\nvendor: Acme\nmodel: Meter\nmodbus: {timeout: 2s}\ntelemetry:\n"


def write_map(world, name, addresses):
    entries = "".join(f"  p{a}: {{holding: {a}, type: u16}}\n" for a in addresses)
    path = world.folder / f"{name}.yaml"
    path.write_text(HEAD + entries)
    return path


def await_all_but(world, missing, since=0):
    present = {f"p{a}" for a in range(16)} - {f"p{a}" for a in missing}
    payload = world.mqtt.await_payload(TELEMETRY, lambda p: present <= set(p), since)
    assert not {f"p{a}" for a in missing} & set(payload), payload
    assert payload["conn_alerts"] == ["partial_failure"], payload


def test_refused_registers_are_found_and_remembered(world):
    missing = [4, 11]
    fitted = write_map(world, "fitted", [a for a in range(16) if a not in missing])
    write_map(world, "meter", range(16))
    world.start_broker()
    _, endpoint = world.simulate(fitted)
    site = world.site({"meter": f'map: meter, tcp: "{endpoint}"'})
    bridge = world.run(site)
    await_all_but(world, missing)
    for address in missing:
        refused = f"holding {address}..{address} is refused: illegal data address (exception 2)"
        await_true(lambda text=refused: text in bridge.log(), refused)
    assert bridge.log().count("is refused") == len(missing), bridge.log()
    assert bridge.stop() == 0

    since = len(world.mqtt.messages)
    again = world.run(site)
    await_all_but(world, missing, since)
    await_true(lambda: again.log().count("is refused") == len(missing), "both are known from the start")
    assert "holding 0..15" not in again.log()
