"""What residents want to hear of."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
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


class TopicNotice(models.Model):
    """Something that the followers of topics are told; how far its rows are written, so that a crash leaves no gap."""

    key = models.CharField(max_length=80, unique=True)
    kind = models.CharField(_("kind"), max_length=60)
    topics = ArrayField(models.CharField(max_length=80), verbose_name=_("topics"))
    fields = models.JSONField(_("fields"))
    created_at = models.DateTimeField(_("created"))
    # Followers are told in the order of their ids; this is the last one who was.
    told_until = models.UUIDField(null=True)
    told_count = models.PositiveIntegerField(_("followers told"), default=0)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("notice to followers")
        verbose_name_plural = _("notices to followers")
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=models.Q(finished_at=None), name="topic_notice_unfinished"),
        ]

    def __str__(self) -> str:
        return self.key
