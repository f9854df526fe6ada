"""Campaigns: one message to many, decided by two people."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.common.ids import uuid7
from apps.notifications.states import CampaignState, CampaignVerb

STATES = [
    (CampaignState.DRAFT.value, _("draft")),
    (CampaignState.PROPOSED.value, _("waits for a second person")),
    (CampaignState.APPROVED.value, _("approved, waits for its time")),
    (CampaignState.RUNNING.value, _("running")),
    (CampaignState.PAUSED.value, _("paused")),
    (CampaignState.DONE.value, _("done")),
    (CampaignState.CANCELLED.value, _("called back")),
]
_UNAPPROVED = [CampaignState.DRAFT.value, CampaignState.PROPOSED.value, CampaignState.CANCELLED.value]


class CampaignList(models.Model):
    """People named by a workbook; the phone numbers in it are not kept, only whom they led to."""

    file_name = models.CharField(_("file"), max_length=120)
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField(_("rows"))
    matched = models.PositiveIntegerField(_("residents found"))
    staff = models.ForeignKey("accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("loaded by"))
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("list of people")
        verbose_name_plural = _("lists of people")

    def __str__(self) -> str:
        return self.file_name


class CampaignListEntry(models.Model):
    """One resident of a list."""

    list = models.ForeignKey(
        CampaignList, models.CASCADE, related_name="entries", db_index=False, verbose_name=_("list of people")
    )
    resident = models.ForeignKey(
        "accounts.Resident", models.CASCADE, related_name="+", verbose_name=_("resident")
    )

    class Meta:
        verbose_name = _("person on a list")
        verbose_name_plural = _("people on a list")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["list", "resident"], name="campaign_list_once"),
        ]

    def __str__(self) -> str:
        return str(self.resident_id)


class Campaign(models.Model):
    """One message to a segment of residents."""

    class Segment(models.TextChoices):
        EVERYONE = "everyone", _("everyone")
        STREET = "street", _("a street")
        COMMUNITY = "community", _("a community")
        TOPIC = "topic", _("who follows a topic")
        LIST = "list", _("a list of people")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=80)
    segment = models.CharField(_("who"), max_length=12, choices=Segment)
    # The street's or community's code, or the topic; empty for everyone and for a list.
    segment_key = models.CharField(_("which"), max_length=80, blank=True)
    people = models.ForeignKey(
        CampaignList,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("list of people"),
    )
    title = models.CharField(_("title"), max_length=60)
    body = models.TextField(_("text"), max_length=2000)
    page = models.CharField(_("page of the mini-program"), max_length=100, blank=True)
    # Channels after the inbox, in order: the next is used when the one before does not reach the resident.
    channels = ArrayField(
        models.CharField(max_length=10), default=list, blank=True, verbose_name=_("channels")
    )
    wechat_template = models.ForeignKey(
        "notifications.WechatTemplate", models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("WeChat template"),
    )  # fmt: skip
    wechat_values = models.JSONField(_("values of the WeChat template"), default=dict, blank=True)
    sms_template = models.ForeignKey(
        "notifications.SmsTemplate", models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("SMS template"),
    )  # fmt: skip
    sms_params = models.JSONField(_("values of the SMS template"), default=list, blank=True)
    starts_at = models.DateTimeField(_("start at"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, default=CampaignState.DRAFT.value, choices=STATES)
    version = models.PositiveIntegerField(default=1)
    author = models.ForeignKey("accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("author"))
    created_at = models.DateTimeField(_("created"))
    approved_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("approved by")
    )
    approved_at = models.DateTimeField(_("approved"), null=True)
    # Set when it starts: the segment as it was then, and how far its rows have been written.
    frozen_at = models.DateTimeField(_("segment frozen"), null=True)
    frozen_count = models.PositiveIntegerField(_("residents"), default=0)
    written_count = models.PositiveIntegerField(_("told in the inbox"), default=0)
    finished_at = models.DateTimeField(_("finished"), null=True)
    paused_because = models.CharField(_("paused because"), max_length=200, blank=True)
    # Counts by channel and state as of ``counted_at``, and the ones before for the rate.
    progress = models.JSONField(default=dict)
    counted_at = models.DateTimeField(_("counted"), null=True)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        permissions: ClassVar = [("approve_campaign", _("May approve and start campaigns of others"))]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in CampaignState]), name="campaign_state"
            ),
            models.CheckConstraint(
                condition=Q(state__in=_UNAPPROVED)
                | (Q(approved_by__isnull=False, approved_at__isnull=False) & ~Q(approved_by=F("author"))),
                name="campaign_second_person",
            ),
            models.CheckConstraint(
                condition=Q(written_count__lte=F("frozen_count")), name="campaign_written_of_frozen"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[CampaignState.RUNNING.value, CampaignState.PAUSED.value])
                | Q(frozen_at__isnull=False),
                name="campaign_runs_frozen",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["state"],
                condition=Q(state__in=[CampaignState.APPROVED.value, CampaignState.RUNNING.value]),
                name="campaign_live",
            ),
            models.Index(fields=["-created_at"], name="campaign_newest"),
        ]

    def __str__(self) -> str:
        return self.name


class CampaignRecipient(models.Model):
    """One resident of a campaign's segment as it was frozen; ``number`` runs from 1 without a gap."""

    pk = models.CompositePrimaryKey("campaign_id", "number")
    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="recipients", db_index=False, verbose_name=_("campaign")
    )
    number = models.PositiveIntegerField()
    resident = models.ForeignKey(
        "accounts.Resident", models.CASCADE, related_name="+", db_index=False, verbose_name=_("resident")
    )

    class Meta:
        verbose_name = _("recipient of a campaign")
        verbose_name_plural = _("recipients of a campaign")

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.number}"


class CampaignEvent(models.Model):
    """Who did what with a campaign; append-only."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="events", verbose_name=_("campaign"))
    verb = models.CharField(
        _("act"), max_length=10,
        choices=[
            (CampaignVerb.PROPOSE.value, _("proposed")),
            (CampaignVerb.SEND_BACK.value, _("sent back")),
            (CampaignVerb.APPROVE.value, _("approved by the second person")),
            (CampaignVerb.START.value, _("started")),
            (CampaignVerb.PAUSE.value, _("paused")),
            (CampaignVerb.RESUME.value, _("resumed")),
            (CampaignVerb.CANCEL.value, _("called back")),
            (CampaignVerb.FINISH.value, _("finished by the system")),
        ],
    )  # fmt: skip
    staff = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("member of staff")
    )
    note = models.CharField(_("note"), max_length=300, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("act on a campaign")
        verbose_name_plural = _("acts on a campaign")
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.verb} {self.at:%F %T}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write once."""
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)
