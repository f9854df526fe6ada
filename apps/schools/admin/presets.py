"""A round begun from a preset: a page that asks which kind, which year, under which code."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.accounts.desk import staff_of
from apps.accounts.selectors import departments_active
from apps.common import clock
from apps.common.errors import Refused
from apps.schools import services
from apps.schools.presets import PRESETS


class PresetForm(forms.Form):
    preset = forms.ChoiceField(
        label=_("preset"), choices=[(one.code, one.label) for one in PRESETS.values()], widget=UnfoldAdminSelectWidget
    )  # fmt: skip
    year = forms.IntegerField(
        label=_("year"), min_value=2020, max_value=2100, widget=UnfoldAdminIntegerFieldWidget
    )
    code = forms.SlugField(label=_("code"), max_length=32, widget=UnfoldAdminTextInputWidget)
    department = forms.ModelChoiceField(
        label=_("unit"), queryset=departments_active().none(), widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, units: QuerySet[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].queryset = units  # type: ignore[attr-defined]


def preset_view(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """GET: ask.  POST: prepare the round and go to its page."""
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    staff = staff_of(request)
    units = departments_active()
    if not staff.is_superuser:
        units = units.filter(pk__in=staff.department_ids)
    form = PresetForm(request.POST or None, initial={"year": clock.today().year + 1}, units=units)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            given = form.cleaned_data
            try:
                held = services.round_from_preset(
                    preset=given["preset"], year=given["year"], code=given["code"], department_id=given["department"].pk,
                    now=clock.now(),
                )  # fmt: skip
                return HttpResponseRedirect(reverse("admin:schools_admissionround_change", args=[held.pk]))
            except Refused as refused:
                form.add_error(refused.attr, refused.text())
    context = {
        **model_admin.admin_site.each_context(request), "opts": model_admin.opts, "title": _("Begin a round from a preset"),
        "form": form,
    }  # fmt: skip
    return TemplateResponse(request, "admin/schools/preset.html", context, status=status)
