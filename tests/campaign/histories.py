# SPDX-License-Identifier: MIT
"""What the histories say: the broker side's messages, the device's writes, a copy of the bridge's file. No state of the
program under test is asked for anything here."""
import collections
import contextlib
import json
import shutil
import sqlite3
import threading

from cloud import standing_still
from conftest import GOAL, OTHER_GOAL, UNDONE

FILES = ("modbridge.db", "modbridge.db-wal")
RECEIVED, EXECUTING, DONE = 0, 1, 2  # a command's record (bridge/cloud/journal.h)


def readings(messages):
    """(device, second) of all telemetry of devices that have readings, in the order of arrival."""
    for topic, text in messages:
        if topic.endswith("/telemetry"):
            payload = json.loads(text)
            if "level" in payload:
                yield topic.split("/")[3], payload["timestamp"]


def final_responses(messages):
    """(command id, state, payload) in the order of arrival."""
    for topic, text in messages:
        if topic.endswith("/command/responses"):
            response = json.loads(text)
            if response["state"] != "log":
                yield response["id"], response["state"], response["payload"]


def telemetry(messages, device):
    """Seconds of the telemetry of a device that has readings, in the order of arrival."""
    return [second for name, second in readings(messages) if name == device]


def finals(messages):
    """{command id: [final response, ...]} in the order of arrival, each (state, payload)."""
    found = collections.defaultdict(list)
    for command_id, state, payload in final_responses(messages):
        found[command_id].append((state, payload))
    return found


class Ledger:
    """The same of messages that go on coming, for threads that ask all the time: each is read once."""

    def __init__(self, messages):
        self.messages, self.count, self.lock = messages, 0, threading.Lock()
        self.seconds = collections.defaultdict(set)  # {device: seconds that came}
        self.latest = collections.Counter()  # {device: the last of them}
        self.answered = set()  # ids of commands

    def look(self):
        with self.lock:
            fresh = self.messages[self.count:]
            self.count += len(fresh)
            for device, second in readings(fresh):
                self.seconds[device].add(second)
                self.latest[device] = max(self.latest[device], second)
            self.answered.update(command_id for command_id, _, _ in final_responses(fresh))
        return self


def missing(seconds, first, last):
    """The seconds of [first, last] that never came."""
    return sorted(set(range(int(first), int(last) + 1)) - set(seconds))


def repeated(seconds):
    return sorted(s for s, n in collections.Counter(seconds).items() if n > 1)


def copy_state(state, to):
    """The files as they are; {} is what a store that was never written looks like."""
    to.mkdir()
    for name in FILES:
        if (state / name).exists():
            shutil.copy(state / name, to / name)


class Kept:
    """What a copy of the state folder holds. It is copied once more, since reading it changes it."""

    def __init__(self, folder):
        mine = folder.with_name(folder.name + "-read")
        copy_state(folder, mine)
        with contextlib.closing(sqlite3.connect(mine / FILES[0])) as store:
            self.integrity = store.execute("PRAGMA integrity_check").fetchone()[0]
            has_tables = store.execute("SELECT count(*) FROM sqlite_master WHERE name = 'commands'").fetchone()[0]
            rows, commands = [], []
            if has_tables:
                rows = store.execute("SELECT topic, (at_ms + offset_ms) / 1000, payload FROM outbox JOIN boots ON "
                                     "boots.id = outbox.boot WHERE topic LIKE '%/telemetry'").fetchall()
                commands = store.execute("SELECT id, state FROM commands").fetchall()
        self.commands = dict(commands)
        self.seconds = collections.defaultdict(set)
        self.payloads = {}
        for topic, second, payload in rows:
            if "level" in json.loads(payload):
                self.seconds[topic.split("/")[3]].add(second)
            self.payloads[topic, second] = json.loads(payload)


def record(scene, command_id):
    """The state of a command's record on disk, None while there is none."""
    scene.copies = getattr(scene, "copies", 0) + 1
    folder = scene.folder / f"look-{scene.copies}"
    with standing_still(scene.bridge.child.pid):
        copy_state(scene.folder / "state", folder)
    return Kept(folder).commands.get(command_id)


def writes_of(recorder, value):
    """How often the value of a command came, as (first step, second step)."""
    counts = collections.Counter((w["address"], tuple(w["words"])) for w in recorder.writes)
    return counts[GOAL, (value,)], counts[OTHER_GOAL, (value,)]


def undone_of(recorder, value):
    return sum(w["address"] == UNDONE and w["words"] == [value] for w in recorder.writes)


def check_try(writes, undone, outcomes, story):
    """What a kill left open inside the try was undone once, or the answer says why not."""
    assert undone <= 1, f"undone twice: {story}"
    for state, payload in outcomes:
        said = payload.get("message", "")
        if "on_failure was run" in said:
            assert undone == 1, story
        elif "on_failure" not in said:
            assert undone == 0, story
            assert state == "completed" or writes in ((0, 0), (1, 1)), f"left half done: {story}"


def check_command(command_id, sent, outcomes, recorder):
    """At most one outcome, nothing written twice, and the outcome says what the device saw."""
    writes = writes_of(recorder, sent["value"])
    story = f"{command_id} {sent}: answered {outcomes}, written {writes}"
    assert max(writes) <= 1, f"written twice: {story}"
    undone = undone_of(recorder, sent["value"])
    check_try(writes, undone, outcomes if sent["name"] == "put_or_undo" else [], f"{story}, undone {undone} times")
    assert len({json.dumps(o, sort_keys=True) for o in outcomes}) <= 1, f"several outcomes: {story}"
    wanted = (1, 0) if sent["name"] == "put" else (1, 1)
    if outcomes:
        state, payload = outcomes[0]
        if state == "completed":
            assert writes == wanted, story
        elif "nothing was written" in payload["message"]:
            assert writes == (0, 0), story
    elif not sent.get("may_be_lost"):
        raise AssertionError(f"never answered: {story}")

