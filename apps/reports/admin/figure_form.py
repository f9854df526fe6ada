"""What a person asks of the figures: a period, a grouping, and which part of the cases."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common import clock
from apps.feedback import selectors as feedback
from apps.feedback.labels import TYPE_LABELS
from apps.reports.periods import DEFAULT_DAYS, MOST_DAYS
from apps.reports.selectors import Filters, Grouping

GROUPING_LABELS: dict[Grouping, Any] = {
    "unit": _("unit"),
    "street": _("street"),
    "category": _("category"),
    "request_type": _("type"),
    "month": _("month"),
    "day": _("day"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, checked."""

    since: dt.date
    until: dt.date
    by: Grouping
    filters: Filters


class FigureForm(forms.Form):
    """The pickers above the table."""

    since = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), widget=forms.DateInput(attrs={"type": "date"}))
    by = forms.ChoiceField(label=_("By"), choices=list(GROUPING_LABELS.items()))
    unit = forms.ChoiceField(label=_("Unit"), required=False)
    street = forms.ChoiceField(label=_("Street"), required=False)
    category = forms.ChoiceField(label=_("Category"), required=False)
    request_type = forms.ChoiceField(label=_("Type"), required=False)

    def __init__(self, data: Any, *, units: frozenset[int] | None) -> None:
        """``units``  whose figures may be seen, None for all"""
        today = clock.today()
        first = today - dt.timedelta(days=DEFAULT_DAYS - 1)
        default = {"since": first.isoformat(), "until": today.isoformat(), "by": "unit"}
        super().__init__({**default, **{name: value for name, value in data.items() if value}})
        self._units = units
        offered = feedback.filter_choices_at(on=today)
        mine = [(pk, name) for pk, name in offered.units if units is None or int(pk) in units]
        every = ("", _("all"))
        choices: dict[str, list[Any]] = {
            "unit": [every, *mine],
            "street": [every, *offered.streets],
            "category": [every, *offered.groups, *feedback.choices_at(on=today).categories],
            "request_type": [every, *((one.value, label) for one, label in TYPE_LABELS.items())],
        }
        for name, pairs in choices.items():
            self.fields[name].choices = pairs  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any] | None:
        """Refuse a period that is upside down or too long."""
        values = super().clean() or self.cleaned_data
        since, until = values.get("since"), values.get("until")
        if since and until and not dt.timedelta(0) <= until - since < dt.timedelta(days=MOST_DAYS):
            raise forms.ValidationError(
                _("The first day may not lie after the second, nor more than %(days)s days before it.")
                % {"days": MOST_DAYS}
            )
        return values

    def asked(self) -> Asked:
        """Return the values of a valid form, narrowed to what the person may see."""
        given = self.cleaned_data
        return Asked(
            since=given["since"], until=min(given["until"], max(clock.today(), given["since"])), by=given["by"],
            filters=Filters(
                units=frozenset({int(given["unit"])}) if given["unit"] else self._units,
                street=given["street"] or None, category=given["category"] or None,
                request_type=given["request_type"] or None,
            ),
        )  # fmt: skip

    def query(self) -> str:
        """Return what was given, as the parameters of an address."""
        return urlencode({name: str(self.data[name]) for name in self.fields if self.data.get(name)})


def row_asked(*, asked: Asked, key: str) -> Asked | None:
    """Return what stands behind one row of the table, None where no filter can name it."""
    if not key:
        return None
    match asked.by:
        case "unit":
            found = replace(asked, filters=replace(asked.filters, units=frozenset({int(key)})))
        case "street":
            found = replace(asked, filters=replace(asked.filters, street=key))
        case "category":
            found = replace(asked, filters=replace(asked.filters, category=key))
        case "request_type":
            found = replace(asked, filters=replace(asked.filters, request_type=key))
        case "month":
            first = dt.date.fromisoformat(f"{key}-01")
            last = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
            found = replace(asked, since=max(first, asked.since), until=min(last, asked.until))
        case _:
            day = dt.date.fromisoformat(key)
            found = replace(asked, since=day, until=day)
    return found


def cases_query(*, query: str, key: str, code: str, part: str) -> str:
    """Return the parameters of the list of cases behind one number.

    ``query``  what the table was asked for, as ``FigureForm.query``   ``key``  of a row, "" for the total
    """
    return f"{query}&{urlencode({'key': key, 'code': code, 'part': part})}"
