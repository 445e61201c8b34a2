# SPDX-License-Identifier: MIT
"""Files that were made to hurt are refused at once, with a place."""
import resource

import pytest
from conftest import modbridge

HEAD = b"modbridge: map/1\n"
BOMB = b"a: &a [x, x, x, x, x, x, x, x, x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (c, c, b", ".join([b"*%c" % (c - 1)] * 9)) for c in range(ord("b"), ord("z")))
MALICIOUS = {
    "200 kB of {": HEAD + b"a: " + b"{" * 200_000,
    "200 kB of [": HEAD + b"a: " + b"[" * 200_000,
    "200 kB of - ": HEAD + b"a:\n" + b"- " * 100_000,
    "200 kB of ? ": HEAD + b"? " * 100_000,
    "200 kB of {a: ": HEAD + b"b: " + b"{a: " * 50_000,
    "200 kB of quotes": HEAD + b"a: '" + b"''" * 100_000,
    "a scalar of 10 MB": HEAD + b"vendor: " + b"x" * 10_000_000 + b"\n",
    "a scalar of 1 MB without end": HEAD + b'vendor: "' + b"x\n " * 330_000,
    "aliases of aliases": HEAD + BOMB,
    "NUL in a text": HEAD + b"vendor: a\0b\n",
    "NUL everywhere": b"\0" * 100_000,
    "NUL escaped": HEAD + b'vendor: "a\\0b"\n',
    "invalid UTF-8": HEAD + b"vendor: \xff\xfe\xfa\n",
    "overlong UTF-8": HEAD + b"vendor: \xc0\xaf\n",
    "surrogates in UTF-8": HEAD + b"vendor: \xed\xa0\x80\n",
    "cut UTF-8": HEAD + b"vendor: \xe2\x82",
    "a hundred thousand keys": HEAD + b"telemetry:\n" + b"".join(b"  a%d: 1\n" % i for i in range(90_000)),
    "a hundred thousand equal keys": HEAD + b"a: 1\n" * 100_000,
    "a hundred thousand entries": HEAD + b"telemetry:\n  a{n}{m}: {repeat: {n: 1..100000}, value: n}\n",
    "a deep formula": HEAD + b"telemetry:\n  a: {value: '" + b"(" * 500_000 + b"'}\n",
    "a long formula": HEAD + b"telemetry:\n  a: {value: '1" + b" + 1" * 200_000 + b"'}\n",
    "a long formula of not": HEAD + b"telemetry:\n  a: {value: '" + b"not " * 200_000 + b"true'}\n",
}


def measured(*argv, cwd=None):
    """What the program said, and the processor time it took: what others do on this machine is not its fault."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = modbridge(*argv, cwd=cwd)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return result, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.fixture(scope="module")
def start_s():
    """What a start costs this machine."""
    return sorted(measured("--version")[1] for _ in range(3))[1]


@pytest.mark.parametrize("name", MALICIOUS)
def test_malicious_files_are_refused_at_once(tmp_path, start_s, name):
    path = tmp_path / "evil.yaml"
    path.write_bytes(MALICIOUS[name])
    result, spent = measured("check", "evil.yaml", cwd=tmp_path)
    assert result.returncode == 3, result.stdout[:500]
    file, line, column, severity = result.stdout.split("\n")[0].split(": ")[0].split(":") + [
        result.stdout.split(": ")[1]]
    assert (file, severity) == ("evil.yaml", "error") and int(line) >= 1 and int(column) >= 1
    assert len(result.stdout) < 100_000, "a page of findings is enough"
    assert spent < 0.2 + 6 * start_s, f"{spent:.2f} s of processor time, a start takes {start_s:.2f} s"
