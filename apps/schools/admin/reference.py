"""Schools, their catchments, places used by homes, and the registers of offices."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.admin import DeskAdmin, ReadOnlyAdmin
from apps.common.changes import announce
from apps.common.errors import Refused
from apps.common.posting import posted
from apps.schools.addresses import road_known
from apps.schools.admin.scope import RoundScoped
from apps.schools.ground_errors import CatchmentPublished
from apps.schools.models import (
    CatchmentArea,
    CatchmentVersion,
    EducationCommunity,
    PlaceLock,
    PlaceLockRule,
    RegisterRow,
    School,
)
from apps.schools.services.catchments import catchment_publish
from apps.schools.services.locks import REASON_CHARS, place_lock_release
from apps.schools.services.registers import COLUMNS, MOST_ROWS, register_import, register_read
from apps.sheets.tables import FILE_BYTES


class DistrictWide(RoundScoped):
    """What belongs to no round: whoever holds the right sees all of it."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return every row."""
        rows: QuerySet[Any] = super(RoundScoped, self).get_queryset(request)
        return rows


class SchoolsReference(DeskAdmin):
    """Reference data that public answers on schools are made from."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, and let public answers be made anew."""
        super().save_model(request, obj, form, change)
        announce("schools")


@admin.register(EducationCommunity)
class EducationCommunityAdmin(SchoolsReference):
    list_display = ("name", "note", "source")
    search_fields = ("name",)
    ordering = ("name",)


@admin.register(School)
class SchoolAdmin(SchoolsReference):
    list_display = ("code", "name", "stage", "community", "is_lead", "department", "is_active")
    list_select_related = ("community", "department")
    list_filter = ("stage", "is_active", "community")
    search_fields = ("code", "name")
    autocomplete_fields = ("facility",)
    ordering = ("code",)


# --- Catchments -----------------------------------------------------------------------------------------------------


class AreaForm(forms.ModelForm):  # type: ignore[type-arg]
    """A line of a catchment that addresses can be found by."""

    class Meta:
        model = CatchmentArea
        fields = ("school", "community", "road", "number_from", "number_to", "parity")

    def clean(self) -> dict[str, Any]:
        """Refuse a road that no address is found by, and odd or even numbers of no road."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        road = given.get("road") or ""
        if road and not road_known(road):
            text = _("write a road as addresses do, by its name alone: %(example)s.")
            self.add_error("road", text % {"example": "和平大道"})
        if not road and given.get("parity") not in (None, CatchmentArea.Parity.ALL):
            self.add_error("parity", _("house numbers need a road."))
        return given


class AreaInline(TabularInline):
    model = CatchmentArea
    form = AreaForm
    extra = 0
    fields = AreaForm.Meta.fields
    autocomplete_fields = ("school", "community")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the lines with what they name."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("school", "community").order_by("school_id", "road", "id")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow while the version is prepared."""
        return bool(super().has_add_permission(request, obj)) and _prepared(obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow while the version is prepared."""
        return bool(super().has_change_permission(request, obj)) and _prepared(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow while the version is prepared."""
        return bool(super().has_delete_permission(request, obj)) and _prepared(obj)


def _prepared(version: Any) -> bool:
    return version is None or version.published_at is None


class VersionForm(forms.ModelForm):  # type: ignore[type-arg]
    """A version that is being prepared."""

    class Meta:
        model = CatchmentVersion
        fields = ("name", "stage", "valid_from", "valid_to", "source")

    def _get_validation_exclusions(self) -> set[str]:
        # Django can not judge a constraint whose condition no field of the form holds.
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # not in the stubs
        return excluded - {"published_at"}


@admin.register(CatchmentVersion)
class CatchmentVersionAdmin(DistrictWide):
    form = VersionForm
    list_display = ("name", "stage", "valid_from", "valid_to", "published_at")
    list_filter = ("stage",)
    search_fields = ("name",)
    ordering = ("stage", "-valid_from")
    fields = (*VersionForm.Meta.fields, "published_at")
    readonly_fields = ("published_at",)
    inlines: ClassVar[Any] = [AreaInline]
    change_form_outer_before_template = "admin/schools/catchment.html"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let a version be changed until it is published."""
        return bool(super().has_change_permission(request, obj)) and _prepared(obj)

    def get_urls(self) -> list[URLPattern]:
        """Add the door of publishing."""
        wrap = self.admin_site.admin_view
        return [
            path("<int:version_id>/publish/", wrap(self.publish_view), name="schools_catchment_publish"),
            *super().get_urls(),
        ]

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show the version; what was published meanwhile is not changed any more."""
        version = self.get_object(request, object_id) if object_id else None
        may = request.user.has_perm("schools.change_catchmentversion")
        context = {"version": version, "may_publish": version is not None and _prepared(version) and may}
        try:
            return super().changeform_view(request, object_id, form_url, context | (extra_context or {}))
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
            return HttpResponseRedirect(request.path)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save a version that nobody has published since the form was opened."""
        if change:
            held = CatchmentVersion.objects.select_for_update().filter(pk=obj.pk).first()
            if held is None or held.published_at is not None:
                raise CatchmentPublished
        super().save_model(request, obj, form, change)

    def publish_view(self, request: HttpRequest, version_id: int) -> HttpResponse:
        """POST: publish the version; from then on it stands."""
        return self.act_answer(
            request, pk=version_id, permission="schools.change_catchmentversion", work=lambda row: self._publish(request, row)
        )  # fmt: skip

    def _publish(self, request: HttpRequest, row: CatchmentVersion) -> Any:
        done = catchment_publish(version_id=row.pk, staff=staff_of(request), now=clock.now())
        announce("schools")
        return _("Published: it holds from %(day)s.") % {"day": done.valid_from}


# --- Places used by homes -------------------------------------------------------------------------------------------


@admin.register(PlaceLockRule)
class PlaceLockRuleAdmin(DeskAdmin):
    list_display = ("stage", "years", "siblings_exempt", "valid_from", "valid_to", "source")
    list_filter = ("stage",)
    ordering = ("stage", "-valid_from")


@admin.register(PlaceLock)
class PlaceLockAdmin(ReadOnlyAdmin, DistrictWide):
    """Found by the number of the application; homes and children are keyed hashes here, and not shown."""

    list_display = ("source", "stage", "school", "locked_from", "locked_to", "beside", "released_at")
    list_select_related = ("school",)
    list_filter = ("stage",)
    search_fields = ("source",)
    ordering = ("-id",)
    fields = ("source", "stage", "school", "locked_from", "locked_to", "beside", "released_at")
    readonly_fields = fields
    change_form_outer_before_template = "admin/schools/lock.html"

    @admin.display(description=_("beside a brother's or sister's"), boolean=True)
    def beside(self, lock: PlaceLock) -> bool:
        """Return whether it stands beside the lock of a first child."""
        return lock.of_sibling_id is not None

    def get_urls(self) -> list[URLPattern]:
        """Add the door of releasing."""
        wrap = self.admin_site.admin_view
        return [
            path("<uuid:lock_id>/release/", wrap(self.release_view), name="schools_lock_release"),
            *super().get_urls(),
        ]

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show the lock, with the form of its release while it stands."""
        lock = self.get_object(request, object_id) if object_id else None
        may = request.user.has_perm("schools.change_placelock")
        context = {"lock": lock if lock and lock.released_at is None and may else None, "most": REASON_CHARS}
        return super().changeform_view(request, object_id, form_url, context | (extra_context or {}))

    def release_view(self, request: HttpRequest, lock_id: Any) -> HttpResponse:
        """POST: release the home's place, with a reason."""
        return self.act_answer(
            request, pk=lock_id, permission="schools.change_placelock", work=lambda row: self._release(request, row)
        )  # fmt: skip

    def _release(self, request: HttpRequest, row: PlaceLock) -> Any:
        place_lock_release(
            lock_id=row.pk, reason=posted(request, "reason"), staff=staff_of(request), now=clock.now()
        )
        return _("Released; the reason stands in the log.")


# --- Registers ------------------------------------------------------------------------------------------------------


class RegisterForm(forms.Form):
    """An office's file for a year."""

    kind = forms.ChoiceField(
        label=_("register"), choices=RegisterRow.Kind.choices, widget=UnfoldAdminSelectWidget
    )
    year = forms.IntegerField(
        label=_("year"), min_value=2000, max_value=2100, widget=UnfoldAdminIntegerFieldWidget
    )
    file = forms.FileField(label=_("Table (XLSX or CSV)"), widget=UnfoldAdminFileFieldWidget)


@admin.register(RegisterRow)
class RegisterRowAdmin(ReadOnlyAdmin):
    list_display = ("kind", "year", "imported_at")
    list_filter = ("kind", "year")
    ordering = ("-id",)
    fields = ("kind", "year", "imported_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let those load a register who hold the right; nobody adds a line by hand."""
        return bool(request.user.has_perm("schools.add_registerrow"))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """GET: ask for kind, year and file.  POST: take over all lines or none, and say how many."""
        del form_url, extra_context
        if not self.has_add_permission(request):
            raise PermissionDenied
        initial = {"year": clock.today().year}
        form, status = RegisterForm(request.POST or None, request.FILES or None, initial=initial), 200
        if request.method == "POST":
            status = 400
            if form.is_valid():
                try:
                    return self._loaded(request, form.cleaned_data)
                except Refused as refused:
                    form.add_error("file", refused.text())
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "title": _("Import a register"), "form": form,
            "columns": "、".join(COLUMNS.values()), "person": COLUMNS["id_number"], "most": MOST_ROWS,
            "most_mb": FILE_BYTES >> 20,
        }  # fmt: skip
        return TemplateResponse(request, "admin/schools/register.html", context, status=status)

    def _loaded(self, request: HttpRequest, given: dict[str, Any]) -> HttpResponse:
        file = given["file"]
        lines = register_read(file, file.name, given["kind"])
        report = register_import(kind=given["kind"], year=given["year"], rows=lines, now=clock.now())
        self.message_user(
            request,
            _("%(lines)s lines read, %(added)s of them new.")
            % {"lines": report.lines, "added": report.added},
            messages.SUCCESS,
        )
        return HttpResponseRedirect(reverse("admin:schools_registerrow_changelist"))
