# SPDX-License-Identifier: MIT
"""What a device refuses - registers, long requests, requests across a border: found by asking, left out, remembered over
a restart."""
import json

from conftest import await_true, free_port, modbridge

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


def test_an_optional_entry_that_is_not_fitted_takes_no_other_with_it(world):
    """Also where the map allows a request to span what it does not list."""
    (world.folder / "meter.yaml").write_text(HEAD.replace("{", "{merge_gap: 4, ") + "  p0: {holding: 0, type: u16}\n" + "".join(
        f"  q{a}: {{holding: {a}, type: u16, optional: true}}\n" for a in (20, 21, 22, 23, 26, 40, 41)) + "  apart: {holding: [60, 63], type: u32, optional: true}\n")
    fitted = write_map(world, "fitted", [0, 20, 21, 23, 26, 60, 63])
    world.start_broker()
    _, endpoint = world.simulate(fitted)
    bridge = world.run(world.site({"meter": f'map: meter, tcp: "{endpoint}"'}))
    world.mqtt.await_payload(TELEMETRY, lambda p: {"p0", "q20", "q21", "q23", "q26", "apart"} <= set(p))
    for text in ("holding 22..22 is not fitted", "holding 40..41 is not fitted", "holding 24..25, between what the map lists",
                 "holding 61..62, between what the map lists"):
        await_true(lambda text=text: text in bridge.log(), text)
    assert bridge.log().count("not fitted") == 2, bridge.log()
    unreadable = {hole["address"] for hole in unit_status(world)["unreadable"]}
    assert unreadable == {24, 61}, "what is not fitted is no fault"


def test_units_of_their_own_are_learned_of_by_themselves(world):
    head = HEAD.replace("telemetry:\n", "") + "telemetry:\n"
    own = "".join(f"  q{a}: {{holding: {a}, type: u16, unit_id: 9}}\n" for a in range(8))
    (world.folder / "meter.yaml").write_text(head + "".join(f"  p{a}: {{holding: {a}, type: u16}}\n" for a in range(8)) + own)
    fitted = head + "".join(f"  p{a}: {{holding: {a}, type: u16}}\n" for a in range(8))
    (world.folder / "fitted.yaml").write_text(fitted + "".join(x + "\n" for x in own.splitlines() if "q5" not in x))
    world.start_broker()
    _, endpoint = world.simulate(world.folder / "fitted.yaml")
    bridge = world.run(world.site({"meter": f'map: meter, tcp: "{endpoint}"'}))
    all_but_one = {f"p{a}" for a in range(8)} | {f"q{a}" for a in range(8)} - {"q5"}
    world.mqtt.await_payload(TELEMETRY, lambda p: all_but_one <= set(p) and "q5" not in p)
    refused = "holding 5..5 of unit 9 is refused: illegal data address (exception 2)"
    await_true(lambda: refused in bridge.log(), refused)
    hole = unit_status(world)["unreadable"][0]
    assert (hole["unit"], hole["address"], hole["count"]) == (9, 5, 1)


# 32 registers, of which one request gets at most ten, and none across 19 and 20.
SERVER = """
import sys
from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSequentialDataBlock
from pymodbus.server import StartTcpServer
asked = open(sys.argv[2], "a", buffering=1)
class Words(ModbusSequentialDataBlock):
    def validate(self, address, count=1):
        asked.write(f"{address} {count}\\n")
        return count <= 10 and not address < 20 < address + count and super().validate(address, count)
unit = ModbusSlaveContext(hr=Words(0, list(range(32))), zero_mode=True)
StartTcpServer(context=ModbusServerContext(slaves=unit, single=True), address=("127.0.0.1", int(sys.argv[1])))
"""


def unit_status(world):
    result = modbridge("status", world.folder / "site.yaml", "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)["buses"][0]["units"][0]


def await_limits(world):
    def find():
        limits = unit_status(world).get("limits", [])
        return {"granted": [x["granted"] for x in limits if "granted" in x],
                "border": [x["border"] for x in limits if "border" in x]}

    return await_true(lambda: (now := find()) == {"granted": [10], "border": [20]} and now, "a length and a border")


def test_lengths_and_borders_are_found_and_remembered(world):
    asked = world.folder / "asked"
    (world.folder / "server.py").write_text(SERVER)
    result = ", ".join(f"p{a}: p{a}" for a in range(32))
    commands = f"commands:\n  show: {{steps: [{{wait: 1ms}}], result: {{{result}}}}}\n"
    path = write_map(world, "meter", range(32))
    path.write_text(path.read_text() + commands)
    port = free_port()
    world.start(["/usr/bin/python3", world.folder / "server.py", port, asked], "pymodbus")
    await_true(lambda: world.listens(port), "pymodbus")
    world.start_broker()
    site = world.site({"meter": f'map: meter, tcp: "127.0.0.1:{port}"'})
    every = {f"p{a}": a for a in range(32)}
    bridge = world.run(site)
    world.mqtt.await_payload(TELEMETRY, lambda p: every.items() <= p.items() and p["conn_alerts"] == [])
    await_limits(world)
    assert "requests for more than 10 of holding at once are refused: illegal data address" in bridge.log()
    assert "requests for holding 19 and 20 together are refused: illegal data address" in bridge.log()
    before = len(asked.read_text().splitlines())
    assert world.command("meter", "c1", "show") == ("completed", every)
    requests = [tuple(map(int, line.split())) for line in asked.read_text().splitlines()[before:]]
    assert (20, 10) in requests and all(count <= 11 for _, count in requests), requests
    assert bridge.stop() == 0

    since, before = len(world.mqtt.messages), len(asked.read_text().splitlines())
    again = world.run(site)
    world.mqtt.await_payload(TELEMETRY, lambda p: every.items() <= p.items() and p["conn_alerts"] == [], since)
    await_limits(world)
    # What is known is asked for once more by itself, and nothing else that is refused.
    requests = {tuple(map(int, line.split())) for line in asked.read_text().splitlines()[before:]}
    refused = {(a, n) for a, n in requests if n > 10 or a < 20 < a + n}
    assert len(refused) <= 2 and all(count <= 11 for _, count in requests), requests
    assert "requests for" not in again.log()
