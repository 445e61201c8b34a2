# SPDX-License-Identifier: MIT
"""A link between bridge and broker that falls ill in the ways of real ones. What single packets lost on the way do is not
among them: TCP mends that out of a proxy's sight."""
import contextlib
import select
import socket
import struct
import threading
import time

STALL = "stall"  # nothing passes, nothing is lost
DRIBBLE = "dribble"  # 200 bytes a second
CUT = "cut"  # reset, and so is every further attempt
END = "end"  # closed in order, and so is every further attempt
TEAR = "tear"  # reset inside a packet of the bridge or the broker
DEAF = "deaf"  # half open: nothing comes from the broker
MUTE = "mute"  # half open: nothing gets to the broker
GONE = "gone"  # a black hole in both directions
ILLS = (STALL, DRIBBLE, CUT, END, TEAR, DEAF, MUTE, GONE)
LOSING = (DEAF, MUTE, GONE)
UP, DOWN = 0, 1  # to the broker, to the bridge
BYTE_S = 0.005


def reset(sock):
    """Closes with RST and not with FIN."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Pair(threading.Thread):
    """One connection of the bridge and the one to the broker that it is passed on to."""

    def __init__(self, link, bridge, broker):
        super().__init__(daemon=True)
        self.link, self.ends = link, (bridge, broker)
        self.open = list(self.ends)  # nobody has closed them
        self.lost_in = None  # the spell of illness in which bytes were lost
        self.start()

    def swallows(self, way):
        return self.link.ill in (GONE, DEAF if way == DOWN else MUTE)

    def send(self, way, data):
        """Passes data on as the link's state has it; False ends the connection."""
        target = self.ends[1 - way]
        if self.link.ill == TEAR and len(data) > 1:
            target.sendall(data[:self.link.chance.randrange(1, len(data))])
            return False
        while data and self.link.ill == DRIBBLE:
            target.sendall(data[:1])
            data = data[1:]
            time.sleep(BYTE_S)
        target.sendall(data)
        return True

    def take(self, end):
        way, spell = self.ends.index(end), self.link.spell
        data = end.recv(65536)
        if self.swallows(way):
            self.lost_in, self.link.lost = spell, self.link.lost + len(data)
            if not data:  # nor does the other end hear of this
                self.open.remove(end)
        elif not data or not self.send(way, data):
            raise OSError("over")

    def is_over(self):
        """A stream that lacks bytes cannot go on: the connection ends with the ill."""
        return self.link.ill in (CUT, END) or (self.lost_in is not None and self.link.spell != self.lost_in)

    def run(self):
        with contextlib.suppress(OSError):
            while not self.is_over():
                if self.link.ill == STALL:
                    time.sleep(0.05)
                    continue
                for end in select.select(self.open, [], [], 0.1)[0]:
                    if self.link.ill != STALL:
                        self.take(end)
        self.link.broken += self.link.ill is not None or self.lost_in is not None
        for end in self.ends:
            end.close() if self.link.ill == END else reset(end)


class Link:
    """Listens for the bridge; `fall_ill` is in force until `recover`."""

    def __init__(self, port, chance):
        self.target, self.chance = port, chance
        self.ill, self.spell = None, 0
        self.accepted, self.broken, self.lost = 0, 0, 0  # connections, those that an ill ended, bytes
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                bridge, _ = self.listener.accept()
                self.accepted += 1
                if self.ill in (CUT, END):
                    reset(bridge) if self.ill == CUT else bridge.close()
                    continue
                try:
                    Pair(self, bridge, socket.create_connection(("127.0.0.1", self.target)))
                except OSError:
                    reset(bridge)

    def fall_ill(self, ill):
        self.spell += 1
        self.ill = ill

    def recover(self):
        self.spell += 1
        self.ill = None

    def close(self):
        self.ill = CUT
        self.listener.close()
