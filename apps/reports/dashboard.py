"""The start page of staff: the queues of the person who is signed in, and for chiefs how their units do."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.accounts.states import Role
from apps.common import clock
from apps.feedback import selectors as feedback
from apps.feedback.states import CaseState
from apps.news import desk_selectors as news
from apps.news import inspection_selectors as inspection
from apps.news.selectors import has_columns
from apps.reports import charts
from apps.reports.overview import figure_overview
from apps.reports.selectors import units_shown

SHOWN = 8
COUNTED = 99
OVERVIEW_DAYS = 30


@dataclass(frozen=True, slots=True)
class Queue:
    """One card: its name, how many (99 at most), the first rows and where the rest is."""

    title: Any
    count: int
    rows: list[dict[str, Any]]
    url: str
    more: bool


def _case_queue(title: Any, staff: Any, states: tuple[CaseState, ...], *, overdue: bool = False) -> Queue:
    now = clock.now()
    found = feedback.queue_heads(
        staff=staff, states=states, limit=COUNTED + 1, due_before=now if overdue else None
    )
    shown = [
        {
            "url": reverse("admin:feedback_case_change", args=[case.pk]),
            "text": f"{case.number[-6:]} {' '.join(case.text.split())[:24]}",
            "note": case.state_label,
            "late": case.overdue(now),
        }
        for case in found[:SHOWN]
    ]
    query = "which=overdue" if overdue else f"state__exact={states[0].value}"
    url = f"{reverse('admin:feedback_case_changelist')}?{query}"
    return Queue(title, min(len(found), COUNTED), shown, url, len(found) > COUNTED)


def _articles(title: Any, rows: Any, query: str) -> Queue:
    """Return a card of articles; ``rows`` is read to 100 of them."""
    found = list(rows[: COUNTED + 1])
    shown = [
        {
            "url": reverse("admin:news_article_change", args=[article.pk]),
            "text": article.title,
            "note": f"{article.column.name} · {article.state_label}",
            "late": False,
        }
        for article in found[:SHOWN]
    ]
    url = f"{reverse('admin:news_article_changelist')}?{query}"
    return Queue(title, min(len(found), COUNTED), shown, url, len(found) > COUNTED)


def _aging(now: dt.datetime) -> Queue:
    """Return the card of the columns that must get something new."""
    found = news.columns_urgent(now=now)
    shown = [
        {
            "url": reverse("admin:news_column_change", args=[one.column_id]),
            "text": one.name,
            "note": _("empty")
            if one.days_left is None
            else _("%(days)s days left") % {"days": one.days_left},
            "late": one.days_left is None or one.days_left < 0,
        }
        for one in found[:SHOWN]
    ]
    return Queue(
        _("Columns that must get something new"),
        len(found),
        shown,
        reverse("admin:reports_inspection"),
        False,
    )


def _findings(staff: Any, now: dt.datetime) -> Queue:
    """Return the card of what the checks hold against what is public."""
    found = list(inspection.findings_public(staff=staff, now=now))
    shown = [
        {
            "url": reverse("admin:news_article_change", args=[one.revision.article_id]),
            "text": one.revision.title,
            "note": one.what,
            "late": False,
        }
        for one in found[:SHOWN]
    ]
    return Queue(
        _("Open findings in what is public"),
        min(len(found), COUNTED),
        shown,
        reverse("admin:reports_inspection"),
        len(found) > COUNTED,
    )


def _news_queues(staff: Any) -> list[Queue]:
    """Return the cards of the content desk; at most 6 queries."""
    now = clock.now()
    if not has_columns(staff=staff):
        hint = {
            "url": "", "text": str(_("No column was given to you: please ask an administrator.")), "note": "", "late": False,
        }  # fmt: skip
        return [Queue(_("Columns"), 0, [hint], "", False)]
    queues = []
    if Role.EDITOR in staff.roles:
        queues += [
            _articles(_("My drafts"), news.articles_to_write(staff=staff), "state__exact=draft"),
            _articles(
                _("Signed, to be released"), news.articles_to_release(staff=staff), "state__exact=approved"
            ),
        ]
    if staff.roles & set(news.STAGES_OF_ROLE):
        queues += [
            _articles(_("To sign"), news.articles_to_sign(staff=staff), "state__exact=first_review"),
            _articles(_("To proof-read"), news.articles_to_proof(staff=staff), ""),
        ]
    queues.append(_aging(now))
    if Role.REVIEWER_FINAL in staff.roles:
        queues.append(_findings(staff, now))
    return queues


def queues_of(*, staff: Any) -> list[Queue]:
    """Return the cards for ``staff``; at most 13 queries, each bounded to 100 rows."""
    queues: list[Queue] = []
    under_way = (CaseState.DISPATCHED, CaseState.SIGNED, CaseState.IN_PROGRESS)
    if staff.roles & {Role.INTAKE_CLERK, Role.DESK_HEAD}:
        queues += [
            _case_queue(
                _("To accept and dispatch"),
                staff,
                (CaseState.SUBMITTED, CaseState.ACCEPTED, CaseState.RETURNED, CaseState.REOPENED),
            ),
            _case_queue(_("Rated or answered, not closed"), staff, (CaseState.RATED, CaseState.REPLIED)),
            _case_queue(
                _("Overdue"), staff, (CaseState.SUBMITTED, CaseState.ACCEPTED, *under_way), overdue=True
            ),
        ]
    if staff.roles & {Role.HANDLER, Role.SUPERVISOR}:
        queues += [
            _case_queue(_("To sign for"), staff, (CaseState.DISPATCHED,)),
            _case_queue(_("To answer"), staff, (CaseState.SIGNED, CaseState.IN_PROGRESS)),
            _case_queue(_("Overdue"), staff, under_way, overdue=True),
        ]
    if staff.roles & {Role.EDITOR, *news.STAGES_OF_ROLE}:
        queues += _news_queues(staff)
    return queues


def overview_of(*, staff: Any) -> dict[str, Any] | None:
    """Return the two charts of the last 30 days with the rows they are drawn from, None for who sees no figures.

    3 queries at most, 1 more for a supervisor whose units were not read yet.
    """
    units = units_shown(staff=staff)
    if units == frozenset() or not staff.has_perm("reports.view_dailyfigure"):
        return None
    today = clock.today()
    found = figure_overview(since=today - dt.timedelta(days=OVERVIEW_DAYS - 1), until=today, units=units)
    shown = found.units[: charts.MOST_BARS]
    rates = [charts.percent(figure.rate) for _name, figure in shown]
    return {
        "days": found.days,
        "answers": charts.lines(
            names=[f"{day:%m-%d}" for day, _count in found.days],
            series=[(str(_("answers")), [count for _day, count in found.days])],
        ),
        "units": [(name, figure, rate) for (name, figure), rate in zip(shown, rates, strict=True)],
        "on_time": charts.bars(
            label=str(_("answered on time, in percent")),
            names=[name for name, _figure in shown],
            values=rates,
        ),
        "url": reverse("admin:reports_figures"),
    }


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """django-unfold's hook: add the queues and the overview to the start page."""
    context["queues"] = queues_of(staff=request.user)
    context["overview"] = overview_of(staff=request.user)
    return context
