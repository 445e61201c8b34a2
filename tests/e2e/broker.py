# SPDX-License-Identifier: MIT
"""A broker in the test's hands, for what a real one does only by chance: when it acknowledges, what it delivers again, and
between which two packets it is gone. Packets are taken apart by MQTT 3.1.1, sections 2 and 3."""
import contextlib
import json
import socket
import struct
import threading

CONNECT, PUBLISH, PUBACK, SUBSCRIBE, PINGREQ = 1, 3, 4, 8, 12
CONNACK, SUBACK, PINGRESP = b"\x20\x02\x00\x00", 0x90, b"\xd0\x00"


def with_length(first, body):
    """A packet of less than 16,384 bytes."""
    low, high = len(body) & 0x7f, len(body) >> 7
    return bytes([first, low | 0x80, high] if high else [first, low]) + body


class HandBroker:
    """`on_publish(topic, payload)` decides how often a message of the bridge is acknowledged; None: the link breaks instead."""

    def __init__(self):
        self.published = []  # (number of the connection, topic, payload)
        self.taken = []  # ids of the messages that the bridge acknowledged
        self.subscribed, self.connections = 0, 0  # SUBSCRIBEs over the present connection; connections
        self.on_publish = lambda topic, payload: 1
        self.peer, self.mid = None, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        self.listener.close()

    def deliver(self, topic, payload, again=False):
        """A message with QoS 1 to the bridge; its packet id."""
        self.mid += 1
        name = topic.encode()
        body = struct.pack(">H", len(name)) + name + struct.pack(">H", self.mid) + json.dumps(payload).encode()
        self.peer.sendall(with_length(0x3a if again else 0x32, body))
        return self.mid

    def acknowledge(self, mid):
        self.peer.sendall(b"\x40\x02" + struct.pack(">H", mid))

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                self.peer, _ = self.listener.accept()
                self.connections += 1
                self.subscribed = 0
                stream = self.peer.makefile("rb")
                with contextlib.suppress(OSError, IndexError):
                    while self._take(stream):
                        pass
                self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                stream.close()
                self.peer.close()

    def _take(self, stream):
        """One packet; False when the connection is to end."""
        first, length, shift = stream.read(1)[0], 0, 0
        while True:
            byte = stream.read(1)[0]
            length |= (byte & 0x7f) << shift
            shift += 7
            if not byte & 0x80:
                break
        return self._answer(first, stream.read(length))

    def _answer(self, first, body):
        kind = first >> 4
        if kind == CONNECT:
            self.peer.sendall(CONNACK)
        elif kind == SUBSCRIBE:
            self.subscribed += 1
            self.peer.sendall(with_length(SUBACK, body[:2] + b"\x01"))
        elif kind == PINGREQ:
            self.peer.sendall(PINGRESP)
        elif kind == PUBACK:
            self.taken.append(struct.unpack(">H", body)[0])
        elif kind == PUBLISH:
            return self._take_message(first, body)
        return True

    def _take_message(self, first, body):
        end = 2 + struct.unpack(">H", body[:2])[0]
        has_mid = first & 0x06
        topic, payload = body[2:end].decode(), body[end + 2 if has_mid else end:].decode()
        self.published.append((self.connections, topic, payload))
        times = self.on_publish(topic, payload)
        for _ in range(times or 0):
            self.acknowledge(struct.unpack(">H", body[end:end + 2])[0])
        return times is not None
