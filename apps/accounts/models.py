"""Residents, staff, units, consents, sessions and the access log."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.accounts.querysets import DepartmentQuerySet, ResidentQuerySet
from apps.accounts.states import Role
from apps.common.crypto import EncryptedTextField
from apps.common.ids import uuid7
from apps.common.masking import phone_masked


class Department(models.Model):
    """A unit (单位): a bureau, a street office, a utility; a tree, so that a supervisor sees those below."""

    class Kind(models.TextChoices):
        DISTRICT = "district", _("district bureau")
        BRANCH = "branch", _("branch of a city bureau")
        STREET = "street", _("street office")
        PEOPLE_ORG = "people_org", _("people's organisation")
        STATE_OWNED = "state_owned", _("state-owned company")
        UTILITY = "utility", _("utility")

    code = models.CharField(_("code"), max_length=12, unique=True)
    name = models.CharField(_("name"), max_length=60)
    short = models.CharField(_("short name"), max_length=30)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("parent unit")
    )
    street = models.ForeignKey(
        "common.Street", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("street")
    )
    aliases = ArrayField(
        models.CharField(max_length=40), default=list, blank=True, verbose_name=_("other names")
    )
    basis = models.CharField(_("source"), max_length=200, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    objects = DepartmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(parent=F("id")), name="department_not_its_own_parent"),
        ]

    def __str__(self) -> str:
        return self.short


class Staff(AbstractUser):
    """A member of staff; signs in to the admin."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    display_name = models.CharField(_("shown name"), max_length=40)
    departments = models.ManyToManyField(
        Department, through="Membership", related_name="staff", verbose_name=_("units")
    )

    REQUIRED_FIELDS: ClassVar = ["display_name"]

    class Meta:
        verbose_name = _("member of staff")
        verbose_name_plural = _("staff")

    def __str__(self) -> str:
        return self.display_name or self.username

    def get_full_name(self) -> str:
        """Return the shown name."""
        return self.display_name

    def get_short_name(self) -> str:
        """Return the shown name."""
        return self.display_name

    @cached_property
    def roles(self) -> frozenset[Role]:
        """The roles held, from the groups.  1 query, once per loaded row."""
        known = {role.value for role in Role}
        return frozenset(Role(name) for name in self.groups.values_list("name", flat=True) if name in known)

    @cached_property
    def department_ids(self) -> frozenset[int]:
        """Ids of the units this person belongs to.  1 query, once per loaded row."""
        return frozenset(self.memberships.values_list("department_id", flat=True))


class Membership(models.Model):
    """That a member of staff works for a unit."""

    staff = models.ForeignKey(
        Staff, models.CASCADE, related_name="memberships", verbose_name=_("member of staff")
    )
    department = models.ForeignKey(
        Department, models.PROTECT, related_name="memberships", verbose_name=_("unit")
    )
    is_head = models.BooleanField(_("head of unit"), default=False)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["staff", "department"], name="membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.department_id}"


class SavedFilter(models.Model):
    """A view of a list that someone keeps, for themselves or for all; ``page`` names the list: ``feedback.case``."""

    staff = models.ForeignKey(
        Staff, models.CASCADE, related_name="saved_filters", verbose_name=_("member of staff")
    )
    page = models.CharField(_("list"), max_length=40)
    name = models.CharField(_("name"), max_length=30)
    query = models.CharField(_("filter"), max_length=500)
    shared = models.BooleanField(_("for everyone"), default=False)

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["staff", "page", "name"], name="saved_filter_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["page"], condition=Q(shared=True), name="saved_filter_shared"),
        ]

    def __str__(self) -> str:
        return self.name


class Resident(models.Model):
    """A resident, known by the WeChat account.  What names the person is encrypted; hashes find the row."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    openid = EncryptedTextField(null=True)
    openid_hash = models.CharField(max_length=64, null=True, unique=True, editable=False)
    unionid = EncryptedTextField(null=True)
    phone = EncryptedTextField(null=True)
    phone_hash = models.CharField(max_length=64, null=True, db_index=True, editable=False)
    nickname = models.CharField(_("nickname"), max_length=30, blank=True)
    street = models.ForeignKey(
        "common.Street", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("street")
    )
    community = models.ForeignKey(
        "common.Community",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("community"),
    )
    elder_mode = models.BooleanField(_("elder mode"), default=False)
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    created_at = models.DateTimeField(_("since"))
    cancelled_at = models.DateTimeField(_("cancelled"), null=True)

    objects = ResidentQuerySet.as_manager()

    class Meta:
        verbose_name = _("resident")
        verbose_name_plural = _("residents")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(cancelled_at=None)
                | Q(openid=None, openid_hash=None, phone=None, phone_hash=None),
                name="resident_cancelled_is_anonymous",
            ),
            models.CheckConstraint(
                condition=Q(phone=None, phone_hash=None) | Q(phone__isnull=False, phone_hash__isnull=False),
                name="resident_phone_has_hash",
            ),
        ]

    def __str__(self) -> str:
        return self.shown_name

    @property
    def shown_name(self) -> str:
        """The nickname, or words for an account without one or a cancelled one."""
        if self.cancelled_at:
            return str(_("cancelled account"))
        return self.nickname or str(_("resident"))

    @property
    def phone_masked(self) -> str | None:
        """The phone as ``199****1234``, or None."""
        return phone_masked(self.phone)

    @property
    def is_authenticated(self) -> bool:
        """True: DRF asks this of whoever a token names."""
        return True


class ResidentSession(models.Model):
    """A sign-in and its line of refresh tokens: only the newest works, an older one ends the whole line."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    resident = models.ForeignKey(Resident, models.CASCADE, related_name="sessions")
    refresh_jti = models.CharField(max_length=32)
    created_at = models.DateTimeField()
    rotated_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=12, blank=True)  # logout, reuse, cancelled

    class Meta:
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="resident_session_expiry")]

    def __str__(self) -> str:
        return str(self.id)


class PolicyVersion(models.Model):
    """A version of the privacy policy.  A new major number asks everyone for consent again (PIPL 14)."""

    version = models.CharField(_("version"), max_length=20, primary_key=True)
    major = models.PositiveIntegerField(_("major number"))
    text_url = models.CharField(_("address of the text"), max_length=200)
    items = models.JSONField(_("items"), help_text=_("A list of purpose, fields and retention."))
    valid_from = models.DateTimeField(_("valid from"))

    class Meta:
        verbose_name = _("privacy policy version")
        verbose_name_plural = _("privacy policy versions")
        indexes: ClassVar = [models.Index(fields=["-valid_from"], name="policy_newest")]

    def __str__(self) -> str:
        return self.version


class Consent(models.Model):
    """One line of the consent ledger: given for a purpose under a version, perhaps withdrawn later."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    resident = models.ForeignKey(
        Resident, models.CASCADE, related_name="consents", verbose_name=_("resident")
    )
    purpose = models.CharField(_("purpose"), max_length=40)
    policy = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="+", verbose_name=_("version"))
    major = models.PositiveIntegerField(_("major number"))
    given_at = models.DateTimeField(_("given"))
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["resident", "purpose", "major"],
                condition=Q(withdrawn_at=None),
                name="consent_once_per_purpose",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(withdrawn_at__gte=F("given_at")), name="consent_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.policy_id}"


class AccessLog(models.Model):
    """That a member of staff looked at personal data: who, what, why, when.  Never changed (MLPS-8, 9)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+", verbose_name=_("member of staff"))
    department_name = models.CharField(_("unit"), max_length=60, blank=True)
    resident_id = models.UUIDField(_("resident"), db_index=True)
    subject = models.CharField(_("subject"), max_length=60)  # e.g. a case number
    data = models.CharField(_("data"), max_length=60)
    reason = models.CharField(_("reason"), max_length=200)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("access log entry")
        verbose_name_plural = _("access log")

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write once."""
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)
