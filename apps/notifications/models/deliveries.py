"""The outbox: deliveries, their attempts, and the receipts of providers."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common.ids import uuid7
from apps.notifications.querysets import DeliveryQuerySet
from apps.notifications.states import Channel, DeliveryState, Outcome

CHANNELS = [(Channel.WECHAT.value, _("WeChat")), (Channel.SMS.value, _("text message"))]
LANES = [("interactive", _("at once")), ("bulk", _("in bulk"))]
STATES = [
    (DeliveryState.QUEUED.value, _("queued")),
    (DeliveryState.RETRY.value, _("to be tried again")),
    (DeliveryState.SENDING.value, _("being sent")),
    (DeliveryState.UNKNOWN.value, _("outcome unknown")),
    (DeliveryState.SENT.value, _("sent")),
    (DeliveryState.DELIVERED.value, _("delivered")),
    (DeliveryState.FAILED.value, _("failed")),
    (DeliveryState.SUPPRESSED.value, _("not permitted by the resident")),
    (DeliveryState.CANCELLED.value, _("called back")),
]
OUTCOMES = [
    (Outcome.SENT.value, _("taken by the provider")),
    (Outcome.RETRY.value, _("refused for the moment")),
    (Outcome.LATER.value, _("quota of the day used up")),
    (Outcome.FAILED.value, _("refused")),
    (Outcome.UNKNOWN.value, _("answer lost")),
    (Outcome.SUPPRESSED.value, _("refused: not permitted")),
    (Outcome.CLAIM_EXPIRED.value, _("sender lost")),
]
_WAITING = [DeliveryState.QUEUED.value, DeliveryState.RETRY.value]
_SENDING = DeliveryState.SENDING.value
_UNKNOWN = DeliveryState.UNKNOWN.value
_OVER = [
    state.value
    for state in (
        DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.FAILED, DeliveryState.SUPPRESSED,
        DeliveryState.CANCELLED,
    )
]  # fmt: skip


class Delivery(models.Model):
    """One message on its way through one channel.

    ``resident`` and ``campaign`` stand here as well as on the message, so that the sender reads one table.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    message = models.ForeignKey(
        "notifications.InboxMessage", models.CASCADE, related_name="deliveries", db_index=False,
        verbose_name=_("inbox message"),
    )  # fmt: skip
    resident = models.ForeignKey(
        "accounts.Resident", models.CASCADE, related_name="+", db_index=False, verbose_name=_("resident")
    )
    campaign = models.ForeignKey(
        "notifications.Campaign", models.PROTECT, null=True, related_name="+", db_index=False,
        verbose_name=_("campaign"),
    )  # fmt: skip
    channel = models.CharField(_("channel"), max_length=10, choices=CHANNELS)
    # Which time this channel is used for the message: above 1 after staff sent failed ones again.
    round = models.PositiveSmallIntegerField(_("round"), default=1, db_default=1)
    lane = models.CharField(_("lane"), max_length=12, choices=LANES)
    # What is left of the chain when this channel does not reach the resident.
    fallbacks = ArrayField(models.CharField(max_length=10), default=list, db_default=[])
    state = models.CharField(_("state"), max_length=12, default=DeliveryState.QUEUED.value, choices=STATES)
    wechat_template = models.ForeignKey(
        "notifications.WechatTemplate", models.PROTECT, null=True, related_name="+", db_index=False,
        verbose_name=_("WeChat template"),
    )  # fmt: skip
    sms_template = models.ForeignKey(
        "notifications.SmsTemplate", models.PROTECT, null=True, related_name="+", db_index=False,
        verbose_name=_("SMS template"),
    )  # fmt: skip
    text_version = models.PositiveIntegerField(_("version of the text"), default=0, db_default=0)
    data = models.JSONField(
        default=dict
    )  # frozen: values by template key, or the list of an SMS's parameters
    # One-time permissions that must stay for a more important message.
    keep_grants = models.PositiveSmallIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(_("due at"))
    claimed_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    reserved = models.BooleanField(default=False)  # a one-time permission is set aside for it
    provider_id = models.CharField(_("provider's id"), max_length=64, blank=True)
    last_code = models.CharField(_("last answer"), max_length=80, blank=True)
    created_at = models.DateTimeField(_("created"))
    sent_at = models.DateTimeField(_("taken by the provider"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "channel", "round"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in DeliveryState]), name="delivery_state"
            ),
            models.CheckConstraint(
                condition=Q(state=_SENDING, claimed_until__isnull=False)
                | (~Q(state=_SENDING) & Q(claimed_until=None)),
                name="delivery_claim",
            ),
            # Unknown is on its way until its wait is over.
            models.CheckConstraint(
                condition=Q(state__in=[*_WAITING, _SENDING], finished_at=None)
                | Q(state=_UNKNOWN)
                | Q(state__in=_OVER, finished_at__isnull=False),
                name="delivery_finished",
            ),
        ]
        indexes: ClassVar = [
            # Nearly all rows are finished; the pump and the sweep look only at the others.
            models.Index(
                fields=["lane", "channel", "campaign", "due_at", "id"],
                condition=Q(state__in=_WAITING),
                name="delivery_waiting",
            ),
            models.Index(
                fields=["resident", "claimed_until"], condition=Q(state=_SENDING), name="delivery_in_hand"
            ),
            models.Index(
                fields=["due_at"], condition=Q(state=_UNKNOWN, finished_at=None), name="delivery_in_doubt"
            ),
            models.Index(fields=["provider_id"], condition=~Q(provider_id=""), name="delivery_provider"),
            models.Index(
                fields=["campaign", "state", "channel"],
                condition=Q(campaign__isnull=False),
                name="delivery_of_campaign",
            ),
            models.Index(
                fields=["-finished_at"], condition=Q(state=DeliveryState.FAILED.value), name="delivery_failed"
            ),
            # Rows come in the order of time; statistics and retention read whole days.
            BrinIndex(fields=["created_at"], name="delivery_created", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.created_at:%F %T}"


class DeliveryAttempt(models.Model):
    """One attempt and what came of it; written once."""

    delivery = models.ForeignKey(
        Delivery, models.CASCADE, related_name="attempt_rows", db_index=False, verbose_name=_("delivery")
    )
    number = models.PositiveSmallIntegerField(_("attempt"))
    outcome = models.CharField(_("outcome"), max_length=16, choices=OUTCOMES)
    code = models.CharField(_("code"), max_length=80, blank=True)
    request_id = models.CharField(_("provider's request id"), max_length=64, blank=True)
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"))

    class Meta:
        verbose_name = _("delivery attempt")
        verbose_name_plural = _("delivery attempts")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["delivery", "number"], name="attempt_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write once."""
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)


class Receipt(models.Model):
    """What a provider reported about one message.  It may come before the sender has written its outcome, so it is
    kept until it finds its delivery.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    channel = models.CharField(_("channel"), max_length=10, choices=CHANNELS)
    provider_id = models.CharField(_("provider's id"), max_length=64)
    arrived = models.BooleanField(_("arrived"))
    code = models.CharField(_("code"), max_length=80, blank=True)
    resident = models.ForeignKey(
        "accounts.Resident", models.CASCADE, null=True, related_name="+", db_index=False,
        verbose_name=_("resident"),
    )  # fmt: skip
    wechat_template = models.ForeignKey(
        "notifications.WechatTemplate", models.CASCADE, null=True, related_name="+", db_index=False,
        verbose_name=_("WeChat template"),
    )  # fmt: skip
    reported_at = models.DateTimeField(_("reported"))  # the provider's clock, whole seconds
    received_at = models.DateTimeField(_("received"))
    delivery = models.ForeignKey(
        Delivery,
        models.CASCADE,
        null=True,
        related_name="receipts",
        db_index=False,
        verbose_name=_("delivery"),
    )

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["channel", "provider_id"], name="receipt_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["resident"], condition=Q(delivery=None), name="receipt_unmatched"),
            models.Index(
                fields=["delivery"], condition=Q(delivery__isnull=False), name="receipt_of_delivery"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.provider_id}"


class Redrive(models.Model):
    """That a member of staff had failed messages sent again, and why."""

    staff = models.ForeignKey(
        "accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("member of staff")
    )
    reason = models.CharField(_("reason"), max_length=300)
    code = models.CharField(_("last answer"), max_length=80)
    failed_since = models.DateTimeField(_("failed since"))
    failed_until = models.DateTimeField(_("failed until"))
    count = models.PositiveIntegerField(_("messages"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("sending failed messages again")
        verbose_name_plural = _("sending failed messages again")

    def __str__(self) -> str:
        return f"{self.code} {self.at:%F %T}"
