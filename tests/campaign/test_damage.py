# SPDX-License-Identifier: MIT
"""The store's files damaged while the bridge was not running."""
import json
import shutil
import signal
import sqlite3
import time

from conftest import IS_LONG, pick
from e2e_world import await_true
from histories import FILES, Kept, copy_state, finals

DB, WAL = FILES
PAGE = 4096


def change(path, edit):
    data = bytearray(path.read_bytes())
    edit(data)
    path.write_bytes(data)


def flip(chance, path):
    def edit(data):
        for _ in range(chance.randrange(1, 64)):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    change(path, edit)


def zero(chance, path):
    def edit(data):
        at = chance.randrange(max(1, len(data) // PAGE)) * PAGE
        data[at:at + PAGE] = bytes(len(data[at:at + PAGE]))
    change(path, edit)


def cut(chance, path):
    change(path, lambda data: data.__delitem__(slice(chance.randrange(len(data)), None)))


def magic(_chance, path):
    change(path, lambda data: data.__setitem__(slice(0, 16), b"this is no store"))


def garbage(chance, path):
    path.write_bytes(chance.randbytes(3 * PAGE))


def empty(_chance, path):
    path.write_bytes(b"")


def folder(_chance, path):
    path.unlink()
    path.mkdir()


KINDS = [(flip, DB), (flip, WAL), (zero, DB), (zero, WAL), (cut, DB), (cut, WAL), (magic, DB), (garbage, DB),
         (garbage, WAL), (empty, DB), (empty, WAL), (folder, DB)]


def checkpoint(state):
    """A file whose pages are in the database, so that damage to it meets something."""
    with sqlite3.connect(state / DB) as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()


def prepare(scene):
    """A store with an outbox and commands, as a kill leaves it."""
    scene.devices(2)
    scene.run()
    await_true(lambda: "connected" in scene.bridge.log(), "the link")
    for _ in range(3):
        scene.send("put")
        time.sleep(0.2)
    scene.world.broker.stop()
    time.sleep(pick(4, 10))
    scene.bridge.stop(signal.SIGKILL)
    scene.start_broker()
    await_true(scene.cloud.client.is_connected, "the cloud")
    whole = scene.folder / "whole"
    copy_state(scene.folder / "state", whole)
    return whole


def start_from(scene, whole, kind, name, index):
    state = scene.folder / f"damaged-{index}"
    shutil.copytree(whole, state)
    if name == DB and scene.chance.random() < 0.5:
        checkpoint(state)
    target = state / name
    if not target.exists() or (target.stat().st_size == 0 and kind not in (garbage, folder)):
        return None  # the checkpoint left nothing here
    kind(scene.chance, target)
    what = f"{kind.__name__} {name}, case {index}"
    since = len(scene.cloud.messages)
    began = time.time()
    bridge = scene.run(scene.site_with_state(state))

    def arrived():
        return [(t, json.loads(p)) for t, p in scene.cloud.messages[since:] if t.endswith("/telemetry")]

    await_true(lambda: bridge.child.poll() is not None or
               {t for t, p in arrived() if "level" in p and p["timestamp"] >= began} >=
               {f"v1/from/HW/{n}/v1/telemetry" for n in scene.names}, f"live telemetry: {what}\n{bridge.log()}")
    assert bridge.child.poll() is None, f"{what}: it ended\n{bridge.log()}"
    command_id = scene.send("put")
    await_true(lambda: finals(scene.cloud.messages)[command_id], f"a command: {what}\n{bridge.log()}")
    assert finals(scene.cloud.messages)[command_id][0][0] == "completed", (what, finals(scene.cloud.messages)[command_id])
    for topic, payload in arrived():
        if payload["timestamp"] < began - 2:
            kept = scene.kept.payloads.get((topic, payload["timestamp"]))
            assert kept == {k: v for k, v in payload.items() if k != "timestamp"}, f"{what}: {topic} {payload} was never said"
    assert len([x for x in bridge.log().splitlines() if x.startswith(("warning: store", "error: store"))]) <= 1, bridge.log()
    assert bridge.stop() == 0, f"{what}\n{bridge.log()}"
    old = {(t, p["timestamp"]) for t, p in arrived() if p["timestamp"] < began - 2}
    return "set aside" in bridge.log(), len(old)


def test_damage(scene):
    whole = prepare(scene)
    scene.kept = Kept(whole)
    assert scene.kept.payloads and scene.kept.commands
    results = []
    for index in range(pick(6, 96)):
        kind, name = KINDS[index % len(KINDS)] if IS_LONG else scene.chance.choice(KINDS)
        result = start_from(scene, whole, kind, name, index)
        if result:
            results.append((f"{kind.__name__} {name}", *result))
    for line in results:
        print(*line)
    print(f"{len(results)} starts, {sum(r[1] for r in results)} said that a file was set aside, "
          f"{len(scene.kept.payloads)} messages were in the file, at least {min(r[2] for r in results)} came in the first moments")
