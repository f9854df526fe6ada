"""Filters of the case queue; what they offer is kept in memory, so that they cost no statement."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.feedback import labels, selectors
from apps.feedback.models import Case
from apps.feedback.states import RANK_NUDGED, RANK_SUPERVISED

SOON_H = 24


class WaitingFilter(SimpleListFilter):
    """Without a choice the queue holds what waits for the district; a chosen state looks at all cases."""

    title = _("which")
    parameter_name = "which"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the parts of the queue."""
        return [
            ("overdue", _("overdue")), ("soon", _("due within a day")), ("nudged", _("asked for speed")),
            ("supervised", _("under supervision")), ("helped", _("my unit helps")), ("settled", _("settled")),
            ("all", _("all, settled ones too")),
        ]  # fmt: skip

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Narrow the queue."""
        now = clock.now()
        waiting = queryset.filter(settled_at=None)
        match self.value():
            case "overdue":
                return waiting.filter(due_at__lt=now).exclude(state="suspended")
            case "soon":
                return waiting.filter(due_at__gte=now, due_at__lt=now + clock.hours(SOON_H))
            case "nudged":
                return waiting.filter(queue_rank=RANK_NUDGED)
            case "supervised":
                return waiting.filter(queue_rank=RANK_SUPERVISED)
            case "helped":
                return selectors.helped_of(staff=staff_of(request))
            case "settled":
                return queryset.filter(settled_at__isnull=False)
            case "all":
                return queryset
        return queryset if request.GET.get("state__exact") else waiting


class _Kept(SimpleListFilter):
    """A filter over a column by choices that are kept in memory."""

    column: str
    kind: str

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        """Offer what is in force today."""
        return list(getattr(selectors.filter_choices_at(on=clock.today()), self.kind))

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Keep the chosen."""
        value = self.value()
        offered = {str(code) for code, _words in self.lookup_choices}
        return queryset.filter(**{self.column: value}) if value in offered else queryset


class UnitFilter(_Kept):
    title = _("unit")
    parameter_name = "unit"
    column = "unit_id"
    kind = "units"


class StreetFilter(_Kept):
    title = _("street")
    parameter_name = "street"
    column = "street_id"
    kind = "streets"


class GroupFilter(_Kept):
    title = _("group of categories")
    parameter_name = "group"
    column = "category__parent_id"
    kind = "groups"


class UrgencyFilter(SimpleListFilter):
    title = _("urgency")
    parameter_name = "urgency"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the urgencies."""
        return labels.choices(labels.URGENCY_LABELS)

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Keep the chosen."""
        value = self.value()
        return queryset.filter(urgency=value) if value else queryset
