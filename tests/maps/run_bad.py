# SPDX-License-Identifier: MIT
"""Runs `modbridge check input.yaml` in each folder given below bad/ and compares its output with expect.txt, to the
letter: what a person reads is part of the program. Exit code 3 where an error is expected, 0 for warnings alone.

    run_bad.py PROGRAM FOLDER [--accept]     --accept writes expect.txt anew; read the difference before you commit it
"""
import concurrent.futures
import pathlib
import subprocess
import sys


def run(program, folder):
    result = subprocess.run([program, "check", "input.yaml"], cwd=folder, capture_output=True, text=True, timeout=60)
    return result.stdout, result.stderr, result.returncode


def judge(folder, seen, errors, code):
    expected = (folder / "expect.txt").read_text()
    wanted = 3 if ": error: " in expected else 0
    problems = []
    if seen != expected:
        problems.append(f"--- expected\n{expected}--- seen\n{seen}")
    if errors:
        problems.append(f"standard error: {errors}")
    if code != wanted:
        problems.append(f"exit code {code}, not {wanted}")
    if not expected:
        problems.append("expect.txt is empty: this case shows nothing")
    return problems


def main():
    program, root = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(sys.argv[2])
    folders = sorted(p.parent for p in root.glob("*/input.yaml"))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda folder: run(program, folder), folders))
    for folder, (seen, errors, code) in zip(folders, runs):
        if "--accept" in sys.argv:
            (folder / "expect.txt").write_text(seen)
        problems = judge(folder, seen, errors, code)
        failed += bool(problems)
        for problem in problems:
            print(f"{folder}: {problem}")
    print(f"{len(folders)} cases, {failed} failed")
    return 1 if failed or len(folders) < 10 else 0


sys.exit(main())
