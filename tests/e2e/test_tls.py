# SPDX-License-Identifier: MIT
"""Encrypted connections to real brokers: what goes wrong is said in one line that names the cause, and mends without a
restart of the bridge."""
import re
import shutil
import socket
import subprocess
import threading

import pytest
from certificates import Authority
from conftest import MAPPINGS, Mqtt, await_true, free_port, modbridge


class Listeners:
    """A mosquitto with one listener for each name, and an open one for the test itself."""

    def __init__(self, world):
        self.world = world
        self.ports = {}
        self.observer = free_port()

    def port(self, name):
        return self.ports.setdefault(name, free_port())

    def start(self, **options):
        """Options of the listeners, by name; the broker before is stopped."""
        if self.world.broker:
            self.world.broker.stop()
        lines = ["per_listener_settings true", f"listener {self.observer} 127.0.0.1", "allow_anonymous true"]
        for name, text in options.items():
            lines += [f"listener {self.port(name)} 127.0.0.1", "allow_anonymous true", text]
        path = self.world.folder / "brokers.conf"
        path.write_text("user root\n" + "\n".join(lines) + "\n")
        self.world.broker = self.world.start(["/usr/sbin/mosquitto", "-c", path], "broker")
        await_true(lambda: self.world.listens(self.observer), "the broker")


def secure(certificate, key, extra=""):
    return f"certfile {certificate}\nkeyfile {key}\n{extra}"


def write_site(world, clouds):
    """A site with one device, which is not there, for each connection {name: settings}."""
    path = world.folder / "site.yaml"
    path.write_text(
        f'modbridge: site/1\nmappings: ["{MAPPINGS}"]\nstate: "{world.folder}/state"\ncloud:\n'
        + "".join(f"  {name}: {{{settings}}}\n" for name, settings in clouds.items()) + "devices:\n"
        + "".join(f'  on_{name}: {{map: enapter_el21, tcp: "127.0.0.1:9", unit: {unit}, cloud: {name}, hardware_id: HW, '
                  f"channel_id: {name}}}\n" for unit, name in enumerate(clouds, 1)))
    return path


def lines_of(bridge, name):
    return [line for line in bridge.log().splitlines() if re.search(rf"\b{name}: ", line)]


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "authority")


class Server:
    """A listener that is no broker: it answers each caller with some bytes, then holds the line or closes it."""

    def __init__(self, port, answer, reset=False, is_slow=False):
        self.listener = socket.create_server(("127.0.0.1", port))
        self.is_slow = is_slow
        self.answer, self.reset, self.held = answer, reset, []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                caller, _ = self.listener.accept()
            except OSError:
                return
            caller.recv(2000)
            if self.answer:
                caller.sendall(self.answer)
            if self.reset:
                caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                caller.close()
            else:
                self.held.append(caller)

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for caller in self.held:
            caller.close()


# What each connection meets at first, and what its one line must say.
CAUSES = {
    "other_ca": r"does not come from the CA of this connection .*; check ca",
    "expired": r"the broker's certificate expired at \d{4}-\d\d-\d\d .*it needs a new one",
    "other_name": r"certificate is not for localhost but for other\.example\.com; check host",
    "other_address": r"certificate is not for 127\.0\.0\.1 but for other\.example\.com; check host",
    "no_certificate": r"\(certificate required\): it seems to want a certificate of ours: tls: \{certificate, private_key\}",
    "foreign_certificate": r"does not accept our certificate \(unknown CA\)",
    "no_tls": r"TLS handshake; is this a TLS port\?|does not speak TLS; is this a port without TLS\?",
    "not_plain": r"is this a TLS port\?|or is this a TLS port\?",
    "old_tls": r"offers no TLS version from 1\.2 on",
    "silent": r"nothing answers the TLS handshake; is this the TLS port",
    "garbage": r"does not speak TLS; is this a port without TLS\?",
    "stalled": r"nothing answers the TLS handshake",
    "reset": r"closes the connection during the TLS handshake; is this a TLS port\?",
}
SLOW = ["silent", "stalled"]
# The first flight of a server that then says no more: a TLS 1.2 ServerHello that announces more than it sends.
HALF_A_HELLO = bytes.fromhex("160303007a02000076") + b"\3\3" + bytes(20)


def expect_causes(bridge, names):
    """Each has said its cause, and nothing else however often it was tried."""
    for name in names:
        await_true(lambda n=name: lines_of(bridge, n), f"a line of {name}")
        lines = lines_of(bridge, name)
        assert len(lines) == 1 and re.search(CAUSES[name], lines[0]), lines


def start_faults(world, listeners, authority, good):
    other = Authority(world.folder / "other", "Test CA")  # of the same name, with another key
    stranger = secure(*authority.issue("stranger", "DNS:other.example.com"))
    listeners.start(
        other_ca=secure(*other.issue("server")),
        expired=secure(*authority.issue("expired", begin_s=-7200, end_s=-3600)),
        other_name=stranger, other_address=stranger, unchecked=stranger,
        no_certificate=secure(*good, f"cafile {authority.ca}\nrequire_certificate true"),
        foreign_certificate=secure(*good, f"cafile {other.ca}\nrequire_certificate true"),
        no_tls="", not_plain=secure(*good))
    # Without -www it also reads its standard input, and ends a connection before the handshake when that is closed.
    old = world.start(["openssl", "s_server", "-quiet", "-www", "-tls1_1", "-cipher", "ALL@SECLEVEL=0", "-accept",
                       f"127.0.0.1:{listeners.port('old_tls')}", "-cert", good[0], "-key", good[1]], "old")
    old.is_slow = False
    servers = [Server(listeners.port("silent"), b"", is_slow=True), Server(listeners.port("garbage"), b"220 mail ready\r\n"),
               Server(listeners.port("stalled"), HALF_A_HELLO, is_slow=True), Server(listeners.port("reset"), b"", reset=True)]
    return [*servers, old]


def test_every_fault_has_one_line_and_mends_without_a_restart(world, authority):
    listeners = Listeners(world)
    good = authority.issue("server")
    client = authority.issue("client")
    faults = start_faults(world, listeners, authority, good)

    def settings(name):
        host = "127.0.0.1" if name == "other_address" else "localhost"
        tls = f'ca: "{authority.ca}"'
        if name == "foreign_certificate":
            tls += f', certificate: "{client[0]}", private_key: "{client[1]}"'
        if name == "unchecked":
            tls += ", verify_hostname: false"
        rest = "" if name == "not_plain" else f", tls: {{{tls}}}"
        return f"host: {host}, port: {listeners.port(name)}{rest}"

    site = write_site(world, {name: settings(name) for name in [*CAUSES, "unchecked"]})
    bridge = world.run(site)
    expect_causes(bridge, [name for name in CAUSES if name not in SLOW])
    await_true(lambda: any("connected" in line for line in lines_of(bridge, "unchecked")), "the one without check")
    assert "warning: verify_hostname: any server with a certificate of this CA is taken for the broker" in bridge.log()
    # Mended at once, while the waits are short; those that say nothing are only known to after ten seconds.
    slow, quick = [fault for fault in faults if fault.is_slow], [fault for fault in faults if not fault.is_slow]
    options = {name: "" if name == "not_plain" else secure(*good) for name in [*CAUSES, "unchecked"]}
    for fault in quick:
        fault.stop()
    listeners.start(**{name: text for name, text in options.items() if name not in SLOW})
    expect_causes(bridge, SLOW)
    for fault in slow:
        fault.stop()
    listeners.start(**options)
    for name in CAUSES:
        await_true(lambda n=name: "connected to" in lines_of(bridge, n)[-1], f"{name} to be mended", 150)


def test_mutual_tls_carries_telemetry_and_commands(world, authority):
    listeners = Listeners(world)
    server, client = authority.issue("server"), authority.issue("client")
    listeners.start(plant=secure(*server, f"cafile {authority.ca}\nrequire_certificate true"))
    _, endpoint = world.simulate(MAPPINGS / "enapter_el41.yaml")
    settings = (f'host: localhost, port: {listeners.port("plant")}, tls: {{ca: "{authority.ca}", '
                f'certificate: "{client[0]}", private_key: "{client[1]}"}}')
    site = write_site(world, {"plant": settings})
    site.write_text(site.read_text().replace('enapter_el21, tcp: "127.0.0.1:9"', f'enapter_el41, tcp: "{endpoint}"'))
    world.mqtt = Mqtt(listeners.observer)
    bridge = world.run(site)
    world.mqtt.await_payload("v1/from/HW/plant/v1/telemetry", lambda p: "status" in p)
    assert world.command("plant", "1", "locate_on")[0] == "completed"
    assert f"connected to localhost:{listeners.port('plant')} with TLS" in bridge.log()


def test_files_are_read_anew_for_each_attempt(world, authority):
    """A wrong CA file, then one that is away, then the right one: no restart in between."""
    listeners = Listeners(world)
    listeners.start(plant=secure(*authority.issue("server")))
    ca = world.folder / "ca.pem"
    other = Authority(world.folder / "other", "Other CA")
    shutil.copy(other.ca, ca)
    bridge = world.run(write_site(world, {"plant": f'host: localhost, port: {listeners.port("plant")}, '
                                                   f'tls: {{ca: "{ca}"}}'}))
    await_true(lambda: "does not come from the CA" in bridge.log(), "the wrong CA to be told")
    ca.unlink()
    await_true(lambda: f"tls: ca: {ca} cannot be read: No such file" in bridge.log(), "the missing file to be told")
    shutil.copy(authority.ca, ca)
    await_true(lambda: "connected to" in bridge.log(), "the connection")


def test_certificate_that_begins_later(world, authority):
    """What a gateway sees whose clock is still behind."""
    listeners = Listeners(world)
    site = write_site(world, {"plant": f'host: localhost, port: {listeners.port("plant")}, tls: {{ca: "{authority.ca}"}}'})
    for begin_s in (5, 15, 45):  # on a slow machine it is valid before anybody has looked: later, then
        listeners.start(plant=secure(*authority.issue(f"server-{begin_s}", begin_s=begin_s)))
        bridge = world.run(site)
        await_true(lambda: "certificate is not valid" in bridge.log() or "connected to" in bridge.log(), "the cause")
        if "certificate is not valid" in bridge.log():
            break
        bridge.stop()
    assert re.search(r"certificate is not valid before .*; is this gateway's clock right\?", bridge.log()), bridge.log()
    await_true(lambda: "connected to" in bridge.log(), "the connection", 150)


def test_what_a_site_may_not_say(world, authority):
    """Mistakes in files are found where the site is checked, with their place."""
    good, other = authority.issue("client"), authority.issue("other")
    folder = world.folder
    (folder / "garbage.pem").write_text("no PEM at all\n")
    (folder / "damaged.pem").write_text(good[0].read_text().replace("MII", "!!!", 1))
    open_key = folder / "open.key"
    shutil.copy(good[1], open_key)
    open_key.chmod(0o640)
    locked = folder / "locked.key"
    subprocess.run(["openssl", "pkey", "-in", good[1], "-aes256", "-passout", "pass:sesame", "-out", locked],
                   check=True, capture_output=True)
    locked.chmod(0o600)
    ca = f'ca: "{authority.ca}"'
    cases = {
        "ca: garbage.pem": r"4:\d+: error: ca: garbage.pem: there is no certificate in it",
        "ca: damaged.pem": r"4:\d+: error: ca: damaged.pem: a certificate in it is damaged",
        "ca: nowhere.pem": r"4:\d+: error: ca: .*nowhere.pem cannot be read: No such file",
        f'certificate: "{good[0]}"': r"4:\d+: error: tls needs 'ca'",
        f'{ca}, certificate: "{good[0]}"': "certificate: it needs its private_key too",
        f'{ca}, private_key: "{good[1]}"': "private_key: it needs its certificate too",
        f'{ca}, certificate: "{good[0]}", private_key: "{other[1]}"': "the key does not fit the certificate",
        f'{ca}, certificate: "{good[0]}", private_key: open.key': "others than its owner may read .*: chmod 600",
        f'{ca}, certificate: "{good[0]}", private_key: locked.key': "the key is encrypted, and there is nobody to ask",
        f'{ca}, certificate: "{good[0]}", private_key: "{good[0]}"': "others than its owner may read",
        f"{ca}, verify_hostname: maybe": "verify_hostname: write true or false",
    }
    for tls, finding in cases.items():
        path = folder / "site.yaml"
        path.write_text(f'modbridge: site/1\nmappings: ["{MAPPINGS}"]\ncloud:\n  plant: {{host: here, tls: {{{tls}}}}}\n'
                        "devices:\n  a: {map: enapter_el21, tcp: here, cloud: plant, hardware_id: H, channel_id: a}\n")
        result = modbridge("check", path)
        assert result.returncode == 3 and re.search(finding, result.stdout), (tls, result.stdout)
