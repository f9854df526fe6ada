"""The page of figures and the cases behind each number."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext as _

from apps.accounts.desk import staff_of
from apps.common.admin import ReadOnlyAdmin
from apps.feedback import selectors as feedback
from apps.feedback.labels import TYPE_LABELS
from apps.feedback.states import RequestType
from apps.reports import charts, selectors
from apps.reports.admin.figure_form import GROUPING_LABELS, Asked, FigureForm, cases_query, row_asked
from apps.reports.admin.inspection import InspectionViews
from apps.reports.drilldown import Part, Place, figure_cases
from apps.reports.figures import Figure
from apps.reports.models import DailyFigure
from apps.reports.selectors import Row, Table

PAGE = 50
PARTS: tuple[Part, ...] = ("numerator", "denominator", "excluded")
# What the chart shows; all else stands in the table.
CHARTED = "on_time_rate"


@admin.register(DailyFigure)
class DailyFigureAdmin(InspectionViews, ReadOnlyAdmin):
    def get_urls(self) -> list[URLPattern]:
        """Put two pages of our own first: there is no list of rows to look at."""
        wrap = self.admin_site.admin_view
        return [
            path("", wrap(self.figures_view), name="reports_figures"),
            path("cases/", wrap(self.cases_view), name="reports_figure_cases"),
            *self.inspection_urls(),
            *super().get_urls(),
        ]

    def has_view_permission(self, request: HttpRequest, obj: DailyFigure | None = None) -> bool:
        """Let nobody look at a single row: it belongs to some unit, and says nothing by itself."""
        return obj is None and bool(super().has_view_permission(request))

    def _form(self, request: HttpRequest) -> FigureForm:
        """Return the pickers for what this person may see.  Raises PermissionDenied."""
        units = selectors.units_shown(staff=staff_of(request))
        if not self.has_view_permission(request) or units == frozenset():
            raise PermissionDenied
        return FigureForm(request.GET, units=units)

    def figures_view(self, request: HttpRequest) -> HttpResponse:
        """Show the table of a period, its chart and the words of its definitions."""
        form = self._form(request)
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "title": _("Figures"), "form": form,
        }  # fmt: skip
        status = 400
        if form.is_valid():
            asked = form.asked()
            table = selectors.figure_table(
                since=asked.since, until=asked.until, by=asked.by, filters=asked.filters
            )
            context |= _shown(table, asked, form)
            status = 200
        return TemplateResponse(request, "admin/reports/figures.html", context, status=status)

    def cases_view(self, request: HttpRequest) -> HttpResponse:
        """List the cases behind one number; a link only where this person may open the case."""
        form = self._form(request)
        part, key = request.GET.get("part", ""), request.GET.get("key", "")
        if not form.is_valid() or part not in PARTS:
            raise Http404
        asked = _asked_of_row(form, key)
        try:
            page = figure_cases(
                code=request.GET.get("code", ""), part=part, since=asked.since, until=asked.until,
                filters=asked.filters, after=_place_read(request.GET.get("after", "")), limit=PAGE,
            )  # fmt: skip
        except LookupError as error:
            raise Http404 from error
        visible = set(
            feedback.cases_visible(staff=staff_of(request))
            .filter(id__in={row.case_id for row in page.rows})
            .values_list("id", flat=True)
        )
        query = request.GET.copy()
        if page.after:
            query["after"] = _place_written(page.after)
        definitions = {one.code: one for one in selectors.definitions_in_force(on=asked.until)}
        context = {
            **self.admin_site.each_context(request), "opts": self.opts,
            "title": definitions[request.GET["code"]].name, "subtitle": _part_words(part), "asked": asked,
            "definition": definitions[request.GET["code"]],
            "rows": [{"mark": row, "url": _case_url(row.case_id) if row.case_id in visible else ""} for row in page.rows],
            "next": query.urlencode() if page.after else "",
            "back": f"{reverse('admin:reports_figures')}?{form.query()}",
        }  # fmt: skip
        response = TemplateResponse(request, "admin/reports/figure_cases.html", context)
        response["Cache-Control"] = "no-store"
        return response


def _case_url(case_id: UUID) -> str:
    return reverse("admin:feedback_case_change", args=[case_id])


def _part_words(part: str) -> str:
    return {"numerator": _("numerator"), "denominator": _("denominator"), "excluded": _("left out")}[part]


def _asked_of_row(form: FigureForm, key: str) -> Asked:
    """Return what stands behind a row, or behind the total for "".  Raises Http404 for a key that can not be."""
    asked = form.asked()
    if not key:
        return asked
    try:
        found = row_asked(asked=asked, key=key)
    except ValueError:
        found = None
    # The filters of a row may narrow what a person may see, never widen it.
    before = asked.filters.units
    if found is None or (before is not None and not (found.filters.units or frozenset()) <= before):
        raise Http404
    return found


def _place_read(text: str) -> Place | None:
    """Return where a page goes on, None at the start.  Raises Http404 for what this page did not write."""
    if not text:
        return None
    try:
        late, at, entry = text.split("~")
        return Place(late == "1", dt.datetime.fromisoformat(at), UUID(entry))
    except ValueError as error:
        raise Http404 from error


def _place_written(place: Place) -> str:
    return f"{int(place.late)}~{place.at.isoformat()}~{place.entry_id}"


# --- The table -------------------------------------------------------------------------------------------------------
def _shown(table: Table, asked: Asked, form: FigureForm) -> dict[str, Any]:
    by_unit = asked.by == "unit"
    query = form.query()
    lines = [_line(row, _label(row, asked), table, query if row.key else "") for row in table.rows]
    return {
        "by": GROUPING_LABELS[asked.by],
        "by_unit": by_unit,
        "definitions": table.definitions,
        "lines": lines,
        "total": _line(table.total, _("Total"), table, query),
        "as_of": table.as_of,
        "chart": _chart(table, asked, [line["label"] for line in lines]),
        "chart_title": next((f"{one.name} (%)" for one in table.definitions if one.code == CHARTED), ""),
        "chart_kind": "line" if asked.by in ("month", "day") else "bar",
    }


def _label(row: Row, asked: Asked) -> str:
    if asked.by == "request_type":
        return str(TYPE_LABELS[RequestType(row.key)])
    return row.label or _("not assigned")


def _line(row: Row, label: str, table: Table, query: str) -> dict[str, Any]:
    """Return what a line of the table shows; its numbers lead nowhere without ``query``."""
    cells = [_cell(row.figures[one.code], row, query) for one in table.definitions]
    return {"label": label, "cells": cells, "returns": row.returns}


def _cell(figure: Figure, row: Row, query: str) -> dict[str, Any]:
    address = reverse("admin:reports_figure_cases")
    urls = {
        part: f"{address}?{cases_query(query=query, key=row.key, code=figure.code, part=part)}"
        for part, count in zip(PARTS, (figure.numerator, figure.denominator, figure.excluded), strict=True)
        if query and count
    }
    return {"figure": figure, "percent": charts.percent(figure.rate), "urls": urls}


def _chart(table: Table, asked: Asked, names: list[str]) -> str:
    codes = {one.code: one.name for one in table.definitions}
    if not table.rows or CHARTED not in codes:
        return ""
    rates = [charts.percent(row.figures[CHARTED].rate) for row in table.rows]
    if asked.by in ("month", "day"):
        return charts.lines(names=names, series=[(f"{codes[CHARTED]} %", rates)])
    return charts.bars(label=f"{codes[CHARTED]} %", names=names, values=rates)
