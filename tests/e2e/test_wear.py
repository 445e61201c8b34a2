# SPDX-License-Identifier: MIT
"""Writes of registers that wear out: made only when they change something, and counted over restarts and kills."""
import json

from conftest import await_true, modbridge

MAP = """modbridge: map/1
modbus: {every: 100ms}
telemetry:
  limit: {holding: 10, type: u16, access: rw, wear: true}
  mode: {holding: 11, type: u16, access: rw, wear: true}
  plain: {holding: 20, type: u16, access: rw}
  writes: {holding: 110, type: u16}
commands:
  set_limit: {set: limit, min: 0, max: 100}
  set_plain: {set: plain}
  set_both:
    steps:
      - write: {limit: 60, mode: 2}
simulation:
  values: {limit: 5, mode: 0, plain: 0, writes: 0}
  rules:
    - written: limit
      set: {writes: writes + 1}
"""


def unit_of(site):
    result = modbridge("status", site, "--json")
    return json.loads(result.stdout)["buses"][0]["units"][0] if result.returncode == 0 else {}


def counts(site):
    return {row["entry"]: row["writes"] for row in unit_of(site).get("wear", [])}


def await_counts(site, wanted, what):
    """A status may be as old as a fifth of a second."""
    await_true(lambda: counts(site) == wanted, what)


def started(world, site):
    since = len(world.mqtt.messages)
    bridge = world.run(site)
    world.mqtt.await_payload("v1/from/HW/meter/v1/telemetry", lambda p: "writes" in p, since)
    await_true(lambda: "wear" in unit_of(site), "the status")
    return bridge


def test_writes_are_counted_over_restarts(world):
    (world.folder / "worn.yaml").write_text(MAP)
    world.start_broker()
    _, endpoint = world.simulate(world.folder / "worn.yaml")
    site = world.site({"meter": f'map: worn, tcp: "{endpoint}"'})
    world.bridge = started(world, site)
    assert counts(site) == {}
    for number, limit in enumerate((40, 40, 50, 50)):
        assert world.command("meter", f"w{number}", "set_limit", {"limit": limit})[0] == "completed"
    assert world.command("meter", "p", "set_plain", {"plain": 3})[0] == "completed"
    await_counts(site, {"limit": 2}, "what it holds already is not written")
    assert world.command("meter", "b", "set_both")[0] == "completed"
    await_counts(site, {"limit": 3, "mode": 1}, "both")
    writes = world.mqtt.await_payload("v1/from/HW/meter/v1/telemetry", lambda p: p.get("limit") == 60)["writes"]
    assert writes == 3, "the device saw as many"
    text = modbridge("status", site).stdout
    assert "written to what wears out: limit 3 times, mode 1 time\n" in text, text
    # The response was on disk, and the count with it.
    world.bridge.child.kill()
    world.bridge.child.wait()
    world.bridge = started(world, site)
    await_counts(site, {"limit": 3, "mode": 1}, "over a kill")
    assert world.command("meter", "again", "set_limit", {"limit": 70})[0] == "completed"
    world.bridge.stop()
    world.bridge = started(world, site)
    await_counts(site, {"limit": 4, "mode": 1}, "over a stop")
