"""``manage.py open311_key_create NAME``: a key for a program that hands in requests by Open311."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.common import clock
from apps.common.errors import Refused
from apps.feedback import services


class Command(BaseCommand):
    help = "Makes a key for a program that hands in requests by Open311 and shows it once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the program's name."""
        parser.add_argument("name", help="what the program is called, at most 30 characters")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Make the key and print it."""
        name = options["name"].strip()
        if not 1 <= len(name) <= 30:
            raise CommandError("The name takes 1 to 30 characters.")
        try:
            _row, key = services.open311_key_create(name=name, now=clock.now())
        except Refused as refused:
            raise CommandError(refused.text()) from refused
        self.stdout.write(key)
