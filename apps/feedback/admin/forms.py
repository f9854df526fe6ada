"""What staff fill in for each act on a case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.common.api.fields import text_clean
from apps.feedback import services
from apps.feedback.models import Case
from apps.feedback.states import Verb

REASON_CHARS, REPLY_CHARS = 500, 2000


class PlainText(forms.CharField):
    """Text without control characters."""

    def to_python(self, value: Any) -> Any:
        """Return the cleaned text."""
        return super().to_python(text_clean(value) if isinstance(value, str) else value)


class MoveForm(forms.Form):
    """The version of the case that was on the screen."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        kwargs.setdefault("prefix", None)
        super().__init__(*args, **kwargs)
        self.fields["version"].initial = case.version


class ReasonForm(MoveForm):
    reason = PlainText(label=_("Reason"), max_length=REASON_CHARS, widget=forms.Textarea(attrs={"rows": 3}))


class ReplyForm(MoveForm):
    text = PlainText(
        label=_("Answer to the resident"), max_length=REPLY_CHARS, widget=forms.Textarea(attrs={"rows": 6})
    )


class DispatchForm(MoveForm):
    unit = forms.ChoiceField(label=_("Unit"))
    note = PlainText(
        label=_("Note to the unit"), max_length=REASON_CHARS, required=False,
        help_text=_("The resident does not see it."), widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, case=case, **kwargs)
        units = accounts.departments_active().values_list("code", "short")
        self.fields["unit"].choices = [("", "—"), *units]  # type: ignore[attr-defined]
        self.fields["unit"].initial = unit_suggested(case)


def unit_suggested(case: Case) -> str:
    """Return the code of the category's lead unit, the street office where that is the street's matter, or ""."""
    lead = case.category.lead if case.category else None
    if lead is None:
        return ""
    if lead.code == "JD" and case.street_id:
        return f"JD-{case.street_id[-3:]}" if case.street_id.startswith("420107") else f"JD-{case.street_id}"
    return lead.code


@dataclass(frozen=True, slots=True)
class Act:
    """One act of staff: its form, the service behind it, and whether it is the usual next step."""

    form: type[MoveForm]
    service: Callable[..., None]
    primary: bool = False


ACTS: dict[Verb, Act] = {
    Verb.DISPATCH: Act(DispatchForm, services.case_dispatch, primary=True),
    Verb.ACCEPT: Act(MoveForm, services.case_accept),
    Verb.REFUSE: Act(ReasonForm, services.case_refuse),
    Verb.SIGN: Act(MoveForm, services.case_sign, primary=True),
    Verb.START: Act(MoveForm, services.case_start),
    Verb.REPLY: Act(ReplyForm, services.case_reply, primary=True),
    Verb.CLOSE: Act(ReasonForm, services.case_close),
}
