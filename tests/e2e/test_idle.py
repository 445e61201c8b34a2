# SPDX-License-Identifier: MIT
"""Between two polls the program sleeps: processor seconds, which a loaded machine does not make more."""
import os
import pathlib
import time

from conftest import await_true

MAP = """modbridge: map/1
modbus: {timeout: 200ms}
telemetry:
  value: {holding: 1, type: u16, every: 500ms}
"""


def processor_seconds(process):
    fields = pathlib.Path(f"/proc/{process.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_it_sleeps_between_polls_and_beside_a_dead_device(world):
    cloud = world.start_broker()
    (world.folder / "meter.yaml").write_text(MAP)
    _, endpoint = world.simulate(world.folder / "meter.yaml")
    bridge = world.run(world.site({"meter": f"map: meter, tcp: '{endpoint}'", "dead": "map: meter, tcp: '127.0.0.1:9'"}))
    cloud.await_payload("v1/from/HW/meter/v1/telemetry", lambda p: "value" in p)
    # Longer than the time-out in which a connection has to come about: its date must not count any more.
    since, before = len(cloud.payloads("v1/from/HW/meter/v1/telemetry")), processor_seconds(bridge)
    begun = time.monotonic()
    await_true(lambda: len(cloud.payloads("v1/from/HW/meter/v1/telemetry")) >= since + 4, "four more seconds of telemetry")
    share = (processor_seconds(bridge) - before) / (time.monotonic() - begun)
    assert share < 0.15, f"{share:.0%} of a processor for two devices"
