"""What is counted for ``/metrics``."""

from __future__ import annotations

from prometheus_client import Counter

VERDICTS = Counter(
    "safety_verdicts",
    "Content checks that reached a verdict, by kind of content, whose word it is, and the state.",
    ["content", "source", "state"],
)
