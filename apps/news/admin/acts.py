"""The acts on an article: what each asks for and the one service that it calls."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.news import labels, services
from apps.news.models.reviews import NOTE_CHARS
from apps.news.states import Act, Point, Verb

if TYPE_CHECKING:
    from apps.accounts.models import Staff


class NothingForm(forms.Form):
    """Nothing is asked for."""


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=NOTE_CHARS, widget=forms.TextInput)


class SeenForm(forms.Form):
    """The fingerprint of the text that was on the screen."""

    seen_sha256 = forms.CharField(widget=forms.HiddenInput, max_length=64)


class SignForm(SeenForm):
    points = forms.MultipleChoiceField(
        label=_("I answer for"), choices=labels.choices(labels.POINT_LABELS),
        widget=forms.CheckboxSelectMultiple, required=False,
    )  # fmt: skip
    note = forms.CharField(label=_("Note"), max_length=NOTE_CHARS, required=False)


class ProofForm(SeenForm):
    errors_found = forms.IntegerField(label=_("Errors found"), min_value=0, max_value=9999, initial=0)
    note = forms.CharField(label=_("Note"), max_length=NOTE_CHARS, required=False)


class TimesForm(forms.Form):
    go_live_at = forms.DateTimeField(
        label=_("Public from"), required=False, help_text=_("Empty: at once."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )  # fmt: skip
    expire_at = forms.DateTimeField(
        label=_("Public until"), required=False, help_text=_("Empty: without an end."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )  # fmt: skip


class RescheduleForm(TimesForm):
    publication_id = forms.UUIDField(widget=forms.HiddenInput)
    go_live_at = forms.DateTimeField(
        label=_("Public from"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


class WaiveForm(ReasonForm):
    finding_id = forms.UUIDField(widget=forms.HiddenInput)


Call = Callable[[UUID, "Staff", Mapping[str, Any], dt.datetime], Any]


@dataclass(frozen=True, slots=True)
class ArticleAct:
    """One act: what it is called, what it asks for, what it does."""

    name: str
    label: Any
    form: type[forms.Form]
    call: Call


def _plain(service: Callable[..., Any]) -> Call:
    return lambda article_id, staff, given, now: service(article_id=article_id, staff=staff, now=now, **given)


def _own(service: Callable[..., Any]) -> Call:
    """The act's form names its own row."""
    return lambda _article_id, staff, given, now: service(staff=staff, now=now, **given)


def _pin(pinned: bool) -> Call:
    return lambda article_id, staff, _given, now: services.publication_pin(
        article_id=article_id, staff=staff, pinned=pinned, now=now
    )


_V, _NAMES = Verb, labels.ACT_LABELS
ACTS: dict[str, ArticleAct] = {
    act.name: act
    for act in (
        ArticleAct(_V.SUBMIT.value, _NAMES[_V.SUBMIT.value], NothingForm, _plain(services.article_submit)),
        ArticleAct(_V.SIGN.value, _NAMES[_V.SIGN.value], SignForm, _plain(services.article_sign)),
        ArticleAct(_V.RETURN.value, _NAMES[_V.RETURN.value], ReasonForm, _plain(services.article_return)),
        ArticleAct(_V.WITHDRAW.value, _NAMES[_V.WITHDRAW.value], NothingForm, _plain(services.article_withdraw)),
        ArticleAct(_V.PUBLISH.value, _NAMES[_V.PUBLISH.value], TimesForm, _plain(services.article_publish)),
        ArticleAct(_V.RETRACT.value, _NAMES[_V.RETRACT.value], ReasonForm, _plain(services.article_retract)),
        ArticleAct(_V.REVISE.value, _("New version"), NothingForm, _plain(services.article_revise)),
        ArticleAct(Act.PROOF.value, _("Record a proof pass"), ProofForm, _plain(services.proof_pass_add)),
        ArticleAct(Act.WAIVE.value, _("Let it stand"), WaiveForm, _own(services.finding_waive)),
        ArticleAct(Act.RESCHEDULE.value, _("Other times"), RescheduleForm, _own(services.publication_reschedule)),
        ArticleAct(Act.PIN.value, _("Pin to the top"), NothingForm, _pin(True)),
        ArticleAct(Act.UNPIN.value, _("No longer pinned"), NothingForm, _pin(False)),
    )
}  # fmt: skip
POINTS = [point.value for point in Point]
