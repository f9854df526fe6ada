"""Admission rounds, what is offered in them, and by which order."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.common.ids import uuid7
from apps.schools.models.schools import STAGES, School, Stage
from apps.schools.states import RoundState, RoundVerb


class AdmissionRound(models.Model):
    """One admission (招生轮次): who may apply, when, and by which rule places are given.

    ``born_from``, ``born_to``   both included      ``band_m``  width of a distance band in metres, 0: distance counts nothing
    ``catchment_first``  who lives in a school's catchment comes before all others there
    ``public_number_source``  told before the freeze: what the number that joins the secret will be
    """

    class State(models.TextChoices):
        SETUP = RoundState.SETUP.value, _("being prepared")
        OPEN = RoundState.OPEN.value, _("announced")
        VERIFYING = RoundState.VERIFYING.value, _("papers are looked at")
        FROZEN = RoundState.FROZEN.value, _("roster frozen")
        COMMITTED = RoundState.COMMITTED.value, _("secret committed")
        DRAWN = RoundState.DRAWN.value, _("drawn")
        ALLOCATED = RoundState.ALLOCATED.value, _("allocated, not published")
        PUBLISHED = RoundState.PUBLISHED.value, _("results published")
        FINAL = RoundState.FINAL.value, _("round ended")

    class Policy(models.TextChoices):
        DEFERRED = "deferred", _("deferred acceptance")
        IMMEDIATE = "immediate", _("first choices first")
        PARALLEL = "parallel", _("parallel choices in batches")
        DRAW = "draw", _("by lot")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(_("code"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=80)
    stage = models.CharField(_("school stage"), max_length=12, choices=Stage)
    year = models.PositiveSmallIntegerField(_("year"))
    department = models.ForeignKey(
        "accounts.Department", models.PROTECT, related_name="+", verbose_name=_("unit")
    )
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.SETUP, editable=False)
    opens_at = models.DateTimeField(_("applications from"))
    closes_at = models.DateTimeField(_("applications until"))
    fix_until = models.DateTimeField(_("missing papers until"))
    answer_until = models.DateTimeField(_("offers answered by"))
    waiting_until = models.DateTimeField(_("waiting list until"))
    waiting_answer_hours = models.PositiveSmallIntegerField(
        _("hours to answer an offer of the waiting list"), default=48
    )
    starts_on = models.DateField(_("school year begins"))
    born_from = models.DateField(_("born from"))
    born_to = models.DateField(_("born to"))
    policy = models.CharField(_("rule of allocation"), max_length=10, choices=Policy, default=Policy.DEFERRED)
    parallel_width = models.PositiveSmallIntegerField(_("choices in a batch"), default=1)
    max_choices = models.PositiveSmallIntegerField(_("most choices"), default=3)
    band_m = models.PositiveIntegerField(_("distance band in metres"), default=0)
    catchment_first = models.BooleanField(_("catchment comes first"), default=False)
    home_papers = models.BooleanField(_("the home is checked"), default=True)
    public_number_source = models.CharField(_("where the public number comes from"), max_length=200)
    source = models.CharField(_("source"), max_length=200)
    is_demo = models.BooleanField(_("invented for demonstration"), default=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("admission round")
        verbose_name_plural = _("admission rounds")
        ordering: ClassVar = ["-year", "code"]
        permissions: ClassVar = [("run_round", _("Run admission rounds"))]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=list(RoundState)), name="round_state"),
            models.CheckConstraint(condition=Q(stage__in=STAGES), name="round_stage"),
            models.CheckConstraint(
                condition=Q(policy__in=["deferred", "immediate", "parallel", "draw"]), name="round_policy"
            ),
            models.CheckConstraint(
                condition=Q(
                    closes_at__gt=F("opens_at"), fix_until__gte=F("closes_at"), answer_until__gt=F("fix_until"),
                    waiting_until__gte=F("answer_until"), born_to__gte=F("born_from"),
                ),
                name="round_dates_in_order",
                violation_error_message=_("The dates of a round follow one another."),
            ),
            models.CheckConstraint(
                condition=Q(max_choices__gte=1, max_choices__lte=12, parallel_width__gte=1, waiting_answer_hours__gte=1),
                name="round_numbers",
                violation_error_message=_("1 to 12 choices, batches of at least 1, at least 1 hour to answer."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class PriorityCategory(models.Model):
    """A class of applicants, by what they can prove (招生类别); the lower rank comes first at every school."""

    round = models.ForeignKey(
        AdmissionRound, models.CASCADE, related_name="categories", verbose_name=_("admission round")
    )
    code = models.SlugField(_("code"), max_length=12)
    name = models.CharField(_("name"), max_length=60)
    rank = models.PositiveSmallIntegerField(_("rank"))
    needs_hukou = models.BooleanField(_("household register is compared"), default=False)
    needs_property = models.BooleanField(_("property register is compared"), default=False)
    papers = models.CharField(_("papers needed"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("class of applicants")
        verbose_name_plural = _("classes of applicants")
        ordering: ClassVar = ["round", "rank"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["round", "code"], name="category_once"),
            models.CheckConstraint(condition=Q(rank__lte=49), name="category_rank"),
        ]

    def __str__(self) -> str:
        return self.name


class Intake(models.Model):
    """Places of one school in a round (招生计划).  How many there are stands in the capacity, with each change's reason."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    round = models.ForeignKey(
        AdmissionRound, models.CASCADE, related_name="intakes", verbose_name=_("admission round")
    )
    school = models.ForeignKey(School, models.PROTECT, related_name="intakes", verbose_name=_("school"))
    code = models.SlugField(_("code"), max_length=32)
    name = models.CharField(_("name"), max_length=60)
    plan = models.PositiveIntegerField(_("planned places"))
    capacity = models.OneToOneField(
        "capacity.Capacity",
        models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("capacity"),
    )
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("intake")
        verbose_name_plural = _("intakes")
        ordering: ClassVar = ["round", "code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["round", "code"], name="intake_once"),
            models.UniqueConstraint(fields=["round", "school", "name"], name="intake_of_school_once"),
            models.CheckConstraint(condition=Q(plan__gte=1, plan__lte=20_000), name="intake_plan"),
        ]

    def __str__(self) -> str:
        return self.name


class IntakeReserve(models.Model):
    """Places of an intake that one class of applicants is given first; what they leave is open to all."""

    intake = models.ForeignKey(Intake, models.CASCADE, related_name="reserves", verbose_name=_("intake"))
    category = models.ForeignKey(
        PriorityCategory, models.PROTECT, related_name="+", verbose_name=_("class of applicants")
    )
    seats = models.PositiveIntegerField(_("places"))

    class Meta:
        verbose_name = _("reserved places")
        verbose_name_plural = _("reserved places")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["intake", "category"], name="reserve_once"),
            models.CheckConstraint(condition=Q(seats__gte=1), name="reserve_seats"),
        ]

    def __str__(self) -> str:
        return f"{self.category} {self.seats}"


class RoundEvent(models.Model):
    """A move of a round: who, when, what was made public.  Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    round = models.ForeignKey(
        AdmissionRound, models.PROTECT, related_name="events", verbose_name=_("admission round")
    )
    verb = models.CharField(_("act"), max_length=12, choices=[(one.value, one.value) for one in RoundVerb])
    note = models.CharField(_("note"), max_length=300, blank=True)
    at = models.DateTimeField(_("at"))
    staff = models.ForeignKey("accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("by"))

    class Meta:
        verbose_name = _("act on a round")
        verbose_name_plural = _("acts on rounds")
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.verb
