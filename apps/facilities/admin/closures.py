"""Closures: begun and ended here, each told to those who follow the place."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.admin import DeskAdmin
from apps.common.bulk import MOST, outcome_of
from apps.common.errors import Refused
from apps.facilities import services
from apps.facilities.errors import ClosureWrong
from apps.facilities.models import Closure


class ClosureForm(forms.ModelForm):  # type: ignore[type-arg]
    """A closure that begins."""

    class Meta:
        model = Closure
        fields = ("facility", "starts_at", "ends_at", "reason")

    def clean(self) -> dict[str, Any] | None:
        """Tell in the form what the service would refuse."""
        values = super().clean()
        starts, ends = self.cleaned_data.get("starts_at"), self.cleaned_data.get("ends_at")
        if starts and ends and ends <= max(starts, clock.now()):
            self.add_error("ends_at", ValidationError(str(ClosureWrong.message), ClosureWrong.code))
        return values


class InForceFilter(admin.SimpleListFilter):
    title = _("when")
    parameter_name = "when"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices."""
        return [("now", _("in force now")), ("later", _("to come")), ("over", _("over"))]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Closure]) -> QuerySet[Closure]:
        """Keep the closures of the time chosen."""
        now = clock.now()
        chosen: dict[str | None, Q] = {
            "now": Q(starts_at__lte=now) & (Q(ends_at=None) | Q(ends_at__gt=now)),
            "later": Q(starts_at__gt=now),
            "over": Q(ends_at__lte=now),
        }
        return queryset.filter(chosen.get(self.value(), Q()))


@admin.register(Closure)
class ClosureAdmin(DeskAdmin):
    form = ClosureForm
    list_display = ("facility", "starts_at", "ends_at", "reason", "closed_by")
    list_select_related = ("facility", "closed_by")
    list_filter = (InForceFilter,)
    search_fields = ("facility__name", "facility__code", "reason")
    ordering = ("-id",)
    autocomplete_fields = ("facility",)
    actions: ClassVar[Any] = ["end_now"]

    @admin.action(description=_("End the selected closures now"), permissions=["add"])
    def end_now(self, request: HttpRequest, queryset: QuerySet[Closure]) -> None:
        """End each for itself and say what became of it."""
        for closure in queryset.select_related("facility")[:MOST]:
            outcome = outcome_of(closure, partial(_end, request, closure))
            level = messages.SUCCESS if outcome.done else messages.ERROR
            self.message_user(request, f"{closure.facility}：{outcome.words}", level)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Return the place that the page was opened for, and that it begins now."""
        return {"starts_at": clock.local(clock.now()), **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Closure, form: Any, _change: bool) -> None:
        """Hand the form to the service."""
        given = form.cleaned_data
        made = services.closure_begin(
            facility_id=given["facility"].pk, starts_at=given["starts_at"], ends_at=given["ends_at"],
            reason=given["reason"], staff=staff_of(request), now=clock.now(),
        )  # fmt: skip
        obj.pk = made.pk

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show what the service refuses as a message."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
            return HttpResponseRedirect(request.path)

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Refuse: a closure is begun and ended, not rewritten."""
        return False


def _end(request: HttpRequest, row: Closure) -> None:
    services.closure_end(closure_id=row.pk, staff=staff_of(request), now=clock.now())
