"""Statements counted where they arrive: PostgreSQL's own log of every statement, with the program that sent it."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg

_LINE = re.compile(r"^~(?P<program>[^~]*)~(?P<pid>\d+)~ LOG:  (?:statement|execute [^:]*): (?P<sql>.*)$")
_ON: tuple[LiteralString, ...] = (
    "ALTER SYSTEM SET log_statement = 'all'",
    "ALTER SYSTEM SET log_line_prefix = '~%a~%p~ '",
    "SELECT pg_reload_conf()",
)
_OFF: tuple[LiteralString, ...] = (
    "ALTER SYSTEM RESET log_statement",
    "ALTER SYSTEM RESET log_line_prefix",
    "SELECT pg_reload_conf()",
)
SETTLE_S = 0.03


class StatementLog:
    """Tells what a call made the web processes send.  One call at a time."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def of(self, call: Callable[[], object]) -> list[str]:
        """Return the statements of ``call`` in order, each on one line, BEGIN and COMMIT included."""
        start = self._log.stat().st_size
        call()
        time.sleep(SETTLE_S)
        with self._log.open("rb") as file:
            file.seek(start)
            text = file.read().decode("utf-8", "replace")
        return list(_statements(text, "web"))

    def count(self, call: Callable[[], object], *, times: int) -> tuple[int, list[str]]:
        """Return the median number of statements of ``times`` calls and the statements of one call that had it.

        The median, because a thread of the server that opens its connection just then adds that connection's own.
        """
        found = [self.of(call) for _ in range(times)]
        number = int(statistics.median_low(len(one) for one in found))
        return number, next(one for one in found if len(one) == number)


def _statements(text: str, program: str) -> Iterator[str]:
    """Yield the statements of ``program``; lines that continue one begin with a tab."""
    current: list[str] | None = None
    for line in text.splitlines():
        if line.startswith("\t"):
            if current is not None:
                current.append(line.strip())
            continue
        if current is not None:
            yield " ".join(current)
        matched = _LINE.match(line)
        current = [matched["sql"].strip()] if matched and matched["program"] == program else None
    if current is not None:
        yield " ".join(current)


@contextmanager
def statements_logged(*, database_url: str, log: Path) -> Iterator[StatementLog]:
    """Have PostgreSQL log every statement for the time of the ``with`` block."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        try:
            for statement in _ON:
                connection.execute(statement)
            time.sleep(0.3)
            yield StatementLog(log)
        finally:
            for statement in _OFF:
                connection.execute(statement)
            time.sleep(0.3)


def shortened(sql: str, *, most: int = 170) -> str:
    """Return ``sql`` without the lists of columns and values, at most ``most`` characters."""
    text = re.sub(r"\) VALUES \(.*", ") VALUES (…)", sql)
    text = re.sub(r"^INSERT INTO (\S+) \(.*?\)", r"INSERT INTO \1 (…)", text)
    start = _top_level_from(text) if text.startswith("SELECT ") else -1
    text = f"SELECT …{text[start:]}" if start > 0 else text
    return text if len(text) <= most else text[: most - 1] + "…"


def _top_level_from(sql: str) -> int:
    """Return where the FROM of the outermost SELECT stands, -1 without one."""
    depth = 0
    for place, char in enumerate(sql):
        depth += (char == "(") - (char == ")")
        if depth == 0 and sql.startswith(" FROM ", place):
            return place
    return -1
