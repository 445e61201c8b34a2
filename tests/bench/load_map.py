#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How long `modbridge check` takes for maps of a given size: a benchmark, not a test.

    load_map.py PROGRAM [--entries 10000] [--times 5]

Give it a release build. Each row is a map of its own: entries written out, entries from repeats, entries with
formulas, and a half of each for the growth. Times are the best of several runs; memory is the peak of the process."""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

TYPES = [("u16", 1), ("i16", 1), ("u32", 2), ("f32", 2)]
HEAD = "modbridge: map/1\nmodbus: {every: 10s}\ntelemetry:\n"


def written_out(count):
    """One line a register, as from a vendor's table."""
    lines, address = [], 0
    for i in range(count):
        name, size = TYPES[i % len(TYPES)]
        lines.append(f"  value_{i}: {{holding: {address}, type: {name}, scale: 0.1, unit: V}}\n")
        address += size
    return HEAD + "".join(lines)


def repeated(count):
    """One line for a thousand of them, which is as many as a repeat may have."""
    rows = [(first, min(first + 999, count)) for first in range(1, count + 1, 1000)]
    return HEAD + "".join(
        f'  "value_{{n}}": {{repeat: {{n: {low}..{high}}}, holding: n, type: u16, scale: 0.1, unit: V}}\n'.replace(
            "value_", f"value_{low}_") for low, high in rows)


def with_formulas(count):
    """Half registers, half values computed from two of them, forty of them sums over a pattern."""
    half = count // 2
    lines = [f"  value_{i}: {{holding: {i}, type: u16}}\n" for i in range(half)]
    lines += [f'  sum_{i}: {{value: "value_{i} * 2 + default(value_{(i * 7) % half}, 0)"}}\n' for i in range(half - 40)]
    lines += [f"  total_{i}: {{value: 'sum(\"value_{i}*\")'}}\n" for i in range(10, 50)]
    return HEAD + "".join(lines)


SHAPES = {"written out": written_out, "repeat": repeated, "formulas": with_formulas}


def run_once(program, path):
    """Seconds and peak kilobytes of one check, which must find nothing wrong."""
    start = time.monotonic()
    child = subprocess.Popen([program, "check", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = child.stdout.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode or output:
        sys.exit(f"check ended with {child.returncode}:\n{output[:1000]}")
    return seconds, usage.ru_maxrss


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    print(f"{'map':<14}{'entries':>9}{'file kB':>10}{'check ms':>10}{'memory kB':>11}")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "map.yaml"
        for name, shape in SHAPES.items():
            for count in (options.entries // 2, options.entries):
                path.write_text(shape(count))
                runs = [run_once(options.program.resolve(), path) for _ in range(options.times)]
                seconds, memory = min(r[0] for r in runs), max(r[1] for r in runs)
                print(f"{name:<14}{count:>9}{path.stat().st_size // 1000:>10}{seconds * 1000:>10.0f}{memory:>11}")


main()
