# SPDX-License-Identifier: MIT
"""A Modbus TCP proxy that notes the write requests which pass, taken apart by itself and not by the program under test, and
how often each unit answered.

Frames: Modbus Messaging on TCP/IP Implementation Guide V1.0b, section 3.1.3; functions: Modbus Application Protocol
V1.1b3, sections 6.5, 6.6, 6.11, 6.12."""
import collections
import contextlib
import socket
import struct
import threading
import time


def take_apart(pdu):
    """A write request as {function, address, words}, bits as words 0 and 1; None for anything else."""
    function, address = pdu[0], struct.unpack(">H", pdu[1:3])[0]
    if function == 5:
        return {"function": 5, "address": address, "words": [1 if pdu[3:5] == b"\xff\x00" else 0]}
    if function == 6:
        return {"function": 6, "address": address, "words": list(struct.unpack(">H", pdu[3:5]))}
    if function == 15:
        count = struct.unpack(">H", pdu[3:5])[0]
        return {"function": 15, "address": address, "words": [pdu[6 + i // 8] >> i % 8 & 1 for i in range(count)]}
    if function == 16:
        count = struct.unpack(">H", pdu[3:5])[0]
        return {"function": 16, "address": address, "words": list(struct.unpack(f">{count}H", pdu[6:6 + 2 * count]))}
    return None


def cut(take):
    """A function that finds the frames in what is passed to it piece by piece, and calls `take(unit id, pdu)` with each."""
    buffer = bytearray()

    def note(data):
        buffer.extend(data)
        while len(buffer) >= 6:
            length = struct.unpack(">H", buffer[4:6])[0]
            if len(buffer) < 6 + length:
                return
            take(buffer[6], bytes(buffer[7:6 + length]))
            del buffer[:6 + length]

    return note


class Recorder:
    """Listens, passes everything on to `endpoint`, and keeps the writes in order. `on_write(write)` is called with each
    before it is passed on: the instant at which the bridge waits for its answer."""

    def __init__(self, endpoint):
        host, port = endpoint.rsplit(":", 1)
        self.target = (host, int(port))
        self.writes = []
        self.answers = collections.defaultdict(collections.Counter)  # {unit id: {second of the 1970 clock: how many}}
        self.connections = 0  # that were accepted
        self.on_write = lambda write: None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        self.listener.close()

    def _serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                device = socket.create_connection(self.target)
            except OSError:  # it is away, and so is the recorder then
                client.close()
                continue
            threading.Thread(target=self._pass, args=(client, device, cut(self._take_request)), daemon=True).start()
            threading.Thread(target=self._pass, args=(device, client, cut(self._take_answer)), daemon=True).start()

    def _take_request(self, _unit_id, pdu):
        write = take_apart(pdu)
        if write:
            self.writes.append(write)
            self.on_write(write)

    def _take_answer(self, unit_id, _pdu):
        self.answers[unit_id][int(time.time())] += 1

    @staticmethod
    def _pass(source, sink, note):
        try:
            while data := source.recv(4096):
                note(data)
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # wakes the other direction, which waits for it
            end.close()
