#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whether anything grows: 50 devices of 40 points, each second, while the broker is killed and comes back every few minutes.

    soak.py PROGRAM FARM [--minutes N]

PROGRAM is a release build of modbridge, FARM as for peers.py. Every five seconds resident memory, descriptors and threads are
noted. What was reached after a third of the time - tables filled, the heap at its size, an outage seen - is compared with the last
third: descriptors and threads must be the same, memory at most 1 MB more."""
import argparse
import pathlib
import statistics
import subprocess
import tempfile
import time

import peer_programs
import peers

EVERY_S, GROWN_MB = 5, 1.0
OUTAGES, OUTAGE_S = 12, 15  # in the whole time


def look(process):
    folder = pathlib.Path(f"/proc/{process.pid}")
    return (peers.memory_mb(process.pid)["resident_mb"], len(list((folder / "fd").iterdir())), len(list((folder / "task").iterdir())))


def watch(stand, process, minutes):
    """[(MB, descriptors, threads)] of the moments at which the broker was there."""
    samples, begin, outages = [], time.monotonic(), 0
    while (passed := time.monotonic() - begin) < minutes * 60:
        time.sleep(EVERY_S)
        if process.poll() is not None:
            raise SystemExit(f"the program ended: {process.returncode}")
        samples.append(look(process))
        if passed > (outages + 0.5) * minutes * 60 / OUTAGES:
            outages += 1
            stand.restart_broker(OUTAGE_S)
            time.sleep(EVERY_S)
    return samples


def judge(samples):
    third = len(samples) // 3
    before, after = samples[third:2 * third], samples[-third:]
    names = ("MB resident", "descriptors", "threads")
    was, now = ([statistics.median(row[i] for row in rows) for i in range(3)] for rows in (before, after))
    print(", ".join(f"{name} {a:g} -> {b:g}" for name, a, b in zip(names, was, now)) + f" ({len(samples)} looks, peak "
          f"{max(row[0] for row in samples):g} MB)")
    return now[0] - was[0] <= GROWN_MB and now[1:] == was[1:]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("farm", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        stand = peers.Stand(options.farm.resolve(), folder, 50, peers.METER)
        with open(folder / "modbridge.log", "w") as log:
            process = subprocess.Popen([str(part) for part in peer_programs.Modbridge(options).command(stand, folder)], stdout=log,
                                       stderr=log)
        try:
            samples = watch(stand, process, options.minutes)
            asked = stand.asked()
        finally:
            peers.end(process)
            stand.stop()
        print(f"{asked['requests']} requests, every {asked['mean_ms']:.0f} ms (p99 {asked['p99_ms']:.0f})")
        return not judge(samples) or process.returncode != 0


if __name__ == "__main__":
    raise SystemExit(main())
