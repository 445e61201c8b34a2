# SPDX-License-Identifier: MIT
"""A broker under a name that only multicast DNS knows, as an Enapter Gateway has one."""
import socket
import struct
import threading

from conftest import MAPPINGS, await_true

GROUP, PORT = "224.0.0.251", 5353


class Responder:
    """Answers questions for one name with 127.0.0.1, as a host of the local network does."""

    def __init__(self, name):
        self.question = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0\0\1\0\1"
        self.asked = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("", PORT))
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                               socket.inet_aton(GROUP) + socket.inet_aton("127.0.0.1"))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                query, sender = self.socket.recvfrom(9000)
            except OSError:
                return
            if query[12:] == self.question:
                self.asked += 1
                answer = b"\xc0\x0c\0\1\x80\1\0\0\0\x0a\0\4" + socket.inet_aton("127.0.0.1")
                self.socket.sendto(query[:2] + struct.pack(">HHHHH", 0x8400, 1, 1, 0, 0) + self.question + answer, sender)

    def close(self):
        self.socket.close()


def test_a_broker_under_a_local_name(world):
    world.start_broker()
    site = world.site({"electrolyser": f'map: "{MAPPINGS}/enapter_el21.yaml", tcp: "127.0.0.1:9"'})
    site.write_text(site.read_text().replace("host: 127.0.0.1", "host: modbridge-test-gateway.local"))
    bridge = world.run(site)
    await_true(lambda: "no host of the local network answers to this name" in bridge.log(), "the reason")
    responder = Responder("modbridge-test-gateway.local")
    try:
        await_true(lambda: f"connected to modbridge-test-gateway.local:{world.port}" in bridge.log(), "the connection")
        assert responder.asked > 0
    finally:
        responder.close()
