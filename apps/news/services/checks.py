"""Checks of a revision: what stands in the way of its publication, as rows; again when a list changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.news.attachment_findings import attachments_checked
from apps.news.checks import TEXTS, Found, text_findings
from apps.news.errors import AttachmentsPending
from apps.news.models import Finding, MediaAsset, Publication, Revision, WordCheck
from apps.news.services.attachment_words import attachment_words_write
from apps.news.text import html_images
from apps.safety.selectors import Held, lexicon_held
from apps.safety.states import Purpose

BATCH = 50


def findings_write(*, revision: Revision, now: dt.datetime) -> int:
    """Check ``revision``, write what is found and mark what no longer is; returns how many findings are open.

    7 queries at most.  What was waived stays waived.  Raises AttachmentsPending.
    """
    held = lexicon_held(purpose=Purpose.NEWS)
    found = revision_found(revision=revision, held=held)
    with transaction.atomic():
        _write(revision, found, now)
        WordCheck.objects.update_or_create(
            revision=revision, defaults={"versions": list(held.version_ids), "checked_at": now}
        )
        return Finding.objects.filter(revision=revision, gone_at=None, waived_at=None).count()


def revision_found(*, revision: Revision, held: Held) -> list[Found]:
    """Return what the checks find in a revision.  At most 2 queries.  Raises AttachmentsPending."""
    shown = [upload_id for upload_id, _alt in html_images(revision.body_html)]
    decorative = (
        dict(MediaAsset.objects.filter(upload_id__in=shown).values_list("upload_id", "decorative"))
        if shown
        else {}
    )
    fields = {name: getattr(revision, name) for name in TEXTS}
    found = text_findings(fields=fields, lexicon=held.lexicon, decorative=decorative)
    return [*found, *attachments_checked(revision=revision, versions=held.version_ids)]


def _write(revision: Revision, found: Iterable[Found], now: dt.datetime) -> None:
    """Two statements for what is new and what is gone, one to read what is there."""
    there = {
        (one.kind, one.place, one.start, one.what): one for one in Finding.objects.filter(revision=revision)
    }
    new, still, back = [], set(), []
    for one in found:
        key = (one.kind.value, one.place[:120], one.start, one.what[:80])
        if key in still:
            continue
        still.add(key)
        old = there.get(key)
        if old is None:
            new.append(_row(revision, one, now))
        elif old.gone_at is not None or old.level != one.level.value:
            old.gone_at, old.level = None, one.level.value
            back.append(old)
    gone = [one.pk for key, one in there.items() if key not in still and one.gone_at is None]
    # Two sweeps at once find the same.
    Finding.objects.bulk_create(new, ignore_conflicts=True)
    if back:
        Finding.objects.bulk_update(back, ["gone_at", "level"])
    if gone:
        Finding.objects.filter(pk__in=gone).update(gone_at=now)


def _row(revision: Revision, one: Found, now: dt.datetime) -> Finding:
    return Finding(
        revision=revision, kind=one.kind.value, level=one.level.value, place=one.place[:120], start=one.start,
        end=one.end, what=one.what[:80], excerpt=one.excerpt[:160], suggestion=one.suggestion[:80], found_at=now,
    )  # fmt: skip


def rechecks_run(*, now: dt.datetime) -> int:
    """Check again what is public, scheduled or in review and was checked with other lists than those in force now.

    At most 50 revisions a call, each in a transaction of its own; returns how many.  Called each minute: after a new
    list came into force, everything that the public reads has been looked at within minutes.
    """
    held = lexicon_held(purpose=Purpose.NEWS)
    live = Publication.objects.in_force(now=now).filter(column__is_active=True).values("revision_id")
    wanted = Revision.objects.filter(Q(pk__in=live) | Q(rounds__closed_at=None, rounds__isnull=False))
    behind = wanted.exclude(wordcheck__versions=list(held.version_ids)).order_by("pk").distinct()
    done = 0
    for revision in behind[:BATCH]:
        try:
            findings_write(revision=revision, now=now)
        except AttachmentsPending:
            # Its files are looked at first, outside of any transaction; the next minute finds them done.
            for one in revision.attachments:
                attachment_words_write(attachment_id=UUID(one["id"]), now=now)
            continue
        done += 1
    return done
