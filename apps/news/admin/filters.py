"""Filters of the list of articles."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.forms.utils import flatatt
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter
from unfold.contrib.filters.forms import DropdownForm
from unfold.widgets import UnfoldAdminSelectWidget

from apps.common import clock
from apps.news.models import Article, Column, Publication
from apps.news.querysets import columns_of


class ManyOptions(UnfoldAdminSelectWidget):
    """A select of hundreds of options: a template for each of them takes half of the page's time (40 ms of 500)."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return what the desk's select looks like, with the options written at once."""
        chosen = "" if value is None else str(value)
        options = format_html_join(
            "\n",
            '<option value="{}"{}>{}</option>',
            ((code, mark_safe(" selected") if str(code) == chosen else "", label) for code, label in self.choices),
        )  # fmt: skip
        return format_html(
            '<div class="grow relative max-w-2xl"><select name="{}"{}>{}</select></div>',
            name, flatatt(self.build_attrs(self.attrs, attrs)), options,
        )  # fmt: skip


class ManyOptionsForm(DropdownForm):
    """The form of a filter with many options; searched in by typing, as any."""

    widget = ManyOptions(
        attrs={"data-theme": "admin-autocomplete", "class": "unfold-admin-autocomplete admin-autocomplete"}
    )


class ColumnFilter(DropdownFilter):
    """A column with all below it; only one's own are offered, in the order of the tree.  1 query, 1 more when chosen."""

    form_class = ManyOptionsForm
    title = _("column")
    parameter_name = "column"

    def lookups(self, request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        """Return the columns with an indent for each level."""
        rows = Column.objects.order_by("path")
        if not request.user.is_superuser:
            rows = rows.filter(id__in=columns_of(request.user))
        return [
            (slug, "　" * (path.count("/") - 2) + name)
            for slug, name, path in rows.values_list("slug", "name", "path")
        ]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Article]) -> QuerySet[Article]:
        """Keep what lies in the column or below it."""
        if not self.value():
            return queryset
        path = Column.objects.filter(slug=self.value()).values_list("path", flat=True).first()
        below = Column.objects.filter(path__startswith=path) if path else Column.objects.none()
        return queryset.filter(column_id__in=list(below.values_list("id", flat=True)))


class PublicFilter(DropdownFilter):
    title = _("for the public")
    parameter_name = "public"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices."""
        return [("now", _("public now")), ("scheduled", _("scheduled")), ("none", _("nothing public"))]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Article]) -> QuerySet[Article]:
        """Keep articles by what the public reads of them at this moment."""
        now = clock.now()
        mine = Publication.objects.filter(article=OuterRef("pk")).in_force(now=now)
        match self.value():
            case "now":
                return queryset.filter(Exists(mine.filter(go_live_at__lte=now)))
            case "scheduled":
                return queryset.filter(Exists(mine.filter(go_live_at__gt=now)))
            case "none":
                return queryset.exclude(Exists(mine))
        return queryset


class MineFilter(DropdownFilter):
    title = _("written by")
    parameter_name = "mine"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        """Return the one choice."""
        return [("1", _("written by me"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Article]) -> QuerySet[Article]:
        """Keep what this person made or changed."""
        if self.value() != "1":
            return queryset
        return queryset.filter(Q(created_by=request.user) | Q(writers__contains=[request.user.pk]))


FILTERS = ("state", ColumnFilter, PublicFilter, MineFilter, "pinned")
