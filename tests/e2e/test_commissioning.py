# SPDX-License-Identifier: MIT
"""docs/commissioning.md is true: its commands are run, in their order, against a simulated plant, and say what the page shows.
A line `...` stands for any lines, `...` at the end of a line for its rest. Where a number differs from run to run (what a
running bridge says of itself) only the numbers are left out of the comparison."""
import re
import shlex
import subprocess

from conftest import MODBRIDGE, ROOT, Process, await_true, free_port

PAGE = ROOT / "docs/commissioning.md"
PORT_NAME, INVERTER = "/dev/serial/by-id/usb-FTDI-port0", "192.168.1.40"
VALUES = """
devices:
  meter:
    values: {ac_l1_voltage: 231.4, ac_l1_current: 5.71, ac_l1_power: 1312.5, ac_l1_power_apparent: 1321.3, ac_frequency: 50.02,
             ac_l1_power_factor: 0.993, energy_import_lifetime: 4821300, energy_export_lifetime: 0, energy_lifetime: 4821300}
  inverter: {values: {}}
"""
LIVE = ("scan", "status", "run")  # say how long something took


class Plant:
    def __init__(self, world):
        self.world = world
        self.folder = world.folder
        self.endpoint = f"127.0.0.1:{free_port()}"
        self.bridge = None
        links = self.folder / "dev"
        links.mkdir()
        self.port = links / "cabinet"
        site = re.search(r"```yaml\n(modbridge: site/1\n.*?)```", PAGE.read_text(), re.S).group(1)
        (self.folder / "values.yaml").write_text(VALUES)
        (self.folder / "simulated.yaml").write_text(site)
        (self.folder / "plant.yaml").write_text(self.really(site))
        process = world.start([MODBRIDGE, "simulate", self.folder / "simulated.yaml", "--values", self.folder / "values.yaml",
                               "--listen", self.endpoint, "--links", links], "plant")
        await_true(lambda: len(process.lines()) == 2 or process.child.poll() is not None, "the plant")
        assert len(process.lines()) == 2, process.log()

    def really(self, text):
        """What the page says, of the plant that is there."""
        return text.replace(PORT_NAME, str(self.port)).replace(f"tcp: {INVERTER}", f'tcp: "{self.endpoint}"').replace(
            INVERTER, self.endpoint)

    def as_written(self, text):
        return text.replace(str(self.port), PORT_NAME).replace(self.endpoint, f"{INVERTER}:502").replace(f"{self.folder}/", "")

    def run(self, command):
        if " run " in command:
            argv = shlex.split(command.replace("plant.yaml", str(self.folder / "plant.yaml")))
            self.bridge = Process([MODBRIDGE, *argv[1:]], self.folder, "bridge")
            return None
        done = subprocess.run(["bash", "-c", self.really(command).replace("modbridge ", f"{MODBRIDGE} ")], cwd=self.folder,
                              capture_output=True, text=True, timeout=60)
        return self.as_written(done.stderr + done.stdout)


def commands_of(page):
    for block in re.findall(r"```console\n(.*?)```", page, re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def live_pattern(line):
    """Any numbers, any durations, and columns as wide as they want."""
    parts = re.split(r"\d+(?:\.\d+)?(?: (?:ms|s|min|h)\b)?", line)
    return r"[\d.]+(?: (?:ms|s|min|h)\b)?".join(re.sub(r"(?:\\ )+", " +", re.escape(part)) for part in parts)


def pattern_of(output, is_live):
    """A regular expression for what the page shows."""
    pattern = ""
    for line in output.splitlines():
        if line == "...":
            pattern += r"(?:.*\n)*?"
            continue
        whole = not line.endswith("...")
        text = line if whole else line[:-3]
        pattern += (live_pattern(text) if is_live else re.escape(text)) + ("" if whole else ".*") + r"\n"
    return re.compile(pattern)


def test_the_page_is_true(world):
    plant = Plant(world)
    commands = list(commands_of(PAGE.read_text()))
    assert len(commands) >= 10, "the page's commands are found"
    for command, output in commands:
        is_live = any(f"modbridge {name} " in command for name in LIVE)
        pattern = pattern_of(output, is_live)
        said = plant.run(command)
        if said is None:
            await_true(lambda: pattern.fullmatch(plant.bridge.out.read_text() + "\n"), f"{command}: {output}")
            continue
        assert pattern.fullmatch(said), f"$ {command}\n{said}\ninstead of\n{output}"
    assert plant.bridge.stop() == 0
