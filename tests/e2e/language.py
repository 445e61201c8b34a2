# SPDX-License-Identifier: MIT
"""tests/maps/good/language.yaml as equipment: the words it would hold and what they mean, worked out by hand, and a tap between it and
the bridge."""
import json
import struct

import yaml
from conftest import ROOT, modbridge
from recorder import Recorder

MAPS = ROOT / "tests/maps/good"
LANGUAGE = MAPS / "language.yaml"


class Tap(Recorder):
    """Stands between the bridge and a simulator and writes down every request: (unit, function, address, count, data)."""

    def __init__(self, endpoint):
        self.requests = []
        super().__init__(endpoint)

    def _take_request(self, unit_id, pdu):
        function, address, word = struct.unpack(">BHH", pdu[:5])
        count = 1 if function in (5, 6) else word
        self.requests.append((unit_id, function, address, count, pdu[6:] if function in (15, 16) else pdu[3:5]))

    def reads(self):
        return [r[:4] for r in self.requests if r[1] <= 4]

    def written(self):
        return [r[1:] for r in self.requests if r[1] > 4]


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
