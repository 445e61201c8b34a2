# SPDX-License-Identifier: MIT
"""What a command answers about an entry is what telemetry says of it, for every kind of entry: those of the language map,
and those whose numbers are larger than a double holds."""
import pytest
import yaml
from conftest import World
from language import LANGUAGE, USUAL, Bench, read, spread

MOST = 32  # results of one command

MORE = {
    "registers": {"r_many_events": {"input": 3000, "type": "event_list", "length": 100}},
    "telemetry": {
        "r_largest": {"holding": 3000, "type": "u64"},
        "r_large": {"holding": 3004, "type": "u64"},
        "r_least": {"holding": 3008, "type": "i64"},
        "r_beyond_double": {"holding": 3012, "type": "u64", "word_order": "little"},
        "r_scaled": {"holding": 3016, "type": "u64", "scale": 0.001},
        "r_whole": {"holding": 3024, "type": "u64", "scale": 1000},
        "r_simulated": {"holding": 3040, "type": "u64"},  # its value, not its words, is given to the simulator
        "r_text": {"holding": 3020, "type": "u16", "publish": "string"},
        "r_float": {"holding": 3021, "type": "u16", "publish": "float"},
        "r_rounded": {"holding": 3022, "type": "f32", "publish": "integer"},
        "r_long": {"holding": 3100, "type": "string", "length": 120},
        "r_computed": {"value": "r_large - 1"},
    },
}
MORE_WORDS = {
    "holding": spread((3000, "FFFF FFFF FFFF FFFF 7FFF FFFF FFFF FFFF 8000 0000 0000 0000 0001 0000 0000 0020"),
                      (3016, "0000 0000 0001 E240 0007 0008 4120 0000 0000 0000 0001 E240"), (3100, "C3BC " * 120)),
    "input": spread((3000, "0063 " + " ".join(f"{0x1000 + n:04X}" for n in range(99)))),
}
EXPECTED = {
    "r_largest": None,  # no reader of JSON would take it for what it is
    "r_large": 9223372036854775807, "r_least": -9223372036854775808, "r_beyond_double": 9007199254740993,
    "r_simulated": 9007199254740993,
    "r_scaled": 123.456, "r_whole": 123456000, "r_text": "7", "r_float": 8.0, "r_rounded": 10, "r_long": "ü" * 120,
    "r_computed": 9223372036854775806,
    "errors": ["0x108A", "0x20FF", "0x3000"], "r_many_events": [f"0x{0x1000 + n:04X}" for n in range(99)],
}


def readable(entries):
    return [key for key, entry in entries.items() if entry.get("access") != "w" and "{" not in key]


def told_by(bench, keys):
    """What results say of entries: {key: value}."""
    told = {}
    for n in range(0, len(keys), MOST):
        code, payload, log = bench.command(f"tell{n // MOST}")
        assert code == 0, log
        told.update(payload)
    return told


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """(what is read, what commands answer) of every entry."""
    folder = tmp_path_factory.mktemp("results")
    language = yaml.safe_load(LANGUAGE.read_text())
    keys = [key for section in ("registers", "telemetry", "properties")
            for key in readable({**language[section], **MORE.get(section, {})})]
    tell = {f"tell{n // MOST}": {"steps": [{"log": "asked"}], "result": {key: key for key in keys[n:n + MOST]}} for n in range(0, len(keys), MOST)}
    path = folder / "results.yaml"
    path.write_text(yaml.safe_dump({"modbridge": "map/1", "extends": str(LANGUAGE), "modbus": {"max_registers": 125}, **MORE, "commands": tell}))
    world = World(folder)
    tables = {**USUAL, **{table: {**USUAL[table], **words} for table, words in MORE_WORDS.items()}}
    bench = Bench(world, path, tables, values={"battery_soc": 57, "r_simulated": 9007199254740993})
    published, _, _ = read(*bench.target, *keys)
    yield published, told_by(bench, keys)
    bench.tap.close()
    world.close()


def test_results_are_what_is_published(both):
    published, told = both
    assert {key: value for key, value in told.items() if key not in published or repr(value) != repr(published[key])} == {}
    assert sorted(told) == sorted(published)


def test_no_digit_is_lost(both):
    for source in both:
        assert {key: source.get(key) for key in EXPECTED} == EXPECTED
