"""``manage.py suggestion_train``: learn to suggest categories now, as the nightly task does."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.common import clock
from apps.feedback import services


class Command(BaseCommand):
    help = "Train the suggestion of categories from the corpus and the closed cases."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Train and say how well it went."""
        row = services.suggestion_train(now=clock.now())
        self.stdout.write(
            f"version {row.version} live {row.is_active} "
            f"held out {row.held_out_n} top1 {row.top1:.3f} top3 {row.top3:.3f} on {row.trained_on}"
        )
