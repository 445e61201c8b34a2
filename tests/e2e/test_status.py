# SPDX-License-Identifier: MIT
"""The running bridge asked for its status: through the program, and by clients that mean no good."""
import json
import os
import pty
import re
import select
import signal
import socket
import stat
import subprocess
import sys
import time

import pytest
from conftest import MAPPINGS, MODBRIDGE, PATIENCE, await_true, modbridge

TELEMETRY = "v1/from/HW/electrolyser/v1/telemetry"


def control_path(world):
    return world.folder / "state" / "control.sock"


def await_socket(world):
    await_true(lambda: control_path(world).exists(), "the control socket")


def connect(world, seconds=PATIENCE):
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(control_path(world)))  # waits when many do
    client.settimeout(seconds)
    return client


def receive_line(client):
    data = b""
    while not data.endswith(b"\n"):
        piece = client.recv(65536)
        if not piece:
            return data
        data += piece
    return data


def ask(world, request):
    """The answer to a request, as an object."""
    with connect(world) as client:
        client.sendall(request if isinstance(request, bytes) else json.dumps(request).encode() + b"\n")
        return json.loads(receive_line(client))


def status(world):
    result = modbridge("status", world.folder / "site.yaml", "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def await_status(world, accept, what):
    def find():
        now = status(world)
        return now if accept(now) else None

    return await_true(find, what)


def unit_of(whole, device):
    """What is said of a device; without health while its bus has not said anything."""
    unit = next(u for b in whole["buses"] for u in b["units"] if u["device"] == device)
    return {"health": {"state": "unknown"}, **unit}


def start(world, extra=None, map_path=MAPPINGS / "enapter_el41.yaml"):
    world.start_broker()
    world.simulator, world.endpoint = world.simulate(map_path)
    devices = {"electrolyser": f'map: {map_path.stem}, tcp: "{world.endpoint}"', **(extra or {})}
    world.bridge = world.run(world.site(devices))
    world.mqtt.await_payload(TELEMETRY, lambda p: "status" in p)


def test_all_is_well(world):
    start(world)
    def is_well(said):
        bus = said["buses"][0]  # a request may be under way, and a bus of a busy machine late with its word
        return (said["clouds"][0]["connected"] and said["outbox"]["messages"] == 0 and not bus["stale"]
                and bus["requests"] == bus["answers"] > 0)

    whole = await_status(world, is_well, "everything acknowledged, and answered")
    assert whole["site"] == str(world.folder / "site.yaml") and whole["pid"] == world.bridge.child.pid
    assert whole["dry"] is False and whole["running_ms"] > 0
    bus = whole["buses"][0]
    assert bus["place"] == f"tcp {world.endpoint}" and bus["age_ms"] < 5000
    assert bus["link"]["state"] == "open" and bus["link"]["opened"] == 1
    assert 0 < bus["utilisation"] < 1
    unit = unit_of(whole, "electrolyser")
    assert unit["health"]["state"] == "online" and unit["map"] == "enapter_el41" and unit["unit"] == 1
    assert 0 < unit["response_ms"]["mean"] <= unit["response_ms"]["max"]
    assert "last_fault" not in unit and unit["unreadable"] == []
    assert whole["outbox"]["dropped"] == 0
    text = modbridge("status", world.folder / "site.yaml").stdout
    assert re.search(r"^     1  electrolyser  online for ", text, re.M), text
    assert f"cloud here: 127.0.0.1:{world.port} connected for" in text
    assert "\033" not in text, "colours are for terminals"
    # Without a site: by the environment, and in the folder one stands in.
    found = subprocess.run([MODBRIDGE, "status"], cwd=world.folder, capture_output=True, text=True, timeout=60)
    assert found.returncode == 0 and "electrolyser" in found.stdout
    named = subprocess.run([MODBRIDGE, "status"], cwd="/", capture_output=True, text=True, timeout=60,
                           env={**os.environ, "RUNTIME_DIRECTORY": str(world.folder / "state")})
    assert named.returncode == 0 and "electrolyser" in named.stdout


def is_silent(endpoint):
    """Whether a device keeps a question to itself."""
    host, port = endpoint.split(":")
    with socket.create_connection((host, int(port)), 3) as client:
        try:
            client.sendall(bytes.fromhex("000100000006010400000001"))
            return not client.recv(260)
        except OSError:
            return True


def test_a_command_in_progress_is_seen(world):
    # It is away until it is started anew: the command lasts as long as it takes to look at it.
    away = world.folder / "away.yaml"
    away.write_text((MAPPINGS / "enapter_el41.yaml").read_text().replace("silent: 3s", "silent: 1h"))
    start(world, map_path=away)
    world.mqtt.send("v1/to/HW/electrolyser/v1/command/requests", {"id": "long", "name": "reboot"})
    whole = await_status(world, lambda s: "command" in unit_of(s, "electrolyser") and s["commands"], "the command to run")
    assert unit_of(whole, "electrolyser")["command"]["name"] == "reboot"
    text = modbridge("status", world.folder / "site.yaml").stdout
    assert "command reboot runs for" in text
    assert re.search(r"^commands in progress:\n  electrolyser reboot: runs for .* \(from the cloud, id long\)", text, re.M), text
    (command,) = whole["commands"]
    assert (command["id"], command["state"], command["origin"]) == ("long", "running", "cloud")
    assert command["device"] == "electrolyser" and command["received_age_ms"] >= command["started_age_ms"]
    await_true(lambda: is_silent(world.endpoint), "the device to be away")
    world.simulator.stop()
    world.simulate(away, listen=world.endpoint)
    world.mqtt.send("v1/to/HW/electrolyser/v1/command/requests", {"id": "next", "name": "locate_on"})
    world.mqtt.send("v1/to/HW/electrolyser/v1/command/requests", {"id": "odd", "name": "locate_onn"})
    whole = await_status(world, lambda s: [c["state"] for c in s["commands"]] == ["completed", "completed", "error"],
                         "all three to be over")
    assert "unknown command 'locate_onn'" in whole["commands"][2]["message"]
    assert whole["commands"][1]["started_age_ms"] <= whole["commands"][0]["finished_age_ms"], "one after the other"
    assert [c["name"] for c in whole["commands"]] == ["reboot", "locate_on", "locate_onn"]
    assert any("two minutes" in line["text"] for line in whole["commands"][0]["log"]), whole["commands"][0]
    assert whole["commands"][0]["finished_age_ms"] < whole["commands"][0]["started_age_ms"]


def test_dead_device_and_dead_broker(world):
    start(world, {"dead": 'map: enapter_el21, tcp: "127.0.0.1:9"'})
    def is_told(said):
        return unit_of(said, "dead")["health"]["state"] == "offline" and unit_of(said, "electrolyser")["health"]["state"] == "online"

    whole = await_status(world, is_told, "a dead device and another one")
    bus = next(b for b in whole["buses"] if b["name"] == "dead")
    assert bus["link"]["state"] == "failed" and "127.0.0.1" in bus["link"]["reason"]
    assert unit_of(whole, "dead")["health"]["next_probe_in_ms"] >= 0
    world.mqtt.close()
    world.broker.stop()
    whole = await_status(world, lambda s: not s["clouds"][0]["connected"] and s["outbox"]["messages"] > 1,
                         "messages to pile up")
    assert whole["clouds"][0]["reason"] and whole["clouds"][0]["retry_in_ms"] >= 0
    await_status(world, lambda s: s["outbox"]["oldest_age_ms"] >= 4000, "the oldest message to grow old")
    text = modbridge("status", world.folder / "site.yaml").stdout
    assert "OFFLINE for" in text and "link FAILED for" in text and "NOT CONNECTED for" in text, text
    assert re.search(r"^outbox: \d+ messages, .* the oldest is \d.* old, ", text, re.M), text


def test_what_a_silent_unit_takes_of_its_bus(world):
    """The simulator answers to unit 1 only, and for the other one as a gateway would; not at once: its share is to be seen."""
    (world.folder / "slow.yaml").write_text("faults:\n  - {latency: 30ms}\n")
    simulator, endpoint = world.simulate(MAPPINGS / "enapter_el41.yaml", "--unit", "1", "--faults", world.folder / "slow.yaml")
    site = world.site({"here": "map: enapter_el41, bus: line, unit: 1",
                       "mute": "map: enapter_el41, bus: line, unit: 9, modbus: {timeout: 200ms}"})
    site.write_text(site.read_text().replace("devices:", f'buses:\n  line: {{tcp: "{endpoint}"}}\ndevices:'))
    world.run(site)
    await_socket(world)
    def is_told(said):
        return (said["buses"][0].get("dead_share", 0) > 0 and unit_of(said, "mute")["health"]["state"] == "offline"
                and unit_of(said, "here")["health"]["state"] == "online")

    whole = await_status(world, is_told, "time spent on the silent one, the other online")
    (bus,) = whole["buses"]
    assert bus["dead_share"] <= bus["utilisation"]
    assert " % for devices that are offline, " in modbridge("status", site).stdout
    assert simulator.child.poll() is None


def test_a_bus_that_hangs_is_not_waited_for(world):
    """It accepts and says nothing: its last word is shown, and said to be old."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        bridge = world.run(world.site({"mute": f'map: enapter_el41, tcp: "{place}", modbus: {{timeout: 60s}}'}))
        await_socket(world)
        whole = await_status(world, lambda s: s["buses"][0]["stale"], "a bus that does not answer")
        assert whole["buses"][0]["units"][0]["device"] == "mute"
        answered = time.monotonic()
        assert status(world)["buses"][0]["stale"]
        assert time.monotonic() - answered < 45, "answered long before the bus is"
        assert "this bus does not answer now" in modbridge("status", world.folder / "site.yaml").stdout
        assert bridge.child.poll() is None


def test_requests_that_are_none(world):
    world.run(world.site({"electrolyser": 'map: enapter_el41, tcp: "127.0.0.1:9"'}))
    await_socket(world)
    assert ask(world, {"request": "status", "id": 7}).keys() == {"control", "id", "request", "result"}
    assert ask(world, {"request": "status", "id": "a b"})["id"] == "a b"
    for request, words in {
        b"hello\n": "not JSON",
        b"\n": "not JSON",
        b'{"request":"stauts"}\n': "did you mean 'status'",
        b'{"request":7}\n': "a request is an object",
        b'{"request":"status","request":"status"}\n': "duplicate",
        b'{"request":"status","id":{}}\n': "id: a text or a whole number",
        b'{"request":"st\xffatus"}\n': "not JSON",
        b"[" * 1000 + b"\n": "nested deeper",
        b"\x00\x01\x02\n": "not JSON",
        b"x" * 70000 + b"\n": "at most 65536 are read",
    }.items():
        answer = ask(world, request)
        assert answer["control"] == 1 and words in answer["error"], (request[:40], answer)
    with connect(world) as client:  # several lines at once, and the writing side closed after them
        client.sendall(b'{"request":"status","id":1}\nno\n{"request":"status","id":2}\n')
        client.shutdown(socket.SHUT_WR)
        lines = b""
        while piece := client.recv(65536):
            lines += piece
    answers = [json.loads(line) for line in lines.splitlines()]
    assert [a.get("id") for a in answers] == [1, None, 2] and "error" in answers[1]


def hostile_clients(world):
    """Garbage, a line without end, connections without number, somebody who never reads."""
    clients = []
    for i in range(100):
        client = connect(world)
        clients.append(client)
        if i % 3 == 0:
            client.sendall(os.urandom(500))
    endless = connect(world)
    try:
        endless.sendall(b"a" * 1000000)
        while endless.recv(4096):
            pass
    except OSError:
        pass  # thrown out
    deaf = connect(world)
    deaf.setblocking(False)
    try:
        for _ in range(100000):
            deaf.send(b'{"request":"status"}\n')
    except BlockingIOError:
        pass  # nobody takes more from it
    return [*clients, endless, deaf]


def test_hostile_clients_stop_nothing(world):
    start(world)
    since = len(world.mqtt.messages)
    clients = []
    for _ in range(3):
        clients += hostile_clients(world)
        assert ask(world, {"request": "status"})["result"]["buses"][0]["link"]["state"] == "open"
    await_true(lambda: len(world.mqtt.payloads(TELEMETRY, since)) >= 4, "telemetry goes on")
    stamps = [p["timestamp"] for p in world.mqtt.payloads(TELEMETRY, since)]
    assert all("status" in p for p in world.mqtt.payloads(TELEMETRY, since)), "every reading arrived"
    assert stamps == sorted(set(stamps))
    assert len(os.listdir(f"/proc/{world.bridge.child.pid}/fd")) < 60
    for client in clients:
        client.close()
    bus = status(world)["buses"][0]
    assert bus["missed"] <= 2 or bus["missed"] < bus["requests"] / 10, "no more than what a busy machine makes"


def test_only_its_user_and_root_may_ask(world):
    world.run(world.site({"electrolyser": 'map: enapter_el41, tcp: "127.0.0.1:9"'}))
    await_socket(world)
    assert stat.S_IMODE(control_path(world).stat().st_mode) == 0o600
    assert not control_path(world).with_name("control.soc~").exists()
    if os.geteuid() != 0:
        pytest.skip("needs root to be somebody else")
    # Even when somebody opens the file and all folders to everybody.
    for folder in [world.folder, *world.folder.parents]:
        if str(folder).startswith("/tmp/") and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    control_path(world).parent.chmod(0o711)
    control_path(world).chmod(0o666)
    script = ("import os, socket, sys; os.setgid(65534); os.setuid(65534); c = socket.socket(socket.AF_UNIX); "
              "c.settimeout(20); c.connect(sys.argv[1]); print(c.recv(65536).decode())")
    result = subprocess.run([sys.executable, "-c", script, control_path(world)], capture_output=True, text=True, timeout=60)
    assert "only the user that runs modbridge and root may ask" in result.stdout, result
    assert "buses" not in result.stdout
    assert "result" in ask(world, {"request": "status"})


def test_one_bridge_a_site_and_the_socket_of_a_dead_one(world):
    site = world.site({"electrolyser": 'map: enapter_el41, tcp: "127.0.0.1:9"'})
    first = world.run(site)
    await_socket(world)
    second = modbridge("run", site)
    assert second.returncode == 1
    assert "another modbridge runs this site" in second.stderr and str(first.child.pid) in second.stderr
    assert status(world)["pid"] == first.child.pid, "the first one is not disturbed"
    first.child.kill()
    first.child.wait()
    assert control_path(world).exists()
    none = modbridge("status", site)
    assert none.returncode == 1 and "no modbridge answers" in none.stderr
    assert f"{control_path(world)} (nobody listens)" in none.stderr and "modbridge run" in none.stderr
    third = world.run(site)
    await_true(lambda: modbridge("status", site).returncode == 0, "the socket to be replaced")
    assert status(world)["pid"] == third.child.pid
    third.stop()
    assert not control_path(world).exists(), "removed by an orderly stop"


def test_where_it_does_not_run(world):
    site = world.site({"electrolyser": 'map: enapter_el41, tcp: "127.0.0.1:9"'})
    assert modbridge("status", "a", "b").returncode == 2
    assert modbridge("status", world.folder / "none.yaml").returncode == 3
    result = modbridge("status", site)
    assert result.returncode == 1 and "no socket there" in result.stderr and result.stdout == ""
    deep = world.folder / ("d" * 90)
    deep.mkdir()
    site.write_text(site.read_text().replace(f'state: "{world.folder}/state"', f'state: "{deep}"'))
    bridge = world.run(site)
    await_true(lambda: "may have 107 bytes" in bridge.log(), "a word about the path")
    assert bridge.child.poll() is None, "it works without the socket"


class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, argv, columns=100, rows=40, environment=None):
        self.child, self.master = pty.fork()
        if self.child == 0:
            os.environ.update(environment or {}, TERM="xterm", COLUMNS="")
            import fcntl
            import struct
            import termios
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execv(argv[0], [str(a) for a in argv])
        self.text = ""

    def read(self, until, seconds=PATIENCE):
        end = time.monotonic() + seconds
        while not until(self.text):
            assert time.monotonic() < end, self.text
            if select.select([self.master], [], [], 1)[0]:
                try:
                    piece = os.read(self.master, 65536).decode()
                except OSError:  # its other end is closed
                    piece = ""
                if not piece:
                    break
                self.text += piece
        return self.text

    def write(self, data):
        os.write(self.master, data)

    def wait(self):
        self.read(lambda _: False)
        return os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])


def test_on_a_terminal(world):
    start(world, {"dead": 'map: enapter_el21, tcp: "127.0.0.1:9"'})
    await_status(world, lambda s: unit_of(s, "dead")["health"]["state"] == "offline", "a dead device")
    site = world.folder / "site.yaml"
    once = Terminal([MODBRIDGE, "status", site])
    assert once.wait() == 0
    assert "\033[32monline for" in once.text and "\033[1;31mOFFLINE for" in once.text
    plain = Terminal([MODBRIDGE, "status", site], environment={"NO_COLOR": "1"})
    assert plain.wait() == 0 and "\033" not in plain.text
    watched = Terminal([MODBRIDGE, "status", site, "--watch"], columns=60, rows=8)
    watched.read(lambda text: text.count("\033[H") >= 3)
    watched.write(b"\x03")  # Ctrl-C
    assert watched.wait() == 0
    screens = watched.text.split("\033[H")[1:]
    assert all(s.count("\n") <= 8 for s in screens), "no screen is higher than the terminal"
    for line in "".join(screens).replace("^C", "").splitlines():
        assert len(re.sub(r"\033\[[0-9;]*[A-Za-z]", "", line)) <= 60, line
    piped = world.start([MODBRIDGE, "status", site, "--watch"], "watch")
    await_true(lambda: piped.out.read_text().count("modbridge ") >= 2, "two rounds")
    assert piped.stop(signal.SIGINT) == 0 and "\033" not in piped.out.read_text()
