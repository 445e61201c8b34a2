# SPDX-License-Identifier: MIT
"""The map language from end to end: tests/maps/good/language.yaml says one thing of each kind; language.py holds the words of the
equipment and the values they mean. Here stand another day, the commands, and the words these leave behind, all worked out by hand."""
import datetime

import pytest
import yaml
from conftest import World, modbridge
from language import ALERTS, FEATURES, LANGUAGE, MAPS, USUAL, Bench, differences, dump, read, words

# The same entries on another day: what differs from above, with the opposite outcome where there is one.
OTHER_WORDS = {
    "holding": [(0, "0005"), (12, "0001"), (20, "0004"), (22, "0001 0000"), (171, "07D0"), (175, "0046"),
                (180, "0005"), (190, "0001"), (191, "0000"), (122, "FFFF FFFF FFFF FFFF"), (121, "123A"),
                (182, "EEEE")],
    "input": [(50, "0000 0000 0000 0000 0000 0000"), (70, "0000"), (80, "0007")],
    "coil": [(1, "0")],
}
OTHER_VALUES = {
    "n_formula": 7, "n_sf": -12340, "n_range": 70, "n_offset": 100.0, "i_type": 5, "c_default": 5, "c_known": True,
    "c_missing": 6, "i_own": None, "e_label": "fault", "c_text": "bad", "e_view": None, "e_otherwise": "one",
    "e_boolean": False, "b_bool": False, "b_field": 0, "c_divided": None, "dryer_temperature": None, "t_coil": False,
    "t_string": None, "t_bcd16": None, "n_when_sf": None, "n_gone_sf": 50, "c_count": 0, "pack1_voltage": None, "pack2_voltage": 13.5, "c_mean": 13.5,
}
OTHER_ALERTS = ["low_bit", "hot", "alarm_high", "string3_dark", "unknowable"]


@pytest.fixture
def bench(world):
    here = Bench(world)
    yield here
    here.tap.close()


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    """One reading of the usual day, for all features: (published, alerts, whole, reads)."""
    world = World(tmp_path_factory.mktemp("usual"))
    bench = Bench(world)
    published, alerts, whole = read(*bench.target)
    yield published, alerts, whole, bench.tap.reads()
    bench.tap.close()
    world.close()


@pytest.mark.parametrize("path", sorted(MAPS.glob("language*.yaml")), ids=lambda p: p.stem)
def test_check_has_no_finding(path):
    result = modbridge("check", path)
    assert (result.returncode, result.stdout) == (0, "")


def test_every_published_entry_is_expected():
    wanted = {key for _, values in FEATURES.values() for key in values}
    result = modbridge("blueprint", LANGUAGE)
    manifest = yaml.safe_load(result.stdout)
    assert set(manifest["telemetry"]) | set(manifest["properties"]) <= wanted | {"alerts", "alert_details", "conn_alerts"}


@pytest.mark.parametrize("feature", FEATURES)
def test_words_become_values(usual, feature):
    assert differences(usual[0], FEATURES[feature][1]) == {}
    assert [key for key, value in FEATURES[feature][1].items() if value is None and key in usual[0]] == []


def test_alerts_are_active(usual):
    assert usual[1] == sorted(ALERTS)


def test_nothing_is_an_error(usual):
    assert usual[2]["errors"] == []


def test_another_day(world):
    tables = {**USUAL, **{t: {**USUAL[t], **w} for t, w in dump(OTHER_WORDS).items()}}
    # Registers that a request spans without an entry of theirs, so that only the pack is missing.
    for address in (1, 2, 4, 11, 402, 213, 215, 21):
        tables["holding"].setdefault(address, 0)
    for address in (602, 603):
        del tables["holding"][address]
    bench = Bench(world, tables=tables, only=True)
    published, alerts, whole = read(*bench.target)
    bench.tap.close()
    assert differences(published, OTHER_VALUES) == {}
    assert [key for key, value in OTHER_VALUES.items() if value is None and key in published] == []
    assert alerts == sorted(OTHER_ALERTS)


def covering(reads, function, address):
    return [r for r in reads if r[1] == function and r[2] <= address < r[2] + r[3]]


def test_requests_are_as_the_map_says(usual):
    reads = usual[3]
    assert max(count for *_, count in reads) <= 60, "max_registers"
    assert len([r for r in reads if 1001 <= r[2] <= 1070]) == 2, "seventy registers are two requests"
    assert covering(reads, 3, 205) == [(1, 3, 200, 10)], "blocks"
    assert covering(reads, 3, 301) == [(1, 3, 301, 1)], "alone"
    assert covering(reads, 3, 300) == [(1, 3, 300, 1)], "nothing spans what is read alone"
    assert covering(reads, 3, 403) == [(1, 3, 400, 4)], "merge_gap"
    assert covering(reads, 3, 411) == [], "unreadable"
    assert covering(reads, 4, 60) == [(225, 4, 60, 1)], "unit_id"
    assert covering(reads, 3, 2111) == [], "a scale factor that is not there is not asked for"
    assert covering(reads, 3, 10)[0] == covering(reads, 3, 12)[0], "a value and its scale factor are one request"


# Command, arguments, response, words afterwards, frames that write (None: not of interest).
COMMANDS = [
    ("set_limit", ["limit=1230"], {"limit": 1230}, {"limit": "007B"}, [(6, 1502, 1, "007B")]),
    ("set_slot2_soc", ["slot2_soc=45.67"], {"slot2_soc": 45.7}, {"slot2_soc": "01C9"}, [(6, 1520, 1, "01C9")]),
    ("set_mode", ["mode=discharge"], {"mode": "discharge"}, {"flags": "A0C2"}, [(6, 1540, 1, "A0C2")]),
    ("fields", [], {"mode": "charge", "export": True, "level": 9}, {"flags": "A9D1"}, [(6, 1540, 1, "A9D1")]),
    ("charge", ["power=123.4"], {"setpoint": -123, "twice": -246, "trim": -40.5},
     {"ramp": "000D", "setpoint": "FF85 FFFF", "trim": "FFFF"}, [(16, 1550, 4, "000DFF85FFFFFFFF")]),
    ("charge", ["power=-500", "speed=fast"], {"setpoint": 500, "twice": 1000, "trim": -40.5},
     {"ramp": "0078", "setpoint": "01F4 0000"}, [(16, 1550, 4, "007801F40000FFFF")]),
    ("set_gain", ["gain=23.1"], {"gain": 23.1}, {"gain": "B841 CDCC"}, [(16, 1560, 2, "B841CDCC")]),
    ("set_pressure", ["pressure=3.214"], {"pressure": 3.21}, {"pressure": "0141"}, [(6, 1570, 1, "0141")]),
    ("set_counter", ["counter=1234"], {"counter": 1234}, {"counter": "1234"}, [(6, 1580, 1, "1234")]),
    ("set_label", ["label=Süd"], {"label": "Süd"}, {"label": "53C3 BC64 0000 0000"},
     [(16, 1590, 4, "53C3BC6400000000")]),
    ("set_worn", ["worn=5"], {"worn": 5}, {"worn": "0005"}, []),
    ("set_worn", ["worn=6"], {"worn": 6}, {"worn": "0006"}, [(6, 1600, 1, "0006")]),
    ("set_plural", ["plural=7"], {"plural": 7}, {"plural": "0007"}, [(16, 1610, 1, "0007")]),
    ("set_whole", ["whole=4294967294"], {"whole": 4294967294}, {"whole": "FFFF FFFE"}, [(16, 1700, 2, "FFFFFFFE")]),
    ("set_long", ["long=-9223372036854775807"], {"long": -9223372036854775807}, {"long": "8000 0000 0000 0001"},
     [(16, 1702, 4, "8000000000000001")]),
    ("set_exact", ["exact=3.14159265358979"], {"exact": 3.14159265358979}, {"exact": "4009 21FB 5444 2D11"},
     [(16, 1710, 4, "400921FB54442D11")]),
    ("set_address", ["address=192.168.1.61"], {"address": "192.168.1.61"}, {"address": "C0A8 013D"},
     [(16, 1720, 2, "C0A8013D")]),
    ("set_token", ["token=01234567-89AB-CDEF-FEDC-BA9876543210"], {"token": "01234567-89AB-CDEF-FEDC-BA9876543210"},
     {"token": "0123 4567 89AB CDEF FEDC BA98 7654 3210"}, [(16, 1722, 8, "0123456789ABCDEFFEDCBA9876543210")]),
    ("set_geared", ["geared=72"], {"geared": 70}, {"geared": "0007"}, [(6, 1740, 1, "0007")]),  # device_type is 6
    ("set_ranged", ["ranged=70"], {"ranged": 70}, {"ranged": "0046"}, [(6, 1742, 1, "0046")]),
    ("set_switched", ["switched=true"], {"switched": True}, {"switched": "0001"}, [(6, 1744, 1, "0001")]),
    ("set_option", ["option=3"], {"option": 3}, {"option": "0003"}, [(6, 1680, 1, "0003")]),
    ("work_by_hand", ["power=5.0"], {"manual": 1, "manual_power": 5}, {"manual": "0001", "manual_power": "0005"},
     [(6, 1690, 1, "0001"), (6, 1691, 1, "0005")]),
    ("set_ordered", ["ordered=305419896"], {"ordered": 0x12345678}, {"ordered": "1234 5678"},
     [(16, 1660, 2, "12345678")]),
    ("set_framed", ["framed=258"], {"framed": 258}, {"framed": "0102"}, [(16, 1670, 1, "0102")]),
    ("set_lamp", ["lamp=true"], {"lamp": True}, {"lamp": "0001"}, [(5, 40, 1, "FF00")]),
    ("relays", [], {"relay_1": True, "relay_2": False}, {"relay_1": "0001", "relay_2": "0000"}, [(15, 30, 2, "01")]),
    ("set_rate", ["rate=100"], {"rate": 100}, {"rate": "0064"},
     [(5, 50, 1, "FF00"), (6, 1640, 1, "0064"), (5, 51, 1, "FF00")]),
    ("start", [], {"running": True}, {"running": "0001"}, [(6, 1620, 1, "0001")]),
    ("restart", [], {"e_label": "standby"}, {"state": "0000"}, [(6, 1650, 1, "0001")]),
    ("get_limit", [], {"limit": 0}, {"limit": "0000"}, []),
]


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: " ".join([row[0], *row[1]]))
def test_commands_become_words(bench, row):
    name, arguments, payload, after, frames = row
    code, seen, log = bench.command(name, *arguments)
    assert (code, seen) == (0, payload), log
    assert bench.tap.written() == [(*frame[:3], words(frame[3])) for frame in frames]
    assert bench.raw(*after) == after


def test_now_is_written(bench):
    years = {datetime.datetime.now().year}
    code, payload, log = bench.command("set_year")
    years.add(datetime.datetime.now().year)
    assert code == 0 and payload["year"] in years, log


def test_fields_are_read_before_they_are_written(bench):
    bench.command("fields")
    order = [r[1] for r in bench.tap.requests if r[2] == 1540]
    assert order[:2] == [3, 6] and order.count(6) == 1


def test_another_unit_is_written_at_its_own_id(bench):
    code, payload, log = bench.command("set_battery_limit", "battery_limit=7")
    assert (code, payload) == (0, {"battery_limit": 7}), log
    assert [(r[0], r[1], r[2]) for r in bench.tap.requests if r[1] > 4] == [(225, 6, 62)]


def test_log_has_a_condition(bench):
    assert "starting" in bench.command("start")[2]
    assert "starting" not in bench.command("start", "chatty=false")[2]


# Refused: words of the message, and no write at all.
REFUSALS = [
    ("set_limit", ["limit=2010"], ["limit", "2010", "0..2000"]),
    ("set_limit", ["limit=-10"], ["limit", "-10"]),
    ("set_slot2_soc", ["slot2_soc=100.1"], ["slot2_soc", "0..100"]),
    ("set_mode", ["mode=rest"], ["rest", "idle", "charge", "discharge"]),
    ("set_counter", ["counter=10000"], ["counter", "9999"]),
    ("set_label", ["label=Südwesten"], ["label", "8"]),
    ("set_limit", [], ["limit", "required"]),
    ("charge", ["power=501"], ["power", "-500..500"]),
    ("charge", ["power=1", "speed=medium"], ["speed", "slow", "fast"]),
    ("charge", ["power=1", "watt=1"], ["no argument", "watt"]),
    ("charge", ["power=much"], ["power", "not a number"]),
    ("work_by_hand", ["power=5.5"], ["power", "5.5", "whole"]),
    ("set_ranged", ["ranged=71"], ["ranged", "71", "40..70"]),
    ("set_whole", ["whole=-1"], ["whole", "-1"]),
    ("set_address", ["address=192.168.1.256"], ["address", "192.168.1.256"]),
    ("set_switched", ["switched=on"], ["switched", "on"]),
    ("set_limt", ["limit=1"], ["set_limit"]),
]


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: " ".join([row[0], *row[1]]))
def test_commands_are_refused(bench, row):
    name, arguments, expected = row
    code, payload, log = bench.command(name, *arguments)
    text = payload.get("message", "") + log
    assert code == 1 and all(word in text for word in expected), text
    assert bench.tap.written() == []


def test_what_the_device_does_not_have_is_not_written(world):
    """Without the dryer; an earlier step of work_by_hand makes its condition true."""
    tables = {**USUAL, "input": {**USUAL["input"], 70: 0}}
    bench = Bench(world, tables=tables)
    code, payload, log = bench.command("set_option", "option=3")
    assert code == 1 and bench.tap.written() == []
    assert ("option (holding 1680) cannot be written: it is only there when dryer_fitted (dryer_fitted is false); "
            "nothing was written") in payload.get("message", "") + log
    assert bench.command("work_by_hand", "power=5")[0] == 0
    bench.tap.close()


def test_failure_is_rolled_back(bench):
    code, payload, _ = bench.command("set_rate", "rate=501")  # the device refuses it
    # What it does not verify, and what failed half way, may have been done: that is not called rolled back.
    assert code == 1 and "exception 4" in payload["message"], payload
    assert payload["message"].endswith("outcome unknown; on_failure was executed"), payload
    assert bench.tap.written() == [
        (5, 50, 1, words("FF00")), (6, 1640, 1, words("01F5")), (5, 50, 1, words("0000"))]
    assert bench.raw("rate") == {"rate": "0000"}


def test_require_says_the_map_s_words(bench):
    assert bench.command("start")[0] == 0
    before = bench.tap.written()
    assert bench.command("set_rate", "rate=1")[1]["message"] == "leave state 32817 first"
    assert bench.command("start")[1]["message"] == "it is running in state 32817"
    assert bench.tap.written() == before
