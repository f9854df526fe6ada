"""Notices to staff."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common.ids import uuid7


class StaffNotice(models.Model):
    """What the system tells a member of staff: a reminder, an escalation, a request to decide.

    Read at the desk; who has an e-mail address gets it there too, without anything of a resident's.
    """

    class Mail(models.TextChoices):
        NONE = "none", _("no e-mail")
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    staff = models.ForeignKey(
        "accounts.Staff", models.CASCADE, related_name="+", verbose_name=_("member of staff")
    )
    kind = models.CharField(_("kind"), max_length=40)
    title = models.CharField(_("title"), max_length=100)
    body = models.CharField(_("text"), max_length=500, blank=True)
    path = models.CharField(_("page"), max_length=200)
    dedup_key = models.CharField(max_length=120)
    created_at = models.DateTimeField(_("created"))
    read_at = models.DateTimeField(_("read at"), null=True)
    mail = models.CharField(_("e-mail"), max_length=8, choices=Mail, default=Mail.NONE, db_default=Mail.NONE)
    mail_attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    mail_due_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("notice to staff")
        verbose_name_plural = _("notices to staff")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["staff", "dedup_key"], name="staff_notice_once"),
            models.CheckConstraint(
                condition=~Q(mail__in=["queued", "sending"]) | Q(mail_due_at__isnull=False),
                name="staff_mail_due",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["staff", "-created_at", "-id"], name="staff_notice_newest"),
            models.Index(
                fields=["staff", "-created_at"], condition=Q(read_at=None), name="staff_notice_unread"
            ),
            models.Index(
                fields=["mail_due_at"], condition=Q(mail__in=["queued", "sending"]), name="staff_mail_waiting"
            ),
        ]

    def __str__(self) -> str:
        return self.title
