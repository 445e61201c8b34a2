#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""modbridge beside collectd (modbus and mqtt plugins) and Node-RED (node-red-contrib-modbus): the same equipment, the same
broker, one after the other in one run.

    peers.py PROGRAM FARM [--node-red FOLDER] [--seconds N] [--only DEVICESxPOINTS..] [--out FOLDER]

PROGRAM is a release build of modbridge, FARM the program made of farm.c, which plays the equipment with libmodbus. A
counterpart that is not installed is skipped, with a word. Every point is read and published each second. What is counted:
processor time of all the program's threads (scheduler's nanoseconds), resident memory at the end of the window, what the
devices were asked and how often, and what a subscriber got. A loaded machine spoils the times; the processor seconds of one
program against another's in one run it hardly does. FOLDER gets peers.json and peers.svg."""
import argparse
import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import tempfile
import time

import peer_plot
import peer_programs

METER = [("holding", a, "u16") for a in range(10)] + [("holding", 20 + 2 * i, "u32") for i in range(5)] + [
    ("holding", a, "u16") for a in range(60, 65)] + [("holding", 6000 + 2 * i, "f32") for i in range(20)]
INVERTER = [("input", a, "u16") for a in [*range(20), *range(100, 140), *range(150, 160)]] + [
    ("input", 24 + 2 * i, "u32") for i in range(16)] + [("input", 6000 + 2 * i, "f32") for i in range(30)] + [
    ("holding", a, "u16") for a in [*range(24), *range(200, 230)]] + [("holding", 40 + 2 * i, "u32") for i in range(20)] + [
    ("holding", 6000 + 2 * i, "f32") for i in range(10)]
WORKLOADS = [(1, INVERTER), (5, INVERTER), (50, METER), (50, INVERTER), (256, METER)]
START_S = 60


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("farm", type=pathlib.Path)
    parser.add_argument("--node-red", type=pathlib.Path, help="folder where npm installed node-red and node-red-contrib-modbus")
    parser.add_argument("--seconds", type=float, default=15, help="the window that is measured (15)")
    parser.add_argument("--settle", type=float, default=20, help="how long it runs before: commits find the second's end in that time (20)")
    parser.add_argument("--only", nargs="*", help="workloads, such as 1x200 50x40")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("."), help="folder of the results (.)")
    return parser.parse_args()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def free_ports(count):
    """The first of so many ports in a row that nobody has."""
    def is_free(port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) != 0

    return next(first for first in range(23000, 32000, 512) if all(is_free(first + i) for i in range(count)))


def processor_seconds(pid):
    """Of all threads, from the scheduler."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e9


def wakeups(pid):
    """How often its threads began to wait for something."""
    return sum(int((task / "status").read_text().split("\nvoluntary_ctxt_switches:")[1].split()[0])
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


def memory_mb(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {key: round(int(status.split(name)[1].split()[0]) / 1024, 1) for key, name in
            (("resident_mb", "VmRSS:"), ("peak_mb", "VmHWM:"))}


class Stand:
    """Broker, equipment and a subscriber, for all programs of one workload."""

    def __init__(self, farm, folder, devices, points, every="1s"):
        self.devices, self.points, self.folder, self.every = devices, points, folder, every
        self.broker_port, self.port = free_port(), free_ports(devices)
        (folder / "broker.conf").write_text(f"listener {self.broker_port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n")
        self.start_broker()
        self.farm_out = open(folder / "farm.out", "w")
        self.farm = subprocess.Popen([farm, str(self.port), str(devices)], stdout=self.farm_out)
        while not (folder / "farm.out").stat().st_size or not self.broker_listens():
            if self.farm.poll() is not None or self.broker.poll() is not None:
                self.stop()
                raise SystemExit("the farm or the broker did not start")
            time.sleep(0.05)

    def start_broker(self):
        self.broker = subprocess.Popen(["/usr/sbin/mosquitto", "-c", self.folder / "broker.conf"], stderr=subprocess.DEVNULL)

    def restart_broker(self, away_s):
        self.broker.kill()
        self.broker.wait()
        time.sleep(away_s)
        self.start_broker()

    def broker_listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.broker_port)) == 0

    def subscribe(self):
        """Everything that is published goes to a file, and is looked at afterwards."""
        self.sink_out = open(self.folder / "sink.out", "w")
        return subprocess.Popen(["stdbuf", "-oL", "mosquitto_sub", "-p", str(self.broker_port), "-t", "#", "-F", "%U %t %p"],
                                stdout=self.sink_out)

    def asked(self):
        """What the devices were asked since the last time."""
        lines = (self.folder / "farm.out").read_text().count("\n")
        self.farm.send_signal(signal.SIGUSR1)
        while (self.folder / "farm.out").read_text().count("\n") == lines:
            time.sleep(0.02)
        return json.loads((self.folder / "farm.out").read_text().splitlines()[-1])

    def received(self, program, start, begin, end):
        """Points in the window, seconds from the start to the first one and to the first of each, intervals in ms."""
        seen, firsts, last, intervals, count = set(), [], {}, [], 0
        for line in (self.folder / "sink.out").read_text().splitlines():
            moment, topic, payload = line.split(" ", 2)
            moment, names = float(moment), program.points(topic, payload)
            if names and not last:
                firsts.append(moment - start)
            fresh = len(seen)
            seen.update(names)
            if len(seen) == self.devices * len(self.points) != fresh:
                firsts.append(moment - start)
            if begin <= moment < end:
                count += len(names)
                intervals += [(moment - last[name]) * 1000 for name in names if name in last]
            last.update(dict.fromkeys(names, moment))
        return count, firsts, sorted(intervals), len(seen)

    def stop(self):
        for process in (self.farm, self.broker):
            process.terminate()
            process.wait(10)


def end(process):
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for_telemetry(stand, process, settle):
    limit = time.monotonic() + START_S
    while time.monotonic() < limit and (stand.folder / "sink.out").stat().st_size < 1000:
        if process.poll() is not None:
            raise SystemExit("the program ended, see above")
        time.sleep(0.1)
    time.sleep(settle)


def measure(stand, program, seconds, settle):
    with tempfile.TemporaryDirectory(dir=stand.folder) as name:
        argv = program.command(stand, pathlib.Path(name))
        sink = stand.subscribe()
        time.sleep(0.5)
        start = time.time()
        with open(stand.folder / f"{program.name}.log", "w") as log:
            process = subprocess.Popen([str(part) for part in argv], cwd=name, stdout=log, stderr=log)
        try:
            wait_for_telemetry(stand, process, settle)
            stand.asked()
            before, slept, begin = processor_seconds(process.pid), wakeups(process.pid), time.time()
            time.sleep(seconds)
            used, finish = processor_seconds(process.pid) - before, time.time()
            slept = wakeups(process.pid) - slept
            asked, memory = stand.asked(), memory_mb(process.pid)
            threads = len(list(pathlib.Path(f"/proc/{process.pid}/task").iterdir()))
        finally:
            end(process)
            time.sleep(0.3)
            end(sink)
    count, firsts, intervals, seen = stand.received(program, start, begin, finish)
    if not intervals:
        raise SystemExit(f"{program.name} published nothing: {(stand.folder / (program.name + '.log')).read_text()[-2000:]}")
    passed = finish - begin
    return {"program": program.name, "devices": stand.devices, "points": stand.devices * len(stand.points), "points_seen": seen,
            "points_a_second": round(count / passed, 1), "cpu_s_a_minute": round(used / passed * 60, 3),
            "cpu_s_per_10000_points": round(used / count * 1e4, 4), **memory, "threads": threads,
            "wakeups_a_second": round(slept / passed, 1),
            "first_point_s": round(firsts[0], 2), "all_points_s": round(firsts[1], 2) if len(firsts) > 1 else None,
            "requests_a_second": round(asked["requests"] / passed, 1), "refresh_mean_ms": asked["mean_ms"],
            "refresh_p1_ms": asked["p1_ms"], "refresh_p99_ms": asked["p99_ms"],
            "published_every_ms": round(statistics.fmean(intervals), 1),
            "published_sd_ms": round(statistics.pstdev(intervals), 1),
            "published_p99_ms": round(intervals[len(intervals) * 99 // 100], 1), "load": os.getloadavg()[0]}


def tell(row):
    print(f"{row['devices']:4} devices {row['points']:6} points {row['program']:10} {row['cpu_s_per_10000_points']:8.4f} s CPU per "
          f"10,000 points, {row['resident_mb']:6.1f} MB, {row['requests_a_second']:8.1f} requests/s, refresh "
          f"{row['refresh_mean_ms']:.0f} ms (p1 {row['refresh_p1_ms']:.0f}, p99 {row['refresh_p99_ms']:.0f}), published every "
          f"{row['published_every_ms']:.0f} ms (sd {row['published_sd_ms']:.0f}, p99 {row['published_p99_ms']:.0f}), "
          f"first after {row['first_point_s']:.1f} s; load {row['load']:.1f}", flush=True)


def machine():
    model = next(line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line)
    return f"{os.cpu_count()} cores, {model}"


def main():
    options = parse_options()
    programs = []
    for program in (kind(options) for kind in peer_programs.PROGRAMS):
        if program.missing():
            print(f"{program.name}: skipped, {program.missing()}")
        else:
            programs.append(program)
    rows = []
    for devices, points in WORKLOADS:
        if options.only and f"{devices}x{len(points)}" not in options.only:
            continue
        with tempfile.TemporaryDirectory() as name:
            stand = Stand(options.farm.resolve(), pathlib.Path(name), devices, points)
            try:
                for program in programs:
                    rows.append(measure(stand, program, options.seconds, options.settle))
                    tell(rows[-1])
            finally:
                stand.stop()
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "peers.json").write_text(json.dumps(
        {"machine": machine(), "seconds": options.seconds, "versions": {p.name: p.version() for p in programs}, "rows": rows},
        indent=1) + "\n")
    (options.out / "peers.svg").write_text(peer_plot.draw(rows))


if __name__ == "__main__":
    main()
