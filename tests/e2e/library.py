# SPDX-License-Identifier: MIT
"""The cases of tests/maps/library: one folder is a device in some state."""
import functools

import yaml
from conftest import MAPPINGS, ROOT

LIBRARY = ROOT / "tests/maps/library"


@functools.cache
def load(path):
    """A file of a case; it is read once and must not be changed."""
    return yaml.load(path.read_text(), Loader=yaml.CSafeLoader)


class Case:
    """One folder: the device as values.yaml has it, of a site where there is a parameters.yaml or a modbus.yaml."""

    def __init__(self, world, folder):
        self.site = world.folder / "site.yaml"
        self.map = MAPPINGS / f"{folder.parent.name}.yaml"
        given = {key: folder / f"{key}.yaml" for key in ("parameters", "modbus")}
        self.keys = {key: load(path) for key, path in given.items() if path.exists()}
        # The endpoint that the site names first is where nobody listens: the simulator says where it does.
        device = self.target("127.0.0.1:1")[0] if self.keys else self.map
        _, self.endpoint = world.simulate(device, "--values", folder / "values.yaml")

    def target(self, endpoint):
        """How read and command are told what to talk to."""
        if not self.keys:
            return ["--map", self.map, "--tcp", endpoint]
        device = {"map": self.map.stem, "tcp": endpoint, **self.keys}
        self.site.write_text(yaml.safe_dump(
            {"modbridge": "site/1", "mappings": [str(MAPPINGS)], "devices": {"device": device}}, sort_keys=False))
        return [self.site, "device"]
