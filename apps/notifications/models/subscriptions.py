"""What residents want to hear of."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Subscription(models.Model):
    """That a resident follows a topic.  The inbox is always told; the phone where the resident says so."""

    resident = models.ForeignKey(
        "accounts.Resident", models.CASCADE, related_name="+", db_index=False, verbose_name=_("resident")
    )
    topic = models.CharField(_("topic"), max_length=80)  # ``<kind>:<key>``, e.g. ``street:420107003``
    wechat = models.BooleanField(_("WeChat"), default=False)
    sms = models.BooleanField(_("text message"), default=False)
    created_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["resident", "topic"], name="subscription_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["topic", "resident"], name="subscription_of_topic")]

    def __str__(self) -> str:
        return self.topic
