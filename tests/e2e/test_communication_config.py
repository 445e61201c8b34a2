# SPDX-License-Identifier: MIT
"""What Enapter issues for a standalone device: a file or the environment is all that a site needs. And the secrets in
it, in password files and in keys appear nowhere."""
import base64
import json
import pathlib
import subprocess

import pytest
from certificates import Authority
from conftest import MAPPINGS, MODBRIDGE, Mqtt, await_true, modbridge
from test_tls import Listeners, secure

PASSWORD = "pass-3c0ffee-word"
VARIABLE = "ENAPTER_STANDALONE_COMMUNICATION_CONFIG"
OVERRIDE = "ENAPTER_STANDALONE_COMMUNICATION_OVERRIDE_MQTT_API_HOST"


def encode(config):
    return base64.b64encode(json.dumps(config).encode()).decode()


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "authority")


def version_1(authority, port):
    certificate, key = authority.issue("client")
    return {"mqtt_host": "localhost", "mqtt_port": str(port), "mqtt_ca": authority.ca.read_text(),
            "mqtt_cert": certificate.read_text(), "mqtt_private_key": key.read_text(), "ucm_id": "UCM1",
            "channel_id": "electrolyser"}


def version_3(authority, port):
    certificate, key = authority.issue("client")
    return {"mqtt_host": "localhost", "mqtt_port": port, "mqtt_protocol": "MQTTS", "hardware_id": "HW3",
            "channel_id": "electrolyser", "time_sync_protocol": "NTP", "time_sync_host": "localhost",
            "mqtt_credentials": {"ca_chain": authority.ca.read_text(), "certificate": certificate.read_text(),
                                 "private_key": key.read_text()}}


def without_tls(port):
    return {"mqtt_host": "nowhere.invalid", "mqtt_port": port, "hardware_id": "HW4", "channel_id": "electrolyser",
            "mqtt_credentials": {"protocol": "mqtt", "username": "gateway", "password": PASSWORD}}


def write_site(world, device, clouds=""):
    path = world.folder / "site.yaml"
    path.write_text(f'modbridge: site/1\nmappings: ["{MAPPINGS}"]\nstate: "{world.folder}/state"\n{clouds}'
                    f"devices:\n  electrolyser: {{{device}}}\n")
    return path


def expect_silence(world, secrets):
    """Nothing that was written anywhere holds a secret, whole or in part."""
    written = [path for path in world.folder.glob("*") if path.suffix in (".out", ".err")]
    assert len(written) > 2
    state = world.folder / "state"
    written += [path for path in state.rglob("*") if path.is_file()] if state.exists() else []
    for path in written:
        text = path.read_bytes().decode(errors="replace")
        for secret in secrets:
            assert secret not in text, f"{path} holds a secret"


def lines_of(pem):
    """The lines of a key that are secret."""
    return [line for line in pem.splitlines() if line and not line.startswith("-----")]


@pytest.mark.parametrize("version", [version_1, version_3])
def test_a_file_is_all_a_site_needs(world, authority, version):
    listeners = Listeners(world)
    stranger = authority.issue("stranger", "DNS:other.example.com")  # the name is not verified, as in Enapter's clients
    listeners.start(enapter=secure(*stranger, f"cafile {authority.ca}\nrequire_certificate true"))
    _, endpoint = world.simulate(MAPPINGS / "enapter_el41.yaml")
    config = version(authority, listeners.port("enapter"))
    blob = world.folder / "electrolyser.blob"
    blob.write_text(encode(config) + "\n")
    blob.chmod(0o600)
    site = write_site(world, f'map: enapter_el41, tcp: "{endpoint}", cloud: enapter',
                      "cloud:\n  enapter: {communication_config: electrolyser.blob}\n")
    hardware = config.get("ucm_id", "HW3")
    world.mqtt = Mqtt(listeners.observer)
    bridge = world.run(site)
    world.mqtt.await_payload(f"v1/from/{hardware}/electrolyser/v1/telemetry", lambda p: "status" in p)
    world.mqtt.await_payload(f"v1/from/{hardware}/electrolyser/v1/properties")
    if version is version_1:
        check_ucm(world)
    else:
        assert not any("/ucm/" in topic for topic, _ in world.mqtt.messages)
    assert "warning" not in bridge.log(), "nothing to warn of"
    arguments = pathlib.Path(f"/proc/{bridge.child.pid}/cmdline").read_text()
    bridge.stop()  # one bridge runs a site at a time
    for argv in (["check", "--json", site], ["run", "--dry", site]):
        process = world.start([MODBRIDGE, *argv], argv[0])
        await_true(lambda p=process: p.child.poll() is not None or len(p.lines()) > 3, "some output")
        process.stop()
    key = config.get("mqtt_private_key") or config["mqtt_credentials"]["private_key"]
    secrets = [*lines_of(key), encode(config)[:40]]
    assert not any(secret in arguments for secret in secrets)
    expect_silence(world, secrets)


def check_ucm(world):
    """The second channel of version 1, which says that there is no communication module."""
    properties = world.mqtt.await_payload("v1/from/UCM1/ucm/v1/properties")
    assert properties.pop("timestamp") > 1700000000 and properties == {"virtual": True, "lua_api_ver": 1}
    beats = await_true(lambda: world.mqtt.payloads("v1/from/UCM1/ucm/v1/telemetry")[2:], "three beats")
    assert set(beats[-1]) == {"timestamp", "alerts"} and beats[-1]["alerts"] is None
    world.mqtt.send("v1/to/UCM1/ucm/v1/command/requests", {"id": "r1", "name": "reboot"})
    answer = world.mqtt.await_payload("v1/from/UCM1/ucm/v1/command/responses")
    assert answer["id"] == "r1" and answer["state"] == "error" and "not implemented" in answer["payload"]["message"]


def start_broker_with_password(world):
    passwords = world.folder / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "gateway", PASSWORD], check=True)
    passwords.chmod(0o644)
    listeners = Listeners(world)
    listeners.start(enapter=f"allow_anonymous false\npassword_file {passwords}\n")
    world.mqtt = Mqtt(listeners.observer)
    return listeners


def test_the_environment_is_all_a_site_needs(world, monkeypatch):
    listeners = start_broker_with_password(world)
    _, endpoint = world.simulate(MAPPINGS / "enapter_el41.yaml")
    text = encode(without_tls(listeners.port("enapter")))
    monkeypatch.setenv(VARIABLE, text)
    monkeypatch.setenv(OVERRIDE, "localhost")
    device = f'map: enapter_el41, tcp: "{endpoint}"'
    bridge = world.run(write_site(world, device))
    world.mqtt.await_payload("v1/from/HW4/electrolyser/v1/telemetry", lambda p: "status" in p)
    bridge.stop()
    expect_silence(world, [PASSWORD, text[:40]])
    # The older name is read too, and what the device says itself wins.
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("ENAPTER_VUCM_BLOB", text)
    since = len(world.mqtt.messages)
    world.run(write_site(world, device + ", channel_id: other"))
    world.mqtt.await_payload("v1/from/HW4/other/v1/telemetry", lambda p: "status" in p, since)


def test_a_mistake_in_it_is_told_without_the_secret(world, monkeypatch):
    site = write_site(world, 'map: enapter_el41, tcp: "127.0.0.1:9"')
    good = without_tls(1883)
    cases = {
        "*" + encode(good): "it is not base64: its character 1 is none of",
        encode(good)[:40]: "what it encodes is no JSON",
        encode([PASSWORD]): "what it encodes is no JSON object",
        encode({**good, "mqtt_port": PASSWORD}): "its mqtt_port is none from 1 to 65535",
        encode({**good, "mqtt_host": PASSWORD + "/"}): "its mqtt_host is no host",
        encode({**good, "hardware_id": PASSWORD + "/"}): "its hardware_id is no id",
        encode({**good, "channel_id": None}): "its channel_id is no text, or empty",
        encode({**good, "mqtt_credentials": {"protocol": PASSWORD}}): "its mqtt_protocol is neither MQTT nor MQTTS",
        encode({**good, "mqtt_credentials": PASSWORD}): "it is neither V1 (with ucm_id) nor V3",
        encode({**good, "ucm_id": "U", "mqtt_ca": PASSWORD}): "its mqtt_cert is missing",
        encode({**good, "ucm_id": "U", "mqtt_ca": PASSWORD, "mqtt_cert": "x", "mqtt_private_key": "y"}):
            "its mqtt_ca: there is no certificate in it",
    }
    for text, finding in cases.items():
        monkeypatch.setenv(VARIABLE, text)
        others = [["check", "--json", site], ["run", site]] if text == encode([PASSWORD]) else []
        for argv in (["check", site], *others):
            result = modbridge(*argv)
            seen = result.stdout + result.stderr
            assert result.returncode == 3 and finding in seen and VARIABLE in seen, seen
            assert "--json" in argv or "site.yaml:4:1: error: " in seen
            assert PASSWORD not in seen and text[:40] not in seen


def test_a_wrong_password_is_told_without_it(world):
    listeners = start_broker_with_password(world)
    (world.folder / "plant.password").write_text(PASSWORD + "-and-more\n")
    (world.folder / "plant.password").chmod(0o600)
    site = write_site(world, 'map: enapter_el41, tcp: "127.0.0.1:9", cloud: plant, hardware_id: H, channel_id: c',
                      f"cloud:\n  plant: {{host: localhost, port: {listeners.port('enapter')}, username: gateway, "
                      "password_file: plant.password}\n")
    bridge = world.run(site)
    await_true(lambda: "check username and password_file" in bridge.log(), "the reason")
    bridge.stop()
    expect_silence(world, [PASSWORD])
