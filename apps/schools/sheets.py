"""Schools in spreadsheets: education communities, schools, their catchments, and the enrolled children (export only).

Catchment areas are one line a school, by its code, as hours are one line a place: so the office publishes them, and
nobody has to number lines.  They are those of the version that is being prepared; a published one stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export import fields

from apps.common.changes import kept
from apps.common.models import Community
from apps.common.sheet_cells import CellRefused, ListCell, TextCell
from apps.common.sheet_resources import FIELDS_NOTE, SheetResource
from apps.common.sheets import Image, SheetKind, sheet_register
from apps.schools.addresses import road_known
from apps.schools.ground_errors import CatchmentPublished
from apps.schools.models import (
    Application,
    CatchmentArea,
    CatchmentVersion,
    EducationCommunity,
    Offer,
    School,
)
from apps.schools.states import POINTS_OPEN, ApplicationState

_AREA = re.compile(
    r"(?:(?P<community>\d{12})(?= |$) ?)?(?:(?P<road>[^\d\W][^\s]*)(?= |$) ?)?"
    r"(?:(?P<first>\d{1,5})(?:-(?P<last>\d{1,5}))?(?= |$) ?)?(?P<parity>\S+)?",
)
_PARITIES = {"单号": "odd", "双号": "even", "单": "odd", "双": "even", "odd": "odd", "even": "even"}
_DASH = re.compile(r"\s*[-‐–—－~～]\s*")


class CommunityResource(SheetResource):
    class Meta:
        model = EducationCommunity
        import_id_fields = ("name",)
        fields = ("name", "note", "source")


class SchoolResource(SheetResource):
    references: ClassVar = {"community": "name", "facility": "code", "department": "code"}

    class Meta:
        model = School
        import_id_fields = ("code",)
        fields = (
            "code",
            "name",
            "stage",
            "community",
            "is_lead",
            "facility",
            "department",
            "is_active",
            "source",
        )


# --- Catchment areas ------------------------------------------------------------------------------------------------


def area_read(text: str) -> str:
    """Return a line of a catchment in its one form: ``420107001001 和平大道 1-99 odd``, parts left out as they are.

    Raises CellRefused.
    """
    found = _AREA.fullmatch(" ".join(_DASH.sub("-", text).split()))
    if found is None or not (found["community"] or found["road"]):
        raise _area_refused()
    community, road, first, last = found["community"], found["road"], found["first"], found["last"]
    if found["parity"] and found["parity"] not in _PARITIES:
        raise _area_refused()
    parity = _PARITIES.get(found["parity"] or "", "")
    if (first or parity) and not road:
        raise CellRefused(_("house numbers need a road."))
    if road and not road_known(road):
        raise CellRefused(
            _("write a road as addresses do, by its name alone: %(example)s.") % {"example": "和平大道"}
        )
    numbers = ""
    if first:
        numbers = f"{int(first)}-{int(last or first)}"
        if int(last or first) < int(first):
            raise CellRefused(_("the last house number is before the first."))
    return " ".join(part for part in (community, road, numbers, parity) if part)


def _area_refused() -> CellRefused:
    return CellRefused(
        _("write areas like %(one)s, or %(other)s, several with “；” between them.")
        % {"one": "420107001001", "other": "和平大道 1-99 单号"}
    )


def area_text(area: CatchmentArea) -> str:
    """Return a line of a catchment in its one form."""
    numbers = "" if area.number_from is None else f"{area.number_from}-{area.number_to}"
    parity = "" if area.parity == CatchmentArea.Parity.ALL else str(area.parity)
    return " ".join(part for part in (area.community_id, area.road, numbers, parity) if part)


def _area_of(text: str, *, school_id: str, version_id: int) -> CatchmentArea:
    found = _AREA.fullmatch(text)
    if found is None:
        raise CellRefused(text)
    first, last = found["first"], found["last"]
    return CatchmentArea(
        version_id=version_id, school_id=school_id, community_id=found["community"], road=found["road"] or "",
        number_from=int(first) if first else None, number_to=int(last) if last else None,
        parity=found["parity"] or CatchmentArea.Parity.ALL,
    )  # fmt: skip


class AreasCell(ListCell):
    """Lines of a catchment, set apart by “；”, in order of their text."""

    def clean(self, value: Any, row: Any = None, **_kwargs: Any) -> list[str]:
        """Return the lines, each once.  Raises CellRefused."""
        return sorted({area_read(part) for part in super().clean(value, row)})


class AreasField(fields.Field):
    """A school's lines in the version that is being prepared."""

    def get_value(self, instance: Any) -> list[str]:
        """Return them in order."""
        if instance._state.adding:
            return []
        return sorted({area_text(one) for one in instance.drafted if one.version_id == instance.draft_id})


class DraftField(fields.Field):
    """What the version is called that is being prepared for the school's stage."""

    def get_value(self, instance: Any) -> str:
        """Return its name, empty for none."""
        return "" if instance._state.adding else instance.draft_name or ""


class AreaResource(SheetResource):
    """Catchments of schools that are there already; no line makes a new school."""

    version = DraftField(attribute="version", column_name="version", widget=TextCell(), default="")
    areas = AreasField(
        attribute="areas", column_name="areas", widget=AreasCell(), default=models.fields.NOT_PROVIDED
    )
    names: ClassVar = {
        "code": gettext_lazy("code"),
        "version": gettext_lazy("version being prepared"),
        "areas": gettext_lazy("catchment areas"),
    }

    class Meta:
        model = School
        import_id_fields = ("code",)
        fields = ("code", "version", "areas")

    @classmethod
    def labels(cls) -> dict[str, str]:
        """Return the columns' names."""
        return {name: str(cls.names[name]) for name in cls.columns()}

    @classmethod
    def required(cls) -> tuple[str, ...]:
        """Return the columns that a line can not do without."""
        return ("code",)

    def get_queryset(self) -> QuerySet[Any]:
        """Return the schools with the version that is being prepared for their stage, and their lines in it."""
        draft = CatchmentVersion.objects.filter(stage=OuterRef("stage"), published_at=None).order_by("-id")
        lines = CatchmentArea.objects.filter(version__published_at=None)
        schools: QuerySet[Any] = super().get_queryset()
        prepared: QuerySet[Any] = schools.annotate(
            draft_id=Subquery(draft.values("id")[:1]), draft_name=Subquery(draft.values("name")[:1])
        ).prefetch_related(Prefetch("areas", queryset=lines, to_attr="drafted"))
        return prepared

    @classmethod
    def put(cls, row: Any, image: Image, ids: Mapping[str, Mapping[str, Any]]) -> Any:
        """Hand the line to the school; ``save`` writes it."""
        del ids
        row.sheet_line = image
        return row

    @classmethod
    def fields_check(cls, row: Any) -> list[tuple[str, str]]:
        """Refuse a line of a school that is not there, or of another version than the one being prepared."""
        if row._state.adding:
            return [("code", _("there is no school with this code."))]
        if row.draft_id is None:
            return [("version", _("no version is being prepared for this stage: add one first."))]
        if row.sheet_line["version"] != row.draft_name:
            return [("version", _("the version being prepared is “%(name)s”.") % {"name": row.draft_name})]
        return []


def areas_check(image: Image) -> Iterable[tuple[str, str]]:
    """Return which codes are those of no community.  No query while nothing changed."""
    known = kept("reference", "schools.communities", _community_codes)
    for text in image["areas"]:
        found = _AREA.fullmatch(text)
        code = found["community"] if found else None
        if code and code not in known:
            yield "areas", _("there is no community “%(code)s”.") % {"code": code}


def _community_codes() -> frozenset[str]:
    return frozenset(Community.objects.values_list("code", flat=True))


def _areas_save(row: Any) -> None:
    """Write a school's lines anew.  Raises CatchmentPublished where the version was published meanwhile."""
    with transaction.atomic():
        draft = (
            CatchmentVersion.objects.select_for_update().filter(pk=row.draft_id, published_at=None).first()
        )
        if draft is None:
            raise CatchmentPublished
        draft.areas.filter(school_id=row.pk).delete()
        CatchmentArea.objects.bulk_create(
            _area_of(text, school_id=row.pk, version_id=draft.pk) for text in row.sheet_line["areas"]
        )


# --- Points ---------------------------------------------------------------------------------------------------------


class PointsResource(SheetResource):
    """Points of applications (积分, scores), by the number of the application; no line makes a new one."""

    class Meta:
        model = Application
        import_id_fields = ("number",)
        fields = ("number", "points")

    @classmethod
    def fields_check(cls, row: Any) -> list[tuple[str, str]]:
        """Refuse a line of no application, or of one that the roster holds or that is over."""
        if row._state.adding:
            return [("number", _("there is no application with this number."))]
        if row.state not in POINTS_OPEN:
            return [("points", _("the points of this application stand."))]
        return []


# --- Enrolled children ----------------------------------------------------------------------------------------------


class OfEnrolled(fields.Field):
    """Something of an enrolled child's application."""

    def __init__(self, name: str) -> None:
        super().__init__(attribute=name, column_name=name, widget=TextCell(), default="", readonly=True)

    def get_value(self, instance: Any) -> str:
        """Return it as text, empty where there is none."""
        if instance._state.adding:
            return ""
        offer = next(iter(instance.enrolled), None)
        match self.attribute:
            case "school_code":
                return str(offer.intake.school_id) if offer else ""
            case "school":
                return str(offer.intake.school.name) if offer else ""
            case "intake":
                return str(offer.intake.name) if offer else ""
            case "child_name":
                return str(instance.child.name)
            case "id_number":
                return str(instance.child.id_number)
            case "birth_on":
                return str(instance.child.birth_on.isoformat())
        return instance.phone or ""


_ENROLLED = {
    "number": gettext_lazy("number"), "school_code": gettext_lazy("code of the school"), "school": gettext_lazy("school"),
    "intake": gettext_lazy("intake"), "child_name": gettext_lazy("child's name"),
    "id_number": gettext_lazy("number of the document"), "birth_on": gettext_lazy("born on"),
    "phone": gettext_lazy("telephone"),
}  # fmt: skip


class EnrolledResource(SheetResource):
    """Enrolled children, by the number of the application."""

    school_code, school, intake = OfEnrolled("school_code"), OfEnrolled("school"), OfEnrolled("intake")
    child_name, id_number = OfEnrolled("child_name"), OfEnrolled("id_number")
    birth_on, phone = OfEnrolled("birth_on"), OfEnrolled("phone")

    class Meta:
        model = Application
        import_id_fields = ("number",)
        fields = tuple(_ENROLLED)

    @classmethod
    def labels(cls) -> dict[str, str]:
        """Return the columns' names."""
        return {name: str(_ENROLLED[name]) for name in cls.columns()}

    @classmethod
    def required(cls) -> tuple[str, ...]:
        """Return the columns that a line can not do without."""
        return ("number",)

    def get_queryset(self) -> QuerySet[Any]:
        """Return the applications of enrolled children with child and school."""
        offers = Offer.objects.filter(state=Offer.State.ENROLLED).select_related("intake__school")
        return (
            super()
            .get_queryset()
            .filter(state=ApplicationState.ENROLLED)
            .select_related("child")
            .prefetch_related(Prefetch("offers", queryset=offers, to_attr="enrolled"))
        )

    @classmethod
    def put(cls, row: Any, image: Image, ids: Mapping[str, Mapping[str, Any]]) -> Any:
        """Leave the row as it is: no line is ever written."""
        del image, ids
        return row

    @classmethod
    def fields_check(cls, row: Any) -> list[tuple[str, str]]:
        """Refuse every line."""
        del row
        return [(FIELDS_NOTE, _("this table only goes out: children are enrolled at the desk."))]


def _enrolled_save(row: Any) -> None:
    raise TypeError(f"{row} is not written by a file")


sheet_register(
    SheetKind(
        key="education-communities", label=gettext_lazy("education communities"), resource=CommunityResource,
        permission="schools.change_educationcommunity", announces=("schools",),
    )
)  # fmt: skip
sheet_register(
    SheetKind(
        key="schools", label=gettext_lazy("schools"), resource=SchoolResource, permission="schools.change_school",
        announces=("schools",), created_undo="deactivate",
    )
)  # fmt: skip
sheet_register(
    SheetKind(
        key="catchment-areas", label=gettext_lazy("catchment areas"), resource=AreaResource,
        permission="schools.change_catchmentversion", announces=("schools",), check=areas_check, save=_areas_save,
    )
)  # fmt: skip
sheet_register(
    SheetKind(
        key="application-points", label=gettext_lazy("points of applications"), resource=PointsResource,
        permission="schools.run_round", guarded=frozenset({"points"}),
    )
)  # fmt: skip
sheet_register(
    SheetKind(
        key="enrolled-children", label=gettext_lazy("enrolled children"), resource=EnrolledResource,
        permission="schools.run_round", personal=frozenset({"child_name", "id_number", "birth_on", "phone"}),
        save=_enrolled_save,
    )
)  # fmt: skip
