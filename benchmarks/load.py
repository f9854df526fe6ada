"""The load generator: keep-alive connections over raw sockets in one thread.

It runs on the cores of the server that it measures, so it must be cheap: about 0.03 ms of CPU a request against 0.4
and more in the server.  ``Ran.generator_share`` says how much of one core it used; where that passes
``GENERATOR_BOUND`` the requests/s are its own limit and not the server's, and the ratio of CPU counts instead.
Both sides of a comparison go over the same connections, since a connection stays with the web worker that took it.
"""

from __future__ import annotations

import selectors
import socket
import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType

from benchmarks.cpu import cpu_of

CONNECTIONS = 32
GENERATOR_BOUND = 0.6
TIMEOUT_S = 30.0


class LoadError(Exception):
    """The server answered what was not expected."""


def request_bytes(
    method: str, path: str, *, number: int, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> bytes:
    """Return a request on the wire; ``number`` picks one of 65,536 client addresses."""
    lines = [
        f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"X-Forwarded-For: 10.1.{number // 256 % 256}.{number % 256}",
        *(f"{name}: {value}" for name, value in (headers or {}).items()),
    ]  # fmt: skip
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


@dataclass(frozen=True, slots=True)
class Ran:
    """One round: how long, what was answered, what it cost in CPU ms a request by program."""

    requests: int
    seconds: float
    generator_share: float
    answers: Counter[int]
    cpu_ms: Mapping[str, float]

    @property
    def per_s(self) -> float:
        """Return requests a second."""
        return self.requests / self.seconds


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer: ``place`` of its request among those sent, from its sending to its last byte."""

    place: int
    status: int
    seconds: float
    body: bytes


@dataclass(slots=True)
class _Line:
    """One connection and what it has received of the current answer."""

    socket: socket.socket
    got: bytearray = field(default_factory=bytearray)
    need: int = 0
    body: int = 0
    status: int = 0
    place: int = 0
    began: float = 0.0


class Load:
    """Open connections to one port; ``with`` closes them."""

    def __init__(self, port: int, *, connections: int = CONNECTIONS) -> None:
        self._lines = [_Line(socket.create_connection(("127.0.0.1", port))) for _ in range(connections)]
        self._selector = selectors.DefaultSelector()
        for line in self._lines:
            line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(line.socket, selectors.EVENT_READ, line)

    def __enter__(self) -> Load:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._selector.close()
        for line in self._lines:
            line.socket.close()

    def run(
        self,
        requests: Sequence[bytes],
        *,
        pids: Mapping[str, int] | None = None,
        expect: int | frozenset[int] = 200,
        seen: Callable[[Answered], object] | None = None,
    ) -> Ran:
        """Send ``requests``, each connection the next one when its last was answered.

        ``pids``  programs whose CPU is measured, by name    ``seen``  is given each answer
        Raises LoadError on a status other than ``expect`` allows.
        """
        before = cpu_of(pids or {})
        wall, own = time.perf_counter(), time.thread_time()
        answers: Counter[int] = Counter()
        todo = iter(enumerate(requests))
        busy = 0
        for line in self._lines:
            busy += self._next(line, todo)
        while busy:
            ready = self._selector.select(TIMEOUT_S)
            if not ready:
                raise LoadError(f"no answer within {TIMEOUT_S:.0f} s")
            for key, _events in ready:
                if self._read(key.data):
                    answers[key.data.status] += 1
                    if seen is not None:
                        seen(_answered(key.data))
                    busy -= 1
                    busy += self._next(key.data, todo)
        seconds, used = time.perf_counter() - wall, time.thread_time() - own
        after = cpu_of(pids or {})
        if set(answers) - (expect if isinstance(expect, frozenset) else {expect}):
            raise LoadError(f"expected {expect}, got {dict(answers)}")
        count = answers.total()
        spent = {name: (after[name] - before[name]) / count for name in before}
        return Ran(count, seconds, used / seconds, answers, spent)

    @staticmethod
    def _next(line: _Line, todo: object) -> int:
        found = next(todo, None)  # type: ignore[call-overload]
        if found is None:
            return 0
        line.place, request = found
        line.got.clear()
        line.need = 0
        line.began = time.perf_counter()
        line.socket.sendall(request)
        return 1

    @staticmethod
    def _read(line: _Line) -> bool:
        """Take what has arrived; True when the answer is whole."""
        part = line.socket.recv(65536)
        if not part:
            raise LoadError("the server closed a connection")
        line.got += part
        if not line.need:
            end = line.got.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = bytes(line.got[:end]).lower()
            line.status = int(head[9:12])
            start = head.find(b"\r\ncontent-length:")
            if start < 0:
                raise LoadError("an answer without Content-Length")
            line.body = end + 4
            line.need = line.body + int(head[start + 17 : start + 40].split(b"\r\n")[0])
        return len(line.got) >= line.need


def _answered(line: _Line) -> Answered:
    return Answered(line.place, line.status, time.perf_counter() - line.began, bytes(line.got[line.body :]))


@dataclass(frozen=True, slots=True)
class Compared:
    """Rounds of two sides, taken in turn."""

    ours: list[Ran]
    yardstick: list[Ran]

    @property
    def speed(self) -> float:
        """Return the median over the rounds of our requests/s ÷ the yardstick's."""
        return statistics.median(a.per_s / b.per_s for a, b in zip(self.ours, self.yardstick, strict=True))

    @property
    def cost(self) -> float:
        """Return our CPU a request ÷ the yardstick's, web and PostgreSQL together, over all rounds."""
        return served_ms(self.ours) / served_ms(self.yardstick)

    @property
    def generator_bound(self) -> bool:
        """Whether the generator limited one of the sides."""
        sides = (self.ours, self.yardstick)
        return any(statistics.median(ran.generator_share for ran in side) > GENERATOR_BOUND for side in sides)


def cpu_mean(rounds: Sequence[Ran], name: str) -> float:
    """Return the CPU ms a request of one program over all rounds: single rounds are short against a clock tick."""
    return sum(ran.cpu_ms[name] * ran.requests for ran in rounds) / sum(ran.requests for ran in rounds)


def served_ms(rounds: Sequence[Ran]) -> float:
    """Return the CPU ms a request of web and PostgreSQL together."""
    return cpu_mean(rounds, "web") + cpu_mean(rounds, "postgres")


def compare(
    port: int,
    *,
    ours: Callable[[int], Sequence[bytes]],
    yardstick: Callable[[int], Sequence[bytes]],
    rounds: int,
    pids: Mapping[str, int],
    expect: int = 200,
    connections: int = CONNECTIONS,
) -> Compared:
    """Run both sides in turn, the first one alternating; round 0 warms up and is not counted.

    ``ours``, ``yardstick``  take the number of the round and return its requests
    """
    found = Compared([], [])
    with Load(port, connections=connections) as load:
        for number in range(rounds + 1):
            pair = [
                (ours(number), expect, found.ours),
                (yardstick(number), 200, found.yardstick),
            ]
            for requests, status, kept in pair if number % 2 else reversed(pair):
                ran = load.run(requests, pids=pids, expect=status)
                if number:
                    kept.append(ran)
    return found
