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


FAST_MAP = """modbridge: map/1
modbus: {timeout: 200ms}
telemetry:
""" + "".join(f"  value{i}: {{holding: {200 * i}, type: u16, every: 100ms}}\n" for i in range(6))


def waits_of_main(process):
    """How often the main thread began to wait for something."""
    status = pathlib.Path(f"/proc/{process.child.pid}/status").read_text()
    return int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0])


def test_readings_wait_for_the_end_of_their_second(world):
    """Sixty readings a second wake the main thread a few times a second; each of them would be more than sixty times."""
    cloud = world.start_broker()
    (world.folder / "meter.yaml").write_text(FAST_MAP)
    _, endpoint = world.simulate(world.folder / "meter.yaml")
    bridge = world.run(world.site({"meter": f"map: meter, tcp: '{endpoint}'"}))
    telemetry = "v1/from/HW/meter/v1/telemetry"
    cloud.await_payload(telemetry, lambda p: "value0" in p and "value5" in p)
    since, before, begun = len(cloud.payloads(telemetry)), waits_of_main(bridge), time.monotonic()
    await_true(lambda: len(cloud.payloads(telemetry)) >= since + 3, "three more seconds of telemetry")
    payloads, waits = cloud.payloads(telemetry), waits_of_main(bridge) - before
    seconds = time.monotonic() - begun
    assert waits < 40 * seconds, f"the main thread waited {waits} times in {seconds:.1f} seconds"
    stamps = [payload["timestamp"] for payload in payloads if "value0" in payload]
    assert len(stamps) == len(set(stamps)), f"a second has two messages: {stamps}"
