"""``manage.py figures_rebuild [--since DATE --until DATE]``: count events anew; without dates all of them."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.common import clock
from apps.reports import services


class Command(BaseCommand):
    help = "Throw figures away and count the events anew."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--since", type=dt.date.fromisoformat, help="YYYY-MM-DD")
        parser.add_argument("--until", type=dt.date.fromisoformat, help="YYYY-MM-DD")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Count."""
        since, until = options["since"], options["until"]
        if (since is None) != (until is None) or (since and until and since > until):
            raise CommandError("Give both dates, the first not after the second, or none.")
        now = clock.now()
        if since is None:
            written = services.figures_rebuild(now=now)
        else:
            days = [since + dt.timedelta(days=place) for place in range((until - since).days + 1)]
            written = services.figures_day_rebuild(days=days, now=now)
        self.stdout.write(f"{written} rows")
