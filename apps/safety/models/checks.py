"""Content checks: what was asked about a text or a picture, what was said, who decided.  The content itself stays where it is."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common.ids import uuid7
from apps.safety import labels
from apps.safety.states import DECIDED, WAITING, CheckState, Reason, Scene, Source

_PENDING = Q(state=CheckState.PENDING.value)
_WAITING = Q(state__in=sorted(state.value for state in WAITING))
_DECIDED = Q(state__in=sorted(state.value for state in DECIDED))


class ContentCheck(models.Model):
    """What checks of texts and of pictures share."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # What it belongs to: a kind that an app registered, and the id in that app.
    subject_kind = models.CharField(_("belongs to"), max_length=30)
    subject_id = models.CharField(max_length=40)
    resident = models.ForeignKey(
        "accounts.Resident", models.PROTECT, related_name="+", verbose_name=_("resident")
    )
    scene = models.PositiveSmallIntegerField(choices=[(scene.value, scene.name) for scene in Scene])
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=labels.choices(labels.STATE_LABELS),
        default=CheckState.PENDING.value,
    )
    source = models.CharField(
        _("judged by"), max_length=8, blank=True, choices=labels.choices(labels.SOURCE_LABELS)
    )
    reason = models.CharField(
        _("why a person must look"), max_length=12, blank=True, choices=labels.choices(labels.REASON_LABELS)
    )
    label = models.PositiveIntegerField(_("found by WeChat"), default=0)  # WeChat's number; 0: no verdict
    created_at = models.DateTimeField(_("created"))
    due_at = models.DateTimeField(_("due"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    decided_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decision_note = models.CharField(_("grounds"), max_length=300, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.pk)


def _promises(name: str, states: list[str]) -> list[models.CheckConstraint]:
    """Return the constraints that both kinds of check keep, each under its own name."""
    conditions = {
        "state": Q(state__in=states),
        "source": Q(source__in=["", *(source.value for source in Source)]),
        "reason": Q(reason__in=["", *(reason.value for reason in Reason)]),
        "scene": Q(scene__in=[scene.value for scene in Scene]),
        "review_has_reason": ~Q(state=CheckState.REVIEW.value) | ~Q(reason=""),
        "judged_has_source": Q(state__in=["pending", "asked"], source="")
        | (~Q(state__in=["pending", "asked"]) & ~Q(source="")),
        "decided": (_DECIDED & Q(decided_by__isnull=False, decided_at__isnull=False, source="human"))
        | (~_DECIDED & Q(decided_by=None, decided_at=None, decision_note="") & ~Q(source="human")),
    }
    return [models.CheckConstraint(condition=q, name=f"{name}_{part}") for part, q in conditions.items()]


def _walks(name: str) -> list[models.Index]:
    """Return the indexes of what is to be asked, and of what waits for a person."""
    return [
        models.Index(fields=["due_at"], condition=_PENDING, name=f"{name}_pending"),
        models.Index(fields=["created_at", "id"], condition=_WAITING, name=f"{name}_waiting"),
        models.Index(fields=["-created_at", "-id"], name=f"{name}_newest"),
    ]


class TextCheck(ContentCheck):
    """The check of a resident's text."""

    text_sha256 = models.CharField(max_length=64)
    trace_id = models.CharField(max_length=64, blank=True)
    # The versions of our word lists that it was held against.
    list_versions: Any = ArrayField(models.IntegerField(), default=list)

    class Meta:
        verbose_name = _("check of a text")
        verbose_name_plural = _("checks of texts")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "text_sha256"], name="text_check_once"
            ),
            *_promises("text_check", [s.value for s in CheckState if s is not CheckState.ASKED]),
        ]
        indexes: ClassVar = _walks("text_check")


class MediaCheck(ContentCheck):
    """The check of a resident's picture."""

    upload = models.OneToOneField(
        "common.Upload", models.PROTECT, related_name="+", verbose_name=_("picture")
    )
    # WeChat's name for the last question; its answer comes under it.
    trace_id = models.CharField(max_length=64, null=True, unique=True)
    asked_at = models.DateTimeField(_("asked at"), null=True)

    class Meta:
        verbose_name = _("check of a picture")
        verbose_name_plural = _("checks of pictures")
        constraints: ClassVar = [
            *_promises("media_check", [s.value for s in CheckState]),
            models.CheckConstraint(
                condition=~Q(state=CheckState.ASKED.value)
                | Q(trace_id__isnull=False, asked_at__isnull=False),
                name="media_check_asked_has_trace",
            ),
        ]
        indexes: ClassVar = [
            *_walks("media_check"),
            models.Index(fields=["subject_kind", "subject_id"], name="media_check_subject"),
            models.Index(
                fields=["due_at"], condition=Q(state=CheckState.ASKED.value), name="media_check_asked"
            ),
        ]


class EarlyVerdict(models.Model):
    """A verdict whose question was not written down yet when it came.  Applied when it is; else forgotten after a day."""

    trace_id = models.CharField(max_length=64, primary_key=True)
    suggest = models.CharField(
        _("verdict"), max_length=8
    )  # pass, review, risky; empty: no verdict was possible
    label = models.PositiveIntegerField(_("found by WeChat"), default=0)
    received_at = models.DateTimeField(_("received at"))

    class Meta:
        verbose_name = _("early verdict")
        verbose_name_plural = _("early verdicts")
        indexes: ClassVar = [models.Index(fields=["received_at"], name="early_verdict_age")]

    def __str__(self) -> str:
        return self.trace_id
