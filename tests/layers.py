# SPDX-License-Identifier: MIT
"""Who may include whom: fails on an include that goes upward or sideways, on a third-party
header in a file that does not own it, on calls that have a door, on files that outgrew the house (tests as well), and on functions of a header about which it says nothing."""
import pathlib
import re
import sys

ROOMS = {
    "base": set(),
    "model": {"base"},
    "registers": {"base", "model"},
    "wire": {"base", "model"},
    "config": {"base", "model", "registers", "wire"},
    "bus": {"base", "model", "registers", "wire"},
    "cloud": {"base", "model", "registers", "wire"},
    "sim": {"base", "model", "registers", "wire"},
    "door": {"base", "model", "registers", "wire"},
    "import": {"base", "model", "registers", "config"},
    "daemon": {"base", "model", "registers", "wire", "config", "bus", "cloud", "sim", "door"},
    "cli": {"base", "model", "registers", "wire", "config", "bus", "cloud", "sim", "door", "import", "daemon"},
    "web": {"base"},
}
# The programs' main files, beside the rooms.
MAINS = {
    "main.c": {"cli"},
    "web_main.c": {"base", "model", "config", "web"},
}
OWNERS = {
    "modbus.h": {"bus/serial.c", "sim/serve.c"},
    "mosquitto.h": {"cloud/mqtt_client.c"},
    "openssl/ssl.h": {"base/tls.c"},
    "openssl/x509v3.h": {"base/tls.c"},
    "openssl/pem.h": {"base/tls.c"},
    "openssl/err.h": {"base/tls.c"},
    "yaml.h": {"config/tree.c"},
    "sqlite3.h": {"cloud/sql.c"},
    "microhttpd.h": {"web/http.c"},
}
# Calls for which the house has a door: what they do differs from libc to libc.
DOORS = {
    "pthread_create": "base/thread.c",
    "strerror": "base/error.c",
    "strerror_r": "base/error.c",
}
MAX_FILE_LINES = 500
PROTOTYPE = re.compile(r"(?!static|typedef|extern|return|else)[a-z][\w *]*\b\w+\(")


def too_long(root, path):
    count = len(path.read_text().splitlines())
    return [f"{path.relative_to(root)}: {count} lines, more than {MAX_FILE_LINES}: it is two nouns"] if count > MAX_FILE_LINES else []


def undocumented(name, lines):
    """A comment stands over a function, or over a group of them without a blank line between."""
    return [f"{name}:{number}: say what it does, who owns what, and in which unit: {line}"
            for number, line in enumerate(lines, 1) if PROTOTYPE.match(line) and not lines[number - 2].strip()]


def main():
    root = pathlib.Path(sys.argv[1]) / "bridge"
    findings = []
    seen = {}
    for path in sorted(root.rglob("*.[ch]")):
        name = str(path.relative_to(root))
        room = name.split("/")[0] if "/" in name else ""
        allowed = ROOMS.get(room, MAINS.get(name))
        if allowed is None:
            findings.append(f"{name}: room '{room}' is not in the list of tests/layers.py")
            continue
        lines = path.read_text().splitlines()
        findings += too_long(root, path)
        if path.suffix == ".h":
            findings += undocumented(name, lines)
        for number, line in enumerate(lines, 1):
            own = re.match(r'#include "([^"]+)"', line)
            if own:
                target = own.group(1).split("/")[0] if "/" in own.group(1) else None
                if target is None:
                    findings.append(f'{name}:{number}: write "room/file.h", not {own.group(1)}')
                elif target != room and target not in allowed:
                    findings.append(f"{name}:{number}: {room or name} may not include {own.group(1)}")
            for call, door in DOORS.items():
                if name != door and re.search(rf"\b{call}\(", line):
                    findings.append(f"{name}:{number}: {call} is called in {door}: use what that file offers")
            other = re.match(r"#include <([^>]+)>", line)
            if other and other.group(1) in OWNERS:
                if name not in OWNERS[other.group(1)]:
                    findings.append(f"{name}:{number}: only {sorted(OWNERS[other.group(1)])} include {other.group(1)}")
                seen.setdefault(other.group(1), set()).add(name)
    tests = root.parent / "tests"
    for path in sorted([*tests.rglob("*.[ch]"), *tests.rglob("*.py")]):
        findings += too_long(root.parent, path)
    if not seen.get("yaml.h"):
        findings.append("no file includes yaml.h: this check would not notice anything")
    print("\n".join(findings) if findings else f"layers hold: {len(list(root.rglob('*.[ch]')))} files")
    return 1 if findings else 0


sys.exit(main())
