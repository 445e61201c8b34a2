# SPDX-License-Identifier: MIT
"""What an earlier version left on disk is this one's: state_version_N.sql, one for each version of the tables there ever was."""
import contextlib
import pathlib
import sqlite3
import time

import pytest
from conftest import await_true

MAP = """modbridge: map/1
registers:
  goal: {holding: 2, type: u16, access: rw}
telemetry:
  value: {holding: 1, type: u16, every: 1s}
commands:
  put: {set: goal, min: 0, max: 1000}
"""
TELEMETRY = "v1/from/HW/meter/v1/telemetry"


def make_state(folder, dump):
    """Makes the file, as if it had been left a minute ago, and returns the seconds that wait in it."""
    folder.mkdir()
    with contextlib.closing(sqlite3.connect(folder / "modbridge.db")) as store:
        store.executescript(dump.read_text())
        newest = store.execute("SELECT max(at_ms) FROM outbox").fetchone()[0]
        store.execute("UPDATE boots SET offset_ms = ?", (int(time.time() * 1000) - newest - 60000,))
        store.commit()
        return [row[0] for row in store.execute("SELECT (at_ms + offset_ms) / 1000 FROM outbox JOIN boots ON boots.id = outbox.boot "
                                                "ORDER BY outbox.id")]


@pytest.mark.parametrize("dump", sorted(pathlib.Path(__file__).parent.glob("state_version_*.sql")), ids=lambda path: path.stem)
def test_what_waits_is_delivered_and_ids_are_known(world, dump):
    seconds = make_state(world.folder / "state", dump)
    assert len(seconds) == 5
    (world.folder / "meter.yaml").write_text(MAP)
    _, endpoint = world.simulate(world.folder / "meter.yaml")
    cloud = world.start_broker()
    bridge = world.run(world.site({"meter": f"map: meter, tcp: '{endpoint}'"}))
    await_true(lambda: set(seconds) <= {p["timestamp"] for p in cloud.payloads(TELEMETRY)}, "what waited")
    # Answered from the record; with other arguments it is another command under an old id.
    assert world.command("meter", "kept-1", "put", {"goal": 17}) == ("completed", {"goal": 17})
    state, payload = world.command("meter", "kept-1", "put", {"goal": 18})
    assert state == "error", payload
    assert "damaged" not in bridge.log() and not list((world.folder / "state").glob("*damaged*"))
