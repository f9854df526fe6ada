"""``manage.py article_import FILE``: a plain text of a newspaper becomes a draft."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from apps.common import clock
from apps.common.errors import Refused
from apps.news import services
from apps.news.intake import article_parse, blocks_to_html, summary_of, text_decode
from apps.news.intake_values import BlockKind, Intake, IntakeRefused
from apps.news.intake_words import DOUBT_WORDS, JOIN_WORDS

MAX_BYTES = 4 * 1024 * 1024


class Command(BaseCommand):
    help = "Read a newspaper's plain text, mend its print defects and keep it as a draft."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--column", default="news", help="slug of the column")
        parser.add_argument("--source", default="", help="what the article names as its source")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Read, report, keep."""
        path: Path = options["file"]
        try:
            with path.open("rb") as file:
                intake = article_parse(text=text_decode(file.read(MAX_BYTES)))
        except OSError as error:
            raise CommandError(_("%(path)s can not be read.") % {"path": path.name}) from error
        except (ValueError, IntakeRefused) as error:
            raise CommandError(
                _("%(path)s is not a text that can be read: %(why)s.") % {"path": path.name, "why": error}
            ) from error
        body = [block for block in intake.blocks if block.kind is not BlockKind.TITLE]
        try:
            article = services.article_draft(
                title=intake.title, body_html=blocks_to_html(blocks=body), summary=summary_of(blocks=body),
                column=options["column"], source=options["source"], now=clock.now(),
            )  # fmt: skip
        except Refused as refused:
            raise CommandError(refused.text()) from refused
        self._report(intake)
        self.stdout.write(f"article {article.id} {article.title}")

    def _report(self, intake: Intake) -> None:
        counts = {kind: sum(block.kind is kind for block in intake.blocks) for kind in BlockKind}
        self.stdout.write(
            _("%(headings)s headings, %(paragraphs)s paragraphs, %(captions)s captions")
            % {
                "headings": counts[BlockKind.HEADING],
                "paragraphs": counts[BlockKind.PARAGRAPH],
                "captions": counts[BlockKind.CAPTION],
            }
        )
        self.stdout.write(_("Joined: %(count)s") % {"count": len(intake.joins)})
        for join in intake.joins:
            dropped = f" [-{join.dropped}]" if join.dropped else ""
            self.stdout.write(
                f"  {join.line}: …{join.left}|{join.right}…{dropped} ({JOIN_WORDS[join.reason]})"
            )
        self.stdout.write(_("Please look at: %(count)s") % {"count": len(intake.doubts)})
        for doubt in intake.doubts:
            self.stdout.write(f"  {doubt.line}: {doubt.excerpt} ({DOUBT_WORDS[doubt.reason]})")
