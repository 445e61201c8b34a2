# SPDX-License-Identifier: MIT
"""The far side of the broker, which misses nothing; and a process that stands still while its files are copied."""
import contextlib
import os
import pathlib
import signal
import time

import paho.mqtt.client as paho


@contextlib.contextmanager
def standing_still(process):
    """Nothing of it runs inside: its files are of one instant."""
    os.kill(process, signal.SIGSTOP)
    try:
        tasks = pathlib.Path(f"/proc/{process}/task")
        while any((task / "stat").read_text().rsplit(")", 1)[1].split()[0] not in "TtZ" for task in tasks.iterdir()):
            time.sleep(0.001)
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def lasting_broker(folder):
    """Settings of a broker that keeps its sessions and every message over its restarts."""
    return (f"allow_anonymous true\nmax_queued_messages 0\npersistence true\n"
            f"persistence_location {folder}/\nautosave_interval 0\nuser root\n")


class Cloud:
    """A subscriber whose session outlives the broker's restarts: all messages, in the order they came."""

    def __init__(self, port):
        self.messages = []
        self.arrivals = []  # of each message, on the 1970 clock
        self.client = paho.Client(client_id="cloud", clean_session=False)
        self.client.on_message = self._take
        self.client.reconnect_delay_set(1, 1)
        self.client.max_inflight_messages_set(1000)
        self.client.connect("127.0.0.1", port)
        self.client.subscribe("v1/from/#", qos=1)
        self.client.loop_start()

    def _take(self, _client, _userdata, message):
        self.arrivals.append(time.time())
        self.messages.append((message.topic, message.payload.decode()))

    def close(self):
        self.client.loop_stop()
        self.client.disconnect()
