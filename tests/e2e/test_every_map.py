# SPDX-License-Identifier: MIT
"""One site with a device of every shipped map: simulated, polled by one bridge, and at the broker."""
import json

from conftest import MAPPINGS, MODBRIDGE, await_true, modbridge

MAPS = sorted(path.stem for path in MAPPINGS.glob("*.yaml"))


def states(site):
    """What the bridge says of each device; a bus that is busy is not heard of the first time."""
    asked = modbridge("status", site, "--json")
    buses = json.loads(asked.stdout)["buses"] if asked.returncode == 0 else []
    return {unit["device"]: unit.get("health", {}).get("state") for bus in buses for unit in bus["units"]}


def test_every_map_is_polled_at_once(world):
    world.start_broker()
    wiring = world.site({name: f"map: {name}, tcp: 10.0.0.{at}" for at, name in enumerate(MAPS, 1)})
    simulator = world.start([MODBRIDGE, "simulate", wiring], "simulate")

    def served():
        return [json.loads(line) for line in simulator.lines() if line.startswith('{"device"')]

    await_true(lambda: len(served()) == len(MAPS), "every simulated device")
    site = world.site({row["device"]: f'map: {row["device"]}, tcp: "{row["tcp"]}"' for row in served()})
    world.run(site)
    for name in MAPS:
        # The first second of reading may end before all is read: alerts are known when they all are.
        payload = world.mqtt.await_payload(f"v1/from/HW/{name}/v1/telemetry", lambda p: p.get("conn_alerts") == [] and
                                           p.get("alerts") is not None)
        assert len(payload) > 3, f"{name}: {payload}"
    await_true(lambda: states(site) == {name: "online" for name in MAPS}, "every device online")
