#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the bus engine does with a line's time: `bus.py [options] PROGRAM [serial] [dead] [endpoints] [command] [door]`.

PROGRAM is a release build of modbridge; it plays the devices (`simulate`, paced at the baud rate) and is the bridge. Not part of
the tests: figures are for people, and a loaded machine spoils them."""
import argparse
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time

import command_latency

BAUD, CHARACTER = 9600, 10 / 9600  # 8N1
UNITS, TIMEOUT_MS = 8, 500
# 30 points in clusters with gaps, as meters have them: (address, type)
POINTS = ([(a, "u16") for a in range(10)] + [(14 + 2 * i, "u32") for i in range(6)] +
          [(40 + i, "u16") for i in range(8)] + [(600 + 2 * i, "f32") for i in range(6)])
WORDS = {"u16": 1, "u32": 2, "f32": 2}


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, epilog="""\
benches, all of them unless named:
  serial     full refresh of 8 units x 30 points at 9600 baud against the least possible, silences kept
  dead       the same with one unit dead, after two minutes
  endpoints  256 TCP endpoints polled at 1 s: processor time, memory, jitter
  command    from a request's publication to its first frame on a busy line; needs mosquitto and paho
  door       the same, and what polls and others get of the time, beside masters who never stop asking""")
    parser.add_argument("program", type=pathlib.Path, metavar="PROGRAM", help="a release build of modbridge")
    parser.add_argument("benches", nargs="*", metavar="BENCH", help="which, in this order")
    parser.add_argument("--seconds", type=float, default=20, help="how long a line is watched (20)")
    parser.add_argument("--commands", type=int, default=200, help="how many are sent in each case (200)")
    options = parser.parse_args()
    for name in options.benches:
        if name not in BENCHES:
            parser.error(f"there is no bench {name}; there are {', '.join(BENCHES)}")
    if not os.access(options.program, os.X_OK):
        parser.error(f"{options.program} is not a program")
    if options.commands < 1 or options.seconds <= 0:
        parser.error("--commands and --seconds are at least 1")
    return options


def least_cycle():
    """Seconds of the cheapest requests for the points of one unit: 8 characters of request, 5 and two a register of
    answer, 3.5 of silence after each; every way to cut the sorted points is tried (dynamic programming)."""
    best = [0.0]
    for last in range(len(POINTS)):
        end = POINTS[last][0] + WORDS[POINTS[last][1]]
        best.append(min(best[first] + 20 + 2 * (end - POINTS[first][0]) for first in range(last + 1)
                        if end - POINTS[first][0] <= 125))
    return best[-1] * CHARACTER


def write_map(folder, every):
    lines = ["modbridge: map/1", "vendor: Bench", "model: Meter", f"modbus: {{merge_gap: auto, timeout: {TIMEOUT_MS}ms}}",
             "telemetry:"]
    lines += [f"  p{a}: {{holding: {a}, type: {t}, every: {every}}}" for a, t in POINTS]
    (folder / "meter.yaml").write_text("\n".join(lines) + "\n")


class Stand:
    """A simulator and a bridge on the same site."""

    def __init__(self, folder, faults=None, listen=None):
        argv = [PROGRAM, "simulate", folder / "site.yaml", "--links", folder]
        argv += ["--faults", faults] if faults else []
        argv += ["--listen", listen] if listen else []
        self.seen = open(folder / "simulate.out", "w+")
        self.simulator = subprocess.Popen(argv, stdout=self.seen)
        while "device" not in (folder / "simulate.out").read_text():
            if self.simulator.poll() is not None:
                raise SystemExit("the simulator did not start, see above")
            time.sleep(0.05)
        self.folder = folder
        self.bridge = subprocess.Popen([PROGRAM, "run", folder / "site.yaml", "--dry"], stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL)
        os.set_blocking(self.bridge.stdout.fileno(), False)

    def telemetry(self, seconds):
        """(time, topic) of what is published while the time passes."""
        found, rest, end = [], b"", time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                data = os.read(self.bridge.stdout.fileno(), 1 << 20)
            except BlockingIOError:
                time.sleep(0.002)
                continue
            now, lines = time.monotonic(), (rest + data).split(b"\n")
            rest = lines.pop()
            found += [(now, json.loads(x)["topic"]) for x in lines if b"/telemetry" in x]
        return found

    def line(self):
        """What the line saw since the last time."""
        before = (self.folder / "simulate.out").read_text().count('"bus"')
        self.simulator.send_signal(signal.SIGUSR1)
        while (self.folder / "simulate.out").read_text().count('"bus"') == before:
            time.sleep(0.02)
        return json.loads((self.folder / "simulate.out").read_text().splitlines()[-1])

    def cost(self):
        fields = pathlib.Path(f"/proc/{self.bridge.pid}/stat").read_text().rsplit(")", 1)[1].split()
        status = pathlib.Path(f"/proc/{self.bridge.pid}/status").read_text()
        peak = int(status.split("VmHWM:")[1].split()[0])
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), peak / 1024

    def stop(self):
        for process in (self.bridge, self.simulator):
            process.terminate()
            process.wait(10)


def serial_site(folder):
    write_map(folder, "0s")
    devices = "".join(f"  d{u}: {{map: ./meter.yaml, bus: line, unit: {u}}}\n" for u in range(1, UNITS + 1))
    (folder / "site.yaml").write_text(
        f"modbridge: site/1\nstate: {folder}/state\nbuses:\n"
        f"  line: {{rtu: {folder}/line, baud: {BAUD}, parity: none, stop_bits: 1}}\ndevices:\n{devices}")


def refresh(line, units):
    """Mean time between two readings of the same request, over the live units."""
    rows = [times for unit, _, _, _, times in line["asked"] if unit in units]
    return line["seconds"] * len(rows) / sum(rows)


def run_line(faults, settle):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        serial_site(folder)
        (folder / "faults.yaml").write_text(faults)
        stand = Stand(folder, folder / "faults.yaml")
        stand.telemetry(settle)
        stand.line()
        stand.telemetry(SECONDS)
        line = stand.line()
        stand.stop()
    return line


def bench_serial():
    least = least_cycle() * UNITS
    for title, faults in (("lenient devices", "faults: []\n"),
                          ("devices that insist on the silence", "faults: [{bus: line, strict_gap: true}]\n")):
        line = run_line(faults, 4)
        full = refresh(line, range(1, UNITS + 1))
        print(f"{UNITS} units x {len(POINTS)} points, {BAUD} 8N1, {title}:\n"
              f"  full refresh {full * 1000:.0f} ms = {full / least:.3f} x the least possible {least * 1000:.0f} ms;"
              f" silences broken {line['gaps_broken']} of {line['requests']}, smallest {line['smallest_gap_us']} us"
              f" of {3.5e6 * CHARACTER:.0f}; busy {line['busy'] * 100:.1f} %")


def bench_dead():
    alive = range(1, UNITS)
    # The same work for the others: without the dead unit the cycle is one unit shorter.
    # Steady is what comes after the first probes, whose distance doubles up to a minute.
    line = run_line(f"faults: [{{unit_id: {UNITS}, silent: true}}]\n", 120)
    full = refresh(line, alive)
    without = least_cycle() * (UNITS - 1)
    probes = line["units"].get(str(UNITS), {}).get("asked", 0)
    print(f"the same with unit {UNITS} dead, after two minutes:\n  refresh of the others {full * 1000:.0f} ms ="
          f" {full / without:.3f} x the least possible without it ({without * 1000:.0f} ms); it was asked {probes} times"
          f" in {line['seconds']:.0f} s")


def bench_endpoints(count=256, base=21000):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_map(folder, "1s")
        devices = "".join(f"  d{i}: {{map: ./meter.yaml, tcp: '127.0.0.1:{base + i}', unit: 1}}\n" for i in range(count))
        (folder / "site.yaml").write_text(
            f"modbridge: site/1\nstate: {folder}/state\npublish: {{interval: 1s}}\ndevices:\n{devices}")
        stand = Stand(folder, listen=f"127.0.0.1:{base}")
        stand.telemetry(5)
        cpu, _ = stand.cost()
        begun = time.monotonic()
        found = stand.telemetry(SECONDS)
        passed = time.monotonic() - begun
        after, peak = stand.cost()
        stand.stop()
    last, intervals = {}, []
    for moment, topic in found:
        if topic in last:
            intervals.append((moment - last[topic]) * 1000)
        last[topic] = moment
    intervals.sort()
    print(f"{count} TCP endpoints x {len(POINTS)} points at 1 s:\n  {len(last)} devices published,"
          f" {len(found) / passed:.0f} messages/s; CPU {(after - cpu) / passed * 60:.2f} s a minute; peak RSS {peak:.1f} MB;"
          f" interval p1 {intervals[len(intervals) // 100]:.0f}, p50 {intervals[len(intervals) // 2]:.0f},"
          f" p99 {intervals[len(intervals) * 99 // 100]:.0f} ms")


def bench_command():
    command_latency.bench(PROGRAM, OPTIONS.commands)


def bench_door():
    command_latency.bench_door(PROGRAM, OPTIONS.commands)


BENCHES = {"serial": bench_serial, "dead": bench_dead, "endpoints": bench_endpoints, "command": bench_command,
           "door": bench_door}
if __name__ == "__main__":
    OPTIONS = parse_options()
    PROGRAM, SECONDS = OPTIONS.program.resolve(), OPTIONS.seconds
    for bench in OPTIONS.benches or BENCHES:
        BENCHES[bench]()
