# SPDX-License-Identifier: MIT
"""The clock of the gateway: unset at the start, and stepped while a backlog waits. libfaketime moves the 1970 clock of the
bridge alone; the subscriber keeps the true time."""
import glob
import os
import subprocess
import time

import pytest
from e2e_world import MODBRIDGE, await_true
from histories import finals, missing, repeated, telemetry

LIBRARIES = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
pytestmark = pytest.mark.skipif(not LIBRARIES, reason="needs libfaketime")


class Clock:
    """What the bridge takes for the time of day: the true one and an offset, or 1970."""

    def __init__(self, scene):
        self.file = scene.folder / "clock"
        self.environment = {
            "LD_PRELOAD": LIBRARIES[0], "DONT_FAKE_MONOTONIC": "1", "FAKETIME_NO_CACHE": "1",
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}

    def set(self, seconds):
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}\n")
        fresh.replace(self.file)

    def run(self, scene):
        """A bridge with this clock."""
        wrapper = scene.folder / "bridge"
        values = " ".join(f'{k}="{v}"' for k, v in self.environment.items())
        wrapper.write_text(f'#!/bin/sh\nexec env {values} "{MODBRIDGE}" "$@"\n')
        wrapper.chmod(0o755)
        scene.bridge = scene.world.start([wrapper, "run", scene.path], "bridge")
        return scene.bridge


@pytest.fixture
def clock(scene):
    here = Clock(scene)
    here.set(0)
    works = subprocess.run([MODBRIDGE, "--version"], env={**os.environ, **here.environment}, capture_output=True,
                           text=True, check=False)
    if works.returncode != 0:
        pytest.skip(f"libfaketime does not work with this build: {works.stderr}")
    return here


def test_from_1970(scene, clock):
    scene.devices(2)
    clock.set(-int(time.time()) + 600)
    before = len(scene.hearings())
    began = time.time()
    clock.run(scene)
    await_true(lambda: "answers at" in scene.bridge.log() and "connected" in scene.bridge.log(), "the device and the link")
    read_from = time.time() + 1
    scene.await_hearing(before)
    assert scene.send("put") and await_true(lambda: finals(scene.cloud.messages), "responses do not wait for the clock")
    time.sleep(3)
    assert not any(telemetry(scene.cloud.messages, n) for n in scene.names), "it has no date yet"
    clock.set(0)
    until = time.time()
    for name in scene.names:
        await_true(lambda: not missing(telemetry(scene.cloud.messages, name), read_from, until), "what waited", 120)
        seconds = telemetry(scene.cloud.messages, name)
        assert min(seconds) >= int(began) - 1, f"{name}: stamped before it was read: {seconds}, it began at {began}"
        # The second in which the clock was set ends twice.
        assert all(abs(s - until) <= 1.5 for s in repeated(seconds)), f"{name}: {seconds}, set at {until}"
    print(f"{until - read_from:.1f} s in 1970: nothing lost, first stamp {min(seconds) - began:+.1f} s after the start")
    assert scene.bridge.stop() == 0


@pytest.mark.parametrize("before, after", [(0, 86400), (3600, 0)])
def test_step_during_a_backlog(scene, clock, before, after):
    """What was not sent yet moves along with the clock: the new time is the better one."""
    scene.devices(2)
    clock.set(before)
    clock.run(scene)
    await_true(lambda: all(telemetry(scene.cloud.messages, n) for n in scene.names), "telemetry")
    scene.world.broker.stop()
    lost = time.time()
    time.sleep(3)
    clock.set(after)
    stepped = time.time()
    time.sleep(2)
    since = len(scene.cloud.messages)
    scene.start_broker()

    def told(name):
        """Seconds of what came after the outage, on the true clock if the new one was used."""
        return [s - after for s in telemetry(scene.cloud.messages[since:], name)]

    for name in scene.names:
        await_true(lambda: not missing(told(name), lost + 1, stepped + 3), "the backlog, rightly stamped", 120)
        old = [s for s in told(name) if lost + 1 < s < stepped]
        assert old == sorted(old), f"{name}: {told(name)}"
        # What was under way when the link was lost was stamped then; all else has the new time.
        wrong = [s for s in told(name) if not lost - 5 < s < time.time() + 2]
        assert all(lost - 5 < s + after - before < lost + 1 for s in wrong), f"{name}: wrong stamps {wrong}, lost {lost}"
        assert set(repeated(told(name))) <= {int(stepped) - 1, int(stepped), int(stepped) + 1} | {
            s for s in told(name) if s < lost}, f"{name}: {told(name)}"
    assert scene.bridge.stop() == 0
