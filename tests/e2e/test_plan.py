# SPDX-License-Identifier: MIT
"""`modbridge plan`: what it says of a site is worked out by hand here, from the line's figures."""
import json

import pytest
from conftest import modbridge

METER = """modbridge: map/1
vendor: Acme
model: Meter
modbus: {every: 1s, timeout: 500ms, merge_gap: %s}
telemetry:
  voltage: {holding: 0, type: u16, unit: V}
  current: {holding: 1, type: u16, unit: A}
  power: {holding: 6, type: u32, unit: W, every: 5s}
registers:
  model_code: {input: 0, type: u16, every: connect}
properties:
  meter_type: {from: model_code}
"""
SITE = """modbridge: site/1
buses:
  cabinet: {rtu: /dev/ttyUSB0, baud: 9600}
  moxa: {rtu_over_tcp: "10.0.0.3:4001", baud: 38400}
devices:
  left: {map: meter, bus: cabinet, unit: 3}
  right: {map: meter, bus: cabinet, unit: 4, modbus: {min_gap: 50ms}}
  far: {map: meter, bus: moxa, unit: 9}
  near: {map: meter, tcp: 192.168.1.61}
"""
CHARACTER_MS = 1000 * 10 / 9600
SILENCE_MS = 2 * 4.011  # 3.5 characters of 11 bits


@pytest.fixture
def plant(tmp_path):
    (tmp_path / "meter.yaml").write_text(METER % "0")
    (tmp_path / "site.yaml").write_text(SITE)
    return tmp_path


def plan(folder, *options):
    result = modbridge("plan", "site.yaml", "--json", *options, cwd=folder)
    assert result.returncode == 0, result.stderr
    return {bus["name"]: bus for bus in json.loads(result.stdout)["buses"]}


def test_requests_and_their_time(plant):
    buses = plan(plant, "--response", "20ms")
    assert list(buses) == ["cabinet", "moxa", "near"]
    left = [r for r in buses["cabinet"]["requests"] if r["device"] == "left"]
    assert [(r["unit"], r["table"], r["address"], r["count"], r["every_ms"]) for r in left] == [
        (3, "holding", 0, 2, 1000), (3, "holding", 6, 2, 5000), (3, "input", 0, 1, None)]
    expected = (8 + 5 + 4) * CHARACTER_MS + SILENCE_MS + 20
    assert left[0]["wire_ms"] == pytest.approx(expected, abs=0.01)
    assert left[0]["entries"] == ["voltage", "current"]
    right = [r for r in buses["cabinet"]["requests"] if r["device"] == "right"]
    assert right[0]["wire_ms"] == pytest.approx(expected + 50 - SILENCE_MS / 2, abs=0.01)
    far = buses["moxa"]["requests"][0]
    assert far["wire_ms"] == pytest.approx((8 + 5 + 4) * 10 / 38.4 + 2 * 1.75 + 20, abs=0.01)
    assert 20 < buses["near"]["requests"][0]["wire_ms"] < 20.1


def test_load_refresh_and_delays(plant):
    bus = plan(plant, "--response", "20ms")["cabinet"]
    returning = [r for r in bus["requests"] if r["every_ms"]]
    assert bus["utilisation"] == pytest.approx(sum(r["wire_ms"] / r["every_ms"] for r in returning), abs=1e-4)
    assert bus["cycle_ms"] == pytest.approx(sum(r["wire_ms"] for r in returning), abs=0.01)
    refresh = {e["key"]: e["refresh_ms"] for e in bus["entries"] if e["device"] == "left"}
    assert refresh == {"voltage": 1000, "current": 1000, "power": 5000, "model_code": None}
    assert bus["command_latency_all_answer_ms"] == max(r["wire_ms"] for r in bus["requests"])
    silent = 13 * CHARACTER_MS + SILENCE_MS + 500 + 50 - SILENCE_MS / 2  # the right one, with its pause
    assert bus["command_latency_ms"] == pytest.approx(silent, abs=0.01)
    left, right = bus["devices"]
    alone = sum(r["wire_ms"] for r in returning if r["device"] == "right")
    assert left["while_dead"]["cycle_ms"] == pytest.approx(alone / 0.95, abs=0.01)
    assert left["while_dead"]["utilisation"] == right["utilisation"]
    assert bus["warnings"] == []


def test_what_auto_would_save(plant):
    (plant / "meter.yaml").write_text((METER % "0").replace(", every: 5s", ""))
    saves = plan(plant)["near"]["devices"][0]["merge_gap_auto_saves"]
    assert saves["requests"] == 1 and saves["cycle_ms"] == pytest.approx(10, abs=0.1)
    (plant / "meter.yaml").write_text(METER % "auto")
    near = plan(plant)["near"]
    # Different periods have their own requests.
    assert [(r["address"], r["count"]) for r in near["requests"] if r["table"] == "holding"] == [(0, 2), (6, 2)]


def test_auto_joins_what_is_cheaper_together(plant):
    (plant / "meter.yaml").write_text((METER % "auto").replace(", every: 5s", ""))
    buses = plan(plant)
    for name in ("cabinet", "moxa", "near"):
        read = [(r["address"], r["count"]) for r in buses[name]["requests"] if r["table"] == "holding"]
        assert set(read) == {(0, 8)}, name
        assert all("merge_gap_auto_saves" not in d for d in buses[name]["devices"])


def test_a_bus_that_cannot_keep_its_periods(plant):
    site = (plant / "site.yaml").read_text().replace("unit: 3}", "unit: 3, modbus: {every: 20ms}}")
    (plant / "site.yaml").write_text(site)
    bus = plan(plant)["cabinet"]
    assert bus["utilisation"] > 1
    assert "what is read from 'left' every 20 ms should be read every" in bus["warnings"][0]
    fast = next(r for r in bus["requests"] if r["device"] == "left")
    assert fast["refresh_ms"] > 20
    # As often as it can: the line is full.
    text = modbridge("plan", "site.yaml", cwd=plant).stdout
    assert " ".join(text.split()).count(f"warning: {bus['warnings'][0]}") == 1
    assert max(map(len, text.splitlines())) <= 100
    served = sum(r["wire_ms"] / r["refresh_ms"] for r in bus["requests"] if r["refresh_ms"])
    assert served == pytest.approx(1, abs=1e-3)
    checked = modbridge("check", "site.yaml", cwd=plant)
    assert checked.returncode == 0
    assert checked.stdout == f"site.yaml:3:3: warning: {bus['warnings'][0]}\n"
    # What it advises is enough.
    advised = bus["warnings"][0].split("should be read every ")[1].split(";")[0].replace(" ", "")
    (plant / "site.yaml").write_text(site.replace("20ms", advised))
    assert plan(plant)["cabinet"]["warnings"] == []


def test_text_fits_a_terminal(plant):
    (plant / "meter.yaml").write_text((METER % "0").replace(", every: 5s", ""))
    result = modbridge("plan", "site.yaml", "--entries", cwd=plant)
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 100
    for wanted in ("bus cabinet: RTU /dev/ttyUSB0, 9600 baud 8N1", "bus moxa: RTU over TCP 10.0.0.3:4001, 38400 baud 8N1",
                   "bus near: TCP 192.168.1.61:502", "  left.power: 1.00 s", "  left.model_code: once per connection"):
        assert wanted in lines
    assert any(line.startswith("  merge_gap: auto would save") for line in lines)
    assert any(line.startswith("  left      3 holding  0..1 ") for line in lines), result.stdout


def test_messages_and_what_they_write(plant):
    site = SITE + "    cloud: here\n    hardware_id: HW\n    channel_id: near\n"
    site = site.replace("near: {map: meter, tcp: 192.168.1.61}", "near:\n    map: meter\n    tcp: 192.168.1.61")
    cloud = "cloud: {here: {host: localhost}}\n"

    def outbox(head=""):
        (plant / "site.yaml").write_text(site.replace("buses:", cloud + head + "buses:"))
        result = modbridge("plan", "site.yaml", "--json", cwd=plant)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)["outbox"], modbridge("plan", "site.yaml", cwd=plant).stdout

    now, text = outbox()
    assert now["messages_per_second"] == 1 and now["write"] == "always" and now["is_kept"] is True
    assert now["always"]["gb_per_day"] == pytest.approx(8192 * 86400 / 1e9, abs=0.001)
    assert now["spill"]["gb_per_day"] == 0 < now["spill"]["outage_gb_per_day"] == now["always"]["outage_gb_per_day"]
    lines = text.splitlines()
    assert max(map(len, lines)) <= 100
    assert f"outbox: at most 1 message a second, of about {now['message_bytes']} bytes" in lines
    written = [line for line in lines if line.startswith("  write: ")]
    assert len(written) == 2 and "always writes 0.71 GB a day" in written[0] and written[0].endswith("(this site)")
    spilled, text = outbox("outbox: {write: spill}\n")
    assert spilled == {**now, "write": "spill"}
    assert text.splitlines()[-2].startswith("  write: spill ") and text.splitlines()[-2].endswith("(this site)")
    slow, _ = outbox("publish: {interval: 10s}\n")
    assert slow["messages_per_second"] == 0.1 and slow["always"]["gb_per_day"] == pytest.approx(0.071, abs=0.001)
    unkept, text = outbox("outbox: {replay: false}\n")
    assert unkept["is_kept"] is False and unkept["always"] == {"gb_per_day": 0, "outage_gb_per_day": 0}
    assert text.splitlines()[-1].endswith("nothing of it is written to the storage")
    (plant / "site.yaml").write_text(SITE)
    assert "outbox:" not in modbridge("plan", "site.yaml", cwd=plant).stdout, "nothing is published"


def test_what_is_refused(plant):
    assert modbridge("plan", cwd=plant).returncode == 2
    wrong = modbridge("plan", "site.yaml", "--response", "soon", cwd=plant)
    assert wrong.returncode == 2 and "--response takes a time" in wrong.stderr
    assert modbridge("plan", "meter.yaml", cwd=plant).returncode == 3
