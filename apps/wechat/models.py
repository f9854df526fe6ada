"""Pushes of outside services as they came, and the scene codes behind QR codes (小程序码)."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common.crypto import EncryptedTextField
from apps.common.ids import uuid7
from apps.wechat.labels import EVENT_LABELS, OTHER_EVENT
from apps.wechat.querysets import ProviderPushQuerySet

_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without 0, 1, I and O, which look alike
TOKEN_CHARS = 10


def scene_token() -> str:
    """Return a new token: 50 random bits, so that nobody guesses what another code leads to."""
    return "".join(secrets.choice(_LETTERS) for _place in range(TOKEN_CHARS))


class ProviderPush(models.Model):
    """A push of WeChat or a receipt of a text message: kept first, handled after the answer."""

    class Source(models.TextChoices):
        WECHAT = "wechat", _("WeChat")
        SMS = "sms", _("text messages")

    class State(models.TextChoices):
        PENDING = "pending", _("to be handled")
        DONE = "done", _("handled")
        FAILED = "failed", _("not handled")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    source = models.CharField(_("source"), max_length=8, choices=Source)
    dedup_key = models.CharField(max_length=64)  # a keyed hash: repeats of one push have the same
    event = models.CharField(_("kind of event"), max_length=64)
    body = EncryptedTextField()  # the message as JSON; it names the openid
    created_at = models.DateTimeField(_("happened at"))
    received_at = models.DateTimeField(_("received at"))
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.PENDING)
    retry_at = models.DateTimeField(_("next attempt"), null=True)  # after a failed one; empty: at once
    attempts = models.PositiveSmallIntegerField(_("attempts to handle"), default=0)
    last_error = models.CharField(max_length=80, blank=True)  # the exception's class only
    done_at = models.DateTimeField(_("finished"), null=True)

    objects = ProviderPushQuerySet.as_manager()

    class Meta:
        verbose_name = _("push")
        verbose_name_plural = _("pushes")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dedup_key"], name="provider_push_once"),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "done", "failed"]), name="provider_push_state"
            ),
            models.CheckConstraint(condition=Q(source__in=["wechat", "sms"]), name="provider_push_source"),
            models.CheckConstraint(
                condition=Q(state="pending", done_at=None) | (~Q(state="pending") & Q(done_at__isnull=False)),
                name="provider_push_finished",
            ),
        ]
        indexes: ClassVar = [
            # Nearly all rows are done; the worker and the sweep look only at the others.
            models.Index(
                fields=["received_at", "id"], condition=Q(state="pending"), name="provider_push_pending"
            ),
            models.Index(fields=["state", "done_at"], name="provider_push_old"),
        ]

    def __str__(self) -> str:
        return f"{self.event_label} {self.received_at:%F %T}"

    @property
    def event_label(self) -> str:
        """Return the kind of event in words."""
        return str(EVENT_LABELS.get(self.event, OTHER_EVENT))


class SceneCode(models.Model):
    """What a QR code of the mini-program stands for: WeChat gives a scene 32 characters, so the code carries a token."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    token = models.CharField(_("token"), max_length=12, unique=True, default=scene_token)
    page = models.CharField(_("page"), max_length=100)
    params = models.JSONField(_("parameters"), default=dict)
    params_hash = models.CharField(max_length=64)  # sha256 of the parameters as canonical JSON
    image_path = models.CharField(max_length=100, blank=True)
    drawn_at = models.DateTimeField(_("drawn at"), null=True)  # when WeChat made the picture
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("scene code")
        verbose_name_plural = _("scene codes")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["page", "params_hash"], name="scene_code_once"),
            # WeChat's rule for a page (41030).
            models.CheckConstraint(
                condition=~Q(page="") & ~Q(page__startswith="/") & ~Q(page__contains="?"),
                name="scene_code_page",
            ),
            models.CheckConstraint(
                condition=Q(image_path="", drawn_at=None) | (~Q(image_path="") & Q(drawn_at__isnull=False)),
                name="scene_code_drawn",
            ),
        ]

    def __str__(self) -> str:
        return self.token
