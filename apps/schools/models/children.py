"""Children and who has parental rights."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.common.crypto import EncryptedTextField
from apps.common.ids import uuid7
from apps.common.masking import name_masked, number_masked


class Child(models.Model):
    """A child, once, whoever applies for it: what names it is encrypted, a keyed hash finds the row."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = EncryptedTextField(verbose_name=_("full name"))
    id_kind = models.CharField(
        _("document"),
        max_length=10,
        choices=[("resident", _("resident identity card")), ("other", _("another document"))],
    )
    id_number = EncryptedTextField(verbose_name=_("number of the document"))
    id_hash = models.CharField(max_length=64, unique=True, editable=False)
    birth_on = models.DateField(_("born on"))
    gender = models.CharField(
        _("gender"), max_length=6, choices=[("female", _("female")), ("male", _("male"))]
    )
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("child")
        verbose_name_plural = _("children")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(gender__in=["female", "male"]), name="child_gender"),
            models.CheckConstraint(condition=Q(id_kind__in=["resident", "other"]), name="child_id_kind"),
        ]

    def __str__(self) -> str:
        return self.name_masked

    @property
    def name_masked(self) -> str:
        """The family name and stars."""
        return name_masked(self.name)

    @property
    def id_masked(self) -> str:
        """The last four characters of the document's number."""
        return number_masked(self.id_number)


class Guardianship(models.Model):
    """That a resident has rights over a child (监护人).

    The first stands by their word; the second parent's by the first one's word or by papers at the counter
    (``confirmed_at``).  Until then they see nothing.
    """

    class Relation(models.TextChoices):
        MOTHER = "mother", _("mother")
        FATHER = "father", _("father")
        OTHER = "other", _("another guardian")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    resident = models.ForeignKey(
        "accounts.Resident", models.PROTECT, related_name="+", verbose_name=_("resident")
    )
    child = models.ForeignKey(Child, models.PROTECT, related_name="guardianships", verbose_name=_("child"))
    relation = models.CharField(_("relation"), max_length=8, choices=Relation)
    policy = models.CharField(_("policy agreed to"), max_length=20)
    created_at = models.DateTimeField(_("asked at"))
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    confirmed_by_staff = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("confirmed by")
    )
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("guardian")
        verbose_name_plural = _("guardians")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(relation__in=["mother", "father", "other"]), name="guardian_relation"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("created_at")), name="guardian_order"
            ),
            models.UniqueConstraint(
                fields=["resident", "child"], condition=Q(ended_at=None), name="guardian_once"
            ),
            models.UniqueConstraint(
                fields=["child", "relation"],
                condition=Q(ended_at=None, confirmed_at__isnull=False, relation__in=["mother", "father"]),
                name="guardian_one_mother_one_father",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["child"], condition=Q(ended_at=None), name="guardian_of_child"),
        ]

    def __str__(self) -> str:
        return self.relation
