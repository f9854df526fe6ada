"""Rules that staff write to send cases on, and what they would have done."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common.ids import uuid7
from apps.common.models import ValidityQuerySet
from apps.feedback import labels
from apps.feedback.states import Urgency


class RoutingRule(models.Model):
    """A rule (派单规则): conditions that must all hold, and the unit that gets the case then.  First match by order."""

    class Mode(models.TextChoices):
        DRAFT = "draft", _("draft")
        SHADOW = "shadow", _("shadow: is recorded, sends nothing")
        LIVE = "live", _("live: sends cases on")

    name = models.CharField(_("name"), max_length=60)
    position = models.PositiveSmallIntegerField(_("order"), default=100)
    mode = models.CharField(_("mode"), max_length=8, choices=Mode, default=Mode.DRAFT, editable=False)
    request_types = ArrayField(
        models.CharField(max_length=12, choices=labels.choices(labels.TYPE_LABELS)),
        default=list, blank=True, verbose_name=_("types"), help_text=_("Empty: any."),
    )  # fmt: skip
    categories = ArrayField(
        models.CharField(max_length=8), default=list, blank=True, verbose_name=_("categories"),
        help_text=_("Codes; that of a group stands for all below it.  Empty: any."),
    )  # fmt: skip
    streets = ArrayField(
        models.CharField(max_length=12), default=list, blank=True, verbose_name=_("streets"),
        help_text=_("Codes.  Empty: any."),
    )  # fmt: skip
    keywords = ArrayField(
        models.CharField(max_length=20), default=list, blank=True, verbose_name=_("one of these words"),
        help_text=_("The text must hold one of them.  Empty: any text."),
    )  # fmt: skip
    keywords_not = ArrayField(
        models.CharField(max_length=20), default=list, blank=True, verbose_name=_("none of these words")
    )
    min_confidence = models.FloatField(
        _("suggestion at least"), null=True, blank=True,
        help_text=_("0 to 1: a case without a category then counts as the suggested one.  Empty: only chosen categories."),
    )  # fmt: skip
    time_from = models.TimeField(_("from"), null=True, blank=True)
    time_to = models.TimeField(_("to"), null=True, blank=True, help_text=_("Before “from”: over midnight."))
    days = models.CharField(
        _("days"), max_length=10, default="any",
        choices=[("any", _("any day")), ("workday", _("working days")), ("off", _("days off"))],
    )  # fmt: skip
    unit = models.ForeignKey(
        "accounts.Department", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("unit")
    )
    to_street = models.BooleanField(_("to the street office of the place"), default=False)
    co_units = models.ManyToManyField(
        "accounts.Department", blank=True, related_name="+", verbose_name=_("co-handling units")
    )
    urgency = models.CharField(
        _("set urgency"), max_length=10, blank=True, choices=labels.choices(labels.URGENCY_LABELS)
    )
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    basis = models.CharField(_("source"), max_length=300, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    objects = ValidityQuerySet.as_manager()

    class Meta:
        verbose_name = _("routing rule")
        verbose_name_plural = _("routing rules")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(unit__isnull=False, to_street=False) | Q(unit=None, to_street=True),
                name="routing_rule_one_target",
            ),
            models.CheckConstraint(
                condition=Q(min_confidence=None) | Q(min_confidence__gte=0, min_confidence__lte=1),
                name="routing_rule_confidence",
            ),
            models.CheckConstraint(
                condition=Q(time_from=None, time_to=None) | Q(time_from__isnull=False, time_to__isnull=False),
                name="routing_rule_hours",
            ),
            models.CheckConstraint(
                condition=Q(mode__in=["draft", "shadow", "live"], days__in=["any", "workday", "off"])
                & Q(urgency__in=["", *(u.value for u in Urgency)]),
                name="routing_rule_values",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RoutingTrial(models.Model):
    """What a version of a rule would have done with the cases of a time (试运行)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    rule = models.ForeignKey(
        RoutingRule, models.CASCADE, related_name="trials", verbose_name=_("routing rule")
    )
    rule_version = models.PositiveIntegerField(_("version"))
    at = models.DateTimeField(_("at"))
    staff = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("member of staff")
    )
    since = models.DateTimeField(_("cases since"))
    cases = models.PositiveIntegerField(_("cases looked at"))
    matched = models.PositiveIntegerField(_("would have been sent"))
    same_unit = models.PositiveIntegerField(_("to the unit that got them"))
    other_unit = models.PositiveIntegerField(_("to another unit"))
    samples = models.JSONField(_("of those to another unit"), default=list)

    class Meta:
        verbose_name = _("dry run")
        verbose_name_plural = _("dry runs")
        indexes: ClassVar = [models.Index(fields=["rule", "-at"], name="routing_trial_of_rule")]

    def __str__(self) -> str:
        return f"{self.rule_id} v{self.rule_version}"
