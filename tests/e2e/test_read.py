# SPDX-License-Identifier: MIT
"""`read` again and again, on a terminal and into a file, with a device that goes away; and what it records, replayed."""
import json
import re
import signal

import yaml
from conftest import MODBRIDGE, await_true, modbridge
from test_counterparts import MAP, SERVER, start_pymodbus
from test_status import Terminal

# What pymodbus has, something that it refuses, registers of another unit, and one that is only written.
RECORDED = MAP.replace("commands:", """  gone:    {holding: 4, type: u32}
  power:   {value: rate * 2}
  other:   {input: 102, type: i16, unit_id: 4}
registers:
  secret:  {holding: 20, type: u16, access: w}
  spare:   {holding: 21, type: u16}
alerts:
  wrong: {when: spare == 0, severity: warning}
commands:""")


def test_what_is_recorded_is_replayed(world):
    port = start_pymodbus(world)
    server = SERVER.replace("ir=ModbusSparseDataBlock({100:", "ir=ModbusSparseDataBlock({102: 0xFFFE, 100:")
    (world.folder / "server.py").write_text(server.replace("slaves={3: unit}", "slaves={3: unit, 4: unit}"))
    (world.folder / "recorded.yaml").write_text(RECORDED)
    world.started[-1].stop(signal.SIGKILL)
    world.start(["/usr/bin/python3", world.folder / "server.py", port], "pymodbus")
    await_true(lambda: world.listens(port), "pymodbus")
    where = world.folder / "said.yaml"
    target = ["--map", world.folder / "recorded.yaml", "--unit", "3", "--tcp"]
    first = modbridge("read", *target, f"127.0.0.1:{port}", "--record", where, "--json")
    assert first.returncode == 0, first.stderr
    text = where.read_text()
    assert re.match(r"# What recorded, a device of the map recorded, said at 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ: tcp 127", text)
    assert "# refused: holding 4..5: illegal data address (exception 2)\n" in text
    assert "  1: [0x4270, 0x0000]  # rate\n" in text and list(world.folder.glob("said.yaml.*")) == []
    said = yaml.safe_load(text)
    assert said["only"] is True and said["units"] == {4: {"input": {102: 0xFFFE}}}
    assert said["coil"] == {8: 0, 9: 1} and said["holding"][20] == 0, "what is only written exists"
    world.started[-1].stop(signal.SIGKILL)
    _, endpoint = world.simulate(world.folder / "recorded.yaml", "--unit", "3", "--values", where)
    second = modbridge("read", *target, endpoint, "--record", world.folder / "again.yaml", "--json")
    one, other = json.loads(first.stdout), json.loads(second.stdout)
    assert one["values"] == other["values"] and one["errors"] == other["errors"] and one["alerts"] == other["alerts"]
    assert one["values"]["other"] == -2 and one["alerts"] == ["wrong"] and one["errors"][0]["key"] == "gone"
    assert yaml.safe_load((world.folder / "again.yaml").read_text()) == said
    # A part of it replaces the file, and says nothing of the rest.
    assert modbridge("read", *target, endpoint, "rate", "gone", "--record", where).returncode == 0
    assert yaml.safe_load(where.read_text()) == {"holding": {1: [0x4270, 0]}}
    refused = modbridge("read", *target, endpoint, "rate", "--record", world.folder / "no" / "said.yaml")
    assert refused.returncode == 1 and "no/said.yaml cannot be written: No such file" in refused.stderr


SUNSPEC = """modbridge: map/1
modbus: {sunspec: [40000]}
telemetry:
  current: {holding: model(103) + 2, type: u16, unit: A, sf: current_sf}
registers:
  current_sf: {holding: model(103) + 6, type: i16}
simulation:
  values: {current_sf: -2}
"""


def test_a_chain_of_models_is_recorded(world):
    (world.folder / "sunny.yaml").write_text(SUNSPEC)
    target = ["--map", world.folder / "sunny.yaml", "--tcp"]
    (world.folder / "chain.yaml").write_text("sunspec: {models: [1, {7: 3}, 103]}\nvalues: {current: 12.34}\n")
    _, endpoint = world.simulate(world.folder / "sunny.yaml", "--values", world.folder / "chain.yaml")
    first = modbridge("read", *target, endpoint, "--record", world.folder / "said.yaml", "--json")
    assert json.loads(first.stdout)["values"] == {"current": 12.34}, first.stderr
    said = yaml.safe_load((world.folder / "said.yaml").read_text())["holding"]
    assert said[40000] == [0x5375, 0x6E53, 1, 66] or said[40000][:2] == [0x5375, 0x6E53]
    _, again = world.simulate(world.folder / "sunny.yaml", "--values", world.folder / "said.yaml")
    second = modbridge("read", *target, again, "--json")
    assert json.loads(second.stdout)["values"] == {"current": 12.34}, second.stderr


def endpoint_of(world):
    (world.folder / "pump.yaml").write_text("""modbridge: map/1
modbus: {timeout: 3s, every: 200ms}
telemetry:
  pressure: {holding: 7, type: u16, scale: 0.1, unit: bar}
  missing: {holding: 90, type: u16}
alerts:
  low: {when: pressure < 1, severity: warning, display_name: Pressure is low}
simulation: {values: {pressure: 0.5}}
""")
    faults = world.folder / "faults.yaml"
    faults.write_text("faults: [{exception: 2, addresses: 90, table: holding}]\n")
    simulator, endpoint = world.simulate(world.folder / "pump.yaml", "--faults", faults)

    def unplug(is_out):
        refuse = ", {refuse: true}" if is_out else ""
        faults.write_text(f"faults: [{{exception: 2, addresses: 90, table: holding}}{refuse}]\n")
        before = len(simulator.lines())
        simulator.child.send_signal(signal.SIGHUP)
        await_true(lambda: len(simulator.lines()) > before, "the faults to be read")

    return endpoint, unplug


def test_a_terminal_shows_it_live(world):
    endpoint, unplug = endpoint_of(world)
    terminal = Terminal([MODBRIDGE, "read", "--map", world.folder / "pump.yaml", "--tcp", endpoint, "--raw", "--watch"],
                        rows=12, columns=100)
    text = terminal.read(lambda t: t.count("\033[H") >= 3)
    page = re.sub(r"\033\[[0-9;]*[A-Za-z]", "", text.split("\033[H")[2]).replace("\r", "")
    assert page.startswith(f"pump: tcp {endpoint}, unit 1: answers\n\nENTRY     VALUE  UNIT      AGE       WORDS\n"), page
    assert re.search(r"^pressure  0\.5    bar +[\d.]+ m?s +0005$", page, re.M), page
    assert re.search(r"^missing   - .*refused: illegal data address \(exception 2\)$", page, re.M), page
    assert "alert: low  Pressure is low\n" in page
    unplug(True)
    terminal.read(lambda t: "unit 1: \033[0m" in t.split("\033[H")[-1] or "refused the connection" in t or "closed" in t)
    unplug(False)
    count = terminal.text.count("answers")
    terminal.read(lambda t: t.count("answers") > count)
    terminal.write(b"\x03")
    assert terminal.wait() == 0


def test_a_file_gets_a_block_a_round(world):
    endpoint, unplug = endpoint_of(world)
    argv = [MODBRIDGE, "read", "--map", world.folder / "pump.yaml", "--tcp", endpoint, "pressure", "--watch"]
    plain = world.start([*argv, "--every", "100ms"], "plain")
    lines = world.start([*argv, "--json"], "json")
    await_true(lambda: len(plain.lines()) >= 3 and len(lines.lines()) >= 2, "some rounds")
    unplug(True)
    await_true(plain.log, "a word about it")
    unplug(False)
    await_true(lambda: "it answers again" in plain.log(), "a word about that")
    for child in (plain, lines):
        assert child.stop(signal.SIGINT) == 0
    assert set(plain.lines()) == {"pressure  0.5 bar", ""} and plain.lines()[1] == ""
    assert plain.log().count("\n") <= 4, "a line a change"
    assert {json.dumps(json.loads(line)["values"]) for line in lines.lines()} == {'{"pressure": 0.5}'}


def test_options_that_do_not_go_together(world):
    endpoint, _ = endpoint_of(world)
    target = ["--map", world.folder / "pump.yaml", "--tcp", endpoint]
    for options, said in ((["--every", "1s"], "--every goes with --watch"),
                          (["--watch", "--record", "f"], "--record takes one reading"),
                          (["--watch", "--every", "0s"], "--every takes a time such as 5s, not '0s'")):
        result = modbridge("read", *target, *options)
        assert result.returncode == 2 and said in result.stderr, result.stderr
