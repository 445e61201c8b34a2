# SPDX-License-Identifier: MIT
"""The blueprint manifest of a map: of the form the cloud accepts, and true about what is published."""
import json

import jsonschema
import pytest
import yaml
from conftest import MAPPINGS, ROOT, modbridge
from manifest import TYPES, blueprint, check_published

SCHEMA = jsonschema.Draft7Validator(json.loads((ROOT / "tests/support/blueprint_schema.json").read_text()))
MAPS = sorted([*MAPPINGS.glob("*.yaml"), *(ROOT / "tests/maps/good").rglob("*.yaml")])
MAPS = [p for p in MAPS if p.read_text().find("modbridge: map/1") >= 0]

# What is easily declared wrongly.
CORNERS = """
modbridge: map/1
vendor: Acme
model: "Test: 1 # \\u0085 \\"quoted\\" \\u00e4"
category: sensors
implements: [sensor.ambient_temperature]
registers:
  mode: {holding: 20, type: u16, enum: {0: "off", 1: "yes", 2: "3"}, access: rw}
  limit: {holding: 21, type: u16, scale: 0.5, unit: A, access: rw}
  secret: {holding: 22, type: u16, access: w}
telemetry:
  status: {holding: 0, type: u16, enum: {0: "no", 1..3: running, 4: running, otherwise: something else}}
  valve: {holding: 1, type: u16, enum: {0: false, 1: true}}
  valve_text: {from: valve_word, type: u16, enum: {0: false, 1: true}, publish: string}
  kind: {value: 'if(pieces > 1, "many", "few")', enum: [few, many, none]}
  free_text: {value: 'format("%d pieces", pieces)'}
  ambient_temperature: {holding: 2, type: i16, unit: Cel}
  pieces: {holding: 3, type: u16, unit: "1"}
  scaled: {holding: 4, type: u16, scale: 0.1, unit: NL/h}
  tenfold: {holding: 5, type: u16, scale: 10, unit: W}
  real: {holding: 6, type: f32, unit: W/m2}
  text_number: {holding: 8, type: u16, publish: string, unit: V}
  half: {value: pieces / 2, unit: rpm}
  whole: {value: pieces / 2, publish: integer}
  coil: {coil: 1}
properties:
  serial_number: {holding: 10, type: string, length: 2}
  version: {holding: 12, type: u16, unit: Foo Bar}
alerts:
  hot: {when: ambient_temperature > 80, severity: warning}
  e_5: {from: pieces, code: 5, severity: error, troubleshooting: ["Check: the pump", "yes"]}
  e_6: {from: pieces, code: 6..9, severity: info}
  partial_failure: {from: pieces, bit: 3, severity: info, display_name: My own}
commands:
  set_limit: {set: limit, min: 0, max: pieces}
  switch_mode: {set: mode, group: "Mode & more"}
  get_limit_by_hand: {steps: [{require: pieces > 0}], result: {limit: limit}, group: 1st}
  enter: {set: secret}
  hold_on:
    arguments:
      time: {type: duration, min: 1, default: 60}
      fine_time: {type: duration, min: 0.5, required: true}
      how: {type: string, enum: ["on", "off"], default: "off"}
      pin: {type: string, sensitive: true}
      sure: {type: boolean, default: false}
      big: {type: float, max: 1.0e+20, default: 1.5}
    confirmation: {severity: info, title: "Really?"}
    steps: [{wait: 1s}]
"""
CORNERS = CORNERS.replace("from: valve_word", "holding: 9")


@pytest.fixture
def corners(tmp_path):
    path = tmp_path / "corners.yaml"
    path.write_text(CORNERS)
    return path


@pytest.mark.parametrize("path", MAPS, ids=lambda p: p.stem)
def test_manifest_has_the_form_of_the_cloud(path):
    check_manifest(blueprint(path))


def check_manifest(manifest):
    """The form, and what a schema cannot say."""
    SCHEMA.validate(manifest)
    telemetry, commands = manifest["telemetry"], manifest.get("commands", {})
    assert not {"alerts", "alert_details", "timestamp"} & {*telemetry, *manifest.get("properties", {})}
    assert telemetry["conn_alerts"]["type"] == "alerts"
    assert {"communication_failed", "partial_failure"} <= {*manifest["alerts"]}
    assert "status" not in telemetry or telemetry["status"]["enum"]
    for key, row in {**telemetry, **manifest.get("properties", {})}.items():
        assert "unit" not in row or row["type"] in ("integer", "float"), key
        assert all(type(choice) is str for choice in row.get("enum", {})), f"{key}: {row['enum']}"
        if row.get("unit") in ("NL/h", "NL", "rpm", "Foo Bar"):
            assert row["unit"] in manifest["units"]
    assert {c["group"] for c in commands.values()} == {*manifest.get("command_groups", {})}
    for key, row in commands.items():
        reader = row.get("populate_values_command")
        assert reader is None or not any(
            a.get("required") for a in commands[reader].get("arguments", {}).values()), key


def read(world, mapping, *options):
    _, endpoint = world.simulate(mapping, *options)
    result = modbridge("read", "--map", mapping, "--tcp", endpoint, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize("path", MAPS, ids=lambda p: p.stem)
def test_what_a_simulated_device_says_is_declared(world, path):
    check_published(blueprint(path), read(world, path))


def test_corners_are_declared(corners):
    manifest = blueprint(corners)
    check_manifest(manifest)
    types = {key: row["type"] for key, row in manifest["telemetry"].items()}
    assert types == {
        "status": "string", "valve": "boolean", "valve_text": "string", "kind": "string", "free_text": "string",
        "ambient_temperature": "float",  # the profile's type: the register holds whole degrees
        "pieces": "integer", "scaled": "float", "tenfold": "integer", "real": "float", "text_number": "string",
        "half": "float", "whole": "integer", "coil": "boolean", "conn_alerts": "alerts"}
    enums = {key: list(row["enum"]) for key, row in manifest["telemetry"].items() if "enum" in row}
    assert enums == {"status": ["no", "running", "something else"], "valve_text": ["false", "true"],
                     "kind": ["few", "many", "none"]}
    assert manifest["units"].keys() == {"NL/h", "rpm", "Foo Bar"}
    assert manifest["display_name"] == 'Acme Test: 1 # \x85 "quoted" \u00e4'
    assert manifest["properties"]["vendor"] == {"type": "string", "display_name": "Vendor"}
    alerts = manifest["alerts"]
    assert (alerts["e_5"]["code"], alerts["e_6"]["code"]) == ("5", "6..9")
    assert alerts["e_5"]["troubleshooting"] == ["Check: the pump", "yes"]
    assert alerts["hot"] == {"severity": "warning", "display_name": "Hot"}
    assert alerts["partial_failure"] == {"severity": "info", "display_name": "My own"}


def test_commands_of_the_corners(corners):
    manifest = blueprint(corners)
    commands = manifest["commands"]
    assert commands["set_limit"] == {
        "display_name": "Set Limit", "group": "control", "populate_values_command": "get_limit",
        "arguments": {"limit": {"type": "float", "display_name": "Limit (A)", "required": True, "min": 0}}}
    assert commands["switch_mode"]["populate_values_command"] == "get_switch_mode"
    assert list(commands["switch_mode"]["arguments"]["mode"]["enum"]) == ["off", "yes", "3"]
    assert manifest["command_groups"] == {
        "control": {"display_name": "Control"}, "mode___more": {"display_name": "Mode & more"},
        "group_1st": {"display_name": "1st"}}
    assert "populate_values_command" not in commands["enter"]  # nothing can be read
    assert "get_enter" not in commands
    arguments = commands["hold_on"]["arguments"]
    assert arguments["time"] == {"type": "integer", "display_name": "Time (s)", "min": 1, "default": 60}
    assert (arguments["fine_time"]["type"], arguments["fine_time"]["min"]) == ("float", 0.5)
    assert (list(arguments["how"]["enum"]), arguments["how"]["default"]) == (["on", "off"], "off")
    assert arguments["pin"]["sensitive"] is True
    assert arguments["sure"]["default"] is False
    assert arguments["big"]["max"] == 1e20
    assert commands["hold_on"]["confirmation"] == {"severity": "info", "title": "Really?"}


@pytest.mark.parametrize("words", [{0: 0}, {0: 4, 1: 1, 9: 1, 3: 5}, {0: 77, 2: 0xFFFF, 3: 6, 8: 12}])
def test_corners_publish_what_is_declared(world, corners, words):
    values = world.folder / "values.yaml"
    rows = {address: words.get(address, 0) for address in range(30)}
    values.write_text(yaml.safe_dump({"holding": rows, "coil": {1: 1}}))
    seen = read(world, corners, "--values", values)
    assert len(seen["values"]) >= 12
    check_published(blueprint(corners), seen)


def test_name_and_device_of_a_site(world):
    site = world.site({"hydrogen": "map: enapter_el41, tcp: 127.0.0.1"})
    assert blueprint(site, "hydrogen", "--name", "yes")["display_name"] == "yes"
    assert blueprint("enapter_el41")["display_name"] == blueprint(site, "hydrogen")["display_name"]
    for argv in ((site,), (site, "oxygen"), ("enapter_el41", "x"), ()):
        assert modbridge("blueprint", *argv).returncode == 2


@pytest.mark.parametrize("section, row, finding", [
    ("category", "batteries", "1:1: error: category: blueprints have no 'batteries'"),
    ("telemetry", "{status: {holding: 1, type: u16}}", "error: 'status' stands beside the device's name"),
    ("telemetry", "{_x: {holding: 1, type: u16}}", "error: '_x': names in a blueprint begin with a letter"),
    ("commands", "{_x: {steps: [{wait: 1s}]}}", "error: '_x': names in a blueprint begin with a letter"),
])
def test_what_no_blueprint_can_say_is_refused(tmp_path, section, row, finding):
    path = tmp_path / "map.yaml"
    path.write_text(f"modbridge: map/1\n{section}: {row}\n")
    result = modbridge("blueprint", path)
    assert (result.returncode, result.stdout) == (3, "")
    assert finding in result.stderr


def test_reading_twins_fill_the_forms(world):
    """What a form is filled with has the names of its fields, through the bridge as the cloud asks."""
    world.start_broker()
    mapping = MAPPINGS / "enapter_el41.yaml"
    _, endpoint = world.simulate(mapping)
    world.run(world.site({"el": f"map: enapter_el41, tcp: \"{endpoint}\""}))
    world.mqtt.await_payload("v1/from/HW/el/v1/telemetry", lambda p: p.get("status"))
    commands = blueprint(mapping)["commands"]
    twins = {key: row["populate_values_command"] for key, row in commands.items() if "populate_values_command" in row}
    assert len(twins) >= 5
    for key, twin in twins.items():
        state, payload = world.command("el", f"id-{twin}", twin)
        assert state == "completed", (twin, payload)
        [(name, argument)] = commands[key]["arguments"].items()
        assert payload.keys() == {name}
        assert TYPES[argument["type"]](payload[name])


def test_reading_twin_of_a_silent_device(world, corners):
    process, endpoint = world.simulate(corners)
    process.stop()
    result = modbridge("command", "--map", corners, "--tcp", endpoint, "get_limit")
    assert result.returncode == 4
