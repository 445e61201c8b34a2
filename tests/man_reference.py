# SPDX-License-Identifier: MIT
"""The man pages modbridge-map(5) and modbridge-site(5): the reference that `modbridge schema KIND --reference` prints, as mdoc."""
import re
import subprocess

KINDS = {
    "map": ("what a modbridge map file may hold", """A map says in YAML what one kind of Modbus device holds and what can be asked of it.
Which registers mean what, how they are scaled, what is published under which name, which bits are alerts, and which writes a
command is made of.
Every key is listed here; docs/maps.md explains them with examples.""", """.Bd -literal -offset indent
modbridge: map/1
vendor: Acme
model: Meter
telemetry:
  ac_frequency: {holding: 40085, type: u16, scale: 0.01, unit: Hz}
.Ed"""),
    "site": ("what a modbridge site file may hold", """A site says in YAML which devices an installation has, on which buses they hang
and to whom they report.
Every key is listed here; docs/site.md explains them with examples.""", """.Bd -literal -offset indent
modbridge: site/1
cloud:
  plant: {host: mqtt.example.com, port: 1883}
buses:
  cabinet: {rtu: /dev/serial/by-id/usb-FTDI_1, baud: 9600}
devices:
  meter: {map: eastron_sdm630, bus: cabinet, unit: 4, cloud: plant, hardware_id: G1, channel_id: meter}
.Ed"""),
}


def escape(text):
    """Text of the reference as a line of mdoc: nothing in it is a macro or an escape."""
    text = text.replace("\\|", "|").replace("\\", "\\e").replace("`", "").replace("-", "\\-").strip()
    return f"\\&{text}" if text[:1] in (".", "'") else text


def sentence(text):
    first = text.split(" ")[0]
    return (text[:1].upper() + text[1:] if first.rstrip(",").isalpha() else text).rstrip(".") + "."


def row(cells):
    key, values, default, meaning = cells
    lines = [f".It Cm {key.strip('`')}", escape(sentence(meaning))]
    if values:
        lines.append(f"Values: {escape(values.replace('` `', '`, `'))}.")
    if default == "required":
        lines.append("Required.")
    elif default:
        lines.append(f"Default: {escape(default)}.")
    return lines


def page(program, kind):
    what, about, example = KINDS[kind]
    reference = subprocess.run([program, "schema", kind, "--reference"], capture_output=True, text=True, check=True).stdout
    lines = [".\\\" SPDX-License-Identifier: MIT", ".\\\" Made by tests/docs.py --write from the tables that read the file.",
             ".Dd November 26, 2026", f".Dt MODBRIDGE-{kind.upper()} 5", ".Os", ".Sh NAME", f".Nm modbridge-{kind}", f".Nd {what}",
             ".Sh DESCRIPTION", *(escape(line) for line in about.splitlines())]
    for section in re.split(r"^### ", reference, flags=re.M)[1:]:
        title, *rest = section.splitlines()
        rows = [re.split(r"(?<!\\) \| ", line[2:-1].rstrip("|").strip() + " ")
                for line in rest if line.startswith("| `")]
        lines.append(f".Sh {escape(title).upper()}")
        text = [line for line in rest if line and not line.startswith("|")]
        lines += [escape(sentence(line)) for line in text]
        lines.append(".Bl -tag -width Ds")
        for cells in rows:
            lines += row([cell.strip() for cell in cells])
        lines.append(".El")
    lines += [".Sh EXAMPLES", example, ".Sh SEE ALSO", ".Xr modbridge 1 ,"]
    lines += [f".Xr modbridge-{other} 5" for other in KINDS if other != kind]
    return "\n".join(lines) + "\n"


def findings(program, root, write):
    """Which page is not what the program says; with `write` they are brought up to date instead."""
    said = []
    for kind in KINDS:
        path = root / f"docs/man/modbridge-{kind}.5"
        wanted = page(program, kind)
        if write:
            path.write_text(wanted)
        elif not path.exists() or path.read_text() != wanted:
            said.append(f"{path}: not current: python3 tests/docs.py PROGRAM . --write")
    return said
