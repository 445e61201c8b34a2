# SPDX-License-Identifier: MIT
"""Maps that `import` makes: of devices with SunSpec models, served by pymodbus from words worked out by hand from the model
definitions (sunspec/models, json/model_<id>.json) or by the simulator, and of register tables."""
import csv
import json
import pathlib
import re

import pytest
from conftest import MAPPINGS, await_true, free_port, modbridge

SERVER = """
import json, sys
from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.server import StartTcpServer
port, path, limit = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
class Block(ModbusSparseDataBlock):
    def validate(self, address, count=1):
        return count <= limit and super().validate(address, count)
words = Block({int(address): word for address, word in json.load(open(path)).items()})
unit = ModbusSlaveContext(hr=words, ir=words, zero_mode=True)
StartTcpServer(context=ModbusServerContext(slaves={1: unit}, single=False), address=("127.0.0.1", port))
"""


def text(words, value):
    data = value.encode().ljust(2 * words, b"\0")
    return [int.from_bytes(data[i:i + 2], "big") for i in range(0, 2 * words, 2)]


def model(number, length, points, fill=0xFFFF):
    """A model with some of its points: offset from the id -> word, words or text of so many registers."""
    words = [number, length] + [fill] * length
    for offset, value in points.items():
        values = value if isinstance(value, list) else [value]
        words[offset:offset + len(values)] = values
    assert len(words) == length + 2
    return words


COMMON = model(1, 65, {2: text(16, "Acme"), 18: text(16, "Sun 10"), 34: text(8, ""), 42: text(8, "1.2"), 50: text(16, "SN-0042"),
                       66: 1})


def serve(world, models, base=40000, limit=125, name="pymodbus"):
    chain = [0x5375, 0x6E53] + sum(models, []) + [0xFFFF, 0]
    (world.folder / "server.py").write_text(SERVER)
    path = world.folder / f"{name}.json"
    path.write_text(json.dumps({base + i: word for i, word in enumerate(chain)}))
    port = free_port()
    world.start(["/usr/bin/python3", world.folder / "server.py", port, path, limit], name)
    await_true(lambda: world.listens(port), name)
    return f"127.0.0.1:{port}"


def import_map(world, endpoint, name="made.yaml"):
    """The map that is made of a device, which check must accept without a word, and what was said."""
    made = modbridge("import", "sunspec", "--tcp", endpoint, cwd=world.folder)
    assert made.returncode == 0, made.stderr
    (world.folder / name).write_text(made.stdout)
    checked = modbridge("check", world.folder / name)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
    return made


def read(path, endpoint, *options):
    result = modbridge("read", "--map", path, "--tcp", endpoint, "--json", *options)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


DEVICE = [
    COMMON,
    model(103, 50, {
        2: 842, 3: [281, 281, 280], 6: 0xFFFE,                        # A, AphA.., A_SF: 8.42 A
        10: 2304, 13: 0xFFFF,                                         # PhVphA, V_SF: 230.4 V
        14: 0xFF38, 15: 1,                                            # W, W_SF: -2000 W
        16: 5001, 17: 0xFFFE,                                         # Hz, Hz_SF
        24: [0x0001, 0x86A0], 26: 1,                                  # WH, WH_SF: 1000000 Wh
        31: 150, 32: 0x8000,                                          # DCW with a scale factor that is not usable
        33: 415, 34: 0x8000, 37: 0xFFFF,                              # TmpCab, TmpSnk: not implemented, Tmp_SF
        38: 4, 40: [0, 0x0082]}),                                     # St: MPPT, Evt1: over temperature, DC over-voltage
    model(203, 105, {18: 1500, 22: 0, 46: [0, 0], 54: 0}),            # W, W_SF; TotWhImp: an accumulator that is not there
    model(64110, 282, {}, fill=7),                                    # a maker's own
    model(203, 105, {18: 0xFB2E, 22: 0, 46: [0, 5000], 54: 3}),       # W -1234; TotWhImp 5000 kWh
    model(123, 24, {4: 1, 5: 8000, 7: 0, 9: 1, 23: 0xFFFE}),          # Conn, WMaxLimPct 80 %, Ena
    model(160, 48, {3: 0xFFFF, 4: 0, 6: [0, 0], 8: 2,                 # DCV_SF, DCW_SF, Evt, N
                    11: text(8, "West"), 20: 6105, 21: 3100, 28: [0, 0],
                    31: text(8, "East"), 40: 5900, 41: 0xFFFF, 48: [0, 0x1000]}),
    model(705, 55, {2: 1, 5: 2, 6: 3, 12: 0xFFFE, 13: 0xFFFF, 14: 0,  # Ena, NPt, NCrv, V_SF, DeptRef_SF
                    15: [2, 1, 1], 25: [9200, 440, 10800, 0xFE48],    # curve 1: ActPt, DeptRef, Pri, points
                    43: [1, 0, 1], 53: [9500, 0, 10500, 0]}),         # curve 3
]


def test_a_device_that_pymodbus_serves(world):
    endpoint = serve(world, DEVICE, base=50000)
    made = import_map(world, endpoint)
    assert made.stderr.splitlines() == [
        "model 1 at 50002, 65 registers: Common, 6 points",
        "model 103 at 50069, 50 registers: Inverter (three phase), 43 points",
        "model 203 at 50121, 105 registers: Meter (wye-connected three phase), 72 points",
        "model 64110 at 50228, 282 registers: not known, left out",
        "model 203 at 50512, 105 registers: Meter (wye-connected three phase), 72 points",
        "model 123 at 50619, 24 registers: Immediate controls, 24 points",
        "model 160 at 50645, 48 registers: Multiple MPPT inverter extension, 17 points, module: 2",
        "model 705 at 50695, 55 registers: DER volt-var, 22 points, Crv: 3, Crv/Pt: 2",
    ]
    seen = read(world.folder / "made.yaml", endpoint)
    values = seen["values"]
    expected = {
        "ac_total_current": 8.42, "ac_l1_current": 2.81, "ac_l3_current": 2.8, "ac_l1_voltage": 230.4, "ac_total_power": -2000,
        "ac_frequency": 50.01, "ac_energy_lifetime": 1000000.0, "inverter_internal_temperature": 41.5, "status": "mppt",
        "meter_total_power": 1500, "meter2_total_power": -1234, "meter2_energy_import_lifetime": 5000000.0,
        "grid_connection": "connected", "power_limit": 80.0, "power_limit_enabled": True,
        "dc_input1_voltage": 610.5, "dc_input1_power": 3100, "dc_input2_voltage": 590.0,
    }
    assert {key: values.get(key) for key in expected} == expected
    absent = {"dc_power", "inverter_heatsink_temperature", "meter_energy_import_lifetime", "dc_input2_power", "ac_l2_voltage"}
    assert not absent & values.keys()
    assert seen["properties"]["serial_number"] == "SN-0042" and "options" not in seen["properties"]
    assert [seen["properties"][f"dc_input{n}_name"] for n in (1, 2)] == ["West", "East"]
    curve = {key: value for key, value in seen["properties"].items() if re.match("volt_var_curve[13]_", key)}
    assert {key: curve[key] for key in curve if "point1" in key or key.endswith(("reference", "priority"))} == {
        "volt_var_curve1_point1_voltage": 92.0, "volt_var_curve1_point1_reactive": 44.0,
        "volt_var_curve3_point1_voltage": 95.0, "volt_var_curve3_point1_reactive": 0.0,
        "volt_var_curve1_reference": "percent_of_max_reactive", "volt_var_curve1_priority": "reactive",
        "volt_var_curve3_reference": "percent_of_max_power", "volt_var_curve3_priority": "reactive"}
    assert curve["volt_var_curve1_point2_reactive"] == -44.0
    assert sorted(seen["alerts"]) == ["dc_input2_blown_fuse", "dc_over_voltage", "over_temperature"]
    assert seen["errors"] == []
    done = modbridge("command", "--map", world.folder / "made.yaml", "--tcp", endpoint, "set_power_limit", "power_limit=33.25")
    assert done.returncode == 0, done.stderr
    assert read(world.folder / "made.yaml", endpoint, "power_limit")["values"] == {"power_limit": 33.25}


def test_what_the_map_says(world):
    """The lines of one device, as people read them; a device that refuses requests of more than 40 registers gives the same."""
    made = import_map(world, serve(world, DEVICE))
    lines = made.stdout.splitlines()
    for line in (
            "# Acme Sun 10, version 1.2, serial number SN-0042",
            "#   64110 at 40228, 282 registers: not known, left out",
            "vendor: Acme", "model: Sun 10",
            "  sunspec: [40000, 50000, 0]",
            "  ac_total_power: {holding: model(103) + 14, type: i16, sf: inverter_w_sf, unit: W}   # W: Watts",
            "  inverter_heatsink_temperature: {holding: model(103) + 34, type: i16, sf: inverter_tmp_sf, unit: Cel}"
            "   # TmpSnk: Heat Sink Temperature [not there]",
            "  meter2_total_power: {holding: \"model(203, 2) + 18\", type: i16, sf: meter2_w_sf, unit: W}   # W: Watts",
            "  dc_input{n}_power: {repeat: {n: 1..2}, holding: model(160) + 21 + 20 * (n - 1), type: u16, sf: dc_inputs_dcw_sf, unit: W}"
            "   # DCW: DC Power",
            "  over_temperature: {from: events, bit: 7, severity: error, display_name: Over Temperature}",
            "  set_power_limit: {set: power_limit, min: 0, max: 100}",
            "  # set_grid_connection: {set: grid_connection}",
            "  sunspec: {base: 40000, models: [{1: 65}, {103: 50}, {203: 105}, {64110: 282}, {203: 105}, {123: 24}, {160: 48}, {705: 55}]}"):
        assert line in lines, line
    narrow = import_map(world, serve(world, DEVICE, limit=40, name="narrow"), "narrow.yaml")
    assert (narrow.stdout, narrow.stderr) == (made.stdout, made.stderr)


def known_models():
    """Every model of the shipped facts, as long as it is with three instances of each group, and the points that count them."""
    with open(MAPPINGS / "sunspec/models.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    sizes = {int(row["model"]): int(row["size"]) for row in rows if row["type"] == "model"}
    assert len(sizes) >= 29
    counts = {(row["model"], row["count"]) for row in rows if row["type"] == "group"}
    for number, size in sizes.items():
        groups = [row for row in rows if row["type"] == "group" and row["model"] == str(number)]
        inner = sum(3 * int(row["size"]) for row in groups if "/" in row["group"])
        size += sum(3 * (int(row["size"]) + inner) for row in groups if "/" not in row["group"])
        points = {int(row["offset"]): 3 for row in rows if (row["model"], row["point"]) in counts}
        yield model(number, size - 2, points, fill=1)


def test_every_known_model_at_once(world):
    """All names differ, all units, types and groups are what check and the blueprint accept."""
    endpoint = serve(world, list(known_models()))
    made = import_map(world, endpoint)
    assert made.stdout.count("\n  # Model 705: ") >= 2 and "volt_var_curve{n}_point{p}_voltage" in made.stdout
    assert modbridge("blueprint", world.folder / "made.yaml").returncode == 0
    seen = read(world.folder / "made.yaml", endpoint)
    assert seen["errors"] == [] and len(seen["values"]) > 500, "what was imported is read"


@pytest.mark.parametrize("name,least", [("sunspec_hybrid", 45), ("sunspec_der", 60)])
def test_simulated_devices(world, name, least):
    """What the shipped maps say of their simulated devices, the map made of such a device says too."""
    _, endpoint = world.simulate(MAPPINGS / f"{name}.yaml", "--values", values_without_noise(world))
    import_map(world, endpoint)
    shipped = read(MAPPINGS / f"{name}.yaml", endpoint)
    made = read(world.folder / "made.yaml", endpoint)
    for section in ("values", "properties"):
        # The shipped maps publish a maker's own bits as hexadecimal texts.
        common = {key for key in shipped[section].keys() & made[section].keys() if not key.startswith("vendor_events")}
        assert {key: made[section][key] for key in common} == {key: shipped[section][key] for key in common}
    assert len(shipped["values"].keys() & made["values"].keys()) >= least


def values_without_noise(world):
    path = world.folder / "values.yaml"
    path.write_text("values: {}\n")
    return path


OWN = """model,group,offset,size,point,type,count,sf,unit,access,section,key,labels,set,name
64110,,,20,,model,,,,,,acme,,,Acme cooling
64110,,2,1,Tmp,int16,,Tmp_SF,Cel,r,telemetry,coolant_temperature,,,Coolant temperature
64110,,3,1,Tmp_SF,sunssf,,,,r,registers,acme_tmp_sf,,,
"""


def test_facts_beside_the_site_and_what_is_wrong_with_them(world):
    common = model(1, 65, {2: text(16, 'A"c: {me} #1\u00e9'), 18: [0xC328] + text(15, "broken"), 42: text(8, "- x")}, fill=0)
    endpoint = serve(world, [common, model(64110, 18, {2: 215, 3: 0xFFFF})])
    (world.folder / "sun.yaml").write_text("modbridge: map/1\nvendor: Acme\nmodel: Sun 10\n")
    (world.folder / "plant.yaml").write_text(f'modbridge: site/1\ndevices:\n  sun: {{map: sun, tcp: "{endpoint}"}}\n')
    own = world.folder / "sunspec"
    own.mkdir()
    (own / "acme.csv").write_text(OWN)
    made = modbridge("import", "sunspec", world.folder / "plant.yaml", "sun")
    assert made.returncode == 0, made.stderr
    assert "model 64110 at 40069, 18 registers: Acme cooling, 2 points" in made.stderr
    (world.folder / "made.yaml").write_text(made.stdout)
    lines = made.stdout.splitlines()
    assert lines[0] == '# A"c: {me} #1\u00e9 Unknown, version - x, serial number unknown', "a text that is no UTF-8 is not shown"
    assert {'vendor: "A\\"c: {me} #1\u00e9"', "model: Unknown"} <= {*lines}
    seen = read(world.folder / "made.yaml", endpoint, "coolant_temperature", "vendor")
    assert (seen["values"], seen["properties"]) == ({"coolant_temperature": 21.5}, {"vendor": 'A"c: {me} #1\u00e9'})
    bad = OWN.replace("int16,,Tmp_SF", "uint61,,Tmp_SF").replace(",3,1,Tmp_SF", ",3,2,Tmp_SF").replace("64110,,2", "0,,2")
    (own / "acme.csv").write_text(bad + "64110,,8,1,X,uint16,,,,r,elsewhere,x,,,\n64110,,9,1,Y,enum16,,,,r,telemetry,y,0:a,,\n")
    refused = modbridge("import", "sunspec", world.folder / "plant.yaml", "sun")
    path = own / "acme.csv"
    assert refused.returncode == 3 and refused.stdout == ""
    assert refused.stderr.splitlines() == [
        f"{path}:3:1: error: model: '0' is not the id of a model, or a range such as 101..103",
        f"{path}:4:10: error: size: '2' is not the size of this type",
        f"{path}:5:26: error: section: 'elsewhere' is not registers, telemetry or properties",
        f"{path}:6:38: error: '0:a' is not CODE=TEXT: write \"0=Stop;1=Run\"",
        "modbridge import: what SunSpec models hold cannot be read, see above"]


def test_what_is_no_sunspec_device(world):
    endpoint = serve(world, [])
    made = modbridge("import", "sunspec", "--tcp", endpoint)
    assert (made.returncode, made.stdout) == (1, "")
    assert made.stderr == "modbridge import: unit 1: the chain of SunSpec models at 40000 is empty\n"
    nowhere = modbridge("import", "sunspec", "--tcp", serve(world, [COMMON], base=30000, name="nowhere"))
    assert (nowhere.returncode, nowhere.stdout) == (1, "")
    assert re.search("unit 1: .*40000.*50000", nowhere.stderr), nowhere.stderr
    silent = modbridge("import", "sunspec", "--tcp", endpoint, "--unit", "9")
    assert (silent.returncode, silent.stdout) == (4, ""), silent.stderr
    for argv, said in ((["import"], "say what from"), (["import", "csv"], "name one file"),
                       (["import", "csv", "x", "--addressing", "plc"], "--addressing is zero_based, one_based or modicon, not 'plc'"), (["import", "sunspecs"], "did you mean 'sunspec'?"),
                       (["import", "sunspec"], "name a site and a device, or one of --tcp"),
                       (["import", "sunspec", "--map", "x", "--tcp", endpoint], "--map has no place here")):
        wrong = modbridge(*argv)
        assert (wrong.returncode, wrong.stdout) == (2, "") and said in wrong.stderr, wrong.stderr


SHEETS = pathlib.Path(__file__).parent / "sheets"


def import_sheet(path, *options):
    return modbridge("import", "csv", path, *options)


def check_made(folder, made):
    """What check says of a map that was made of a sheet, without the places."""
    assert made.returncode == 0, made.stderr
    (folder / "made.yaml").write_text(made.stdout)
    checked = modbridge("check", folder / "made.yaml")
    assert checked.returncode == 0, checked.stdout
    return [line.split(": ", 1)[1] for line in checked.stdout.splitlines()]


def test_a_sheet_with_the_addresses_of_the_document(tmp_path):
    """Semicolons, CRLF, a byte order mark, quotes, other names of columns; the device behind it is the simulator's."""
    made = import_sheet(SHEETS / "eastron_sdm120.csv", "--addressing", "modicon")
    assert made.stderr == ""
    assert check_made(tmp_path, made) == []
    lines = made.stdout.splitlines()
    for line in (
            "model: eastron_sdm120", "  addressing: modicon",
            "  unit_id: {holding: 40021, type: f32, access: rw}   # Unit id; Modbus address as float",
            "  ac_l1_voltage: {input: 30001, type: f32, unit: V}   # Voltage",
            '  energy_lifetime: {input: 30073, type: f32, unit: kWh}   # Import energy; imported active energy; for "Wh": 1000',
            "  import_reactive: {input: 30077, type: f32, unit: kVAR.h}   # Import reactive; imported reactive energy",
            '  baud_rate: {holding: 40029, type: f32, enum: {0: "2400", 1: "4800", 2: "9600", 5: "1200"}, access: rw}'
            "   # Baud rate; baud code as float",
            "  serial_number: {holding: 464513, type: u32}   # Serial number",
            "  # set_relay_pulse_width: {set: relay_pulse_width}"):
        assert line in lines, line
    shown = modbridge("blueprint", tmp_path / "made.yaml")
    assert shown.returncode == 0 and "ac_frequency" in shown.stdout


def test_a_sheet_with_bits_and_codes(tmp_path):
    """Commas, addresses decimal and 0x; alerts of the bits of alarm words, read from a simulated device."""
    made = import_sheet(SHEETS / "huawei_sun2000.csv")
    assert made.stderr == ""
    said = check_made(tmp_path, made)
    assert said and all(re.fullmatch("warning: '[a-z_0-9]+' is not used: no entry, alert or command names it", line) for line in said)
    lines = made.stdout.splitlines()
    for line in (
            "  alarm_1: {holding: 32008, type: u16}   # alarm word 1",
            '  dc_arc_fault_2002: {from: alarm_1, bit: 1, severity: error, display_name: DC arc fault(2002)}',
            "  standby: {from: state_1, bit: 0, severity: warning, display_name: Standby}",
            "  # set_working_mode: {set: working_mode}"):
        assert line in lines, line
    rows = len((SHEETS / "huawei_sun2000.csv").read_text().splitlines()) - 2
    entries = [line for line in lines if re.match(r"  [a-z_0-9]+: \{(holding|input): \d+", line)]
    assert len(entries) == rows, "every row is an entry"


GOOD = """address,name,type,count,unit,scale,access,labels
0,power,i16,,W,10,r,
"""
BAD_SHEETS = {
    "nothing": ("", ["1:1: error: the file is empty: the first line names the columns"]),
    "no column of addresses": ("addres,name\n1,a\n", [
        "1:1: warning: the column 'addres' is not known; did you mean 'address'?",
        "1:1: error: there is no column 'address': the first line names the columns"]),
    "a column twice": ("address,name,register\n1,a,2\n", ["1:14: error: there is a column 'address' already"]),
    "a quote that is never closed": (GOOD + '1,"a\n2,b\n', ["3:3: error: this quote is never closed"]),
    "more fields than columns": (GOOD + "1,a,u16,,,,r,,,x\n", [
        "3:16: error: there is no column for 'x': the first line has 8"]),
    "not UTF-8": (GOOD.encode() + b"1,Temp \xb0C\n", [
        "3:3: error: not UTF-8, or with control characters: save it as UTF-8"]),
    "rows": (GOOD + """12x,a
012,b
70000,c
1,d,u17
2,e,string
3,f,u32,3
4,g,,4
5,h,u16,,,0,r,
6,i,u16,,,ten,r,
7,j,u16,,,,x,
8,k,u16,,,,r,on
9,l,bits16,,,,r,16=x
10,m,u16,,,,r,1=x;1..2=y
11,,u16
12,min,u16
13,power,u16
14,o,string,2,,0.1
65535,p,u32
""", [
        "3:1: error: address: '12x' is not an address: write 40083 or 0x9C93",
        "4:1: error: address: '012' is not an address: write 40083 or 0x9C93",
        "5:1: error: address: '70000' is not an address of this table (zero_based)",
        "6:5: error: type: 'u17' is not known; did you mean 'u16'?",
        "7:1: error: count: is missing, and this type has no size of its own",
        "8:9: error: count: '3' is not the size of this type",
        "9:5: error: type: is missing, and so many registers may be anything",
        "10:11: error: scale: '0' is not a factor",
        "11:11: error: scale: 'ten' is not a number",
        "12:12: error: access: 'x' is not known",
        "13:14: error: 'on' is not CODE=TEXT: write \"0=Stop;1=Run\"",
        "14:17: error: labels: 'x' is of bit 16, and the bits are 0 to 15",
        "15:15: error: labels: 1 is 'x' and 'y'",
        "16:4: error: name: no key can be made of it: give one in the column key",
        "17:4: error: 'min' is reserved (a word of formulas): choose another name",
        "18:4: warning: 'power' is the key of a row above: this one is 'power_2'",
        "19:16: error: scale: this type is no number",
        "20:1: error: address: '65535' is not an address of this table (zero_based)"]),
}


@pytest.mark.parametrize("name", BAD_SHEETS)
def test_what_is_wrong_with_a_sheet(tmp_path, name):
    text_of_sheet, expected = BAD_SHEETS[name]
    path = tmp_path / "sheet.csv"
    path.write_bytes(text_of_sheet if isinstance(text_of_sheet, bytes) else text_of_sheet.encode())
    made = import_sheet(path)
    assert made.stderr.splitlines() == [f"{path}:{line}" for line in expected] + [
        f"modbridge import: no map was made of {path}, see above"]
    assert (made.returncode, made.stdout) == (3, "")


def test_units_tables_and_modicon_addresses(tmp_path):
    path = tmp_path / "sheet.csv"
    path.write_text("address\tname\ttype\tunit\ttable\tscale\n"
                    "30001\tWater temperature\ts16\t°C\t\t0.1\n40001\tSet point\tuint16\tNL/h\t\t\n"
                    "00001\tPump\t\t\t\t\n10001\tDoor open\t\t\tdiscrete\t\n")
    made = import_sheet(path, "--addressing", "modicon")
    assert made.stderr == f"{path}:3:24: warning: unit: 'NL/h' is no UCUM code: Enapter Cloud shows it as it is\n"
    check_made(tmp_path, made)
    assert [line for line in made.stdout.splitlines() if line.startswith("  ") and "addressing" not in line] == [
        "  pump: {coil: 1}   # Pump", "  door_open: {discrete: 10001}   # Door open",
        "  water_temperature: {input: 30001, type: i16, scale: 0.1, unit: Cel}   # Water temperature",
        "  set_point: {holding: 40001, type: u16, unit: NL/h}   # Set point"]


def test_the_table_of_the_documentation(tmp_path):
    page = (MAPPINGS.parent / "docs/maps.md").read_text()
    table = re.search(r"((?:^    [^\n]*;[^\n]*\n)+)", page, re.M).group(1)
    (tmp_path / "meter.csv").write_text(table.replace("    ", ""))
    made = import_sheet(tmp_path / "meter.csv", "--addressing", "modicon")
    assert check_made(tmp_path, made) == [] and made.stderr == ""
    assert "lid_open: {from: alarms, bit: 3, severity: warning, display_name: Lid open}" in made.stdout


def test_the_columns_of_the_documentation():
    root = MAPPINGS.parent
    source = (root / "bridge/import/register_sheet.c").read_text()
    rows = re.findall(r'\[REGISTER_[A-Z_]+\] = \{"([a-z_]+)", (?:NULL|"([^"]*)"), (?:true|false)\}', source)
    columns = {name: set(aliases.split()) for name, aliases in rows}
    page = (root / "docs/maps.md").read_text().split("### From a spreadsheet")[1].split("###")[0]
    documented = {name: {word for word in re.split(r",\s*|\s+", aliases) if word}
                  for name, aliases in re.findall(r"^\| `([a-z_]+)` \|([^|]*)\|", page, re.M)}
    assert len(columns) >= 16 and documented == columns
