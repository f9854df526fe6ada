"""Counts that outlive the messages, and how long those are kept."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.notifications.models.deliveries import CHANNELS, STATES


class DailyDelivery(models.Model):
    """How many deliveries of a day ended how; no person in it, so it stays when the messages go."""

    day = models.DateField(_("day"))
    kind = models.CharField(_("kind"), max_length=60)
    channel = models.CharField(_("channel"), max_length=10, choices=CHANNELS)
    text_version = models.PositiveIntegerField(_("version of the text"))
    state = models.CharField(_("state"), max_length=12, choices=STATES)
    code = models.CharField(_("last answer"), max_length=80, blank=True)
    count = models.PositiveIntegerField(_("messages"))
    # Taken by the provider within ten seconds of being written: the figure that the public sector publishes.
    within_10_s = models.PositiveIntegerField(_("within ten seconds"), default=0)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)

    class Meta:
        verbose_name = _("deliveries of a day")
        verbose_name_plural = _("deliveries of days")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["day", "kind", "channel", "text_version", "state", "code"], name="daily_delivery_once"
            ),
            models.CheckConstraint(
                condition=Q(within_10_s__lte=models.F("count")), name="daily_delivery_within"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.kind} {self.state}"


class Retention(models.Model):
    """How many days something is kept, from a day on, and after which rule."""

    class Subject(models.TextChoices):
        INBOX = "inbox", _("inbox messages")
        DELIVERY = "delivery", _("deliveries and attempts")
        RECEIPT = "receipt", _("receipts without a delivery")
        STAFF_NOTICE = "staff_notice", _("notices to staff")

    subject = models.CharField(_("what"), max_length=16, choices=Subject)
    days = models.PositiveIntegerField(_("days"))
    valid_from = models.DateField(_("valid from"))
    source = models.CharField(_("source"), max_length=200)

    class Meta:
        verbose_name = _("retention")
        verbose_name_plural = _("retentions")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject", "valid_from"], name="retention_once"),
            # Records of the network are kept for half a year at least (网络安全法 21).
            models.CheckConstraint(
                condition=Q(days__gte=183) | Q(subject__in=["receipt", "staff_notice"]) & Q(days__gte=7),
                name="retention_days",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_subject_display()} {self.days}"
