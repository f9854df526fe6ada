"""``manage.py figures_verify [--since DATE] [--until DATE]``: replay the events and compare; exit code 1 on a difference."""

from __future__ import annotations

import datetime as dt
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from apps.common import clock
from apps.reports.verification import figures_verify

SHOWN = 50
DAYS = 31


class Command(BaseCommand):
    help = "Replay the events of a range of days and compare them with the daily figures."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        today = clock.today()
        parser.add_argument(
            "--since",
            type=dt.date.fromisoformat,
            default=today - dt.timedelta(days=DAYS - 1),
            help="YYYY-MM-DD",
        )
        parser.add_argument("--until", type=dt.date.fromisoformat, default=today, help="YYYY-MM-DD")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Compare, print, end with 1 when there is a difference."""
        differences = figures_verify(since=options["since"], until=options["until"])
        for one in sorted(differences, key=lambda one: (one.key[0], str(one.key), one.measure))[:SHOWN]:
            keys = " ".join(str(part) for part in one.key)
            self.stdout.write(f"{keys} {one.measure}: stored {one.stored}, replayed {one.replayed}")
        self.stdout.write(f"{options['since']} to {options['until']}: {len(differences)} differences")
        if differences:
            sys.exit(1)
