# SPDX-License-Identifier: MIT
"""Maps whose addresses begin at SunSpec models, against chains that lie elsewhere, are ordered otherwise, miss models or
are broken: simulated ones, one served by pymodbus, and one word by word. The words are worked out by hand from the model
definitions (sunspec/models: 1, 103, 123, 160)."""
import json
import re
import socket
import struct

from conftest import MODBRIDGE, await_true, free_port, modbridge
from recorder import Recorder

MAP = """
modbridge: map/1
vendor: Counterpart
model: SunSpec
modbus: {sunspec: [40000, 50000, 0], invalid: sunspec, every: 200ms, timeout: 500ms}
registers:
  power_sf: {holding: model(101..103) + 15, type: i16}
  energy_sf: {holding: model(101..103) + 26, type: i16}
  limit_sf: {holding: model(123) + 23, type: i16}
  limit_on: {holding: model(123) + 9, type: u16, enum: {0: disabled, 1: enabled}, access: rw}
telemetry:
  ac_power: {holding: model(101..103) + 14, type: i16, sf: power_sf, unit: W}
  ac_energy: {holding: model(101..103) + 24, type: u32, sf: energy_sf, unit: Wh}
  temperature: {holding: model(101..103) + 33, type: i16, unit: Cel}
  limit: {holding: model(123) + 5, type: u16, sf: limit_sf, unit: "%", access: rw}
  reversion: {holding: model(123) + 7, type: u16, unit: s, access: rw}
  mppt{n}_power: {repeat: {n: 1..3}, holding: "model(160) + 10 + 20 * (n - 1) + 11", type: u16, unit: W}
  meter_power: {holding: model(201..204) + 18, type: i16, unit: W}
  has_mppt: {value: model(160)}
  has_meter: {value: model(201..204)}
  mppt_share: {value: "if(model(160), 100 * mppt1_power / ac_power, 0)", unit: "%", decimals: 0}
properties:
  serial_number: {holding: model(1) + 50, type: string, length: 16}
commands:
  set_limit: {set: limit, min: 0, max: 100}
  limit_for_a_while:
    arguments: {rate: {type: float, required: true}}
    steps:
      - write: {limit_on: disabled}
      - write: {limit: rate}
      - write: {limit_on: enabled}
  restart:
    timeout: 20s
    steps:
      - reconnect: 15s
      - write: {reversion: 60}
"""

MODELS = "1, 103, 123, 160"
VALUES = """
sunspec: {base: 40000, models: [%s]}
values: {power_sf: -1, ac_power: 512.5, energy_sf: 2, ac_energy: 123400, limit_sf: -2, limit: 80,
         mppt1_power: 205, mppt2_power: 300, serial_number: SN-7, temperature: null}
"""


def start_simulated(world, values, listen=None):
    (world.folder / "sun.yaml").write_text(MAP)
    (world.folder / "values.yaml").write_text(values)
    return world.simulate(world.folder / "sun.yaml", "--values", world.folder / "values.yaml", listen=listen)


def read(world, endpoint, *keys):
    result = modbridge("read", "--map", world.folder / "sun.yaml", "--tcp", endpoint, "--json", *keys)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


EXPECTED = {"ac_power": 512.5, "ac_energy": 123400.0, "limit": 80.0, "mppt1_power": 205, "mppt2_power": 300,
            "has_mppt": True, "has_meter": False, "mppt_share": 40.0}


def test_models_are_found_wherever_they_are(world):
    """Another base, another order, unknown models between them, common models of 65 and 66 registers."""
    for base, models in ((40000, "1, 103, 123, {160: 48}"), (50000, "{1: 65}, 103, 123, {160: 48}"),
                         (0, "{1: 66}, {64999: 300}, {160: 48}, 123, 1, 102, 103")):
        values = VALUES.replace("base: 40000", f"base: {base}") % models
        process, endpoint = start_simulated(world, values)
        seen = read(world, endpoint)
        assert {k: v for k, v in seen["values"].items() if k in EXPECTED} == EXPECTED, (base, models)
        assert "temperature" not in seen["values"] and "meter_power" not in seen["values"]
        assert "mppt3_power" not in seen["values"], "48 registers are two modules, the third would be the next model's"
        assert seen["properties"]["serial_number"] == "SN-7"
        assert seen["errors"] == []
        process.stop()


def test_what_is_not_there_is_absent_and_cannot_be_written(world):
    _, endpoint = start_simulated(world, 'sunspec: {models: [1, 101]}\nvalues: {ac_power: 100}')
    seen = read(world, endpoint)["values"]
    assert seen["ac_power"] == 100 and seen["has_mppt"] is False and seen["mppt_share"] == 0
    assert not {"limit", "mppt1_power", "meter_power"} & set(seen)
    result = modbridge("command", "--map", world.folder / "sun.yaml", "--tcp", endpoint, "set_limit", "limit=50")
    assert result.returncode == 1
    assert "limit (holding model(123) + 5) cannot be written: the device has no such SunSpec model" in result.stderr


SIMULATED = MAP + """
simulation:
  sunspec: {base: 50000, models: [1, 103, {160: 28}, {64001: 9}]}
  values: {power_sf: -1, ac_power: 512.5, mppt1_power: 205, limit_sf: -2, limit: 80}
"""


def words_of(endpoint, address, count):
    """Holding registers, asked for by hand: Modbus Application Protocol V1.1b3, section 6.3."""
    host, port = endpoint.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=30) as client:
        client.sendall(struct.pack(">HHHBBHH", 1, 0, 6, 1, 3, address, count))
        answer = b""
        while len(answer) < 9 + 2 * count:
            piece = client.recv(4096)
            assert piece, f"closed after {answer.hex()}"
            answer += piece
    return list(struct.unpack(f">{count}H", answer[9:]))


def test_a_map_says_which_models_its_simulated_device_has(world):
    (world.folder / "sun.yaml").write_text(SIMULATED)
    process, endpoint = world.simulate(world.folder / "sun.yaml")
    seen = read(world, endpoint)["values"]
    assert {k: seen.get(k) for k in ("ac_power", "has_mppt", "has_meter", "mppt1_power")} == {
        "ac_power": 512.5, "has_mppt": True, "has_meter": False, "mppt1_power": 205}
    assert not {"limit", "mppt2_power", "meter_power"} & set(seen), "no such model, or it ends before"
    # Where each model begins: the common one has 66 registers, 103 as many as this map needs (33 and one more, less two).
    assert words_of(endpoint, 50000, 4) == [0x5375, 0x6E53, 1, 66]
    assert words_of(endpoint, 50070, 2) == [103, 32]
    assert words_of(endpoint, 50104, 2) == [160, 28]
    assert words_of(endpoint, 50134, 2) == [64001, 9]
    assert words_of(endpoint, 50145, 2) == [0xFFFF, 0]
    process.stop()
    (world.folder / "values.yaml").write_text("sunspec: {models: [1, 123]}")  # wins, as a whole
    _, endpoint = world.simulate(world.folder / "sun.yaml", "--values", world.folder / "values.yaml")
    assert words_of(endpoint, 40000, 4) == [0x5375, 0x6E53, 1, 66] and words_of(endpoint, 40070, 1) == [123]
    assert read(world, endpoint, "limit")["values"] == {"limit": 80.0}


NO_CHAIN = "only: true\nholding: {7: 1}"


def test_a_device_without_chain_is_not_the_device(world):
    for words, text in (("40000: [0x5375, 0x6E53, 1, 66]", "broken at 40070, after model 1 at 40002 with length 66"),
                        ("40000: 7, 40001: 7", "no SunSpec marker at 40000, 50000, 0")):
        process, endpoint = start_simulated(world, f"only: true\nholding: {{{words}}}")
        target = ["--map", world.folder / "sun.yaml", "--tcp", endpoint]
        for argv in (["read", *target], ["command", *target, "set_limit", "limit=5"]):
            result = modbridge(*argv)
            assert result.returncode == 1 and text in result.stderr, result.stderr
        process.stop()
    world.start_broker()
    bridge = world.run(world.site({"sun": f'map: sun, tcp: "{start_simulated(world, NO_CHAIN)[1]}"'}))
    seen = world.mqtt.await_payload("v1/from/HW/sun/v1/telemetry")
    assert seen["conn_alerts"] == ["communication_failed"] and "ac_power" not in seen
    await_true(lambda: "not accepted" in bridge.log() and "no SunSpec marker at 40000, 50000, 0" in bridge.log(), "log")
    state, payload = world.command("sun", "1", "set_limit", {"limit": 5})
    assert state == "error" and "no SunSpec marker" in json.dumps(payload) and "nothing was written" in json.dumps(payload)


def test_a_chain_that_moved_is_walked_again(world):
    """The device restarts with other firmware: everything lies elsewhere, and one model is gone. Neither a value nor a
    write may go to where it was."""
    port = free_port()
    old = VALUES % "1, 103, 123, {160: 48}"
    process, endpoint = start_simulated(world, old, listen=f"127.0.0.1:{port}")
    world.start_broker()
    bridge = world.run(world.site({"sun": f'map: sun, tcp: "{endpoint}"'}))
    topic = "v1/from/HW/sun/v1/telemetry"
    world.mqtt.await_payload(topic, lambda p: {k: v for k, v in p.items() if k in EXPECTED} == EXPECTED)
    assert world.command("sun", "1", "set_limit", {"limit": 50}) == ("completed", {"limit": 50.0})
    process.stop()
    world.mqtt.await_payload(topic, lambda p: p["conn_alerts"] == ["communication_failed"], len(world.mqtt.messages))
    moved = (VALUES % "{1: 65}, 203, 123, 102").replace("base: 40000", "base: 50000").replace("limit: 80", "limit: 70")
    moved = moved.replace("mppt1_power: 205, mppt2_power: 300, ", "meter_power: -321, ")
    _, endpoint = start_simulated(world, moved, listen=f"127.0.0.1:{port}")
    seen = world.mqtt.await_payload(topic, lambda p: p.get("limit") == 70.0 and "meter_power" in p and "ac_energy" in p)
    assert (seen["ac_power"], seen["meter_power"], seen["has_mppt"], seen["has_meter"]) == (512.5, -321, False, True)
    assert "mppt1_power" not in seen
    # 203 is 18 + 1 registers here: id and length at 50069, so 123 begins at 50090, and 123 + 5 is the limit.
    assert world.command("sun", "2", "limit_for_a_while", {"rate": 12.5}) == (
        "completed", {"limit_on": "enabled", "limit": 12.5})
    assert read(world, endpoint, "limit")["values"] == {"limit": 12.5}
    assert re.search(r"SunSpec models: model\(101\.\.103\) at 40070", bridge.log())
    assert re.search(r"SunSpec models: model\(101\.\.103\) at 501\d\d .*no model\(160\)", bridge.log())


HELD = """
modbridge: map/1
vendor: Counterpart
model: Held
modbus: {sunspec: [40000, 50000], every: 200ms, timeout: 500ms}
registers:
  limit_sf: {holding: model(123) + 23, type: i16}
telemetry:
  limit: {holding: model(123) + 5, type: u16, sf: limit_sf, unit: "%", access: rw, hold: true}
commands:
  hold_limit:
    arguments: {rate: {type: float, required: true}}
    steps:
      - write: {limit: rate}
        hold: {every: 200ms, for: 1h, then: {limit: 100}}
"""


def test_a_hold_follows_the_model_it_is_in(world):
    """The device restarts with other firmware while its limit is held, and again while the bridge is dead. Each model is two
    words and its length: 123 is at 40122, then 50070, then 40176; the limit lies 5 behind."""
    (world.folder / "sun.yaml").write_text(HELD)
    listen = f"127.0.0.1:{free_port()}"

    def start_device(chain):
        (world.folder / "values.yaml").write_text(f"sunspec: {chain}\nvalues: {{limit_sf: -2, limit: 55}}\n")
        return world.simulate(world.folder / "sun.yaml", "--values", world.folder / "values.yaml", listen=listen)[0]

    def set_to(address, word):
        return {"function": 6, "address": address, "words": [word]}

    device = start_device("{base: 40000, models: [{1: 66}, {103: 50}, {123: 24}]}")
    recorder = Recorder(listen)
    world.start_broker()
    site = world.site({"sun": f'map: sun, tcp: "{recorder.endpoint}"'})
    bridge = world.run(site)
    world.mqtt.await_payload("v1/from/HW/sun/v1/telemetry", lambda p: p.get("limit") == 55)
    assert world.command("sun", "1", "hold_limit", {"rate": 60}) == ("completed", {"limit": 60.0})
    await_true(lambda: len(recorder.writes) >= 3, "it is written again")
    device.stop()
    await_true(lambda: "could not be written again" in bridge.log(), "the loss is noticed: nothing is under way")
    assert [w for w in recorder.writes if w != set_to(40127, 6000)] == []
    before = len(recorder.writes)
    device = start_device("{base: 50000, models: [{1: 66}, {123: 24}, {103: 50}]}")
    await_true(lambda: len(recorder.writes) >= before + 2, "it is held again where the model is now")
    assert [w for w in recorder.writes[before:] if w != set_to(50075, 6000)] == []
    assert words_of(listen, 50075, 1) == [6000]
    bridge.child.kill()
    bridge.child.wait()
    device.stop()
    before = len(recorder.writes)
    start_device("{base: 40000, models: [{1: 65}, {201: 105}, {123: 24}]}")
    bridge = world.run(site)
    await_true(lambda: "the hold is over: limit = 100 % was written" in bridge.log(), "the end, first thing")
    assert recorder.writes[before:] == [set_to(40181, 10000)], "the end once, the setpoint never"
    recorder.close()


SERVER = """
import sys
from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.server import StartTcpServer
text = lambda t, n: [int.from_bytes(t.encode().ljust(2 * n, b"\\0")[i:i + 2], "big") for i in range(0, 2 * n, 2)]
chain = [0x5375, 0x6E53]
chain += [1, 65] + text("Acme", 16) + text("Sun 10", 16) + text("", 8) + text("1.2", 8) + text("SN-0042", 16) + [1]
inverter = [0xFFFF] * 50                                # 103: point n of the model is word n - 2
inverter[12:14] = [5125, 0xFFFF]                        # W, W_SF
inverter[22:25] = [0x0001, 0x86A0, 1]                   # WH, WH_SF
inverter[31] = 0x8000                                   # TmpCab: not implemented
chain += [103, 50] + inverter
controls = [0] * 24
controls[3:8] = [10000, 0, 0, 0, 0]                     # WMaxLimPct, WinTms, RvrtTms, RmpTms, Ena
controls[21] = 0xFFFE                                   # WMaxLimPct_SF
chain += [123, 24] + controls
mppt = [0] * 48
mppt[19], mppt[39] = 205, 0xFFFF                        # DCW of module 1; module 2 has none
chain += [160, 48] + mppt + [0xFFFF, 0]
words = ModbusSparseDataBlock({int(sys.argv[2]) + i: word for i, word in enumerate(chain)})
unit = ModbusSlaveContext(hr=words, ir=words, zero_mode=True)
StartTcpServer(context=ModbusServerContext(slaves={1: unit}, single=False), address=("127.0.0.1", int(sys.argv[1])))
"""


def test_a_chain_that_pymodbus_serves(world):
    port = free_port()
    (world.folder / "server.py").write_text(SERVER)
    (world.folder / "sun.yaml").write_text(MAP)
    world.start(["/usr/bin/python3", world.folder / "server.py", port, 50000], "pymodbus")
    await_true(lambda: world.listens(port), "pymodbus")
    world.start_broker()
    world.run(world.site({"sun": f'map: sun, tcp: "127.0.0.1:{port}"'}))
    wanted = {"ac_power": 512.5, "ac_energy": 1000000.0, "limit": 100.0, "reversion": 0, "mppt1_power": 205,
              "has_mppt": True, "has_meter": False, "mppt_share": 40.0, "alerts": [], "conn_alerts": []}
    seen = world.mqtt.await_payload("v1/from/HW/sun/v1/telemetry", lambda p: set(p) == {*wanted, "timestamp"})
    del seen["timestamp"]
    assert seen == wanted
    named = world.mqtt.await_payload("v1/from/HW/sun/v1/properties", lambda p: "serial_number" in p)
    assert named["serial_number"] == "SN-0042"
    assert world.command("sun", "1", "limit_for_a_while", {"rate": 33.25}) == (
        "completed", {"limit_on": "enabled", "limit": 33.25})
    result = modbridge("read", "--map", world.folder / "sun.yaml", "--tcp", f"127.0.0.1:{port}", "--raw", "--json", "limit")
    assert json.loads(result.stdout)["values"]["limit"] == f"{3325:04X}"


SENTINELS = """
modbridge: map/1
vendor: Counterpart
model: Sentinels
modbus: {sunspec: [40000], invalid: sunspec}
registers:
  unusable_sf: {holding: model(64000) + 36, type: i16}
  lowest_sf: {holding: model(64000) + 38, type: i16}
  highest_sf: {holding: model(64000) + 40, type: i16}
  beyond_sf: {holding: model(64000) + 42, type: i16}
telemetry:
  no_u16: {holding: model(64000) + 2, type: u16}
  no_i16: {holding: model(64000) + 3, type: i16}
  no_u32: {holding: model(64000) + 4, type: u32}
  no_i32: {holding: model(64000) + 6, type: i32}
  no_u64: {holding: model(64000) + 8, type: u64, publish: string}
  no_i64: {holding: model(64000) + 12, type: i64}
  no_f32: {holding: model(64000) + 16, type: f32}
  last_u16: {holding: model(64000) + 20, type: u16}
  first_i16: {holding: model(64000) + 21, type: i16}
  last_u32: {holding: model(64000) + 22, type: u32}
  first_i32: {holding: model(64000) + 24, type: i32}
  last_u64: {holding: model(64000) + 26, type: u64, publish: string}
  first_i64: {holding: model(64000) + 30, type: i64}
  some_f32: {holding: model(64000) + 34, type: f32}
  of_unusable: {holding: model(64000) + 37, type: u16, sf: unusable_sf}
  of_lowest: {holding: model(64000) + 39, type: u16, sf: lowest_sf}
  of_highest: {holding: model(64000) + 41, type: u16, sf: highest_sf}
  of_beyond: {holding: model(64000) + 43, type: u16, sf: beyond_sf}
"""

# The marker, model 64000 with 42 registers, the end. Patterns: SunSpec Device Information Model Specification,
# "not implemented" of each type; beside each the value next to it, which is one.
DUMP = """
only: true
holding:
  40000: [0x5375, 0x6E53, 64000, 42]
  40004: [0xFFFF, 0x8000, 0xFFFF, 0xFFFF, 0x8000, 0x0000, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF,
          0x8000, 0x0000, 0x0000, 0x0000, 0x7FC0, 0x0000, 0, 0]
  40022: [0xFFFE, 0x8001, 0xFFFF, 0xFFFE, 0x8000, 0x0001, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE,
          0x8000, 0x0000, 0x0000, 0x0001, 0xBFC0, 0x0000]
  40038: [0x8000, 123, 0xFFF6, 5, 10, 7, 11, 9]
  40046: [0xFFFF, 0]
"""


def test_not_implemented_values_and_scale_factors_over_a_serial_line(world):
    (world.folder / "sentinels.yaml").write_text(SENTINELS)
    (world.folder / "dump.yaml").write_text("devices:\n  sun:" + DUMP.replace("\n", "\n    "))
    (world.folder / "line.yaml").write_text(
        f'modbridge: site/1\nmappings: ["{world.folder}"]\nbuses: {{line: {{rtu: /dev/ttyS9, baud: 115200}}}}\n'
        "devices:\n  sun: {map: sentinels, bus: line, unit: 3}\n")
    process = world.start([MODBRIDGE, "simulate", world.folder / "line.yaml", "--values", world.folder / "dump.yaml"],
                          "line")
    await_true(lambda: process.lines() or process.child.poll() is not None, "the simulator")
    assert process.lines(), process.log()
    result = modbridge("read", "--map", world.folder / "sentinels.yaml", "--rtu", json.loads(process.lines()[0])["rtu"],
                       "--unit", "3", "--baud", "115200", "--json")
    assert result.returncode == 0, result.stderr
    seen = json.loads(result.stdout)
    assert seen["values"] == {
        "last_u16": 65534, "first_i16": -32767, "last_u32": 4294967294, "first_i32": -2147483647,
        "last_u64": "18446744073709551614", "first_i64": -9223372036854775807, "some_f32": -1.5,
        "of_lowest": 5e-10, "of_highest": 7e10}
