# SPDX-License-Identifier: MIT
"""modbridge probe against simulated devices and python3-pymodbus."""
import json
import os
import pty
import re
import subprocess
import termios

from conftest import MAPPINGS, MODBRIDGE, await_true, free_port, modbridge

VALUES = """
only: true
holding: {100: [0x4366, 0x6666, 0, 0x86A0, 0x0001, 0xFF9C, 0xFFFF, 0x8000, 0x1234], 110: [0x4163, 0x6D65, 0x2050, 0x4D00]}
input: {0: 230}
coil: {5: [1, 0, 1, 1]}
"""
MAP = """
modbridge: map/1
vendor: Acme
model: PM
telemetry: {number: {input: 0, type: u16}, relay: {coil: 5, type: bool, access: rw}, word: {holding: 100, type: u16}}
"""


def probe(*options, code=0):
    run = modbridge("probe", *options)
    assert run.returncode == code, run.stdout + run.stderr
    return run


def serve(world):
    (world.folder / "acme.yaml").write_text(MAP)
    (world.folder / "values.yaml").write_text(VALUES)
    return world.simulate(world.folder / "acme.yaml", "--unit", "7", "--values", world.folder / "values.yaml")[1]


def test_everything_that_words_may_mean(world):
    where = serve(world)
    whole = json.loads(probe("--tcp", where, "--unit", "7", "holding:99..114", "--json").stdout)
    assert (whole["unit"], whole["table"], whole["address"], whole["count"]) == (7, "holding", 99, 16)
    assert whole["refused"] == [{"address": 99, "count": 1, "exception": 2}, {"address": 109, "count": 1, "exception": 2},
                                {"address": 114, "count": 1, "exception": 2}]
    at = {x["address"]: {y["as"]: y["value"] for y in x["decodings"]} for x in whole["registers"]}
    assert at[100]["f32 abcd"] == 230.4 and "f32 cdab" not in at[100]
    assert at[103]["u32 cdab"] == 100000
    assert at[104]["u16 x0.01"] == 0.01 and "i16" not in at[104]
    assert at[105] == {**at[105], "u16": 65436, "i16": -100, "i16 x0.1": -10.0}
    assert at[108]["bcd16"] == 1234
    sentinels = {x["address"]: x.get("sentinels", []) for x in whole["registers"]}
    assert "not implemented: u16" in sentinels[106] and "not implemented: i16, or a scale factor" in sentinels[107]
    text = probe("--tcp", where, "--unit", "7", "holding:110..113").stdout
    assert 'text from 110: "Acme PM"' in text
    assert re.search(r"^ +110  4163 +16739 +1673\.9", text, re.M)


def test_bits_and_a_device_of_a_site(world):
    where = serve(world)
    site = world.site({"meter": f'map: acme, tcp: "{where}", unit: 7'})
    text = probe(site, "meter", "coil:4..9").stdout
    assert re.search(r"^ +5  1011$", text, re.M) and "4..4: illegal data address (exception 2)" in text
    assert json.loads(probe(site, "meter", "input:0", "--json").stdout)["registers"][0]["word"] == 230


def test_old_numbers_are_explained(world):
    where = serve(world)
    run = probe("--tcp", where, "--unit", "7", "holding:40101", code=1)
    assert "if 40101 is a number of the old notation, it is holding:100" in run.stderr
    assert "40101 of the old notation is holding:100" in probe("--tcp", where, "40101", code=2).stderr
    assert "which registers?" in probe("--tcp", where, code=2).stderr
    assert "one range at a time" in probe("--tcp", where, "input:0", "input:1", code=2).stderr
    assert "gateway target device failed to respond" in probe("--tcp", where, "--unit", "3", "input:0", code=4).stderr
    assert "refused the connection" in probe("--tcp", f"127.0.0.1:{free_port()}", "input:0", code=4).stderr


SERVER = """
import sys
from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSequentialDataBlock
from pymodbus.server import StartTcpServer
class Short(ModbusSequentialDataBlock):  # gives no more than 37 at once
    def validate(self, address, count=1):
        return count <= 37 and super().validate(address, count)
unit = ModbusSlaveContext(hr=Short(0, list(range(300))), zero_mode=True)
StartTcpServer(context=ModbusServerContext(slaves=unit, single=True), address=("127.0.0.1", int(sys.argv[1])))
"""


def test_how_many_pymodbus_gives_at_once(world):
    port = free_port()
    (world.folder / "server.py").write_text(SERVER)
    world.start(["/usr/bin/python3", world.folder / "server.py", port], "pymodbus")
    await_true(lambda: world.listens(port), "pymodbus")
    whole = json.loads(probe("--tcp", f"127.0.0.1:{port}", "holding:0..319", "--json").stdout)
    assert (whole["granted_at_once"], whole["refused_at_once"]) == (37, 38)
    assert [x["word"] for x in whole["registers"]] == list(range(300))
    assert whole["refused"] == [{"address": 300, "count": 20, "exception": 2}]


def test_on_a_narrow_terminal(world):
    where = serve(world)
    screen, inside = pty.openpty()
    termios.tcsetwinsize(inside, (24, 70))
    child = subprocess.Popen([MODBRIDGE, "probe", "--tcp", where, "--unit", "7", "holding:100..108"], stdout=inside,
                             stderr=inside, env={**os.environ, "NO_COLOR": ""})
    os.close(inside)
    seen = b""
    while True:
        try:
            seen += os.read(screen, 65536)
        except OSError:
            break
    os.close(screen)
    assert child.wait() == 0
    lines = [re.sub(r"\x1b\[[0-9]*[mK]|\r", "", x) for x in seen.decode().split("\n")]
    table = [x for x in lines if re.match(r" +\d+(\.\.\d+)?  ", x) or x.startswith("  (")]
    assert len(table) > 9 and all(len(x) <= 70 or x.startswith("  (too wide") for x in table), seen.decode()
    assert any(x.startswith("  (too wide for this terminal: ") for x in table)
    assert b"\x1b[2m" in seen, "what is doubtful is dimmed"
