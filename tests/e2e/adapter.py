# SPDX-License-Identifier: MIT
"""A USB adapter between a program and a simulated serial line: what is sent with another speed than the line's is
noise on it, which devices do not answer - or, with `garbles`, answer with noise."""
import os
import pty
import select
import termios
import threading
import tty


class Adapter:
    """Pseudo-terminals know a speed, which their other end can see; they drop parity."""

    def __init__(self, line, speed, garbles=False):
        self.line = os.open(line, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.line)
        self.master, self.slave = pty.openpty()  # the slave stays open: a closed one is an error to read from
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)
        self.speed = speed
        self.garbles = garbles
        self.speeds = []  # as they were seen, each once
        self.end, self.ending = os.pipe()
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        while True:
            ready, _, _ = select.select([self.line, self.master, self.end], [], [])
            if self.end in ready:
                return
            if self.line in ready:
                os.write(self.master, os.read(self.line, 4096))
            if self.master in ready:
                self.carry(os.read(self.master, 4096))

    def carry(self, request):
        speed = termios.tcgetattr(self.master)[5]
        if speed not in self.speeds:
            self.speeds.append(speed)
        if speed == self.speed:
            os.write(self.line, request)
        elif self.garbles:
            os.write(self.master, b"\xa5\x00\x3c\xff\x81\x12\x77")

    def close(self):
        os.write(self.ending, b"x")
        self.thread.join()
        for descriptor in (self.line, self.master, self.slave, self.end, self.ending):
            os.close(descriptor)
