"""Applications, their choices and papers, and what was found about them."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common.crypto import EncryptedTextField
from apps.common.ids import uuid7
from apps.schools.models.children import Child
from apps.schools.models.rounds import AdmissionRound, Intake, PriorityCategory
from apps.schools.states import LIVE, ApplicationState


class TwinBlock(models.Model):
    """Children of one birth who want to be placed together or not at all (多胞胎捆绑)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    round = models.ForeignKey(AdmissionRound, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("twins placed together")
        verbose_name_plural = _("twins placed together")

    def __str__(self) -> str:
        return str(self.id)[-6:]


class Application(models.Model):
    """One child's application in one round (报名).  ``address_hash``, ``home`` (longitude, latitude) name the home, never in the clear.

    ``points``      integers, more is better: a score in senior high, 积分 elsewhere; entered by staff or import
    ``objection``   the other parent's words, encrypted; while it stands unsettled the application is not verified
    """

    class State(models.TextChoices):
        DRAFT = ApplicationState.DRAFT.value, _("not handed in")
        SUBMITTED = ApplicationState.SUBMITTED.value, _("handed in")
        FIRST_REVIEW = ApplicationState.FIRST_REVIEW.value, _("with the second reviewer")
        NEEDS_FIX = ApplicationState.NEEDS_FIX.value, _("papers are missing")
        VERIFIED = ApplicationState.VERIFIED.value, _("verified")
        REJECTED = ApplicationState.REJECTED.value, _("not accepted")
        WITHDRAWN = ApplicationState.WITHDRAWN.value, _("withdrawn")
        FROZEN = ApplicationState.FROZEN.value, _("on the roster")
        ALLOCATED = ApplicationState.ALLOCATED.value, _("has a place")
        UNALLOCATED = ApplicationState.UNALLOCATED.value, _("without a place")
        ENROLLED = ApplicationState.ENROLLED.value, _("enrolled")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(_("number"), max_length=20, unique=True)
    round = models.ForeignKey(
        AdmissionRound, models.PROTECT, related_name="applications", verbose_name=_("admission round")
    )
    child = models.ForeignKey(Child, models.PROTECT, related_name="applications", verbose_name=_("child"))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.DRAFT)
    filed_by = models.ForeignKey(
        "accounts.Resident", models.PROTECT, null=True, related_name="+", verbose_name=_("applied by")
    )
    filed_by_staff = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("entered by")
    )
    on_behalf_of = EncryptedTextField(null=True, verbose_name=_("guardian at the counter"))
    phone = EncryptedTextField(null=True, verbose_name=_("telephone"))
    category = models.ForeignKey(
        PriorityCategory, models.PROTECT, null=True, related_name="+", verbose_name=_("class of applicants")
    )
    points = models.PositiveIntegerField(_("points"), default=0)
    address = EncryptedTextField(null=True, verbose_name=_("address"))
    address_hash = models.CharField(max_length=64, blank=True, editable=False)
    community = models.ForeignKey(
        "common.Community", models.PROTECT, null=True, related_name="+", verbose_name=_("community")
    )
    home = EncryptedTextField(null=True)
    block = models.ForeignKey(
        TwinBlock,
        models.PROTECT,
        null=True,
        related_name="applications",
        verbose_name=_("twins placed together"),
    )
    pass_number = models.PositiveSmallIntegerField(default=1)  # of the reviews: each hand-in begins anew
    objection = EncryptedTextField(null=True, verbose_name=_("objection of the other guardian"))
    objected_by = models.ForeignKey("accounts.Resident", models.PROTECT, null=True, related_name="+")
    objected_at = models.DateTimeField(_("objected"), null=True)
    objection_settled_at = models.DateTimeField(_("objection settled"), null=True)
    created_at = models.DateTimeField(_("begun"))
    submitted_at = models.DateTimeField(_("handed in"), null=True)
    reminded_at = models.DateTimeField(_("reminded"), null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [("review_application", _("Review applications"))]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=list(ApplicationState)), name="application_state"),
            models.UniqueConstraint(
                fields=["round", "child"], condition=Q(state__in=list(LIVE)), name="application_once_per_round"
            ),
            models.CheckConstraint(
                condition=Q(filed_by__isnull=False, filed_by_staff=None) | Q(filed_by=None, filed_by_staff__isnull=False),
                name="application_filed_by_one",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"])
                | (Q(submitted_at__isnull=False, category__isnull=False, address__isnull=False) & ~Q(address_hash="")),
                name="application_handed_in_whole",
            ),
            # What both parents do not agree to goes to no roster.
            models.CheckConstraint(
                condition=Q(objected_at=None) | Q(objection_settled_at__isnull=False)
                | ~Q(state__in=["verified", "frozen", "allocated", "unallocated", "enrolled"]),
                name="application_no_open_objection",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["round", "state", "id"], name="application_of_round"),
            models.Index(fields=["round", "address_hash"], name="application_home"),
        ]

    def __str__(self) -> str:
        return self.number


class Preference(models.Model):
    """One choice of an application (志愿).  ``in_catchment``, ``band`` are worked out when it is handed in."""

    application = models.ForeignKey(
        Application, models.CASCADE, related_name="preferences", verbose_name=_("application")
    )
    intake = models.ForeignKey(Intake, models.PROTECT, related_name="preferences", verbose_name=_("intake"))
    position = models.PositiveSmallIntegerField(_("order of choice"))
    in_catchment = models.BooleanField(_("in the catchment"), default=False)
    band = models.PositiveSmallIntegerField(_("distance band"), default=0)

    class Meta:
        verbose_name = _("choice")
        verbose_name_plural = _("choices")
        ordering: ClassVar = ["application", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["application", "intake"], name="preference_intake_once"),
            models.UniqueConstraint(fields=["application", "position"], name="preference_position_once"),
            models.CheckConstraint(
                condition=Q(position__gte=1, position__lte=12), name="preference_position"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["intake"], name="preference_of_intake")]

    def __str__(self) -> str:
        return f"{self.position}"


class ApplicationDocument(models.Model):
    """A paper of an application: the picture stands encrypted in this row, nowhere else."""

    class Kind(models.TextChoices):
        HUKOU = "hukou", _("household register")
        BIRTH = "birth", _("birth certificate")
        PROPERTY = "property", _("deed or lease")
        RESIDENCE = "residence", _("residence permit")
        OTHER = "other", _("another paper")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(
        Application, models.CASCADE, related_name="documents", verbose_name=_("application")
    )
    kind = models.CharField(_("kind of paper"), max_length=10, choices=Kind)
    content = models.BinaryField(editable=False)  # a cleaned JPEG, AES-GCM
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    added_at = models.DateTimeField(_("added"))
    removed_at = models.DateTimeField(_("removed"), null=True)

    class Meta:
        verbose_name = _("paper")
        verbose_name_plural = _("papers")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=["hukou", "birth", "property", "residence", "other"]),
                name="document_kind",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["application"], name="document_of_application")]

    def __str__(self) -> str:
        return self.kind


class Check(models.Model):
    """What a machine found about one hand-in of an application: by rules on the data and by imported registers."""

    class Outcome(models.TextChoices):
        OK = "ok", _("in order")
        FAIL = "fail", _("does not fit")
        UNKNOWN = "unknown", _("could not be compared")

    application = models.ForeignKey(
        Application, models.CASCADE, related_name="checks", verbose_name=_("application")
    )
    pass_number = models.PositiveSmallIntegerField()
    code = models.CharField(_("check"), max_length=20)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("automatic check")
        verbose_name_plural = _("automatic checks")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["application", "pass_number", "code"], name="check_once"),
            models.CheckConstraint(condition=Q(outcome__in=["ok", "fail", "unknown"]), name="check_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.outcome}"


class Review(models.Model):
    """What one person decided on one hand-in.  Append-only; the second person is another one (a trigger keeps it)."""

    class Verdict(models.TextChoices):
        AGREE = "agree", _("in order")
        ASK = "ask", _("papers are missing")
        REJECT = "reject", _("not accepted")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(
        Application, models.PROTECT, related_name="reviews", verbose_name=_("application")
    )
    pass_number = models.PositiveSmallIntegerField()
    stage = models.PositiveSmallIntegerField(_("stage"))
    reviewer = models.ForeignKey(
        "accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("reviewer")
    )
    verdict = models.CharField(_("verdict"), max_length=8, choices=Verdict)
    reasons = ArrayField(models.CharField(max_length=20), default=list, verbose_name=_("reasons"))
    note = models.CharField(_("note"), max_length=300, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("review of an application")
        verbose_name_plural = _("reviews of applications")
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["application", "pass_number", "stage"], name="school_review_once"
            ),
            models.CheckConstraint(condition=Q(stage__in=[1, 2]), name="school_review_stage"),
            models.CheckConstraint(
                condition=Q(verdict__in=["agree", "ask", "reject"]), name="school_review_verdict"
            ),
            models.CheckConstraint(
                condition=Q(verdict="agree") | ~Q(reasons=[]), name="school_review_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.verdict


class ApplicationEvent(models.Model):
    """What happened to an application, and who did it for whom.  Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(
        Application, models.PROTECT, related_name="events", verbose_name=_("application")
    )
    verb = models.CharField(_("act"), max_length=16)
    source = models.CharField(_("from"), max_length=12, blank=True)
    target = models.CharField(_("to"), max_length=12)
    resident = models.ForeignKey(
        "accounts.Resident", models.PROTECT, null=True, related_name="+", verbose_name=_("resident")
    )
    staff = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("staff")
    )
    note = models.CharField(_("note"), max_length=300, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("act on an application")
        verbose_name_plural = _("acts on applications")
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["application", "id"], name="application_event_of")]

    def __str__(self) -> str:
        return self.verb

    @property
    def state_shown(self) -> str:
        """The state that the act led to, in words."""
        return str(dict(Application.State.choices).get(self.target, self.target))


class RegisterRow(models.Model):
    """A line of a register that an office handed over for a year: who lives where, who owns what.  Hashes only.

    ``person_hash``  the child in the household register; empty in the property register
    """

    class Kind(models.TextChoices):
        HUKOU = "hukou", _("household register")
        PROPERTY = "property", _("register of deeds and leases")

    kind = models.CharField(_("register"), max_length=10, choices=Kind)
    year = models.PositiveSmallIntegerField(_("year"))
    person_hash = models.CharField(max_length=64, blank=True)
    address_hash = models.CharField(max_length=64)
    imported_at = models.DateTimeField(_("imported"))

    class Meta:
        verbose_name = _("line of a register")
        verbose_name_plural = _("lines of registers")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=["hukou", "property"]), name="register_kind"),
            models.UniqueConstraint(
                fields=["kind", "year", "person_hash", "address_hash"], name="register_row_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.year}"
