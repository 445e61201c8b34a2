#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Instructions of the whole program for each point it publishes, counted by callgrind: unlike times they hardly depend on the
machine or on its load, so a figure that grew by more than a tenth is a change of ours.

    instructions.py PROGRAM FARM [--seconds N] [--workload DEVICESxPOINTS] [--top N]

PROGRAM is a release build (with -g, for the names of functions), FARM as for peers.py. Start and stop are not counted: the
counting is switched on when telemetry flows. Beside the figures are those that were written down last."""
import argparse
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time

import peer_programs
import peers

# Thousands of instructions a point, by workload: docs/performance.md.
WRITTEN_DOWN = {"1x200": 6.6, "50x40": 8.2}
GROWN = 1.1


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("farm", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--workload", choices=list(WRITTEN_DOWN), action="append")
    parser.add_argument("--top", type=int, default=0, help="print so many functions that take most")
    return parser.parse_args()


def control(process, *words):
    subprocess.run(["callgrind_control", *words, str(process.pid)], check=True, capture_output=True, text=True)


def total(folder):
    """Instructions of all threads that were written to the dump of the window."""
    dumps = sorted(folder.glob("callgrind.out.*"), key=lambda path: path.stat().st_mtime)
    return max((sum(map(int, re.findall(r"^totals: (\d+)", dump.read_text(), re.M))), dump) for dump in dumps)


def count(options, devices, points):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        stand = peers.Stand(options.farm.resolve(), folder, devices, points)
        try:
            program = peer_programs.Modbridge(options)
            sink = stand.subscribe()
            argv = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder}/callgrind.out.%p"]
            process = subprocess.Popen([str(part) for part in argv + program.command(stand, folder)], cwd=folder,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                peers.wait_for_telemetry(stand, process, 5)
                stand.asked()
                control(process, "-i", "on")
                begin = time.time()
                time.sleep(options.seconds)
                control(process, "-i", "off")
                finish, asked = time.time(), stand.asked()
                control(process, "-d")
            finally:
                peers.end(process)
                time.sleep(0.3)
                peers.end(sink)
            published = stand.received(program, begin, begin, finish)[0]
            instructions, dump = total(folder)
            if options.top:
                show(dump, options.top)
            return instructions, published, asked["requests"]
        finally:
            stand.stop()


def show(dump, top):
    text = subprocess.run(["callgrind_annotate", "--auto=no", "--threshold=95", str(dump)], capture_output=True, text=True).stdout
    lines = [line for line in text.splitlines() if re.match(r"\s*[\d,]+ \(", line)]
    print("\n".join(lines[:top + 1]))


def main():
    options = parse_options()
    workloads = {f"{devices}x{len(points)}": (devices, points) for devices, points in peers.WORKLOADS}
    grown = False
    for name in options.workload or WRITTEN_DOWN:
        instructions, published, requests = count(options, *workloads[name])
        each, known = instructions / published / 1000, WRITTEN_DOWN[name]
        verdict = "" if known is None else f"; written down {known:.2f}: {each / known:.2f} of it"
        grown |= known is not None and each > GROWN * known
        print(json.dumps({"workload": name, "instructions": instructions, "points": published, "requests": requests,
                          "load": os.getloadavg()[0]}))
        print(f"{name}: {each:.2f} thousand instructions a point, {instructions / requests / 1000:.1f} a request{verdict}", flush=True)
    return grown


if __name__ == "__main__":
    raise SystemExit(main())
