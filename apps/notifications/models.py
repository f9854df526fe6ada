"""The inbox, the outbox and the consent ledger of WeChat messages."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common.ids import uuid7
from apps.notifications.querysets import DeliveryQuerySet, InboxQuerySet
from apps.notifications.states import Channel, DeliveryState

_ACTIVE = [DeliveryState.QUEUED.value, DeliveryState.SENDING.value]


class InboxMessage(models.Model):
    """What a resident was told: the record of truth, written with the change that it tells of."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    resident = models.ForeignKey(
        "accounts.Resident", models.CASCADE, related_name="+", verbose_name=_("resident")
    )
    kind = models.CharField(_("kind"), max_length=60)
    title = models.CharField(_("title"), max_length=100)
    body = models.TextField(_("text"), max_length=4000)
    page = models.CharField(max_length=100)
    params = models.JSONField(default=dict)
    fields = models.JSONField(default=dict)  # frozen: what the texts were made from
    dedup_key = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField(_("created"))
    read_at = models.DateTimeField(_("read"), null=True)

    objects = InboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("inbox message")
        verbose_name_plural = _("inbox messages")
        indexes: ClassVar = [
            models.Index(fields=["resident", "-id"], name="inbox_newest"),
            models.Index(fields=["resident"], condition=Q(read_at=None), name="inbox_unread"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Delivery(models.Model):
    """One message on its way through one channel."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    message = models.ForeignKey(
        InboxMessage, models.CASCADE, related_name="deliveries", verbose_name=_("inbox message")
    )
    channel = models.CharField(_("channel"), max_length=10, choices=[(Channel.WECHAT.value, _("WeChat"))])
    dedup_key = models.CharField(max_length=120)
    lane = models.CharField(
        _("lane"), max_length=12, choices=[("interactive", _("at once")), ("bulk", _("in bulk"))]
    )
    state = models.CharField(
        _("state"),
        max_length=12,
        default=DeliveryState.QUEUED.value,
        choices=[
            (DeliveryState.QUEUED.value, _("queued")),
            (DeliveryState.SENDING.value, _("being sent")),
            (DeliveryState.SENT.value, _("sent")),
            (DeliveryState.FAILED.value, _("failed")),
            (DeliveryState.UNKNOWN.value, _("outcome unknown")),
            (DeliveryState.SUPPRESSED.value, _("not permitted by the resident")),
        ],
    )
    template_id = models.CharField(max_length=64, blank=True)
    data = models.JSONField(default=dict)  # frozen values by template key
    due_at = models.DateTimeField(_("due at"))
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    reserved = models.BooleanField(default=False)  # a one-time permission is set aside for it
    provider_id = models.CharField(_("provider's id"), max_length=64, blank=True)
    last_code = models.CharField(_("last answer"), max_length=40, blank=True)
    created_at = models.DateTimeField(_("created"))
    finished_at = models.DateTimeField(_("finished"), null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dedup_key", "channel"], name="delivery_once_per_channel"),
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in DeliveryState]), name="delivery_state"
            ),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.SENDING.value, claimed_until__isnull=False)
                | (~Q(state=DeliveryState.SENDING.value) & Q(claimed_until=None)),
                name="delivery_claim",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_ACTIVE, finished_at=None)
                | (~Q(state__in=_ACTIVE) & Q(finished_at__isnull=False)),
                name="delivery_finished",
            ),
        ]
        indexes: ClassVar = [
            # Nearly all rows are finished; the pump and the sweep look only at the others.
            models.Index(
                fields=["lane", "due_at", "id"],
                condition=Q(state=DeliveryState.QUEUED.value),
                name="delivery_due",
            ),
            models.Index(
                fields=["claimed_until"],
                condition=Q(state=DeliveryState.SENDING.value),
                name="delivery_claimed",
            ),
            models.Index(fields=["-created_at", "-id"], name="delivery_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.created_at:%F %T}"


class DeliveryAttempt(models.Model):
    """One attempt and what came of it; written once."""

    delivery = models.ForeignKey(
        Delivery, models.CASCADE, related_name="attempt_rows", verbose_name=_("delivery")
    )
    number = models.PositiveSmallIntegerField(_("attempt"))
    outcome = models.CharField(_("outcome"), max_length=16)
    code = models.CharField(_("code"), max_length=40, blank=True)
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


class WechatTemplate(models.Model):
    """A private template of the mini-program under the name that notice kinds use."""

    class Type(models.IntegerChoices):
        ONE_TIME = 2, _("one-time")
        LONG_TERM = 3, _("long-term")

    name = models.CharField(_("name"), max_length=40, unique=True)
    template_id = models.CharField(_("template id"), max_length=64, unique=True)
    title = models.CharField(_("title"), max_length=60)
    type = models.PositiveSmallIntegerField(_("type"), choices=Type)
    keys = models.JSONField(_("keys"), default=list)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("WeChat template")
        verbose_name_plural = _("WeChat templates")

    def __str__(self) -> str:
        return self.title


class WechatGrant(models.Model):
    """The consent ledger: how many messages of a template a resident still permits.

    A one-time template counts ``remaining``; a long-term one is on or off.  WeChat can not be asked; this row is what
    is known, and 43101 corrects it.
    """

    resident = models.ForeignKey(
        "accounts.Resident", models.CASCADE, related_name="+", verbose_name=_("resident")
    )
    template = models.ForeignKey(
        WechatTemplate, models.CASCADE, related_name="+", verbose_name=_("WeChat template")
    )
    remaining = models.IntegerField(_("remaining"), default=0)
    long_term_on = models.BooleanField(_("long-term permission"), default=False)
    updated_at = models.DateTimeField(_("updated"))

    class Meta:
        verbose_name = _("message permission")
        verbose_name_plural = _("message permissions")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["resident", "template"], name="grant_once_per_template"),
            models.CheckConstraint(
                condition=Q(remaining__gte=0, remaining__lte=1000), name="grant_remaining"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resident_id} {self.template_id}"


class StaffNotice(models.Model):
    """What the system tells a member of staff: a reminder, an escalation, a request to decide.  Read at the desk."""

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

    class Meta:
        verbose_name = _("notice to staff")
        verbose_name_plural = _("notices to staff")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["staff", "dedup_key"], name="staff_notice_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["staff", "-created_at", "-id"], name="staff_notice_newest"),
            models.Index(
                fields=["staff", "-created_at"], condition=Q(read_at=None), name="staff_notice_unread"
            ),
        ]

    def __str__(self) -> str:
        return self.title
