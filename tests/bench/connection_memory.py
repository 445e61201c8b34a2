# SPDX-License-Identifier: MIT
"""What connections cost in memory: fifty simulated devices published over one plain connection, over one with TLS, and
over fifty with TLS (mutual) to a real mosquitto.

    connection_memory.py PROGRAM [SECONDS]      a release build; SECONDS of running before it is measured, 30 unless given
"""
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from certificates import Authority  # noqa: E402

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
SECONDS = int(sys.argv[2]) if len(sys.argv) > 2 else 30
DEVICES, POINTS = 50, 40
LIMITS_MB = {"one plain connection": 8, "one TLS connection": 12, "fifty TLS connections": 16}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write_site(folder, endpoints, clouds):
    names = list(clouds)
    rows = "".join(
        f'  d{i}: {{map: ./meter.yaml, tcp: "{endpoint}", cloud: {names[i % len(names)]}, hardware_id: HW, channel_id: d{i}}}\n'
        for i, endpoint in enumerate(endpoints))
    path = folder / "site.yaml"
    path.write_text(f"modbridge: site/1\nstate: {folder}/state\ncloud:\n"
                    + "".join(f"  {name}: {{{text}}}\n" for name, text in clouds.items()) + f"devices:\n{rows}")
    return path


def measure(folder, site, count):
    log = folder / "bridge.log"
    with open(log, "w") as out:
        bridge = subprocess.Popen([PROGRAM, "run", site], stderr=out)
    end = time.monotonic() + 60
    while log.read_text().count("connected to") < count:
        if bridge.poll() is not None or time.monotonic() > end:
            sys.exit(log.read_text())
        time.sleep(0.1)
    time.sleep(SECONDS)
    status = pathlib.Path(f"/proc/{bridge.pid}/status").read_text()
    figures = {name: int(re.search(rf"{name}:\s+(\d+)", status).group(1)) for name in
               ("VmHWM", "VmRSS", "RssAnon", "RssFile", "Threads")}
    bridge.send_signal(signal.SIGTERM)
    bridge.wait(10)
    return figures


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        authority = Authority(folder / "authority")
        server, client = authority.issue("server"), authority.issue("client")
        plain, secure = free_port(), free_port()
        (folder / "broker.conf").write_text(
            f"user root\nper_listener_settings true\nlistener {plain} 127.0.0.1\nallow_anonymous true\n"
            f"listener {secure} 127.0.0.1\nallow_anonymous true\ncafile {authority.ca}\nrequire_certificate true\n"
            f"certfile {server[0]}\nkeyfile {server[1]}\n")
        (folder / "meter.yaml").write_text("modbridge: map/1\ntelemetry:\n" + "".join(
            f"  value_{i}: {{holding: {2 * i}, type: f32, every: 1s}}\n" for i in range(POINTS)))
        tls = f'host: localhost, port: {secure}, tls: {{ca: "{authority.ca}", certificate: "{client[0]}", private_key: "{client[1]}"}}'
        children = [subprocess.Popen(["/usr/sbin/mosquitto", "-c", folder / "broker.conf"], stderr=subprocess.DEVNULL)]
        try:
            draft = write_site(folder, [f"127.0.0.1:{20000 + i}" for i in range(DEVICES)], {"c": "host: localhost"})
            simulator = subprocess.Popen([PROGRAM, "simulate", draft], stdout=subprocess.PIPE, text=True)
            children.append(simulator)
            endpoints = [re.search(r'"tcp": ?"([^"]+)"', simulator.stdout.readline()).group(1) for _ in range(DEVICES)]
            cases = {
                "one plain connection": {"c": f"host: localhost, port: {plain}"},
                "one TLS connection": {"c": tls},
                "fifty TLS connections": {f"c{i}": tls for i in range(DEVICES)},
            }
            failed = False
            for case, clouds in cases.items():
                figures = measure(folder, write_site(folder, endpoints, clouds), len(clouds))
                failed |= figures["VmRSS"] > LIMITS_MB[case] * 1024
                print(f"{DEVICES} devices of {POINTS} points, {case}: "
                      + ", ".join(f"{key} {value}" for key, value in figures.items()) + f" (kB; limit {LIMITS_MB[case]} MB)")
            return failed
        finally:
            for child in children:
                child.kill()


sys.exit(main())
