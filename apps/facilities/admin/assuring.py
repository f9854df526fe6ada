"""Verifying several places of the list: each for itself, with a result per row."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.bulk import Outcome, ids_named, ids_text, outcome_of
from apps.facilities import services
from apps.facilities.models import Assurance, Facility


class AssureForm(forms.Form):
    """How and when the entries were verified."""

    method = forms.ChoiceField(
        label=_("how"), choices=Assurance.Method.choices, widget=UnfoldAdminSelectWidget
    )
    assured_on = forms.DateField(label=_("verified on"), widget=UnfoldAdminDateWidget)


class AssureSeveral:
    """The page of verifying; mixed into the admin of places."""

    admin_site: Any
    opts: Any
    actions: ClassVar[Any] = ["assure_begin"]

    @admin.action(description=_("Verify the selected places …"), permissions=["change"])
    def assure_begin(self, _request: HttpRequest, queryset: QuerySet[Facility]) -> HttpResponse:
        """Go to the page on which it is said how they were verified."""
        return HttpResponseRedirect(f"{reverse('admin:facilities_facility_assure')}?ids={ids_text(queryset)}")

    def assure_urls(self) -> list[URLPattern]:
        """Return the door."""
        return [
            path("assure/", self.admin_site.admin_view(self.assure_view), name="facilities_facility_assure")
        ]

    def assure_view(self, request: HttpRequest) -> HttpResponse:
        """GET: say how and when.  POST: an assurance for each place, in a transaction of its own."""
        if not request.user.has_perm("facilities.change_facility"):
            raise PermissionDenied
        places = list(
            Facility.objects.filter(id__in=ids_named(request)).select_related("kind").order_by("pinyin", "id")
        )
        form = AssureForm(request.POST or None, initial={"assured_on": clock.today(), "method": "visit"})
        outcomes: list[Outcome] = []
        if request.method == "POST" and form.is_valid():
            outcomes = [_do(request, place, form.cleaned_data) for place in places]
        context = {
            **self.admin_site.each_context(request), "opts": self.opts,
            "title": _("Verify %(count)s places") % {"count": len(places)}, "places": places, "form": form,
            "outcomes": outcomes, "done": sum(one.done for one in outcomes),
            "ids": ",".join(str(place.pk) for place in places),
        }  # fmt: skip
        status = 400 if request.method == "POST" and not outcomes else 200
        return TemplateResponse(request, "admin/facilities/assure.html", context, status=status)


def _do(request: HttpRequest, place: Facility, given: dict[str, Any]) -> Outcome:
    return outcome_of(
        place,
        lambda: services.assurance_give(
            facility_id=place.pk, staff=staff_of(request), method=given["method"], assured_on=given["assured_on"],
            now=clock.now(),
        ),
    )  # fmt: skip
