"""What staff fill in for each act on a case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common import clock
from apps.common.api.fields import text_clean
from apps.feedback import labels, selectors, services
from apps.feedback.admin.photos import PhotosField
from apps.feedback.models import Case
from apps.feedback.states import Evidence, Urgency, Verb

REASON_CHARS, REPLY_CHARS, LINE_CHARS = 500, 2000, 200


class PlainText(forms.CharField):
    """Text without control characters."""

    def to_python(self, value: Any) -> Any:
        """Return the cleaned text."""
        return super().to_python(text_clean(value) if isinstance(value, str) else value)


def _area(label: Any, *, chars: int = REASON_CHARS, rows: int = 3, **more: Any) -> PlainText:
    return PlainText(label=label, max_length=chars, widget=forms.Textarea(attrs={"rows": rows}), **more)


class MoveForm(forms.Form):
    """The version of the case that was on the screen."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        kwargs.setdefault("prefix", None)
        super().__init__(*args, **kwargs)
        self.fields["version"].initial = case.version


class ReasonForm(MoveForm):
    reason = _area(_("Reason"))


class TextForm(MoveForm):
    text = _area(_("Content"))


class ContactForm(MoveForm):
    text = _area(
        _("How the resident was contacted, and what was agreed"), help_text=_("The resident reads it.")
    )


class ContributeForm(MoveForm):
    text = _area(
        _("Opinion or result of your unit"), chars=REPLY_CHARS, help_text=_("The resident does not see it.")
    )


class AskForm(MoveForm):
    text = _area(
        _("Question to the resident"),
        help_text=_("The clock stands until the answer comes or the term ends."),
    )


class SuperviseForm(MoveForm):
    text = _area(_("What is expected"), help_text=_("The resident does not see it."))


class RefuseForm(MoveForm):
    channel = forms.ChoiceField(label=_("Where it belongs"))
    reason = _area(_("Reason"), help_text=_("The resident reads it."))

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, case=case, **kwargs)
        self.fields["channel"].choices = [("", "—"), *_choices().channels]  # type: ignore[attr-defined]


class ReplyForm(MoveForm):
    text = _area(_("Answer to the resident"), chars=REPLY_CHARS, rows=6)
    contact = PlainText(label=_("How the resident was contacted"), max_length=LINE_CHARS, required=False)
    document = PlainText(label=_("Document number"), max_length=LINE_CHARS, required=False)
    photos_before = PhotosField(label=_("Photos before"), required=False)
    photos_after = PhotosField(
        label=_("Photos after"), required=False, help_text=_("The resident sees them.")
    )
    # Which template the text started from; the page's script fills it in.
    template_id = forms.IntegerField(required=False, widget=forms.HiddenInput)
    template_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Return the values as the service takes them."""
        given = super().clean() or {}
        chosen, version = given.pop("template_id", None), given.pop("template_version", None)
        return {**given, "template": {"id": chosen, "version": version} if chosen and version else None}

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, case=case, **kwargs)
        fields = {
            Evidence.CONTACT: "contact", Evidence.DOCUMENT: "document", Evidence.PHOTO_BEFORE: "photos_before",
            Evidence.PHOTO_AFTER: "photos_after",
        }  # fmt: skip
        # Marked, not enforced here: the service refuses, and the text stays on the page.
        for one in services.evidence_missing(case=case, given=frozenset()):
            self.fields[fields[one]].help_text = _("The closing checklist asks for it.")


class UnitForm(MoveForm):
    unit = forms.ChoiceField(label=_("Unit"))

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, case=case, **kwargs)
        self.fields["unit"].choices = [("", "—"), *_choices().units]  # type: ignore[attr-defined]


class DispatchForm(UnitForm):
    co_units = forms.MultipleChoiceField(
        label=_("Co-handling units"), required=False, widget=forms.CheckboxSelectMultiple(attrs={"class": "qs-checks"}),
        help_text=_("Several can be chosen. The lead unit answers for the whole."),
    )  # fmt: skip
    note = _area(_("Note to the unit"), rows=2, required=False, help_text=_("The resident does not see it."))

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, case=case, **kwargs)
        self.fields["co_units"].choices = _choices().units  # type: ignore[attr-defined]
        proposed = services.unit_proposed(case=case, now=clock.now())
        if proposed is not None:
            self.fields["unit"].initial = proposed.unit_code
            self.fields["unit"].help_text = _("Proposed: %(why)s") % {"why": proposed.why}


class RulingForm(UnitForm):
    reason = _area(
        _("Reason of the ruling"), help_text=_("It binds the unit and guides the next case of this kind.")
    )


class SplitForm(UnitForm):
    text = _area(_("What the unit is to do"), help_text=_("The resident does not see it."))


class ReturnForm(MoveForm):
    clause = forms.ChoiceField(label=_("Clause of the duty list"))
    reason = _area(_("Reason"))

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, case=case, **kwargs)
        self.fields["clause"].choices = [("", "—"), *_choices().clauses]  # type: ignore[attr-defined]


class ExtensionForm(MoveForm):
    workdays = forms.IntegerField(label=_("Working days"), min_value=1, max_value=60)
    reason = _area(_("Reason"), help_text=_("The resident reads it if the extension is granted."))


class SuspendForm(MoveForm):
    days = forms.IntegerField(label=_("At most so many days"), min_value=1, max_value=60)
    reason = _area(_("Reason"), help_text=_("The resident reads it."))


class MergeForm(MoveForm):
    into = PlainText(label=_("Number of the case it is merged into"), max_length=16)


class ClassifyForm(MoveForm):
    category = forms.ChoiceField(label=_("Category"), required=False)
    urgency = forms.ChoiceField(label=_("Urgency"), choices=labels.choices(labels.URGENCY_LABELS))
    reported_unit = forms.ChoiceField(
        label=_("Reported unit"),
        required=False,
        help_text=_("It never gets this case nor sees who reported it."),
    )

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, case=case, **kwargs)
        self.fields["category"].choices = [("", "—"), *_choices().categories]  # type: ignore[attr-defined]
        best = case.suggested[0]["code"] if case.suggested else None
        self.fields["category"].initial = case.category_id or best
        self.fields["urgency"].initial = Urgency(case.urgency).value
        self.fields["reported_unit"].choices = [("", "—"), *_choices().units]  # type: ignore[attr-defined]
        self.fields["reported_unit"].initial = case.reported_unit.code if case.reported_unit else ""

    def clean_category(self) -> str | None:
        """Return None for no category."""
        return self.cleaned_data["category"] or None

    def clean_reported_unit(self) -> str | None:
        """Return None for no unit."""
        return self.cleaned_data["reported_unit"] or None


class CallBackForm(MoveForm):
    resolved = forms.TypedChoiceField(
        label=_("Resolved?"), choices=[("", "—"), ("yes", _("resolved")), ("no", _("not resolved"))],
        coerce=lambda text: text == "yes",
    )  # fmt: skip
    satisfaction = forms.TypedChoiceField(
        label=_("Satisfaction"), choices=[("", "—"), *((n, n) for n in range(5, 0, -1))], coerce=int
    )
    comment = _area(_("What the resident said"), rows=2, required=False)


def _choices() -> selectors.Choices:
    return selectors.choices_at(on=clock.today())


@dataclass(frozen=True, slots=True)
class Act:
    """One act of staff: its form, the service behind it, and whether it is the usual next step."""

    form: type[MoveForm]
    service: Callable[..., Any]
    primary: bool = False


ACTS: dict[Verb, Act] = {
    Verb.DISPATCH: Act(DispatchForm, services.case_dispatch, primary=True),
    Verb.ARBITRATE: Act(RulingForm, services.case_arbitrate, primary=True),
    Verb.SIGN: Act(MoveForm, services.case_sign, primary=True),
    Verb.REPLY: Act(ReplyForm, services.case_reply, primary=True),
    Verb.CONTACT: Act(ContactForm, services.case_contact),
    Verb.CONTRIBUTE: Act(ContributeForm, services.case_contribute, primary=True),
    Verb.EXTEND_GRANT: Act(MoveForm, services.extension_grant, primary=True),
    Verb.EXTEND_DENY: Act(ReasonForm, services.extension_deny),
    Verb.RATE: Act(CallBackForm, services.case_call_back),
    Verb.ACCEPT: Act(MoveForm, services.case_accept),
    Verb.CLASSIFY: Act(ClassifyForm, services.case_classify),
    Verb.MERGE: Act(MergeForm, services.case_merge),
    Verb.UNMERGE: Act(ReasonForm, services.case_unmerge),
    Verb.SPLIT: Act(SplitForm, services.case_split),
    Verb.START: Act(MoveForm, services.case_start),
    Verb.ASK: Act(AskForm, services.case_ask),
    Verb.EXTEND_ASK: Act(ExtensionForm, services.extension_ask),
    Verb.RETURN: Act(ReturnForm, services.case_return),
    Verb.RESUME: Act(MoveForm, services.case_resume),
    Verb.SUSPEND: Act(SuspendForm, services.case_suspend),
    Verb.SUPERVISE: Act(SuperviseForm, services.case_supervise),
    Verb.REFUSE: Act(RefuseForm, services.case_refuse),
    Verb.CLOSE: Act(ReasonForm, services.case_close),
}
