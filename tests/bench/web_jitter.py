# SPDX-License-Identifier: MIT
"""What fifty watchers of the local page cost the polling: the gaps between a device's readings with nobody watching and with
fifty, one after the other and again, with a release build.

    web_jitter.py FOLDER_OF_PROGRAMS [--seconds N] [--watchers N]

A recorder stands between bridge and simulator and notes when each request comes. Printed are percentiles of how far the gap
between two requests of the same block is from its period, and the processor time of bridge and page."""
import argparse
import collections
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading
import time

MAPPINGS = pathlib.Path(__file__).resolve().parents[2] / "mappings"
DEVICES = ["enapter_el41", "deye_sunsynk_3phase", "eastron_sdm630"]


class Tap:
    """Passes bytes between bridge and device; notes when each request came."""

    def __init__(self, target):
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.seen = collections.defaultdict(list)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            near, _ = self.listener.accept()
            host, port = self.target.rsplit(":", 1)
            far = socket.create_connection((host, int(port)))
            for side in (near, far):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.copy, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self.copy, args=(far, near, False), daemon=True).start()

    def copy(self, source, sink, notes):
        try:
            while data := source.recv(4096):
                if notes:
                    self.seen[data[6:12]].append(time.monotonic())
                sink.sendall(data)
        except OSError:
            pass
        sink.close()


def processor_seconds(child):
    fields = pathlib.Path(f"/proc/{child.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def watch(port, stop, counts, index):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    client.request("GET", "/api/events")
    response = client.getresponse()
    while not stop.is_set() and (line := response.readline()):
        counts[index] += line.startswith(b"data: ")
    client.close()


def deviations(taps, begin, end):
    """How far each gap is from the middle gap of its block, in milliseconds."""
    found = []
    for tap in taps:
        for stamps in tap.seen.values():
            inside = [s for s in stamps if begin <= s <= end]
            gaps = [b - a for a, b in zip(inside, inside[1:])]
            if len(gaps) > 5:
                middle = sorted(gaps)[len(gaps) // 2]
                found += [abs(gap - middle) * 1000 for gap in gaps]
    return sorted(found)


def measure(name, taps, children, seconds):
    used = [processor_seconds(child) for child in children]
    begin = time.monotonic()
    time.sleep(seconds)
    found = deviations(taps, begin, time.monotonic())
    bridge, page = (processor_seconds(child) - before for child, before in zip(children, used))
    at = {p: found[min(len(found) - 1, int(len(found) * p / 100))] for p in (50, 90, 99, 100)}
    print(f"{name:12} {len(found):6} gaps; off by {at[50]:6.2f} ms at the median, {at[90]:6.2f} at 90 %, {at[99]:6.2f} at 99 %, "
          f"{at[100]:7.2f} at most; processor: bridge {100 * bridge / seconds:5.2f} %, page {100 * page / seconds:5.2f} %", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--watchers", type=int, default=50)
    options = parser.parse_args()
    children, taps = [], []
    with tempfile.TemporaryDirectory() as folder:
        rows = ""
        for name in DEVICES:
            simulator = subprocess.Popen([options.programs / "modbridge", "simulate", MAPPINGS / f"{name}.yaml"], stdout=subprocess.PIPE,
                                         stderr=subprocess.DEVNULL, text=True)
            children.append(simulator)
            taps.append(Tap(json.loads(simulator.stdout.readline())["tcp"]))
            rows += f'  {name}: {{map: {name}, tcp: "127.0.0.1:{taps[-1].port}"}}\n'
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        site = pathlib.Path(folder) / "site.yaml"
        site.write_text(f'modbridge: site/1\nmappings: ["{MAPPINGS}"]\nweb: {{listen: "127.0.0.1:{port}"}}\ndevices:\n{rows}')
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        bridge = subprocess.Popen([options.programs / "modbridge", "run", site, "--dry"], **quiet)
        page = subprocess.Popen([options.programs / "modbridge-web", site], **quiet)
        children += [bridge, page]
        try:
            time.sleep(8)
            for turn in range(2):
                measure("nobody", taps, (bridge, page), options.seconds)
                stop, counts = threading.Event(), [0] * options.watchers
                watchers = [threading.Thread(target=watch, args=(port, stop, counts, i)) for i in range(options.watchers)]
                for watcher in watchers:
                    watcher.start()
                time.sleep(2)
                measure(f"{options.watchers} watch", taps, (bridge, page), options.seconds)
                stop.set()
                for watcher in watchers:
                    watcher.join()
                print(f"             events to each: {min(counts)} to {max(counts)}")
        finally:
            for child in reversed(children):
                child.send_signal(signal.SIGTERM)
            for child in children:
                child.wait()


main()
