"""Tables that staff edit: categories, deadlines, channels that a matter belongs to, the duty list."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.common.models import ValidityQuerySet
from apps.feedback import labels
from apps.feedback.querysets import CategoryQuerySet
from apps.feedback.states import Evidence, RequestType, Urgency

_TERM_UNITS: list[tuple[str, object]] = [("hour", _("hours")), ("workday", _("working days"))]


class DeadlineProfile(models.Model):
    """How long a kind of case may take; dated, since decrees change it."""

    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(_("name"), max_length=40)
    respond_value = models.PositiveSmallIntegerField(_("first answer within"))
    respond_unit = models.CharField(_("unit of the first answer"), max_length=8, choices=_TERM_UNITS)
    settle_value = models.PositiveSmallIntegerField(_("settled within"))
    settle_unit = models.CharField(_("unit of settling"), max_length=8, choices=_TERM_UNITS)
    sign_value = models.PositiveSmallIntegerField(_("signed for within"), default=1)
    sign_unit = models.CharField(_("unit of signing"), max_length=8, choices=_TERM_UNITS, default="workday")
    return_value = models.PositiveSmallIntegerField(_("returned within, 0: not at all"), default=2)
    return_unit = models.CharField(
        _("unit of returning"), max_length=8, choices=_TERM_UNITS, default="workday"
    )
    max_hops = models.PositiveSmallIntegerField(
        _("returns before a ruling"), default=2, help_text=_("After so many returns the desk's head rules.")
    )
    extension_max_workdays = models.PositiveSmallIntegerField(_("longest extension, working days"), default=0)
    extension_times = models.PositiveSmallIntegerField(_("extensions a case"), default=1)
    head_after_h = models.PositiveSmallIntegerField(
        _("hours late until the head of the unit is told"), default=4
    )
    chief_after_h = models.PositiveSmallIntegerField(
        _("hours late until the level above is told"), default=24
    )
    answer_within_days = models.PositiveSmallIntegerField(
        _("days in which the resident answers a question"), default=5
    )
    nudge_every_h = models.PositiveSmallIntegerField(_("hours between two nudges"), default=24)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    basis = models.CharField(_("source"), max_length=300)
    confirmed = models.BooleanField(_("confirmed by the district"), default=False)

    objects = ValidityQuerySet.as_manager()

    class Meta:
        verbose_name = _("deadline profile")
        verbose_name_plural = _("deadline profiles")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="profile_once_per_date"),
            models.CheckConstraint(
                condition=Q(respond_value__gte=1, settle_value__gte=1, settle_value__lte=250),
                name="profile_terms",
            ),
            models.CheckConstraint(
                condition=Q(
                    respond_unit__in=["hour", "workday"],
                    settle_unit__in=["hour", "workday"],
                    sign_unit__in=["hour", "workday"],
                    return_unit__in=["hour", "workday"],
                ),
                name="profile_units",
            ),
            models.CheckConstraint(
                condition=Q(sign_value__gte=1, answer_within_days__gte=1, max_hops__lte=9),
                name="profile_stages",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    """What a case is about: 18 groups with their sub-categories; a case carries a sub-category."""

    code = models.CharField(_("code"), max_length=8, primary_key=True)
    name = models.CharField(_("name"), max_length=30)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("group")
    )
    lead = models.ForeignKey(
        "accounts.Department",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("lead unit"),
    )
    support = models.ManyToManyField(
        "accounts.Department", blank=True, related_name="+", verbose_name=_("supporting units")
    )
    territorial = models.BooleanField(_("street of the place first"), default=False)
    profile_code = models.CharField(_("deadline profile"), max_length=20, blank=True)
    public_by_default = models.BooleanField(_("public by default"), default=False)
    sensitive = models.BooleanField(_("sensitive"), default=False)
    keywords = ArrayField(
        models.CharField(max_length=20), default=list, blank=True, verbose_name=_("keywords")
    )
    evidence = ArrayField(
        models.CharField(max_length=12, choices=labels.choices(labels.EVIDENCE_LABELS)),
        default=list,
        blank=True,
        verbose_name=_("closing checklist"),
        help_text=_("What must be given with the answer: it is refused without."),
    )
    notice = models.CharField(_("notice before the form"), max_length=200, blank=True)
    stopper = models.CharField(_("stop text before the form"), max_length=200, blank=True)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(parent=None) | (Q(lead__isnull=False) & ~Q(profile_code="")),
                name="category_sub_has_lead_and_profile",
            ),
            models.CheckConstraint(condition=~Q(parent=F("code")), name="category_not_its_own_group"),
            models.CheckConstraint(
                condition=Q(evidence__contained_by=[e.value for e in Evidence]), name="category_evidence"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DeadlineRule(models.Model):
    """Which profile holds for a request type, a category and an urgency: the first match by order, else the category's."""

    position = models.PositiveSmallIntegerField(_("order"), default=100)
    request_type = models.CharField(
        _("type"),
        max_length=12,
        blank=True,
        choices=labels.choices(labels.TYPE_LABELS),
        help_text=_("Empty: any."),
    )
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("category"),
        help_text=_("A group stands for all below it; empty: any."),
    )  # fmt: skip
    urgency = models.CharField(
        _("urgency"), max_length=10, blank=True, choices=labels.choices(labels.URGENCY_LABELS),
        help_text=_("Empty: any."),
    )  # fmt: skip
    over = models.CharField(
        _("instead of profile"),
        max_length=20,
        blank=True,
        help_text=_("Empty: whatever the category's profile is."),
    )
    profile_code = models.CharField(_("deadline profile"), max_length=20)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    basis = models.CharField(_("source"), max_length=300)

    objects = ValidityQuerySet.as_manager()

    class Meta:
        verbose_name = _("deadline rule")
        verbose_name_plural = _("deadline rules")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["request_type", "category", "urgency", "over", "valid_from"],
                nulls_distinct=False,
                name="deadline_rule_once",
            ),
            models.CheckConstraint(
                condition=Q(request_type__in=["", *(t.value for t in RequestType)])
                & Q(urgency__in=["", *(u.value for u in Urgency)]),
                name="deadline_rule_values",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}"


class HandoverChannel(models.Model):
    """Where a matter belongs that the district's desk does not accept: courts, arbitration, 信访, disclosure."""

    code = models.CharField(_("code"), max_length=20, primary_key=True)
    name = models.CharField(_("name"), max_length=60)
    how = models.CharField(_("how to reach it"), max_length=300)
    source = models.CharField(_("source"), max_length=200, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("right channel")
        verbose_name_plural = _("right channels")

    def __str__(self) -> str:
        return self.name


class DutyClause(models.Model):
    """A line of the list of duties (职责清单) that a return can rest on."""

    code = models.CharField(_("code"), max_length=20, primary_key=True)
    text = models.CharField(_("text"), max_length=300)
    source = models.CharField(_("source"), max_length=200, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("duty clause")
        verbose_name_plural = _("duty clauses")

    def __str__(self) -> str:
        return f"{self.code} {self.text}"
