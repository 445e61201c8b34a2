# SPDX-License-Identifier: MIT
"""What the bridge tells a service manager: datagrams at a real socket, and a thread that is held."""
import ctypes
import os
import pathlib
import select
import socket
import time

import pytest
from conftest import MAPPINGS, await_true

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WAIT_ALL = 0x40000000  # __WALL of waitpid(2): threads too


def await_calmly(condition, what, seconds=90):
    """For what takes a quarter of a minute: WATCH_SLACK_MS of daemon/watch.h."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s in vain: {what}"
        time.sleep(0.3)


class Manager:
    """A service manager's socket; `messages` are (seconds, text), in the order they came."""

    def __init__(self, monkeypatch, address, watchdog_seconds=None):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.messages = []
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
        if watchdog_seconds:
            monkeypatch.setenv("WATCHDOG_USEC", str(int(watchdog_seconds * 1e6)))

    def look(self):
        while select.select([self.socket], [], [], 0)[0]:
            self.messages.append((time.monotonic(), self.socket.recv(4096).decode()))
        return self.messages

    def await_text(self, text, since=0):
        return await_true(lambda: next((m for _, m in self.look()[since:] if text in m), None), f"'{text}'")

    def signs(self, since):
        """How many signs of life came after that moment."""
        return sum("WATCHDOG=1" in text for at, text in self.look() if at > since)


class HeldThread:
    """One thread of a process stands still, the others go on: what a driver does that never returns."""

    def __init__(self, pid, name):
        tasks = pathlib.Path(f"/proc/{pid}/task").iterdir()
        self.tid = next(int(t.name) for t in tasks if (t / "comm").read_text().strip() == name)
        self.libc = ctypes.CDLL(None, use_errno=True)

    def ask(self, request):
        none = ctypes.c_void_p(0)
        if self.libc.ptrace(ctypes.c_long(request), ctypes.c_long(self.tid), none, none) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    def __enter__(self):
        try:
            self.ask(PTRACE_SEIZE)
        except PermissionError:
            pytest.skip("holding a thread needs CAP_SYS_PTRACE")
        self.ask(PTRACE_INTERRUPT)
        os.waitpid(self.tid, WAIT_ALL)
        return self

    def __exit__(self, *_):
        self.ask(PTRACE_DETACH)


def start(world):
    world.start_broker()
    _, endpoint = world.simulate(MAPPINGS / "enapter_el41.yaml")
    return world.run(world.site({"electrolyser": f'map: enapter_el41, tcp: "{endpoint}"'}))


def test_ready_status_and_stopping(world, tmp_path, monkeypatch):
    manager = Manager(monkeypatch, f"{tmp_path}/notify")
    bridge = start(world)
    assert manager.await_text("READY=1").startswith("READY=1\nWATCHDOG=1\nSTATUS=")
    assert "started" in bridge.log(), "everything runs before it is said"
    manager.await_text("STATUS=1 of 1 devices answer, 1 of 1 clouds connected")
    assert bridge.stop() == 0
    assert manager.await_text("STOPPING=1") == manager.messages[-1][1]
    assert sum("READY=1" in text for _, text in manager.messages) == 1


def test_threads_that_hang(world, monkeypatch):
    """A bus that hangs silences the watchdog, a disk that hangs does not."""
    manager = Manager(monkeypatch, f"@modbridge-{os.getpid()}", watchdog_seconds=3)
    bridge = start(world)
    manager.await_text("1 of 1 devices answer")
    since = time.monotonic()
    await_calmly(lambda: manager.signs(since) >= 3, "signs of life, three in the time given")
    held = len(manager.look())
    with HeldThread(bridge.child.pid, "store"):
        with HeldThread(bridge.child.pid, "bus electrolyse"):
            await_calmly(lambda: "bus electrolyser: its thread hangs" in bridge.log(), "the line")
            manager.await_text("STATUS=a thread hangs: see the log", held)
            silent_since = time.monotonic()
            time.sleep(4)  # longer than the watchdog waits: systemd would have killed it
            assert manager.signs(silent_since) == 0
        manager.await_text("WATCHDOG=1\nSTATUS=1 of 1 devices answer", held)
        await_calmly(lambda: "bus electrolyser: its thread goes on" in bridge.log(), "the line")
        await_calmly(lambda: "store: its thread hangs" in bridge.log(), "the line")
        since = time.monotonic()
        await_calmly(lambda: manager.signs(since) >= 2, "signs of life")
    await_calmly(lambda: "store: its thread goes on" in bridge.log(), "the line")
    hangs = [line for line in bridge.log().splitlines() if "thread hangs" in line]
    assert len(hangs) == 2, "one line a change of state"
    assert any("the service manager restarts modbridge" in line for line in hangs)
