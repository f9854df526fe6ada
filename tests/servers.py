"""Real servers for the run: a pytest plugin (``-p tests.servers``), so that they stand before settings are read."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("QINGSHAN_MODE", "test")
os.environ.setdefault("LOG_LEVEL", "ERROR")

from qingshan.embedded import servers_for_tests

(Path(__file__).parent.parent / ".local" / "static").mkdir(parents=True, exist_ok=True)
_servers = servers_for_tests()
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if _worker.startswith("gw"):
    # A Redis database for each worker: caches, locks and queues of two tests never meet.
    os.environ["REDIS_URL"] = os.environ["REDIS_URL"].rsplit("/", 1)[0] + f"/{int(_worker[2:]) % 15 + 1}"
