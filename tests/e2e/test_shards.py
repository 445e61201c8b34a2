# SPDX-License-Identifier: MIT
"""One site for two processes: each device is in the hands of exactly one."""
import json

from conftest import MODBRIDGE, await_true, modbridge
from recorder import Recorder
from test_reload import MAP, telemetry_of

NAMES = ("one", "two", "four")  # "two" is in shard 0 of 2


def test_two_shards_share_a_site(world):
    world.start_broker()
    recorders, devices = {}, {}
    for name in NAMES:
        (world.folder / f"{name}.yaml").write_text(MAP)
        _, endpoint = world.simulate(world.folder / f"{name}.yaml")
        recorders[name] = Recorder(endpoint)
        devices[name] = f'map: {name}, tcp: "{recorders[name].endpoint}"'
    where = world.site(devices)
    bridges = [world.run(where, "--shard", f"{i}/2") for i in range(2)]
    for name in NAMES:
        world.mqtt.await_payload(telemetry_of(name), lambda p: p["power"] == 5)
        assert world.command(name, f"m-{name}", "set_mode", {"mode": 3}) == ("completed", {"mode": 3})
        assert [w["words"] for w in recorders[name].writes] == [[3]], "by one of them, once"
        assert recorders[name].connections == 1, "polled by one of them"
    for i, names in enumerate((["two"], ["one", "four"])):
        result = modbridge("status", where, "--shard", f"{i}/2", "--json")
        assert result.returncode == 0, result.stderr
        assert [b["name"] for b in json.loads(result.stdout)["buses"]] == names
    # Each reads the same file again and takes its own part of it.
    devices.pop("four")
    where = world.site(devices)
    for i, gone in enumerate(([], ["four"])):
        result = modbridge("reload", where, "--shard", f"{i}/2", "--json")
        assert result.returncode == 0, result.stderr
        assert json.loads(result.stdout)["devices"]["removed"] == gone
    third = world.start([MODBRIDGE, "run", where, "--shard", "1/2"], "third")
    await_true(lambda: third.child.poll() is not None, "the third one to end")
    assert third.child.returncode == 1 and "another modbridge runs this site" in third.log()
    world.started.remove(third)
    assert all(bridge.child.poll() is None for bridge in bridges)
    for argv in (["run", where, "--shard", "2/2"], ["status", "--shard", "0/2"]):
        assert modbridge(*argv).returncode == 2
    for recorder in recorders.values():
        recorder.close()
