"""Places: the list with what is open and how fresh it is, and one form for all that is said of a place."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _
from unfold.views import ChangeList

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.admin import DeskAdmin
from apps.common.errors import Refused
from apps.facilities import services
from apps.facilities.access import Feature, Value
from apps.facilities.admin.assuring import AssureSeveral
from apps.facilities.admin.inlines import (
    AliasInline,
    DayInline,
    EventInline,
    FactInline,
    OfferInline,
    PhotoInline,
    RuleInline,
    rows_kept,
)
from apps.facilities.labels import FRESHNESS_LABELS
from apps.facilities.models import Facility, Photo
from apps.facilities.selectors import open_answer, opening_facts
from apps.facilities.services import DayDraft, FactDraft, Offer, RuleDraft
from apps.facilities.states import Freshness, freshness_of

# Form field → what ``facility_write`` takes.
_REFERENCES = {
    "kind": "kind_id", "organisation": "organisation_id", "street": "street_id", "community": "community_id",
}  # fmt: skip
_PLAIN = (
    "name", "code", "status", "address", "lng", "lat", "crs", "phone", "languages", "holiday_mode", "capacity_note",
    "description",
)  # fmt: skip


class FacilityForm(forms.ModelForm):  # type: ignore[type-arg]
    """A place with the version that was opened, so that a stale save is refused."""

    seen_version = forms.IntegerField(label=_("Version"), widget=forms.HiddenInput, required=False)

    class Meta:
        model = Facility
        fields = (*_REFERENCES, *_PLAIN)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "seen_version" in self.fields:
            self.fields["seen_version"].initial = self.instance.version


class FreshnessFilter(admin.SimpleListFilter):
    title = _("verification")
    parameter_name = "freshness"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices."""
        return list(FRESHNESS_LABELS.items())

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Facility]) -> QuerySet[Facility]:
        """Keep the places whose newest assurance holds, has run out, or is missing."""
        today = clock.today()
        chosen: dict[str | None, dict[str, Any]] = {
            Freshness.VERIFIED.value: {"assured_until__gte": today},
            Freshness.STALE.value: {"assured_until__lt": today},
            Freshness.UNVERIFIED.value: {"assured_until": None},
        }
        return queryset.filter(**chosen.get(self.value(), {}))


class OpenList(ChangeList):
    """The page's places with whether each is open now: 3 queries for a page."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the page, and what decides when its places are open."""
        super().get_results(request)
        shown: Any = self.result_list
        rows, now = list(shown), clock.now()
        facts = opening_facts(facilities=rows, now=now)
        for row in rows:
            row.opening = open_answer(facility=row, facts=facts[row.pk], now=now)
        self.result_list = rows


@admin.register(Facility)
class FacilityAdmin(AssureSeveral, DeskAdmin):
    form = FacilityForm
    list_display = ("name", "kind", "street", "status", "open_shown", "freshness_shown", "updated_at")
    list_select_related = ("kind", "street")
    list_filter = ("status", FreshnessFilter, "kind", "street")
    search_fields = ("name", "code", "pinyin", "initials", "aliases__name")
    ordering = ("pinyin", "id")
    autocomplete_fields = ("kind", "organisation", "street", "community")
    inlines: ClassVar[Any] = [
        RuleInline, DayInline, OfferInline, FactInline, AliasInline, PhotoInline, EventInline,
    ]  # fmt: skip
    change_form_before_template = "admin/facilities/place_top.html"
    fieldsets = (
        (None, {"fields": ("name", "code", "kind", "organisation", "status", "description")}),
        (_("where it is"), {"fields": ("address", "street", "community", "lng", "lat", "crs")}),
        (
            _("for residents"),
            {"fields": ("phone", "languages", "holiday_mode", "capacity_note", "seen_version")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Facility]:
        """Return the places with their newest assurance."""
        rows: QuerySet[Facility] = Facility.objects.with_assurance().order_by(*self.ordering)
        del request
        return rows

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that knows what is open."""
        del request, kwargs
        return OpenList

    def get_urls(self) -> list[URLPattern]:
        """Add the door of verifying several."""
        return [*self.assure_urls(), *super().get_urls()]

    @admin.display(description=_("now"))
    def open_shown(self, row: Any) -> str:
        """Return whether the place is open."""
        return open_words(row.opening)

    @admin.display(description=_("verification"))
    def freshness_shown(self, row: Any) -> str:
        """Return how far the entries can be relied on, and since when."""
        label = FRESHNESS_LABELS[freshness_of(assured_until=row.assured_until, today=clock.today())]
        return f"{label} {row.assured_on}" if row.assured_on else str(label)

    def save_model(self, request: HttpRequest, obj: Facility, form: Any, change: bool) -> None:
        """Hand the form to the service."""
        given = form.cleaned_data
        values = {name: given[name] for name in _PLAIN}
        values |= {column: given[name].pk if given[name] else None for name, column in _REFERENCES.items()}
        made = services.facility_write(
            facility_id=obj.pk if change else None, values=values, staff=staff_of(request), now=clock.now(),
            version=given["seen_version"] if change else None,
        )  # fmt: skip
        obj.pk, obj.version = made.pk, made.version
        obj._state.adding = False

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Hand the rows of one lot to its service."""
        del form, change
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        if formset.has_changed():
            common: dict[str, Any] = {
                "facility_id": formset.instance.pk, "staff": staff_of(request), "now": clock.now(),
            }  # fmt: skip
            _WRITERS[formset.model.__name__](formset, common)

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show what a service refuses as a message; nothing of the form was written then."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
            return HttpResponseRedirect(request.path)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show, above the form, whether the place is open and how fresh its entries are."""
        row = self.get_object(request, object_id)
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **_top(row)})


def _top(row: Any) -> dict[str, Any]:
    if row is None:
        return {}
    now = clock.now()
    fresh = freshness_of(assured_until=row.assured_until, today=clock.today())
    answer = open_answer(facility=row, facts=opening_facts(facilities=[row], now=now)[row.pk], now=now)
    return {
        "open_words": open_words(answer), "fresh_words": FRESHNESS_LABELS[fresh], "closures": row.closures.not_over(now),
        "waiting": row.corrections.filter(state="received").count(),
    }  # fmt: skip


def open_words(answer: Any) -> str:
    """Return in words whether a place is open, until when, and when it opens again."""
    if not answer.known:
        return str(_("hours not known"))
    if answer.now:
        return _words(_("open until %(at)s"), answer.until) if answer.until else str(_("open day and night"))
    if answer.next_open_at:
        return _words(_("closed, opens %(at)s"), answer.next_open_at)
    return str(_("closed now"))


def _words(text: Any, at: Any) -> str:
    return str(text) % {"at": f"{clock.local(at):%m-%d %H:%M}"}


def _rules(formset: Any, common: dict[str, Any]) -> None:
    names = ("weekday", "opens_min", "closes_min", "valid_from", "valid_to", "note")
    rules = [RuleDraft(*(row[name] for name in names)) for row in rows_kept(formset)]
    services.hours_write(rules=rules, **common)


def _days(formset: Any, common: dict[str, Any]) -> None:
    """Write the days that were touched; one moved to another date goes from its old one."""
    touched = [form for form in formset.forms if form.has_changed() and form not in formset.deleted_forms]
    days = [
        DayDraft(one.cleaned_data["on"], one.cleaned_data["spans"], one.cleaned_data["reason"])
        for one in touched
    ]
    moved = [one.initial["on"] for one in touched if one.instance.pk and "on" in one.changed_data]
    gone = [one.initial["on"] for one in formset.deleted_forms if one.instance.pk]
    services.exceptions_write(days=days, removed=[*moved, *gone], **common)


def _facts(formset: Any, common: dict[str, Any]) -> None:
    facts = [
        FactDraft(Feature(row["feature"]), Value(row["value"]), row["note"], row["checked_on"])
        for row in rows_kept(formset)
    ]
    services.access_facts_write(facts=facts, **common)


def _offers(formset: Any, common: dict[str, Any]) -> None:
    offers = [Offer(row["service"].pk, row["note"], row["fee"]) for row in rows_kept(formset)]
    services.offers_write(offers=offers, **common)


def _aliases(formset: Any, common: dict[str, Any]) -> None:
    services.aliases_write(names=[row["name"] for row in rows_kept(formset)], **common)


def _photos(formset: Any, common: dict[str, Any]) -> None:
    by = {"staff": common["staff"], "now": common["now"]}
    for form in formset.deleted_forms:
        if form.instance.pk:
            services.photo_drop(photo=Photo.objects.get(pk=form.instance.pk), **by)
    for form in formset.forms:
        if form in formset.deleted_forms or not form.has_changed():
            continue
        words = {"alt": form.cleaned_data["alt"], "position": form.cleaned_data["position"]}
        if form.instance.pk:
            services.photo_change(photo=form.instance, **words, **by)
        else:
            services.photo_add(stream=form.cleaned_data["file"], **words, **common)


_WRITERS = {
    "OpeningRule": _rules, "DayException": _days, "AccessibilityFact": _facts, "ServiceAtFacility": _offers,
    "Alias": _aliases, "Photo": _photos,
}  # fmt: skip
