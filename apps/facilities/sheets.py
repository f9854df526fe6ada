"""The directory as tables that staff keep in spreadsheets: places, their weekly hours, services, what is offered where.

Hours and offers are one line a place, by its code: a week fits on one line, and nobody has to number rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.db import models
from django.db.models import QuerySet
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export import fields

from apps.common import clock
from apps.common.changes import kept
from apps.common.sheet_cells import CellRefused, ChoiceCell, ListCell, TextCell, cell_text
from apps.common.sheet_resources import FIELDS_NOTE, SheetResource
from apps.common.sheets import Image, SheetKind, sheet_register
from apps.facilities.models import Facility, OpeningRule, Service
from apps.facilities.opening import Rule, rules_check
from apps.facilities.papers import paper_text, papers_read
from apps.facilities.services.catalogue import catalogue_save
from apps.facilities.services.hours import RuleDraft, hours_write
from apps.facilities.services.places import FIELDS, Offer, facility_write, offers_write
from apps.facilities.times import spans_read, spans_text

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class DegreeCell(TextCell):
    """Degrees, empty for none."""

    def clean(self, value: Any, row: Any = None, **_kwargs: Any) -> float | None:
        """Return the degrees.  Raises CellRefused."""
        del row
        text = str(value) if isinstance(value, float) else cell_text(value)
        try:
            degrees = float(text) if text else None
        except ValueError as error:
            raise CellRefused(_("write degrees like 114.39707.")) from error
        if degrees is not None and not -180 <= degrees <= 180:  # not a number is in no interval
            raise CellRefused(_("write degrees like 114.39707."))
        return degrees

    def kept(self, value: Any) -> Any:
        """Return the degrees."""
        return value

    def written(self, kept_value: Any) -> Any:
        """Return the degrees, empty for none."""
        return "" if kept_value is None else kept_value


class CrsCell(ChoiceCell):
    """The coordinate system; empty is that of the maps, GCJ-02: a place without a point leaves it empty."""

    def __init__(self) -> None:
        super().__init__(Facility.Crs.choices)

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        """Return the code.  Raises CellRefused."""
        return super().clean(value, row, **kwargs) or Facility.Crs.GCJ02.value


class SpansCell(TextCell):
    """The hours of a day, kept as they are written out: ``08:30-12:00、14:00-17:30``."""

    def clean(self, value: Any, row: Any = None, **_kwargs: Any) -> str:
        """Return the hours as one line.  Raises CellRefused."""
        del row
        try:
            return spans_text(spans_read(cell_text(value)))
        except ValueError as error:
            raise CellRefused(_("write hours like 08:30-12:00, several with 、 between them.")) from error


class PapersCell(TextCell):
    """What to bring: papers set apart by “；”, each ``name | copies | note``."""

    def clean(self, value: Any, row: Any = None, **_kwargs: Any) -> list[Any]:
        """Return the papers.  Raises CellRefused."""
        del row
        try:
            return list(papers_read(cell_text(value).replace(";", "；").split("；")))
        except ValueError as error:
            raise CellRefused(_("write papers like: identity card | 1 | the original.")) from error

    def kept(self, value: Any) -> list[Any]:
        """Return the papers."""
        return list(value or ())

    def written(self, kept_value: Any) -> str:
        """Return the papers in one cell."""
        return "；".join(paper_text(one) for one in kept_value or ())


def _column_with(cell: TextCell, name: str) -> fields.Field:
    return fields.Field(attribute=name, column_name=name, widget=cell, default=models.fields.NOT_PROVIDED)


class PlaceResource(SheetResource):
    """Places by code; those without one are not in the table."""

    references: ClassVar = {"organisation": "code"}

    class Meta:
        model = Facility
        import_id_fields = ("code",)
        fields = (
            "code", "name", "kind", "organisation", "status", "address", "street", "community", "lng", "lat", "crs",
            "phone", "languages", "holiday_mode", "capacity_note", "description",
        )  # fmt: skip

    @classmethod
    def field_from_django_field(cls, field_name: str, django_field: Any, readonly: bool) -> fields.Field:
        """Return the column; degrees and the system have cells of their own."""
        if isinstance(django_field, models.FloatField) or field_name == "crs":
            return _column_with(CrsCell() if field_name == "crs" else DegreeCell(), field_name)
        return super().field_from_django_field(field_name, django_field, readonly)

    def get_queryset(self) -> QuerySet[Any]:
        """Return the places that have a code."""
        return super().get_queryset().exclude(code=None)


class OfPlace(SheetResource):
    """Something of places that are there already: the key is the place's code, no line makes a new one."""

    class Meta:
        abstract = True

    @classmethod
    def labels(cls) -> dict[str, str]:
        """Return the columns' names."""
        return {name: str(cls.names[name]) for name in cls.columns()}

    names: ClassVar[Mapping[str, Any]] = {}

    @classmethod
    def required(cls) -> tuple[str, ...]:
        """Return the columns that a line can not do without."""
        return ("code",)

    @classmethod
    def fields_check(cls, row: Any) -> list[tuple[str, str]]:
        """Refuse a line of a place that is not there."""
        return [("code", _("there is no place with this code."))] if row._state.adding else []

    @classmethod
    def put(cls, row: Any, image: Image, ids: Mapping[str, Mapping[str, Any]]) -> Any:
        """Hand the line to the place; ``save`` writes it."""
        del ids
        row.sheet_line = image
        return row


class DayField(fields.Field):
    """The hours of a weekday that hold without dates."""

    def __init__(self, weekday: int) -> None:
        name = _DAYS[weekday]
        super().__init__(
            attribute=name, column_name=name, widget=SpansCell(), default=models.fields.NOT_PROVIDED
        )
        self.weekday = weekday

    def get_value(self, instance: Any) -> str:
        """Return them as one line."""
        if instance._state.adding:
            return ""
        rules = [rule for rule in instance.rules.all() if rule.weekday == self.weekday and _undated(rule)]
        return spans_text(sorted((rule.opens_min, rule.closes_min) for rule in rules))


def _undated(rule: OpeningRule) -> bool:
    return rule.valid_from is None and rule.valid_to is None


class HoursResource(OfPlace):
    mon, tue, wed, thu, fri, sat, sun = (DayField(weekday) for weekday in range(7))
    names: ClassVar = {"code": gettext_lazy("code"), **{_DAYS[day]: WEEKDAYS[day] for day in range(7)}}

    class Meta:
        model = Facility
        import_id_fields = ("code",)
        fields = ("code", *_DAYS)

    def get_queryset(self) -> QuerySet[Any]:
        """Return the places that have a code, with their rules."""
        return super().get_queryset().exclude(code=None).prefetch_related("rules")


class OffersField(fields.Field):
    """Codes of what is offered."""

    def get_value(self, instance: Any) -> list[str]:
        """Return them in order."""
        if instance._state.adding:
            return []
        return sorted(offer.service.code for offer in instance.offers.all())


class OfferResource(OfPlace):
    services = OffersField(
        attribute="services", column_name="services", widget=ListCell(), default=models.fields.NOT_PROVIDED
    )
    names: ClassVar = {"code": gettext_lazy("code"), "services": gettext_lazy("codes of services")}

    class Meta:
        model = Facility
        import_id_fields = ("code",)
        fields = ("code", "services")

    def get_queryset(self) -> QuerySet[Any]:
        """Return the places that have a code, with what they offer."""
        return super().get_queryset().exclude(code=None).prefetch_related("offers__service")


class ServiceResource(SheetResource):
    references: ClassVar = {"department": "code"}

    class Meta:
        model = Service
        import_id_fields = ("code",)
        fields = (
            "code", "name", "kind", "description", "eligibility", "min_age", "max_age", "fee", "fee_source", "documents",
            "promised_days", "levels", "department", "source", "is_active",
        )  # fmt: skip

    @classmethod
    def field_from_django_field(cls, field_name: str, django_field: Any, readonly: bool) -> fields.Field:
        """Return the column; papers have a cell of their own."""
        if isinstance(django_field, models.JSONField):
            return _column_with(PapersCell(), field_name)
        return super().field_from_django_field(field_name, django_field, readonly)


def point_check(image: Image) -> Iterable[tuple[str, str]]:
    """Return what is wrong with a line's point: half of one, or outside China."""
    lng, lat = image["lng"], image["lat"]
    if (lng is None) != (lat is None):
        yield "lat" if lat is None else "lng", _("longitude and latitude, or neither of them.")
    elif lng is not None and not (73.0 <= lng <= 135.5 and 17.5 <= lat <= 54.0):
        yield FIELDS_NOTE, _("the point lies outside China: are longitude and latitude the wrong way round?")


def hours_check(image: Image) -> Iterable[tuple[str, str]]:
    """Return what is wrong with a week's hours."""
    if rules_check(list(_rules_of(image))) is not None:
        yield FIELDS_NOTE, _("hours overlap or end too late.")


def offers_check(image: Image) -> Iterable[tuple[str, str]]:
    """Return which codes are those of no service.  No query while nothing changed."""
    known = kept("facilities", "service_codes", _service_ids)
    for code in image["services"]:
        if code not in known:
            yield "services", _("there is no service “%(code)s”.") % {"code": code[:40]}


def _service_ids() -> dict[str, int]:
    return dict(Service.objects.values_list("code", "id"))


def _rules_of(image: Image) -> Iterable[Rule]:
    for weekday, name in enumerate(_DAYS):
        for opens, closes in spans_read(image[name]):
            yield Rule(weekday, opens, closes)


def _place_save(row: Facility) -> None:
    """Write a line through the service: history, sources of entries, what the place is found by."""
    columns = {_column(name) for name in PlaceResource.columns()}
    values = {name: getattr(row, name) for name in FIELDS if name in columns}
    facility_write(
        facility_id=None if row._state.adding else row.pk,
        values=values,
        staff=None,
        version=None,
        now=clock.now(),
    )


def _column(name: str) -> str:
    field: Any = Facility._meta.get_field(name)
    return str(field.attname)


def _hours_save(row: Any) -> None:
    """Write the week; rules with dates of their own stay, and so do notes of hours that stay."""
    held = [
        RuleDraft(one.weekday, one.opens_min, one.closes_min, one.valid_from, one.valid_to, one.note)
        for one in row.rules.all()
    ]
    notes = {(one.weekday, one.opens_min, one.closes_min): one.note for one in held}
    week = [
        RuleDraft(
            rule.weekday,
            rule.opens_min,
            rule.closes_min,
            note=notes.get((rule.weekday, rule.opens_min, rule.closes_min), ""),
        )
        for rule in _rules_of(row.sheet_line)
    ]
    dated = [one for one in held if one.valid_from is not None or one.valid_to is not None]
    hours_write(facility_id=row.pk, rules=[*week, *dated], staff=None, now=clock.now())


def _offers_save(row: Any) -> None:
    """Write what is offered; notes and fees of what stays stay."""
    held = {offer.service.code: Offer(offer.service_id, offer.note, offer.fee) for offer in row.offers.all()}
    ids = _service_ids()
    offers = [held.get(code) or Offer(ids[code]) for code in row.sheet_line["services"] if code in ids]
    offers_write(facility_id=row.pk, offers=offers, staff=None, now=clock.now())


def _service_save(row: Service) -> None:
    """Write a service, and what the places that offer it are found by."""
    catalogue_save(row=row)


sheet_register(
    SheetKind(
        key="services", label=gettext_lazy("services and matters"), resource=ServiceResource,
        permission="facilities.change_service", announces=("facilities",), save=_service_save,
        created_undo="deactivate",
    )
)  # fmt: skip
sheet_register(
    SheetKind(
        key="places", label=gettext_lazy("facilities"), resource=PlaceResource, permission="facilities.change_facility",
        announces=("facilities",), check=point_check, save=_place_save,
    )
)  # fmt: skip
sheet_register(
    SheetKind(
        key="place-hours", label=gettext_lazy("weekly hours of places"), resource=HoursResource,
        permission="facilities.change_facility", announces=("facilities",), check=hours_check, save=_hours_save,
    )
)  # fmt: skip
sheet_register(
    SheetKind(
        key="place-services", label=gettext_lazy("services at places"), resource=OfferResource,
        permission="facilities.change_facility", announces=("facilities",), check=offers_check, save=_offers_save,
    )
)  # fmt: skip
