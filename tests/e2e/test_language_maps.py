# SPDX-License-Identifier: MIT
"""The map language over whole maps: parameters of a site, conditions that repeat or hang on each other, overlays, ways to count
addresses."""
import json

import pytest
import yaml
from conftest import modbridge
from language import MAPS, Bench, Tap, differences, dump, read, words


def write_site(world, endpoint, **parameters):
    site = world.folder / "site.yaml"
    device = {"map": "language", "tcp": endpoint, "unit": 9, "parameters": parameters}
    site.write_text(yaml.safe_dump({"modbridge": "site/1", "mappings": [str(MAPS)], "devices": {"one": device}},
                                   sort_keys=False))
    return site


def test_parameters_come_from_the_site(world):
    parameters = {"pack_base": 650, "bms": 40, "ratio": 3, "words": "little", "bytes": "little", "frames": "single"}
    site = write_site(world, "127.0.0.1:1", **parameters)
    tables = dump({"holding": [(0, "0006"), (101, "0002"), (173, "0004"), (652, "4148 0000"), (702, "4158 0000"),
                               (1660, "0 0"), (1664, "7856 3412"), (1670, "0")]})
    values = world.folder / "values.yaml"
    values.write_text(yaml.safe_dump({"devices": {"one": {**tables, "values": {"battery_soc": 58}}}}))
    _, endpoint = world.simulate(site, "--values", values)
    tap = Tap(endpoint)
    write_site(world, tap.endpoint, **parameters)
    published, _, _ = read(site, "one")
    expected = {"pack1_voltage": 12.5, "pack2_voltage": 13.5, "battery_soc": 58, "ratio_text": "3", "n_value": 14,
                "o_parameter": 0x12345678}
    assert differences(published, expected) == {}
    for name, argument in (("set_ordered", "ordered=305419896"), ("set_framed", "framed=258")):
        result = modbridge("command", site, "one", name, argument)
        assert result.returncode == 0, result.stderr
    tap.close()
    assert tap.written() == [(16, 1660, 2, words("78563412")), (6, 1670, 1, words("0102"))]


@pytest.mark.parametrize("parameters,finding", [
    ({"words": "litle"}, "site.yaml:10:14: error: words: 'litle' is not one of big, little; did you mean 'little'?"),
    ({"bytes": "swapped"}, "site.yaml:10:14: error: bytes: 'swapped' is not one of big or little, and the map takes its "
                           "byte_order from it"),
    ({"bytes": 2}, "site.yaml:10:14: error: bytes: '2' is not one of big or little, and the map"),
])
def test_parameters_must_be_words_that_are_known(world, parameters, finding):
    result = modbridge("check", write_site(world, "127.0.0.1:1", **parameters).name, cwd=world.folder)
    assert (result.returncode, finding in result.stdout) == (3, True), result.stdout


CONDITIONS = """
modbridge: map/1
vendor: Acme
model: Strings
modbus: {every: 200ms}
registers:
  fitted: {input: 0, type: u16}
  chosen: {input: 1, type: u16}
  scale: {holding: 21, type: i16}
telemetry:
  scaled_power: {holding: 20, type: i16, sf: scale, when: fitted > 0}
  string{n}_power: {repeat: {n: 1..4}, holding: "n", type: u16, when: n <= fitted}
  slot{n}_power: {repeat: {n: 1..4}, holding: "10 + n", type: u16, when: chosen == n}
"""


def test_a_condition_of_a_repeat_is_another_one_for_each(world):
    """`n <= fitted` is the same text for every n: what is not fitted is not asked for, what is is read."""
    (world.folder / "strings.yaml").write_text(CONDITIONS)
    values = world.folder / "values.yaml"
    holding = (1, "64 C8 12C 190"), (11, "B 16 21 2C"), (20, "7 1")
    values.write_text(yaml.safe_dump(dump({"input": [(0, "2 3")], "holding": holding})))
    _, endpoint = world.simulate(world.folder / "strings.yaml", "--values", values)
    tap = Tap(endpoint)
    world.start_broker()
    world.run(world.site({"one": f'map: strings, tcp: "{tap.endpoint}"'}))
    expected = {"string1_power": 100, "string2_power": 200, "slot3_power": 33, "scaled_power": 70}
    world.mqtt.await_payload("v1/from/HW/one/v1/telemetry",
                             lambda p: {key: p[key] for key in p if key.endswith("_power")} == expected)
    tap.close()
    asked = {address + i for _, function, address, count in tap.reads() if function == 3 for i in range(count)}
    assert asked == {1, 2, 13, 20, 21}
    assert (1, 3, 20, 2) in tap.reads(), "a scale comes with its value, though only the value has a condition"


CHAIN = """
modbridge: map/1
vendor: Acme
model: Chain
telemetry:
  voltage: {holding: 3, type: u16, when: energy > 0}
  soc: {holding: 4, type: u16, when: voltage > 40}
  energy: {holding: 2, type: u16, when: fitted > 0}
  fitted: {holding: 1, type: u16}
"""


def test_a_condition_may_hang_on_entries_that_have_one(world):
    """`read` asks once, in as many rounds as conditions hang on each other; what none grants is not asked for."""
    path = world.folder / "chain.yaml"
    path.write_text(CHAIN)
    values = world.folder / "values.yaml"
    for words, expected in (("1 2710 30 37", {"fitted": 1, "energy": 10000, "voltage": 48, "soc": 55}),
                            ("1 0 30 37", {"fitted": 1, "energy": 0})):
        values.write_text(yaml.safe_dump(dump({"holding": [(1, words)]})))
        _, endpoint = world.simulate(path, "--values", values)
        tap = Tap(endpoint)
        seen = json.loads(modbridge("read", "--map", path, "--tcp", tap.endpoint, "--json").stdout)
        tap.close()
        assert seen["values"] == expected
        assert len(tap.reads()) == len(expected)


def test_overlay(world):
    bench = Bench(world, MAPS / "language_overlay.yaml")
    published, _, _ = read(*bench.target)
    bench.tap.close()
    expected = {"t_u16": 131068, "extra": 131069, "model": "Language 2", "vendor": "Acme",
                "t_u32": 0xFFFEFFFF, "o_words": 0x12345678, "t_bool": True}
    assert differences(published, expected) == {}
    assert "t_i16" not in published


def test_an_overlay_is_simulated_as_what_is_below_but_for_what_it_says(world):
    _, endpoint = world.simulate(MAPS / "language_overlay.yaml")
    target = ["--map", MAPS / "language_overlay.yaml", "--tcp", endpoint]
    published, _, _ = read(*target)
    assert differences(published, {"n_range": 60, "t_u32": 7}) == {}
    assert "i_type" not in published, "null is no value, also below"

    def command(*argv):
        result = modbridge("command", *target, *argv, "--json")
        return json.loads(result.stdout)["payload"]

    assert command("set_rate", "rate=300") == {"rate": 300}
    assert "exception 3" in command("set_rate", "rate=301")["message"], "the rule that is replaced"
    assert command("start") == {"running": True}, "a rule from below"
    seen = json.loads(modbridge("read", *target, "worn", "gain", "--json").stdout)
    assert seen["values"] == {"worn": 3}


ADDRESSING = {
    "language_one_based": (
        {"holding": [(0, "0001"), (20, "0 7 0 0"), (40, "0001"), (50, "0002")], "input": [(0, "0003")],
         "coil": [(0, "1")], "discrete": [(0, "1")]},
        {"first": 1, "inside": 7, "apart": 65538, "from_input": 3, "lamp": True, "door": True},
        {(3, 0, 1), (3, 20, 4), (3, 40, 1), (3, 50, 1), (4, 0, 1), (1, 0, 1), (2, 0, 1)}),
    "language_modicon": (
        {"holding": [(0, "0001"), (65535, "0008")], "input": [(0, "0003")], "coil": [(0, "1")],
         "discrete": [(0, "1")]},
        {"first": 1, "high": 8, "from_input": 3, "lamp": True, "door": True},
        {(3, 0, 1), (3, 65535, 1), (4, 0, 1), (1, 0, 1), (2, 0, 1)}),
}


@pytest.mark.parametrize("name", ADDRESSING)
def test_addressing(world, name):
    tables, expected, requests = ADDRESSING[name]
    values = world.folder / "values.yaml"
    values.write_text(yaml.safe_dump(dump(tables)))
    _, endpoint = world.simulate(MAPS / f"{name}.yaml", "--values", values)
    tap = Tap(endpoint)
    published, _, _ = read("--map", MAPS / f"{name}.yaml", "--tcp", tap.endpoint)
    assert differences(published, expected) == {}
    assert {r[1:] for r in tap.reads()} == requests
    result = modbridge("command", "--map", MAPS / f"{name}.yaml", "--tcp", tap.endpoint, "set_setting", "setting=5")
    tap.close()
    assert result.returncode == 0, result.stderr
    assert tap.written() == [(6, 30, 1, words("0005"))]
