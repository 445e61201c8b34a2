# SPDX-License-Identifier: MIT
"""The programs that peers.py compares, each with the configuration it is given for the same equipment.

A program is a row of PROGRAMS: what is missing (empty: nothing), its version, its configuration and command, and how many
points a message of its holds. modbridge and collectd get the bare list of points. Node-RED cannot group reads: it is given
the fewest requests, made here."""
import itertools
import json
import pathlib
import shutil
import subprocess

WORDS = {"u16": 1, "u32": 2, "f32": 2}
LONGEST = 125  # registers of a request


def fewest_requests(points):
    """[(table, first register, count, points)] that read all the points in as few requests as there can be."""
    found = []
    for table, group in itertools.groupby(sorted(points), key=lambda point: point[0]):
        current = []
        for point in group:
            if current and point[1] + WORDS[point[2]] - current[0][1] > LONGEST:
                found.append(current)
                current = []
            current.append(point)
        found.append(current)
    return [(part[0][0], part[0][1], part[-1][1] + WORDS[part[-1][2]] - part[0][1], part) for part in found]


class Modbridge:
    name = "modbridge"

    def __init__(self, options):
        self.program = options.program.resolve()

    def missing(self):
        return ""

    def version(self):
        return subprocess.run([self.program, "--version"], capture_output=True, text=True).stdout.strip()

    def command(self, stand, folder):
        lines = ["modbridge: map/1", "vendor: Bench", "model: Points", "modbus: {merge_gap: auto}", "telemetry:"]
        lines += [f"  {t[0]}{a}: {{{t}: {a}, type: {k}, every: {stand.every}}}" for t, a, k in stand.points]
        (folder / "points.yaml").write_text("\n".join(lines) + "\n")
        rows = [f'  d{i}: {{map: ./points.yaml, tcp: "127.0.0.1:{stand.port + i}", cloud: here, hardware_id: HW, channel_id: d{i}}}'
                for i in range(stand.devices)]
        (folder / "site.yaml").write_text(
            f"modbridge: site/1\nstate: {folder}/state\ncloud:\n  here: {{host: 127.0.0.1, port: {stand.broker_port}}}\n"
            "devices:\n" + "\n".join(rows) + "\n")
        return [self.program, "run", folder / "site.yaml"]

    def points(self, topic, payload):
        """[name of a point] that the message holds."""
        if not topic.endswith("/telemetry"):
            return []
        device = topic.split("/")[3]
        return [f"{device}/{key}" for key in json.loads(payload) if key[1:].isdigit()]


class Collectd:
    name = "collectd"
    TYPES = {"u16": "Uint16", "u32": "Uint32", "f32": "Float"}

    def __init__(self, _options):
        self.program = shutil.which("collectd") or "/usr/sbin/collectd"

    def missing(self):
        plugins = pathlib.Path("/usr/lib/collectd")
        if not pathlib.Path(self.program).exists() or not (plugins / "modbus.so").exists():
            return "not installed (apt-get install collectd-core libmodbus5 libmosquitto1)"
        return ""

    def version(self):
        return "collectd-core " + subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "collectd-core"], capture_output=True,
                                                 text=True).stdout

    def command(self, stand, folder):
        data = "".join(
            f'  <Data "{t[0]}{a}">\n    RegisterBase {a}\n    RegisterType {self.TYPES[k]}\n    RegisterCmd Read{t.capitalize()}\n'
            f'    Type gauge\n    Instance "{t[0]}{a}"\n  </Data>\n' for t, a, k in stand.points)
        collect = "".join(f'      Collect "{t[0]}{a}"\n' for t, a, _ in stand.points)
        hosts = "".join(
            f'  <Host "d{i}">\n    Address "127.0.0.1"\n    Port "{stand.port + i}"\n    Interval 1\n    <Slave 1>\n'
            f'      Instance "u1"\n{collect}    </Slave>\n  </Host>\n' for i in range(stand.devices))
        (folder / "collectd.conf").write_text(
            f'Hostname "bench"\nBaseDir "{folder}"\nPIDFile "{folder}/pid"\nPluginDir "/usr/lib/collectd"\n'
            'TypesDB "/usr/share/collectd/types.db"\nInterval 1\nReadThreads 5\nWriteThreads 2\nAutoLoadPlugin false\n'
            f"LoadPlugin modbus\nLoadPlugin mqtt\n<Plugin modbus>\n{data}{hosts}</Plugin>\n"
            f'<Plugin mqtt>\n  <Publish "out">\n    Host "127.0.0.1"\n    Port "{stand.broker_port}"\n    ClientId "collectd"\n'
            "    QoS 0\n    Retain false\n  </Publish>\n</Plugin>\n")
        return [self.program, "-f", "-C", folder / "collectd.conf"]

    def points(self, topic, _payload):
        return [topic]


class NodeRed:
    name = "node-red"
    DECODE = """const w=msg.payload;if(!Array.isArray(w))return null;const f=Buffer.alloc(4);
function decode(i,k){if(k==='u16')return w[i];if(k==='u32')return w[i]*65536+w[i+1];
f.writeUInt16BE(w[i],0);f.writeUInt16BE(w[i+1],2);return f.readFloatBE(0);}
return [%s.map(p=>({topic:p[0],payload:String(decode(p[1],p[2]))}))];"""

    def __init__(self, options):
        self.folder = options.node_red.resolve() if options.node_red else None

    def missing(self):
        if not shutil.which("node"):
            return "no node"
        if not self.folder or not (self.folder / "node_modules/node-red-contrib-modbus").exists():
            return "not installed (npm install --prefix FOLDER node-red@4 node-red-contrib-modbus@5.23.3; --node-red FOLDER)"
        return ""

    def version(self):
        return ", ".join(f"{name} " + json.loads((self.folder / "node_modules" / name / "package.json").read_text())["version"]
                         for name in ("node-red", "node-red-contrib-modbus"))

    def device(self, stand, index):
        nodes = [{"id": f"client{index}", "type": "modbus-client", "name": f"d{index}", "clienttype": "tcp", "bufferCommands": True,
                  "stateLogEnabled": False, "queueLogEnabled": False, "failureLogEnabled": False, "tcpHost": "127.0.0.1",
                  "tcpPort": str(stand.port + index), "tcpType": "DEFAULT", "unit_id": 1, "commandDelay": 1, "clientTimeout": 1000,
                  "reconnectOnTimeout": False, "reconnectTimeout": 2000, "parallelUnitIdsAllowed": True}]
        for number, (table, first, count, points) in enumerate(fewest_requests(stand.points)):
            name = f"{index}_{number}"
            places = json.dumps([[f"d{index}/{t[0]}{a}", a - first, k] for t, a, k in points])
            nodes.append({"id": f"read{name}", "z": "tab", "type": "modbus-read", "name": "", "topic": "", "unitid": "1",
                          "showStatusActivities": False, "logIOActivities": False, "showErrors": False, "adr": str(first),
                          "dataType": "InputRegister" if table == "input" else "HoldingRegister", "quantity": str(count),
                          "rate": "1000", "rateUnit": "ms", "delayOnStart": False, "startDelayTime": "", "server": f"client{index}",
                          "useIOFile": False, "ioFile": "", "useIOForPayload": False, "emptyMsgOnFail": False, "x": 0, "y": 0,
                          "wires": [[f"decode{name}"], []]})
            nodes.append({"id": f"decode{name}", "z": "tab", "type": "function", "name": "", "outputs": 1, "x": 0, "y": 0,
                          "wires": [["out"]], "func": self.DECODE % places})
        return nodes

    def command(self, stand, folder):
        flows = [{"id": "tab", "type": "tab", "label": "bench"},
                 {"id": "broker", "type": "mqtt-broker", "name": "", "broker": "127.0.0.1", "port": str(stand.broker_port),
                  "clientid": "", "autoConnect": True, "usetls": False, "protocolVersion": "4", "keepalive": "60", "cleansession": True},
                 {"id": "out", "z": "tab", "type": "mqtt out", "topic": "", "qos": "0", "retain": "", "broker": "broker", "x": 0, "y": 0,
                  "wires": []}]
        for index in range(stand.devices):
            flows += self.device(stand, index)
        (folder / "flows.json").write_text(json.dumps(flows))
        modules = self.folder / "node_modules"
        (folder / "node_modules").symlink_to(modules)
        (folder / "settings.js").write_text(
            f"module.exports={{flowFile:'flows.json',userDir:'{folder}',nodesDir:'{modules}/node-red-contrib-modbus',"
            "httpAdminRoot:false,httpNodeRoot:false,uiPort:0,uiHost:'127.0.0.1',logging:{console:{level:'warn'}},"
            "telemetry:{enabled:false},diagnostics:{enabled:false},runtimeState:{enabled:false}};")
        return ["node", modules / "node-red/red.js", "--settings", folder / "settings.js", "--userDir", folder]

    def points(self, topic, _payload):
        return [topic]


PROGRAMS = [Modbridge, Collectd, NodeRed]
