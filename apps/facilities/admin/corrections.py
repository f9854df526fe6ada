"""The desk of correction reports: what residents say is wrong, and the answer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.admin import DeskAdmin
from apps.common.errors import Refused
from apps.facilities import services
from apps.facilities.errors import CorrectionValueWrong
from apps.facilities.models import CorrectionReport
from apps.facilities.services.corrections import REPLY_CHARS, VALUES
from apps.facilities.states import CorrectionState, CorrectionVerb

_REPORT = ("facility", "created_at", "field", "text")
_ANSWER = ("verb", "value", "answer")


class AnswerForm(forms.ModelForm):  # type: ignore[type-arg]
    """The answer to a report."""

    verb = forms.ChoiceField(
        label=_("decision"), widget=UnfoldAdminRadioSelectWidget,
        choices=[
            (CorrectionVerb.ACCEPT.value, _("The report is right")),
            (CorrectionVerb.DECLINE.value, _("The entry is right as it is")),
        ],
    )  # fmt: skip
    value = forms.CharField(
        label=_("new entry"), required=False, max_length=max(VALUES.values()), widget=UnfoldAdminTextInputWidget,
        help_text=_("For name, address and telephone: writes the entry with the answer. Change anything else at the place."),
    )  # fmt: skip
    answer = forms.CharField(
        label=_("answer to the resident"),
        max_length=REPLY_CHARS,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )

    class Meta:
        model = CorrectionReport
        fields = ()

    def clean(self) -> dict[str, Any] | None:
        """Tell in the form what the service would refuse."""
        values = super().clean()
        entry, verb = self.cleaned_data.get("value"), self.cleaned_data.get("verb")
        if entry and (verb != CorrectionVerb.ACCEPT or len(entry) > VALUES.get(self.instance.field, 0)):
            self.add_error(
                "value", ValidationError(str(CorrectionValueWrong.message), CorrectionValueWrong.code)
            )
        return values


@admin.register(CorrectionReport)
class CorrectionReportAdmin(DeskAdmin):
    """Who reports is not shown: an answer goes to the entry, not to the person."""

    form = AnswerForm
    list_display = ("created_at", "facility", "field", "text_shown", "state", "handled_by")
    list_display_links = ("text_shown",)
    list_select_related = ("facility", "handled_by")
    list_filter = ("state", "field")
    search_fields = ("facility__name", "facility__code")
    ordering = ("-id",)
    readonly_fields = (*_REPORT, "state", "reply", "handled_by", "handled_at")

    @admin.display(description=_("what it should say"))
    def text_shown(self, row: CorrectionReport) -> str:
        """Return the beginning of the report."""
        return Truncator(row.text).chars(40)

    def get_fields(self, request: HttpRequest, obj: CorrectionReport | None = None) -> Any:
        """Return the report, and the answer or the form for it."""
        if self.has_change_permission(request, obj):
            return (*_REPORT, *_ANSWER)
        return self.readonly_fields

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Refuse: residents report."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let a report be answered once."""
        waiting = obj is None or obj.state == CorrectionState.RECEIVED
        return waiting and bool(super().has_change_permission(request, obj))

    def save_model(self, request: HttpRequest, obj: CorrectionReport, form: Any, _change: bool) -> None:
        """Hand the answer to the service."""
        given = form.cleaned_data
        services.correction_decide(
            correction_id=obj.pk, staff=staff_of(request), verb=CorrectionVerb(given["verb"]), reply=given["answer"],
            value=given["value"], now=clock.now(),
        )  # fmt: skip

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show what the service refuses as a message."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
            return HttpResponseRedirect(request.path)
