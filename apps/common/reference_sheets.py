"""The tables of this app that staff keep in spreadsheets: streets, communities, calendar days."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.common.models import CalendarDay, Community, Street
from apps.common.sheet_resources import SheetResource
from apps.common.sheets import Image, QueuedTask, SheetKind, sheet_register

# A calendar that is typed day by day settles before the deadlines are computed anew.
CALENDAR_SETTLES_S = 30


def dates_check(image: Image) -> Iterable[tuple[str, str]]:
    """Return what is wrong with ``valid_from`` and ``valid_to`` (exclusive) of a row."""
    first, end = image.get("valid_from"), image.get("valid_to")
    if first and end and end <= first:
        yield "valid_to", _("must be later than %(first)s.") % {"first": first}


class StreetResource(SheetResource):
    class Meta:
        model = Street
        import_id_fields = ("code",)
        fields = (
            "code",
            "name",
            "pinyin",
            "managed",
            "selectable",
            "valid_from",
            "valid_to",
            "replaced_by",
            "source",
        )


class CommunityResource(SheetResource):
    class Meta:
        model = Community
        import_id_fields = ("code",)
        fields = (
            "code", "street", "name", "pinyin", "is_village", "selectable", "valid_from", "valid_to", "replaced_by",
        )  # fmt: skip


class CalendarDayResource(SheetResource):
    class Meta:
        model = CalendarDay
        import_id_fields = ("on",)
        fields = ("on", "kind", "name", "status", "source")


sheet_register(
    SheetKind(
        key="streets", label=gettext_lazy("streets"), resource=StreetResource, permission="common.change_street",
        announces=("reference",), second_person_rows=50, tree="replaced_by", check=dates_check,
    )
)  # fmt: skip
sheet_register(
    SheetKind(
        key="communities", label=gettext_lazy("communities"), resource=CommunityResource,
        permission="common.change_community", announces=("reference",), tree="replaced_by", check=dates_check,
    )
)  # fmt: skip
sheet_register(
    SheetKind(
        key="calendar", label=gettext_lazy("calendar days"), resource=CalendarDayResource,
        permission="common.change_calendarday", guarded=frozenset({"kind"}), announces=("reference",),
        queues=(QueuedTask("feedback.deadlines_recompute", "periodic", CALENDAR_SETTLES_S),),
    )
)  # fmt: skip
