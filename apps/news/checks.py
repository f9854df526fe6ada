"""Checks of a text before it is published: listed words, personal data, alternative texts, what WeChat would drop.

Over plain values; rows and lists are read by ``services/checks.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from apps.news.documents.personal import finding_masked, personal_findings, personal_masked
from apps.news.states import FindingKind, FindingLevel
from apps.news.text import html_images, html_text, wechat_dropped
from apps.safety.states import Level
from apps.safety.words import Lexicon

AROUND = 12
MOST = 500
TEXTS = ("title", "summary", "body_html", "source", "author", "cover_alt")
_LEVELS = {Level.WARN: FindingLevel.WARN, Level.BLOCK: FindingLevel.BLOCK}


@dataclass(frozen=True, slots=True)
class Found:
    """One finding: ``place`` is a field's name or an attachment's, ``start`` and ``end`` count characters of its text.

    ``excerpt``  what stands around, personal data in it masked
    """

    kind: FindingKind
    level: FindingLevel
    place: str
    start: int
    end: int
    what: str
    excerpt: str = ""
    suggestion: str = ""


def text_findings(
    *, fields: Mapping[str, str], lexicon: Lexicon, decorative: Mapping[UUID, bool]
) -> list[Found]:
    """Return what the checks find in a text, at most 500, in the order of ``TEXTS``.

    ``fields``      the names of ``TEXTS``
    ``decorative``  of each picture of the media library that the body shows, whether it may go without a text
    A 5,000-character body against 20,000 words takes some 10 ms.
    """
    found: list[Found] = []
    for name in TEXTS:
        plain = html_text(fields[name]) if name == "body_html" else fields[name]
        found += words_found(place=name, text=plain, lexicon=lexicon)
        found += _personal(name, plain)
    body = fields["body_html"]
    found += _pictures(body, decorative)
    found += _dropped(body)
    return found[:MOST]


def words_found(*, place: str, text: str, lexicon: Lexicon) -> list[Found]:
    """Return the listed words in one text, at most 500, with what stands around them."""
    hits = lexicon.find(text)[:MOST]
    masked = personal_masked(text) if hits else ""
    return [
        Found(
            FindingKind.WORD, _LEVELS[hit.level], place, hit.start, hit.end, hit.word,
            _around(masked, hit.start, hit.end), hit.suggestion,
        )
        for hit in hits
    ]  # fmt: skip


def _personal(place: str, text: str) -> Iterator[Found]:
    """Personal data is shown masked only: the mask is what to write instead."""
    hits = personal_findings(text)
    masked = personal_masked(text) if hits else ""
    for one in hits:
        mask = finding_masked(one.kind, text[one.start : one.end])
        around = _around(masked, one.start, one.end)
        yield Found(FindingKind.PERSONAL, one.level, place, one.start, one.end, mask, around, mask)


def _pictures(body: str, decorative: Mapping[UUID, bool]) -> Iterator[Found]:
    for number, (upload_id, alt) in enumerate(html_images(body), start=1):
        if not alt.strip() and not decorative.get(upload_id, False):
            yield Found(FindingKind.ALT, FindingLevel.BLOCK, "body_html", number, number, f"{number}")


def _dropped(body: str) -> Iterator[Found]:
    for number, one in enumerate(wechat_dropped(body), start=1):
        level = FindingLevel.BLOCK if one.kind == "node" else FindingLevel.WARN
        yield Found(FindingKind.WECHAT, level, "body_html", number, number, one.name[:80], one.text)


def _around(masked: str, start: int, end: int) -> str:
    """Return some characters of a masked text, of the same length as the text itself, around a hit."""
    return masked[max(0, start - AROUND) : end + AROUND][:160]
