# SPDX-License-Identifier: MIT
"""Runs `modbridge check` on each map of a folder: maps that look like mistakes and are none. Nothing may be found.

    run_clean.py PROGRAM FOLDER
"""
import pathlib
import subprocess
import sys

program, root = sys.argv[1], pathlib.Path(sys.argv[2])
maps = sorted(root.glob("*.yaml"))
failed = 0
for path in maps:
    result = subprocess.run([program, "check", path.name], cwd=root, capture_output=True, text=True, timeout=60)
    if result.returncode or result.stdout or result.stderr:
        failed += 1
        print(f"exit code {result.returncode}\n{result.stdout}{result.stderr}")
print(f"{len(maps)} maps, {failed} failed")
sys.exit(1 if failed or not maps else 0)
