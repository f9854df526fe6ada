"""Texts that staff edit, and the provider's SMS templates."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.notifications.states import TextState


class NoticeText(models.Model):
    """One version of what a kind of notice says in one channel.  Without a live one the program's own text is used.

    ``content``  inbox: {"title", "body"}; wechat: {"template", "values": {key: text}}; sms: {"template", "params": [text]}.
    Texts hold placeholders ``{name}`` of the kind's fields and nothing else.
    """

    class Target(models.TextChoices):
        INBOX = "inbox", _("inbox")
        WECHAT = "wechat", _("WeChat")
        SMS = "sms", _("text message")

    kind = models.CharField(_("kind"), max_length=60)
    target = models.CharField(_("channel"), max_length=10, choices=Target)
    number = models.PositiveIntegerField(_("version"))
    content = models.JSONField(_("wording"))
    state = models.CharField(
        _("state"), max_length=10, default=TextState.DRAFT.value,
        choices=[
            (TextState.DRAFT.value, _("draft")),
            (TextState.PROPOSED.value, _("waits for a second person")),
            (TextState.LIVE.value, _("live")),
            (TextState.RETIRED.value, _("no longer used")),
        ],
    )  # fmt: skip
    author = models.ForeignKey("accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("author"))
    created_at = models.DateTimeField(_("created"))
    approved_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("approved by")
    )
    note = models.CharField(_("note"), max_length=300, blank=True, default="", db_default="")
    # Counts the changes: who proposes or approves does so with what they saw.
    version = models.PositiveIntegerField(default=1, db_default=1)
    live_at = models.DateTimeField(_("live since"), null=True)
    retired_at = models.DateTimeField(_("retired"), null=True)

    class Meta:
        verbose_name = _("text of a notice")
        verbose_name_plural = _("texts of notices")
        permissions: ClassVar = [("approve_noticetext", _("Can put a text of a notice live"))]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "target", "number"], name="text_version_once"),
            models.UniqueConstraint(
                fields=["kind", "target"], condition=Q(state=TextState.LIVE.value), name="text_one_live"
            ),
            models.UniqueConstraint(
                fields=["kind", "target"],
                condition=Q(state__in=[TextState.DRAFT.value, TextState.PROPOSED.value]),
                name="text_one_open",
            ),
            models.CheckConstraint(condition=Q(state__in=[s.value for s in TextState]), name="text_state"),
            models.CheckConstraint(
                condition=Q(state__in=[TextState.DRAFT.value, TextState.PROPOSED.value])
                | (Q(approved_by__isnull=False) & ~Q(approved_by=F("author"))),
                name="text_second_person",
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="text_number"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.target} {self.number}"


class SmsTemplate(models.Model):
    """A text that the SMS provider has approved, with places ``{1}`` … for its parameters."""

    name = models.CharField(_("name"), max_length=40, unique=True)
    template_id = models.CharField(_("template id"), max_length=40)
    sign = models.CharField(_("signature"), max_length=20)
    text = models.CharField(_("approved text"), max_length=500)
    # New accounts may fill in six characters a place; the provider lifts it on request.
    param_chars = models.PositiveSmallIntegerField(_("characters a place"), default=6)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("SMS template")
        verbose_name_plural = _("SMS templates")

    def __str__(self) -> str:
        return self.text[:30]
