# SPDX-License-Identifier: MIT
"""The broker away for a while: five devices at 1 Hz, every second arrives, live ones first, the backlog at its pace."""
import collections
import time

from conftest import pick
from e2e_world import await_true
from histories import missing, repeated, telemetry

LEAST_RATE = 10  # messages a second of a backlog (docs/operations.md)
UNDER_WAY_S = 8  # what the broker took and could not acknowledge any more


def classes(scene, since, lost, back):
    """Of what arrived from `since` on: [(device, second, arrival, is backlog)]."""
    found = []
    for at in range(since, len(scene.cloud.messages)):
        topic, _ = scene.cloud.messages[at]
        for second in telemetry([scene.cloud.messages[at]], topic.split("/")[3]):
            found.append((topic.split("/")[3], second, scene.cloud.arrivals[at], lost < second < back - 2))
    return found


def check_order(scene, found, lost, back):
    for name in scene.names:
        old = [second for device, second, _, is_old in found if is_old and device == name]
        assert old == sorted(old), f"{name}: the backlog came out of order"
        live = [i for i, (device, second, _, _) in enumerate(found) if device == name and second >= back - 2]
        backlog = [i for i, f in enumerate(found) if f[3]]
        assert live[0] < backlog[len(backlog) // 2], f"{name}: its first live message came amid the backlog"


def check_pace(found, heard):
    """None of the backlog came before its turn, counted from the second in which the link was there. What is held up on its way
    and comes in a heap comes late, never early. What was live when the link came is told apart late: half more than the rate."""
    old = sorted(arrival for *_, arrival, is_old in found if is_old)
    early = [i for i, arrival in enumerate(old) if arrival < heard + (i - LEAST_RATE / 2) / (1.5 * LEAST_RATE)]
    assert not early, f"the backlog was not paced: {[round(arrival - heard, 2) for arrival in old]}"
    return max(collections.Counter(map(int, old)).values())


def test_outage(scene):
    scene.devices(5)
    scene.run()
    await_true(lambda: all(len(telemetry(scene.cloud.messages, n)) >= 3 for n in scene.names), "telemetry")
    began = max(min(telemetry(scene.cloud.messages, n)) for n in scene.names)
    scene.world.broker.stop()
    lost = time.time()
    time.sleep(pick(8, 60))  # the outage is the point of the test
    since, hearings = len(scene.cloud.messages), len(scene.hearings())
    scene.start_broker()
    await_true(lambda: any(telemetry(scene.cloud.messages[since:], n) for n in scene.names), "the link", 120)
    back = time.time()
    await_true(lambda: all(not missing(telemetry(scene.cloud.messages, n), began, back) for n in scene.names),
               "every second of every device", pick(120, 240))
    drained = time.time()
    time.sleep(2)  # anything sent twice would come now
    found = classes(scene, since, lost, back)
    check_order(scene, found, lost, back)
    fastest = check_pace(found, scene.hearings()[hearings])
    twice = [s for n in scene.names for s in repeated(telemetry(scene.cloud.messages, n))]
    assert all(-UNDER_WAY_S <= s - lost <= 1 for s in twice), f"{twice} twice, the link was lost at {lost}"
    late = max(arrival - second for *_, second, arrival, is_old in found if not is_old and second >= back)
    print(f"away for {pick(8, 60)} s, connected {back - lost:.1f} s after it was lost, drained {drained - back:.1f} s "
          f"later; at most {fastest} old messages a second; live ones at most {late:.1f} s after their second began; "
          f"{len(twice)} of those under way came twice, 0 of {len(found)} others")
