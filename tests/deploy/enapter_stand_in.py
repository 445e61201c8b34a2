#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What Enapter issues, made by hand: a CA, a broker's certificate and the communication config (version 3) of a standalone device.

    enapter_stand_in.py FOLDER HOST PORT"""
import base64
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))
from certificates import Authority  # noqa: E402

folder, host, port = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
folder.mkdir()
authority = Authority(folder / "authority")
broker, broker_key = authority.issue("broker", f"IP:{host}")
certificate, key = authority.issue("inverter")
(folder / "ca.pem").write_text(authority.ca.read_text())
(folder / "broker.pem").write_text(broker.read_text())
(folder / "broker.key").write_text(broker_key.read_text())
# Who listens at the broker, to see what arrives, needs one too.
(folder / "inverter.pem").write_text(certificate.read_text())
(folder / "inverter.key.pem").write_text(key.read_text())
config = {"mqtt_host": host, "mqtt_port": port, "mqtt_protocol": "MQTTS", "hardware_id": "ENAPTER-HW", "channel_id": "inverter",
          "mqtt_credentials": {"ca_chain": authority.ca.read_text(), "certificate": certificate.read_text(),
                               "private_key": key.read_text()},
          "time_sync_protocol": "NTP", "time_sync_host": host, "time_sync_port": 123}
(folder / "inverter.blob").write_text(base64.b64encode(json.dumps(config).encode()).decode() + "\n")
