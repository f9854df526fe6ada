"""WeChat's templates and the consent ledger."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class WechatTemplate(models.Model):
    """A private template of the mini-program, as WeChat lists it, under the name that notice kinds use."""

    class Type(models.IntegerChoices):
        ONE_TIME = 2, _("one-time")
        LONG_TERM = 3, _("long-term")

    # Empty until staff say which of our names a template that WeChat lists stands for.
    name = models.CharField(_("name"), max_length=40, unique=True, null=True, blank=True)
    template_id = models.CharField(_("template id"), max_length=64, unique=True)
    title = models.CharField(_("title"), max_length=60)
    type = models.PositiveSmallIntegerField(_("type"), choices=Type)
    keys = models.JSONField(_("keys"), default=list)
    enums = models.JSONField(_("listed values"), default=dict, blank=True)
    content = models.TextField(_("text of the template"), max_length=1000, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    synced_at = models.DateTimeField(_("compared with WeChat"), null=True, editable=False)

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
        "accounts.Resident", models.CASCADE, related_name="+", db_index=False, verbose_name=_("resident")
    )
    template = models.ForeignKey(
        WechatTemplate, models.CASCADE, related_name="+", db_index=False, verbose_name=_("WeChat template")
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


class GrantEntry(models.Model):
    """What changed a resident's permissions from outside: append-only.  Sends are in the deliveries."""

    class Source(models.TextChoices):
        PUSH = "push", _("WeChat's event")
        REPORT = "report", _("the mini-program")
        REFUSAL = "refusal", _("WeChat's refusal of a message")

    class Change(models.TextChoices):
        GRANTED = "granted", _("granted")
        # Reported by the mini-program while WeChat's own event counts: kept, adds nothing.
        HINTED = "hinted", _("reported, not counted")
        WITHDRAWN = "withdrawn", _("withdrawn")

    resident = models.ForeignKey(
        "accounts.Resident", models.CASCADE, related_name="+", db_index=False, verbose_name=_("resident")
    )
    template = models.ForeignKey(
        WechatTemplate, models.CASCADE, related_name="+", db_index=False, verbose_name=_("WeChat template")
    )
    source = models.CharField(_("source"), max_length=10, choices=Source)
    change = models.CharField(_("change"), max_length=10, choices=Change)
    dedup_key = models.CharField(max_length=120, unique=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("change of a permission")
        verbose_name_plural = _("changes of permissions")
        indexes: ClassVar = [models.Index(fields=["resident", "-at"], name="grant_entry_newest")]

    def __str__(self) -> str:
        return f"{self.change} {self.at:%F %T}"
