#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What wakes the bridge, thread by thread: how often each began to wait for something (voluntary context switches) and was
sent off its processor (the others), its processor time, and with --calls which system calls it made, in a window of its own
under strace.

    wakeups.py PROGRAM FARM [--seconds N] [--settle N] [--workload NAME..] [--calls]

PROGRAM is a release build, FARM as for peers.py. The workloads are 1x200 and 50x40 at a second, and idle: 50x40 at ten
seconds, each at least a request a device. The buses are shown together. At the end, what the memory is made of."""
import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time

import peer_programs
import peers

SINGLE = {"modbridge": "main", "store": "store", "uplink": "uplink"}  # a thread by its name; the others are buses


def workloads():
    timed = {f"{devices}x{len(points)}": (devices, points, "1s") for devices, points in peers.WORKLOADS}
    return {"1x200": timed["1x200"], "50x40": timed["50x40"], "idle": (50, peers.METER, "10s")}


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("farm", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--settle", type=float, default=15)
    parser.add_argument("--workload", choices=list(workloads()), action="append")
    parser.add_argument("--calls", action="store_true", help="count system calls too")
    return parser.parse_args()


def look(pid):
    """{thread: [wake-ups, sent off, processor seconds]}"""
    found = collections.defaultdict(lambda: [0, 0, 0.0])
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        counters = found[SINGLE.get((task / "comm").read_text().strip(), "buses")]
        waits, sent_off = re.findall(r"voluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text())
        counters[0] += int(waits)
        counters[1] += int(sent_off)
        counters[2] += int((task / "schedstat").read_text().split()[0]) / 1e9
    return found


def calls(pid, seconds, folder):
    """{thread: {system call: how many a second}}"""
    names = {task.name: SINGLE.get((task / "comm").read_text().strip(), "buses") for task in pathlib.Path(f"/proc/{pid}/task").iterdir()}
    out = folder / "strace.out"
    strace = subprocess.Popen(["strace", "-f", "-qq", "-p", str(pid), "-o", out], stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    strace.terminate()
    strace.wait()
    found = collections.defaultdict(collections.Counter)
    for thread, call in re.findall(r"^(\d+) +(\w+)\(", out.read_text(errors="replace"), re.M):
        found[names.get(thread, "others")][call] += 1
    return {thread: {call: round(count / seconds, 1) for call, count in counter.most_common()} for thread, counter in found.items()}


def memory_kb(pid):
    rollup = dict(re.findall(r"^(\w+):\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M))
    kinds = collections.Counter()
    kind = ""
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if mapped := re.match(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+\s*(.*)", line):
            name = mapped[1]
            kind = "heap" if name == "[heap]" else "files" if name.startswith("/") else "other" if name else "stacks and arenas"
        elif resident := re.match(r"Rss:\s+(\d+) kB", line):
            kinds[kind] += int(resident[1])
    return {"Rss": int(rollup["Rss"]), "Private_Dirty": int(rollup["Private_Dirty"]), **kinds}


def measure(options, devices, points, every):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        stand = peers.Stand(options.farm.resolve(), folder, devices, points, every)
        try:
            sink = stand.subscribe()
            argv = [str(part) for part in peer_programs.Modbridge(options).command(stand, folder)]
            with open(folder / "modbridge.log", "w") as log:
                process = subprocess.Popen(argv, cwd=folder, stdout=log, stderr=log)
            try:
                peers.wait_for_telemetry(stand, process, options.settle)
                before, begin = look(process.pid), time.monotonic()
                time.sleep(options.seconds)
                after, passed = look(process.pid), time.monotonic() - begin
                memory = memory_kb(process.pid)
                called = calls(process.pid, options.seconds, folder) if options.calls else {}
            finally:
                peers.end(process)
                peers.end(sink)
        finally:
            stand.stop()
    rates = {thread: [(a - b) / passed for a, b in zip(after[thread], before[thread])] for thread in after}
    rates["all"] = [sum(column) for column in zip(*rates.values())]
    return rates, memory, called


def main():
    options = parse_options()
    for name in options.workload or workloads():
        rates, memory, called = measure(options, *workloads()[name])
        for thread, (waits, sent_off, seconds) in rates.items():
            print(f"{name:6} {thread:7} {waits:7.1f} wake-ups a second, sent off {sent_off:6.1f}, {seconds * 1000:7.2f} ms CPU a second")
        for thread, counted in called.items():
            print(f"{name:6} {thread:7} " + ", ".join(f"{call} {rate}" for call, rate in counted.items() if rate >= 0.1))
        print(f"{name:6} memory in kB {json.dumps(memory)}; load {os.getloadavg()[0]:.1f}", flush=True)


if __name__ == "__main__":
    main()
