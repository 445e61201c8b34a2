# SPDX-License-Identifier: MIT
"""The map language from end to end: tests/maps/good/language.yaml says one thing of each kind; here stand the words the
equipment would hold, the values they mean, the commands, and the words these leave behind, all worked out by hand."""
import datetime
import json
import resource
import socket
import struct
import threading

import pytest
import yaml
from conftest import ROOT, World, free_port, modbridge

MAPS = ROOT / "tests/maps/good"
LANGUAGE = MAPS / "language.yaml"


class Tap:
    """Stands between the bridge and a simulator and writes down every request: (unit, function, address, count, data)."""

    def __init__(self, endpoint):
        self.upstream = endpoint.rsplit(":", 1)
        self.requests = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection((self.upstream[0], int(self.upstream[1])))
            except OSError:
                client.close()
                continue
            for source, sink, note in ((client, server, self.note), (server, client, lambda _: None)):
                threading.Thread(target=self.pump, args=(source, sink, note), daemon=True).start()

    @staticmethod
    def pump(source, sink, note):
        try:
            while data := source.recv(4096):
                note(data)
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def note(self, data):
        # The bridge sends one request at a time, in one piece.
        unit, function, address, word = struct.unpack(">6xBBHH", data[:12])
        count = 1 if function in (5, 6) else word
        self.requests.append((unit, function, address, count, data[13:] if function in (15, 16) else data[10:12]))

    def reads(self):
        return [r[:4] for r in self.requests if r[1] <= 4]

    def writes(self):
        return [r[1:] for r in self.requests if r[1] > 4]

    def close(self):
        self.listener.close()


def words(text):
    return bytes.fromhex(text)


def spread(*rows):
    """{address: word} of rows (address, "hex words ...")."""
    return {address + i: int(word, 16) for address, text in rows for i, word in enumerate(text.split())}


# Feature: what the equipment holds -> what is read. None: no value, so no key. Reals have 15 digits at most.
FEATURES = {
    "bool": ({"holding": [(100, "8000")]}, {"t_bool": True}),
    "u16": ({"holding": [(101, "FFFE")]}, {"t_u16": 65534}),
    "i16": ({"holding": [(102, "8001")]}, {"t_i16": -32767}),
    "u32": ({"holding": [(103, "FFFF FFFE")]}, {"t_u32": 4294967294}),
    "i32": ({"holding": [(105, "8000 0001")]}, {"t_i32": -2147483647}),
    "u64": ({"holding": [(107, "0123 4567 89AB CDEF")]}, {"t_u64": 81985529216486895}),
    "i64": ({"holding": [(111, "8000 0000 0000 0001")]}, {"t_i64": -9223372036854775807}),
    "f32": ({"holding": [(115, "41B8 CCCD")]}, {"t_f32": 23.1}),
    "f64": ({"holding": [(117, "4009 21FB 5444 2D18")]}, {"t_f64": 3.14159265358979}),
    "bcd16": ({"holding": [(121, "1234")]}, {"t_bcd16": 1234}),
    "string": ({"holding": [(122, "2041 4220 0058 5959")]}, {"t_string": "AB"}),
    "uuid": ({"holding": [(126, "0123 4567 89AB CDEF FEDC BA98 7654 3210")]},
             {"t_uuid": "01234567-89AB-CDEF-FEDC-BA9876543210"}),
    "ipv4": ({"holding": [(134, "C0A8 013D")]}, {"t_ipv4": "192.168.1.61"}),
    "tables": ({"coil": [(1, "1")], "discrete": [(2, "1")], "input": [(10, "1234")]},
               {"t_coil": True, "t_discrete": True, "t_input": 4660}),
    "word_order": ({"holding": [(140, "5678 1234")]}, {"o_words": 0x12345678}),
    "byte_order": ({"holding": [(142, "3412 7856")]}, {"o_bytes": 0x12345678}),
    "both orders": ({"holding": [(144, "CDCC B841")]}, {"o_both": 23.1}),
    "words apart": ({"holding": [(150, "0001"), (160, "0002")]}, {"o_apart": 65538}),
    "words apart, low first": ({"holding": [(151, "FFFE"), (161, "FFFF")]}, {"o_apart_little": -2}),
    "orders by parameter": ({"holding": [(1664, "1234 5678")]}, {"o_parameter": 0x12345678}),
    "scale": ({"holding": [(170, "1386")]}, {"n_scale": 49.98}),
    "offset": ({"holding": [(171, "04D2")]}, {"n_offset": 23.4}),
    "sf": ({"holding": [(10, "FB2E"), (12, "FFFE")]}, {"n_sf": -12.34}),
    "sf under a condition": ({"holding": [(2100, "FFFE 0001")]}, {"n_when_sf": -20}),
    "sf that is not there": ({"holding": [(2110, "0005 0001")]}, {"n_gone_sf": None}),
    "scale formula": ({"holding": [(0, "0006"), (172, "0007")]}, {"n_formula": 70}),
    "value of raw": ({"holding": [(173, "0004")]}, {"n_value": 65544.0}),  # 4 * 2.5 + 65534
    "decimals": ({"holding": [(174, "04E8")]}, {"n_decimals": 1.3}),
    "range": ({"holding": [(175, "0047")]}, {"n_range": None}),
    "publish": ({"holding": [(176, "0009")]}, {"n_integer": 5}),  # 4.5, ties away from zero
    "invalid of the type": ({"holding": [(180, "FFFF"), (181, "7FFF")]}, {"i_type": None, "i_type_second": None}),
    "invalid of its own": ({"holding": [(182, "FFFF"), (183, "FFFF")]}, {"i_own": 65535, "i_none": 65535}),
    "NaN": ({"holding": [(184, "7FC0 0000")]}, {"i_nan": None}),
    "views": ({"holding": [(20, "8031")]},
              {"b_field": 3, "b_bool": True, "e_label": "running", "e_view": "starting"}),
    "otherwise": ({"holding": [(190, "004D")]}, {"e_otherwise": "other"}),
    "boolean labels": ({"holding": [(191, "0005")]}, {"e_boolean": True}),
    "repeat": ({"holding": [(212, "0064"), (214, "FFFF"), (216, "001D")]},
               {"pv1_power": 100, "pv2_power": None, "pv3_power": 29}),
    "repeat with bases": ({"holding": [(602, "4148 0000"), (702, "4158 0000")]},
                          {"pack1_voltage": 12.5, "pack2_voltage": 13.5}),
    "seventy of a kind": ({"holding": [(1001, " ".join(f"{3000 + n:04X}" for n in range(70)))]},
                          {f"cell{n + 1}_voltage": round(3 + n / 1000, 3) for n in range(70)}),
    "unit_id": ({}, {"battery_soc": 57}),
    "when": ({"input": [(70, "0001"), (72, "FF9C")]}, {"dryer_temperature": -10.0}),
    "computed": ({}, {"c_sum": 129, "c_mean": 13.0, "c_text": "good", "c_divided": 21844.6666666667}),
    # of 0xFFFE; 1 + 4998; three events; 0x8031; -2; 3.14159...; 23.1; 100 and 29; -2, 3 and 1
    "functions": ({}, {"c_bit": True, "c_bits": 15, "c_raw": 4999, "c_count": 3, "c_hex": "0x8031", "c_abs": 2,
                       "c_round": 3.14, "c_near": True, "c_min": 29, "c_max": 3, "c_logic": True,
                       "c_arithmetic": 1021}),
    "missing": ({}, {"c_default": 7, "c_known": False, "c_missing": None}),
    "requests": ({"holding": [(200, "0 B 0 0 0 F 0 0 0 0"), (300, "1 2 3"), (400, "4 0 0 5"), (410, "6"), (412, "7")]},
                 {"q_block_1": 11, "q_block_2": 15, "q_before": 1, "q_alone": 2, "q_after": 3, "q_gap_1": 4,
                  "q_gap_2": 5, "q_hole_1": 6, "q_hole_2": 7}),
    "properties": ({"holding": [(3, "534E 2D30 3034 3220 0000"), (30, "0102")]},
                   {"serial_number": "SN-0042", "firmware": "1.2", "ratio_text": "2.5", "vendor": "Acme",
                    "model": "Language"}),
}
ALERT_WORDS = {"holding": [(22, "0000 8000")], "input": [(50, "0003 108A 20FF 3000 0000 0000"), (80, "0003")]}
ALERTS = ["high_bit", "gated", "alarm_three", "pump", "cooling", "other_event", "string3_dark"]

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

# What commands find.
SETTINGS = {
    "holding": [(1500, "07D0"), (1502, "0000"), (1540, "A0C0"), (1550, "0000 0000 0000 0000"), (1600, "0005"),
                (1620, "0000 0000"), (1640, "0000"), (1660, "0000 0000"), (1670, "0000"), (1680, "0000"),
                (1690, "0000 0000"), (1700, "0 0"), (1702, "0 0 0 0"), (1710, "0 0 0 0"), (1720, "0 0"),
                (1722, "0 0 0 0 0 0 0 0"), (1740, "0"), (1742, "0032"), (1744, "0")],
    "coil": [(30, "0 1"), (50, "0 0")],
}


def dump(*parts):
    """A values file: words by table, later parts over earlier ones."""
    tables = {}
    for part in parts:
        for table, rows in part.items():
            tables.setdefault(table, {}).update(spread(*rows))
    return tables


USUAL = dump(*[feature[0] for feature in FEATURES.values()], ALERT_WORDS, SETTINGS)


def write_values(folder, tables, **more):
    path = folder / "values.yaml"
    path.write_text(yaml.safe_dump({**tables, "values": {"battery_soc": 57}, **more}))
    return path


def read(*target):
    result = modbridge("read", *target, "--json")
    assert result.returncode == 0, result.stderr
    seen = json.loads(result.stdout)
    return {**seen["values"], **seen["properties"]}, sorted(seen["alerts"]), seen


def differences(published, expected):
    return {key: (published.get(key), value) for key, value in expected.items() if published.get(key) != value}


class Bench:
    """The language map, simulated, behind a tap."""

    def __init__(self, world, path=LANGUAGE, tables=USUAL, **more):
        self.map = path
        _, endpoint = world.simulate(path, "--values", write_values(world.folder, tables, **more))
        self.tap = Tap(endpoint)
        self.target = ["--map", path, "--tcp", self.tap.endpoint]

    def command(self, name, *arguments):
        result = modbridge("command", *self.target, name, *arguments, "--json")
        response = json.loads(result.stdout) if result.stdout else {"payload": {}}
        return result.returncode, response["payload"], result.stderr

    def raw(self, *keys):
        """The words of entries as they are on the wire, read past the tap's book-keeping."""
        before = list(self.tap.requests)
        result = modbridge("read", *self.target, *keys, "--raw", "--json")
        assert result.returncode == 0, result.stderr
        self.tap.requests[:] = before
        return json.loads(result.stdout)["values"]


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
    assert bench.tap.writes() == [(*frame[:3], words(frame[3])) for frame in frames]
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
    assert bench.tap.writes() == []


def test_what_the_device_does_not_have_is_not_written(world):
    """Without the dryer; an earlier step of work_by_hand makes its condition true."""
    tables = {**USUAL, "input": {**USUAL["input"], 70: 0}}
    bench = Bench(world, tables=tables)
    code, payload, log = bench.command("set_option", "option=3")
    assert code == 1 and bench.tap.writes() == []
    assert ("option (holding 1680) cannot be written: it is only there when dryer_fitted (dryer_fitted is false); "
            "nothing was written") in payload.get("message", "") + log
    assert bench.command("work_by_hand", "power=5")[0] == 0
    bench.tap.close()


def test_failure_is_rolled_back(bench):
    code, payload, _ = bench.command("set_rate", "rate=501")  # the device refuses it
    # What it does not verify, and what failed half way, may have been done: that is not called rolled back.
    assert code == 1 and "exception 4" in payload["message"], payload
    assert payload["message"].endswith("outcome unknown; on_failure was executed"), payload
    assert bench.tap.writes() == [
        (5, 50, 1, words("FF00")), (6, 1640, 1, words("01F5")), (5, 50, 1, words("0000"))]
    assert bench.raw("rate") == {"rate": "0000"}


def test_require_says_the_map_s_words(bench):
    assert bench.command("start")[0] == 0
    before = bench.tap.writes()
    assert bench.command("set_rate", "rate=1")[1]["message"] == "leave state 32817 first"
    assert bench.command("start")[1]["message"] == "it is running in state 32817"
    assert bench.tap.writes() == before


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
    assert tap.writes() == [(16, 1660, 2, words("78563412")), (6, 1670, 1, words("0102"))]


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
    assert tap.writes() == [(6, 30, 1, words("0005"))]


HEAD = b"modbridge: map/1\n"
BOMB = b"a: &a [x, x, x, x, x, x, x, x, x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (c, c, b", ".join([b"*%c" % (c - 1)] * 9)) for c in range(ord("b"), ord("z")))
MALICIOUS = {
    "200 kB of {": HEAD + b"a: " + b"{" * 200_000,
    "200 kB of [": HEAD + b"a: " + b"[" * 200_000,
    "200 kB of - ": HEAD + b"a:\n" + b"- " * 100_000,
    "200 kB of ? ": HEAD + b"? " * 100_000,
    "200 kB of {a: ": HEAD + b"b: " + b"{a: " * 50_000,
    "200 kB of quotes": HEAD + b"a: '" + b"''" * 100_000,
    "a scalar of 10 MB": HEAD + b"vendor: " + b"x" * 10_000_000 + b"\n",
    "a scalar of 1 MB without end": HEAD + b'vendor: "' + b"x\n " * 330_000,
    "aliases of aliases": HEAD + BOMB,
    "NUL in a text": HEAD + b"vendor: a\0b\n",
    "NUL everywhere": b"\0" * 100_000,
    "NUL escaped": HEAD + b'vendor: "a\\0b"\n',
    "invalid UTF-8": HEAD + b"vendor: \xff\xfe\xfa\n",
    "overlong UTF-8": HEAD + b"vendor: \xc0\xaf\n",
    "surrogates in UTF-8": HEAD + b"vendor: \xed\xa0\x80\n",
    "cut UTF-8": HEAD + b"vendor: \xe2\x82",
    "a hundred thousand keys": HEAD + b"telemetry:\n" + b"".join(b"  a%d: 1\n" % i for i in range(90_000)),
    "a hundred thousand equal keys": HEAD + b"a: 1\n" * 100_000,
    "a hundred thousand entries": HEAD + b"telemetry:\n  a{n}{m}: {repeat: {n: 1..100000}, value: n}\n",
    "a deep formula": HEAD + b"telemetry:\n  a: {value: '" + b"(" * 500_000 + b"'}\n",
    "a long formula": HEAD + b"telemetry:\n  a: {value: '1" + b" + 1" * 200_000 + b"'}\n",
    "a long formula of not": HEAD + b"telemetry:\n  a: {value: '" + b"not " * 200_000 + b"true'}\n",
}


@pytest.mark.parametrize("name", MALICIOUS)
def test_malicious_files_are_refused_at_once(tmp_path, name):
    path = tmp_path / "evil.yaml"
    path.write_bytes(MALICIOUS[name])
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = modbridge("check", "evil.yaml", cwd=tmp_path)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Its processor time: what others do on this machine is not its fault.
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert result.returncode == 3, result.stdout[:500]
    file, line, column, severity = result.stdout.split("\n")[0].split(": ")[0].split(":") + [
        result.stdout.split(": ")[1]]
    assert (file, severity) == ("evil.yaml", "error") and int(line) >= 1 and int(column) >= 1
    assert len(result.stdout) < 100_000, "a page of findings is enough"
    assert spent < 1, f"{spent:.2f} s of processor time"
